package jinja

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// operand evaluates x where its value is worked with: a value that is looked up
// lazily is looked up now.
func (f *frame) operand(x expr) (value.Value, error) {
	v, err := x.eval(f)
	if err != nil {
		return nil, err
	}
	if l, ok := v.(value.Lazy); ok {
		if v, err = l.Force(f.rt.ctx); err != nil {
			return nil, f.fail(x.at(), err)
		}
	}
	return v, nil
}

// truth evaluates x as a condition.
func (f *frame) truth(x expr) (bool, error) {
	v, err := f.operand(x)
	if err != nil {
		return false, err
	}
	if b, ok := v.(bool); ok {
		return b, nil
	}
	if r, ok := v.(value.Raiser); ok {
		if err := r.Raise(); err != nil {
			return false, f.fail(x.at(), err)
		}
	}
	return value.Truth(v), nil
}

func (x *literal) eval(*frame) (value.Value, error) { return x.val, nil }

func (x *nameExpr) eval(f *frame) (value.Value, error) {
	if err := f.rt.spend(1); err != nil {
		return nil, f.fail(x.pos, err)
	}
	if v, ok := f.lookup(x.name); ok {
		return v, nil
	}
	return f.undefinedName(x.name).at(f, x.pos), nil
}

// placed gives a new undefined value the place where it arose.
func (f *frame) placed(v value.Value, pos int) value.Value {
	if u, ok := v.(*Undefined); ok && u.src == nil {
		u.at(f, pos)
	}
	return v
}

