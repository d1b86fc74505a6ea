package yaql

import (
	"context"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// In an evaluation *value.List and value.Tuple are tuples and *value.Dict is a
// dict that does not change, because that is what the reference makes of its
// input. The lists and dicts of Python that its functions return are other types:
// they equal no tuple and cannot be keys.
type (
	pyList struct{ items []value.Value }
	pyDict struct{ d *value.Dict }

	// frozenDict is a dict that is a key or in a set.
	frozenDict struct {
		d   *value.Dict
		key string
	}
)

// TypeName implements [value.Object].
func (*pyList) TypeName() string { return "list" }

// Truth implements [value.Truther].
func (l *pyList) Truth() bool { return len(l.items) > 0 }

// HashKey implements [value.Hasher]: there is none.
func (*pyList) HashKey() (any, error) { return nil, value.TypeError.Errorf("unhashable type: 'list'") }

// TypeName implements [value.Object].
func (*pyDict) TypeName() string { return "dict" }

// Truth implements [value.Truther].
func (d *pyDict) Truth() bool { return d.d.Len() > 0 }

// HashKey implements [value.Hasher]: there is none.
func (*pyDict) HashKey() (any, error) { return nil, value.TypeError.Errorf("unhashable type: 'dict'") }

// TypeName implements [value.Object].
func (*frozenDict) TypeName() string { return "FrozenDict" }

// Truth implements [value.Truther].
func (d *frozenDict) Truth() bool { return d.d.Len() > 0 }

type dictKey string

// HashKey implements [value.Hasher].
func (d *frozenDict) HashKey() (any, error) { return dictKey(d.key), nil }

// EqualTo implements [value.Equaler].
func (d *frozenDict) EqualTo(o value.Value) bool { return equal(d.d, o) }

// asDict returns the mapping that v is.
func asDict(v value.Value) (*value.Dict, bool) {
	switch v := v.(type) {
	case *value.Dict:
		return v, true
	case *pyDict:
		return v.d, true
	case *frozenDict:
		return v.d, true
	}
	return nil, false
}

// asItems returns the items of a sequence.
func asItems(v value.Value) ([]value.Value, bool) {
	switch v := v.(type) {
	case value.Tuple:
		return v, true
	case *value.List:
		return v.Items, true
	case *pyList:
		return v.items, true
	case *value.NamedTuple:
		return v.Items, true
	}
	return nil, false
}

// isTuple reports whether v is a sequence that does not change.
func isTuple(v value.Value) bool {
	switch v.(type) {
	case value.Tuple, *value.List, *value.NamedTuple:
		return true
	}
	return false
}

// isSequence reports whether v is a list or a tuple of any kind.
func isSequence(v value.Value) bool {
	switch v.(type) {
	case value.Bytes, value.Range:
		return true
	}
	_, ok := asItems(v)
	return ok
}

// isSet reports whether v counts as a set: so do the views of the keys and the
// items of a dict.
func isSet(v value.Value) bool {
	switch v := v.(type) {
	case *value.Set:
		return true
	case *value.View:
		return v.Kind != value.ValuesView
	}
	return false
}

// isIterator reports whether v is a sequence that can be gone through once.
func isIterator(v value.Value) bool {
	switch v.(type) {
	case *gen, *remembered, value.Iterator:
		return true
	}
	return false
}

// isIterable reports whether v is a sequence of any kind, but neither text nor a
// mapping.
func isIterable(v value.Value) bool {
	switch v.(type) {
	case value.Tuple, *value.List, *pyList, *gen, *value.Set, *value.View, *ordering, *remembered:
		return true
	case nil, string, bool, int64, float64, *value.Dict, *pyDict, *frozenDict, value.Markup:
		return false
	}
	return isSequence(v) || value.CanIterate(v)
}

func truth(v value.Value) bool {
	switch v := v.(type) {
	case bool:
		return v
	case nil:
		return false
	}
	return value.Truth(v)
}

// regex is a compiled pattern.
type regex struct{ re *pyre.Regexp }

// TypeName implements [value.Object].
func (regex) TypeName() string { return "Pattern" }

// EqualTo implements [value.Equaler].
func (r regex) EqualTo(o value.Value) bool {
	x, ok := o.(regex)
	return ok && x.re.Pattern() == r.re.Pattern() && x.re.Flags() == r.re.Flags()
}

// HashKey implements [value.Hasher].
func (r regex) HashKey() (any, error) {
	type key struct {
		pattern string
		flags   pyre.Flags
	}
	return key{r.re.Pattern(), r.re.Flags()}, nil
}

// Repr implements [value.Printer].
func (r regex) Repr() string {
	if r.re.Flags()&pyre.IgnoreCase != 0 {
		return "re.compile(" + value.Repr(r.re.Pattern()) + ", re.IGNORECASE)"
	}
	return "re.compile(" + value.Repr(r.re.Pattern()) + ")"
}

// Str implements [value.Printer].
func (r regex) Str() string { return r.Repr() }

// iterator gives values one by one, and no more after the last one or an error.
type iterator interface {
	next() (value.Value, bool, error)
}

// gen is a lazy sequence.
type gen struct {
	ev      *evaluator
	pull    func() (value.Value, bool, error)
	running bool
	done    bool
}

func (ev *evaluator) gen(pull func() (value.Value, bool, error)) *gen {
	return &gen{ev: ev, pull: pull}
}

// TypeName implements [value.Object].
func (*gen) TypeName() string { return "generator" }

// Iter implements [value.Iterable].
func (g *gen) Iter(context.Context) (value.Iterator, error) { return g, nil }

// Next implements [value.Iterator].
func (g *gen) Next(context.Context) (value.Value, bool, error) { return g.next() }

func (g *gen) next() (value.Value, bool, error) {
	if g.done {
		return nil, false, nil
	}
	if g.running {
		return nil, false, value.ValueError.Errorf("generator already executing")
	}
	ev := g.ev
	if err := ev.spend(1); err != nil {
		return nil, false, err
	}
	if ev.nested++; ev.nested > 5*ev.limits.Depth {
		return nil, false, limitError("depth", "sequences over sequences deeper than %d levels", 5*ev.limits.Depth)
	}
	g.running = true
	v, ok, err := g.pull()
	g.running = false
	ev.nested--
	if !ok || err != nil {
		g.done, g.pull = true, nil
		return nil, false, err
	}
	return v, true, nil
}

// remembered is an iterator over an iterator that keeps what came, so that it can
// be gone through again.
type remembered struct {
	ev    *evaluator
	from  iterator
	items []value.Value
	at    int
	root  *remembered
}

func (ev *evaluator) remember(v value.Value) (value.Value, error) {
	if !isIterator(v) {
		return v, nil
	}
	it, err := ev.iter(v)
	if err != nil {
		return nil, err
	}
	r := &remembered{ev: ev, from: it}
	r.root = r
	return r, nil
}

// TypeName implements [value.Object].
func (*remembered) TypeName() string { return "RememberingIterator" }

// Iter implements [value.Iterable].
func (r *remembered) Iter(context.Context) (value.Iterator, error) { return r.again(), nil }

// Next implements [value.Iterator].
func (r *remembered) Next(context.Context) (value.Value, bool, error) { return r.next() }

func (r *remembered) again() *remembered { return &remembered{ev: r.ev, root: r.root} }

func (r *remembered) next() (value.Value, bool, error) {
	if r.at >= len(r.root.items) {
		v, ok, err := r.root.from.next()
		if err != nil || !ok {
			return nil, false, err
		}
		if err := r.ev.use(16); err != nil {
			return nil, false, err
		}
		r.root.items = append(r.root.items, v)
	}
	r.at++
	return r.root.items[r.at-1], true, nil
}

// sliceIter goes through a slice.
type sliceIter struct {
	items []value.Value
	at    int
}

func (i *sliceIter) next() (value.Value, bool, error) {
	if i.at >= len(i.items) {
		return nil, false, nil
	}
	i.at++
	return i.items[i.at-1], true, nil
}

// foreign goes through an iterator of package value.
type foreign struct {
	ev *evaluator
	it value.Iterator
}

func (f *foreign) next() (value.Value, bool, error) { return f.it.Next(f.ev.ctx) }

// iter returns an iterator over a sequence.
func (ev *evaluator) iter(v value.Value) (iterator, error) {
	if items, ok := asItems(v); ok {
		return &sliceIter{items: items}, nil
	}
	switch v := v.(type) {
	case *gen:
		return v, nil
	case *remembered:
		return v.again(), nil
	case *ordering:
		items, err := v.sort()
		return &sliceIter{items: items}, err
	case *value.Set:
		return &sliceIter{items: v.Items()}, nil
	case *value.View:
		return &sliceIter{items: v.Items()}, nil
	}
	if d, ok := asDict(v); ok {
		return &sliceIter{items: d.Keys()}, nil
	}
	it, err := value.Iter(ev.ctx, v)
	return &foreign{ev, it}, err
}

// each gives the items of a sequence to f until f wants no more.
func (ev *evaluator) each(v value.Value, f func(value.Value) (more bool, err error)) error {
	if items, ok := asItems(v); ok {
		for _, item := range items {
			if err := ev.spend(1); err != nil {
				return err
			}
			if more, err := f(item); err != nil || !more {
				return err
			}
		}
		return nil
	}
	it, err := ev.iter(v)
	if err != nil {
		return err
	}
	for {
		item, ok, err := it.next()
		if err != nil || !ok {
			return err
		}
		if err := ev.spend(1); err != nil {
			return err
		}
		if more, err := f(item); err != nil || !more {
			return err
		}
	}
}

// items returns all items of a sequence in a slice, which is not to be changed.
func (ev *evaluator) items(v value.Value) ([]value.Value, error) {
	if items, ok := asItems(v); ok {
		return items, nil
	}
	var items []value.Value
	err := ev.each(v, func(item value.Value) (bool, error) {
		items = append(items, item)
		return true, ev.use(16)
	})
	return items, err
}

// limited applies the limit for the items of a sequence.
func (ev *evaluator) limited(v value.Value) (value.Value, error) {
	most := ev.opts.LimitItems
	if most <= 0 || v == nil {
		return v, nil
	}
	if n, ok := length(v); ok {
		if n > most {
			return nil, errorf(TooLargeError, "Collection length exceeds %d elements", most)
		}
		return v, nil
	}
	if _, ok := v.(*ordering); ok {
		return v, nil
	}
	it, err := ev.iter(v)
	if err != nil {
		return nil, err
	}
	n := 0
	return ev.gen(func() (value.Value, bool, error) {
		item, ok, err := it.next()
		if ok {
			if n++; n > most {
				return nil, false, errorf(TooLargeError, "Collection length exceeds %d elements", most)
			}
		}
		return item, ok, err
	}), nil
}

// length returns how many items a sequence, a set or a mapping has.
func length(v value.Value) (int, bool) {
	if items, ok := asItems(v); ok {
		return len(items), true
	}
	if d, ok := asDict(v); ok {
		return d.Len(), true
	}
	switch v := v.(type) {
	case *value.Set:
		return v.Len(), true
	case *value.View:
		return v.Len(), v.Kind != value.ValuesView
	case value.Range:
		return v.Len(), true
	case value.Bytes:
		return len(v), true
	}
	return 0, false
}

// keyNames returns the keys of d that are text, for hints.
func keyNames(d *value.Dict) []string {
	var names []string
	for k := range d.Texts() {
		if len(names) == 1000 {
			break
		}
		names = append(names, k)
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
