package orquesta

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// The limits of a workflow, see docs/workflow-reference.md.
const (
	startsPerStep = 256     // executions that one step starts
	maxRuns       = 100_000 // times that tasks run: a cycle without an end ends here
)

// The names of alarms: of the whole workflow, and how those of executions begin,
// before their refs.
const (
	alarmTimeout = "timeout"
	alarmTask    = "task/"
)

// Engine is one workflow in motion. It belongs to one goroutine.
//
// It is paused while a task waits for an answer and nothing else is under way, and
// goes on by itself when that is given, unless somebody has paused it as well.
type Engine struct {
	def   *definition
	in    workflow.Input
	c     *conductor
	state engineRow

	rehearsed bool            // see [Rehearsal]
	skipped   map[*items]bool // see [Rehearsal.Skip]

	commands []workflow.Command
	trouble  error // a result could not be read in this step
	broken   error // the state in memory is not what is saved
}

// engineRow is what the engine keeps beside the conductor.
type engineRow struct {
	Held   bool     `json:"held,omitempty"`   // somebody wants it paused
	Missed []int    `json:"missed,omitempty"` // entries that ended while it was paused
	Runs   int      `json:"runs,omitempty"`   // of tasks
	More   bool     `json:"more,omitempty"`   // it has asked for more, and starts nothing until then
	Late   []string `json:"late,omitempty"`   // refs of executions that are stopped because their time is over
	Ended  bool     `json:"ended,omitempty"`  // it has said so
	Undo   *undoRow `json:"undo,omitempty"`   // it is over, and takes back what it did
}

func newEngine(d *definition, in workflow.Input) *Engine {
	return &Engine{def: d, in: in, c: newConductor(d.spec, d.graph, in.Expr, in.Parameters, in.Context)}
}

// Status implements [workflow.Engine].
func (e *Engine) Status() execution.Status {
	switch s := e.c.status; {
	case s == unset:
		return execution.Requested
	case e.state.Ended || !s.Final():
		return s
	case s == execution.Canceled:
		return execution.Canceling
	default:
		return execution.Running // it is being undone
	}
}

// Task implements [workflow.Engine].
func (e *Engine) Task(name string, route int64) (workflow.TaskInfo, bool) {
	en := e.c.latest[place{name, int(route)}]
	if route < 0 {
		for _, x := range e.c.entries {
			if x.task == name {
				en = x
			}
		}
	}
	if en == nil {
		return workflow.TaskInfo{}, false
	}
	info := workflow.TaskInfo{ID: e.taskID(en), Route: int64(en.route), Status: nameOf(en.status), Execution: en.child}
	if en.items != nil {
		info.Itemized = true
		info.Items = make([]string, len(en.items.all))
		for i, it := range en.items.all {
			info.Items[i] = it.child
		}
	}
	return info, true
}

// taskID names one execution of a task.
func (e *Engine) taskID(en *entry) string { return e.in.ID + "." + itoa(en.n) }

// Step implements [workflow.Engine]. A step that fails with anything but a fault
// leaves the engine of no further use: load it again.
func (e *Engine) Step(ctx context.Context, ev workflow.Event) ([]workflow.Row, []workflow.Command, error) {
	if e.broken != nil {
		return nil, nil, e.broken
	}
	e.commands, e.trouble = nil, nil
	err := e.hear(ctx, ev)
	if _, refused := errors.AsType[*fault.Fault](err); refused {
		return nil, nil, err
	}
	if err == nil {
		err = e.proceed(ctx)
	}
	if err == nil {
		err = e.trouble
	}
	var rows []workflow.Row
	if err == nil {
		e.c.dirty.head = e.c.dirty.head || len(e.commands) > 0
		rows, err = e.c.save(&e.state)
	}
	if err != nil {
		e.broken = fmt.Errorf("step workflow %s: %w", e.in.ID, err)
		return nil, nil, e.broken
	}
	return rows, e.commands, nil
}

func (e *Engine) do(c workflow.Command) { e.commands = append(e.commands, c) }

func (e *Engine) hear(ctx context.Context, ev workflow.Event) error {
	switch ev := ev.(type) {
	case workflow.Begin:
		return e.begin(ctx)
	case workflow.More:
		e.state.More = false
		e.c.dirty.head = true
		return nil
	case workflow.Child:
		return e.child(ctx, ev)
	case workflow.Launched:
		return e.launched(ev)
	case workflow.Pause:
		return e.pause()
	case workflow.Resume:
		return e.resume()
	case workflow.Cancel:
		return e.cancel()
	case workflow.Rerun:
		return e.rerun(ev)
	case workflow.Expired:
		return e.expired(ev)
	}
	return fmt.Errorf("unknown event %T", ev)
}

