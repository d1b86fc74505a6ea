// Package rollcall asks back ends at intervals whether the people whom they have let in are
// there still, and in which groups, so that both are not as old as the last log-in.
//
// What a back end says counts only if it is sure. One that can't be asked changes nothing:
// people keep what they had when it could be asked last. Nor does one that knows of most
// of its people at once nothing any more: that is a mistake of somebody who looks after it,
// more often than the end of a company.
package rollcall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Backend knows people, and can be asked about them without their passwords.
type Backend interface {
	// Look says of each name, as somebody called themselves at a log-in, who that is now, or
	// [identity.ErrUnknown]; any other error is that it can't say of this one. The error
	// that is returned is that it can't be asked.
	Look(ctx context.Context, names []string, tell func(name string, p identity.Person, err error)) error
}

// Options configure a RollCall. The zero value of each field means its default.
type Options struct {
	Every   time.Duration // between two calls; default 15 minutes
	Changed func()        // is called when something has changed; default: nothing
	User    string        // who does it, for the audit log; default nightshift
	Logger  *slog.Logger  // default: discard
}

// RollCall calls the roll. Call Run to start it.
type RollCall struct {
	store *store.Store
	of    map[string]Backend
	opts  Options
	down  map[string]bool // back ends that could not be asked, which is told once
}

// New returns a roll call of back ends by their names, which users have as their source.
func New(s *store.Store, of map[string]Backend, opts Options) *RollCall {
	if opts.Every == 0 {
		opts.Every = 15 * time.Minute
	}
	if opts.Changed == nil {
		opts.Changed = func() {}
	}
	if opts.User == "" {
		opts.User = "nightshift"
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &RollCall{store: s, of: of, opts: opts, down: map[string]bool{}}
}

// Run calls the roll at once and then at its intervals, until ctx is done, and then returns
// nil. What fails is logged and tried again.
func (r *RollCall) Run(ctx context.Context) error {
	if len(r.of) == 0 {
		return nil
	}
	tick := time.NewTicker(r.opts.Every)
	defer tick.Stop()
	for {
		if err := r.call(ctx); err != nil && ctx.Err() == nil {
			r.opts.Logger.Error("roll call failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (r *RollCall) call(ctx context.Context) error {
	users, _, err := r.store.Reader().ListUsers(ctx, store.Page{Limit: -1})
	if err != nil {
		return err
	}
	by := map[string][]access.User{}
	for _, u := range users {
		// Who is a user of this server has not been let in by somebody else.
		if u.Password == "" && r.of[u.Source] != nil {
			by[u.Source] = append(by[u.Source], u)
		}
	}
	var errs []error
	for source, users := range by {
		errs = append(errs, r.ask(ctx, source, users))
	}
	return errors.Join(errs...)
}

// ask asks one back end about its people, and writes down what has changed.
func (r *RollCall) ask(ctx context.Context, source string, users []access.User) error {
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = u.KnownAs
	}
	answers := make(map[string]answer, len(users))
	err := r.of[source].Look(ctx, names, func(name string, p identity.Person, err error) { answers[name] = answer{p, err} })
	if err != nil {
		if !r.down[source] && ctx.Err() == nil {
			r.opts.Logger.Warn("a back end can't be asked about its people, who keep what they had", "backend", source, "err", err)
		}
		r.down[source] = true
		return nil
	}
	r.down[source] = false
	for _, u := range users {
		if err := answers[u.KnownAs].err; err != nil && !errors.Is(err, identity.ErrUnknown) {
			r.opts.Logger.Warn("a back end can't say who somebody is, who keeps what they had", "backend", source, "user", u.Name, "err", err)
		}
	}
	changes, lost := decide(users, answers)
	if tooMany(lost, len(users)) {
		r.opts.Logger.Error("a back end has lost most of its people or their groups at once; nothing is changed", "backend", source, "lost", lost, "of", len(users))
		return nil
	}
	if len(changes) == 0 {
		return nil
	}
	ctx = store.ByItself(ctx, audit.Record{User: r.opts.User, Origin: source})
	for _, c := range changes {
		if err := r.store.Write(ctx, func(tx *store.Tx) error { return c.write(ctx, tx) }); err != nil {
			return fmt.Errorf("user %s: %w", c.before.Name, err)
		}
		r.opts.Logger.Info("a back end says something else of a user", "backend", source, "user", c.before.Name, "left", c.left, "groups", c.groups)
	}
	r.opts.Changed()
	return nil
}

// answer is what a back end says of somebody.
type answer struct {
	identity.Person
	err error
}

// change is what becomes of a user.
type change struct {
	before access.User
	left   bool
	groups []string
}

// decide says what follows from the answers of a back end, and how many people would lose
// all that they have by it: the way in, or every group.
func decide(users []access.User, answers map[string]answer) (changes []change, lost int) {
	for _, u := range users {
		a, ok := answers[u.KnownAs]
		there := a.err == nil && a.Name == u.Name // or it is somebody else's name by now
		switch {
		case !ok, a.err != nil && !errors.Is(a.err, identity.ErrUnknown):
		case there && (!u.LeftAt.IsZero() || a.Groups != nil && !slices.Equal(a.Groups, u.Groups)):
			changes = append(changes, change{before: u, groups: a.Groups})
			if a.Groups != nil && len(a.Groups) == 0 && len(u.Groups) > 0 {
				lost++
			}
		case !there && u.LeftAt.IsZero():
			changes = append(changes, change{before: u, left: true})
			lost++
		}
	}
	return changes, lost
}

// tooMany reports whether so many have lost something that it is a mistake.
func tooMany(lost, of int) bool { return lost >= 3 && 2*lost > of }

// write puts a change into the ledger, unless the user has come in anew meanwhile.
func (c change) write(ctx context.Context, tx *store.Tx) error {
	u, err := tx.User(ctx, c.before.Name)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if u.Source != c.before.Source || u.KnownAs != c.before.KnownAs || !slices.Equal(u.Groups, c.before.Groups) || !u.LeftAt.Equal(c.before.LeftAt) {
		return nil
	}
	if c.left {
		return tx.UserLeft(ctx, u.Name, time.Now())
	}
	return tx.AdmitUser(ctx, u.Name, store.Admission{Source: u.Source, KnownAs: u.KnownAs, Groups: c.groups}, time.Now())
}
