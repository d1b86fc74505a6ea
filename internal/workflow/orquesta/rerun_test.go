package orquesta_test

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

func TestRerunFromWhatFailed(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.succeeds("look", `{"stdout": 7}`)
	c.fails("mend", `{}`)
	c.wantStatus(execution.Failed)
	c.ended = nil
	in := c.in
	in.ID = "wf2"
	in.Context = dict(t, `{"st2": {"user": "eve"}, "parent": null}`)
	c.restore(in)
	if err := c.try(workflow.Rerun{Tasks: []workflow.RerunTask{{Name: "nothing"}}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("error %v", err)
	}
	c.step(workflow.Rerun{})
	c.wantTasks("mend")
	if got := toJSON(t, c.open[0].Context["orquesta"]); !strings.Contains(got, `"workflow_execution_id": "wf2"`) {
		t.Errorf("context %s", got)
	}
	c.wantStatus(execution.Running)
	c.succeeds("mend", `{}`)
	c.wantEnd(execution.Succeeded, `{"output": {"load": 7}}`)
}

func TestRerunOfNamedTasks(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.succeeds("look", `{"stdout": 7}`)
	c.succeeds("mend", `{}`)
	c.ended = nil
	c.step(workflow.Rerun{Tasks: []workflow.RerunTask{{Name: "look"}}})
	c.wantTasks("look")
	c.succeeds("look", `{"stdout": 8}`)
	c.succeeds("mend", `{}`)
	c.wantEnd(execution.Succeeded, `{"output": {"load": 8}}`)
}

func TestRerunOfItems(t *testing.T) {
	for _, tt := range []struct {
		reset bool
		want  string
	}{{false, "each"}, {true, "each each"}} {
		c := begin(t, forEach, `{"hosts": ["a", "b"]}`)
		c.succeeds("each", `{"out": 1}`)
		c.fails("each", `{"out": 2}`)
		c.wantStatus(execution.Failed)
		c.ended = nil
		c.restore(c.in)
		c.step(workflow.Rerun{Tasks: []workflow.RerunTask{{Name: "each", Reset: tt.reset}}})
		c.wantTasks(tt.want)
		for len(c.open) > 0 {
			c.succeeds("each", `{"out": 3}`)
		}
		c.wantStatus(execution.Succeeded)
	}
}
