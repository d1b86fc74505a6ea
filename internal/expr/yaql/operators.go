package yaql

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

func noMatch(name string) error {
	return errorf(NoMatchError, `No function "%s" matches supplied arguments`, name)
}

func isNumber(v value.Value) bool {
	switch v.(type) {
	case int64, float64:
		return true
	case bool:
		return false
	}
	_, ok := value.Big(v)
	return ok
}

// isInt reports whether v is an int; true and false are.
func isInt(v value.Value) bool {
	_, ok := value.Big(v)
	return ok
}

// unary evaluates -x, +x and not x.
func (ev *evaluator) unary(op string, v value.Value) (value.Value, error) {
	switch d, isSpan := v.(value.TimeDelta); {
	case op == "not":
		return !truth(v), nil
	case op == "-" && isNumber(v):
		return value.Neg(v)
	case op == "+" && isNumber(v):
		return value.Pos(v)
	case op == "-" && isSpan:
		return -d, nil
	case op == "+" && isSpan:
		return d, nil
	}
	return nil, noMatch("#unary_operator_" + op)
}

// operate evaluates an operator between two values.
func (ev *evaluator) operate(op string, a, b value.Value) (value.Value, error) {
	switch op {
	case "=":
		return equal(a, b), ev.compared(a)
	case "!=":
		return !equal(a, b), ev.compared(a)
	case "<", "<=", ">", ">=":
		return ev.compare(op, a, b)
	case "in":
		return ev.in(a, b)
	case "=~", "!~":
		return matchOperator(op, a, b)
	}
	v, err := ev.arithmetic(op, a, b)
	if err == nil {
		switch v.(type) {
		case int64, float64, *gen:
		default:
			err = ev.made(v)
		}
	}
	return v, err
}

// compared counts the work of comparing a container.
func (ev *evaluator) compared(v value.Value) error {
	if n, ok := length(v); ok {
		return ev.spend(n >> 2)
	}
	return nil
}

func (ev *evaluator) compare(op string, a, b value.Value) (value.Value, error) {
	switch {
	case a == nil || b == nil:
		switch op {
		case "<":
			return a == nil && b != nil, nil
		case "<=":
			return a == nil, nil
		case ">":
			return a != nil, nil
		}
		return b == nil, nil
	case isNumber(a) && isNumber(b):
	case isSet(a) && isSet(b):
		var err error
		if a, err = asSet(a); err != nil {
			return nil, err
		}
		if b, err = asSet(b); err != nil {
			return nil, err
		}
	default:
		if _, ok := a.(string); ok {
			if _, ok := b.(string); ok {
				break
			}
		}
		if _, ok := a.(value.TimeDelta); ok {
			if _, ok := b.(value.TimeDelta); ok {
				break
			}
		}
		x, okA := a.(value.DateTime)
		y, okB := b.(value.DateTime)
		if !okA || !okB {
			return nil, noMatch("#operator_" + op)
		}
		a, b = aware(x), aware(y)
	}
	c, err := value.CompareOp(op, a, b)
	if err != nil {
		return nil, err
	}
	switch op {
	case "<":
		return c == -1, nil
	case "<=":
		return c == -1 || c == 0, nil
	case ">":
		return c == 1, nil
	}
	return c == 0 || c == 1, nil
}

func asSet(v value.Value) (*value.Set, error) {
	s, err := setOf(v)
	if s == nil && err == nil {
		s = &value.Set{}
	}
	return s, err
}

func (ev *evaluator) arithmetic(op string, a, b value.Value) (value.Value, error) {
	if isNumber(a) && isNumber(b) {
		switch op {
		case "mod":
			return value.Binary(value.Mod, a, b)
		case "/":
			if isInt(a) && isInt(b) {
				return value.Binary(value.FloorDiv, a, b)
			}
		}
		return value.Binary(value.Op(op), a, b)
	}
	var v value.Value
	var ok bool
	var err error
	switch op {
	case "+":
		v, ok, err = ev.add(a, b)
	case "-":
		v, ok, err = subtract(a, b)
	case "*":
		v, ok, err = ev.multiply(a, b)
	case "/":
		v, ok, err = divide(a, b)
	}
	if err == nil && !ok {
		err = noMatch("#operator_" + op)
	}
	return v, err
}

