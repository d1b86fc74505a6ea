package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// A definition of this size takes about a second; what grows with the square of it
// would take hours.
func TestLargeDefinitionsAreReadAndComposedInSeconds(t *testing.T) {
	const n = 100_000
	if testing.Short() {
		t.Skip("takes a second")
	}
	for name, next := range map[string]func(i int) string{
		"chain":    func(i int) string { return fmt.Sprintf("t%d", i+1) },
		"star":     func(int) string { return fmt.Sprintf("t%d", n-1) },
		"cycle":    func(i int) string { return fmt.Sprintf("t%d", max(1, (i+1)%n)) },
		"diamonds": func(i int) string { return fmt.Sprintf("t%d, t%d", i+1, i+2) },
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString("tasks:\n")
			for i := range n {
				fmt.Fprintf(&b, "  t%d:\n    action: core.noop\n    next:\n      - do: %s\n", i, next(i))
			}
			begin := time.Now()
			w, err := spec.Parse([]byte(b.String()))
			if err != nil {
				t.Fatal(err)
			}
			read := time.Since(begin)
			g := graph.Compose(w)
			t.Logf("read in %v, composed in %v", read, time.Since(begin)-read)
			if got := len(g.Nodes()); got < n {
				t.Errorf("got %d nodes, want at least %d", got, n)
			}
			if limit := 30 * time.Second; time.Since(begin) > limit {
				t.Errorf("it took %v, more than %v", time.Since(begin), limit)
			}
		})
	}
}
