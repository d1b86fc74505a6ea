package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// flow is a workflow that runs, and its n-th child.
func flow(n int) *execution.Execution {
	e := simple(n)
	e.Status, e.Conducted, e.Action, e.Runner = execution.Running, true, "examples.flow", "orquesta"
	return e
}

func child(of, n int, status execution.Status) *execution.Execution {
	e := simple(n)
	e.Status, e.Parent, e.Task = status, id(of), fmt.Sprint("ref", n)
	return e
}

func begin(t *testing.T, s *store.Store, n int, text string) {
	t.Helper()
	insert(t, s, flow(n))
	write(t, s, func(tx *store.Tx) error {
		return tx.InsertWorkflow(t.Context(), store.Workflow{ID: id(n), Language: "orquesta", Text: []byte(text)})
	})
}

// inbox returns the inbox of a workflow, as "about child body …", and its messages.
func inbox(t *testing.T, s *store.Store, n, limit int) (string, []store.Message) {
	t.Helper()
	all, err := s.Reader().Inbox(t.Context(), id(n), limit)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintf(&b, "%s %s %s; ", m.About, strings.TrimLeft(m.Child, "0"), m.Body)
	}
	return strings.TrimSuffix(b.String(), "; "), all
}

func wantInbox(t *testing.T, s *store.Store, n int, want string) {
	t.Helper()
	if got, _ := inbox(t, s, n, 100); got != want {
		t.Errorf("inbox of %d: got %q, want %q", n, got, want)
	}
}

