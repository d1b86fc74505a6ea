package orquesta_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

func TestPauseAndResume(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.step(workflow.Pause{})
	c.wantStatus(execution.Pausing)
	if len(c.signals) != 1 || c.signals[0].To != execution.Pausing {
		t.Errorf("signals %v", c.signals)
	}
	c.succeeds("look", `{"stdout": 7}`)
	c.wantStatus(execution.Paused)
	c.wantTasks("")
	c.step(workflow.Pause{})
	c.step(workflow.Resume{})
	c.wantStatus(execution.Running)
	c.succeeds("mend", `{}`)
	c.wantStatus(execution.Succeeded)
	if err := c.try(workflow.Pause{}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("error %v", err)
	}
}

func TestResumeWhileATaskStillRuns(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.step(workflow.Pause{})
	c.step(workflow.Resume{})
	c.wantStatus(execution.Running)
	c.succeeds("look", `{"stdout": 7}`)
	c.wantTasks("mend")
}

func TestCancelWaitsForWhatRuns(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.step(workflow.Cancel{})
	c.wantStatus(execution.Canceling)
	if len(c.signals) != 1 || c.signals[0].To != execution.Canceling {
		t.Errorf("signals %v", c.signals)
	}
	c.step(workflow.Cancel{})
	c.ends(c.take("look"), execution.Canceled, `{}`)
	c.wantEnd(execution.Canceled, `{"output": {"load": 0}}`)
}

func TestACanceledTaskCancelsTheWorkflow(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.ends(c.take("look"), execution.Canceled, `{}`)
	c.wantStatus(execution.Canceled)
}

const asking = `version: 1.0
output:
  - answer: <% ctx(answer) %>
vars:
  - answer: null
tasks:
  ask:
    action: core.ask
    next:
      - when: <% succeeded() %>
        publish: answer=<% result().response.ok %>
        do: act
      - when: <% failed() %>
        do: page
  act:
    action: core.noop
  page:
    action: core.noop
`

func TestAWorkflowGoesOnWhenItsQuestionIsAnswered(t *testing.T) {
	for _, reload := range []bool{false, true} {
		c := carry(t, asking, `{}`)
		c.reload = reload
		c.step(workflow.Begin{})
		c.waits(execution.Pending)
		c.wantStatus(execution.Paused)
		c.step(workflow.Resume{}) // there is nothing to go on with
		c.wantStatus(execution.Paused)
		c.succeeds("ask", `{"response": {"ok": true}}`)
		c.wantTasks("act")
		c.wantStatus(execution.Running)
		c.succeeds("act", `{}`)
		c.wantEnd(execution.Succeeded, `{"output": {"answer": true}}`)
	}
}

func TestAQuestionThatNobodyAnswersFails(t *testing.T) {
	c := begin(t, asking, `{}`)
	c.waits(execution.Pending)
	c.ends(c.take("ask"), execution.Timeout, `{}`)
	c.wantTasks("page")
	c.succeeds("page", `{}`)
	c.wantStatus(execution.Succeeded)
}

func TestWhoPausedItMustResumeIt(t *testing.T) {
	for _, reload := range []bool{false, true} {
		c := carry(t, asking, `{}`)
		c.reload = reload
		c.step(workflow.Begin{})
		c.waits(execution.Pending)
		c.step(workflow.Pause{})
		c.succeeds("ask", `{"response": {"ok": true}}`)
		c.wantStatus(execution.Paused)
		c.wantTasks("")
		c.step(workflow.Resume{})
		c.wantStatus(execution.Running)
		c.succeeds("act", `{}`)
		c.wantStatus(execution.Succeeded)

		c = carry(t, strings.Replace(asking, "failed()", "false", 1), `{}`)
		c.reload = reload
		c.step(workflow.Begin{})
		c.waits(execution.Pending)
		c.step(workflow.Pause{})
		c.ends(c.take("ask"), execution.Timeout, `{}`)
		c.wantStatus(execution.Paused)
		c.step(workflow.Resume{})
		c.wantStatus(execution.Failed)
	}
}

