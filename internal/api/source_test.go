package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// events returns the payloads of all events of a trigger, newest first.
func (s *server) events(ref string) []string {
	s.t.Helper()
	found, _, err := s.store.Reader().ListInstances(s.t.Context(), store.Instances{Triggers: []string{ref}}, store.Page{Limit: -1})
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, i := range found {
		out = append(out, string(i.Payload))
	}
	return out
}

func (s *server) executions() []*execution.Execution {
	s.t.Helper()
	found, _, err := s.store.Reader().ListExecutions(s.t.Context(), store.Executions{}, store.Page{Limit: -1})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func TestAWebhookIsAnEventOnceItIsAccepted(t *testing.T) {
	s := newServer(t, api.Options{})
	const body = `{"branch": "main", "n": 1.50}`
	a := s.do("POST", "/v1/webhooks/deploy/prod/", body, "Content-Type: application/json", "X-Github-Event: push",
		"Cookie: a=b", "Authorization: Basic xyz", "St2-Trace-Tag: tag-1").status(202)
	if a.Body.String() != body {
		t.Errorf("echoes %q", a.Body)
	}
	got := s.events(webhookRef)
	if len(got) != 1 {
		t.Fatalf("%d events", len(got))
	}
	var payload struct {
		Headers map[string]string `json:"headers"`
		Lower   map[string]string `json:"headers_lower"`
		Body    json.RawMessage   `json:"body"`
	}
	if err := json.Unmarshal([]byte(got[0]), &payload); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{
		"Host": "example.com", "Content-Type": "application/json", "X-Github-Event": "push", "St2-Trace-Tag": "tag-1",
	}, payload.Headers); d != "" {
		t.Error(d)
	}
	if payload.Lower["x-github-event"] != "push" || len(payload.Lower) != len(payload.Headers) {
		t.Errorf("headers_lower: %v", payload.Lower)
	}
	if string(payload.Body) != `{"branch":"main","n":1.5}` {
		t.Errorf("body: %s", payload.Body)
	}
	e := s.executions()
	if len(e) != 1 || e[0].Action != "p.say" || e[0].Context.TraceContext.Tag != "tag-1" {
		t.Fatalf("executions: %v", e)
	}
}

func TestADeliveryWithAKeyIsTakenInOnce(t *testing.T) {
	s := newServer(t, api.Options{})
	for _, header := range []string{"X-Event-Key: 1", "X-Event-Key: 1", "Idempotency-Key: 2", "Idempotency-Key: 2", "X-Event-Key: 3"} {
		s.do("POST", "/v1/webhooks/deploy/prod", `{"branch": "main"}`, header).status(202)
	}
	if n := len(s.executions()); n != 3 {
		t.Errorf("%d executions of three events", n)
	}
	s.do("POST", "/v1/webhooks/deploy/prod", `{}`, "X-Event-Key: "+strings.Repeat("k", 513)).status(400)
}

