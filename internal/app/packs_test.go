package app_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// runs runs an action and returns its execution when that has ended, with its result.
func runs(t *testing.T, s *apptest.Server, action, params string) (*execution.Execution, string) {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(params)); err != nil {
		t.Fatal(err)
	}
	e, err := s.Launcher.Launch(t.Context(), execution.Request{Action: action, Parameters: d, Context: execution.Context{User: "admin"}})
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); !e.Status.Final(); {
		if time.Now().After(until) {
			t.Fatalf("%s is %s", action, e.Status)
		}
		time.Sleep(10 * time.Millisecond)
		if e, err = s.Store.Reader().Execution(t.Context(), e.ID); err != nil {
			t.Fatal(err)
		}
	}
	result, err := s.Store.Reader().Result(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return e, string(result)
}

// TestAPackIsInstalledRunUpdatedAndRemoved does it with the actions of the pack
// packs, as clients do.
func TestAPackIsInstalledRunUpdatedAndRemoved(t *testing.T) {
	s := apptest.Start(t, nil)
	source := apptest.WritePacks(t, map[string]map[string]string{"tools": {
		"pack.yaml":        "{ref: tools, name: tools, description: d, version: 1.0.0, author: a}\n",
		"actions/say.yaml": "{name: say, runner_type: local-shell-script, entry_point: say.sh, enabled: true}\n",
		"actions/say.sh":   "#!/bin/sh\necho one\n",
	}})
	tools := filepath.Join(source, "tools")
	quoted, err := json.Marshal(tools)
	if err != nil {
		t.Fatal(err)
	}
	want := func(status execution.Status, text, action, params string) {
		t.Helper()
		e, result := runs(t, s, action, params)
		if e.Status != status || !strings.Contains(result, text) {
			t.Errorf("%s is %s: %s", action, e.Status, result)
		}
	}
	want("succeeded", `"output":{"conflict_list":[],`, "packs.install", `{"packs": [`+string(quoted)+`]}`)
	want("succeeded", `"stdout":"one"`, "tools.say", `{}`)
	if err := os.WriteFile(filepath.Join(tools, "actions/say.sh"), []byte("#!/bin/sh\necho two\n"), 0o755); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	want("succeeded", `"stdout":"one"`, "tools.say", `{}`)
	want("succeeded", `"same":false`, "packs.update", `{"packs": ["tools"]}`)
	want("succeeded", `"stdout":"two"`, "tools.say", `{}`)
	want("succeeded", `"version":"1.0.0"`, "packs.get", `{"pack": "tools"}`)
	if err := os.WriteFile(filepath.Join(tools, "actions/say.sh"), []byte("#!/bin/sh\necho three\n"), 0o755); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	want("succeeded", `"result":{"tools":"Success."}`, "packs.download", `{"packs": ["unused"], "dependency_list": [`+string(quoted)+`]}`)
	want("succeeded", `"stdout":"two"`, "tools.say", `{}`)
	want("succeeded", `"actions":1`, "packs.load", `{"packs": ["tools"]}`)
	want("succeeded", `"stdout":"three"`, "tools.say", `{}`)
	want("succeeded", `"result":null`, "packs.delete", `{"packs": ["tools"]}`)
	want("succeeded", `"stdout":"three"`, "tools.say", `{}`)
	want("succeeded", `"result":{"tools":"Success."}`, "packs.download", `{"packs": [`+string(quoted)+`]}`)
	want("succeeded", `/data/packs"`, "packs.get_config", `{}`)
	want("failed", `is not installed`, "packs.uninstall", `{"packs": ["other"]}`)
	want("failed", `no source of a pack`, "packs.install", `{"packs": ["../evil"]}`)
	want("succeeded", `"tools"`, "packs.uninstall", `{"packs": ["tools"]}`)
	if _, ok := s.Catalog.Get().Action("tools.say"); ok {
		t.Error("its action is still there")
	}
}

func TestWaitForSSHGivesUp(t *testing.T) {
	s := apptest.Start(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	e, result := runs(t, s, "linux.wait_for_ssh", `{"hostname": "127.0.0.1", "port": `+port+`, "password": "hush", "retries": 2, "sleep_delay": 0}`)
	if e.Status != execution.Failed || !strings.Contains(result, "Exceeded max retries (2)") || !strings.Contains(result, "connection refused") || strings.Contains(result, "hush") {
		t.Errorf("%s: %s", e.Status, result)
	}
}
