package conductor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// errElsewhere says that somebody else has stepped the workflow, or ended it: what
// this conductor has in mind about it is old.
var errElsewhere = errors.New("the workflow was stepped elsewhere")

// save makes the turn count: all of it or, with an error, nothing.
func (t *turn) save(ctx context.Context) error {
	var r rings
	var closing *dispatch.Closing
	change := t.change()
	if err := change.Pack(); err != nil {
		return err
	}
	if t.end != nil {
		closing = t.c.Dispatch.ClosingOf(ctx, t.w.exec, change)
	}
	show := func(ctx context.Context, tx *store.Tx) error { return t.show(ctx, tx, change) }
	err := t.c.Store.Write(ctx, func(tx *store.Tx) error {
		for _, part := range []func(context.Context, *store.Tx) error{t.claim, t.follow, show} {
			if err := part(ctx, tx); err != nil {
				return err
			}
		}
		for _, q := range t.requests {
			if err := r.request(ctx, t.c, tx, q, t.now); err != nil {
				return err
			}
		}
		if closing != nil {
			if err := tx.EndAlarms(ctx, t.w.exec.ID); err != nil {
				return err
			}
			if err := closing.Record(ctx, tx); err != nil {
				return err
			}
		}
		r.told = tx.Told()
		return nil
	})
	if err != nil {
		return err
	}
	t.c.Launcher.Ring(ctx, t.children...)
	r.ring(ctx, t.c)
	switch {
	case closing != nil:
		closing.Tell(ctx)
	case t.begins || t.status() != t.w.exec.Status:
		_ = t.c.Bus.Publish(ctx, bus.Message{Subject: bus.ExecutionChanged + t.w.exec.ID, Body: []byte(t.status())})
	}
	if len(t.alarms) > 0 {
		t.c.poke()
	}
	t.w.exec.Status, t.w.fresh = t.status(), nil
	t.w.version++
	return nil
}

// status is where the workflow stands after the turn.
func (t *turn) status() execution.Status {
	if t.end != nil {
		return t.end.status
	}
	return t.w.engine.Status()
}

// claim makes tx the one that steps the workflow from where it was seen.
func (t *turn) claim(ctx context.Context, tx *store.Tx) error {
	id := t.w.exec.ID
	var ok bool
	var err error
	if t.begins {
		ok, err = tx.ChangeExecution(ctx, store.Change{
			ID: id, From: []execution.Status{execution.Scheduled}, To: execution.Running, At: t.now,
		})
	} else {
		ok, err = tx.StepWorkflow(ctx, id, t.w.version)
	}
	if err == nil && ok && len(t.heard) > 0 {
		ok, err = tx.Heard(ctx, id, t.heard[0].Seq, t.heard[len(t.heard)-1].Seq, len(t.heard))
	}
	if err != nil {
		return err
	}
	if !ok {
		return errElsewhere
	}
	if t.saved != nil {
		if err := tx.InsertWorkflow(ctx, *t.saved); err != nil {
			return err
		}
	}
	if t.copied != "" {
		return tx.CopyRows(ctx, t.copied, id)
	}
	return nil
}

// follow records what the turn gave rise to.
func (t *turn) follow(ctx context.Context, tx *store.Tx) error {
	if err := tx.PutRows(ctx, t.w.exec.ID, t.rows, t.secret()); err != nil {
		return err
	}
	if err := tx.AddSecrets(ctx, t.w.exec.ID, t.secrets); err != nil {
		return err
	}
	for _, e := range t.children {
		if err := t.c.Launcher.Insert(ctx, tx, e); err != nil {
			return err
		}
	}
	for _, a := range t.alarms {
		var err error
		if a.Due.IsZero() { // it is taken back
			err = tx.EndAlarm(ctx, a.Workflow, a.Ref)
		} else {
			err = tx.PutAlarm(ctx, a)
		}
		if err != nil {
			return err
		}
	}
	for _, m := range t.left {
		if err := tx.TellWorkflow(ctx, t.w.exec.ID, m.About, m.Child, m.Body); err != nil {
			return err
		}
	}
	return nil
}

// show makes the status of the execution that of the workflow. What somebody has
// asked for meanwhile is shown already and stays, until the workflow hears of it.
func (t *turn) show(ctx context.Context, tx *store.Tx, change store.Change) error {
	status := t.status()
	asked := slices.ContainsFunc(t.heard, func(m store.Message) bool {
		return m.About == store.AboutPause || m.About == store.AboutResume || m.About == store.AboutCancel
	})
	if status == t.w.exec.Status && !asked {
		return nil
	}
	if !status.Final() {
		if asked, err := tx.Asked(ctx, t.w.exec.ID); err != nil || asked {
			return err
		}
	}
	ok, err := tx.ChangeExecution(ctx, change)
	if err == nil && !ok && status.Final() {
		return errElsewhere
	}
	return err
}

// secret reports whether the workflow has seen secrets.
func (t *turn) secret() bool { return len(t.w.exec.Secrets)+len(t.secrets) > 0 }

// change moves the execution to where the workflow stands.
func (t *turn) change() store.Change {
	c := store.Change{ID: t.w.exec.ID, To: t.status(), At: t.now}
	if t.end != nil {
		c.Result, c.Closed = t.end.result, true // see save
		c.Secret = t.secret()
	}
	for _, s := range execution.Statuses() {
		if !s.Final() && s != c.To {
			c.From = append(c.From, s)
		}
	}
	return c
}

// rings are the bells of a transaction, to be rung after its commit.
type rings struct {
	all  []func(context.Context)
	told []string
}

// ring rings for what was committed.
func (r *rings) ring(ctx context.Context, c *Conductor) {
	for _, f := range r.all {
		f(ctx)
	}
	bus.Tell(ctx, c.Bus, r.told)
}

// request asks a child for something in tx.
func (r *rings) request(ctx context.Context, c *Conductor, tx *store.Tx, q request, now time.Time) error {
	e, err := tx.Execution(ctx, q.child)
	if errors.Is(err, store.ErrNotFound) {
		return nil // it is over, and long ago
	}
	if err != nil {
		return err
	}
	return r.requestOf(ctx, c, tx, e, q, now)
}

func (r *rings) requestOf(ctx context.Context, c *Conductor, tx *store.Tx, e *execution.Execution, q request, now time.Time) error {
	ring, err := c.Launcher.Signal(ctx, tx, e, q.to, q.user, now)
	if err != nil {
		return err
	}
	r.all = append(r.all, ring)
	return nil
}
