package storetest

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func event(n int, ref, key string) *trigger.Instance {
	return &trigger.Instance{
		ID: id(n), Trigger: ref, Key: key, OccurredAt: at(n), Status: trigger.Processed, TraceTag: "night",
		Payload: json.RawMessage(`{"alert": "ä", "n": 12345678901234567890}`),
	}
}

func insertEvent(t *testing.T, s *store.Store, want bool, i *trigger.Instance) {
	t.Helper()
	wrote(t, s, want, func(tx *store.Tx) (bool, error) { return tx.InsertInstance(t.Context(), i) })
}

func events(t *testing.T, h Harness) {
	t.Run("come back as they went in", func(t *testing.T) {
		s := store.New(h.New(t))
		want := event(1, "core.a", "k1")
		insertEvent(t, s, true, want)
		got, err := s.Reader().Instance(t.Context(), id(1))
		if err != nil {
			t.Fatal(err)
		}
		if d := diff(want, got); d != "" {
			t.Error(d)
		}
		got, err = s.Reader().InstanceByKey(t.Context(), "core.a", "k1")
		if err != nil || got.ID != id(1) {
			t.Errorf("by its key: %v, %v", got, err)
		}
		_, err = s.Reader().InstanceByKey(t.Context(), "core.b", "k1")
		wantNotFound(t, "by its key, of another trigger", err)
		_, err = s.Reader().Instance(t.Context(), id(2))
		wantNotFound(t, "an id that nobody has", err)
	})

	t.Run("the latest of a trigger", func(t *testing.T) {
		s := store.New(h.New(t))
		for n, ref := range []string{"core.a", "core.b", "core.a", "core.a", "core.a"} {
			insertEvent(t, s, true, event(n, ref, ""))
		}
		got, err := s.Reader().LatestInstances(t.Context(), "core.a", at(2), 2)
		if err != nil || len(got) != 2 || got[0].ID != id(4) || got[1].ID != id(3) {
			t.Errorf("got %v, %v", got, err)
		}
		if got, err = s.Reader().LatestInstances(t.Context(), "core.a", at(2), 9); err != nil || len(got) != 3 {
			t.Errorf("since a time: %v, %v", got, err)
		}
	})

	t.Run("that are delivered twice are recorded once", func(t *testing.T) {
		s := store.New(h.New(t))
		insertEvent(t, s, true, event(1, "core.a", "k1"))
		insertEvent(t, s, false, event(2, "core.a", "k1"))
		insertEvent(t, s, true, event(3, "core.b", "k1")) // the key of another trigger
		insertEvent(t, s, true, event(4, "core.a", "k2"))
		insertEvent(t, s, true, event(5, "core.a", "")) // no key: each is an event
		insertEvent(t, s, true, event(6, "core.a", ""))
		got, total, err := s.Reader().ListInstances(t.Context(), store.Instances{}, store.Page{Limit: -1, Asc: true})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff("1 3 4 5 6", eventIDs(got)); d != "" || total.N != 5 {
			t.Errorf("in all %d: %s", total.N, d)
		}
	})

	t.Run("that are delivered at the same time are recorded once", func(t *testing.T) {
		s := store.New(h.New(t))
		var wg sync.WaitGroup
		first := make(chan int, 20) // one for each delivery, should all be the first
		for n := range 20 {
			wg.Go(func() {
				fresh := false
				err := s.Write(t.Context(), func(tx *store.Tx) (err error) {
					if fresh, err = tx.InsertInstance(t.Context(), event(n, "core.a", "k1")); !fresh || err != nil {
						return err
					}
					return tx.InsertExecution(t.Context(), simple(n))
				})
				if err != nil {
					t.Error(err)
				}
				if fresh {
					first <- n
				}
			})
		}
		wg.Wait()
		if len(first) != 1 {
			t.Fatalf("%d deliveries were the first", len(first))
		}
		got, _ := list(t, s, store.Executions{}, all())
		wantIDs(t, "executions", got, ids([]*execution.Execution{simple(<-first)}))
	})

	t.Run("can come again when they were undone", func(t *testing.T) {
		s := store.New(h.New(t))
		_ = s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.InsertInstance(t.Context(), event(1, "core.a", "k1")); err != nil {
				t.Error(err)
			}
			panic("at night")
		})
		insertEvent(t, s, true, event(2, "core.a", "k1"))
	})

	t.Run("list", func(t *testing.T) { eventLists(t, h) })
}

