package value

import (
	"context"
	"unicode/utf8"
)

// Iterator gives values one by one. After the last one, and after an error, it
// gives no more.
type Iterator interface {
	Next(ctx context.Context) (Value, bool, error)
}

// Iterable is an object that can be iterated over.
type Iterable interface {
	Iter(ctx context.Context) (Iterator, error)
}

// Iter returns an iterator over v: the items of a list, the keys of a dict, the
// code points of a text.
func Iter(ctx context.Context, v Value) (Iterator, error) {
	switch v := v.(type) {
	case *List:
		return &listIter{list: v}, nil
	case Tuple:
		return &sliceIter{items: v}, nil
	case *NamedTuple:
		return &sliceIter{items: v.Items}, nil
	case *Dict:
		return &sliceIter{items: v.Keys()}, nil
	case *Set:
		return &sliceIter{items: v.Items()}, nil
	case string:
		return &textIter{rest: v}, nil
	case Markup:
		return &textIter{rest: string(v)}, nil
	case Bytes:
		items := make([]Value, len(v))
		for i, b := range v {
			items[i] = int64(b)
		}
		return &sliceIter{items: items}, nil
	case Range:
		return &rangeIter{r: v, n: v.Len()}, nil
	case Iterable:
		return v.Iter(ctx)
	}
	return nil, TypeError.Errorf("'%s' object is not iterable", TypeName(v))
}

// CanIterate reports whether [Iter] would work.
func CanIterate(v Value) bool {
	switch v.(type) {
	case *List, Tuple, *NamedTuple, *Dict, *Set, string, Markup, Bytes, Range, Iterable:
		return true
	}
	return false
}

// Items returns all values of v in a slice, which is not to be changed. More
// than 4 Mi of them are an error of class MemoryError.
func Items(ctx context.Context, v Value) ([]Value, error) {
	switch v := v.(type) {
	case *List:
		return v.Items, nil
	case Tuple:
		return v, nil
	case *NamedTuple:
		return v.Items, nil
	case *Dict:
		return v.Keys(), nil
	case *Set:
		return v.Items(), nil
	}
	if s, ok := v.(Sized); ok && s.Len() > maxItems {
		return nil, tooMany(s.Len())
	}
	it, err := Iter(ctx, v)
	if err != nil {
		return nil, err
	}
	items := make([]Value, 0, sizeHint(v))
	for n := 0; ; n++ {
		item, ok, err := it.Next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			return items, nil
		}
		if len(items) >= maxItems {
			return nil, MemoryError.Errorf("more than %d items", maxItems)
		}
		if n&1023 == 1023 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		items = append(items, item)
	}
}

func sizeHint(v Value) int {
	switch v := v.(type) {
	case string:
		return min(len(v), 4096)
	case Sized:
		return min(v.Len(), 4096)
	}
	return 0
}

// NewItems returns all values of v in a slice that belongs to the caller.
func NewItems(ctx context.Context, v Value) ([]Value, error) {
	items, err := Items(ctx, v)
	if err != nil {
		return nil, err
	}
	return append(make([]Value, 0, len(items)), items...), nil
}

// Unpack returns the n values of v, as in a, b = v.
func Unpack(ctx context.Context, v Value, n int) ([]Value, error) {
	if !CanIterate(v) {
		if _, ok := v.(Iterable); !ok {
			return nil, TypeError.Errorf("cannot unpack non-iterable %s object", TypeName(v))
		}
	}
	items, err := Items(ctx, v)
	if err != nil {
		return nil, err
	}
	switch {
	case len(items) < n:
		return nil, ValueError.Errorf("not enough values to unpack (expected %d, got %d)", n, len(items))
	case len(items) > n:
		return nil, ValueError.Errorf("too many values to unpack (expected %d)", n)
	}
	return items, nil
}

// listIter sees what is appended to the list on the way.
type listIter struct {
	list *List
	at   int
}

func (i *listIter) Next(context.Context) (Value, bool, error) {
	if i.at >= len(i.list.Items) {
		return nil, false, nil
	}
	i.at++
	return i.list.Items[i.at-1], true, nil
}

type sliceIter struct {
	items []Value
	at    int
}

func (i *sliceIter) Next(context.Context) (Value, bool, error) {
	if i.at >= len(i.items) {
		return nil, false, nil
	}
	i.at++
	return i.items[i.at-1], true, nil
}

