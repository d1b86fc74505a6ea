package orquesta

import (
	"context"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// proceed starts what may start, and ends the workflow when nothing is left. While it
// waits for the next [workflow.More], other events start nothing: else the answers
// to what a step has started would start as much again, each of them.
func (e *Engine) proceed(ctx context.Context) {
	if e.state.Ended {
		return
	}
	for budget := startsPerStep; !e.state.More; {
		all, more := e.c.next(ctx, budget)
		if len(all) == 0 {
			if more {
				e.state.More = true
				e.do(workflow.More{})
			}
			break
		}
		for _, r := range all {
			budget -= max(1, len(r.which))
		}
		e.run(ctx, all)
	}
	if !e.state.More {
		e.settle()
	}
	e.end(ctx)
}

// run marks tasks as running and starts their actions. Tasks without one succeed at
// once.
func (e *Engine) run(ctx context.Context, all []ready) {
	for _, r := range all {
		e.mark(ctx, r)
	}
	for _, r := range all {
		en := e.c.latest[r.staged.place]
		if en == nil || !active(en.status) {
			continue // it could not be marked, which has failed the workflow
		}
		empty := r.task == nil || r.task.Action == ""
		if e.rehearsed && empty && len(r.which) > 0 { // in its turn, as everything else of a round
			e.do(workflow.Start{Ref: ref(en, -1), Task: en.task})
			continue
		}
		if len(r.which) == 0 || empty {
			done := action(execution.Succeeded)
			if r.itemized {
				done.result = value.NewList()
			}
			e.update(ctx, en.place, done)
			continue
		}
		for _, i := range r.which {
			item := -1
			if r.itemized {
				item = i
			}
			e.start(r, en, item, r.actions[i])
		}
	}
}

// mark tells a task that it runs.
func (e *Engine) mark(ctx context.Context, r ready) {
	p := r.staged.place
	if fresh := r.staged.items == nil || r.staged.items.from == 0; fresh {
		e.state.Runs++
		e.c.dirty.head = true
	}
	if e.state.Runs > maxRuns {
		e.c.fail(failf("LimitError",
			"Tasks have run %d times, which is as often as they may in one workflow. Is there a cycle without an end?", maxRuns),
			note{task: p.task, route: p.route, path: []any{"tasks", p.task}})
		e.failNow()
		return
	}
	if !r.itemized || len(r.which) == 0 {
		e.update(ctx, p, action(execution.Running))
		return
	}
	for _, i := range r.which {
		e.update(ctx, p, itemEvent(i, execution.Running))
	}
}

// start has an action run.
func (e *Engine) start(r ready, en *entry, item int, c call) {
	name, ok := c.action.(string)
	if !ok || name == "" {
		e.failEntry(en, item, failf("TypeError", "The action is not a name but %s.", value.Repr(c.action)))
		return
	}
	input, ok := c.input.(*value.Dict)
	if !ok && c.input != nil {
		e.failEntry(en, item, failf("TypeError", "The input of the action is not a dict but of type %s.", value.TypeName(c.input)))
		return
	}
	if input == nil {
		input = value.NewDict()
	}
	s := workflow.Start{
		Ref: ref(en, item), Task: en.task, Action: name, Input: input, Notify: e.notify(en.task),
		Context: map[string]value.Value{"orquesta": e.context(en, item)},
	}
	// With a concurrency the delay is for the first ones: the others wait anyhow.
	limited, _ := integer(r.concurrency)
	if item < 0 || r.concurrency == nil || int64(item) < limited {
		s.Delay = time.Duration(r.delay) * time.Second
	}
	e.do(s)
	if r.timeout > 0 {
		e.do(workflow.Wake{Ref: alarmTask + s.Ref, After: s.Delay + r.timeout})
	}
}

// context is what the execution of a task says of its workflow.
func (e *Engine) context(en *entry, item int) *value.Dict {
	d := value.NewDict()
	d.Set("workflow_execution_id", e.in.ID)
	d.Set("task_execution_id", e.taskID(en))
	d.Set("task_name", en.task)
	d.Set("task_id", en.task)
	d.Set("task_route", int64(en.route))
	if item >= 0 {
		d.Set("item_id", int64(item))
	}
	return d
}

// notify returns who hears of the end of a task: those that hear of the workflow,
// and only of the tasks that the parameters of the runner name.
func (e *Engine) notify(task string) value.Value {
	if e.in.Runner != nil && e.in.Notify != nil {
		v, _ := e.in.Runner.Get("notify")
		if tasks, ok := v.(*value.List); ok && slices.ContainsFunc(tasks.Items, func(name value.Value) bool { return name == task }) {
			return e.in.Notify
		}
	}
	return value.NewDict()
}

// settle brings a workflow to a status that fits what is under way. It is what
// keeps one from waiting for nothing.
func (e *Engine) settle() {
	c := e.c
	switch c.status { //nolint:exhaustive // in the others items go on
	case execution.Canceling:
		e.stopItems(execution.Canceled)
	case execution.Pausing:
		e.stopItems(execution.Paused)
	}
	switch busy := c.busy(); c.status { //nolint:exhaustive // the others wait for nothing
	case execution.Resuming:
		switch {
		case busy:
			_ = c.request(execution.Running)
		case c.any(execution.Paused): // their own resuming will be heard
		case c.any(execution.Pending):
			_ = c.request(execution.Paused)
		default:
			e.stuck()
		}
	case execution.Canceling:
		if !busy {
			_ = c.request(execution.Canceled)
		}
	case execution.Pausing:
		if !busy {
			_ = c.request(execution.Paused)
		}
	case execution.Running:
		switch {
		case busy:
		case c.any(execution.Paused, execution.Pending):
			_ = c.request(execution.Paused)
		default:
			e.stuck()
		}
	}
}

// stopItems gives a status to the tasks of which no item runs and no other will begin.
func (e *Engine) stopItems(s execution.Status) {
	for x := range e.c.stage.all() {
		if en := e.c.latest[x.place]; en != nil && x.items != nil && en.items == x.items && x.items.active == 0 && active(en.status) {
			e.c.setEntry(en, s)
		}
	}
}

// stuck fails a workflow of which nothing is left that could go on.
func (e *Engine) stuck() {
	e.c.fail(failf("WorkflowStuckError", "Nothing is left to run, and yet the workflow has not come to an end."), note{route: -1})
	e.failNow()
}

// end says that the workflow is over, once it is and has taken back what it should.
func (e *Engine) end(ctx context.Context) {
	if !e.c.status.Final() {
		return
	}
	e.c.render(ctx)
	if e.undo(ctx) {
		return
	}
	e.state.Ended = true
	e.c.dirty.head = true
	e.do(workflow.End{Result: e.result()})
}
