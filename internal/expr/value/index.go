package value

import (
	"context"
	"math/big"
	"strings"
	"unicode/utf8"
)

// Index returns v[key]. The error is of class KeyError or IndexError where there
// is no such item, TypeError where v has no items or not by such a key.
func Index(ctx context.Context, v, key Value) (Value, error) {
	switch c := v.(type) {
	case *Dict:
		item, ok, err := c.GetKey(key)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, KeyError.Errorf("%s", Repr(key))
		}
		return item, nil
	case *List:
		i, err := place(key, len(c.Items), "list")
		if err != nil {
			return nil, err
		}
		return c.Items[i], nil
	case Tuple:
		i, err := place(key, len(c), "tuple")
		if err != nil {
			return nil, err
		}
		return c[i], nil
	case *NamedTuple:
		return Index(ctx, c.Items, key)
	case string:
		return textAt(c, key)
	case Markup:
		s, err := textAt(string(c), key)
		return Markup(s), err
	case Bytes:
		i, err := place(key, len(c), "byte")
		if err != nil {
			return nil, err
		}
		return int64(c[i]), nil
	case Range:
		i, err := place(key, c.Len(), "range object")
		if err != nil {
			return nil, err
		}
		return c.At(i), nil
	case Itemer:
		item, ok, err := c.GetItem(ctx, key)
		if err == nil && !ok {
			err = KeyError.Errorf("%s", Repr(key))
		}
		return item, err
	}
	return nil, TypeError.Errorf("'%s' object is not subscriptable", TypeName(v))
}

// place returns where key points to in n items; a negative key counts from the
// end.
func place(key Value, n int, what string) (int, error) {
	var i int64
	switch k := plainInt(key).(type) {
	case int64:
		i = k
	case *big.Int:
		return 0, IndexError.Errorf("cannot fit 'int' into an index-sized integer")
	default:
		switch what {
		case "range object":
			what = "range"
		case "str":
			what = "string"
		}
		return 0, TypeError.Errorf("%s indices must be integers or slices, not %s", what, TypeName(key))
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		if what == "str" {
			what = "string"
		}
		return 0, IndexError.Errorf("%s index out of range", what)
	}
	return int(i), nil
}

func textAt(s string, key Value) (string, error) {
	if ASCII(s) {
		i, err := place(key, len(s), "str")
		if err != nil {
			return "", err
		}
		return s[i : i+1], nil
	}
	i, err := place(key, utf8.RuneCountInString(s), "str")
	if err != nil {
		return "", err
	}
	at := runeOffset(s, i)
	_, n := utf8.DecodeRuneInString(s[at:])
	return s[at : at+n], nil
}

// ASCII reports whether all of s is ASCII, so that bytes are code points.
func ASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// runeOffset returns the byte at which code point n of s begins.
func runeOffset(s string, n int) int {
	for at := range s {
		if n == 0 {
			return at
		}
		n--
	}
	return len(s)
}

// Len returns the number of items of v, of a text its code points.
func Len(v Value) (int, error) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), nil
	case Markup:
		return utf8.RuneCountInString(string(v)), nil
	case Bytes:
		return len(v), nil
	case Tuple:
		return len(v), nil
	case *NamedTuple:
		return len(v.Items), nil
	case Raiser:
		if err := v.Raise(); err != nil {
			return 0, err
		}
	}
	if s, ok := v.(Sized); ok {
		return s.Len(), nil
	}
	return 0, TypeError.Errorf("object of type '%s' has no len()", TypeName(v))
}

// Slice returns v[start:stop:step]; nil stands for what is not given.
func Slice(v, start, stop, step Value) (Value, error) {
	switch v := v.(type) {
	case *List:
		items, err := sliceItems(v.Items, start, stop, step)
		return NewList(items...), err
	case Tuple:
		items, err := sliceItems(v, start, stop, step)
		return Tuple(items), err
	case *NamedTuple:
		return Slice(v.Items, start, stop, step)
	case Bytes:
		b, err := sliceItems(v, start, stop, step)
		return Bytes(b), err
	case string:
		return sliceText(v, start, stop, step)
	case Markup:
		s, err := sliceText(string(v), start, stop, step)
		return Markup(s), err
	case Range:
		return sliceRange(v, start, stop, step)
	case Slicer:
		return v.Slice(start, stop, step)
	case *Dict:
		return nil, TypeError.Errorf("unhashable type: 'slice'")
	}
	return nil, TypeError.Errorf("'%s' object is not subscriptable", TypeName(v))
}

