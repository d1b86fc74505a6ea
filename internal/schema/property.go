package schema

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// IsTypeSingle reports whether a property has one type. Without a type it is a
// string.
func IsTypeSingle(property value.Value) bool {
	d, ok := property.(*value.Dict)
	return ok && !d.Has("anyOf") && !d.Has("oneOf") && !IsTypeList(d)
}

// IsTypeList reports whether a property has a list of types.
func IsTypeList(property value.Value) bool {
	d, ok := property.(*value.Dict)
	if !ok {
		return false
	}
	typ, _ := d.Get("type")
	_, ok = typ.(*value.List)
	return ok
}

// IsTypeAnyOf reports whether a property lists alternatives of which any will do.
func IsTypeAnyOf(property value.Value) bool {
	d, ok := property.(*value.Dict)
	return ok && d.Has("anyOf")
}

// IsTypeOneOf reports whether a property lists alternatives of which one has to do.
func IsTypeOneOf(property value.Value) bool {
	d, ok := property.(*value.Dict)
	return ok && d.Has("oneOf")
}

// IsNullable reports whether None is among the types: of a list of types or of
// schemas, or of one schema.
func IsNullable(types value.Value) bool {
	switch types := types.(type) {
	case *value.List:
		return slices.ContainsFunc(types.Items, func(t value.Value) bool {
			_, nested := t.(*value.List)
			return t == "null" || !nested && IsNullable(t)
		})
	case *value.Dict:
		return text(types, "type") == "null"
	}
	return false
}

// IsAttributeArray reports whether the type of an attribute can be a list.
func IsAttributeArray(typ value.Value) bool { return slices.Contains(types(typ), "array") }

// IsAttributeObject reports whether the type of an attribute can be an object.
func IsAttributeObject(typ value.Value) bool { return slices.Contains(types(typ), "object") }

// ForParameters returns the schema of an object with these parameters, each with
// its own schema. A parameter without one can be anything but None.
func ForParameters(parameters *value.Dict, additional bool) *value.Dict {
	out := value.NewDict()
	if parameters == nil || parameters.Len() == 0 {
		return out
	}
	props := value.NewDictCap(parameters.Len())
	for name, v := range parameters.Texts() {
		if !value.Truth(v) {
			v = anyType()
		}
		props.Set(name, v)
	}
	out.Set("type", "object")
	out.Set("properties", props)
	out.Set("additionalProperties", additional)
	return out
}

func anyType() *value.Dict {
	list := value.NewList()
	for _, name := range []string{"array", "boolean", "integer", "number", "object", "string"} {
		t := value.NewDict()
		t.Set("type", name)
		list.Items = append(list.Items, t)
	}
	d := value.NewDict()
	d.Set("anyOf", list)
	return d
}
