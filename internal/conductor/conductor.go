// Package conductor carries workflows: it lets their engines hear what happened,
// saves what changed, and carries out what they command.
//
// A workflow hears what lies in its inbox and nothing else; bells only say that
// there is something in it. One transaction takes messages out of the inbox, saves
// the rows that they changed, and records what follows: executions that start,
// alarms, requests to children, the end. So a crash between any two effects repeats
// nothing and loses nothing. Whoever steps a workflow names the version that it has
// seen; of two conductors only one wins, and the other looks again.
//
// A workflow holds no worker while it waits. At any time at most one goroutine of a
// conductor is at work on a workflow, and [Options.Size] on all of them.
package conductor

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// Deps are what a conductor works with.
type Deps struct {
	Store    *store.Store
	Catalog  *catalog.Holder
	Bus      bus.Bus
	Launcher *launch.Launcher
	Params   *launch.Params
	Dispatch *dispatch.Dispatch
	// Languages are what workflows are written in, by the name of the runner type.
	Languages map[string]workflow.Language
}

// Options configure a Conductor. The zero value of each field means its default.
type Options struct {
	Every  time.Duration // between sweeps, which find what no bell told of; default 1 s
	Size   int           // goroutines; default 32
	Memory int           // workflows that are kept in memory while they wait; default 1024
	Depth  int           // how deep workflows may start workflows; default 1000
	APIURL string        // what workflows see as ctx().st2.api_url
	// Instant are runners whose actions take no time and touch nothing outside: the
	// conductor runs them itself, in the transaction that starts them. Default: none.
	Instant map[string]runner.Runner
	Logger  *slog.Logger // default: discard
}

// batch is how much of a list is read at a time.
const batch = 256

// Conductor carries workflows. It is safe for concurrent use.
type Conductor struct {
	Deps
	opts  Options
	expr  *expr.Evaluator
	pool  *pool
	cache *memory
	wake  chan struct{} // one token says that something may begin, or that an alarm is set

	mu      sync.Mutex
	begins  map[string]*execution.Execution // that wait for a goroutine or have one; guarded by mu
	backlog bool                            // there may be more to begin than was read; guarded by mu
}

// New returns a conductor. Call Run to start it.
func New(d Deps, opts Options) *Conductor {
	if opts.Every == 0 {
		opts.Every = time.Second
	}
	if opts.Size == 0 {
		opts.Size = 32
	}
	if opts.Memory == 0 {
		opts.Memory = 1024
	}
	if opts.Depth == 0 {
		opts.Depth = 1000
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Conductor{
		Deps: d, opts: opts, pool: newPool(), cache: newMemory(opts.Memory), wake: make(chan struct{}, 1),
		begins: map[string]*execution.Execution{},
	}
	c.expr = expr.New(expr.Options{Datastore: c.key, Secret: c.secret, Task: c.task})
	return c
}

// Run carries workflows until ctx is done, and then returns nil. What fails is
// logged and tried again at the next sweep.
func (c *Conductor) Run(ctx context.Context) error {
	if err := c.Bus.Subscribe(ctx, bus.WorkflowTold, func(m bus.Message) { c.pool.add(string(m.Body)) }); err != nil {
		return fmt.Errorf("conductor: %w", err)
	}
	if err := c.Bus.Subscribe(ctx, bus.WorkflowScheduled, func(bus.Message) { c.poke() }); err != nil {
		return fmt.Errorf("conductor: %w", err)
	}
	var workers sync.WaitGroup
	for range c.opts.Size {
		workers.Go(func() { c.pool.work(ctx, c.serve) })
	}
	c.watch(ctx)
	c.pool.close()
	workers.Wait()
	return nil
}

// watch finds what there is to do, until ctx is done.
func (c *Conductor) watch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		sweep := false
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-timer.C:
			sweep = true
		}
		next, err := c.look(ctx, sweep)
		if err != nil && ctx.Err() == nil {
			c.opts.Logger.Error("looking for work failed", "err", err)
		}
		timer.Reset(next)
	}
}

// look finds workflows that may begin and alarms that are due and, in a sweep,
// messages that no bell told of. It returns how long there is nothing to look for.
func (c *Conductor) look(ctx context.Context, sweep bool) (time.Duration, error) {
	next, err := c.ring(ctx, time.Now())
	if err != nil {
		return c.opts.Every, err
	}
	if err := c.find(ctx, time.Now()); err != nil {
		return c.opts.Every, err
	}
	for after := ""; sweep; {
		told, err := c.Store.Reader().Unheard(ctx, after, batch)
		if err != nil {
			return c.opts.Every, err
		}
		for _, id := range told {
			c.pool.add(id)
		}
		if len(told) < batch {
			break
		}
		after = told[len(told)-1]
	}
	return next, nil
}

// ring turns alarms that are due into messages, and returns when the next one may be.
func (c *Conductor) ring(ctx context.Context, now time.Time) (time.Duration, error) {
	for {
		alarms, err := c.Store.Reader().Alarms(ctx, batch)
		if err != nil {
			return 0, err
		}
		due := alarms
		for i, a := range alarms {
			if a.Due.After(now) {
				due = alarms[:i]
				break
			}
		}
		if len(due) > 0 {
			var told []string
			err := c.Store.Write(ctx, func(tx *store.Tx) error {
				for _, a := range due {
					if _, err := tx.RingAlarm(ctx, a); err != nil {
						return err
					}
				}
				told = tx.Told()
				return nil
			})
			if err != nil {
				return 0, fmt.Errorf("ring alarms: %w", err)
			}
			bus.Tell(ctx, c.Bus, told)
		}
		switch {
		case len(due) < len(alarms):
			return min(c.opts.Every, alarms[len(due)].Due.Sub(now)), nil
		case len(alarms) < batch:
			return c.opts.Every, nil
		}
	}
}

// find puts scheduled workflows into the pool. While many wait there already, it
// does not look for more.
func (c *Conductor) find(ctx context.Context, now time.Time) error {
	c.mu.Lock()
	c.backlog = len(c.begins) > batch/2
	enough := c.backlog
	c.mu.Unlock()
	if enough {
		return nil
	}
	due, err := c.Store.Reader().DueConducted(ctx, now, batch)
	if err != nil {
		return err
	}
	var fresh []string
	c.mu.Lock()
	c.backlog = len(due) == batch
	for _, e := range due {
		if c.begins[e.ID] == nil {
			c.begins[e.ID] = e
			fresh = append(fresh, e.ID)
		}
	}
	c.mu.Unlock()
	for _, id := range fresh {
		c.pool.add(id)
	}
	return nil
}

// serve lets a workflow begin, or hear what it was told. It reports whether there
// is more for it to hear.
func (c *Conductor) serve(ctx context.Context, id string) (more bool) {
	c.mu.Lock()
	e := c.begins[id]
	c.mu.Unlock()
	var err error
	if e != nil {
		more, err = c.begin(ctx, e)
		c.begun(id)
	} else {
		more, err = c.hear(ctx, id)
	}
	if err != nil && ctx.Err() == nil {
		c.opts.Logger.Error("workflow was not stepped and will be tried again", "execution", id, "err", err)
	}
	return more
}

// begun notes that a workflow does not wait to begin any more.
func (c *Conductor) begun(id string) {
	c.mu.Lock()
	delete(c.begins, id)
	look := c.backlog && len(c.begins) <= batch/2
	c.mu.Unlock()
	if look {
		c.poke()
	}
}

func (c *Conductor) poke() {
	select {
	case c.wake <- struct{}{}:
	default: // a token is there already
	}
}
