package schema

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Options say what is done to a value before it is checked.
type Options struct {
	// Defaults fills in what the schema has defaults for, also in nested objects
	// and lists.
	Defaults bool

	// NoneAllowed lets properties be None that are optional, or whose default is
	// None. It counts only together with Defaults.
	NoneAllowed bool
}

// Validate checks v against the schema d and returns it with defaults filled in.
// The error is an [*Error] about the value or an [*Invalid] about the schema.
// Neither v nor d is changed.
func Validate(v value.Value, d *value.Dict, o Options) (value.Value, error) {
	if o.Defaults && o.NoneAllowed {
		d = AllowNone(d)
	}
	s, err := Compile(d)
	if err != nil {
		return nil, err
	}
	if o.Defaults {
		v = s.Fill(v)
	}
	return v, s.Check(v)
}

// Fill returns v with the defaults of the schema where it has nothing or None.
// It does not change v, and shares with it and with the schema what it can.
func (s *Schema) Fill(v value.Value) value.Value {
	if instance, ok := v.(*value.Dict); ok && text(s.dict, "type") == "object" {
		return fillObject(instance, s.dict, 0)
	}
	return v
}

func text(d *value.Dict, key string) string {
	v, _ := d.Get(key)
	s, _ := v.(string)
	return s
}

func dict(d *value.Dict, key string) *value.Dict {
	v, _ := d.Get(key)
	if sub, ok := v.(*value.Dict); ok {
		return sub
	}
	return value.NewDict()
}

func fillObject(instance, schema *value.Dict, depth int) *value.Dict {
	out := instance.Clone()
	props := dict(schema, "properties")
	dependencies := dict(schema, "dependencies")
	for name, v := range props.Texts() {
		prop, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		if def, has := prop.Get("default"); has && dependenciesMet(out, props, dependencies, name) {
			if have, _ := out.Get(name); have == nil {
				out.Set(name, def)
			}
		}
		if have, _ := out.Get(name); have != nil {
			out.Set(name, fillNested(have, prop, depth))
		}
	}
	return out
}

// dependenciesMet reports whether the default of a property makes sense: that
// of exclusiveMaximum does not where there is no maximum.
func dependenciesMet(instance, props, dependencies *value.Dict, name string) bool {
	needs, _ := dependencies.Get(name)
	for _, other := range types(needs) {
		if !dict(props, other).Has("default") && !instance.Has(other) {
			return false
		}
	}
	return true
}

func fillNested(v value.Value, schema *value.Dict, depth int) value.Value {
	if depth > maxDepth {
		return v
	}
	typ, _ := schema.Get("type")
	names := types(typ)
	switch v := v.(type) {
	case *value.List:
		if slices.Contains(names, "array") {
			return fillArray(v, schema, depth+1)
		}
	case *value.Dict:
		if slices.Contains(names, "object") {
			return fillObject(v, schema, depth+1)
		}
	}
	return v
}

func fillArray(list *value.List, schema *value.Dict, depth int) *value.List {
	itemsArg, _ := schema.Get("items")
	var itemSchema func(int) *value.Dict
	switch items := itemsArg.(type) {
	case *value.Dict:
		itemSchema = func(int) *value.Dict { return items }
	case *value.List:
		itemSchema = func(i int) *value.Dict {
			if i < len(items.Items) {
				d, _ := items.Items[i].(*value.Dict)
				return d
			}
			return nil
		}
	default:
		return list
	}
	out := value.NewList(slices.Clone(list.Items)...)
	for i, item := range out.Items {
		d := itemSchema(i)
		if d == nil || d.Len() == 0 {
			continue
		}
		if def, has := d.Get("default"); has && item == nil {
			item = def
		}
		if item != nil {
			item = fillNested(item, d, depth)
		}
		out.Items[i] = item
	}
	return out
}

// AllowNone returns the schema with None allowed for each property that is
// optional, or whose default is None.
func AllowNone(d *value.Dict) *value.Dict { return allowNone(d, 0) }

func allowNone(d *value.Dict, depth int) *value.Dict {
	out := d.Clone()
	propsArg, _ := d.Get("properties")
	props, ok := propsArg.(*value.Dict)
	if !ok || depth > maxDepth {
		return out
	}
	changed := props.Clone()
	for name, v := range props.Texts() {
		prop, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		def, hasDefault := prop.Get("default")
		req, _ := prop.Get("required")
		if (hasDefault || !value.Truth(req)) && def == nil {
			prop = nullable(prop)
		}
		typ, _ := prop.Get("type")
		names := types(typ)
		if items := dict(prop, "items"); slices.Contains(names, "array") && dict(items, "properties").Len() > 0 {
			prop = prop.Clone()
			prop.Set("items", allowNone(items, depth+1))
		}
		if slices.Contains(names, "object") && dict(prop, "properties").Len() > 0 {
			prop = allowNone(prop, depth+1)
		}
		changed.Set(name, prop)
	}
	out.Set("properties", changed)
	return out
}

// nullable returns the schema of a property that may also be None.
func nullable(prop *value.Dict) *value.Dict {
	null := value.NewDict()
	null.Set("type", "null")
	for _, key := range []string{"anyOf", "oneOf"} {
		v, ok := prop.Get(key)
		if !ok {
			continue
		}
		if IsNullable(v) {
			return prop
		}
		return extended(prop, key, v, null)
	}
	typ, ok := prop.Get("type")
	if !ok {
		typ = "string"
	}
	if _, isList := typ.(*value.List); isList {
		if IsNullable(typ) {
			return prop
		}
		return extended(prop, "type", typ, "null")
	}
	if typ == "null" {
		return prop
	}
	out := prop.Clone()
	out.Set("type", value.NewList(typ, "null"))
	return out
}

// extended returns d with one more item in the list at key.
func extended(d *value.Dict, key string, list, item value.Value) *value.Dict {
	out := d.Clone()
	if l, ok := list.(*value.List); ok {
		out.Set(key, value.NewList(append(slices.Clone(l.Items), item)...))
	}
	return out
}