func TestBodiesOfWebhooks(t *testing.T) {
	multi := "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n"
	tests := map[string]struct {
		kind, body string
		status     int
		want       string // the body in the event, or the sentence
	}{
		"none":            {"", "", 202, `{}`},
		"no type":         {"", `{"a": 1}`, 202, `{"a":1}`},
		"a list":          {"application/json", `[1, 2]`, 202, `[1,2]`},
		"with charset":    {"application/json; charset=utf-8", `{}`, 202, `{}`},
		"vendor's json":   {"application/vnd.x+json", `{"a": 1}`, 202, `{"a":1}`},
		"form":            {"application/x-www-form-urlencoded", "a=1&a=2&b=%C3%A9", 202, `{"a":["1","2"],"b":["é"]}`},
		"multipart":       {"multipart/form-data; boundary=b", multi, 202, `{"x":["1"]}`},
		"text":            {"text/plain", "hello", 202, `"hello"`},
		"not json":        {"application/json", "{\n\"a\" 1}", 400, "Failed to parse request body: Expecting ':' delimiter: line 2 column 5 (char 6)"},
		"two values":      {"application/json", "{} {}", 400, "Failed to parse request body: Extra data: line 1 column 4 (char 3)"},
		"another type":    {"foo/invalid", `{}`, 400, `Failed to parse request body: Unsupported Content-Type: "foo/invalid"`},
		"no type at all":  {";;;", `{}`, 400, `Failed to parse request body: Unsupported Content-Type: ";;;"`},
		"bad form":        {"application/x-www-form-urlencoded", "a=%zz", 400, `Failed to parse request body: invalid URL escape "%zz"`},
		"broken multi":    {"multipart/form-data", multi, 400, ""},
		"too large":       {"application/json", `"` + strings.Repeat("x", 2000) + `"`, 413, "The body has more than 1000 bytes, which is the most that is taken here."},
		"nested too deep": {"application/json", strings.Repeat("[", 500) + strings.Repeat("]", 499), 400, ""},
	}
	s := newServer(t, api.Options{MaxEventBody: 1000})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			before := len(s.events(webhookRef))
			a := s.do("POST", "/v1/webhooks/deploy/prod", tt.body, "Content-Type: "+tt.kind).status(tt.status)
			after := s.events(webhookRef)
			if tt.status != 202 {
				if tt.want != "" && a.fault() != tt.want {
					t.Errorf("refused with %q, want %q", a.fault(), tt.want)
				}
				if len(after) != before {
					t.Error("what was refused is an event")
				}
				return
			}
			if len(after) != before+1 || !strings.HasSuffix(after[0], `"body":`+tt.want+`}`) {
				t.Errorf("event %s, want the body %s", after[0], tt.want)
			}
		})
	}
}

func TestTheGenericWebhookNamesItsTrigger(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("POST", "/v1/webhooks/st2", `{"trigger": "p.alarm", "payload": {"host": "db1"}}`).status(202)
	e := s.executions()
	if len(e) != 1 || e[0].Action != "p.secretive" {
		t.Errorf("executions: %v", e)
	}
	for body, want := range map[string]string{
		`[{"foo": "bar"}]`:                      "Webhook body needs to be an object, got: array",
		`{"payload": {}}`:                       "Trigger not specified.",
		`{"trigger": 5}`:                        "Trigger not specified.",
		`{"trigger": "p.alarm", "payload": 5}`:  "The payload of an event needs to be an object, got: integer",
		`{"trigger": "p.nope", "payload": {}}`:  "", // the words are those of the intake
		`{"trigger": "p.alarm", "payload": {}}`: "", // the payload does not fit its schema
	} {
		if a := s.do("POST", "/v1/webhooks/st2", body); a.Code != 400 || want != "" && a.fault() != want {
			t.Errorf("%s: %d %q, want %q", body, a.Code, a.fault(), want)
		}
	}
	s.do("POST", "/v1/webhooks/nowhere", `{}`).status(404)
	if got := s.do("GET", "/v1/webhooks", "").status(200); got.at("0.parameters.url") != "deploy/prod" || got.at("1") != "" {
		t.Errorf("webhooks: %s", got.Body)
	}
	if got := s.do("GET", "/v1/webhooks/deploy/prod", "").status(200); got.at("ref") != webhookRef {
		t.Errorf("webhook: %s", got.Body)
	}
}

func TestAlertsOfMonitoringSystemsAreEvents(t *testing.T) {
	s := newServer(t, api.Options{})
	const body = `{"version": "4", "status": "firing", "receiver": "r", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
		"externalURL": "", "groupKey": "g", "alerts": [{"status": "firing", "labels": {"alertname": "Down", "instance": "db1"}, "annotations": {},
		"startsAt": "2026-11-22T02:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "f00d"}]}`
	a := s.do("POST", "/api/v1/alerts/alertmanager", body).status(202)
	if a.at("events.0.duplicate") != "false" || len(a.at("events.0.executions.0")) != 24 {
		t.Errorf("first: %s", a.Body)
	}
	again := s.do("POST", "/api/v1/alerts/alertmanager", body).status(202)
	if again.at("events.0.duplicate") != "true" || again.at("events.0.id") != a.at("events.0.id") {
		t.Errorf("second: %s", again.Body)
	}
	s.do("POST", "/api/v1/alerts/alertmanager", `{"alerts": 5}`).status(400)
	if got := s.do("POST", "/api/v1/alerts/zabbix", body).status(404).fault(); !strings.Contains(got, "alertmanager, cloudevents, nagios") {
		t.Errorf("unknown source: %q", got)
	}
}