func (e *Engine) begin(ctx context.Context) error {
	if e.c.begun {
		return fault.Newf(fault.Conflict, "The workflow has begun already.")
	}
	e.c.begin(ctx)
	if e.c.status.Final() {
		return nil
	}
	if err := e.c.request(execution.Running); err != nil {
		return err
	}
	n, ok, err := e.c.seconds(ctx, e.def.spec.Timeout, e.c.contexts.all[0], "The value of the timeout is not type of integer.")
	if err != nil {
		if unable(err) {
			return err
		}
		e.c.fail(err, note{route: -1, path: []any{"timeout"}})
		return e.c.request(execution.Failed)
	}
	if ok && n > 0 {
		e.do(workflow.Wake{Ref: alarmTimeout, After: time.Duration(n) * time.Second})
	}
	return nil
}

// update tells a task what happened to it. What can't be worked out about what
// follows fails the workflow.
func (e *Engine) update(ctx context.Context, p place, ev event) error {
	_, err := e.c.update(ctx, p, ev)
	if err == nil || unable(err) || e.trouble != nil {
		return err
	}
	n := note{task: p.task, route: p.route, path: []any{"tasks", p.task}}
	if at, ok := errors.AsType[*placed](err); ok {
		n.path, err = at.path, at.error
	}
	e.c.fail(err, n)
	e.failNow()
	return nil
}

// failNow ends the workflow by failing, if it has not ended already.
func (e *Engine) failNow() {
	if !e.c.status.Final() {
		e.c.setStatus(execution.Failed)
	}
}

// failEntry ends a task whose action can't be run. Nothing follows it, as in the
// reference: that there is no such action is a mistake of the workflow, not a
// failure that it could provide for.
func (e *Engine) failEntry(en *entry, item int, err error) {
	c := e.c
	if s := c.stage.get(en.place); item >= 0 && s != nil && s.items == en.items {
		s.items.set(item, execution.Failed)
		c.dirty.item(s.items, item)
		if s.items.active == 0 {
			c.stage.change(s, func() { s.completed = true })
			c.dirty.staged(s)
		}
	}
	if item < 0 || en.items.active == 0 {
		c.setEntry(en, execution.Failed)
	}
	en.term = true
	c.dirty.entry(en)
	c.fail(err, note{task: en.task, route: en.route, path: []any{"tasks", en.task, "action"}})
	e.failNow()
}

// ref is how the engine calls an execution of an entry; item is -1 without items.
func ref(en *entry, item int) string {
	if item < 0 {
		return itoa(en.n)
	}
	return itoa(en.n) + "/" + strconv.FormatInt(en.items.batch, 10) + "/" + itoa(item)
}

// find returns the entry and the item of a ref, and whether there is still anything
// to be told about it.
func (e *Engine) find(name string) (en *entry, item int, ok bool) {
	var n int
	var batch int64
	var err error
	parts := strings.Split(name, "/")
	if n, err = strconv.Atoi(parts[0]); err != nil || n < 0 || n >= len(e.c.entries) {
		return nil, 0, false
	}
	en = e.c.entries[n]
	if len(parts) == 1 {
		return en, -1, en.items == nil
	}
	if len(parts) != 3 {
		return nil, 0, false
	}
	if batch, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return nil, 0, false
	}
	if item, err = strconv.Atoi(parts[2]); err != nil {
		return nil, 0, false
	}
	ok = en.items != nil && en.items.batch == batch && item >= 0 && item < len(en.items.all)
	return en, item, ok
}

// setChild notes which execution runs an action.
func (e *Engine) setChild(en *entry, item int, id string) {
	switch {
	case id == "":
	case item < 0:
		if en.child != id {
			en.child = id
			e.c.dirty.entry(en)
		}
	case en.items.all[item].child != id:
		en.items.all[item].child = id
		e.c.dirty.item(en.items, item)
	}
}

// childOf returns the execution that runs an action.
func childOf(en *entry, item int) string {
	if item < 0 {
		return en.child
	}
	return en.items.all[item].child
}

// launched hears what became of a start.
func (e *Engine) launched(l workflow.Launched) error {
	if l.Refused != "" && strings.HasPrefix(l.Ref, undoPrefix) {
		e.undone(l.Ref, "", execution.Failed, l.Refused)
		return nil
	}
	en, item, ok := e.find(l.Ref)
	if !ok {
		return nil
	}
	e.setChild(en, item, l.Execution)
	if l.Refused == "" {
		return nil
	}
	class := "ValueError"
	if l.Unknown {
		class = "InvalidActionReferencedException"
	}
	e.failEntry(en, item, failf(class, "%s", l.Refused))
	return nil
}

// standing returns the status of an entry or of one of its items.
func standing(en *entry, item int) execution.Status {
	if item < 0 {
		return en.status
	}
	return en.items.all[item].status
}

