package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// machine reports whether a program reads the output.
func (a *app) machine() bool { return a.flags.json || a.flags.yaml }

// encode writes v as JSON or YAML, with the keys in order.
func (a *app) encode(v value.Value) error {
	if a.flags.yaml {
		b, err := pyyaml.Marshal(v, pyyaml.Options{Unicode: true, Indent: 4, Width: math.MaxInt32})
		if err != nil {
			return fmt.Errorf("write YAML: %w", err)
		}
		return a.print(strings.TrimSuffix(string(b), "\n"))
	}
	b, err := indented(v)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return a.print(string(b))
}

func indented(v value.Value) ([]byte, error) {
	four := "    "
	return value.AppendJSONOptions(nil, v, value.JSONOptions{
		Indent: &four, SortKeys: true, Item: ",", Key: ": ", Limit: math.MaxInt32,
	})
}

// shape is how things of a kind are shown.
type shape struct {
	order     []string // attributes that come first
	transform map[string]transformer
}

// transformer turns a value of a thing into what is shown of it.
type transformer = func(s *session, of *value.Dict, v value.Value) value.Value

// show writes one thing as a table of its properties.
func (s *session) show(d *value.Dict, attrs []string, sh shape) error {
	if s.machine() {
		return s.encode(pick(d, attrs))
	}
	return s.properties(d, attrs, sh)
}

// attributes are the names of what is shown of d, in order.
func attributes(d *value.Dict, attrs []string, order []string) []string {
	if !isAll(attrs) {
		return attrs
	}
	var rest []string
	for name := range d.Texts() {
		if !slices.Contains(order, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	var first []string
	for _, name := range order {
		if _, ok := lookUp(d, name); ok {
			first = append(first, name)
		}
	}
	return append(first, rest...)
}

// field returns a value as it is shown.
func (s *session) field(d *value.Dict, name string, sh shape) value.Value {
	v, _ := lookUp(d, name)
	if f := sh.transform[name]; f != nil {
		return f(s, d, v)
	}
	return v
}

func (s *session) properties(d *value.Dict, attrs []string, sh shape) error {
	t := s.newTable("Property", "Value")
	for _, name := range attributes(d, attrs, sh.order) {
		t.row(name, block(s.field(d, name, sh)))
	}
	return t.write()
}

// block is a value in a cell of a table that may have many lines.
func block(v value.Value) string {
	switch v := v.(type) {
	case *value.Dict:
		if v.Len() == 0 {
			return ""
		}
	case *value.List:
		if len(v.Items) == 0 {
			return ""
		}
	default:
		return cell(v)
	}
	b, err := indented(v)
	if err != nil {
		return value.Str(v)
	}
	return string(b)
}

// painted is a text that is ready for the terminal, colours included.
type painted string

// cell is a value in one line, or in as many as a text has.
func cell(v value.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case painted:
		return string(v)
	case string:
		return clean(v)
	case *value.List:
		texts := make([]string, len(v.Items))
		for i, item := range v.Items {
			s, ok := item.(string)
			if !ok {
				return compact(v)
			}
			texts[i] = clean(s)
		}
		return strings.Join(texts, ", ")
	case *value.Dict:
		if v.Len() == 0 {
			return ""
		}
		return compact(v)
	}
	return value.Str(v)
}

func compact(v value.Value) string {
	b, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Item: ", ", Key: ": "})
	if err != nil {
		return value.Str(v)
	}
	return string(b)
}

// clean takes out of a text what would move the cursor of a terminal about: what
// an action printed must not be able to rewrite the screen. Colours go, too.
func clean(s string) string {
	if !strings.ContainsFunc(s, control) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case control(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func control(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 }

// lines writes one thing as lines of name and value, with nested values in YAML.
func (s *session) lines(d *value.Dict, attrs []string, sh shape) error {
	var b strings.Builder
	for _, name := range attributes(d, attrs, sh.order) {
		b.WriteString(s.paint(blue, name) + ":")
		v := s.field(d, name, sh)
		switch v.(type) {
		case *value.Dict, *value.List:
			if value.Truth(v) {
				text, err := pyyaml.Marshal(v, pyyaml.Options{Unicode: true, KeepOrder: true, Width: math.MaxInt32})
				if err != nil {
					return fmt.Errorf("write %s: %w", name, err)
				}
				for line := range strings.Lines(strings.TrimSuffix(string(text), "\n")) {
					b.WriteString("\n  " + strings.TrimSuffix(line, "\n"))
				}
			}
		case nil:
			b.WriteString(" None")
		default:
			b.WriteString(" " + cell(v))
		}
		b.WriteString("\n")
	}
	return s.print(strings.TrimSuffix(b.String(), "\n"))
}

// ANSI colours.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	bold   = "1"
	faint  = "2"
)

// colored reports whether the output may have colours.
func (a *app) colored() bool {
	return a.OutTerminal && !a.machine() && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
}

func (a *app) paint(color, s string) string {
	if s == "" || !a.colored() {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}
