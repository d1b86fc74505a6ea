// Package jsonpath finds parts of values by path, in the dialect of jsonpath_rw,
// which is the one that the criteria of rules and StackStorm's jsonpath_query
// speak.
//
//	$                  the root                a.b          a field of a field
//	a[0], a[-1]        an item of a list       a.'x.y'      a field with odd characters
//	a[1:3], a[*]       some items, all items   a['b','c']   several fields; so is a.b,c
//	a.*                all fields              a..b         a field at any depth
//	a | b              both                    a where b    a, if it has b
//	`this`             the same                `parent`     what holds it
//	(a | b).c          grouping                a.[0]        the same as a[0]
//
// From loose to tight: .. and . and | and & and where; brackets after a path
// apply to all of it. A list of items taken from what is no list treats it as a
// list of one, as jsonpath_rw does.
//
// A [Path] may be used by several goroutines at once.
package jsonpath

import (
	"context"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// maxVisits bounds how many values one search looks at, since each .. multiplies
// them.
const maxVisits = 1 << 20

// Path is a path that was read.
type Path struct {
	text string
	root node
}

// Parse reads a path. A mistake in it is an [*Error].
func Parse(text string) (*Path, error) {
	root, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &Path{text: text, root: root}, nil
}

// String returns the path as it was written.
func (p *Path) String() string { return p.text }

// Find returns what the path finds in v, in order. An index into what has no
// items is an error, as is an index before the start of a list; what is not
// there is not found and no error.
func (p *Path) Find(ctx context.Context, v value.Value) ([]value.Value, error) {
	f := &finder{ctx: ctx, left: maxVisits}
	found, err := p.root.find(f, &datum{value: v})
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", p.text, err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	values := make([]value.Value, len(found))
	for i, d := range found {
		if d.void {
			return nil, fmt.Errorf("find %s: %w", p.text, errNoParent)
		}
		values[i] = d.value
	}
	return values, nil
}

// Fields returns the names of a path that is nothing but fields of fields, such
// as a.b.c. Such a path finds one value at most.
func (p *Path) Fields() ([]string, bool) { return plain(nil, p.root) }

func plain(names []string, n node) ([]string, bool) {
	switch n := n.(type) {
	case child:
		names, ok := plain(names, n.left)
		if !ok {
			return nil, false
		}
		return plain(names, n.right)
	case fields:
		if len(n) == 1 && n[0] != "*" {
			return append(names, n[0]), true
		}
	case root:
		if len(names) == 0 {
			return names, true
		}
	}
	return nil, false
}

// Error is a mistake in a path.
type Error struct {
	Text    string
	Pos     int // in code points, from 0
	Message string
}

// Error says what is wrong and where.
func (e *Error) Error() string {
	return fmt.Sprintf("%s at position %d of the path %q", e.Message, e.Pos, e.Text)
}
