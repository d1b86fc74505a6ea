package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func queryFunctions(b *builder) {
	b.module = "queries"
	where := func(c *call) (value.Value, error) {
		l := c.lambda(1)
		var it iterator
		return c.ev.gen(func() (value.Value, bool, error) {
			if it == nil {
				var err error
				if it, err = c.ev.iter(c.args[0]); err != nil {
					return nil, false, err
				}
			}
			for {
				v, ok, err := it.next()
				if !ok || err != nil {
					return nil, false, err
				}
				if err := c.ev.spend(1); err != nil {
					return nil, false, err
				}
				if ok, err = l.test(v); ok || err != nil {
					return v, true, err
				}
			}
		}), nil
	}
	b.method("where", "collection iter, predicate lambda", where, "Returns the items for which the condition is true.", "[1, 2, 3].where($ > 1)", "[2, 3]")
	b.method("filter", "collection iter, predicate lambda", where, "Is where.", "[1, 2, 3].filter($ > 1)", "[2, 3]")
	sel := func(c *call) (value.Value, error) {
		return c.ev.mapping(c.args[0], c.lambda(1).call), nil
	}
	b.method("select", "collection iter, selector lambda", sel, "Returns what the expression makes of each item.", "[1, 2].select($ * 2)", "[2, 4]")
	b.method("map", "collection iter, selector lambda", sel, "Is select.", "[1, 2].map($ * 2)", "[2, 4]")
	b.method("skip", "collection iter, count int", func(c *call) (value.Value, error) {
		n := c.num(1)
		if n < 0 {
			return nil, value.ValueError.Errorf("Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
		}
		return c.ev.filtered(c.args[0], func(i int, v value.Value, emit func(value.Value)) (bool, error) {
			if i >= n {
				emit(v)
			}
			return true, nil
		}, nil), nil
	}, "Returns a sequence without its first items.", "[1, 2, 3].skip(2)", "[3]")
	limit := func(c *call) (value.Value, error) { return c.ev.first(c.args[0], c.num(1)) }
	b.method("limit", "collection iter, count int", limit, "Returns the first items of a sequence.", "sequence().limit(3)", "[0, 1, 2]")
	b.method("take", "collection iter, count int", limit, "Is limit.", "[1, 2, 3].take(2)", "[1, 2]")
	b.both("append", "collection iter, *args", func(c *call) (value.Value, error) { return c.ev.chain(c.args[0], value.Tuple(c.rest)), nil },
		"Returns a sequence with more items at its end.", "[1, 2].append(3, 4)", "[1, 2, 3, 4]")
	b.both("distinct", "collection iter, keySelector lambda = null", func(c *call) (value.Value, error) {
		return c.ev.distinct(c.args[0], c.lambda(1)), nil
	}, "Returns each item once, or one item for each key.", "[1, 2, 1].distinct()", "[1, 2]")
	b.both("enumerate", "collection iter, start int = 0", func(c *call) (value.Value, error) {
		start := c.num(1)
		return c.ev.filtered(c.args[0], func(i int, v value.Value, emit func(value.Value)) (bool, error) {
			emit(&pyList{[]value.Value{int64(start + i), v}})
			return true, c.ev.use(56)
		}, nil), nil
	}, "Returns pairs of a number and an item.", "[a, b].enumerate(1)", `[[1, "a"], [2, "b"]]`)
	test := func(any bool) body {
		return func(c *call) (value.Value, error) {
			found := false
			err := c.ev.each(c.args[0], func(v value.Value) (more bool, err error) {
				ok := any || truth(v)
				if l := c.lambda(1); l != nil {
					ok, err = l.test(v)
				}
				found = ok == any
				return !found, err
			})
			return found == any, err
		}
	}
	b.both("any", "collection iter, predicate lambda = null", test(true),
		"Returns whether there is an item, or one for which the condition is true.", "[1, 2].any($ > 1)", "true")
	b.both("all", "collection iter, predicate lambda = null", test(false),
		"Returns whether all items are true, or the condition is true for all.", "[1, 2].all($ > 1)", "false")
	b.both("concat", "*collections iter", func(c *call) (value.Value, error) { return c.ev.chain(c.rest...), nil },
		"Returns sequences, one after the other.", "[1].concat([2, 3], [4])", "[1, 2, 3, 4]")
	count := func(c *call) (value.Value, error) {
		n, ok := length(c.args[0])
		if ok {
			return int64(n), nil
		}
		err := c.ev.each(c.args[0], func(value.Value) (bool, error) { n++; return true, nil })
		return int64(n), err
	}
	b.both("len", "collection iterator", count, "Returns how many items are left in a lazy sequence.", "range(3).len()", "3")
	b.method("count", "collection iter", count, "Returns how many items a sequence has.", "[1, 2].count()", "2")
	b.method("memorize", "collection iter", func(c *call) (value.Value, error) { return c.ev.remember(c.args[0]) },
		"Returns a lazy sequence that can be gone through several times.", "let(range(4).memorize()) -> $.sum() + $.len()", "10")
	b.method("defaultIfEmpty", "collection iter, default iter", func(c *call) (value.Value, error) {
		if n, ok := length(c.args[0]); ok {
			if n == 0 {
				return c.args[1], nil
			}
			return c.args[0], nil
		}
		v, err := c.ev.remember(c.args[0])
		if err != nil {
			return nil, err
		}
		it, err := c.ev.iter(v)
		if err != nil {
			return nil, err
		}
		if _, ok, err := it.next(); err != nil || !ok {
			return c.args[1], err
		}
		return v, nil
	}, "Returns the sequence, or the default if it is empty.", "[].defaultIfEmpty([1, 2])", "[1, 2]")
	b.fn("isIterable", "value", func(c *call) (value.Value, error) { return isIterable(c.args[0]), nil },
		"Returns whether the value is a sequence of any kind.", "isIterable(foo)", "false")
	b.method("selectMany", "collection iter, selector lambda", func(c *call) (value.Value, error) {
		l := c.lambda(1)
		var outer, inner iterator
		return c.ev.gen(func() (value.Value, bool, error) {
			var err error
			if outer == nil {
				if outer, err = c.ev.iter(c.args[0]); err != nil {
					return nil, false, err
				}
			}
			for {
				if inner != nil {
					v, ok, err := inner.next()
					if ok || err != nil {
						return v, ok, err
					}
					inner = nil
				}
				item, ok, err := outer.next()
				if !ok || err != nil {
					return nil, false, err
				}
				if err := c.ev.spend(1); err != nil {
					return nil, false, err
				}
				v, err := l.call(item)
				if err != nil || !isIterable(v) {
					return v, true, err
				}
				if inner, err = c.ev.iter(v); err != nil {
					return nil, false, err
				}
			}
		}), nil
	}, "Returns what the expression makes of each item, the items of sequences one by one.", "[0, 1, 2].selectMany(range($))", "[0, 0, 1]")
}

// first returns the first n items of a sequence, and asks for no more.
func (ev *evaluator) first(seq value.Value, n int) (value.Value, error) {
	if n < 0 {
		return nil, value.ValueError.Errorf("Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
	}
	var it iterator
	return ev.gen(func() (value.Value, bool, error) {
		if n--; n < 0 {
			return nil, false, nil
		}
		if it == nil {
			var err error
			if it, err = ev.iter(seq); err != nil {
				return nil, false, err
			}
		}
		return it.next()
	}), nil
}

// distinct returns one item for each key.
func (ev *evaluator) distinct(seq value.Value, key *lambda) value.Value {
	seen := &value.Set{}
	return ev.filtered(seq, func(_ int, v value.Value, emit func(value.Value)) (bool, error) {
		k := v
		var err error
		if key != nil {
			if k, err = key.call(v); err != nil {
				return false, err
			}
		}
		if k, err = freeze(k, 0); err != nil {
			return false, err
		}
		n := seen.Len()
		if err := seen.Add(k); err != nil {
			return false, err
		}
		if seen.Len() > n {
			emit(v)
			return true, ev.use(56)
		}
		return true, nil
	}, nil)
}
