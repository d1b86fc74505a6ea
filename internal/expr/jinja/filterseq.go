package jinja

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// filterMap gives an attribute of each item, or puts each through a filter.
func filterMap(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	if empty, err := isEmpty(in); empty || err != nil {
		return f.generate("map", func() (value.Value, bool, error) { return nil, false, nil }), err
	}
	fn, err := f.mapper(args)
	if err != nil {
		return nil, err
	}
	it, err := value.Iter(f.rt.ctx, in)
	if err != nil {
		return nil, err
	}
	return f.generate("map", func() (value.Value, bool, error) {
		v, ok, err := it.Next(f.rt.ctx)
		if !ok || err != nil {
			return nil, false, err
		}
		if v, err = f.force(v); err == nil {
			v, err = fn(v)
		}
		return v, err == nil, err
	}), nil
}

// isEmpty reports whether v counts as false: then there is nothing to go through,
// even if v is no sequence.
func isEmpty(v value.Value) (bool, error) { return !value.Truth(v), raises(v) }

func (f *frame) mapper(args *value.Args) (func(value.Value) (value.Value, error), error) {
	if len(args.Pos) == 0 {
		var attribute, otherwise value.Value
		given := false
		for _, n := range args.Named {
			switch n.Name {
			case "attribute":
				attribute, given = n.Value, true
			case "default":
				otherwise = n.Value
			default:
				return nil, errorf("FilterArgumentError", "Unexpected keyword argument '%s'", n.Name)
			}
		}
		if !given {
			return nil, errorf("FilterArgumentError", "map requires a filter argument")
		}
		return f.attrOf(attribute, otherwise)
	}
	name, err := value.ToStr(args.Pos[0])
	if err != nil {
		return nil, err
	}
	fn := f.rt.env.filters[name]
	if fn == nil {
		return nil, f.unknown("filter", name)
	}
	rest := &value.Args{Name: name, Pos: args.Pos[1:], Named: args.Named}
	return func(v value.Value) (value.Value, error) { return f.filter(fn, v, rest) }, nil
}

func (f *frame) unknown(what, name string) error {
	return errorf(RuntimeError, "No %s named '%s'.", what, name)
}

// selecting makes select, reject, selectattr and rejectattr.
func selecting(keep, byAttr bool) filterFn {
	name := "select_or_reject"
	return func(f *frame, in value.Value, args *value.Args) (value.Value, error) {
		if empty, err := isEmpty(in); empty || err != nil {
			return f.generate(name, func() (value.Value, bool, error) { return nil, false, nil }), err
		}
		test, err := f.selector(args, byAttr)
		if err != nil {
			return nil, err
		}
		it, err := value.Iter(f.rt.ctx, in)
		if err != nil {
			return nil, err
		}
		return f.generate(name, func() (value.Value, bool, error) {
			for {
				if err := f.rt.spend(1); err != nil {
					return nil, false, err
				}
				v, ok, err := it.Next(f.rt.ctx)
				if !ok || err != nil {
					return nil, false, err
				}
				yes, err := test(v)
				if err != nil {
					return nil, false, err
				}
				if yes == keep {
					return v, true, nil
				}
			}
		}), nil
	}
}

func (f *frame) selector(args *value.Args, byAttr bool) (func(value.Value) (bool, error), error) {
	get := func(v value.Value) (value.Value, error) { return v, nil }
	pos := args.Pos
	if byAttr {
		if len(pos) == 0 {
			return nil, errorf("FilterArgumentError", "Missing parameter for attribute name")
		}
		var err error
		if get, err = f.attrOf(pos[0], nil); err != nil {
			return nil, err
		}
		pos = pos[1:]
	}
	test := func(v value.Value) (bool, error) { return value.Truth(v), raises(v) }
	if len(pos) > 0 {
		name, err := value.ToStr(pos[0])
		if err != nil {
			return nil, err
		}
		fn := f.rt.env.tests[name]
		if fn == nil {
			return nil, f.unknown("test", name)
		}
		rest := &value.Args{Name: name, Pos: pos[1:], Named: args.Named}
		test = func(v value.Value) (bool, error) { return fn(f, v, rest) }
	}
	return func(v value.Value) (bool, error) {
		v, err := get(v)
		if err == nil {
			v, err = f.force(v)
		}
		if err != nil {
			return false, err
		}
		return test(v)
	}, nil
}

