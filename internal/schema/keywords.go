package schema

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

type checkFunc = func(r *run, v value.Value)

// keyword returns what the keyword of a schema checks, or nil if it checks
// nothing. An argument of a kind that makes no sense checks nothing: whether a
// schema is sound was looked at before.
func (c *compiler) keyword(name string, arg value.Value, d *value.Dict) (checkFunc, error) {
	switch name {
	case "$ref":
		return c.ref(arg)
	case "type":
		return typeOf(arg), nil
	case "enum":
		return enum(arg), nil
	case "allOf":
		return c.allOf(arg)
	case "anyOf":
		return c.anyOf(arg)
	case "oneOf":
		return c.oneOf(arg)
	case "not":
		return c.not(arg)
	case "properties":
		return c.properties(arg)
	case "required":
		return c.required(arg), nil
	case "patternProperties":
		return c.patternProperties(arg)
	case "additionalProperties":
		return c.additionalProperties(arg, d)
	case "dependencies":
		return c.dependencies(arg)
	case "items":
		return c.items(arg)
	case "additionalItems":
		return c.additionalItems(arg, d)
	case "uniqueItems":
		return uniqueItems(arg), nil
	case "pattern":
		return pattern(arg)
	case "format":
		return c.format(arg), nil
	case "minimum", "maximum":
		return bound(name, arg, d), nil
	case "multipleOf":
		return multipleOf(arg), nil
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
		return size(name, arg), nil
	}
	return nil, nil
}

// isType reports whether v is of a type of JSON Schema.
func isType(v value.Value, typ string) bool {
	switch typ {
	case "null":
		return v == nil
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "integer":
		switch v.(type) {
		case int64, *big.Int:
			return true
		}
	case "number":
		switch v.(type) {
		case int64, *big.Int, float64:
			return true
		}
	case "string":
		switch v.(type) {
		case string, value.Markup:
			return true
		}
	case "array":
		_, ok := v.(*value.List)
		return ok
	case "object":
		_, ok := v.(*value.Dict)
		return ok
	}
	return false
}

