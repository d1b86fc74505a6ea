package spec

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
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

// calls looks at an action and its input, which are at a place.
func (i *inspector) calls(p place, action string, input value.Value, raw *value.Dict) Findings {
	if action == "" || expr.Has(action) {
		return nil
	}
	at := p.below("action")
	if !strings.Contains(action, ".") {
		return Findings{i.finding(Contents, at, "The action reference "+quoted(action)+" is not formatted correctly.")}
	}
	params, ok := i.o.Actions.Parameters(action)
	if !ok {
		f := i.finding(Contents, at, "The action "+quoted(action)+" is not registered in the database.")
		if strings.Contains(action, "=") {
			f.Hint = `put texts in quotes: message="hello"`
		}
		return Findings{f}
	}
	given, isDict := input.(*value.Dict)
	if !isDict && value.Truth(input) {
		return nil
	}
	below := p.below("input")
	if written, _ := raw.Get("input"); input == nil || !same(written, input) {
		below.path = at.path // it is written behind the action
	}
	var all Findings
	for _, name := range missing(params, orEmpty(given)) {
		all = append(all, i.finding(Contents, below, "Action "+quoted(action)+" is missing required input "+quoted(name)+"."))
	}
	for _, name := range unexpected(params, orEmpty(given)) {
		unexpected := place{append(slices.Clip(below.path), name), below.spec + "." + name, below.schema + `.patternProperties.^\w+$`}
		f := i.finding(Contents, unexpected, "Action "+quoted(action)+" has unexpected input "+quoted(name)+".")
		f.Line, f.Column = i.doc.KeyPos(unexpected.path...)
		f.Hint = meant([]value.Value{name}, names(params))
		all = append(all, f)
	}
	return all
}

func names(d *value.Dict) []string {
	var all []string
	for name := range d.Texts() {
		all = append(all, name)
	}
	return all
}

// missing returns the parameters that must be given and are not, sorted.
func missing(params, given *value.Dict) []string {
	var all []string
	for name, v := range params.Texts() {
		meta, _ := v.(*value.Dict)
		if meta == nil || given.Has(name) || meta.Has("default") {
			continue
		}
		if needed, _ := meta.Get("required"); value.Truth(needed) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// unexpected returns what is given and is no parameter, sorted.
func unexpected(params, given *value.Dict) []string {
	var all []string
	for name := range given.Texts() {
		if !params.Has(name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
