package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

func TestContentIsMadeChangedAndDeleted(t *testing.T) {
	tests := map[string]struct {
		path, ref      string
		make, change   string
		attr, was, now string
	}{
		"action": {
			"/v1/actions", "p.new", `{"name": "new", "pack": "p", "runner_type": "local-shell-cmd", "parameters": {"a": {"type": "string"}}}`,
			`{"name": "new", "pack": "p", "runner_type": "local-shell-cmd", "description": "better"}`, "description", "", "better",
		},
		"rule": {
			"/v1/rules", "p.new", `{"name": "new", "pack": "p", "trigger": {"type": "p.alarm"}, "action": {"ref": "p.say"}, "criteria": {}}`,
			`{"name": "new", "pack": "p", "trigger": {"type": "p.alarm"}, "action": {"ref": "p.say"}, "enabled": true}`, "enabled", "false", "true",
		},
		"policy": {
			"/v1/policies", "p.new", `{"name": "new", "pack": "p", "resource_ref": "p.say", "policy_type": "action.concurrency", "parameters": {"threshold": 2}}`,
			`{"name": "new", "pack": "p", "resource_ref": "p.say", "policy_type": "action.concurrency", "parameters": {"threshold": 3}}`, "parameters.threshold", "2", "3",
		},
		"trigger type": {
			"/v1/triggertypes", "p.new", `{"name": "new", "pack": "p", "description": "a"}`, `{"name": "new", "pack": "p", "description": "b"}`, "description", "a", "b",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, api.Options{})
			made := s.do("POST", tt.path, tt.make).status(201)
			id := made.at("id")
			if made.at("ref") != tt.ref || len(id) != 24 || made.at(tt.attr) != tt.was {
				t.Fatalf("made: %s", made.Body)
			}
			if got := s.do("POST", tt.path, tt.make).status(409); got.at("conflict-id") != id {
				t.Errorf("made twice: %s", got.Body)
			}
			if got := s.do("GET", tt.path+"/"+id, "").status(200); got.at("ref") != tt.ref {
				t.Errorf("by id: %s", got.Body)
			}
			if got := s.do("PUT", tt.path+"/"+id, tt.change).status(200); got.at(tt.attr) != tt.now || got.at("id") != id {
				t.Errorf("changed: %s", got.Body)
			}
			// What was got can be put back.
			whole := s.do("GET", tt.path+"/"+tt.ref, "").status(200)
			s.do("PUT", tt.path+"/"+tt.ref, whole.Body.String()).status(200)
			s.do("DELETE", tt.path+"/"+tt.ref, "").status(204)
			s.do("GET", tt.path+"/"+tt.ref, "").status(404)
			s.do("PUT", tt.path+"/"+tt.ref, tt.change).status(404)
			s.do("DELETE", tt.path+"/"+tt.ref, "").status(404)
		})
	}
}

func TestWrongContentIsRefusedWithEveryMistake(t *testing.T) {
	s := newServer(t, api.Options{})
	tests := map[string]struct {
		path, body string
		want       []string
	}{
		"empty action":        {"/actions", `{}`, []string{"'name' is a required property", "'runner_type' is a required property"}},
		"unknown field":       {"/actions", `{"name": "x", "pack": "p", "runner_type": "local-shell-cmd", "params": {}}`, []string{"Additional properties are not allowed ('params' was unexpected)"}},
		"unknown runner":      {"/actions", `{"name": "x", "pack": "p", "runner_type": "magic"}`, []string{"magic"}},
		"wrong parameter":     {"/actions", `{"name": "x", "pack": "p", "runner_type": "local-shell-cmd", "parameters": {"a": {"type": "text"}}}`, []string{"text"}},
		"system pack":         {"/actions", `{"name": "x", "pack": "core", "runner_type": "local-shell-cmd"}`, []string{"Resources belonging to system level packs can't be manipulated"}},
		"no object":           {"/actions", `5`, []string{"5 is not of type 'object'"}},
		"rule of nothing":     {"/rules", `{"name": "x"}`, []string{"'trigger' is a required property", "'action' is a required property"}},
		"rule on nothing":     {"/rules", `{"name": "x", "pack": "p", "trigger": {"type": "p.nope"}, "action": {"ref": "p.say"}}`, []string{"p.nope"}},
		"unknown operator":    {"/rules", `{"name": "x", "pack": "p", "trigger": {"type": "p.alarm"}, "action": {"ref": "p.say"}, "criteria": {"trigger.host": {"type": "equalz", "pattern": 1}}}`, []string{"equalz"}},
		"unknown policy type": {"/policies", `{"name": "x", "pack": "p", "resource_ref": "p.say", "policy_type": "action.magic"}`, []string{"action.magic"}},
		"policy of nothing":   {"/policies", `{"name": "x", "pack": "p", "resource_ref": "p.say", "policy_type": "action.concurrency"}`, []string{"threshold"}},
		"type without name":   {"/triggertypes", `{"pack": "p"}`, []string{"'name' is a required property"}},
		"runner":              {"/runnertypes/local-shell-cmd", `{}`, []string{"'enabled' is a required property"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			method := "POST"
			if strings.Count(tt.path, "/") > 1 {
				method = "PUT"
			}
			a := s.do(method, "/v1"+tt.path, tt.body).status(400)
			for _, want := range tt.want {
				if !strings.Contains(a.fault(), want) {
					t.Errorf("refused with %q, want it to say %q", a.fault(), want)
				}
			}
		})
	}
}

