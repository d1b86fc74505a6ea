package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

// A Finding is a mistake in a definition.
type Finding struct {
	Path []any  // to what is wrong, from the mapping of definitions: keys, and indices as ints
	Key  bool   // it is the key at the end of the path that is wrong
	Msg  string // what is wrong
	Hint string // what would be right; may be empty
}

// Overridable are the attributes of a runner's parameter that an action may set
// anew.
func Overridable() []string {
	return []string{"default", "description", "enum", "immutable", "required"}
}

// CheckParameters returns the mistakes in the definitions of an action's
// parameters. runner has those of its runner; nil: not known.
func CheckParameters(parameters, runner *value.Dict) []Finding {
	c := definitions{meta: metas().param}
	c.each(parameters)
	c.positions(parameters)
	for name, v := range parameters.Texts() {
		if d, ok := v.(*value.Dict); ok {
			c.overrides(name, d, runner)
		}
	}
	return c.found
}

// CheckConfig returns the mistakes in the schema of a pack's configuration.
func CheckConfig(attributes *value.Dict) []Finding {
	c := definitions{meta: metas().param}
	c.each(attributes)
	return c.found
}

// CheckSchema returns the mistakes in a schema as a whole, such as that of a
// payload.
func CheckSchema(d *value.Dict) []Finding {
	c := definitions{meta: metas().lax}
	c.add(nil, d)
	return c.found
}

// CheckOutput returns the mistakes in the schema of an action's results. Without
// a type it is the old form, which maps names to schemas.
func CheckOutput(d *value.Dict) []Finding {
	c := definitions{meta: metas().output}
	if d.Has("type") {
		c.add(nil, d)
	} else {
		c.each(d)
	}
	return c.found
}

type definitions struct {
	meta  *Schema
	found []Finding
}

