package spec

import (
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// Parse reads a definition in YAML, of which JSON is a part. Its errors are
// [Findings] about what keeps it from being read at all: [Inspect] finds everything
// else.
func Parse(text []byte) (*Workflow, error) {
	src, found := readSource(text)
	if len(found) > 0 {
		return nil, found
	}
	r := reader{source: src}
	w := r.workflow()
	if len(r.found) > 0 {
		var found Findings
		for _, f := range r.found {
			found = append(found, f.Finding)
		}
		return nil, found
	}
	w.makePlan()
	return w, nil
}

// source is a definition as values, which remember where they were written.
type source struct {
	doc  *pyyaml.Document
	root *value.Dict
}

// MaxText is how long a definition may be, in bytes. Who has more to do starts
// workflows from a workflow.
const MaxText = 10 << 20

func readSource(text []byte) (source, Findings) {
	if len(text) > MaxText {
		return source{}, Findings{{Category: Syntax, Line: 1, Column: 1, Message: fmt.Sprintf(
			"The definition has %d bytes, which is more than the %d that one may have.", len(text), MaxText)}}
	}
	doc, err := pyyaml.Parse(text)
	if err != nil {
		var found Findings
		for _, e := range pyyaml.Errors(err) {
			found = append(found, Finding{Category: Syntax, Message: e.Msg, Line: e.Line, Column: e.Column})
		}
		if len(found) == 0 {
			found = Findings{{Category: Syntax, Message: err.Error(), Line: 1, Column: 1}}
		}
		return source{}, found
	}
	var found Findings
	for _, w := range doc.Warnings {
		if w.Duplicate {
			found = append(found, Finding{
				Category: Syntax, Line: w.Line, Column: w.Column,
				Message: fmt.Sprintf("found duplicate key %q", value.Str(w.Key)),
			})
		}
	}
	src := source{doc: doc}
	switch root := doc.Value.(type) {
	case *value.Dict:
		src.root = root
	case nil:
		found = append(found, src.at(nil, "Workflow definition is empty."))
	default:
		found = append(found, src.at(nil, "Workflow definition is not a mapping but "+value.TypeName(root)+"."))
	}
	return src, found
}

// at returns a finding about the value at a path.
func (s source) at(path []any, message string) Finding {
	f := Finding{Category: Syntax, Message: message, SpecPath: Path(path)}
	f.Line, f.Column = s.doc.Pos(path...)
	return f
}

// Path writes a path as tasks.task1.next[0].
func Path(path []any) string {
	var b strings.Builder
	for _, p := range path {
		switch p := p.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", p)
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(value.Str(p))
		}
	}
	return b.String()
}

// reader makes a workflow of a source. What it can't read it leaves out.
type reader struct {
	source
	found []unread
}

// unread is something that can't be read. It is beyond the schema if that doesn't
// find it.
type unread struct {
	Finding
	beyond bool
}

func (r *reader) fail(path []any, format string, args ...any) {
	r.found = append(r.found, unread{r.at(path, fmt.Sprintf(format, args...)), false})
}

func (r *reader) failBeyond(path []any, format string, args ...any) {
	f := r.at(path, fmt.Sprintf(format, args...))
	f.Line, f.Column = r.doc.KeyPos(path...)
	r.found = append(r.found, unread{f, true})
}

func isName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return !isWord(r) }) < 0
}

func (r *reader) workflow() *Workflow {
	get := func(key string) value.Value { v, _ := r.root.Get(key); return v }
	w := &Workflow{
		Name: text(get("name")), Description: text(get("description")),
		Vars: assignments(get("vars")), Output: assignments(get("output")),
		OutputOnError: assignments(get("output-on-error")),
		Timeout:       get("timeout"),
	}
	if v := get("version"); v != nil {
		w.Version = value.Str(v)
	}
	for _, tag := range items(get("tags")) {
		w.Tags = append(w.Tags, text(tag))
	}
	for _, in := range items(get("input")) {
		if name, ok := in.(string); ok {
			w.Input = append(w.Input, Param{Name: name})
			continue
		}
		for _, a := range assignments(value.NewList(in)) {
			w.Input = append(w.Input, Param{Name: a.Name, Default: a.Value})
		}
	}
	switch tasks := get("tasks").(type) {
	case nil:
	case *value.Dict:
		for k, v := range tasks.All() {
			name, ok := k.(string)
			switch {
			case !ok:
				r.failBeyond([]any{"tasks", k}, "The name of a task must be a text, not %s.", value.Repr(k))
				continue
			case !isName(name):
				r.failBeyond([]any{"tasks", k}, "The name of the task %s must have letters, digits and underscores only.", value.Repr(k))
				continue
			}
			if t := r.task(name, v); t != nil {
				w.Tasks = append(w.Tasks, t)
			}
		}
	default:
		r.fail([]any{"tasks"}, "%s is not of type 'object'", value.Repr(tasks))
	}
	return w
}

// text returns a value if it is a text, or "".
func text(v value.Value) string {
	s, _ := v.(string)
	return s
}

// items returns the items of a list; of anything else none.
func items(v value.Value) []value.Value {
	if l, ok := v.(*value.List); ok {
		return l.Items
	}
	return nil
}

// assignments reads a list of mappings with one key each.
func assignments(v value.Value) []Assignment {
	var all []Assignment
	for _, item := range items(v) {
		if d, ok := item.(*value.Dict); ok {
			for name, v := range d.Texts() {
				all = append(all, Assignment{name, v})
				break // of more keys, only the first counts
			}
		}
	}
	return all
}
