package api

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// A check of a password takes much time and memory on purpose. So few happen at
// a time, few wait for their turn, and whoever guesses has to wait longer and
// longer.
const (
	loginsAtOnce   = 2
	loginsWaiting  = 32
	freeTries      = 5 // wrong ones, before there is a wait
	longestWait    = time.Minute
	triesForgotten = 15 * time.Minute
	maxTries       = 10_000
)

// logins watches over log-ins.
type logins struct {
	queue chan struct{} // holds one for each that waits or is at it
	work  chan struct{} // holds one for each that is at it

	mu    sync.Mutex
	tries map[string]tries // guarded by mu; by user and address

	// decoy is the hash of no password: it is checked when there is no such
	// user, so that the time taken does not tell.
	decoy func() string
}

// tries are wrong passwords for one user from one address. Others who want to
// be the same user from elsewhere are not held up.
type tries struct {
	wrong int
	next  time.Time // no try counts before
	last  time.Time
}

func newLogins() *logins {
	return &logins{
		queue: make(chan struct{}, loginsAtOnce+loginsWaiting), work: make(chan struct{}, loginsAtOnce),
		tries: map[string]tries{}, decoy: sync.OnceValue(func() string { return access.HashPassword(access.NewPassword()) }),
	}
}

// errLogin is the one answer to all that may be wrong with a log-in.
func errLogin() error {
	return fault.Newf(fault.Unauthorized, "Invalid or missing credentials")
}

// tooSoon is a log-in that has to wait.
type tooSoon struct{ wait time.Duration }

func (e *tooSoon) Error() string { return "too many wrong passwords" }

// check reports whether password is that of hash, which is empty when there is
// no such user.
func (l *logins) check(ctx context.Context, user, address, hash, password string) error {
	who := user + "\x00" + address
	if wait := l.wait(who, time.Now()); wait > 0 {
		return &tooSoon{wait}
	}
	select {
	case l.queue <- struct{}{}:
		defer func() { <-l.queue }()
	default:
		return fault.Newf(fault.Busy, "Too many log-ins at a time. Try again in a moment.")
	}
	select {
	case l.work <- struct{}{}:
		defer func() { <-l.work }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	exists := hash != ""
	if !exists {
		hash = l.decoy()
	}
	if access.CheckPassword(hash, password) && exists {
		l.mu.Lock()
		delete(l.tries, who)
		l.mu.Unlock()
		return nil
	}
	l.failed(who, time.Now())
	return errLogin()
}

func (l *logins) wait(who string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tries[who].next.Sub(now)
}

func (l *logins) failed(who string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tries) >= maxTries {
		for k, t := range l.tries {
			if now.Sub(t.last) > triesForgotten {
				delete(l.tries, k)
			}
		}
		if len(l.tries) >= maxTries {
			clear(l.tries) // somebody has ten thousand addresses; that is no reason to run out of memory
		}
	}
	t := l.tries[who]
	if now.Sub(t.last) > triesForgotten {
		t = tries{}
	}
	t.wrong++
	t.last = now
	if over := t.wrong - freeTries; over >= 0 {
		t.next = now.Add(min(time.Second<<min(over, 10), longestWait))
	}
	l.tries[who] = t
}

// addressOf is the host that a request comes from. Headers that name another
// are not believed: anybody can write them.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}