func eventLists(t *testing.T, h Harness) {
	s := store.New(h.New(t))
	var people []*trigger.Instance
	for n := range 60 {
		e := event(n, []string{"core.a", "core.b", "core.c"}[n%3], "")
		e.OccurredAt = at(n / 4 * 4 % 40)
		if n%5 == 0 {
			e.Status = trigger.ProcessingFailed
		}
		people = append(people, e)
		insertEvent(t, s, true, e)
	}
	for name, tt := range map[string]struct {
		q    store.Instances
		want func(*trigger.Instance) bool
	}{
		"everything":   {store.Instances{}, func(*trigger.Instance) bool { return true }},
		"ids":          {store.Instances{IDs: []string{id(9), id(2)}}, func(e *trigger.Instance) bool { return e.ID == id(9) || e.ID == id(2) }},
		"one trigger":  {store.Instances{Triggers: []string{"core.a"}}, func(e *trigger.Instance) bool { return e.Trigger == "core.a" }},
		"two triggers": {store.Instances{Triggers: []string{"core.a", "core.c"}}, func(e *trigger.Instance) bool { return e.Trigger != "core.b" }},
		"status":       {store.Instances{Status: trigger.ProcessingFailed}, func(e *trigger.Instance) bool { return e.Status == trigger.ProcessingFailed }},
		"time": {store.Instances{After: at(8), Before: at(20)}, func(e *trigger.Instance) bool {
			return e.OccurredAt.After(at(8)) && e.OccurredAt.Before(at(20))
		}},
	} {
		t.Run("by "+name, func(t *testing.T) {
			var want []*trigger.Instance
			for _, e := range people {
				if tt.want(e) {
					want = append(want, e)
				}
			}
			slices.SortStableFunc(want, func(a, b *trigger.Instance) int { return a.OccurredAt.Compare(b.OccurredAt) })
			for _, asc := range []bool{true, false} {
				var got []*trigger.Instance
				for {
					page, total, err := s.Reader().ListInstances(t.Context(), tt.q, store.Page{Limit: 7, Offset: len(got), Asc: asc})
					if err != nil {
						t.Fatal(err)
					}
					if total != (store.Total{N: len(want)}) {
						t.Fatalf("total is %v, want %d", total, len(want))
					}
					if got = append(got, page...); len(page) == 0 {
						break
					}
				}
				if d := cmp.Diff(eventIDs(want), eventIDs(got)); d != "" {
					t.Errorf("ascending %v: %s", asc, d)
				}
				slices.Reverse(want)
			}
		})
	}
}

func eventIDs(all []*trigger.Instance) string {
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = strings.TrimLeft(e.ID, "0")
	}
	return strings.Join(out, " ")
}

