package pack

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// ReadConfig reads the configuration of a pack: the file of its name in a folder.
// Defaults are not filled in, and templates not rendered, as that is done when
// somebody asks. It is nil if there is no file, or a mistake in it.
func ReadConfig(fsys fs.FS, ref string, attributes *value.Dict) (*value.Dict, Findings) {
	file := ref + ".yaml"
	if _, err := fs.Stat(fsys, file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := &reader{fsys: fsys, dir: "."}
	s, o, ok := r.load(file)
	if !ok {
		if s.doc != nil && s.doc.Value == nil {
			return value.NewDict(), nil // an empty file says nothing
		}
		return nil, s.found
	}
	if attributes == nil || attributes.Len() == 0 {
		return o.d, s.found
	}
	o.templates(attributes)
	compiled, err := schema.Compile(schema.AllowNone(schema.ForParameters(attributes, true)))
	if err != nil {
		s.add(Warning, nil, false, "", "the configuration cannot be checked, as its schema is none: %v", err)
		return o.d, s.found
	}
	for _, e := range compiled.Validate(compiled.Fill(o.d)) {
		if !isTemplate(at(o.d, e.Path)) {
			s.add(Error, e.Path, false, "", "%s", e.Msg)
		}
	}
	s.found.sort()
	if s.stop {
		return nil, s.found
	}
	return o.d, s.found
}

// templates finds templates that decrypt what is decrypted anyway.
func (o *object) templates(attributes *value.Dict) {
	for name, v := range attributes.Texts() {
		d, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		secret, _ := d.Get("secret")
		text, _ := o.d.Get(name)
		if s, ok := text.(string); ok && value.Truth(secret) && strings.Contains(s, "decrypt_kv") {
			o.s.add(Error, []any{name}, false, "leave decrypt_kv out", "%s is secret, so its value is decrypted anyway", name)
		}
	}
}

func isTemplate(v value.Value) bool {
	s, ok := v.(string)
	return ok && strings.Contains(s, "{{")
}

// at returns the value at a path, or nil.
func at(v value.Value, path []any) value.Value {
	for _, step := range path {
		switch c := v.(type) {
		case *value.Dict:
			v, _, _ = c.GetKey(step) // a step is a key, or the path is of something else
		case *value.List:
			i, ok := step.(int)
			if !ok || i < 0 || i >= len(c.Items) {
				return nil
			}
			v = c.Items[i]
		default:
			return nil
		}
	}
	return v
}
