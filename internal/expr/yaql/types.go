package yaql

import (
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// ptype is what a parameter takes.
type ptype struct {
	class string // as in the table of matches
	null  bool   // null, too
}

// The classes of parameters that are given the expression and not its value.
const (
	classLambda = "lambda"
	classRule   = "lazyrule"
	classWord   = "word"
)

// lazy reports whether the argument is not evaluated before the call.
func (t ptype) lazy() bool { return t.class == classLambda || t.class == classRule }

// matches reports whether a value may be an argument.
func (t ptype) matches(ev *evaluator, v value.Value) bool {
	if v == nil {
		return t.null
	}
	switch t.class {
	case "any", classLambda:
		return true
	case "str":
		_, ok := v.(string)
		return ok
	case "int":
		return isInt(v)
	case "integer":
		return isInt(v) && isNumber(v)
	case "number":
		return isNumber(v)
	case "bool":
		_, ok := v.(bool)
		return ok
	case "iter":
		return ev.iterable(v)
	case "listlike":
		return ev.iterable(v) && !isSet(v)
	case "seq":
		return isSequence(v)
	case "iterator":
		return isIterator(v)
	case "dict":
		_, ok := asDict(v)
		return ok
	case "set":
		return isSet(v)
	case "ordering":
		_, ok := v.(*ordering)
		return ok
	case "regex":
		_, ok := v.(regex)
		return ok
	case "datetime":
		_, ok := v.(value.DateTime)
		return ok
	case "timespan":
		_, ok := v.(value.TimeDelta)
		return ok
	case "rule":
		_, ok := v.(*mapRule)
		return ok
	case "callable":
		_, ok := v.(value.Callable)
		return ok
	}
	return false // lazyrule and word: only expressions are those
}

// mayMatch reports whether the value of an expression may be an argument, as far
// as that is known without evaluating it.
func (t ptype) mayMatch(n node) bool {
	switch t.class {
	case classLambda:
		return true
	case classRule:
		_, ok := n.(*ruleNode)
		return ok
	case classWord:
		_, ok := wordOf(n)
		return ok
	}
	if v, ok := constOf(n); ok {
		return t.matches(&evaluator{opts: &Options{}}, v)
	}
	return true
}

// narrower reports whether t is for a part of what u is for, so that it is to be
// preferred.
func (t ptype) narrower(u ptype) bool {
	wide := map[string]string{
		"str": "seq", "seq": "iter", "dict": "iter", "set": "iter", "iterator": "iter",
		"bool": "int", "integer": "int", "ordering": "iter",
	}
	if t.class == u.class || t.lazy() || u.lazy() {
		return false
	}
	if u.class == "any" {
		return true
	}
	other := u.class
	if other == "listlike" {
		other = "iter"
	}
	for c := t.class; c != ""; c = wide[c] {
		if wide[c] == other {
			return true
		}
	}
	return false
}

// param is a parameter of a function.
type param struct {
	name   string
	typ    ptype
	def    value.Value // if nothing is given
	hasDef bool
}

// absent stands for an argument that was not given where null would be one.
type absent struct{}

// overload is one of the functions of a name.
type overload struct {
	name         string
	function     bool // can be called as f(x)
	method       bool // can be called as x.f()
	noNames      bool // a => b is an argument and not a named one
	keeps        bool // the call keeps its scope
	params       []param
	rest         *param // *args
	named        *param // **kwargs
	body         func(c *call) (value.Value, error)
	doc, example string
	result       string
	module       string
	signature    string
}

// parseParams reads parameters as "name type = default, *rest type, **named".
// The default is null, true, false, a number, "", or none for nothing at all.
func (o *overload) parseParams(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		head, def, hasDef := strings.Cut(part, "=")
		words := strings.Fields(head)
		if len(words) == 0 || len(words) > 2 {
			return fmt.Errorf("parameter %q of %s is not a name and a type", part, o.name)
		}
		p := param{name: strings.TrimLeft(words[0], "*"), typ: ptype{class: "any", null: true}, hasDef: hasDef}
		if len(words) == 2 {
			class, null := strings.CutSuffix(words[1], "?")
			p.typ = ptype{class: class, null: null || class == "any" || class == classLambda}
		}
		if hasDef {
			v, err := parseDefault(strings.TrimSpace(def))
			if err != nil {
				return fmt.Errorf("parameter %s of %s: %w", p.name, o.name, err)
			}
			p.def = v
			if v == nil {
				p.typ.null = true
			}
		}
		switch {
		case strings.HasPrefix(words[0], "**"):
			o.named = &p
		case strings.HasPrefix(words[0], "*"):
			o.rest = &p
		default:
			o.params = append(o.params, p)
		}
	}
	return nil
}

func parseDefault(s string) (value.Value, error) {
	switch s {
	case "null":
		return nil, nil
	case "true", "false":
		return s == "true", nil
	case "none":
		return absent{}, nil
	case "zero":
		return value.TimeDelta(0), nil
	}
	if text, ok := strings.CutPrefix(s, `"`); ok {
		return strings.TrimSuffix(text, `"`), nil
	}
	return value.ParseInt(s, 10)
}
