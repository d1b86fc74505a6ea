package yaql

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// filtered is the lazy sequence that f makes of each item: any number of values,
// which f hands to emit.
func (ev *evaluator) filtered(seq value.Value, f func(i int, item value.Value, emit func(value.Value)) (more bool, err error),
	end func(n int, emit func(value.Value)) error,
) value.Value {
	var it iterator
	var queue []value.Value
	emit := func(v value.Value) { queue = append(queue, v) }
	i, over := 0, false
	return ev.gen(func() (value.Value, bool, error) {
		if it == nil {
			var err error
			if it, err = ev.iter(seq); err != nil {
				return nil, false, err
			}
		}
		for {
			if len(queue) > 0 {
				v := queue[0]
				queue = queue[1:]
				return v, true, nil
			}
			if over {
				return nil, false, nil
			}
			queue = queue[:0]
			item, ok, err := it.next()
			if err != nil {
				return nil, false, err
			}
			if !ok {
				over = true
				if end != nil {
					if err := end(i, emit); err != nil {
						return nil, false, err
					}
				}
				continue
			}
			if err := ev.spend(1); err != nil {
				return nil, false, err
			}
			more, err := f(i, item, emit)
			if err != nil {
				return nil, false, err
			}
			over = !more
			i++
		}
	})
}

// spread hands all items of a sequence to emit.
func (ev *evaluator) spread(seq value.Value, emit func(value.Value)) error {
	return ev.each(seq, func(v value.Value) (bool, error) {
		emit(v)
		return true, ev.use(16)
	})
}

// within reports whether item i is one of count items from a position, or after it
// if the count is negative.
func within(i, position, count int) bool {
	return i >= position && (count < 0 || i < position+count)
}

// tuple returns a sequence as a tuple.
func (ev *evaluator) tuple(seq value.Value) (value.Value, error) {
	if isTuple(seq) {
		return seq, nil
	}
	items, err := ev.items(seq)
	return value.Tuple(slices.Clip(items)), err
}

