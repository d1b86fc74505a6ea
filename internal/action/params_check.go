package action

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// compileSchema makes the schema that all parameters together have to fit. An
// action without any parameters has none and takes everything.
func (c *Compiled) compileSchema(a *Action, own, runner *value.Dict) error {
	merged := deepMerge(runner, own)
	c.secrets = schema.SecretParameters(asProperties(merged))
	if merged.Len() == 0 {
		return nil
	}
	d := schema.ForParameters(merged, false)
	d.Set("title", a.Name)
	if a.Description != "" {
		d.Set("description", a.Description)
	}
	d = schema.AllowNone(d)
	var err error
	if c.schema, err = schema.Compile(d); err == nil {
		c.simplify(d)
		return nil
	}
	bad, ok := errors.AsType[*schema.Invalid](err)
	if !ok {
		return invalid([]string{fmt.Sprintf("The parameters of action \"%s\": %v", c.ref, err)})
	}
	problems := make([]string, len(bad.Errs))
	for i, e := range bad.Errs {
		problems[i] = fmt.Sprintf("The parameters of action \"%s\": %s: %s", c.ref, strings.TrimPrefix(e.Name(), "properties."), e.Msg)
	}
	return invalid(problems)
}

// asProperties returns the schema of an object with these properties.
func asProperties(properties *value.Dict) *value.Dict {
	d := value.NewDictCap(2)
	d.Set("type", "object")
	d.Set("properties", properties)
	return d
}

// deepMerge returns a dict with what both have; where both have something, dicts
// are merged and otherwise the second counts.
func deepMerge(a, b *value.Dict) *value.Dict {
	out := a.Clone()
	for name, v := range b.Texts() {
		if d, ok := v.(*value.Dict); ok {
			below, _ := out.Get(name)
			v = deepMerge(asDict(below), d)
		}
		out.Set(name, v)
	}
	return out
}

// check says what is wrong with values against the schema, apart from what is
// said of those already that could not be cast.
func (c *Compiled) check(values *value.Dict, failed []castFailure) []string {
	if c.schema == nil || len(failed) == 0 && c.fits(values) {
		return nil
	}
	if len(failed) > 0 {
		values = values.Clone()
		for _, f := range failed {
			values.Set(f.p.name, f.v) // not missing, after all
		}
	}
	var problems []string
	for _, e := range c.schema.Validate(c.schema.Fill(values)) {
		if p := c.about(e); p == nil || !failedAt(p, failed) {
			problems = append(problems, c.sentence(e, p))
		}
	}
	return problems
}

// simplify notes what can be said about parameters without going through the
// schema each time.
func (c *Compiled) simplify(d *value.Dict) {
	props := property(d, "properties")
	for i := range c.params {
		p := &c.params[i]
		prop := property(props, p.name)
		p.needed = flag(prop, "required") && !prop.Has("default")
		p.kinds = simpleKinds(prop)
	}
	c.defaultsFit = true
	for _, e := range c.schema.Validate(c.schema.Fill(value.NewDict())) {
		// What is needed is seen at once, and what is rendered is not known yet.
		if p := c.about(e); e.Keyword != "required" && (p == nil || p.tmpl == nil) {
			c.defaultsFit = false
		}
	}
}

func property(d *value.Dict, name string) *value.Dict {
	v, _ := d.Get(name)
	return asDict(v)
}

// kinds are types of JSON Schema.
type kinds uint8

const (
	isNull kinds = 1 << iota
	isBoolean
	isInteger
	isFraction
	isString
	isArray
	isObject
)

// simpleKinds returns the types that a schema allows if it says nothing else
// about the value, and otherwise 0.
func simpleKinds(d *value.Dict) kinds {
	if !d.Has("type") {
		return simpleUntyped(d)
	}
	var all kinds
	for key, v := range d.Texts() {
		switch key {
		case "description", "title", "default", "required", "secret", "immutable", "position":
		case "type":
			names, isList := v.(*value.List)
			if !isList {
				names = value.NewList(v)
			}
			for _, name := range names.Items {
				switch name {
				case "null":
					all |= isNull
				case "boolean":
					all |= isBoolean
				case "integer":
					all |= isInteger
				case "number":
					all |= isInteger | isFraction
				case "string":
					all |= isString
				case "array":
					all |= isArray
				case "object":
					all |= isObject
				}
			}
		default:
			return 0
		}
	}
	return all
}

// simpleUntyped is for a schema that says nothing about the type, which is fine
// with everything.
func simpleUntyped(d *value.Dict) kinds {
	typed := d.Clone()
	typed.Set("type", "null")
	if simpleKinds(typed) == 0 {
		return 0
	}
	return ^kinds(0)
}

func kindOf(v value.Value) kinds {
	switch v.(type) {
	case nil:
		return isNull
	case bool:
		return isBoolean
	case int64, *big.Int:
		return isInteger
	case float64:
		return isFraction
	case string:
		return isString
	case *value.List:
		return isArray
	case *value.Dict:
		return isObject
	}
	return 0
}

// fits reports whether values are right for certain. If it is not, the schema
// has to say it, and what is wrong.
func (c *Compiled) fits(values *value.Dict) bool {
	if !c.defaultsFit {
		return false
	}
	for name, v := range values.Texts() {
		if p := c.param(name); p == nil || p.kinds&kindOf(v) == 0 {
			return false
		}
	}
	for i := range c.params {
		if p := &c.params[i]; p.needed && !values.Has(p.name) {
			return false
		}
	}
	return true
}

// about returns the parameter whose value an error is about.
func (c *Compiled) about(e *schema.Error) *param {
	if len(e.Path) == 0 || e.Keyword == "required" && len(e.Path) == 1 {
		return nil
	}
	name, _ := e.Path[0].(string)
	return c.param(name)
}

func failedAt(p *param, failed []castFailure) bool {
	for _, f := range failed {
		if f.p == p {
			return true
		}
	}
	return false
}

// sentence says what is wrong. Sentences of the schema quote the value, so there
// is another one for secrets.
func (c *Compiled) sentence(e *schema.Error, p *param) string {
	if p == nil || !c.Secret(p.name) {
		return e.Msg
	}
	return fmt.Sprintf("The value of the secret parameter \"%s\" does not fit its \"%s\"", e.Name(), e.Keyword)
}

// Secret reports whether a parameter, or something in it, is secret.
func (c *Compiled) Secret(name string) bool {
	d, ok := c.secrets.(*value.Dict)
	return ok && d.Has(name)
}

// Secrets returns the texts that are secret in parameters.
func (c *Compiled) Secrets(parameters *value.Dict) []string {
	if d, ok := c.secrets.(*value.Dict); !ok || d.Len() == 0 {
		return nil
	}
	return schema.SecretTexts(parameters, c.secrets)
}

// Masked returns parameters as they may be shown: with schema.Mask in place of
// each secret. Those given are not changed.
func (c *Compiled) Masked(parameters *value.Dict) *value.Dict {
	d, _ := schema.MaskParameters(parameters, c.secrets).(*value.Dict)
	return d
}
