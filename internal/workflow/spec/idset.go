package spec

import "math/bits"

// idset is a set of small numbers that is never changed: what is added is in a new
// set, which shares with the old one all that is the same. So the sets of ten
// thousand tasks, each of which has what the one before it had and one thing more,
// take little more room than one of them.
//
// It is a binary trie over the bits of the numbers, from the highest on, in which
// only bits that differ have a node. Equal sets have the same shape. The nil set is
// empty.
type idset struct {
	prefix      uint32 // the bits above the one that differs; of a leaf, the number
	bit         uint32 // the bit that differs; 0: a leaf
	left, right *idset // without the bit, and with it
	hash        uint64 // of all numbers in it
	count       int
}

func leaf(id int32) *idset {
	n := uint32(id) //nolint:gosec // ids are not negative
	return &idset{prefix: n, hash: mix(uint64(n) + 1), count: 1}
}

// mix spreads a number over all bits, so that sums of them tell sets apart.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func branch(prefix, bit uint32, left, right *idset) *idset {
	return &idset{prefix: prefix, bit: bit, left: left, right: right, hash: left.hash + right.hash, count: left.count + right.count}
}

// joined makes one set of two that have nothing in common above some bit.
func joined(a, b *idset) *idset {
	bit := uint32(1) << (bits.Len32(a.prefix^b.prefix) - 1)
	prefix := a.prefix &^ (bit<<1 - 1)
	if a.prefix&bit != 0 {
		a, b = b, a
	}
	return branch(prefix, bit, a, b)
}

// under reports whether a number, or the prefix of a set, is among what s could hold.
func (s *idset) under(n uint32) bool { return n&^(s.bit<<1-1) == s.prefix }

func (s *idset) has(id int32) bool {
	n := uint32(id) //nolint:gosec // ids are not negative
	for s != nil && s.bit != 0 {
		if n&s.bit == 0 {
			s = s.left
		} else {
			s = s.right
		}
	}
	return s != nil && s.prefix == n
}

// idsets works with sets, and counts the steps that it takes.
type idsets struct{ steps int }

func (c *idsets) add(s *idset, id int32) *idset { return c.union(s, leaf(id)) }

// union returns what is in s or in o. If that is all of one of them, it is that set
// itself.
func (c *idsets) union(s, o *idset) *idset {
	c.steps++
	switch {
	case s == nil || s == o:
		return o
	case o == nil:
		return s
	case s.bit == o.bit && s.prefix == o.prefix:
		if s.bit == 0 {
			return s
		}
		return s.with(o, c.union(s.left, o.left), c.union(s.right, o.right))
	case s.bit > o.bit && s.under(o.prefix):
		if o.prefix&s.bit == 0 {
			return s.with(s, c.union(s.left, o), s.right)
		}
		return s.with(s, s.left, c.union(s.right, o))
	case o.bit > s.bit && o.under(s.prefix):
		if s.prefix&o.bit == 0 {
			return o.with(o, c.union(s, o.left), o.right)
		}
		return o.with(o, o.left, c.union(s, o.right))
	}
	return joined(s, o)
}

// with returns s or o if it has these two halves, or else a new set.
func (s *idset) with(o, left, right *idset) *idset {
	switch {
	case left == s.left && right == s.right:
		return s
	case left == o.left && right == o.right:
		return o
	}
	return branch(s.prefix, s.bit, left, right)
}

// intersect returns what is in both.
func (c *idsets) intersect(s, o *idset) *idset {
	c.steps++
	switch {
	case s == nil || o == nil:
		return nil
	case s == o:
		return s
	case s.bit == o.bit && s.prefix == o.prefix:
		if s.bit == 0 {
			return s
		}
		left, right := c.intersect(s.left, o.left), c.intersect(s.right, o.right)
		switch {
		case left == nil:
			return right
		case right == nil:
			return left
		}
		return s.with(o, left, right)
	case s.bit > o.bit && s.under(o.prefix):
		if o.prefix&s.bit == 0 {
			return c.intersect(s.left, o)
		}
		return c.intersect(s.right, o)
	case o.bit > s.bit && o.under(s.prefix):
		return c.intersect(o, s)
	}
	return nil
}

// within reports whether all of s is in o.
func (c *idsets) within(s, o *idset) bool {
	c.steps++
	switch {
	case s == nil || s == o:
		return true
	case o == nil || s.count > o.count:
		return false
	case s.bit == o.bit && s.prefix == o.prefix:
		return s.bit == 0 || c.within(s.left, o.left) && c.within(s.right, o.right)
	case o.bit > s.bit && o.under(s.prefix):
		if s.prefix&o.bit == 0 {
			return c.within(s, o.left)
		}
		return c.within(s, o.right)
	}
	return false
}

// equal reports whether both hold the same numbers.
func (s *idset) equal(o *idset) bool {
	if s == o {
		return true
	}
	return s != nil && o != nil && s.count == o.count && s.hash == o.hash
}
