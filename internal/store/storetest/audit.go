package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/store"
)

func audited(t *testing.T, h Harness) {
	add := func(t *testing.T, s *store.Store, n int) {
		t.Helper()
		for i := range n {
			outcome := audit.Done
			if i%3 == 2 {
				outcome = audit.Refused
			}
			write(t, s, func(tx *store.Tx) error {
				return tx.AddAudit(t.Context(), audit.Record{At: at(i), User: fmt.Sprint("u", i%2), Outcome: outcome})
			})
		}
	}
	verify := func(t *testing.T, s *store.Store) audit.Head {
		t.Helper()
		head, err := s.Reader().AuditBase(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		entries, err := s.Reader().Audit(t.Context(), store.AuditQuery{After: head.Seq, Limit: -1})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if head, err = head.Follow(e); err != nil {
				t.Error(err)
			}
		}
		if got, err := s.Reader().AuditHead(t.Context()); err != nil || got != head {
			t.Errorf("the head is %v, %v, want %v", got, err, head)
		}
		return head
	}

	t.Run("entries follow each other and are listed", func(t *testing.T) {
		d := h.New(t)
		s := store.New(d)
		add(t, s, 5)
		if head := verify(t, s); head.Seq != 5 {
			t.Errorf("the head is %v", head)
		}
		for name, tt := range map[string]struct {
			q    store.AuditQuery
			want []int64
		}{
			"oldest first": {store.AuditQuery{Limit: 2}, []int64{1, 2}},
			"newest first": {store.AuditQuery{Newest: true, Limit: 2}, []int64{5, 4}},
			"behind one":   {store.AuditQuery{After: 3, Limit: 9}, []int64{4, 5}},
			"ahead of one": {store.AuditQuery{Before: 4, Newest: true, Limit: 2}, []int64{3, 2}},
			"of a user":    {store.AuditQuery{User: "u1", Limit: 9}, []int64{2, 4}},
			"refused":      {store.AuditQuery{Outcome: audit.Refused, Newest: true, Limit: 1}, []int64{3}},
			"done":         {store.AuditQuery{Outcome: audit.Done, Before: 5, Limit: 9}, []int64{1, 2, 4}},
			"since":        {store.AuditQuery{Since: at(3), Limit: 9}, []int64{4, 5}},
			"since later":  {store.AuditQuery{Since: at(30), Limit: 9}, nil},
		} {
			entries, err := s.Reader().Audit(t.Context(), tt.q)
			var got []int64
			for _, e := range entries {
				got = append(got, e.Seq)
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
		}
	})

	t.Run("no entry can be changed, and only the oldest can go", func(t *testing.T) {
		d := h.New(t)
		s := store.New(d)
		add(t, s, 10)
		for _, q := range []string{
			`UPDATE audit SET record = '{}' WHERE seq = 3`, `DELETE FROM audit WHERE seq = 3`, `DELETE FROM audit`,
			`DELETE FROM audit_base`,
		} {
			if err := d.Write(t.Context(), func(c store.Conn) error { _, err := c.Exec(t.Context(), q); return err }); err == nil {
				t.Errorf("%s is done", q)
			}
		}
		for _, tt := range []struct {
			before time.Time
			limit  int
			went   int
		}{{at(0), 9, 0}, {at(4), 3, 3}, {at(4), 3, 1}, {at(4), 3, 0}, {at(99), 99, 5}, {at(99), 99, 0}} {
			if n, err := s.DeleteAuditBefore(t.Context(), tt.before, tt.limit); err != nil || n != tt.went {
				t.Errorf("%d went, %v, want %d", n, err, tt.went)
			}
			if head := verify(t, s); head.Seq != 10 {
				t.Errorf("the head is %v", head)
			}
		}
		if err := d.Write(t.Context(), func(c store.Conn) error { _, err := c.Exec(t.Context(), `UPDATE audit_base SET seq = 0`); return err }); err == nil {
			t.Error("retention went back")
		}
	})

	t.Run("what is done for a request is on record with it", func(t *testing.T) {
		s := store.New(h.New(t))
		trail := &store.Trail{Describe: func(changes []audit.Change) audit.Record {
			return audit.Record{At: at(1), User: "ada", Outcome: audit.Done, Changes: changes}
		}}
		ctx := store.WithTrail(t.Context(), trail)
		do := func(f func(tx *store.Tx) error) string {
			t.Helper()
			before := verify(t, s)
			if err := s.Write(ctx, f); err != nil {
				t.Fatal(err)
			}
			entries, err := s.Reader().Audit(t.Context(), store.AuditQuery{After: before.Seq, Limit: 9})
			if err != nil || len(entries) > 1 {
				t.Fatalf("%d entries, %v", len(entries), err)
			}
			if len(entries) == 0 {
				return ""
			}
			var r audit.Record
			if err := json.Unmarshal(entries[0].Record, &r); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for _, c := range r.Changes {
				fmt.Fprintf(&out, "%s %s %s->%s ", c.Kind, c.Object, c.Before, c.After)
			}
			return out.String()
		}
		no := errors.New("no")
		if err := s.Write(ctx, func(tx *store.Tx) error {
			if err := tx.PutKey(ctx, "1", kv.Pair{Scope: kv.System, Name: "a", Value: "1"}); err != nil {
				return err
			}
			return no
		}); !errors.Is(err, no) || trail.Written() {
			t.Errorf("%v, written %v", err, trail.Written())
		}
		if head := verify(t, s); head.Seq != 0 {
			t.Error("what was undone is on record")
		}
		content := func(body string) store.Content {
			return store.Content{Kind: store.Rules, Ref: "p.r", ID: "1", Pack: "p", Body: json.RawMessage(body)}
		}
		user := access.User{Name: "bob", Password: "hash1"}
		key := access.APIKey{ID: "k1", Hash: "h", User: "bob", Enabled: true}
		e := simple(1)
		for _, tt := range []struct {
			name string
			do   func(tx *store.Tx) error
			want string
		}{
			{"a key is made", func(tx *store.Tx) error {
				return tx.PutKey(ctx, "1", kv.Pair{Scope: kv.System, Name: "a", Value: "1"})
			}, `key key_value_pair:st2kv.system:a ->{"secret":false,"value":"1"} `},
			{"a key becomes secret", func(tx *store.Tx) error {
				return tx.PutKey(ctx, "1", kv.Pair{Scope: kv.System, Name: "a", Value: "hush", Secret: true})
			}, `key key_value_pair:st2kv.system:a {"secret":false,"value":"1"}->{"secret":true,"value":"********"} `},
			{"a key goes", func(tx *store.Tx) error { _, err := tx.DeleteKey(ctx, kv.System, "", "a"); return err }, `key key_value_pair:st2kv.system:a {"secret":true,"value":"********"}-> `},
			{"no key goes", func(tx *store.Tx) error { _, err := tx.DeleteKey(ctx, kv.System, "", "a"); return err }, ``},
			{"content is made", func(tx *store.Tx) error { return tx.PutContent(ctx, content(`{"n":1}`)) }, `rule p.r ->{"n":1} `},
			{"content stays", func(tx *store.Tx) error { return tx.PutContent(ctx, content(`{"n":1}`)) }, ``},
			{"content changes", func(tx *store.Tx) error { return tx.PutContent(ctx, content(`{"n":2}`)) }, `rule p.r {"n":1}->{"n":2} `},
			{"content goes", func(tx *store.Tx) error { _, err := tx.DeleteContent(ctx, store.Rules, "p.r"); return err }, `rule p.r {"n":2}-> `},
			{"a user is made", func(tx *store.Tx) error { return tx.PutUser(ctx, user) }, `user bob ->{"admin":false,"disabled":false,"groups":null,"password":"********"} `},
			{"a password changes", func(tx *store.Tx) error {
				return tx.PutUser(ctx, access.User{Name: "bob", Password: "hash2", Admin: true})
			}, `user bob {"admin":false,"disabled":false,"groups":null,"password":"********"}->{"admin":true,"disabled":false,"groups":null,"password":"******** (another)"} `},
			{"a token is made", func(tx *store.Tx) error {
				return tx.InsertToken(ctx, access.Token{ID: "t1", Hash: "th", User: "bob", ExpiresAt: at(9)})
			}, `token t1 ->{"expires_at":"2026-11-22T02:00:09.000123Z","metadata":{},"user":"bob"} `},
			{"a token goes", func(tx *store.Tx) error { return tx.DeleteToken(ctx, "th") }, `token t1 {"user":"bob"}-> `},
			{"an API key is made", func(tx *store.Tx) error { return tx.PutAPIKey(ctx, key) }, `api_key k1 ->{"enabled":true,"metadata":{},"user":"bob"} `},
			{"an API key goes", func(tx *store.Tx) error { _, err := tx.DeleteAPIKey(ctx, "k1"); return err }, `api_key k1 {"enabled":true,"metadata":{},"user":"bob"}-> `},
			{"an execution is asked for", func(tx *store.Tx) error { return tx.InsertExecution(ctx, e) }, `execution ` + e.ID + ` ->{"action":"` + e.Action + `","parameters":{}} `},
			{"an execution is canceled", func(tx *store.Tx) error {
				_, err := tx.ChangeExecution(ctx, store.Change{ID: e.ID, From: []execution.Status{e.Status}, To: execution.Canceled, At: at(3)})
				return err
			}, `execution ` + e.ID + ` {"status":"` + string(e.Status) + `"}->{"status":"canceled"} `},
		} {
			if d := cmp.Diff(tt.want, do(tt.do)); d != "" {
				t.Errorf("%s: %s", tt.name, d)
			}
		}
	})
}
