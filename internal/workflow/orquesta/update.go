package orquesta

import (
	"context"
	"slices"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// enterTask makes a new entry for a task.
func (c *conductor) enterTask(ctx context.Context, p place, in indexes, prev *backrefs) (*entry, error) {
	if !c.graph.HasTask(p.task) {
		return nil, invalidTask(p.task)
	}
	if len(in) == 0 {
		in = index(0)
	}
	e := &entry{place: p, n: len(c.entries), in: in, prev: prev.copy(), next: unknowns(len(c.graph.Next(p.task)))}
	if r := c.graph.Retry(p.task); r != nil && r.Count != nil {
		var err error
		if e.retry, err = c.retryOf(ctx, p.task, r, in); err != nil {
			return nil, err
		}
	}
	c.entries = append(c.entries, e)
	c.enter(e)
	c.dirty.entry(e)
	return e, nil
}

func unknowns(n int) []byte {
	next := make([]byte, n)
	for i := range next {
		next[i] = unknown
	}
	return next
}

// retryOf works out how often and after which delay a task is run again.
func (c *conductor) retryOf(ctx context.Context, task string, r *graph.Retry, in indexes) (*retry, error) {
	out := &retry{when: r.When, count: r.Count, delay: r.Delay, noDelay: r.Transition}
	for _, part := range []struct {
		name string
		v    *value.Value
	}{{"delay", &out.delay}, {"count", &out.count}} {
		text, ok := (*part.v).(string)
		if !ok {
			continue
		}
		v, err := c.expr.Evaluate(ctx, text, c.contexts.over(in))
		if err != nil {
			return nil, &placed{err, []any{"tasks", task, "retry", part.name}}
		}
		n, ok := integer(v)
		if !ok {
			return nil, &placed{
				failf("ValueError", `The retry %s for task "%s" is not an integer.`, part.name, task),
				[]any{"tasks", task, "retry", part.name},
			}
		}
		*part.v = n
	}
	return out, nil
}

// placed is an error that knows where in the definition it comes from.
type placed struct {
	error
	path []any
}

func (p *placed) Unwrap() error { return p.error }

// integer returns a value if it is an int, as Python understands it.
func integer(v value.Value) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// update tells a task what happened to it, and does all that follows: it is staged
// again, or what comes after it is, and the workflow moves on. It returns the entry
// that it happened to.
func (c *conductor) update(ctx context.Context, p place, ev event) (*entry, error) {
	if !c.graph.HasTask(p.task) {
		return nil, invalidTask(p.task)
	}
	s, e := c.stage.get(p), c.latest[p]
	if s == nil && e == nil {
		return nil, invalidEntry(p.task)
	}
	_, isCommand := command(p.task)
	if e == nil || isCommand || e.status.Final() && starting(ev.status) {
		if s == nil {
			return nil, invalidEntry(p.task)
		}
		var err error
		if e, err = c.enterTask(ctx, p, s.in, s.prev); err != nil {
			return nil, err
		}
		if s.items != nil {
			s.of = e.n + 1
			c.dirty.staged(s)
		}
	}
	if ev.status != unset && s != nil && s.items == nil {
		c.unstage(p)
	}
	if s != nil && s.items != nil && e.items != s.items {
		e.items = s.items
		c.dirty.entry(e)
	}
	if s != nil && s.items != nil && ev.item >= 0 {
		s.items.set(ev.item, ev.status)
		c.dirty.item(s.items, ev.item)
	}
	if ev.status == execution.Failed {
		c.note(note{
			kind: "error", message: "Execution failed. See result for details.", task: p.task, route: -1, result: ev.failure,
		})
	}
	was := e.status
	if err := c.taskHears(e, ev); err != nil {
		return nil, err
	}
	if e.status == retrying {
		c.stageAgain(e)
	}
	var current *value.Dict
	if e.status.Final() {
		c.keepForRerun(e)
		current = c.context(e, ev.result)
		if active(c.status) {
			again, err := c.again(ctx, e, current)
			if err != nil {
				return nil, &placed{err, []any{"tasks", p.task, "retry", "when"}}
			}
			if again {
				retry, _ := command("retry")
				return c.update(ctx, p, retry)
			}
		}
	}
	var commands []place
	if e.status.Final() && e.status != was {
		var err error
		if commands, err = c.follow(ctx, e, current); err != nil {
			return nil, err
		}
	}
	if err := c.workflowHearsTask(p, "task_"+nameOf(e.status), e.status); err != nil {
		return nil, err
	}
	for _, next := range commands {
		ev, _ := command(next.task)
		if _, err := c.update(ctx, next, ev); err != nil {
			return nil, err
		}
	}
	if c.status.Final() && !e.term {
		e.term = true
		c.dirty.entry(e)
	}
	return e, nil
}

// stageAgain stages a task that is to be run again.
func (c *conductor) stageAgain(e *entry) {
	e.retry.tally++
	c.dirty.entry(e)
	c.unstage(e.place)
	c.add(&staged{place: e.place, in: e.in, prev: e.prev.copy(), ready: true, retry: e.retry})
}

// keepForRerun takes an ended task out of the stage. If it has items, and some
// failed, it is kept there, so that they can be run again.
func (c *conductor) keepForRerun(e *entry) {
	if t := c.spec.Task(e.task); t == nil || t.With == nil || !e.status.Failure() {
		c.unstage(e.place)
		return
	}
	if s := c.stage.get(e.place); s != nil && !s.completed {
		c.stage.change(s, func() { s.completed = true })
		c.dirty.staged(s)
	}
}

// again reports whether an ended task is to be run again.
func (c *conductor) again(ctx context.Context, e *entry, current *value.Dict) (bool, error) {
	if e.retry == nil {
		return false, nil
	}
	if count, _ := integer(e.retry.count); e.retry.tally >= count {
		return false, nil
	}
	if e.retry.when == "" {
		return e.status.Failure(), nil
	}
	v, err := c.expr.Evaluate(ctx, e.retry.when, current)
	return value.Truth(v), err
}

// follow evaluates the transitions of an ended task and stages what they lead to.
// It returns what of that is no task.
func (c *conductor) follow(ctx context.Context, e *entry, current *value.Dict) ([]place, error) {
	edges := c.graph.Next(e.task)
	if len(edges) == 0 && !e.term {
		e.term = true
		c.dirty.entry(e)
	}
	var commands []place
	var ready []*staged
	failing := false
	for i, edge := range edges {
		holds, err := c.holds(ctx, edge, current)
		if err != nil {
			if unable(err) {
				return nil, err
			}
			c.failAt(err, e, edge, "when")
			continue
		}
		c.hold(e, i, edge, holds)
		if !holds {
			continue
		}
		next, ok, err := c.lead(ctx, e, edge, current)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if _, is := command(edge.To); is {
			commands = append(commands, next.place)
			failing = failing || edge.To == spec.Fail
		} else if next.ready {
			ready = append(ready, next)
		}
	}
	if failing { // what stands beside "fail" still runs
		for _, s := range ready {
			s.runOnFail = true
			c.dirty.staged(s)
		}
	}
	return commands, nil
}

// failAt fails the workflow because of a transition.
func (c *conductor) failAt(err error, e *entry, edge *graph.Edge, key ...any) {
	c.fail(err, note{
		task: e.task, route: e.route, transition: transition(edge),
		path: append([]any{"tasks", e.task, "next", edge.Ref}, key...),
	})
	_ = c.request(execution.Failed) // if it is over already, it stays as it is
}

func (c *conductor) holds(ctx context.Context, edge *graph.Edge, current *value.Dict) (bool, error) {
	all := true
	for _, criterion := range edge.Criteria {
		v, err := c.expr.Evaluate(ctx, criterion, current)
		if err != nil {
			return false, err
		}
		all = all && value.Truth(v)
	}
	return all, nil
}

// lead goes along an edge that holds: it publishes, and stages what the edge leads to.
func (c *conductor) lead(ctx context.Context, e *entry, edge *graph.Edge, current *value.Dict) (*staged, bool, error) {
	published, ok, err := c.publish(ctx, e, edge, current)
	if err != nil || !ok {
		return nil, false, err
	}
	in := e.in
	if published.Len() > 0 {
		n := c.contexts.add(published)
		c.dirty.contexts(n)
		in = in.with(n)
		e.out, e.outCtx = transition(edge), n
		c.dirty.entry(e)
	}
	to := place{edge.To, c.follows(edge, e.route)}
	from := e.task + "__t" + itoa(edge.Key)
	s := c.stage.get(to)
	if s == nil {
		prev := &backrefs{}
		prev.set(from, e.n)
		s = &staged{place: to, in: in, prev: prev}
		c.add(s)
	} else {
		c.join(s, from, e.n, in.withoutRoot())
	}
	// What has come to it is known by the route that it is come from.
	if ready := c.inbound(edge.To, e.route) == inboundSatisfied; ready != s.ready {
		c.stage.change(s, func() { s.ready = ready })
		c.dirty.staged(s)
	}
	return s, true, nil
}

// join notes what else has come to a staged task. Items that have run are forgotten,
// and run again; while some are under way they are left to it, where the reference
// loses them.
func (c *conductor) join(s *staged, from string, entry int, in indexes) {
	if underWay := s.items != nil && s.items.active+s.items.waiting > 0; !underWay {
		if s.items != nil || s.completed {
			c.stage.change(s, func() { s.items, s.completed = nil, false })
			c.dirty.staged(s)
		}
		s.request = nil
	}
	s.in = s.in.and(in)
	s.prev.set(from, entry)
	c.dirty.arrival(s, arrivalRow{from, entry, in.flat()})
	if s.of > 0 { // the reference has one record for both
		e := c.entries[s.of-1]
		e.prev.set(from, entry)
		c.dirty.entry(e)
	}
}

// publish evaluates what a transition publishes. It reports false when that failed.
func (c *conductor) publish(ctx context.Context, e *entry, edge *graph.Edge, current *value.Dict) (*value.Dict, bool, error) {
	published := value.NewDict()
	t := c.spec.Task(e.task)
	if t == nil || edge.Ref >= len(t.Transitions) || len(t.Transitions[edge.Ref].Publish) == 0 {
		return published, true, nil
	}
	rolling := current.Clone()
	failed := false
	for i, a := range t.Transitions[edge.Ref].Publish {
		v, err := c.expr.Evaluate(ctx, a.Value, rolling)
		if err != nil {
			if unable(err) {
				return nil, false, err
			}
			c.failAt(err, e, edge, "publish", i, a.Name)
			failed = true
			continue
		}
		rolling.Set(a.Name, v)
		published.Set(a.Name, v)
	}
	return published, !failed, nil
}

// follows returns the route on which what an edge leads to is run: a new one if
// several ways lead there and none waits for the others.
func (c *conductor) follows(edge *graph.Edge, route int) int {
	if !c.spec.IsSplit(edge.To) || c.graph.InCycle(edge.To) {
		return route
	}
	from := edge.From + "__t" + itoa(edge.Key)
	steps := c.routes[route]
	if slices.Contains(steps, from) {
		return route
	}
	return c.route(append(append(make([]string, 0, len(steps)+1), steps...), from))
}
