package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// begin starts a workflow. One that can't start is over with that: its execution
// says why.
func (c *Conductor) begin(ctx context.Context, e *execution.Execution) (more bool, err error) {
	w := &carried{exec: e}
	t := c.newTurn(w)
	t.begins = true
	first, err := t.prepare(ctx)
	if err == nil {
		e.To(execution.Running, t.now)
		err = t.hear(ctx, first)
	}
	if err == nil {
		return c.done(t, t.save(ctx))
	}
	if retriable(ctx, err) {
		return false, err
	}
	c.opts.Logger.Info("workflow can't begin", "execution", e.ID, "action", e.Action, "err", err)
	t = c.newTurn(w)
	t.begins = true
	e.To(execution.Running, t.now)
	return c.done(t, t.fail(ctx, err))
}

// prepare makes the engine of a workflow that begins, and returns its first event.
func (t *turn) prepare(ctx context.Context) (workflow.Event, error) {
	a, in, err := t.c.input(ctx, t.w)
	if err != nil {
		return nil, err
	}
	if r := t.w.exec.Context.ReRun; r != nil && r.Parts() {
		return t.prepareAgain(ctx, in, r)
	}
	language, err := t.c.language(t.w.exec.Runner)
	if err != nil {
		return nil, err
	}
	text, err := t.c.definition(a)
	if err != nil {
		return nil, err
	}
	t.saved = &store.Workflow{ID: t.w.exec.ID, Language: t.w.exec.Runner, Text: text}
	return workflow.Begin{}, t.c.guard(t.w.exec.ID, func() error {
		t.w.engine, err = language.New(text, in)
		return err
	})
}

