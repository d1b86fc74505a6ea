// Package bustest holds the conformance suite that every [bus.Bus] must pass.
package bustest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
)

// A Harness makes buses for the suite.
type Harness struct {
	// New returns a fresh, empty bus that lives until the test ends.
	New func(t *testing.T) bus.Bus
}

// Run checks that the buses of h keep the promises of [bus.Bus].
func Run(t *testing.T, h Harness) {
	t.Run("keeps the order of one publisher", func(t *testing.T) {
		b := h.New(t)
		got := subscribe(t, t.Context(), b, "execution.*")
		for i := range 100 {
			publish(t, b, "execution.requested", strconv.Itoa(i))
		}
		for i := range 100 {
			if m, want := receive(t, got), strconv.Itoa(i); string(m.Body) != want {
				t.Fatalf("message %d is %q, want %q", i, m.Body, want)
			}
		}
	})

	t.Run("chooses by subject", func(t *testing.T) {
		b := h.New(t)
		got := subscribe(t, t.Context(), b, "execution.*.done")
		publish(t, b, "execution.7", "no")
		publish(t, b, "execution.7.done.twice", "no")
		publish(t, b, "execution.7.done", "yes")
		if m := receive(t, got); string(m.Body) != "yes" {
			t.Errorf("got %+v", m)
		}
	})

	t.Run("lets a handler publish", func(t *testing.T) {
		b := h.New(t)
		got := subscribe(t, t.Context(), b, "b")
		err := b.Subscribe(t.Context(), "a", func(m bus.Message) { publish(t, b, "b", string(m.Body)) })
		if err != nil {
			t.Fatal(err)
		}
		publish(t, b, "a", "passed on")
		if m := receive(t, got); string(m.Body) != "passed on" {
			t.Errorf("got %+v", m)
		}
	})

	t.Run("forgets a subscriber whose context is done", func(t *testing.T) {
		b := h.New(t)
		ctx, stop := context.WithCancel(t.Context())
		gone := subscribe(t, ctx, b, ">")
		stays := subscribe(t, t.Context(), b, ">")
		stop()
		publish(t, b, "a", "x")
		receive(t, stays) // so the message has been round
		if len(gone) > 0 {
			t.Errorf("still got %+v", <-gone)
		}
	})
}

func subscribe(t *testing.T, ctx context.Context, b bus.Bus, pattern string) <-chan bus.Message {
	t.Helper()
	c := make(chan bus.Message, 1000) // more than any subtest sends
	if err := b.Subscribe(ctx, pattern, func(m bus.Message) { c <- m }); err != nil {
		t.Fatal(err)
	}
	return c
}

func publish(t *testing.T, b bus.Bus, subject, body string) {
	t.Helper()
	if err := b.Publish(context.Background(), bus.Message{Subject: subject, Body: []byte(body)}); err != nil {
		t.Error(err)
	}
}

func receive(t *testing.T, c <-chan bus.Message) bus.Message {
	t.Helper()
	select {
	case m := <-c:
		return m
	case <-time.After(10 * time.Second): // generous: only a failure waits
		t.Fatal("no message in ten seconds")
		panic("unreachable")
	}
}
