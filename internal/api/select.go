package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// attributes are those of one kind of thing, of which clients can ask for some.
type attributes struct {
	names  []string
	drop   []string // may be excluded; nil: all
	always []string // are there, whatever was asked for
}

// attributesOf returns those of a type of package wire.
func attributesOf[T any](drop, always []string) attributes {
	a := attributes{drop: drop, always: append([]string{"id"}, always...)}
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		a.names = append(a.names, name)
	}
	return a
}

// selection is which attributes a client asks for.
type selection struct {
	include *tree // nil: all
	exclude []string
}

// tree is a set of dotted paths.
type tree struct {
	whole bool
	below map[string]*tree
}

func (t *tree) add(path string) {
	for part := range strings.SplitSeq(path, ".") {
		if t.below == nil {
			t.below = map[string]*tree{}
		}
		next := t.below[part]
		if next == nil {
			next = &tree{}
			t.below[part] = next
		}
		t = next
	}
	t.whole = true
}

// selection reads include_attributes and exclude_attributes.
func (c *call) selection(a attributes) (selection, error) {
	var s selection
	include, exclude := c.csv("include_attributes"), c.csv("exclude_attributes")
	if len(include) > 0 && len(exclude) > 0 {
		return s, fault.Newf(fault.Invalid, "exclude_fields and include_fields arguments are mutually exclusive. "+
			"You need to provide either one or another, but not both.")
	}
	allowed := a.drop
	if allowed == nil {
		allowed = a.names
	}
	for _, name := range exclude {
		if !slices.Contains(allowed, name) {
			return s, fault.Newf(fault.Invalid, "Invalid or unsupported exclude attribute specified: %s", name)
		}
	}
	s.exclude = slices.DeleteFunc(exclude, func(name string) bool { return slices.Contains(a.always, name) })
	if len(include) == 0 {
		return s, nil
	}
	s.include = &tree{}
	for _, path := range include {
		name, _, _ := strings.Cut(path, ".")
		if !slices.Contains(a.names, name) {
			return s, fault.Newf(fault.Invalid, "Invalid or unsupported include attribute specified: %s", name)
		}
		s.include.add(path)
	}
	for _, name := range a.always {
		s.include.add(name)
	}
	return s, nil
}

// all reports whether nothing is left out.
func (s selection) all() bool { return s.include == nil && len(s.exclude) == 0 }

// wants reports whether an attribute, or something in it, is asked for, so that
// what costs something is fetched only then.
func (s selection) wants(name string) bool {
	if s.include != nil {
		return s.include.below[name] != nil
	}
	return !slices.Contains(s.exclude, name)
}

// names reports whether an attribute is asked for by its name.
func (s selection) names(name string) bool { return s.include != nil && s.include.below[name] != nil }

// pick returns the attributes of v that are asked for.
func (s selection) pick(v any) (*value.Dict, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write the answer: %w", err)
	}
	d := value.NewDict()
	if err := d.UnmarshalJSON(b); err != nil {
		return nil, fmt.Errorf("write the answer: %w", err)
	}
	if s.include != nil {
		return s.include.pick(d), nil
	}
	for _, name := range s.exclude {
		d.Delete(name)
	}
	return d, nil
}

func (t *tree) pick(d *value.Dict) *value.Dict {
	out := value.NewDictCap(len(t.below))
	for name, v := range d.Texts() {
		next := t.below[name]
		if next == nil {
			continue
		}
		if next.whole {
			out.Set(name, v)
			continue
		}
		if inner, ok := v.(*value.Dict); ok {
			if part := next.pick(inner); part.Len() > 0 {
				out.Set(name, part)
			}
		}
	}
	return out
}
