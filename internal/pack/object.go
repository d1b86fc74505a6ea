package pack

import (
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// source is a text with definitions and what was found in it.
type source struct {
	file  string
	doc   *pyyaml.Document // nil: it came over the API and has no places
	found Findings
	stop  bool // there was an error, so what is defined is left out
}

func (s *source) add(sev Severity, path []any, key bool, hint, format string, args ...any) {
	f := Finding{File: s.file, Severity: sev, Msg: fmt.Sprintf(format, args...), Hint: hint}
	switch {
	case s.doc == nil:
	case key:
		f.Line, f.Column = s.doc.KeyPos(path...)
	default:
		f.Line, f.Column = s.doc.Pos(path...)
	}
	s.found = append(s.found, f)
	s.stop = s.stop || sev == Error
}

// object is a mapping whose keys are known. Whoever reads it asks for each key
// that there may be, and at the end [object.unknown] says which others there are.
type object struct {
	s     *source
	path  []any
	d     *value.Dict
	known []string
}

func (o *object) at(key string) []any { return append(slices.Clip(o.path), key) }

// get returns the value of a key. What is null might as well not be there.
func (o *object) get(key string) value.Value {
	o.known = append(o.known, key)
	v, _ := o.d.Get(key)
	return v
}

func (o *object) wrong(key string, v value.Value, want string) {
	hint := ""
	if want == "a text" && isScalar(v) {
		hint = fmt.Sprintf("put it in quotes if it is the text %q", value.Str(v))
	}
	if s, ok := v.(string); ok && want == "true or false" && (s == "true" || s == "false" || s == "yes" || s == "no") {
		hint = "write it without quotes"
	}
	o.s.add(Error, o.at(key), false, hint, "%s is %s, not %s", key, value.Repr(v), want)
}

func isScalar(v value.Value) bool {
	switch v.(type) {
	case *value.List, *value.Dict:
		return false
	}
	return true
}

// text returns a text, or "" if there is none.
func (o *object) text(key string) string {
	switch v := o.get(key).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		o.wrong(key, v, "a text")
		return ""
	}
}

// need returns a text that has to be there.
func (o *object) need(key string) string {
	v := o.get(key)
	if v == nil {
		o.s.add(Error, o.path, false, "", "%s is missing", key)
		return ""
	}
	s, ok := v.(string)
	switch {
	case !ok:
		o.wrong(key, v, "a text")
	case s == "":
		o.s.add(Error, o.at(key), false, "", "%s is empty", key)
	}
	return s
}

func (o *object) flag(key string, def bool) bool {
	switch v := o.get(key).(type) {
	case nil:
		return def
	case bool:
		return v
	default:
		o.wrong(key, v, "true or false")
		return def
	}
}

// dict returns a mapping, which is empty if there is none.
func (o *object) dict(key string) *value.Dict {
	switch v := o.get(key).(type) {
	case nil:
	case *value.Dict:
		return v
	default:
		o.wrong(key, v, "a mapping")
	}
	return value.NewDict()
}

// object returns a mapping whose keys are known, and whether there is one.
func (o *object) object(key string) (*object, bool) {
	v := o.get(key)
	d, ok := v.(*value.Dict)
	if v != nil && !ok {
		o.wrong(key, v, "a mapping")
	}
	if d == nil {
		d = value.NewDict()
	}
	return &object{s: o.s, path: o.at(key), d: d}, ok
}

func (o *object) list(key string) []value.Value {
	switch v := o.get(key).(type) {
	case nil:
	case *value.List:
		return v.Items
	default:
		o.wrong(key, v, "a list")
	}
	return nil
}

// texts returns a list of texts. A number in it is taken as it is written.
func (o *object) texts(key string) []string {
	out := []string{}
	for i, item := range o.list(key) {
		switch item := item.(type) {
		case string:
			out = append(out, item)
		case *value.List, *value.Dict, nil:
			o.s.add(Error, append(o.at(key), i), false, "", "%s has an item that is no text: %s", key, value.Repr(item))
		default:
			o.s.add(Warning, append(o.at(key), i), false, "put it in quotes", "%s has an item that is no text: %s", key, value.Repr(item))
			out = append(out, value.Str(item))
		}
	}
	return out
}

func (o *object) tags() []trigger.Tag {
	out := []trigger.Tag{}
	for i, item := range o.list("tags") {
		d, ok := item.(*value.Dict)
		if !ok {
			o.s.add(Error, append(o.at("tags"), i), false, "write - {name: x, value: y}", "a tag is %s, not a mapping", value.Repr(item))
			continue
		}
		out = append(out, trigger.Tag{Name: plainText(d, "name"), Value: plainText(d, "value")})
	}
	return out
}

func plainText(d *value.Dict, key string) string {
	if v, _ := d.Get(key); v != nil {
		return value.Str(v)
	}
	return ""
}

// unknown reports the keys that nobody asked for.
func (o *object) unknown(sev Severity, more ...string) {
	known := append(slices.Clone(o.known), more...)
	for k := range o.d.All() {
		name, ok := k.(string)
		if ok && slices.Contains(known, name) {
			continue
		}
		path := append(slices.Clip(o.path), k)
		if meant := near.Name(value.Str(k), known); meant != "" {
			o.s.add(sev, path, true, "did you mean "+meant+"?", "there is no key %s here", value.Repr(k))
		} else {
			o.s.add(sev, path, true, "", "there is no key %s here", value.Repr(k))
		}
	}
}

// findings takes over what was found in a definition below key.
func (o *object) findings(sev Severity, key string, found []schema.Finding) {
	for _, f := range found {
		o.s.add(sev, append(o.at(key), f.Path...), f.Key, f.Hint, "%s", f.Msg)
	}
}

// owner returns the pack of a thing. It may say which it is, but not another.
func (o *object) owner(ref string) string {
	if own := o.text("pack"); own != "" && own != ref && ref != "" {
		o.s.add(Error, o.at("pack"), false, "leave it out", "pack is %q, but this is in the pack %q", own, ref)
	} else if ref == "" {
		return own
	}
	return ref
}

// settled asks for the keys that the server sets itself and that may be there
// because a definition was taken from its answers.
func (o *object) settled() { o.known = append(o.known, "id", "ref", "uid", "metadata_file") }
