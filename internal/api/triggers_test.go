package api_test

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

func TestTriggersAreMadeChangedAndDeleted(t *testing.T) {
	s := newServer(t, api.Options{})
	const body = `{"name": "hook", "pack": "p", "type": "core.st2.webhook", "parameters": {"url": "mine"}, "description": "D"}`
	made := s.do("POST", "/v1/triggers", body).status(201)
	if made.at("ref") != "p.hook" || !strings.HasPrefix(made.at("uid"), "trigger:p:hook:") || made.at("parameters.url") != "mine" {
		t.Errorf("got %s", made.Body)
	}
	if again := s.do("POST", "/v1/triggers", body).status(201); again.at("id") != made.at("id") {
		t.Errorf("it is made twice: %s", again.Body)
	}
	s.do("POST", "/v1/triggers", strings.Replace(body, "mine", "other", 1)).status(409)
	// It stays when rules change that have nothing to do with it.
	s.do("DELETE", "/v1/rules/p.alert", "").status(204)
	s.do("GET", "/v1/triggers/p.hook", "").status(200)
	s.do("POST", "/v1/webhooks/mine", `{}`).status(202)
	changed := s.do("PUT", "/v1/triggers/"+made.at("id"), strings.Replace(body, `"D"`, `"other words"`, 1)).status(200)
	if changed.at("description") != "other words" || changed.at("id") != made.at("id") {
		t.Errorf("got %s", changed.Body)
	}
	s.do("DELETE", "/v1/triggers/"+made.at("id"), "").status(204)
	s.do("GET", "/v1/triggers/p.hook", "").status(404)
}

func TestTriggersThatAreRefused(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("POST", "/v1/triggers", `{"name": "x"}`).status(400)
	if got := s.do("POST", "/v1/triggers", `{"name": "x", "type": "no.such"}`).status(400).fault(); got != `There is no trigger type "no.such".` {
		t.Errorf("got %s", got)
	}
	if got := s.do("POST", "/v1/triggers", `{"name": "x", "type": "core.st2.webhook", "parameters": {"url": 5}}`).status(400).fault(); !strings.Contains(got, "5 is not of type 'string'") {
		t.Errorf("got %s", got)
	}
	if got := s.do("DELETE", "/v1/triggers/"+webhookRef, "").status(409).fault(); got != `Rules listen to the trigger "core.1a2b": p.deploy.` {
		t.Errorf("got %s", got)
	}
	s.do("PUT", "/v1/triggers/"+webhookRef, `{"name": "1a2b", "pack": "core", "type": "core.st2.webhook", "parameters": {"url": "elsewhere"}}`).status(409)
	s.do("DELETE", "/v1/triggers/p.alarm", "").status(400)
	s.do("DELETE", "/v1/triggers/p.nothing", "").status(404)
}
