package action

import (
	"errors"
	"fmt"
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
	var err error
	if c.schema, err = schema.Compile(schema.AllowNone(d)); err == nil {
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
	if c.schema == nil {
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

// Masked returns parameters as they may be shown: with schema.Mask in place of
// each secret. Those given are not changed.
func (c *Compiled) Masked(parameters *value.Dict) *value.Dict {
	d, _ := schema.MaskParameters(parameters, c.secrets).(*value.Dict)
	return d
}
