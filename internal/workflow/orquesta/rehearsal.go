package orquesta

import (
	"context"
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

// Rehearsal is a workflow of which no action is run: whoever rehearses it says what
// each of them gives. It goes in rounds, as rehearsals of the reference do: all that
// may run does, then one after the other ends, and only then is it looked what runs
// next. Tasks without an action take part in that. It belongs to one goroutine.
type Rehearsal struct {
	e       *Engine
	begun   bool
	results []value.Value // by execution
}

// Call is a run of an action that is asked for, or of a task without one.
type Call struct {
	Task   string
	Route  int
	Seq    int // which entry of the path it belongs to
	Item   int // -1: the task has no items
	Undo   bool
	Action string // empty: the task has none
	Input  *value.Dict
	Delay  time.Duration
	// Timeout is how long it may take; 0: as its action says.
	Timeout time.Duration

	ref string
}

// Visit is one run of a task, or of a command that stands for one.
type Visit struct {
	Task     string
	Route    int
	Status   execution.Status
	Terminal bool // the workflow ended with it, perhaps among others
}

// Outcome is where a rehearsal stands.
type Outcome struct {
	Status execution.Status
	Path   []Visit
	Routes [][]string
	Output *value.Dict   // nil: none
	Errors []*value.Dict // as the execution of the workflow shows them
	Undone []Visit       // what was taken back, in that order
}

// Rehearse begins a rehearsal. Of the input, Result is not used. The error is that of
// [Language.New].
func (l *Language) Rehearse(text []byte, in workflow.Input) (*Rehearsal, error) {
	d, err := l.definition(text, true)
	if err != nil {
		return nil, err
	}
	return newRehearsal(d, in), nil
}

// Again names a task of a workflow that is over, to be run again.
type Again struct {
	Task  string
	Route int
	Reset bool // items, too, that succeeded
}

// RehearseRerun begins a rehearsal of running a workflow again that is over, from
// some of its tasks, or from those that failed. The state is that which StackStorm
// keeps.
func (l *Language) RehearseRerun(state *value.Dict, tasks []Again, in workflow.Input) (*Rehearsal, error) {
	c, err := deserialized(state, in.Expr)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the state of the workflow can't be read: %v", err)
	}
	asked := make([]again, len(tasks))
	for i, t := range tasks {
		asked[i] = again{place{t.Task, t.Route}, t.Reset}
	}
	r := newRehearsal(&definition{spec: c.spec, graph: c.graph}, in)
	r.e.c, r.begun = c, true
	if err := c.rerun(asked); err != nil {
		return nil, fault.Newf(fault.Invalid, "%v", err)
	}
	return r, nil
}

func newRehearsal(d *definition, in workflow.Input) *Rehearsal {
	r := &Rehearsal{}
	in.Result = func(_ context.Context, id string) (value.Value, error) {
		n, err := strconv.Atoi(id)
		if err != nil || n < 0 || n >= len(r.results) {
			return nil, fmt.Errorf("there was no execution %q", id)
		}
		return r.results[n], nil
	}
	r.e = newEngine(d, in)
	r.e.rehearsed = true
	return r
}

// Next begins a round, and returns what is to run in it. Without any, the workflow is
// over, or waits.
func (r *Rehearsal) Next(ctx context.Context) ([]Call, error) {
	e := r.e
	e.commands, e.c.trouble = nil, nil
	if !r.begun {
		r.begun = true
		if err := e.begin(ctx); err != nil {
			return nil, err
		}
	}
	for {
		e.state.More = false
		before := len(e.commands)
		e.proceed(ctx)
		if !more(e.commands[before:]) {
			break
		}
	}
	var calls []Call
	for _, c := range e.commands {
		switch c := c.(type) {
		case workflow.Start:
			calls = append(calls, e.callOf(c))
		case workflow.Wake: // right behind the start that it is for
			if last := len(calls) - 1; last >= 0 && c.Ref == alarmTask+calls[last].ref {
				calls[last].Timeout = c.After - calls[last].Delay
			}
		}
	}
	return calls, e.c.trouble
}

// more reports whether a step has more to start.
func more(commands []workflow.Command) bool {
	return slices.ContainsFunc(commands, func(c workflow.Command) bool {
		_, is := c.(workflow.More)
		return is
	})
}

