package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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
    next: [{publish: [{said: <% result().select($.stdout) %>}, {how: <% task(each).result.items.select($.status) %>}], do: end}]
  other:
    action: flows.inner
    input: {host: <% ctx(st2).pack %>}
    next: [{publish: [{inner: <% result().output.said %>}, {at: <% task(other).status %>}], do: end}]
  end:
    join: all
    action: core.noop
output: [{said: <% ctx(said) %>}, {how: <% ctx(how) %>}, {inner: <% ctx(inner) %>}, {at: <% ctx(at) %>}]
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
	want := map[string]any{
		"said": []any{"a of web-1", "b of web-1", "c of web-1"}, "inner": "flows for tester", "at": "succeeded",
		"how": []any{"succeeded", "succeeded", "succeeded"},
	}
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

// ask calls the API and returns the answer's status and body.
func ask(t *testing.T, s *apptest.Server, method, path, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
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
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s %s: %s: %s", method, path, res.Status, text)
	}
	return res.StatusCode, out
}

func TestWorkflowsPauseResumeAndEnd(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	s := apptest.Start(t, flows(map[string]string{"wait": `
version: 1.0
input: [host]
tasks:
  first:
    action: flows.say
    input: {cmd: "while ! test -e ` + gate + `; do sleep 0.01; done; echo open"}
    next: [{when: <% succeeded() %>, do: second}]
  second: {action: core.noop}
`}))
	paused, ended, plain := launch(t, s, "flows.wait"), launch(t, s, "flows.wait"), launch(t, s, "flows.say", "cmd", "sleep 30")
	path := "/api/v1/executions/"
	for _, e := range []*execution.Execution{paused, ended, plain} {
		eventually(t, s, ids(e.ID), "it runs", all(1, execution.Running))
	}
	_, why := ask(t, s, "GET", "/api/ns/v1/executions/"+paused.ID+"/why", "")
	if waits, _ := why["waits_for"].([]any); len(waits) != 1 || waits[0].(map[string]any)["task"] != "first" {
		t.Errorf("why: %v", why)
	}
	if code, got := ask(t, s, "PUT", path+plain.ID, `{"status": "pausing"}`); code != 400 || !strings.Contains(got["faultstring"].(string), "is not able to") {
		t.Errorf("pause of a plain action: %d %v", code, got)
	}
	if code, got := ask(t, s, "PUT", path+paused.ID, `{"status": "pausing"}`); code != 200 || got["status"] != "pausing" {
		t.Errorf("pause: %d %v", code, got)
	}
	if code, got := ask(t, s, "PUT", path+ended.ID, `{"status": "failed", "result": {"by": "hand"}}`); code != 200 || got["status"] != "failed" {
		t.Errorf("end by hand: %d %v", code, got)
	}
	eventually(t, s, store.Executions{Parent: ended.ID}, "what it had under way stops", all(1, execution.Canceled))
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, s, ids(paused.ID), "it is paused", all(1, execution.Paused))
	if code, got := ask(t, s, "PUT", path+paused.ID, `{"status": "resuming"}`); code != 200 {
		t.Errorf("resume: %d %v", code, got)
	}
	eventually(t, s, ids(paused.ID), "it ends", all(1, execution.Succeeded))
	eventually(t, s, store.Executions{Parent: paused.ID}, "both tasks have run", all(2, execution.Succeeded))
	if code, _ := ask(t, s, "DELETE", path+plain.ID, ""); code != 200 {
		t.Errorf("cancel: %d", code)
	}
}

func TestWorkflowsRunAgainFromTheirTasks(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	s := apptest.Start(t, flows(map[string]string{"flaky": `
version: 1.0
input: [host]
tasks:
  first:
    action: flows.say cmd="echo one"
    next: [{when: <% succeeded() %>, publish: [{one: <% result().stdout %>}], do: second}]
  second:
    action: flows.say
    input: {cmd: "test -e ` + gate + ` && echo <% ctx(one) %> two"}
    next: [{when: <% succeeded() %>, publish: [{two: <% result().stdout %>}]}]
output: [{two: <% ctx(two) %>}]
`}))
	first := launch(t, s, "flows.flaky")
	eventually(t, s, ids(first.ID), "it fails", all(1, execution.Failed))
	again := func(body string, want execution.Status) (id string) {
		t.Helper()
		code, got := ask(t, s, "POST", "/api/v1/executions/"+first.ID+"/re_run", body)
		if code != 201 {
			t.Fatalf("%s: %d %v", body, code, got)
		}
		id = got["id"].(string)
		eventually(t, s, ids(id), body, all(1, want))
		return id
	}
	again(`{"tasks": ["third"]}`, execution.Failed)
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{`{"tasks": ["second"], "reset": ["second"]}`, `{"failed": true}`} {
		id := again(body, execution.Succeeded)
		if d := cmp.Diff(map[string]any{"two": "one two"}, result(t, s, id)["output"]); d != "" {
			t.Error(d)
		}
		eventually(t, s, store.Executions{Parent: id}, "only the second task", all(1, execution.Succeeded))
	}
	whole := again(`{"parameters": {"host": "web-9"}}`, execution.Succeeded)
	eventually(t, s, store.Executions{Parent: whole}, "all tasks", all(2, execution.Succeeded))
	for body, want := range map[string]string{
		`{"tasks": ["second"], "parameters": {"host": "x"}}`: "Parameters override is not supported when re-running task(s) for a workflow.",
		`{"tasks": ["second"], "reset": ["first"]}`:          "List of tasks to reset does not match the tasks to rerun.",
		`{"tasks": ["second"], "failed": true}`:              "Either the tasks that failed are run again, or those that tasks names.",
	} {
		if code, got := ask(t, s, "POST", "/api/v1/executions/"+first.ID+"/re_run", body); code != 400 || got["faultstring"] != want {
			t.Errorf("%s: %d %v", body, code, got)
		}
	}
}

