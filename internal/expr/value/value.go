// Package value holds the values of the expression languages as Python has
// them: what they print, when they are equal, how they add up.
//
// Both languages, the parameters of actions, the payloads of events and the
// criteria of rules speak in these values, so that one value means the same
// everywhere. A value that is shared is not changed: whoever wants to change a
// container that it did not make copies it first.
package value

import (
	"iter"
)

// A Value is one of
//
//	nil       None
//	bool      True and False
//	int64     an int
//	*big.Int  an int that int64 does not hold
//	float64   a float
//	string    a str, always valid UTF-8
//	Bytes     bytes
//	*List     a list
//	Tuple     a tuple
//	*Dict     a dict, in the order of insertion
//	*Set      a set
//
// and of the further types of this package and of the languages, each of which
// implements [Object].
type Value = any

// List is a list. It is a pointer type so that append and the like are seen by
// everyone who holds the list, as in Python.
type List struct {
	Items []Value
}

// NewList returns a list of items, which it keeps.
func NewList(items ...Value) *List { return &List{Items: items} }

// Tuple is a list that does not change.
type Tuple []Value

// Bytes is a bytes object.
type Bytes []byte

// Dict is a mapping that remembers the order in which keys were first set.
// Keys are equal as Python has it: 1, 1.0 and True are one key.
type Dict struct {
	index   map[Value]int // normalised key to place in entries
	entries []entry
	dead    int // entries whose key was deleted
}

type entry struct {
	key, val Value
	gone     bool
}

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{} }

// Len returns the number of keys.
func (d *Dict) Len() int { return len(d.entries) - d.dead }

// Get returns the value at a text key.
func (d *Dict) Get(key string) (Value, bool) {
	i, ok := d.index[key]
	if !ok {
		return nil, false
	}
	return d.entries[i].val, true
}

// Set sets the value at a text key.
func (d *Dict) Set(key string, v Value) { d.set(key, key, v) }

func (d *Dict) set(norm, key, v Value) {
	if i, ok := d.index[norm]; ok {
		d.entries[i].val = v
		return
	}
	if d.index == nil {
		d.index = map[Value]int{}
	}
	d.index[norm] = len(d.entries)
	d.entries = append(d.entries, entry{key: key, val: v})
}

// Delete removes a text key, and reports whether it was there.
func (d *Dict) Delete(key string) bool {
	i, ok := d.index[key]
	if !ok {
		return false
	}
	delete(d.index, key)
	d.entries[i] = entry{gone: true}
	d.dead++
	return true
}

// All iterates over keys and values in order.
func (d *Dict) All() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		for _, e := range d.entries {
			if !e.gone && !yield(e.key, e.val) {
				return
			}
		}
	}
}
