package orquesta_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// definition draws a workflow of a few layers: each task leads to some of the next
// layer, on success, on failure or always. What has several before it is a join or
// runs for each of them. No two publish the same variable, since of those the last
// to publish would win.
func definition(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("version: 1.0\nvars:\n  - list: [1, 2, 3]\noutput:\n  - all: <% ctx().delete(st2, parent, list) %>\ntasks:\n")
	layers := rapid.IntRange(1, 4).Draw(t, "layers")
	var names [][]string
	for l := range layers {
		var layer []string
		for i := range rapid.IntRange(1, 3).Draw(t, "width") {
			layer = append(layer, fmt.Sprintf("t%d%d", l, i))
		}
		names = append(names, layer)
	}
	for l, layer := range names {
		for _, name := range layer {
			fmt.Fprintf(&b, "  %s:\n    action: x.y\n", name)
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				b.WriteString("    with:\n      items: <% ctx(list) %>\n      concurrency: 2\n")
			case 1:
				b.WriteString("    retry:\n      count: 1\n")
			}
			if l > 0 && rapid.Bool().Draw(t, "join") {
				b.WriteString("    join: all\n")
			}
			if l+1 == len(names) {
				continue
			}
			b.WriteString("    next:\n")
			for i := range rapid.IntRange(1, 2).Draw(t, "transitions") {
				when := rapid.SampledFrom([]string{"succeeded()", "failed()", "completed()"}).Draw(t, "when")
				to := rapid.SliceOfNDistinct(rapid.SampledFrom(names[l+1]), 1, len(names[l+1]), rapid.ID).Draw(t, "do")
				fmt.Fprintf(&b, "      - when: <%% %s %%>\n        publish: %s_%d=<%% task_status(%s) %%>\n        do: %s\n",
					when, name, i, name, strings.Join(to, ", "))
			}
		}
	}
	if _, found, err := spec.Inspect([]byte(b.String()), spec.Options{}); err != nil || len(found) > 0 {
		t.Skip("a join that cannot be reached")
	}
	return b.String()
}

// TestTheOrderOfResultsDoesNotMatter lets the same workflow run to its end several
// times, in which each execution ends the same, but at another time.
func TestTheOrderOfResultsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := definition(r)
		// An execution is known by its task, and by how often that has run before it.
		fate := map[string]execution.Status{}
		var want string
		for run := range 3 {
			c := begin(t, text, `{}`)
			for len(c.open) > 0 && c.ended == nil {
				i := 0
				if run > 0 {
					i = rapid.IntRange(0, len(c.open)-1).Draw(r, "which")
				}
				s := c.open[i]
				c.open = slices.Delete(c.open, i, i+1)
				c.endsWith(s, fated(r, fate, s), nil)
			}
			if c.ended == nil {
				r.Fatalf("nothing runs, and it is %s\n%s", c.engine.Status(), text)
			}
			if got := outcome(c); run == 0 {
				want = got
			} else if c.engine.Status() != execution.Failed || strings.HasPrefix(want, "succeeded") {
				// A failure ends the workflow at once, and so the order decides how far the others have come.
				if got != want {
					r.Fatalf("it ended differently: %s\n%s", cmp.Diff(want, got), text)
				}
			} else if !strings.HasPrefix(want, "failed") {
				r.Fatalf("it failed only in another order\n%s", text)
			}
		}
	})
}

func fated(r *rapid.T, fate map[string]execution.Status, s workflow.Start) execution.Status {
	// The route has no name that is the same in each order, so all runs of a task
	// end the same.
	status, ok := fate[s.Task]
	if !ok {
		status = rapid.SampledFrom([]execution.Status{execution.Succeeded, execution.Succeeded, execution.Failed}).Draw(r, "fate")
		fate[s.Task] = status
	}
	return status
}

// outcome is how a workflow ended: its status, and how often each task ran. What it
// published may be another, as in the reference: the output is made of what the tasks
// saw that were the last ones.
func outcome(c *carrier) string {
	runs := map[string]int{}
	for _, s := range c.starts {
		runs[s.Task]++
	}
	var b strings.Builder
	b.WriteString(string(c.engine.Status()))
	if c.engine.Status() == execution.Succeeded {
		for _, task := range slices.Sorted(maps.Keys(runs)) {
			fmt.Fprintf(&b, " %s*%d", task, runs[task])
		}
	}
	return b.String()
}

// TestRestoringChangesNothing lets two workflows hear the same, one of which is saved
// and restored all the time.
func TestRestoringChangesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := definition(r)
		one, other := carry(t, text, `{}`), carry(t, text, `{}`)
		other.reload = true
		step := func(ev workflow.Event) {
			for {
				errs := []error{one.try(ev), other.try(ev)}
				if (errs[0] == nil) != (errs[1] == nil) {
					r.Fatalf("errors %v", errs)
				}
				if diff := cmp.Diff(one.rows, other.rows); diff != "" {
					r.Fatalf("rows after %T: %s\n%s", ev, diff, text)
				}
				if one.engine.Status() != other.engine.Status() || len(one.starts) != len(other.starts) || one.more != other.more {
					r.Fatalf("%s and %s after %T\n%s", one.engine.Status(), other.engine.Status(), ev, text)
				}
				if !one.more {
					return
				}
				one.more, other.more, ev = false, false, workflow.More{}
			}
		}
		step(workflow.Begin{})
		for range 60 {
			switch what := rapid.IntRange(0, 19).Draw(r, "what"); {
			case what == 0:
				step(workflow.Pause{})
			case what < 3:
				step(workflow.Resume{})
			case what == 3:
				step(workflow.Cancel{})
			case what <= 8 && one.ended != nil && len(one.open) == 0:
				ended := one.ended
				one.ended, other.ended = nil, nil
				step(workflow.Rerun{})
				if one.engine.Status().Final() && one.ended == nil { // there was nothing to run again
					one.ended, other.ended = ended, ended
				}
			case len(one.open) == 0:
			default:
				i := rapid.IntRange(0, len(one.open)-1).Draw(r, "which")
				s := one.open[i]
				status := rapid.SampledFrom([]execution.Status{
					execution.Succeeded, execution.Succeeded, execution.Succeeded, execution.Failed, execution.Timeout,
					execution.Abandoned, execution.Canceled, execution.Pending, execution.Paused, execution.Running,
				}).Draw(r, "status")
				if status.Final() {
					one.open = slices.Delete(one.open, i, i+1)
				}
				one.results[idOf(s)], other.results[idOf(s)] = nil, nil
				step(workflow.Child{Ref: s.Ref, Execution: idOf(s), Status: status})
			}
			wantSense(r, one, text)
		}
	})
}

// rowsOf is the state of a workflow for people.
func rowsOf(c *carrier) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(c.rows)) {
		fmt.Fprintf(&b, "%s %s\n", key, c.rows[key].Body)
	}
	return b.String()
}

// wantSense holds a workflow to what is always so.
func wantSense(r *rapid.T, c *carrier, text string) {
	s := c.engine.Status()
	if s.Final() != (c.ended != nil) {
		r.Fatalf("it is %s and has said that it is over: %v\n%s", s, c.ended != nil, text)
	}
	if len(c.open) == 0 && (s == execution.Running || s == execution.Canceling || s == execution.Pausing) {
		r.Fatalf("it is %s, and nothing runs\n%s\n%s", s, text, rowsOf(c))
	}
}
