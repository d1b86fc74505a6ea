// Package intake takes events in: it checks them, asks the rules, and records
// the event, what the rules said and what they start, all in one transaction.
//
// When [Intake.Take] returns nil, none of it can be lost any more and all of it
// happens once: a sender that did not hear the answer may send an event with a
// key again, and nothing comes of the second.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Launcher prepares and records what a rule starts.
type Launcher interface {
	Prepare(ctx context.Context, r execution.Request, now time.Time) (*execution.Execution, error)
	Insert(ctx context.Context, tx *store.Tx, e *execution.Execution) error
	Ring(ctx context.Context, executions ...*execution.Execution)
}

// SystemUser is on whose behalf rules start actions unless told otherwise.
const SystemUser = "nightshift"

// Options configure an Intake. The zero value of each field means its default.
type Options struct {
	// User is on whose behalf rules start actions; default [SystemUser].
	User   string
	Logger *slog.Logger // default: discard
}

// Intake takes events in. It is safe for concurrent use.
type Intake struct {
	store     *store.Store
	catalog   *catalog.Holder
	launcher  Launcher
	datastore action.Datastore
	templates *jinja.Env
	opts      Options
}

// New returns an intake whose rules look keys up in d and are rendered with t.
func New(s *store.Store, c *catalog.Holder, l Launcher, d action.Datastore, t *jinja.Env, opts Options) *Intake {
	if opts.User == "" {
		opts.User = SystemUser
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Intake{store: s, catalog: c, launcher: l, datastore: d, templates: t, opts: opts}
}

// An Event is something that happened, as its source tells it.
type Event struct {
	Trigger  string      // reference of the trigger, or of a type without parameters
	Payload  *value.Dict // nil is an empty one
	Key      string      // what the sender calls it; see [trigger.Instance]
	TraceTag string
	// Fits says that the source made the payload as its type declares it, so that
	// it need not be checked again.
	Fits bool
}

// A Receipt says what became of an event.
type Receipt struct {
	ID         string   // of the event
	Duplicate  bool     // it was here before, and nothing new came of it
	Executions []string // what the rules started
}

// decision is one event with all that follows from it, before it is recorded.
type decision struct {
	instance     trigger.Instance
	enforcements []store.Enforcement
	executions   []*execution.Execution
	duplicate    bool
}

// Take takes events in, all of them or none. A mistake in one is a fault that
// names it.
func (i *Intake) Take(ctx context.Context, events ...Event) ([]Receipt, error) {
	now := time.Now()
	decisions := make([]*decision, len(events))
	for n, e := range events {
		d, err := i.decide(ctx, e, now)
		if err != nil {
			return nil, err
		}
		decisions[n] = d
	}
	err := i.store.Write(ctx, func(tx *store.Tx) error {
		for _, d := range decisions {
			if err := i.record(ctx, tx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("take in %d events: %w", len(events), err)
	}
	receipts := make([]Receipt, len(decisions))
	for n, d := range decisions {
		receipts[n] = Receipt{ID: d.instance.ID, Duplicate: d.duplicate}
		if !d.duplicate {
			for _, e := range d.executions {
				receipts[n].Executions = append(receipts[n].Executions, e.ID)
			}
			i.launcher.Ring(ctx, d.executions...)
		}
	}
	return receipts, nil
}

// decide asks the rules. It writes nothing.
func (i *Intake) decide(ctx context.Context, e Event, now time.Time) (*decision, error) {
	c := i.catalog.Get()
	trig, ok := c.Trigger(e.Trigger)
	if !ok {
		return nil, fault.Newf(fault.Invalid, "Trigger type with reference %q doesn't exist in the database.", e.Trigger)
	}
	if e.Payload == nil {
		e.Payload = value.NewDict()
	}
	if typ, ok := c.TriggerType(trig.Type); ok && typ.Payload != nil && !e.Fits {
		if err := typ.Payload.Check(e.Payload); err != nil {
			return nil, fault.Newf(fault.Invalid, "The payload does not fit trigger type %q: %v", trig.Type, err)
		}
	}
	payload, err := e.Payload.MarshalJSON()
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "The payload has no JSON: %v", err)
	}
	d := &decision{instance: trigger.Instance{
		ID:         ident.New(now),
		Trigger:    trig.Ref,
		Payload:    payload,
		OccurredAt: now,
		Status:     trigger.Processed,
		TraceTag:   e.TraceTag,
		Key:        e.Key,
	}}
	if d.instance.TraceTag == "" {
		d.instance.TraceTag = "trigger_instance-" + d.instance.ID
	}
	result := c.RuleIndex().Match(ctx, trig.Ref, e.Payload, i.Env(now))
	for _, f := range result.Failed {
		d.refuse(f.Matcher.Rule, nil, f.Err, now)
	}
	for _, m := range result.Matched {
		if exec, err := i.start(ctx, d, trig, m.Rule, e.Payload, now); err != nil {
			d.refuse(m.Rule, exec, err, now)
		} else {
			d.enforce(m.Rule, exec, now)
		}
	}
	return d, nil
}

// Env is what the criteria of rules are asked with.
func (i *Intake) Env(now time.Time) rule.Env { return rule.Env{Now: now, Names: i.names()} }

// enforce notes that a rule matched and what it started.
func (d *decision) enforce(r *rule.Rule, e *execution.Execution, now time.Time) *store.Enforcement {
	d.enforcements = append(d.enforcements, store.Enforcement{
		ID: ident.New(now), RuleRef: r.Ref, RuleID: r.ID, Instance: d.instance.ID, At: now,
	})
	out := &d.enforcements[len(d.enforcements)-1]
	if e != nil {
		out.Execution = e.ID
		d.executions = append(d.executions, e)
	}
	return out
}

// refuse notes that a rule could not be asked, or could not start its action.
func (d *decision) refuse(r *rule.Rule, e *execution.Execution, err error, now time.Time) {
	out := d.enforce(r, e, now)
	out.Failed, out.FailureReason = true, err.Error()
	d.instance.Status = trigger.ProcessingFailed
}

// start prepares what a matching rule asks for.
func (i *Intake) start(
	ctx context.Context, d *decision, trig *trigger.Trigger, r *rule.Rule, payload *value.Dict, now time.Time,
) (*execution.Execution, error) {
	ctx, opened := secret.Listen(ctx)
	params, err := i.parameters(ctx, r, payload)
	if err != nil {
		return nil, masked(fmt.Errorf("render the parameters of %s: %w", r.Action.Ref, err), opened)
	}
	e, err := i.launcher.Prepare(ctx, execution.Request{
		Secrets:     opened.Texts(),
		Action:      r.Action.Ref,
		Parameters:  params,
		Trigger:     trig.Ref,
		TriggerType: trig.Type,
		Context: execution.Context{
			User:            i.opts.User,
			Rule:            &execution.Named{ID: r.ID, Name: r.Name},
			TriggerInstance: &execution.Named{ID: d.instance.ID, Name: trig.Ref},
			TraceContext:    &execution.Trace{Tag: d.instance.TraceTag},
		},
	}, now)
	return e, masked(err, opened)
}

// masked returns an error that does not tell what was opened.
func masked(err error, opened *secret.Opened) error {
	if err == nil {
		return nil
	}
	if text := secret.NewMasker(opened.Texts()).Text(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

func (i *Intake) record(ctx context.Context, tx *store.Tx, d *decision) error {
	fresh, err := tx.InsertInstance(ctx, &d.instance)
	if err != nil {
		return err
	}
	if !fresh {
		first, err := tx.InstanceByKey(ctx, d.instance.Trigger, d.instance.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		d.duplicate = true
		if first != nil {
			d.instance = *first
		}
		return nil
	}
	for _, e := range d.executions {
		if err := i.launcher.Insert(ctx, tx, e); err != nil {
			return err
		}
	}
	for _, e := range d.enforcements {
		if err := tx.InsertEnforcement(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
