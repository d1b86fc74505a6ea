package orquesta

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// conductor is the state of one workflow and what may happen to it. It does what the
// conductor of the reference does, call by call, except that nothing in it costs
// more the longer the workflow has run.
type conductor struct {
	spec   *spec.Workflow
	graph  *graph.Graph
	expr   *expr.Evaluator
	input  *value.Dict // what the workflow was given
	parent *value.Dict // st2 and parent

	begun    bool
	status   execution.Status
	contexts contexts
	routes   [][]string // each the transitions that it went through
	entries  []*entry
	latest   map[place]*entry
	stage    stage
	reruns   [][]int
	errors   notes
	log      notes
	output   *value.Dict
	batches  int64 // of items
	ends     int64 // of entries

	counts map[execution.Status]int // of the latest entries
	joins  map[place]*arrivals
	// preceding is how many tasks lead to each join that was asked about.
	preceding map[string]int
	dirty     dirty
	trouble   error // in this step something could not be read
}

func newConductor(w *spec.Workflow, g *graph.Graph, e *expr.Evaluator, input, parent *value.Dict) *conductor {
	if input == nil {
		input = value.NewDict()
	}
	if parent == nil {
		parent = value.NewDict()
	}
	return &conductor{
		spec: w, graph: g, expr: e, input: input, parent: parent,
		latest: map[place]*entry{}, counts: map[execution.Status]int{}, joins: map[place]*arrivals{},
		preceding: map[string]int{},
		dirty:     newDirty(),
	}
}

// begin renders the input and the variables, and stages the first tasks. It does
// nothing when that was done before.
func (c *conductor) begin(ctx context.Context) {
	if c.begun {
		return
	}
	c.begun = true
	c.dirty.head = true
	rolling := c.parent.Clone()
	var errs []*placed
	set := func(key string, i int, name string, v value.Value) {
		got, err := c.expr.Evaluate(ctx, v, rolling)
		if err != nil {
			errs = append(errs, &placed{err, []any{key, i, name}})
			return
		}
		rolling.Set(name, got)
	}
	for i, p := range c.spec.Input {
		v, ok := c.input.Get(p.Name)
		if !ok {
			v = p.Default
		}
		set("input", i, p.Name, v)
	}
	for i, a := range c.spec.Vars {
		set("vars", i, a.Name, a.Value)
	}
	if len(errs) > 0 {
		for _, e := range errs {
			c.fail(e.error, note{route: -1, path: e.path})
		}
		_ = c.request(execution.Failed) // nothing has begun, so it may
		return
	}
	c.dirty.contexts(c.contexts.add(rolling))
	c.route(nil)
	for _, task := range c.graph.Roots() {
		c.add(&staged{place: place{task, 0}, in: index(0), prev: &backrefs{}, ready: true})
	}
}

// fail writes an error into the log of errors. If it says nothing about the workflow,
// it is kept aside instead, and the step does not count.
func (c *conductor) fail(err error, n note) {
	if c.unread(err) {
		return
	}
	n.kind, n.message = "error", message(err)
	c.note(n)
}

// unread keeps an error aside that says only that something could not be read.
func (c *conductor) unread(err error) bool {
	lookup, ok := errors.AsType[*workflow.LookupError](err)
	if ok {
		c.trouble = lookup
	}
	return ok
}

// note writes into one of the logs, unless it is there already.
func (c *conductor) note(n note) {
	if n.kind == "error" {
		if c.errors.add(n) {
			c.dirty.errors(len(c.errors.list) - 1)
		}
		return
	}
	if c.log.add(n) {
		c.dirty.logs(len(c.log.list) - 1)
	}
}

func (c *conductor) setStatus(s execution.Status) {
	if c.status != s {
		c.status = s
		c.dirty.head = true
	}
}

// setEntry gives an entry a status.
func (c *conductor) setEntry(e *entry, s execution.Status) {
	if e.status == s {
		return
	}
	if c.latest[e.place] == e {
		c.counts[e.status]--
		c.counts[s]++
	}
	if s.Final() && !e.status.Final() {
		c.ends++
		e.ended = c.ends
		c.dirty.head = true
	}
	e.status = s
	c.dirty.entry(e)
}

