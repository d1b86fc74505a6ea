// Package identity asks those who know people whether somebody is who they say: the
// server's own users, password files, directories.
//
// Several back ends are asked in their order. One that knows somebody decides about
// them, whichever way; the next is asked only about people whom it does not know, or
// when it can't be asked. A back end that can't be asked lets nobody in.
package identity

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// Person is who somebody turned out to be.
type Person struct {
	Name string // as it is written at home, whatever was typed
	// Groups are those that the back end knows the person to be in; nil: it knows
	// nothing of groups.
	Groups []string
}

// What a back end says of somebody whom it does not let in. Every other error means
// that it can't say.
var (
	ErrUnknown = errors.New("there is no such person")
	ErrWrong   = errors.New("the password is another one")
)

// Backend knows some people and their passwords. It is safe for concurrent use, and
// gives up when ctx does.
type Backend interface {
	Check(ctx context.Context, name, password string) (Person, error)
}

// Member is a back end in a [Chain].
type Member struct {
	Name string // for the log
	Backend
	// AtOnce is how many may be asked about at a time. Default: 32, which is meant
	// for waiting on others; to check a hash here keeps a processor busy.
	AtOnce int
}

// waiting is how many may wait for their turn at a back end.
const waiting = 32

// Chain is back ends in the order in which they are asked.
type Chain struct {
	links []link
	log   *slog.Logger
}

type link struct {
	Member
	queue chan struct{} // holds one for each that waits or is at it
	work  chan struct{} // holds one for each that is at it
}

// NewChain returns the chain of some back ends.
func NewChain(log *slog.Logger, members ...Member) *Chain {
	c := &Chain{log: log}
	for _, m := range members {
		if m.AtOnce == 0 {
			m.AtOnce = 32
		}
		c.links = append(c.links, link{m, make(chan struct{}, m.AtOnce+waiting), make(chan struct{}, m.AtOnce)})
	}
	return c
}

// Check returns who somebody is, and the name of the back end that says so. It is
// [ErrWrong] when nobody lets them in and a fault of kind Busy when somebody who
// could not be asked might have.
func (c *Chain) Check(ctx context.Context, name, password string) (Person, string, error) {
	if !ValidName(name) || password == "" { // a directory takes no password for no question
		return Person{}, "", ErrWrong
	}
	down := ""
	for _, l := range c.links {
		p, err := l.check(ctx, name, password)
		switch {
		case err == nil && ValidName(p.Name):
			return p, l.Name, nil
		case err == nil:
			c.log.Error("a back end gives somebody a name that can't be one", "backend", l.Name, "user", name)
			return Person{}, "", ErrWrong
		case errors.Is(err, ErrUnknown):
		case errors.Is(err, ErrWrong):
			return Person{}, "", ErrWrong
		case ctx.Err() != nil:
			return Person{}, "", context.Cause(ctx)
		case fault.KindOf(err) == fault.Busy:
			return Person{}, "", err
		default:
			c.log.Error("a back end of log-ins can't be asked", "backend", l.Name, "err", err)
			down = l.Name
		}
	}
	if down != "" {
		return Person{}, "", fault.Newf(fault.Busy, "%s, which may know you, does not answer. Try again, or log in as a user of this server.", down)
	}
	return Person{}, "", ErrWrong
}

func (l link) check(ctx context.Context, name, password string) (Person, error) {
	select {
	case l.queue <- struct{}{}:
		defer func() { <-l.queue }()
	default:
		return Person{}, fault.Newf(fault.Busy, "Too many log-ins at a time. Try again in a moment.")
	}
	select {
	case l.work <- struct{}{}:
		defer func() { <-l.work }()
	case <-ctx.Done():
		return Person{}, context.Cause(ctx)
	}
	return l.Check(ctx, name, password)
}

// ValidName reports whether somebody may be called so: in print, and not too long.
func ValidName(name string) bool {
	return name != "" && len(name) <= 256 && utf8.ValidString(name) && strings.TrimSpace(name) == name &&
		!strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Own are the users that the ledger has with a password.
type Own struct {
	lookup func(ctx context.Context, name string) (access.User, error)
	decoy  func() string // the hash of no password; made when it is needed, since that takes a while
}

// NewOwn returns the back end of the users that lookup finds; of somebody whom there
// is not it says [ErrUnknown].
func NewOwn(lookup func(ctx context.Context, name string) (access.User, error)) *Own {
	return &Own{lookup, sync.OnceValue(func() string { return access.HashPassword(access.NewPassword()) })}
}

// Check implements [Backend].
func (o *Own) Check(ctx context.Context, name, password string) (Person, error) {
	u, err := o.lookup(ctx, name)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Person{}, err
	}
	if u.Password == "" {
		access.CheckPassword(o.decoy(), password) // or the time taken would tell who there is
		return Person{}, ErrUnknown
	}
	if !access.CheckPassword(u.Password, password) {
		return Person{}, ErrWrong
	}
	return Person{Name: u.Name}, nil
}
