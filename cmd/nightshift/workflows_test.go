package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/cli"
)

// block is a piece of a page between fences.
type block struct {
	language, text string
	heading        string // the last one before it
}

// blocks returns the pieces of a page that stand between fences.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	found := regexp.MustCompile("(?ms)^#+ ([^\n]*)$|^```(\\w*)\n(.*?)^```$").FindAllSubmatch(text, -1)
	heading := ""
	for _, m := range found {
		if len(m[1]) > 0 {
			heading = string(m[1])
			continue
		}
		all = append(all, block{string(m[2]), string(m[3]), heading})
	}
	return all
}

// ns runs a command as a shell does, on this machine only.
func ns(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	code := cli.Execute(t.Context(), cli.New(cli.Options{Version: "test", Out: &out, Err: &out}), args)
	return out.String(), code
}

// TestWorkflowsOfThePages holds that the workflows in the documentation have no
// mistakes, that the picture behind one is of it, and that the tests pass.
func TestWorkflowsOfThePages(t *testing.T) {
	for _, page := range []string{"workflows.md", "workflow-reference.md"} {
		last, n, tests := "", 0, 0
		dir := t.TempDir()
		for _, b := range blocks(t, filepath.Join("../../docs", page)) {
			switch {
			case b.language == "yaml" && (strings.Contains(b.text, "\ntasks:") || strings.Contains(b.text, "\nchain:")):
				n++
				last = keep(t, dir, b)
				if out, code := ns(t, "workflow", "check", "--packs", "testdata/docs", last); code != cli.ExitOK {
					t.Errorf("%s, %s: %s", page, b.heading, strings.ReplaceAll(out, last, "the example"))
				}
			case b.language == "yaml" && strings.Contains(b.text, "\nmock_action_executions:"):
				tests++
				if out, code := ns(t, "workflow", "test", keep(t, dir, b)); code != cli.ExitOK {
					t.Errorf("%s, %s: %s", page, b.heading, out)
				}
			case b.language == "mermaid":
				out, _ := ns(t, "workflow", "graph", last)
				if diff := cmp.Diff(b.text, out); diff != "" {
					t.Errorf("%s, %s: the picture is another (-want +got)\n%s", page, b.heading, diff)
				}
			}
		}
		if n < 6 || page == "workflows.md" && tests == 0 {
			t.Errorf("%s: only %d workflows and %d tests were found", page, n, tests)
		}
	}
}

// keep writes a piece of a page into a file, of the name that its first line says.
func keep(t *testing.T, dir string, b block) string {
	t.Helper()
	name := "unnamed.yaml"
	if m := regexp.MustCompile(`^# (\S+\.yaml)\n`).FindStringSubmatch(b.text); m != nil {
		name = m[1]
	}
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestWorkflowsOfTheExamples holds that those have no mistakes either.
func TestWorkflowsOfTheExamples(t *testing.T) {
	if out, code := ns(t, "workflow", "check", "../../examples/packs"); code != cli.ExitOK {
		t.Error(out)
	}
}
