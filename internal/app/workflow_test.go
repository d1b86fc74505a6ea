package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// flows is a pack with an action for each definition, by name.
func flows(definitions map[string]string) map[string]map[string]string {
	files := map[string]string{
		"pack.yaml":        manifest("flows"),
		"actions/say.yaml": `{name: say, runner_type: local-shell-cmd, enabled: true, parameters: {cmd: {type: string, required: true}}}`,
		"actions/off.yaml": `{name: off, runner_type: noop, enabled: false}`,
	}
	for name, text := range definitions {
		language := "orquesta"
		if strings.Contains(text, "chain:") {
			language = "action-chain"
		}
		files["actions/"+name+".yaml"] = `{name: ` + name + `, runner_type: ` + language + `, enabled: true,
			entry_point: workflows/` + name + `.yaml, parameters: {host: {type: string, default: web-1}}}`
		files["actions/workflows/"+name+".yaml"] = text
	}
	return map[string]map[string]string{"flows": files}
}

func ids(id string) store.Executions { return store.Executions{IDs: []string{id}} }

func TestAWorkflowRunsItsTasksAndPublishes(t *testing.T) {
	s := apptest.Start(t, flows(map[string]string{
		"repair": `
chain:
  - {name: diagnose, ref: flows.say, parameters: {cmd: "echo {{ host }} is down"}, publish: {found: "{{ diagnose.stdout }}"}, on-success: pause}
  - {name: pause, ref: core.noop, on-success: verify}
  - {name: verify, ref: flows.say, parameters: {cmd: "exit 3"}, on-failure: rollback}
  - {name: rollback, ref: flows.inner, on-success: report}
  - {name: report, ref: flows.say, parameters: {cmd: "echo {{ found }}, {{ rollback.published.done }}"}, publish: {told: "{{ report.stdout }}"}}
`,
		"inner": `
chain:
  - {name: first, ref: core.noop, on-success: second}
  - {name: second, ref: flows.say, parameters: {cmd: "echo rolled back"}, publish: {done: "{{ second.stdout }}"}}
`,
	}))
	e := launch(t, s, "flows.repair", "host", "web-2")
	eventually(t, s, ids(e.ID), "the workflow ends", all(1, execution.Succeeded))
	want := map[string]any{"found": "web-2 is down", "told": "web-2 is down, rolled back"}
	if d := cmp.Diff(want, result(t, s, e.ID)["published"]); d != "" {
		t.Error(d)
	}
	children, err := s.Store.Reader().Children(t.Context(), e.ID)
	if err != nil || len(children) != 5 {
		t.Fatalf("%d children, %v", len(children), err)
	}
	for _, c := range children {
		if c.Context.User != "tester" || c.Context.Extra["chain"] == nil {
			t.Errorf("context of %s: %+v", c.Action, c.Context)
		}
	}
}

func TestAnOrquestaWorkflowSplitsJoinsAndGoesOverItems(t *testing.T) {
	s := apptest.Start(t, flows(map[string]string{
		"fleet": `
version: 1.0
input: [host]
vars: [{hosts: [a, b, c]}]
tasks:
  start:
    action: core.noop
    next: [{when: <% succeeded() %>, do: [each, other]}]
  each:
    with: <% ctx(hosts) %>
    action: flows.say cmd="echo <% item() %> of <% ctx(host) %>"
    next: [{publish: [{said: <% result().select($.stdout) %>}], do: end}]
  other:
    action: flows.inner
    input: {host: <% ctx(st2).pack %>}
    next: [{publish: [{inner: <% result().output.said %>}, {at: <% task(other).status %>}], do: end}]
  end:
    join: all
    action: core.noop
output: [{said: <% ctx(said) %>}, {inner: <% ctx(inner) %>}, {at: <% ctx(at) %>}]
`,
		"inner": `
version: 1.0
input: [host]
tasks:
  only:
    action: flows.say
    input: {cmd: 'echo {{ ctx("host") }} for {{ ctx("parent").user }}'}
    next: [{publish: [{said: '{{ result().stdout }}'}]}]
output: [{said: '{{ ctx("said") }}'}]
`,
		"mistaken": "version: 1.0\ntasks: {a: {action: core.noop, next: [{do: [b]}]}}\n",
	}))
	e := launch(t, s, "flows.fleet")
	eventually(t, s, ids(e.ID), "the workflow ends", all(1, execution.Succeeded))
	want := map[string]any{"said": []any{"a of web-1", "b of web-1", "c of web-1"}, "inner": "flows for tester", "at": "succeeded"}
	if d := cmp.Diff(want, result(t, s, e.ID)["output"]); d != "" {
		t.Error(d)
	}
	e = launch(t, s, "flows.mistaken")
	eventually(t, s, ids(e.ID), "the workflow is refused", all(1, execution.Failed))
	errs, _ := result(t, s, e.ID)["errors"].([]any)
	if len(errs) != 1 {
		t.Fatalf("errors: %v", errs)
	}
	first, _ := errs[0].(map[string]any)
	if first["type"] != "semantic" || first["message"] != `The task "b" is not defined.` || first["line"] != 2.0 {
		t.Errorf("got %v", first)
	}
}
