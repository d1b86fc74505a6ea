package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func sliceFunctions(b *builder) {
	b.module = "queries"
	b.method("takeWhile", "collection iter, predicate lambda", func(c *call) (value.Value, error) {
		l := c.lambda(1)
		return c.ev.filtered(c.args[0], func(_ int, v value.Value, emit func(value.Value)) (bool, error) {
			ok, err := l.test(v)
			if ok {
				emit(v)
			}
			return ok, err
		}, nil), nil
	}, "Returns the items up to the first one for which the condition is false.", "[1, 2, 3, 1].takeWhile($ < 3)", "[1, 2]")
	b.method("skipWhile", "collection iter, predicate lambda", func(c *call) (value.Value, error) {
		l, skip := c.lambda(1), true
		return c.ev.filtered(c.args[0], func(_ int, v value.Value, emit func(value.Value)) (bool, error) {
			var err error
			if skip {
				skip, err = l.test(v)
			}
			if !skip {
				emit(v)
			}
			return true, err
		}, nil), nil
	}, "Returns the items from the first one on for which the condition is false.", "[1, 2, 3, 1].skipWhile($ < 3)", "[3, 1]")
	b.method("slice", "collection iter, length int", func(c *call) (value.Value, error) {
		n := c.num(1)
		if n < 0 {
			return nil, value.ValueError.Errorf("Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.")
		}
		var it iterator
		return c.ev.gen(func() (value.Value, bool, error) {
			if it == nil {
				var err error
				if it, err = c.ev.iter(c.args[0]); err != nil {
					return nil, false, err
				}
			}
			var part value.Tuple
			for len(part) < n {
				v, ok, err := it.next()
				if err != nil {
					return nil, false, err
				}
				if !ok {
					break
				}
				if err := c.ev.spend(1); err != nil {
					return nil, false, err
				}
				part = append(part, v)
			}
			return part, len(part) > 0, c.ev.made(part)
		}), nil
	}, "Returns lists of so many items each.", "[1, 2, 3].slice(2)", "[[1, 2], [3]]")
	b.method("splitWhere", "collection iter, predicate lambda", func(c *call) (value.Value, error) {
		return c.parts(func(v value.Value) (cut, drop bool, err error) {
			cut, err = c.lambda(1).test(v)
			return cut, cut, err
		})
	}, "Returns lists of the items between those for which the condition is true.", "[1, 2, 3, 4, 5].splitWhere($ mod 3 = 0)", "[[1, 2], [4, 5]]")
	b.method("sliceWhere", "collection iter, predicate lambda", func(c *call) (value.Value, error) {
		var last value.Value
		begun := false
		return c.parts(func(v value.Value) (cut, drop bool, err error) {
			now, err := c.lambda(1).call(v)
			cut = begun && !equal(now, last)
			last, begun = now, true
			return cut, false, err
		})
	}, "Returns lists of the items in a row for which the expression gives the same.", "[1, 2, 4, 5].sliceWhere($ > 2)", "[[1, 2], [4, 5]]")
	b.method("splitAt", "collection iter, index int", func(c *call) (value.Value, error) {
		seq, err := c.ev.tuple(c.args[0])
		if err != nil {
			return nil, err
		}
		items, _ := asItems(seq)
		at := c.num(1)
		if at < 0 {
			at = max(at+len(items), 0)
		}
		at = min(at, len(items))
		return &pyList{[]value.Value{value.Tuple(items[:at:at]), value.Tuple(items[at:])}}, nil
	}, "Returns the items before a position and those from it on.", "[1, 2, 3].splitAt(1)", "[[1], [2, 3]]")
}

// parts cuts a sequence into lists where an item says so. An item that is dropped
// is in no list, and a cut right after the last item leaves nothing behind.
func (c *call) parts(cut func(v value.Value) (cut, drop bool, err error)) (value.Value, error) {
	seq, err := c.ev.tuple(c.args[0])
	if err != nil {
		return nil, err
	}
	part := value.Tuple{}
	return c.ev.filtered(seq, func(_ int, v value.Value, emit func(value.Value)) (bool, error) {
		now, drop, err := cut(v)
		if err != nil {
			return false, err
		}
		if now {
			emit(part)
			part = value.Tuple{}
		}
		if !drop {
			part = append(part, v)
		}
		return true, c.ev.use(32)
	}, func(_ int, emit func(value.Value)) error {
		if len(part) > 0 {
			emit(part)
		}
		return nil
	}), nil
}
