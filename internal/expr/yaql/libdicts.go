package yaql

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func dictFunctions(b *builder) {
	b.module = "collections"
	build := func(c *call) (value.Value, error) {
		d := value.NewDictCap(len(c.rest))
		return d, c.setAll(d)
	}
	b.fn("dict", "*args rule", build, "Returns a dict of keys and values.", "dict(a => 1, b => 2)", `{"a": 1, "b": 2}`).rules()
	b.fn("#map", "*args rule", build, "", "", "").rules()
	b.fn("dict", "items iter", func(c *call) (value.Value, error) {
		d := value.NewDict()
		return d, c.ev.each(c.args[0], func(pair value.Value) (bool, error) {
			k, v, err := c.ev.pair(pair)
			if err != nil {
				return false, err
			}
			return true, c.ev.setKey(d, k, v)
		})
	}, "Returns a dict of pairs.", `dict([["a", 2], ["b", 4]])`, `{"a": 2, "b": 4}`).rules()
	b.method("toDict", "collection iter, keySelector lambda, valueSelector lambda = null", func(c *call) (value.Value, error) {
		d := value.NewDict()
		return &pyDict{d}, c.ev.each(c.args[0], func(item value.Value) (bool, error) {
			k, err := c.lambda(1).call(item)
			if err != nil {
				return false, err
			}
			if l := c.lambda(2); l != nil {
				if item, err = l.call(item); err != nil {
					return false, err
				}
			}
			return true, c.ev.setKey(d, k, item)
		})
	}, "Returns a dict with a key and a value for each item.", "[a, b].toDict($, $ + x)", `{"a": "ax", "b": "bx"}`)
	b.fn("#indexer", "dict dict, key", func(c *call) (value.Value, error) { return c.ev.index(c.args[0], c.args[1]) }, "", "", "")
	get := func(c *call) (value.Value, error) {
		v, ok, err := getKey(c.dict(0), c.args[1])
		if !ok {
			return c.args[2], err
		}
		return v, err
	}
	b.fn("#indexer", "dict dict, key, default", get, "", "", "")
	b.method("get", "dict dict, key, default = null", get,
		"Returns the value at a key, or the default if it is not there.", "{a => 1}.get(c, 3)", "3")
	b.method("set", "dict dict, key, value", func(c *call) (value.Value, error) {
		d := c.dict(0).Clone()
		return d, setKey(d, c.args[1], c.args[2])
	}, "Returns a dict with a key set to a value.", "{a => 1}.set(b, 2)", `{"a": 1, "b": 2}`).rules()
	b.method("set", "dict dict, replacements dict", func(c *call) (value.Value, error) {
		d := c.dict(0).Clone()
		d.Update(c.dict(1))
		return d, nil
	}, "Returns a dict with the entries of another one set.", "{a => 1}.set({b => 2})", `{"a": 1, "b": 2}`).rules()
	b.method("set", "dict dict, *args rule", func(c *call) (value.Value, error) {
		d := c.dict(0).Clone()
		return d, c.setAll(d)
	}, "Returns a dict with keys set to values.", "{a => 1}.set(b => 2, a => 3)", `{"a": 3, "b": 2}`).rules()
	for _, v := range []struct {
		name        string
		kind        value.ViewKind
		doc, result string
	}{
		{"keys", value.KeysView, "Returns the keys of a dict.", `["a", "b"]`},
		{"values", value.ValuesView, "Returns the values of a dict.", `[1, 2]`},
		{"items", value.ItemsView, "Returns the pairs of keys and values of a dict.", `[["a", 1], ["b", 2]]`},
	} {
		b.method(v.name, "dict dict", func(c *call) (value.Value, error) {
			return &value.View{Of: c.dict(0), Kind: v.kind}, nil
		}, v.doc, "{a => 1, b => 2}."+v.name+"().select($)", v.result)
	}
	b.method("containsKey", "dict dict, key", func(c *call) (value.Value, error) {
		_, ok, err := getKey(c.dict(0), c.args[1])
		return ok, err
	}, "Returns whether a dict has a key.", "{a => 1}.containsKey(a)", "true")
	b.method("containsValue", "dict dict, value", func(c *call) (value.Value, error) {
		return c.ev.contains(&value.View{Of: c.dict(0), Kind: value.ValuesView}, c.args[1])
	}, "Returns whether a dict has a value.", "{a => 1}.containsValue(1)", "true")
	b.fn("isDict", "arg", func(c *call) (value.Value, error) {
		_, ok := asDict(c.args[0])
		return ok, nil
	}, "Returns whether the value is a dict.", "isDict({})", "true")
	b.both("len", "dict dict", func(c *call) (value.Value, error) { return int64(c.dict(0).Len()), nil },
		"Returns how many keys a dict has.", "{a => 1}.len()", "1")
	b.method("delete", "dict dict, *keys", func(c *call) (value.Value, error) { return c.without(value.Tuple(c.rest)) },
		"Returns a dict without some keys.", "{a => 1, b => 2, c => 3}.delete(a, c)", `{"b": 2}`)
	b.method("deleteAll", "dict dict, keys iter", func(c *call) (value.Value, error) { return c.without(c.args[1]) },
		"Returns a dict without the keys in a sequence.", "{a => 1, b => 2, c => 3}.deleteAll([a, c])", `{"b": 2}`)
	b.method("mergeWith", "dict dict, another dict, listMerger lambda = null, itemMerger lambda = null, maxLevels int = 0", func(c *call) (value.Value, error) {
		return c.merge(c.dict(0), c.dict(1), c.num(4), 0)
	}, "Returns two dicts merged, dicts and lists inside them, too; expressions say how lists and other values are merged.",
		"{a => 1, c => [1, 2]}.mergeWith({b => 3, c => [2, 3]})", `{"a": 1, "c": [1, 2, 3], "b": 3}`)
}

