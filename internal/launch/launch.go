// Package launch turns the wish to run an action into an execution, and the
// wish to stop one into its end.
//
// Preparing only reads: whatever the wish gets wrong is known before anything
// is written, and a caller with a transaction of its own (an event with all
// that it starts) inserts what was prepared there.
package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/notify"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Launcher prepares and records executions. It is safe for concurrent use.
type Launcher struct {
	store   *store.Store
	catalog *catalog.Holder
	bus     bus.Bus
	params  *Params
}

// New returns a launcher.
func New(s *store.Store, c *catalog.Holder, b bus.Bus, p *Params) *Launcher {
	return &Launcher{store: s, catalog: c, bus: b, params: p}
}

// ErrRendering marks a request whose parameters could not be rendered. Such a
// request is on record as a failed execution, as with StackStorm.
var ErrRendering = errors.New("parameters could not be rendered")

// Prepare returns the execution that r asks for. It reads and writes nothing.
// When the error wraps [ErrRendering], the execution is there too, as failed.
func (l *Launcher) Prepare(ctx context.Context, r execution.Request, now time.Time) (*execution.Execution, error) {
	a, ok := l.catalog.Get().Action(r.Action)
	switch {
	case !ok:
		return nil, fault.Newf(fault.Invalid, "Action %q cannot be found.", r.Action)
	case !a.Enabled:
		return nil, fault.Newf(fault.Invalid, "Unable to execute. Action %q is disabled.", a.Ref)
	case a.Runner != nil && !a.Runner.Enabled:
		return nil, fault.Newf(fault.Invalid, "Unable to execute. Runner %q is disabled.", a.RunnerType)
	case a.Problem != nil:
		return nil, fault.Newf(fault.Invalid, "Action %q cannot be run: %v", a.Ref, a.Problem)
	}
	e := &execution.Execution{
		ID:          ident.New(now),
		Action:      a.Ref,
		Runner:      a.Runner.Name,
		Context:     r.Context,
		Notify:      toldTo(r.Notify, a.Notify),
		Trigger:     r.Trigger,
		TriggerType: r.TriggerType,
		CreatedAt:   now,
		Idempotent:  a.Idempotent || a.Runner.Name == inquiry.Runner, // who has been asked twice was asked once
		Conducted:   a.Runner.Conducted,
		Parent:      r.Parent,
		Task:        r.Task,
		Status:      execution.Requested,
		Log:         []execution.LogEntry{{Status: execution.Requested, At: now}},
	}
	e.Context.Pack = a.Pack
	if r.Delay > 0 {
		e.NotBefore = now.Add(r.Delay)
	}
	given := r.Parameters
	if given == nil {
		given = value.NewDict()
	}
	ctx, opened := secret.Listen(ctx)
	secret.Tell(ctx, r.Secrets...)
	secret.Tell(ctx, a.Params.Secrets(given)...)
	live, err := a.Params.Live(ctx, given, l.params.env(e))
	if err != nil {
		if !errors.Is(err, action.ErrRendering) {
			return nil, err
		}
		written, werr := given.MarshalJSON()
		if werr != nil {
			return nil, fmt.Errorf("write parameters: %w", werr)
		}
		e.Parameters, e.Secrets = written, opened.Texts()
		return fail(e, err, now)
	}
	if e.Parameters, err = live.MarshalJSON(); err != nil {
		return nil, fmt.Errorf("write parameters: %w", err)
	}
	secret.Tell(ctx, a.Params.Secrets(live)...)
	e.Secrets = opened.Texts()
	if !a.Governor.Governs() {
		e.To(execution.Scheduled, now)
	}
	return e, nil
}

// toldTo returns who hears of the end of an execution: those whom the request
// names, or else those whom the action does. A request may also say nobody.
func toldTo(asked, usual json.RawMessage) json.RawMessage {
	who := asked
	if len(who) == 0 {
		who = usual
	}
	if !notify.Wanted(who) {
		return nil
	}
	return who
}

// Insert records what Prepare returned.
func (l *Launcher) Insert(ctx context.Context, tx *store.Tx, e *execution.Execution) error {
	return tx.InsertExecution(ctx, e)
}

// Ring tells who waits for executions that some have been recorded.
func (l *Launcher) Ring(ctx context.Context, executions ...*execution.Execution) {
	var scheduled, begin, requested bool
	for _, e := range executions {
		scheduled = scheduled || e.Status == execution.Scheduled && !e.Conducted
		begin = begin || e.Status == execution.Scheduled && e.Conducted
		requested = requested || e.Status == execution.Requested
	}
	// A bell that does not ring costs time, not work: sweeps find what waits.
	if scheduled {
		_ = l.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionScheduled})
	}
	if begin {
		_ = l.bus.Publish(ctx, bus.Message{Subject: bus.WorkflowScheduled})
	}
	if requested {
		_ = l.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionRequested})
	}
	for _, e := range executions {
		_ = l.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionChanged + e.ID})
	}
}

// Launch records the execution that r asks for, and returns when it can't be
// lost any more.
func (l *Launcher) Launch(ctx context.Context, r execution.Request) (*execution.Execution, error) {
	e, refused := l.Prepare(ctx, r, time.Now())
	if e == nil {
		return nil, refused
	}
	if err := l.store.Write(ctx, func(tx *store.Tx) error { return l.Insert(ctx, tx, e) }); err != nil {
		return nil, fmt.Errorf("launch %s: %w", r.Action, err)
	}
	l.Ring(ctx, e)
	return e, refused
}
