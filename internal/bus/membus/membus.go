// Package membus is a bus within one process.
package membus

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/bus"
)

// Bus is an in-process [bus.Bus]. The zero value is ready to use.
type Bus struct {
	mu   sync.Mutex
	subs []*subscriber // guarded by mu
}

var _ bus.Bus = (*Bus)(nil)

// A subscriber queues messages without bound, so that neither a slow receiver
// nor one that publishes from its handler can hold up a publisher.
type subscriber struct {
	pattern string
	wake    chan struct{} // holds one token when queue may be non-empty

	mu    sync.Mutex
	queue []bus.Message // guarded by mu
}

// Publish implements [bus.Bus].
func (b *Bus) Publish(_ context.Context, m bus.Message) error {
	b.mu.Lock()
	subs := slices.Clone(b.subs)
	b.mu.Unlock()
	for _, s := range subs {
		if match(s.pattern, m.Subject) {
			s.put(m)
		}
	}
	return nil
}

// Subscribe implements [bus.Bus]. Its goroutine ends with ctx.
func (b *Bus) Subscribe(ctx context.Context, pattern string, f func(bus.Message)) error {
	s := &subscriber{pattern: pattern, wake: make(chan struct{}, 1)}
	b.mu.Lock()
	b.subs = append(b.subs, s)
	b.mu.Unlock()
	go func() {
		defer b.remove(s)
		s.deliver(ctx, f)
	}()
	return nil
}

func (b *Bus) remove(s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = slices.DeleteFunc(b.subs, func(o *subscriber) bool { return o == s })
}

func (s *subscriber) put(m bus.Message) {
	s.mu.Lock()
	s.queue = append(s.queue, m)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // a token is there already
	}
}

func (s *subscriber) take() []bus.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queue
	s.queue = nil
	return q
}

func (s *subscriber) deliver(ctx context.Context, f func(bus.Message)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		for _, m := range s.take() {
			if ctx.Err() != nil {
				return
			}
			f(m)
		}
	}
}

// match reports whether subject fits pattern, in which * stands for one word
// and a final > for one or more.
func match(pattern, subject string) bool {
	for {
		p, prest, pmore := strings.Cut(pattern, ".")
		s, srest, smore := strings.Cut(subject, ".")
		switch {
		case p == ">" && !pmore:
			return true
		case p != "*" && p != s, pmore != smore:
			return false
		case !pmore:
			return true
		}
		pattern, subject = prest, srest
	}
}
