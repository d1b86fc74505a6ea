package orquesta

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func TestConformanceOrquestaConduct(t *testing.T) {
	conformance.Run(t, "orquesta_conduct", "testdata/known_conduct.txt", func(c conformance.Case) error {
		return newReplay(t, c).run()
	})
}

func TestConformanceOrquestaMachine(t *testing.T) {
	conformance.Run(t, "orquesta_machine", "testdata/known_machine.txt", func(c conformance.Case) error {
		return replayMachine(c)
	})
}

// replay asks what one test of the reference asked of its conductors.
type replay struct {
	t          *testing.T
	c          conformance.Case
	defs       []*spec.Workflow
	conductors map[int64]*conductor
	states     map[int64]*conductor
	expected   map[int64]*value.Dict
}

func newReplay(t *testing.T, c conformance.Case) *replay {
	return &replay{
		t: t, c: c, conductors: map[int64]*conductor{}, states: map[int64]*conductor{}, expected: map[int64]*value.Dict{},
	}
}

func (r *replay) run() error {
	defs, err := r.c.Value("defs")
	if err != nil {
		return err
	}
	for _, d := range listOf(defs) {
		w, err := spec.Parse([]byte(value.Str(at(d, "text"))))
		if err != nil {
			return fmt.Errorf("a definition: %w", err)
		}
		r.defs = append(r.defs, w)
	}
	ops, err := r.c.Value("ops")
	if err != nil {
		return err
	}
	for i, op := range listOf(ops) {
		d, _ := op.(*value.Dict)
		if err := r.op(d); err != nil {
			return fmt.Errorf("op %d, %s %s: %w", i, value.Str(at(d, "op")), value.Str(at(d, "args")), err)
		}
	}
	final, err := r.c.Value("final")
	if err != nil {
		return err
	}
	for name, want := range texts(final) {
		n, _ := strconv.ParseInt(name, 10, 64)
		if c := r.conductors[n]; want != nil && c != nil {
			if err := conformance.Compare(want, serialized(c), false); err != nil {
				return fmt.Errorf("conductor %d at the end: %w", n, err)
			}
		}
	}
	return nil
}

func (r *replay) op(d *value.Dict) error {
	ctx := r.t.Context()
	name := value.Str(at(d, "op"))
	n, _ := at(d, "c").(int64)
	args, _ := at(d, "args").(*value.Dict)
	switch name {
	case "new":
		def, _ := at(d, "def").(int64)
		inputs, _ := at(d, "inputs").(*value.Dict)
		parent, _ := at(d, "context").(*value.Dict)
		w := r.defs[def]
		r.conductors[n] = newConductor(w, graph.Compose(w), expr.New(expr.Options{}), inputs, parent)
		r.expected[n] = value.NewDict()
		return r.after(n, d)
	case "roundtrip":
		from, _ := at(d, "from").(int64)
		c, err := reloaded(r.conductors[from])
		r.conductors[n], r.expected[n] = c, r.expected[from].Clone()
		return err
	case "deserialize":
		data, _ := at(d, "data").(*value.Dict)
		c, err := deserialized(data, expr.New(expr.Options{}))
		if err != nil {
			return err
		}
		r.conductors[n], r.expected[n] = c, value.NewDict()
		return r.after(n, d)
	case "state_deserialize":
		s, _ := at(d, "s").(int64)
		data, _ := at(d, "data").(*value.Dict)
		c := newConductor(&spec.Workflow{}, graph.NewBuilder().Build(), nil, nil, nil)
		r.states[s] = c
		return restoreState(c, data)
	}
	c := r.conductors[n]
	if s, ok := at(d, "s").(int64); ok {
		c = r.states[s]
	} else {
		if name != "set_state" {
			c.begin(ctx)
		}
	}
	got, err := r.call(ctx, c, name, args, d)
	if want, ok := at(d, "error").(string); ok {
		if err == nil {
			return fmt.Errorf("no error, want %s %s", want, value.Str(at(d, "message")))
		}
		if classOf(err) != want {
			return fmt.Errorf("error %s %q, want %s", classOf(err), err.Error(), want)
		}
		if msg, ok := at(d, "message").(string); ok && strings.HasPrefix(want, "Invalid") && err.Error() != msg {
			return fmt.Errorf("error %q, want %q", err.Error(), msg)
		}
	} else {
		if err != nil {
			return err
		}
		if d.Has("result") {
			if err := conformance.Compare(at(d, "result"), got, false); err != nil {
				return err
			}
		}
	}
	if d.Has("s") {
		return nil
	}
	return r.after(n, d)
}