func TestCancelWhileAQuestionIsOpen(t *testing.T) {
	c := begin(t, asking, `{}`)
	c.waits(execution.Pending)
	c.step(workflow.Cancel{})
	c.wantEnd(execution.Canceled, `{"output": {"answer": null}}`)
	if len(c.signals) != 1 {
		t.Errorf("signals %v", c.signals)
	}
	c.ends(c.take("ask"), execution.Canceled, `{}`) // and nothing happens any more
	c.wantStatus(execution.Canceled)
}

func TestAPausedSubworkflowPausesAndGoesOnWithIt(t *testing.T) {
	c := begin(t, asking, `{}`)
	c.waits(execution.Paused)
	c.wantStatus(execution.Paused)
	c.waits(execution.Running)
	c.wantStatus(execution.Running)
	c.waits(execution.Paused)
	c.step(workflow.Resume{})
	c.wantStatus(execution.Resuming)
	if s := c.signals[len(c.signals)-1]; s.To != execution.Resuming {
		t.Errorf("signal %v", s)
	}
	c.waits(execution.Running)
	c.wantStatus(execution.Running)
	c.succeeds("ask", `{"response": {"ok": 1}}`)
	c.succeeds("act", `{}`)
	c.wantStatus(execution.Succeeded)
}

func TestTimeouts(t *testing.T) {
	c := begin(t, `version: 1.0
timeout: <% 60 * 2 %>
tasks:
  x:
    action: core.noop
    timeout: 5
`, `{}`)
	want := []workflow.Wake{{Ref: "timeout", After: 2 * time.Minute}, {Ref: "task/0", After: 5 * time.Second}}
	if diff := cmp.Diff(want, c.wakes); diff != "" {
		t.Fatalf("wakes (-want +got):\n%s", diff)
	}
	c.step(workflow.Expired{Ref: "timeout"})
	c.wantStatus(execution.Timeout)
	c.wantErrors("TimeoutError: The workflow did not end in the time that it has. (timeout, line 2)")
	if len(c.signals) != 1 || c.signals[0].To != execution.Canceling {
		t.Errorf("signals %v", c.signals)
	}
	c.ends(c.take("x"), execution.Canceled, `{}`)
	c.wantStatus(execution.Timeout)
}

func TestATaskThatTakesTooLongIsStoppedAndFails(t *testing.T) {
	text := `version: 1.0
tasks:
  x:
    action: core.noop
    delay: 2
    timeout: 5
    next:
      - when: <% failed() %>
        do: y
  y:
    action: core.noop
`
	for _, reload := range []bool{false, true} {
		c := carry(t, text, `{}`)
		c.reload = reload
		c.step(workflow.Begin{})
		if diff := cmp.Diff([]workflow.Wake{{Ref: "task/0", After: 7 * time.Second}}, c.wakes); diff != "" {
			t.Fatalf("wakes (-want +got):\n%s", diff)
		}
		x := c.take("x")
		c.step(workflow.Launched{Ref: x.Ref, Execution: idOf(x)})
		c.step(workflow.Expired{Ref: "task/0"})
		if diff := cmp.Diff([]workflow.Signal{{Execution: "x0", To: execution.Canceling}}, c.signals); diff != "" {
			t.Fatalf("signals (-want +got):\n%s", diff)
		}
		c.ends(x, execution.Canceled, `{}`)
		c.wantTasks("y")
		c.succeeds("y", `{}`)
		c.wantStatus(execution.Succeeded)
	}
	c := begin(t, text, `{}`)
	c.succeeds("x", `{}`) // in time: the alarm is taken back
	if last := c.wakes[len(c.wakes)-1]; last != (workflow.Wake{Ref: "task/0", After: -1}) {
		t.Errorf("wakes %v", c.wakes)
	}
}