func TestEventsAreListedAndHappenOnceMore(t *testing.T) {
	s := newServer(t, api.Options{})
	for _, host := range []string{"db1", "web1"} {
		s.do("POST", "/v1/webhooks/st2", `{"trigger": "p.alarm", "payload": {"host": "`+host+`"}}`).status(202)
	}
	s.do("POST", "/v1/webhooks/deploy/prod", `{"branch": "main"}`).status(202)
	for query, want := range map[string]string{
		"":                                      "3",
		"?trigger=p.alarm":                      "2",
		"?trigger_type=core.st2.webhook":        "1",
		"?trigger_type=p.alarm&trigger=p.alarm": "2",
		"?trigger_type=p.nothing":               "0",
		"?status=processed":                     "3",
		"?timestamp_gt=2000-01-01T00:00:00Z":    "3",
		"?timestamp_lt=2000-01-01T00:00:00Z":    "0",
	} {
		if got := s.do("GET", "/v1/triggerinstances"+query, "").status(200).Header().Get("X-Total-Count"); got != want {
			t.Errorf("%s: %s events, want %s", query, got, want)
		}
	}
	event := s.do("GET", "/v1/triggerinstances?trigger=p.alarm&sort=+occurrence_time&limit=1", "").status(200)
	id := event.at("0.id")
	again := s.do("POST", "/v1/triggerinstances/"+id+"/re_emit", "").status(200)
	if again.at("payload.__context.original_id") != id || again.at("payload.host") != "db1" {
		t.Errorf("once more: %s", again.Body)
	}
	if n := len(s.events("p.alarm")); n != 3 {
		t.Errorf("%d events", n)
	}
	list := s.do("GET", "/v1/ruleenforcements/views?trigger_instance="+id, "").status(200)
	if list.at("0.trigger_instance.payload.host") != "db1" || list.at("0.execution.action.ref") != "p.secretive" ||
		list.at("0.execution.parameters.key") != "********" || list.at("0.rule.ref") != "p.alarm" {
		t.Errorf("enforcement: %s", list.Body)
	}
	if got := s.do("GET", "/v1/ruleenforcements?execution="+list.at("0.execution_id"), "").status(200); got.at("0.id") != list.at("0.id") {
		t.Errorf("by execution: %s", got.Body)
	}
	one := s.do("GET", "/v1/ruleenforcements/"+list.at("0.id"), "").status(200)
	if one.at("status") != "succeeded" || one.at("trigger_instance") != "null" {
		t.Errorf("one: %s", one.Body)
	}
	s.do("GET", "/v1/ruleenforcements/views/"+list.at("0.id"), "").status(200)
	// An execution shows its whole event.
	if got := s.do("GET", "/v1/executions/"+list.at("0.execution_id"), "").status(200); got.at("trigger_instance.id") != id || got.at("rule.ref") != "p.alarm" ||
		got.at("trigger_type.ref") != "p.alarm" || got.at("rule.action.parameters.key") != "********" {
		t.Errorf("execution: %s", got.Body)
	}
}