// unwound goes through arguments, and through those that are iterators.
func (c *call) unwound() ([]value.Value, error) {
	var out []value.Value
	var add func(v value.Value) error
	add = func(v value.Value) error {
		if !isIterator(v) {
			out = append(out, v)
			return c.ev.use(16)
		}
		return c.ev.each(v, func(item value.Value) (bool, error) { return true, add(item) })
	}
	for _, v := range c.rest {
		if err := add(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func listFunctions(b *builder) {
	b.module = "collections"
	b.fn("list", "*args", func(c *call) (value.Value, error) {
		items, err := c.unwound()
		return value.Tuple(items), err
	}, "Returns a list of the arguments, and of the items of those that are lazy sequences.", `list(1, "", range(2))`, `[1, "", 0, 1]`)
	b.fn("#list", "*args", func(c *call) (value.Value, error) { return value.Tuple(c.rest), nil }, "", "", "")
	b.method("flatten", "collection iter", func(c *call) (value.Value, error) { return c.ev.flatten(c.args[0]), nil },
		"Returns all items, those of sequences inside one by one.", "[a, [b, [2, 3]]].flatten()", `["a", "b", 2, 3]`)
	b.method("toList", "collection iter", func(c *call) (value.Value, error) { return c.ev.tuple(c.args[0]) },
		"Returns a sequence as a list.", "range(3).toList()", "[0, 1, 2]")
	b.fn("#indexer", "list seq, index int", func(c *call) (value.Value, error) { return c.ev.index(c.args[0], c.args[1]) }, "", "", "")
	b.method("contains", "collection iter, value", func(c *call) (value.Value, error) { return c.ev.contains(c.args[0], c.args[1]) },
		"Returns whether a value is in a sequence.", "[a, b].contains(a)", "true")
	b.fn("isList", "arg", func(c *call) (value.Value, error) { return isSequence(c.args[0]), nil },
		"Returns whether the value is a list.", "isList([1])", "true")
	b.both("len", "sequence seq", func(c *call) (value.Value, error) {
		n, _ := length(c.args[0])
		return int64(n), nil
	}, "Returns how many items a list has.", "[0, 1, 2].len()", "3")
	b.method("delete", "collection iter, position int, count int = 1", func(c *call) (value.Value, error) {
		position, count := c.num(1), c.num(2)
		return c.ev.filtered(c.args[0], func(i int, v value.Value, emit func(value.Value)) (bool, error) {
			if !within(i, position, count) {
				emit(v)
			}
			return true, nil
		}, nil), nil
	}, "Returns a sequence without so many items from a position on, without all if the count is negative.", "[0, 1, 3, 4, 2].delete(2, 2)", "[0, 1, 2]")
	b.method("replace", "collection iter, position int, value, count int = 1", func(c *call) (value.Value, error) {
		return c.replaceItems(func(emit func(value.Value)) error { emit(c.args[2]); return nil }), nil
	}, "Returns a sequence with one value in place of so many items from a position on.", "[0, 1, 3, 4, 2].replace(2, 100, 2)", "[0, 1, 100, 2]")
	b.method("replaceMany", "collection iter, position int, values iter, count int = 1", func(c *call) (value.Value, error) {
		return c.replaceItems(func(emit func(value.Value)) error { return c.ev.spread(c.args[2], emit) }), nil
	}, "Returns a sequence with values in place of so many items from a position on.", "[0, 1, 3, 4, 2].replaceMany(2, [100, 200], 2)", "[0, 1, 100, 200, 2]")
	b.method("insert", "collection listlike, position int, value", func(c *call) (value.Value, error) {
		position := c.num(1)
		return c.ev.filtered(c.args[0], func(i int, v value.Value, emit func(value.Value)) (bool, error) {
			if i == position {
				emit(c.args[2])
			}
			emit(v)
			return true, nil
		}, func(n int, emit func(value.Value)) error {
			if position > n-1 {
				emit(c.args[2])
			}
			return nil
		}), nil
	}, "Returns a lazy sequence with a value at a position, or at the end if it is shorter.", "range(3).insert(1, a)", `[0, "a", 1, 2]`)
	b.method("insert", "collection seq, position int, value", func(c *call) (value.Value, error) {
		items, err := c.ev.items(c.args[0])
		if err != nil {
			return nil, err
		}
		at := c.num(1)
		if at < 0 {
			at = max(at+len(items), 0)
		}
		return &pyList{slices.Insert(slices.Clone(items), min(at, len(items)), c.args[2])}, nil
	}, "Returns a list with a value at a position, which counts from the end if it is negative.", "[0, 1, 3].insert(2, 2)", "[0, 1, 2, 3]")
	b.method("insertMany", "collection iter, position int, values iter", func(c *call) (value.Value, error) {
		position := c.num(1)
		first := position < 0
		return c.ev.filtered(c.args[0], func(i int, v value.Value, emit func(value.Value)) (bool, error) {
			if first || i == position {
				first = false
				if err := c.ev.spread(c.args[2], emit); err != nil {
					return false, err
				}
			}
			emit(v)
			return true, nil
		}, func(n int, emit func(value.Value)) error {
			if first || position > n-1 {
				return c.ev.spread(c.args[2], emit)
			}
			return nil
		}), nil
	}, "Returns a sequence with values at a position.", "[0, 1, 3].insertMany(2, [2, 22])", "[0, 1, 2, 22, 3]")
}

func (ev *evaluator) flatten(seq value.Value) value.Value {
	var stack []iterator
	return ev.gen(func() (value.Value, bool, error) {
		if stack == nil {
			it, err := ev.iter(seq)
			if err != nil {
				return nil, false, err
			}
			stack = append(stack, it)
		}
		for len(stack) > 0 {
			v, ok, err := stack[len(stack)-1].next()
			switch {
			case err != nil:
				return nil, false, err
			case !ok:
				stack = stack[:len(stack)-1]
				continue
			case !isIterable(v):
				return v, true, nil
			case len(stack) >= maxNested:
				return nil, false, tooDeep()
			}
			if err := ev.spend(1); err != nil {
				return nil, false, err
			}
			it, err := ev.iter(v)
			if err != nil {
				return nil, false, err
			}
			stack = append(stack, it)
		}
		return nil, false, nil
	})
}

// replaceItems puts values in place of items: where, and how many, the second and
// the last argument say.
func (c *call) replaceItems(put func(emit func(value.Value)) error) value.Value {
	position, count, done := c.num(1), c.num(3), false
	return c.ev.filtered(c.args[0], func(i int, v value.Value, emit func(value.Value)) (bool, error) {
		if !within(i, position, count) {
			emit(v)
			return true, nil
		}
		if done {
			return true, nil
		}
		done = true
		return true, put(emit)
	}, nil)
}
