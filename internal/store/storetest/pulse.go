package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func pulse(t *testing.T, h Harness) {
	t.Run("counts events by minute", func(t *testing.T) {
		s := store.New(h.New(t))
		for i, second := range []int{0, 10, 59, 60, 61, 200} {
			e := event(i, "core.a", "")
			e.OccurredAt = at(second)
			insertEvent(t, s, true, e)
		}
		minute := func(n int) time.Time { return t0().Truncate(time.Minute).Add(time.Duration(n) * time.Minute) }
		for name, tc := range map[string]struct {
			since time.Time
			most  int
			want  map[time.Time]int
			all   bool
		}{
			"all":        {at(0), 100, map[time.Time]int{minute(0): 3, minute(1): 2, minute(3): 1}, true},
			"since then": {at(60), 100, map[time.Time]int{minute(1): 2, minute(3): 1}, true},
			"the latest": {at(0), 2, map[time.Time]int{minute(1): 1, minute(3): 1}, false},
			"none":       {at(300), 100, map[time.Time]int{}, true},
		} {
			t.Run(name, func(t *testing.T) {
				got, all, err := s.Reader().EventsByMinute(t.Context(), tc.since, tc.most)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tc.want, got); d != "" || all != tc.all {
					t.Errorf("all %v, want %v; %s", all, tc.all, d)
				}
			})
		}
	})

	t.Run("counts what rules have started", func(t *testing.T) {
		s := store.New(h.New(t))
		write(t, s, func(tx *store.Tx) error {
			for n := range 6 {
				e := simple(n)
				if n%2 == 1 {
					e.Status = execution.Failed
				}
				if err := tx.InsertExecution(t.Context(), e); err != nil {
					return err
				}
				if n == 5 {
					continue // nobody's rule asked for it
				}
				if err := tx.InsertEnforcement(t.Context(), store.Enforcement{ID: id(100 + n), RuleRef: "p.r", Execution: e.ID, At: at(n)}); err != nil {
					return err
				}
			}
			return tx.InsertEnforcement(t.Context(), store.Enforcement{ID: id(200), RuleRef: "p.r", Failed: true, At: at(9)})
		})
		expect := func(since, oldest time.Time, most int, want map[execution.Status]int) {
			t.Helper()
			got, from, err := s.Reader().StartedByRules(t.Context(), since, most)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" || !from.Equal(oldest) {
				t.Errorf("since %v, want %v; %s", from, oldest, d)
			}
		}
		waiting := simple(0).Status
		expect(at(0), at(0), 100, map[execution.Status]int{waiting: 3, execution.Failed: 2})
		expect(at(3), at(3), 100, map[execution.Status]int{waiting: 1, execution.Failed: 1})
		expect(at(0), at(2), 3, map[execution.Status]int{waiting: 2, execution.Failed: 1})
	})
}
