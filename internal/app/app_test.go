package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"), // of the tests' own client
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),
		goleak.IgnoreTopFunction("os/signal.loop"))
}

func manifest(name string) string {
	return fmt.Sprintf("{ref: %s, name: %s, description: For tests., version: 1.0.0, author: test}\n", name, name)
}

// eventually waits for executions of an action to fit.
func eventually(t *testing.T, s *apptest.Server, q store.Executions, what string, fit func([]*execution.Execution) bool) []*execution.Execution {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		list, _, err := s.Store.Reader().ListExecutions(t.Context(), q, store.Page{Limit: -1, Asc: true})
		if err != nil {
			t.Fatal(err)
		}
		if fit(list) {
			return list
		}
		if time.Now().After(deadline) {
			for _, e := range list {
				t.Logf("%s of %s: %s %v", e.ID, e.Action, e.Status, e.Log)
			}
			t.Fatal("not within 30 seconds: " + what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func all(n int, status execution.Status) func([]*execution.Execution) bool {
	return func(list []*execution.Execution) bool {
		for _, e := range list {
			if e.Status != status {
				return false
			}
		}
		return len(list) == n
	}
}

func post(t *testing.T, s *apptest.Server, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", s.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatalf("POST %s: %s: %s %v", path, res.Status, text, err)
	}
}

func result(t *testing.T, s *apptest.Server, id string) map[string]any {
	t.Helper()
	b, err := s.Store.Reader().Result(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	return m
}

func TestAnEventBecomesARepairAndTheRepairIsChecked(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"road": {
		"pack.yaml": manifest("road"),
		"actions/repair.yaml": `{name: repair, runner_type: local-shell-cmd, enabled: true,
			parameters: {host: {type: string, required: true}, cmd: {immutable: true, default: "echo repaired {{ host }}"}}}`,
		"rules/down.yaml": `{name: down, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: down}},
			criteria: {trigger.body.status: {type: equals, pattern: down}},
			action: {ref: road.repair, parameters: {host: "{{ trigger.body.host }}.{{ st2kv.system.domain }}"}}}`,
		"rules/check.yaml": `{name: check, enabled: true, trigger: {type: core.st2.generic.actiontrigger},
			criteria: {trigger.action_ref: {type: equals, pattern: road.repair}},
			action: {ref: core.echo, parameters: {message: "{{ trigger.result.stdout }} by {{ rule.name }}"}}}`,
	}})
	put(t, s, "/api/v1/keys/domain", `{"name": "domain", "value": "example.org"}`)
	post(t, s, "/api/v1/webhooks/down", `{"status": "up", "host": "web-1"}`)
	post(t, s, "/api/v1/webhooks/down", `{"status": "down", "host": "web-2"}`)
	done := eventually(t, s, store.Executions{Action: "core.echo"}, "the check ends", all(1, execution.Succeeded))
	if got, want := result(t, s, done[0].ID)["stdout"], "repaired web-2.example.org by check"; got != want {
		t.Errorf("the check printed %q, want %q", got, want)
	}
	eventually(t, s, store.Executions{Action: "road.repair"}, "one repair", all(1, execution.Succeeded))
}

func put(t *testing.T, s *apptest.Server, path, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", s.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only the status counts
	if res.StatusCode != http.StatusOK {
		t.Fatalf("PUT %s: %s", path, res.Status)
	}
}

func launch(t *testing.T, s *apptest.Server, action string, params ...string) *execution.Execution {
	t.Helper()
	given := value.NewDict()
	for i := 0; i+1 < len(params); i += 2 {
		given.Set(params[i], params[i+1])
	}
	e, err := s.Launcher.Launch(t.Context(), execution.Request{
		Action: action, Parameters: given, Context: execution.Context{User: "tester"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestCancelWorksInEveryState(t *testing.T) {
	dir := t.TempDir()
	s := apptest.Start(t, map[string]map[string]string{"lim": {
		"pack.yaml":            manifest("lim"),
		"actions/alone.yaml":   "{name: alone, runner_type: local-shell-cmd, enabled: true, parameters: {cmd: {type: string, required: true}}}",
		"policies/alone.yaml":  "{name: alone, enabled: true, resource_ref: lim.alone, policy_type: action.concurrency, parameters: {threshold: 1}}",
		"actions/drained.yaml": "{name: drained, runner_type: noop, enabled: true}",
	}})
	gate, mark := filepath.Join(dir, "gate"), filepath.Join(dir, "survivor")
	first := launch(t, s, "lim.alone", "cmd", "echo begun; (while ! test -e "+gate+"; do sleep 0.05; done; touch "+mark+") & wait")
	ids := func(id string) store.Executions { return store.Executions{IDs: []string{id}} }
	eventually(t, s, ids(first.ID), "the first runs", all(1, execution.Running))
	second := launch(t, s, "lim.alone", "cmd", "true")
	eventually(t, s, ids(second.ID), "the second is held back", all(1, execution.Delayed))

	if e, err := s.Launcher.Cancel(t.Context(), second.ID, "tester"); err != nil || e.Status != execution.Canceled {
		t.Errorf("cancel what is delayed: %v, %v", e, err)
	}
	if _, err := s.Launcher.Cancel(t.Context(), first.ID, "tester"); err != nil {
		t.Errorf("cancel what runs: %v", err)
	}
	eventually(t, s, ids(first.ID), "the first is canceled", all(1, execution.Canceled))
	r := result(t, s, first.ID)
	if r["stdout"] != "begun" || r["message"] != "Action canceled by user." {
		t.Errorf("result of what was canceled: %v", r)
	}
	if _, err := s.Launcher.Cancel(t.Context(), first.ID, "tester"); err == nil {
		t.Error("what is canceled can be canceled again")
	}
	if _, err := s.Launcher.Cancel(t.Context(), "000000000000000000000000", "tester"); err == nil {
		t.Error("what is not there can be canceled")
	}
	e, err := s.Launcher.Launch(t.Context(), execution.Request{Action: "lim.drained", Delay: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if e, err = s.Launcher.Cancel(t.Context(), e.ID, "tester"); err != nil || e.Status != execution.Canceled {
		t.Errorf("cancel what starts later: %v, %v", e, err)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // longer than a grandchild that lives needs to find the gate open
	if _, err := os.Stat(mark); err == nil {
		t.Error("a grandchild outlived the cancel")
	}
}

func TestConcurrencyPolicyHoldsAndDrains(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	s := apptest.Start(t, map[string]map[string]string{"lim": {
		"pack.yaml": manifest("lim"),
		"actions/one.yaml": `{name: one, runner_type: local-shell-cmd, enabled: true, parameters: {host: {type: string},
			cmd: {immutable: true, default: "echo + {{ host }} >> ` + log + `; sleep 0.02; echo - {{ host }} >> ` + log + `"}}}`,
		"policies/one.yaml": `{name: one, enabled: true, resource_ref: lim.one, policy_type: action.concurrency.attr,
			parameters: {threshold: 2, attributes: [host]}}`,
	}})
	const n = 30
	for i := range n {
		launch(t, s, "lim.one", "host", fmt.Sprint("h", i%2))
	}
	eventually(t, s, store.Executions{Action: "lim.one"}, "all have run", all(n, execution.Succeeded))
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	running := map[string]int{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[0] == "-" {
			running[f[1]]--
		} else if running[f[1]]++; running[f[1]] > 2 {
			t.Fatalf("%d run at a time for %s", running[f[1]], f[1])
		}
	}
}

func TestRetryPolicyTriesAgain(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"re": {
		"pack.yaml":         manifest("re"),
		"actions/bad.yaml":  "{name: bad, runner_type: local-shell-cmd, enabled: true, parameters: {cmd: {default: exit 1}}}",
		"policies/bad.yaml": "{name: bad, enabled: true, resource_ref: re.bad, policy_type: action.retry, parameters: {retry_on: failure, max_retry_count: 2}}",
	}})
	first := launch(t, s, "re.bad")
	list := eventually(t, s, store.Executions{Action: "re.bad"}, "two retries", all(3, execution.Failed))
	previous := first.ID
	for i, e := range list[1:] {
		r := e.Context.Policies.Retry
		if r.Count != i+1 || r.Retried != previous || r.AppliedPolicy != "re.bad" {
			t.Errorf("retry %d is %+v, want it to repeat %s", i+1, r, previous)
		}
		previous = e.ID
	}
}

func TestTimersFire(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"tick": {
		"pack.yaml": manifest("tick"),
		"rules/tick.yaml": `{name: tick, enabled: true, action: {ref: core.noop},
			trigger: {type: core.st2.IntervalTimer, parameters: {unit: seconds, delta: 1}}}`,
	}})
	eventually(t, s, store.Executions{Rule: "tick"}, "it ticks twice", func(l []*execution.Execution) bool { return len(l) >= 2 })
}

// TestMistakesInPacksKeepNothingElseFromWorking also restarts the server on
// its folder: what was registered and done is still there.
func TestMistakesInPacksKeepNothingElseFromWorking(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	cfg.Packs = []string{apptest.WritePacks(t, map[string]map[string]string{
		"good": {"pack.yaml": manifest("good"), "actions/ok.yaml": "{name: ok, runner_type: noop, enabled: true}", "actions/bad.yaml": "{name: bad: x"},
		"bad":  {"pack.yaml": "ref: [", "actions/x.yaml": "{}"},
	})}
	for life := range 2 {
		a, err := app.Open(t.Context(), cfg, app.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := a.Catalog.Get().Action("good.ok"); !ok {
			t.Errorf("life %d: the good action is not registered", life)
		}
		if (a.AdminPassword() != "") != (life == 0) {
			t.Errorf("life %d: the first start makes a password, and no other", life)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
