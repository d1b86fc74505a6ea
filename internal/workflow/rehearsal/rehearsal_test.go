package rehearsal_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

const mend = `version: 1.0
input: [service, {times: 2}]
vars: [{tried: 0}]
tasks:
  begin:
    next: [{do: look}]
  look:
    action: core.local cmd="systemctl is-active <% ctx().service %>"
    next:
      - when: <% succeeded() %>
        publish: state=<% result().stdout %>
      - when: <% failed() %>
        publish: tried=<% ctx().tried + 1 %>
        do: restart
  restart:
    delay: 3
    action: core.local cmd="systemctl restart <% ctx().service %>"
    undo:
      action: core.local cmd="systemctl stop <% ctx().service %>"
    next:
      - when: <% succeeded() and ctx().tried < ctx().times %>
        do: look
      - when: <% succeeded() and ctx().tried >= ctx().times %>
        do: fail
output:
  - state: <% ctx().get(state) %>
  - tried: <% ctx().tried %>
`

// play returns what is found when a test is run, a line each.
func play(t *testing.T, definition, test string) string {
	t.Helper()
	read, err := rehearsal.Read([]byte(test), files(map[string]string{
		"active.json": `{"stdout": "active"}`, "failed.yaml": "stdout: failed\n", "text.txt": "active", "broken.json": "{",
	}))
	if err != nil {
		return err.Error()
	}
	report, err := read.Run(t.Context(), []byte(definition))
	if err != nil {
		return err.Error()
	}
	return report.Findings.Error()
}

func files(all map[string]string) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		text, ok := all[name]
		if !ok {
			return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
		}
		return []byte(text), nil
	}
}

