package yaql

import (
	"context"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// ordering is a sequence that is sorted when somebody wants its items, so that
// thenBy can add to the order.
type ordering struct {
	ev     *evaluator
	from   value.Value
	keys   []orderKey
	sorted []value.Value
	done   bool
}

type orderKey struct {
	selector *lambda
	down     bool
}

// TypeName implements [value.Object].
func (*ordering) TypeName() string { return "OrderingIterable" }

// Iter implements [value.Iterable].
func (o *ordering) Iter(context.Context) (value.Iterator, error) {
	items, err := o.sort()
	if err != nil {
		return nil, err
	}
	return value.NewIterator("list_iterator", items), nil
}

// sort returns the items in order. Items that are equal keep theirs.
func (o *ordering) sort() ([]value.Value, error) {
	if o.done {
		return o.sorted, nil
	}
	items, err := o.ev.items(o.from)
	if err != nil {
		return nil, err
	}
	type row struct {
		item value.Value
		keys []value.Value
	}
	rows := make([]row, len(items))
	if err := o.ev.use(len(items) * (40 + 16*len(o.keys))); err != nil {
		return nil, err
	}
	for i, item := range items {
		rows[i].item = item
		if len(items) == 1 {
			break // nothing is compared
		}
		for _, k := range o.keys {
			v, err := k.selector.call(item)
			if err != nil {
				return nil, err
			}
			rows[i].keys = append(rows[i].keys, v)
		}
	}
	var failed error
	slices.SortStableFunc(rows, func(a, b row) int {
		if failed != nil {
			return 0
		}
		for i, k := range o.keys {
			n, err := o.ev.order(a.keys[i], b.keys[i])
			if err != nil {
				failed = err
				return 0
			}
			if n != 0 {
				if k.down {
					return -n
				}
				return n
			}
		}
		return 0
	})
	if failed != nil {
		return nil, failed
	}
	o.sorted, o.done = make([]value.Value, len(rows)), true
	for i, r := range rows {
		o.sorted[i] = r.item
	}
	return o.sorted, nil
}

// order compares two keys with the operators < and >.
func (ev *evaluator) order(a, b value.Value) (int, error) {
	if err := ev.spend(1); err != nil {
		return 0, err
	}
	less, err := ev.compare("<", a, b)
	if err != nil {
		return 0, err
	}
	if truth(less) {
		return -1, nil
	}
	more, err := ev.compare(">", a, b)
	if err == nil && truth(more) {
		return 1, nil
	}
	return 0, err
}

func orderFunctions(b *builder) {
	b.module = "queries"
	by := func(name string, down bool, doc, example, result string) {
		b.method(name, "collection iter, selector lambda", func(c *call) (value.Value, error) {
			return &ordering{ev: c.ev, from: c.args[0], keys: []orderKey{{c.lambda(1), down}}}, nil
		}, doc, example, result)
	}
	by("orderBy", false, "Returns the items in the order of a key.", "[3, 1, 2].orderBy($)", "[1, 2, 3]")
	by("orderByDescending", true, "Returns the items in the order of a key, the largest first.", "[3, 1, 2].orderByDescending($)", "[3, 2, 1]")
	then := func(name string, down bool, doc, example, result string) {
		b.method(name, "collection ordering, selector lambda", func(c *call) (value.Value, error) {
			o, _ := c.args[0].(*ordering)
			o.keys = append(o.keys, orderKey{c.lambda(1), down})
			return o, nil
		}, doc, example, result)
	}
	then("thenBy", false, "Orders what is equal by another key; it follows orderBy.", "[[3, b], [1, c], [3, a]].orderBy($[0]).thenBy($[1])", `[[1, "c"], [3, "a"], [3, "b"]]`)
	then("thenByDescending", true, "Orders what is equal by another key, the largest first.", "[[3, a], [1, c], [3, b]].orderBy($[0]).thenByDescending($[1])", `[[1, "c"], [3, "b"], [3, "a"]]`)
	b.method("reverse", "collection iter", func(c *call) (value.Value, error) {
		items, err := c.ev.items(c.args[0])
		if err != nil {
			return nil, err
		}
		i := len(items)
		return c.ev.gen(func() (value.Value, bool, error) {
			if i--; i < 0 {
				return nil, false, nil
			}
			return items[i], true, nil
		}), nil
	}, "Returns the items from the last to the first.", "[1, 2, 3].reverse()", "[3, 2, 1]")
}
