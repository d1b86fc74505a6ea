package schema

import "github.com/nightshift-run/nightshift/internal/expr/value"

// Below returns the schema of one part of what a schema describes: of the property
// of an object that step names, or of the item of an array at the index step. It is
// nil if nothing is said of it.
func Below(spec *value.Dict, step any) *value.Dict {
	if spec == nil {
		return nil
	}
	var sub value.Value
	switch step := step.(type) {
	case string:
		sub = property(spec, step)
	case int:
		items, _ := spec.Get("items")
		more, _ := spec.Get("additionalItems")
		switch list, ok := items.(*value.List); {
		case ok && step < len(list.Items):
			sub = list.Items[step]
		case ok || items == nil:
			sub = more
		default:
			sub = items
		}
	}
	d, _ := sub.(*value.Dict)
	return d
}

func property(spec *value.Dict, name string) value.Value {
	if sub, ok := dict(spec, "properties").Get(name); ok {
		return sub
	}
	for pattern, sub := range dict(spec, "patternProperties").Texts() {
		if matches, err := compilePattern(pattern); err == nil && matches(name) {
			return sub
		}
	}
	sub, _ := spec.Get("additionalProperties")
	return sub
}
