// Package worker runs actions: it asks for work, hands it to runners, streams
// what they print, and hands in what came of it.
//
// A worker knows nothing of the database. It renews one lease for all that it
// runs; when it can't, it stops everything, since by then others may have
// decided about it. It keeps each result until that is acknowledged.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Ledger is where work comes from and results go.
type Ledger interface {
	Join(ctx context.Context) (worker string, err error)
	Leave(ctx context.Context, worker string) error
	Renew(ctx context.Context, worker string) (cancel []string, alive bool, err error)
	Claim(ctx context.Context, worker string, n int) ([]dispatch.Assignment, error)
	AddOutput(ctx context.Context, chunks []store.Chunk) error
	Finish(ctx context.Context, f dispatch.Finished) error
}

// Options configure a Worker. The zero value of each field means its default.
type Options struct {
	Slots  int           // actions that run at a time; default 64
	Grace  time.Duration // how long running actions may go on when the worker stops; default 10 s
	Logger *slog.Logger  // default: discard
}

const (
	renewEvery = dispatch.Lease / 3
	claimEvery = time.Second            // work is asked for at least so often, in case a bell was lost
	flushEvery = 200 * time.Millisecond // so long printed output may wait
	handIn     = 5 * time.Second        // so long the results of stopped actions are offered
)

// errLost is why the actions of a worker are stopped that has been given up.
var errLost = errors.New("the worker lost its lease")

// errStopped is why actions are stopped that outlast the grace of a worker's end.
var errStopped = errors.New("the worker was stopped")

// Worker runs actions.
type Worker struct {
	ledger  Ledger
	bus     bus.Bus
	runners map[string]runner.Runner // by name
	opts    Options

	wake <-chan struct{} // holds one token when there may be work
	free chan struct{}   // one token for each free slot

	// flushing is held while printed output goes to the ledger, so that the
	// last of an execution's output can wait for what came before it.
	flushing sync.Mutex

	mu      sync.Mutex
	id      string          // guarded by mu
	running map[string]*run // by execution; guarded by mu
}

// New returns a worker with runners by name. Call Run to start it.
func New(l Ledger, b bus.Bus, runners map[string]runner.Runner, opts Options) *Worker {
	if opts.Slots == 0 {
		opts.Slots = 64
	}
	if opts.Grace == 0 {
		opts.Grace = 10 * time.Second
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Worker{
		ledger: l, bus: b, runners: runners, opts: opts,
		free:    make(chan struct{}, opts.Slots),
		running: map[string]*run{},
	}
	for range opts.Slots {
		w.free <- struct{}{}
	}
	return w
}

// Run works until ctx is done, lets what runs go on for the grace, stops the
// rest, hands everything in and returns nil.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.subscribe(ctx); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	// What is handed in at the end needs a context that outlives ctx.
	after, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	if err := w.join(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("worker: %w", err)
	}
	var runs, helpers sync.WaitGroup
	helpers.Go(func() { w.renew(after) })
	helpers.Go(func() { w.flush(after) })
	w.claim(ctx, after, &runs)

	done := make(chan struct{})
	go func() { runs.Wait(); close(done) }()
	grace := time.NewTimer(w.opts.Grace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
		w.stopAll(errStopped)
		last := time.NewTimer(handIn)
		defer last.Stop()
		select {
		case <-done:
		case <-last.C:
			stop(errStopped) // nobody takes the results; what they are of will be abandoned
			<-done
		}
	}
	stop(nil)
	helpers.Wait()
	if err := w.ledger.Leave(context.WithoutCancel(ctx), w.name()); err != nil {
		// Its lease runs out by itself, so this delays and breaks nothing.
		w.opts.Logger.Warn("worker could not leave", "err", err)
	}
	return nil
}

func (w *Worker) subscribe(ctx context.Context) error {
	var err error
	if w.wake, err = bus.Listen(ctx, w.bus, bus.ExecutionScheduled); err != nil {
		return err
	}
	return w.bus.Subscribe(ctx, bus.ExecutionCanceling, func(m bus.Message) {
		w.cancel(string(m.Body), runner.ErrCanceled)
	})
}

// join tries until it has an id or ctx is done.
func (w *Worker) join(ctx context.Context) error {
	for {
		id, err := w.ledger.Join(ctx)
		if err == nil {
			w.mu.Lock()
			w.id = id
			w.mu.Unlock()
			return nil
		}
		w.opts.Logger.Error("worker could not join", "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func (w *Worker) name() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.id
}

// claim takes work whenever there is some and a slot is free.
func (w *Worker) claim(ctx, after context.Context, runs *sync.WaitGroup) {
	tick := time.NewTicker(claimEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-tick.C:
		}
		for ctx.Err() == nil {
			n := w.take(ctx)
			if n == 0 {
				break
			}
			work, err := w.ledger.Claim(after, w.name(), n)
			if err != nil {
				w.opts.Logger.Error("claim failed", "err", err)
			}
			for _, a := range work {
				r := w.begin(after, a)
				runs.Go(func() { w.do(after, r) })
			}
			for range n - len(work) {
				w.free <- struct{}{}
			}
			if len(work) < n {
				break // there was no more
			}
		}
	}
}

// take takes the slots that are free, waiting for the first one.
func (w *Worker) take(ctx context.Context) (n int) {
	select {
	case <-ctx.Done():
		return 0
	case <-w.free:
		n = 1
	}
	for {
		select {
		case <-w.free:
			n++
		default:
			return n
		}
	}
}

// renew keeps the lease. When that fails for as long as the lease is, or the
// ledger says that it is too late, everything that runs is stopped.
func (w *Worker) renew(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	heard := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		cancel, alive, err := w.ledger.Renew(ctx, w.name())
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && time.Since(heard) < dispatch.Lease:
			w.opts.Logger.Error("lease was not renewed", "err", err)
		case err != nil || !alive:
			w.opts.Logger.Error("lease is lost; all that runs is stopped", "err", err)
			w.stopAll(errLost)
			if w.join(ctx) != nil {
				return
			}
			heard = time.Now()
		default:
			heard = time.Now()
			for _, id := range cancel {
				w.cancel(id, runner.ErrCanceled)
			}
		}
	}
}

func (w *Worker) cancel(execution string, cause error) {
	w.mu.Lock()
	r := w.running[execution]
	w.mu.Unlock()
	if r != nil {
		r.stop(cause)
	}
}

func (w *Worker) stopAll(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.running {
		r.stop(cause)
	}
}
