package orquesta

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// maxItems is how many items a task may have.
const maxItems = 1_000_000

// request is a task that is to run, its expressions evaluated.
type request struct {
	staged      *staged
	task        *spec.Task // nil: it has the name of a command
	context     *value.Dict
	actions     []call
	itemized    bool
	concurrency value.Value // nil: all at once
	delay       int64       // seconds
	timeout     time.Duration
}

// call is one run of an action.
type call struct {
	action value.Value // nil: none
	input  value.Value
}

// ready is a request and which of its actions are to run now.
type ready struct {
	*request
	which []int // in the order of the items
}

// next returns what is to run now, at most limit actions, by the names of the tasks.
// more says that there is more. What can't be rendered fails the workflow, and then
// nothing runs.
func (c *conductor) next(ctx context.Context, limit int) (all []ready, more bool) {
	remedy := false
	if c.status == execution.Failed {
		for s := range c.stage.all() {
			remedy = remedy || s.due() && s.runOnFail
		}
	}
	if !running(c.status) && !remedy {
		return nil, false
	}
	failed := false
	var due []*staged
	for s := range c.stage.all() {
		if !s.due() || remedy && !s.runOnFail {
			continue
		}
		if err := c.prepare(ctx, s); err != nil {
			failed = true
			c.failTask(err, s)
			continue
		}
		due = append(due, s)
	}
	if failed {
		_ = c.request(execution.Failed) // if it has failed already, it stays so
		return nil, false
	}
	slices.SortStableFunc(due, func(a, b *staged) int {
		return cmp.Or(strings.Compare(a.task, b.task), cmp.Compare(a.route, b.route))
	})
	for _, s := range due {
		r, stopped := c.share(s, limit)
		more = more || stopped
		if r == nil {
			continue
		}
		limit -= max(1, len(r.which))
		all = append(all, *r)
	}
	return all, more
}

// failTask says why a task can't be run.
func (c *conductor) failTask(err error, s *staged) {
	n := note{task: s.task, route: s.route, path: []any{"tasks", s.task}}
	if p, ok := err.(*placed); ok { //nolint:errorlint // only what prepare returns itself
		n.path, err = p.path, p.error
	}
	c.fail(err, n)
}

// share takes what may run of a staged task now. It is nil when that is nothing, and
// stopped says that the limit is why there is not more.
func (c *conductor) share(s *staged, limit int) (r *ready, stopped bool) {
	q := s.request
	if !q.itemized || len(q.actions) == 0 {
		if limit < 1 {
			return nil, true
		}
		which := []int{0}
		return &ready{q, which[:len(q.actions)]}, false
	}
	free := len(q.actions)
	if q.concurrency != nil {
		n, _ := integer(q.concurrency)
		free = int(n) - s.items.active
	}
	which := s.items.idle(min(free, limit))
	stopped = limit < free && len(s.items.idle(min(free, limit+1))) > len(which)
	if len(which) == 0 {
		return nil, stopped
	}
	return &ready{q, which}, stopped
}

// prepare renders a staged task, unless that was done before.
func (c *conductor) prepare(ctx context.Context, s *staged) error {
	if s.request == nil {
		q, err := c.renderTask(ctx, s.place, s.in)
		if err != nil {
			return err
		}
		if s.retry != nil { // its delay takes the place of the task's
			q.delay, _ = integer(s.retry.delay)
		}
		q.staged = s
		s.request = q
	}
	q := s.request
	if q.itemized && (s.items == nil || len(s.items.all) == 0) {
		c.batches++
		s.items = newItems(c.batches, len(q.actions))
		c.dirty.head = true
		c.dirty.staged(s)
	}
	if q.itemized && len(s.items.all) != len(q.actions) {
		return failf("ValueError", `The items of "%s" were %d before, and are %d now.`, q.task.With.List, len(s.items.all), len(q.actions))
	}
	return nil
}