// busy reports whether any task is under way.
func (c *conductor) busy() bool {
	for s, n := range c.counts {
		if n > 0 && active(s) {
			return true
		}
	}
	return false
}

func (c *conductor) any(statuses ...execution.Status) bool {
	return slices.ContainsFunc(statuses, func(s execution.Status) bool { return c.counts[s] > 0 })
}

func (c *conductor) add(s *staged) {
	c.stage.add(s)
	c.dirty.staged(s)
	c.dirty.head = true
}

// unstage takes a task out of the stage, unless some of its items are under way.
func (c *conductor) unstage(p place) {
	s := c.stage.get(p)
	if s == nil || s.items != nil && s.items.active > 0 {
		return
	}
	c.stage.remove(s)
	c.dirty.unstaged(s)
}

func (c *conductor) route(transitions []string) int {
	c.routes = append(c.routes, transitions)
	c.dirty.routes(len(c.routes) - 1)
	return len(c.routes) - 1
}

// transition is the name of an edge.
func transition(e *graph.Edge) string { return e.To + "__t" + itoa(e.Key) }

func itoa(n int) string { return strconv.Itoa(n) }

// request asks for a status of the workflow.
func (c *conductor) request(to execution.Status) error {
	from := c.status
	event := "workflow_" + nameOf(to)
	for _, e := range c.entries {
		if active(e.status) && c.latest[e.place] == e {
			if err := c.taskHearsWorkflow(e, to); err != nil {
				return err
			}
		}
	}
	if err := c.workflowHears(event, to); err != nil {
		return err
	}
	waits := to == execution.Paused && from == execution.Pausing || to == execution.Canceled && from == execution.Canceling
	if to != from && c.status == from && !waits {
		return invalidWorkflowTransition(from, event)
	}
	return nil
}

// terminal returns the context in which the workflow ended.
func (c *conductor) terminal() (*value.Dict, error) {
	if !c.status.Final() {
		return nil, failf("WorkflowContextError", "Workflow is not in completed status.")
	}
	var d *value.Dict
	for _, e := range c.entries {
		switch {
		case !e.term:
			continue
		case d == nil:
			d = c.contexts.over(e.in).Clone()
		default:
			lay(d, c.contexts.over(e.in.withoutRoot()))
		}
	}
	if d == nil && len(c.contexts.all) > 0 {
		d = c.contexts.all[0].Clone() // no task ended it: it was canceled while it waited
	}
	if d == nil {
		d = value.NewDict()
	}
	return d, nil
}

// render renders the output of a workflow that is over.
func (c *conductor) render(ctx context.Context) {
	if !c.status.Final() || c.output != nil {
		return
	}
	rolling, err := c.terminal()
	if err != nil {
		return
	}
	rolling.Set("__state", view{c})
	key, assignments := "output", c.spec.Output
	if c.status.Failure() && c.spec.OutputOnError != nil {
		key, assignments = "output-on-error", c.spec.OutputOnError
	}
	output := value.NewDict()
	failed := false
	for i, a := range assignments {
		v, err := c.expr.Evaluate(ctx, a.Value, rolling)
		if err != nil {
			c.fail(err, note{route: -1, path: []any{key, i, a.Name}})
			failed = true
			continue
		}
		rolling.Set(a.Name, v)
		output.Set(a.Name, v)
	}
	if output.Len() > 0 {
		c.output = output
		c.dirty.output = true
	}
	if failed {
		switch c.status {
		case execution.Timeout, execution.Abandoned, execution.Canceled, execution.Failed:
		default:
			_ = c.request(execution.Failed) // a succeeded workflow may
		}
	}
}

// context returns the context of an entry, for the expressions of its transitions.
func (c *conductor) context(e *entry, result value.Value) *value.Dict {
	d := c.contexts.over(e.in).Clone()
	current := value.NewDictCap(3)
	current.Set("id", e.task)
	current.Set("route", int64(e.route))
	current.Set("result", result)
	d.Set("__current_task", current)
	d.Set("__state", view{c})
	return d
}
