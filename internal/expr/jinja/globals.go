package jinja

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// maxRange is how long a range may be in a sandbox.
const maxRange = 100_000

// builtinGlobals returns the names that all templates see.
func builtinGlobals(sandboxed bool) map[string]value.Value {
	return map[string]value.Value{
		"range": newBuiltin("range", func(_ context.Context, a *value.Args) (value.Value, error) {
			return newRange(a, sandboxed)
		}),
		"dict":      newBuiltin("dict", newDict),
		"namespace": newBuiltin("namespace", newNamespace),
		"cycler":    newBuiltin("cycler", newCycler),
		"joiner":    newBuiltin("joiner", newJoiner),
		"lipsum":    newBuiltin("lipsum", lipsum),
	}
}

func newRange(a *value.Args, sandboxed bool) (value.Value, error) {
	if len(a.Named) > 0 {
		return nil, value.TypeError.Errorf("range() takes no keyword arguments")
	}
	if n := len(a.Pos); n < 1 || n > 3 {
		return nil, value.TypeError.Errorf("range expected from 1 to 3 arguments, got %d", n)
	}
	var p [3]int64
	for i, v := range a.Pos {
		switch n := v.(type) {
		case int64:
			p[i] = n
		case bool:
			if n {
				p[i] = 1
			}
		case *Undefined:
			return nil, n.err()
		default:
			return nil, value.TypeError.Errorf("'%s' object cannot be interpreted as an integer", value.TypeName(v))
		}
	}
	r := value.Range{Start: p[0], Stop: p[1], Step: 1}
	switch len(a.Pos) {
	case 1:
		r.Start, r.Stop = 0, p[0]
	case 3:
		r.Step = p[2]
	}
	if r.Step == 0 {
		return nil, value.ValueError.Errorf("range() arg 3 must not be zero")
	}
	if sandboxed && r.Len() > maxRange {
		return nil, value.OverflowError.Errorf("Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", maxRange)
	}
	return r, nil
}

func newDict(ctx context.Context, a *value.Args) (value.Value, error) {
	for _, v := range a.Pos {
		if u, ok := v.(*Undefined); ok {
			return nil, u.err()
		}
	}
	d := value.NewDict()
	return d, value.FillDict(ctx, d, a)
}

// namespace is an object whose attributes can be set.
type namespace struct{ attrs *value.Dict }

func newNamespace(ctx context.Context, a *value.Args) (value.Value, error) {
	v, err := newDict(ctx, a)
	attrs, _ := v.(*value.Dict)
	return &namespace{attrs}, err
}

// TypeName implements [value.Object].
func (*namespace) TypeName() string { return "Namespace" }

// GetAttr implements [value.Getter].
func (n *namespace) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	v, ok := n.attrs.Get(name)
	return v, ok, nil
}

// Str implements [value.Printer].
func (n *namespace) Str() string { return n.Repr() }

// Repr implements [value.Printer]. It does not show what is in a namespace that
// is in the namespace.
func (n *namespace) Repr() string {
	shown := value.NewDict()
	for k, v := range n.attrs.All() {
		if _, inner := v.(*namespace); inner {
			v = "<Namespace ...>"
		}
		_ = shown.SetKey(k, v) // it is a key already
	}
	return "<Namespace " + value.Repr(shown) + ">"
}

// cycler gives its items in turn.
type cycler struct {
	items value.Tuple
	at    int
}

func newCycler(_ context.Context, a *value.Args) (value.Value, error) {
	if len(a.Pos) == 0 {
		return nil, value.RuntimeError.Errorf("at least one item has to be provided")
	}
	return &cycler{items: append(value.Tuple{}, a.Pos...)}, nil
}

// TypeName implements [value.Object].
func (*cycler) TypeName() string { return "Cycler" }

// GetAttr implements [value.Getter].
func (c *cycler) GetAttr(_ context.Context, name string) (value.Value, bool, error) {
	switch name {
	case "current":
		return c.items[c.at], true, nil
	case "items":
		return c.items, true, nil
	case "pos":
		return int64(c.at), true, nil
	case "next":
		return newBuiltin(name, func(context.Context, *value.Args) (value.Value, error) {
			v := c.items[c.at]
			c.at = (c.at + 1) % len(c.items)
			return v, nil
		}), true, nil
	case "reset":
		return newBuiltin(name, func(context.Context, *value.Args) (value.Value, error) {
			c.at = 0
			return nil, nil
		}), true, nil
	}
	return nil, false, nil
}

// newJoiner returns a function that gives a separator, but not the first time.
func newJoiner(_ context.Context, a *value.Args) (value.Value, error) {
	var p [1]value.Value
	if err := a.Into(p[:], 0, "sep"); err != nil {
		return nil, err
	}
	if value.IsAbsent(p[0]) {
		p[0] = ", "
	}
	used := false
	return newBuiltin("joiner", func(context.Context, *value.Args) (value.Value, error) {
		if !used {
			used = true
			return "", nil
		}
		return p[0], nil
	}), nil
}

// lipsum gives text that means nothing, to see what a layout looks like.
func lipsum(_ context.Context, a *value.Args) (value.Value, error) {
	var p [4]value.Value
	if err := a.Into(p[:], 0, "n", "html", "min", "max"); err != nil {
		return nil, err
	}
	n, err := intArg(p[0], 5)
	if err != nil {
		return nil, err
	}
	least, err := intArg(p[2], 20)
	if err != nil {
		return nil, err
	}
	most, err := intArg(p[3], 100)
	if err != nil {
		return nil, err
	}
	if n > 1000 || most > 10_000 {
		return nil, value.MemoryError.Errorf("a text of more than 1000 paragraphs or 10000 words")
	}
	if least >= most || least < 0 {
		return nil, value.ValueError.Errorf("empty range for randrange() (%d, %d, %d)", least, most, most-least)
	}
	words := strings.Fields("a ac accumsan ad adipiscing aenean aliquam amet ante aptent arcu at auctor bibendum blandit " +
		"commodo condimentum congue consectetuer consequat convallis cras cum curae cursus dapibus diam dictum dolor donec " +
		"duis egestas eget eleifend elementum elit enim erat eros est et eu euismod felis fermentum feugiat fringilla")
	paragraphs := make([]string, max(n, 0))
	for i := range paragraphs {
		paragraphs[i] = paragraph(words, least+rand.IntN(most-least))
	}
	asHTML, err := truthArg(p[1], true)
	if err != nil {
		return nil, err
	}
	if !asHTML {
		return strings.Join(paragraphs, "\n\n"), nil
	}
	for i, text := range paragraphs {
		paragraphs[i] = "<p>" + text + "</p>"
	}
	return value.Markup(strings.Join(paragraphs, "\n")), nil
}

func paragraph(words []string, n int) string {
	var b strings.Builder
	start := true
	for i := range n {
		w := words[rand.IntN(len(words))]
		if i > 0 {
			b.WriteByte(' ')
		}
		if start {
			w = value.Capitalize(w)
		}
		b.WriteString(w)
		start = false
		switch {
		case i == n-1 || i%12 == 11:
			b.WriteByte('.')
			start = true
		case i%5 == 4:
			b.WriteByte(',')
		}
	}
	return b.String()
}
