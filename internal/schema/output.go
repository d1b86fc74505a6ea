package schema

import (
	"maps"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// OutputValid reports whether an output schema can be used: it has a type, and is
// a schema. The old form, which maps names to schemas, is not; it serves for
// masking only.
func OutputValid(d *value.Dict) bool {
	if d == nil || !d.Has("type") {
		return false
	}
	return len(metas().output.Validate(d)) == 0
}

// ValidateOutput checks the result of an execution: as a whole against the schema
// of the runner, and what is at outputKey against that of the action. A result
// that does not fit is replaced by one that says so, and ok is false.
func ValidateOutput(runner, action *value.Dict, result value.Value, outputKey string) (out value.Value, ok bool) {
	if runner == nil || runner.Len() == 0 {
		return result, true
	}
	err := checkOutput(runner, result)
	if err == nil && action != nil && action.Len() > 0 && OutputValid(action) {
		var part value.Value
		if d, isDict := result.(*value.Dict); isDict {
			part, isDict = d.Get(outputKey)
			if !isDict {
				return failedOutput(value.Repr(outputKey)), false
			}
		}
		err = checkOutput(action, part)
	}
	if err == nil {
		return result, true
	}
	return failedOutput(explain(err)), false
}

func checkOutput(d *value.Dict, v value.Value) error {
	if !OutputValid(d) {
		return nil
	}
	_, err := Validate(v, d, Options{Defaults: true})
	return err
}

func explain(err error) string {
	if e, ok := err.(*Error); ok { //nolint:errorlint // Validate returns it as it is
		return e.Explain()
	}
	return err.Error()
}

func failedOutput(msg string) *value.Dict {
	d := value.NewDict()
	d.Set("error", msg)
	d.Set("message", "Error validating output. See error output for more details.")
	return d
}

// MaskOutput returns the result of an execution with [Mask] in place of what the
// output schema of its action calls secret. The schema is about what is at
// outputKey in the result.
func MaskOutput(result value.Value, outputKey string, schema value.Value) value.Value {
	d, ok := result.(*value.Dict)
	if !ok || outputKey == "" || !value.Truth(schema) {
		return result
	}
	part, ok := d.Get(outputKey)
	if !ok {
		return result
	}
	spec, ok := schema.(*value.Dict)
	if !ok {
		return result
	}
	if !OutputValid(spec) {
		old := value.NewDict()
		old.Set("type", "object")
		old.Set("properties", spec)
		old.Set("additionalProperties", true)
		if !OutputValid(old) {
			return result
		}
		spec = old
	}
	out := d.Clone()
	out.Set(outputKey, masked(spec, part, 0))
	return out
}

// masked returns v without its secrets. What is not of the type that the schema
// says is left as it is, as in the reference.
func masked(schema, v value.Value, depth int) value.Value {
	spec, ok := schema.(*value.Dict)
	if !ok || depth > maxDepth {
		return v
	}
	if s, _ := spec.Get("secret"); value.Truth(s) {
		return Mask
	}
	typ, _ := spec.Get("type")
	switch v := v.(type) {
	case *value.Dict:
		if typ == "object" {
			return maskedObject(spec, v, depth)
		}
	case *value.List:
		if typ == "array" {
			return maskedArray(spec, v, depth)
		}
	}
	return v
}

func maskedObject(spec, v *value.Dict, depth int) value.Value {
	out := v.Clone()
	rest := map[string]bool{}
	for key := range v.Texts() {
		rest[key] = true
	}
	for key, sub := range dict(spec, "properties").Texts() {
		if item, ok := v.Get(key); ok {
			out.Set(key, masked(sub, item, depth+1))
			delete(rest, key)
		}
	}
	for pattern, sub := range dict(spec, "patternProperties").Texts() {
		matches, err := compilePattern(pattern)
		if err != nil {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(rest)) {
			if matches(key) {
				item, _ := v.Get(key)
				out.Set(key, masked(sub, item, depth+1))
				delete(rest, key)
			}
		}
	}
	if sub, ok := spec.Get("additionalProperties"); ok {
		for key := range rest {
			item, _ := v.Get(key)
			out.Set(key, masked(sub, item, depth+1))
		}
	}
	return out
}

func maskedArray(spec *value.Dict, v *value.List, depth int) value.Value {
	out := value.NewList(slices.Clone(v.Items)...)
	items, _ := spec.Get("items")
	known := len(out.Items)
	if list, ok := items.(*value.List); ok {
		known = min(known, len(list.Items))
		for i := range known {
			out.Items[i] = masked(list.Items[i], out.Items[i], depth+1)
		}
	} else {
		for i := range out.Items {
			out.Items[i] = masked(items, out.Items[i], depth+1)
		}
	}
	if more, ok := spec.Get("additionalItems"); ok {
		for i := known; i < len(out.Items); i++ {
			out.Items[i] = masked(more, out.Items[i], depth+1)
		}
	}
	return out
}
