package rehearsal_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

func object(t *testing.T, text string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(*value.Dict)
}

func TestWhatIsWrittenOfARunPasses(t *testing.T) {
	r := rehearsal.Recording{
		Workflow: "mend.yaml", Test: rehearsal.New(object(t, `{"service": "nginx", "times": 1}`)),
		Ended: []rehearsal.Ended{
			{Task: "look", Item: -1, Status: execution.Failed, Result: object(t, `{"stderr": "yes: no"}`)},
			{Task: "restart", Item: -1, Status: execution.Succeeded},
			{Task: "restart", Item: -1, Undo: true, Status: execution.Timeout},
			{Task: "look", Item: -1, Status: execution.Succeeded},
		},
	}
	text, report, unused, err := r.Write(t.Context(), []byte(mend))
	if err != nil {
		t.Fatal(err)
	}
	if report.Outcome.Status != execution.Failed || unused != 1 {
		t.Errorf("it is %s, and %d are unused; want failed, and 1", report.Outcome.Status, unused)
	}
	want := `workflow: mend.yaml
inputs:
  service: nginx
  times: 1
mock_action_executions:
- task_id: look
  expected_action: core.local
  expected_input:
    cmd: systemctl is-active nginx
  status: failed
  result:
    stderr: 'yes: no'
- task_id: restart
  expected_action: core.local
  expected_input:
    cmd: systemctl restart nginx
- task_id: restart
  undo: true
  expected_action: core.local
  expected_input:
    cmd: systemctl stop nginx
  status: timeout
expected_task_sequence:
- begin
- look
- restart
- fail
expected_undo:
- restart
expected_workflow_status: failed
expected_output:
  state: null
  tried: 1
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := play(t, mend, string(text)); got != "" {
		t.Errorf("it does not pass: %s", got)
	}
}

func TestWhatIsLeftToChanceIsNotExpected(t *testing.T) {
	text := []byte(`version: 1.0
vars: [{n: "<% random(1, 1000000000) %>"}]
tasks:
  a:
    action: core.local cmd="<% ctx().n %>"
    next: [{do: b}]
  b:
    action: core.local cmd="date"
output: [{n: <% ctx().n %>}]
`)
	r := rehearsal.Recording{Workflow: "chance.yaml", Test: rehearsal.New(nil), Ended: []rehearsal.Ended{
		{Task: "a", Item: -1, Status: execution.Succeeded}, {Task: "b", Item: -1, Status: execution.Succeeded},
	}}
	test, _, _, err := r.Write(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(test); strings.Count(got, "expected_input") != 1 || !strings.Contains(got, "cmd: date") || strings.Contains(got, "expected_output") {
		t.Errorf("got %s", got)
	}
	if got := play(t, string(text), string(test)); got != "" {
		t.Errorf("it does not pass: %s", got)
	}
}

func TestKeysAreLookedUpAndKept(t *testing.T) {
	r := rehearsal.Recording{
		Workflow: "each.yaml", Test: rehearsal.New(object(t, `{"hosts": ["a"]}`)),
		Ended: []rehearsal.Ended{{Task: "ping", Item: 0, Status: execution.Succeeded, Result: "up"}},
	}
	r.Test.Lookup = func(_ context.Context, scope, key string) (value.Value, bool, error) {
		return scope + " " + key, true, nil
	}
	text, _, _, err := r.Write(t.Context(), []byte(each))
	if err != nil {
		t.Fatal(err)
	}
	if want := "datastore:\n  system:\n    token: system token\n"; !strings.Contains(string(text), want) {
		t.Errorf("got %s, want %s", text, want)
	}
	if got := play(t, each, string(text)); got != "" {
		t.Errorf("it does not pass: %s", got)
	}
}

func TestWalkGoesAsFarAsItIsKnownHowCallsEnd(t *testing.T) {
	for assumed, want := range map[string][]string{
		"nothing":   {"begin  succeeded", "look core.local "},
		"succeeded": {"begin  succeeded", "look core.local succeeded"},
	} {
		report, err := rehearsal.New(object(t, `{"service": "nginx"}`)).Walk(t.Context(), []byte(mend),
			func(c orquesta.Call) (execution.Status, value.Value, bool) {
				return execution.Succeeded, object(t, `{"stdout": "active"}`), c.Action == "" || assumed == "succeeded"
			})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range report.Calls {
			got = append(got, c.Task+" "+c.Action+" "+string(c.Status))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", assumed, diff)
		}
		if assumed == "succeeded" && value.Str(report.Outcome.Output) != "{'state': 'active', 'tried': 0}" {
			t.Errorf("the output is %v", report.Outcome.Output)
		}
	}
}
