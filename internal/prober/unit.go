package prober

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// States of a probe beside those of [probe.Status]; see [probe.Report].
const (
	starting  = "starting"
	wellState = "well"
	failing   = "failing"
	following = "following"
	unknown   = "unknown"
)

// A unit is one probe that runs.
type unit struct {
	prober  *Prober
	trigger *trigger.Trigger
	spec    probe.Spec
	stop    context.CancelFunc
	over    chan struct{} // closed when it has ended

	mu     sync.Mutex
	report probe.Report // guarded by mu
}

func newUnit(p *Prober, t *trigger.Trigger, spec probe.Spec) *unit {
	return &unit{
		prober: p, trigger: t, spec: spec, over: make(chan struct{}),
		report: probe.Report{Trigger: t.Ref, Type: t.Type, Target: spec.Target(), State: starting, Since: time.Now()},
	}
}

// run goes on from what was saved, which is nil for a new probe, until ctx is done.
func (u *unit) run(ctx context.Context, saved json.RawMessage) {
	var err error
	switch spec := u.spec.(type) {
	case *probe.File:
		err = u.follow(ctx, spec, saved)
	case probe.Check:
		err = u.watch(ctx, spec, saved)
	}
	if ctx.Err() == nil { // a bug
		u.note(unknown, 0, err.Error())
		u.prober.opts.Logger.ErrorContext(ctx, "probe has ended", "trigger", u.trigger.Ref, "err", err)
	}
}

// recall reads what was saved, if something was.
func (u *unit) recall(ctx context.Context, saved json.RawMessage, into any) {
	if saved == nil {
		return
	}
	if err := json.Unmarshal(saved, into); err != nil {
		u.prober.opts.Logger.ErrorContext(ctx, "probe begins anew, as what it remembered is not understood", "trigger", u.trigger.Ref, "err", err)
	}
}

// save records what the probe must remember. It fails only when ctx is done.
func (u *unit) save(ctx context.Context, state any) error {
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("state of a probe: %w", err)
	}
	return u.insist(ctx, func() error {
		return u.prober.store.Write(ctx, func(tx *store.Tx) error {
			return tx.PutProbe(ctx, store.ProbeState{Trigger: u.trigger.UID, State: text, ChangedAt: time.Now()})
		})
	})
}

// take has events taken in, as soon as the rate allows it. It fails only when ctx
// is done.
func (u *unit) take(ctx context.Context, events []intake.Event) error {
	if err := u.prober.limit.WaitN(ctx, len(events)); err != nil {
		return err
	}
	err := u.insist(ctx, func() error {
		_, err := u.prober.intake.Take(ctx, events...)
		return err
	})
	if err == nil {
		u.mu.Lock()
		u.report.Events += len(events)
		u.mu.Unlock()
	}
	return err
}

// insist tries something until it works or ctx is done.
func (u *unit) insist(ctx context.Context, f func() error) error {
	const first, longest = 10 * time.Millisecond, 5 * time.Second
	for pause := first; ; pause = min(2*pause, longest) {
		err := f()
		if err == nil || ctx.Err() != nil {
			return err
		}
		u.prober.opts.Logger.WarnContext(ctx, "probe waits for the ledger", "trigger", u.trigger.Ref, "err", err)
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// event is an event of this probe. Its key begins with the uid of the trigger.
func (u *unit) event(key string, payload *value.Dict) intake.Event {
	return intake.Event{Trigger: u.trigger.Ref, Payload: payload, Key: u.trigger.UID + ":" + key}
}

// note says how the probe fares.
func (u *unit) note(state string, failures int, message string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	if u.report.State != state {
		u.report.State, u.report.Since = state, now
	}
	u.report.CheckedAt, u.report.Failures, u.report.Message = now, failures, message
}

func (u *unit) status() probe.Report {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.report
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