// after compares the whole state.
func (r *replay) after(n int64, d *value.Dict) error {
	for k, v := range texts(at(d, "after")) {
		r.expected[n].Set(k, v)
	}
	return conformance.Compare(r.expected[n], parts(r.conductors[n]), false)
}

func (r *replay) call(ctx context.Context, c *conductor, name string, args, op *value.Dict) (value.Value, error) {
	task := value.Str(at(args, "task_id"))
	route, _ := at(args, "route").(int64)
	p := place{task, int(route)}
	switch name {
	case "init":
		return nil, nil
	case "set_state":
		state, _ := at(op, "state").(*value.Dict)
		fresh := newConductor(c.spec, c.graph, c.expr, c.input, c.parent)
		if err := restoreState(fresh, state); err != nil {
			return nil, err
		}
		restoreNotes(fresh, at(op, "errors"), nil)
		*c = *fresh
		return nil, nil
	case "request_workflow_status":
		return nil, c.request(statusOf(value.Str(at(args, "status"))))
	case "update_task_state":
		ev, err := eventOf(at(args, "event"))
		if err != nil {
			return nil, err
		}
		e, err := c.update(ctx, p, ev)
		if err != nil {
			return nil, err
		}
		return entryDict(c, e), nil
	case "get_next_tasks":
		all, _ := c.next(ctx, maxItems)
		list := value.NewList()
		for _, r := range all {
			list.Items = append(list.Items, taskDict(r.staged.place, r.request, r.which))
		}
		return list, nil
	case "request_workflow_rerun":
		var asked []again
		for _, a := range listOf(at(args, "task_requests")) {
			n, _ := at(a, "route").(int64)
			reset, _ := at(a, "reset_items").(bool)
			asked = append(asked, again{place{value.Str(at(a, "task_id")), int(n)}, reset})
		}
		return nil, c.rerun(asked)
	case "render_workflow_output":
		c.render(ctx)
		return nil, nil
	case "log_entry":
		kind := value.Str(at(args, "entry_type"))
		if kind != "error" && kind != "info" && kind != "warn" {
			return nil, failf("WorkflowLogEntryError", "The log entry type \"%s\" is not valid.", kind)
		}
		x := noteOf(args)
		x.kind, x.message = kind, value.Str(at(args, "message"))
		c.note(x)
		return nil, nil
	case "log_error", "log_errors":
		errs := listOf(at(args, "errors"))
		if e, ok := args.Get("e"); ok {
			errs = append(errs, e)
		}
		for _, e := range errs {
			c.fail(failf(value.Str(at(e, "class")), "%s", value.Str(at(e, "message"))), noteOf(args))
		}
		return nil, nil
	case "add_task_state":
		e, err := c.enterTask(ctx, p, nil, nil)
		if err != nil {
			return nil, err
		}
		return entryDict(c, e), nil
	case "get_task":
		in := index(0)
		if s := c.stage.get(p); s != nil {
			in = s.in
		} else if e := c.latest[p]; e != nil {
			in = e.in
		}
		q, err := c.renderTask(ctx, p, in)
		if err != nil {
			return nil, err
		}
		return taskDict(p, q, nil), nil
	case "workflow_machine.process_event":
		v := at(args, "event")
		if class := value.Str(at(v, "class")); class == "ExecutionEvent" {
			return nil, failf("InvalidEventType", "Event type \"<class 'orquesta.events.%s'>\" with event \"%s\" is not valid.", class, value.Str(at(v, "name")))
		}
		return nil, c.workflowHearsTask(placeOf(v), value.Str(at(v, "name")), statusOf(value.Str(at(v, "status"))))
	case "get_task_transition_contexts":
		return c.transitionContexts(p)
	case "evaluate_task_retry":
		e := entryFrom(c, at(args, "task_state_entry"))
		current := at(args, "current_ctx").(*value.Dict).Clone()
		current.Set("__state", view{c})
		return first(c.again(ctx, e, current))
	}
	return r.ask(c, name, p, args)
}

func first(b bool, err error) (value.Value, error) { return b, err }

