package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

func (a *app) workflowTest() *cobra.Command {
	var base string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "test <file-or-folder>...",
		Short: "Test workflows without running anything",
		Long: `Test workflows without running anything. A test is a file that says what each action gives, and what is
expected: the path, what actions are called with, the status, the output. Files of Orquesta's rehearsals are
tests, too. In a folder, these are the files that end in .test.yaml, or if there are none, all YAML files.

The path of the workflow in a test is looked up from the folder of the test, and from those above it, or from
--base-path only. It ends with 1 if a test fails.`,
		Example: `  nightshift workflow test actions/tests/repair.test.yaml
  nightshift workflow test packs -v
  nightshift workflow test --base-path fixtures/rehearsals tests`,
		Args: args(1, -1),
		RunE: func(cmd *cobra.Command, words []string) error {
			var files []string
			for _, word := range words {
				found, err := testFiles(word, base)
				if err != nil {
					return err
				}
				files = append(files, found...)
			}
			return a.test(cmd.Context(), files, base, verbose)
		},
	}
	cmd.Flags().StringVarP(&base, "base-path", "p", "", "folder from which the paths in the tests are looked up")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show what was called with what")
	return cmd
}

// testFiles returns the tests that a word of the command line names.
func testFiles(word, base string) ([]string, error) {
	info, err := os.Stat(word)
	if err != nil && base != "" && !filepath.IsAbs(word) {
		word = filepath.Join(base, word)
		info, err = os.Stat(word)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Newf(fault.Invalid, "there is no file %s", word)
	case err != nil:
		return nil, fault.Newf(fault.Invalid, "%v", err)
	case !info.IsDir():
		return []string{word}, nil
	}
	var named, all []string
	err = filepath.WalkDir(word, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch ext := filepath.Ext(path); {
		case ext != ".yaml" && ext != ".yml":
		case strings.HasSuffix(strings.TrimSuffix(path, ext), ".test"):
			named = append(named, path)
		default:
			all = append(all, path)
		}
		return nil
	})
	if named == nil {
		named = all
	}
	if err == nil && named == nil {
		err = errors.New("there are no tests in " + word)
	}
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%v", err)
	}
	return named, nil
}

// tested is a test and what came of it.
type tested struct {
	file     string
	findings rehearsal.Findings
	report   *rehearsal.Report // nil: it could not be played
}

func (a *app) test(ctx context.Context, files []string, base string, verbose bool) error {
	out := value.NewList()
	failed := 0
	for _, file := range files {
		done, err := a.testOne(ctx, file, base)
		if err != nil {
			return err
		}
		if len(done.findings) > 0 {
			failed++
		}
		out.Items = append(out.Items, done.entry())
		if !a.machine() {
			if err := a.print(done.text(a, verbose)); err != nil {
				return err
			}
		}
	}
	if a.machine() {
		if err := a.encode(out); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d tests failed", failed, len(files))
	}
	return nil
}

// testOne runs one test. The error is that of somebody who does not want to wait.
func (a *app) testOne(ctx context.Context, file, base string) (tested, error) {
	done := tested{file: file}
	fail := func(err error) (tested, error) {
		if ctx.Err() != nil {
			return done, context.Cause(ctx)
		}
		if found, ok := errors.AsType[rehearsal.Findings](err); ok {
			done.findings = found
		} else {
			done.findings = rehearsal.Findings{{Line: 1, Column: 1, Msg: err.Error()}}
		}
		return done, nil
	}
	text, err := a.readFile(file)
	if err != nil {
		return fail(err)
	}
	read := readBeside(file, base)
	t, err := rehearsal.Read([]byte(text), read)
	if err != nil {
		return fail(err)
	}
	var definition []byte
	if t.Workflow != "" {
		if definition, err = read(t.Workflow); err != nil {
			return fail(err)
		}
	}
	if done.report, err = t.Run(ctx, definition); err != nil {
		return fail(err)
	}
	done.findings = done.report.Findings
	return done, nil
}

// beside finds a file that a test names: from the base, or else from the folder of
// the test, or the nearest above that has it.
func beside(test, base, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	if base != "" {
		return filepath.Join(base, name)
	}
	folder, err := filepath.Abs(filepath.Dir(test))
	if err != nil {
		folder = filepath.Dir(test)
	}
	nearest := filepath.Join(filepath.Dir(test), name)
	for {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		up := filepath.Dir(folder)
		if up == folder {
			return nearest
		}
		folder = up
	}
}

func (t tested) text(a *app, verbose bool) string {
	verdict := a.paint(green, "PASS")
	if len(t.findings) > 0 {
		verdict = a.paint(red, "FAIL")
	}
	lines := []string{verdict + " " + t.file}
	for _, f := range t.findings {
		lines = append(lines, clean(fmt.Sprintf("  %s:%s", t.file, f)))
	}
	if verbose && t.report != nil {
		for _, c := range t.report.Calls {
			lines = append(lines, clean("  "+callText(c)))
		}
		lines = append(lines, clean("  the workflow is "+string(t.report.Outcome.Status)+outputText(t.report)))
	}
	return strings.Join(lines, "\n")
}

// callText says in a line what was called with what.
func callText(c rehearsal.Played) string {
	var b strings.Builder
	b.WriteString(c.Task)
	if c.Route > 0 {
		fmt.Fprintf(&b, " (route %d)", c.Route)
	}
	if c.Item >= 0 {
		fmt.Fprintf(&b, " item %d", c.Item)
	}
	if c.Undo {
		b.WriteString(" undo")
	}
	if c.Action != "" {
		b.WriteString(": " + c.Action)
	}
	if c.Input != nil && c.Input.Len() > 0 {
		b.WriteString(" " + compact(c.Input))
	}
	if c.Delay > 0 {
		fmt.Fprintf(&b, " after %v", c.Delay)
	}
	if c.Timeout > 0 {
		fmt.Fprintf(&b, " for at most %v", c.Timeout)
	}
	if c.Status != "" {
		b.WriteString(" -> " + string(c.Status))
	}
	return b.String()
}

func outputText(r *rehearsal.Report) string {
	if r.Outcome.Output == nil {
		return ""
	}
	return ", its output " + compact(r.Outcome.Output)
}

// entry is the test for programs.
func (t tested) entry() *value.Dict {
	d := value.NewDict()
	d.Set("file", t.file)
	d.Set("passed", len(t.findings) == 0)
	found := value.NewList()
	for _, f := range t.findings {
		e := value.NewDict()
		e.Set("line", int64(f.Line))
		e.Set("column", int64(f.Column))
		e.Set("message", f.Msg)
		found.Items = append(found.Items, e)
	}
	d.Set("findings", found)
	if t.report != nil {
		d.Update(t.report.Entry())
	}
	return d
}

func orNone(d *value.Dict) value.Value {
	if d == nil {
		return nil
	}
	return d
}

// errorLines says why a workflow failed.
func errorLines(errors []*value.Dict) []string {
	var lines []string
	for _, e := range errors {
		line := textOf(e, "message")
		if task := textOf(e, "task_id"); task != "" {
			line = "task " + task + ": " + line
		}
		if n, ok := e.Get("line"); ok {
			line += fmt.Sprintf(" (line %s)", value.Str(n))
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}
