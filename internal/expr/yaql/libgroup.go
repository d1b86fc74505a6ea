package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func groupFunctions(b *builder, o *Options) {
	b.module = "queries"
	b.method("groupBy", "collection iter, keySelector lambda, valueSelector lambda = null, aggregator lambda = null", func(c *call) (value.Value, error) {
		groups := value.NewDict()
		err := c.ev.each(c.args[0], func(v value.Value) (bool, error) {
			item := v
			var err error
			if l := c.lambda(2); l != nil {
				if item, err = l.call(v); err != nil {
					return false, err
				}
			}
			key, err := c.lambda(1).call(v)
			if err != nil {
				return false, err
			}
			if key, err = freeze(key, 0); err != nil {
				return false, err
			}
			g, _, err := groups.GetKey(key)
			if err != nil {
				return false, err
			}
			list, ok := g.(*pyList)
			if !ok {
				list = &pyList{}
				if err := groups.SetKey(key, list); err != nil {
					return false, err
				}
			}
			list.items = append(list.items, item)
			return true, c.ev.use(72)
		})
		if err != nil {
			return nil, err
		}
		g := &grouper{aggregator: c.lambda(3), old: !o.NoGroupByOfOld}
		return c.ev.mapping(&value.View{Of: groups, Kind: value.ItemsView}, g.group), nil
	}, "Returns pairs of a key and the list of the items that have it, or what the last expression makes of that list.",
		"[[a, 1], [b, 2], [a, 3]].groupBy($[0], $[1])", `[["a", [1, 3]], ["b", [2]]]`)
	b.method("join", "collection1 iter, collection2 iter, predicate lambda, selector lambda", join,
		"Returns what the second expression makes of each pair of items, $1 and $2, for which the first one is true.",
		"[1, 2].join([2, 3], $1 = $2, [$1, $2])", "[[2, 2]]")
	zip := func(c *call, longest bool, pad value.Value) (value.Value, error) {
		var its []iterator
		return c.ev.gen(func() (value.Value, bool, error) {
			if its == nil {
				for _, v := range c.rest {
					it, err := c.ev.iter(v)
					if err != nil {
						return nil, false, err
					}
					its = append(its, it)
				}
			}
			row, live := make(value.Tuple, len(its)), 0
			for i, it := range its {
				row[i] = pad
				if it == nil {
					continue
				}
				v, ok, err := it.next()
				if err != nil {
					return nil, false, err
				}
				if ok {
					row[i], live = v, live+1
					continue
				}
				if !longest {
					return nil, false, nil
				}
				its[i] = nil
			}
			return row, live > 0, c.ev.made(row)
		}), nil
	}
	b.method("zip", "*collections iter", func(c *call) (value.Value, error) { return zip(c, false, nil) },
		"Returns lists of the first items, of the second ones and so on, while all sequences have one.", "[1, 2, 3].zip([4, 5])", "[[1, 4], [2, 5]]")
	b.method("zipLongest", "*collections iter, **kwargs", func(c *call) (value.Value, error) {
		var pad value.Value
		for _, n := range c.named {
			if n.Name != "default" {
				return nil, value.TypeError.Errorf("zipLongest() got an unexpected keyword argument '%s'", n.Name)
			}
			pad = n.Value
		}
		return zip(c, true, pad)
	}, "Returns lists of the first items, of the second ones and so on, while any sequence has one; default stands for the others.",
		"[1, 2].zipLongest([4], default => 0)", "[[1, 4], [2, 0]]")
}

// grouper makes the pairs that groupBy returns. If the aggregator cannot work on
// the list of a group, it tries it on the pair of the key and the list, as YAQL
// 1.1.1 did, and stays with it.
type grouper struct {
	aggregator *lambda
	old        bool
	failed     error
}

func (g *grouper) group(pair value.Value) (value.Value, error) {
	t, _ := pair.(value.Tuple)
	if g.aggregator == nil || len(t) != 2 {
		return pair, nil
	}
	list, _ := t[1].(*pyList)
	if g.failed == nil {
		v, err := g.aggregator.call(list)
		switch {
		case err == nil:
			if !looksOld(list, v) {
				g.old = false
			}
			return value.Tuple{t[0], v}, nil
		case !isClass(err, NoMatchMethodError, NoMatchError, string(value.IndexError)):
			return nil, err
		}
		g.failed = err
	}
	if g.old {
		v, err := g.aggregator.call(pair)
		if n, ok := length(v); err == nil && (ok && n == 2 || isTwoChars(v)) {
			return v, nil
		}
		if isClass(err, LimitError) {
			return nil, err
		}
	}
	return nil, g.failed
}

func isTwoChars(v value.Value) bool {
	s, ok := v.(string)
	return ok && len([]rune(s)) == 2
}

// looksOld reports whether an aggregator that is meant for a pair may have worked
// on a list of two items by chance.
func looksOld(list *pyList, v value.Value) bool {
	items, ok := asItems(v)
	return ok && len(list.items) == 2 && len(items) == 2 && equal(items[0], list.items[0])
}

func join(c *call) (value.Value, error) {
	second, err := c.ev.remember(c.args[1])
	if err != nil {
		return nil, err
	}
	var outer, inner iterator
	var left value.Value
	return c.ev.gen(func() (value.Value, bool, error) {
		var err error
		if outer == nil {
			if outer, err = c.ev.iter(c.args[0]); err != nil {
				return nil, false, err
			}
		}
		for {
			if inner == nil {
				var ok bool
				if left, ok, err = outer.next(); !ok || err != nil {
					return nil, false, err
				}
				if inner, err = c.ev.iter(second); err != nil {
					return nil, false, err
				}
			}
			right, ok, err := inner.next()
			if err != nil {
				return nil, false, err
			}
			if err := c.ev.spend(1); err != nil {
				return nil, false, err
			}
			if !ok {
				inner = nil
				continue
			}
			hit, err := c.lambda(2).call2(left, right)
			if err != nil {
				return nil, false, err
			}
			if truth(hit) {
				v, err := c.lambda(3).call2(left, right)
				return v, true, err
			}
		}
	}), nil
}
