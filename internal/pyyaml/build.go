package pyyaml

import (
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// builder makes values of nodes. A mistake in one value does not keep it from
// finding those in others.
type builder struct {
	left     int // how many values may still be made
	errs     []*Error
	warnings []Warning
}

const maxMistakes = 100 // that are reported at once

func (b *builder) fail(at mark, format string, args ...any) {
	if len(b.errs) < maxMistakes {
		b.errs = append(b.errs, &Error{Line: at.line + 1, Column: at.col + 1, Msg: fmt.Sprintf(format, args...)})
	}
}

// build returns the value of n, which is nil for no node at all. What an alias
// names is built once and shared, but counts each time.
func (b *builder) build(n *node) value.Value {
	if n == nil {
		return nil
	}
	if !n.built {
		n.built = true
		before := b.left
		n.val = b.make(n)
		n.size = max(before-b.left, 1)
		return n.val
	}
	b.spend(n, n.size)
	return n.val
}

// spend counts size values and reports whether there may be as many.
func (b *builder) spend(n *node, size int) bool {
	if b.left < 0 {
		return false // reported
	}
	if b.left -= size; b.left < 0 {
		b.fail(n.at, "with its aliases written out, the document has more than %d values", maxValues)
		return false
	}
	return true
}

func (b *builder) make(n *node) value.Value {
	if !b.spend(n, 1) {
		return nil
	}
	tag := tagOf(n)
	var want nodeKind
	switch tag {
	case yamlTag + "seq", yamlTag + "omap", yamlTag + "pairs":
		want = sequenceNode
	case yamlTag + "map", yamlTag + "set":
		want = mappingNode
	default:
		if n.kind == scalarNode {
			v, err := scalar(tag, n.text)
			if err != nil {
				b.fail(n.at, "%s", err)
			}
			return v
		}
		if _, err := scalar(tag, ""); err != nil && tag != intTag && tag != floatTag && tag != boolTag && tag != timeTag {
			b.fail(n.at, "%s", err)
			return nil
		}
	}
	if n.kind != want {
		b.fail(n.at, "expected %s by its tag, but found %s", want, n.kind)
		return nil
	}
	switch tag {
	case yamlTag + "omap", yamlTag + "pairs":
		return b.pairs(n)
	case yamlTag + "set":
		set, err := value.NewSet(b.mapping(n).Keys()...)
		if err != nil {
			b.fail(n.at, "%s", err)
		}
		return set
	case yamlTag + "map":
		return b.mapping(n)
	}
	l := &value.List{Items: make([]value.Value, 0, len(n.items))}
	for _, item := range n.items {
		l.Items = append(l.Items, b.build(item))
	}
	return l
}

// pairs makes a list of tuples of a list of mappings with one key each.
func (b *builder) pairs(n *node) value.Value {
	l := &value.List{}
	for _, item := range n.items {
		if item.kind != mappingNode || len(item.items) != 2 {
			b.fail(item.at, "expected a mapping with one key")
			continue
		}
		l.Items = append(l.Items, value.Tuple{b.build(item.items[0]), b.build(item.items[1])})
	}
	return l
}

// mapping makes a dict. What is merged in comes first, and what the mapping
// itself says goes over it.
func (b *builder) mapping(n *node) *value.Dict {
	d := value.NewDictCap(len(n.items) / 2)
	merged := false
	for i := 0; i+1 < len(n.items); i += 2 {
		if isMerge(n.items[i]) {
			merged = true
			b.merge(d, n, n.items[i+1])
		}
	}
	own := d
	if merged {
		own = value.NewDictCap(len(n.items) / 2)
	}
	for i := 0; i+1 < len(n.items); i += 2 {
		key, val := n.items[i], n.items[i+1]
		if isMerge(key) {
			continue
		}
		k := b.key(key)
		v := b.build(val)
		_, twice, err := own.GetKey(k)
		if err != nil {
			b.fail(key.at, "%s cannot be a key", key.kind)
			continue
		}
		if twice {
			b.warnings = append(b.warnings, Warning{
				Line: key.at.line + 1, Column: key.at.col + 1, Duplicate: true, Key: k,
				Msg: fmt.Sprintf("the key %s is there twice; the last one counts", value.Repr(k)),
			})
		}
		_ = own.SetKey(k, v) // it has a hash, see above
		if merged {
			_ = d.SetKey(k, v)
		}
	}
	return d
}

func (b *builder) key(n *node) value.Value {
	if n.kind == scalarNode && n.text == "=" && tagOf(n) == valueTag {
		b.spend(n, 1)
		return n.text
	}
	return b.build(n)
}

func isMerge(n *node) bool {
	return n.kind == scalarNode && (n.text == "<<" && n.plain || n.tag != "") && tagOf(n) == mergeTag
}

// merge puts into d what stands after a key <<: a mapping, or a list of them of
// which the first counts most.
func (b *builder) merge(d *value.Dict, n, from *node) {
	sources := []*node{from}
	if from.kind == sequenceNode {
		sources = from.items
	}
	for _, s := range slices.Backward(sources) {
		if s.kind != mappingNode {
			b.fail(s.at, "expected a mapping to merge, but found %s", s.kind)
			continue
		}
		source, ok := b.build(s).(*value.Dict)
		if !ok || !b.spend(n, source.Len()) {
			continue
		}
		d.Update(source)
	}
}
