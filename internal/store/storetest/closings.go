package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/store"
)

func closings(t *testing.T, h Harness) {
	d := h.New(t)
	s := store.New(d)
	closing := func(n int) store.Closing {
		return store.Closing{Problem: id(n), Name: "Down", By: "ann", Reason: "it is gone", At: at(n)}
	}
	closes := func(s *store.Store, want bool, c store.Closing) {
		t.Helper()
		wrote(t, s, want, func(tx *store.Tx) (bool, error) { return tx.CloseProblem(t.Context(), c) })
	}
	expect := func(s *store.Store, want ...store.Closing) {
		t.Helper()
		all := map[string]store.Closing{}
		for _, c := range want {
			all[c.Problem] = c
		}
		got, err := s.Reader().Closings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Error(diff)
		}
	}
	expect(s)
	closes(s, true, closing(1))
	closes(s, true, closing(2))
	closes(s, true, closing(9))
	other := closing(1)
	other.By, other.Reason = "bob", "me too"
	closes(s, false, other) // who said so first stays

	s = store.New(h.Reopen(t, d))
	expect(s, closing(1), closing(2), closing(9))
	wrote(t, s, true, func(tx *store.Tx) (bool, error) { return tx.ReopenProblem(t.Context(), id(2)) })
	wrote(t, s, false, func(tx *store.Tx) (bool, error) { return tx.ReopenProblem(t.Context(), id(2)) })
	expect(s, closing(1), closing(9))

	// They go with the events of their time.
	write(t, s, func(tx *store.Tx) error {
		n, err := tx.DeleteEventsBefore(t.Context(), at(9), 10)
		if n != 1 {
			t.Errorf("%d went, want one", n)
		}
		return err
	})
	expect(s, closing(9))
}