func TestRulesShowNoSecretsAndKeepThem(t *testing.T) {
	s := newServer(t, api.Options{})
	shown := s.do("GET", "/v1/rules/p.alarm", "").status(200)
	if got := shown.at("action.parameters.key"); got != "********" {
		t.Errorf("shown: %s", got)
	}
	if got := s.do("GET", "/v1/rules/p.alarm?show_secrets=true", "").at("action.parameters.key"); got != "hush" {
		t.Errorf("to an admin who asks: %s", got)
	}
	// A client that puts back what it was shown does not lose the secret.
	s.do("PUT", "/v1/rules/p.alarm", shown.Body.String()).status(200)
	if got := s.do("GET", "/v1/rules/p.alarm?show_secrets=true", "").at("action.parameters.key"); got != "hush" {
		t.Errorf("after it was put back: %s", got)
	}
}

func TestViewsOfActions(t *testing.T) {
	s := newServer(t, api.Options{})
	for _, path := range []string{"/actions/views/parameters/p.say", "/actions/views/overview/p.say"} {
		a := s.do("GET", "/v1"+path, "").status(200)
		if a.at("parameters.word.required") != "true" || a.at("parameters.cmd.type") != "string" {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	if a := s.do("GET", "/v1/actions/views/overview?name=say", "").status(200); a.at("0.parameters.timeout.default") != "60" {
		t.Errorf("overview: %s", a.Body)
	}
	if a := s.do("GET", "/v1/actions/p.broken", "").status(200); !strings.Contains(a.at("problem"), "no-such-runner") {
		t.Errorf("broken: %s", a.Body)
	}
	s.do("GET", "/v1/actions/views/entry_point/p.say", "").status(404)
}

func TestEntryPointsStayInTheirPack(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "actions"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"actions/say.sh": "echo hi\n", "secret": "no"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for entry, want := range map[string]int{"say.sh": 200, "../secret": 404, "nothing.sh": 404, "/etc/passwd": 404} {
		s := newServerWith(t, api.Options{}, func(c *source) {
			c.Packs[0].Path = dir
			c.Actions[0].EntryPoint = entry
		})
		a := s.do("GET", "/v1/actions/views/entry_point/p.say", "").status(want)
		if want == 200 && a.Body.String() != "echo hi\n" {
			t.Errorf("%s: %q", entry, a.Body)
		}
	}
}

func TestWhatComesWithTheServer(t *testing.T) {
	s := newServer(t, api.Options{})
	for path, want := range map[string]string{
		"/ruletypes/standard":            "standard",
		"/policytypes/action.retry":      "retry",
		"/runnertypes/local_shell_cmd":   "local-shell-cmd",
		"/packs/P%20pack":                "P pack",
		"/sensortypes/p.Eye":             "Eye",
		"/actionalias/p.talk":            "talk",
		"/timers/core.tick":              "tick",
		"/triggers/p.alarm":              "alarm",
		"/triggertypes/core.st2.webhook": "st2.webhook",
	} {
		if got := s.do("GET", "/v1"+path, "").status(200).at("name"); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	for path, want := range map[string]int{"/ruletypes": 2, "/timers": 1, "/timers?timer_type=core.st2.DateTimer": 0, "/triggers": 5, "/webhooks": 1} {
		if got := strings.Count(s.do("GET", "/v1"+path, "").status(200).Body.String(), `"name":`); got != want {
			t.Errorf("%s: %d things, want %d", path, got, want)
		}
	}
	off := s.do("PUT", "/v1/runnertypes/local-shell-cmd", `{"enabled": false, "name": "other"}`).status(200)
	if off.at("enabled") != "false" || off.at("name") != "local-shell-cmd" {
		t.Errorf("switched off: %s", off.Body)
	}
	s.do("POST", "/v1/executions", `{"action": "p.noargs"}`).status(400)
	s.ask("PUT", "/v1/runnertypes/local-shell-cmd", `{"enabled": true}`, "X-Auth-Token: "+s.user).status(403)
	if got := s.do("GET", "/api/ns/v1/version", "").status(200).at("version"); got != "1.2.3" {
		t.Errorf("version %s", got)
	}
	if got := s.do("POST", "/v1/packs/register", `{"types": ["actions"], "fail_on_failure": false}`).status(200).at("actions"); got == "null" {
		t.Error("no count of actions")
	}
	s.do("POST", "/v1/packs/register", `{"types": ["spaceships"]}`).status(400)
}
