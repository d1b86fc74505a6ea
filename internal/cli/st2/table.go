package st2

import (
	"strings"

	pretty "github.com/jedib0t/go-pretty/v6/text"
)

// grid is a table in the form of Python's PrettyTable.
type grid struct {
	header []string // none for a table without one
	limits []int    // how wide a column may be; its header may be wider
	rows   [][]string
	right  int // spaces at the end of a cell, if more than one
}

func (g *grid) String() string {
	widths := make([]int, len(g.limits))
	for i, h := range g.header {
		widths[i] = pretty.StringWidthWithoutEscSequences(h)
	}
	cells := make([][][]string, len(g.rows))
	for r, row := range g.rows {
		cells[r] = make([][]string, len(row))
		for i, cell := range row {
			for line := range strings.SplitSeq(cell, "\n") {
				width := pretty.StringWidthWithoutEscSequences(line)
				widths[i] = max(widths[i], min(width, g.limits[i]))
				cells[r][i] = append(cells[r][i], line)
			}
		}
	}
	right := max(g.right, 1)
	dashes := make([]string, len(widths))
	for i, w := range widths {
		dashes[i] = strings.Repeat("-", w+1+right)
	}
	rule := "+" + strings.Join(dashes, "+") + "+"
	lines := []string{rule}
	if g.header != nil {
		lines = append(lines, drawn(g.header, widths, right), rule)
	}
	for _, row := range cells {
		height := 0
		for i, cell := range row {
			var fitting []string
			for _, line := range cell {
				if pretty.StringWidthWithoutEscSequences(line) > widths[i] {
					fitting = append(fitting, wrap(line, widths[i])...)
				} else {
					fitting = append(fitting, line)
				}
			}
			row[i] = fitting
			height = max(height, len(fitting))
		}
		for n := range height {
			line := make([]string, len(row))
			for i, cell := range row {
				if n < len(cell) {
					line[i] = cell[n]
				}
			}
			lines = append(lines, drawn(line, widths, right))
		}
	}
	return strings.Join(append(lines, rule), "\n")
}

// drawn is one line of a table.
func drawn(cells []string, widths []int, right int) string {
	var b strings.Builder
	b.WriteByte('|')
	for i, c := range cells {
		b.WriteString(" " + c + strings.Repeat(" ", widths[i]-pretty.StringWidthWithoutEscSequences(c)+right) + "|")
	}
	return b.String()
}

// noteBox is the box that says that there is more than is shown, as wide as the
// table above it.
func noteBox(entity string, limit, width int) string {
	note := "Note: Only first " + itoa(limit) + " " + entity + " are displayed. Use -n/--last flag for more results."
	if limit == 1 {
		if entity == "inquiries" {
			entity = "inquiry"
		}
		entity = strings.TrimSuffix(entity, "s")
		note = "Note: Only one " + entity + " is displayed. Use -n/--last flag for more results."
	}
	g := grid{limits: []int{len(note)}, rows: [][]string{{note}}, right: width - len(note) - 3}
	return g.String()
}
