package chain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

// Actions is what an inspection needs to know of the actions that there are.
type Actions interface {
	// Parameters returns what an action takes; nil: nobody knows. The bool is
	// whether there is such an action.
	Parameters(ref string) (*action.Compiled, bool)
	// Refs returns the references of all actions.
	Refs() []string
}

// Inspect is [Check] which also looks whether there are the actions that the tasks
// name, and whether they take what they are given. A chain begins all the same, so
// that is warned of.
func Inspect(text []byte, actions Actions) []Mistake {
	_, found := read(text, actions)
	return found
}

// calls looks at the action of a task, and at what it is given. What a template
// makes is not looked at.
func (r *reader) calls(d *value.Dict, path []any, ref string) {
	if r.actions == nil || ref == "" || jinja.HasTemplate(ref) {
		return
	}
	takes, ok := r.actions.Parameters(ref)
	if !ok {
		hint := ""
		if meant := near.Name(ref, r.actions.Refs()); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		r.warnAt(at(path, "ref"), hint, "there is no action %q", ref)
		return
	}
	if takes == nil {
		return
	}
	key, given := "parameters", value.NewDict()
	for _, k := range []string{"params", "parameters"} {
		if d, isDict := get(d, k).(*value.Dict); isDict && d.Len() > 0 {
			key, given = k, d
		}
	}
	missing, unexpected := takes.Names(given)
	for _, name := range missing {
		r.warnAt(at(path, "ref"), "", "action %q needs the parameter %q", ref, name)
	}
	for _, name := range unexpected {
		r.warn(append(at(path, key), name), orKnown(name, takes.Parameters()), "action %q has no parameter %q", ref, name)
	}
	for name, v := range given.Texts() {
		if why := takes.Unfit(name, v); why != "" && !hasTemplate(v) {
			r.warnAt(append(at(path, key), name), "", "%s", strings.TrimSuffix(why, "."))
		}
	}
}

// warnAt warns of a value, where [reader.warn] warns of a key.
func (r *reader) warnAt(path []any, hint, format string, args ...any) {
	r.add(Mistake{Msg: fmt.Sprintf(format, args...), Hint: hint, Warning: true}, false, path)
}

// hasTemplate reports whether there is a template anywhere in a value.
func hasTemplate(v value.Value) bool {
	switch v := v.(type) {
	case string:
		return jinja.HasTemplate(v)
	case *value.List:
		return slices.ContainsFunc(v.Items, hasTemplate)
	case *value.Dict:
		for k, item := range v.All() {
			if hasTemplate(k) || hasTemplate(item) {
				return true
			}
		}
	}
	return false
}
