package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// planted is what all secrets of the search have in common, and nothing else has.
var planted = regexp.MustCompile(`zqPlanted[A-Za-z]+`)

// safe is a buffer for several writers.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

const vaultWorkflow = `
version: 1.0
input: [token]
vars:
  - db: <% st2kv('system.db', decrypt => true) %>
  - file: <% secret('files:pw') %>
  - env: "{{ secret('env:X') }}"
tasks:
  shout:
    action: safe.say
    input: {word: "workflow got <% ctx().token %> and <% ctx().db %> and <% ctx().file %> and <% ctx().env %>"}
    next: [{when: <% succeeded() %>, publish: [{heard: <% result().stdout %>}], do: fail_once}]
  fail_once:
    action: safe.say
    input: {word: "<% ctx().heard %>", how: "exit 3"}
    next: [{when: <% failed() %>, do: keep}]
  keep:
    action: core.noop
output:
  - all: <% ctx().heard %>
`

const leakyPython = `
import os
import sys
from st2common.runners.base_action import Action


class Leak(Action):
    def run(self, password):
        print("printed " + password)
        sys.stderr.write("wrote " + password[:9])
        sys.stderr.flush()
        sys.stderr.write(password[9:] + "\n")
        self.logger.info("logged %s", password)
        given = self.action_service.get_value("given", decrypt=True) or ""
        seen = open("/proc/self/cmdline").read() + open("/proc/self/environ").read()
        ppid = open("/proc/%d/cmdline" % os.getppid()).read() + open("/proc/%d/environ" % os.getppid()).read()
        return True, {"password": password, "config": self.config["pin"] + self.config["static"] + self.config["far"], "given": given,
                      "outside": password in seen + ppid or self.config["pin"] in seen + ppid}
`

