package draw_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nightshift-run/nightshift/internal/workflow/chain"
	"github.com/nightshift-run/nightshift/internal/workflow/draw"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

var update = flag.Bool("update", false, "rewrite the pictures")

// Each archive in testdata holds a definition and its two pictures.
func TestPictures(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			definition := a.Files[0]
			g := graphOf(t, definition)
			got := &txtar.Archive{Comment: a.Comment, Files: []txtar.File{
				definition, {Name: "mermaid", Data: []byte(g.Mermaid())}, {Name: "dot", Data: []byte(g.DOT())},
			}}
			if *update {
				if err := os.WriteFile(path, txtar.Format(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(txtar.Format(a)), string(txtar.Format(got))); diff != "" {
				t.Errorf("-want +got (-update accepts it)\n%s", diff)
			}
		})
	}
}

func graphOf(t *testing.T, definition txtar.File) *draw.Graph {
	t.Helper()
	if strings.HasPrefix(definition.Name, "chain") {
		tasks, err := chain.Outline(definition.Data)
		if err != nil {
			t.Fatal(err)
		}
		return draw.Chain(tasks)
	}
	w, err := spec.Parse(definition.Data)
	if err != nil {
		t.Fatal(err)
	}
	return draw.Workflow(w)
}

func TestLargeWorkflowsAreDrawnInLinearTime(t *testing.T) {
	took := func(tasks int) time.Duration {
		var b strings.Builder
		b.WriteString("version: 1.0\ntasks:\n")
		for i := range tasks {
			fmt.Fprintf(&b, "  t%d:\n    action: core.noop\n    next: [{when: <%% succeeded() %%>, do: t%d}, {when: <%% failed() %%>, do: fail}]\n", i, i+1)
		}
		fmt.Fprintf(&b, "  t%d: {action: core.noop}\n", tasks)
		w, err := spec.Parse([]byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		g := draw.Workflow(w)
		if n := len(g.Mermaid()) + len(g.DOT()); n < tasks {
			t.Fatalf("%d bytes are too few", n)
		}
		return time.Since(begin)
	}
	small, large := took(2000), took(20_000)
	if large > 60*small {
		t.Errorf("ten times the tasks took %.1f times as long", float64(large)/float64(small))
	}
}
