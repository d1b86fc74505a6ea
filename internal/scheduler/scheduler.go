// Package scheduler decides which executions may start: it applies the policies
// of their actions, wakes workers when something falls due, recovers what
// vanished workers held, and ends what waited for people too long.
//
// It decides in the transaction that it counts in, so a limit holds however
// many schedulers there are.
package scheduler

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Recoverer decides about what does not go on by itself, and says about how many
// executions it has decided.
type Recoverer interface {
	// Recover is about what vanished workers held.
	Recover(ctx context.Context) (int, error)
	// Expire is about what waits for people, and has waited long enough.
	Expire(ctx context.Context) (int, error)
}

// Options configure a Scheduler. The zero value of each field means its default.
type Options struct {
	Every  time.Duration // between sweeps, which find what no bell told of; default 1 s
	Logger *slog.Logger  // default: discard
}

// batch is how many waiting executions are read at a time.
const batch = 200

// Scheduler is a loop over the executions that wait.
type Scheduler struct {
	store   *store.Store
	catalog *catalog.Holder
	bus     bus.Bus
	recover Recoverer
	opts    Options
}

// New returns a scheduler. Call Run to start it.
func New(s *store.Store, c *catalog.Holder, b bus.Bus, r Recoverer, opts Options) *Scheduler {
	if opts.Every == 0 {
		opts.Every = time.Second
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Scheduler{store: s, catalog: c, bus: b, recover: r, opts: opts}
}

// Run schedules until ctx is done, and then returns nil. What fails is logged
// and tried again at the next sweep.
func (s *Scheduler) Run(ctx context.Context) error {
	wake, err := bus.Listen(ctx, s.bus, bus.ExecutionRequested)
	if err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		sweep := false
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-timer.C:
			sweep = true
		}
		if err := s.pass(ctx, sweep); err != nil && ctx.Err() == nil {
			s.opts.Logger.Error("scheduling failed", "err", err)
		}
		timer.Reset(s.pause(ctx))
	}
}

// pause is how long there is nothing to do unless a bell rings.
func (s *Scheduler) pause(ctx context.Context) time.Duration {
	now := time.Now()
	due, err := s.store.Reader().NextDue(ctx, now)
	if err != nil || due.IsZero() {
		return s.opts.Every
	}
	return max(0, min(s.opts.Every, due.Sub(now)))
}

func (s *Scheduler) pass(ctx context.Context, sweep bool) error {
	if sweep {
		if n, err := s.recover.Recover(ctx); err != nil {
			return fmt.Errorf("recover: %w", err)
		} else if n > 0 {
			s.opts.Logger.Warn("decided about what vanished workers held", "executions", n)
		}
		if _, err := s.recover.Expire(ctx); err != nil {
			return fmt.Errorf("expire: %w", err)
		}
	}
	changed, err := s.Admit(ctx, time.Now())
	for _, id := range changed {
		_ = s.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionChanged + id})
	}
	if sweep || len(changed) > 0 {
		// At a sweep too: what falls due has no bell of its own.
		_ = s.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionScheduled})
		_ = s.bus.Publish(ctx, bus.Message{Subject: bus.WorkflowScheduled})
	}
	return err
}

// Admit asks the policies for the executions that wait and are due at now, and
// returns the ids of those whose status is another since.
func (s *Scheduler) Admit(ctx context.Context, now time.Time) ([]string, error) {
	c := s.catalog.Get()
	var changed []string
	governed := c.Governed()
	for _, a := range governed {
		// Most of the time nobody waits, and reading tells that without the writer.
		some, _, err := s.store.Reader().Waiting(ctx, a.Ref, false, 0, now, 1)
		if err != nil {
			return changed, err
		}
		if len(some) == 0 {
			continue
		}
		ids, err := s.admit(ctx, a, now)
		changed = append(changed, ids...)
		if err != nil {
			return changed, fmt.Errorf("admit executions of %s: %w", a.Ref, err)
		}
	}
	ids, err := s.release(ctx, governed, now)
	return append(changed, ids...), err
}

// admit asks the policies of one action, in one transaction: what it counts
// stays true until it has decided.
func (s *Scheduler) admit(ctx context.Context, a *catalog.Action, now time.Time) (changed []string, err error) {
	var told []string
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		changed = nil
		defer func() { told = tx.Told() }()
		occupying, err := tx.Occupying(ctx, a.Ref)
		if err != nil {
			return err
		}
		params := make([]json.RawMessage, len(occupying))
		for i, o := range occupying {
			params[i] = o.Parameters
		}
		limiter, err := policy.NewLimiter(a.Governor, params)
		if err != nil {
			return err
		}
		var after int64
		for {
			// Once nothing more can be let in, who waits already is not read again.
			waiting, last, err := tx.Waiting(ctx, a.Ref, limiter.Full(), after, now, batch)
			if err != nil || len(waiting) == 0 {
				return err
			}
			after = last
			for _, e := range waiting {
				did, err := ask(ctx, tx, limiter, e, now)
				if err != nil {
					return err
				}
				if did {
					changed = append(changed, e.ID)
				}
				if limiter.Full() && e.Status == execution.Delayed {
					break // the rest of the batch waits as it did; fresh ones are read next
				}
			}
		}
	})
	if err == nil {
		bus.Tell(ctx, s.bus, told)
	}
	return changed, err
}

// ask decides about one execution, and reports whether its status changed.
func ask(ctx context.Context, tx *store.Tx, l *policy.Limiter, e *execution.Execution, now time.Time) (bool, error) {
	change := store.Change{ID: e.ID, From: []execution.Status{e.Status}, At: now}
	v, by, err := l.Ask(e.Parameters)
	switch {
	case err != nil:
		return false, err
	case v == policy.Allow:
		change.To = execution.Scheduled
	case v == policy.Cancel:
		change.To, change.Result = execution.Canceled, canceledBy(by)
	case e.Status == execution.Delayed:
		return false, nil
	default:
		change.To = execution.Delayed
	}
	return tx.ChangeExecution(ctx, change)
}

// release lets executions go whose policies are gone.
func (s *Scheduler) release(ctx context.Context, governed []*catalog.Action, now time.Time) ([]string, error) {
	refs := make([]string, len(governed))
	for i, a := range governed {
		refs[i] = a.Ref
	}
	free, err := s.store.Reader().WaitingBut(ctx, refs, now, batch)
	if err != nil || len(free) == 0 {
		return nil, err
	}
	var changed []string
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		changed = nil
		for _, e := range free {
			ok, err := tx.ChangeExecution(ctx, store.Change{
				ID: e.ID, From: []execution.Status{e.Status}, To: execution.Scheduled, At: now,
			})
			if err != nil {
				return err
			}
			if ok {
				changed = append(changed, e.ID)
			}
		}
		return nil
	})
	return changed, err
}

func canceledBy(policy string) json.RawMessage {
	b, err := json.Marshal(map[string]string{
		"message": "Action canceled by policy.", "policy": policy,
	})
	if err != nil {
		panic(err) // texts always have JSON
	}
	return b
}
