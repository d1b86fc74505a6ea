package chain

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// reading reads a result. Nil: there is none.
type reading = func(ctx context.Context) (value.Value, error)

// step is one step on its way. It works on copies, so that the engine is as it
// was when something can't be looked up.
type step struct {
	e     *Engine
	ctx   context.Context //nolint:containedctx // a step lives for one call
	scope *action.Scope

	head  head
	at    int  // the number of the last run; -1: there is none
	run   run  // the last run
	ended *run // the run that is over since this step
	// result is that of ended.
	result    reading
	vars      *value.Dict            // set in this step, at the begin of the chain
	published *value.Dict            // by ended
	results   map[string]value.Value // by node, read in this step
	changed   map[int]*run           // by number; nil: it has not taken place
	todo      []workflow.Command
}

func newStep(ctx context.Context, e *Engine) *step {
	s := &step{
		e: e, ctx: ctx, scope: action.NewScope(e.in.Templates), head: e.head, at: len(e.runs) - 1,
		results: map[string]value.Value{}, changed: map[int]*run{},
	}
	if s.at >= 0 {
		s.run = e.runs[s.at]
	}
	return s
}

// busy reports whether the last run is not over.
func (s *step) busy() bool { return s.at >= 0 && !s.run.over() }

// current reports whether ref is the run that is under way. What is heard of
// earlier ones is old.
func (s *step) current(ref string) bool {
	return s.busy() && ref == strconv.Itoa(s.at) && !s.head.Status.Final()
}

// add begins another run. The one before is over.
func (s *step) add(r run) {
	s.keep()
	s.at, s.run = s.at+1, r
}

// keep notes the last run if it is another than before.
func (s *step) keep() {
	if s.at >= 0 && (s.at >= len(s.e.runs) || s.run != s.e.runs[s.at]) {
		r := s.run
		s.changed[s.at] = &r
	}
}

// drop forgets the last run, which has not taken place.
func (s *step) drop() {
	s.changed[s.at] = nil
	s.at, s.run = s.at-1, run{}
	if s.at >= 0 {
		s.run = s.e.runs[s.at]
	}
}

func (s *step) command(c workflow.Command) { s.todo = append(s.todo, c) }

// signal asks for something of the current execution, if it is known.
func (s *step) signal(to execution.Status) {
	if s.busy() && s.run.Execution != "" {
		s.command(workflow.Signal{Execution: s.run.Execution, To: to})
	}
}

// end ends the chain.
func (s *step) end(status execution.Status, problem string) error {
	s.head.Status, s.head.Error, s.head.Next, s.head.Held = status, problem, "", false
	s.keep()
	result, err := s.outcome()
	if err != nil {
		return err
	}
	s.command(workflow.End{Result: result})
	return nil
}

// commit makes the step count, and returns what it changed.
func (s *step) commit() ([]workflow.Row, []workflow.Command, error) {
	s.keep()
	var rows []workflow.Row
	write := func(kind string, key int, body any) error {
		r, err := row(kind, key, body)
		rows = append(rows, r)
		return err
	}
	e := s.e
	if s.head != e.head {
		if err := write(headRow, 0, s.head); err != nil {
			return nil, nil, err
		}
	}
	if s.vars != nil {
		if err := write(varsRow, 0, s.vars); err != nil {
			return nil, nil, err
		}
	}
	if s.published != nil {
		if err := write(publishedRow, s.endedAt(), s.published); err != nil {
			return nil, nil, err
		}
	}
	for _, at := range slices.Sorted(maps.Keys(s.changed)) {
		if r := s.changed[at]; r == nil {
			rows = append(rows, workflow.Row{Kind: taskRow, Key: int64(at)})
		} else if err := write(taskRow, at, r); err != nil {
			return nil, nil, err
		}
	}
	s.apply()
	return rows, s.todo, nil
}

// apply takes the changes over into the engine.
func (s *step) apply() {
	e := s.e
	e.head = s.head
	if s.vars != nil {
		e.vars = s.vars
	}
	if s.published != nil {
		e.publish(s.published)
	}
	for _, at := range slices.Sorted(maps.Keys(s.changed)) {
		switch r := s.changed[at]; {
		case r == nil:
			e.runs = e.runs[:at]
		case at < len(e.runs):
			e.runs[at] = *r
		default:
			e.runs = append(e.runs, *r)
		}
		if r := s.changed[at]; r != nil && r.over() {
			e.latest[r.Node] = at
		}
	}
}

// endedAt is the number of the run that is over since this step.
func (s *step) endedAt() int { return len(s.e.runs) - 1 }
