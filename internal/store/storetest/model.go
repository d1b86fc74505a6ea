package storetest

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// model has the store and a map do the same, in any order, and compares.
func model(t *testing.T, h Harness) {
	d := h.New(t)
	m := &machine{s: store.New(d), results: map[int]json.RawMessage{9: resultOf(9), 70_000: resultOf(70_000)}}
	hire(t, m.s, "w1")
	born := 0
	rapid.Check(t, func(rt *rapid.T) {
		m.T, m.ctx = rt, t
		m.clear()
		m.born = born // ids are never used again
		defer func() { born = m.born }()
		rt.Repeat(map[string]func(*rapid.T){
			"insert": m.insert,
			"change": m.change,
			"claim":  m.claim,
			"undo":   m.undo,
			"delete": m.deleteFinished,
			"result": m.result,
			"wait":   m.wait,
			"check":  m.check,
		})
		m.check(rt)
	})
}

// machine is a store and the model of it. What the model has in its order of
// birth is what the store should have.
type machine struct {
	*rapid.T
	ctx   *testing.T
	s     *store.Store
	now   time.Time
	born  int
	order []string
	all   map[string]*execution.Execution

	results map[int]json.RawMessage // by size
}

func (m *machine) write(f func(tx *store.Tx) error) {
	m.Helper()
	if err := m.s.Write(m.ctx.Context(), f); err != nil {
		m.Fatal(err)
	}
}

// clear ends and deletes everything that an earlier run has left.
func (m *machine) clear() {
	m.now, m.order, m.all = t0(), nil, map[string]*execution.Execution{}
	ctx := m.ctx.Context()
	m.write(func(tx *store.Tx) error {
		left, _, err := tx.ListExecutions(ctx, store.Executions{}, all())
		for _, e := range left {
			if err == nil && !e.Status.Final() {
				_, err = tx.ChangeExecution(ctx, store.Change{
					ID: e.ID, From: []execution.Status{e.Status}, To: execution.Canceled, At: m.now,
				})
			}
		}
		if err == nil {
			_, err = tx.DeleteFinishedBefore(ctx, at(1_000_000), 1_000_000)
		}
		return err
	})
}

func (m *machine) insert(t *rapid.T) {
	m.born++
	e := simple(m.born)
	e.CreatedAt = m.now
	e.Status = rapid.SampledFrom([]execution.Status{execution.Requested, execution.Scheduled}).Draw(t, "status")
	e.Action = rapid.SampledFrom([]string{"core.noop", "core.local"}).Draw(t, "action")
	if wait := rapid.IntRange(-3, 9).Draw(t, "wait"); wait > 0 {
		e.NotBefore = m.now.Add(time.Duration(wait) * time.Second)
	}
	if len(m.order) > 0 && rapid.Bool().Draw(t, "child") {
		e.Parent = rapid.SampledFrom(m.order).Draw(t, "parent")
	}
	e.Log = []execution.LogEntry{{Status: e.Status, At: m.now}}
	m.write(func(tx *store.Tx) error { return tx.InsertExecution(m.ctx.Context(), e) })
	m.order, m.all[e.ID] = append(m.order, e.ID), e
}

func (m *machine) anyChange(t *rapid.T) store.Change {
	if len(m.order) == 0 {
		t.Skip("nothing to change")
	}
	c := store.Change{
		ID:      rapid.SampledFrom(m.order).Draw(t, "id"),
		From:    rapid.SliceOfN(rapid.SampledFrom(execution.Statuses()), 1, 6).Draw(t, "from"),
		To:      rapid.SampledFrom(execution.Statuses()).Draw(t, "to"),
		Attempt: rapid.IntRange(0, 2).Draw(t, "attempt"),
		At:      m.now,
	}
	if rapid.Bool().Draw(t, "likely") {
		c.From, c.Attempt = append(c.From, m.all[c.ID].Status), 0
	}
	if rapid.Bool().Draw(t, "later") {
		c.NotBefore = m.now.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "wait")) * time.Second)
	}
	if size := rapid.SampledFrom([]int{0, 9, 70_000}).Draw(t, "size"); size > 0 {
		c.Result = m.results[size]
	}
	return c
}

func (m *machine) change(t *rapid.T) {
	c := m.anyChange(t)
	e := m.all[c.ID]
	want := slices.Contains(c.From, e.Status) && (c.Attempt == 0 || c.Attempt == e.Attempt) && !e.Status.Final()
	m.write(func(tx *store.Tx) error {
		got, err := tx.ChangeExecution(m.ctx.Context(), c)
		if got != want {
			t.Errorf("change reported %v, want %v", got, want)
		}
		return err
	})
	if !want {
		return
	}
	e.Status = c.To
	e.Log = append(e.Log, execution.LogEntry{Status: c.To, At: c.At})
	if c.To.Final() {
		e.FinishedAt = c.At
	}
	if c.To == execution.Running && e.StartedAt.IsZero() {
		e.StartedAt = c.At
	}
	if !c.NotBefore.IsZero() {
		e.NotBefore = c.NotBefore
	}
	if c.Result != nil {
		e.Result, e.ResultSize = c.Result, len(c.Result)
	}
	switch c.To {
	case execution.Requested, execution.Delayed, execution.Scheduled, execution.Pending:
		e.Worker = ""
	default:
	}
}

