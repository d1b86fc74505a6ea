package api_test

import (
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

func TestATraceIsWhatCameOfAnEvent(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("POST", "/v1/webhooks/deploy/prod", `{"branch": "main"}`, "St2-Trace-Tag: night").status(202)
	event := s.do("GET", "/v1/triggerinstances", "").status(200).at("0.id")
	execution := s.do("GET", "/v1/executions", "").status(200).at("0.id")
	for _, query := range []string{"trace_tag=night", "execution=" + execution, "trigger_instance=" + event, "rule=p.deploy", "id=" + event} {
		got := s.do("GET", "/v1/traces?"+query, "").status(200)
		if got.Header().Get("X-Total-Count") != "1" || got.at("0.id") != event || got.at("0.trace_tag") != "night" {
			t.Errorf("%s: %s", query, got.Body)
		}
	}
	got := s.do("GET", "/v1/traces/"+event, "").status(200)
	rule := got.at("rules.0.object_id")
	for path, want := range map[string]string{
		"trigger_instances.0.object_id": event, "trigger_instances.0.ref": webhookRef, "rules.0.ref": "p.deploy", "rules.0.caused_by.id": event,
		"action_executions.0.object_id": execution, "action_executions.0.ref": "p.say", "action_executions.0.caused_by.type": "rule",
		"action_executions.0.caused_by.id": rule + ":" + event,
	} {
		if got.at(path) != want {
			t.Errorf("%s: got %s, want %s", path, got.at(path), want)
		}
	}
	if got := s.do("GET", "/v1/traces?include_attributes=id", "").status(200); got.Body.String() != `[{"id":"`+event+`"}]`+"\n" {
		t.Errorf("got %s", got.Body)
	}
}

func TestExecutionsAreAskedToBePartOfATrace(t *testing.T) {
	s := newServer(t, api.Options{})
	first := s.do("POST", "/v1/executions", `{"action": "p.noargs", "context": {"trace_context": {"trace_tag": "mine"}}}`).status(201).at("id")
	second := s.do("POST", "/v1/executions", `{"action": "p.noargs", "context": {"trace_context": {"id_": "`+first+`"}}}`).status(201).at("id")
	// A part of it will do as well, and what is run again belongs to it.
	third := s.do("POST", "/v1/executions", `{"action": "p.noargs", "context": {"trace_context": {"id_": "`+second+`"}}}`).status(201)
	if third.at("context.trace_context.id_") != first {
		t.Errorf("got %s, want the beginning %s", third.at("context"), first)
	}
	s.do("POST", "/v1/executions/"+second+"/re_run", `{}`).status(201)
	list := s.do("GET", "/v1/traces", "").status(200)
	if list.Header().Get("X-Total-Count") != "1" || list.at("0.id") != first || list.at("0.trace_tag") != "mine" || list.at("0.action_executions.3.caused_by.id") != first {
		t.Errorf("got %s", list.Body)
	}
	s.do("POST", "/v1/executions", `{"action": "p.noargs", "context": {"trace_context": {"id_": "0123456789abcdef01234567"}}}`).status(400)
	s.do("GET", "/v1/traces/0123456789abcdef01234567", "").status(404)
	s.do("GET", "/v1/traces/"+second, "").status(404) // it is a part, and no beginning
	s.do("GET", "/v1/traces/nothing", "").status(404)
	if got := s.do("GET", "/v1/traces?execution=0123456789abcdef01234567", "").status(200); got.Header().Get("X-Total-Count") != "0" {
		t.Errorf("got %s", got.Body)
	}
}
