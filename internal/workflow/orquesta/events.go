package orquesta

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// event is what happens to a task.
type event struct {
	name   string
	status execution.Status
	item   int // of a task with items; -1: it is about the whole task
	// result is what its action gave: of a task with items, the results of all. It
	// may be a [value.Lazy].
	result value.Value
	// failure is the result of what failed, for the log of errors.
	failure value.Value
}

// action is the event that an action is in a status.
func action(s execution.Status) event {
	return event{name: "action_" + nameOf(s), status: s, item: -1}
}

// itemEvent is the event that the action of an item is in a status.
func itemEvent(i int, s execution.Status) event {
	e := action(s)
	e.item = i
	return e
}

// command returns the event of a transition to something that is no task.
func command(name string) (event, bool) {
	e := event{item: -1}
	switch name {
	case "continue", "noop":
		e.status = execution.Succeeded
	case "fail":
		e.status = execution.Failed
	case "retry":
		e.status = retrying
	default:
		return event{}, false
	}
	e.name = "task_" + name + "_requested"
	return e, true
}

// taskHearsWorkflow tells a task that a status is asked of the workflow.
func (c *conductor) taskHearsWorkflow(e *entry, to execution.Status) error {
	name := "workflow_" + nameOf(to)
	if s := c.stage.get(e.place); (pausing(to) || canceling(to)) && s != nil && s.items != nil {
		name += rest(*s.items, 0)
	}
	return c.taskMoves(e, name)
}

// rest says how items stand as names of events do, when the first some of them are
// left out of account.
func rest(x items, without int) string {
	switch incomplete := len(x.all)-without-x.ended > 0; {
	case x.active > 0 && incomplete:
		return "/A[incomplete]"
	case x.active > 0:
		return "/A[completed]"
	case incomplete:
		return "/D[incomplete]"
	}
	return "/D[completed]"
}

// taskHears tells a task what happened to its action.
func (c *conductor) taskHears(e *entry, ev event) error {
	if !knownEvent(ev.name) || strings.HasPrefix(ev.name, "workflow_") {
		return invalidEvent(ev.name)
	}
	name := ev.name
	if ev.item >= 0 && ev.status != unset && (ev.status.Final() || pendingOrPaused(ev.status) || ev.status == execution.Resuming) {
		s := c.stage.get(e.place)
		if s == nil || s.items == nil {
			return invalidEntry(e.task)
		}
		x := s.items.others(ev.item)
		switch {
		case x.active > 0:
			name += rest(x, 1)
		case x.waiting > 0:
			name += "/D[paused]"
		case x.canceled > 0:
			name += "/D[canceled]"
		case x.abended > 0:
			name += "/D[failed]"
		default:
			name += rest(x, 1)
		}
	}
	return c.taskMoves(e, name)
}

func pendingOrPaused(s execution.Status) bool {
	return s == execution.Pending || s == execution.Paused
}

func (c *conductor) taskMoves(e *entry, event string) error {
	to, ok := taskMachine().next(e.status, event)
	if !ok {
		return invalidTaskTransition(e.status, event)
	}
	c.setEntry(e, to)
	return nil
}

// workflowHears tells the workflow that a status is asked of it.
func (c *conductor) workflowHears(event string, to execution.Status) error {
	if !knownEvent(event) {
		return invalidEvent(event)
	}
	switch {
	case pausing(to) || canceling(to):
		event += c.activity()
	case c.status == execution.Paused && (to == execution.Running || to == execution.Resuming) &&
		!c.busy() && c.stage.due == 0 && !c.any(execution.Paused, execution.Pending):
		event += "_workflow_completed"
	}
	s, ok := workflowMachine().next(c.status, event)
	if !ok {
		return invalidWorkflowTransition(c.status, event)
	}
	c.setStatus(s)
	return nil
}

func (c *conductor) activity() string {
	if c.busy() {
		return "/A"
	}
	return "/D"
}

// workflowHearsTask tells the workflow that a task is in a status.
func (c *conductor) workflowHearsTask(p place, name string, s execution.Status) error {
	event := name
	next := c.hasNext(p, true)
	if s.Failure() && (next || c.hasNext(p, false)) {
		event = "task_remediated"
	}
	switch event {
	case "task_pending", "task_paused", "task_failed", "task_canceled", "task_retrying":
		event += c.activity()
	case "task_succeeded", "task_remediated":
		event += c.activity() + "[" + c.rest(next) + "]"
	default:
		if !knownEvent(event) || !strings.HasPrefix(event, "task_") {
			return invalidEvent(event)
		}
		if event == "task_timeout" || event == "task_abandoned" {
			return invalidEvent(event) // a task is never in these: its machine makes them failures
		}
	}
	to, ok := workflowMachine().next(c.status, event)
	if !ok {
		return invalidWorkflowTransition(c.status, event)
	}
	was := c.status
	c.setStatus(to)
	// An event without an effect ends here, also one that finds the workflow over.
	if _, listed := workflowMachine()[was][event]; listed && to.Final() {
		c.failUnreachable()
	}
	return nil
}

// rest says what remains for a workflow, one of whose tasks went well.
func (c *conductor) rest(next bool) string {
	switch {
	case c.any(execution.Canceling, execution.Canceled):
		return "canceled"
	case c.any(execution.Pausing, execution.Paused, execution.Pending):
		return "paused"
	case c.stage.due > 0 || next:
		return "incomplete"
	}
	return "completed"
}

// failUnreachable fails a workflow that ends while some, but not enough, have come
// to a join.
func (c *conductor) failUnreachable() {
	for s := range c.stage.all() {
		if _, join := c.graph.Barrier(s.task); !join || s.ready || c.inbound(s.task, s.route) != inboundClosed {
			continue
		}
		c.setStatus(execution.Failed)
		c.fail(failf("UnreachableJoinError", `The join task|route "%s|%d" is partially satisfied but unreachable.`, s.task, s.route),
			note{task: s.task, route: s.route, path: []any{"tasks", s.task, "join"}})
	}
}

// hasNext reports whether an ended task leads to another one: to a join only if
// that can still be satisfied, unless joins are not looked at.
func (c *conductor) hasNext(p place, joins bool) bool {
	e := c.latest[p]
	if e == nil || !e.status.Final() {
		return false
	}
	for i, edge := range c.graph.Next(p.task) {
		if edge.To == "continue" || e.next[i] != yes {
			continue
		}
		if _, join := c.graph.Barrier(edge.To); join && joins && c.inbound(edge.To, p.route) == inboundClosed {
			continue
		}
		return true
	}
	return false
}
