package jinja

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// items returns all items of v, and lets them count.
func (f *frame) items(v value.Value) ([]value.Value, error) {
	items, err := value.Items(f.rt.ctx, v)
	if err != nil {
		return nil, err
	}
	return items, f.rt.spend(len(items) >> 3)
}

func filterLength(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	n, err := value.Len(in)
	return int64(n), err
}

func filterList(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	items, err := value.NewItems(f.rt.ctx, in)
	return value.NewList(items...), err
}

func filterFirst(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	it, err := value.Iter(f.rt.ctx, in)
	if err != nil {
		return nil, err
	}
	v, ok, err := it.Next(f.rt.ctx)
	if err == nil && !ok {
		return f.undefinedHint("", "No first item, sequence was empty."), nil
	}
	return v, err
}

func filterLast(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	if g, ok := in.(*value.Generator); ok {
		return nil, value.TypeError.Errorf("'%s' object is not reversible", g.TypeName())
	}
	items, err := f.items(in)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return f.undefinedHint("", "No last item, sequence was empty."), nil
	}
	return items[len(items)-1], nil
}

func filterRandom(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	n, err := value.Len(in)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return f.undefinedHint("", "No random item, sequence was empty."), nil
	}
	return value.Index(f.rt.ctx, in, int64(rand.IntN(n)))
}

func filterReverse(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	switch s := in.(type) {
	case string, value.Markup:
		return value.Slice(s, nil, nil, int64(-1))
	case *Undefined:
		return value.NewIterator("reversed", nil), s.Raise()
	}
	if !value.CanIterate(in) {
		return nil, errorf("FilterArgumentError", "argument must be iterable")
	}
	items, err := value.NewItems(f.rt.ctx, in)
	if err != nil {
		return nil, err
	}
	slices.Reverse(items)
	switch in.(type) {
	case *value.List:
		return value.NewIterator("list_reverseiterator", items), nil
	case *value.Dict:
		return value.NewIterator("dict_reversekeyiterator", items), nil
	case value.Tuple, *value.NamedTuple, value.Bytes:
		return value.NewIterator("reversed", items), nil
	case value.Range:
		return value.NewIterator("range_iterator", items), nil
	}
	return value.NewList(items...), nil
}

func filterJoin(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 0, "d", "attribute"); err != nil {
		return nil, err
	}
	if value.IsAbsent(p[0]) {
		p[0] = ""
	}
	sep, err := softStr(p[0])
	if err != nil {
		return nil, err
	}
	items, err := f.items(in)
	if err != nil {
		return nil, err
	}
	if !value.IsAbsent(p[1]) && p[1] != nil {
		if items, err = f.mapItems(items, p[1]); err != nil {
			return nil, err
		}
	}
	if f.rt.autoescape {
		return joinSafe(sep, items)
	}
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(sep.text)
		}
		s, err := value.ToStr(item)
		if err != nil {
			return nil, err
		}
		b.WriteString(s)
		if b.Len() > f.rt.limits.Memory {
			return nil, f.rt.use(b.Len())
		}
	}
	return b.String(), nil
}

