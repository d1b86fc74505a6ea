// Package safe reads secrets that are kept elsewhere: in Vault, in variables, in
// files, in files of SOPS.
//
// A secret is named STORE:PATH#FIELD. What was read is remembered for a while, so that a store
// is not asked for every action. When a store can't be asked, the error says so; what was read
// before is good for longer only where the operator allows it. Errors have no secrets in them.
package safe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// A Store keeps secrets.
type Store interface {
	// Read returns the fields of what is at a path. A store that has one text there calls the
	// field "". What is not there is [ErrNone].
	Read(ctx context.Context, path string) (map[string]string, error)
}

// ErrNone means that there is nothing at a path.
var ErrNone = errors.New("there is nothing there")

// Place is a store with its name and how it is used. The zero value of each field but the
// first two means its default.
type Place struct {
	Name    string
	Store   Store
	Allow   []string      // what paths may begin with; default: all
	Fresh   time.Duration // for how long what was read is good; default 5 minutes; negative: not at all
	Stale   time.Duration // for how much longer it is when the store can't be asked; default not at all
	Timeout time.Duration // of one reading; default 5 seconds
}

// Safe reads from several stores. It is safe for concurrent use.
type Safe struct {
	places map[string]Place
	flight singleflight.Group

	mu   sync.Mutex
	kept map[string]kept // by store and path; guarded by mu
}

type kept struct {
	fields map[string]string
	at     time.Time
}

// remembered is how many readings are remembered.
const remembered = 10_000

// New returns a safe.
func New(places ...Place) *Safe {
	s := &Safe{places: map[string]Place{}, kept: map[string]kept{}}
	for _, p := range places {
		if p.Fresh == 0 {
			p.Fresh = 5 * time.Minute
		}
		if p.Timeout == 0 {
			p.Timeout = 5 * time.Second
		}
		s.places[p.Name] = p
	}
	return s
}

// Secret returns the secret of a name, and tells who listens of it. Mistakes in the name and what
// is not there are faults of kind Invalid; a store that can't be asked is one of kind Busy.
func (s *Safe) Secret(ctx context.Context, name string) (string, error) {
	store, rest, ok := strings.Cut(name, ":")
	path, field, hasField := strings.Cut(rest, "#")
	place, known := s.places[store]
	switch {
	case !ok || path == "":
		return "", fault.Newf(fault.Invalid, "%q is no name of a secret: it looks like vault:team/db#password.", name)
	case !known:
		return "", fault.Newf(fault.Invalid, "There is no store of secrets %q; the setting secrets.stores lists them.", store)
	case !clean(path):
		return "", fault.Newf(fault.Invalid, "%q is no path of a secret.", path)
	case len(place.Allow) > 0 && !slices.ContainsFunc(place.Allow, func(head string) bool { return strings.HasPrefix(path, head) }):
		return "", fault.Newf(fault.Invalid, "The setting secrets.stores does not allow %s of store %q.", path, store)
	}
	fields, err := s.read(ctx, place, path)
	switch {
	case errors.Is(err, ErrNone):
		return "", fault.Newf(fault.Invalid, "There is no secret %s in store %q.", path, store)
	case err != nil:
		return "", &fault.Fault{Kind: fault.Busy, Err: err, Msg: fmt.Sprintf("The store of secrets %q can't be asked for %s: %v.", store, path, err)}
	}
	if !hasField && len(fields) == 1 {
		for only := range fields {
			field = only
		}
	}
	text, ok := fields[field]
	if !ok {
		return "", fault.Newf(fault.Invalid, "The secret %s in store %q has no field %q; name one after #.", path, store, field)
	}
	secret.Tell(ctx, text)
	return text, nil
}

// clean reports whether a path leads nowhere else.
func clean(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\x00\\?%") {
			return false
		}
	}
	return true
}

func (s *Safe) read(ctx context.Context, p Place, path string) (map[string]string, error) {
	key := p.Name + ":" + path
	s.mu.Lock()
	k, ok := s.kept[key]
	s.mu.Unlock()
	if ok && time.Since(k.at) < p.Fresh {
		return k.fields, nil
	}
	// Many ask for the same at once; one of them goes. It does not end with the first who waits no longer.
	answer := s.flight.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.Timeout)
		defer cancel()
		fields, err := p.Store.Read(ctx, path)
		if err == nil {
			s.keep(key, fields)
		} else if errors.Is(err, ErrNone) {
			s.forget(key)
		}
		return fields, err
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case a := <-answer:
		if a.Err != nil && !errors.Is(a.Err, ErrNone) && ok && time.Since(k.at) < p.Fresh+p.Stale {
			return k.fields, nil
		}
		fields, _ := a.Val.(map[string]string)
		return fields, a.Err
	}
}

func (s *Safe) keep(key string, fields map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= remembered {
		clear(s.kept) // cheaper than to find the oldest, and soon as good as before
	}
	s.kept[key] = kept{fields, time.Now()}
}

func (s *Safe) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, key)
}

// keeper is a store that has something to do though nobody asks.
type keeper interface{ keep(ctx context.Context) }

// Run renews what stores have lent until ctx is done, and then returns nil.
func (s *Safe) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, p := range s.places {
		if k, ok := p.Store.(keeper); ok {
			group.Go(func() { k.keep(ctx) })
		}
	}
	<-ctx.Done()
	group.Wait()
	return nil
}
