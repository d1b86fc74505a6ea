package orquesta

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

type taskSpec = spec.Task

// result is what the execution shows of the workflow.
func (e *Engine) result() *value.Dict {
	d := value.NewDict()
	d.Set("output", nil)
	if e.c.output != nil {
		d.Set("output", e.c.output)
	}
	if e.c.status.Failure() {
		d.Set("errors", e.errors())
	}
	if u := e.state.Undo; u != nil {
		list := value.NewList()
		for _, done := range u.Done {
			x := value.NewDict()
			x.Set("task_id", done.Task)
			x.Set("route", int64(done.Route))
			x.Set("status", string(done.Status))
			if done.Child != "" {
				x.Set("execution_id", done.Child)
			}
			list.Items = append(list.Items, x)
		}
		d.Set("undo", list)
	}
	return d
}

// errors are the errors with the places in the definition that they come from.
func (e *Engine) errors() *value.List {
	list := value.NewList()
	doc, err := pyyaml.Parse(e.def.text) // again, for the places: errors are rare
	for _, n := range e.c.errors.list {
		d := n.dict()
		if n.path != nil && err == nil {
			line, column := doc.Pos(n.path...)
			d.Set("spec_path", spec.Path(n.path))
			d.Set("line", int64(line))
			d.Set("column", int64(column))
		}
		list.Items = append(list.Items, d)
	}
	return list
}
