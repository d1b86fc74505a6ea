package orquesta

import (
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// deserialized returns the conductor of a workflow that the reference has written
// down: spec, graph, input, context, state, errors, log and output.
func deserialized(d *value.Dict, e *expr.Evaluator) (*conductor, error) {
	def, ok := at(at(d, "spec"), "spec").(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("spec.spec is no definition of a workflow")
	}
	text, err := value.ToJSON(def)
	if err != nil {
		return nil, err
	}
	w, err := spec.Parse(text)
	if err != nil {
		return nil, err
	}
	gd, ok := at(d, "graph").(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("graph is no graph")
	}
	g, err := graph.Read(gd)
	if err != nil {
		return nil, err
	}
	input, _ := at(d, "input").(*value.Dict)
	parent, _ := at(d, "context").(*value.Dict)
	c := newConductor(w, g, e, input, parent)
	state, _ := at(d, "state").(*value.Dict)
	if err := restoreState(c, state); err != nil {
		return nil, err
	}
	if err := c.whole(); err != nil {
		return nil, err
	}
	restoreNotes(c, at(d, "errors"), at(d, "log"))
	c.output, _ = at(d, "output").(*value.Dict)
	return c, nil
}

// restoreState reads the state of a conductor.
func restoreState(c *conductor, d *value.Dict) error {
	c.begun = true
	c.status = statusFrom(at(d, "status"))
	for i, v := range listOf(at(d, "contexts")) {
		x, ok := v.(*value.Dict)
		if !ok {
			return fmt.Errorf("state.contexts[%d] is not a mapping", i)
		}
		c.contexts.add(x)
	}
	for _, v := range listOf(at(d, "routes")) {
		steps := []string{}
		for _, s := range listOf(v) {
			steps = append(steps, value.Str(s))
		}
		c.routes = append(c.routes, steps)
	}
	for _, v := range listOf(at(d, "sequence")) {
		e := entryFrom(c, v)
		e.n = len(c.entries)
		c.entries = append(c.entries, e)
	}
	for name, n := range texts(at(d, "tasks")) {
		i, ok := n.(int64)
		if !ok || i < 0 || i >= int64(len(c.entries)) {
			return fmt.Errorf("state.tasks.%s is not the number of an entry of the sequence", name)
		}
		c.enter(c.entries[i])
	}
	for _, v := range listOf(at(d, "staged")) {
		c.stage.add(stagedFrom(c, v))
	}
	return nil
}

// whole looks whether there is all that the state of a conductor refers to.
func (c *conductor) whole() error {
	for _, e := range c.entries {
		if e.prev == nil {
			e.prev = &backrefs{}
		}
		if err := c.known(e.place, e.in, e.prev); err != nil {
			return fmt.Errorf("state.sequence[%d]: %w", e.n, err)
		}
	}
	for s := range c.stage.all() {
		if err := c.known(s.place, s.in, s.prev); err != nil {
			return fmt.Errorf("state.staged: %w", err)
		}
	}
	return nil
}

func (c *conductor) known(p place, in indexes, prev *backrefs) error {
	switch {
	case !c.graph.HasTask(p.task):
		return fmt.Errorf("there is no task %q", p.task)
	case p.route < 0 || p.route >= max(1, len(c.routes)):
		return fmt.Errorf("there is no route %d", p.route)
	case slices.ContainsFunc(in, func(s span) bool { return s.from < 0 || s.to > len(c.contexts.all) }):
		return fmt.Errorf("there are only %d contexts", len(c.contexts.all))
	case slices.ContainsFunc(prev.entries, func(n int) bool { return n < 0 || n >= len(c.entries) }):
		return fmt.Errorf("there are only %d entries in the sequence", len(c.entries))
	}
	return nil
}

func stagedFrom(c *conductor, v value.Value) *staged {
	s := &staged{place: placeOf(v), in: inOf(v), prev: prevFromDict(at(v, "prev"))}
	s.ready, _ = at(v, "ready").(bool)
	s.completed, _ = at(v, "completed").(bool)
	s.runOnFail, _ = at(v, "run_on_fail").(bool)
	if r, ok := at(v, "retry").(*value.Dict); ok {
		s.retry = retryFromDict(r)
	}
	if list := listOf(at(v, "items")); at(v, "items") != nil {
		c.batches++
		s.items = newItems(c.batches, len(list))
		for i, it := range list {
			s.items.set(i, statusFrom(at(it, "status")))
		}
	}
	return s
}

func entryFrom(c *conductor, v value.Value) *entry {
	e := &entry{place: placeOf(v), status: statusFrom(at(v, "status"))}
	e.next = unknowns(len(c.graph.Next(e.task)))
	if at(v, "ctxs") == nil {
		return e
	}
	e.in, e.prev = inOf(v), prevFromDict(at(v, "prev"))
	for name, n := range texts(at(at(v, "ctxs"), "out")) {
		i, _ := n.(int64)
		e.out, e.outCtx = name, int(i)
	}
	for i, edge := range c.graph.Next(e.task) {
		if holds, ok := at(at(v, "next"), transition(edge)).(bool); ok {
			e.next[i] = no
			if holds {
				e.next[i] = yes
			}
		}
		if _, join := c.graph.Barrier(edge.To); join {
			c.countJoin(e, edge.To, e.next[i], 1)
		}
	}
	e.term, _ = at(v, "term").(bool)
	if r, ok := at(v, "retry").(*value.Dict); ok {
		e.retry = retryFromDict(r)
	}
	return e
}

func retryFromDict(d *value.Dict) *retry {
	r := &retry{count: at(d, "count"), delay: at(d, "delay"), noDelay: !d.Has("delay")}
	r.when, _ = at(d, "when").(string)
	r.tally, _ = at(d, "tally").(int64)
	return r
}

func prevFromDict(v value.Value) *backrefs {
	b := &backrefs{}
	for name, n := range texts(v) {
		i, _ := n.(int64)
		b.set(name, int(i))
	}
	return b
}

func inOf(v value.Value) indexes {
	var in indexes
	for _, n := range listOf(at(at(v, "ctxs"), "in")) {
		i, _ := n.(int64)
		in = in.with(int(i))
	}
	return in
}

func restoreNotes(c *conductor, errs, log value.Value) {
	for _, list := range []struct {
		v  value.Value
		to *notes
	}{{errs, &c.errors}, {log, &c.log}} {
		for _, v := range listOf(list.v) {
			d, _ := v.(*value.Dict)
			n := noteOf(d)
			n.kind, n.message = value.Str(at(d, "type")), value.Str(at(d, "message"))
			list.to.add(n)
		}
	}
}

func noteOf(d *value.Dict) note {
	n := note{route: -1, result: at(d, "result"), data: at(d, "data")}
	if task, ok := at(d, "task_id").(string); ok {
		n.task = task
	}
	if route, ok := at(d, "route").(int64); ok {
		n.route = int(route)
	}
	if name, ok := at(d, "task_transition_id").(string); ok {
		n.transition = name
	}
	return n
}

func statusFrom(v value.Value) execution.Status {
	if v == nil {
		return unset
	}
	return statusOf(value.Str(v))
}

func placeOf(v value.Value) place {
	id := at(v, "id")
	if id == nil {
		id = at(v, "task_id")
	}
	n, _ := at(v, "route").(int64)
	return place{value.Str(id), int(n)}
}

// at returns what a mapping has at a key; of anything else nothing.
func at(v value.Value, key string) value.Value {
	d, ok := v.(*value.Dict)
	if !ok || d == nil {
		return nil
	}
	x, _ := d.Get(key)
	return x
}

func listOf(v value.Value) []value.Value {
	switch v := v.(type) {
	case *value.List:
		return v.Items
	case value.Tuple:
		return v
	}
	return nil
}

func texts(v value.Value) func(func(string, value.Value) bool) {
	d, ok := v.(*value.Dict)
	if !ok || d == nil {
		d = value.NewDict()
	}
	return d.Texts()
}
