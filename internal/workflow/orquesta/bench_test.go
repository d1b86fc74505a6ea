package orquesta_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// drain ends every execution that a workflow starts, until it is over.
func drain(c *carrier) {
	result := value.NewDict()
	read := func(context.Context) (value.Value, error) { return result, nil }
	for len(c.open) > 0 {
		batch := c.open
		c.open = nil
		for _, s := range batch {
			c.results[s.Ref] = result
			c.step(workflow.Child{Ref: s.Ref, Execution: s.Ref, Status: execution.Succeeded, Result: read})
		}
	}
	c.wantStatus(execution.Succeeded)
}

// sequence is n tasks one after the other, each publishing a variable.
func sequence(n int) string {
	var b strings.Builder
	b.WriteString("version: 1.0\nvars:\n  - n: 0\ntasks:\n")
	for i := range n {
		fmt.Fprintf(&b, "  t%06d:\n    action: core.noop\n", i)
		if i+1 < n {
			fmt.Fprintf(&b, "    next:\n      - when: <%% succeeded() %%>\n        publish: n=<%% ctx(n) + 1 %%>\n        do: t%06d\n", i+1)
		}
	}
	return b.String()
}

// fan is a task, n after it in parallel, and a join.
func fan(n int) string {
	var b strings.Builder
	b.WriteString("version: 1.0\ntasks:\n  begin:\n    action: core.noop\n    next:\n      - do: [")
	for i := range n {
		fmt.Fprintf(&b, "b%06d, ", i)
	}
	b.WriteString("]\n  join:\n    join: all\n    action: core.noop\n")
	for i := range n {
		fmt.Fprintf(&b, "  b%06d:\n    action: core.noop\n    next:\n      - publish: v%06d=1\n        do: join\n", i, i)
	}
	return b.String()
}

func BenchmarkSequence(b *testing.B) {
	for _, n := range []int{500, 1000, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := sequence(n)
			for b.Loop() {
				drain(begin(b, text, `{}`))
			}
			perTask(b, n)
		})
	}
}

func BenchmarkFan(b *testing.B) {
	for _, n := range []int{500, 1000, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := fan(n)
			for b.Loop() {
				drain(begin(b, text, `{}`))
			}
			perTask(b, n)
		})
	}
}

func BenchmarkItems(b *testing.B) {
	for _, concurrency := range []string{"", "\n      concurrency: 10"} {
		for _, n := range []int{5_000, 10_000, 20_000} {
			b.Run(fmt.Sprintf("%d limited %v", n, concurrency != ""), func(b *testing.B) {
				text := "version: 1.0\ninput:\n  - n\ntasks:\n  each:\n    action: core.noop n=<% item(i) %>\n    with:\n      items: i in <% range(0, ctx(n)).toList() %>" + concurrency + "\n"
				for b.Loop() {
					drain(begin(b, text, fmt.Sprintf(`{"n": %d}`, n)))
				}
				perTask(b, n)
			})
		}
	}
}

func perTask(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
}
