package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// A definition of this size takes a second, and one of 100,000 tasks five; what grows
// with the square of it would take minutes.
func TestLargeDefinitionsAreReadInspectedAndComposedInSeconds(t *testing.T) {
	const n = 20_000
	for name, next := range map[string]func(i int) string{
		"chain":    func(i int) string { return fmt.Sprintf("t%d", i+1) },
		"star":     func(int) string { return fmt.Sprintf("t%d", n-1) },
		"diamonds": func(i int) string { return fmt.Sprintf("t%d, t%d", i+1, i+2) },
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString("tasks:\n")
			for i := range n {
				fmt.Fprintf(&b, "  t%d:\n    action: core.noop\n    next:\n      - publish: v%d=<%% ctx().v0 %%>\n        do: %s\n", i, i, next(i))
			}
			begin := time.Now()
			w, _, err := spec.Inspect([]byte(b.String()), spec.Options{Context: []string{"v0"}})
			if err != nil {
				t.Fatal(err)
			}
			read := time.Since(begin)
			g := graph.Compose(w)
			t.Logf("read and inspected in %v, composed in %v", read, time.Since(begin)-read)
			if got := len(g.Nodes()); got < n {
				t.Errorf("got %d nodes, want at least %d", got, n)
			}
			if limit := 2 * time.Minute; time.Since(begin) > limit {
				t.Errorf("it took %v, more than %v", time.Since(begin), limit)
			}
		})
	}
}
