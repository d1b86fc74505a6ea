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

// describer describes types as they are on the wire. Structs are described once and
// referred to.
type describer struct {
	schemas
	some bool // clients can choose which attributes there are, so that none must be there
}

// of returns the schema of a type.
func (s describer) of(t reflect.Type) object {
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

func (s describer) named(t reflect.Type) object {
	name := TypeName(t)
	if s.some {
		name = "SomeOf" + name
	}
	ref := object{"$ref": "#/components/schemas/" + name}
	if _, known := s.schemas[name]; known {
		return ref
	}
	props, required := object{}, []string{}
	schema := object{"type": "object", "properties": props}
	s.add(name, schema) // first, for types that refer to themselves
	for _, field := range reflect.VisibleFields(t) {
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag == "" || tag == "-" || !field.IsExported() {
			continue
		}
		props[tag] = s.of(field.Type)
		if !s.some && !strings.Contains(options, "omit") {
			required = append(required, tag)
		}
	}
	if len(required) > 0 {
		schema["required"] = required
	}
	return ref
}