// callOf finds out for what an action is started.
func (e *Engine) callOf(s workflow.Start) Call {
	c := Call{Task: s.Task, Item: -1, Action: s.Action, Input: s.Input, Delay: s.Delay, ref: s.Ref}
	name, undo := strings.CutPrefix(s.Ref, undoPrefix)
	c.Undo = undo
	if en, item, ok := e.find(name); ok || undo && en != nil {
		c.Route, c.Seq = en.route, en.n
		if !undo {
			c.Item = item
		}
	}
	return c
}

// End says how what was called has ended, or that it waits.
func (r *Rehearsal) End(ctx context.Context, c Call, s execution.Status, result value.Value) error {
	id := strconv.Itoa(len(r.results))
	r.results = append(r.results, result)
	r.e.c.trouble = nil
	err := r.e.child(ctx, workflow.Child{
		Ref: c.ref, Execution: id, Status: s,
		Result: func(context.Context) (value.Value, error) { return result, nil },
	})
	if err == nil {
		err = r.e.c.trouble
	}
	return err
}

// Skip says that an item has not run, since another one has failed before. Those at
// the end of which that is said are not in the results of the task: a rehearsal of
// the reference knows only of items that have ended.
func (r *Rehearsal) Skip(c Call) {
	en, item, ok := r.e.find(c.ref)
	if !ok || item < 0 {
		return
	}
	en.items.set(item, unset)
	if r.e.skipped == nil {
		r.e.skipped = map[*items]bool{}
	}
	r.e.skipped[en.items] = true
}

// Task returns what the function task of expressions says of a task.
func (r *Rehearsal) Task(ctx context.Context, name string, route int64) (value.Value, bool, error) {
	info, ok := r.e.Task(name, route)
	if !ok {
		return nil, false, nil
	}
	d := value.NewDict()
	d.Set("task_execution_id", info.ID)
	d.Set("workflow_execution_id", r.e.in.ID)
	d.Set("task_name", name)
	d.Set("task_id", name)
	d.Set("route", info.Route)
	d.Set("status", info.Status)
	d.Set("start_timestamp", nil)
	d.Set("end_timestamp", nil)
	result, err := info.Result(ctx, r.e.in.Result)
	if err != nil {
		return nil, false, err
	}
	d.Set("result", result)
	return d, true, nil
}

// Evaluate returns what expressions give where a task ran last: before its action runs,
// with its first item if it has items, or else as its transitions see it. An empty name
// is the end of the workflow.
func (r *Rehearsal) Evaluate(ctx context.Context, task string, before bool, v value.Value) (value.Value, error) {
	d, err := r.surroundings(ctx, task, before)
	if err != nil {
		return nil, err
	}
	return r.e.c.expr.Evaluate(ctx, v, d)
}

func (r *Rehearsal) surroundings(ctx context.Context, task string, before bool) (*value.Dict, error) {
	c := r.e.c
	if task == "" {
		d, err := c.terminal()
		if err == nil {
			d.Set("__state", view{c})
		}
		return d, err
	}
	info, ok := r.e.Task(task, -1)
	if !ok {
		return nil, fmt.Errorf("the task %q has not run", task)
	}
	en := c.latest[place{task, int(info.Route)}]
	if !before {
		result, err := info.Result(ctx, r.e.in.Result)
		return c.context(en, result), err
	}
	d := c.context(en, nil)
	t := c.spec.Task(task)
	if t == nil || t.With == nil {
		return d, nil
	}
	items, err := c.expr.Evaluate(ctx, t.With.List, d)
	if list, ok := items.(*value.List); ok && list.Len() > 0 {
		d.Set("__current_item", itemOf(t.With.Keys, list.Items[0]))
	}
	return d, err
}

// Outcome returns where the workflow stands.
func (r *Rehearsal) Outcome() Outcome {
	c := r.e.c
	o := Outcome{Status: r.e.Status(), Output: c.output, Routes: c.routes}
	for _, en := range c.entries {
		o.Path = append(o.Path, Visit{en.task, en.route, en.status, en.term})
	}
	for _, v := range r.e.errors().Items {
		if d, ok := v.(*value.Dict); ok {
			o.Errors = append(o.Errors, d)
		}
	}
	if u := r.e.state.Undo; u != nil {
		for _, done := range u.Done {
			o.Undone = append(o.Undone, Visit{Task: done.Task, Route: done.Route, Status: done.Status})
		}
	}
	return o
}
