package st2

import (
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// view is how things are shown.
type view struct {
	attrs  []string
	order  []string // of attributes that come first
	widths []int
	shape  shape
	empty  bool // an empty list is an empty table, and not said in words
}

const all = "all"

func isAll(attrs []string) bool { return len(attrs) == 0 || slices.Contains(attrs, all) }

// machine reports whether a program is to read the output.
func (c *call) machine() bool { return c.args.flag("json") || c.args.flag("yaml") }

// encode prints a value as JSON or YAML.
func (c *call) encode(v value.Value) error {
	if c.args.flag("json") {
		return c.json(v)
	}
	b, err := pyyaml.Marshal(v, pyyaml.Options{Indent: 4})
	if err != nil {
		return err
	}
	c.print(string(b))
	return nil
}

func (c *call) json(v value.Value) error {
	indent := "    "
	b, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Indent: &indent, Key: ": ", SortKeys: true, ASCII: true})
	if err != nil {
		return err
	}
	c.print(string(b))
	return nil
}

// picked is an object with the attributes that are asked for.
func picked(d *value.Dict, attrs []string) (value.Value, error) {
	if !isAll(attrs) {
		return pick(d, attrs)
	}
	out := value.NewDict()
	for name, v := range d.Texts() {
		if v != nil {
			out.Set(name, v)
		}
	}
	return out, nil
}

// table prints several things, a row each, and returns how wide the table is.
func (c *call) table(list []*value.Dict, v view) (width int, err error) {
	if c.machine() {
		out := value.NewList()
		for _, d := range list {
			item, err := picked(d, v.attrs)
			if err != nil {
				return 0, err
			}
			out.Items = append(out.Items, item)
		}
		return 0, c.encode(out)
	}
	if len(list) == 0 && !v.empty {
		c.print("No matching items found")
		return 0, nil
	}
	limits := v.widths
	if len(limits) == 0 && len(v.attrs) > 0 {
		limits = columnWidths(list, v.attrs, c.columns())
	}
	attrs := v.attrs
	if isAll(attrs) {
		attrs = nil
		if len(list) > 0 {
			attrs = sortedNames(list[0])
		}
	}
	if len(limits) != len(attrs) {
		one := 28
		if len(limits) == 1 {
			one = limits[0]
		}
		limits = slices.Repeat([]int{one}, len(attrs))
	}
	g := grid{header: attrs, limits: limits}
	for _, d := range list {
		row := make([]string, len(attrs))
		for i, name := range attrs {
			row[i] = c.cell(d, name, v.shape[name])
		}
		g.rows = append(g.rows, row)
	}
	drawn := g.String()
	c.print(drawn)
	first, _, _ := strings.Cut(drawn, "\n")
	return len(first), nil
}

// cell is an attribute as it stands in a table.
func (c *call) cell(d *value.Dict, name string, shape func(value.Value) value.Value) string {
	first, rest, nested := strings.Cut(name, ".")
	v, ok := d.Get(first)
	if !nested {
		if !ok {
			v = ""
		}
		if l, ok := v.(*value.List); ok {
			v = joined(l)
		}
		return value.Str(shaped(c.plain(v), shape))
	}
	for part := range strings.SplitSeq(rest, ".") {
		in, ok := v.(*value.Dict)
		if !ok {
			break
		}
		v = orNothing(field(in, part))
	}
	return value.Str(c.plain(orNothing(v)))
}

func shaped(v value.Value, shape func(value.Value) value.Value) value.Value {
	if shape == nil {
		return v
	}
	return shape(v)
}

// joined is a list of texts with commas between them, and other lists as they are.
func joined(l *value.List) value.Value {
	if len(l.Items) == 0 {
		return ""
	}
	words := make([]string, len(l.Items))
	for i, item := range l.Items {
		s, ok := item.(string)
		if !ok {
			return l
		}
		words[i] = s
	}
	return strings.Join(words, ", ")
}

// orNothing is an empty text for what is not there or empty.
func orNothing(v value.Value) value.Value {
	switch x := v.(type) {
	case nil:
		return ""
	case *value.Dict:
		if x.Len() == 0 {
			return ""
		}
	case *value.List:
		if len(x.Items) == 0 {
			return ""
		}
	}
	return v
}

// columnWidths gives each column its part of the terminal; an id is never broken,
// and a status has room for how long it took.
func columnWidths(list []*value.Dict, attrs []string, columns int) []int {
	const idWidth, statusWidth, least = 26, 24, 5
	first := 0
	if attrs[0] == "id" {
		first = idWidth
		for _, d := range list {
			first = max(first, utf8.RuneCountInString(text(d, "id")))
		}
		columns -= first
	}
	each := int(math.Floor(float64(columns) / float64(len(attrs))))
	if first == 0 {
		first = each
	}
	widths := []int{first}
	taken := 0
	for i, name := range attrs[1:] {
		switch {
		case name == "status":
			widths = append(widths, statusWidth)
			taken += statusWidth - each
		case i == len(attrs)-2 && taken != 0:
			widths = append(widths, max(each-taken, least))
		default:
			widths = append(widths, each)
		}
	}
	return widths
}

