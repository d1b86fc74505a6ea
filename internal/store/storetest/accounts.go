package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/store"
)

func accounts(t *testing.T, h Harness) {
	t.Run("users", func(t *testing.T) {
		s := store.New(h.New(t))
		for n, u := range []access.User{
			{Name: "admin", Password: "$argon2id$1", Admin: true, CreatedAt: at(1)},
			{Name: "stanley", Groups: []string{"ops", "on-call, \"nights\""}, CreatedAt: at(2)},
			{Name: "admin", Password: "$argon2id$2", CreatedAt: at(1)},
		} {
			write(t, s, func(tx *store.Tx) error { return tx.PutUser(t.Context(), u) })
			got, err := s.Reader().User(t.Context(), u.Name)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(u, got); d != "" {
				t.Error(d)
			}
			if got, err := s.Reader().CountUsers(t.Context()); err != nil || got != min(n+1, 2) {
				t.Errorf("%d users, %v", got, err)
			}
		}
		_, err := s.Reader().User(t.Context(), "nobody")
		wantNotFound(t, "a user", err)
	})

	t.Run("groups of users", func(t *testing.T) {
		s := store.New(h.New(t))
		set := func(name string, groups ...string) {
			t.Helper()
			groups = append([]string{}, groups...) // none is not the same as nothing known
			write(t, s, func(tx *store.Tx) error {
				return tx.AdmitUser(t.Context(), name, store.Admission{Source: "a directory", KnownAs: name + "@x", Groups: groups}, at(2))
			})
		}
		check := func(what string, want access.User) {
			t.Helper()
			got, err := s.Reader().User(t.Context(), want.Name)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("%s: %v %s", what, err, d)
			}
		}
		admin := access.User{Name: "admin", Password: "$argon2id$1", Admin: true, CreatedAt: at(1)}
		write(t, s, func(tx *store.Tx) error { return tx.PutUser(t.Context(), admin) })
		set("admin", "ops")
		admin.Groups, admin.Source, admin.KnownAs = []string{"ops"}, "a directory", "admin@x"
		check("groups are added to a user", admin)
		write(t, s, func(tx *store.Tx) error { return tx.PutUser(t.Context(), admin) })
		check("a change of the user leaves them", admin)
		set("admin")
		admin.Groups = nil
		check("who leaves all groups is in none", admin)
		set("ldap-only", "ops", "dev")
		check("a user of another service is added, without a password and no admin",
			access.User{Name: "ldap-only", Groups: []string{"ops", "dev"}, Source: "a directory", KnownAs: "ldap-only@x", CreatedAt: at(2)})
	})

	t.Run("users whom their directory knows no more", func(t *testing.T) {
		s := store.New(h.New(t))
		admit := func(source string, groups []string) {
			t.Helper()
			write(t, s, func(tx *store.Tx) error {
				return tx.AdmitUser(t.Context(), "ada", store.Admission{Source: source, KnownAs: "Ada", Groups: groups}, at(3))
			})
		}
		check := func(what string, want access.User) {
			t.Helper()
			want.Name, want.CreatedAt = "ada", at(3)
			got, err := s.Reader().User(t.Context(), "ada")
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("%s: %v %s", what, err, d)
			}
		}
		admit("ldap", []string{"ops"})
		write(t, s, func(tx *store.Tx) error { return tx.UserLeft(t.Context(), "ada", at(4)) })
		check("who has left keeps what they have", access.User{Source: "ldap", KnownAs: "Ada", Groups: []string{"ops"}, LeftAt: at(4)})
		admit("sso", nil)
		check("who is let in again is there, and who knows nothing of groups changes none", access.User{Source: "sso", KnownAs: "Ada", Groups: []string{"ops"}})
		write(t, s, func(tx *store.Tx) error { return tx.UserLeft(t.Context(), "nobody", at(4)) })
		if n, err := s.Reader().CountUsers(t.Context()); n != 1 || err != nil {
			t.Errorf("%d users, %v", n, err)
		}
	})

	t.Run("users who are shut out", func(t *testing.T) {
		s := store.New(h.New(t))
		for _, name := range []string{"grace", "ada", "edsger"} {
			u := access.User{Name: name, Disabled: name == "ada", CreatedAt: at(1)}
			write(t, s, func(tx *store.Tx) error { return tx.PutUser(t.Context(), u) })
			write(t, s, func(tx *store.Tx) error {
				for i := range 2 {
					id := fmt.Sprint(name, i)
					if err := tx.InsertToken(t.Context(), access.Token{ID: id, Hash: id, User: name, ExpiresAt: at(9)}); err != nil {
						return err
					}
				}
				return tx.PutAPIKey(t.Context(), access.APIKey{ID: "key of " + name, Hash: "hash of " + name, User: name, CreatedAt: at(1)})
			})
		}
		list := func(p store.Page) string {
			users, total, err := s.Reader().ListUsers(t.Context(), p)
			if err != nil || total.N != 3 {
				t.Fatalf("%d users, %v", total.N, err)
			}
			var text strings.Builder
			for _, u := range users {
				fmt.Fprintf(&text, "%s: %v, ", u.Name, u.Disabled)
			}
			return text.String()
		}
		if got := list(store.Page{Limit: 2, Asc: true}) + list(store.Page{Limit: 2, Offset: 2, Asc: true}); got != "ada: true, edsger: false, grace: false, " {
			t.Errorf("users: %s", got)
		}
		left := func(hash string) bool {
			_, token := s.Reader().Token(t.Context(), hash)
			_, key := s.Reader().APIKey(t.Context(), hash)
			return token == nil || key == nil
		}
		write(t, s, func(tx *store.Tx) error {
			n, err := tx.DeleteTokens(t.Context(), "grace", "grace1")
			if n != 1 {
				t.Errorf("%d tokens were deleted, want 1", n)
			}
			return err
		})
		write(t, s, func(tx *store.Tx) error {
			tokens, keys, err := tx.Revoke(t.Context(), "ada")
			if tokens != 2 || keys != 1 {
				t.Errorf("%d tokens and %d keys were revoked", tokens, keys)
			}
			return err
		})
		write(t, s, func(tx *store.Tx) error { return tx.DeleteUser(t.Context(), "edsger") })
		for hash, want := range map[string]bool{
			"grace0": false, "grace1": true, "hash of grace": true, "ada0": false, "ada1": false, "hash of ada": false, "edsger0": false, "hash of edsger": false,
		} {
			if left(hash) != want {
				t.Errorf("%s: left is %v", hash, !want)
			}
		}
		_, err := s.Reader().User(t.Context(), "edsger")
		wantNotFound(t, "a deleted user", err)
	})

	t.Run("tokens", func(t *testing.T) {
		s := store.New(h.New(t))
		token := func(n int, expires time.Time) access.Token {
			return access.Token{
				ID: id(n), Hash: access.TokenHash(id(n)), User: "stanley", ExpiresAt: expires, Service: n%2 == 0,
				Metadata: json.RawMessage(`{"n": 1}`),
			}
		}
		tokens := []access.Token{token(0, at(10)), token(1, at(20)), token(2, at(30)), token(3, time.Time{})}
		for _, k := range tokens {
			write(t, s, func(tx *store.Tx) error { return tx.InsertToken(t.Context(), k) })
		}
		there := func(what string, want ...bool) {
			t.Helper()
			for i, k := range tokens {
				got, err := s.Reader().Token(t.Context(), k.Hash)
				if !want[i] {
					wantNotFound(t, what, err)
					continue
				}
				if d := diff(k, got); err != nil || d != "" {
					t.Errorf("%s: %v %s", what, err, d)
				}
			}
		}
		there("at first", true, true, true, true)
		write(t, s, func(tx *store.Tx) error { return tx.DeleteToken(t.Context(), tokens[2].Hash) })
		there("after a logout", true, true, false, true)
		write(t, s, func(tx *store.Tx) error {
			n, err := tx.DeleteExpired(t.Context(), at(99), 1)
			if n != 1 {
				t.Errorf("%d went, want 1", n)
			}
			return err
		})
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.DeleteExpired(t.Context(), at(99), 9)
			return err
		})
		there("after all expired", false, false, false, true)
	})

	t.Run("API keys", func(t *testing.T) {
		s := store.New(h.New(t))
		key := func(n int, user string) access.APIKey {
			return access.APIKey{
				ID: id(n), Hash: access.KeyHash(id(n)), User: user, Metadata: json.RawMessage(`{"n": 1}`), Enabled: true, CreatedAt: at(n),
			}
		}
		put := func(k access.APIKey) {
			t.Helper()
			write(t, s, func(tx *store.Tx) error { return tx.PutAPIKey(t.Context(), k) })
		}
		keys := []access.APIKey{key(2, "hubot"), key(1, "stanley"), key(3, "stanley")}
		for _, k := range keys {
			put(k)
		}
		keys[0].Enabled, keys[0].Metadata = false, json.RawMessage(`{}`)
		put(keys[0])
		for _, k := range keys {
			for _, by := range []string{k.ID, k.Hash} {
				got, err := s.Reader().APIKey(t.Context(), by)
				if d := diff(k, got); err != nil || d != "" {
					t.Errorf("%v %s", err, d)
				}
			}
		}
		for user, want := range map[string][]access.APIKey{
			"": {keys[1], keys[0], keys[2]}, "stanley": {keys[1], keys[2]}, "nobody": nil,
		} {
			got, total, err := s.Reader().ListAPIKeys(t.Context(), user, all())
			if err != nil {
				t.Fatal(err)
			}
			if d := diff(want, got); d != "" || total.N != len(want) {
				t.Errorf("of %q, in all %d: %s", user, total.N, d)
			}
		}
		page, total, err := s.Reader().ListAPIKeys(t.Context(), "", store.Page{Limit: 1, Offset: 1})
		if d := diff(keys[:1], page); err != nil || d != "" || total.N != 3 {
			t.Errorf("second page: %v %s", err, d)
		}
		for _, there := range []bool{true, false} {
			wrote(t, s, there, func(tx *store.Tx) (bool, error) { return tx.DeleteAPIKey(t.Context(), id(2)) })
		}
		_, err = s.Reader().APIKey(t.Context(), keys[0].Hash)
		wantNotFound(t, "a key that is gone", err)
	})
}