func (ev *evaluator) add(a, b value.Value) (value.Value, bool, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			v, err := value.Binary(value.Add, x, y)
			return v, true, err
		}
		return nil, false, nil
	case value.TimeDelta:
		switch y := b.(type) {
		case value.TimeDelta:
			v, err := value.Binary(value.Add, x, y)
			return v, true, err
		case value.DateTime:
			v, err := value.Binary(value.Add, aware(y), x)
			return v, true, err
		}
		return nil, false, nil
	case value.DateTime:
		if y, ok := b.(value.TimeDelta); ok {
			v, err := value.Binary(value.Add, aware(x), y)
			return v, true, err
		}
		return nil, false, nil
	}
	if x, ok := asDict(a); ok {
		if y, ok := asDict(b); ok {
			d := x.Clone()
			d.Update(y)
			return d, true, nil
		}
	}
	if !ev.iterable(a) || !ev.iterable(b) {
		return nil, false, nil
	}
	v, err := ev.join(a, b)
	return v, true, err
}

// join concatenates two sequences.
func (ev *evaluator) join(a, b value.Value) (value.Value, error) {
	for _, v := range []value.Value{a, b} {
		if _, err := ev.limited(v); err != nil {
			return nil, err
		}
	}
	if isTuple(a) && isTuple(b) {
		x, _ := asItems(a)
		y, _ := asItems(b)
		if err := ev.use(16 * (len(x) + len(y))); err != nil {
			return nil, err
		}
		return append(append(make(value.Tuple, 0, len(x)+len(y)), x...), y...), nil
	}
	if x, ok := a.(*value.Set); ok {
		if y, ok := b.(*value.Set); ok {
			return newSet(append(x.Items(), y.Items()...))
		}
	}
	return ev.chain(a, b), nil
}

// chain goes through sequences one after the other.
func (ev *evaluator) chain(all ...value.Value) value.Value {
	var it iterator
	return ev.gen(func() (value.Value, bool, error) {
		for {
			if it != nil {
				v, ok, err := it.next()
				if ok || err != nil {
					return v, ok, err
				}
				it = nil
			}
			if len(all) == 0 {
				return nil, false, nil
			}
			var err error
			if it, err = ev.iter(all[0]); err != nil {
				return nil, false, err
			}
			all = all[1:]
		}
	})
}

func subtract(a, b value.Value) (value.Value, bool, error) {
	switch x := a.(type) {
	case value.TimeDelta:
		if y, ok := b.(value.TimeDelta); ok {
			v, err := value.Binary(value.Sub, x, y)
			return v, true, err
		}
	case value.DateTime:
		switch y := b.(type) {
		case value.TimeDelta:
			v, err := value.Binary(value.Sub, aware(x), y)
			return v, true, err
		case value.DateTime:
			v, err := value.Binary(value.Sub, aware(x), aware(y))
			return v, true, err
		}
	}
	if isSet(a) && isSet(b) {
		v, err := setDifference(a, b)
		return v, true, err
	}
	return nil, false, nil
}

func (ev *evaluator) multiply(a, b value.Value) (value.Value, bool, error) {
	if x, ok := a.(value.TimeDelta); ok && isNumber(b) {
		v, err := scale(value.Mul, x, b)
		return v, true, err
	}
	if y, ok := b.(value.TimeDelta); ok && isNumber(a) {
		v, err := scale(value.Mul, y, a)
		return v, true, err
	}
	if isInt(a) {
		a, b = b, a
	}
	if !isInt(b) {
		return nil, false, nil
	}
	switch x := a.(type) {
	case string:
		v, err := value.Binary(value.Mul, x, b)
		return v, true, err
	case *pyList:
		v, err := value.Binary(value.Mul, value.Tuple(x.items), b)
		if t, ok := v.(value.Tuple); ok {
			return &pyList{t}, true, err
		}
		return nil, true, err
	}
	if items, ok := asItems(a); ok {
		v, err := value.Binary(value.Mul, value.Tuple(items), b)
		return v, true, err
	}
	return nil, false, nil
}