// setKey sets d[k] in a dict that grows.
func (ev *evaluator) setKey(d *value.Dict, k, v value.Value) error {
	if err := ev.use(56); err != nil {
		return err
	}
	return setKey(d, k, v)
}

// setAll sets in d what the rest of the arguments, a => b, say.
func (c *call) setAll(d *value.Dict) error {
	for _, a := range c.rest {
		rule, _ := a.(*mapRule)
		if err := c.ev.setKey(d, rule.from, rule.to); err != nil {
			return err
		}
	}
	return nil
}

// pair returns the first two items of a sequence, or characters of a text.
func (ev *evaluator) pair(v value.Value) (key, val value.Value, err error) {
	it, err := ev.iter(v)
	if err != nil {
		return nil, nil, err
	}
	for _, to := range []*value.Value{&key, &val} {
		item, ok, err := it.next()
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return nil, nil, stopIteration()
		}
		*to = item
	}
	return key, val, nil
}

func stopIteration() error {
	return &Error{Class: string(value.StopIteration), Msg: "the sequence is empty"}
}

func (c *call) without(keys value.Value) (value.Value, error) {
	d := c.dict(0).Clone()
	return &pyDict{d}, c.ev.each(keys, func(k value.Value) (bool, error) {
		k, err := freeze(k, 0)
		if err != nil {
			return false, err
		}
		_, err = d.DeleteKey(k)
		return true, err
	})
}

// merge merges b into a, so many levels deep, or all if that is 0.
func (c *call) merge(a, b *value.Dict, levels, depth int) (value.Value, error) {
	if depth > maxNested {
		return nil, tooDeep()
	}
	out := a.Clone()
	for k, y := range b.All() {
		if err := c.ev.spend(1); err != nil {
			return nil, err
		}
		x, both, err := getKey(a, k)
		if err != nil {
			return nil, err
		}
		v := y
		if both {
			if v, err = c.mergeValue(x, y, levels, depth); err != nil {
				return nil, err
			}
		}
		if err := c.ev.setKey(out, k, v); err != nil {
			return nil, err
		}
	}
	return &pyDict{out}, nil
}

func (c *call) mergeValue(x, y value.Value, levels, depth int) (value.Value, error) {
	mismatch := func() error {
		return value.TypeError.Errorf("Cannot merge %s with %s", value.TypeName(x), value.TypeName(y))
	}
	if levels != 1 {
		if second, ok := asDict(y); ok {
			first, ok := asDict(x)
			if !ok {
				return nil, mismatch()
			}
			return c.merge(first, second, max(levels-1, 0), depth+1)
		}
		if isSequence(y) {
			if !isSequence(x) {
				return nil, mismatch()
			}
			if l := c.lambda(2); l != nil {
				return l.call2(x, y)
			}
			if isTuple(x) != isTuple(y) {
				return nil, value.TypeError.Errorf("can only concatenate lists with lists and tuples with tuples")
			}
			return c.ev.tuple(c.ev.distinct(c.ev.chain(x, y), nil))
		}
	}
	if l := c.lambda(3); l != nil {
		return l.call2(x, y)
	}
	return y, nil
}