func TestWhyIsAnswered(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("POST", "/v1/webhooks/st2", `{"trigger": "p.alarm", "payload": {"host": "web1"}}`).status(202)
	id := s.do("GET", "/v1/triggerinstances", "").at("0.id")
	why := s.do("GET", "/api/ns/v1/events/"+id+"/why", "").status(200)
	for path, want := range map[string]string{
		"event.id": id, "rules.0.rule": "p.alarm", "rules.0.matched": "false", "rules.0.criteria.0.value": "web1",
		"rules.0.criteria.0.operator": "startswith", "rules.0.criteria.0.pattern": "db", "rules.0.criteria.0.decided": "true",
		"enforcements": "[]",
	} {
		if got := why.at(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := s.do("GET", "/api/ns/v1/rules/p.alarm/why", "").status(200); got.at("rules.0.reason") != why.at("rules.0.reason") {
		t.Errorf("without an event: %s", got.Body)
	}
	if got := s.do("GET", "/api/ns/v1/rules/p.deploy/why?event="+id, "").status(200).at("rules.0.reason"); got != "the rule listens to core.1a2b, and the event is of p.alarm" {
		t.Errorf("another trigger: %q", got)
	}
	s.do("GET", "/api/ns/v1/rules/p.deploy/why", "").status(404)
	s.do("GET", "/api/ns/v1/rules/p.deploy/why?event=x", "").status(400)
	s.do("GET", "/api/ns/v1/events/"+strings.Repeat("0", 24)+"/why", "").status(404)

	first := s.run("p.limited", nil)
	second := s.run("p.limited", func(e *execution.Execution) { e.Status, e.Worker = execution.Delayed, "" })
	held := s.do("GET", "/api/ns/v1/executions/"+second.ID+"/why", "").status(200)
	if held.at("policies.0") != "p.one" || held.at("holders.0") != first.ID ||
		held.at("reason") != "It is held back by p.one: 1 other executions of p.limited count against its limit." {
		t.Errorf("held: %s", held.Body)
	}
	running := s.do("GET", "/api/ns/v1/executions/"+first.ID+"/why", "").status(200)
	if running.at("worker") != "w1" || !strings.HasPrefix(running.at("reason"), "Worker w1 has run it since") {
		t.Errorf("running: %s", running.Body)
	}
	later := s.run("p.say", func(e *execution.Execution) {
		e.Status, e.Worker, e.NotBefore = execution.Scheduled, "", time.Now().Add(time.Hour)
	})
	if got := s.do("GET", "/api/ns/v1/executions/"+later.ID+"/why", "").status(200).at("reason"); !strings.HasPrefix(got, "It is not to start before") {
		t.Errorf("later: %s", got)
	}
	// Every status has its sentence.
	for _, status := range execution.Statuses() {
		e := s.run("p.say", func(e *execution.Execution) { e.Status = status })
		if got := s.do("GET", "/api/ns/v1/executions/"+e.ID+"/why", "").status(200).at("reason"); !strings.HasSuffix(got, ".") {
			t.Errorf("%s: %q", status, got)
		}
	}
}

func TestTheDatastore(t *testing.T) {
	s := newServer(t, api.Options{})
	put := s.do("PUT", "/v1/keys/a", `{"name": "a", "value": "1"}`).status(200)
	if d := cmp.Diff(`{"uid":"key_value_pair:st2kv.system:a","scope":"st2kv.system","name":"a","value":"1","secret":false,"id":"`+put.at("id")+`","encrypted":false}`,
		strings.TrimSpace(put.Body.String())); d != "" {
		t.Error(d)
	}
	if got := s.do("GET", "/v1/keys/a?scope=st2kv.system", "").status(200); got.at("value") != "1" || got.at("id") != put.at("id") {
		t.Errorf("got %s", got.Body)
	}
	s.do("PUT", "/v1/keys/a", `{"value": "2", "ttl": 10}`).status(200)
	if n := len(s.executions()); n != 1 { // the rule that listens to changes
		t.Errorf("%d executions after a change", n)
	}
	if got := s.do("GET", "/v1/keys/a", "").at("expire_timestamp"); !strings.HasSuffix(got, "Z") {
		t.Errorf("expires %s", got)
	}
	if got := s.do("PUT", "/v1/keys/s", `{"value": "hush", "secret": true}`).status(200); !secret.Sealed(got.at("value")) || got.at("encrypted") != "true" {
		t.Errorf("secret shown: %s", got.Body)
	}
	sealed := s.do("GET", "/v1/keys/s", "").at("value")
	if !secret.Sealed(sealed) {
		t.Errorf("secret shown: %s", sealed)
	}
	if got := s.do("GET", "/v1/keys/s?decrypt=true", "").at("value"); got != "hush" {
		t.Errorf("an admin who asks sees %s", got)
	}
	user := func(method, path, body string) answer { return s.ask(method, path, body, "X-Auth-Token: "+s.user) }
	user("GET", "/v1/keys/s?decrypt=true", "").status(403)
	user("GET", "/v1/keys?decrypt=true", "").status(403)
	if got := user("GET", "/v1/keys?user=admin", "").status(403).fault(); got != `"user" attribute can only be provided by admins when RBAC is enabled` {
		t.Errorf("another's keys: %q", got)
	}
	// What was shown encrypted can be put back, by an admin also elsewhere, but is no way to read it.
	back := fmt.Sprintf(`{"value": %q, "encrypted": true}`, sealed)
	user("PUT", "/v1/keys/stolen?scope=user", back).status(403)
	s.do("PUT", "/v1/keys/copy", back).status(200)
	if got := s.do("GET", "/v1/keys/copy?decrypt=true", ""); got.at("value") != "hush" || got.at("secret") != "true" {
		t.Errorf("put back: %s", got.Body)
	}
	s.do("DELETE", "/v1/keys/copy", "").status(204)
	s.do("PUT", "/v1/keys/s", `{"value": "hush", "secret": true}`).status(200)
	if got := s.events(trigger.KeyUpdated)[0]; strings.Contains(got, "hush") || strings.Contains(got, "nss1") || !strings.Contains(got, "****") {
		t.Errorf("the event of a secret: %s", got)
	}
	user("POST", "/api/ns/v1/secrets/rotate", "").status(403)
	if got := s.do("POST", "/api/ns/v1/secrets/rotate", "").status(200); got.at("sealed") != "1" {
		t.Errorf("keys changed: %s", got.Body)
	}
	if got := s.do("GET", "/v1/keys/s?decrypt=true", ""); got.at("value") != "hush" {
		t.Errorf("after a change of keys: %s", got.Body)
	}
	own := user("PUT", "/v1/keys/mine?scope=user", `{"value": "x", "secret": true}`).status(200)
	if own.at("user") != "ada" || own.at("uid") != "key_value_pair:st2kv.user:ada:mine" {
		t.Errorf("own: %s", own.Body)
	}
	if got := user("GET", "/v1/keys/mine?scope=user&decrypt=1", "").status(200).at("value"); got != "x" {
		t.Errorf("own secret: %s", got)
	}
	s.do("GET", "/v1/keys/mine?scope=user", "").status(404)
	s.do("GET", "/v1/keys/mine?scope=user&user=ada", "").status(200)
	for query, want := range map[string]string{"": "a s", "?prefix=a": "a", "?scope=user&user=ada": "mine", "?scope=all": "a s mine", "?limit=1&offset=1": "s", "?name=s": "s"} {
		var got []struct{ Name string }
		if err := json.Unmarshal(s.do("GET", "/v1/keys"+query, "").status(200).Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, k := range got {
			names = append(names, k.Name)
		}
		if d := cmp.Diff(want, strings.Join(names, " ")); d != "" {
			t.Errorf("%s: %s", query, d)
		}
	}
	var all []struct{ Name string }
	if err := json.Unmarshal(user("GET", "/v1/keys?scope=all", "").status(200).Body.Bytes(), &all); err != nil || len(all) != 3 {
		t.Errorf("all of one: %v %v", all, err)
	}
	for body, want := range map[string]string{
		`{}`:                             "'value' is a required property",
		`{"value": 5}`:                   "5 is not of type 'string'",
		`{"value": "x", "ttl": 0}`:       "0 is less than the minimum of 1",
		`{"value": "x", "scope": "sun"}`: `Scope "sun" is not valid; there are system, user.`,
		`{"value": "x", "encrypted": true, "secret": true}`: `Failed to verify the integrity of the provided value for key "k". Ensure that the value is encrypted with the correct key and not corrupted.`,
	} {
		if a := s.do("PUT", "/v1/keys/k", body); a.Code != 400 || a.fault() != want {
			t.Errorf("%s: %d %q, want %q", body, a.Code, a.fault(), want)
		}
	}
	s.do("DELETE", "/v1/keys/a", "").status(204)
	s.do("DELETE", "/v1/keys/a", "").status(404)
}
