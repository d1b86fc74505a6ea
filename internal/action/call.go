package action

import (
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Unfit says why a parameter can't be given a value that is final, whatever the
// others are given; it is empty if it can. What is no parameter is not looked at:
// that is for [Compiled.Names].
func (c *Compiled) Unfit(name string, v value.Value) string {
	p := c.param(name)
	if p == nil || v == nil {
		return ""
	}
	if p.immutable {
		return fmt.Sprintf("The parameter \"%s\" is immutable.", name)
	}
	cast, err := p.to(v)
	if err != nil {
		return c.failure(p, v, err).sentence()
	}
	if c.schema == nil || p.kinds&kindOf(cast) != 0 {
		return ""
	}
	given := value.NewDict()
	given.Set(name, cast)
	for _, e := range c.schema.Validate(given) {
		if c.about(e) == p {
			return fmt.Sprintf("Parameter \"%s\": %s", name, c.sentence(e, p))
		}
	}
	return ""
}

// Parameters returns the names of all parameters, sorted.
func (c *Compiled) Parameters() []string {
	names := make([]string, len(c.params))
	for i := range c.params {
		names[i] = c.params[i].name
	}
	slices.Sort(names)
	return names
}
