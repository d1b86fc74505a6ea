package storetest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func executions(t *testing.T, h Harness) {
	t.Run("come back as they went in, but for the result", func(t *testing.T) {
		s := store.New(h.New(t))
		want := &execution.Execution{
			ID: id(1), Status: execution.Succeeded, Action: "examples.restart", Runner: "local-shell-cmd",
			Parameters: json.RawMessage(`{"cmd": "echo 'ä' \"$1\"", "n": 12345678901234567890}`),
			Context:    everyContext(), Notify: json.RawMessage(`{"on-failure": {"routes": ["ops"]}}`),
			Parent: id(2), TriggerType: "core.st2.webhook", Trigger: "core.5f0c",
			CreatedAt: at(1), NotBefore: at(2), StartedAt: at(3), FinishedAt: at(4),
			Log: []execution.LogEntry{
				{Status: execution.Requested, At: at(1)},
				{Status: execution.Scheduled, At: at(1)},
				{Status: execution.Running, At: at(3)},
				{Status: execution.Succeeded, At: at(4)},
			},
			Idempotent: true, Attempt: 3, Worker: "w1", Result: json.RawMessage(`{"stdout": "up"}`),
		}
		insert(t, s, want)
		want.ResultSize, want.Result = len(want.Result), nil
		if d := diff(want, get(t, s, id(1))); d != "" {
			t.Errorf("got one: %s", d)
		}
		listed, _ := list(t, s, store.Executions{}, all())
		if d := diff([]*execution.Execution{want}, listed); d != "" {
			t.Errorf("listed: %s", d)
		}
	})

	t.Run("need little", func(t *testing.T) {
		s := store.New(h.New(t))
		want := &execution.Execution{ID: id(1), Status: execution.Requested, Action: "core.noop", Runner: "noop", CreatedAt: at(1)}
		insert(t, s, want)
		want.Parameters = json.RawMessage(`{}`)
		if d := diff(want, get(t, s, id(1))); d != "" {
			t.Error(d)
		}
	})

	t.Run("have an id of their own", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, simple(1))
		err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertExecution(t.Context(), simple(1)) })
		if err == nil {
			t.Error("the same id went in twice")
		}
		_, err = s.Reader().Execution(t.Context(), id(2))
		wantNotFound(t, "an id that nobody has", err)
	})

	t.Run("know the last one and their children", func(t *testing.T) {
		s := store.New(h.New(t))
		_, err := s.Reader().LastExecution(t.Context())
		wantNotFound(t, "the last of none", err)
		for _, n := range []int{5, 9, 7} {
			e := simple(n)
			if n != 9 {
				e.Parent = id(9)
			}
			insert(t, s, e)
		}
		last, err := s.Reader().LastExecution(t.Context())
		if err != nil || last.ID != id(9) {
			t.Errorf("last: got %v, %v", last, err)
		}
		ids, err := s.Reader().ChildIDs(t.Context(), []string{id(9), id(8)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string][]string{id(9): {id(5), id(7)}}, ids); diff != "" {
			t.Errorf("children by parent (-want +got):\n%s", diff)
		}
		got, err := s.Reader().Children(t.Context(), id(9))
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, "children in the order of their birth", got, "5 7")
	})

	t.Run("very many children come one by one, none of them twice", func(t *testing.T) {
		s := store.New(h.New(t))
		const n = 450 // more than are read at a time, and many of them born at once
		insert(t, s, simple(n))
		var want []string
		for i := range n {
			e := simple(i)
			e.Parent, e.CreatedAt = id(n), at(i/150)
			insert(t, s, e)
			want = append(want, e.ID)
		}
		var got []string
		for e, err := range s.Reader().EachChild(t.Context(), id(n)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("children (-want +got):\n%s", diff)
		}
		for first, err := range s.Reader().EachChild(t.Context(), id(n)) {
			if err != nil || first.ID != want[0] {
				t.Errorf("the first: got %v, %v", first, err)
			}
			break // nothing is held that would have to be given back
		}
	})
}

