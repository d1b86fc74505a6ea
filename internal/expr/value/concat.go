package value

import (
	"math/big"
	"slices"
	"strings"
)

// containers is arithmetic of texts and containers.
func containers(op Op, a, b Value) (Value, bool, error) {
	switch op {
	case Add:
		return concat(a, b)
	case Mul:
		if n, ok := count(b); ok {
			return repeat(a, n)
		}
		if n, ok := count(a); ok {
			return repeat(b, n)
		}
	case Mod:
		switch f := a.(type) {
		case string:
			s, err := Percent(f, b)
			return s, true, err
		case Markup:
			s, err := Percent(string(f), EscapeDeep(b))
			return Markup(s), true, err
		}
	case Sub:
		return setMinus(a, b)
	default:
	}
	return nil, false, nil
}

func concat(a, b Value) (Value, bool, error) {
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			if len(x)+len(y) > maxText {
				return nil, true, tooLong(maxText)
			}
			return x + y, true, nil
		case Markup:
			return Escape(x) + y, true, nil
		}
	case Markup:
		switch b.(type) {
		case string, Markup:
			return x + EscapeValue(b), true, nil
		}
	case *List:
		if y, ok := b.(*List); ok {
			return NewList(slices.Concat(x.Items, y.Items)...), true, tooMany(len(x.Items) + len(y.Items))
		}
	case Tuple:
		switch y := b.(type) {
		case Tuple:
			return slices.Concat(x, y), true, tooMany(len(x) + len(y))
		case *NamedTuple:
			return slices.Concat(x, y.Items), true, nil
		}
	case *NamedTuple:
		return concat(x.Items, b)
	case Bytes:
		if y, ok := b.(Bytes); ok {
			return slices.Concat(x, y), true, nil
		}
	}
	return nil, false, nil
}

func tooMany(n int) error {
	if n > maxItems {
		return MemoryError.Errorf("more than %d items", maxItems)
	}
	return nil
}

// count returns how often to repeat.
func count(v Value) (int64, bool) {
	switch v := plainInt(v).(type) {
	case int64:
		return max(v, 0), true
	case *big.Int:
		if v.Sign() < 0 {
			return 0, true
		}
		return 1 << 62, true
	}
	return 0, false
}

func repeat(v Value, n int64) (Value, bool, error) {
	fits := func(size int) bool { return size == 0 || n <= int64(maxText/size) }
	items := func(items []Value) ([]Value, error) {
		if !fits(len(items) * 16) {
			return nil, tooMany(maxItems + 1)
		}
		if len(items) == 0 {
			return []Value{}, nil
		}
		return slices.Repeat(items, int(n)), nil
	}
	switch v := v.(type) {
	case string:
		if v == "" || n == 0 {
			return "", true, nil
		}
		if !fits(len(v)) {
			return nil, true, tooLong(maxText)
		}
		return strings.Repeat(v, int(n)), true, nil
	case Markup:
		s, _, err := repeat(string(v), n)
		text, _ := s.(string)
		return Markup(text), true, err
	case Bytes:
		if len(v) == 0 || n == 0 {
			return Bytes{}, true, nil
		}
		if !fits(len(v)) {
			return nil, true, tooLong(maxText)
		}
		return slices.Repeat(v, int(n)), true, nil
	case *List:
		l, err := items(v.Items)
		return NewList(l...), true, err
	case Tuple:
		t, err := items(v)
		return Tuple(t), true, err
	case *NamedTuple:
		return repeat(v.Items, n)
	}
	return nil, false, nil
}

func setMinus(a, b Value) (Value, bool, error) {
	x, err := asSet(a)
	if x == nil || err != nil {
		return nil, false, err
	}
	y, err := asSet(b)
	if y == nil || err != nil {
		return nil, false, err
	}
	return x.minus(y), true, nil
}

// asSet returns a set or a view of keys or items as a set; nil for others.
func asSet(v Value) (*Set, error) {
	switch v := v.(type) {
	case *Set:
		return v, nil
	case *View:
		if v.Kind != ValuesView {
			return v.set()
		}
	}
	return nil, nil
}

func (s *Set) minus(o *Set) *Set {
	out := &Set{Frozen: s.Frozen}
	for _, e := range s.d.entries {
		if !e.gone && o.d.find(e.norm) < 0 {
			out.d.add(e.norm, e.key, nil)
		}
	}
	return out
}

func (s *Set) intersect(o *Set) *Set {
	out := &Set{Frozen: s.Frozen}
	for _, e := range s.d.entries {
		if !e.gone && o.d.find(e.norm) >= 0 {
			out.d.add(e.norm, e.key, nil)
		}
	}
	return out
}

func (s *Set) union(o *Set) *Set {
	out := s.Clone()
	for _, e := range o.d.entries {
		if !e.gone && out.d.find(e.norm) < 0 {
			out.d.add(e.norm, e.key, nil)
		}
	}
	return out
}
