package value

import "context"

// asSetOf returns the receiver of a method of sets.
func asSetOf(self Value) *Set {
	s, _ := self.(*Set)
	return s
}

func setMethod(name string) method {
	switch name {
	case "add":
		return changeSet(func(s *Set, v Value) error { return s.Add(v) })
	case "discard":
		return changeSet(func(s *Set, v Value) error { _, err := s.Delete(v); return err })
	case "remove":
		return changeSet(func(s *Set, v Value) error {
			ok, err := s.Delete(v)
			if err == nil && !ok {
				err = KeyError.Errorf("%s", Repr(v))
			}
			return err
		})
	case "pop":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			s := asSetOf(self)
			for v := range s.All() {
				_, err := s.Delete(v)
				return v, err
			}
			return nil, KeyError.Errorf("'pop from an empty set'")
		}
	case "clear":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			asSetOf(self).d.Clear()
			return nil, a.None()
		}
	case "copy":
		return func(_ context.Context, self Value, a *Args) (Value, error) {
			return asSetOf(self).Clone(), a.None()
		}
	case "isdisjoint":
		return compareSet(func(s, o *Set) bool { return s.intersect(o).Len() == 0 })
	case "issubset":
		return compareSet((*Set).subset)
	case "issuperset":
		return compareSet(func(s, o *Set) bool { return o.subset(s) })
	case "union":
		return combineSets((*Set).union, false)
	case "intersection":
		return combineSets((*Set).intersect, false)
	case "difference":
		return combineSets((*Set).minus, false)
	case "symmetric_difference":
		return combineSets(func(s, o *Set) *Set { return s.minus(o).union(o.minus(s)) }, false)
	case "update":
		return combineSets((*Set).union, true)
	case "intersection_update":
		return combineSets((*Set).intersect, true)
	case "difference_update":
		return combineSets((*Set).minus, true)
	case "symmetric_difference_update":
		return combineSets(func(s, o *Set) *Set { return s.minus(o).union(o.minus(s)) }, true)
	}
	return nil
}

func changeSet(change func(*Set, Value) error) method {
	return func(_ context.Context, self Value, a *Args) (Value, error) {
		var p [1]Value
		if err := a.Into(p[:], 1, "element"); err != nil {
			return nil, err
		}
		return nil, change(asSetOf(self), p[0])
	}
}

func compareSet(test func(s, o *Set) bool) method {
	return func(ctx context.Context, self Value, a *Args) (Value, error) {
		var p [1]Value
		if err := a.Into(p[:], 1, "other"); err != nil {
			return nil, err
		}
		o, err := setOf(ctx, p[0])
		if err != nil {
			return nil, err
		}
		return test(asSetOf(self), o), nil
	}
}

func combineSets(combine func(s, o *Set) *Set, inPlace bool) method {
	return func(ctx context.Context, self Value, a *Args) (Value, error) {
		s := asSetOf(self)
		out := s.Clone()
		for _, other := range a.Pos {
			o, err := setOf(ctx, other)
			if err != nil {
				return nil, err
			}
			out = combine(out, o)
		}
		if inPlace {
			s.d = out.d
			return nil, nil
		}
		return out, nil
	}
}

// setOf returns the items of any iterable as a set.
func setOf(ctx context.Context, v Value) (*Set, error) {
	if s, ok := v.(*Set); ok {
		return s, nil
	}
	items, err := Items(ctx, v)
	if err != nil {
		return nil, err
	}
	return NewSet(items...)
}
