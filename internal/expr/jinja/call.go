package jinja

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (x *callExpr) eval(f *frame) (value.Value, error) {
	if err := f.rt.spend(1); err != nil {
		return nil, f.fail(x.pos, err)
	}
	if attr, ok := x.fn.(*attrExpr); ok {
		return x.method(f, attr)
	}
	fn, err := x.fn.eval(f)
	if err != nil {
		return nil, err
	}
	name := ""
	if n, ok := x.fn.(*nameExpr); ok {
		name = n.name
	}
	return x.call(f, fn, name)
}

// method calls a method: one of a built-in type without making a value of it.
func (x *callExpr) method(f *frame, attr *attrExpr) (value.Value, error) {
	obj, err := attr.obj.eval(f)
	if err != nil {
		return nil, err
	}
	if _, ok := obj.(value.Getter); !ok && value.HasMethod(obj, attr.name) && !isFormat(attr.name) &&
		(f.mayMutate() || !mutates(obj, attr.name)) {
		args, err := f.arguments(&x.args, attr.name)
		if err != nil {
			return nil, err
		}
		if err := f.rt.spend(costOf(obj)); err != nil {
			return nil, f.fail(x.pos, err)
		}
		v, _, err := value.CallMethod(f.rt.ctx, obj, attr.name, args)
		if err == nil {
			err = f.rt.made(v)
		}
		if err != nil {
			return nil, f.fail(attr.pos, err)
		}
		return v, nil
	}
	fn, err := f.getAttr(obj, attr.name)
	if err != nil {
		return nil, f.fail(attr.pos, err)
	}
	return x.call(f, fn, attr.name)
}

func isFormat(name string) bool { return name == "format" || name == "format_map" }

func (x *callExpr) call(f *frame, fn value.Value, name string) (value.Value, error) {
	args, err := f.arguments(&x.args, name)
	if err != nil {
		return nil, err
	}
	v, err := f.call(fn, args)
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return v, nil
}

// call calls any value.
func (f *frame) call(fn value.Value, args *value.Args) (value.Value, error) {
	switch c := fn.(type) {
	case *macro:
		return c.invoke(f, args)
	case frameCaller:
		return c.callIn(f, args)
	case *value.Method:
		switch c.Self.(type) {
		case string, value.Markup:
			if isFormat(c.Name) && f.rt.env.sandbox != sandboxNone {
				return f.formatMethod(c, args)
			}
		}
		v, err := c.Call(f.rt.ctx, args)
		if err == nil {
			err = f.rt.made(v)
		}
		return v, err
	case value.Callable:
		v, err := c.Call(f.rt.ctx, args)
		if f.rt.owns && foreign(fn) {
			v = value.Copy(v)
		}
		return v, err
	}
	return nil, value.TypeError.Errorf("'%s' object is not callable", value.TypeName(fn))
}

// frameCaller is a function that needs to know where it is called.
type frameCaller interface {
	callIn(f *frame, args *value.Args) (value.Value, error)
}

func (f *frame) formatMethod(m *value.Method, args *value.Args) (value.Value, error) {
	if m.Name == "format_map" {
		if len(args.Pos) != 1 || len(args.Named) > 0 {
			return nil, value.TypeError.Errorf("format_map() takes exactly one argument %d given", len(args.Pos)+len(args.Named))
		}
		d, ok := args.Pos[0].(*value.Dict)
		if !ok {
			return nil, value.TypeError.Errorf("format_map() argument must be a dict")
		}
		args = &value.Args{Name: m.Name}
		for k, v := range d.Texts() {
			args.Named = append(args.Named, value.Named{Name: k, Value: v})
		}
	}
	v, err := f.formatText(m.Self, args)
	if err == nil {
		err = f.rt.made(v)
	}
	return v, err
}
