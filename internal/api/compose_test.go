package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

func body(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRehearse(t *testing.T) {
	const definition = `version: 1.0
input: [host]
tasks:
  look:
    action: p.say word=<% ctx(host) %>
    next:
      - when: <% succeeded() %>
        publish: load=<% result().load %>
        do: each
  each:
    with: x in <% ["a", "b"] %>
    action: p.say word=<% item(x) %>
output:
  - load: <% ctx(load) %>
`
	type question struct {
		Task       string `json:"task"`
		Before     bool   `json:"before,omitempty"`
		Expression string `json:"expression"`
	}
	s := newServer(t, api.Options{})
	test := map[string]any{
		"inputs":                 map[string]any{"host": "web1"},
		"mock_action_executions": []any{map[string]any{"task_id": "look", "result": map[string]any{"load": 7}}},
	}
	got := s.do("POST", "/api/ns/v1/workflows/rehearse", body(t, map[string]any{
		"definition": definition, "test": test, "assume": "succeeded",
		"questions": []question{
			{"look", false, "<% result().load + 1 %>"},
			{"look", true, "<% ctx(host) %>"},
			{"each", true, "<% item(x) %>"},
			{"", false, "{{ ctx().load }}"},
			{"each", false, "<% ctx(nothing) %>"},
			{"gone", false, "<% 1 %>"},
		},
	})).status(200)
	for path, want := range map[string]string{
		"status": "succeeded", "path": `["look","each"]`, "output.load": "7",
		"calls.0.task_id": "look", "calls.0.input.word": "web1", "calls.1.item_id": "0", "calls.2.input.word": "b",
		"answers.0.value": "8", "answers.1.value": "web1", "answers.2.value": "a", "answers.3.value": "7",
		"answers.5.error": `the task "gone" has not run`,
	} {
		if got.at(path) != want {
			t.Errorf("%s is %q, want %q", path, got.at(path), want)
		}
	}
	if why := got.at("answers.4.error"); !strings.Contains(why, "nothing") {
		t.Errorf("a variable that there is not: %q", why)
	}
	if got := s.do("POST", "/api/ns/v1/workflows/rehearse", body(t, map[string]any{"definition": definition})).status(200); got.at("status") != "running" {
		t.Errorf("without an assumption: %s", got.Body)
	}
	for name, bad := range map[string]map[string]any{
		"a definition with mistakes": {"definition": "tasks: ["},
		"a test with mistakes":       {"definition": definition, "test": map[string]any{"mocks": []any{}}},
		"a file":                     {"definition": definition, "test": map[string]any{"mock_action_executions": []any{map[string]any{"task_id": "look", "result_path": "/etc/passwd"}}}},
	} {
		if got := s.do("POST", "/api/ns/v1/workflows/rehearse", body(t, bad)).status(400); got.fault() == "" {
			t.Errorf("%s: %s", name, got.Body)
		}
	}
}

// TestRehearsalIsRecorded holds that what was played can be kept as a test, which then
// expects just that.
func TestRehearsalIsRecorded(t *testing.T) {
	s := newServer(t, api.Options{})
	definition := "version: 1.0\ninput: [host]\ntasks:\n  look: {action: p.say, input: {word: <% ctx(host) %>}, next: [{when: <% failed() %>, do: mend}]}\n  mend: {action: p.say, input: {word: x}}\noutput:\n  - where: <% ctx(host) %>\n"
	play := func(more map[string]any) answer {
		req := map[string]any{"definition": definition, "record": "workflows/x.yaml", "assume": "succeeded", "test": map[string]any{
			"description": "as I made it up", "inputs": map[string]string{"host": "db1"},
			"mock_action_executions": []any{map[string]any{"task_id": "look", "status": "failed", "result": map[string]int{"return_code": 3}}},
		}}
		maps.Copy(req, more)
		return s.do("POST", "/api/ns/v1/workflows/rehearse", body(t, req))
	}
	text := play(nil).status(200).at("recorded")
	for _, want := range []string{
		"description: as I made it up", "workflow: workflows/x.yaml", "  host: db1", "- task_id: look", "  expected_input:\n    word: db1", "    return_code: 3",
		"expected_task_sequence:\n- look\n- mend", "expected_workflow_status: succeeded", "  where: db1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the test:\n%s", want, text)
		}
	}
	test, err := rehearsal.Read([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := test.Run(t.Context(), []byte(definition))
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("the test does not hold what was played: %v, %v", report.Findings, err)
	}
	if got := play(map[string]any{"assume": "", "test": map[string]any{"inputs": map[string]string{"host": "db1"}}}).status(400); !strings.Contains(got.fault(), "not over") {
		t.Errorf("recorded before it is over: %s", got.Body)
	}
}