func workflows(t *testing.T, h Harness) {
	t.Run("keep the text that they began with", func(t *testing.T) {
		s := store.New(h.New(t))
		_, err := s.Reader().Workflow(t.Context(), id(1))
		wantNotFound(t, "one that has not begun", err)
		begin(t, s, 1, "tasks: ü")
		begin(t, s, 2, "tasks: ü")
		got, err := s.Reader().Workflow(t.Context(), id(2))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(store.Workflow{ID: id(2), Language: "orquesta", Version: 1, Text: []byte("tasks: ü")}, got); d != "" {
			t.Error(d)
		}
	})

	t.Run("are stepped from the version that was seen, once", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		step := func(want bool, version int64) {
			t.Helper()
			wrote(t, s, want, func(tx *store.Tx) (bool, error) { return tx.StepWorkflow(t.Context(), id(1), version) })
		}
		step(true, 1)
		step(false, 1)
		step(false, 3)
		step(true, 2)
	})

	t.Run("keep their rows, and share none", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		begin(t, s, 2, "a")
		put := func(n int, rows ...workflow.Row) {
			t.Helper()
			write(t, s, func(tx *store.Tx) error { return tx.PutRows(t.Context(), id(n), rows, false) })
		}
		rows := func(n int) string {
			t.Helper()
			all, err := s.Reader().WorkflowRows(t.Context(), id(n))
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, r := range all {
				fmt.Fprintf(&b, "%s%d=%s ", r.Kind, r.Key, r.Body)
			}
			return strings.TrimSpace(b.String())
		}
		row := func(kind string, key int64, body string) workflow.Row {
			if body == "" {
				return workflow.Row{Kind: kind, Key: key}
			}
			return workflow.Row{Kind: kind, Key: key, Body: []byte(body)}
		}
		put(1, row("task", 10, "1"), row("task", 9, "2"), row("head", 0, `"ä"`))
		put(2, row("task", 9, "3"))
		put(1, row("task", 10, ""), row("task", 9, "4"), row("task", 9, "5"), row("none", 1, ""))
		if got, want := rows(1), `head0="ä" task9=5`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		begin(t, s, 3, "a")
		write(t, s, func(tx *store.Tx) error { return tx.CopyRows(t.Context(), id(1), id(3)) })
		put(1, row("head", 0, ""))
		if got, want := rows(3), `head0="ä" task9=5`; got != want {
			t.Errorf("a copy: got %s, want %s", got, want)
		}
	})

	t.Run("hear of the children that they named", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		unnamed := child(1, 12, execution.Scheduled)
		unnamed.Task = ""
		insert(t, s, child(1, 10, execution.Running), child(1, 11, execution.Running), unnamed)
		told := func(c store.Change) []string {
			t.Helper()
			var out []string
			write(t, s, func(tx *store.Tx) error {
				_, err := tx.ChangeExecution(t.Context(), c)
				out = tx.Told()
				return err
			})
			return out
		}
		running := []execution.Status{execution.Running}
		for _, tt := range []struct {
			child int
			to    execution.Status
			want  []string
		}{
			{10, execution.Canceling, nil},
			{11, execution.Succeeded, []string{id(1)}},
			{12, execution.Canceled, nil},
		} {
			c := store.Change{ID: id(tt.child), From: running, To: tt.to, At: at(tt.child)}
			if tt.child == 12 {
				c.From = []execution.Status{execution.Scheduled}
			}
			if got := told(c); !slices.Equal(got, tt.want) {
				t.Errorf("%d is %s: told %v, want %v", tt.child, tt.to, got, tt.want)
			}
		}
		told(store.Change{ID: id(10), From: []execution.Status{execution.Canceling}, To: execution.Canceled, At: at(20)})
		wantInbox(t, s, 1, "child b succeeded; child a canceled")
		_, all := inbox(t, s, 1, 1)
		if len(all) != 1 || all[0].Ref != "ref11" || !all[0].At.Equal(at(11)) {
			t.Errorf("the first of two: %+v", all)
		}
	})

	t.Run("hear each message once, and only those that were seen", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		begin(t, s, 2, "a")
		tell := func(n int, about, body string) {
			t.Helper()
			write(t, s, func(tx *store.Tx) error { return tx.TellWorkflow(t.Context(), id(n), about, "", body) })
		}
		for i := range 3 {
			tell(1, store.AboutAlarm, fmt.Sprint(i))
			tell(2, store.AboutAlarm, fmt.Sprint(i))
		}
		_, seen := inbox(t, s, 1, 2)
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			ok, err := tx.Heard(t.Context(), id(2), seen[0].Seq, seen[1].Seq, 2)
			if ok || err != nil {
				t.Errorf("two messages of another one were heard: %v, %v", ok, err)
			}
			return errors.New("undo")
		})
		if err == nil {
			t.Error("nothing was undone")
		}
		wantInbox(t, s, 2, "alarm  0; alarm  1; alarm  2")
		wrote(t, s, true, func(tx *store.Tx) (bool, error) {
			return tx.Heard(t.Context(), id(1), seen[0].Seq, seen[1].Seq, 2)
		})
		wantInbox(t, s, 1, "alarm  2")
		_, left := inbox(t, s, 1, 9)
		wrote(t, s, true, func(tx *store.Tx) (bool, error) { return tx.PutMessage(t.Context(), id(1), left[0].Seq, "other") })
		wrote(t, s, false, func(tx *store.Tx) (bool, error) { return tx.PutMessage(t.Context(), id(1), seen[0].Seq, "gone") })
		wantInbox(t, s, 1, "alarm  other")
	})

	t.Run("know whether somebody asks something of them", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		for _, tt := range []struct {
			about string
			want  bool
		}{{store.AboutMore, false}, {store.AboutChild, false}, {store.AboutPause, true}} {
			write(t, s, func(tx *store.Tx) error { return tx.TellWorkflow(t.Context(), id(1), tt.about, "", "") })
			got, err := s.Reader().Asked(t.Context(), id(1))
			if err != nil || got != tt.want {
				t.Errorf("with a message about %s: %v, %v", tt.about, got, err)
			}
		}
	})

	t.Run("with messages are listed once each, page by page", func(t *testing.T) {
		s := store.New(h.New(t))
		write(t, s, func(tx *store.Tx) error {
			for _, n := range []int{5, 3, 9, 3, 5, 7} {
				if err := tx.TellWorkflow(t.Context(), id(n), store.AboutMore, "", ""); err != nil {
					return err
				}
			}
			return nil
		})
		var got []string
		after := ""
		for {
			page, err := s.Reader().Unheard(t.Context(), after, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got, after = append(got, page...), page[len(page)-1]
		}
		if want := []string{id(3), id(5), id(7), id(9)}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})

	t.Run("begin when they are due, and no worker claims them", func(t *testing.T) {
		s := store.New(h.New(t))
		for n, wait := range []int{0, 30, 50} {
			e := flow(n + 1)
			e.Status = execution.Scheduled
			if wait > 0 {
				e.NotBefore = at(wait)
			}
			insert(t, s, e)
		}
		insert(t, s, scheduled(4))
		due, err := s.Reader().DueConducted(t.Context(), at(30), 9)
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, "due", due, "1 2")
		wantIDs(t, "claimed", claim(t, s, "w1", 9, at(99)), "4")
		if next, err := s.Reader().NextDue(t.Context(), at(30)); err != nil || !next.Equal(at(50)) {
			t.Errorf("next due at %v, %v", next, err)
		}
		change(t, s, true, store.Change{ID: id(1), From: []execution.Status{execution.Scheduled}, To: execution.Running, At: at(31)})
		if got := get(t, s, id(1)); !got.StartedAt.Equal(at(31)) {
			t.Errorf("began at %v", got.StartedAt)
		}
	})

	t.Run("list what they have under way, page by page", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		insert(t, s, child(1, 10, execution.Running), child(1, 11, execution.Succeeded), child(2, 12, execution.Running),
			child(1, 13, execution.Pending), child(1, 14, execution.Scheduled))
		first, last, err := s.Reader().LiveChildren(t.Context(), id(1), 0, 2)
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, "first page", first, "a d")
		second, _, err := s.Reader().LiveChildren(t.Context(), id(1), last, 2)
		if err != nil {
			t.Fatal(err)
		}
		wantIDs(t, "second page", second, "e")
	})

	t.Run("know how all ended that they have started", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		insert(t, s, child(1, 10, execution.Running), child(1, 11, execution.Running), child(2, 12, execution.Running))
		for _, n := range []int{10, 12} {
			change(t, s, true, store.Change{ID: id(n), From: []execution.Status{execution.Running}, To: execution.Failed, At: at(20)})
		}
		ends, err := s.Reader().Ends(t.Context(), id(1))
		if err != nil {
			t.Fatal(err)
		}
		want := []store.End{{Child: id(10), Ref: child(1, 10, execution.Running).Task, Status: execution.Failed, At: at(20)}}
		if d := cmp.Diff(want, ends); d != "" {
			t.Error(d)
		}
	})

	t.Run("have alarms, of each name one", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "a")
		set := func(n int, ref string, due time.Time) store.Alarm {
			t.Helper()
			a := store.Alarm{Workflow: id(n), Ref: ref, Due: due}
			write(t, s, func(tx *store.Tx) error { return tx.PutAlarm(t.Context(), a) })
			return a
		}
		old := set(1, "x", at(5))
		x := set(1, "x", at(9))
		y := set(1, "y", at(3))
		set(2, "x", at(7))
		alarms := func(limit int) (out []store.Alarm) {
			t.Helper()
			out, err := s.Reader().Alarms(t.Context(), limit)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if d := cmp.Diff([]store.Alarm{y, {Workflow: id(2), Ref: "x", Due: at(7)}}, alarms(2)); d != "" {
			t.Error(d)
		}
		ring := func(want bool, a store.Alarm) {
			t.Helper()
			wrote(t, s, want, func(tx *store.Tx) (bool, error) { return tx.RingAlarm(t.Context(), a) })
		}
		ring(false, old)
		ring(true, y)
		ring(false, y)
		wantInbox(t, s, 1, "alarm  y")
		set(1, "z", at(4))
		write(t, s, func(tx *store.Tx) error { return tx.EndAlarm(t.Context(), id(1), "z") })
		write(t, s, func(tx *store.Tx) error { return tx.EndAlarms(t.Context(), id(2)) })
		if d := cmp.Diff([]store.Alarm{x}, alarms(9)); d != "" {
			t.Error(d)
		}
	})

	t.Run("go with their executions, and their children not before", func(t *testing.T) {
		s := store.New(h.New(t))
		begin(t, s, 1, "shared")
		begin(t, s, 2, "shared")
		insert(t, s, child(1, 10, execution.Running))
		change(t, s, true, store.Change{ID: id(10), From: []execution.Status{execution.Running}, To: execution.Failed, At: at(20)})
		write(t, s, func(tx *store.Tx) error {
			if err := tx.PutAlarm(t.Context(), store.Alarm{Workflow: id(1), Ref: "x", Due: at(9)}); err != nil {
				return err
			}
			return tx.PutRows(t.Context(), id(1), []workflow.Row{{Kind: "head", Body: []byte("1")}}, false)
		})
		remove := func(want int) {
			t.Helper()
			if n, err := s.DeleteFinishedBefore(t.Context(), at(100), 9); err != nil || n != want {
				t.Errorf("deleted %d, want %d: %v", n, want, err)
			}
		}
		remove(0)
		change(t, s, true, store.Change{ID: id(1), From: []execution.Status{execution.Running}, To: execution.Failed, At: at(21)})
		remove(2)
		_, err := s.Reader().Workflow(t.Context(), id(1))
		wantNotFound(t, "a workflow that is gone", err)
		wantInbox(t, s, 1, "")
		rows, err := s.Reader().WorkflowRows(t.Context(), id(1))
		alarms, err2 := s.Reader().Alarms(t.Context(), 9)
		if err != nil || err2 != nil || len(rows)+len(alarms) > 0 {
			t.Errorf("rows %v and alarms %v are left; %v, %v", rows, alarms, err, err2)
		}
		if w, err := s.Reader().Workflow(t.Context(), id(2)); err != nil || string(w.Text) != "shared" {
			t.Errorf("the other one has the text %q, %v", w.Text, err)
		}
	})
}
