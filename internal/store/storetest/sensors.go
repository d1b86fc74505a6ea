package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/store"
)

func sensors(t *testing.T, h Harness) {
	hold := func(t *testing.T, s *store.Store, want bool, ref, holder string, now, until int) {
		t.Helper()
		wrote(t, s, want, func(tx *store.Tx) (bool, error) { return tx.HoldSensor(t.Context(), ref, holder, at(now), at(until)) })
	}
	runs := func(t *testing.T, s *store.Store, want ...store.SensorRun) {
		t.Helper()
		got, err := s.Reader().SensorRuns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}

	t.Run("have one holder at a time", func(t *testing.T) {
		s := store.New(h.New(t))
		hold(t, s, true, "p.a", "one", 0, 10)
		hold(t, s, false, "p.a", "two", 10, 20)
		hold(t, s, true, "p.a", "one", 10, 20)
		hold(t, s, true, "p.b", "two", 10, 20)
		hold(t, s, true, "p.a", "two", 21, 30)
		hold(t, s, false, "p.a", "one", 21, 30)
		runs(t, s, store.SensorRun{Ref: "p.a", Holder: "two", LeaseUntil: at(30)}, store.SensorRun{Ref: "p.b", Holder: "two", LeaseUntil: at(20)})
	})

	t.Run("are described by their holder only", func(t *testing.T) {
		s := store.New(h.New(t))
		hold(t, s, true, "p.a", "one", 0, 10)
		want := store.SensorRun{
			Ref: "p.a", Holder: "one", LeaseUntil: at(10), State: "running", Since: at(1), Starts: 2, AliveAt: at(3), PolledAt: at(4), Error: "why",
		}
		write(t, s, func(tx *store.Tx) error { return tx.NoteSensor(t.Context(), want) })
		runs(t, s, want)
		other := want
		other.Holder, other.State = "two", "waiting"
		write(t, s, func(tx *store.Tx) error { return tx.NoteSensor(t.Context(), other) })
		write(t, s, func(tx *store.Tx) error { return tx.DropSensor(t.Context(), "p.a", "two") })
		runs(t, s, want)
		write(t, s, func(tx *store.Tx) error { return tx.DropSensor(t.Context(), "p.a", "one") })
		runs(t, s)
	})

	t.Run("are all free after a restart", func(t *testing.T) {
		s := store.New(h.New(t))
		hold(t, s, true, "p.a", "one", 0, 10)
		write(t, s, func(tx *store.Tx) error { return tx.FreeSensors(t.Context()) })
		hold(t, s, true, "p.a", "two", 1, 10)
	})
}
