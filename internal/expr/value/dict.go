package value

import (
	"iter"
)

// small is up to how many entries a dict is searched one by one: that is
// faster than hashing, and saves the index that most dicts never need.
const small = 8

// Dict is a mapping that remembers the order in which keys were first set.
// Keys are equal as Python has it: 1, 1.0 and True are one key.
type Dict struct {
	index   map[Value]int // normalised key to place in entries; nil while small
	entries []entry
	dead    int // entries whose key was deleted
}

type entry struct {
	norm, key, val Value
	gone           bool
}

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{} }

// NewDictCap returns an empty dict with room for n entries.
func NewDictCap(n int) *Dict {
	d := &Dict{}
	if n > 0 {
		d.entries = make([]entry, 0, n)
	}
	return d
}

// Len returns the number of keys.
func (d *Dict) Len() int { return len(d.entries) - d.dead }

// Get returns the value at a text key.
func (d *Dict) Get(key string) (Value, bool) {
	if i := d.findText(key); i >= 0 {
		return d.entries[i].val, true
	}
	return nil, false
}

// GetKey returns the value at any key. A key that cannot be hashed is an
// error of class TypeError.
func (d *Dict) GetKey(key Value) (Value, bool, error) {
	if s, ok := key.(string); ok {
		v, ok := d.Get(s)
		return v, ok, nil
	}
	norm, err := hashKey(key, 0)
	if err != nil {
		return nil, false, err
	}
	if i := d.find(norm); i >= 0 {
		return d.entries[i].val, true, nil
	}
	return nil, false, nil
}

// Has reports whether the text key is there.
func (d *Dict) Has(key string) bool { return d.findText(key) >= 0 }

// Set sets the value at a text key.
func (d *Dict) Set(key string, v Value) {
	if i := d.findText(key); i >= 0 {
		d.entries[i].val = v
		return
	}
	var k Value = key
	d.add(k, k, v)
}

// SetKey sets the value at any key. A key that cannot be hashed is an error of
// class TypeError.
func (d *Dict) SetKey(key, v Value) error {
	norm, err := hashKey(key, 0)
	if err != nil {
		return err
	}
	if i := d.find(norm); i >= 0 {
		d.entries[i].val = v
		return nil
	}
	d.add(norm, key, v)
	return nil
}

// Delete removes a text key, and reports whether it was there.
func (d *Dict) Delete(key string) bool {
	return d.remove(d.findText(key))
}

// DeleteKey removes any key, and reports whether it was there.
func (d *Dict) DeleteKey(key Value) (bool, error) {
	norm, err := hashKey(key, 0)
	if err != nil {
		return false, err
	}
	return d.remove(d.find(norm)), nil
}

// Clear removes all keys.
func (d *Dict) Clear() { d.index, d.entries, d.dead = nil, nil, 0 }

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

// Texts iterates over the keys that are text, and their values, in order.
func (d *Dict) Texts() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, e := range d.entries {
			if s, ok := e.key.(string); ok && !e.gone && !yield(s, e.val) {
				return
			}
		}
	}
}

// Keys returns the keys in order.
func (d *Dict) Keys() []Value {
	keys := make([]Value, 0, d.Len())
	for k := range d.All() {
		keys = append(keys, k)
	}
	return keys
}

// Values returns the values in order.
func (d *Dict) Values() []Value {
	vals := make([]Value, 0, d.Len())
	for _, v := range d.All() {
		vals = append(vals, v)
	}
	return vals
}

// Clone returns a dict with the same keys and values. The values are shared.
func (d *Dict) Clone() *Dict {
	c := NewDictCap(d.Len())
	for _, e := range d.entries {
		if !e.gone {
			c.add(e.norm, e.key, e.val)
		}
	}
	return c
}

// Update sets all keys of o in d.
func (d *Dict) Update(o *Dict) {
	for _, e := range o.entries {
		if e.gone {
			continue
		}
		if i := d.find(e.norm); i >= 0 {
			d.entries[i].val = e.val
		} else {
			d.add(e.norm, e.key, e.val)
		}
	}
}

func (d *Dict) findText(key string) int {
	if d.index != nil {
		if i, ok := d.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range d.entries {
		if s, ok := d.entries[i].norm.(string); ok && s == key && !d.entries[i].gone {
			return i
		}
	}
	return -1
}

func (d *Dict) find(norm Value) int {
	if d.index != nil {
		if i, ok := d.index[norm]; ok {
			return i
		}
		return -1
	}
	for i := range d.entries {
		if d.entries[i].norm == norm && !d.entries[i].gone {
			return i
		}
	}
	return -1
}

func (d *Dict) add(norm, key, v Value) {
	d.entries = append(d.entries, entry{norm: norm, key: key, val: v})
	switch {
	case d.index != nil:
		d.index[norm] = len(d.entries) - 1
	case len(d.entries) > small:
		d.reindex()
	}
}

func (d *Dict) reindex() {
	d.index = make(map[Value]int, len(d.entries)*2)
	for i := range d.entries {
		if !d.entries[i].gone {
			d.index[d.entries[i].norm] = i
		}
	}
}

func (d *Dict) remove(i int) bool {
	if i < 0 {
		return false
	}
	if d.index != nil {
		delete(d.index, d.entries[i].norm)
	}
	d.entries[i] = entry{gone: true}
	d.dead++
	if d.dead > small && d.dead > len(d.entries)/2 {
		d.compact()
	}
	return true
}

// compact drops the dead entries. It leaves the old slice alone, because
// someone may be iterating over it.
func (d *Dict) compact() {
	live := make([]entry, 0, d.Len())
	for _, e := range d.entries {
		if !e.gone {
			live = append(live, e)
		}
	}
	d.entries, d.dead, d.index = live, 0, nil
	if len(live) > small {
		d.reindex()
	}
}
