package api

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// schemas are those of the types that answers have, by name.
type schemas map[string]any

func (s schemas) add(name string, schema object) { s[name] = schema }

// of returns the schema of a type as it is on the wire. Structs are described once
// and referred to. Attributes may be missing, for clients can choose some.
func (s schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[wire.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[*value.Dict]():
		return object{"type": []string{"object", "null"}}
	case reflect.TypeFor[json.RawMessage]():
		return object{} // any JSON
	}
	if t.Kind() != reflect.Struct && t.Implements(reflect.TypeFor[json.Marshaler]()) {
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []object{s.of(t.Elem()), {"type": "null"}}}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.named(t)
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer"}
	default:
		return object{}
	}
}

// TypeName is what the description calls a type.
func TypeName(t reflect.Type) string { return strings.ToUpper(t.Name()[:1]) + t.Name()[1:] }

func (s schemas) named(t reflect.Type) object {
	name := TypeName(t)
	ref := object{"$ref": "#/components/schemas/" + name}
	if _, known := s[name]; known {
		return ref
	}
	props := object{}
	s[name] = object{"type": "object", "properties": props} // first, for types that refer to themselves
	for field := range t.Fields() {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case tag == "-" || !field.IsExported():
		case tag == "" && field.Anonymous:
			if inner := field.Type; inner.Kind() == reflect.Struct {
				s.of(inner)
			}
		case tag != "":
			props[tag] = s.of(field.Type)
		}
	}
	return ref
}
