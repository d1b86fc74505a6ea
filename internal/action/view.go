package action

import "github.com/nightshift-run/nightshift/internal/expr/value"

// A View is what parameters an action has for those who call it: its own and
// those of its runner, each with its merged schema by its name.
type View struct {
	Required  *value.Dict // to be given
	Optional  *value.Dict
	Immutable *value.Dict // not to be given
}

// Parameters returns the merged schemas of all parameters, those of the action
// first, each in the order in which they are written. What the action says about
// a parameter of its runner goes before what the runner says, attribute by
// attribute; only immutable it stays if either says so.
func Parameters(a *Action, rt *RunnerType) *value.Dict {
	var own, runner *value.Dict
	if a != nil {
		own = a.Parameters
	}
	if rt != nil {
		runner = rt.Parameters
	}
	return mergeParameters(orEmpty(own), orEmpty(runner))
}

func mergeParameters(own, runner *value.Dict) *value.Dict {
	all := value.NewDictCap(own.Len() + runner.Len())
	for name, schema := range own.Texts() {
		below, _ := runner.Get(name)
		all.Set(name, mergeSchemas(asDict(schema), asDict(below)))
	}
	for name, schema := range runner.Texts() {
		if !own.Has(name) {
			all.Set(name, asDict(schema).Clone())
		}
	}
	return all
}

func mergeSchemas(own, runner *value.Dict) *value.Dict {
	all := own.Clone()
	for key, v := range runner.Texts() {
		if !own.Has(key) {
			all.Set(key, v)
		}
	}
	if flag(runner, "immutable") {
		v, _ := runner.Get("immutable")
		all.Set("immutable", v)
	}
	return all
}

// NewView returns the view of an action with its runner type.
func NewView(a *Action, rt *RunnerType) View {
	v := View{value.NewDict(), value.NewDict(), value.NewDict()}
	for name, schema := range Parameters(a, rt).Texts() {
		d := asDict(schema)
		switch {
		case flag(d, "immutable"):
			v.Immutable.Set(name, d)
		case flag(d, "required"):
			v.Required.Set(name, d)
		default:
			v.Optional.Set(name, d)
		}
	}
	return v
}

// flag reports whether an attribute is set and true.
func flag(schema *value.Dict, name string) bool {
	v, _ := schema.Get(name)
	return value.Truth(v)
}

func orEmpty(d *value.Dict) *value.Dict {
	if d == nil {
		return value.NewDict()
	}
	return d
}

// asDict returns a schema, which is empty if nothing is written where it should
// be.
func asDict(v value.Value) *value.Dict {
	if d, ok := v.(*value.Dict); ok && d != nil {
		return d
	}
	return value.NewDict()
}