func (f *frame) evalAll(items []expr) ([]value.Value, error) {
	out := make([]value.Value, len(items))
	for i, x := range items {
		v, err := x.eval(f)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, f.rt.use(16 * len(items))
}

func (x *tupleExpr) eval(f *frame) (value.Value, error) {
	items, err := f.evalAll(x.items)
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return value.Tuple(items), nil
}

func (x *listExpr) eval(f *frame) (value.Value, error) {
	items, err := f.evalAll(x.items)
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return value.NewList(items...), nil
}

func (x *dictExpr) eval(f *frame) (value.Value, error) {
	d := value.NewDictCap(len(x.keys))
	for i := range x.keys {
		k, err := f.operand(x.keys[i])
		if err != nil {
			return nil, err
		}
		v, err := x.vals[i].eval(f)
		if err != nil {
			return nil, err
		}
		if err := d.SetKey(k, v); err != nil {
			return nil, f.fail(x.keys[i].at(), err)
		}
	}
	if err := f.rt.made(d); err != nil {
		return nil, f.fail(x.pos, err)
	}
	return d, nil
}

func (x *condExpr) eval(f *frame) (value.Value, error) {
	ok, err := f.truth(x.test)
	if err != nil {
		return nil, err
	}
	if ok {
		return x.yes.eval(f)
	}
	if x.no != nil {
		return x.no.eval(f)
	}
	var where Error
	where.locate(&f.tmpl.source, x.pos)
	u := f.undefinedHint("", "the inline if-expression on line %d evaluated to false and no else section was defined.", where.Line)
	if u.Kind == Strict { // an else that is left out is nothing, not a mistake
		u.Kind = Lenient
	}
	return u.at(f, x.pos), nil
}

func (x *binExpr) eval(f *frame) (value.Value, error) {
	if err := f.rt.spend(1); err != nil {
		return nil, f.fail(x.pos, err)
	}
	a, err := f.operand(x.a)
	if err != nil {
		return nil, err
	}
	b, err := f.operand(x.b)
	if err != nil {
		return nil, err
	}
	v, err := value.Binary(x.op, a, b)
	if err == nil {
		err = f.rt.made(v)
	}
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return v, nil
}

func (x *concatExpr) eval(f *frame) (value.Value, error) {
	var b strings.Builder
	safe := false
	parts := make([]value.Value, len(x.parts))
	for i, p := range x.parts {
		v, err := f.operand(p)
		if err != nil {
			return nil, err
		}
		switch v.(type) {
		case value.Markup, value.HTMLer:
			safe = f.rt.autoescape
		}
		parts[i] = v
	}
	for i, v := range parts {
		var s string
		var err error
		if safe {
			var m value.Markup
			m, err = escapeValue(v)
			s = string(m)
		} else {
			s, err = value.ToStr(v)
		}
		if err == nil {
			err = f.rt.use(len(s))
		}
		if err != nil {
			return nil, f.fail(x.parts[i].at(), err)
		}
		b.WriteString(s)
	}
	if safe {
		return value.Markup(b.String()), nil
	}
	return b.String(), nil
}

func (x *logicExpr) eval(f *frame) (value.Value, error) {
	a, err := f.operand(x.a)
	if err != nil {
		return nil, err
	}
	if r, ok := a.(value.Raiser); ok {
		if err := r.Raise(); err != nil {
			return nil, f.fail(x.a.at(), err)
		}
	}
	if value.Truth(a) != x.and {
		return a, nil
	}
	return x.b.eval(f)
}

func (x *notExpr) eval(f *frame) (value.Value, error) {
	ok, err := f.truth(x.x)
	return !ok, err
}

func (x *unaryExpr) eval(f *frame) (value.Value, error) {
	v, err := f.operand(x.x)
	if err != nil {
		return nil, err
	}
	if x.op == '-' {
		v, err = value.Neg(v)
	} else {
		v, err = value.Pos(v)
	}
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return v, nil
}

func (x *compareExpr) eval(f *frame) (value.Value, error) {
	if err := f.rt.spend(1); err != nil {
		return nil, f.fail(x.pos, err)
	}
	a, err := f.operand(x.first)
	if err != nil {
		return nil, err
	}
	for i := range x.ops {
		c := &x.ops[i]
		b, err := f.operand(c.x)
		if err != nil {
			return nil, err
		}
		ok, err := f.compare(c.op, a, b)
		if err != nil {
			return nil, f.fail(c.pos, err)
		}
		if !ok {
			return false, nil
		}
		a = b
	}
	return true, nil
}

// compare does one comparison.
func (f *frame) compare(op string, a, b value.Value) (bool, error) {
	switch op {
	case "==", "!=":
		if err := raises(a, b); err != nil {
			return false, err
		}
		return value.Equal(a, b) == (op == "=="), nil
	case "in", "not in":
		if err := raises(b); err != nil {
			return false, err
		}
		if n, err := value.Len(b); err == nil && n > 0 {
			if err := raises(a); err != nil {
				return false, err
			}
			if err := f.rt.spend(costOf(b)); err != nil {
				return false, err
			}
		}
		ok, err := value.Contains(f.rt.ctx, b, a)
		return ok == (op == "in"), err
	}
	if u, ok := b.(*Undefined); ok {
		return false, u.err()
	}
	n, err := value.CompareOp(op, a, b)
	if err != nil || n > 1 || n < -1 {
		return false, err
	}
	switch op {
	case "<":
		return n < 0, nil
	case "<=":
		return n <= 0, nil
	case ">":
		return n > 0, nil
	default:
		return n >= 0, nil
	}
}

// raises returns the error of values that cannot even be compared.
func raises(vals ...value.Value) error {
	for _, v := range vals {
		if r, ok := v.(value.Raiser); ok {
			if err := r.Raise(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *attrExpr) eval(f *frame) (value.Value, error) {
	if err := f.rt.spend(1); err != nil {
		return nil, f.fail(x.pos, err)
	}
	obj, err := x.obj.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := f.getAttr(obj, x.name)
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return f.placed(v, x.pos), nil
}

func (x *itemExpr) eval(f *frame) (value.Value, error) {
	if err := f.rt.spend(1); err != nil {
		return nil, f.fail(x.pos, err)
	}
	obj, err := x.obj.eval(f)
	if err != nil {
		return nil, err
	}
	key, err := f.operand(x.key)
	if err != nil {
		return nil, err
	}
	v, err := f.getItem(obj, key)
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return f.placed(v, x.pos), nil
}

func (x *sliceExpr) eval(f *frame) (value.Value, error) {
	obj, err := f.operand(x.obj)
	if err != nil {
		return nil, err
	}
	var parts [3]value.Value
	for i, part := range []expr{x.start, x.stop, x.step} {
		if part == nil {
			continue
		}
		if parts[i], err = f.operand(part); err != nil {
			return nil, err
		}
	}
	if u, ok := obj.(*Undefined); ok {
		if u.Kind == Chainable {
			return u, nil
		}
		return nil, f.fail(x.pos, u.err())
	}
	v, err := value.Slice(obj, parts[0], parts[1], parts[2])
	if err == nil {
		err = f.rt.made(v)
	}
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return v, nil
}

func (x *filterExpr) eval(f *frame) (value.Value, error) {
	in, err := f.operand(x.in)
	if err != nil {
		return nil, err
	}
	return x.apply(f, in)
}

// apply filters a value.
func (x *filterExpr) apply(f *frame, in value.Value) (value.Value, error) {
	if x.fn == nil {
		return nil, f.fail(x.pos, errorf(RuntimeError, "No filter named '%s' found.", x.name))
	}
	args, err := f.arguments(&x.args, x.name)
	if err != nil {
		return nil, err
	}
	v, err := f.filter(x.fn, in, args)
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return v, nil
}

// filter calls a filter and counts what it takes.
func (f *frame) filter(fn filterFn, in value.Value, args *value.Args) (value.Value, error) {
	if err := f.rt.spend(1 + costOf(in)); err != nil {
		return nil, err
	}
	v, err := fn(f, in, args)
	if err != nil {
		return nil, err
	}
	if n := sizeOf(v); n > 0 && n != sizeOf(in) {
		err = f.rt.use(n)
	}
	return v, err
}

func (x *testExpr) eval(f *frame) (value.Value, error) {
	in, err := f.operand(x.in)
	if err != nil {
		return nil, err
	}
	if x.fn == nil {
		return nil, f.fail(x.pos, errorf(RuntimeError, "No test named '%s' found.", x.name))
	}
	args, err := f.arguments(&x.args, x.name)
	if err != nil {
		return nil, err
	}
	if err := f.rt.spend(1 + costOf(in)); err != nil {
		return nil, f.fail(x.pos, err)
	}
	ok, err := x.fn(f, in, args)
	if err != nil {
		return nil, f.fail(x.pos, err)
	}
	return ok, nil
}

// arguments evaluates the arguments of a call of name.
func (f *frame) arguments(a *arguments, name string) (*value.Args, error) {
	if a.static != nil {
		return a.static, nil
	}
	args := &value.Args{Name: name, Pos: make([]value.Value, 0, len(a.pos))}
	for _, x := range a.pos {
		v, err := f.operand(x)
		if err != nil {
			return nil, err
		}
		args.Pos = append(args.Pos, v)
	}
	for _, n := range a.named {
		v, err := f.operand(n.x)
		if err != nil {
			return nil, err
		}
		args.Named = append(args.Named, value.Named{Name: n.name, Value: v})
	}
	if a.rest != nil {
		if err := f.spread(args, a.rest); err != nil {
			return nil, f.fail(a.rest.at(), err)
		}
	}
	if a.more != nil {
		if err := f.spreadNamed(args, a.more); err != nil {
			return nil, f.fail(a.more.at(), err)
		}
	}
	return args, nil
}

func (f *frame) spread(args *value.Args, x expr) error {
	v, err := f.operand(x)
	if err != nil {
		return err
	}
	items, err := value.Items(f.rt.ctx, v)
	if err != nil {
		return err
	}
	args.Pos = append(args.Pos, items...)
	return f.rt.use(16 * len(items))
}

func (f *frame) spreadNamed(args *value.Args, x expr) error {
	v, err := f.operand(x)
	if err != nil {
		return err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return value.TypeError.Errorf("%s() argument after ** must be a mapping, not %s", args.Name, value.TypeName(v))
	}
	for k, item := range d.All() {
		name, ok := k.(string)
		if !ok {
			return value.TypeError.Errorf("keywords must be strings")
		}
		for _, n := range args.Named {
			if n.Name == name {
				return value.TypeError.Errorf("%s() got multiple values for keyword argument '%s'", args.Name, name)
			}
		}
		args.Named = append(args.Named, value.Named{Name: name, Value: item})
	}
	return f.rt.use(32 * d.Len())
}
