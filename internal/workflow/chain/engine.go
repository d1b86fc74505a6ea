package chain

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// Engine is one chain in motion. It belongs to one goroutine.
//
// At most one execution is under way at a time. The chain is paused while that
// one waits (for an answer, or because it is a paused workflow), and goes on by
// itself when it does, unless somebody has paused the chain as well.
type Engine struct {
	def *definition
	in  workflow.Input

	head      head
	runs      []run
	latest    map[string]int // node to its last run that is over
	vars      *value.Dict    // the variables, with what was published
	published *value.Dict
}

func newEngine(d *definition, in workflow.Input) *Engine {
	if in.Parameters == nil {
		in.Parameters = value.NewDict()
	}
	return &Engine{
		def: d, in: in, head: head{Status: execution.Requested},
		latest: map[string]int{}, vars: value.NewDict(), published: value.NewDict(),
	}
}

// Status implements [workflow.Engine].
func (e *Engine) Status() execution.Status { return e.head.Status }

// Task implements [workflow.Engine].
func (e *Engine) Task(name string, _ int64) (workflow.TaskInfo, bool) {
	i := len(e.runs) - 1
	if i < 0 || e.runs[i].Node != name {
		var ok bool
		if i, ok = e.latest[name]; !ok {
			return workflow.TaskInfo{}, false
		}
	}
	r := &e.runs[i]
	return workflow.TaskInfo{ID: name, Status: string(r.Status), Execution: r.Execution}, true
}

// Step implements [workflow.Engine]. When it returns an error, the engine is as it
// was and may be asked again: a look-up that failed is no mistake of the chain.
func (e *Engine) Step(ctx context.Context, event workflow.Event) ([]workflow.Row, []workflow.Command, error) {
	s := newStep(ctx, e)
	var err error
	switch event := event.(type) {
	case workflow.Begin:
		err = s.start()
	case workflow.Launched:
		err = s.launched(event)
	case workflow.Child:
		err = s.child(event)
	case workflow.Pause:
		err = s.pause()
	case workflow.Resume:
		err = s.resume()
	case workflow.Cancel:
		err = s.cancel()
	case workflow.Rerun:
		err = fault.Newf(fault.Invalid, "The tasks of an action chain cannot be run again by themselves; run the whole chain again.")
	}
	if err != nil {
		return nil, nil, err
	}
	return s.commit()
}

// start begins with the first node.
func (s *step) start() error {
	if s.head.Status != execution.Requested {
		return fault.Newf(fault.Conflict, "The action chain has begun already.")
	}
	s.head.Status = execution.Running
	vars, problem, err := s.initial()
	if err != nil {
		return err
	}
	s.vars = vars
	if problem != nil {
		return s.end(execution.Failed, fmt.Sprintf("The vars of the chain could not be set: %v", problem))
	}
	return s.begin(s.e.def.first)
}

// maxRuns is how many tasks one chain may run: one that goes round in a circle ends
// here, and its result has them all.
const maxRuns = 10_000

// begin starts the action of a node.
func (s *step) begin(name string) error {
	n := s.e.def.nodes[name]
	if n == nil {
		return s.end(execution.Failed, fmt.Sprintf("There is no task %q to go on with.", name))
	}
	if s.at+1 >= maxRuns {
		return s.end(execution.Failed, fmt.Sprintf(
			"The chain has run %d tasks, which is as many as it may. Is there a circle without an end? The next one was to be %q.", maxRuns, name))
	}
	s.head.Next = ""
	input, problem, err := s.render(n.parameters)
	if err != nil {
		return err
	}
	if problem != nil {
		return s.end(execution.Failed, fmt.Sprintf("Task %q could not be run: Failed to render parameter %v", name, problem))
	}
	s.add(run{Node: name, Status: execution.Requested})
	s.command(workflow.Start{
		Ref: strconv.Itoa(s.at), Task: name, Action: n.ref, Input: input, Notify: s.e.notify(n),
		Context: map[string]value.Value{"chain": n.spec},
	})
	return nil
}

// notify returns who hears of the end of a node: as it says, as the chain does, or
// as its action does.
func (e *Engine) notify(n *node) value.Value {
	if e.in.Runner != nil {
		if skip, ok := get(e.in.Runner, "skip_notify").(*value.List); ok {
			for _, name := range skip.Items {
				if value.Equal(name, n.name) {
					return value.NewDict()
				}
			}
		}
	}
	if d, ok := n.notify.(*value.Dict); ok && d.Len() > 0 {
		return d
	}
	return e.in.Notify
}

