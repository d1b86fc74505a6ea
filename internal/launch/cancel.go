package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Cancel stops an execution for user, and returns it as it stands then: one
// that does not run yet is canceled at once, one that a worker holds is
// canceling until the worker has stopped it, a workflow until all that it has
// started is over.
func (l *Launcher) Cancel(ctx context.Context, id, user string) (*execution.Execution, error) {
	return l.ask(ctx, "cancel", id, user, execution.Canceling)
}

// Pause has a workflow start nothing new, and returns it as it stands then.
func (l *Launcher) Pause(ctx context.Context, id, user string) (*execution.Execution, error) {
	return l.ask(ctx, "pause", id, user, execution.Pausing)
}

// Resume has a paused workflow go on, and returns it as it stands then.
func (l *Launcher) Resume(ctx context.Context, id, user string) (*execution.Execution, error) {
	return l.ask(ctx, "resume", id, user, execution.Resuming)
}

func (l *Launcher) ask(ctx context.Context, what, id, user string, to execution.Status) (*execution.Execution, error) {
	var e *execution.Execution
	var ring func(context.Context)
	var told []string
	err := l.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if e, err = tx.Execution(ctx, id); err != nil {
			return err
		}
		if refused := refusal(e, to); refused != nil {
			return refused
		}
		ring, err = l.Signal(ctx, tx, e, to, user, time.Now())
		told = tx.Told()
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.Newf(fault.NotFound, "Execution with id %s was not found.", id)
	}
	if err != nil {
		return e, fmt.Errorf("%s execution %s: %w", what, id, err)
	}
	ring(ctx)
	bus.Tell(ctx, l.bus, told)
	return e, nil
}

// refusal says why e can't be asked for what to is about. What it is on its way to
// already, it may be asked for again.
func refusal(e *execution.Execution, to execution.Status) error {
	switch {
	case to == execution.Canceling:
		if e.Status != execution.Canceling && !e.Status.Cancelable() {
			return fault.Newf(fault.Conflict, "Action cannot be canceled. State = %s.", e.Status)
		}
	case !e.Conducted:
		return fault.Newf(fault.Invalid, "Execution %s cannot be paused or resumed: runner \"%s\" is not able to.", e.ID, e.Runner)
	case to == execution.Pausing:
		switch e.Status {
		case execution.Running, execution.Pausing, execution.Paused, execution.Resuming:
		default:
			return fault.Newf(fault.Invalid, "Execution %s cannot be paused: it is %s.", e.ID, e.Status)
		}
	case to == execution.Resuming:
		switch e.Status {
		case execution.Paused, execution.Pausing, execution.Running, execution.Resuming:
		default:
			return fault.Newf(fault.Invalid, "Execution %s cannot be resumed: it is %s.", e.ID, e.Status)
		}
	}
	return nil
}

// Signal asks e in tx for what to is about: Canceling, Pausing or Resuming. What
// can't do it (a plain action that should pause), or is on its way there, stays as
// it is. What Signal returns rings for what it did, and is called after the commit;
// whoever commits rings for the workflows that tx has told, too.
func (l *Launcher) Signal(
	ctx context.Context, tx *store.Tx, e *execution.Execution, to execution.Status, user string, now time.Time,
) (ring func(context.Context), err error) {
	ring = func(context.Context) {}
	if e.Status == to || e.Status.Final() {
		return ring, nil
	}
	c := store.Change{ID: e.ID, From: []execution.Status{e.Status}, To: to, At: now, Context: &e.Context}
	begun := e.Status.Held() || e.Status == execution.Paused
	about := ""
	switch {
	case to == execution.Canceling:
		e.Context.CanceledBy = user
		if !begun || !e.Conducted && !e.Status.Held() {
			c.To, c.Result = execution.Canceled, CanceledResult(user)
		} else if e.Conducted {
			about = store.AboutCancel
		}
	case !e.Conducted || !begun || e.Status == execution.Canceling:
		return ring, nil
	case to == execution.Pausing:
		if e.Status == execution.Paused {
			return ring, nil
		}
		e.Context.PausedBy, about = user, store.AboutPause
	case to == execution.Resuming:
		if e.Status == execution.Running {
			return ring, nil
		}
		e.Context.ResumedBy, about = user, store.AboutResume
	}
	ok, err := tx.ChangeExecution(ctx, c)
	if err != nil || !ok {
		return ring, err
	}
	e.To(c.To, now)
	e.Result = c.Result
	if about != "" {
		if err := tx.TellWorkflow(ctx, e.ID, about, "", user); err != nil {
			return ring, err
		}
	}
	return func(ctx context.Context) {
		if about == "" && c.To == execution.Canceling {
			_ = l.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionCanceling, Body: []byte(e.ID)})
		}
		_ = l.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionChanged + e.ID, Body: []byte(c.To)})
	}, nil
}

// CanceledResult is the result of an execution that was canceled before it ran.
func CanceledResult(user string) json.RawMessage {
	return object("message", "Action canceled by user.", "user", user)
}

// fail makes e a failed execution that says why, and returns err with it.
func fail(e *execution.Execution, err error, now time.Time) (*execution.Execution, error) {
	e.Result = object("error", secret.NewMasker(e.Secrets).Text(err.Error()), "traceback", "")
	e.ResultSize = len(e.Result)
	e.To(execution.Failed, now)
	return e, err
}

// object writes names and texts as a JSON object.
func object(pairs ...string) json.RawMessage {
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // texts always have JSON
	}
	return b
}
