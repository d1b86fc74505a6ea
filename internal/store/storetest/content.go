package storetest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/nightshift-run/nightshift/internal/store"
)

func content(t *testing.T, h Harness) {
	thing := func(k store.Kind, ref, body string) store.Content {
		return store.Content{
			Kind: k, Ref: ref, ID: id(len(ref)), Pack: "examples", Body: json.RawMessage(body),
			Digest: "d:" + body, UpdatedAt: at(len(body)),
		}
	}
	put := func(t *testing.T, s *store.Store, c store.Content) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error { return tx.PutContent(t.Context(), c) })
	}
	read := func(t *testing.T, s *store.Store) []store.Content {
		t.Helper()
		var out []store.Content
		err := s.Reader().AllContent(t.Context(), func(c store.Content) error {
			out = append(out, c)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}

	t.Run("comes back by kind and ref, whole", func(t *testing.T) {
		s := store.New(h.New(t))
		rule := thing(store.Rules, "examples.a", `{"enabled": true}`)
		second := thing(store.Actions, "examples.b", `{"n": 12345678901234567890}`)
		first := thing(store.Actions, "examples.a", `{"name": "ä'\"\n"}`)
		for _, c := range []store.Content{rule, second, first} {
			put(t, s, c)
		}
		if d := diff([]store.Content{first, second, rule}, read(t, s)); d != "" {
			t.Error(d)
		}
	})

	t.Run("is replaced by what has its kind and ref", func(t *testing.T) {
		s := store.New(h.New(t))
		put(t, s, thing(store.Rules, "examples.a", `{"enabled": true}`))
		want := thing(store.Rules, "examples.a", `{"enabled": false}`)
		put(t, s, want)
		if d := diff([]store.Content{want}, read(t, s)); d != "" {
			t.Error(d)
		}
	})

	t.Run("goes by kind and ref", func(t *testing.T) {
		s := store.New(h.New(t))
		stays := thing(store.Actions, "examples.a", `{}`)
		put(t, s, stays)
		put(t, s, thing(store.Rules, "examples.a", `{}`))
		for _, want := range []bool{true, false} {
			wrote(t, s, want, func(tx *store.Tx) (bool, error) {
				return tx.DeleteContent(t.Context(), store.Rules, "examples.a")
			})
		}
		if d := diff([]store.Content{stays}, read(t, s)); d != "" {
			t.Error(d)
		}
	})

	t.Run("stops at the reader's error", func(t *testing.T) {
		s := store.New(h.New(t))
		put(t, s, thing(store.Actions, "examples.a", `{}`))
		put(t, s, thing(store.Actions, "examples.b", `{}`))
		stop, calls := errors.New("enough"), 0
		err := s.Reader().AllContent(t.Context(), func(store.Content) error {
			calls++
			return stop
		})
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("got error %v after %d calls", err, calls)
		}
	})
}
