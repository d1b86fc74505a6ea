package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// merge puts what right has into left, mappings within mappings, and returns left.
// What both have is as in right if overwrite.
func merge(left, right *value.Dict, overwrite bool) *value.Dict {
	for k, v := range right.Texts() {
		have, ok := left.Get(k)
		below, isDict := have.(*value.Dict)
		above, both := v.(*value.Dict)
		switch {
		case ok && isDict && both:
			merge(below, above, overwrite)
		case !ok || overwrite:
			left.Set(k, v)
		}
	}
	return left
}

// mergeSchemas returns the schema of what has the properties of a and those of b.
// Of a property that both have, b has the last word if overwrite. Neither is
// changed.
func mergeSchemas(a, b *value.Dict, overwrite bool) (*value.Dict, error) {
	switch {
	case blank(a) && blank(b):
		return value.NewDict(), nil
	case blank(b):
		return copied(a), nil
	case blank(a):
		return copied(b), nil
	}
	typ := func(d *value.Dict) string { v, _ := d.Get("type"); s, _ := v.(string); return s }
	for _, d := range []*value.Dict{a, b} {
		if t := typ(d); t != "array" && t != "object" {
			return nil, fmt.Errorf("schemas of arrays and objects can be merged, not of %q", t)
		}
	}
	if typ(a) != typ(b) {
		return nil, fmt.Errorf("schemas of one type can be merged, not of %q and %q", typ(a), typ(b))
	}
	if typ(a) == "array" {
		return mergeArrays(a, b, overwrite), nil
	}
	return mergeObjects(copied(a), copied(b), overwrite), nil
}

// blank reports whether a schema says no more than that something is an object, or
// an array.
func blank(d *value.Dict) bool {
	if d == nil || d.Len() == 0 {
		return true
	}
	typ, _ := d.Get("type")
	return d.Len() == 1 && (typ == "object" || typ == "array")
}

func copied(d *value.Dict) *value.Dict {
	c, _ := value.Copy(d).(*value.Dict)
	return c
}

func mergeArrays(a, b *value.Dict, overwrite bool) *value.Dict {
	from := b
	if !overwrite {
		from = a
	}
	out := value.NewDict()
	out.Set("type", "array")
	for _, key := range []string{"items", "uniqueItems", "minItems", "maxItems"} {
		if v, _ := from.Get(key); value.Truth(v) {
			out.Set(key, value.Copy(v))
		}
	}
	return out
}

func mergeObjects(a, b *value.Dict, overwrite bool) *value.Dict {
	out := value.NewDict()
	out.Set("type", "object")
	for _, key := range []string{"properties", "patternProperties"} {
		left, _ := a.Get(key)
		right, _ := b.Get(key)
		l, _ := left.(*value.Dict)
		r, _ := right.(*value.Dict)
		if d := merge(orEmpty(l), orEmpty(r), overwrite); d.Len() > 0 {
			out.Set(key, d)
		}
	}
	if names := required(a, b); len(names) > 0 {
		out.Set("required", value.Of(names))
	}
	for _, d := range []*value.Dict{a, b} {
		if v, ok := d.Get("additionalProperties"); ok && !value.Truth(v) {
			out.Set("additionalProperties", v)
		}
	}
	for key, stricter := range map[string]func(int64, int64) int64{
		"minProperties": func(x, y int64) int64 { return max(x, y) },
		"maxProperties": func(x, y int64) int64 { return min(x, y) },
	} {
		x, y := integer(a, key), integer(b, key)
		if overwrite {
			x = stricter(x, y)
		}
		if x > 0 {
			out.Set(key, x)
		}
	}
	return out
}

func orEmpty(d *value.Dict) *value.Dict {
	if d == nil {
		return value.NewDict()
	}
	return d
}

func integer(d *value.Dict, key string) int64 {
	v, _ := d.Get(key)
	n, _ := v.(int64)
	return n
}

func required(a, b *value.Dict) []string {
	var all []string
	for _, d := range []*value.Dict{a, b} {
		v, _ := d.Get("required")
		for _, name := range items(v) {
			all = append(all, text(name))
		}
	}
	slices.SortFunc(all, strings.Compare)
	return slices.Compact(all)
}
