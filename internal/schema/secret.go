package schema

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Mask is what is shown in place of a secret.
const Mask = "********"

// SecretParameters returns which of the parameters are secret, with their types:
// a dict by name, in which an object that has secrets inside of it is again a
// dict, and a list has one item for all of its items. [MaskParameters] takes it.
func SecretParameters(parameters *value.Dict) value.Value {
	return secrets(parameters, 0)
}

func secrets(spec *value.Dict, depth int) value.Value {
	typ, _ := spec.Get("type")
	if s, _ := spec.Get("secret"); value.Truth(s) {
		return typ
	}
	if depth > maxDepth {
		return value.NewDict()
	}
	switch typ {
	case "array":
		out := value.NewList()
		if v, ok := secretOf(dict(spec, "items"), depth); ok {
			out.Items = append(out.Items, v)
		}
		return out
	case "integer", "number", "boolean", "null", "string":
		return value.NewDict() // nothing inside of it
	case "object":
		spec = dict(spec, "properties")
	}
	out := value.NewDict()
	for name, v := range spec.Texts() {
		options, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		if secret, ok := secretOf(options, depth); ok {
			out.Set(name, secret)
		}
	}
	return out
}

// secretOf returns what is secret about one parameter.
func secretOf(options *value.Dict, depth int) (value.Value, bool) {
	typ, _ := options.Get("type")
	if s, _ := options.Get("secret"); value.Truth(s) {
		return typ, true
	}
	if typ == "object" || typ == "array" {
		if sub := secrets(options, depth+1); value.Truth(sub) {
			return sub, true
		}
	}
	return nil, false
}

// MaskParameters returns parameters with [Mask] in place of what is secret, as
// [SecretParameters] says it.
func MaskParameters(parameters, secret value.Value) value.Value {
	switch secret := secret.(type) {
	case *value.Dict:
		d, ok := parameters.(*value.Dict)
		if !ok {
			return hide(parameters)
		}
		out := d.Clone()
		for name, sub := range secret.Texts() {
			if v, ok := out.Get(name); ok {
				out.Set(name, MaskParameters(v, sub))
			}
		}
		return out
	case *value.List:
		l, ok := parameters.(*value.List)
		if !ok {
			return hide(parameters)
		}
		out := value.NewList(slices.Clone(l.Items)...)
		for i := range out.Items {
			for _, sub := range secret.Items {
				out.Items[i] = MaskParameters(out.Items[i], sub)
			}
		}
		return out
	}
	return Mask
}

// SecretTexts returns the texts, and the numbers as texts, that are secret in parameters, as
// [SecretParameters] says it.
func SecretTexts(parameters, secret value.Value) []string {
	switch secret := secret.(type) {
	case *value.Dict:
		d, ok := parameters.(*value.Dict)
		if !ok {
			return nil
		}
		var out []string
		for name, sub := range secret.Texts() {
			if v, ok := d.Get(name); ok {
				out = append(out, SecretTexts(v, sub)...)
			}
		}
		return out
	case *value.List:
		l, ok := parameters.(*value.List)
		if !ok {
			return nil
		}
		var out []string
		for _, item := range l.Items {
			for _, sub := range secret.Items {
				out = append(out, SecretTexts(item, sub)...)
			}
		}
		return out
	}
	return texts(parameters)
}

// texts returns all texts and numbers in a value.
func texts(v value.Value) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case int64, float64:
		return []string{value.Str(v)}
	case *value.List:
		var out []string
		for _, item := range v.Items {
			out = append(out, texts(item)...)
		}
		return out
	case *value.Dict:
		var out []string
		for _, item := range v.All() {
			out = append(out, texts(item)...)
		}
		return out
	}
	return nil
}

// hide masks what is not of the kind that its schema says: a secret may be
// anywhere in it. None holds no secret.
func hide(v value.Value) value.Value {
	if v == nil {
		return nil
	}
	return Mask
}
