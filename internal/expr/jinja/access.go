package jinja

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// getAttr returns obj.name: an attribute, or else an item of that key.
func (f *frame) getAttr(obj value.Value, name string) (value.Value, error) {
	if d, ok := obj.(*value.Dict); ok {
		if v, ok := d.Get(name); ok && !value.HasMethod(d, name) && (name[0] != '_' || !isInternal(d, name)) {
			return v, nil
		}
	}
	v, ok, err := f.attribute(obj, name)
	if ok || err != nil {
		return v, err
	}
	switch o := obj.(type) {
	case *value.Dict:
		if v, ok := o.Get(name); ok {
			return v, nil
		}
	case value.Itemer:
		if v, ok, err := o.GetItem(f.rt.ctx, name); ok || err != nil {
			return v, err
		}
	}
	return f.undefinedAttr(obj, name), nil
}

// attribute returns what getattr(obj, name) would, as far as the sandbox lets
// templates see it.
func (f *frame) attribute(obj value.Value, name string) (value.Value, bool, error) {
	if name != "" && name[0] == '_' {
		return f.internal(obj, name)
	}
	if !f.mayMutate() && mutates(obj, name) {
		return f.unsafe(obj, name), true, nil
	}
	v, ok, err := value.Attr(f.rt.ctx, obj, name)
	if f.rt.owns && foreign(obj) {
		v = value.Copy(v)
	}
	return v, ok, err
}

// internal is attribute for names that begin with an underscore: a sandbox keeps
// them, but for those that a template made itself.
func (f *frame) internal(obj value.Value, name string) (value.Value, bool, error) {
	if ns, ok := obj.(*namespace); ok {
		return ns.GetAttr(f.rt.ctx, name)
	}
	sandboxed := f.rt.env.sandbox != sandboxNone
	inside := isInternal(obj, name)
	if sandboxed && inside {
		return f.unsafe(obj, name), true, nil
	}
	if u, ok := obj.(*Undefined); ok && name == "_undefined_name" {
		return u.name, true, nil
	}
	if g, ok := obj.(value.Getter); ok && !inside {
		v, ok, err := g.GetAttr(f.rt.ctx, name)
		if err != nil {
			return nil, false, err
		}
		_, undefined := obj.(*Undefined)
		_, lazy := obj.(value.Lazy)
		switch {
		case ok && (!sandboxed || undefined || lazy):
			return v, true, nil
		case ok:
			return f.unsafe(obj, name), true, nil
		}
	}
	if inside && name == "__class__" {
		return class(value.TypeName(obj)), true, nil
	}
	if c, ok := obj.(class); ok && name == "__name__" {
		return string(c), true, nil
	}
	return nil, false, nil
}

// class is a type of Python, of which only the name can be seen.
type class string

// TypeName implements [value.Object].
func (class) TypeName() string { return "type" }

// Str implements [value.Printer].
func (c class) Str() string { return c.Repr() }

// Repr implements [value.Printer].
func (c class) Repr() string { return "<class '" + string(c) + "'>" }

func (f *frame) unsafe(obj value.Value, name string) *Undefined {
	return f.undefinedHint(SecurityError, "access to attribute '%s' of '%s' object is unsafe.", name, value.TypeName(obj))
}

// isInternal reports whether obj would have the attribute in Python.
func isInternal(obj value.Value, name string) bool {
	switch name {
	case "__class__", "__doc__", "__init__", "__new__", "__repr__", "__str__", "__hash__", "__eq__", "__ne__", "__lt__",
		"__le__", "__gt__", "__ge__", "__getattribute__", "__setattr__", "__delattr__", "__reduce__", "__reduce_ex__",
		"__sizeof__", "__dir__", "__format__", "__subclasshook__", "__init_subclass__":
		return true
	case "__name__", "__qualname__", "__module__":
		switch obj.(type) {
		case class, value.Callable:
			return true
		}
	case "__call__", "__self__", "__globals__", "__code__", "__closure__", "__defaults__", "__dict__", "__get__":
		_, ok := obj.(value.Callable)
		return ok
	case "__len__", "__getitem__", "__contains__", "__iter__", "__add__", "__mul__", "__rmul__", "__mod__", "__rmod__",
		"__setitem__", "__delitem__", "__reversed__", "__or__", "__ior__", "__class_getitem__", "__iadd__", "__imul__":
		switch obj.(type) {
		case *value.Dict, *value.List, value.Tuple, *value.NamedTuple, string, value.Markup, *value.Set, value.Bytes, value.Range:
			return true
		}
	case "__bases__", "__base__", "__mro__", "__subclasses__":
		_, ok := obj.(class)
		return ok
	case "_undefined_name", "_undefined_hint", "_undefined_obj", "_undefined_exception", "_fail_with_undefined_error":
		_, ok := obj.(*Undefined)
		return ok
	case "_asdict", "_fields", "_make", "_replace", "_field_defaults":
		_, ok := obj.(*value.NamedTuple)
		return ok
	}
	return false
}

// getItem returns obj[key]: an item, or else an attribute if the key is text.
func (f *frame) getItem(obj, key value.Value) (value.Value, error) {
	switch o := obj.(type) {
	case *value.Dict:
		if k, ok := key.(string); ok {
			if v, ok := o.Get(k); ok {
				return v, nil
			}
		}
	case *value.List:
		if i, ok := key.(int64); ok && i >= 0 && i < int64(len(o.Items)) {
			return o.Items[i], nil
		}
	}
	if u, ok := key.(*Undefined); ok {
		if err := u.Raise(); err != nil {
			return nil, err
		}
	}
	v, err := value.Index(f.rt.ctx, obj, key)
	if err == nil {
		return v, nil
	}
	if !value.IsClass(err, value.KeyError, value.IndexError, value.TypeError, value.AttributeError, value.LookupError) {
		return nil, err
	}
	if name, ok := key.(string); ok && name != "" {
		v, ok, err := f.attribute(obj, name)
		if ok || err != nil {
			return v, err
		}
	}
	return f.undefinedAttr(obj, key), nil
}

// formatText is str.format with the attributes that templates see.
func (f *frame) formatText(format value.Value, args *value.Args) (value.Value, error) {
	return value.FormatLookup(f.rt.ctx, format, args, value.Lookup{
		Attr: func(_ context.Context, v value.Value, name string) (value.Value, error) { return f.getAttr(v, name) },
		Item: func(_ context.Context, v, key value.Value) (value.Value, error) { return f.getItem(v, key) },
	})
}
