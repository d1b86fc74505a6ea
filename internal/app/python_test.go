package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestPythonActionsReachTheServer(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"snakes": {
		"pack.yaml": manifest("snakes"),
		"config.schema.yaml": `{host: {type: string, default: "{{ st2kv.system.domain }}"}, port: {type: integer, default: 8080},
			password: {type: string, secret: true, default: "{{ st2kv.system.password }}"}, nothing: {type: string}}`,
		"actions/use.yaml": `{name: use, runner_type: python-script, entry_point: use.py, enabled: true,
			parameters: {name: {type: string, required: true}, other: {type: string}, secret: {type: string, default: "{{ config_context.password }}"}}}`,
		"actions/use.py": `
from st2common.runners.base_action import Action
from st2client.client import Client


class Use(Action):
    def run(self, name, other, secret):
        service = self.action_service
        first = service.get_value(name)
        service.set_value(name, {"n": 1}, ttl=60)
        service.set_value("hidden", "treasure", encrypt=True)
        client = Client()
        shown = client.keys.get_by_name("snakes.Use:hidden")
        with_name = client.keys.get_by_name("domain")
        me = client.executions.get_by_id(__import__("os").environ["ST2_ACTION_EXECUTION_ID"])
        out = {
            "first": first, "second": service.get_value(name), "other": other, "secret": secret,
            "global": service.get_value("domain", local=False), "sealed": shown.value.startswith("nss1."),
            "decrypted": service.get_value("hidden", decrypt=True),
            "foreign": service.get_value("password", local=False, decrypt=True),
            "listed": sorted(pair.name for pair in service.list_values()),
            "user": service.get_user_info()["username"], "config": dict(self.config),
            "by_name": with_name.value, "missing": client.keys.get_by_name("no such key"), "action": me.action["ref"],
            "actions": [a.ref for a in client.actions.query(pack="snakes")],
            "deleted": [service.delete_value(name), service.delete_value("never")],
        }
        return out["second"] is not None, out
`,
	}})
	put(t, s, "/api/v1/keys/domain", `{"name": "domain", "value": "example.org"}`)
	put(t, s, "/api/v1/keys/password", `{"name": "password", "value": "hunter2", "secret": true}`)
	e := launch(t, s, "snakes.use", "name", "key")
	eventually(t, s, store.Executions{Action: "snakes.use"}, "the action ends", func(list []*execution.Execution) bool {
		return len(list) == 1 && list[0].Status.Final()
	})
	got := result(t, s, e.ID)
	if stderr, _ := got["stderr"].(string); !strings.Contains(stderr, "Decrypt option requires administrator access") {
		t.Errorf("stderr is %s", stderr) // of what is not the pack's
	}
	delete(got, "stderr")
	want := map[string]any{
		"exit_code": 0.0, "stdout": "", "result": map[string]any{
			"first": nil, "second": "{'n': 1}", "other": nil, "secret": "hunter2", "global": "example.org", "sealed": true,
			"decrypted": "treasure", "foreign": nil, "listed": []any{"snakes.Use:hidden", "snakes.Use:key"}, "user": "tester",
			"config":  map[string]any{"host": "example.org", "port": 8080.0, "password": "hunter2"},
			"by_name": "example.org", "missing": []any{}, "action": "snakes.use", "actions": []any{"snakes.use"},
			"deleted": []any{true, true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		text, _ := json.Marshal(got)
		t.Errorf("%s\n-want +got:\n%s", text, diff)
	}
}

// TestResultsKeepAsMuchAsTheSettingsSay holds that what runners keep is for operators to say.
func TestResultsKeepAsMuchAsTheSettingsSay(t *testing.T) {
	s := apptest.StartWith(t, map[string]map[string]string{"big": {
		"pack.yaml":          manifest("big"),
		"actions/print.yaml": `{name: print, runner_type: local-shell-script, entry_point: print.sh, enabled: true}`,
		"actions/print.sh":   "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x\n",
		"actions/give.yaml":  `{name: give, runner_type: python-script, entry_point: give.py, enabled: true}`,
		"actions/give.py":    "from st2common.runners.base_action import Action\n\n\nclass Give(Action):\n    def run(self):\n        return 'x' * 2000000\n",
	}}, func(cfg *config.Config, _ *app.Options) { cfg.Worker.MaxOutput, cfg.Worker.MaxResult = 2, 1 })
	printed := launch(t, s, "big.print")
	given := launch(t, s, "big.give")
	eventually(t, s, store.Executions{}, "both end", func(list []*execution.Execution) bool {
		return len(list) == 2 && list[0].Status.Final() && list[1].Status.Final()
	})
	got := result(t, s, printed.ID)
	if text, _ := got["stdout"].(string); len(text) < 2<<20 || len(text) > 2<<20+100 {
		t.Errorf("%d bytes are kept", len(text))
	}
	if diff := cmp.Diff(map[string]any{"stdout": float64(3_000_000 - 2<<20)}, got["truncated"]); diff != "" {
		t.Error(diff)
	}
	e, err := s.Store.Reader().Execution(t.Context(), given.ID)
	if err != nil || e.Status != execution.Failed {
		t.Errorf("what returns too much: %+v, %v", e, err)
	}
}
