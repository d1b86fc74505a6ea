// Package rehearsal tests workflows without running anything: a file says what each
// action gives, which path the workflow should take with that, what it should call
// the actions with, and how it should end.
//
// The files are those of Orquesta's own rehearsals, with a few keys more. What does
// not fit is found all at once, each with its place in the file.
package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// Finding is something that is wrong with a test, or with what it expected.
type Finding struct {
	Line, Column int // in the test, from 1
	Msg          string
}

func (f Finding) String() string { return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Msg) }

// Findings are an error.
type Findings []Finding

func (l Findings) Error() string {
	lines := make([]string, len(l))
	for i, f := range l {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Played is a call that was asked for, and how it ended.
type Played struct {
	orquesta.Call
	Status execution.Status // empty: it was left running
	Result value.Value
	Mock   int // which mock of the test says so; -1: none does
}

// Question is an expression, or something with expressions in it, that is asked when
// all has been played.
type Question struct {
	Task   string
	Before bool // as the task sees it before its action runs; else as its transitions do
	Value  value.Value
}

// Answer is what a question was answered with, or why it could not be.
type Answer struct {
	Value value.Value
	Err   error
}

// Report is what came of a test.
type Report struct {
	Findings Findings // what was not as expected; none: it passed
	Outcome  orquesta.Outcome
	Calls    []Played // in their order
	Answers  []Answer // to the questions of the test
}

// Run plays a workflow with the results of the test, and compares. The error says
// that it could not be played.
func (t *Test) Run(ctx context.Context, definition []byte) (*Report, error) {
	p := &player{test: t, report: &Report{}, assume: Succeed}
	if t.Inspection != nil || t.State == nil {
		if done := p.inspect(definition); done {
			return p.report, nil
		}
	}
	if err := p.play(ctx, definition); err != nil {
		return nil, err
	}
	p.compare()
	return p.report, nil
}

// Assume says how a call ends of which the test says nothing. With false it is left
// running.
type Assume func(c orquesta.Call) (execution.Status, value.Value, bool)

// Succeed is what tests assume: it succeeds, and gives nothing.
func Succeed(orquesta.Call) (execution.Status, value.Value, bool) {
	return execution.Succeeded, nil, true
}

// Walk plays a workflow with the results of the test, and compares nothing. The error
// says that it could not be played; a fault has the mistakes of the definition.
func (t *Test) Walk(ctx context.Context, definition []byte, assume Assume) (*Report, error) {
	p := &player{test: t, report: &Report{}, assume: assume}
	return p.report, p.play(ctx, definition)
}

// player plays one test.
type player struct {
	test   *Test
	report *Report
	assume Assume
}

// inspect compares what an inspection finds, and reports whether that is all.
func (p *player) inspect(definition []byte) bool {
	_, found, err := spec.Inspect(definition, spec.Options{Context: []string{"st2", "parent"}})
	if err != nil {
		p.fail([]any{"workflow"}, "the workflow can't be read: %v", err)
		return true
	}
	if p.test.Inspection != nil && p.test.Inspection.Len() > 0 {
		p.compareInspection(found)
		return true
	}
	for _, f := range found {
		p.fail([]any{"workflow"}, "the workflow has a mistake: %v", f)
	}
	return len(found) > 0
}

func (p *player) begin(definition []byte) (*orquesta.Rehearsal, error) {
	var r *orquesta.Rehearsal
	in := workflow.Input{
		ID: executionID, Parameters: p.test.Inputs, Context: p.test.context(),
		Expr: expr.New(expr.Options{
			Datastore: p.test.key,
			Secret:    func(context.Context, string) (string, error) { return schema.Mask, nil }, // no test needs the real one
			Task: func(ctx context.Context, _, task string, route int64) (value.Value, bool, error) {
				return r.Task(ctx, task, route)
			},
		}),
	}
	var err error
	if p.test.State != nil {
		r, err = orquesta.New().RehearseRerun(p.test.State, p.test.Rerun, in)
	} else {
		r, err = orquesta.New().Rehearse(definition, in)
	}
	return r, err
}

func (p *player) play(ctx context.Context, definition []byte) error {
	r, err := p.begin(definition)
	if err != nil {
		return err
	}
	for {
		calls, err := r.Next(ctx)
		if err != nil || len(calls) == 0 {
			p.report.Outcome = r.Outcome()
			for _, q := range p.test.Questions {
				v, err := r.Evaluate(ctx, q.Task, q.Before, q.Value)
				p.report.Answers = append(p.report.Answers, Answer{v, err})
			}
			return err
		}
		for _, played := range p.round(calls, r) {
			p.report.Calls = append(p.report.Calls, played)
			if played.Status == "" {
				continue
			}
			if err := r.End(ctx, played.Call, played.Status, played.Result); err != nil {
				return fmt.Errorf("end task %s: %w", played.Task, err)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// round says how the calls of a round end. Items of which the test says nothing have
// not run if it says of another one that it fails.
func (p *player) round(calls []orquesta.Call, r *orquesta.Rehearsal) []Played {
	all := make([]Played, len(calls))
	failing := map[int]bool{} // entries with items
	for i, c := range calls {
		all[i] = Played{Call: c, Mock: -1}
		if n := p.test.mock(c); n >= 0 {
			m := p.test.mocks[n]
			all[i].Status, all[i].Result, all[i].Mock = m.status, m.result, n
			p.compareCall(c, m)
		} else if status, result, ended := p.assume(c); ended {
			all[i].Status, all[i].Result = status, result
		}
		if c.Item >= 0 && all[i].Mock >= 0 && all[i].Status.Failure() {
			failing[c.Seq] = true
		}
	}
	return slices.DeleteFunc(all, func(a Played) bool {
		skip := a.Item >= 0 && a.Mock < 0 && failing[a.Seq]
		if skip {
			r.Skip(a.Call)
		}
		return skip
	})
}

// executionID stands for the execution that the workflow would be.
const executionID = "000000000000000000000000"

// context is what ctx() holds beside the variables of the workflow.
func (t *Test) context() *value.Dict {
	st2 := value.NewDict()
	for _, key := range []string{"action_execution_id", "workflow_execution_id"} {
		st2.Set(key, executionID)
	}
	st2.Set("user", "stanley")
	st2.Set("api_url", "http://127.0.0.1:9100/api")
	st2.Set("action", "rehearsal.workflow")
	st2.Set("pack", "rehearsal")
	st2.Set("runner", "orquesta")
	all := value.NewDict()
	all.Set("st2", st2)
	for key, v := range t.Context.Texts() {
		if given, ok := v.(*value.Dict); ok && key == "st2" {
			st2.Update(given)
			continue
		}
		all.Set(key, v)
	}
	return all
}

// key answers the function st2kv.
func (t *Test) key(ctx context.Context, k expr.Key) (value.Value, bool, error) {
	scope := "user"
	if k.System {
		scope = "system"
	}
	of, _ := t.Datastore.Get(scope)
	v, ok := dict(of).Get(k.Name)
	if ok || t.Lookup == nil {
		return v, ok, nil
	}
	v, ok, err := t.Lookup(ctx, scope, k.Name)
	if ok && err == nil {
		in := dict(of)
		in.Set(k.Name, v)
		t.Datastore.Set(scope, in)
	}
	return v, ok, err
}

func (p *player) fail(path []any, format string, args ...any) {
	f := Finding{Msg: fmt.Sprintf(format, args...)}
	f.Line, f.Column = p.test.place(path)
	p.report.Findings = append(p.report.Findings, f)
}

// names writes the path of a workflow as tests do: the route only if it is not the
// first.
func names(visits []orquesta.Visit) []string {
	all := make([]string, len(visits))
	for i, v := range visits {
		all[i] = v.Task
		if v.Route > 0 {
			all[i] = fmt.Sprintf("%s__r%d", v.Task, v.Route)
		}
	}
	return all
}

// terminal returns the visits that the workflow ended with.
func terminal(visits []orquesta.Visit) []orquesta.Visit {
	return slices.DeleteFunc(slices.Clone(visits), func(v orquesta.Visit) bool { return !v.Terminal })
}

// Entry is the report for programs.
func (r *Report) Entry() *value.Dict {
	d := value.NewDict()
	calls := value.NewList()
	for _, c := range r.Calls {
		e := value.NewDict()
		e.Set("task_id", c.Task)
		e.Set("route", int64(c.Route))
		if c.Item >= 0 {
			e.Set("item_id", int64(c.Item))
		}
		if c.Undo {
			e.Set("undo", true)
		}
		e.Set("action", c.Action)
		e.Set("input", given(c.Input))
		e.Set("delay", int64(c.Delay.Seconds()))
		e.Set("timeout", int64(c.Timeout.Seconds()))
		if c.Status != "" {
			e.Set("status", string(c.Status))
			e.Set("result", c.Result)
		}
		calls.Items = append(calls.Items, e)
	}
	d.Set("calls", calls)
	path := value.NewList()
	for _, v := range r.Outcome.Path {
		name := v.Task
		if v.Route > 0 {
			name = fmt.Sprintf("%s__r%d", v.Task, v.Route)
		}
		path.Items = append(path.Items, name)
	}
	d.Set("path", path)
	d.Set("status", string(r.Outcome.Status))
	d.Set("output", given(r.Outcome.Output))
	errs := value.NewList()
	for _, e := range r.Outcome.Errors {
		errs.Items = append(errs.Items, e)
	}
	d.Set("errors", errs)
	return d
}

func given(d *value.Dict) value.Value {
	if d == nil {
		return nil
	}
	return d
}
