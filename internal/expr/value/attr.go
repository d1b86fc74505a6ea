package value

import (
	"context"
	"math/big"
)

// method is the body of a method of a built-in type.
type method func(ctx context.Context, self Value, a *Args) (Value, error)

// methodOf returns the method of a value of a built-in type, or nil.
func methodOf(v Value, name string) method {
	switch v.(type) {
	case string:
		return strMethod(name)
	case Markup:
		return markupMethod(name)
	case *List:
		return listMethod(name)
	case *Dict:
		return dictMethod(name)
	case Tuple, *NamedTuple:
		return tupleMethod(name)
	case *Set:
		return setMethod(name)
	case int64, *big.Int, bool:
		return intMethod(name)
	case float64:
		return floatMethod(name)
	case complex128:
		return complexMethod(name)
	case Bytes:
		return bytesMethod(name)
	case DateTime, Date, TimeOfDay, TimeDelta:
		return timeMethod(v, name)
	case Range:
		return rangeMethod(name)
	case *View:
		return viewMethod(name)
	}
	return nil
}

// Attr returns the attribute of v with the name: a field, or a method bound to
// v. Names that begin with _ are never there, for v or any other value that is
// not made by a template.
func Attr(ctx context.Context, v Value, name string) (Value, bool, error) {
	if name == "" || name[0] == '_' {
		if n, ok := v.(*NamedTuple); ok {
			return n.GetAttr(ctx, name)
		}
		return nil, false, nil
	}
	if g, ok := v.(Getter); ok {
		if a, ok, err := g.GetAttr(ctx, name); ok || err != nil {
			return a, ok, err
		}
	}
	if a, ok := field(v, name); ok {
		return a, true, nil
	}
	if m := methodOf(v, name); m != nil {
		return &Method{Self: v, Name: name, fn: m}, true, nil
	}
	return nil, false, nil
}

// CallMethod calls a method of a built-in type without making a value of it. The
// bool is whether there is such a method.
func CallMethod(ctx context.Context, v Value, name string, a *Args) (Value, bool, error) {
	m := methodOf(v, name)
	if m == nil {
		return nil, false, nil
	}
	out, err := m(ctx, v, a)
	return out, true, err
}

// HasMethod reports whether v is of a built-in type that has the method.
func HasMethod(v Value, name string) bool { return methodOf(v, name) != nil }

// Method is a method of a built-in type that is bound to a value.
type Method struct {
	Self Value
	Name string
	fn   method
}

// TypeName implements [Object].
func (*Method) TypeName() string { return "builtin_function_or_method" }

// Call implements [Callable].
func (m *Method) Call(ctx context.Context, a *Args) (Value, error) {
	named := Args{Name: m.Name, Pos: a.Pos, Named: a.Named}
	return m.fn(ctx, m.Self, &named)
}

// Str implements [Printer].
func (m *Method) Str() string { return m.Repr() }

// Repr implements [Printer].
func (m *Method) Repr() string {
	return "<built-in method " + m.Name + " of " + TypeName(m.Self) + " object at 0x7f0000000000>"
}

// EqualTo implements [Equaler].
func (m *Method) EqualTo(other Value) bool {
	o, ok := other.(*Method)
	return ok && m.Name == o.Name && comparable2(m.Self) && comparable2(o.Self) && m.Self == o.Self
}

// field returns attributes of built-in types that are no methods.
func field(v Value, name string) (Value, bool) {
	switch v := v.(type) {
	case int64, *big.Int, bool:
		switch name {
		case "real", "numerator":
			return plainInt(v), true
		case "imag":
			return int64(0), true
		case "denominator":
			return int64(1), true
		}
	case float64:
		switch name {
		case "real":
			return v, true
		case "imag":
			return 0.0, true
		}
	case complex128:
		switch name {
		case "real":
			return real(v), true
		case "imag":
			return imag(v), true
		}
	case Range:
		switch name {
		case "start":
			return v.Start, true
		case "stop":
			return v.Stop, true
		case "step":
			return v.Step, true
		}
	case DateTime, Date, TimeOfDay, TimeDelta:
		return timeField(v, name)
	}
	return nil, false
}