func enforcements(t *testing.T, h Harness) {
	s := store.New(h.New(t))
	var people []store.Enforcement
	write(t, s, func(tx *store.Tx) error {
		for n := range 40 {
			e := store.Enforcement{
				ID: id(n), RuleRef: "examples.rule" + string(rune('a'+n%3)), RuleID: id(500 + n%3), Instance: id(600 + n/2), At: at(n / 4),
			}
			if n%4 == 0 {
				e.Failed, e.FailureReason = true, "parameter cmd: 'ä' is undefined"
			} else {
				e.Execution = id(700 + n)
				x := simple(700 + n)
				x.Context.TriggerInstance = &execution.Named{ID: e.Instance}
				if err := tx.InsertExecution(t.Context(), x); err != nil {
					return err
				}
			}
			people = append(people, e)
			if err := tx.InsertEnforcement(t.Context(), e); err != nil {
				return err
			}
		}
		return tx.InsertExecution(t.Context(), simple(900)) // nobody's rule asked for it
	})

	t.Run("come back as they went in", func(t *testing.T) {
		for _, want := range people[:2] {
			got, err := s.Reader().Enforcement(t.Context(), want.ID)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		_, err := s.Reader().Enforcement(t.Context(), id(99))
		wantNotFound(t, "an id that nobody has", err)
	})

	t.Run("are counted up to a bound", func(t *testing.T) {
		s := store.New(h.New(t))
		write(t, s, func(tx *store.Tx) error {
			for n := range 10_001 {
				if err := tx.InsertEnforcement(t.Context(), store.Enforcement{ID: id(n), RuleRef: "examples.a"}); err != nil {
					return err
				}
			}
			return nil
		})
		got, total, err := s.Reader().ListEnforcements(t.Context(), store.Enforcements{}, store.Page{Limit: 3})
		if err != nil || len(got) != 3 || total != (store.Total{N: 10_000, AtLeast: true}) {
			t.Errorf("%d enforcements, in all %v, %v", len(got), total, err)
		}
	})

	t.Run("are found by their events", func(t *testing.T) {
		for _, events := range [][]string{nil, {id(603)}, {id(603), id(605), id(9999)}} {
			var want []store.Enforcement
			for _, e := range people {
				if slices.Contains(events, e.Instance) {
					want = append(want, e)
				}
			}
			slices.Reverse(want)
			got, err := s.Reader().EnforcementsOf(t.Context(), events)
			if d := diff(want, got); err != nil || d != "" {
				t.Errorf("of %v: %v %s", events, err, d)
			}
		}
	})

	for name, tt := range map[string]struct {
		q    store.Enforcements
		want func(store.Enforcement) bool
	}{
		"everything": {store.Enforcements{}, func(store.Enforcement) bool { return true }},
		"ids":        {store.Enforcements{IDs: []string{id(9), id(2)}}, func(e store.Enforcement) bool { return e.ID == id(9) || e.ID == id(2) }},
		"rule":       {store.Enforcements{RuleRef: "examples.rulea"}, func(e store.Enforcement) bool { return e.RuleRef == "examples.rulea" }},
		"rule's id":  {store.Enforcements{RuleID: id(501)}, func(e store.Enforcement) bool { return e.RuleID == id(501) }},
		"event":      {store.Enforcements{Instance: id(603)}, func(e store.Enforcement) bool { return e.Instance == id(603) }},
		"execution":  {store.Enforcements{Execution: id(707)}, func(e store.Enforcement) bool { return e.Execution == id(707) }},
		"execution without a rule": {store.Enforcements{Execution: id(900)}, func(store.Enforcement) bool {
			return false
		}},
		"execution that nobody has": {store.Enforcements{Execution: id(999)}, func(store.Enforcement) bool { return false }},
		"time": {store.Enforcements{After: at(2), Before: at(5)}, func(e store.Enforcement) bool {
			return e.At.After(at(2)) && e.At.Before(at(5))
		}},
	} {
		t.Run("list by "+name, func(t *testing.T) {
			var want []store.Enforcement
			for _, e := range people {
				if tt.want(e) {
					want = append(want, e)
				}
			}
			for _, asc := range []bool{true, false} {
				var got []store.Enforcement
				for {
					page, total, err := s.Reader().ListEnforcements(t.Context(), tt.q, store.Page{Limit: 7, Offset: len(got), Asc: asc})
					if err != nil {
						t.Fatal(err)
					}
					if total != (store.Total{N: len(want)}) {
						t.Fatalf("total is %v, want %d", total, len(want))
					}
					if got = append(got, page...); len(page) == 0 {
						break
					}
				}
				if !asc {
					slices.Reverse(got)
				}
				if d := diff(want, got); d != "" {
					t.Errorf("ascending %v: %s", asc, d)
				}
			}
		})
	}
}