func (f *frame) mapItems(items []value.Value, attribute value.Value) ([]value.Value, error) {
	get, err := f.attrOf(attribute, nil)
	if err != nil {
		return nil, err
	}
	out := make([]value.Value, len(items))
	for i, item := range items {
		if out[i], err = get(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// joinSafe joins where autoescape is on: if the separator or one of the items is
// safe, all others are escaped.
func joinSafe(sep soft, items []value.Value) (value.Value, error) {
	safe := sep.safe
	for _, item := range items {
		switch item.(type) {
		case value.Markup, value.HTMLer:
			safe = true
		}
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if safe {
			m, err := escapeValue(item)
			if err != nil {
				return nil, err
			}
			texts[i] = string(m)
			continue
		}
		s, err := value.ToStr(item)
		if err != nil {
			return nil, err
		}
		texts[i] = s
	}
	if !safe {
		return strings.Join(texts, sep.text), nil
	}
	return value.Markup(strings.Join(texts, string(value.EscapeValue(sep.with(sep.text))))), nil
}

func filterDefault(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 0, "default_value", "boolean"); err != nil {
		return nil, err
	}
	_, missing := in.(*Undefined)
	if !missing {
		falsy, err := truthArg(p[1], false)
		if err != nil {
			return nil, err
		}
		missing = falsy && !value.Truth(in)
	}
	if missing {
		if value.IsAbsent(p[0]) {
			return "", nil
		}
		return p[0], nil
	}
	return in, nil
}

func filterAttr(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [1]value.Value
	if err := args.Into(p[:], 1, "name"); err != nil {
		return nil, err
	}
	name, err := value.ToStr(p[0])
	if err != nil {
		return nil, err
	}
	v, ok, err := f.attribute(in, name)
	if err == nil && !ok {
		return f.undefinedAttr(in, name), nil
	}
	return v, err
}

func filterItems(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	var items []value.Value
	switch d := in.(type) {
	case *Undefined:
	case *value.Dict:
		items = (&value.View{Of: d, Kind: value.ItemsView}).Items()
	default:
		return nil, value.TypeError.Errorf("Can only get item pairs from a mapping.")
	}
	i := 0
	return f.generate("items", func() (value.Value, bool, error) {
		if i >= len(items) {
			return nil, false, nil
		}
		i++
		return items[i-1], true, nil
	}), nil
}

func filterDictsort(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [3]value.Value
	if err := args.Into(p[:], 0, "case_sensitive", "by", "reverse"); err != nil {
		return nil, err
	}
	at := 0
	switch by := p[1]; {
	case value.IsAbsent(by), by == "key":
	case by == "value":
		at = 1
	default:
		return nil, errorf("FilterArgumentError", `You can only sort by either "key" or "value"`)
	}
	d, ok := in.(*value.Dict)
	if u, missing := in.(*Undefined); missing {
		return nil, u.err()
	}
	if !ok {
		return nil, value.AttributeError.Errorf("'%s' object has no attribute 'items'", value.TypeName(in))
	}
	items := (&value.View{Of: d, Kind: value.ItemsView}).Items()
	sensitive, reverse, err := twoTruths(p[0], p[2])
	if err != nil {
		return nil, err
	}
	sorted, err := value.Sorted(f.rt.ctx, items, func(v value.Value) (value.Value, error) {
		pair, _ := v.(value.Tuple)
		if sensitive {
			return pair[at], nil
		}
		return ignoreCase(pair[at]), nil
	}, reverse)
	return value.NewList(sorted...), err
}

// twoTruths returns two arguments as conditions, which are false by default.
func twoTruths(a, b value.Value) (bool, bool, error) {
	x, err := truthArg(a, false)
	if err != nil {
		return false, false, err
	}
	y, err := truthArg(b, false)
	return x, y, err
}

func filterSort(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [3]value.Value
	if err := args.Into(p[:], 0, "reverse", "case_sensitive", "attribute"); err != nil {
		return nil, err
	}
	items, err := f.items(in)
	if err != nil {
		return nil, err
	}
	reverse, sensitive, err := twoTruths(p[0], p[1])
	if err != nil {
		return nil, err
	}
	key, err := f.sortKey(p[2], sensitive, true)
	if err != nil {
		return nil, err
	}
	sorted, err := value.Sorted(f.rt.ctx, items, key, reverse)
	if err == nil {
		err = f.rt.spend(len(items) >> 1)
	}
	return value.NewList(sorted...), err
}

// sortKey returns what items are sorted by: one attribute, or if many perhaps
// several with commas between them.
func (f *frame) sortKey(attribute value.Value, sensitive, many bool) (func(value.Value) (value.Value, error), error) {
	if value.IsAbsent(attribute) {
		attribute = nil
	}
	if attribute == nil || !many {
		get, err := f.attrOf(attribute, nil)
		if err != nil {
			return nil, err
		}
		return func(v value.Value) (value.Value, error) {
			v, err := get(v)
			if sensitive {
				return v, err
			}
			return ignoreCase(v), err
		}, nil
	}
	parts := []value.Value{attribute}
	if s, ok := attribute.(string); ok {
		parts = nil
		for part := range strings.SplitSeq(s, ",") {
			parts = append(parts, part)
		}
	}
	var gets []func(value.Value) (value.Value, error)
	for _, part := range parts {
		get, err := f.attrOf(part, nil)
		if err != nil {
			return nil, err
		}
		gets = append(gets, get)
	}
	return func(v value.Value) (value.Value, error) {
		key := make([]value.Value, len(gets))
		for i, get := range gets {
			k, err := get(v)
			if err != nil {
				return nil, err
			}
			if key[i] = k; !sensitive {
				key[i] = ignoreCase(k)
			}
		}
		return value.NewList(key...), nil
	}, nil
}

func filterUnique(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 0, "case_sensitive", "attribute"); err != nil {
		return nil, err
	}
	if value.IsAbsent(p[1]) {
		p[1] = nil
	}
	get, err := f.attrOf(p[1], nil)
	if err != nil {
		return nil, err
	}
	it, err := value.Iter(f.rt.ctx, in)
	if err != nil {
		return nil, err
	}
	sensitive, err := truthArg(p[0], false)
	if err != nil {
		return nil, err
	}
	seen := map[any]bool{}
	return f.generate("unique", func() (value.Value, bool, error) {
		for {
			v, ok, err := it.Next(f.rt.ctx)
			if !ok || err != nil {
				return nil, false, err
			}
			k, err := get(v)
			if err != nil {
				return nil, false, err
			}
			if !sensitive {
				k = ignoreCase(k)
			}
			key, err := value.HashKey(k)
			if err != nil {
				return nil, false, err
			}
			if err := f.rt.spend(1); err != nil {
				return nil, false, err
			}
			if !seen[key] {
				seen[key] = true
				return v, true, nil
			}
		}
	}), nil
}

// extreme makes min and max.
func extreme(largest bool) filterFn {
	return func(f *frame, in value.Value, args *value.Args) (value.Value, error) {
		var p [2]value.Value
		if err := args.Into(p[:], 0, "case_sensitive", "attribute"); err != nil {
			return nil, err
		}
		items, err := f.items(in)
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return f.undefinedHint("", "No aggregated item, sequence was empty."), nil
		}
		sensitive, err := truthArg(p[0], false)
		if err != nil {
			return nil, err
		}
		key, err := f.sortKey(p[1], sensitive, false)
		if err != nil {
			return nil, err
		}
		best := items[0]
		bestKey, err := key(best)
		if err != nil {
			return nil, err
		}
		for _, item := range items[1:] {
			k, err := key(item)
			if err != nil {
				return nil, err
			}
			op := "<"
			if largest {
				op = ">"
			}
			better, err := f.compare(op, k, bestKey)
			if err != nil {
				return nil, err
			}
			if better {
				best, bestKey = item, k
			}
		}
		return best, nil
	}
}

func filterSum(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 0, "attribute", "start"); err != nil {
		return nil, err
	}
	items, err := f.items(in)
	if err != nil {
		return nil, err
	}
	if !value.IsAbsent(p[0]) && p[0] != nil {
		if items, err = f.mapItems(items, p[0]); err != nil {
			return nil, err
		}
	}
	var sum value.Value = int64(0)
	if !value.IsAbsent(p[1]) {
		sum = p[1]
	}
	if _, ok := sum.(string); ok {
		return nil, value.TypeError.Errorf("sum() can't sum strings [use ''.join(seq) instead]")
	}
	for _, item := range items {
		if item, err = f.force(item); err != nil {
			return nil, err
		}
		if sum, err = value.Binary(value.Add, sum, item); err == nil {
			err = f.rt.made(sum)
		}
		if err != nil {
			return nil, err
		}
	}
	return sum, nil
}