// population returns executions that differ in everything that lists filter by.
// Some are requested at the same time, some are inserted out of order.
func population() []*execution.Execution {
	var out []*execution.Execution
	statuses := execution.Statuses()
	pick := func(n int, of ...string) string { return of[n%len(of)] }
	for n := range 120 {
		e := simple(n)
		e.CreatedAt = at(n / 3 * 3 % 100)
		e.Status = statuses[n%len(statuses)]
		e.Action = pick(n, "core.noop", "core.local", "core2.noop", "cor.e", "examples.fix")
		e.Runner = pick(n/2, "noop", "local-shell-cmd")
		e.Context.User = pick(n/5, "stanley", "hubot", "")
		e.Parent = pick(n, "", "", id(0), id(3))
		e.TriggerType = pick(n/7, "", "core.st2.webhook", "core.st2.IntervalTimer")
		if e.TriggerType != "" {
			e.Trigger = pick(n, "core.a", "core.b")
			e.Context.Rule = &execution.Named{ID: id(500 + n%4), Name: "examples.rule" + strconv.Itoa(n%4)}
			e.Context.TriggerInstance = &execution.Named{ID: id(600 + n%10), Name: e.Trigger}
		}
		out = append(out, e)
	}
	return out
}

func executionLists(t *testing.T, h Harness) {
	s := store.New(h.New(t))
	people := population()
	insert(t, s, people...)
	rule := func(e *execution.Execution) string {
		if e.Context.Rule == nil {
			return ""
		}
		return e.Context.Rule.Name
	}
	instance := func(e *execution.Execution) string {
		if e.Context.TriggerInstance == nil {
			return ""
		}
		return e.Context.TriggerInstance.ID
	}

	filters := map[string]struct {
		q    store.Executions
		want func(e *execution.Execution) bool
	}{
		"everything": {store.Executions{}, func(*execution.Execution) bool { return true }},
		"ids": {store.Executions{IDs: []string{id(7), id(3), id(999)}}, func(e *execution.Execution) bool {
			return e.ID == id(7) || e.ID == id(3)
		}},
		"a live status": {store.Executions{Status: []execution.Status{execution.Running}}, func(e *execution.Execution) bool {
			return e.Status == execution.Running
		}},
		"live statuses": {store.Executions{Status: []execution.Status{execution.Running, execution.Paused}}, func(e *execution.Execution) bool {
			return e.Status == execution.Running || e.Status == execution.Paused
		}},
		"what went well": {store.Executions{Status: []execution.Status{execution.Succeeded}}, func(e *execution.Execution) bool {
			return e.Status == execution.Succeeded
		}},
		"what went wrong": {store.Executions{Status: []execution.Status{execution.Failed, execution.Timeout}}, func(e *execution.Execution) bool {
			return e.Status == execution.Failed || e.Status == execution.Timeout
		}},
		"statuses of all sorts": {
			store.Executions{Status: []execution.Status{execution.Failed, execution.Requested, execution.Succeeded}},
			func(e *execution.Execution) bool {
				return e.Status == execution.Failed || e.Status == execution.Requested || e.Status == execution.Succeeded
			},
		},
		"action": {store.Executions{Action: "core.noop"}, func(e *execution.Execution) bool { return e.Action == "core.noop" }},
		"pack": {store.Executions{Pack: "core"}, func(e *execution.Execution) bool {
			return strings.HasPrefix(e.Action, "core.")
		}},
		"actions of a pack, and one": {
			store.Executions{Actions: &store.Refs{Packs: []string{"core"}, Refs: []string{"examples.fix", "no.such"}}},
			func(e *execution.Execution) bool {
				return strings.HasPrefix(e.Action, "core.") || e.Action == "examples.fix"
			},
		},
		"all actions but some": {
			store.Executions{Actions: &store.Refs{But: true, Packs: []string{"core"}, Refs: []string{"examples.fix"}}},
			func(e *execution.Execution) bool { return e.Action == "core2.noop" || e.Action == "cor.e" },
		},
		"all actions but none": {store.Executions{Actions: &store.Refs{But: true}}, func(*execution.Execution) bool { return true }},
		"nobody's actions":     {store.Executions{Actions: &store.Refs{}}, func(*execution.Execution) bool { return false }},
		"some actions, and what went well": {
			store.Executions{Actions: &store.Refs{Packs: []string{"core"}}, Status: []execution.Status{execution.Succeeded, execution.Failed}},
			func(e *execution.Execution) bool {
				return strings.HasPrefix(e.Action, "core.") && (e.Status == execution.Succeeded || e.Status == execution.Failed)
			},
		},
		"what is no part of some actions": {
			store.Executions{Hidden: &store.Refs{Refs: []string{"core.noop"}}},
			func(e *execution.Execution) bool { return e.Action != "core.noop" && e.Parent != id(0) },
		},
		"what some rules did not start": {
			store.Executions{HiddenRules: []execution.Named{{ID: id(501), Name: "examples.rule1"}, {ID: id(503), Name: "examples.rule3"}}},
			func(e *execution.Execution) bool {
				hidden := func(e *execution.Execution) bool {
					return e.Context.Rule != nil && (e.Context.Rule.ID == id(501) || e.Context.Rule.ID == id(503))
				}
				parent := slices.IndexFunc(people, func(p *execution.Execution) bool { return p.ID == e.Parent })
				return !hidden(e) && (parent < 0 || !hidden(people[parent]))
			},
		},
		"runner":       {store.Executions{Runner: "noop"}, func(e *execution.Execution) bool { return e.Runner == "noop" }},
		"user":         {store.Executions{User: "hubot"}, func(e *execution.Execution) bool { return e.Context.User == "hubot" }},
		"parent":       {store.Executions{Parent: id(3)}, func(e *execution.Execution) bool { return e.Parent == id(3) }},
		"root":         {store.Executions{Root: true}, func(e *execution.Execution) bool { return e.Parent == "" }},
		"rule":         {store.Executions{Rule: "examples.rule2"}, func(e *execution.Execution) bool { return rule(e) == "examples.rule2" }},
		"trigger":      {store.Executions{Trigger: "core.a"}, func(e *execution.Execution) bool { return e.Trigger == "core.a" }},
		"trigger type": {store.Executions{TriggerType: "core.st2.webhook"}, func(e *execution.Execution) bool { return e.TriggerType == "core.st2.webhook" }},
		"event":        {store.Executions{TriggerInstance: id(604)}, func(e *execution.Execution) bool { return instance(e) == id(604) }},
		"after":        {store.Executions{After: at(48)}, func(e *execution.Execution) bool { return e.CreatedAt.After(at(48)) }},
		"before":       {store.Executions{Before: at(48)}, func(e *execution.Execution) bool { return e.CreatedAt.Before(at(48)) }},
		"between": {store.Executions{After: at(3), Before: at(48)}, func(e *execution.Execution) bool {
			return e.CreatedAt.After(at(3)) && e.CreatedAt.Before(at(48))
		}},
		"at": {store.Executions{At: at(48)}, func(e *execution.Execution) bool { return e.CreatedAt.Equal(at(48)) }},
		"many at once": {
			store.Executions{Root: true, Runner: "noop", Pack: "core", Before: at(90), Status: []execution.Status{execution.Failed, execution.Running}},
			func(e *execution.Execution) bool {
				return e.Parent == "" && e.Runner == "noop" && strings.HasPrefix(e.Action, "core.") && e.CreatedAt.Before(at(90)) &&
					(e.Status == execution.Failed || e.Status == execution.Running)
			},
		},
		"nobody":           {store.Executions{User: "nobody"}, func(*execution.Execution) bool { return false }},
		"a text of quotes": {store.Executions{User: "' OR 1=1 --"}, func(*execution.Execution) bool { return false }},
	}
	for name, tt := range filters {
		t.Run("by "+name, func(t *testing.T) {
			var want []*execution.Execution
			for _, e := range people {
				if tt.want(e) {
					want = append(want, e)
				}
			}
			// By the time of request, then as they came in.
			slices.SortStableFunc(want, func(a, b *execution.Execution) int { return a.CreatedAt.Compare(b.CreatedAt) })
			if strings.HasPrefix(name, "nobody") != (len(want) == 0) && !strings.Contains(name, "quotes") {
				t.Fatalf("the population has %d of these: the test proves nothing", len(want))
			}
			for _, asc := range []bool{true, false} {
				for _, limit := range []int{-1, 7, 1000} {
					var got []*execution.Execution
					for {
						page, total := list(t, s, tt.q, store.Page{Limit: limit, Offset: len(got), Asc: asc})
						if total != (store.Total{N: len(want)}) {
							t.Fatalf("total is %v, want %d", total, len(want))
						}
						if limit >= 0 && len(page) > limit {
							t.Fatalf("a page of %d has %d", limit, len(page))
						}
						got = append(got, page...)
						if len(page) == 0 || limit < 0 {
							break
						}
					}
					if d := cmp.Diff(ids(want), ids(got)); d != "" {
						t.Errorf("ascending %v, pages of %d: %s", asc, limit, d)
					}
				}
				slices.Reverse(want)
			}
			if got, total := list(t, s, tt.q, store.Page{}); len(got) != 0 || total.N != len(want) {
				t.Errorf("a page of none has %d, in all %d, want %d", len(got), total.N, len(want))
			}
		})
	}

	t.Run("facets are what lists can be filtered by", func(t *testing.T) {
		for column, of := range map[string]func(*execution.Execution) string{
			"action": func(e *execution.Execution) string { return e.Action },
			"status": func(e *execution.Execution) string { return string(e.Status) },
			"rule":   rule, "runner": func(e *execution.Execution) string { return e.Runner },
			"trigger_ref":  func(e *execution.Execution) string { return e.Trigger },
			"trigger_type": func(e *execution.Execution) string { return e.TriggerType },
		} {
			var want []string
			for _, e := range people {
				if v := of(e); v != "" {
					want = append(want, v)
				}
			}
			slices.Sort(want)
			got, err := s.Reader().ExecutionFacets(t.Context(), column, store.Executions{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(slices.Compact(want), got); d != "" {
				t.Errorf("%s: %s", column, d)
			}
		}
		if _, err := s.Reader().ExecutionFacets(t.Context(), "id FROM users --", store.Executions{}); err == nil {
			t.Error("made a facet of anything")
		}
	})
}

func changes(t *testing.T, h Harness) {
	running := func(t *testing.T) *store.Store {
		t.Helper()
		s := store.New(h.New(t))
		insert(t, s, scheduled(1), scheduled(2))
		if got := claim(t, s, "w1", 1, at(10)); len(got) != 1 || got[0].ID != id(1) {
			t.Fatalf("claimed %q", ids(got))
		}
		return s
	}
	from := []execution.Status{execution.Running, execution.Canceling}

	t.Run("end an execution with its result", func(t *testing.T) {
		s := running(t)
		want := get(t, s, id(1))
		change(t, s, true, store.Change{
			ID: id(1), From: from, Attempt: 1, To: execution.Failed, At: at(12), Result: json.RawMessage(`{"return_code": 1}`),
		})
		want.To(execution.Failed, at(12))
		want.ResultSize = len(`{"return_code": 1}`)
		if d := diff(want, get(t, s, id(1))); d != "" {
			t.Error(d)
		}
		if d := diff("scheduled", string(get(t, s, id(2)).Status)); d != "" {
			t.Errorf("another one changed: %s", d)
		}
	})

	t.Run("leave alone what they do not name", func(t *testing.T) {
		s := store.New(h.New(t))
		e := simple(1)
		e.Status, e.Context, e.NotBefore, e.Worker = execution.Running, everyContext(), at(5), "w1"
		e.Result, e.Notify = json.RawMessage(`{"so": "far"}`), json.RawMessage(`{}`)
		insert(t, s, e)
		want := get(t, s, id(1))
		change(t, s, true, store.Change{ID: id(1), From: from, To: execution.Pausing, At: at(12)})
		want.To(execution.Pausing, at(12))
		if d := diff(want, get(t, s, id(1))); d != "" {
			t.Error(d)
		}
		if got, err := s.Reader().Result(t.Context(), id(1)); err != nil || string(got) != `{"so": "far"}` {
			t.Errorf("result: %s, %v", got, err)
		}
	})

	t.Run("replace time and context when they name them", func(t *testing.T) {
		s := store.New(h.New(t))
		insert(t, s, simple(1))
		ctx := everyContext()
		change(t, s, true, store.Change{
			ID: id(1), From: []execution.Status{execution.Requested}, To: execution.Delayed, At: at(2), NotBefore: at(99), Context: &ctx,
		})
		got := get(t, s, id(1))
		if d := diff(ctx, got.Context); d != "" {
			t.Error(d)
		}
		if !got.NotBefore.Equal(at(99)) {
			t.Errorf("not before %v", got.NotBefore)
		}
	})

	t.Run("take what runs again out of the worker's hands", func(t *testing.T) {
		s := running(t)
		change(t, s, true, store.Change{ID: id(1), From: from, Attempt: 1, To: execution.Scheduled, At: at(12)})
		if got := get(t, s, id(1)); got.Worker != "" || got.Attempt != 1 || !got.FinishedAt.IsZero() {
			t.Errorf("worker %q, attempt %d, finished at %v", got.Worker, got.Attempt, got.FinishedAt)
		}
	})

	refusals := map[string]store.Change{
		"another status":          {ID: id(1), From: []execution.Status{execution.Scheduled}, To: execution.Failed, At: at(12)},
		"a claim that is over":    {ID: id(1), From: from, Attempt: 2, To: execution.Succeeded, At: at(12)},
		"an id that nobody has":   {ID: id(9), From: from, To: execution.Failed, At: at(12)},
		"what has not begun":      {ID: id(2), From: from, To: execution.Succeeded, At: at(12)},
		"a claim before it began": {ID: id(2), From: []execution.Status{execution.Scheduled}, Attempt: 1, To: execution.Failed, At: at(12)},
	}
	for name, c := range refusals {
		t.Run("refuse "+name, func(t *testing.T) {
			s := running(t)
			before, _ := list(t, s, store.Executions{}, all())
			c.Result, c.NotBefore, c.Context = json.RawMessage(`{"late": true}`), at(50), &execution.Context{User: "late"}
			change(t, s, false, c)
			after, _ := list(t, s, store.Executions{}, all())
			if d := diff(before, after); d != "" {
				t.Error(d)
			}
		})
	}

	t.Run("never leave a final status", func(t *testing.T) {
		s := store.New(h.New(t))
		n := 0
		for _, status := range execution.Statuses() {
			if !status.Final() {
				continue
			}
			n++
			e := simple(n)
			e.Status = status
			insert(t, s, e)
			change(t, s, false, store.Change{ID: id(n), From: execution.Statuses(), To: execution.Running, At: at(12)})
		}
	})

	t.Run("say where they start from and when", func(t *testing.T) {
		s := running(t)
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ChangeExecution(t.Context(), store.Change{ID: id(1), To: execution.Failed, At: at(12)})
			return err
		})
		if err == nil {
			t.Error("changed from anywhere")
		}
		err = s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ChangeExecution(t.Context(), store.Change{ID: id(1), From: from, To: execution.Failed})
			return err
		})
		if err == nil {
			t.Error("changed at no time")
		}
	})

	t.Run("one of many wins", func(t *testing.T) {
		s := running(t)
		const n = 20
		won := make(chan bool, n) // one answer each
		for i := range n {
			go func() {
				var ok bool
				err := s.Write(background(t), func(tx *store.Tx) (err error) {
					ok, err = tx.ChangeExecution(t.Context(), store.Change{
						ID: id(1), From: from, Attempt: 1, To: execution.Succeeded, At: at(12 + i),
						Result: json.RawMessage(strconv.Itoa(i)),
					})
					return err
				})
				won <- ok && err == nil
			}()
		}
		wins := 0
		for range n {
			if <-won {
				wins++
			}
		}
		if got := get(t, s, id(1)); wins != 1 || len(got.Log) != 3 {
			t.Errorf("%d won; the log is %v", wins, got.Log)
		}
	})
}

// seconds is how far after the beginning a time is, to read in a message.
func seconds(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Sub(t0()).String()
}
