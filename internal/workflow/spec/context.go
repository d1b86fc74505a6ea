package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// context returns where variables are used that have no value yet.
//
// It follows the ways through the workflow as the reference does: breadth first,
// each task for the ways that come to it before it is reached for the first time,
// a join with all that the ways so far brought along. What is found so is what the
// reference finds, no more and no less.
func (i *inspector) context() Findings {
	c := contextSearch{inspector: i, ids: map[string]int32{}, uses: map[string]taskUses{}}
	var vars *idset
	for _, name := range i.o.Context {
		vars = c.sets.add(vars, c.id(name))
	}
	root := place{}
	for _, p := range properties(root, i.root, "input", "vars") {
		vars = c.assign(c.sequence(p, true), vars)
	}
	for _, p := range properties(root, i.root, "timeout") {
		c.assign(c.sequence(p, false), vars)
	}
	vars = c.tasks(vars)
	for _, p := range properties(root, i.root, "output", "output-on-error") {
		c.assign(c.sequence(p, true), vars)
	}
	return c.found
}

// contextSearch follows the variables through a workflow.
type contextSearch struct {
	*inspector
	ids   map[string]int32 // of variables
	sets  idsets
	uses  map[string]taskUses
	found Findings
}

func (c *contextSearch) id(name string) int32 {
	id, ok := c.ids[name]
	if !ok {
		id = int32(len(c.ids)) //nolint:gosec // a text has fewer names
		c.ids[name] = id
	}
	return id
}

// use is a variable that is used, with what is to be said if it has no value.
type use struct {
	id      int32
	name    string
	finding Finding
}

// step is a value, with what it uses and then gives values to.
type step struct {
	uses    []use
	assigns []int32
}

// sequence returns the steps of a property: one for each item of a list. What the
// items name gets a value if they are assignments.
func (c *contextSearch) sequence(p property, assigns bool) []step {
	if text, ok := p.v.(string); ok {
		if params := ParseInline(text); len(params) > 0 {
			list := value.NewList()
			for _, a := range params {
				d := value.NewDict()
				d.Set(a.Name, a.Value)
				list.Items = append(list.Items, d)
			}
			p.v = list
		}
	}
	if !value.Truth(p.v) {
		return nil
	}
	list, ok := p.v.(*value.List)
	if !ok {
		return []step{c.step(p, assigns)}
	}
	all := make([]step, len(list.Items))
	for n, item := range list.Items {
		at := place{append(slices.Clip(p.path), n), fmt.Sprintf("%s[%d]", p.spec, n), p.schema}
		all[n] = c.step(property{at, item}, assigns)
	}
	return all
}

func (c *contextSearch) step(p property, assigns bool) step {
	s := step{uses: c.usesOf(p)}
	if !assigns {
		return s
	}
	switch v := p.v.(type) {
	case string:
		s.assigns = append(s.assigns, c.id(v))
	case *value.Dict:
		for name := range v.Texts() {
			s.assigns = append(s.assigns, c.id(name))
		}
	}
	return s
}

// usesOf returns the variables that a property uses, by name, each once for a text.
func (c *contextSearch) usesOf(p property) []use {
	var all []use
	seen := map[expr.Variable]bool{}
	texts(p.v, p.path, func(text string, path []any) {
		for _, v := range c.variables(text) {
			if seen[v] {
				continue
			}
			seen[v] = true
			f := Finding{
				Category: Context, Language: v.Language, Expression: v.Statement,
				Message:  "Variable " + quoted(v.Name) + " is referenced before assignment.",
				SpecPath: p.spec, SchemaPath: p.schema,
			}
			f.Line, f.Column, _ = c.find(path, text, reference(text, v.Name))
			all = append(all, use{c.id(v.Name), v.Name, f})
		}
	})
	slices.SortStableFunc(all, func(a, b use) int { return strings.Compare(a.name, b.name) })
	return all
}

// reference returns how a text refers to a variable.
func reference(text, name string) string {
	for _, form := range []string{"ctx().", "ctx(", "ctx('", `ctx("`} {
		if strings.Contains(text, form+name) {
			return form + name
		}
	}
	return name
}

// assign looks at steps one after the other, and returns what has a value after
// them.
func (c *contextSearch) assign(steps []step, vars *idset) *idset {
	for _, s := range steps {
		for _, u := range s.uses {
			if strings.HasPrefix(u.name, "__") {
				f := u.finding
				f.Message = "Variable " + quoted(u.name) + " that is prefixed with double underscores is considered " +
					"a private variable and cannot be referenced."
				c.found = append(c.found, f)
			}
			if !vars.has(u.id) {
				c.found = append(c.found, u.finding)
			}
		}
		for _, id := range s.assigns {
			if !vars.has(id) {
				vars = c.sets.add(vars, id)
			}
		}
	}
	return vars
}