func (r *replay) ask(c *conductor, name string, p place, args *value.Dict) (value.Value, error) {
	switch name {
	case "get_workflow_status":
		return nameOf(c.status), nil
	case "get_workflow_output":
		if c.output == nil {
			return nil, nil
		}
		return c.output, nil
	case "get_workflow_input":
		return c.input, nil
	case "get_workflow_parent_context":
		return c.parent, nil
	case "get_workflow_initial_context":
		return c.contexts.all[0], nil
	case "get_workflow_terminal_context":
		return c.terminal()
	case "get_task_initial_context":
		if s := c.stage.get(p); s != nil {
			return c.contexts.over(s.in), nil
		}
		return c.contexts.over(c.latest[p].in), nil
	case "make_task_context":
		d := c.context(entryFrom(c, at(args, "task_state_entry")), at(args, "task_result"))
		d.Delete("__state")
		return d, nil
	case "get_task_state_idx":
		if e := c.latest[p]; e != nil {
			return int64(e.n), nil
		}
		return nil, nil
	case "get_task_state_entry", "state.get_task":
		if e := c.latest[p]; e != nil {
			return entryDict(c, e), nil
		}
		return nil, nil
	case "serialize":
		return serialized(c), nil
	case "state.serialize":
		return stateDict(c), nil
	case "state.get_staged_task":
		if s := c.stage.get(p); s != nil {
			return stagedDict(s), nil
		}
		return nil, nil
	case "state.get_terminal_tasks":
		return entryPairs(c, func(e *entry) bool { return e.term }), nil
	case "state.get_tasks", "state.get_tasks_by_status":
		latest, _ := at(args, "last_occurrence").(bool)
		status, by := at(args, "statuses").(string)
		return entryPairs(c, func(e *entry) bool {
			return (!latest || c.latest[e.place] == e) && (!by || nameOf(e.status) == status)
		}), nil
	}
	return nil, fmt.Errorf("unknown question %s", name)
}

func (c *conductor) transitionContexts(p place) (value.Value, error) {
	e := c.latest[p]
	if e == nil {
		return nil, invalidEntry(p.task)
	}
	d := value.NewDict()
	for i, edge := range c.graph.Next(p.task) {
		if e.next[i] != yes {
			continue
		}
		to := place{edge.To, p.route}
		if s := c.stage.get(to); s != nil {
			d.Set(transition(edge), c.contexts.over(s.in))
		} else if e := c.latest[to]; e != nil {
			d.Set(transition(edge), c.contexts.over(e.in))
		}
	}
	return d, nil
}

func replayMachine(c conformance.Case) error {
	v, _ := c.Value("event")
	ev, err := eventOf(v)
	d, _ := c.Dict("entry")
	con := newConductor(&spec.Workflow{}, graph.NewBuilder().Build(), nil, nil, nil)
	check := func(err error) error {
		if !c.Has("error") {
			return err
		}
		if err == nil || classOf(err) != c.Text("error") || err.Error() != c.Text("message") {
			return fmt.Errorf("error %q, want %s %s", fmt.Sprint(err), c.Text("error"), c.Text("message"))
		}
		return nil
	}
	switch c.Kind {
	case "task_machine":
		e := &entry{place: place{value.Str(at(d, "id")), 0}, status: statusFrom(at(d, "status"))}
		if err == nil {
			err = con.taskHears(e, ev)
		}
		if err != nil || c.Has("error") {
			return check(err)
		}
		got := d.Clone()
		got.Set("status", nameOf(e.status))
		return c.CompareResult(got)
	case "is_transition_valid":
		from, _ := c.Value("old")
		to, _ := c.Value("new")
		if s := statusFrom(to); s != unset && !s.Known() {
			return check(failf("InvalidStatus", "Status \"%s\" is not valid.", s))
		}
		return c.CompareResult(workflowMachine().can(statusFrom(from), statusFrom(to)))
	}
	return fmt.Errorf("unknown kind %s", c.Kind)
}

// can reports whether a status may follow another, as the reference has it for the
// validation of what is asked for.
func (m machine) can(from, to execution.Status) bool {
	events, ok := m[from]
	if !ok {
		return false
	}
	if from == to {
		return true
	}
	for _, s := range events {
		if s == to {
			return true
		}
	}
	return false
}

// The forms of the reference.

