package jinja

import (
	"context"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

// UndefinedKind says what can be done with a name or an attribute that is not
// there.
type UndefinedKind uint8

const (
	// Strict can only be tested for whether it is defined. StackStorm's choice.
	Strict UndefinedKind = iota
	// Lenient prints as nothing, is empty and false, but has no attributes.
	Lenient
	// Chainable is Lenient, and its attributes are undefined, too.
	Chainable
	// Debug is Lenient and prints itself.
	Debug
)

// Undefined is the value of what is not there.
type Undefined struct {
	Kind  UndefinedKind
	name  value.Value // of the variable, or the key or attribute of obj
	obj   value.Value // what has no such attribute, if isAttr
	attr  bool
	hint  string // the whole message, if not ""
	class string // of the error; "" is UndefinedError
	near  string // a name that is there
	src   *source
	pos   int // where in src it turned out to be undefined
}

// at keeps the place, for the error that using the value will be.
func (u *Undefined) at(f *frame, pos int) *Undefined {
	u.src, u.pos = &f.tmpl.source, pos
	return u
}

// undefinedName is the value of a variable that is not there.
func (f *frame) undefinedName(name string) *Undefined {
	return &Undefined{Kind: f.rt.env.undefined, name: name, near: near.Name(name, f.known())}
}

// undefinedAttr is the value of an attribute or item that is not there.
func (f *frame) undefinedAttr(obj, name value.Value) *Undefined {
	u := &Undefined{Kind: f.rt.env.undefined, name: name, obj: obj, attr: true}
	if key, ok := name.(string); ok {
		u.near = near.Name(key, keysOf(obj))
	}
	return u
}

func (f *frame) undefinedHint(class, format string, args ...any) *Undefined {
	return &Undefined{Kind: f.rt.env.undefined, hint: fmt.Sprintf(format, args...), class: class}
}

func keysOf(obj value.Value) []string {
	d, ok := obj.(*value.Dict)
	if r, isRecord := obj.(*value.Record); isRecord {
		d, ok = r.Attrs, true
	}
	if !ok || d.Len() > 1000 {
		return nil
	}
	keys := make([]string, 0, d.Len())
	for k := range d.Texts() {
		keys = append(keys, k)
	}
	return keys
}

// Message says what is undefined, as Jinja does.
func (u *Undefined) Message() string {
	switch {
	case u.hint != "":
		return u.hint
	case !u.attr:
		return fmt.Sprintf("'%s' is undefined", value.Str(u.name))
	}
	what := "'" + objectType(u.obj) + "'"
	if name, ok := u.name.(string); ok {
		return fmt.Sprintf("%s has no attribute %s", what, value.Repr(name))
	}
	return fmt.Sprintf("%s has no element %s", objectType(u.obj), value.Repr(u.name))
}

func objectType(v value.Value) string {
	if v == nil {
		return "None"
	}
	return value.TypeName(v) + " object"
}

// err is what using the value fails with.
func (u *Undefined) err() error {
	e := &Error{Class: u.class, Msg: u.Message()}
	if e.Class == "" {
		e.Class = UndefinedError
	}
	if u.src != nil {
		e.locate(u.src, u.pos)
	}
	if u.near != "" {
		e.Hint = fmt.Sprintf("did you mean '%s'?", u.near)
	}
	return e
}

// Raise implements [value.Raiser].
func (u *Undefined) Raise() error {
	if u.Kind == Strict {
		return u.err()
	}
	return nil
}

// TypeName implements [value.Object].
func (u *Undefined) TypeName() string {
	switch u.Kind {
	case Strict:
		return "StrictUndefined"
	case Chainable:
		return "ChainableUndefined"
	case Debug:
		return "DebugUndefined"
	case Lenient:
	}
	return "Undefined"
}

// Truth implements [value.Truther].
func (u *Undefined) Truth() bool { return false }

// Str implements [value.Printer].
func (u *Undefined) Str() string {
	if u.Kind != Debug {
		return ""
	}
	switch {
	case u.hint != "":
		return "{{ undefined value printed: " + u.hint + " }}"
	case !u.attr:
		return "{{ " + value.Str(u.name) + " }}"
	}
	return fmt.Sprintf("{{ no such element: %s[%s] }}", objectType(u.obj), value.Repr(u.name))
}

// Repr implements [value.Printer].
func (u *Undefined) Repr() string { return "Undefined" }

// Len implements [value.Sized].
func (u *Undefined) Len() int { return 0 }

// EqualTo implements [value.Equaler].
func (u *Undefined) EqualTo(other value.Value) bool {
	o, ok := other.(*Undefined)
	return ok && o.Kind == u.Kind
}

// HashKey implements [value.Hasher].
func (u *Undefined) HashKey() (any, error) {
	if err := u.Raise(); err != nil {
		return nil, err
	}
	return u.Kind, nil
}

// Iter implements [value.Iterable].
func (u *Undefined) Iter(ctx context.Context) (value.Iterator, error) {
	if err := u.Raise(); err != nil {
		return nil, err
	}
	return value.Iter(ctx, value.Tuple{})
}

// Operate implements [value.Operand].
func (u *Undefined) Operate(value.Op, value.Value, bool) (value.Value, bool, error) {
	return nil, false, u.err()
}

// Unary implements [value.Unary].
func (u *Undefined) Unary(string) (value.Value, error) { return nil, u.err() }

// CompareTo implements [value.Orderer].
func (u *Undefined) CompareTo(value.Value) (int, bool, error) { return 0, false, u.err() }

// Int implements [value.Inter].
func (u *Undefined) Int() (value.Value, error) { return nil, u.err() }

// Float implements [value.Floater].
func (u *Undefined) Float() (float64, error) { return 0, u.err() }

// Call implements [value.Callable].
func (u *Undefined) Call(context.Context, *value.Args) (value.Value, error) { return nil, u.err() }

// GetAttr implements [value.Getter].
func (u *Undefined) GetAttr(context.Context, string) (value.Value, bool, error) {
	if u.Kind == Chainable {
		return u, true, nil
	}
	return nil, false, u.err()
}

// GetItem implements [value.Itemer].
func (u *Undefined) GetItem(context.Context, value.Value) (value.Value, bool, error) {
	if u.Kind == Chainable {
		return u, true, nil
	}
	return nil, false, u.err()
}
