package orquesta_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

const repair = `version: 1.0
input:
  - host
  - tries: 2
vars:
  - load: 0
output:
  - load: <% ctx().load %>
tasks:
  look:
    action: core.local cmd="uptime <% ctx().host %>"
    next:
      - when: <% succeeded() %>
        publish: load=<% result().stdout %>
        do: mend
      - when: <% failed() %>
        do: page
  mend:
    action: linux.restart
    input:
      host: <% ctx().host %>
      tries: <% ctx().tries %>
  page:
    action: core.noop
    next:
      - do: fail
`

func TestOneTaskAfterAnother(t *testing.T) {
	for _, reload := range []bool{false, true} {
		t.Run(fmt.Sprintf("reload %v", reload), func(t *testing.T) {
			c := carry(t, repair, `{"host": "web1"}`)
			c.reload = reload
			c.step(workflow.Begin{})
			c.wantStatus(execution.Running)
			look := c.take("look")
			if look.Action != "core.local" || toJSON(t, look.Input) != `{"cmd": "uptime web1"}` {
				t.Errorf("start %s %s", look.Action, toJSON(t, look.Input))
			}
			if got, want := toJSON(t, look.Context["orquesta"]), `{"task_execution_id": "wf1.0", "task_id": "look", "task_name": "look", "task_route": 0, "workflow_execution_id": "wf1"}`; got != want {
				t.Errorf("context %s, want %s", got, want)
			}
			c.ends(look, execution.Succeeded, `{"stdout": 7}`)
			mend := c.take("mend")
			if got := toJSON(t, mend.Input); got != `{"host": "web1", "tries": 2}` {
				t.Errorf("input %s", got)
			}
			c.ends(mend, execution.Succeeded, `{}`)
			c.wantEnd(execution.Succeeded, `{"output": {"load": 7}}`)
		})
	}
}

func TestAFailureThatIsDealtWithMayStillFail(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.fails("look", `{"stderr": "no route"}`)
	c.succeeds("page", `{}`)
	c.wantEnd(execution.Failed, `{"output": {"load": 0}, "errors": [
		{"type": "error", "message": "Execution failed. See result for details.", "task_id": "look", "result": {"stderr": "no route"}},
		{"type": "error", "message": "Execution failed. See result for details.", "task_id": "fail"}]}`)
}

func TestAMistakeKeepsItFromBeginning(t *testing.T) {
	_, err := orquesta.New().New([]byte("version: 1.0\ntasks:\n  a:\n    action: x.y\n    next:\n      - do: b\n"), workflow.Input{})
	found, ok := errors.AsType[spec.Findings](err)
	if !ok || fault.KindOf(err) != fault.Invalid || len(found) != 1 || found[0].Line != 6 {
		t.Errorf("error %v", err)
	}
}

// noActions knows of no action at all.
type noActions struct{}

func (noActions) Parameters(string) (*action.Compiled, bool) { return nil, false }
func (noActions) Refs() []string                             { return nil }

func TestAnActionThatThereIsNotKeepsItFromBeginning(t *testing.T) {
	l := orquesta.New()
	text := []byte("version: 1.0\ntasks:\n  a:\n    action: x.y\n    next: [{do: b}]\n")
	_, err := l.New(text, workflow.Input{Actions: noActions{}})
	if found, ok := errors.AsType[spec.Findings](err); !ok || len(found) != 2 {
		t.Errorf("beside another mistake: %v", err)
	}
	text = text[:bytes.Index(text, []byte("    next"))]
	if _, err := l.New(text, workflow.Input{}); err != nil {
		t.Fatalf("where nothing is known of actions: %v", err)
	}
	_, err = l.New(text, workflow.Input{Actions: noActions{}})
	found, ok := errors.AsType[spec.Findings](err)
	if !ok || len(found) != 1 || found[0].Category != spec.Contents || found[0].Line != 4 {
		t.Errorf("error %v", err)
	}
}

