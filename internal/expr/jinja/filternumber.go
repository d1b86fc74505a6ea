package jinja

import (
	"math"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func filterInt(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 0, "default", "base"); err != nil {
		return nil, err
	}
	var v value.Value
	var err error
	if s, ok := in.(string); ok {
		var base int
		if _, missing := p[1].(*Undefined); missing {
			err = value.TypeError.Errorf("a base that is undefined")
		} else if base, err = intArg(p[1], 10); err == nil {
			v, err = value.ParseInt(s, base)
		}
	} else {
		v, err = value.ToInt(in)
	}
	if err == nil {
		return v, nil
	}
	if _, ok := in.(*Undefined); ok {
		return nil, err
	}
	if fl, ferr := value.ToFloat(in); ferr == nil {
		if v, err = value.ToInt(fl); err == nil {
			return v, nil
		}
	}
	if !value.IsClass(err, value.TypeError, value.ValueError, value.OverflowError) {
		return nil, err
	}
	if value.IsAbsent(p[0]) {
		return int64(0), nil
	}
	return p[0], nil
}

func filterFloat(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [1]value.Value
	if err := args.Into(p[:], 0, "default"); err != nil {
		return nil, err
	}
	v, err := value.ToFloat(in)
	switch {
	case err == nil:
		return v, nil
	case !value.IsClass(err, value.TypeError, value.ValueError):
		return nil, err
	case value.IsAbsent(p[0]):
		return 0.0, nil
	}
	return p[0], nil
}

func filterRound(_ *frame, in value.Value, args *value.Args) (value.Value, error) {
	var p [2]value.Value
	if err := args.Into(p[:], 0, "precision", "method"); err != nil {
		return nil, err
	}
	method := "common"
	if !value.IsAbsent(p[1]) {
		method, _ = p[1].(string)
	}
	if value.IsAbsent(p[0]) {
		p[0] = int64(0)
	}
	if u, ok := in.(*Undefined); ok {
		return nil, u.err()
	}
	switch method {
	case "common":
		return value.Round(in, p[0])
	case "ceil", "floor":
	default:
		return nil, errorf("FilterArgumentError", "method must be common, ceil or floor")
	}
	scale, err := value.Binary(value.Pow, int64(10), p[0])
	if err != nil {
		return nil, err
	}
	v, err := value.Binary(value.Mul, in, scale)
	if err != nil {
		return nil, err
	}
	if x, ok := v.(float64); ok {
		if method == "ceil" {
			x = math.Ceil(x)
		} else {
			x = math.Floor(x)
		}
		if v, err = value.ToInt(x); err != nil {
			return nil, err
		}
	} else if !isNumber(v) {
		return nil, value.TypeError.Errorf("must be real number, not %s", value.TypeName(v))
	}
	return value.Binary(value.Div, v, scale)
}
