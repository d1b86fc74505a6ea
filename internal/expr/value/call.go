package value

import (
	"context"
	"strings"
)

// Args are the arguments of a call. They may be shared with other calls: who is
// called changes nothing in them, and copies Pos to keep it.
type Args struct {
	Name  string // of what is called, for messages
	Pos   []Value
	Named []Named
}

// Named is an argument that was given by name.
type Named struct {
	Name  string
	Value Value
}

// Callable is an object that can be called.
type Callable interface {
	Object
	Call(ctx context.Context, a *Args) (Value, error)
}

// Fn is the body of a function.
type Fn func(ctx context.Context, a *Args) (Value, error)

// Func is a function.
type Func struct {
	Name string
	Fn   Fn
}

// NewFunc returns a function.
func NewFunc(name string, fn Fn) *Func { return &Func{Name: name, Fn: fn} }

// TypeName implements [Object].
func (*Func) TypeName() string { return "function" }

// Call implements [Callable].
func (f *Func) Call(ctx context.Context, a *Args) (Value, error) { return f.Fn(ctx, a) }

// Str implements [Printer].
func (f *Func) Str() string { return f.Repr() }

// Repr implements [Printer].
func (f *Func) Repr() string { return "<function " + f.Name + " at 0x7f0000000000>" }

// absent is the type of [Absent].
type absent struct{}

// Absent stands for an argument that was not given, where [Args.Into] leaves
// it.
func Absent() Value { return absent{} }

// IsAbsent reports whether v is [Absent].
func IsAbsent(v Value) bool { _, ok := v.(absent); return ok }

// Into puts the arguments in order of the names into dst, which has one place a
// name, and [Absent] where none was given. The first required ones must be given.
func (a *Args) Into(dst []Value, required int, names ...string) error {
	if len(a.Pos) > len(names) {
		return TypeError.Errorf("%s() takes %s but %d %s given", a.Name, plural(len(names), required), len(a.Pos), were(len(a.Pos)))
	}
	n := copy(dst, a.Pos)
	for i := n; i < len(names); i++ {
		dst[i] = absent{}
	}
	for _, named := range a.Named {
		at := -1
		for i, name := range names {
			if name == named.Name {
				at = i
			}
		}
		if at < 0 {
			return TypeError.Errorf("%s() got an unexpected keyword argument '%s'", a.Name, named.Name)
		}
		if at < n {
			return TypeError.Errorf("%s() got multiple values for argument '%s'", a.Name, named.Name)
		}
		dst[at] = named.Value
	}
	var missing []string
	for i := range required {
		if IsAbsent(dst[i]) {
			missing = append(missing, "'"+names[i]+"'")
		}
	}
	if missing != nil {
		return TypeError.Errorf("%s() missing required %s: %s", a.Name, argumentWord(len(missing)), strings.Join(missing, ", "))
	}
	return nil
}

func argumentWord(n int) string {
	if n == 1 {
		return "argument"
	}
	return "arguments"
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func plural(n, required int) string {
	from := ""
	if required < n {
		from = "at most "
	}
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return from + "1 argument"
	}
	return from + itoa(n) + " arguments"
}

// None makes sure that there are no arguments.
func (a *Args) None() error {
	if len(a.Pos)+len(a.Named) > 0 {
		return TypeError.Errorf("%s() takes no arguments (%d given)", a.Name, len(a.Pos)+len(a.Named))
	}
	return nil
}

// Call calls v.
func Call(ctx context.Context, v Value, a *Args) (Value, error) {
	if c, ok := v.(Callable); ok {
		return c.Call(ctx, a)
	}
	return nil, TypeError.Errorf("'%s' object is not callable", TypeName(v))
}
