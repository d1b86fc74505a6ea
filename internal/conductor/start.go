package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// carryOut notes what a command asks for. It happens when the turn is saved.
func (t *turn) carryOut(ctx context.Context, c workflow.Command) error {
	switch c := c.(type) {
	case workflow.Start:
		return t.start(ctx, c)
	case workflow.Signal:
		if c.Execution == "" {
			return t.signalAll(c.To)
		}
		t.requests = append(t.requests, request{c.Execution, c.To, t.user})
	case workflow.Wake:
		a := store.Alarm{Workflow: t.w.exec.ID, Ref: c.Ref}
		if c.After >= 0 {
			a.Due = t.now.Add(c.After)
		}
		t.alarms = append(t.alarms, a)
	case workflow.More:
		t.left = append(t.left, store.Message{About: store.AboutMore})
	case workflow.End:
		status := t.w.engine.Status()
		if !status.Final() {
			return fmt.Errorf("the engine ends the workflow, which is %s", status)
		}
		b, err := value.ToJSON(c.Result)
		if err != nil {
			return fmt.Errorf("write the result of the workflow: %w", err)
		}
		t.end = &ending{status, b}
	}
	return nil
}

// refused is a start that was refused, as it waits for another turn.
type refused struct {
	Ref     string `json:"ref"`
	Why     string `json:"why"`
	Unknown bool   `json:"unknown,omitempty"`
}

// start prepares a child. The engine hears in the same turn which execution it is,
// and how it ended if it did so at once.
func (t *turn) start(ctx context.Context, s workflow.Start) error {
	if err := t.know(ctx); err != nil {
		return err
	}
	wish, err := t.wish(s)
	if err != nil {
		return err
	}
	e, err := t.c.Launcher.Prepare(ctx, wish, t.now)
	if e != nil && e.Conducted && t.w.depth > t.c.opts.Depth {
		err = fault.Newf(fault.Invalid, "Workflows start workflows more than %d deep; is it one that starts itself?", t.c.opts.Depth)
		e = nil
	}
	switch {
	case e != nil && errors.Is(err, action.ErrRendering):
		// It is on record as failed.
	case err != nil:
		return t.refuse(s, err)
	}
	result, err := t.atOnce(ctx, e)
	if err != nil {
		return err
	}
	t.children = append(t.children, e)
	t.follows = append(t.follows, workflow.Launched{Ref: s.Ref, Execution: e.ID, At: t.now})
	if !e.Status.Final() {
		return nil
	}
	t.w.fresh[e.ID] = instant{e, result}
	if t.steps+len(t.follows) > maxSteps {
		t.left = append(t.left, store.Message{About: store.AboutChild, Child: e.ID, Body: string(e.Status)})
		return nil
	}
	t.follows = append(t.follows, workflow.Child{
		Ref: s.Ref, Execution: e.ID, Status: e.Status, At: t.now,
		Result: func(context.Context) (value.Value, error) { return result, nil },
	})
	return nil
}

// refuse tells the engine that there is no execution, and why.
func (t *turn) refuse(s workflow.Start, cause error) error {
	f, ok := errors.AsType[*fault.Fault](cause)
	if !ok || f.Kind == fault.Internal {
		return lookup(cause)
	}
	_, known := t.c.Catalog.Get().Action(s.Action)
	r := refused{Ref: s.Ref, Why: f.Msg, Unknown: !known}
	if t.steps+len(t.follows) < maxSteps {
		t.follows = append(t.follows, workflow.Launched{Ref: r.Ref, At: t.now, Refused: r.Why, Unknown: r.Unknown})
		return nil
	}
	// A workflow that tries again for ever does so in turns that end.
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	t.left = append(t.left, store.Message{About: store.AboutRefused, Body: string(b)})
	return nil
}

// know brings the secrets of the workflow up to date, once a turn: what its children have
// seen may be in what it gives to others.
func (t *turn) know(ctx context.Context) error {
	if t.known {
		return nil
	}
	secrets, err := t.c.Store.Reader().Secrets(ctx, t.w.exec.ID)
	if err != nil {
		return lookup(err)
	}
	t.known, t.w.exec.Secrets = true, secrets
	return nil
}

// wish is the wish to run the action of a task.
func (t *turn) wish(s workflow.Start) (execution.Request, error) {
	of := t.w.exec
	parent, err := t.w.underParent()
	if err != nil {
		return execution.Request{}, err
	}
	r := execution.Request{
		Secrets: secret.Union(secret.Union(t.w.exec.Secrets, t.secrets), t.opened.Texts()),
		Action:  s.Action, Parameters: s.Input, Delay: s.Delay, Parent: of.ID, Task: s.Ref,
		Context: execution.Context{
			User: of.Context.User, APIUser: of.Context.APIUser, Parent: parent, TraceContext: of.Context.TraceContext,
			Extra: make(map[string]json.RawMessage, len(s.Context)),
		},
	}
	if channel, ok := of.Context.Extra["source_channel"]; ok {
		r.Context.Extra["source_channel"] = channel
	}
	for _, name := range slices.Sorted(maps.Keys(s.Context)) {
		if r.Context.Extra[name], err = value.ToJSON(s.Context[name]); err != nil {
			return r, fmt.Errorf("write the context of task %s: %w", s.Task, err)
		}
	}
	if s.Notify != nil {
		if r.Notify, err = value.ToJSON(s.Notify); err != nil {
			return r, fmt.Errorf("write who hears of the end of task %s: %w", s.Task, err)
		}
	}
	return r, nil
}

// atOnce runs a child whose action takes no time and touches nothing outside: then
// it needs no claim, and no worker. The others are as they were. The result is that
// of a child that is over.
func (t *turn) atOnce(ctx context.Context, e *execution.Execution) (value.Value, error) {
	if e.Status.Final() {
		return value.FromJSON(e.Result)
	}
	r := t.c.opts.Instant[e.Runner]
	if r == nil || e.Status != execution.Scheduled || !e.NotBefore.IsZero() || len(e.Notify) > 0 || t.c.Dispatch.Follows(e.Action) {
		return nil, nil
	}
	a, ok := t.c.Catalog.Get().Action(e.Action)
	if !ok || a.Runner.Missing != "" {
		return nil, nil // its worker says so
	}
	task := runner.Task{ExecutionID: e.ID, Action: e.Action, Pack: a.Pack, User: e.Context.User}
	var err error
	if task.RunnerParameters, task.ActionParameters, err = t.c.Params.Final(ctx, a, e); err != nil {
		return nil, nil //nolint:nilerr // its worker says so
	}
	out := r.Run(ctx, task, runner.Discard{})
	if !out.Status.Final() {
		return nil, nil
	}
	if e.Result, err = value.ToJSON(out.Result); err != nil {
		return nil, fmt.Errorf("write the result of action %s: %w", e.Action, err)
	}
	e.To(execution.Running, t.now)
	e.To(out.Status, t.now)
	e.Attempt, e.StartedAt = 1, t.now
	return out.Result, nil
}