// renderTask evaluates the expressions of a task.
func (c *conductor) renderTask(ctx context.Context, p place, in indexes) (*request, error) {
	q := &request{task: c.spec.Task(p.task)}
	d := c.contexts.over(in).Clone()
	current := value.NewDictCap(2)
	current.Set("id", p.task)
	current.Set("route", int64(p.route))
	d.Set("__current_task", current)
	d.Set("__state", view{c})
	q.context = d
	t := q.task
	if t == nil {
		q.actions = []call{{}}
		return q, nil
	}
	at := func(err error, key ...any) error { return &placed{err, append([]any{"tasks", p.task}, key...)} }
	var err error
	if t.With == nil {
		one, err := c.call(ctx, t, d)
		if err != nil {
			return nil, err
		}
		q.actions = []call{one}
	} else if err := c.renderItems(ctx, q, d); err != nil {
		return nil, err
	}
	if q.delay, err = c.seconds(ctx, t.Delay, d, "The value of task delay is not type of integer."); err != nil {
		return nil, at(err, "delay")
	}
	timeout, err := c.seconds(ctx, t.Timeout, d, "The value of task timeout is not type of integer.")
	if err != nil {
		return nil, at(err, "timeout")
	}
	q.timeout = time.Duration(timeout) * time.Second
	return q, nil
}

// seconds evaluates a number of seconds, which is 0 if there is none.
func (c *conductor) seconds(ctx context.Context, v value.Value, d *value.Dict, otherwise string) (int64, error) {
	if v == nil || !value.Truth(v) {
		return 0, nil
	}
	got, err := c.expr.Evaluate(ctx, v, d)
	if err != nil {
		return 0, err
	}
	n, ok := integer(got)
	if !ok {
		return 0, failf("TypeError", "%s", otherwise)
	}
	return n, nil
}

// call evaluates which action a task runs, and with what.
func (c *conductor) call(ctx context.Context, t *spec.Task, d *value.Dict) (call, error) {
	var one call
	var err error
	if t.Action != "" {
		if one.action, err = c.expr.Evaluate(ctx, t.Action, d); err != nil {
			return one, &placed{err, []any{"tasks", t.Name, "action"}}
		}
	}
	if one.input, err = c.expr.Evaluate(ctx, t.Input, d); err != nil {
		return one, &placed{err, []any{"tasks", t.Name, "input"}}
	}
	return one, nil
}

// renderItems evaluates what a task runs for each of its items.
func (c *conductor) renderItems(ctx context.Context, q *request, d *value.Dict) error {
	t := q.task
	at := func(err error, key ...any) error { return &placed{err, append([]any{"tasks", t.Name, "with"}, key...)} }
	q.itemized = true
	v, err := c.expr.Evaluate(ctx, t.With.List, d)
	if err != nil {
		return at(err, "items")
	}
	list, ok := v.(*value.List)
	if !ok {
		return at(failf("TypeError", `The value of "%s" is not type of list.`, t.With.List), "items")
	}
	if list.Len() > maxItems {
		return at(failf("ValueError", `"%s" has %d items; a task may have at most %d.`, t.With.List, list.Len(), maxItems), "items")
	}
	q.actions = make([]call, list.Len())
	of := d.Clone()
	for i, v := range list.Items {
		of.Set("__current_item", itemOf(t.With.Keys, v))
		if q.actions[i], err = c.call(ctx, t, of); err != nil {
			return err
		}
	}
	if q.concurrency, err = c.expr.Evaluate(ctx, t.With.Concurrency, d); err != nil {
		return at(err, "concurrency")
	}
	if n, ok := integer(q.concurrency); ok {
		q.concurrency = max(1, n)
	} else if q.concurrency != nil {
		return at(failf("TypeError", "The value of concurrency is not type of integer but of %s.", value.TypeName(q.concurrency)), "concurrency")
	}
	return nil
}

// itemOf gives an item the names that the task has for its parts.
func itemOf(keys []string, v value.Value) value.Value {
	if len(keys) == 0 {
		return v
	}
	var parts []value.Value
	switch v := v.(type) {
	case *value.List:
		parts = v.Items
	case value.Tuple:
		parts = v
	default:
		if len(keys) > 1 {
			return v
		}
		parts = []value.Value{v}
	}
	d := value.NewDictCap(len(keys))
	for i := range min(len(keys), len(parts)) {
		d.Set(keys[i], parts[i])
	}
	return d
}
