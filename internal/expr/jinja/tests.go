package jinja

import (
	"math/big"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// testFn is a test that may look at where it is used.
type testFn func(f *frame, in value.Value, args *value.Args) (bool, error)

// builtinTests returns the tests of Jinja.
func builtinTests() map[string]testFn {
	return map[string]testFn{
		"odd":         remainder(2, 1),
		"even":        remainder(2, 0),
		"divisibleby": testDivisible,
		"defined":     plainTest(func(v value.Value) bool { _, missing := v.(*Undefined); return !missing }),
		"undefined":   plainTest(func(v value.Value) bool { _, missing := v.(*Undefined); return missing }),
		"filter":      testFilter,
		"test":        testTest,
		"none":        plainTest(func(v value.Value) bool { return v == nil }),
		"boolean":     plainTest(func(v value.Value) bool { _, ok := v.(bool); return ok }),
		"false":       plainTest(func(v value.Value) bool { b, ok := v.(bool); return ok && !b }),
		"true":        plainTest(func(v value.Value) bool { b, ok := v.(bool); return ok && b }),
		"integer":     plainTest(isInt),
		"float":       plainTest(func(v value.Value) bool { _, ok := v.(float64); return ok }),
		"number":      plainTest(isNumber),
		"string":      plainTest(isText),
		"mapping":     plainTest(func(v value.Value) bool { _, ok := v.(*value.Dict); return ok }),
		"sequence":    plainTest(isSequence),
		"iterable":    testIterable,
		"callable":    plainTest(func(v value.Value) bool { _, ok := v.(value.Callable); return ok }),
		"sameas":      testSame,
		"escaped":     plainTest(func(v value.Value) bool { _, ok := v.(value.HTMLer); return ok || isMarkup(v) }),
		"lower":       testCase("islower"),
		"upper":       testCase("isupper"),
		"in":          testIn,
		"==":          comparing("=="),
		"eq":          comparing("=="),
		"equalto":     comparing("=="),
		"!=":          comparing("!="),
		"ne":          comparing("!="),
		">":           comparing(">"),
		"gt":          comparing(">"),
		"greaterthan": comparing(">"),
		"ge":          comparing(">="),
		">=":          comparing(">="),
		"<":           comparing("<"),
		"lt":          comparing("<"),
		"lessthan":    comparing("<"),
		"<=":          comparing("<="),
		"le":          comparing("<="),
	}
}

func plainTest(fn func(v value.Value) bool) testFn {
	return func(_ *frame, in value.Value, args *value.Args) (bool, error) { return fn(in), args.None() }
}

func isMarkup(v value.Value) bool { _, ok := v.(value.Markup); return ok }

func isInt(v value.Value) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

func isNumber(v value.Value) bool {
	switch v.(type) {
	case int64, *big.Int, float64, bool, complex128:
		return true
	}
	return false
}

func isText(v value.Value) bool {
	switch v.(type) {
	case string, value.Markup:
		return true
	}
	return false
}

func isSequence(v value.Value) bool {
	switch v := v.(type) {
	case *Undefined:
		return v.Kind != Strict
	case string, value.Markup, value.Bytes, *value.List, value.Tuple, *value.NamedTuple, *value.Dict, value.Range:
		return true
	}
	return false
}

func testIterable(_ *frame, in value.Value, args *value.Args) (bool, error) {
	if !value.CanIterate(in) {
		return false, args.None()
	}
	if u, ok := in.(*Undefined); ok {
		if err := u.Raise(); err != nil {
			return false, err
		}
	}
	return true, args.None()
}

func remainder(n, want int64) testFn {
	return func(_ *frame, in value.Value, args *value.Args) (bool, error) {
		if err := args.None(); err != nil {
			return false, err
		}
		m, err := value.Binary(value.Mod, in, n)
		return err == nil && value.Equal(m, want), err
	}
}

func oneArg(args *value.Args, name string) (value.Value, error) {
	var p [1]value.Value
	err := args.Into(p[:], 1, name)
	return p[0], err
}

func testDivisible(_ *frame, in value.Value, args *value.Args) (bool, error) {
	n, err := oneArg(args, "num")
	if err != nil {
		return false, err
	}
	m, err := value.Binary(value.Mod, in, n)
	return err == nil && value.Equal(m, int64(0)), err
}

func testFilter(f *frame, in value.Value, args *value.Args) (bool, error) {
	name, err := nameArg(in, args)
	return f.rt.env.filters[name] != nil, err
}

func testTest(f *frame, in value.Value, args *value.Args) (bool, error) {
	name, err := nameArg(in, args)
	return f.rt.env.tests[name] != nil, err
}

// nameArg returns the text that is looked up as a name, "" for other values. What
// cannot be a key of a dict is an error.
func nameArg(in value.Value, args *value.Args) (string, error) {
	if _, err := value.HashKey(in); err != nil {
		return "", err
	}
	name, _ := in.(string)
	return name, args.None()
}

func testSame(_ *frame, in value.Value, args *value.Args) (bool, error) {
	other, err := oneArg(args, "other")
	if err != nil || value.TypeName(in) != value.TypeName(other) {
		return false, err
	}
	switch a := in.(type) {
	case *value.List, *value.Dict, *value.Set, *Undefined:
		return a == other, nil
	case value.Tuple:
		b, _ := other.(value.Tuple)
		return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]), nil
	}
	return value.Equal(in, other), nil
}

func testCase(method string) testFn {
	return func(f *frame, in value.Value, args *value.Args) (bool, error) {
		s, err := value.ToStr(in)
		if err != nil {
			return false, err
		}
		v, _, err := value.CallMethod(f.rt.ctx, s, method, args)
		return value.Truth(v), err
	}
}

func testIn(f *frame, in value.Value, args *value.Args) (bool, error) {
	seq, err := oneArg(args, "seq")
	if err != nil {
		return false, err
	}
	return f.compare("in", in, seq)
}

func comparing(op string) testFn {
	return func(f *frame, in value.Value, args *value.Args) (bool, error) {
		other, err := oneArg(args, "other")
		if err != nil {
			return false, err
		}
		return f.compare(op, in, other)
	}
}
