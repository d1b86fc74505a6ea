package schema

import (
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// metaID is how schemas call the schema of schemas.
const metaID = "http://json-schema.org/draft-04/schema"

// The schema of schemas, in the four forms that StackStorm has of it, written
// with what each keyword takes. NESTED is a schema inside of a schema.
const metaText = `{
	"definitions": {
		"schemas": {"type": "array", "minItems": 1, "items": NESTED},
		"named": {"type": "object", "additionalProperties": NESTED},
		"count": {"type": "integer", "minimum": 0},
		"flag": {"type": "boolean"},
		"typeName": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]},
		"names": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": true},
		"flagOrSchema": {"anyOf": [{"type": "boolean"}, NESTED]}
	},
	"type": "object",
	"properties": {
		"id": {"type": "string"},
		"$schema": {"type": "string"},
		"title": {"type": "string"},
		"description": {"type": "string"},
		"default": {},
		"multipleOf": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
		"maximum": {"type": "number"},
		"exclusiveMaximum": {"$ref": "#/definitions/flag"},
		"minimum": {"type": "number"},
		"exclusiveMinimum": {"$ref": "#/definitions/flag"},
		"maxLength": {"$ref": "#/definitions/count"},
		"minLength": {"$ref": "#/definitions/count"},
		"pattern": {"type": "string", "format": "regex"},
		"additionalItems": {"$ref": "#/definitions/flagOrSchema"},
		"items": {"anyOf": [NESTED, {"$ref": "#/definitions/schemas"}]},
		"maxItems": {"$ref": "#/definitions/count"},
		"minItems": {"$ref": "#/definitions/count"},
		"uniqueItems": {"$ref": "#/definitions/flag"},
		"maxProperties": {"$ref": "#/definitions/count"},
		"minProperties": {"$ref": "#/definitions/count"},
		"required": {"$ref": "#/definitions/flag"},
		"secret": {"$ref": "#/definitions/flag"},
		"additionalProperties": {"$ref": "#/definitions/flagOrSchema"},
		"definitions": {"$ref": "#/definitions/named"},
		"properties": {"$ref": "#/definitions/named"},
		"patternProperties": {"$ref": "#/definitions/named"},
		"dependencies": {"type": "object", "additionalProperties": {"anyOf": [NESTED, {"$ref": "#/definitions/names"}]}},
		"enum": {"type": "array", "minItems": 1, "uniqueItems": true},
		"type": TYPE,
		"position": {"type": "number", "minimum": 0},
		"immutable": {"$ref": "#/definitions/flag"},
		"allOf": {"$ref": "#/definitions/schemas"},
		"anyOf": {"$ref": "#/definitions/schemas"},
		"oneOf": {"$ref": "#/definitions/schemas"},
		"not": NESTED
		FORMAT
	},
	"dependencies": {"exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"]}
	STRICT
}`

const (
	oneType    = `{"$ref": "#/definitions/typeName"}`
	someTypes  = `{"anyOf": [{"$ref": "#/definitions/typeName"}, {"type": "array", "items": {"$ref": "#/definitions/typeName"}, "minItems": 1, "uniqueItems": true}]}`
	withFormat = `, "format": {"type": "string"}`
	itself     = `{"$ref": "#"}`
	nested     = `{"$ref": "` + metaID + `#"}`
	noMore     = `, "additionalProperties": false`
)

// metaSchemas are the schemas of schemas.
type metaSchemas struct {
	lax    *Schema     // of whatever is compiled: unknown keywords say nothing
	strict *value.Dict // of schemas inside of the definition of a parameter
	param  *Schema     // of the definition of a parameter: one type, no format
	other  *Schema     // of definitions that are no parameters of an action
	output *Schema     // of the results of an action
}

//nolint:gochecknoglobals // made once, never changed
var metas = sync.OnceValue(func() metaSchemas {
	text := func(nested, typ, format, strict string) *value.Dict {
		v, err := value.FromJSON([]byte(strings.NewReplacer("NESTED", nested, "TYPE", typ, "FORMAT", format, "STRICT", strict).Replace(metaText)))
		if err != nil {
			panic(err) // constant text
		}
		return v.(*value.Dict)
	}
	// The strict form of nested schemas has to be there before others refer to it.
	m := metaSchemas{strict: text(itself, someTypes, withFormat, noMore)}
	ready := func(d *value.Dict) *Schema {
		c := compiler{draft4: true, root: d, strict: m.strict, nodes: map[*value.Dict]*node{}}
		root, err := c.node(d)
		if err != nil {
			panic(err) // constant text
		}
		return &Schema{root: root, dict: d}
	}
	m.lax = ready(text(itself, someTypes, withFormat, ""))
	m.param = ready(text(nested, oneType, "", noMore))
	m.other = ready(m.strict)
	m.output = ready(text(nested, oneType, "", ""))
	return m
})
