package chain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

const two = `
chain:
  - {name: a, ref: x.y, on-success: b, on-failure: c, publish: {v: "{{ a.v }}"}}
  - {name: b, ref: x.y, parameters: {v: "{{ v }}"}}
  - {name: c, ref: x.y}
`

// begun is a chain whose first task runs.
func begun(t *testing.T, text string) *carrier {
	t.Helper()
	c := carry(t, text, nil)
	c.reload = true
	c.step(workflow.Begin{})
	c.launch()
	c.report(execution.Running, "")
	return c
}

func (c *carrier) wantSignals(want ...workflow.Signal) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.signals); diff != "" {
		c.t.Fatalf("signals (-want +got):\n%s", diff)
	}
}

func TestPauseWaitsForTheTaskUnderWay(t *testing.T) {
	c := begun(t, two)
	c.step(workflow.Pause{User: "ada"})
	c.wantStatus(execution.Pausing)
	c.wantSignals(workflow.Signal{Execution: "e0", To: execution.Pausing})
	c.report(execution.Succeeded, `{"v": 1}`)
	c.wantStatus(execution.Paused)
	if len(c.starts) != 1 {
		t.Fatal("a paused chain goes on")
	}
	c.step(workflow.Resume{User: "ada"})
	c.wantStatus(execution.Running)
	c.wantStart("b", `{"v":"1"}`)
	c.runs(execution.Succeeded, `{}`)
	c.wantStatus(execution.Succeeded)
}

func TestAChainThatPausesBehindItsLastTaskIsOver(t *testing.T) {
	c := begun(t, two)
	c.report(execution.Failed, `{"v": 1}`)
	c.launch()
	c.step(workflow.Pause{})
	c.report(execution.Failed, `{}`)
	c.wantStatus(execution.Failed)
}

func TestAPausingChainMayGoOnAtOnce(t *testing.T) {
	c := begun(t, two)
	c.step(workflow.Pause{})
	c.step(workflow.Resume{})
	c.wantStatus(execution.Running)
	c.wantSignals(workflow.Signal{Execution: "e0", To: execution.Pausing}, workflow.Signal{Execution: "e0", To: execution.Resuming})
	c.report(execution.Succeeded, `{"v": 1}`)
	c.wantStart("b", `{"v":"1"}`)
}

func TestAPausedSubworkflowPausesTheChain(t *testing.T) {
	c := begun(t, two)
	c.step(workflow.Pause{})
	c.report(execution.Paused, "")
	c.wantStatus(execution.Paused)
	c.step(workflow.Resume{})
	c.wantStatus(execution.Running)
	c.wantSignals(workflow.Signal{Execution: "e0", To: execution.Pausing}, workflow.Signal{Execution: "e0", To: execution.Resuming})
	c.report(execution.Running, "")
	c.report(execution.Succeeded, `{"v": 1}`)
	c.wantStart("b", `{"v":"1"}`)
}

func TestASubworkflowThatSomebodyPausedTakesTheChainAlong(t *testing.T) {
	c := begun(t, two)
	c.report(execution.Paused, "")
	c.wantStatus(execution.Paused)
	c.report(execution.Running, "")
	c.wantStatus(execution.Running)
}

func TestAnAnswerLetsTheChainGoOn(t *testing.T) {
	text := `
chain:
  - {name: ask, ref: core.ask, on-success: do}
  - {name: do, ref: x.y, parameters: {a: "{{ ask.result.response.ok }}", b: "{{ ask.response.ok }}", c: "{{ ask.route }}"}}
`
	c := begun(t, text)
	c.report(execution.Pending, "")
	c.wantStatus(execution.Paused)
	c.report(execution.Succeeded, `{"route": "ops", "response": {"ok": true}}`)
	c.wantStatus(execution.Running)
	c.wantStart("do", `{"a":"True","b":"True","c":"ops"}`)
	c.runs(execution.Succeeded, `{}`)
	c.wantStatus(execution.Succeeded)
}

func TestAnAnswerToAPausedChainIsKept(t *testing.T) {
	c := begun(t, two)
	c.report(execution.Pending, "")
	c.step(workflow.Pause{User: "ada"})
	c.report(execution.Succeeded, `{"v": 2}`)
	c.wantStatus(execution.Paused)
	if len(c.starts) != 1 {
		t.Fatal("a paused chain goes on")
	}
	c.step(workflow.Resume{})
	c.wantStart("b", `{"v":"2"}`)
}

func TestResumeDoesNotAskAgain(t *testing.T) {
	c := begun(t, two)
	c.report(execution.Pending, "")
	c.step(workflow.Resume{})
	c.wantStatus(execution.Paused)
	c.wantSignals()
	if len(c.starts) != 1 {
		t.Fatal("the question was put again")
	}
}

