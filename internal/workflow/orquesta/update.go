package orquesta

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
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
		commands = c.follow(ctx, e, current)
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