// sortedNames are the attributes of a thing, but those for inner use.
func sortedNames(d *value.Dict) []string {
	var names []string
	for name := range d.Texts() {
		if !strings.HasPrefix(name, "_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// properties prints one thing, an attribute a row.
func (c *call) properties(d *value.Dict, v view) error {
	if c.machine() {
		out, err := picked(d, v.attrs)
		if err != nil {
			return err
		}
		return c.encode(out)
	}
	attrs := slices.Clone(v.attrs)
	if isAll(attrs) {
		attrs = sortedNames(d)
	}
	order := v.order
	if order == nil {
		order = []string{"id", "name", "pack", "description"}
	}
	for _, name := range slices.Backward(order) {
		if i := slices.Index(attrs, name); i >= 0 {
			attrs = slices.Insert(slices.Delete(attrs, i, i+1), 0, name)
		}
	}
	g := grid{header: []string{"Property", "Value"}, limits: []int{20, 60}}
	for _, name := range attrs {
		var is value.Value = d
		for part := range strings.SplitSeq(name, ".") {
			in, ok := is.(*value.Dict)
			if !ok {
				break
			}
			is = orNothing(field(in, part))
		}
		is = shaped(c.plain(is), v.shape[name])
		shown := value.Str(is)
		switch is.(type) {
		case *value.Dict, *value.List:
			indent := "    "
			b, err := value.AppendJSONOptions(nil, is, value.JSONOptions{Indent: &indent, Key: ": ", ASCII: true})
			if err != nil {
				return err
			}
			shown = withoutReturns(unescape(string(b)))
		}
		g.rows = append(g.rows, []string{name, shown})
	}
	c.print(g.String())
	return nil
}

// details prints one thing, an attribute a line, with nested values as YAML.
func (c *call) details(d *value.Dict, v view) error {
	if c.machine() {
		out, err := picked(d, v.attrs)
		if err != nil {
			return err
		}
		return c.encode(out)
	}
	var lines []string
	for _, name := range v.attrs {
		is, err := lookUp(d, name)
		if err != nil {
			return err
		}
		shown, err := detail(name, shaped(c.plain(is), v.shape[name]))
		if err != nil {
			return err
		}
		lines = append(lines, c.color(name, "\x1b[94m")+": "+shown)
	}
	out := strings.Join(lines, "\n")
	schema, err := c.schemaNote(d)
	if err != nil {
		return err
	}
	c.print(unescape(out) + schema)
	return nil
}

// detail is a value in the form that [call.details] prints it in.
func detail(name string, is value.Value) (string, error) {
	if s, ok := is.(string); ok && len(s) > 1 && strings.ContainsRune("{[", rune(s[0])) && strings.ContainsRune("}]", rune(s[len(s)-1])) {
		// A result that was written as a text is shown as what it says.
		if v, err := value.ParseLiteral(s); err == nil {
			is = v
		}
	}
	switch is.(type) {
	case *value.Dict, *value.List:
	default:
		return value.Str(is), nil
	}
	one := value.NewDict()
	one.Set(name, is)
	b, err := pyyaml.Marshal(one, pyyaml.Options{Width: math.MaxInt32})
	if err != nil {
		return "", err
	}
	written := strings.TrimSuffix(string(b)[len(name)+2:], "\n")
	if _, ok := is.(*value.List); ok {
		written = "  " + strings.ReplaceAll(written, "\n", "\n  ")
	}
	// Where YAML doubles the ends of lines, people don't.
	return strings.ReplaceAll("\n"+written, "\n\n", "\n"), nil
}

// schemaNote is what is said of an action without a schema of its output, where
// that is wanted.
func (c *call) schemaNote(d *value.Dict) (string, error) {
	if action, ok := field(d, "action").(*value.Dict); ok && value.Truth(field(action, "output_schema")) {
		return "", nil
	}
	if !c.args.flag("with_schema") {
		if c.settings.truth("general", "silence_schema_output") {
			return "", nil
		}
		return "\n\n** This action does not have an output_schema. Run again with --with-schema to see a suggested schema.", nil
	}
	guess := value.NewDict()
	guess.Set("output_schema", guessed(dict(field(d, "result"))))
	b, err := pyyaml.Marshal(guess, pyyaml.Options{})
	if err != nil {
		return "", err
	}
	lines := strings.Split("Based on the action output the following inferred schema was built:\n\n"+string(b), "\n")
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	rule := "+" + strings.Repeat("-", width+2) + "+"
	out := []string{"\n", rule}
	for _, l := range lines {
		out = append(out, "| "+l+strings.Repeat(" ", width-utf8.RuneCountInString(l))+" |")
	}
	return strings.Join(append(out, rule), "\n"), nil
}

// guessed is a schema that an output fits.
func guessed(d *value.Dict) *value.Dict {
	out := value.NewDict()
	for name, v := range d.Texts() {
		one := value.NewDict()
		switch v := v.(type) {
		case *value.Dict:
			one.Set("type", "object")
			one.Set("parameters", guessed(v))
		case *value.List:
			one.Set("type", "array")
		case string:
			one.Set("type", "string")
		case bool:
			one.Set("type", "boolean")
		case nil:
			one.Set("type", "null")
		case float64:
			one.Set("type", "number")
		default:
			one.Set("type", "integer")
		}
		out.Set(name, one)
	}
	return out
}

// note says that there is more than is shown.
func (c *call) note(entity string, limit, total, width int) {
	if !c.machine() && limit > 0 && total > limit {
		_, _ = io.WriteString(c.Err, noteBox(entity, limit, width)+"\n") // a courtesy
	}
}

// columns is how wide the terminal is; where there is none, what StackStorm's
// client goes by.
func (a *app) columns() int {
	if n, err := strconv.Atoi(a.Getenv("COLUMNS")); err == nil {
		return n
	}
	if n := a.Width(); n > 0 {
		return n
	}
	return 150
}

// plain is a text of a server without what results write of line ends, and without
// what a terminal would act upon.
func (a *app) plain(v value.Value) value.Value {
	s, ok := v.(string)
	if !ok {
		return v
	}
	s = withoutReturns(unescape(s))
	if !a.OutTerminal {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
