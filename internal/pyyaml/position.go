package pyyaml

import "github.com/nightshift-run/nightshift/internal/expr/value"

// Pos returns where the value at path begins, from line 1 and column 1. A path
// is made of keys and of indices, which are ints. If there is no such value, it is
// the place of the innermost one that there is: that is where something is missing.
func (d *Document) Pos(path ...any) (line, column int) {
	n, _ := d.find(path)
	return position(n)
}

// KeyPos returns where the last key of path is written. If there is no such key,
// it is the place of the innermost value that there is.
func (d *Document) KeyPos(path ...any) (line, column int) {
	n, key := d.find(path)
	if key != nil {
		n = key
	}
	return position(n)
}

func position(n *node) (line, column int) {
	if n == nil {
		return 1, 1
	}
	return n.at.line + 1, n.at.col + 1
}

// find returns the innermost node of path, and its key if it is what path leads
// to and has one.
func (d *Document) find(path []any) (n, key *node) {
	n = d.root
	for _, step := range path {
		if n == nil {
			return n, nil
		}
		next, k := n.child(step, 0)
		if next == nil {
			return n, nil
		}
		n, key = next, k
	}
	return n, key
}

func (n *node) child(step any, depth int) (val, key *node) {
	switch n.kind {
	case sequenceNode:
		if i, ok := step.(int); ok && i >= 0 && i < len(n.items) {
			return n.items[i], nil
		}
	case mappingNode:
		if i, ok := step.(int); ok {
			step = int64(i)
		}
		if i, ok := n.keyAt(step); ok {
			return n.items[i+1], n.items[i]
		}
		if depth < maxDepth {
			return n.mergedChild(step, depth)
		}
	case scalarNode:
	}
	return nil, nil
}

// lookedUp is from how many keys on a mapping keeps an index of them.
const lookedUp = 32

// keyAt returns the index of the last key of a mapping that is equal to step.
func (n *node) keyAt(step any) (int, bool) {
	if len(n.items) < 2*lookedUp {
		for i := len(n.items) - 2; i >= 0; i -= 2 {
			if k := n.items[i]; !isMerge(k) && value.Equal(k.keyValue(), step) {
				return i, true
			}
		}
		return 0, false
	}
	if n.index == nil {
		n.index = make(map[any]int, len(n.items)/2)
		for i := 0; i+1 < len(n.items); i += 2 {
			if isMerge(n.items[i]) {
				continue
			}
			if key, err := value.HashKey(n.items[i].keyValue()); err == nil {
				n.index[key] = i
			}
		}
	}
	key, err := value.HashKey(step)
	if err != nil {
		return 0, false
	}
	i, ok := n.index[key]
	return i, ok
}

func (n *node) mergedChild(step any, depth int) (val, key *node) {
	for i := len(n.items) - 2; i >= 0; i -= 2 {
		if !isMerge(n.items[i]) {
			continue
		}
		sources := []*node{n.items[i+1]}
		if sources[0].kind == sequenceNode {
			sources = sources[0].items
		}
		for _, source := range sources {
			if source.kind != mappingNode {
				continue
			}
			if val, key = source.child(step, depth+1); val != nil {
				return val, key
			}
		}
	}
	return nil, nil
}

// keyValue is the value of a node that is a key.
func (n *node) keyValue() value.Value {
	if n.kind == scalarNode && n.text == "=" && tagOf(n) == valueTag {
		return n.text
	}
	return n.val
}
