package spec

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
)

// contents returns where actions are asked for that there are not, or with other
// inputs than they have. What an expression makes is not looked at.
func (i *inspector) contents() Findings {
	if i.o.Actions == nil {
		return nil
	}
	var all Findings
	for _, t := range i.w.Tasks {
		all = append(all, i.calls(taskPlace(t.Name), t.Action, t.Input, t.Raw)...)
		if t.Undo != nil {
			v, _ := t.Raw.Get("undo")
			raw, _ := v.(*value.Dict)
			all = append(all, i.calls(taskPlace(t.Name).below("undo"), t.Undo.Action, t.Undo.Input, raw)...)
		}
	}
	return all
}

// Fits reports whether a workflow names only actions that there are, and with inputs
// that they have. It is what [Inspect] looks at for that, without saying where.
func Fits(w *Workflow, actions Actions) bool {
	for _, t := range w.Tasks {
		if !fits(t.Action, t.Input, actions) || t.Undo != nil && !fits(t.Undo.Action, t.Undo.Input, actions) {
			return false
		}
	}
	return true
}

func fits(ref string, input value.Value, actions Actions) bool {
	if ref == "" || expr.Has(ref) {
		return true
	}
	params, ok := actions.Parameters(ref)
	if !ok || !strings.Contains(ref, ".") {
		return false
	}
	given, isDict := input.(*value.Dict)
	if params == nil || !isDict && value.Truth(input) {
		return true
	}
	if given == nil {
		given = value.NewDict()
	}
	missing, unexpected := params.Names(given)
	return len(missing)+len(unexpected) == 0
}

// mostHints is how many unknown actions are looked up in the names of all others.
const mostHints = 100

// calls looks at an action and its input, which are at a place.
func (i *inspector) calls(p place, ref string, input value.Value, raw *value.Dict) Findings {
	if ref == "" || expr.Has(ref) {
		return nil
	}
	at := p.below("action")
	if !strings.Contains(ref, ".") {
		return Findings{i.finding(Contents, at, "The action reference "+quoted(ref)+" is not formatted correctly.")}
	}
	params, ok := i.o.Actions.Parameters(ref)
	if !ok {
		f := i.finding(Contents, at, "The action "+quoted(ref)+" is not registered in the database.")
		f.Hint = i.nearAction(ref)
		return Findings{f}
	}
	given, isDict := input.(*value.Dict)
	if params == nil || !isDict && value.Truth(input) {
		return nil
	}
	if given == nil {
		given = value.NewDict()
	}
	below := p.below("input")
	if written, _ := raw.Get("input"); input == nil || !same(written, input) {
		below.path = at.path // it is written behind the action
	}
	var all Findings
	missing, unexpected := params.Names(given)
	for _, name := range missing {
		all = append(all, i.finding(Contents, below, "Action "+quoted(ref)+" is missing required input "+quoted(name)+"."))
	}
	for _, name := range unexpected {
		f := i.inputFinding(below, name, "Action "+quoted(ref)+" has unexpected input "+quoted(name)+".")
		f.Line, f.Column = i.doc.KeyPos(append(slices.Clip(below.path), name)...)
		f.Hint = meant([]value.Value{name}, params.Parameters())
		all = append(all, f)
	}
	return append(all, i.values(below, params, given)...)
}

// inputFinding is a finding about what is given for a parameter.
func (i *inspector) inputFinding(input place, name, message string) Finding {
	return i.finding(Contents, place{
		append(slices.Clip(input.path), name), input.spec + "." + name, input.schema + `.patternProperties.^\w+$`,
	}, message)
}

// values returns which values do not fit the parameters that they are given for.
func (i *inspector) values(input place, params *action.Compiled, given *value.Dict) Findings {
	if !i.o.Values {
		return nil
	}
	var all Findings
	for name, v := range given.Texts() {
		if dynamic(v) {
			continue
		}
		if why := params.Unfit(name, v); why != "" {
			all = append(all, i.inputFinding(input, name, why))
		}
	}
	return all
}

// dynamic reports whether a value has expressions in it.
func dynamic(v value.Value) bool {
	found := false
	texts(v, nil, func(text string, _ []any) { found = found || mayHaveExpressions(text) })
	return found
}

// nearAction says which action was perhaps meant by a reference.
func (i *inspector) nearAction(ref string) string {
	if strings.Contains(ref, "=") {
		return `put texts in quotes: message="hello"`
	}
	if i.hints++; i.hints > mostHints {
		return ""
	}
	if meant := near.Name(ref, i.o.Actions.Refs()); meant != "" {
		return "perhaps " + quoted(meant) + " was meant"
	}
	return ""
}
