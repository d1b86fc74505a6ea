package orquesta_test

import (
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

const rollback = `version: 1.0
output:
  - volume: <% ctx(volume) %>
vars:
  - volume: null
tasks:
  create:
    action: disk.create
    undo:
      action: disk.delete
      input:
        id: <% result().id %>
    next:
      - when: <% succeeded() %>
        publish: volume=<% result().id %>
        do: mount
  mount:
    action: disk.mount
    undo:
      action: disk.unmount id=<% ctx(volume) %>
    next:
      - when: <% succeeded() %>
        do: verify
  verify:
    action: disk.verify
`

func TestUndoTakesBackWhatWasDone(t *testing.T) {
	for _, reload := range []bool{false, true} {
		c := carry(t, rollback, `{}`)
		c.reload = reload
		c.step(workflow.Begin{})
		c.succeeds("create", `{"id": "v1"}`)
		c.succeeds("mount", `{}`)
		c.fails("verify", `{"why": "bad block"}`)
		c.wantStatus(execution.Running)
		c.wantTasks("mount")
		if got := c.open[0]; got.Action != "disk.unmount" || toJSON(t, got.Input) != `{"id": "v1"}` {
			t.Errorf("start %s %s", got.Action, toJSON(t, got.Input))
		}
		c.fails("mount", `{}`)
		c.wantTasks("create")
		if got := c.open[0]; got.Action != "disk.delete" || toJSON(t, got.Input) != `{"id": "v1"}` {
			t.Errorf("start %s %s", got.Action, toJSON(t, got.Input))
		}
		c.succeeds("create", `{}`)
		c.wantEnd(execution.Failed, `{"output": {"volume": "v1"},
			"errors": [
				{"type": "error", "message": "Execution failed. See result for details.", "task_id": "verify", "result": {"why": "bad block"}},
				{"type": "error", "message": "Task could not be undone. Its undo action has the status failed.", "task_id": "mount", "route": 0,
				 "spec_path": "tasks.mount.undo", "line": 20, "column": 7}],
			"undo": [
				{"task_id": "mount", "route": 0, "status": "failed", "execution_id": "xundo-1"},
				{"task_id": "create", "route": 0, "status": "succeeded", "execution_id": "xundo-0"}]}`)
	}
}

func TestUndoAfterCancel(t *testing.T) {
	c := begin(t, rollback, `{}`)
	c.succeeds("create", `{"id": "v1"}`)
	c.step(workflow.Cancel{})
	c.ends(c.take("mount"), execution.Canceled, `{}`)
	c.wantStatus(execution.Canceling)
	c.wantTasks("create")
	c.step(workflow.Cancel{}) // the second one stops that, too
	c.ends(c.take("create"), execution.Canceled, `{}`)
	c.wantStatus(execution.Canceled)
}

func TestSuccessIsNotUndone(t *testing.T) {
	c := begin(t, rollback, `{}`)
	c.succeeds("create", `{"id": "v1"}`)
	c.succeeds("mount", `{}`)
	c.succeeds("verify", `{}`)
	c.wantEnd(execution.Succeeded, `{"output": {"volume": "v1"}}`)
}
