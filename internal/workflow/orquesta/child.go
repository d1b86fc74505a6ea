package orquesta

import (
	"context"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

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
		e.update(ctx, en.place, happened)
	case ch.Status == execution.Running && was != execution.Running:
		if pausing(e.c.status) {
			e.goOn(execution.Running)
		}
		e.update(ctx, en.place, happened)
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
			e.c.trouble = err
			return err
		}
		happened.failure = brief(v, ch.Execution)
	}
	if item < 0 {
		happened.result = lazily(ch.Result)
	} else {
		happened.result = e.lazyItems(en.items)
	}
	if pausing(e.c.status) && !e.state.Held && pendingOrPaused(standing(en, item)) {
		e.goOn(execution.Resuming)
	}
	if latest := e.c.latest[en.place]; latest.status == execution.Paused {
		e.c.setEntry(latest, execution.Running) // what is paused can't end, says its machine
	}
	e.update(ctx, en.place, happened)
	if latest := e.c.latest[en.place]; e.c.status == execution.Paused && latest.status.Final() {
		e.state.Missed = append(e.state.Missed, latest.n)
		e.c.dirty.head = true
	}
	return nil
}
