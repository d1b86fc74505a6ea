// Package prober runs probes: it looks at what the triggers of probes name, and
// makes events of what it finds. What the kinds of probe are, and when one tells
// of a change, is in package probe.
//
// A probe runs while an enabled rule listens to its trigger. How far it has come
// is in the ledger, so that a restart of the server neither leaves out a line of a
// file nor tells of a change a second time. When the last such rule goes, this is
// forgotten, and a rule that comes later begins anew.
//
// Events are on record before a probe goes on. What the ledger does not take at
// the moment, or what is more than the rate that is allowed, waits where it is: a
// file is read later, a check made later, and nothing is left out.
package prober

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

const (
	sweep      = 30 * time.Second // a bell may be lost
	retryAfter = time.Second      // when the ledger could not be read
	batch      = 100              // lines of a file that are taken in at once
)

// Intake is where events go.
type Intake interface {
	Take(ctx context.Context, events ...intake.Event) ([]intake.Receipt, error)
}

// Checker makes checks.
type Checker interface {
	// Check makes one check and returns by the end of ctx.
	Check(ctx context.Context, what probe.Check) probe.Outcome
}

// Options configure a Prober. The zero value of each field means its default.
type Options struct {
	// Rate is how many events a second are taken in of all probes together, at
	// most; default 1000.
	Rate int
	// Checks is how many checks are made at once, at most; default 32.
	Checks int
	Logger *slog.Logger // default: discard
}

// Prober runs the probes of a catalog.
type Prober struct {
	store   *store.Store
	catalog *catalog.Holder
	bus     bus.Bus
	intake  Intake
	checker Checker
	opts    Options

	limit *rate.Limiter
	slots chan struct{} // holds a token for each check that is being made
	all   sync.WaitGroup

	loaded bool                       // what was remembered has been read; used by Run only
	saved  map[string]json.RawMessage // what no unit has been given yet, by uid; used by Run only

	mu    sync.Mutex
	units map[string]*unit // by the uid of the trigger; written by Run only; guarded by mu
}

// New returns a prober. Call Run to start it.
func New(s *store.Store, c *catalog.Holder, b bus.Bus, i Intake, check Checker, opts Options) *Prober {
	if opts.Rate == 0 {
		opts.Rate = 1000
	}
	if opts.Checks == 0 {
		opts.Checks = 32
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Prober{
		store: s, catalog: c, bus: b, intake: i, checker: check, opts: opts,
		limit: rate.NewLimiter(rate.Limit(opts.Rate), batch), slots: make(chan struct{}, opts.Checks),
		saved: map[string]json.RawMessage{}, units: map[string]*unit{},
	}
}

// Run runs probes until ctx is done, ends them, and returns nil.
func (p *Prober) Run(ctx context.Context) error {
	wake, err := bus.Listen(ctx, p.bus, bus.ContentChanged)
	if err != nil {
		return fmt.Errorf("prober: %w", err)
	}
	defer p.all.Wait()
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-alarm.C:
		}
		alarm.Reset(sweep)
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			p.opts.Logger.Error("probes could not be looked after", "err", err)
			alarm.Reset(retryAfter)
		}
	}
}

// round makes what runs what should run.
func (p *Prober) round(ctx context.Context) error {
	if err := p.load(ctx); err != nil {
		return err
	}
	wanted := wantedOf(p.catalog.Get())
	for uid, u := range p.units {
		if wanted[uid] == nil {
			u.stop()
			<-u.over
			p.set(uid, nil)
			p.saved[uid] = nil // to be forgotten
		}
	}
	for uid, t := range wanted {
		if p.units[uid] == nil {
			p.start(ctx, uid, t)
		}
	}
	return p.forget(ctx)
}

// load reads once what was remembered.
func (p *Prober) load(ctx context.Context) error {
	if p.loaded {
		return nil
	}
	states, err := p.store.Reader().Probes(ctx)
	if err != nil {
		return err
	}
	for _, s := range states {
		p.saved[s.Trigger] = s.State
	}
	p.loaded = true
	return nil
}

// wantedOf returns the triggers of probes that an enabled rule listens to, by uid.
func wantedOf(c *catalog.Catalog) map[string]*trigger.Trigger {
	out := map[string]*trigger.Trigger{}
	for _, kind := range probe.Kinds() {
		for _, t := range c.TriggersOf(kind) {
			if c.RuleIndex().Listens(t.Ref) {
				out[t.UID] = t
			}
		}
	}
	return out
}

func (p *Prober) start(ctx context.Context, uid string, t *trigger.Trigger) {
	spec, err := probe.Parse(t.Type, t.Parameters)
	if err != nil {
		p.opts.Logger.ErrorContext(ctx, "probe is not understood", "trigger", t.Ref, "err", err)
		return
	}
	u := newUnit(p, t, spec)
	saved := p.saved[uid]
	delete(p.saved, uid)
	p.set(uid, u)
	ctx, u.stop = context.WithCancel(ctx)
	p.all.Go(func() {
		defer close(u.over)
		u.run(ctx, saved)
	})
}

func (p *Prober) set(uid string, u *unit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u == nil {
		delete(p.units, uid)
		return
	}
	p.units[uid] = u
}

// forget removes what probes remembered that do not run any more.
func (p *Prober) forget(ctx context.Context) error {
	if len(p.saved) == 0 {
		return nil
	}
	err := p.store.Write(ctx, func(tx *store.Tx) error {
		for uid := range p.saved {
			if err := tx.DropProbe(ctx, uid); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		clear(p.saved)
	}
	return err
}

// Reports says how the probes that run fare, in the order of their triggers. It
// is safe for concurrent use with Run.
func (p *Prober) Reports() []probe.Report {
	p.mu.Lock()
	out := make([]probe.Report, 0, len(p.units))
	for _, u := range p.units {
		out = append(out, u.status())
	}
	p.mu.Unlock()
	slices.SortFunc(out, func(a, b probe.Report) int { return strings.Compare(a.Trigger, b.Trigger) })
	return out
}