func TestWhatCannotBeRenderedIsTold(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"in the input": {`version: 1.0
input:
  - a: <% ctx(b) %>
  - b: 1
tasks:
  x: {action: core.noop}
`, nil},
		"in vars": {`version: 1.0
vars:
  - a: <% json('{') %>
  - b: <% 1 / 0 %>
tasks:
  x: {action: core.noop}
`, []string{
			"YaqlEvaluationException: Unable to evaluate expression '<% json('{') %>'. JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) (vars[0].a, line 3)",
			"YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero (vars[1].b, line 4)",
		}},
		"in the input of a task": {`version: 1.0
tasks:
  x:
    action: core.echo
    input:
      message: <% 1 / 0 %>
`, []string{"YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero (tasks.x.input, line 6)"}},
		"a delay": {`version: 1.0
tasks:
  x:
    action: core.noop
    delay: <% 'soon' %>
`, []string{"TypeError: The value of task delay is not type of integer. (tasks.x.delay, line 5)"}},
		"items that are no list": {`version: 1.0
tasks:
  x:
    action: core.noop
    with: <% 42 %>
`, []string{`TypeError: The value of "<% 42 %>" is not type of list. (tasks.x.with.items, line 5)`}},
		"a concurrency": {`version: 1.0
tasks:
  x:
    action: core.noop
    with:
      items: <% [1, 2] %>
      concurrency: <% 'all' %>
`, []string{"TypeError: The value of concurrency is not type of integer but of str. (tasks.x.with.concurrency, line 7)"}},
		"an action that is no name": {`version: 1.0
tasks:
  x:
    action: <% 5 %>
`, []string{"TypeError: The action is not a name but 5. (tasks.x.action, line 4)"}},
		"an input that is no dict": {`version: 1.0
tasks:
  x:
    action: core.noop
    input: <% [1] %>
`, []string{"TypeError: The input of the action is not a dict but of type list. (tasks.x.action, line 4)"}},
		"a number of retries": {`version: 1.0
tasks:
  x:
    action: core.noop
    retry:
      count: <% 'many' %>
`, []string{`ValueError: The retry count for task "x" is not an integer. (tasks.x.retry.count, line 6)`}},
		"a time-out": {`version: 1.0
timeout: <% 'soon' %>
tasks:
  x: {action: core.noop}
`, []string{"TypeError: The value of the timeout is not type of integer. (timeout, line 2)"}},
	}
	for name, tt := range tests {
		if tt.want == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c := begin(t, tt.text, `{}`)
			c.wantStatus(execution.Failed)
			c.wantErrors(tt.want...)
			c.wantTasks("")
		})
	}
}

func TestWhatCannotBeRenderedAfterATaskIsTold(t *testing.T) {
	tests := map[string]struct {
		next string
		want string
	}{
		"when": {`
      - when: <% 1 / 0 %>
        do: y
`, "(tasks.x.next[0].when, line 6)"},
		"publish": {`
      - publish:
          - a: 1
          - b: <% 1 / 0 %>
        do: y
`, "(tasks.x.next[0].publish[1].b, line 8)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\n    next:"+tt.next+"  y:\n    action: core.noop\n", `{}`)
			c.succeeds("x", `{}`)
			c.wantStatus(execution.Failed)
			c.wantErrors("YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero " + tt.want)
		})
	}
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\noutput:\n  - a: 1\n  - b: <% 1 / 0 %>\n", `{}`)
	c.succeeds("x", `{}`)
	c.wantStatus(execution.Failed)
	c.wantErrors("YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero (output[1].b, line 7)")
}

func TestAnActionThatIsNotThereFailsTheWorkflow(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.nothing\n    next:\n      - do: y\n  y:\n    action: core.noop\n", `{}`)
	c.step(workflow.Launched{Ref: c.take("x").Ref, Refused: `Unable to find action "core.nothing".`, Unknown: true})
	c.wantStatus(execution.Failed)
	c.wantErrors(`InvalidActionReferencedException: Unable to find action "core.nothing". (tasks.x.action, line 4)`)
	c.wantTasks("")
}

