package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func setFunctions(b *builder) {
	b.module = "collections"
	b.fn("isSet", "arg", func(c *call) (value.Value, error) { return isSet(c.args[0]), nil },
		"Returns whether the value is a set.", "isSet(set())", "true")
	b.fn("set", "*args", func(c *call) (value.Value, error) {
		items, err := c.unwound()
		if err != nil {
			return nil, err
		}
		return newSet(items)
	}, "Returns a set of the arguments, and of the items of those that are lazy sequences.", "set(1, 2, 1)", "[1, 2]")
	b.method("toSet", "collection iter", func(c *call) (value.Value, error) {
		items, err := c.ev.items(c.args[0])
		if err != nil {
			return nil, err
		}
		return newSet(items)
	}, "Returns a sequence as a set.", "[0, 1, 1, 2].toSet()", "[0, 1, 2]")
	b.both("len", "set set", func(c *call) (value.Value, error) {
		n, _ := length(c.args[0])
		return int64(n), nil
	}, "Returns how many items a set has.", "set(0, 1, 2).len()", "3")
	with := func(name string, f func(a, b value.Value) (value.Value, error), doc, example, result string) {
		b.method(name, "left set, right set", func(c *call) (value.Value, error) {
			if _, ok := c.args[0].(*value.Set); !ok {
				return nil, value.AttributeError.Errorf("'%s' object has no attribute '%s'", value.TypeName(c.args[0]), name)
			}
			return f(c.args[0], c.args[1])
		}, doc, example, result)
	}
	with("union", func(a, b value.Value) (value.Value, error) { return setCombine(a, b, nil, true) },
		"Returns what is in either set.", "set(0, 1).union(set(1, 2))", "[0, 1, 2]")
	with("intersect", func(a, b value.Value) (value.Value, error) {
		return setCombine(a, b, func(_, inB bool) bool { return inB }, false)
	}, "Returns what is in both sets.", "set(0, 1, 2).intersect(set(0, 1))", "[0, 1]")
	with("difference", setDifference, "Returns what is in the first set only.", "set(0, 1, 2).difference(set(0, 1))", "[2]")
	with("symmetricDifference", func(a, b value.Value) (value.Value, error) {
		return setCombine(a, b, func(inA, inB bool) bool { return inA != inB }, true)
	}, "Returns what is in one set only.", "set(0, 1, 2).symmetricDifference(set(0, 1, 3))", "[2, 3]")
	b.method("add", "set set, *values", func(c *call) (value.Value, error) {
		more, err := newSet(c.rest)
		if err != nil {
			return nil, err
		}
		return setCombine(c.args[0], more, nil, true)
	}, "Returns a set with more values.", "set(0, 1).add(2)", "[0, 1, 2]")
	b.method("remove", "set set, *values", func(c *call) (value.Value, error) {
		less, err := newSet(c.rest)
		if err != nil {
			return nil, err
		}
		return setDifference(c.args[0], less)
	}, "Returns a set without some values.", "set(0, 1, 2).remove(0, 2)", "[1]")
}

func setDifference(a, b value.Value) (value.Value, error) {
	return setCombine(a, b, func(_, inB bool) bool { return !inB }, false)
}

// setCombine returns the items of a, and also those of b if both, for which keep is
// true; nil keeps all.
func setCombine(a, b value.Value, keep func(inA, inB bool) bool, both bool) (value.Value, error) {
	x, err := asSet(a)
	if err != nil {
		return nil, err
	}
	y, err := asSet(b)
	if err != nil {
		return nil, err
	}
	out := &value.Set{Frozen: true}
	from := [][]value.Value{x.Items()}
	if both {
		from = append(from, y.Items())
	}
	for _, items := range from {
		for _, item := range items {
			if keep != nil {
				inA, err := x.Has(item)
				if err != nil {
					return nil, err
				}
				inB, err := y.Has(item)
				if err != nil {
					return nil, err
				}
				if !keep(inA, inB) {
					continue
				}
			}
			if err := out.Add(item); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