// prepareAgain makes the engine of a workflow that goes on where another one ended,
// with the definition of that.
func (t *turn) prepareAgain(ctx context.Context, in workflow.Input, r *execution.ReRun) (workflow.Event, error) {
	unable := func(why string) error {
		return fault.Newf(fault.Invalid, "Unable to rerun workflow execution %q because %s.", r.Ref, why)
	}
	reader := t.c.Store.Reader()
	old, err := reader.Workflow(ctx, r.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil, unable("it does not exist")
	}
	if err != nil {
		return nil, lookup(err)
	}
	e, err := reader.Execution(ctx, r.Ref)
	if err != nil {
		return nil, lookup(err)
	}
	if !e.Status.Final() {
		return nil, unable("it is not in a completed state")
	}
	language, err := t.c.language(old.Language)
	if err != nil {
		return nil, err
	}
	rows, err := reader.WorkflowRows(ctx, r.Ref)
	if err != nil {
		return nil, lookup(err)
	}
	t.saved = &store.Workflow{ID: t.w.exec.ID, Language: old.Language, Text: old.Text}
	t.copied = r.Ref
	var again workflow.Rerun // without tasks: from those that failed
	for _, name := range r.Tasks {
		again.Tasks = append(again.Tasks, workflow.RerunTask{Name: name, Reset: slices.Contains(r.Reset, name)})
	}
	err = t.c.guard(t.w.exec.ID, func() error {
		t.w.engine, err = language.Load(old.Text, in, rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	live, _, err := reader.LiveChildren(ctx, r.Ref, 0, batch)
	if err != nil {
		return nil, lookup(err)
	}
	if len(live) > 0 {
		return nil, unable(fmt.Sprintf("%s of %s still runs", live[0].ID, live[0].Action))
	}
	return again, t.catchUp(ctx, r.Ref)
}

// catchUp lets a workflow hear what it did not hear any more while it was over: how
// that ended what it had still under way.
func (t *turn) catchUp(ctx context.Context, old string) error {
	ends, err := t.c.Store.Reader().Ends(ctx, old)
	if err != nil {
		return lookup(err)
	}
	for _, end := range ends {
		rows, _, err := t.c.step(ctx, t.w, workflow.Child{
			Ref: end.Ref, Execution: end.Child, Status: end.Status, At: end.At,
			Result: func(ctx context.Context) (value.Value, error) { return t.c.result(ctx, t.w, end.Child) },
		})
		if err != nil {
			return err
		}
		t.keep(rows)
	}
	return nil
}

// hear lets a workflow hear some of its messages.
func (c *Conductor) hear(ctx context.Context, id string) (more bool, err error) {
	inbox, err := c.Store.Reader().Inbox(ctx, id, batch)
	if err != nil || len(inbox) == 0 {
		return false, err
	}
	if inbox[0].About == store.AboutSignal {
		err := c.reach(ctx, id, inbox[0])
		return err == nil, err
	}
	// What comes after a wish to reach all children waits until they are reached.
	now := inbox
	if i := slices.IndexFunc(inbox, func(m store.Message) bool { return m.About == store.AboutSignal }); i > 0 {
		now = inbox[:i]
	}
	w := c.cache.take(id)
	if w == nil {
		w, err = c.load(ctx, id)
	}
	switch {
	case err != nil && retriable(ctx, err):
		return false, err
	case err != nil:
		t := c.newTurn(w)
		t.heard = now
		return c.done(t, t.fail(ctx, err))
	case w == nil || w.engine == nil:
		err := c.drop(ctx, id, now)
		return err == nil, err
	}
	t := c.newTurn(w)
	if err := t.hearAll(ctx, now); err != nil {
		if retriable(ctx, err) {
			return false, err
		}
		failed := c.newTurn(w)
		failed.heard = t.heard
		return c.done(failed, failed.fail(ctx, err))
	}
	more = len(t.heard) < len(inbox) || len(inbox) == batch
	again, err := c.done(t, t.save(ctx))
	return err == nil && (more || again), err // what was not saved is tried again at the next sweep, and not at once
}

// hearAll lets the workflow hear messages, until the turn is full. A workflow that
// is over hears nothing more.
func (t *turn) hearAll(ctx context.Context, all []store.Message) error {
	for i, m := range all {
		if i > 0 && t.full() {
			return nil
		}
		t.heard = all[:i+1]
		event, ok, err := t.event(m)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := t.hear(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// done is what comes after a turn was saved, or was not. It reports whether there is
// more to do at once.
func (c *Conductor) done(t *turn, err error) (more bool, _ error) {
	switch {
	case errors.Is(err, errElsewhere):
		return true, nil
	case err != nil:
		return false, err
	case !t.status().Final():
		c.cache.put(t.w)
	}
	return len(t.left) > 0, nil
}

// drop takes messages out of the inbox of a workflow that is over. A wish that it
// stops still reaches what it has under way.
func (c *Conductor) drop(ctx context.Context, id string, all []store.Message) error {
	return c.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Heard(ctx, id, all[0].Seq, all[len(all)-1].Seq, len(all))
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.About != store.AboutCancel {
				continue
			}
			wish, err := signal{To: execution.Canceling, User: m.Body}.message()
			if err != nil {
				return err
			}
			return tx.TellWorkflow(ctx, id, wish.About, "", wish.Body)
		}
		return nil
	})
}

// retriable reports whether an error says nothing about a workflow: the ledger could
// not be read, or the conductor stops.
func retriable(ctx context.Context, err error) bool {
	_, ok := errors.AsType[*workflow.LookupError](err)
	return ok || ctx.Err() != nil
}

// fail ends a workflow that can't go on, with all that it has started.
func (t *turn) fail(ctx context.Context, cause error) error {
	result := value.NewDictCap(2)
	if e, ok := errors.AsType[workflow.Explained](cause); ok {
		result = e.Explain()
	} else {
		result.Set("error", cause.Error())
		result.Set("traceback", "") // there is none, and clients look for one
	}
	b, err := value.ToJSON(result)
	if err != nil {
		return fmt.Errorf("write why a workflow failed: %w", err)
	}
	t.end = &ending{execution.Failed, json.RawMessage(b)}
	if !t.begins {
		t.c.opts.Logger.Error("workflow can't go on", "execution", t.w.exec.ID, "action", t.w.exec.Action, "err", cause)
		if err := t.signalAll(execution.Canceling); err != nil {
			return err
		}
	}
	return t.save(ctx)
}
