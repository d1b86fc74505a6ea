package draw_test

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/workflow/chain"
	"github.com/nightshift-run/nightshift/internal/workflow/draw"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// Whatever can be read can be drawn, and no text in it gets out of its quotes.
func FuzzDraw(f *testing.F) {
	for _, seed := range []string{
		"tasks:\n  a: {next: [{do: [b, 'c\"]', '}}']}]}\n  b: {join: all, retry: {count: 3}}\n",
		"tasks:\n  a:\n    with: x in <% ctx(xs) %>\n    action: 'core.noop\\ \"'\n    next: [{when: '<% failed() and \"#;|\" %>', do: retry}]\n",
		"chain:\n  - {name: 'a\"', ref: 'x.y\\', on-success: \"{{ b }}\", on-failure: 'a\"'}\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 100_000 {
			return
		}
		var graphs []*draw.Graph
		if w, err := spec.Parse([]byte(text)); err == nil {
			graphs = append(graphs, draw.Workflow(w))
		}
		if tasks, err := chain.Outline([]byte(text)); err == nil {
			graphs = append(graphs, draw.Chain(tasks))
		}
		for _, g := range graphs {
			for line := range strings.Lines(g.Mermaid()) {
				if strings.Count(line, `"`)%2 != 0 {
					t.Errorf("quotes do not match in %q", line)
				}
			}
			dot := g.DOT()
			unescaped := strings.NewReplacer(`\\`, "", `\"`, "").Replace(dot)
			for line := range strings.Lines(unescaped) {
				if strings.Count(line, `"`)%2 != 0 {
					t.Errorf("quotes do not match in %q", line)
				}
			}
			if len(g.Edges) > 0 && !strings.Contains(dot, " -> ") {
				t.Errorf("%d ways are not drawn", len(g.Edges))
			}
		}
	})
}