func parts(c *conductor) *value.Dict {
	d := value.NewDict()
	d.Set("output", orNone(c.output))
	d.Set("errors", noteList(c.errors))
	d.Set("log", noteList(c.log))
	d.Set("status", nil)
	if c.begun {
		d.Set("status", nameOf(c.status))
	}
	d.Set("contexts", contextList(c))
	d.Set("routes", value.Of(c.routes))
	if c.routes == nil {
		d.Set("routes", value.NewList())
	}
	flow := value.NewList()
	for _, e := range c.entries {
		var s value.Value
		if e.status != unset {
			s = nameOf(e.status)
		}
		flow.Items = append(flow.Items, value.NewList(e.task, int64(e.route), s, e.term))
	}
	d.Set("flow", flow)
	list := value.NewList()
	for s := range c.stage.all() {
		x := value.NewDict()
		x.Set("id", s.task)
		x.Set("route", int64(s.route))
		x.Set("ready", s.ready)
		if s.completed {
			x.Set("completed", true)
		}
		if s.runOnFail {
			x.Set("run_on_fail", true)
		}
		if s.retry != nil {
			x.Set("retry", retryDict(s.retry))
		}
		if s.items != nil {
			x.Set("items", runs(s.items))
		}
		list.Items = append(list.Items, x)
	}
	d.Set("staged", list)
	return d
}

func runs(x *items) string {
	var out []string
	for i := 0; i < len(x.all); {
		j := i
		for j < len(x.all) && x.all[j].status == x.all[i].status {
			j++
		}
		out, i = append(out, nameOf(x.all[i].status)+"*"+itoa(j-i)), j
	}
	return strings.Join(out, ",")
}

func contextList(c *conductor) *value.List {
	list := value.NewList()
	for _, d := range c.contexts.all {
		list.Items = append(list.Items, d)
	}
	return list
}

func noteList(l notes) *value.List {
	list := value.NewList()
	for _, n := range l.list {
		list.Items = append(list.Items, n.dict())
	}
	return list
}

func orNone(d *value.Dict) value.Value {
	if d == nil {
		return nil
	}
	return d
}

func serialized(c *conductor) *value.Dict {
	d := value.NewDict()
	d.Set("input", c.input)
	d.Set("context", c.parent)
	d.Set("state", stateDict(c))
	d.Set("log", noteList(c.log))
	d.Set("errors", noteList(c.errors))
	d.Set("output", orNone(c.output))
	return d
}

func stateDict(c *conductor) *value.Dict {
	d := value.NewDict()
	d.Set("contexts", contextList(c))
	d.Set("routes", value.Of(c.routes))
	sequence, staged, tasks := value.NewList(), value.NewList(), value.NewDict()
	for _, e := range c.entries {
		sequence.Items = append(sequence.Items, entryDict(c, e))
	}
	for s := range c.stage.all() {
		staged.Items = append(staged.Items, stagedDict(s))
	}
	for p, e := range c.latest {
		tasks.Set(p.task+"__r"+itoa(p.route), int64(e.n))
	}
	d.Set("sequence", sequence)
	d.Set("staged", staged)
	d.Set("status", nameOf(c.status))
	d.Set("tasks", tasks)
	if c.reruns != nil {
		d.Set("reruns", value.Of(c.reruns))
	}
	return d
}

func entryDict(c *conductor, e *entry) *value.Dict {
	d := value.NewDict()
	d.Set("id", e.task)
	d.Set("route", int64(e.route))
	if e.in == nil && e.prev == nil { // of a state without a conductor
		if e.status != unset {
			d.Set("status", nameOf(e.status))
		}
		return d
	}
	ctxs := value.NewDict()
	ctxs.Set("in", value.Of(e.in.list()))
	if e.out != "" {
		out := value.NewDict()
		out.Set(e.out, int64(e.outCtx))
		ctxs.Set("out", out)
	}
	d.Set("ctxs", ctxs)
	d.Set("prev", prevDict(e.prev))
	next := value.NewDict()
	for i, edge := range c.graph.Next(e.task) {
		if e.next[i] != unknown {
			next.Set(transition(edge), e.next[i] == yes)
		}
	}
	d.Set("next", next)
	if e.retry != nil {
		d.Set("retry", retryDict(e.retry))
	}
	if e.status != unset {
		d.Set("status", nameOf(e.status))
	}
	if e.term {
		d.Set("term", true)
	}
	return d
}