func divide(a, b value.Value) (value.Value, bool, error) {
	x, ok := a.(value.TimeDelta)
	if !ok {
		return nil, false, nil
	}
	if y, ok := b.(value.TimeDelta); ok {
		if y == 0 {
			return nil, false, value.ZeroDivisionError.Errorf("float division by zero")
		}
		return float64(x) / float64(y), true, nil
	}
	if isNumber(b) {
		v, err := scale(value.Div, x, b)
		return v, true, err
	}
	return nil, false, nil
}

// in evaluates a in b.
func (ev *evaluator) in(a, b value.Value) (value.Value, error) {
	if s, ok := b.(string); ok {
		part, ok := a.(string)
		if !ok {
			return nil, noMatch("#operator_in")
		}
		return strings.Contains(s, part), ev.spend(len(s) >> 8)
	}
	if !ev.iterable(b) {
		return nil, noMatch("#operator_in")
	}
	return ev.contains(b, a)
}

// contains reports whether v is in a sequence.
func (ev *evaluator) contains(seq, v value.Value) (bool, error) {
	seq, err := ev.limited(seq)
	if err != nil {
		return false, err
	}
	if s, ok := seq.(*value.Set); ok {
		k, err := freeze(v, 0)
		if err != nil {
			return false, err
		}
		return s.Has(k)
	}
	if d, ok := asDict(seq); ok {
		_, found, err := getKey(d, v)
		return found, err
	}
	if view, ok := seq.(*value.View); ok && view.Kind == value.KeysView {
		_, found, err := getKey(view.Of, v)
		return found, err
	}
	found := false
	err = ev.each(seq, func(item value.Value) (bool, error) {
		found = equal(item, v)
		return !found, nil
	})
	return found, err
}

// iterable reports whether v is a sequence; dicts are only if the engine says so.
func (ev *evaluator) iterable(v value.Value) bool {
	if isIterable(v) {
		return true
	}
	if !ev.opts.IterableDicts {
		return false
	}
	_, ok := asDict(v)
	return ok
}

// field evaluates v.name: an entry of a dict, the field of each item of a
// sequence, or a property.
func (ev *evaluator) field(v value.Value, name string) (value.Value, error) {
	if d, ok := asDict(v); ok {
		if item, ok := d.Get(name); ok {
			return item, nil
		}
		return nil, noKey(d, name)
	}
	if ev.iterable(v) {
		seq, err := ev.limited(v)
		if err != nil {
			return nil, err
		}
		return ev.mapping(seq, func(item value.Value) (value.Value, error) { return ev.field(item, name) }), nil
	}
	return property(v, name)
}

// noKey says that a dict has no such key, as Python does.
func noKey(d *value.Dict, key value.Value) error {
	e := errorf(string(value.KeyError), "%s", value.Repr(key))
	if s, ok := key.(string); ok {
		if meant := near.Name(s, keyNames(d)); meant != "" {
			e.Hint = "did you mean " + meant + "?"
		}
	}
	return e
}

// mapping is the lazy sequence of what f makes of each item.
func (ev *evaluator) mapping(seq value.Value, f func(value.Value) (value.Value, error)) value.Value {
	var it iterator
	return ev.gen(func() (value.Value, bool, error) {
		if it == nil {
			var err error
			if it, err = ev.iter(seq); err != nil {
				return nil, false, err
			}
		}
		item, ok, err := it.next()
		if !ok || err != nil {
			return nil, false, err
		}
		v, err := f(item)
		return v, true, err
	})
}

// index evaluates v[key].
func (ev *evaluator) index(v, key value.Value) (value.Value, error) {
	if d, ok := asDict(v); ok {
		item, found, err := getKey(d, key)
		if err == nil && !found {
			err = noKey(d, python(key, 0))
		}
		return item, err
	}
	if !isSequence(v) || !isInt(key) {
		return nil, noMatch("#indexer")
	}
	items, ok := asItems(v)
	if !ok {
		return value.Index(ev.ctx, v, key)
	}
	kind := "tuple"
	if _, ok := v.(*pyList); ok {
		kind = "list"
	}
	n, ok := key.(int64)
	if b, isBool := key.(bool); isBool {
		ok = true
		if b {
			n = 1
		}
	}
	if !ok || n >= int64(len(items)) || n < -int64(len(items)) {
		return nil, value.IndexError.Errorf("%s index out of range", kind)
	}
	if n < 0 {
		n += int64(len(items))
	}
	return items[n], nil
}