type textIter struct{ rest string }

func (i *textIter) Next(context.Context) (Value, bool, error) {
	if i.rest == "" {
		return nil, false, nil
	}
	_, n := utf8.DecodeRuneInString(i.rest)
	c := i.rest[:n]
	i.rest = i.rest[n:]
	return c, true, nil
}

type rangeIter struct {
	r     Range
	at, n int
}

func (i *rangeIter) Next(context.Context) (Value, bool, error) {
	if i.at >= i.n {
		return nil, false, nil
	}
	i.at++
	return i.r.At(i.at - 1), true, nil
}

// Generator is an iterator as a value. It can be gone through once, and counts
// as true even if nothing comes.
type Generator struct {
	Type string // "" is generator
	Name string
	next func(ctx context.Context) (Value, bool, error)
	done bool
}

// NewGenerator returns a generator that calls next for each value.
func NewGenerator(name string, next func(ctx context.Context) (Value, bool, error)) *Generator {
	return &Generator{Name: name, next: next}
}

// NewIterator returns items as an iterator of a type, as Python's
// list_reverseiterator.
func NewIterator(typeName string, items []Value) *Generator {
	it := sliceIter{items: items}
	return &Generator{Type: typeName, next: it.Next}
}

// TypeName implements [Object].
func (g *Generator) TypeName() string {
	if g.Type != "" {
		return g.Type
	}
	return "generator"
}

// Iter implements [Iterable].
func (g *Generator) Iter(context.Context) (Iterator, error) { return g, nil }

// Next implements [Iterator].
func (g *Generator) Next(ctx context.Context) (Value, bool, error) {
	if g.done {
		return nil, false, nil
	}
	v, ok, err := g.next(ctx)
	if !ok || err != nil {
		g.done = true
		return nil, false, err
	}
	return v, true, nil
}

// Str implements [Printer].
func (g *Generator) Str() string { return g.Repr() }

// Repr implements [Printer].
func (g *Generator) Repr() string {
	name := g.Name
	if name != "" {
		name = " " + name
	}
	return "<" + g.TypeName() + " object" + name + " at 0x7f0000000000>"
}

// View is what keys(), values() and items() of a dict return.
type View struct {
	Of   *Dict
	Kind ViewKind
}

// ViewKind says what a view shows.
type ViewKind string

// The kinds of views.
const (
	KeysView   ViewKind = "dict_keys"
	ValuesView ViewKind = "dict_values"
	ItemsView  ViewKind = "dict_items"
)

// TypeName implements [Object].
func (v *View) TypeName() string { return string(v.Kind) }

// Len implements [Sized].
func (v *View) Len() int { return v.Of.Len() }

// Items returns what the view shows.
func (v *View) Items() []Value {
	switch v.Kind {
	case KeysView:
		return v.Of.Keys()
	case ValuesView:
		return v.Of.Values()
	case ItemsView:
	}
	items := make([]Value, 0, v.Of.Len())
	for k, val := range v.Of.All() {
		items = append(items, Tuple{k, val})
	}
	return items
}

// Iter implements [Iterable].
func (v *View) Iter(context.Context) (Iterator, error) { return &sliceIter{items: v.Items()}, nil }

// Str implements [Printer].
func (v *View) Str() string { return v.Repr() }

// Repr implements [Printer].
func (v *View) Repr() string { return string(v.Kind) + "(" + Repr(NewList(v.Items()...)) + ")" }

// EqualTo implements [Equaler]: views of keys and of items are sets.
func (v *View) EqualTo(other Value) bool {
	if v.Kind == ValuesView {
		o, ok := other.(*View)
		return ok && o == v
	}
	a, err := v.set()
	if err != nil {
		return false
	}
	switch o := other.(type) {
	case *Set:
		return Equal(a, o)
	case *View:
		b, err := o.set()
		return err == nil && o.Kind != ValuesView && Equal(a, b)
	}
	return false
}

// HashKey implements [Hasher]: only views of values are no sets.
func (v *View) HashKey() (any, error) {
	if v.Kind != ValuesView {
		return nil, TypeError.Errorf("unhashable type: '%s'", v.Kind)
	}
	return v, nil
}

func (v *View) set() (*Set, error) { return NewSet(v.Items()...) }
