// Package notifier tells of the ends of executions: it makes an event of each
// notice that an execution was to give when it ended, for rules to carry on, and of
// the end itself where whoever ended it did not.
//
// That there is something to tell is on record with the end, whoever ended it, and
// the record is taken back after the events are taken in; the events of one end
// have keys of their own. So each is taken in once, whatever crashes in between.
package notifier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Intake is where events go.
type Intake interface {
	Take(ctx context.Context, events ...intake.Event) ([]intake.Receipt, error)
	// Wants reports whether anybody asks for the ends of executions, and EndOf
	// returns the event that the end of one is.
	Wants() bool
	EndOf(e *execution.Execution) intake.Event
}

// Params know what templates on behalf of an execution look up.
type Params interface {
	Templates(e *execution.Execution) action.Env
}

// Options configure a Notifier. The zero value of each field means its default.
type Options struct {
	Logger *slog.Logger // default: discard
}

const (
	every = time.Second           // between looks, in case a bell was lost
	rest  = 50 * time.Millisecond // after a look: most ends are to be told to nobody, and many ring
	batch = 20                    // executions at a time: each may have a large result
)

// Notifier is a loop over the ends that are to be told.
type Notifier struct {
	store  *store.Store
	intake Intake
	params Params
	bus    bus.Bus
	opts   Options
}

// New returns a notifier. Call Run to start it.
func New(s *store.Store, i Intake, p Params, b bus.Bus, opts Options) *Notifier {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Notifier{store: s, intake: i, params: p, bus: b, opts: opts}
}

// Run tells until ctx is done, and then returns nil. What fails is logged and
// tried again.
func (n *Notifier) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1) // one token says that something may have ended
	err := n.bus.Subscribe(ctx, bus.ExecutionChanged+"*", func(m bus.Message) {
		if len(m.Body) > 0 && !execution.Status(m.Body).Final() {
			return
		}
		select {
		case wake <- struct{}{}:
		default: // a token is there already
		}
	})
	if err != nil {
		return fmt.Errorf("notifier: %w", err)
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-pause.C:
		}
		if err := n.pass(ctx); err != nil && ctx.Err() == nil {
			n.opts.Logger.Error("ends of executions could not be told", "err", err)
		}
		pause.Reset(rest)
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		pause.Reset(every)
	}
}

// pass tells all that there is to tell.
func (n *Notifier) pass(ctx context.Context) error {
	for {
		ids, err := n.store.Reader().Notices(ctx, batch)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := n.tell(ctx, ids); err != nil {
			return err
		}
	}
}

// tell makes events of the ends of executions, and forgets the notices.
func (n *Notifier) tell(ctx context.Context, ids []string) error {
	var events []intake.Event
	for _, id := range ids {
		of, err := n.eventsOf(ctx, id)
		if err != nil {
			return err
		}
		events = append(events, of...)
	}
	if len(events) > 0 {
		_, err := n.intake.Take(ctx, events...)
		switch {
		case err == nil:
		case fault.KindOf(err) != fault.Invalid:
			return err
		case len(ids) > 1:
			return n.oneByOne(ctx, ids) // for what can't be taken in must not hold up the others
		default:
			n.opts.Logger.Error("the end of an execution can be told to nobody", "execution", ids[0], "err", err)
		}
	}
	return n.store.Write(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if err := tx.EndNotice(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (n *Notifier) oneByOne(ctx context.Context, ids []string) error {
	for _, id := range ids {
		if err := n.tell(ctx, []string{id}); err != nil {
			return err
		}
	}
	return nil
}

// eventsOf returns the events that tell of the end of an execution. One that is
// gone has none.
func (n *Notifier) eventsOf(ctx context.Context, id string) ([]intake.Event, error) {
	e, err := n.store.Reader().Execution(ctx, id)
	if err == nil {
		e.Result, err = n.store.Reader().Result(ctx, id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	events, err := n.events(ctx, e)
	if err == nil && n.intake.Wants() {
		events = append(events, n.intake.EndOf(e))
	}
	return events, err
}
