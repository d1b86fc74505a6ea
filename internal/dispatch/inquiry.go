package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
)

// ask has an execution wait for somebody. No worker holds it any more, and the
// event that says so is recorded with it.
func (d *Dispatch) ask(ctx context.Context, f Finished) error {
	e, err := d.store.Reader().Execution(ctx, f.ID)
	if err != nil {
		return err
	}
	c := store.Change{
		ID: f.ID, Attempt: f.Attempt, From: []execution.Status{execution.Running}, To: execution.Pending,
		At: time.Now(), Result: f.Result,
	}
	var record func(context.Context, *store.Tx) error
	var tell func(context.Context)
	if e.Runner == inquiry.Runner {
		q, err := inquiry.Read(f.ID, f.Result)
		if err != nil {
			return err
		}
		c.Expires = q.Expires(c.At)
		if d.after != nil {
			record, tell = d.after.Asked(ctx, e, q.Route)
		}
	}
	var ok bool
	var told []string
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if ok, err = tx.ChangeExecution(ctx, c); err != nil || !ok {
			return err
		}
		told = tx.Told()
		if err := tx.AddOutput(ctx, f.Output); err != nil || record == nil {
			return err
		}
		return record(ctx, tx)
	})
	switch {
	case err != nil:
		return fmt.Errorf("have execution %s wait: %w", f.ID, err)
	case !ok:
		return d.askedInVain(ctx, f)
	}
	d.ringOutput(ctx, f.Output)
	d.changed(ctx, f.ID, execution.Pending)
	bus.Tell(ctx, d.bus, told)
	if tell != nil {
		tell(ctx)
	}
	return nil
}

// askedInVain ends an execution that somebody has canceled before it could wait.
func (d *Dispatch) askedInVain(ctx context.Context, f Finished) error {
	e, err := d.store.Reader().Execution(ctx, f.ID)
	if err != nil {
		return err
	}
	result := value.NewDict()
	runner.Stopped(result, runner.CanceledBy(e.Context.CanceledBy), nil)
	if f.Result, err = value.ToJSON(result); err != nil {
		return err
	}
	f.Status = execution.Canceled
	return d.Finish(ctx, f)
}

// note has secrets that an execution has seen on record.
func (d *Dispatch) note(ctx context.Context, id string, secrets []string) error {
	if len(secrets) == 0 {
		return nil
	}
	return d.store.Write(ctx, func(tx *store.Tx) error { return tx.AddSecrets(ctx, id, secrets) })
}

// Answer ends the inquiry that is the execution id with a response. Refusals are
// faults: there is no such inquiry, it is not open, the person may not answer, or
// the response does not fit. Of several answers the first counts.
func (d *Dispatch) Answer(ctx context.Context, id string, by inquiry.Person, response *value.Dict) error {
	e, err := d.store.Reader().Execution(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return fault.Newf(fault.NotFound, "Inquiry with id %s was not found.", id)
	}
	if err != nil {
		return err
	}
	if err := inquiry.Open(e); err != nil {
		return err
	}
	result, err := d.store.Reader().Result(ctx, id)
	if err != nil {
		return err
	}
	q, err := inquiry.Read(id, result)
	if err != nil {
		return err
	}
	if err := q.Permit(by); err != nil {
		return err
	}
	if result, err = q.Answered(response); err != nil {
		return err
	}
	e.Context.AnsweredBy = by.User
	// What the answer is used for must not show what is secret in it.
	if err := d.note(ctx, id, inquiry.Secrets(result)); err != nil {
		return err
	}
	err = d.end(ctx, e.Action, store.Change{
		ID: id, From: []execution.Status{execution.Pending}, To: execution.Succeeded, At: time.Now(), Result: result, Secret: true, Context: &e.Context,
	}, nil)
	if errors.Is(err, ErrStale) { // somebody else was faster
		if e, err = d.store.Reader().Execution(ctx, id); err == nil {
			err = inquiry.Open(e)
		}
	}
	if err != nil {
		return fmt.Errorf("answer inquiry %s: %w", id, err)
	}
	return nil
}

// Expire ends the inquiries that nobody has answered in time, and returns how
// many that were.
func (d *Dispatch) Expire(ctx context.Context) (int, error) {
	now := time.Now()
	n := 0
	for {
		late, err := d.store.Reader().Expired(ctx, now, 200)
		if err != nil || len(late) == 0 {
			return n, err
		}
		for _, e := range late {
			// The question stays in the result; naming it lets events of the end have it.
			result, err := d.store.Reader().Result(ctx, e.ID)
			if err == nil {
				err = d.end(ctx, e.Action, store.Change{
					ID: e.ID, From: []execution.Status{execution.Pending}, To: execution.Timeout, At: now, Result: result,
				}, nil)
			}
			switch {
			case err == nil:
				n++
				d.opts.Logger.Info("nobody has answered an inquiry in time", "execution", e.ID)
			case !errors.Is(err, ErrStale): // then somebody has
				return n, fmt.Errorf("expire inquiry %s: %w", e.ID, err)
			}
		}
	}
}
