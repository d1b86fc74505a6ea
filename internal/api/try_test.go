package api_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/api/wire"
)

// TestARuleIsTriedOnThePast holds that a rule that is not there yet says which events it would
// have matched, for the trigger that it would listen to only, and starts nothing.
func TestARuleIsTriedOnThePast(t *testing.T) {
	s := newServer(t, api.Options{})
	for n := range 60 {
		s.do("POST", "/api/v1/webhooks/st2", fmt.Sprintf(`{"trigger": "p.alarm", "payload": {"host": "a", "n": %d}}`, n)).status(202)
	}
	s.do("POST", "/api/v1/webhooks/st2", `{"trigger": "alerts.alertmanager", "payload": {"n": 1}}`).status(202)
	before := s.do("GET", "/api/v1/executions", "").status(200).Header().Get("X-Total-Count")

	try := func(body string) wire.RulePast {
		t.Helper()
		var got wire.RulePast
		if err := json.Unmarshal(s.do("POST", "/api/ns/v1/rules/try", body).status(200).Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	const criteria = `"criteria": {"trigger.n": {"type": "lessthan", "pattern": 5}}`
	got := try(`{"trigger": {"type": "p.alarm"}, ` + criteria + `}`)
	if len(got.Events) != 60 || got.Matched != 5 {
		t.Errorf("%d events, %d matched; want 60 and 5", len(got.Events), got.Matched)
	}
	first := got.Events[0]
	if first.Matched || first.Decided != "trigger.n" || first.Reason == "" {
		t.Errorf("the latest event: %+v", first)
	}
	if got := try(`{"trigger": {"type": "p.alarm"}, "last": 3}`); len(got.Events) != 3 || got.Matched != 3 {
		t.Errorf("without criteria, the last three: %+v", got)
	}
	if d := cmp.Diff(wire.RulePast{Events: []wire.PastEvent{}}, try(`{"trigger": {"type": "core.st2.webhook", "parameters": {"url": "nowhere"}}}`)); d != "" {
		t.Errorf("a trigger that is not there: %s", d)
	}
	if after := s.do("GET", "/api/v1/executions", "").status(200).Header().Get("X-Total-Count"); after != before {
		t.Errorf("there are %s executions, and were %s", after, before)
	}
	s.do("POST", "/api/ns/v1/rules/try", `{"trigger": {"type": "p.alarm"}, "criteria": {"trigger.n": {"type": "nonsense", "pattern": 5}}}`).status(400)
	s.do("POST", "/api/ns/v1/rules/try", `{"trigger": {"type": "p.alarm"}, "last": 5000}`).status(400)
	s.do("POST", "/api/ns/v1/rules/try", `{}`).status(400)
}