func filterGroupby(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [3]value.Value
	if err := args.Into(p[:], 1, "attribute", "default", "case_sensitive"); err != nil {
		return nil, err
	}
	if value.IsAbsent(p[1]) {
		p[1] = nil
	}
	get, err := f.attrOf(p[0], p[1])
	if err != nil {
		return nil, err
	}
	sensitive, err := truthArg(p[2], false)
	if err != nil {
		return nil, err
	}
	key := func(v value.Value) (value.Value, error) {
		k, err := get(v)
		if sensitive {
			return k, err
		}
		return ignoreCase(k), err
	}
	items, err := f.items(in)
	if err != nil {
		return nil, err
	}
	sorted, err := value.Sorted(f.rt.ctx, items, key, false)
	if err != nil {
		return nil, err
	}
	groups := value.NewList()
	var last value.Value
	var members *value.List
	for _, item := range sorted {
		k, err := key(item)
		if err != nil {
			return nil, err
		}
		if members == nil || !value.Equal(k, last) {
			last = k
			members = value.NewList()
			grouper := k
			if !sensitive {
				if grouper, err = get(item); err != nil {
					return nil, err
				}
			}
			groups.Items = append(groups.Items, &value.NamedTuple{
				Class: "_GroupTuple", Fields: []string{"grouper", "list"}, Items: value.Tuple{grouper, members}, Plain: true,
			})
		}
		members.Items = append(members.Items, item)
	}
	return groups, nil
}

func filterBatch(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 1, "linecount", "fill_with"); err != nil {
		return nil, err
	}
	n, err := intArg(p[0], 0)
	if err != nil {
		return nil, err
	}
	it, err := value.Iter(f.rt.ctx, in)
	if err != nil {
		return nil, err
	}
	ended := false
	var kept value.Value
	has := false
	return f.generate("batch", func() (value.Value, bool, error) {
		row := value.NewList()
		if has {
			row.Items = append(row.Items, kept)
			has = false
		}
		for !ended {
			v, ok, err := it.Next(f.rt.ctx)
			if err != nil {
				return nil, false, err
			}
			if err := f.rt.spend(1); err != nil {
				return nil, false, err
			}
			if !ok {
				ended = true
				break
			}
			if len(row.Items) == n {
				kept, has = v, true
				return row, true, nil
			}
			row.Items = append(row.Items, v)
		}
		if len(row.Items) == 0 {
			return nil, false, nil
		}
		if !value.IsAbsent(p[1]) && p[1] != nil {
			if err := f.rt.use(16 * max(n, 0)); err != nil {
				return nil, false, err
			}
			for len(row.Items) < n {
				row.Items = append(row.Items, p[1])
			}
		}
		return row, true, nil
	}), nil
}

func filterSlice(f *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 1, "slices", "fill_with"); err != nil {
		return nil, err
	}
	n, err := intArg(p[0], 0)
	if err != nil {
		return nil, err
	}
	items, err := value.NewItems(f.rt.ctx, in)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, value.ZeroDivisionError.Errorf("integer division or modulo by zero")
	}
	each, more := 0, 0
	if n > 0 {
		each, more = len(items)/n, len(items)%n
	}
	offset, i := 0, 0
	return f.generate("slice", func() (value.Value, bool, error) {
		if i >= n {
			return nil, false, nil
		}
		start := offset + i*each
		if i < more {
			offset++
		}
		end := offset + (i+1)*each
		row := append([]value.Value{}, items[start:end]...)
		if !value.IsAbsent(p[1]) && p[1] != nil && i >= more {
			row = append(row, p[1])
		}
		i++
		return value.NewList(row...), true, f.rt.use(16 * len(row))
	}), nil
}