func TestExpressionsAreListed(t *testing.T) {
	s := newServer(t, api.Options{})
	got := s.do("GET", "/api/ns/v1/expressions", "").status(200)
	for _, want := range []string{`"kind":"workflow","name":"succeeded"`, `"kind":"yaql","name":"where"`, `"kind":"filter","name":"decrypt_kv"`, `"kind":"test","name":"defined"`, `"kind":"global","name":"range"`} {
		if !strings.Contains(strings.ReplaceAll(got.Body.String(), ": ", ":"), want) {
			t.Errorf("%s is not in the list", want)
		}
	}
}

func TestTryRule(t *testing.T) {
	s := newServer(t, api.Options{})
	for _, host := range []string{"web1", "db1", "db2"} {
		s.do("POST", "/v1/webhooks/st2", fmt.Sprintf(`{"trigger": "p.alarm", "payload": {"host": %q}}`, host)).status(202)
	}
	draft := func(pattern string) string {
		return fmt.Sprintf(`{"name": "draft", "pack": "p", "trigger": {"type": "p.alarm"}, "action": {"ref": "p.say", "parameters": {"word": "{{ trigger.host }} of {{ rule.ref }}"}},
			"criteria": {"trigger.host": {"type": "startswith", "pattern": %q}}}`, pattern)
	}
	got := s.do("POST", "/api/ns/v1/rules/try", `{"rule": `+draft("db")+`}`).status(200)
	for path, want := range map[string]string{
		"trigger": "p.alarm", "total": "3", "matched": "2", "events.0.matched": "true", "events.2.matched": "false",
		"events.2.criteria.0.decided": "true", "events.2.criteria.0.value": "web1",
		"events.0.starts.parameters.word": "db2 of p.draft", "events.1.starts.parameters.word": "db1 of p.draft",
	} {
		if got.at(path) != want {
			t.Errorf("%s is %q, want %q", path, got.at(path), want)
		}
	}
	if got := s.do("POST", "/api/ns/v1/rules/try", `{"events": 1, "rule": `+draft("web")+`}`).status(200); got.at("matched") != "0" || strings.Contains(got.Body.String(), `"starts"`) {
		t.Errorf("of the latest only: %s", got.Body)
	}
	if got := s.do("POST", "/api/ns/v1/rules/try", `{"rule": `+strings.Replace(draft("db"), "trigger.host }}", "trigger.host / 2 }}", 1)+`}`).status(200); !strings.Contains(got.at("events.0.starts.failure"), "unsupported operand") {
		t.Errorf("parameters that can't be rendered: %s", got.Body)
	}
	now := time.Now().UTC()
	for window, want := range map[string]string{
		fmt.Sprintf(`"after": %q`, now.Add(-time.Hour).Format(time.RFC3339)):                                                        "3",
		fmt.Sprintf(`"after": %q`, now.Add(time.Hour).Format(time.RFC3339)):                                                         "0",
		fmt.Sprintf(`"before": %q`, now.Add(-time.Hour).Format(time.RFC3339)):                                                       "0",
		fmt.Sprintf(`"after": %q, "before": %q`, now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339)): "3",
	} {
		if got := s.do("POST", "/api/ns/v1/rules/try", `{`+window+`, "rule": `+draft("db")+`}`).status(200); got.at("total") != want {
			t.Errorf("%s: %s, want %s", window, got.Body, want)
		}
	}
	if got := s.do("POST", "/api/ns/v1/rules/try", `{"rule": {"name": "draft", "pack": "p", "trigger": {"type": "p.alarm"}}}`).status(200); got.at("matched") != "3" || strings.Contains(got.Body.String(), `"starts"`) {
		t.Errorf("without an action: %s", got.Body)
	}
	s.do("GET", "/v1/rules/p.draft", "").status(404) // it was not kept
	s.do("POST", "/api/ns/v1/rules/try", `{"rule": {"name": "x"}}`).status(400)
	s.do("POST", "/api/ns/v1/rules/try", `{"events": 1001, "rule": `+draft("db")+`}`).status(400)
}

func TestPackFilesAreWritten(t *testing.T) {
	dir := t.TempDir()
	src := content(t)
	s := newServerOf(t, api.Options{}, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}, Folders: []string{dir}})
	files := func(path, content string) string {
		return body(t, map[string]any{"files": []any{map[string]string{"path": path, "content": content}}})
	}
	s.do("PUT", "/api/ns/v1/packs/mine/files", files("pack.yaml", "name: mine\ndescription: d\nversion: 1.0.0\nauthor: a\n")).status(204)
	if text, err := os.ReadFile(filepath.Join(dir, "mine", "pack.yaml")); err != nil || !strings.HasPrefix(string(text), "name: mine") {
		t.Errorf("the file is %q, %v", text, err)
	}
	s.do("PUT", "/api/ns/v1/packs/mine/files", files("pack.yaml", "name: mine\n")).status(409)
	s.do("PUT", "/api/ns/v1/packs/mine/files", files("actions/run.sh", "rm -rf /\n")).status(400)
	s.do("PUT", "/api/ns/v1/packs/core/files", files("actions/x.yaml", "name: x\n")).status(400)
}