// launched hears which execution the current run is.
func (s *step) launched(l workflow.Launched) error {
	if !s.current(l.Ref) {
		return nil
	}
	s.run.Execution = l.Execution
	if s.run.Created.IsZero() {
		s.run.Created = l.At
	}
	if l.Refused != "" {
		why := fmt.Sprintf("Task %q could not be run: %s", s.run.Node, l.Refused)
		if l.Unknown && s.head.Status != execution.Canceling {
			s.drop()
			return s.end(execution.Failed, why)
		}
		s.run.Refused = why
		return s.finish(execution.Failed, l.At, nil)
	}
	if s.head.Status == execution.Canceling || s.head.Status == execution.Pausing {
		s.signal(s.head.Status) // it could not be told before
	}
	return nil
}

// child hears how the current run stands.
func (s *step) child(c workflow.Child) error {
	if !s.current(c.Ref) {
		return nil
	}
	s.run.Execution = c.Execution
	if s.run.Created.IsZero() {
		s.run.Created = c.At
	}
	if c.Status.Final() {
		return s.finish(c.Status, c.At, c.Result)
	}
	s.run.Status = c.Status
	switch c.Status { //nolint:exhaustive // the others change nothing
	case execution.Running:
		if s.head.Status == execution.Paused && !s.head.Held {
			s.head.Status = execution.Running
		}
	case execution.Pending, execution.Paused:
		s.run.Waited = true
		if s.head.Status == execution.Canceling {
			s.signal(execution.Canceling) // it waits, and so may not have heard
			break
		}
		s.head.Status = execution.Paused
	}
	return nil
}

// finish ends the current run, and goes on with the node that follows.
func (s *step) finish(status execution.Status, now time.Time, result reading) error {
	s.run.Status, s.run.Updated = status, now
	ended := s.run
	s.ended, s.result = &ended, result
	if s.head.Status == execution.Canceling || status == execution.Canceled {
		return s.end(execution.Canceled, "")
	}
	n := s.e.def.nodes[s.run.Node]
	if n == nil {
		return s.end(execution.Failed, fmt.Sprintf("There is no task %q any more.", s.run.Node))
	}
	if s.run.Refused == "" && len(n.publish) > 0 {
		published, problem, err := s.render(n.publish)
		if err != nil {
			return err
		}
		if problem != nil {
			return s.end(execution.Failed, fmt.Sprintf("Task %q could not publish: Failed to render variable %v", n.name, problem))
		}
		s.published = published
	}
	next, problem, err := s.follow(n.after(status == execution.Succeeded))
	switch {
	case err != nil:
		return err
	case problem != nil:
		return s.end(execution.Failed, fmt.Sprintf("What follows task %q is not known: %v", n.name, problem))
	case next == "":
		return s.end(outcome(status), "")
	case s.e.def.nodes[next] == nil:
		return s.end(execution.Failed, fmt.Sprintf("There is no task %q, which is to follow task %q.", next, n.name))
	case s.head.Held:
		s.head.Status, s.head.Next = execution.Paused, next
		return nil
	}
	s.head.Status = execution.Running
	return s.begin(next)
}

// outcome is how a chain ends whose last task ended so.
func outcome(last execution.Status) execution.Status {
	if last == execution.Abandoned {
		return execution.Failed
	}
	return last
}

// pause starts nothing new.
func (s *step) pause() error {
	switch s.head.Status {
	case execution.Running, execution.Resuming:
		s.head.Status = execution.Pausing
		s.signal(execution.Pausing)
	case execution.Pausing, execution.Paused:
	default:
		return fault.Newf(fault.Conflict, "The action chain cannot be paused: it is %s.", s.head.Status)
	}
	s.head.Held = true
	return nil
}

// resume goes on. A chain whose task waits for an answer waits with it.
func (s *step) resume() error {
	switch s.head.Status {
	case execution.Running, execution.Resuming:
		return nil
	case execution.Pausing, execution.Paused:
	default:
		return fault.Newf(fault.Conflict, "The action chain cannot be resumed: it is %s.", s.head.Status)
	}
	s.head.Held = false
	if !s.busy() {
		s.head.Status = execution.Running
		return s.begin(s.head.Next)
	}
	if s.run.Status != execution.Pending {
		s.head.Status = execution.Running
		s.signal(execution.Resuming)
	}
	return nil
}

// cancel stops the chain, at the latest when the current run is over.
func (s *step) cancel() error {
	switch {
	case s.head.Status.Final():
		return fault.Newf(fault.Conflict, "The action chain cannot be canceled: it is %s.", s.head.Status)
	case s.head.Status == execution.Canceling:
		return nil
	case !s.busy():
		return s.end(execution.Canceled, "")
	}
	s.head.Status = execution.Canceling
	s.signal(execution.Canceling)
	return nil
}