// undo changes something in a transaction that fails.
func (m *machine) undo(t *rapid.T) {
	no := errors.New("no")
	c := m.anyChange(t)
	err := m.s.Write(m.ctx.Context(), func(tx *store.Tx) error {
		ctx := m.ctx.Context()
		if _, err := tx.ChangeExecution(ctx, c); err != nil {
			return err
		}
		if _, err := tx.Claim(ctx, "w1", 2, m.now); err != nil {
			return err
		}
		if _, err := tx.DeleteFinishedBefore(ctx, m.now.Add(time.Hour), 2); err != nil {
			return err
		}
		if err := tx.InsertExecution(ctx, &execution.Execution{ID: id(0), Status: execution.Requested, CreatedAt: m.now}); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("got error %v, want %v", err, no)
	}
}

// dueSince is since when e may run.
func dueSince(e *execution.Execution) time.Time {
	if e.NotBefore.IsZero() {
		return e.CreatedAt
	}
	return e.NotBefore
}

func (m *machine) claim(t *rapid.T) {
	n := rapid.IntRange(1, 4).Draw(t, "n")
	var want []*execution.Execution
	for _, id := range m.order {
		if e := m.all[id]; e.Status == execution.Scheduled && !e.NotBefore.After(m.now) {
			want = append(want, e)
		}
	}
	slices.SortStableFunc(want, func(a, b *execution.Execution) int { return dueSince(a).Compare(dueSince(b)) })
	want = want[:min(n, len(want))]
	m.write(func(tx *store.Tx) error {
		got, err := tx.Claim(m.ctx.Context(), "w1", n, m.now)
		if ids(got) != ids(want) {
			t.Errorf("claimed %q, want %q", ids(got), ids(want))
		}
		return err
	})
	for _, e := range want {
		e.Status, e.Worker, e.StartedAt = execution.Running, "w1", m.now
		e.Attempt++
		e.Log = append(e.Log, execution.LogEntry{Status: execution.Running, At: m.now})
	}
}

func (m *machine) deleteFinished(t *rapid.T) {
	limit := rapid.IntRange(1, 3).Draw(t, "limit")
	var doomed []*execution.Execution
	for _, id := range m.order {
		if e := m.all[id]; e.Status.Final() && e.FinishedAt.Before(m.now) && e.CreatedAt.Before(m.now) {
			doomed = append(doomed, e)
		}
	}
	slices.SortStableFunc(doomed, func(a, b *execution.Execution) int { return a.CreatedAt.Compare(b.CreatedAt) })
	doomed = doomed[:min(limit, len(doomed))]
	m.write(func(tx *store.Tx) error {
		n, err := tx.DeleteFinishedBefore(m.ctx.Context(), m.now, limit)
		if n != len(doomed) {
			t.Errorf("deleted %d, want %q", n, ids(doomed))
		}
		return err
	})
	for _, e := range doomed {
		delete(m.all, e.ID)
		m.order = slices.DeleteFunc(m.order, func(id string) bool { return id == e.ID })
	}
}

func (m *machine) result(t *rapid.T) {
	if len(m.order) == 0 {
		t.Skip("nothing to look at")
	}
	e := m.all[rapid.SampledFrom(m.order).Draw(t, "id")]
	got, err := m.s.Reader().Result(m.ctx.Context(), e.ID)
	if err != nil || string(got) != string(e.Result) {
		t.Errorf("the result of %s has %d bytes, want %d: %v", e.ID, len(got), len(e.Result), err)
	}
}

func (m *machine) wait(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "seconds")) * time.Second)
}

// check compares everything that the store says with the model.
func (m *machine) check(t *rapid.T) {
	r, ctx := m.s.Reader(), m.ctx.Context()
	var want, roots, occupying []*execution.Execution
	var next time.Time
	for _, id := range m.order {
		e := *m.all[id]
		e.Result, e.Parameters = nil, []byte(`{}`)
		want = append(want, &e)
		if e.Parent == "" {
			roots = append(roots, &e)
		}
		if slices.Contains([]execution.Status{
			execution.Scheduled, execution.Running, execution.Pausing, execution.Paused,
			execution.Resuming, execution.Pending, execution.Canceling,
		}, e.Status) && e.Action == "core.local" {
			occupying = append(occupying, &e)
		}
		queued := e.Status == execution.Scheduled || e.Status == execution.Delayed || e.Status == execution.Requested
		if queued && e.NotBefore.After(m.now) && (next.IsZero() || e.NotBefore.Before(next)) {
			next = e.NotBefore
		}
	}
	got, total, err := r.ListExecutions(ctx, store.Executions{}, store.Page{Limit: -1, Asc: true})
	if d := diff(want, got); err != nil || d != "" || total.N != len(want) {
		t.Errorf("in all %d, %v: %s", total.N, err, d)
	}
	if _, total, err = r.ListExecutions(ctx, store.Executions{Root: true}, all()); err != nil || total.N != len(roots) {
		t.Errorf("the tally of roots is %d, want %d: %v", total.N, len(roots), err)
	}
	if got, err = r.Occupying(ctx, "core.local"); err != nil || ids(got) != ids(occupying) {
		t.Errorf("occupying: %q, want %q: %v", ids(got), ids(occupying), err)
	}
	if due, err := r.NextDue(ctx, m.now); err != nil || !due.Equal(next) {
		t.Errorf("next due at %s, want %s: %v", seconds(due), seconds(next), err)
	}
	if t.Failed() {
		t.Fatalf("at %s", seconds(m.now))
	}
}
