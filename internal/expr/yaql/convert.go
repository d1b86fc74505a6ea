package yaql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// equal reports whether a and b are equal as Python has it.
func equal(a, b value.Value) bool {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x == y
		}
	case int64:
		if y, ok := b.(int64); ok {
			return x == y
		}
	}
	return equalAt(a, b, 0)
}

func equalAt(a, b value.Value, depth int) bool {
	if depth > maxNested {
		return false
	}
	if x, ok := asDict(a); ok {
		y, ok := asDict(b)
		if !ok || x.Len() != y.Len() {
			return false
		}
		if x == y {
			return true
		}
		for k, v := range x.All() {
			w, ok, err := y.GetKey(k)
			if err != nil || !ok || !equalAt(v, w, depth+1) {
				return false
			}
		}
		return true
	}
	if x, ok := asItems(a); ok {
		y, ok := asItems(b)
		if !ok || len(x) != len(y) || isTuple(a) != isTuple(b) {
			return false
		}
		for i := range x {
			if !equalAt(x[i], y[i], depth+1) {
				return false
			}
		}
		return true
	}
	if isSet(a) || isSet(b) {
		x, errA := setOf(a)
		y, errB := setOf(b)
		return errA == nil && errB == nil && x != nil && y != nil && value.Equal(x, y)
	}
	if _, ok := asDict(b); ok {
		return false
	}
	if _, ok := asItems(b); ok {
		return false
	}
	return value.Equal(a, b)
}

// setOf returns the set that v is, or nil.
func setOf(v value.Value) (*value.Set, error) {
	switch v := v.(type) {
	case *value.Set:
		return v, nil
	case *value.View:
		if v.Kind != value.ValuesView {
			return newSet(v.Items())
		}
	}
	return nil, nil
}

