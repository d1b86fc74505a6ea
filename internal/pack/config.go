package pack

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// ReadConfig reads the configuration of a pack: the file of its name in a folder.
// Defaults are not filled in, and templates not rendered, as that is done when
// somebody asks. It is nil if there is no file, or a mistake in it. sensors are the
// classes of the pack's sensors, which may have instances.
func ReadConfig(fsys fs.FS, ref string, attributes *value.Dict, sensors []string) (*value.Dict, Findings) {
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
	check := s.checks(attributes)
	common, _ := SplitConfig(o.d, attributes)
	check(common, common, nil)
	if hasInstances(o.d, attributes) {
		o.instances(attributes, sensors, check)
	}
	s.found.sort()
	if s.stop {
		return nil, s.found
	}
	return o.d, s.found
}

// checks returns what checks a configuration: of what is wrong with it, that counts
// which is in the part that stands at a path of the file.
func (s *source) checks(attributes *value.Dict) func(config, part *value.Dict, path []any) {
	if attributes == nil || attributes.Len() == 0 {
		return func(_, _ *value.Dict, _ []any) {}
	}
	compiled, err := schema.Compile(schema.AllowNone(schema.ForParameters(attributes, true)))
	if err != nil {
		s.add(Warning, nil, false, "", "the configuration cannot be checked, as its schema is none: %v", err)
	}
	return func(config, part *value.Dict, path []any) {
		(&object{s: s, path: path, d: part}).templates(attributes)
		if compiled == nil {
			return
		}
		for _, e := range compiled.Validate(compiled.Fill(config)) {
			if len(path) > 0 && (len(e.Path) == 0 || at(part, e.Path[:1]) == nil) {
				continue // it is not in this part
			}
			if !isTemplate(at(config, e.Path)) {
				s.add(Error, slices.Concat(path, e.Path), false, "", "%s", e.Msg)
			}
		}
	}
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
			o.s.add(Error, o.at(name), false, "leave decrypt_kv out", "%s is secret, so its value is decrypted anyway", name)
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
