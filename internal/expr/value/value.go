// Package value holds the values of the expression languages as Python has
// them: what they print, when they are equal, how they add up.
//
// Both languages, the parameters of actions, the payloads of events and the
// criteria of rules speak in these values, so that one value means the same
// everywhere. A value that is shared is not changed: whoever wants to change a
// container that it did not make copies it first.
package value

import (
	"context"
	"math/big"
)

// A Value is one of
//
//	nil         None
//	bool        True and False
//	int64       an int
//	*big.Int    an int that int64 does not hold
//	float64     a float
//	complex128  a complex
//	string      a str, always valid UTF-8
//	Bytes       bytes
//	*List       a list
//	Tuple       a tuple
//	*Dict       a dict, in the order of insertion
//	*Set        a set
//
// and of the further types of this package and of the languages, each of which
// implements [Object].
type Value = any

// Object is a value of a further type. It does what it can by implementing
// [Getter], [Itemer], [Iterable], [Sized], [Truther], [Printer], [Equaler],
// [Hasher] or [Callable].
type Object interface {
	// TypeName is what Python's type(x).__name__ would be.
	TypeName() string
}

// Getter is an object with attributes. An attribute that is not there is no
// error; the error is for a look-up that failed.
type Getter interface {
	GetAttr(ctx context.Context, name string) (Value, bool, error)
}

// Itemer is an object with items, as in x[key].
type Itemer interface {
	GetItem(ctx context.Context, key Value) (Value, bool, error)
}

// Truther is an object that can be false.
type Truther interface {
	Truth() bool
}

// Sized is an object with a length.
type Sized interface {
	Len() int
}

// Printer is an object that prints itself. Repr is what it looks like inside a
// list.
type Printer interface {
	Str() string
	Repr() string
}

// Equaler is an object that can be equal to others than itself.
type Equaler interface {
	EqualTo(other Value) bool
}

// Hasher is an object that can be a key of a dict although it is not compared
// by identity. Its hash key is comparable in the sense of Go, and of a type of
// its own unless it is equal to a value of another type.
type Hasher interface {
	HashKey() (any, error)
}

// Lazy is an object that stands for a value that is looked up when it is
// needed, such as a key of the datastore.
type Lazy interface {
	Force(ctx context.Context) (Value, error)
}

// JSONAppender is an object that knows how it looks in JSON.
type JSONAppender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// List is a list. It is a pointer type so that append and the like are seen by
// everyone who holds the list, as in Python.
type List struct {
	Items []Value
}

// NewList returns a list of items, which it keeps.
func NewList(items ...Value) *List { return &List{Items: items} }

// Len returns the number of items.
func (l *List) Len() int { return len(l.Items) }

// Tuple is a list that does not change.
type Tuple []Value

// Bytes is a bytes object.
type Bytes []byte

// Markup is text that is safe to put into HTML as it is.
type Markup string

// TypeName implements [Object].
func (Markup) TypeName() string { return "Markup" }

// NamedTuple is a tuple whose items have names, too.
type NamedTuple struct {
	Class  string
	Fields []string
	Items  Tuple
	Plain  bool // prints as a tuple without names
}

// TypeName implements [Object].
func (n *NamedTuple) TypeName() string { return n.Class }

// GetAttr implements [Getter].
func (n *NamedTuple) GetAttr(_ context.Context, name string) (Value, bool, error) {
	for i, f := range n.Fields {
		if f == name && i < len(n.Items) {
			return n.Items[i], true, nil
		}
	}
	return nil, false, nil
}

// Record is a thing with attributes and nothing else.
type Record struct {
	Class string
	Attrs *Dict
}

// TypeName implements [Object].
func (r *Record) TypeName() string { return r.Class }

// GetAttr implements [Getter].
func (r *Record) GetAttr(_ context.Context, name string) (Value, bool, error) {
	v, ok := r.Attrs.Get(name)
	return v, ok, nil
}

// Int returns n as a value: an int64 where that is enough.
func Int(n *big.Int) Value {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// TypeName returns the name of the type of v as Python has it.
func TypeName(v Value) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case complex128:
		return "complex"
	case string:
		return "str"
	case Bytes:
		return "bytes"
	case *List:
		return "list"
	case Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case Object:
		return v.TypeName()
	}
	return "object"
}

// Truth reports whether v counts as true.
func Truth(v Value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case *big.Int:
		return v.Sign() != 0
	case float64:
		return v != 0
	case complex128:
		return v != 0
	case string:
		return v != ""
	case Bytes:
		return len(v) > 0
	case *List:
		return len(v.Items) > 0
	case Tuple:
		return len(v) > 0
	case *Dict:
		return v.Len() > 0
	case Markup:
		return v != ""
	case *NamedTuple:
		return len(v.Items) > 0
	case Truther:
		return v.Truth()
	case Sized:
		return v.Len() > 0
	}
	return true
}
