package orquesta

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
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
		info.Items = make([]workflow.ItemInfo, len(en.items.all))
		for i, it := range en.items.all {
			info.Items[i] = workflow.ItemInfo{Execution: it.child, Status: nameOf(it.status)}
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
	e.commands, e.c.trouble = nil, nil
	err := e.hear(ctx, ev)
	if _, refused := errors.AsType[*fault.Fault](err); refused && e.c.trouble == nil {
		return nil, nil, err
	}
	if err == nil && e.c.trouble == nil {
		e.proceed(ctx)
	}
	switch { // what expressions made of these does not count
	case e.c.trouble != nil:
		err = e.c.trouble
	case err == nil:
		err = ctx.Err()
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
	n, err := e.c.seconds(ctx, e.def.spec.Timeout, e.c.contexts.all[0], "The value of the timeout is not type of integer.")
	if err != nil {
		e.c.fail(err, note{route: -1, path: []any{"timeout"}})
		return e.c.request(execution.Failed)
	}
	if n > 0 {
		e.do(workflow.Wake{Ref: alarmTimeout, After: time.Duration(n) * time.Second})
	}
	return nil
}

// update tells a task what happened to it. What can't be worked out about what
// follows fails the workflow.
func (e *Engine) update(ctx context.Context, p place, ev event) {
	_, err := e.c.update(ctx, p, ev)
	if err == nil {
		return
	}
	n := note{task: p.task, route: p.route, path: []any{"tasks", p.task}}
	if at, ok := errors.AsType[*placed](err); ok {
		n.path, err = at.path, at.error
	}
	e.c.fail(err, n)
	e.failNow()
}

// failNow ends the workflow by failing, if it has not ended already.
func (e *Engine) failNow() {
	if !e.c.status.Final() {
		e.c.setStatus(execution.Failed)
	}
}
