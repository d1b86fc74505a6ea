package api_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/store"
)

// audited returns what the log has behind an entry, and the log's last entry.
func (s *server) audited(after int64) ([]audit.Record, int64) {
	s.t.Helper()
	entries, err := s.store.Reader().Audit(s.t.Context(), store.AuditQuery{After: after, Limit: -1})
	if err != nil {
		s.t.Fatal(err)
	}
	var out []audit.Record
	for _, e := range entries {
		var r audit.Record
		if err := json.Unmarshal(e.Record, &r); err != nil {
			s.t.Fatal(err)
		}
		out, after = append(out, r), e.Seq
	}
	return out, after
}

func TestWhoDidWhatIsOnRecord(t *testing.T) {
	s := newServer(t, api.Options{})
	basic := func(user, password string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	s.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutUser(ctx, access.User{Name: "bob", Password: access.HashPassword("right")})
	})
	admin, user := "X-Auth-Token: "+s.admin, "X-Auth-Token: "+s.user
	_, last := s.audited(0)
	for _, tt := range []struct {
		name, method, path, body, as string
		status                       int
		want                         string // nothing: not on record
	}{
		{"a question", "GET", "/v1/keys", "", admin, 200, ""},
		{"a question with a body", "POST", "/v1/actionalias/match", `{"command": "x"}`, admin, 400, ""},
		{"a mistake", "PUT", "/v1/keys/a", `{}`, admin, 400, ""},
		{"a key", "PUT", "/v1/keys/a", `{"value": "1"}`, admin, 200, "admin authentication token done keys/a [key]"},
		{"a secret", "PUT", "/v1/keys/s", `{"value": "hush-hush", "secret": true}`, admin, 200, "admin authentication token done keys/s [key]"},
		{"an execution", "POST", "/v1/executions", `{"action": "p.secretive", "parameters": {"key": "hush-hush"}}`, user, 201, "ada authentication token done executions [execution]"},
		{"a log-in", "POST", "/auth/v1/tokens", `{}`, basic("bob", "right"), 201, "bob password done tokens [token]"},
		{"a wrong password", "POST", "/auth/v1/tokens", `{}`, basic("bob", "hush-hush"), 401, "bob password refused tokens []"},
		{"nobody at all", "GET", "/v1/user", "", "Accept: text/html", 401, ""},
		{"nobody who changes something", "DELETE", "/v1/keys/a", "", "Accept: text/html", 401, "  refused keys/a []"},
		{"a password where none is taken", "GET", "/v1/user", "", basic("bob", "right"), 401, "bob password refused user []"},
		{"a wrong token", "GET", "/v1/keys", "", "X-Auth-Token: hush-hush", 401, "  refused keys []"},
		{"what takes an admin", "GET", "/v1/keys?decrypt=true", "", user, 403, "ada authentication token refused keys []"},
		{"an API key", "POST", "/v1/apikeys", `{}`, user, 201, "ada authentication token done apikeys [api_key]"},
		{"a key by itself", "DELETE", "/v1/apikeys/hush-hush", "", user, 404, ""},
		{"a deletion", "DELETE", "/v1/keys/a", "", admin, 204, "admin authentication token done keys/a [key]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.with(t).ask(tt.method, tt.path, tt.body, tt.as, "User-Agent: tester", "X-Request-ID: r1").status(tt.status)
			records, now := s.audited(last)
			last = now
			var got []string
			for _, r := range records {
				var kinds []string
				for _, c := range r.Changes {
					kinds = append(kinds, c.Kind)
				}
				got = append(got, fmt.Sprintf("%s %s %s %s %v", r.User, r.Credential, r.Outcome, r.Object, kinds))
				if r.Address != "192.0.2.1" || r.Client != "tester" || r.Request != "r1" || r.Method != tt.method || r.At.IsZero() || (r.Reason != "") != (r.Outcome == audit.Refused) {
					t.Errorf("got %+v", r)
				}
			}
			if d := cmp.Diff(tt.want, strings.Join(got, "\n")); d != "" {
				t.Error(d)
			}
		})
	}
	entries := s.do("GET", "/api/ns/v1/audit?after=0&limit=1000", "").status(200)
	if strings.Contains(entries.Body.String(), "hush") {
		t.Errorf("a secret is on record: %s", entries.Body)
	}
	s.ask("GET", "/api/ns/v1/audit", "", user).status(403)
	s.ask("GET", "/api/ns/v1/audit/head", "", user).status(403)
	var log struct{ Base, Head audit.Head }
	if err := json.Unmarshal(s.do("GET", "/api/ns/v1/audit/head", "").status(200).Body.Bytes(), &log); err != nil || log.Head.Seq != last+2 {
		t.Errorf("head %v, %v, want %d", log, err, last+2)
	}
	var all []audit.Entry
	if err := json.Unmarshal(entries.Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	head := log.Base
	for _, e := range all {
		var err error
		if head, err = head.Follow(e); err != nil {
			t.Error(err)
		}
	}
	var newest []audit.Entry
	if err := json.Unmarshal(s.do("GET", "/api/ns/v1/audit?limit=1", "").Body.Bytes(), &newest); err != nil || len(newest) != 1 || newest[0].Seq != log.Head.Seq {
		t.Errorf("newest: %v %v", newest, err)
	}
	var refused []audit.Entry
	if err := json.Unmarshal(s.do("GET", "/api/ns/v1/audit?outcome=refused&limit=1000", "").Body.Bytes(), &refused); err != nil {
		t.Fatal(err)
	}
	for i, e := range refused {
		var r audit.Record
		if err := json.Unmarshal(e.Record, &r); err != nil || r.Outcome != audit.Refused || i > 0 && e.Seq > refused[i-1].Seq {
			t.Errorf("refused, newest first: %v %+v", err, r)
		}
	}
	var before []audit.Entry
	path := fmt.Sprintf("/api/ns/v1/audit?outcome=refused&limit=1&before=%d", refused[0].Seq)
	if err := json.Unmarshal(s.do("GET", path, "").Body.Bytes(), &before); err != nil || len(before) != 1 || before[0].Seq != refused[1].Seq {
		t.Errorf("before %d: %v, %v", refused[0].Seq, before, err)
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "after=x", "before=x", "since=x", "outcome=x"} {
		s.do("GET", "/api/ns/v1/audit?"+query, "").status(400)
	}
}

// TestAGuesserDoesNotFillTheLog holds that refusals cost the disk little.
func TestAGuesserDoesNotFillTheLog(t *testing.T) {
	s := newServer(t, api.Options{})
	for range 500 {
		s.ask("GET", "/v1/keys", "", "X-Auth-Token: wrong").status(401)
	}
	if records, _ := s.audited(0); len(records) != 20 {
		t.Errorf("%d refusals on record of one address in a minute, want 20", len(records))
	}
}
