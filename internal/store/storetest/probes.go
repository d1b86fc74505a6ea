package storetest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/store"
)

func probes(t *testing.T, h Harness) {
	put := func(t *testing.T, s *store.Store, ref, state string, n int) store.ProbeState {
		t.Helper()
		p := store.ProbeState{Trigger: ref, State: json.RawMessage(state), ChangedAt: at(n)}
		write(t, s, func(tx *store.Tx) error { return tx.PutProbe(t.Context(), p) })
		return p
	}
	expect := func(t *testing.T, s *store.Store, want ...store.ProbeState) {
		t.Helper()
		got, err := s.Reader().Probes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}

	t.Run("remember the last state", func(t *testing.T) {
		s := store.New(h.New(t))
		expect(t, s)
		b := put(t, s, "probes.b", `{"n": 1}`, 1)
		put(t, s, "probes.a", `{"n": 1}`, 2)
		a := put(t, s, "probes.a", `{"n": "é"}`, 3)
		expect(t, s, a, b)
	})

	t.Run("remember it after a restart", func(t *testing.T) {
		d := h.New(t)
		a := put(t, store.New(d), "probes.a", `{}`, 1)
		expect(t, store.New(h.Reopen(t, d)), a)
	})

	t.Run("forget it when told", func(t *testing.T) {
		s := store.New(h.New(t))
		put(t, s, "probes.a", `{}`, 1)
		b := put(t, s, "probes.b", `{}`, 1)
		for range 2 {
			write(t, s, func(tx *store.Tx) error { return tx.DropProbe(t.Context(), "probes.a") })
			expect(t, s, b)
		}
	})
}
