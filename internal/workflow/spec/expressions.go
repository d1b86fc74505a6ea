package spec

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// property is what a key of the definition has, short forms spelled out.
type property struct {
	place
	v value.Value
}

// properties returns what some keys of a mapping have.
func properties(p place, d *value.Dict, keys ...string) []property {
	var all []property
	for _, key := range keys {
		if v, ok := d.Get(key); ok {
			all = append(all, property{p.below(key), v})
		}
	}
	return all
}

// taskProperties returns what a task has that may hold expressions, without its
// transitions.
func taskProperties(t *Task) []property {
	p := taskPlace(t.Name)
	all := properties(p, t.Raw, "delay", "join", "timeout")
	for key, keys := range map[string][]string{
		"with": {"items", "concurrency"}, "retry": {"when", "count", "delay"}, "undo": {"action", "input"},
	} {
		v, _ := t.Raw.Get(key)
		if d, ok := v.(*value.Dict); ok {
			all = append(all, properties(p.below(key), d, keys...)...)
		} else {
			all = append(all, properties(p, t.Raw, key)...)
		}
	}
	return append(all, actionProperties(p, t)...)
}

// transitionProperties returns what a transition has, its publish as a list.
func transitionProperties(p place, tr *Transition) []property {
	all := properties(p, tr.raw, "when", "publish", "do")
	for n, prop := range all {
		if _, inline := prop.v.(string); inline && strings.HasSuffix(prop.spec, ".publish") {
			list := value.NewList()
			for _, a := range tr.Publish {
				d := value.NewDict()
				d.Set(a.Name, a.Value)
				list.Items = append(list.Items, d)
			}
			all[n].v = list
		}
	}
	return all
}

// actionProperties returns the action of a task and its input, which may be written
// behind the action.
func actionProperties(p place, t *Task) []property {
	all := properties(p, t.Raw, "action")
	if len(all) > 0 && t.Action != "" {
		all[0].v = t.Action
	}
	if t.Input != nil {
		input := property{p.below("input"), t.Input}
		if written, _ := t.Raw.Get("input"); !same(written, t.Input) {
			input.path = p.below("action").path
		}
		all = append(all, input)
	}
	return all
}

// same reports whether two values are one and the same.
func same(a, b value.Value) bool {
	x, isDict := a.(*value.Dict)
	y, both := b.(*value.Dict)
	if isDict || both {
		return isDict && both && x == y
	}
	return value.Equal(a, b)
}

// expressions returns which expressions cannot be parsed.
func (i *inspector) expressions() Findings {
	all := i.unparsed(properties(place{}, i.root, "vars", "input", "output", "output-on-error", "timeout"))
	for _, t := range i.w.Tasks {
		all = append(all, i.unparsed(taskProperties(t))...)
		for n, tr := range t.Transitions {
			all = append(all, i.unparsed(transitionProperties(i.transitionPlace(t, n), tr))...)
		}
	}
	return all
}

func (i *inspector) unparsed(props []property) Findings {
	var all Findings
	for _, p := range props {
		texts(p.v, p.path, func(text string, path []any) {
			for _, problem := range i.problems(text) {
				f := i.finding(Expressions, p.place, problem.Message)
				f.Language, f.Expression = problem.Language, problem.Expression
				f.Line, f.Column = i.placeOf(path, text, problem)
				f.Hint = hint(problem.Err)
				all = append(all, f)
			}
		})
	}
	return all
}

// texts calls f for each text in a value, keys included, with the path to it.
func texts(v value.Value, path []any, f func(text string, path []any)) {
	if len(path) > deepest {
		return
	}
	switch v := v.(type) {
	case string:
		f(v, path)
	case *value.List:
		for n, item := range v.Items {
			texts(item, append(path, n), f)
		}
	case *value.Dict:
		for k, item := range v.All() {
			texts(k, append(path, k), f)
			texts(item, append(path, k), f)
		}
	}
}

const deepest = 600 // steps of a path; no document goes deeper

func hint(err error) string {
	if e, ok := errors.AsType[*yaql.Error](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*jinja.Error](err); ok {
		return e.Hint
	}
	return ""
}

// placeOf returns where the mistake in an expression is, which is in the text at a
// path.
func (i *inspector) placeOf(path []any, text string, p expr.Problem) (line, column int) {
	line, column, ok := i.find(path, text, p.Expression)
	if !ok || p.Language != expr.Yaql {
		return line, column
	}
	e, isYaql := errors.AsType[*yaql.Error](p.Err)
	if !isYaql || e.Line != 1 {
		return line, column
	}
	inner := strings.TrimLeft(p.Expression, "<%>")
	inner = strings.TrimLeftFunc(inner, isSpace)
	return line, column + utf8.RuneCountInString(p.Expression) - utf8.RuneCountInString(inner) + e.Column - 1
}

// find returns where a part of the text at a path is written, or else where the text
// begins. The bool is whether the part was found.
func (i *inspector) find(path []any, text, part string) (line, column int, ok bool) {
	line, column = i.pointAt(path)
	for n := len(path); n > 0; n-- { // a short form is a part of the text above
		whole, isText := i.valueAt(path[:n]).(string)
		if isText && strings.Contains(whole, part) {
			text = whole
			break
		}
	}
	before, _, ok := strings.Cut(text, part)
	if !ok || part == "" || column > longest {
		return line, column, false
	}
	from := i.offset(line, column)
	// It is written about as far behind the beginning as it is in the text: more
	// where lines are indented and characters escaped.
	lines := strings.Count(before, "\n") + 1
	most := min(len(i.text), from+2*len(before)+len(part)+40*lines+16)
	at := strings.Index(string(i.text[from:most]), part)
	if at < 0 {
		return line, column, false
	}
	for _, r := range string(i.text[from : from+at]) {
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column, true
}

const longest = 10_000 // characters of a line in which places are looked for

// offset returns where a place is in the text.
func (i *inspector) offset(line, column int) int {
	if i.lines == nil {
		i.lines = []int{0}
		for at, b := range i.text {
			if b == '\n' {
				i.lines = append(i.lines, at+1)
			}
		}
	}
	at := i.lines[min(line, len(i.lines))-1]
	for ; column > 1 && at < len(i.text); column-- {
		_, n := utf8.DecodeRune(i.text[at:])
		at += n
	}
	return at
}
