package spec

import (
	"sync"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// The schema of the language in two parts: what StackStorm has, and what is ours.
// The definitions stand in both for what several keys take.
const (
	definitions = `"definitions": {
	"text": {"type": "string", "minLength": 1},
	"texts": {"type": "array", "items": {"$ref": "#/definitions/text"}, "uniqueItems": true, "minItems": 1},
	"textOrCount": {"oneOf": [{"$ref": "#/definitions/text"}, {"type": "integer", "minimum": 0}]},
	"textOrSeconds": {"oneOf": [{"$ref": "#/definitions/text"}, {"type": "integer", "minimum": 1}]},
	"any": {"anyOf": [{"type": "null"}, {"type": "array"}, {"type": "boolean"}, {"type": "number"}, {"type": "object"}, {"type": "string"}]},
	"named": {"type": "object", "minProperties": 1, "patternProperties": {"^\\w+$": {"$ref": "#/definitions/any"}}},
	"one": {"type": "object", "minProperties": 1, "maxProperties": 1, "patternProperties": {"^\\w+$": {"$ref": "#/definitions/any"}}},
	"ones": {"type": "array", "items": {"$ref": "#/definitions/one"}, "uniqueItems": true, "minItems": 1},
	"input": {"oneOf": [{"$ref": "#/definitions/text"}, {"$ref": "#/definitions/named"}]}
}`

	theirs = `{
	"type": "object",
	"properties": {
		"name": {"$ref": "#/definitions/text"},
		"version": {"anyOf": [{"$ref": "#/definitions/text"}, {"type": "number", "minimum": 0.0}], "enum": ["1.0", 1.0]},
		"description": {"$ref": "#/definitions/text"},
		"tags": {"$ref": "#/definitions/texts"},
		"input": {"type": "array", "items": {"oneOf": [{"$ref": "#/definitions/text"}, {"$ref": "#/definitions/one"}]}, "uniqueItems": true, "minItems": 1},
		"vars": {"$ref": "#/definitions/ones"},
		"output": {"$ref": "#/definitions/ones"},
		"tasks": {"type": "object", "minProperties": 1, "patternProperties": {"^\\w+$": {
			"type": "object",
			"properties": {
				"action": {"$ref": "#/definitions/text"},
				"input": {"$ref": "#/definitions/input"},
				"delay": {"$ref": "#/definitions/textOrCount"},
				"join": {"oneOf": [{"enum": ["all"]}, {"type": "integer", "minimum": 0}]},
				"with": {
					"type": "object",
					"properties": {
						"items": {"$ref": "#/definitions/text"},
						"concurrency": {"$ref": "#/definitions/textOrCount"}
					},
					"additionalProperties": false
				},
				"retry": {
					"type": "object",
					"properties": {
						"when": {"$ref": "#/definitions/text"},
						"count": {"$ref": "#/definitions/textOrCount"},
						"delay": {"$ref": "#/definitions/textOrCount"}
					},
					"required": ["count"],
					"additionalProperties": false
				},
				"next": {"type": "array", "items": {
					"type": "object",
					"properties": {
						"when": {"$ref": "#/definitions/text"},
						"publish": {"oneOf": [{"$ref": "#/definitions/text"}, {"$ref": "#/definitions/ones"}]},
						"do": {"oneOf": [{"$ref": "#/definitions/text"}, {"$ref": "#/definitions/texts"}]}
					},
					"additionalProperties": false
				}}
			},
			"additionalProperties": false
		}}}
	},
	"required": ["tasks"],
	"additionalProperties": false
}`

	// A task whose items are left out is read by the reference and fails when it runs.
	ours = `{
	"type": "object",
	"properties": {
		"timeout": {"$ref": "#/definitions/textOrSeconds"},
		"output-on-error": {"$ref": "#/definitions/ones"},
		"tasks": {"patternProperties": {"^\\w+$": {"properties": {
			"timeout": {"$ref": "#/definitions/textOrSeconds"},
			"with": {"required": ["items"]},
			"undo": {
				"type": "object",
				"properties": {
					"action": {"$ref": "#/definitions/text"},
					"input": {"$ref": "#/definitions/input"}
				},
				"required": ["action"],
				"additionalProperties": false
			}
		}}}}
	}
}`
)

//nolint:gochecknoglobals // made once, never changed
var language = sync.OnceValue(func() *schema.Schema {
	read := func(text string) *value.Dict {
		v, err := value.FromJSON([]byte(text))
		if err != nil {
			panic(err) // constant text
		}
		return v.(*value.Dict)
	}
	all, err := mergeSchemas(read(theirs), read(ours), true)
	if err != nil {
		panic(err) // constant text
	}
	all.Update(read("{" + definitions + "}"))
	s, err := schema.CompileDraft4(all)
	if err != nil {
		panic(err) // constant text
	}
	return s
})
