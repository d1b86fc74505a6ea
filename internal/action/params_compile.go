package action

import (
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// Compiled is what is known of the parameters of an action before anybody calls
// it: it is made once for each registration and may be used by several
// goroutines at once.
type Compiled struct {
	ref         string
	params      []param        // of the action, then those that only its runner has
	index       map[string]int // by name
	inRunner    int            // how many the runner has
	dynamic     bool           // a default is a template
	schema      *schema.Schema // of all parameters; nil: anything goes
	defaultsFit bool           // the schema
	secrets     value.Value    // which of them are secret
	none        error          // what Live answers when nothing is given and nothing is dynamic
}

// param is one parameter, of the action, its runner or both.
type param struct {
	name      string
	inRunner  bool
	required  bool // and without a default where that is said
	immutable bool
	needed    bool   // by the merged schema
	kinds     kinds  // that are right for certain; 0 if only the schema knows
	typ       string // to cast to; "" is none

	def     value.Value // the default, or nil
	tmpl    *template   // that it is, or nil
	cast    value.Value // the default as it is passed on, if it is no template and can be cast
	castErr error       // or why it can't be: not before somebody needs it
}

// to casts v to the type of the parameter.
func (p *param) to(v value.Value) (value.Value, error) {
	if p.typ == "" {
		return v, nil
	}
	return Cast(v, p.typ)
}

// attributes are what an action may say about a parameter of its runner.
func attributes() []string {
	return []string{"default", "description", "enum", "immutable", "required"}
}

// Compile prepares the parameters of an action with its runner type. The error
// is a fault of kind Invalid with all that is wrong in what they declare, one
// sentence a line. A default of the wrong type is no mistake.
func Compile(a *Action, rt *RunnerType) (*Compiled, error) {
	own, runner := orEmpty(a.Parameters), orEmpty(rt.Parameters)
	if problems := overrides(a.Ref, own, runner); len(problems) > 0 {
		return nil, invalid(problems)
	}
	c := compileParams(a.Ref, own, runner)
	if err := c.compileSchema(a, own, runner); err != nil {
		return nil, err
	}
	if problems := c.check(value.NewDict(), nil); len(problems) > 0 {
		c.none = invalid(problems)
	}
	return c, nil
}

// overrides says what an action must not say about parameters of its runner.
func overrides(ref string, own, runner *value.Dict) []string {
	var problems []string
	for name, schema := range own.Texts() {
		if !runner.Has(name) {
			continue
		}
		below, _ := runner.Get(name)
		for attr, v := range asDict(schema).Texts() {
			has, _ := asDict(below).Get(attr)
			if !slices.Contains(attributes(), attr) && !value.Equal(v, has) {
				problems = append(problems, fmt.Sprintf(
					"The attribute \"%s\" for the runner parameter \"%s\" in action \"%s\" cannot be overridden.", attr, name, ref))
			}
		}
	}
	return problems
}

func compileParams(ref string, own, runner *value.Dict) *Compiled {
	size := own.Len() + runner.Len()
	c := &Compiled{ref: ref, inRunner: runner.Len(), params: make([]param, 0, size), index: make(map[string]int, size)}
	for name, schema := range own.Texts() {
		p := newParam(name, asDict(schema), nil)
		if below, ok := runner.Get(name); ok {
			p = newParam(name, asDict(schema), asDict(below))
		}
		c.add(p)
	}
	for name, schema := range runner.Texts() {
		if !own.Has(name) {
			c.add(newParam(name, nil, asDict(schema)))
		}
	}
	return c
}

// newParam returns the parameter that the schemas declare; one of them can be nil.
func newParam(name string, own, runner *value.Dict) param {
	typed, said := runner, own // what the runner needs counts, and what the action asks for
	if runner == nil {
		typed = own
	}
	if own == nil {
		said = runner
	}
	inRunner := runner != nil
	own, runner = orEmpty(own), orEmpty(runner)
	p := param{
		name:      name,
		inRunner:  inRunner,
		required:  flag(said, "required") && !said.Has("default"),
		immutable: flag(own, "immutable") || flag(runner, "immutable"),
	}
	if typ, _ := typed.Get("type"); typ != nil {
		p.typ, _ = typ.(string)
	}
	p.def, _ = own.Get("default")
	if inRunner && (p.def == nil || flag(runner, "immutable")) {
		p.def, _ = runner.Get("default")
	}
	return p
}

func (c *Compiled) add(p param) {
	if p.tmpl = compileTemplate(p.def); p.tmpl != nil {
		c.dynamic = true
	} else {
		if p.cast, p.castErr = p.to(p.def); p.castErr != nil {
			p.cast = p.def
		}
	}
	c.index[p.name] = len(c.params)
	c.params = append(c.params, p)
}

// Names says which required parameters without a default are not given, and which
// of those that are given the action does not have.
func (c *Compiled) Names(given *value.Dict) (missing, unexpected []string) {
	for i := range c.params {
		if p := &c.params[i]; p.required && !given.Has(p.name) {
			missing = append(missing, p.name)
		}
	}
	for name := range given.Texts() {
		if c.param(name) == nil {
			unexpected = append(unexpected, name)
		}
	}
	slices.Sort(missing)
	slices.Sort(unexpected)
	return missing, unexpected
}