const forEach = `version: 1.0
input:
  - hosts
output:
  - results: <% ctx(results) %>
vars:
  - results: null
tasks:
  each:
    action: core.ping host=<% item(host) %>
    with:
      items: host in <% ctx(hosts) %>
      concurrency: 2
    delay: 3
    next:
      - when: <% succeeded() %>
        publish: results=<% result().select($.out) %>
`

func TestItemsRunAsManyAtATimeAsTheyMay(t *testing.T) {
	for _, reload := range []bool{false, true} {
		c := carry(t, forEach, `{"hosts": ["a", "b", "c", "d"]}`)
		c.reload = reload
		c.step(workflow.Begin{})
		c.wantTasks("each each")
		if c.open[0].Delay != 3*time.Second || c.open[1].Delay != 3*time.Second {
			t.Errorf("delays %s, %s", c.open[0].Delay, c.open[1].Delay)
		}
		second := c.open[1]
		c.succeeds("each", `{"out": 1}`)
		c.wantTasks("each each")
		if got := c.open[1]; toJSON(t, got.Input) != `{"host": "c"}` || got.Delay != 0 {
			t.Errorf("input %s, delay %s", toJSON(t, got.Input), got.Delay)
		}
		c.open = c.open[1:]
		c.succeeds("each", `{"out": 3}`)
		c.wantTasks("each")
		c.ends(second, execution.Succeeded, `{"out": 2}`)
		c.succeeds("each", `{"out": 4}`)
		c.wantEnd(execution.Succeeded, `{"output": {"results": [1, 2, 3, 4]}}`)
	}
}

func TestNoItemsAtAll(t *testing.T) {
	c := begin(t, forEach, `{"hosts": []}`)
	c.wantEnd(execution.Succeeded, `{"output": {"results": []}}`)
}

func TestAnItemThatFailsFailsTheTaskWhenTheOthersHaveEnded(t *testing.T) {
	c := begin(t, forEach, `{"hosts": ["a", "b", "c"]}`)
	c.fails("each", `{"out": "no"}`)
	c.wantStatus(execution.Running)
	c.wantTasks("each each") // free places are filled while another one runs
	c.succeeds("each", `{}`)
	c.succeeds("each", `{}`)
	c.wantEnd(execution.Failed, `{"output": {"results": null}, "errors": [
		{"type": "error", "message": "Execution failed. See result for details.", "task_id": "each", "result": {"out": "no"}}]}`)
}

func TestThousandsOfItemsBeginStepByStep(t *testing.T) {
	var hosts []string
	for i := range 1000 {
		hosts = append(hosts, fmt.Sprintf(`"h%d"`, i))
	}
	c := carry(t, strings.Replace(forEach, "concurrency: 2", "concurrency: 600", 1), `{"hosts": [`+strings.Join(hosts, ",")+`]}`)
	if err := c.try(workflow.Begin{}); err != nil {
		t.Fatal(err)
	}
	if !c.more || len(c.open) != 256 {
		t.Fatalf("%d were begun in one step, more: %v", len(c.open), c.more)
	}
	c.more = false
	c.step(workflow.More{})
	if len(c.open) != 600 {
		t.Fatalf("%d were begun", len(c.open))
	}
	for len(c.open) > 0 {
		c.succeeds("each", `{"out": 1}`)
	}
	if len(c.starts) != 1000 {
		t.Errorf("%d were begun", len(c.starts))
	}
	c.wantStatus(execution.Succeeded)
}

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

func TestACycleWithoutAnEndEnds(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  begin:\n    next:\n      - do: turn\n  turn:\n    next:\n      - do: turn\n", `{}`)
	c.wantStatus(execution.Failed)
	c.wantErrors("LimitError: Tasks have run 100000 times, which is as often as they may in one workflow. Is there a cycle without an end? (tasks.turn, line 7)")
}

