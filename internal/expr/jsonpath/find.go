package jsonpath

import (
	"context"
	"errors"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// datum is a value together with what holds it.
type datum struct {
	value  value.Value
	parent *datum
	void   bool // the parent of the root: no value, and nothing is in it
}

var errNoParent = errors.New("the root has no parent")

type finder struct {
	ctx  context.Context
	left int
}

var errTooMuch = errors.New("the path visits too many values")

// visit counts n values.
func (f *finder) visit(n int) error {
	if f.left -= n; f.left < 0 {
		return errTooMuch
	}
	return nil
}

// node is a part of a path.
type node interface {
	find(f *finder, d *datum) ([]*datum, error)
}

type (
	root        struct{}
	this        struct{}
	parent      struct{}
	child       struct{ left, right node }
	descendants struct{ left, right node }
	union       struct{ left, right node }
	where       struct{ left, right node }
	intersect   struct{}
	fields      []string
	index       int64
	slice       struct{ from, to *int64 }
)

func (root) find(f *finder, d *datum) ([]*datum, error) {
	for d.parent != nil {
		d = d.parent
	}
	return this{}.find(f, d)
}

func (this) find(_ *finder, d *datum) ([]*datum, error) {
	if d.void {
		d = &datum{}
	}
	return []*datum{d}, nil
}

func (parent) find(_ *finder, d *datum) ([]*datum, error) {
	if d.parent == nil {
		return []*datum{{void: true}}, nil
	}
	return []*datum{d.parent}, nil
}

func (n child) find(f *finder, d *datum) ([]*datum, error) {
	left, err := n.left.find(f, d)
	if err != nil {
		return nil, err
	}
	if len(left) == 1 {
		return n.right.find(f, left[0])
	}
	var all []*datum
	for _, l := range left {
		found, err := n.right.find(f, l)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func (n descendants) find(f *finder, d *datum) ([]*datum, error) {
	left, err := n.left.find(f, d)
	if err != nil {
		return nil, err
	}
	var all []*datum
	for _, l := range left {
		if all, err = n.below(f, l, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// below appends what the right side finds in d and in everything that it holds.
func (n descendants) below(f *finder, d *datum, all []*datum) ([]*datum, error) {
	if err := f.visit(1); err != nil {
		return nil, err
	}
	found, err := n.right.find(f, d)
	if err != nil {
		return nil, err
	}
	if d.void {
		return nil, errNoParent
	}
	all = append(all, found...)
	switch v := d.value.(type) {
	case *value.List:
		for _, item := range v.Items {
			if all, err = n.below(f, &datum{value: item, parent: d}, all); err != nil {
				return nil, err
			}
		}
	case *value.Dict:
		for _, item := range v.All() {
			if all, err = n.below(f, &datum{value: item, parent: d}, all); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (n union) find(f *finder, d *datum) ([]*datum, error) {
	left, err := n.left.find(f, d)
	if err != nil {
		return nil, err
	}
	right, err := n.right.find(f, d)
	return slices.Concat(left, right), err
}

func (n where) find(f *finder, d *datum) ([]*datum, error) {
	left, err := n.left.find(f, d)
	if err != nil {
		return nil, err
	}
	var all []*datum
	for _, l := range left {
		found, err := n.right.find(f, l)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			all = append(all, l)
		}
	}
	return all, nil
}

func (intersect) find(*finder, *datum) ([]*datum, error) {
	return nil, errors.New("paths joined by & cannot be searched for")
}

func (n fields) find(f *finder, d *datum) ([]*datum, error) {
	if slices.Contains(n, "*") {
		return n.all(f, d)
	}
	found := make([]*datum, 0, len(n))
	for _, name := range n {
		v, ok, err := field(f.ctx, d.value, name)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, &datum{value: v, parent: d})
		}
	}
	return found, f.visit(len(n))
}

func (fields) all(f *finder, d *datum) ([]*datum, error) {
	dict, ok := d.value.(*value.Dict)
	if !ok {
		return nil, nil
	}
	found := make([]*datum, 0, dict.Len())
	for _, v := range dict.All() {
		found = append(found, &datum{value: v, parent: d})
	}
	return found, f.visit(len(found))
}

func field(ctx context.Context, v value.Value, name string) (value.Value, bool, error) {
	switch v := v.(type) {
	case *value.Dict:
		item, ok := v.Get(name)
		return item, ok, nil
	case value.Itemer:
		return v.GetItem(ctx, name)
	}
	return nil, false, nil
}

func (n index) find(f *finder, d *datum) ([]*datum, error) {
	size, ok := length(d.value)
	if !ok {
		return nil, value.TypeError.Errorf("object of type '%s' has no len()", value.TypeName(d.value))
	}
	if int64(size) <= int64(n) {
		return nil, nil
	}
	at := int64(n)
	if at < 0 {
		at += int64(size)
	}
	v, err := item(d.value, int64(n), int(at))
	if err != nil {
		return nil, err
	}
	return []*datum{{value: v, parent: d}}, f.visit(1)
}

// item returns the item at a place that is in range unless negative.
func item(of value.Value, n int64, at int) (value.Value, error) {
	if dict, ok := of.(*value.Dict); ok {
		v, ok, err := dict.GetKey(n)
		if err == nil && !ok {
			err = value.KeyError.Errorf("%d", n)
		}
		return v, err
	}
	if at < 0 {
		return nil, value.IndexError.Errorf("%s index out of range", value.TypeName(of))
	}
	switch of := of.(type) {
	case *value.List:
		return of.Items[at], nil
	case value.Tuple:
		return of[at], nil
	case value.Bytes:
		return int64(of[at]), nil
	case string:
		return string([]rune(of)[at]), nil
	}
	return nil, value.TypeError.Errorf("'%s' object is not subscriptable", value.TypeName(of))
}

// length is len() of what can hold items.
func length(v value.Value) (int, bool) {
	switch v := v.(type) {
	case *value.List:
		return len(v.Items), true
	case value.Tuple:
		return len(v), true
	case value.Bytes:
		return len(v), true
	case *value.Dict:
		return v.Len(), true
	case string:
		n := 0
		for range v {
			n++
		}
		return n, true
	case *value.Set:
		return v.Len(), true
	}
	return 0, false
}

func (n slice) find(f *finder, d *datum) ([]*datum, error) {
	var items []value.Value
	switch v := d.value.(type) {
	case *value.List:
		items = v.Items
	case value.Tuple:
		items = v
	case *value.Dict, string, int64, bool:
		// What is no list is taken for a list of one.
		d = &datum{value: value.NewList(v), parent: d.parent}
		items = []value.Value{v}
	default:
		return nil, value.TypeError.Errorf("object of type '%s' has no len()", value.TypeName(d.value))
	}
	from, to := n.bounds(int64(len(items)))
	var found []*datum
	for ; from < to; from++ {
		found = append(found, &datum{value: items[from], parent: d})
	}
	return found, f.visit(len(found))
}

// bounds returns where the slice begins and ends in a list of a length.
func (n slice) bounds(size int64) (from, to int64) {
	clamp := func(i *int64, missing int64) int64 {
		switch {
		case i == nil:
			return missing
		case *i < 0:
			return max(*i+size, 0)
		}
		return min(*i, size)
	}
	return clamp(n.from, 0), clamp(n.to, size)
}
