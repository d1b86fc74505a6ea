package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func systemFunctions(b *builder, o *Options) {
	b.module = "system"
	b.method("unpack", "sequence iter, *names str", unpack,
		"Returns a context in which the items of the sequence have the names, or the numbers from 1 on if there are no names.",
		"[1, 2].unpack(a, b) -> $a + $b", "3").keepsScope()
	b.fn("with", "*args", func(c *call) (value.Value, error) {
		for i, v := range c.rest {
			c.scope().set(itoa(i+1), v)
		}
		return &contextValue{c.scope()}, nil
	}, "Returns a context in which the arguments are $1, $2 and so on.", `with("ab", "cd") -> $1 + $2`, `"abcd"`).keepsScope()
	b.fn("let", "*args, **kwargs", func(c *call) (value.Value, error) {
		for i, v := range c.rest {
			c.scope().set(itoa(i+1), v)
		}
		for _, n := range c.named {
			c.scope().set(n.Name, n.Value)
		}
		return &contextValue{c.scope()}, nil
	}, "Returns a context in which the arguments are $1, $2 and so on, and named ones have their names.",
		"let(1, a => 3) -> $1 + $a", "4").keepsScope()
	b.fn("def", "name str, func lambda", define,
		"Returns a context that has one more function.", "def(sq, $ * $) -> [1, 2, 3].select(sq($))", "[1, 4, 9]").keepsScope()
	b.method("assert", `obj, condition lambda, message str = "Assertion failed"`, assertion,
		"Returns the object if the condition is true of it, and fails with the message if not.", "12.assert($ < 20)", "12")
	b.fn("call", "name str, args seq, kwargs dict, receiver = none", callByName,
		"Calls a function by its name, or a method of the receiver.", "call(max, [1, 2], {})", "2").keepsScope()
	if !o.Delegates {
		return
	}
	b.fn("lambda", "func lambda", func(c *call) (value.Value, error) { return c.args[0], nil },
		"Returns a function; only where delegates are on.", "", "").keepsScope()
	b.fn("#call", "callable callable, *args, **kwargs", func(c *call) (value.Value, error) {
		f, _ := c.args[0].(value.Callable)
		return f.Call(c.ev.ctx, &value.Args{Pos: c.rest, Named: c.named})
	}, "Calls a function that is a value; only where delegates are on.", "", "").keepsScope()
}

func unpack(c *call) (value.Value, error) {
	names := len(c.rest)
	i, s := 0, c.scope()
	err := c.ev.each(c.args[0], func(v value.Value) (bool, error) {
		if i++; names == 0 {
			s.set(itoa(i), v)
			return true, c.ev.use(32)
		}
		if i <= names {
			name, _ := c.rest[i-1].(string)
			s.set(name, v)
		}
		return i <= names, nil
	})
	if err != nil {
		return nil, err
	}
	if names > 0 && i != names {
		return nil, value.ValueError.Errorf("Cannot unpack %d elements into %d", i, names)
	}
	return &contextValue{s}, nil
}

func define(c *call) (value.Value, error) {
	f, s := c.lambda(1), c.scope()
	f.scope = s // so that the function can call itself
	o := &overload{
		name: c.str(0), function: true, keeps: true,
		rest:  &param{name: "args", typ: ptype{class: "any", null: true}},
		named: &param{name: "kwargs", typ: ptype{class: "any", null: true}},
		body:  func(c *call) (value.Value, error) { return f.with(c.rest, c.named) },
	}
	s.funcs, s.anyFuncs = append(s.funcs, o), true
	return &contextValue{s}, nil
}

func assertion(c *call) (value.Value, error) {
	v, err := c.ev.remember(c.args[0])
	if err != nil {
		return nil, err
	}
	ok, err := c.lambda(1).test(v)
	if err == nil && !ok {
		err = errorf(AssertionError, "%s", c.str(2))
	}
	return v, err
}

