package chain

import (
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// first finds the node that the chain begins with: the one that default names, or
// else the first that no other leads to, or else the first.
func (r *reader) first(root *value.Dict) {
	switch v := get(root, "default").(type) {
	case nil:
	case string:
		if v == "" {
			break
		}
		if r.d.first = v; r.d.nodes[v] == nil {
			r.noTask(v, []any{"default"})
		}
		return
	default:
		r.wrong([]any{"default"}, "", "default is %s, not the name of a task", typeOf(v))
		return
	}
	named := map[string]bool{}
	for _, n := range r.order {
		named[n.onSuccess.name], named[n.onFailure.name] = true, true
	}
	for _, n := range r.order {
		if n.name != "" && !named[n.name] {
			r.d.first = n.name
			return
		}
	}
	if len(r.order) > 0 {
		r.d.first = r.order[0].name
		r.add(Mistake{
			Msg:     "each task comes after another one, so the chain begins with the first in the list",
			Hint:    "say with default where it begins",
			Warning: true,
		}, true, []any{"chain"})
	}
}

// leads looks whether there is the node that a target names. What a template will
// name is not known yet.
func (r *reader) leads(t target, path []any) {
	if t.name != "" && t.tmpl == nil && !jinja.HasTemplate(t.name) && r.d.nodes[t.name] == nil {
		r.noTask(t.name, path)
	}
}

func (r *reader) noTask(name string, path []any) {
	names := make([]string, 0, len(r.order))
	for _, n := range r.order {
		if n.name != "" {
			names = append(names, n.name)
		}
	}
	hint := ""
	if len(names) > 0 {
		hint = orKnown(name, names)
	}
	r.wrong(path, hint, "there is no task %q", name)
}

// unreached warns of nodes that nothing leads to. A template may lead anywhere.
func (r *reader) unreached() {
	if r.d.nodes[r.d.first] == nil {
		return
	}
	reached := map[string]bool{}
	todo := []string{r.d.first}
	for len(todo) > 0 {
		n := r.d.nodes[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		if n == nil || reached[n.name] {
			continue
		}
		reached[n.name] = true
		for _, t := range []target{n.onSuccess, n.onFailure} {
			if jinja.HasTemplate(t.name) {
				return
			}
			todo = append(todo, t.name)
		}
	}
	for i, n := range r.order {
		if n.name != "" && !reached[n.name] && r.d.nodes[n.name] == n {
			r.warn([]any{"chain", r.index[i], "name"}, "", "nothing leads to task %q, so it never runs", n.name)
		}
	}
}
