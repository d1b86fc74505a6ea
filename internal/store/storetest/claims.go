package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func claims(t *testing.T, h Harness) {
	t.Run("go to what is due the longest, in that order", func(t *testing.T) {
		s := store.New(h.New(t))
		// 1 and 3 were held back until after 2 and 4 were requested.
		for n, wait := range []int{25, 0, 45, 0, 0} {
			e := scheduled((n + 1) * 10)
			if wait > 0 {
				e.NotBefore = at(wait)
			}
			insert(t, s, e)
		}
		// 0x14 is requested at 20, 0xa is due at 25, 0x28 is requested at 40, 0x1e is due at 45.
		for _, want := range []string{"14 a", "28 1e", "32", ""} {
			wantIDs(t, "two more", claim(t, s, "w1", 2, at(60)), want)
		}
	})

	t.Run("do not come before the time", func(t *testing.T) {
		s := store.New(h.New(t))
		later := scheduled(1)
		later.NotBefore = at(30)
		insert(t, s, later)
		wantIDs(t, "early", claim(t, s, "w1", 9, at(30).Add(-1000)), "")
		wantIDs(t, "in time", claim(t, s, "w1", 9, at(30)), "1")
	})

	t.Run("need no clock for what may run at once", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, scheduled(50))
		wantIDs(t, "by a clock that is late", claim(t, s, "w1", 9, at(10)), "32")
	})

	t.Run("are for scheduled executions only", func(t *testing.T) {
		s := store.New(h.New(t))
		for n, status := range execution.Statuses() {
			e := simple(n)
			e.Status = status
			insert(t, s, e)
		}
		got := claim(t, s, "w1", 99, at(99))
		if len(got) != 1 || got[0].ID != id(slices.Index(execution.Statuses(), execution.Scheduled)) {
			t.Errorf("claimed %q", ids(got))
		}
	})

	t.Run("tell everything, and are kept", func(t *testing.T) {
		s := store.New(h.New(t))
		want := scheduled(1)
		want.Context, want.Parameters = everyContext(), []byte(`{"cmd": "date"}`)
		insert(t, s, want)
		got := claim(t, s, "w1", 9, at(9))
		want.Status, want.Attempt, want.Worker, want.StartedAt = execution.Running, 1, "w1", at(9)
		want.Log = append(want.Log, execution.LogEntry{Status: execution.Running, At: at(9)})
		if d := diff([]*execution.Execution{want}, got); d != "" {
			t.Errorf("claimed: %s", d)
		}
		if d := diff(want, get(t, s, id(1))); d != "" {
			t.Errorf("kept: %s", d)
		}
	})

	t.Run("are counted, and an old one is heard no more", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, scheduled(1))
		for attempt := 1; attempt <= 3; attempt++ {
			got := claim(t, s, "w1", 1, at(10*attempt))
			if len(got) != 1 || got[0].Attempt != attempt {
				t.Fatalf("claim %d: %q, attempt %d", attempt, ids(got), got[0].Attempt)
			}
			done := store.Change{ID: id(1), From: []execution.Status{execution.Running}, To: execution.Succeeded, At: at(99)}
			done.Attempt = attempt - 1
			if attempt > 1 {
				change(t, s, false, done)
			}
			if attempt < 3 {
				done.Attempt, done.To = attempt, execution.Scheduled
				change(t, s, true, done)
			}
		}
	})

	t.Run("never meet", func(t *testing.T) {
		s := store.New(h.New(t))
		const n, claimers = 400, 8
		var all []*execution.Execution
		for i := range n {
			all = append(all, scheduled(i))
		}
		insert(t, s, all...)
		for i := range claimers {
			hire(t, s, string(rune('a'+i)))
		}
		var mu sync.Mutex
		seen := map[string]string{} // guarded by mu
		var wg sync.WaitGroup
		for i := range claimers {
			wg.Go(func() {
				worker := string(rune('a' + i))
				for {
					var got []*execution.Execution
					err := s.Write(t.Context(), func(tx *store.Tx) (err error) {
						got, err = tx.Claim(t.Context(), worker, 7, at(n))
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					if len(got) == 0 {
						return
					}
					mu.Lock()
					for _, e := range got {
						if other := seen[e.ID]; other != "" || e.Attempt != 1 || e.Worker != worker {
							t.Errorf("%s claimed %s, attempt %d of %q, and so did %q", worker, e.ID, e.Attempt, e.Worker, other)
						}
						seen[e.ID] = worker
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(seen) != n {
			t.Errorf("%d of %d were claimed", len(seen), n)
		}
	})

	t.Run("undone leave the execution to others", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, scheduled(1))
		hire(t, s, "w1")
		_ = s.Write(t.Context(), func(tx *store.Tx) error {
			if got, err := tx.Claim(t.Context(), "w1", 1, at(9)); err != nil || len(got) != 1 {
				t.Errorf("claimed %q, %v", ids(got), err)
			}
			panic("at night")
		})
		if got := claim(t, s, "w2", 1, at(9)); len(got) != 1 || got[0].Attempt != 1 {
			t.Errorf("claimed %q", ids(got))
		}
	})

	t.Run("are not for a worker whose lease is over", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, scheduled(1), scheduled(2), scheduled(3))
		write(t, s, func(tx *store.Tx) error { return tx.AddWorker(t.Context(), "w1", at(0), at(10)) })
		take := func(worker string, now int, want string) {
			t.Helper()
			write(t, s, func(tx *store.Tx) error {
				got, err := tx.Claim(t.Context(), worker, 1, at(now))
				wantIDs(t, fmt.Sprintf("%s at %d", worker, now), got, want)
				return err
			})
		}
		take("w1", 10, "1")
		take("w1", 11, "")
		take("nobody", 10, "")
		write(t, s, func(tx *store.Tx) error { return tx.EndWorker(t.Context(), "w1") })
		take("w1", 9, "")
	})

	t.Run("waiting is what asks for a policy and has come due, oldest first", func(t *testing.T) {
		s := store.New(h.New(t))
		for n := range 24 {
			e := simple(n + 1)
			e.Status = []execution.Status{execution.Requested, execution.Delayed, execution.Scheduled}[n%3]
			e.Action = []string{"core.noop", "core.local"}[n/12]
			switch n % 4 {
			case 1:
				e.NotBefore = at(40 - n)
			case 2:
				e.NotBefore = at(90)
			}
			insert(t, s, e)
		}
		// Of core.noop, 1 4 7 a are requested, 2 5 8 b delayed; of core.local, d 10 13 16 and
		// e 11 14 17. 3 7 b f 13 17 are due at 90.
		waiting := func(want string, action string, fresh bool, limit int) {
			t.Helper()
			var got []*execution.Execution
			var after int64
			for {
				page, last, err := s.Reader().Waiting(t.Context(), action, fresh, after, at(50), limit)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				if len(page) > limit {
					t.Errorf("a page of %d has %d", limit, len(page))
				}
				got, after = append(got, page...), last
			}
			wantIDs(t, fmt.Sprintf("of %s, fresh %v, pages of %d", action, fresh, limit), got, want)
		}
		for _, limit := range []int{1, 2, 3, 99} {
			waiting("1 2 4 5 8 a", "core.noop", false, limit)
			waiting("1 4 a", "core.noop", true, limit)
			waiting("d 10 16", "core.local", true, limit)
			waiting("", "core.none", false, limit)
		}
		but := func(want string, limit int, actions ...string) {
			t.Helper()
			got, err := s.Reader().WaitingBut(t.Context(), actions, at(50), limit)
			if err != nil {
				t.Fatal(err)
			}
			wantIDs(t, fmt.Sprintf("but %q", actions), got, want)
		}
		but("1 2 4 5 8 a d e 10 11 14 16", 99)
		but("1 2 4", 3)
		but("d e 10 11 14 16", 99, "core.noop", "core.none")
		but("1 2 4 5 8 a", 99, "core.local")
		but("", 99, "core.local", "core.noop")
	})

	t.Run("the next is due when its time comes", func(t *testing.T) {
		s := store.New(h.New(t))
		next := func(now int, want string) {
			t.Helper()
			got, err := s.Reader().NextDue(t.Context(), at(now))
			if err != nil {
				t.Fatal(err)
			}
			if seconds(got) != want {
				t.Errorf("at %d: got %s, want %s", now, seconds(got), want)
			}
		}
		next(0, "never")
		for n, status := range map[int]execution.Status{
			10: execution.Running, 20: execution.Scheduled, 30: execution.Delayed, 40: execution.Requested, 50: execution.Failed,
		} {
			e := simple(n)
			e.Status, e.NotBefore = status, at(n)
			insert(t, s, e)
		}
		insert(t, s, scheduled(60)) // at once
		next(0, "20s")
		next(20, "30s")
		next(39, "40s")
		next(40, "never")
	})

	t.Run("occupying is what may run or does", func(t *testing.T) {
		s := store.New(h.New(t))
		var want []*execution.Execution
		for n, status := range execution.Statuses() {
			e := simple(n + 1)
			e.Status = status
			insert(t, s, e)
			other := *e
			other.ID, other.Action = id(n+101), "core.local"
			insert(t, s, &other)
			if !status.Final() && status != execution.Requested && status != execution.Delayed {
				want = append(want, e)
			}
		}
		got, err := s.Reader().Occupying(t.Context(), "core.noop")
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, "of core.noop", got, ids(want))
	})
}
