package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow/rehearsal"
)

func (a *app) executionToTest() *cobra.Command {
	var output, path string
	cmd := &cobra.Command{
		Use:   "to-test <id>",
		Short: "Make a test of a workflow out of a run of it",
		Long: `Make a test of a workflow out of a run of it, for "nightshift workflow test": what the actions gave is what
they give in the test, and what came of it is expected. An execution that is part of a workflow stands for it. The definition is that which the server has now; when it
does something else with the same results, or the run was interfered with, that is said.

Secrets are masked in the test. Keys of the datastore that the workflow asks for are in it, unless they are secret.`,
		Example: `  nightshift execution to-test last -o packs/web/actions/tests/repair.test.yaml
  nightshift workflow test packs/web/actions/tests/repair.test.yaml`,
		Args:              args(1, 1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			text, err := s.toTest(cmd.Context(), ids[0], path)
			if err != nil {
				return err
			}
			if output == "" {
				return a.print(strings.TrimSuffix(string(text), "\n"))
			}
			if err := os.WriteFile(output, text, 0o644); err != nil { //nolint:gosec // a test is for everybody
				return fault.Newf(fault.Invalid, "%v", err)
			}
			a.note("Written. Run it with \"nightshift workflow test " + output + "\".")
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write; default: standard output")
	cmd.Flags().StringVar(&path, "workflow", "", "path of the definition as the test names it; default: as the action does")
	return cmd
}

// toTest returns the test of a run.
func (s *session) toTest(ctx context.Context, id, path string) ([]byte, error) {
	run, err := s.workflowOf(ctx, id)
	if err != nil {
		return nil, err
	}
	ref := textOf(run, "action.ref")
	if status := textOf(run, "status"); !final(status) {
		return nil, fault.Newf(fault.Invalid, "execution %s is not over: it is %s", textOf(run, "id"), status)
	}
	var definition []byte
	if _, err := s.client.Do(ctx, http.MethodGet, "actions/views/entry_point/"+seg(ref), nil, nil, &definition); err != nil {
		return nil, s.advise(err)
	}
	whole, err := s.get(ctx, "actions/"+seg(ref), nil)
	if err != nil {
		return nil, err
	}
	if path == "" {
		path = textOf(whole, "entry_point")
	}
	recording := rehearsal.Recording{
		Description: fmt.Sprintf("Execution %s of %s, which ended as %s.", textOf(run, "id"), ref, textOf(run, "status")),
		Workflow:    path, Test: rehearsal.New(inputs(whole, run)),
	}
	recording.Test.Lookup = s.keyOf
	if namesItself(string(definition)) {
		recording.Test.Context.Set("st2", about(run))
	}
	if recording.Ended, err = s.ended(ctx, textOf(run, "id")); err != nil {
		return nil, err
	}
	text, report, unused, err := recording.Write(ctx, definition)
	if err != nil {
		return nil, err
	}
	s.compareRun(run, report, unused)
	return text, nil
}

// workflowOf returns an execution of a workflow, or the one that an execution is a
// part of.
func (s *session) workflowOf(ctx context.Context, id string) (*value.Dict, error) {
	r := executionResource()
	ref, kind := "", ""
	for {
		run, err := s.get(ctx, r.path+"/"+seg(id), nil)
		if err != nil {
			return nil, named(err, r, id)
		}
		is := textOf(run, "action.runner_type")
		if is == "orquesta" || is == "orchestra" {
			return run, nil
		}
		if ref == "" {
			ref, kind = textOf(run, "action.ref"), is
		}
		if id = textOf(run, "parent"); id == "" {
			return nil, fault.Newf(fault.Invalid, "%s is no workflow, and not part of one: its runner is %s", ref, kind)
		}
	}
}

// namesItself reports whether a workflow asks who runs it, and as what.
func namesItself(definition string) bool {
	for _, form := range []string{"ctx().st2", "ctx(st2", "ctx('st2", `ctx("st2`} {
		if strings.Contains(definition, form) {
			return true
		}
	}
	return false
}

// about is what a workflow knows of its run.
func about(run *value.Dict) *value.Dict {
	d := value.NewDict()
	d.Set("user", textOf(run, "context.user"))
	d.Set("action", textOf(run, "action.ref"))
	pack, _, _ := strings.Cut(textOf(run, "action.ref"), ".")
	d.Set("pack", pack)
	d.Set("action_execution_id", textOf(run, "id"))
	d.Set("workflow_execution_id", textOf(run, "id"))
	return d
}

// inputs are what a workflow was given: its parameters, and the defaults of others.
func inputs(action, run *value.Dict) *value.Dict {
	given := object(run, "parameters").Clone()
	for name, v := range object(action, "parameters").Texts() {
		meta, _ := v.(*value.Dict)
		if meta == nil || given.Has(name) {
			continue
		}
		if v, ok := meta.Get("default"); ok && v != nil {
			given.Set(name, v)
		}
	}
	return given
}

// ended returns the actions that an execution ran itself, in the order in which they
// began.
func (s *session) ended(ctx context.Context, id string) ([]rehearsal.Ended, error) {
	children, _, err := s.list(ctx, "executions/"+seg(id)+"/children", url.Values{"depth": {"1"}})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(children, func(a, b *value.Dict) int {
		return cmp.Or(strings.Compare(textOf(a, "start_timestamp"), textOf(b, "start_timestamp")), strings.Compare(textOf(a, "id"), textOf(b, "id")))
	})
	var all []rehearsal.Ended
	for _, c := range children {
		about := object(object(c, "context"), "orquesta")
		task := textOf(about, "task_name")
		if task == "" {
			continue
		}
		if _, ok := c.Get("result"); !ok { // it is too long for a list
			if c, err = s.get(ctx, "executions/"+seg(textOf(c, "id")), nil); err != nil {
				return nil, err
			}
		}
		e := rehearsal.Ended{Task: task, Item: -1, Status: execution.Status(textOf(c, "status"))}
		e.Result, _ = c.Get("result")
		if v, ok := about.Get("item_id"); ok {
			if n, ok := v.(int64); ok {
				e.Item = int(n)
			}
		}
		undo, _ := about.Get("undo")
		e.Undo = value.Truth(undo)
		all = append(all, e)
	}
	return all, nil
}

// keyOf finds a key of the datastore. One that this user can't see isn't there.
func (s *session) keyOf(ctx context.Context, scope, name string) (value.Value, bool, error) {
	key, err := s.get(ctx, "keys/"+seg(name), url.Values{"scope": {scope}})
	if kind := fault.KindOf(err); err != nil && (kind == fault.NotFound || kind == fault.Forbidden) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	v, ok := key.Get("value")
	return v, ok, nil
}

// compareRun says where the test is not what the run was.
func (s *session) compareRun(run *value.Dict, report *rehearsal.Report, unused int) {
	if was, is := textOf(run, "status"), string(report.Outcome.Status); was != is {
		s.note(fmt.Sprintf("WARNING: the run ended as %s, and the test as %s.", was, is))
	}
	was, _ := lookUp(run, "result.output")
	if is := orNone(report.Outcome.Output); !value.Equal(was, is) {
		s.note("WARNING: the output of the run was " + compact(was) + ", and that of the test is " + compact(is) + ".")
	}
	if unused > 0 {
		s.note(fmt.Sprintf("WARNING: %d actions that ran in the run do not run in the test.", unused))
	}
}