func (c *definitions) fail(path []any, key bool, hint, format string, args ...any) {
	c.found = append(c.found, Finding{Path: path, Key: key, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// each checks the definitions in a mapping.
func (c *definitions) each(parameters *value.Dict) {
	word, err := pyre.Cached(`^\w+$`, 0)
	for k, v := range parameters.All() {
		name, ok := k.(string)
		if !ok {
			c.fail([]any{k}, true, fmt.Sprintf("put it in quotes if it is the text %q", value.Str(k)),
				"the name %s is not text but of type %s", value.Repr(k), value.TypeName(k))
			continue
		}
		if m, merr := word.Match(name); err != nil || merr != nil || m == nil {
			c.fail([]any{name}, true, "", "the name %s may hold letters, digits and underscores only", value.Repr(name))
		}
		c.add([]any{name}, v)
	}
}

// add checks one definition against the schema of definitions.
func (c *definitions) add(path []any, v value.Value) {
	d, ok := v.(*value.Dict)
	if !ok {
		c.fail(path, false, "write attributes below it, such as type and description", "%s is not of type 'object'", value.Repr(v))
		return
	}
	for _, e := range c.meta.Validate(d) {
		top := e
		e = Best([]*Error{e})
		if e.Keyword == "additionalProperties" {
			c.unknown(path, e)
			continue
		}
		msg := e.Msg
		if n := len(e.Path); n > 0 && e.Path[n-1] == "type" && e.Keyword == "anyOf" {
			msg = value.Repr(e.instance) + " is not one of " + value.Repr(typeNames())
		}
		c.fail(join(path, e.Path), false, hintFor(top, e), "%s", msg)
	}
	if _, err := compile(d); err != nil && len(c.found) == 0 {
		c.fail(path, false, "", "%s", err)
	}
}

func join(a, b []any) []any { return append(slices.Clip(a), b...) }

// unknown reports each attribute that there is not, with the one that was meant.
func (c *definitions) unknown(path []any, e *Error) {
	d, ok := e.instance.(*value.Dict)
	if !ok {
		return
	}
	props := dict(e.schema, "properties")
	for k := range d.All() {
		name, isText := k.(string)
		if isText && props.Has(name) {
			continue
		}
		hint := ""
		switch meant := near.Name(value.Str(k), textKeys(props)); {
		case !isText:
			hint = fmt.Sprintf("put it in quotes if it is the text %q", value.Str(k))
		case name == "format":
			hint = "formats are not checked; use pattern"
		case meant != "":
			hint = "did you mean " + meant + "?"
		}
		c.fail(join(join(path, e.Path), []any{k}), true, hint, "Additional properties are not allowed (%s was unexpected)", value.Repr(k))
	}
}

func textKeys(d *value.Dict) []string {
	var out []string
	for k := range d.Texts() {
		out = append(out, k)
	}
	return out
}

// hintFor says what would be right for the mistakes that are made most.
func hintFor(top, e *Error) string {
	steps := e.Path
	if len(steps) == 0 {
		steps = top.Path
	}
	if len(steps) == 0 {
		return ""
	}
	attribute, _ := steps[len(steps)-1].(string)
	switch attribute {
	case "type":
		switch t := e.instance.(type) {
		case string:
			return typeHint(t)
		case *value.List:
			return "name one type; leave it out if anything will do, or use anyOf"
		}
	case "required":
		if _, isList := e.instance.(*value.List); isList {
			return "write 'required: true' in each property that is"
		}
	}
	if s, ok := e.instance.(string); ok && e.Keyword == "type" {
		switch strings.ToLower(s) {
		case "true", "false", "yes", "no":
			return "write it without quotes"
		}
	}
	return ""
}

func typeNames() *value.List {
	return value.NewList("array", "boolean", "integer", "null", "number", "object", "string")
}

func typeHint(t string) string {
	other := map[string]string{
		"int": "integer", "long": "integer", "float": "number", "double": "number", "bool": "boolean", "str": "string", "text": "string",
		"dict": "object", "map": "object", "hash": "object", "list": "array", "none": "null",
	}
	if right, ok := other[strings.ToLower(t)]; ok {
		return "did you mean " + right + "?"
	}
	var names []string
	for _, name := range typeNames().Items {
		names = append(names, value.Str(name))
	}
	if meant := near.Name(t, names); meant != "" {
		return "did you mean " + meant + "?"
	}
	return ""
}

// positions checks that no two parameters have one position, and that there is
// no gap between the positions.
func (c *definitions) positions(parameters *value.Dict) {
	type placed struct {
		name string
		at   value.Value
	}
	var all []placed
	for name, v := range parameters.Texts() {
		if d, ok := v.(*value.Dict); ok {
			if at, ok := d.Get("position"); ok && isType(at, "number") {
				all = append(all, placed{name, at})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { n, _ := value.Compare(a.at, b.at); return n })
	for i := 1; i < len(all); i++ {
		before, p := all[i-1], all[i]
		path := []any{p.name, "position"}
		switch gap := toFloat(p.at) - toFloat(before.at); {
		case gap == 0:
			c.fail(path, false, "", "Parameters %s and %s have same position %s. Position values have to be unique.", p.name, before.name, value.Str(p.at))
		case gap != 1:
			c.fail(path, false, fmt.Sprintf("the one after %s is %g", before.name, toFloat(before.at)+1),
				"Positions are not contiguous: %s follows %s.", value.Str(p.at), value.Str(before.at))
		}
	}
}

// overrides checks what an action says about one parameter against what its
// runner says.
func (c *definitions) overrides(name string, d, runner *value.Dict) {
	var below *value.Dict
	if runner != nil {
		v, _ := runner.Get(name)
		below, _ = v.(*value.Dict)
	}
	if below != nil {
		for key, v := range d.Texts() {
			was, _ := below.Get(key)
			if !slices.Contains(Overridable(), key) && !value.Equal(v, was) {
				c.fail([]any{name, key}, true, "an action may set "+strings.Join(Overridable(), ", ")+" of a parameter of its runner",
					"The attribute %q for the runner parameter %q cannot be overridden.", key, name)
			}
		}
	}
	if !d.Has("immutable") {
		return
	}
	switch {
	case below != nil && below.Has("immutable"):
		c.fail([]any{name, "immutable"}, true, "", "Param %s is declared immutable in runner. Cannot override in action.", name)
	case !d.Has("default") && (below == nil || !below.Has("default")) && runner != nil:
		c.fail([]any{name}, true, "give it a default, or take immutable away", "Immutable param %s requires a default value.", name)
	}
}
