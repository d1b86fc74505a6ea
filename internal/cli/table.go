package cli

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// grid is a table as StackStorm's client draws it.
type grid struct {
	app    *app
	header []string
	rows   [][]string
	widths []int // of the columns, by the user; one is for all
}

func (a *app) newTable(header ...string) *grid { return &grid{app: a, header: header} }

func (g *grid) row(cells ...string) { g.rows = append(g.rows, cells) }

// write draws the table. On a terminal it is made to fit, columns that are
// copied from excepted; elsewhere every row is one line, unless a text has more.
func (g *grid) write() error {
	w := table.NewWriter()
	style := table.StyleDefault
	style.Format.Header = text.FormatDefault
	w.SetStyle(style)
	head := make(table.Row, len(g.header))
	for i, h := range g.header {
		head[i] = h
	}
	w.AppendHeader(head)
	for _, cells := range g.rows {
		r := make(table.Row, len(cells))
		for i, c := range cells {
			r[i] = c
		}
		w.AppendRow(r)
	}
	var columns []table.ColumnConfig
	for i, width := range g.fit() {
		if width > 0 {
			columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMax: width, WidthMaxEnforcer: text.WrapSoft})
		}
	}
	w.SetColumnConfigs(columns)
	lines := strings.Split(w.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return g.app.print(strings.Join(lines, "\n"))
}

// fit returns how wide each column may be; 0 is as wide as it is.
func (g *grid) fit() []int {
	n := len(g.header)
	widths := make([]int, n)
	switch {
	case len(g.widths) == 1:
		for i := range widths {
			widths[i] = g.widths[0]
		}
		return widths
	case len(g.widths) > 0:
		copy(widths, g.widths)
		return widths
	}
	room := g.app.Width() - 3*n - 1
	if !g.app.OutTerminal || room <= 0 {
		return widths
	}
	for i, h := range g.header {
		widths[i] = text.StringWidthWithoutEscSequences(h)
		for _, r := range g.rows {
			if i < len(r) {
				widths[i] = max(widths[i], text.LongestLineLen(r[i]))
			}
		}
	}
	// Ids and references are for copying: they give way last.
	const narrow = 8
	for _, least := range []func(i int) int{
		func(i int) int {
			if copied(g.header[i]) {
				return widths[i]
			}
			return max(narrow, len(g.header[i]))
		},
		func(i int) int {
			if copied(g.header[i]) {
				return widths[i]
			}
			return narrow
		},
		func(int) int { return narrow },
	} {
		for sum(widths) > room {
			widest := -1
			for i, w := range widths {
				if w > least(i) && (widest < 0 || w > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
	return widths
}

// copied reports whether people copy what is in a column.
func copied(header string) bool {
	return header == "id" || header == "Property" || strings.HasSuffix(header, "ref") || strings.HasSuffix(header, "_id")
}

func sum(of []int) int {
	n := 0
	for _, x := range of {
		n += x
	}
	return n
}

// table writes several things, a row each.
func (s *session) table(list []*value.Dict, attrs []string, sh shape, widths []int) error {
	if s.machine() {
		items := make([]value.Value, len(list))
		for i, d := range list {
			items[i] = pick(d, attrs)
		}
		return s.encode(value.NewList(items...))
	}
	if isAll(attrs) {
		attrs = columns(list, sh.order)
	}
	if len(attrs) == 0 {
		return s.print("No matching items found")
	}
	t := s.newTable(attrs...)
	t.widths = widths
	for _, d := range list {
		cells := make([]string, len(attrs))
		for i, name := range attrs {
			cells[i] = cell(s.field(d, name, sh))
		}
		t.row(cells...)
	}
	return t.write()
}

// columns are all attributes that any of the things has.
func columns(list []*value.Dict, order []string) []string {
	union := value.NewDict()
	for _, d := range list {
		for name := range d.Texts() {
			union.Set(name, nil)
		}
	}
	first := slices.DeleteFunc(slices.Clone(order), func(name string) bool { return !union.Has(name) })
	return attributes(union, nil, first)
}
