// Package schema checks values against the JSON Schema of StackStorm: Draft 4,
// where a property may say that it is required, and may be secret, immutable or
// have a position.
//
// It answers as the Python library does that packs were written against: an
// integer is not a number with a fraction of zero, true is not 1, patterns are
// those of Python's re, and the sentences are the same, because they reach people
// through the API. Schemas are compiled once and may then be used by several
// goroutines at once.
package schema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Schema is a schema ready to check with.
type Schema struct {
	root *node
	dict *value.Dict
}

// Compile checks a schema and makes it ready. Its mistakes are an [*Invalid].
func Compile(d *value.Dict) (*Schema, error) {
	if d == nil {
		return nil, errors.New("there is no schema")
	}
	if errs := metas().lax.Validate(d); len(errs) > 0 {
		return nil, &Invalid{Errs: errs}
	}
	return compile(d)
}

// CompileDraft4 is [Compile] for a schema of Draft 4 as it is: "required" is a list
// of names.
func CompileDraft4(d *value.Dict) (*Schema, error) {
	c := compiler{draft4: true, root: d, strict: metas().strict, nodes: map[*value.Dict]*node{}}
	root, err := c.node(d)
	if err != nil {
		return nil, err
	}
	return &Schema{root: root, dict: d}, nil
}

func compile(d *value.Dict) (*Schema, error) {
	c := compiler{root: d, strict: metas().strict, nodes: map[*value.Dict]*node{}}
	root, err := c.node(d)
	if err != nil {
		return nil, err
	}
	return &Schema{root: root, dict: d}, nil
}

// Dict returns the schema as it is written. It must not be changed.
func (s *Schema) Dict() *value.Dict { return s.dict }

// Validate returns all that is wrong with v, in the order of the schema.
func (s *Schema) Validate(v value.Value) []*Error {
	r := run{draft4: s.root.draft4}
	r.check(s.root, v)
	return r.errs
}

// Check returns what is most wrong with v as an [*Error], or nil.
func (s *Schema) Check(v value.Value) error {
	errs := s.Validate(v)
	if len(errs) == 0 {
		return nil
	}
	return Best(errs)
}

// An Error is one thing that is wrong with a value.
type Error struct {
	Path    []any // to the value: keys, and indices as ints
	Msg     string
	Keyword string // of the schema

	schemaPath []any
	apart      apart
	instance   value.Value
	schema     *value.Dict
	context    []*Error // of anyOf and oneOf: why none of them fits
	unexpected []value.Value
}

func (e *Error) Error() string { return e.Msg }

// Name returns the path as a.b[0], or "" for the value as a whole.
func (e *Error) Name() string {
	var b strings.Builder
	for _, step := range e.Path {
		if i, ok := step.(int); ok {
			fmt.Fprintf(&b, "[%d]", i)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(value.Str(step))
	}
	return b.String()
}

// SchemaPath returns the path in the schema to what the value does not fit: keys, and
// indices as ints. It ends with the keyword.
func (e *Error) SchemaPath() []any { return e.schemaPath }

// Unexpected returns the keys that an object must not have, and those that the
// schema knows by name, if that is what is wrong.
func (e *Error) Unexpected() (keys []value.Value, known []string) {
	if e.unexpected == nil {
		return nil, nil
	}
	v, _ := e.schema.Get("properties")
	if props, ok := v.(*value.Dict); ok {
		for name := range props.Texts() {
			known = append(known, name)
		}
	}
	return e.unexpected, known
}

// Alternatives returns why none of the schemas of anyOf and oneOf fits, if that is
// what is wrong.
func (e *Error) Alternatives() []*Error { return e.context }

// Explain returns the message with the schema and the value that do not agree,
// as the Python library prints it. Clients of the API show it.
func (e *Error) Explain() string {
	const indent = "    "
	schemaPath := e.schemaPath[e.apart.schemaPath:]
	if len(schemaPath) > 0 {
		schemaPath = schemaPath[:len(schemaPath)-1]
	}
	return e.Msg + "\n\nFailed validating " + value.Repr(e.Keyword) + " in " + asIndex("schema", schemaPath) + ":\n" + indent +
		indented(Pretty(e.schema, 72), indent) + "\n\nOn " + asIndex("instance", e.Path[e.apart.path:]) + ":\n" + indent +
		indented(Pretty(e.instance, 72), indent)
}

func indented(text, indent string) string { return strings.ReplaceAll(text, "\n", "\n"+indent) }

func asIndex(name string, path []any) string {
	var b strings.Builder
	b.WriteString(name)
	for _, step := range path {
		if i, ok := step.(int); ok {
			step = int64(i)
		}
		b.WriteString("[" + value.Repr(step) + "]")
	}
	return b.String()
}

// Invalid is a schema that is none.
type Invalid struct {
	Errs []*Error // what is wrong; the values are the schema
}

func (i *Invalid) Error() string { return Best(i.Errs).Msg }
