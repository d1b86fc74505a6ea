package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// fold makes one value of a sequence, two at a time.
func (ev *evaluator) fold(seq, start value.Value, f func(a, b value.Value) (value.Value, error)) (value.Value, error) {
	total := start
	_, none := start.(absent)
	err := ev.each(seq, func(v value.Value) (bool, error) {
		if none {
			total, none = v, false
			return true, nil
		}
		var err error
		total, err = f(total, v)
		return true, err
	})
	if err == nil && none {
		err = value.TypeError.Errorf("reduce() of empty iterable with no initial value")
	}
	return total, err
}

func foldFunctions(b *builder) {
	b.module = "queries"
	aggregate := func(c *call) (value.Value, error) { return c.ev.fold(c.args[0], c.args[2], c.lambda(1).call2) }
	b.method("aggregate", "collection iter, selector lambda, seed = none", aggregate,
		"Returns what the expression makes of the first two items, $1 and $2, then of that and the next, and so on.", "[a, b, c].aggregate($1 + $2)", `"abc"`)
	b.method("reduce", "collection iter, selector lambda, seed = none", aggregate, "Is aggregate.", "[].reduce($1 + $2, 1)", "1")
	b.method("accumulate", "collection iter, selector lambda, seed = none", accumulate,
		"Returns all values on the way of aggregate.", "[1, 2, 3].accumulate($1 + $2)", "[1, 3, 6]")
	b.method("sum", "collection iter, initial = none", func(c *call) (value.Value, error) {
		return c.ev.fold(c.args[0], c.args[1], func(a, b value.Value) (value.Value, error) { return c.ev.operate("+", a, b) })
	}, "Returns the sum of the items.", "[3, 1, 2].sum()", "6")
	larger := func(most bool) body {
		return func(c *call) (value.Value, error) {
			return c.ev.fold(c.args[0], c.args[1], func(a, b value.Value) (value.Value, error) { return c.ev.larger(a, b, most) })
		}
	}
	b.method("max", "collection iter, initial = none", larger(true), "Returns the largest item.", "[3, 1, 2].max()", "3")
	b.method("min", "collection iter, initial = none", larger(false), "Returns the smallest item.", "[3, 1, 2].min()", "1")
	b.method("first", "collection iter, default = none", func(c *call) (value.Value, error) {
		it, err := c.ev.iter(c.args[0])
		if err != nil {
			return nil, err
		}
		v, ok, err := it.next()
		if ok || err != nil {
			return v, err
		}
		return c.otherwise()
	}, "Returns the first item, or the default if there is none.", "[3, 1, 2].first()", "3")
	b.method("single", "collection iter", func(c *call) (value.Value, error) {
		it, err := c.ev.iter(c.args[0])
		if err != nil {
			return nil, err
		}
		v, ok, err := it.next()
		if err == nil && !ok {
			err = stopIteration()
		}
		if err != nil {
			return nil, err
		}
		if _, ok, err = it.next(); ok {
			err = &Error{Class: string(value.StopIteration), Msg: "Collection contains more than one item"}
		}
		return v, err
	}, "Returns the only item, and fails if there is not exactly one.", "[a].single()", `"a"`)
	b.method("last", "collection iter, default = none", func(c *call) (value.Value, error) {
		if items, ok := asItems(c.args[0]); ok && len(items) > 0 {
			return items[len(items)-1], nil
		}
		var last value.Value
		found := false
		err := c.ev.each(c.args[0], func(v value.Value) (bool, error) {
			last, found = v, true
			return true, nil
		})
		if found || err != nil {
			return last, err
		}
		return c.otherwise()
	}, "Returns the last item, or the default if there is none.", "[0, 1, 2].last()", "2")
	find := func(name string, last bool, doc, example, result string) {
		param := "item"
		if name == "indexWhere" || name == "lastIndexWhere" {
			param = "predicate lambda"
		}
		b.method(name, "collection iter, "+param, func(c *call) (value.Value, error) {
			i, at := -1, -1
			l := c.lambda(1)
			err := c.ev.each(c.args[0], func(v value.Value) (more bool, err error) {
				i++
				var ok bool
				if l != nil {
					ok, err = l.test(v)
				} else {
					ok = equal(v, c.args[1])
				}
				if ok {
					at = i
				}
				return !ok || last, err
			})
			return int64(at), err
		}, doc, example, result)
	}
	find("indexOf", false, "Returns where an item stands first, from 0, or -1.", "[1, 2, 3, 2].indexOf(2)", "1")
	find("lastIndexOf", true, "Returns where an item stands last, from 0, or -1.", "[1, 2, 3, 2].lastIndexOf(2)", "3")
	find("indexWhere", false, "Returns where the condition is true first, from 0, or -1.", "[1, 2, 3, 2].indexWhere($ > 1)", "1")
	find("lastIndexWhere", true, "Returns where the condition is true last, from 0, or -1.", "[1, 2, 3, 2].lastIndexWhere($ > 1)", "3")
}

// otherwise returns the default, the second argument, of a sequence that is empty.
func (c *call) otherwise() (value.Value, error) {
	if !c.given(1) {
		return nil, stopIteration()
	}
	return c.args[1], nil
}

func accumulate(c *call) (value.Value, error) {
	var it iterator
	var total value.Value
	return c.ev.gen(func() (value.Value, bool, error) {
		begin := it == nil
		if begin {
			var err error
			if it, err = c.ev.iter(c.args[0]); err != nil {
				return nil, false, err
			}
			if c.given(2) {
				total = c.args[2]
				return total, true, nil
			}
		}
		v, ok, err := it.next()
		switch {
		case err != nil:
			return nil, false, err
		case !ok && begin:
			return nil, false, value.TypeError.Errorf("accumulate() of empty sequence with no initial value")
		case !ok:
			return nil, false, nil
		case begin:
			total = v
		default:
			total, err = c.lambda(1).call2(total, v)
		}
		return total, true, err
	}), nil
}