func TestRunComparesWhatHappensWithWhatIsExpected(t *testing.T) {
	tests := map[string]struct{ test, want string }{
		"as it should be": {`
workflow: mend.yaml
inputs: {service: nginx}
mock_action_executions:
  - task_id: look
    status: failed
    expected_action: core.local
    expected_input: {cmd: systemctl is-active nginx}
  - {task_id: restart, expected_delay: 3, expected_input: {cmd: systemctl restart nginx}}
  - {task_id: look, result_path: active.json}
expected_task_sequence: [begin, look, restart, look, continue]
expected_output: {state: active, tried: 1}
`, ""},
		"nothing is as it should be": {`
workflow: mend.yaml
inputs: {service: nginx}
mock_action_executions:
  - task_id: look
    status: failed
    expected_action: core.remote
    expected_input: {cmd: date, sudo: true}
  - {task_id: restart, seq_id: 2, expected_delay: 4}
  - {task_id: restart, seq_id: 7, expected_delay: 4}
  - {task_id: look, status: failed, num_iter: 9}
expected_task_sequence:
  - begin
  - look
  - restart
  - look
  - continue
expected_routes: [[], [x__t0]]
expected_output:
  state: active
  tried: 1
  more: [1]
expected_errors: []
expected_undo: [restart]
expected_term_tasks: [look]
`, `7:22: task look runs core.local, not core.remote
8:27: input of task look.cmd is "systemctl is-active nginx"; expected is "date"
8:39: input of task look.sudo is missing; expected is true
9:51: task restart starts after 3s, not after 4 s
17:5: the path is begin, look, restart, look, restart, fail; expected is begin, look, restart, look, continue
18:18: routes is [[]]; expected is [[], ["x__t0"]]
2:1: the workflow is failed, not succeeded; task look: Execution failed. See result for details.; task fail: Execution failed. See result for details.
23:18: there is an error that is not expected: {"type": "error", "message": "Execution failed. See result for details.", "task_id": "look"}
23:18: there is an error that is not expected: {"type": "error", "message": "Execution failed. See result for details.", "task_id": "fail"}
20:10: output.state is null; expected is "active"
21:10: output.tried is 2; expected is 1
22:9: output.more is missing; expected is [1]
25:22: the workflow ends with fail, restart, not with look
24:16: what is undone is restart, restart; expected is restart
10:5: task restart was not run, and a call is expected`},
		"the undoing has results of its own": {`
workflow: mend.yaml
inputs: {service: nginx, times: 1}
mock_action_executions:
  - {task_id: look, status: failed}
  - {task_id: restart, undo: true, status: failed, expected_input: {cmd: systemctl stop nginx}}
expected_workflow_status: failed
expected_undo: [restart]
`, ""},
		"a result that is missing": {`
workflow: mend.yaml
mock_action_executions:
  - {task_id: look, result_path: gone.json}
  - {task_id: look, result_path: broken.json}
`, "4:34: the result can't be read: open gone.json: file does not exist\n5:34: the result can't be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"},
		"mistakes in the form": {`
worfklow: mend.yaml
mock_action_executions:
  - {task: look, status: broken}
expected_output: [1]
`, `1:1: workflow is missing: the path of the definition
2:1: Additional properties are not allowed ('worfklow' was unexpected); perhaps "workflow" was meant
4:5: mock_action_executions[0]: 'task_id' is a required property
4:6: mock_action_executions[0]: Additional properties are not allowed ('task' was unexpected)
4:26: mock_action_executions[0].status: 'broken' is not one of ['requested', 'scheduled', 'delayed', 'running', 'pausing', 'paused', 'resuming', 'pending', 'canceling', 'canceled', 'succeeded', 'failed', 'timeout', 'abandoned']
5:18: expected_output: [1] is not of type 'object', 'null'`},
		"no YAML": {"workflow: [", "1:11: there is no ']' that ends this"},
		"an inspection that finds something": {`
workflow: mend.yaml
expected_inspection_errors:
  semantics: [{message: The task "x" is not defined.}]
`, "4:15: the inspection finds only 0 of the kind semantics"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := play(t, mend, tt.test)
			if diff := cmp.Diff(strings.Split(tt.want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestInspectionIsComparedByKind(t *testing.T) {
	wrong := "version: 1.0\ntasks:\n  a:\n    action: core.noop\n    next: [{do: b, when: '<% ctx().x %>'}]\n"
	test := `
workflow: x
expected_inspection_errors:
  semantics: [{message: The task "b" is not defined., spec_path: "tasks.a.next[0].do"}]
`
	want := `3:1: the inspection finds more: context: line 5, column 30: Variable "x" is referenced before assignment. (in <% ctx().x %>)`
	if got := play(t, wrong, test); !strings.HasSuffix(got, strings.TrimPrefix(want, "3:1")) {
		t.Errorf("got %s, want %s", got, want)
	}
	all := test + `  context: [{type: yaql, expression: <% ctx().x %>, message: Variable "x" is referenced before assignment.}]` + "\n"
	if got := play(t, wrong, all); got != "" {
		t.Error(got)
	}
	if got := play(t, wrong, "workflow: x\n"); strings.Count(got, "the workflow has a mistake") != 2 {
		t.Errorf("without an expectation: %s", got)
	}
}

const each = `version: 1.0
input: [hosts]
tasks:
  ping:
    with:
      items: host in <% ctx().hosts %>
      concurrency: 2
    action: core.local
    input: {cmd: "ping <% item(host) %>", token: "<% st2kv('system.token') %>", of: "<% ctx().st2.user %> <% ctx().st2.pack %>"}
    next:
      - when: <% completed() %>
        publish: found=<% result() %> state=<% task_status(ping) %>
        do: again
  again:
    action: core.noop
    next:
      - publish: pinged=<% task(ping).result.items.select(switch($ = null => null, true => $.result)) %>
output:
  - found: <% ctx().found %>
  - pinged: <% ctx().pinged %>
`

func TestItemsAreAnsweredOneByOneOrAllAlike(t *testing.T) {
	tests := map[string]string{
		"one by one": `
workflow: each.yaml
inputs: {hosts: [a, b, c]}
datastore: {system: {token: hush}}
context: {st2: {user: ada}}
mock_action_executions:
  - {task_id: ping, item_id: 0, result: 1, expected_input: {cmd: ping a, token: hush, of: ada rehearsal}}
  - {task_id: ping, item_id: 1, result: 2}
  - {task_id: ping, item_id: 2, result: 3, expected_input: {cmd: ping c, token: hush, of: ada rehearsal}}
expected_output: {found: [1, 2, 3], pinged: [1, 2, 3]}
expected_task_sequence: [ping, again, continue]
`,
		"all alike": `
workflow: each.yaml
inputs: {hosts: [a, b, c]}
datastore: {system: {token: hush}}
mock_action_executions:
  - {task_id: ping, result: {stdout: up}}
expected_output:
  found: [{stdout: up}, {stdout: up}, {stdout: up}]
  pinged: [{stdout: up}, {stdout: up}, {stdout: up}]
`,
		"what is not started is null": `
workflow: each.yaml
inputs: {hosts: [a, b, c]}
datastore: {system: {token: hush}}
mock_action_executions:
  - {task_id: ping, item_id: 0, result: 1, status: failed}
  - {task_id: ping, item_id: 1, result: 2}
expected_output: {found: [1, 2, null], pinged: [1, 2, null]}
`,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := play(t, each, test); got != "" {
				t.Error(got)
			}
		})
	}
}