func TestAnInquiryThatNobodyAnswers(t *testing.T) {
	c := begun(t, two)
	c.report(execution.Pending, "")
	c.report(execution.Timeout, `{"v": 0}`)
	c.wantStart("c", `{}`)
	c.wantStatus(execution.Running)
}

func TestCancelWaitsForTheTaskUnderWay(t *testing.T) {
	for _, end := range []execution.Status{execution.Canceled, execution.Succeeded, execution.Failed} {
		c := begun(t, two)
		c.step(workflow.Cancel{User: "ada"})
		c.wantStatus(execution.Canceling)
		c.wantSignals(workflow.Signal{Execution: "e0", To: execution.Canceling})
		c.step(workflow.Cancel{User: "ada"})
		c.report(end, `{"v": 1}`)
		c.wantStatus(execution.Canceled)
		if c.ended == nil || len(c.starts) != 1 {
			t.Errorf("%s: result %v, %d starts", end, c.ended, len(c.starts))
		}
	}
}

func TestCancelReachesAnExecutionThatIsNotKnownYet(t *testing.T) {
	c := carry(t, two, nil)
	c.step(workflow.Begin{})
	c.step(workflow.Cancel{})
	c.wantSignals()
	c.launch()
	c.wantSignals(workflow.Signal{Execution: "e0", To: execution.Canceling})

	c = carry(t, two, nil)
	c.step(workflow.Begin{})
	c.step(workflow.Cancel{})
	c.step(workflow.Launched{Ref: "0", Refused: "no", Unknown: true, At: c.now})
	c.wantStatus(execution.Canceled)
}

func TestCancelOfAChainThatWaits(t *testing.T) {
	c := begun(t, two)
	c.report(execution.Pending, "")
	c.step(workflow.Cancel{})
	c.wantStatus(execution.Canceling)
	c.wantSignals(workflow.Signal{Execution: "e0", To: execution.Canceling})
	c.report(execution.Canceled, `{}`)
	c.wantStatus(execution.Canceled)

	c = begun(t, two)
	c.step(workflow.Pause{})
	c.report(execution.Succeeded, `{"v": 1}`)
	c.step(workflow.Cancel{})
	c.wantStatus(execution.Canceled)
}

func TestACanceledTaskThatStartsToWaitIsToldAgain(t *testing.T) {
	c := begun(t, two)
	c.step(workflow.Cancel{})
	c.report(execution.Pending, "")
	c.wantStatus(execution.Canceling)
	c.wantSignals(workflow.Signal{Execution: "e0", To: execution.Canceling}, workflow.Signal{Execution: "e0", To: execution.Canceling})
}

func TestWhatIsHeardTwiceDoesNothingTheSecondTime(t *testing.T) {
	c := begun(t, two)
	c.report(execution.Succeeded, `{"v": 1}`)
	first := c.starts[0]
	for _, e := range []workflow.Event{
		workflow.Child{Ref: first.Ref, Execution: "e0", Status: execution.Succeeded, At: c.now},
		workflow.Child{Ref: first.Ref, Execution: "e0", Status: execution.Failed, At: c.now},
		workflow.Launched{Ref: first.Ref, Execution: "e0", At: c.now},
		workflow.Child{Ref: "17", Execution: "e17", Status: execution.Failed, At: c.now},
		workflow.More{},
		workflow.Expired{Ref: "x"},
	} {
		before := len(c.rows)
		c.step(e)
		if len(c.starts) != 2 || len(c.rows) != before {
			t.Fatalf("%+v: %d starts, %d rows", e, len(c.starts), len(c.rows))
		}
	}
	c.runs(execution.Succeeded, `{}`)
	c.step(workflow.Child{Ref: "1", Execution: "e1", Status: execution.Failed, At: c.now})
	c.wantStatus(execution.Succeeded)
}

func TestWhatMakesNoSenseIsAConflict(t *testing.T) {
	over := begun(t, two)
	over.report(execution.Canceled, `{}`)
	canceling := begun(t, two)
	canceling.step(workflow.Cancel{})
	for name, tt := range map[string]struct {
		c *carrier
		e workflow.Event
	}{
		"a second begin":           {begun(t, two), workflow.Begin{}},
		"pause what is over":       {over, workflow.Pause{}},
		"resume what is over":      {over, workflow.Resume{}},
		"cancel what is over":      {over, workflow.Cancel{}},
		"pause what is canceling":  {canceling, workflow.Pause{}},
		"resume what is canceling": {canceling, workflow.Resume{}},
	} {
		if err := tt.c.try(tt.e); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
}
