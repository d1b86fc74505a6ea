// Package pyyaml reads YAML as Python's yaml.safe_load does, and writes it as
// yaml.safe_dump does.
//
// Packs were written for PyYAML, which reads YAML 1.1 with rules of its own:
// "on" is true, 010 is eight, 1:30 is ninety, 1e3 is text, and of a key that is
// there twice the last one counts. No YAML library for Go reads like that, and
// none says in which column a mistake is, so this package has its own reader.
// It remembers where everything was written, for everyone who finds fault with
// it later. What is read is bounded: deep nesting and aliases that multiply are
// errors, not a machine without memory.
package pyyaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The bounds of a document. No pack comes near them.
const (
	maxDepth  = 500       // collections inside each other
	maxValues = 4_000_000 // values, counting what an alias stands for each time
)

// An Error says what is wrong with a text, and where.
type Error struct {
	Line, Column int // from 1; the column counts characters
	Msg          string
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Msg)
}

// Errors returns all mistakes in the error of [Parse] or [Unmarshal], in the
// order of the text.
func Errors(err error) []*Error {
	if l, ok := errors.AsType[list](err); ok {
		return l
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return []*Error{e}
	}
	return nil
}

// list is several mistakes as one error.
type list []*Error

func (l list) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// A Warning is about something that is read, but perhaps not meant.
type Warning struct {
	Line, Column int
	Msg          string
	Duplicate    bool        // it is about a key that is there twice
	Key          value.Value // that key
}

// A Document is a text that was read. It may be asked for places by one goroutine at
// a time.
type Document struct {
	Value    value.Value
	Warnings []Warning

	root *node
}

// Unmarshal returns the value of the one document in data.
func Unmarshal(data []byte) (value.Value, error) {
	doc, err := Parse(data)
	if err != nil {
		return nil, err
	}
	return doc.Value, nil
}

// Parse reads the one document in data. Nothing in data is the value nil. See
// [Errors] for what is in the error.
func Parse(data []byte) (*Document, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	p := parser{scan: scanner{src: text, allowKey: true, indent: -1}, anchors: map[string]*node{}}
	root, err := p.document()
	if err != nil {
		return nil, err
	}
	b := builder{left: maxValues}
	v := b.build(root)
	if len(b.errs) > 0 {
		return nil, list(b.errs)
	}
	return &Document{Value: v, Warnings: b.warnings, root: root}, nil
}
