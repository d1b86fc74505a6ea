package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
)

func TestSendersProveTheirDeliveries(t *testing.T) {
	s := newServer(t, api.Options{Senders: map[string]api.Sender{
		"webhooks/deploy/prod": {Proof: access.Proof{Kind: access.ByGitHub}, Secrets: []string{"old_secret", "hook_secret"}},
		"webhooks/other":       {Proof: access.Proof{Kind: access.ByGitHub}, Secrets: []string{"no_secret"}},
		"alerts/alertmanager":  {Proof: access.Proof{Kind: access.ByBasic, User: "am"}, Secrets: []string{"hook_secret"}},
	}})
	s.do("PUT", "/v1/keys/hook_secret", `{"value": "planted", "secret": true}`).status(200)
	sign := func(secret, body string) string {
		m := hmac.New(sha256.New, []byte(secret))
		m.Write([]byte(body))
		return "X-Hub-Signature-256: sha256=" + hex.EncodeToString(m.Sum(nil))
	}
	const body, alerts = `{"ref": "main"}`, `{"version": "4", "status": "firing", "alerts": []}`
	for name, tt := range map[string]struct {
		path, body string
		headers    []string
		want       int
	}{
		"proven":                     {"/v1/webhooks/deploy/prod", body, []string{sign("planted", body)}, 202},
		"proven, other way to say":   {"/api/v1/webhooks//deploy/prod/", body, []string{sign("planted", body)}, 202},
		"not proven":                 {"/v1/webhooks/deploy/prod", body, nil, 401},
		"not proven, other way":      {"/webhooks/%64eploy/prod", body, nil, 401},
		"an admin proves nothing":    {"/v1/webhooks/deploy/prod", body, []string{"X-Auth-Token: " + s.admin}, 401},
		"another body":               {"/v1/webhooks/deploy/prod", `{"ref": "evil"}`, []string{sign("planted", body)}, 401},
		"another secret":             {"/v1/webhooks/deploy/prod", body, []string{sign("guess", body)}, 401},
		"an empty secret":            {"/v1/webhooks/deploy/prod", body, []string{sign("", body)}, 401},
		"the secret is not there":    {"/v1/webhooks/other", body, []string{sign("", body)}, 503},
		"a proof for somewhere else": {"/v1/webhooks/st2", `{"trigger": "p.alarm"}`, []string{sign("planted", `{"trigger": "p.alarm"}`)}, 401},
		"a proof is no credential":   {"/v1/apikeys", `{}`, []string{sign("planted", `{}`)}, 401},
		"alerts":                     {"/v1/alerts/alertmanager", alerts, []string{"Authorization: " + basic("am", "planted")}, 202},
		"alerts, wrong":              {"/v1/alerts/alertmanager", alerts, []string{"Authorization: " + basic("am", "guess")}, 401},
		"alerts, nobody":             {"/v1/alerts/alertmanager", alerts, nil, 401},
		"other alerts take a token":  {"/v1/alerts/cloudevents", "{}", []string{"Authorization: " + basic("am", "planted")}, 401},
	} {
		if a := s.ask("POST", tt.path, tt.body, tt.headers...); a.Code != tt.want {
			t.Errorf("%s: %d %s, want %d", name, a.Code, a.Body, tt.want)
		}
	}
	if log := s.log.String(); strings.Contains(log, "planted") {
		t.Errorf("the secret is in the log: %s", log)
	}
	a := s.do("GET", "/v1/triggerinstances?"+url.Values{"limit": {"10"}}.Encode(), "").status(200)
	if !strings.Contains(a.Body.String(), "main") || strings.Contains(a.Body.String(), "planted") {
		t.Errorf("events: %s", a.Body)
	}
}