func TestAJoinThatCannotBeSatisfied(t *testing.T) {
	c := begin(t, `version: 1.0
tasks:
  a:
    action: core.noop
    next:
      - do: c
  b:
    action: core.noop
    next:
      - when: <% failed() %>
        do: c
  c:
    join: all
    action: core.noop
`, `{}`)
	c.succeeds("a", `{}`)
	c.wantStatus(execution.Running)
	c.succeeds("b", `{}`)
	c.wantStatus(execution.Failed)
	c.wantErrors(`UnreachableJoinError: The join task|route "c|0" is partially satisfied but unreachable. (tasks.c.join, line 13)`)
}

func TestRetryWaitsAsLongAsItSays(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\n    delay: 9\n    retry:\n      count: 2\n      delay: 4\n", `{}`)
	if got := c.open[0].Delay; got != 9*time.Second {
		t.Errorf("delay %s", got)
	}
	c.fails("x", `{}`)
	if got := c.open[0].Delay; got != 4*time.Second {
		t.Errorf("delay of the retry %s", got)
	}
	c.fails("x", `{}`)
	c.wantStatus(execution.Running)
	c.fails("x", `{}`)
	c.wantStatus(execution.Failed)
	if len(c.starts) != 3 {
		t.Errorf("%d runs", len(c.starts))
	}
}

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

func TestTaskTellsWhoRanIt(t *testing.T) {
	c := begin(t, forEach, `{"hosts": ["a", "b"]}`)
	c.succeeds("each", `{"out": 1}`)
	info, ok := c.engine.Task("each", -1)
	if !ok || !info.Itemized || len(info.Items) != 2 || info.Items[0] != (workflow.ItemInfo{Execution: "x0-1-0", Status: "succeeded"}) ||
		info.Items[1] != (workflow.ItemInfo{Status: "running"}) || info.Status != "running" {
		t.Errorf("task %+v", info)
	}
	if _, ok := c.engine.Task("nothing", -1); ok {
		t.Error("a task that there is not was found")
	}
}

func TestNotifyIsForTheTasksThatAreNamed(t *testing.T) {
	c := carry(t, repair, `{"host": "web1"}`)
	c.in.Runner = dict(t, `{"notify": ["mend"]}`)
	c.in.Notify = dict(t, `{"on-complete": {"routes": ["slack"]}}`)
	var err error
	if c.engine, err = c.lang.New([]byte(repair), c.in); err != nil {
		t.Fatal(err)
	}
	c.step(workflow.Begin{})
	if got := value.Repr(c.open[0].Notify); got != "{}" {
		t.Errorf("of another task hears %s", got)
	}
	c.succeeds("look", `{"stdout": 7}`)
	if got := value.Repr(c.open[0].Notify); got != "{'on-complete': {'routes': ['slack']}}" {
		t.Errorf("of the task hears %s", got)
	}
}

func TestALongResultIsNotRepeatedAmongTheErrors(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\n", `{}`)
	c.fails("x", `{"stdout": "`+strings.Repeat("x", 100_000)+`"}`)
	c.wantEnd(execution.Failed, `{"output": null, "errors": [{"type": "error", "message": "Execution failed. See result for details.",
		"task_id": "x", "result": {"execution_id": "x0", "result_size": 100013}}]}`)
}

func TestNothingButMoreStartsMore(t *testing.T) {
	c := carry(t, "version: 1.0\ntasks:\n  each:\n    with: <% range(1000).toList() %>\n    action: core.noop\n", `{}`)
	try := func(ev workflow.Event, want int) {
		t.Helper()
		before := len(c.starts)
		if err := c.try(ev); err != nil {
			t.Fatal(err)
		}
		if got := len(c.starts) - before; got != want {
			t.Errorf("%T: %d starts, want %d", ev, got, want)
		}
	}
	try(workflow.Begin{}, 256)
	ref := c.starts[0].Ref
	try(workflow.Launched{Ref: ref, Execution: "e1"}, 0)
	try(workflow.Child{Ref: ref, Execution: "e1", Status: execution.Succeeded}, 0)
	for _, want := range []int{256, 256, 232} {
		if !c.more {
			t.Fatal("it does not ask for more")
		}
		c.more = false
		try(workflow.More{}, want)
	}
	if c.more {
		t.Error("it asks for more, and there is none")
	}
}
