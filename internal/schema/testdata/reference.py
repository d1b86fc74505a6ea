"""Asks Python's jsonschema what is wrong with values, and writes reference.jsonl.

The validator is made as StackStorm makes its own.
"""
import itertools
import json

from jsonschema.exceptions import best_match
from jsonschema.validators import Draft3Validator, Draft4Validator, create

KEYWORDS = ("$ref additionalItems additionalProperties allOf anyOf dependencies enum format items maxItems maxLength maxProperties maximum minItems "
            "minLength minProperties minimum multipleOf not oneOf pattern patternProperties type uniqueItems").split()
validators = {k: Draft4Validator.VALIDATORS[k] for k in KEYWORDS}
validators["properties"] = Draft3Validator.VALIDATORS["properties"]
Custom = create(meta_schema={}, validators=validators, version="custom", type_checker=Draft4Validator.TYPE_CHECKER, id_of=Draft4Validator.ID_OF)

SCHEMAS = [
    {}, {"type": "string"}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": "null"}, {"type": "array"}, {"type": "object"},
    {"type": ["string", "null"]}, {"enum": [1, "a", None, [1], {"a": 1}]}, {"enum": [True]}, {"enum": [0, 1]},
    {"minimum": 2}, {"maximum": 2}, {"minimum": 1, "exclusiveMinimum": True}, {"maximum": 1, "exclusiveMaximum": True}, {"minimum": 1.5, "maximum": 1.5},
    {"multipleOf": 2}, {"multipleOf": 0.5}, {"multipleOf": 0.1}, {"minLength": 1}, {"minLength": 2}, {"maxLength": 0}, {"maxLength": 1},
    {"minItems": 1}, {"minItems": 3}, {"maxItems": 0}, {"maxItems": 1}, {"minProperties": 1}, {"minProperties": 3}, {"maxProperties": 0}, {"maxProperties": 1},
    {"uniqueItems": True}, {"uniqueItems": False}, {"pattern": "^a"}, {"pattern": "^(?!a)"}, {"pattern": "\\d+$"}, {"format": "email"},
    {"type": "object", "properties": {"a": {"type": "string", "required": True}, "b": {"type": "integer"}}, "additionalProperties": False},
    {"properties": {"a": {"required": True}, "c": {"required": True}}}, {"properties": {"a": {"required": False, "type": "integer"}}}, {"required": ["a", "z"]},
    {"additionalProperties": {"type": "integer"}}, {"additionalProperties": False}, {"additionalProperties": True},
    {"patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": False}, {"patternProperties": {"^a": {"type": "integer"}, "b": {"type": "string"}}},
    {"properties": {"b": {}}, "patternProperties": {"^a": {}}, "additionalProperties": {"type": "string"}},
    {"dependencies": {"a": ["b", "c"]}}, {"dependencies": {"a": {"properties": {"b": {"required": True}}}}},
    {"items": {"type": "integer"}}, {"items": [{"type": "integer"}, {"type": "string"}]}, {"items": [{"type": "integer"}], "additionalItems": False}, {"items": [{}], "additionalItems": {"type": "string"}}, {"additionalItems": False}, {"items": {}, "additionalItems": False},
    {"allOf": [{"type": "integer"}, {"minimum": 2}]}, {"anyOf": [{"type": "string"}, {"type": "boolean"}]}, {"anyOf": [{"type": "string", "minLength": 5}, {"type": "integer", "minimum": 100}]},
    {"anyOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"type": "boolean"}, "b": {"type": "string"}}}]},
    {"oneOf": [{"type": "integer"}, {"minimum": 2}]}, {"oneOf": [{"type": "string"}, {"type": "null"}]}, {"oneOf": [{}, {}, {"type": "string"}]}, {"not": {"type": "string"}}, {"not": {}},
    {"definitions": {"x": {"type": "integer"}}, "items": {"$ref": "#/definitions/x"}, "properties": {"a": {"$ref": "#/definitions/x", "type": "string"}}},
    {"properties": {"a": {"$ref": "#"}, "b": {"type": "string"}}, "additionalProperties": False},
    {"properties": {"a": {"type": "object", "properties": {"b": {"type": "array", "items": {"type": "object", "properties": {"c": {"type": "integer", "required": True}}}}}}}},
    {"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"properties": {"a": {"required": True}}}, {"properties": {"b": {"required": True}}}]},
    {"type": "string", "enum": ["a", "b"], "minLength": 3}, {"secret": True, "immutable": True, "position": 0, "default": 1, "title": "x"},
    {"type": "array", "description": "a description that is long enough to be folded over more than one line when it is printed", "items": {"type": "object", "properties": {"name": {"type": "string", "description": "the name"}, "other": {"type": "integer", "minimum": 1, "maximum": 12}}}},
]
VALUES = [
    None, True, False, 0, 1, 2, 3, -1, 1.0, 1.5, 2.5, 0.3, 1e300, 10**20, "", "a", "b", "ab", "12", "é", "aé\n", [], [1], [1, 2], [1, 1], [1, True], [1, 1.0], [0, False], ["a", "a"], [[1], [1]], [{"a": 1}, {"a": 1}], [1, "a"], ["a", 1], [None], [1, 2, 3],
    {}, {"a": 1}, {"a": "x"}, {"b": 1}, {"b": "x"}, {"a": None}, {"a": "x", "b": 1}, {"a": 1, "b": "x", "c": 3}, {"a": True, "b": 2}, {"z": 1, "y": 2, "a": "x"}, {"ab": 1}, {"ab": "x", "q": 1},
    {"a": {"b": [{"c": 1}, {"c": "x"}, {}]}}, {"a": {"b": {"c": 1}}}, {"a": {"a": {"b": 1}}}, {"a": {"a": {}, "q": 1}},
    [{"name": 1, "other": 13}, {"name": "x" * 100, "other": 0}, "a long text of several words that does not fit on one line of seventy-two characters, it is said"],
    {"text": "line one\nline two is longer than that\nand line three is so long that it has to be cut into two pieces at some space", "more": [1.5, None, True, {"k": "v" * 60}], "even more": ["alpha beta gamma delta epsilon zeta eta theta iota kappa lambda", "mu"]},
]

with open("reference.jsonl", "w", encoding="ascii") as f:
    for i, (schema, value) in enumerate(itertools.product(SCHEMAS, VALUES)):
        validator = Custom(schema)
        try:
            errors = list(validator.iter_errors(value))
        except OverflowError:
            continue  # an int beyond floats, divided by a float
        if not errors:
            f.write(json.dumps({"schema": schema, "value": value}) + "\n")
            continue
        best = best_match(errors)
        if isinstance(schema.get("additionalProperties"), dict):
            # Python takes the properties from a set. Ours come in the order of the value.
            errors.sort(key=lambda e: list(value).index(e.absolute_path[0]))
        rec = {"schema": schema, "value": value, "errors": [e.message for e in errors], "paths": [list(e.absolute_path) for e in errors], "best": best.message}
        if i % 4 == 0:
            rec["explained"] = str(best)
        f.write(json.dumps(rec) + "\n")
