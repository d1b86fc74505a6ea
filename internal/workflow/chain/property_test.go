package chain_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

const loop = `
vars: {n: 0}
chain:
  - name: a
    ref: x.y
    parameters: {n: "{{ n }}", last: "{% if b is defined %}{{ b.v }}{% endif %}"}
    publish: {n: "{{ n | int + 1 }}", seen: ["{{ a.v }}", "{{ n }}"]}
    on-success: b
    on-failure: c
  - {name: b, ref: x.y, parameters: {all: "{{ __results | to_json_string }}"}, on-success: a, on-failure: c}
  - {name: c, ref: x.y, parameters: {seen: "{{ seen | default([]) }}"}}
`

// TestAnEngineFromRowsIsTheSameEngine lets two carriers hear the same, of which
// one makes its engine anew from the rows before each step.
func TestAnEngineFromRowsIsTheSameEngine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kept, reloaded := carry(t, loop, nil), carry(t, loop, nil)
		reloaded.reload = true
		both := func(do func(c *carrier) error) {
			k, l := do(kept), do(reloaded)
			if (k == nil) != (l == nil) {
				r.Fatalf("one engine says %v, the other %v", k, l)
			}
		}
		both(func(c *carrier) error { return c.try(workflow.Begin{}) })
		for range rapid.IntRange(1, 40).Draw(r, "steps") {
			event := rapid.SampledFrom([]string{
				"launch", "launch", "running", "succeeded", "succeeded", "succeeded", "failed", "pending", "paused",
				"pause", "resume", "resume", "cancel", "refused", "unknown",
			}).Draw(r, "event")
			v := rapid.IntRange(0, 3).Draw(r, "v")
			both(func(c *carrier) error { return c.try(c.event(event, v)) })
		}
		for range 3 { // whatever it waits for, canceling ends it
			both(func(c *carrier) error { return c.try(workflow.Cancel{}) })
			both(func(c *carrier) error { return c.try(c.event("succeeded", 0)) })
		}
		if !kept.engine.Status().Final() || kept.ended == nil {
			r.Fatalf("the chain is %s", kept.engine.Status())
		}
		if diff := cmp.Diff(seen(t, kept), seen(t, reloaded)); diff != "" {
			r.Fatalf("kept and reloaded differ:\n%s", diff)
		}
		if diff := cmp.Diff(kept.rows, reloaded.rows); diff != "" {
			r.Fatalf("rows differ:\n%s", diff)
		}
	})
}

// event makes an event about the last start.
func (c *carrier) event(name string, v int) workflow.Event {
	ref, id := c.last().Ref, c.id()
	child := workflow.Child{Ref: ref, Execution: id, At: c.now}
	switch name {
	case "launch":
		return workflow.Launched{Ref: ref, Execution: id, At: c.now}
	case "refused":
		return workflow.Launched{Ref: ref, Refused: "no", At: c.now}
	case "unknown":
		return workflow.Launched{Ref: ref, Refused: "no", Unknown: true, At: c.now}
	case "pause":
		return workflow.Pause{}
	case "resume":
		return workflow.Resume{}
	case "cancel":
		return workflow.Cancel{}
	case "running":
		child.Status = execution.Running
	case "pending":
		child.Status = execution.Pending
	case "paused":
		child.Status = execution.Paused
	default:
		child.Status = execution.Status(name)
		result := value.NewDict()
		result.Set("v", int64(v))
		if _, ok := c.results[id]; !ok {
			c.results[id] = result
		}
		child.Result = func(context.Context) (value.Value, error) { return c.results[id], nil }
	}
	return child
}

type trace struct {
	Status  execution.Status
	Starts  []string
	Signals []workflow.Signal
	Result  string
}

func seen(t *testing.T, c *carrier) trace {
	out := trace{Status: c.engine.Status(), Signals: c.signals, Result: toJSON(t, c.ended)}
	for _, s := range c.starts {
		out.Starts = append(out.Starts, s.Ref+" "+s.Task+" "+toJSON(t, s.Input))
	}
	return out
}

// TestAStepCostsTheSameHoweverLongTheChainRan counts what a step saves.
func TestAStepCostsTheSameHoweverLongTheChainRan(t *testing.T) {
	c := carry(t, loop, nil)
	c.step(workflow.Begin{})
	size := func() (n int) {
		for _, r := range c.rows {
			n += len(r.Body)
		}
		return n
	}
	var sizes []int
	for range 3 {
		for range 200 {
			c.runs(execution.Succeeded, `{"v": 1}`)
		}
		sizes = append(sizes, size())
	}
	first, second := sizes[1]-sizes[0], sizes[2]-sizes[1]
	if second > first*11/10 {
		t.Errorf("200 tasks grew the state by %d bytes, the next 200 by %d", first, second)
	}
}