func (e *Engine) child(ctx context.Context, ch workflow.Child) error {
	if strings.HasPrefix(ch.Ref, undoPrefix) {
		if ch.Status.Final() {
			e.undone(ch.Ref, ch.Execution, ch.Status, "")
		}
		return nil
	}
	en, item, ok := e.find(ch.Ref)
	if !ok || standing(en, item).Final() || standing(en, item) == unset {
		return nil
	}
	e.setChild(en, item, ch.Execution)
	if ch.Status.Final() && e.def.spec.Task(en.task).Timeout != nil {
		ch = e.inTime(ch, en)
	}
	happened := action(ch.Status)
	if item >= 0 {
		happened = itemEvent(item, ch.Status)
	}
	switch was := standing(en, item); {
	case ch.Status.Final():
		return e.finish(ctx, en, item, happened, ch)
	case pendingOrPaused(ch.Status):
		if e.c.status == execution.Canceling { // it waits, and so may not have heard
			e.do(workflow.Signal{Execution: ch.Execution, To: execution.Canceling})
		}
		return e.update(ctx, en.place, happened)
	case ch.Status == execution.Running && was != execution.Running:
		if pausing(e.c.status) {
			e.goOn(execution.Running)
		}
		return e.update(ctx, en.place, happened)
	}
	return nil
}

// inTime ends the alarm of an execution. One that was stopped because its time was
// over has timed out.
func (e *Engine) inTime(ch workflow.Child, en *entry) workflow.Child {
	i := slices.Index(e.state.Late, ch.Ref)
	if i < 0 {
		e.do(workflow.Wake{Ref: alarmTask + ch.Ref, After: -1})
		return ch
	}
	e.state.Late = slices.Delete(e.state.Late, i, i+1)
	e.c.dirty.head = true
	if ch.Status == execution.Canceled {
		ch.Status = execution.Timeout
		e.c.fail(failf("TimeoutError", "The task did not end in the time that it has."),
			note{task: en.task, route: en.route, path: []any{"tasks", en.task, "timeout"}})
	}
	return ch
}

// goOn lets a workflow that waits go on.
func (e *Engine) goOn(to execution.Status) {
	e.state.Held = false
	_ = e.c.request(to) // a workflow that waits may always go on
	e.wakeItems()
}

// finish hears the end of an execution.
func (e *Engine) finish(ctx context.Context, en *entry, item int, happened event, ch workflow.Child) error {
	if ch.Status == execution.Failed && ch.Result != nil {
		v, err := ch.Result(ctx)
		if err != nil {
			return &lookupError{err}
		}
		happened.failure = brief(v, ch.Execution)
	}
	if item < 0 {
		happened.result = e.lazy(ch.Result)
	} else {
		happened.result = e.lazyItems(en.items)
	}
	if pausing(e.c.status) && !e.state.Held && pendingOrPaused(standing(en, item)) {
		e.goOn(execution.Resuming)
	}
	if latest := e.c.latest[en.place]; latest.status == execution.Paused {
		e.c.setEntry(latest, execution.Running) // what is paused can't end, says its machine
	}
	if err := e.update(ctx, en.place, happened); err != nil {
		return err
	}
	if latest := e.c.latest[en.place]; e.c.status == execution.Paused && latest.status.Final() {
		e.state.Missed = append(e.state.Missed, latest.n)
		e.c.dirty.head = true
	}
	return nil
}

// maxFailure is how long a result may be, as JSON, to be shown among the errors.
const maxFailure = 64 << 10

// brief returns a result for the log of errors: one that is too long only by its place.
func brief(v value.Value, child string) value.Value {
	b, err := value.ToJSON(v)
	if err == nil && len(b) <= maxFailure {
		return v
	}
	d := value.NewDict()
	d.Set("execution_id", child)
	d.Set("result_size", int64(len(b)))
	return d
}

// lazy is a result that is read when an expression asks for it.
type lazy struct {
	e    *Engine
	read func(ctx context.Context) (value.Value, error)
	v    value.Value
	done bool
}

// TypeName implements [value.Object].
func (*lazy) TypeName() string { return "dict" }

// Force implements [value.Lazy].
func (l *lazy) Force(ctx context.Context) (value.Value, error) {
	if l.done {
		return l.v, nil
	}
	v, err := l.read(ctx)
	if err != nil {
		l.e.trouble = &lookupError{err}
		return nil, l.e.trouble
	}
	l.v, l.done = v, true
	return v, nil
}

func (e *Engine) lazy(read func(ctx context.Context) (value.Value, error)) value.Value {
	if read == nil {
		return nil
	}
	return &lazy{e: e, read: read}
}

// lazyItems is the results of all items: None for one that did not run.
func (e *Engine) lazyItems(x *items) value.Value {
	return &lazy{e: e, read: func(ctx context.Context) (value.Value, error) {
		n := len(x.all)
		for e.skipped[x] && n > 0 && x.all[n-1].child == "" {
			n--
		}
		list := &value.List{Items: make([]value.Value, n)}
		for i, it := range x.all[:n] {
			if it.child == "" || !it.status.Final() {
				continue
			}
			var err error
			if list.Items[i], err = e.in.Result(ctx, it.child); err != nil {
				return nil, err
			}
		}
		return list, nil
	}}
}
