// Package janitor removes from the ledger what has outlived its retention: by
// age, and the oldest early when the ledger is larger than it may be.
//
// One janitor runs per process. It keeps nothing in memory between sweeps, so
// any number of processes may run one against the same store.
package janitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Store is what the janitor needs of the store. Each deletion takes the oldest
// first, at most limit of them, and returns how many went.
type Store interface {
	// DeleteFinishedBefore deletes executions that finished before t, with their results and output.
	DeleteFinishedBefore(ctx context.Context, t time.Time, limit int) (int, error)
	// DeleteEventsBefore deletes events from before t, and what rules said of them.
	DeleteEventsBefore(ctx context.Context, t time.Time, limit int) (int, error)
	// DeleteOutputBefore deletes what executions printed before t.
	DeleteOutputBefore(ctx context.Context, t time.Time, limit int) (int, error)
	// DeleteExpired deletes tokens and pairs of the datastore that expired before t.
	DeleteExpired(ctx context.Context, t time.Time, limit int) (int, error)
	// DeleteAuditBefore deletes entries of the audit log from before t.
	DeleteAuditBefore(ctx context.Context, t time.Time, limit int) (int, error)
	// Size returns how many bytes the ledger takes.
	Size(ctx context.Context) (int64, error)
}

// Options configure a Janitor. The zero value of each field means its default.
type Options struct {
	// Every is the time between sweeps; default one minute. A sweep that finds
	// nothing costs next to nothing.
	Every time.Duration

	// The ages at which things go; negative: never, not even for their size.
	Executions time.Duration // since they finished; default 30 days
	Events     time.Duration // events, and what rules said of them; default 14 days
	Output     time.Duration // what executions printed, beside their results; default 7 days
	Expired    time.Duration // tokens and pairs of the datastore, since they expired; default at once

	Audit time.Duration // entries of the audit log, which never go for their size; default 400 days

	// MaxBytes is how large the ledger may be; default 10 GiB, negative: no
	// bound. When it is larger, the oldest goes early, until a tenth is free.
	MaxBytes int64

	Logger *slog.Logger // default: discard
}

const (
	day = 24 * time.Hour
	// batch is small enough that a deletion never holds the only writer of SQLite for long.
	batch = 200
	// youngest is the age below which nothing goes early: people look at it right now.
	youngest = time.Minute
	// fruitless is how many batches in a row may fail to make the ledger smaller.
	// The rows of one page of a database go with a few batches at most.
	fruitless = 20
)

// A Janitor sweeps the store at regular times.
type Janitor struct {
	store Store
	opts  Options
	kinds []kind
}

// A kind of thing goes at an age of its own.
type kind struct {
	name   string
	keep   time.Duration
	delete func(ctx context.Context, t time.Time, limit int) (int, error)
}

// New returns a janitor over store. Call Run to start it.
func New(store Store, opts Options) *Janitor {
	setDefault(&opts.Every, time.Minute)
	setDefault(&opts.Executions, 30*day)
	setDefault(&opts.Events, 14*day)
	setDefault(&opts.Output, 7*day)
	setDefault(&opts.Audit, 400*day)
	if opts.MaxBytes == 0 {
		opts.MaxBytes = 10 << 30
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Janitor{store: store, opts: opts, kinds: []kind{
		// Output first: an execution that goes takes along all that is left of its own.
		{"output", opts.Output, store.DeleteOutputBefore},
		{"events", opts.Events, store.DeleteEventsBefore},
		{"executions", opts.Executions, store.DeleteFinishedBefore},
	}}
}

func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}

// Run sweeps until ctx is done, and then returns nil. A sweep that fails is
// logged and tried again at the next tick: retention can wait, the server can't.
func (j *Janitor) Run(ctx context.Context) error {
	tick := time.NewTicker(j.opts.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			n, err := j.Sweep(ctx, now)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				j.opts.Logger.Error("sweep failed", "deleted", n, "err", err)
			case n > 0:
				j.opts.Logger.Debug("swept", "deleted", n)
			}
		}
	}
}

// Sweep deletes everything that is past its age at now, and more while the
// ledger is too large. It returns how many rows went. What fails for one kind
// of thing does not keep the others.
func (j *Janitor) Sweep(ctx context.Context, now time.Time) (deleted int, err error) {
	var errs []error
	for _, k := range append(j.kinds, kind{"what has expired", j.opts.Expired, j.store.DeleteExpired}, kind{"audit log", j.opts.Audit, j.store.DeleteAuditBefore}) {
		if k.keep < 0 {
			continue
		}
		n, err := j.clear(ctx, k, now.Add(-k.keep), nil)
		deleted += n
		errs = append(errs, err)
	}
	n, err := j.shrink(ctx, now)
	return deleted + n, errors.Join(append(errs, err)...)
}

// errEnough ends a deletion before everything is gone.
var errEnough = errors.New("enough")

// clear deletes what is older than t, batch by batch, and asks after each batch
// that deleted something whether to go on. Between batches it stays away for as
// long as the last one took, so that others have half of the writer's time.
func (j *Janitor) clear(ctx context.Context, k kind, t time.Time, goOn func(ctx context.Context) error) (deleted int, err error) {
	for {
		begin := time.Now()
		n, err := k.delete(ctx, t, batch)
		deleted += n
		if err != nil {
			return deleted, fmt.Errorf("delete %s: %w", k.name, err)
		}
		if goOn != nil && n > 0 {
			if err := goOn(ctx); err != nil {
				return deleted, err
			}
		}
		if n < batch {
			return deleted, nil
		}
		if err := pause(ctx, time.Since(begin)); err != nil {
			return deleted, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// shrink deletes what is not yet past its age while the ledger is too large.
// The age at which things go falls step by step, so that the kinds keep pace:
// there is no execution left whose event went weeks ago.
func (j *Janitor) shrink(ctx context.Context, now time.Time) (deleted int, err error) {
	if j.opts.MaxBytes < 0 {
		return 0, nil
	}
	size, err := j.store.Size(ctx)
	if err != nil || size <= j.opts.MaxBytes {
		return 0, err
	}
	room := j.opts.MaxBytes - j.opts.MaxBytes/10
	before, idle := size, 0
	goOn := func(ctx context.Context) error {
		now, err := j.store.Size(ctx)
		if err != nil {
			return err
		}
		idle++
		if now < size {
			size, idle = now, 0
		}
		if size <= room || idle == fruitless {
			return errEnough
		}
		return nil
	}
	oldest := max(j.opts.Executions, j.opts.Events, j.opts.Output)
	age := oldest
	for ; age >= youngest; age = age * 4 / 5 {
		for _, k := range j.kinds {
			if k.keep < 0 {
				continue
			}
			n, err := j.clear(ctx, k, now.Add(-age), goOn)
			deleted += n
			if errors.Is(err, errEnough) {
				j.report(before, size, deleted, age)
				return deleted, nil
			}
			if err != nil {
				return deleted, err
			}
		}
	}
	j.report(before, size, deleted, age)
	return deleted, nil
}

func (j *Janitor) report(before, size int64, deleted int, age time.Duration) {
	log := j.opts.Logger.With("bytes_before", before, "bytes", size, "max_bytes", j.opts.MaxBytes, "deleted", deleted, "age", age)
	if size > j.opts.MaxBytes {
		log.Warn("the ledger stays larger than it may be")
		return
	}
	log.Info("the ledger was too large, the oldest went early")
}
