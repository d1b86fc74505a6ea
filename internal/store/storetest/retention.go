package storetest

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func retention(t *testing.T, h Harness) {
	// drain deletes in batches and says how many went in each.
	drain := func(t *testing.T, s *store.Store, want []int, f func(tx *store.Tx) (int, error)) {
		t.Helper()
		for i, want := range want {
			write(t, s, func(tx *store.Tx) error {
				n, err := f(tx)
				if n != want {
					t.Errorf("batch %d: %d went, want %d", i, n, want)
				}
				return err
			})
		}
	}
	finished := func(n, at_ int) *execution.Execution {
		e := simple(n)
		e.Status, e.FinishedAt = execution.Succeeded, at(at_)
		return e
	}

	t.Run("takes what finished before, oldest first, in batches", func(t *testing.T) {
		s := store.New(h.New(t))
		child := finished(5, 30)
		child.Parent = id(1)
		// 2 is old and runs still; 6 was requested before the border and finished after it; 7 finished on it.
		insert(t, s, finished(1, 10), simple(2), finished(3, 11), finished(4, 9), child, finished(6, 60), finished(7, 50), finished(70, 80))
		totals := func(n, roots int) {
			t.Helper()
			got, total := list(t, s, store.Executions{}, all())
			_, atRoot := list(t, s, store.Executions{Root: true}, all())
			if total.N != n || len(got) != n || atRoot.N != roots {
				t.Errorf("in all %d, at the root %d, there are %q", total.N, atRoot.N, ids(got))
			}
		}
		totals(8, 7)
		old := func(tx *store.Tx) (int, error) { return tx.DeleteFinishedBefore(t.Context(), at(50), 2) }
		drain(t, s, []int{2}, old)
		got, _ := list(t, s, store.Executions{}, store.Page{Limit: -1, Asc: true})
		wantIDs(t, "after one batch", got, "2 4 5 6 7 46")
		totals(6, 5)
		drain(t, s, []int{2, 0}, old)
		got, _ = list(t, s, store.Executions{}, store.Page{Limit: -1, Asc: true})
		wantIDs(t, "at the end", got, "2 6 7 46")
		totals(4, 4)
	})

	t.Run("takes results and output along", func(t *testing.T) {
		s := store.New(h.New(t))
		for n := 1; n <= 2; n++ {
			e := finished(n, n*10)
			e.Result = resultOf(100_000)
			insert(t, s, e)
			write(t, s, func(tx *store.Tx) error {
				return tx.AddOutput(t.Context(), []store.Chunk{{Execution: id(n), Stream: "stdout", At: at(n), Data: "x"}})
			})
		}
		before, err := s.Reader().Size(t.Context())
		if err != nil || before < 10_000 {
			t.Fatalf("size %d, %v", before, err)
		}
		drain(t, s, []int{1}, func(tx *store.Tx) (int, error) { return tx.DeleteFinishedBefore(t.Context(), at(15), 9) })
		for n, want := range map[int]int{1: 0, 2: 1} {
			if got, err := s.Reader().Output(t.Context(), id(n), "", 0, 9); err != nil || len(got) != want {
				t.Errorf("output of %d: %v, %v", n, got, err)
			}
		}
		// The result of one that is deleted and comes again is not the old one.
		insert(t, s, simple(1))
		if got, err := s.Reader().Result(t.Context(), id(1)); err != nil || got != nil {
			t.Errorf("result: %d bytes, %v", len(got), err)
		}
		if got, err := s.Reader().Result(t.Context(), id(2)); err != nil || len(got) != 100_000 {
			t.Errorf("result of another: %d bytes, %v", len(got), err)
		}
	})

	t.Run("gives back the room of large results", func(t *testing.T) {
		s := store.New(h.New(t))
		size := func() int64 {
			t.Helper()
			n, err := s.Size(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := size()
		noise := make([]byte, 1<<20)            // so that it can't be compressed away
		rand.NewChaCha8([32]byte{}).Read(noise) //nolint:errcheck // documented never to fail
		large, err := json.Marshal(noise)
		if err != nil {
			t.Fatal(err)
		}
		e := scheduled(1)
		e.Result = large
		insert(t, s, e)
		if grown := size() - before; grown < 1<<20 {
			t.Fatalf("a result of %d bytes takes %d", len(large), grown)
		}
		// It ends with a small one, which takes the place of the large one.
		change(t, s, true, store.Change{
			ID: id(1), From: []execution.Status{execution.Scheduled}, To: execution.Canceled, At: at(2), Result: json.RawMessage(`{}`),
		})
		drain(t, s, []int{1}, func(tx *store.Tx) (int, error) { return tx.DeleteFinishedBefore(t.Context(), at(15), 9) })
		if left := size() - before; left > 1<<18 {
			t.Errorf("%d bytes are left", left)
		}
	})

	t.Run("takes events and enforcements", func(t *testing.T) {
		s := store.New(h.New(t))
		for n := range 10 {
			insertEvent(t, s, true, event(n, "core.a", id(n)))
			write(t, s, func(tx *store.Tx) error {
				return tx.InsertEnforcement(t.Context(), store.Enforcement{ID: id(n), RuleRef: "examples.a", Instance: id(n), At: at(n)})
			})
		}
		drain(t, s, []int{8, 6, 0}, func(tx *store.Tx) (int, error) { return tx.DeleteEventsBefore(t.Context(), at(7), 4) })
		events, total, err := s.Reader().ListInstances(t.Context(), store.Instances{}, store.Page{Limit: -1, Asc: true})
		if err != nil || eventIDs(events) != "7 8 9" || total.N != 3 {
			t.Errorf("events %q, in all %d, %v", eventIDs(events), total.N, err)
		}
		rules, total, err := s.Reader().ListEnforcements(t.Context(), store.Enforcements{}, all())
		if err != nil || len(rules) != 3 || total.N != 3 {
			t.Errorf("%d enforcements, in all %d, %v", len(rules), total.N, err)
		}
		insertEvent(t, s, true, event(1, "core.a", id(1))) // forgotten, so it is new
		insertEvent(t, s, false, event(20, "core.a", id(8)))
	})

	t.Run("takes output", func(t *testing.T) {
		s := store.New(h.New(t))
		write(t, s, func(tx *store.Tx) error {
			var chunks []store.Chunk
			for n := range 10 {
				chunks = append(chunks, store.Chunk{Execution: id(n % 2), Stream: "stdout", At: at(n), Data: "x"})
			}
			return tx.AddOutput(t.Context(), chunks)
		})
		drain(t, s, []int{4, 3, 0}, func(tx *store.Tx) (int, error) { return tx.DeleteOutputBefore(t.Context(), at(7), 4) })
		for n, want := range map[int]int{0: 1, 1: 2} {
			if got, err := s.Reader().Output(t.Context(), id(n), "", 0, 9); err != nil || len(got) != want {
				t.Errorf("output of %d: %v, %v", n, got, err)
			}
		}
	})

	t.Run("undone takes nothing from the tallies", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, finished(1, 2))
		_ = s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.DeleteFinishedBefore(t.Context(), at(50), 9); err != nil {
				t.Error(err)
			}
			panic("at night")
		})
		if got, total := list(t, s, store.Executions{}, all()); total.N != 1 || len(got) != 1 {
			t.Errorf("in all %d, there are %q", total.N, ids(got))
		}
	})
}
