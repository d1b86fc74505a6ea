// Package timekeeper fires timers: it makes an event of each moment at which a
// trigger of a timer type falls due.
//
// The event of one moment has one key, so several timekeepers over one ledger
// make one event of it. Moments that passed while nobody kept the time are not
// made up for, as with StackStorm.
package timekeeper

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/timer"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Intake is where events go.
type Intake interface {
	Take(ctx context.Context, events ...intake.Event) ([]intake.Receipt, error)
}

// Options configure a Timekeeper. The zero value of each field means its default.
type Options struct {
	Location *time.Location // of timers that name no time zone; default UTC
	Logger   *slog.Logger   // default: discard
}

// longest is how long the timekeeper sleeps at most: the clock may be set, and
// a bell may be lost.
const longest = 30 * time.Second

// retryAfter is when a firing is tried again that could not be recorded.
const retryAfter = time.Second

// Timekeeper fires the timers of a catalog.
type Timekeeper struct {
	catalog *catalog.Holder
	intake  Intake
	bus     bus.Bus
	opts    Options

	seen   *catalog.Catalog  // what timers was made of
	timers map[string]*timed // by the reference of the trigger
}

// timed is one trigger and when it is due.
type timed struct {
	trigger  *trigger.Trigger
	schedule timer.Schedule
	due      time.Time
	ended    bool // it never fires again
	failed   bool // its last firing could not be recorded
}

// New returns a timekeeper. Call Run to start it.
func New(c *catalog.Holder, i Intake, b bus.Bus, opts Options) *Timekeeper {
	if opts.Location == nil {
		opts.Location = time.UTC
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Timekeeper{catalog: c, intake: i, bus: b, opts: opts, timers: map[string]*timed{}}
}

// Run keeps the time until ctx is done, and then returns nil.
func (k *Timekeeper) Run(ctx context.Context) error {
	wake, err := bus.Listen(ctx, k.bus, bus.ContentChanged)
	if err != nil {
		return fmt.Errorf("timekeeper: %w", err)
	}
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-alarm.C:
		}
		now := time.Now()
		k.refresh(now)
		k.fire(ctx, now)
		alarm.Reset(k.sleep(time.Now()))
	}
}

// refresh makes the timers those of the latest catalog. One that was there
// before keeps its place in time.
func (k *Timekeeper) refresh(now time.Time) {
	c := k.catalog.Get()
	if c == k.seen {
		return
	}
	k.seen = c
	timers := map[string]*timed{}
	for _, kind := range []string{timer.IntervalTimer, timer.DateTimer, timer.CronTimer} {
		for _, t := range c.TriggersOf(kind) {
			if old := k.timers[t.Ref]; old != nil {
				old.trigger = t
				timers[t.Ref] = old
				continue
			}
			s, err := timer.ParseIn(kind, t.Parameters, k.opts.Location)
			if err != nil {
				k.opts.Logger.Error("timer is not understood", "trigger", t.Ref, "err", err)
				continue
			}
			n := &timed{trigger: t, schedule: timer.From(s, ident.Time(t.ID))}
			n.next(now)
			timers[t.Ref] = n
		}
	}
	k.timers = timers
}

func (t *timed) next(after time.Time) {
	var ok bool
	t.due, ok = t.schedule.Next(after)
	t.ended = !ok
}

// fire makes the events of the timers that are due at now.
func (k *Timekeeper) fire(ctx context.Context, now time.Time) {
	for _, t := range k.timers {
		if t.ended || t.due.After(now) {
			continue
		}
		_, err := k.intake.Take(ctx, intake.Event{
			Trigger:  t.trigger.Ref,
			Payload:  timer.Payload(t.trigger.Parameters, now),
			Key:      timer.FiringID(t.trigger.UID, t.due),
			TraceTag: timer.TraceTag(t.trigger.Type, t.trigger.Name),
		})
		if ctx.Err() != nil {
			return
		}
		t.failed = err != nil
		if err != nil {
			k.opts.Logger.Error("timer could not fire", "trigger", t.trigger.Ref, "due", t.due, "err", err)
			continue // it stays due, and is tried again
		}
		// After a long sleep of the machine one firing stands for all that were missed.
		t.next(now)
	}
}

// sleep is how long there is nothing to fire.
func (k *Timekeeper) sleep(now time.Time) time.Duration {
	pause := longest
	for _, t := range k.timers {
		if t.ended {
			continue
		}
		wait := max(0, t.due.Sub(now))
		if t.failed {
			wait = retryAfter
		}
		pause = min(pause, wait)
	}
	return pause
}
