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
	"github.com/nightshift-run/nightshift/internal/store"
)

// Cancel stops an execution for user, and returns it as it stands then: one
// that does not run yet is canceled at once, one that a worker holds is
// canceling until the worker has stopped it.
func (l *Launcher) Cancel(ctx context.Context, id, user string) (*execution.Execution, error) {
	var e *execution.Execution
	err := l.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if e, err = tx.Execution(ctx, id); err != nil {
			return err
		}
		if e.Status == execution.Canceling {
			return nil // asked before; it is on its way
		}
		if !e.Status.Cancelable() {
			return fault.Newf(fault.Conflict, "Action cannot be canceled. State = %s.", e.Status)
		}
		to := execution.Canceling
		if !e.Status.Held() {
			to = execution.Canceled
		}
		now := time.Now()
		e.Context.CanceledBy = user
		c := store.Change{ID: id, From: []execution.Status{e.Status}, To: to, At: now, Context: &e.Context}
		if to == execution.Canceled {
			c.Result = CanceledResult(user)
		}
		if _, err := tx.ChangeExecution(ctx, c); err != nil {
			return err
		}
		e.To(to, now)
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.Newf(fault.NotFound, "Execution with id %s was not found.", id)
	}
	if err != nil {
		return e, fmt.Errorf("cancel execution %s: %w", id, err)
	}
	if e.Status == execution.Canceling {
		_ = l.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionCanceling, Body: []byte(id)})
	}
	_ = l.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionChanged + id})
	return e, nil
}

// CanceledResult is the result of an execution that was canceled before it ran.
func CanceledResult(user string) json.RawMessage {
	return object("message", "Action canceled by user.", "user", user)
}

// fail makes e a failed execution that says why, and returns err with it.
func fail(e *execution.Execution, err error, now time.Time) (*execution.Execution, error) {
	e.Result = object("error", err.Error(), "traceback", "")
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
