package value

import (
	"iter"
	"slices"
)

// Set is a set, or a frozenset. It remembers the order of insertion, which
// Python does not promise.
type Set struct {
	d      Dict
	Frozen bool
}

// NewSet returns a set of items. An item that cannot be hashed is an error of
// class TypeError.
func NewSet(items ...Value) (*Set, error) {
	s := &Set{}
	for _, v := range items {
		if err := s.Add(v); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// TypeName implements [Object].
func (s *Set) TypeName() string {
	if s.Frozen {
		return "frozenset"
	}
	return "set"
}

// Len returns the number of items.
func (s *Set) Len() int { return s.d.Len() }

// Add adds v.
func (s *Set) Add(v Value) error {
	norm, err := hashKey(v, 0)
	if err != nil {
		return err
	}
	if s.d.find(norm) < 0 {
		s.d.add(norm, v, nil)
	}
	return nil
}

// Has reports whether v is in the set.
func (s *Set) Has(v Value) (bool, error) {
	norm, err := hashKey(v, 0)
	if err != nil {
		return false, err
	}
	return s.d.find(norm) >= 0, nil
}

// Delete removes v, and reports whether it was there.
func (s *Set) Delete(v Value) (bool, error) { return s.d.DeleteKey(v) }

// All iterates over the items in order.
func (s *Set) All() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for k := range s.d.All() {
			if !yield(k) {
				return
			}
		}
	}
}

// Items returns the items in order.
func (s *Set) Items() []Value { return s.d.Keys() }

// Clone returns a set of the same items.
func (s *Set) Clone() *Set { return &Set{d: *s.d.Clone(), Frozen: s.Frozen} }

// HashKey implements [Hasher].
func (s *Set) HashKey() (any, error) {
	if !s.Frozen {
		return nil, TypeError.Errorf("unhashable type: 'set'")
	}
	keys := make([]string, 0, s.Len())
	for _, e := range s.d.entries {
		if !e.gone {
			keys = append(keys, string(appendKey(nil, e.norm)))
		}
	}
	slices.Sort(keys)
	var buf []byte
	for _, k := range keys {
		buf = append(buf, k...)
	}
	return setKey(buf), nil
}

// subset reports whether all items of s are in o.
func (s *Set) subset(o *Set) bool {
	if s.Len() > o.Len() {
		return false
	}
	for _, e := range s.d.entries {
		if !e.gone && o.d.find(e.norm) < 0 {
			return false
		}
	}
	return true
}