// types returns the types that an argument names.
func types(arg value.Value) []string {
	switch arg := arg.(type) {
	case string:
		return []string{arg}
	case *value.List:
		var out []string
		for _, item := range arg.Items {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func typeOf(arg value.Value) checkFunc {
	names := types(arg)
	if len(names) == 0 {
		return nil
	}
	reprs := make([]string, len(names))
	for i, name := range names {
		reprs[i] = value.Repr(name)
	}
	list := strings.Join(reprs, ", ")
	return func(r *run, v value.Value) {
		if !slices.ContainsFunc(names, func(name string) bool { return isType(v, name) }) {
			r.fail(v, "%s is not of type %s", value.Repr(v), list)
		}
	}
}

func enum(arg value.Value) checkFunc {
	l, ok := arg.(*value.List)
	if !ok {
		return nil
	}
	return func(r *run, v value.Value) {
		if !slices.ContainsFunc(l.Items, func(item value.Value) bool { return same(item, v) }) {
			r.fail(v, "%s is not one of %s", value.Repr(v), value.Repr(l))
		}
	}
}

// same is equality in which true is not 1.
func same(a, b value.Value) bool {
	switch a := a.(type) {
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case *value.List:
		b, ok := b.(*value.List)
		return ok && slices.EqualFunc(a.Items, b.Items, same)
	case *value.Dict:
		b, ok := b.(*value.Dict)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for k, v := range a.All() {
			w, ok, err := b.GetKey(k)
			if !ok || err != nil || !same(v, w) {
				return false
			}
		}
		return true
	}
	if _, ok := b.(bool); ok {
		return false
	}
	return value.Equal(a, b)
}

func uniqueItems(arg value.Value) checkFunc {
	if !value.Truth(arg) {
		return nil
	}
	return func(r *run, v value.Value) {
		if l, ok := v.(*value.List); ok && !unique(l.Items) {
			r.fail(v, "%s has non-unique elements", value.Repr(v))
		}
	}
}

func unique(items []value.Value) bool {
	seen := map[any]bool{}
	for i, item := range items {
		key, err := value.HashKey(item)
		if err != nil { // a list or a dict
			if slices.ContainsFunc(items[:i], func(other value.Value) bool { return same(other, item) }) {
				return false
			}
			continue
		}
		if _, isBool := item.(bool); isBool {
			key = item
		}
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}

func pattern(arg value.Value) (checkFunc, error) {
	text, ok := arg.(string)
	if !ok {
		return nil, nil
	}
	matches, err := compilePattern(text)
	if err != nil {
		return nil, err
	}
	return func(r *run, v value.Value) {
		if isType(v, "string") && !matches(value.Str(v)) {
			r.fail(v, "%s does not match %s", value.Repr(v), value.Repr(text))
		}
	}, nil
}

// format counts only in schemas of schemas, as StackStorm hands its validator no
// checker of formats.
func (c *compiler) format(arg value.Value) checkFunc {
	if arg != "regex" || !c.draft4 {
		return nil
	}
	return func(r *run, v value.Value) {
		if s, ok := v.(string); ok {
			if _, err := pyre.Cached(s, 0); err != nil {
				r.fail(v, "%s is not a 'regex'", value.Repr(v))
			}
		}
	}
}

func bound(name string, arg value.Value, d *value.Dict) checkFunc {
	if !isType(arg, "number") {
		return nil
	}
	exclusive := "exclusiveMinimum"
	cmp, sign := "less than", -1
	if name == "maximum" {
		exclusive, cmp, sign = "exclusiveMaximum", "greater than", 1
	}
	ex, _ := d.Get(exclusive)
	strict := value.Truth(ex)
	if strict {
		cmp += " or equal to"
	}
	return func(r *run, v value.Value) {
		if !isType(v, "number") {
			return
		}
		n, err := value.Compare(v, arg)
		if err == nil && (n*sign > 0 || n == 0 && strict) {
			r.fail(v, "%s is %s the %s of %s", value.Repr(v), cmp, name, value.Repr(arg))
		}
	}
}

func multipleOf(arg value.Value) checkFunc {
	if !isType(arg, "number") || !value.Truth(arg) {
		return nil
	}
	return func(r *run, v value.Value) {
		if isType(v, "number") && !divides(arg, v) {
			r.fail(v, "%s is not a multiple of %s", value.Repr(v), value.Str(arg))
		}
	}
}

// divides reports whether v is a multiple of arg. As in Python, floats are
// divided as floats are, so 0.3 is no multiple of 0.1.
func divides(arg, v value.Value) bool {
	if isType(arg, "integer") && isType(v, "integer") {
		return new(big.Int).Rem(bigInt(v), bigInt(arg)).Sign() == 0
	}
	a, b := toFloat(v), toFloat(arg)
	if isType(arg, "integer") {
		return math.Mod(a, b) == 0
	}
	q := a / b
	if math.IsInf(q, 0) || math.IsNaN(q) {
		x, y := new(big.Rat).SetFloat64(a), new(big.Rat).SetFloat64(b)
		return x != nil && y != nil && new(big.Rat).Quo(x, y).IsInt()
	}
	return q == math.Trunc(q)
}

func bigInt(v value.Value) *big.Int {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v)
	case *big.Int:
		return v
	}
	return new(big.Int)
}

func toFloat(v value.Value) float64 {
	if f, ok := v.(float64); ok {
		return f
	}
	f, _ := new(big.Float).SetInt(bigInt(v)).Float64()
	return f
}

// size returns the check of minLength and its like.
func size(name string, arg value.Value) checkFunc {
	if !isType(arg, "integer") {
		return nil
	}
	limit := toFloat(arg)
	least := strings.HasPrefix(name, "min")
	measure := func(v value.Value) (int, bool) { return length(name[3:], v) }
	msg := map[string]string{
		"minLength": "is too short", "minItems": "is too short", "minProperties": "does not have enough properties",
		"maxLength": "is too long", "maxItems": "is too long", "maxProperties": "has too many properties",
	}[name]
	switch {
	case least && limit == 1:
		msg = "should be non-empty"
	case !least && limit == 0:
		msg = "is expected to be empty"
	}
	return func(r *run, v value.Value) {
		n, ok := measure(v)
		if ok && (least && float64(n) < limit || !least && float64(n) > limit) {
			r.fail(v, "%s %s", value.Repr(v), msg)
		}
	}
}

func length(what string, v value.Value) (int, bool) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), what == "Length"
	case value.Markup:
		return utf8.RuneCountInString(string(v)), what == "Length"
	case *value.List:
		return v.Len(), what == "Items"
	case *value.Dict:
		return v.Len(), what == "Properties"
	}
	return 0, false
}
