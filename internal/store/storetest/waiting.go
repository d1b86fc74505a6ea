package storetest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func expiry(t *testing.T, h Harness) {
	s := store.New(h.New(t))
	pending := func(n, expires int) {
		t.Helper()
		e := simple(n)
		e.Status, e.Worker, e.Attempt = execution.Running, "w1", 1
		insert(t, s, e)
		c := store.Change{
			ID: e.ID, From: []execution.Status{execution.Running}, Attempt: 1, To: execution.Pending, At: at(n),
			Result: json.RawMessage(`{"ttl": 1}`),
		}
		if expires > 0 {
			c.Expires = at(expires)
		}
		change(t, s, true, c)
	}
	expired := func(now int) []*execution.Execution {
		t.Helper()
		out, err := s.Reader().Expired(t.Context(), at(now), 10)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	pending(1, 50)
	pending(2, 20)
	pending(3, 0)
	pending(4, 30)

	if got := get(t, s, id(1)); got.Worker != "" || got.Status != execution.Pending {
		t.Errorf("it is %s in the hands of %q", got.Status, got.Worker)
	}
	if got, err := s.Reader().Result(t.Context(), id(1)); err != nil || string(got) != `{"ttl": 1}` {
		t.Errorf("result %s, %v", got, err)
	}
	wantIDs(t, "before", expired(19), "")
	wantIDs(t, "at the time", expired(20), "2")
	wantIDs(t, "after", expired(1000), "2 4 1")

	// What is answered is waited for no more.
	change(t, s, true, store.Change{ID: id(2), From: []execution.Status{execution.Pending}, To: execution.Succeeded, At: at(25)})
	wantIDs(t, "after an answer", expired(1000), "4 1")
}

func notices(t *testing.T, h Harness) {
	d := h.New(t)
	s := store.New(d)
	wanted := func(want ...string) {
		t.Helper()
		got, err := s.Reader().Notices(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("notices (-want +got):\n%s", diff)
		}
	}
	notify := json.RawMessage(`{"on-complete": {"routes": ["ops"]}}`)
	for n := 1; n <= 6; n++ {
		e := scheduled(n)
		if n != 2 && n != 6 {
			e.Notify = notify
		}
		insert(t, s, e)
	}
	wanted()
	end := func(n int, to execution.Status) {
		t.Helper()
		change(t, s, true, store.Change{
			ID: id(n), From: []execution.Status{execution.Scheduled, execution.Running}, To: to, At: at(n), Closed: n != 6,
		})
	}
	end(4, execution.Failed)
	end(3, execution.Running)
	end(2, execution.Succeeded)
	end(1, execution.Canceled)
	wanted(id(1), id(4))

	end(6, execution.Canceled) // what follows was not recorded with it
	wanted(id(1), id(4), id(6))

	stillborn := simple(7)
	stillborn.Status, stillborn.Notify = execution.Failed, notify
	insert(t, s, stillborn)
	wanted(id(1), id(4), id(6), id(7))

	s = store.New(h.Reopen(t, d))
	write(t, s, func(tx *store.Tx) error { return tx.EndNotice(t.Context(), id(4)) })
	wanted(id(1), id(6), id(7))
}
