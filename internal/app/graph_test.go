package app_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/execution"
)

// TestGraphsShowHowFarWorkflowsHaveCome holds that what is drawn says which ways were taken,
// what was published, and how items fared.
func TestGraphsShowHowFarWorkflowsHaveCome(t *testing.T) {
	s := apptest.Start(t, flows(map[string]string{
		"orq": `
version: 1.0
tasks:
  look:
    action: flows.say cmd="echo down"
    next:
      - when: <% succeeded() %>
        publish: found=<% result().stdout %>
        do: each
      - when: <% failed() %>
        do: page
  each:
    with: <% list(0, 3) %>
    action: flows.say cmd="exit <% item() %>"
    next:
      - when: <% failed() %>
        do: page
  page:
    action: core.noop
`,
		"cha": `
chain:
  - {name: one, ref: flows.say, parameters: {cmd: "echo x"}, publish: {found: "{{ one.stdout }}"}, on-success: two}
  - {name: two, ref: core.noop}
`,
	}))
	for name, want := range map[string]wire.WorkflowGraph{
		"flows.orq": {
			Language: "orquesta",
			Nodes: []wire.GraphNode{
				{Name: "look", Lines: []string{"flows.say"}, Kind: "task", Start: true},
				{Name: "each", Lines: []string{"flows.say", "for each list(0, 3)"}, Kind: "items"},
				{Name: "page", Lines: []string{"core.noop"}, Kind: "task"},
			},
			Edges: []wire.GraphEdge{
				{From: "look", To: "each", On: "success"}, {From: "look", To: "page", On: "failure"}, {From: "each", To: "page", On: "failure"},
			},
			Runs: []wire.TaskRun{
				{Task: "look", Status: "succeeded", Execution: "0", Published: json.RawMessage(`{"found": "down"}`), Took: []int{0}},
				{Task: "each", Status: "failed", Items: map[string]int{"succeeded": 1, "failed": 1}, Took: []int{2}},
				{Task: "page", Route: 1, Status: "succeeded", Execution: "3", Took: []int{}},
			},
		},
		"flows.cha": {
			Language: "action-chain",
			Nodes: []wire.GraphNode{
				{Name: "one", Lines: []string{"flows.say"}, Kind: "task", Start: true}, {Name: "two", Lines: []string{"core.noop"}, Kind: "task"},
			},
			Edges: []wire.GraphEdge{{From: "one", To: "two", On: "success"}},
			Runs: []wire.TaskRun{
				{Task: "one", Status: "succeeded", Execution: "0", Published: json.RawMessage(`{"found": "x"}`), Took: []int{}},
				{Task: "two", Status: "succeeded", Execution: "1", Took: []int{}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := launch(t, s, name)
			eventually(t, s, ids(e.ID), "the workflow ends", all(1, execution.Succeeded))
			children, err := s.Store.Reader().Children(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			place := map[string]string{} // of children, by their ids
			for i, child := range children {
				place[child.ID] = string(rune('0' + i))
			}
			status, body := ask(t, s, "GET", "/api/ns/v1/executions/"+e.ID+"/graph", "")
			if status != 200 {
				t.Fatal(status, body)
			}
			got := again[wire.WorkflowGraph](t, body)
			for i := range got.Runs {
				got.Runs[i].Execution = place[got.Runs[i].Execution]
			}
			if d := cmp.Diff(again[any](t, want), again[any](t, got)); d != "" {
				t.Error(d)
			}
			if status, _ := ask(t, s, "GET", "/api/ns/v1/executions/"+children[0].ID+"/graph", ""); status != 400 {
				t.Errorf("what is no workflow: %d, want 400", status)
			}
		})
	}
}

// again returns v as it is after a way through JSON.
func again[T any](t *testing.T, v any) T {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out T
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
