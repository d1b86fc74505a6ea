package yaql

import (
	"context"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// scope is a context of YAQL: variables and functions over those of its parent.
type scope struct {
	parent    *scope
	dollar    value.Value // $, which is $1
	hasDollar bool
	vars      []binding
	funcs     []*overload // made by def
	anyFuncs  bool        // this scope or one above has functions
}

type binding struct {
	name string
	val  value.Value
}

func (s *scope) child() *scope { return &scope{parent: s, anyFuncs: s.anyFuncs} }

// set sets a variable by its name with or without $.
func (s *scope) set(name string, v value.Value) {
	name = strings.TrimPrefix(name, "$")
	if name == "" || name == "1" {
		s.dollar, s.hasDollar = v, true
		return
	}
	for i := range s.vars {
		if s.vars[i].name == name {
			s.vars[i].val = v
			return
		}
	}
	s.vars = append(s.vars, binding{name, v})
}

// variable returns a variable, which is null if nobody set it. The name is without
// $; that of $ itself is "".
func (ev *evaluator) variable(s *scope, name string) value.Value {
	if name == "" {
		for ; s != nil; s = s.parent {
			if s.hasDollar {
				return s.dollar
			}
		}
		return nil
	}
	for ; s != nil; s = s.parent {
		for i := range s.vars {
			if s.vars[i].name == name {
				return s.vars[i].val
			}
		}
	}
	if ev.vars == nil {
		return nil
	}
	v, _ := ev.vars.Get(name)
	if ev.opts.KeepInput {
		v = thaw(v)
	}
	return v
}

// contextValue is a context as a value: what let and with return.
type contextValue struct{ scope *scope }

// TypeName implements [value.Object].
func (*contextValue) TypeName() string { return "Context" }

// mapRule is an evaluated a => b.
type mapRule struct{ from, to value.Value }

// TypeName implements [value.Object].
func (*mapRule) TypeName() string { return "MappingRule" }

// lambda is an argument that is evaluated when its function wants it.
type lambda struct {
	ev    *evaluator
	body  node
	scope *scope
	val   value.Value // if there is no body
	reuse *scope      // of the last call, where no call can hold on to it
}

// TypeName implements [value.Object].
func (*lambda) TypeName() string { return "function" }

// Call implements [value.Callable].
func (l *lambda) Call(_ context.Context, a *value.Args) (value.Value, error) {
	return l.with(a.Pos, a.Named)
}

// call evaluates the lambda with $ as v.
func (l *lambda) call(v value.Value) (value.Value, error) {
	if l.body == nil {
		return l.with([]value.Value{v}, nil)
	}
	s := l.reuse
	if s == nil {
		s = &scope{parent: l.scope, anyFuncs: l.scope.anyFuncs, hasDollar: true}
		if l.body.simple() {
			l.reuse = s
		}
	}
	s.dollar = v
	if l.body.simple() {
		return l.body.eval(l.ev, s)
	}
	return l.eval(s)
}

// call2 evaluates the lambda with two arguments.
func (l *lambda) call2(a, b value.Value) (value.Value, error) {
	if l.body == nil {
		return l.with([]value.Value{a, b}, nil)
	}
	s := &scope{parent: l.scope, anyFuncs: l.scope.anyFuncs, hasDollar: true, dollar: a}
	s.vars = []binding{{"2", b}}
	return l.eval(s)
}

// test evaluates the lambda with v to a truth.
func (l *lambda) test(v value.Value) (bool, error) {
	r, err := l.call(v)
	return truth(r), err
}

// get evaluates the lambda without arguments.
func (l *lambda) get() (value.Value, error) {
	if l.body == nil {
		return l.with(nil, nil)
	}
	return l.eval(l.scope)
}

// in evaluates the lambda in a context.
func (l *lambda) in(s *scope) (value.Value, error) {
	if l.body == nil {
		return l.with(nil, nil)
	}
	return l.eval(s)
}

func (l *lambda) eval(s *scope) (value.Value, error) {
	if err := l.ev.deeper(); err != nil {
		return nil, err
	}
	v, err := l.body.eval(l.ev, s)
	l.ev.depth--
	return v, err
}

func (l *lambda) with(args []value.Value, named []value.Named) (value.Value, error) {
	if l.body == nil {
		if c, ok := l.val.(value.Callable); ok {
			if err := l.ev.deeper(); err != nil {
				return nil, err
			}
			v, err := c.Call(l.ev.ctx, &value.Args{Pos: args, Named: named})
			l.ev.depth--
			return v, err
		}
		return l.val, nil
	}
	s := l.scope.child()
	for i, v := range args {
		s.set(itoa(i+1), v)
	}
	for _, n := range named {
		s.set(n.Name, n.Value)
	}
	return l.eval(s)
}
