package value

import (
	"context"
	"slices"
)

func listMethod(name string) method {
	switch name {
	case "append":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			var p [1]Value
			if err := a.Into(p[:], 1, "object"); err != nil {
				return nil, err
			}
			l := asList(self)
			l.Items = append(l.Items, p[0])
			return nil, tooMany(len(l.Items))
		}
	case "extend":
		return func(ctx context.Context, self Value, a *Args) (Value, error) {
			var p [1]Value
			if err := a.Into(p[:], 1, "iterable"); err != nil {
				return nil, err
			}
			items, err := Items(ctx, p[0])
			if err != nil {
				return nil, err
			}
			l := asList(self)
			l.Items = append(l.Items, items...)
			return nil, tooMany(len(l.Items))
		}
	case "insert":
		return listInsert
	case "pop":
		return listPop
	case "remove":
		return listRemove
	case "clear":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			asList(self).Items = []Value{}
			return nil, a.None()
		}
	case "copy":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			return NewList(slices.Clone(asList(self).Items)...), a.None()
		}
	case "reverse":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			slices.Reverse(asList(self).Items)
			return nil, a.None()
		}
	case "sort":
		return listSort
	case "count", "index":
		return sequenceMethod(name)
	}
	return nil
}

// asList returns the receiver of a method of lists.
func asList(self Value) *List {
	l, _ := self.(*List)
	return l
}

func tupleMethod(name string) method {
	switch name {
	case "count", "index":
		return sequenceMethod(name)
	}
	return nil
}

func sequenceMethod(name string) method {
	if name == "count" {
		return func(ctx context.Context, self Value, a *Args) (Value, error) {
			var p [1]Value
			if err := a.Into(p[:], 1, "value"); err != nil {
				return nil, err
			}
			items, err := Items(ctx, self)
			if err == nil && len(items) > 0 {
				err = raise(p[0])
			}
			n := int64(0)
			for _, item := range items {
				if Equal(item, p[0]) {
					n++
				}
			}
			return n, err
		}
	}
	return func(ctx context.Context, self Value, a *Args) (Value, error) {
		var p [3]Value
		if err := a.Into(p[:], 1, "value", "start", "stop"); err != nil {
			return nil, err
		}
		items, err := Items(ctx, self)
		if err != nil {
			return nil, err
		}
		if len(items) > 0 {
			if err := raise(p[0]); err != nil {
				return nil, err
			}
		}
		from, to, _, err := bounds(len(items), given(p[1]), given(p[2]), nil)
		if err != nil {
			return nil, err
		}
		for i := from; i < to; i++ {
			if Equal(items[i], p[0]) {
				return int64(i), nil
			}
		}
		if _, ok := self.(*List); ok {
			return nil, ValueError.Errorf("%s is not in list", Repr(p[0]))
		}
		return nil, ValueError.Errorf("%s.index(x): x not in %s", TypeName(self), TypeName(self))
	}
}

// given turns [Absent] into nil.
func given(v Value) Value {
	if IsAbsent(v) {
		return nil
	}
	return v
}

func listInsert(_ context.Context, self Value, a *Args) (Value, error) {
	var p [2]Value
	if err := a.Into(p[:], 2, "index", "object"); err != nil {
		return nil, err
	}
	l := asList(self)
	at, _, _, err := bounds(len(l.Items), p[0], nil, nil)
	if err != nil {
		return nil, err
	}
	l.Items = slices.Insert(l.Items, at, p[1])
	return nil, tooMany(len(l.Items))
}

func listPop(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 0, "index"); err != nil {
		return nil, err
	}
	l := asList(self)
	if len(l.Items) == 0 {
		return nil, IndexError.Errorf("pop from empty list")
	}
	if IsAbsent(p[0]) {
		p[0] = int64(-1)
	}
	i, err := place(p[0], len(l.Items), "pop")
	if err != nil {
		return nil, err
	}
	v := l.Items[i]
	l.Items = slices.Concat(l.Items[:i], l.Items[i+1:])
	return v, nil
}

func listRemove(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 1, "value"); err != nil {
		return nil, err
	}
	l := asList(self)
	if len(l.Items) > 0 {
		if err := raise(p[0]); err != nil {
			return nil, err
		}
	}
	for i, item := range l.Items {
		if Equal(item, p[0]) {
			l.Items = slices.Concat(l.Items[:i], l.Items[i+1:])
			return nil, nil
		}
	}
	return nil, ValueError.Errorf("list.remove(x): x not in list")
}

func listSort(ctx context.Context, self Value, a *Args) (Value, error) {
	var p [2]Value
	if len(a.Pos) > 0 {
		return nil, TypeError.Errorf("sort() takes no positional arguments")
	}
	if err := a.Into(p[:], 0, "key", "reverse"); err != nil {
		return nil, err
	}
	key := func(v Value) (Value, error) { return v, nil }
	if k := given(p[0]); k != nil {
		key = func(v Value) (Value, error) { return Call(ctx, k, &Args{Name: "key", Pos: []Value{v}}) }
	}
	l := asList(self)
	sorted, err := Sorted(ctx, l.Items, key, Truth(given(p[1])))
	if err != nil {
		return nil, err
	}
	l.Items = sorted
	return nil, nil
}

// Sorted returns items in the order of their keys. Items with equal keys keep
// their order, also if reverse. A nil key is the item itself.
func Sorted(ctx context.Context, items []Value, key func(Value) (Value, error), reverse bool) ([]Value, error) {
	type keyed struct{ key, item Value }
	all := make([]keyed, len(items))
	for i, item := range items {
		all[i] = keyed{item, item}
		if key != nil {
			k, err := key(item)
			if err != nil {
				return nil, err
			}
			all[i].key = k
		}
	}
	var failed error
	cmp := comparer{steps: maxSteps}
	steps := 0
	slices.SortStableFunc(all, func(a, b keyed) int {
		if steps++; steps&1023 == 0 && failed == nil && ctx.Err() != nil {
			failed = context.Cause(ctx)
		}
		if failed != nil {
			return 0
		}
		cmp.steps = max(cmp.steps, 1<<16) // each comparison may be long, not the sum of short ones
		n, err := cmp.compare("<", a.key, b.key, 0)
		if err != nil {
			failed = err
		}
		if n == unordered || n == -unordered {
			n = 0
		}
		if reverse {
			return -n
		}
		return n
	})
	if failed != nil {
		return nil, failed
	}
	out := make([]Value, len(all))
	for i, k := range all {
		out[i] = k.item
	}
	return out, nil
}
