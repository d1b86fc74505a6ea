package yaql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Function is a function of the caller. It is tried before the functions of the
// library that have its name.
type Function struct {
	Name string
	// Params are the parameters as Python names them, separated by commas, each with
	// a type and "= none" if it need not be given: "task_id str, route int = none".
	// A name of several words is written in camel case in expressions, as in
	// f(taskId => 1). *rest and **named take what is left. The types are any, str,
	// int, number, bool, iter, seq and dict, and with a question mark null, too.
	Params string
	// Fn gets the arguments that were given: by position from the first on, and by
	// name those after one that was not. The variables are those of the evaluation.
	Fn func(ctx context.Context, vars Vars, a *value.Args) (value.Value, error)
	// Frozen says that what Fn returns is part of the variables, so that its lists
	// are tuples, as all data is that an expression is given. Other lists are those
	// of Python.
	Frozen bool
	// Doc is what the function does, in a sentence, with an example and its result in
	// JSON, for the reference page.
	Doc, Example, Result string
}

// library is the functions and methods by name: those of the caller, then those of
// YAQL.
type library struct {
	functions, methods map[string][][]*overload
	all                []*overload
	functionNames      []string
	methodNames        []string
}

func newLibrary(o *Options) *library {
	l := &library{functions: map[string][][]*overload{}, methods: map[string][][]*overload{}}
	l.add(callerFunctions(o))
	l.add(standard(o))
	for name := range l.functions {
		l.functionNames = append(l.functionNames, name)
	}
	for name := range l.methods {
		l.methodNames = append(l.methodNames, name)
	}
	slices.Sort(l.functionNames)
	slices.Sort(l.methodNames)
	return l
}

// add adds a level of functions below those that are there.
func (l *library) add(all []*overload) {
	l.all = append(l.all, all...)
	put := func(level map[string][]*overload, o *overload) { level[o.name] = append(level[o.name], o) }
	functions, methods := map[string][]*overload{}, map[string][]*overload{}
	for _, o := range all {
		if o.function {
			put(functions, o)
		}
		if o.method {
			put(methods, o)
		}
	}
	for name, level := range functions {
		l.functions[name] = append(l.functions[name], level)
	}
	for name, level := range methods {
		l.methods[name] = append(l.methods[name], level)
	}
}

func (l *library) names(method bool) []string {
	if method {
		return slices.Clone(l.methodNames)
	}
	return slices.Clone(l.functionNames)
}

// standard returns the library of YAQL.
func standard(o *Options) []*overload {
	b := &builder{}
	systemFunctions(b, o)
	branchingFunctions(b)
	booleanFunctions(b)
	mathFunctions(b)
	stringFunctions(b)
	regexFunctions(b)
	timeFunctions(b)
	listFunctions(b)
	dictFunctions(b)
	setFunctions(b)
	queryFunctions(b)
	orderFunctions(b)
	foldFunctions(b)
	groupFunctions(b, o)
	sliceFunctions(b)
	endlessFunctions(b)
	return b.all
}

// builder collects overloads.
type builder struct {
	module string
	all    []*overload
}

type body func(c *call) (value.Value, error)

func (b *builder) add(name, params string, function, method bool, fn body, doc, example, result string) *overload {
	o := &overload{
		name: name, function: function, method: method, body: fn,
		doc: doc, example: example, result: result, module: b.module,
	}
	if err := o.parseParams(params); err != nil {
		panic(err)
	}
	o.signature = o.describe()
	b.all = append(b.all, o)
	return o
}

// fn adds a function: f(x).
func (b *builder) fn(name, params string, fn body, doc, example, result string) *overload {
	return b.add(name, params, true, false, fn, doc, example, result)
}

// method adds a method: x.f().
func (b *builder) method(name, params string, fn body, doc, example, result string) *overload {
	return b.add(name, params, false, true, fn, doc, example, result)
}

// both adds what is a function and a method.
func (b *builder) both(name, params string, fn body, doc, example, result string) {
	b.add(name, params, true, true, fn, doc, example, result)
}

// rules makes a => b an argument instead of a named one.
func (o *overload) rules() { o.noNames = true }

// keepsScope says that what the function returns may hold on to its context.
func (o *overload) keepsScope() { o.keeps = true }

