package spec

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Actions is what an inspection needs to know of the actions that there are.
type Actions interface {
	// Parameters returns what an action takes; nil: nobody knows. The bool is
	// whether there is such an action.
	Parameters(ref string) (*action.Compiled, bool)
	// Refs returns the references of all actions.
	Refs() []string
}

// Options say what surrounds the workflow that is inspected.
type Options struct {
	Expr    *expr.Evaluator // reads the expressions; nil: one that knows the functions of all workflows
	Context []string        // the variables that there are beside those of the workflow: st2, parent
	Actions Actions         // nil: the actions are not looked at

	// Values looks at the values, too, that tasks give actions and that hold no
	// expressions: whether they fit the parameters. The reference finds that only
	// when the task runs, and starts such a workflow.
	Values bool
}

// Inspect reads a definition as [Parse] does and returns all that is wrong with it,
// by category and in each by path. The error says what keeps it from being read at
// all; then nothing else can be said of it. Without findings, the workflow is ready
// to run.
func Inspect(text []byte, o Options) (*Workflow, Findings, error) {
	src, unreadable := readSource(text)
	if len(unreadable) > 0 {
		return nil, nil, unreadable
	}
	if o.Expr == nil {
		o.Expr = expr.New(expr.Options{})
	}
	r := reader{source: src}
	w := r.workflow()
	w.makePlan()
	i := &inspector{source: src, text: text, w: w, o: o, checked: map[string][]expr.Problem{}, used: map[string][]expr.Variable{}}
	all := i.syntax()
	for _, f := range r.found {
		if f.beyond {
			all = append(all, f.Finding)
		}
	}
	all = sorted(all)
	all = append(all, sorted(i.semantics())...)
	all = append(all, sorted(i.expressions())...)
	all = append(all, sorted(i.context())...)
	all = append(all, i.contents()...)
	return w, all, nil
}

// Check returns all that is wrong with a definition in the order of the text, what
// keeps it from being read included. Without [Options.Context], there are the
// variables that every workflow has.
func Check(text []byte, o Options) Findings {
	if o.Context == nil {
		o.Context = []string{"st2", "parent"}
	}
	_, found, err := Inspect(text, o)
	if unreadable, ok := errors.AsType[Findings](err); ok {
		found = unreadable
	}
	return found.ByPlace()
}

// sorted returns the findings of one category by path, each once.
func sorted(all Findings) Findings {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.SchemaPath, b.SchemaPath), strings.Compare(a.SpecPath, b.SpecPath))
	})
	seen := map[Finding]bool{}
	return slices.DeleteFunc(all, func(f Finding) bool {
		known := seen[f]
		seen[f] = true
		return known
	})
}

// inspector looks for what is wrong with one workflow.
type inspector struct {
	source
	text    []byte
	w       *Workflow
	o       Options
	lines   []int                      // where each line begins
	checked map[string][]expr.Problem  // by text
	used    map[string][]expr.Variable // by text
	hints   int                        // how often a name was looked for among those of all actions
}

// problems returns what is wrong with the expressions in a text.
func (i *inspector) problems(text string) []expr.Problem {
	if !mayHaveExpressions(text) {
		return nil
	}
	found, ok := i.checked[text]
	if !ok {
		found = i.o.Expr.Check(text)
		i.checked[text] = found
	}
	return found
}

// variables returns which variables the expressions in a text use.
func (i *inspector) variables(text string) []expr.Variable {
	if !mayHaveExpressions(text) {
		return nil
	}
	found, ok := i.used[text]
	if !ok {
		found, _ = i.o.Expr.Variables(text) // its patterns are constant
		i.used[text] = found
	}
	return found
}

func mayHaveExpressions(text string) bool {
	return strings.Contains(text, "<%") || strings.Contains(text, "{{") || strings.Contains(text, "{%")
}

// place is where in a definition a value is, and where in the language.
type place struct {
	path   []any  // to where it is written
	spec   string // as the reference writes the path to it
	schema string
}

// below returns the place of what a key has.
func (p place) below(key string) place {
	spec := key
	if p.spec != "" {
		spec = p.spec + "." + key
	}
	schema := "properties." + key
	if p.schema != "" {
		schema = p.schema + "." + schema
	}
	return place{append(slices.Clip(p.path), key), spec, schema}
}

const tasksSchema = "properties.tasks"

// taskPlace returns where a task is.
func taskPlace(name string) place {
	return place{[]any{"tasks", name}, "tasks." + name, tasksSchema + `.patternProperties.^\w+$`}
}

// finding returns a finding about what is at a place.
func (i *inspector) finding(category string, p place, message string) Finding {
	f := Finding{Category: category, Message: message, SpecPath: p.spec, SchemaPath: p.schema}
	f.Line, f.Column = i.pointAt(p.path)
	return f
}

// pointAt returns where the value at a path is: a mapping or a list is where its key
// is.
func (s source) pointAt(path []any) (line, column int) {
	switch s.valueAt(path).(type) {
	case *value.Dict, *value.List:
		return s.doc.KeyPos(path...)
	}
	return s.doc.Pos(path...)
}

// valueAt returns the value at a path; nil if there is none.
func (s source) valueAt(path []any) value.Value {
	var v value.Value = s.root
	for _, step := range path {
		switch c := v.(type) {
		case *value.Dict:
			key := step
			if n, ok := step.(int); ok {
				key = int64(n)
			}
			v, _, _ = c.GetKey(key)
		case *value.List:
			n, ok := step.(int)
			if !ok || n < 0 || n >= len(c.Items) {
				return nil
			}
			v = c.Items[n]
		default:
			return nil
		}
	}
	return v
}
