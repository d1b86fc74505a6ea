package schema

import (
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// node is one schema, compiled: what each of its keywords checks, in order.
type node struct {
	dict     *value.Dict
	draft4   bool
	keywords []keyword
}

type keyword struct {
	name  string
	check func(r *run, v value.Value)
}

// run collects what is wrong with a value.
type run struct {
	draft4     bool
	path       []any
	schemaPath []any
	apart      apart
	at         *node
	errs       []*Error
	depth      int
}

// apart is where paths begin for what is wrong with an alternative.
type apart struct {
	path, schemaPath int
}

const maxDepth = 200 // schemas inside each other, and references in circles

// check applies a schema to a value.
func (r *run) check(n *node, v value.Value) {
	outer := r.at
	r.at = n
	if r.depth++; r.depth > maxDepth {
		r.fail(v, "the schema goes deeper than %d levels here", maxDepth)
		r.depth--
		r.at = outer
		return
	}
	for _, k := range n.keywords {
		r.at = n
		if k.name == "$ref" { // it leaves no trace in paths
			k.check(r, v)
			continue
		}
		r.schemaPath = append(r.schemaPath, k.name)
		k.check(r, v)
		r.schemaPath = r.schemaPath[:len(r.schemaPath)-1]
	}
	r.depth--
	r.at = outer
}

// fail notes that the value of the keyword that is being checked is wrong.
func (r *run) fail(v value.Value, format string, args ...any) {
	r.errs = append(r.errs, r.failed(v, format, args...))
}

// failed returns what fail notes.
func (r *run) failed(v value.Value, format string, args ...any) *Error {
	e := &Error{
		Path:       append([]any(nil), r.path...),
		Msg:        fmt.Sprintf(format, args...),
		schemaPath: append([]any(nil), r.schemaPath...),
		apart:      r.apart,
		instance:   v,
		schema:     r.at.dict,
	}
	if len(r.schemaPath) > 0 {
		e.Keyword, _ = r.schemaPath[len(r.schemaPath)-1].(string)
	}
	return e
}

// descend checks a part of the value. step is nil for the value itself, and
// schemaStep is nil where the path in the schema has none.
func (r *run) descend(n *node, v value.Value, step, schemaStep any) {
	if step != nil {
		r.path = append(r.path, step)
	}
	if schemaStep != nil {
		r.schemaPath = append(r.schemaPath, schemaStep)
	}
	at := r.at
	r.check(n, v)
	r.at = at
	if schemaStep != nil {
		r.schemaPath = r.schemaPath[:len(r.schemaPath)-1]
	}
	if step != nil {
		r.path = r.path[:len(r.path)-1]
	}
}

// aside checks an alternative and returns what is wrong, which may not matter.
func (r *run) aside(n *node, v value.Value, schemaStep any) []*Error {
	outer, from := r.errs, r.apart
	r.errs, r.apart = nil, apart{len(r.path), len(r.schemaPath)}
	r.descend(n, v, nil, schemaStep)
	errs := r.errs
	r.errs, r.apart = outer, from
	return errs
}

// compiler makes nodes of dicts, each dict once, so that a schema may refer to
// itself.
type compiler struct {
	draft4 bool
	root   *value.Dict
	strict *value.Dict // what [metaID] is
	nodes  map[*value.Dict]*node
}

func (c *compiler) node(d *value.Dict) (*node, error) {
	if n, ok := c.nodes[d]; ok {
		return n, nil
	}
	n := &node{dict: d, draft4: c.draft4}
	c.nodes[d] = n
	for name, arg := range d.Texts() {
		check, err := c.keyword(name, arg, d)
		if err != nil {
			return nil, err
		}
		if check != nil {
			n.keywords = append(n.keywords, keyword{name, check})
		}
	}
	return n, nil
}

// resolve returns the schema that a reference names: one in the same document,
// or the schema of schemas.
func (c *compiler) resolve(ref string) (*node, error) {
	doc, pointer, _ := strings.Cut(ref, "#")
	switch doc {
	case "":
	case metaID:
		if c.root != c.strict {
			inner := &compiler{draft4: true, root: c.strict, strict: c.strict, nodes: map[*value.Dict]*node{}}
			return inner.resolve("#" + pointer)
		}
	default:
		return nil, fmt.Errorf("$ref %q: only references within the schema, such as #/definitions/x, are known", ref)
	}
	var at value.Value = c.root
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" {
			break
		}
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		at = child(at, step)
	}
	d, ok := at.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("$ref %q: there is nothing of that name", ref)
	}
	return c.node(d)
}

func child(v value.Value, step string) value.Value {
	switch v := v.(type) {
	case *value.Dict:
		out, _ := v.Get(step)
		return out
	case *value.List:
		for i, item := range v.Items {
			if fmt.Sprint(i) == step {
				return item
			}
		}
	}
	return nil
}

// sub compiles a schema inside another. Nothing is checked by what is no schema.
func (c *compiler) sub(v value.Value) (*node, error) {
	d, ok := v.(*value.Dict)
	if !ok {
		d = value.NewDict()
	}
	return c.node(d)
}

func (c *compiler) subs(v value.Value) ([]*node, error) {
	l, ok := v.(*value.List)
	if !ok {
		return nil, nil
	}
	out := make([]*node, len(l.Items))
	for i, item := range l.Items {
		n, err := c.sub(item)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// pattern is a pattern that finds out whether it is in a text. One that takes
// too long is not.
func compilePattern(text string) (func(string) bool, error) {
	re, err := pyre.Cached(text, 0)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	return func(s string) bool {
		m, err := re.Search(s)
		return err == nil && m != nil
	}, nil
}
