package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/store"
)

func keys(t *testing.T, h Harness) {
	put := func(t *testing.T, s *store.Store, pairs ...kv.Pair) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error {
			for i, p := range pairs {
				if err := tx.PutKey(t.Context(), id(i), p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	names := func(t *testing.T, s *store.Store, q store.Keys) []string {
		t.Helper()
		var out []string
		for {
			page, total, err := s.Reader().ListKeys(t.Context(), q, store.Page{Limit: 2, Offset: len(out)})
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				if total.N != len(out) {
					t.Errorf("in all %d, listed %d", total.N, len(out))
				}
				return out
			}
			for _, p := range page {
				out = append(out, p.User+"/"+p.Name)
			}
		}
	}
	system := func(name, value string) kv.Pair {
		return kv.Pair{Scope: kv.System, Name: name, Value: value, UpdatedAt: at(1)}
	}

	t.Run("come back as they went in, each of its scope and user", func(t *testing.T) {
		s := store.New(h.New(t))
		all := []kv.Pair{
			system("a", "of all"),
			{Scope: kv.User, User: "stanley", Name: "a", Value: "ä'\n", Secret: true, Encrypted: true, ExpiresAt: at(99), UpdatedAt: at(2)},
			{Scope: kv.User, User: "hubot", Name: "a", Value: "", UpdatedAt: at(3)},
		}
		put(t, s, all...)
		for _, want := range all {
			got, err := s.Reader().Key(t.Context(), want.Scope, want.User, want.Name, at(50))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		_, err := s.Reader().Key(t.Context(), kv.System, "stanley", "a", at(50))
		wantNotFound(t, "a user's key of the system", err)
		_, err = s.Reader().Key(t.Context(), kv.System, "", "A", at(50))
		wantNotFound(t, "another case", err)
	})

	t.Run("are replaced and deleted", func(t *testing.T) {
		s := store.New(h.New(t))
		put(t, s, kv.Pair{Scope: kv.System, Name: "a", Value: "old", Secret: true, Encrypted: true, ExpiresAt: at(99), UpdatedAt: at(1)})
		want := system("a", "new")
		put(t, s, want)
		got, err := s.Reader().Key(t.Context(), kv.System, "", "a", at(200))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		for _, there := range []bool{true, false} {
			wrote(t, s, there, func(tx *store.Tx) (bool, error) { return tx.DeleteKey(t.Context(), kv.System, "", "a") })
		}
	})

	t.Run("expire", func(t *testing.T) {
		s := store.New(h.New(t))
		p := system("a", "x")
		p.ExpiresAt = at(10)
		put(t, s, p, system("b", "stays"))
		for now, there := range map[time.Time]bool{at(9): true, at(10): false, at(11): false} {
			_, err := s.Reader().Key(t.Context(), kv.System, "", "a", now)
			if there != (err == nil) || there == p.Expired(now) {
				t.Errorf("at %s: %v", seconds(now), err)
			}
			if got := slices.Contains(names(t, s, store.Keys{Now: now}), "/a"); got != there {
				t.Errorf("listed at %s: %v", seconds(now), got)
			}
		}
		for i, want := range []int{1, 0} {
			write(t, s, func(tx *store.Tx) error {
				n, err := tx.DeleteExpired(t.Context(), at(20), 9)
				if n != want {
					t.Errorf("deletion %d: %d went, want %d", i, n, want)
				}
				return err
			})
		}
		if d := cmp.Diff([]string{"/b"}, names(t, s, store.Keys{})); d != "" {
			t.Error(d)
		}
	})

	t.Run("list by name", func(t *testing.T) {
		s := store.New(h.New(t))
		put(t, s, system("b_1", ""), system("b%1", ""), system("bx1", ""), system("a", ""), system("B_1", ""), system("ä1", ""),
			kv.Pair{Scope: kv.User, User: "stanley", Name: "b_2", UpdatedAt: at(1)},
			kv.Pair{Scope: kv.User, User: "hubot", Name: "a", UpdatedAt: at(1)})
		nobody, stanley := "", "stanley"
		for name, tt := range map[string]struct {
			q    store.Keys
			want []string
		}{
			"everything":          {store.Keys{}, []string{"/B_1", "/a", "/b%1", "/b_1", "/bx1", "/ä1", "hubot/a", "stanley/b_2"}},
			"scope":               {store.Keys{Scope: kv.User}, []string{"hubot/a", "stanley/b_2"}},
			"user":                {store.Keys{User: &stanley}, []string{"stanley/b_2"}},
			"no user":             {store.Keys{User: &nobody, Prefix: "b"}, []string{"/b%1", "/b_1", "/bx1"}},
			"prefix with _":       {store.Keys{Prefix: "b_"}, []string{"/b_1", "stanley/b_2"}},
			"prefix with %":       {store.Keys{Prefix: "b%"}, []string{"/b%1"}},
			"prefix beyond 7 bit": {store.Keys{Prefix: "ä"}, []string{"/ä1"}},
			"name":                {store.Keys{Name: "a"}, []string{"/a", "hubot/a"}},
			"name in a scope":     {store.Keys{Name: "a", Scope: kv.System}, []string{"/a"}},
			"nothing":             {store.Keys{Prefix: "c"}, nil},
		} {
			if d := cmp.Diff(tt.want, names(t, s, tt.q)); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	})

	t.Run("data keys: the last seals, the others are retired", func(t *testing.T) {
		s := store.New(h.New(t))
		for n := range 2 {
			write(t, s, func(tx *store.Tx) error {
				return tx.AddDataKey(t.Context(), at(n+1), func(id int64) string { return fmt.Sprint("wrapped ", id) })
			})
		}
		write(t, s, func(tx *store.Tx) error { return tx.RewrapDataKey(t.Context(), 1, "again") })
		want := []store.DataKey{
			{ID: 1, Wrapped: "again", CreatedAt: at(1), RetiredAt: at(2)}, {ID: 2, Wrapped: "wrapped 2", CreatedAt: at(2)},
		}
		got, err := s.Reader().DataKeys(t.Context())
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v %s", err, d)
		}
		write(t, s, func(tx *store.Tx) error { return tx.DeleteDataKey(t.Context(), 2) })
		write(t, s, func(tx *store.Tx) error {
			return tx.AddDataKey(t.Context(), at(3), func(id int64) string { return fmt.Sprint("wrapped ", id) })
		})
		if got, err = s.Reader().DataKeys(t.Context()); err != nil || len(got) != 2 || got[1].ID != 3 {
			t.Errorf("a number is given twice: %v %v", got, err)
		}
	})

	t.Run("secrets of other data keys are found in pages", func(t *testing.T) {
		s := store.New(h.New(t))
		secret := func(name, value string) kv.Pair {
			return kv.Pair{Scope: kv.System, Name: name, Value: value, Secret: true, UpdatedAt: at(1)}
		}
		put(t, s, secret("a", "nss1.1.x"), secret("b", "nss1.12.x"), secret("c", "plain"), secret("d", "nss1.1.y"), system("e", "no secret"))
		var found []string
		var last kv.Pair
		for {
			page, err := s.Reader().SecretsNotSealedWith(t.Context(), "nss1.12.", last, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				found = append(found, p.Name)
			}
			last = page[len(page)-1]
		}
		if d := cmp.Diff([]string{"a", "c", "d"}, found); d != "" {
			t.Error(d)
		}
		needed := func(prefix string) (is bool) {
			write(t, s, func(tx *store.Tx) (err error) {
				is, err = tx.DataKeyNeeded(t.Context(), prefix, at(9))
				return err
			})
			return is
		}
		if !needed("nss1.12.") || needed("nss1.2.") {
			t.Error("what needs a key is not known")
		}
		p := secret("b", "nss1.12.x")
		write(t, s, func(tx *store.Tx) error { return tx.ResealKey(t.Context(), p, "nss1.2.z") })
		write(t, s, func(tx *store.Tx) error { return tx.ResealKey(t.Context(), p, "too late") })
		if got, err := s.Reader().Key(t.Context(), kv.System, "", "b", at(2)); err != nil || got.Value != "nss1.2.z" || !got.Encrypted {
			t.Errorf("sealed again: %+v %v", got, err)
		}
		write(t, s, func(tx *store.Tx) error {
			if _, err := tx.Setting(t.Context(), "s", "nss1.9.x"); err != nil {
				return err
			}
			return tx.PutSetting(t.Context(), "s", "nss1.8.x")
		})
		if !needed("nss1.8.") || needed("nss1.9.") {
			t.Error("a setting that is sealed is not seen")
		}
	})
}