// describe returns how the function is called.
func (o *overload) describe() string {
	var parts []string
	for _, p := range o.params {
		part := p.name
		if p.hasDef {
			def := "null"
			switch d := p.def.(type) {
			case nil, absent:
			case string:
				def = fmt.Sprintf("%q", d)
			case bool:
				def = fmt.Sprint(d)
			default:
				def = value.Str(d)
			}
			if _, no := p.def.(absent); no {
				part = "[" + part + "]"
			} else {
				part += " => " + def
			}
		}
		parts = append(parts, part)
	}
	if o.rest != nil {
		parts = append(parts, o.rest.name+"…")
	}
	if o.named != nil {
		parts = append(parts, "name => value…")
	}
	if o.method && len(parts) > 0 {
		return strings.TrimSuffix(parts[0], "…") + "." + o.name + "(" + strings.Join(parts[1:], ", ") + ")"
	}
	return o.name + "(" + strings.Join(parts, ", ") + ")"
}

// callerFunctions makes overloads of the functions of the caller.
func callerFunctions(o *Options) []*overload {
	b := &builder{module: "more"}
	for _, f := range o.Functions {
		over := b.fn(f.Name, f.Params, nil, f.Doc, f.Example, f.Result)
		python := make([]string, len(over.params))
		for i := range over.params {
			p := &over.params[i]
			python[i] = p.name
			p.name = camel(p.name)
			if p.hasDef {
				p.def = absent{}
			}
		}
		over.signature = over.describe()
		over.body = func(c *call) (value.Value, error) { return c.foreign(f, python) }
	}
	return b.all
}

// camel writes a name of several words in camel case.
func camel(s string) string {
	words := strings.Split(strings.TrimRight(s, "_"), "_")
	for i := 1; i < len(words); i++ {
		if words[i] != "" {
			words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
		}
	}
	return strings.Join(words, "")
}

// foreign calls a function of the caller.
func (c *call) foreign(f Function, names []string) (value.Value, error) {
	a := &value.Args{Name: f.Name}
	for i, v := range c.args {
		if _, no := v.(absent); no {
			continue
		}
		v, err := c.ev.plain(v, 0)
		if err != nil {
			return nil, err
		}
		if len(a.Pos) == i {
			a.Pos = append(a.Pos, v)
		} else {
			a.Named = append(a.Named, value.Named{Name: names[i], Value: v})
		}
	}
	for _, v := range c.rest {
		v, err := c.ev.plain(v, 0)
		if err != nil {
			return nil, err
		}
		a.Pos = append(a.Pos, v)
	}
	for _, n := range c.named {
		v, err := c.ev.plain(n.Value, 0)
		if err != nil {
			return nil, err
		}
		a.Named = append(a.Named, value.Named{Name: n.Name, Value: v})
	}
	v, err := f.Fn(c.ev.ctx, c.ev.vars, a)
	if err != nil || f.Frozen {
		return v, err
	}
	if err := c.ev.count(v, 0); err != nil {
		return nil, err
	}
	return thaw(v), nil
}

// Helpers for the arguments of a call, whose types dispatch has checked.

func (c *call) str(i int) string { s, _ := c.args[i].(string); return s }

func (c *call) lambda(i int) *lambda { l, _ := c.args[i].(*lambda); return l }

func (c *call) truth(i int) bool { return truth(c.args[i]) }

func (c *call) dict(i int) *value.Dict { d, _ := asDict(c.args[i]); return d }

func (c *call) span(i int) value.TimeDelta { d, _ := c.args[i].(value.TimeDelta); return d }

func (c *call) time(i int) value.DateTime { d, _ := c.args[i].(value.DateTime); return d }

func (c *call) re(i int) regex { r, _ := c.args[i].(regex); return r }

// given reports whether an argument without a default was given.
func (c *call) given(i int) bool { _, no := c.args[i].(absent); return !no }

// num returns an int, one that is too large as the largest or the least.
func (c *call) num(i int) int { return clamp(c.args[i]) }

func clamp(v value.Value) int {
	const most = 1 << 53
	switch v := v.(type) {
	case int64:
		return int(min(max(v, -most), most))
	case bool:
		if v {
			return 1
		}
		return 0
	}
	if n, ok := value.Big(v); ok {
		return n.Sign() * most
	}
	return 0
}

// cutPrefix returns s without the first of the prefixes that it has.
func cutPrefix(s string, prefixes ...string) (string, bool) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest, true
		}
	}
	return s, false
}
