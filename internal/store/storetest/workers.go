package storetest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func workers(t *testing.T, h Harness) {
	add := func(t *testing.T, s *store.Store, worker string, until int) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error { return tx.AddWorker(t.Context(), worker, at(0), at(until)) })
	}
	renew := func(t *testing.T, s *store.Store, want bool, worker string, now, until int) {
		t.Helper()
		wrote(t, s, want, func(tx *store.Tx) (bool, error) { return tx.RenewWorker(t.Context(), worker, at(now), at(until)) })
	}
	end := func(t *testing.T, s *store.Store, worker string) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error { return tx.EndWorker(t.Context(), worker) })
	}
	late := func(t *testing.T, s *store.Store, now int, want ...string) {
		t.Helper()
		got, err := s.Reader().LateWorkers(t.Context(), at(now))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("late at %d: %s", now, d)
		}
	}
	orphans := func(t *testing.T, s *store.Store, limit int, want string) {
		t.Helper()
		got, err := s.Reader().Orphans(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, "orphans", got, want)
	}

	t.Run("are late when their lease has run out", func(t *testing.T) {
		s := store.New(h.New(t))
		add(t, s, "b", 10)
		add(t, s, "a", 10)
		add(t, s, "c", 30)
		late(t, s, 10)
		late(t, s, 11, "a", "b")
		renew(t, s, true, "a", 10, 40)
		late(t, s, 31, "b", "c")
	})

	t.Run("can't renew a lease that has run out or was ended", func(t *testing.T) {
		s := store.New(h.New(t))
		add(t, s, "a", 10)
		renew(t, s, false, "a", 11, 30)
		add(t, s, "b", 10)
		end(t, s, "b")
		renew(t, s, false, "b", 5, 30)
		renew(t, s, false, "nobody", 5, 30)
		late(t, s, 20, "a")
	})

	t.Run("leave orphans", func(t *testing.T) {
		s := store.New(h.New(t))
		add(t, s, "gone", 10)
		add(t, s, "here", 10)
		for n, status := range execution.Statuses() {
			for i, worker := range []string{"gone", "here", ""} {
				e := simple(16*(n+1) + i)
				e.Status, e.Worker = status, worker
				insert(t, s, e)
			}
		}
		orphans(t, s, 99, "")
		end(t, s, "gone")
		var held []string
		for n, status := range execution.Statuses() {
			if status.Held() {
				held = append(held, ids([]*execution.Execution{simple(16 * (n + 1))}))
			}
		}
		want := " " + strings.Join(held, " ")
		orphans(t, s, 99, want[1:])
		orphans(t, s, 2, want[1:6])
		end(t, s, "here")
		got, err := s.Reader().Orphans(t.Context(), 99)
		if err != nil || len(got) != 8 {
			t.Errorf("of two workers: %q, %v", ids(got), err)
		}
	})

	t.Run("can end all at once", func(t *testing.T) {
		s := store.New(h.New(t))
		add(t, s, "a", 10)
		add(t, s, "b", 10)
		var held []string
		for n, status := range execution.Statuses() {
			e := simple(n + 1)
			e.Status, e.Worker = status, []string{"a", "b"}[n%2]
			insert(t, s, e)
			if status.Held() {
				held = append(held, e.ID)
			}
		}
		write(t, s, func(tx *store.Tx) error {
			got, err := tx.EndWorkers(t.Context())
			if d := cmp.Diff(set(held), set(got)); d != "" {
				t.Error(d)
			}
			return err
		})
		renew(t, s, false, "a", 5, 30)
		if got, err := s.Reader().Orphans(t.Context(), 99); err != nil || len(got) != len(held) {
			t.Errorf("orphans %q, %v", ids(got), err)
		}
	})

	t.Run("hear what they should stop", func(t *testing.T) {
		s := store.New(h.New(t))
		for n, worker := range []string{"a", "b", "a", "a"} {
			e := simple(n + 1)
			e.Status, e.Worker = execution.Canceling, worker
			if n == 2 {
				e.Status = execution.Running
			}
			insert(t, s, e)
		}
		got, err := s.Reader().Canceling(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]bool{id(1): true, id(4): true}, set(got)); d != "" {
			t.Error(d)
		}
	})
}

func set(all []string) map[string]bool {
	out := map[string]bool{}
	for _, s := range all {
		out[s] = true
	}
	return out
}
