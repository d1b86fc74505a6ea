package orquesta_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

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