// newSet returns a set of items that do not change.
func newSet(items []value.Value) (*value.Set, error) {
	s := &value.Set{Frozen: true}
	for _, v := range items {
		k, err := freeze(v, 0)
		if err != nil {
			return nil, err
		}
		if err := s.Add(k); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// setKey sets d[k].
func setKey(d *value.Dict, k, v value.Value) error {
	if s, ok := k.(string); ok {
		d.Set(s, v)
		return nil
	}
	k, err := freeze(k, 0)
	if err != nil {
		return err
	}
	return d.SetKey(k, v)
}

// getKey returns d[k].
func getKey(d *value.Dict, k value.Value) (value.Value, bool, error) {
	if s, ok := k.(string); ok {
		v, ok := d.Get(s)
		return v, ok, nil
	}
	k, err := freeze(k, 0)
	if err != nil {
		return nil, false, err
	}
	return d.GetKey(k)
}

// freeze returns v in a form that can be a key.
func freeze(v value.Value, depth int) (value.Value, error) {
	if depth > maxNested {
		return nil, tooDeep()
	}
	switch v := v.(type) {
	case nil, string, bool, int64, float64, *pyList, *pyDict, *frozenDict:
		return v, nil
	case *value.List:
		return freezeItems(v.Items, depth)
	case value.Tuple:
		return freezeItems(v, depth)
	case *value.NamedTuple:
		return freezeItems(v.Items, depth)
	case *value.Set:
		if !v.Frozen {
			return newSet(v.Items())
		}
	case *value.Dict:
		f := &frozenDict{d: v}
		pairs := make([]string, 0, v.Len())
		for k, val := range v.All() {
			key, err := freezeItems([]value.Value{k, val}, depth)
			if err != nil {
				return nil, err
			}
			h, err := value.HashKey(key)
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, fmt.Sprintf("%v", h))
		}
		slices.Sort(pairs)
		var b strings.Builder
		for _, p := range pairs {
			fmt.Fprintf(&b, "%d:%s", len(p), p)
		}
		f.key = b.String()
		return f, nil
	}
	return v, nil
}

func freezeItems(items []value.Value, depth int) (value.Value, error) {
	t := make(value.Tuple, len(items))
	for i, item := range items {
		k, err := freeze(item, depth+1)
		if err != nil {
			return nil, err
		}
		t[i] = k
	}
	return t, nil
}

// thaw returns v with its lists and dicts as those of Python, which change: what a
// function of the caller returns, and input that is not to be converted.
func thaw(v value.Value) value.Value {
	switch v := v.(type) {
	case *value.List:
		l := &pyList{make([]value.Value, len(v.Items))}
		for i, item := range v.Items {
			l.items[i] = thaw(item)
		}
		return l
	case *value.Dict:
		d := value.NewDictCap(v.Len())
		for k, item := range v.All() {
			_ = d.SetKey(k, thaw(item)) // it was a key already
		}
		return &pyDict{d}
	case value.Tuple:
		t := make(value.Tuple, len(v))
		for i, item := range v {
			t[i] = thaw(item)
		}
		return t
	}
	return v
}

// python returns v as Python would print it: tuples as tuples, lists as lists.
func python(v value.Value, depth int) value.Value {
	if depth > maxNested {
		return v
	}
	all := func(items []value.Value) []value.Value {
		out := make([]value.Value, len(items))
		for i, item := range items {
			out[i] = python(item, depth+1)
		}
		return out
	}
	if d, ok := asDict(v); ok {
		out := value.NewDictCap(d.Len())
		for k, item := range d.All() {
			if f, ok := k.(*frozenDict); ok {
				k = printedDict{f.d}
			}
			_ = out.SetKey(k, python(item, depth+1)) // it was a key already
		}
		return out
	}
	switch v := v.(type) {
	case *pyList:
		return &value.List{Items: all(v.items)}
	case *value.Set:
		s := &value.Set{Frozen: v.Frozen}
		for item := range v.All() {
			if f, ok := item.(*frozenDict); ok {
				item = printedDict{f.d}
			}
			_ = s.Add(item) // it was in a set already
		}
		return s
	case *value.View:
		if v.Kind == value.ItemsView {
			return v
		}
		return v
	}
	if items, ok := asItems(v); ok {
		return value.Tuple(all(items))
	}
	return v
}

// printedDict prints as a dict although it can be a key.
type printedDict struct{ d *value.Dict }

// TypeName implements [value.Object].
func (printedDict) TypeName() string { return "FrozenDict" }

// Str implements [value.Printer].
func (p printedDict) Str() string { return value.Str(python(p.d, 0)) }

// Repr implements [value.Printer].
func (p printedDict) Repr() string { return p.Str() }

// text returns str(v), which says null, true and false.
func (ev *evaluator) text(v value.Value) (string, error) {
	switch v := v.(type) {
	case nil:
		return "null", nil
	case bool:
		if v {
			return "true", nil
		}
		return "false", nil
	case string:
		return v, nil
	case *pyDict, *value.Dict, *frozenDict, *pyList, *value.List, value.Tuple, *value.Set, *value.NamedTuple:
		if err := ev.count(v, 0); err != nil {
			return "", err
		}
	}
	b, err := value.AppendStr(nil, python(v, 0), ev.limits.Output)
	if err != nil {
		return "", err
	}
	return string(b), ev.use(len(b))
}

// count spends a step for each value in v.
func (ev *evaluator) count(v value.Value, depth int) error {
	if depth > maxNested {
		return tooDeep()
	}
	if err := ev.spend(1); err != nil {
		return err
	}
	if items, ok := asItems(v); ok {
		for _, item := range items {
			if err := ev.count(item, depth+1); err != nil {
				return err
			}
		}
	}
	if d, ok := asDict(v); ok {
		for _, item := range d.All() {
			if err := ev.count(item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// output converts a result for the caller: sequences become lists. What needs no
// change is not copied.
func (ev *evaluator) output(v value.Value, depth int) (value.Value, error) {
	switch s := v.(type) {
	case nil, bool, int64, float64:
		return v, nil
	case string:
		return v, ev.outgrown(16 + len(s))
	}
	if depth > maxNested {
		return nil, tooDeep()
	}
	if err := ev.spend(1); err != nil {
		return nil, err
	}
	if err := ev.outgrown(16 + sizeOf(v)); err != nil {
		return nil, err
	}
	if most := ev.opts.LimitItems; most > 0 {
		if n, ok := length(v); ok && n > most {
			return nil, errorf(TooLargeError, "Collection length exceeds %d elements", most)
		}
	}
	if d, ok := asDict(v); ok {
		return ev.outputDict(v, d, depth)
	}
	if items, ok := asItems(v); ok {
		out, changed, err := ev.outputItems(items, depth)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case *value.List:
			if !changed && !ev.opts.KeepTuples {
				return v, nil
			}
			if ev.opts.KeepTuples {
				return value.Tuple(out), nil
			}
		case value.Tuple, *value.NamedTuple:
			if ev.opts.KeepTuples {
				return value.Tuple(out), nil
			}
		}
		return &value.List{Items: out}, nil
	}
	switch v := v.(type) {
	case *value.Set:
		return ev.outputSet(v.Items(), depth)
	case *value.View:
		if v.Kind != value.ValuesView {
			return ev.outputSet(v.Items(), depth)
		}
	}
	if !isIterable(v) {
		return v, nil
	}
	v, err := ev.limited(v)
	if err != nil {
		return nil, err
	}
	list := &value.List{Items: []value.Value{}}
	err = ev.each(v, func(item value.Value) (bool, error) {
		item, err := ev.output(item, depth+1)
		list.Items = append(list.Items, item)
		if err != nil {
			return false, err
		}
		return true, ev.outgrown(16)
	})
	return list, err
}

// outgrown counts n bytes of the result.
func (ev *evaluator) outgrown(n int) error {
	if ev.out += n; ev.out > ev.limits.Output {
		return limitError("output", "a result of more than %d bytes", ev.limits.Output)
	}
	return nil
}

// outputItems converts items, and reports whether any of them changed. If none
// did, it returns the same slice.
func (ev *evaluator) outputItems(items []value.Value, depth int) ([]value.Value, bool, error) {
	var out []value.Value
	for i, item := range items {
		switch item.(type) {
		case nil, bool, int64, float64:
			if out != nil {
				out[i] = item
			}
			continue
		}
		v, err := ev.output(item, depth+1)
		if err != nil {
			return nil, false, err
		}
		if out == nil && !same(v, item) {
			out = make([]value.Value, len(items))
			copy(out, items[:i])
		}
		if out != nil {
			out[i] = v
		}
	}
	if out == nil {
		return items, false, nil
	}
	return out, true, nil
}

// same reports whether output left v as it was.
func same(v, was value.Value) bool {
	switch v := v.(type) {
	case *value.List:
		w, ok := was.(*value.List)
		return ok && v == w
	case *value.Dict:
		w, ok := was.(*value.Dict)
		return ok && v == w
	case *value.Set:
		w, ok := was.(*value.Set)
		return ok && v == w
	case value.Tuple:
		return false
	}
	return true
}

func (ev *evaluator) outputDict(v value.Value, d *value.Dict, depth int) (value.Value, error) {
	_, plain := v.(*value.Dict)
	var out *value.Dict
	n := 0
	for k, item := range d.All() {
		key := k
		var err error
		if _, ok := k.(string); !ok {
			if key, err = ev.output(k, depth+1); err != nil {
				return nil, err
			}
		}
		val, err := ev.output(item, depth+1)
		if err != nil {
			return nil, err
		}
		if out == nil && (!same(val, item) || !same(key, k)) {
			out = value.NewDictCap(d.Len())
			i := 0
			for k, item := range d.All() {
				if i++; i > n {
					break
				}
				_ = out.SetKey(k, item) // it was a key already
			}
		}
		n++
		if out != nil {
			if err := out.SetKey(key, val); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case out != nil:
		return out, nil
	case plain:
		return v, nil
	}
	return d, nil
}

func (ev *evaluator) outputSet(items []value.Value, depth int) (value.Value, error) {
	out, _, err := ev.outputItems(items, depth)
	if err != nil {
		return nil, err
	}
	if ev.opts.SetsToLists {
		return &value.List{Items: slices.Clone(out)}, nil
	}
	return value.NewSet(out...)
}

// plain returns v for a function of the caller: without types of ours.
func (ev *evaluator) plain(v value.Value, depth int) (value.Value, error) {
	if depth > maxNested {
		return nil, tooDeep()
	}
	switch v.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	}
	if err := ev.spend(1); err != nil {
		return nil, err
	}
	if d, ok := asDict(v); ok {
		out := value.NewDictCap(d.Len())
		changed := false
		for k, item := range d.All() {
			p, err := ev.plain(item, depth+1)
			if err != nil {
				return nil, err
			}
			changed = changed || !same(p, item) && !sameTuple(p, item)
			if err := out.SetKey(k, p); err != nil {
				return nil, err
			}
		}
		if !changed {
			return d, nil
		}
		return out, nil
	}
	items, ok := asItems(v)
	if !ok {
		return v, nil
	}
	out, changed := make([]value.Value, len(items)), false
	for i, item := range items {
		p, err := ev.plain(item, depth+1)
		if err != nil {
			return nil, err
		}
		changed = changed || !same(p, item) && !sameTuple(p, item)
		out[i] = p
	}
	switch v := v.(type) {
	case *pyList:
		return &value.List{Items: out}, nil
	case *value.List:
		if changed {
			return value.Tuple(out), nil
		}
		return v, nil
	}
	return value.Tuple(out), nil
}

// sameTuple is for tuples, of which there may be a copy that is no different.
func sameTuple(v, was value.Value) bool {
	a, ok := v.(value.Tuple)
	b, ok2 := was.(value.Tuple)
	return ok && ok2 && (len(a) == 0 || &a[0] == &b[0])
}