// Slicer is an object that can be sliced.
type Slicer interface {
	Slice(start, stop, step Value) (Value, error)
}

func sliceItems[T any](items []T, start, stop, step Value) ([]T, error) {
	from, to, by, err := bounds(len(items), start, stop, step)
	if err != nil {
		return nil, err
	}
	if by == 1 {
		return append([]T{}, items[from:max(from, to)]...), nil
	}
	out := []T{}
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		out = append(out, items[i])
	}
	return out, nil
}

func sliceText(s string, start, stop, step Value) (string, error) {
	if ASCII(s) {
		from, to, by, err := bounds(len(s), start, stop, step)
		if err != nil {
			return "", err
		}
		if by == 1 {
			return s[from:max(from, to)], nil
		}
		var b strings.Builder
		for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
			b.WriteByte(s[i])
		}
		return b.String(), nil
	}
	runes, err := sliceItems([]rune(s), start, stop, step)
	return string(runes), err
}

func sliceRange(r Range, start, stop, step Value) (Value, error) {
	from, to, by, err := bounds(r.Len(), start, stop, step)
	if err != nil {
		return nil, err
	}
	return Range{r.Start + int64(from)*r.Step, r.Start + int64(to)*r.Step, r.Step * int64(by)}, nil
}

// bounds works out a slice of n items as Python does: from is the first item, to
// is just past the last one in the direction of by. For by 1, 0 <= from <= n.
func bounds(n int, start, stop, step Value) (from, to, by int, err error) {
	by = 1
	if step != nil {
		if by, err = sliceIndex(step, n); err != nil {
			return 0, 0, 0, err
		}
		if by == 0 {
			return 0, 0, 0, ValueError.Errorf("slice step cannot be zero")
		}
	}
	low, high := 0, n
	from, to = 0, n
	if by < 0 {
		low, high = -1, n-1
		from, to = n-1, -1
	}
	clamp := func(v Value) (int, error) {
		i, err := sliceIndex(v, n)
		if i < 0 {
			i += n
		}
		return min(max(i, low), high), err
	}
	if start != nil {
		if from, err = clamp(start); err != nil {
			return 0, 0, 0, err
		}
	}
	if stop != nil {
		if to, err = clamp(stop); err != nil {
			return 0, 0, 0, err
		}
	}
	return from, to, by, nil
}

// sliceIndex returns v as an int that is not farther out than makes a difference
// for n items.
func sliceIndex(v Value, n int) (int, error) {
	far := int64(2*n + 2)
	switch v := plainInt(v).(type) {
	case int64:
		return int(min(max(v, -far), far)), nil
	case *big.Int:
		return int(far) * v.Sign(), nil
	}
	return 0, TypeError.Errorf("slice indices must be integers or None or have an __index__ method")
}

// Contains reports whether item is in container, as Python's in does.
func Contains(ctx context.Context, container, item Value) (bool, error) {
	switch c := container.(type) {
	case string:
		return textContains(c, item)
	case Markup:
		return textContains(string(c), item)
	case *Dict:
		_, ok, err := c.GetKey(item)
		return ok, err
	case *Set:
		return c.Has(item)
	case Range:
		if n, ok := plainInt(item).(int64); ok {
			return c.Has(n), nil
		}
	case Container:
		return c.Contains(ctx, item)
	}
	if !CanIterate(container) {
		return false, TypeError.Errorf("argument of type '%s' is not iterable", TypeName(container))
	}
	it, err := Iter(ctx, container)
	if err != nil {
		return false, err
	}
	cmp := comparer{steps: maxSteps}
	for n := 0; ; n++ {
		v, ok, err := it.Next(ctx)
		if !ok || err != nil {
			return false, err
		}
		if cmp.equal(item, v, 0) {
			return true, nil
		}
		if n&1023 == 1023 && ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
	}
}

// Container is an object that knows what is in it.
type Container interface {
	Contains(ctx context.Context, item Value) (bool, error)
}

func textContains(s string, item Value) (bool, error) {
	switch item := item.(type) {
	case string:
		return strings.Contains(s, item), nil
	case Markup:
		return strings.Contains(s, string(item)), nil
	}
	return false, TypeError.Errorf("'in <string>' requires string as left operand, not %s", TypeName(item))
}
