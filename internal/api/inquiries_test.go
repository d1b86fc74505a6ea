package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
)

const approval = `{"schema": {"type": "object", "properties": {"ok": {"type": "boolean", "required": true},
	"pin": {"type": "string", "secret": true}}}, "roles": %s, "users": %s, "route": "ops", "ttl": 30}`

// inquire puts a question into the ledger.
func (s *server) inquire(users, roles string) string {
	s.t.Helper()
	now := time.Now()
	e := &execution.Execution{
		ID: ident.New(now), Status: execution.Pending, Action: "p.noargs", Runner: "inquirer", CreatedAt: now,
		Result: fmt.Appendf(nil, approval, roles, users), Log: []execution.LogEntry{{Status: execution.Pending, At: now}},
	}
	s.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertExecution(ctx, e) })
	return e.ID
}

func TestInquiriesAreThoseThatWait(t *testing.T) {
	s := newServer(t, api.Options{})
	if got := s.do("GET", "/api/v1/inquiries", "").status(200); got.Body.String() != "[]\n" || got.Header().Get("X-Total-Count") != "0" {
		t.Errorf("without any: %s", got.Body)
	}
	first, second := s.inquire(`[]`, `[]`), s.inquire(`["ada"]`, `["ops"]`)
	got := s.do("GET", "/api/v1/inquiries", "").status(200)
	if got.at("0.id") != second || got.at("1.id") != first || got.Header().Get("X-Total-Count") != "2" || got.Header().Get("X-Limit") != "20" {
		t.Errorf("%v %s", got.Header(), got.Body)
	}
	for path, want := range map[string]string{"route": "ops", "ttl": "30", "users": `["ada"]`, "roles": `["ops"]`, "schema.type": "object"} {
		if of := got.at("0." + path); of != want {
			t.Errorf("%s is %s, want %s", path, of, want)
		}
	}
	if got := s.do("GET", "/v1/inquiries/"+first, "").status(200); got.at("id") != first || got.at("users") != "[]" {
		t.Errorf("one: %s", got.Body)
	}
	if got := s.do("GET", "/v1/inquiries?limit=1&include_attributes=route", "").status(200).Body.String(); got != `[{"id":"`+second+`","route":"ops"}]`+"\n" {
		t.Errorf("a part: %s", got)
	}
}

func TestAnAnswerEndsAnInquiryOnce(t *testing.T) {
	s := newServer(t, api.Options{})
	id := s.inquire(`[]`, `[]`)
	got := s.do("PUT", "/api/v1/inquiries/"+id, `{"id": "`+id+`", "response": {"ok": true, "pin": "1234"}}`).status(200)
	if got.at("id") != id || got.at("response.ok") != "true" {
		t.Errorf("answered %s", got.Body)
	}
	e := s.do("GET", "/api/v1/executions/"+id, "").status(200)
	if e.at("status") != "succeeded" || e.at("result.response.ok") != "true" || e.at("result.route") != "ops" || e.at("context.answered_by") != "admin" {
		t.Errorf("the execution is %s", e.Body)
	}
	if pin := e.at("result.response.pin"); pin != "********" {
		t.Errorf("the secret is shown as %s", pin)
	}
	if pin := s.do("GET", "/api/v1/executions/"+id+"?show_secrets=true", "").status(200).at("result.response.pin"); pin != "1234" {
		t.Errorf("the secret is kept as %s", pin)
	}
	const twice = `has already been responded to.`
	if got := s.do("PUT", "/api/v1/inquiries/"+id, `{"response": {"ok": false}}`).status(400).fault(); !strings.HasSuffix(got, twice) {
		t.Errorf("a second answer: %s", got)
	}
	if got := s.do("GET", "/api/v1/inquiries/"+id, "").status(400).fault(); !strings.HasSuffix(got, twice) {
		t.Errorf("asked for it again: %s", got)
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	s := newServer(t, api.Options{})
	open, ofBob, ofOps := s.inquire(`[]`, `[]`), s.inquire(`["bob"]`, `[]`), s.inquire(`[]`, `["ops"]`)
	canceled := s.inquire(`[]`, `[]`)
	s.do("DELETE", "/api/v1/executions/"+canceled, "").status(200)
	none := ident.New(time.Now())
	for name, tt := range map[string]struct {
		id, body string
		user     bool // asks as one who is no admin
		status   int
		fault    string
	}{
		"no such inquiry":       {none, `{"response": {}}`, false, 404, `Unable to identify resource with id "` + none + `".`},
		"another user":          {ofBob, `{"response": {"ok": true}}`, false, 403, `User "admin" does not have permission to respond to inquiry "` + ofBob + `".`},
		"another role":          {ofOps, `{"response": {"ok": true}}`, true, 403, `User "ada" does not have permission to respond to inquiry "` + ofOps + `".`},
		"nothing":               {open, `{}`, false, 400, `'response' is a required property`},
		"no object":             {open, `{"response": true}`, false, 400, `True is not of type 'object'`},
		"what is not asked for": {open, `{"response": {"ok": 1}}`, false, 400, `Response for inquiry "` + open + `" did not pass schema validation. 1 is not of type 'boolean'`},
		"too late":              {canceled, `{"response": {"ok": true}}`, false, 400, `Inquiry "` + canceled + `" cannot be responded to: it is canceled.`},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			token := s.admin
			if tt.user {
				token = s.user
			}
			got := s.ask("PUT", "/api/v1/inquiries/"+tt.id, tt.body, "X-Auth-Token: "+token).status(tt.status).fault()
			if first, _, _ := strings.Cut(got, "\n"); first != tt.fault {
				t.Errorf("got %q, want %q", first, tt.fault)
			}
		})
	}
	if got := s.do("GET", "/api/v1/inquiries", "").status(200).Header().Get("X-Total-Count"); got != "3" {
		t.Errorf("%s wait, want 3", got)
	}
}
