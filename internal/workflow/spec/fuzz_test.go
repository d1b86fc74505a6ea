package spec_test

import (
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// Whatever is sent to be inspected gets an answer soon, each finding with a place in
// the text; and what can be read can be composed.
func FuzzInspect(f *testing.F) {
	for _, seed := range []string{
		"", "a: [", "tasks: {}", "tasks: [a]", "tasks: {a: }", "tasks: {1: {}}", "tasks: {noop: {}}",
		"version: 1.0\ninput: [x, {y: 1}, [z]]\nvars: [{a: <% ctx().x %>}]\noutput: [{o: '{{ ctx().nothing }}'}]\ntasks:\n  a:\n    action: core.echo message=<% ctx().a %> n=[1] t=true\n",
		"tasks:\n  a:\n    with: x, y in <% ctx(xs) %>\n    action: <% ctx().b %>\n    next:\n      - when: <% <% %>\n        publish: a=1 b='x' c={{ x }}\n        do: a, b, c\n  b:\n    join: all\n    retry: {count: 3}\n",
		"tasks: &t\n  a: &a\n    with: x in <% ctx(x) %>\n    next: [{do: [b, b]}, {do: 'retry, fail'}]\n  b: *a\n",
		"tasks:\n  a: {next: [{do: [b, c]}]}\n  b: {next: [{do: d}]}\n  c: {next: [{do: d}]}\n  d: {next: [{do: [e, f]}]}\n  e: {next: [{do: g}]}\n  f: {next: [{do: g}]}\n  g: {join: all}\n",
		"timeout: 10\noutput-on-error: [{a: 1}]\ntasks:\n  a:\n    timeout: -1\n    undo: {action: core.noop x=1}\n",
		"tasks:\n  a:\n    action: a.b\n  a:\n    inputs: 1\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 100_000 {
			return
		}
		begin := time.Now()
		w, found, err := spec.Inspect(text, spec.Options{Context: []string{"st2"}})
		if limit := 20 * time.Second; time.Since(begin) > limit {
			t.Errorf("it took %v, more than %v", time.Since(begin), limit)
		}
		if unreadable, ok := err.(spec.Findings); ok { //nolint:errorlint // it is not wrapped
			found = append(found, unreadable...)
		}
		for _, f := range found {
			if f.Line < 1 || f.Column < 1 || f.Message == "" || f.Category == "" {
				t.Errorf("finding without a place or a message: %+v", f)
			}
		}
		if w == nil {
			return
		}
		g := graph.Compose(w)
		for _, n := range g.Nodes() {
			for _, e := range g.Next(n.Name) {
				if !g.HasTask(e.To) {
					t.Errorf("an edge leads from %q to %q, which is no node", e.From, e.To)
				}
			}
		}
		if _, err := spec.Parse(text); err != nil && len(found) == 0 {
			t.Errorf("nothing was found, but it can't be read: %v", err)
		}
	})
}