// TestNoSecretIsFoundWhereItDoesNotBelong plants secrets at every entry, has everything run, and
// then searches everything that is shown or kept.
func TestNoSecretIsFoundWhereItDoesNotBelong(t *testing.T) {
	var logs, stream safe
	var data string
	s := apptest.StartWith(t, map[string]map[string]string{"safe": {
		"pack.yaml":          manifest("safe"),
		"config.schema.yaml": `{far: {type: string, secret: true}, pin: {type: string, secret: true}, static: {type: string, secret: true}}`,
		"actions/say.yaml": `{name: say, runner_type: local-shell-cmd, enabled: true, parameters: {word: {type: string}, how: {type: string, default: "true"},
			cmd: {default: "printf '%s\n' '{{ word }}'; printf '%s\n' '{{ word }}' >&2; {{ how }}", immutable: true}}}`,
		"actions/hush.yaml": `{name: hush, runner_type: local-shell-cmd, enabled: true, parameters: {password: {type: string, secret: true, maxLength: 40},
			cmd: {default: "echo {{ password }}", immutable: true}}}`,
		"actions/script.yaml":         `{name: script, runner_type: local-shell-script, enabled: true, entry_point: script.sh, parameters: {password: {type: string, secret: true, position: 0}}}`,
		"actions/script.sh":           "#!/bin/sh\necho script $1\n",
		"actions/leak.yaml":           `{name: leak, runner_type: python-script, entry_point: leak.py, enabled: true, parameters: {password: {type: string, secret: true}}}`,
		"actions/leak.py":             leakyPython,
		"actions/flow.yaml":           `{name: flow, runner_type: orquesta, enabled: true, entry_point: workflows/flow.yaml, parameters: {token: {type: string, secret: true}}}`,
		"actions/workflows/flow.yaml": vaultWorkflow,
		"actions/chain.yaml":          `{name: chain, runner_type: action-chain, enabled: true, entry_point: workflows/chain.yaml, parameters: {key: {type: string, secret: true}}}`,
		"actions/workflows/chain.yaml": `
chain:
  - {name: one, ref: safe.say, parameters: {word: "chain {{ key }} {{ st2kv.system.db | decrypt_kv }}"}, publish: {kept: "{{ one.stdout }}"}, on-success: two}
  - {name: two, ref: safe.say, parameters: {word: "{{ kept }}"}}
`,
		"actions/ask.yaml": `{name: ask, runner_type: inquirer, enabled: true, parameters: {schema: {type: object, default:
			{type: object, properties: {pin: {type: string, secret: true}}}}}}`,
		"rules/told.yaml": `{name: told, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: told}},
			criteria: {trigger.body.word: {type: equals, pattern: "{{ st2kv.system.rule | decrypt_kv }}"}},
			action: {ref: safe.say, parameters: {word: "rule {{ st2kv.system.rule | decrypt_kv }} {{ secret('files:pw') }} {{ 'env:X' | secret }}"}}}`,
		"rules/always.yaml": `{name: always, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: told}},
			action: {ref: safe.hush, parameters: {password: "zqPlantedInARuleForNobody"}}}`,
		"rules/signed.yaml":  `{name: signed, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: signed}}, action: {ref: safe.say, parameters: {word: "{{ trigger.body.word }}"}}}`,
		"rules/shown.yaml":   `{name: shown, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: shown}}, action: {ref: core.noop}}`,
		"rules/bearing.yaml": `{name: bearing, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: bearing}}, action: {ref: core.noop}}`,
		"rules/basic.yaml":   `{name: basic, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: basic}}, action: {ref: core.noop}}`,
		"rules/ends.yaml": `{name: ends, enabled: true, trigger: {type: core.st2.generic.actiontrigger},
			criteria: {trigger.action_name: {type: equals, pattern: nothing}}, action: {ref: core.noop}}`,
	}}, func(cfg *config.Config, opts *app.Options) {
		data = cfg.Data
		folder := t.TempDir()
		for name, text := range map[string]string{"pw": "zqPlantedInAFile\n", "cfg": "zqPlantedInAFileForConfigs"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cfg.Secrets.Stores = []config.SecretStore{{Name: "files", Type: "files", Folder: folder}, {Name: "env", Type: "env", Prefix: "PLANT_"}, plantedVault(t, folder), plantedSOPS(t, folder)}
		cfg.Webhooks = plantedHooks()
		cfg.TrustedProxies, cfg.Auth.Proxy = []string{"127.0.0.1"}, config.Proxy{UserHeader: "X-Forwarded-User"}
		cfg.SSH.ConnectTimeout = config.Duration(10 * time.Second)
		opts.Env = []string{"PATH=" + os.Getenv("PATH"), "PLANT_X=zqPlantedInAVariable"}
		opts.Logger = slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	following, stop := context.WithCancel(t.Context())
	defer stop()
	listener := &client.Client{BaseURL: s.URL(), Token: s.Token}
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		_ = listener.Stream(following, "/stream/v1/stream", map[string][]string{"events": {"*"}}, func(e client.Event) error {
			fmt.Fprintf(&stream, "%s %s\n", e.Name, e.Data) //nolint:errcheck // it is in memory
			return nil
		})
	}()

	for name, v := range map[string]string{"db": "zqPlantedInTheDatastore", "rule": "zqPlantedForRules", "pin": "zqPlantedForConfigs", "safe.Leak:given": "zqPlantedForCode", "hook": hookSecret} {
		put(t, s, "/api/v1/keys/"+name, `{"value": "`+v+`", "secret": true}`)
	}
	put(t, s, "/api/v1/keys/own?scope=user", `{"value": "zqPlantedOfAUser", "secret": true}`)
	put(t, s, "/api/v1/configs/safe", `{"pin": "{{ st2kv.system.pin }}", "static": "zqPlantedInAConfig", "far": "{{ secret('files:cfg') }}"}`)
	for action, params := range map[string][]string{
		"safe.say":       {"word", "{{ st2kv.system.db | decrypt_kv }}"},
		"safe.hush":      {"password", "zqPlantedAsAParameter"},
		"safe.script":    {"password", "zqPlantedForAScript"},
		"safe.leak":      {"password", "zqPlantedForPython"},
		"safe.flow":      {"token", "zqPlantedForAWorkflow"},
		"safe.chain":     {"key", "zqPlantedForAChain"},
		"safe.ask":       {},
		"core.local":     {"cmd", "env | grep -c PLANT_; echo '{{ secret(\"env:X\") }} {{ \"files:pw\" | secret }}'"},
		"core.remote":    {"hosts", "127.0.0.1", "port", "1", "cmd", "uptime", "password", "zqPlantedForSSH", "private_key", "zqPlantedAsAPrivateKey", "passphrase", "zqPlantedAsAPassphrase", "sudo_password", "zqPlantedForSudo"},
		"core.winrm_cmd": {"host", "127.0.0.1", "port", "1", "cmd", "dir", "username", "u", "password", "zqPlantedForWindows"},
		"core.echo":      {"message", "{{ secret('vault:db#password') }} {{ 'sops:db.json#password' | secret }}"},
		"core.http":      {"url", "http://127.0.0.1:1/", "username", "u", "password", "zqPlantedForHTTP"},
	} {
		launch(t, s, action, params...)
	}
	launch(t, s, "core.winrm_ps_cmd", "host", "127.0.0.1", "port", "1", "cmd", "dir", "username", "u", "transport", "certificate", "cert_pem", "-", "cert_key_pem", "zqPlantedAsAKeyOfWindows")
	for _, wrong := range []string{"vault:gone#password", "sops:changed.json#password"} { // whose errors are searched, too
		asked := request("tester", "", "message", "{{ secret('"+wrong+"') }}")
		asked.Action = "core.echo"
		if _, err := s.Launcher.Launch(t.Context(), asked); err == nil || planted.MatchString(err.Error()) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	for _, q := range []struct{ method, path, body string }{
		{"POST", "/api/v1/executions", `{"action": "safe.hush", "parameters": {"password": "zqPlantedThatIsTooLong` + strings.Repeat("x", 60) + `"}}`},
		{"POST", "/auth/v1/tokens?x-auth-token=zqPlantedInAQuery", `{}`},
		{"POST", "/api/ns/v1/users", `{"name": "bob", "password": "zqPlantedAsAPassword"}`},
		{"PUT", "/api/ns/v1/users/bob", `{"password": "zqPlantedAnotherPassword"}`},
		{"GET", "/api/v1/apikeys/zqPlantedAsAnAPIKey", ``},
	} {
		res := answered(t, s, q.method, q.path, q.body)
		if got := planted.FindString(res); got != "" {
			t.Errorf("%s %s shows %s: %s", q.method, q.path, got, res)
		}
	}
	var key struct{ Key string }
	if err := json.Unmarshal([]byte(answered(t, s, "POST", "/api/v1/apikeys", `{}`)), &key); err != nil || key.Key == "" {
		t.Fatal(err)
	}
	credentials := []string{s.Token, key.Key, admitted(t, s.URL())}
	deliver(t, s.URL())
	post(t, s, "/api/v1/webhooks/told", `{"word": "no secret"}`)
	asked := eventually(t, s, store.Executions{Action: "safe.ask"}, "somebody is asked", all(1, execution.Pending))
	put(t, s, "/api/v1/inquiries/"+asked[0].ID, `{"id": "`+asked[0].ID+`", "response": {"pin": "zqPlantedAsAnAnswer"}}`)
	ended := eventually(t, s, store.Executions{}, "everything ends", func(list []*execution.Execution) bool {
		return len(list) >= 15 && !slices.ContainsFunc(list, func(e *execution.Execution) bool { return !e.Status.Final() })
	})
	python := slices.IndexFunc(ended, func(e *execution.Execution) bool { return e.Action == "safe.leak" })
	if got, _ := result(t, s, ended[python].ID)["result"].(map[string]any); got["outside"] != false || got["given"] != "zqPlantedForCode" {
		t.Errorf("the Python action returned %v", got)
	}
	for _, e := range ended { // what is masked must have been there
		if got := result(t, s, e.ID)["stdout"]; e.Action == "core.local" && got != "0\nzqPlantedInAVariable zqPlantedInAFile" {
			t.Errorf("the command printed %v", got)
		}
		if got := result(t, s, e.ID)["stdout"]; e.Action == "core.echo" && got != "zqPlantedInAVault zqPlantedInAFileOfSOPS" {
			t.Errorf("it was said %v", got)
		}
		if e.Action == "safe.flow" && !strings.Contains(fmt.Sprint(result(t, s, e.ID)), "zqPlantedForAWorkflow and zqPlantedInTheDatastore and zqPlantedInAFile and zqPlantedInAVariable") {
			t.Errorf("the workflow has %v", result(t, s, e.ID))
		}
	}

	searched := searchAPI(t, s, credentials)
	if searched < 60 {
		t.Errorf("%d paths were searched, want all", searched)
	}
	stop()
	<-followed
	search := func(what, text string) {
		t.Helper()
		found := map[string]string{}
		for _, at := range planted.FindAllStringIndex(text, -1) {
			found[text[at[0]:at[1]]] = strings.ToValidUTF8(text[max(0, at[0]-200):min(len(text), at[1]+40)], "?")
		}
		for _, c := range credentials {
			if strings.Contains(text, c) {
				t.Errorf("%s has a token or an API key", what)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(found)) {
			t.Errorf("%s has %s: …%s…", what, name, found[name])
		}
	}
	if !strings.Contains(stream.String(), "st2.execution.output__create") || !strings.Contains(logs.String(), `"level":"DEBUG"`) {
		t.Error("there is no stream, or no log, to search")
	}
	search("the stream", stream.String())
	search("the log", logs.String())
	for _, name := range []string{"nightshift.db", "nightshift.db-wal"} {
		b, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		for _, known := range []string{"zqPlantedInARuleForNobody", "zqPlantedInAConfig"} { // which are files, and content as such
			text = strings.ReplaceAll(text, known, "")
		}
		search(name, text)
	}
}

// answered returns the body of any answer.
func answered(t *testing.T, s *apptest.Server, method, path, body string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(path, "/auth/") {
		req.Header.Set("X-Auth-Token", s.Token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read to its end
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return "" // has a search of its own
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= 500 {
		t.Errorf("%s %s: %s %s", method, path, res.Status, b)
	}
	return string(b)
}

// searchAPI asks everything that can be asked about everything that is there, and returns how many
// paths of the API that were.
func searchAPI(t *testing.T, s *apptest.Server, credentials []string) int {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal([]byte(answered(t, s, "GET", "/api/v1/openapi.json", "")), &doc); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{} // all ids and references that lists show
	hole := regexp.MustCompile(`\{[^}]*\}`)
	ask := func(path string) {
		body := answered(t, s, "GET", path, "")
		if at := planted.FindStringIndex(body); at != nil && !strings.Contains(body[at[0]:at[1]], "ForNobody") {
			t.Errorf("GET %s shows …%s…", path, body[max(0, at[0]-200):min(len(body), at[1]+20)])
		}
		if slices.ContainsFunc(credentials, func(c string) bool { return strings.Contains(body, c) }) {
			t.Errorf("GET %s shows a token or an API key", path)
		}
		var list []struct{ ID, Ref, Name string }
		if json.Unmarshal([]byte(body), &list) == nil {
			for _, item := range list {
				for _, name := range []string{item.ID, item.Ref} {
					if name != "" && (strings.HasPrefix(name, "safe") || len(name) == 24 && len(list) < 60) {
						names[name] = true
					}
				}
			}
		}
	}
	n := 0
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		if doc.Paths[path]["get"] != nil && !hole.MatchString(path) {
			n++
			ask(path)
			ask(path + "?limit=100")
		}
	}
	for _, key := range []string{"db", "rule", "pin"} {
		ask("/api/v1/keys/" + key)
	}
	all := slices.Sorted(maps.Keys(names))
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		if doc.Paths[path]["get"] != nil && len(hole.FindAllString(path, -1)) == 1 {
			n++
			for _, name := range all {
				ask(hole.ReplaceAllString(path, name))
			}
		}
	}
	for _, name := range all {
		for _, attr := range []string{"result", "trigger_instance"} {
			ask("/api/v1/executions/" + name + "/attribute/" + attr)
		}
	}
	return n
}

// TestStoresOfSecretsAreChecked holds that all mistakes are told at once, before the server starts.
func TestStoresOfSecretsAreChecked(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	cfg.Secrets.Stores = []config.SecretStore{
		{Name: "a", Type: "env"},
		{Name: "a", Type: "env", Prefix: "X_"},
		{Name: "b:c", Type: "files", Folder: "/"},
		{Name: "d", Type: "files"},
		{Name: "e", Type: "sops", Folder: "/"},
		{Name: "f", Type: "keychain"},
		{Name: "g", Type: "vault", Address: "vault"},
		{Name: "h", Type: "vault", Address: "https://v"},
	}
	_, err := app.Open(t.Context(), cfg, app.Options{Version: "test"})
	if err == nil {
		t.Fatal("the server starts")
	}
	for _, want := range []string{
		"secrets.stores[0], a: prefix is missing", `secrets.stores[1]: "a" is no name of a store`, `secrets.stores[2]: "b:c" is no name`,
		"secrets.stores[3], d: folder is missing", "secrets.stores[4], e: age_identities is missing", `secrets.stores[5], f: type is "keychain"`,
		`secrets.stores[6], g: "vault" is no address`, "secrets.stores[7], h: a Vault needs one way to log in",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not told: %v", want, err)
		}
	}
}