// TestAWorkflowRunAgainKnowsWhatEndedAfterIt runs a workflow again that failed while
// another of its tasks was under way: what that has done counts, and is not done twice.
func TestAWorkflowRunAgainKnowsWhatEndedAfterIt(t *testing.T) {
	dir := t.TempDir()
	gate, slow := filepath.Join(dir, "gate"), filepath.Join(dir, "slow")
	s := apptest.Start(t, flows(map[string]string{"two": `
version: 1.0
tasks:
  quick:
    action: flows.say cmd="test -e ` + gate + `"
    next: [{when: <% succeeded() %>, do: both}]
  slow:
    action: flows.say
    input: {cmd: "echo ran >>` + slow + `; while ! test -e ` + gate + `; do sleep 0.02; done"}
    next: [{when: <% succeeded() %>, publish: [{slow: done}], do: both}]
  both:
    join: all
    action: flows.say cmd="echo <% ctx(slow) %>"
    next: [{when: <% succeeded() %>, publish: [{said: <% result().stdout %>}]}]
output: [{said: <% ctx(said) %>}]
`}))
	first := launch(t, s, "flows.two")
	eventually(t, s, ids(first.ID), "it fails", all(1, execution.Failed))
	again := func() string {
		t.Helper()
		code, got := ask(t, s, "POST", "/api/v1/executions/"+first.ID+"/re_run", `{"failed": true}`)
		if code != 201 {
			t.Fatalf("%d %v", code, got)
		}
		return got["id"].(string)
	}
	early := again()
	eventually(t, s, ids(early), "it is too early", all(1, execution.Failed))
	if why, _ := result(t, s, early)["error"].(string); !strings.Contains(why, "still runs") {
		t.Errorf("error %q", why)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, s, store.Executions{Parent: first.ID, Action: "flows.say"}, "all have ended", func(list []*execution.Execution) bool {
		return len(list) == 2 && list[0].Status.Final() && list[1].Status.Final()
	})
	id := again()
	eventually(t, s, ids(id), "it succeeds", all(1, execution.Succeeded))
	if d := cmp.Diff(map[string]any{"said": "done"}, result(t, s, id)["output"]); d != "" {
		t.Error(d)
	}
	if text, err := os.ReadFile(slow); err != nil || string(text) != "ran\n" {
		t.Errorf("the slow task has run: %q, %v", text, err)
	}
}

func TestTasksAndWorkflowsThatTakeTooLongAreStopped(t *testing.T) {
	s := apptest.Start(t, flows(map[string]string{
		"task": `
version: 1.0
vars: [{why: null}]
tasks:
  hang:
    action: flows.say cmd="sleep 60"
    timeout: 1
    next: [{when: <% failed() %>, publish: [{why: gave up}], do: noop}]
output: [{why: <% ctx(why) %>}]
`,
		"whole": `
version: 1.0
timeout: 1
tasks:
  hang:
    action: flows.say cmd="sleep 60"
`,
	}))
	task, whole := launch(t, s, "flows.task"), launch(t, s, "flows.whole")
	eventually(t, s, ids(task.ID), "the task is given up", all(1, execution.Succeeded))
	eventually(t, s, store.Executions{Parent: task.ID}, "and was stopped", all(1, execution.Canceled))
	eventually(t, s, ids(whole.ID), "the workflow is over", all(1, execution.Timeout))
	eventually(t, s, store.Executions{Parent: whole.ID}, "and its task, too", all(1, execution.Canceled))
}

// TestPoliciesHoldWorkflowsBack has workflows of which one may run at a time, at the
// top and below others, and one that is tried again.
func TestPoliciesHoldWorkflowsBack(t *testing.T) {
	packs := flows(map[string]string{
		"alone": "chain: [{name: a, ref: flows.say, parameters: {cmd: 'sleep 0.02'}}]",
		"many":  "version: 1.0\ninput: [host]\ntasks: {a: {with: \"<% [1, 2, 3] %>\", action: flows.alone}}\n",
		"bad":   "chain: [{name: a, ref: flows.say, parameters: {cmd: 'exit 1'}}]",
	})
	packs["flows"]["policies/alone.yaml"] = "{name: alone, enabled: true, resource_ref: flows.alone, policy_type: action.concurrency, parameters: {threshold: 1}}"
	packs["flows"]["policies/bad.yaml"] = "{name: bad, enabled: true, resource_ref: flows.bad, policy_type: action.retry, parameters: {retry_on: failure, max_retry_count: 1}}"
	s := apptest.Start(t, packs)
	for range 3 {
		launch(t, s, "flows.alone")
	}
	many := launch(t, s, "flows.many")
	launch(t, s, "flows.bad")
	eventually(t, s, ids(many.ID), "the workflow above ends", all(1, execution.Succeeded))
	eventually(t, s, store.Executions{Action: "flows.bad"}, "it is tried again", all(2, execution.Failed))
	var last time.Time // when the one before was over
	list := eventually(t, s, store.Executions{Action: "flows.alone"}, "all end", all(6, execution.Succeeded))
	slices.SortFunc(list, func(a, b *execution.Execution) int { return a.StartedAt.Compare(b.StartedAt) })
	for _, e := range list {
		if e.StartedAt.Before(last) {
			t.Errorf("%s began at %v, before the end of another at %v", e.ID, e.StartedAt, last)
		}
		last = e.FinishedAt
	}
}
