package orquesta_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

var update = flag.Bool("update", false, "rewrite the recorded histories")

// TestRecordedHistoriesAreReplayed holds workflows to the steps that they took when
// they were recorded: one that is under way while Nightshift is replaced by a later
// version goes on as it would have. A history says what the workflow heard (>), what
// it wanted done (<), and where it stood then (=). It is replayed by one engine, and
// by a new one for each step.
func TestRecordedHistoriesAreReplayed(t *testing.T) {
	files, err := filepath.Glob("testdata/histories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("histories %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			part := func(name string) string {
				for _, f := range a.Files {
					if f.Name == name {
						return string(f.Data)
					}
				}
				t.Fatalf("%s has no %s", file, name)
				return ""
			}
			want := part("history")
			got := replay(t, part("workflow.yaml"), part("input.json"), want, false)
			if *update {
				for i := range a.Files {
					if a.Files[i].Name == "history" {
						a.Files[i].Data = []byte(got)
					}
				}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil { //nolint:gosec // a file of the repository
					t.Fatal(err)
				}
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("history (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, replay(t, part("workflow.yaml"), part("input.json"), want, true)); diff != "" {
				t.Errorf("history with restarts (-want +got):\n%s", diff)
			}
		})
	}
}

// replay lets a workflow hear what a history says, and writes the history anew.
func replay(t *testing.T, text, input, history string, reload bool) string {
	t.Helper()
	c := carry(t, text, input)
	c.reload = reload
	var b bytes.Buffer
	for line := range strings.Lines(history) {
		heard, ok := strings.CutPrefix(strings.TrimSpace(line), "> ")
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "> %s\n", heard)
		starts, signals := len(c.starts), len(c.signals)
		ended := c.ended
		if err := c.try(eventOf(t, c, heard)); err != nil {
			fmt.Fprintf(&b, "< error %v\n", err)
		}
		for _, s := range c.starts[starts:] {
			fmt.Fprintf(&b, "< start %s %s %s %s", s.Ref, s.Task, s.Action, toJSON(t, s.Input))
			if s.Delay > 0 {
				fmt.Fprintf(&b, " delay %s", s.Delay)
			}
			b.WriteByte('\n')
		}
		for _, s := range c.signals[signals:] {
			fmt.Fprintf(&b, "< signal %s %s\n", s.To, s.Execution)
		}
		if c.ended != nil && ended == nil {
			fmt.Fprintf(&b, "< end %s\n", toJSON(t, c.ended))
		}
		fmt.Fprintf(&b, "= %s\n", c.engine.Status())
	}
	return b.String()
}

// eventOf reads what a workflow hears: "begin", or a status of an execution with its
// result, as in "0 succeeded {}".
func eventOf(t *testing.T, c *carrier, line string) workflow.Event {
	t.Helper()
	switch line {
	case "begin":
		return workflow.Begin{}
	case "more":
		return workflow.More{}
	case "pause":
		return workflow.Pause{}
	case "resume":
		return workflow.Resume{}
	case "cancel":
		return workflow.Cancel{}
	case "rerun":
		c.ended = nil
		return workflow.Rerun{}
	case "timeout":
		return workflow.Expired{Ref: "timeout"}
	}
	words := strings.SplitN(line, " ", 3)
	if words[1] == "refused" {
		return workflow.Launched{Ref: words[0], Refused: words[2], Unknown: true}
	}
	ch := workflow.Child{Ref: words[0], Execution: "x" + strings.ReplaceAll(words[0], "/", "-"), Status: execution.Status(words[1])}
	if len(words) == 3 {
		v, err := value.FromJSON([]byte(words[2]))
		if err != nil {
			t.Fatal(err)
		}
		c.results[ch.Execution] = v
		ch.Result = func(context.Context) (value.Value, error) { return v, nil }
	}
	return ch
}
