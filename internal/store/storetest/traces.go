package storetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// traces checks that what came of something is found from both ends. An event (1) has
// a rule start a workflow (2) with a child (3), whose end is an event (4) that has
// a rule start one more (5). An execution (6) was asked for, and another (7) to be
// a part of what it began.
func traces(t *testing.T, h Harness) {
	s := store.New(h.New(t))
	write(t, s, func(tx *store.Tx) error {
		for _, i := range []*trigger.Instance{
			{ID: id(1), Trigger: "examples.alarm", OccurredAt: at(1), TraceTag: "night", Key: "what the sender calls it"},
			{ID: id(4), Trigger: trigger.ActionFinished, OccurredAt: at(4), Key: id(3)},
		} {
			i.Status = trigger.Processed
			if _, err := tx.InsertInstance(t.Context(), i); err != nil {
				return err
			}
		}
		for n, instance := range map[int]int{2: 1, 5: 4} {
			e := store.Enforcement{ID: id(100 + n), RuleRef: "examples.rule", RuleID: id(200), Instance: id(instance), Execution: id(n), At: at(n)}
			if err := tx.InsertEnforcement(t.Context(), e); err != nil {
				return err
			}
		}
		for _, n := range []int{2, 3, 5, 6, 7} {
			e := simple(n)
			e.CreatedAt = at(n)
			switch n {
			case 2:
				e.Context.TriggerInstance = &execution.Named{ID: id(1)}
			case 3:
				e.Parent, e.Context.TraceContext = id(2), &execution.Trace{ID: id(9)} // which it has from its parent
			case 5:
				e.Context.TriggerInstance = &execution.Named{ID: id(4)}
			case 6:
				e.Context.TraceContext = &execution.Trace{Tag: "mine"}
			case 7:
				e.Context.TraceContext = &execution.Trace{ID: id(6)}
			}
			if err := tx.InsertExecution(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	r := s.Reader()
	event, asked := store.Trace{ID: id(1), Tag: "night", Began: at(1)}, store.Trace{ID: id(6), Tag: "mine", Began: at(6)}

	t.Run("begin with what nothing caused", func(t *testing.T) {
		for n, want := range map[int]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 6, 7: 6} {
			if got, err := r.BeginningOf(t.Context(), id(n)); err != nil || got != id(want) {
				t.Errorf("%d: got %s, %v, want %s", n, got, err, id(want))
			}
		}
		_, err := r.BeginningOf(t.Context(), id(99))
		wantNotFound(t, "an id that nobody has", err)
	})
	t.Run("are listed by when they began", func(t *testing.T) {
		for name, tt := range map[string]struct {
			q    store.Traces
			page store.Page
			want []store.Trace
			n    int
		}{
			"all":        {page: store.Page{Limit: 9}, want: []store.Trace{asked, event}, n: 2},
			"from first": {page: store.Page{Limit: 9, Asc: true}, want: []store.Trace{event, asked}, n: 2},
			"a page":     {page: store.Page{Limit: 1, Offset: 1}, want: []store.Trace{event}, n: 2},
			"no page":    {page: store.Page{Limit: 5, Offset: 7}, n: 2},
			"by tag":     {q: store.Traces{Tag: "mine"}, page: store.Page{Limit: 9}, want: []store.Trace{asked}, n: 1},
			"by id":      {q: store.Traces{IDs: []string{id(1), id(2)}}, page: store.Page{Limit: 9}, want: []store.Trace{event}, n: 1},
		} {
			got, total, err := r.ListTraces(t.Context(), tt.q, tt.page)
			if err != nil || total.N != tt.n || !slices.EqualFunc(got, tt.want, func(a, b store.Trace) bool { return cmp.Equal(a, b) }) {
				t.Errorf("%s: got %v of %d, %v, want %v of %d", name, got, total.N, err, tt.want, tt.n)
			}
		}
	})
	t.Run("hold what came of it", func(t *testing.T) {
		all := func(store.Link) bool { return true }
		links, more, err := r.Links(t.Context(), id(1), 100, all)
		if err != nil || more {
			t.Fatal(err, more)
		}
		want := []store.Link{
			{Type: store.LinkEvent, ID: id(1), Ref: "examples.alarm", At: at(1)},
			{Type: store.LinkRule, ID: id(200), Ref: "examples.rule", At: at(2), Cause: store.Cause{Type: store.LinkEvent, ID: id(1)}},
			{Type: store.LinkExecution, ID: id(2), Ref: simple(2).Action, At: at(2), Cause: store.Cause{Type: store.LinkRule, ID: id(200) + ":" + id(1)}},
			{Type: store.LinkExecution, ID: id(3), Ref: simple(3).Action, At: at(3), Cause: store.Cause{Type: store.LinkExecution, ID: id(2)}},
			{Type: store.LinkEvent, ID: id(4), Ref: trigger.ActionFinished, At: at(4), Cause: store.Cause{Type: store.LinkExecution, ID: id(3)}},
			{Type: store.LinkRule, ID: id(200), Ref: "examples.rule", At: at(5), Cause: store.Cause{Type: store.LinkEvent, ID: id(4)}},
			{Type: store.LinkExecution, ID: id(5), Ref: simple(5).Action, At: at(5), Cause: store.Cause{Type: store.LinkRule, ID: id(200) + ":" + id(4)}},
		}
		if d := cmp.Diff(want, links); d != "" {
			t.Error(d)
		}
		if links, more, err := r.Links(t.Context(), id(1), 3, all); err != nil || !more || len(links) != 3 {
			t.Errorf("got %d, %v, %v", len(links), more, err)
		}
		but := func(l store.Link) bool { return l.ID != id(3) }
		if links, _, err := r.Links(t.Context(), id(1), 100, but); err != nil || len(links) != 3 {
			t.Errorf("what came of what is not seen: got %v, %v", links, err)
		}
		if links, _, err := r.Links(t.Context(), id(6), 100, all); err != nil || len(links) != 2 || links[1].ID != id(7) {
			t.Errorf("got %v, %v", links, err)
		}
	})
}
