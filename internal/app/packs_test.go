package app_test

import (
	"encoding/json"
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
	want("succeeded", `"packs_list":["tools"]`, "packs.install", `{"packs": [`+string(quoted)+`]}`)
	want("succeeded", `"stdout":"one"`, "tools.say", `{}`)
	if err := os.WriteFile(filepath.Join(tools, "actions/say.sh"), []byte("#!/bin/sh\necho two\n"), 0o755); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	want("succeeded", `"stdout":"one"`, "tools.say", `{}`)
	want("succeeded", `"same":false`, "packs.update", `{"packs": ["tools"]}`)
	want("succeeded", `"stdout":"two"`, "tools.say", `{}`)
	want("succeeded", `"version":"1.0.0"`, "packs.get", `{"pack": "tools"}`)
	want("failed", `is not installed`, "packs.uninstall", `{"packs": ["other"]}`)
	want("failed", `no source of a pack`, "packs.install", `{"packs": ["../evil"]}`)
	want("succeeded", `"tools"`, "packs.uninstall", `{"packs": ["tools"]}`)
	if _, ok := s.Catalog.Get().Action("tools.say"); ok {
		t.Error("its action is still there")
	}
}