func stagedDict(s *staged) *value.Dict {
	d := value.NewDict()
	d.Set("id", s.task)
	ctxs := value.NewDict()
	ctxs.Set("in", value.Of(s.in.list()))
	d.Set("ctxs", ctxs)
	d.Set("route", int64(s.route))
	d.Set("prev", prevDict(s.prev))
	d.Set("ready", s.ready)
	if s.completed {
		d.Set("completed", true)
	}
	if s.runOnFail {
		d.Set("run_on_fail", true)
	}
	if s.retry != nil {
		d.Set("retry", retryDict(s.retry))
	}
	if s.items != nil {
		list := value.NewList()
		for _, it := range s.items.all {
			x := value.NewDict()
			x.Set("status", nameOf(it.status))
			list.Items = append(list.Items, x)
		}
		d.Set("items", list)
	}
	return d
}

func prevDict(b *backrefs) *value.Dict {
	d := value.NewDict()
	for i, name := range b.names {
		d.Set(name, int64(b.entries[i]))
	}
	return d
}

func retryDict(r *retry) *value.Dict {
	d := value.NewDict()
	d.Set("when", nil)
	if r.when != "" {
		d.Set("when", r.when)
	}
	d.Set("count", r.count)
	if !r.noDelay {
		d.Set("delay", r.delay)
	}
	d.Set("tally", r.tally)
	return d
}

func entryPairs(c *conductor, which func(*entry) bool) *value.List {
	list := value.NewList()
	for _, e := range c.entries {
		if which(e) {
			list.Items = append(list.Items, value.NewList(int64(e.n), entryDict(c, e)))
		}
	}
	return list
}

// taskDict is a task to run; which of its actions, or all.
func taskDict(p place, q *request, which []int) *value.Dict {
	d := value.NewDict()
	d.Set("id", p.task)
	d.Set("route", int64(p.route))
	list := value.NewList()
	if which == nil {
		for i := range q.actions {
			which = append(which, i)
		}
	}
	for _, i := range which {
		a := value.NewDict()
		a.Set("action", q.actions[i].action)
		a.Set("input", q.actions[i].input)
		if q.itemized {
			a.Set("item_id", int64(i))
		}
		list.Items = append(list.Items, a)
	}
	d.Set("actions", list)
	visible := value.NewDict()
	for k, v := range q.context.Texts() {
		if !strings.HasPrefix(k, "__") {
			visible.Set(k, v)
		}
	}
	d.Set("ctx", visible)
	d.Set("spec", value.NewDict())
	if q.task != nil {
		d.Set("spec", q.task.Raw)
	}
	if q.task != nil && value.Truth(q.task.Delay) || q.staged != nil && q.staged.retry != nil {
		d.Set("delay", q.delay)
	}
	if q.itemized {
		d.Set("items_count", int64(len(q.actions)))
		d.Set("concurrency", q.concurrency)
	}
	return d
}

func eventOf(v value.Value) (event, error) {
	if at(v, "class") == nil {
		return event{}, failf("TypeError", "Event is not type of ExecutionEvent.")
	}
	ev := event{
		name: value.Str(at(v, "name")), status: statusFrom(at(v, "status")), item: -1,
		result: at(v, "result"), failure: at(v, "result"),
	}
	if n, ok := at(v, "item_id").(int64); ok {
		ev.item = int(n)
		ev.result = at(v, "accumulated_result")
		if ev.result == nil {
			ev.result = value.NewList()
		}
	}
	return ev, nil
}

// reloaded is what becomes of a conductor that is saved and loaded.
func reloaded(c *conductor) (*conductor, error) {
	fresh := newConductor(c.spec, c.graph, c.expr, c.input, c.parent)
	if !c.begun {
		return fresh, nil
	}
	markAll(c)
	rows, err := c.save(nil)
	if err != nil {
		return nil, err
	}
	_, err = fresh.load(slices.DeleteFunc(rows, func(r workflow.Row) bool { return r.Body == nil }))
	return fresh, err
}

// markAll takes everything for changed.
func markAll(c *conductor) {
	c.dirty.head, c.dirty.output = true, true
	c.dirty.context, c.dirty.routeN = nil, nil
	for i := range c.contexts.all {
		c.dirty.contexts(i)
	}
	for i := range c.routes {
		c.dirty.routes(i)
	}
	for _, e := range c.entries {
		c.dirty.entry(e)
	}
	for s := range c.stage.all() {
		c.dirty.staged(s)
		if s.items != nil {
			for i := range s.items.all {
				c.dirty.item(s.items, i)
			}
		}
	}
	for i := range c.errors.list {
		c.dirty.errors(i)
	}
	for i := range c.log.list {
		c.dirty.logs(i)
	}
}