func callByName(c *call) (value.Value, error) {
	items, err := c.ev.items(c.args[1])
	if err != nil {
		return nil, err
	}
	var named []value.Named
	for k, v := range c.dict(2).Texts() {
		named = append(named, value.Named{Name: k, Value: v})
	}
	if err := c.ev.deeper(); err != nil {
		return nil, err
	}
	var receiver value.Value
	if c.given(3) {
		receiver = c.args[3]
	}
	v, err := c.ev.invokeValues(c.scope(), c.str(0), receiver, c.given(3), items, named)
	c.ev.depth--
	return v, err
}

func branchingFunctions(b *builder) {
	b.module = "branching"
	b.fn("switch", "*args lazyrule", func(c *call) (value.Value, error) {
		for _, a := range c.rest {
			rule, _ := a.(*mapRule)
			from, _ := rule.from.(*lambda)
			to, _ := rule.to.(*lambda)
			v, err := from.get()
			if err != nil {
				return nil, err
			}
			if truth(v) {
				return to.get()
			}
		}
		return nil, nil
	}, "Returns what stands after the first condition that is true, or null.", "switch(1 > 2 => a, 2 > 1 => b)", `"b"`).rules()
	b.fn("selectCase", "*args lambda", func(c *call) (value.Value, error) {
		for i := range c.rest {
			v, err := c.evalRest(i)
			if err != nil {
				return nil, err
			}
			if truth(v) {
				return int64(i), nil
			}
		}
		return int64(len(c.rest)), nil
	}, "Returns the number, from 0, of the first argument that is true, or how many there are.", "selectCase(1 > 2, 2 > 1)", "1")
	b.fn("selectAllCases", "*args lambda", func(c *call) (value.Value, error) {
		i := -1
		return c.ev.gen(func() (value.Value, bool, error) {
			for i++; i < len(c.rest); i++ {
				v, err := c.evalRest(i)
				if err != nil {
					return nil, false, err
				}
				if truth(v) {
					return int64(i), true, nil
				}
			}
			return nil, false, nil
		}), nil
	}, "Returns the numbers, from 0, of the arguments that are true.", "selectAllCases(1 > 2, 2 > 1, true)", "[1, 2]")
	b.fn("examine", "*args lambda", func(c *call) (value.Value, error) {
		i := -1
		return c.ev.gen(func() (value.Value, bool, error) {
			if i++; i >= len(c.rest) {
				return nil, false, nil
			}
			v, err := c.evalRest(i)
			return truth(v), true, err
		}), nil
	}, "Returns for each argument whether it is true.", "examine(1 > 2, 2 > 1)", "[false, true]")
	b.method("switchCase", "case int, *args lambda", func(c *call) (value.Value, error) {
		if len(c.rest) == 0 {
			return nil, nil
		}
		i := c.num(0)
		if i < 0 || i >= len(c.rest) {
			i = len(c.rest) - 1
		}
		return c.evalRest(i)
	}, "Returns the argument with the number, from 0, or the last one if there is none.", "1.switchCase(a, 1 + 1, c)", "2")
	b.fn("coalesce", "*args lambda", func(c *call) (value.Value, error) {
		for i := range c.rest {
			v, err := c.evalRest(i)
			if err != nil || v != nil {
				return v, err
			}
		}
		return nil, nil
	}, "Returns the first argument that is not null.", "coalesce(null, false, 1)", "false")
}

// evalRest evaluates an argument that was given as it stands.
func (c *call) evalRest(i int) (value.Value, error) {
	l, _ := c.rest[i].(*lambda)
	return l.get()
}

func booleanFunctions(b *builder) {
	b.module = "boolean"
	b.fn("bool", "value", func(c *call) (value.Value, error) { return c.truth(0), nil },
		"Returns whether the value counts as true: anything but null, false, 0, and what is empty.", "bool([])", "false")
	b.fn("isBoolean", "value", func(c *call) (value.Value, error) {
		_, ok := c.args[0].(bool)
		return ok, nil
	}, "Returns whether the value is true or false.", "isBoolean(0)", "false")
}
