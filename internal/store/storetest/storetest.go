// Package storetest holds the promises of package store as tests. Every driver
// passes them.
package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// A Harness makes databases for the suite.
type Harness struct {
	// New returns an empty database that lives until the test ends.
	New func(t *testing.T) store.Driver
	// Reopen closes a database of New and opens what it has stored, which lives
	// until the test ends.
	Reopen func(t *testing.T, d store.Driver) store.Driver
}

// Run checks that the databases of h keep the promises of package store.
func Run(t *testing.T, h Harness) {
	t.Run("transactions", func(t *testing.T) { transactions(t, h) })
	t.Run("content", func(t *testing.T) { content(t, h) })
	t.Run("executions", func(t *testing.T) { executions(t, h) })
	t.Run("lists of executions", func(t *testing.T) { executionLists(t, h) })
	t.Run("changes", func(t *testing.T) { changes(t, h) })
	t.Run("waiting for people", func(t *testing.T) { expiry(t, h) })
	t.Run("notices", func(t *testing.T) { notices(t, h) })
	t.Run("claims", func(t *testing.T) { claims(t, h) })
	t.Run("results", func(t *testing.T) { results(t, h) })
	t.Run("output", func(t *testing.T) { output(t, h) })
	t.Run("events", func(t *testing.T) { events(t, h) })
	t.Run("enforcements", func(t *testing.T) { enforcements(t, h) })
	t.Run("pulse", func(t *testing.T) { pulse(t, h) })
	t.Run("traces", func(t *testing.T) { traces(t, h) })
	t.Run("workers", func(t *testing.T) { workers(t, h) })
	t.Run("sensors", func(t *testing.T) { sensors(t, h) })
	t.Run("probes", func(t *testing.T) { probes(t, h) })
	t.Run("closings", func(t *testing.T) { closings(t, h) })
	t.Run("keys", func(t *testing.T) { keys(t, h) })
	t.Run("access", func(t *testing.T) { accounts(t, h) })
	t.Run("audit", func(t *testing.T) { audited(t, h) })
	t.Run("sealed", func(t *testing.T) { sealed(t, h) })
	t.Run("retention", func(t *testing.T) { retention(t, h) })
	t.Run("workflows", func(t *testing.T) { workflows(t, h) })
	t.Run("model", func(t *testing.T) { model(t, h) })
}

// t0 is when the tests begin.
func t0() time.Time { return time.Date(2026, 11, 22, 2, 0, 0, 123_000, time.UTC) }

// at is n seconds after the beginning.
func at(n int) time.Time { return t0().Add(time.Duration(n) * time.Second) }

// id is the n-th id.
func id(n int) string { return fmt.Sprintf("%024x", n) }

func write(t *testing.T, s *store.Store, f func(tx *store.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// wrote is write for what reports whether it did something.
func wrote(t *testing.T, s *store.Store, want bool, f func(tx *store.Tx) (bool, error)) {
	t.Helper()
	var got bool
	write(t, s, func(tx *store.Tx) (err error) {
		got, err = f(tx)
		return err
	})
	if got != want {
		t.Errorf("reported %v, want %v", got, want)
	}
}

// simple is a fresh execution that is requested n seconds after the beginning.
func simple(n int) *execution.Execution {
	return &execution.Execution{
		ID: id(n), Status: execution.Requested, Action: "core.noop", Runner: "noop", CreatedAt: at(n),
		Log: []execution.LogEntry{{Status: execution.Requested, At: at(n)}},
	}
}

func scheduled(n int) *execution.Execution {
	e := simple(n)
	e.Status = execution.Scheduled
	return e
}

func insert(t *testing.T, s *store.Store, all ...*execution.Execution) {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		for _, e := range all {
			if err := tx.InsertExecution(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
}

func get(t *testing.T, s *store.Store, id string) *execution.Execution {
	t.Helper()
	e, err := s.Reader().Execution(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func change(t *testing.T, s *store.Store, want bool, c store.Change) {
	t.Helper()
	wrote(t, s, want, func(tx *store.Tx) (bool, error) { return tx.ChangeExecution(t.Context(), c) })
}

// hire gives a worker a lease that lasts.
func hire(t *testing.T, s *store.Store, worker string) {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		known, err := tx.RenewWorker(t.Context(), worker, t0(), at(1_000_000))
		if known || err != nil {
			return err
		}
		return tx.AddWorker(t.Context(), worker, t0(), at(1_000_000))
	})
}

// claim claims for a worker, which it hires.
func claim(t *testing.T, s *store.Store, worker string, n int, now time.Time) []*execution.Execution {
	t.Helper()
	hire(t, s, worker)
	var out []*execution.Execution
	write(t, s, func(tx *store.Tx) (err error) {
		out, err = tx.Claim(t.Context(), worker, n, now)
		return err
	})
	return out
}

// ids returns the last digits of the ids of executions, to read in a message.
func ids(all []*execution.Execution) string {
	var b strings.Builder
	for i, e := range all {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.TrimLeft(e.ID, "0"))
	}
	return b.String()
}

func wantIDs(t *testing.T, what string, got []*execution.Execution, want string) {
	t.Helper()
	if got := ids(got); got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func wantNotFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s: got error %v, want ErrNotFound", what, err)
	}
}

// diff compares what was stored with what came back: JSON by its meaning, no
// slice like an empty one.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.FilterValues(
		func(a, b json.RawMessage) bool { return len(a) > 0 && len(b) > 0 },
		cmp.Comparer(func(a, b json.RawMessage) bool {
			return bytes.Equal(a, b) || cmp.Equal(decode(a), decode(b))
		})))
}

func decode(b json.RawMessage) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err.Error() + string(b)
	}
	return v
}

// everyContext is a context with everything in it.
func everyContext() execution.Context {
	return execution.Context{
		User: "stanley", APIUser: "hubot", Pack: "examples",
		Parent:          json.RawMessage(`{"execution_id": "000000000000000000000001", "pack": "examples"}`),
		TraceContext:    &execution.Trace{ID: id(77), Tag: "night"},
		Rule:            &execution.Named{ID: id(78), Name: "examples.restart"},
		TriggerInstance: &execution.Named{ID: id(79), Name: "core.st2.webhook"},
		Policies:        &execution.Policies{Retry: &execution.Retry{AppliedPolicy: "examples.retry", Count: 2, Retried: id(80)}},
		ReRun:           &execution.ReRun{Ref: id(81), Tasks: []string{"a", "b"}, Reset: []string{"b"}},
		CanceledBy:      "ops",
		Extra: map[string]json.RawMessage{
			"source_channel": json.RawMessage(`"ops"`),
			"nested":         json.RawMessage(`{"π": [1, 2.5, null, true]}`),
		},
	}
}

func list(t *testing.T, s *store.Store, q store.Executions, p store.Page) ([]*execution.Execution, store.Total) {
	t.Helper()
	out, total, err := s.Reader().ListExecutions(t.Context(), q, p)
	if err != nil {
		t.Fatal(err)
	}
	return out, total
}

// all is a page of everything.
func all() store.Page { return store.Page{Limit: -1} }

// background outlives a test's own context, for what runs beside it.
func background(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }
