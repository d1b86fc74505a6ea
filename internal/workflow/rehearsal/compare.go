package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// mock returns the number of what the test says of a call, and takes it; -1: it says
// nothing. What is for this run of the task goes before what is for any.
func (t *Test) mock(c orquesta.Call) int {
	for _, exact := range []bool{true, false} {
		for n, m := range t.mocks {
			switch {
			case m.task != c.Task, m.undo != c.Undo, m.times == 0, exact != (m.seq >= 0):
				continue
			case exact && m.seq != c.Seq, m.item >= 0 && m.item != c.Item:
				continue
			}
			m.played++
			if m.item >= 0 || c.Item < 0 { // else it is for every item
				m.times--
			}
			return n
		}
	}
	return -1
}

// compareCall compares what an action is called with.
func (p *player) compareCall(c orquesta.Call, m *mock) {
	of := "task " + c.Task
	if c.Item >= 0 {
		of = fmt.Sprintf("item %d of task %s", c.Item, c.Task)
	}
	if m.action != "" && m.action != c.Action {
		p.fail(append(m.path, "expected_action"), "%s runs %s, not %s", of, orNothing(c.Action), m.action)
	}
	if m.input != nil {
		var input value.Value = value.NewDict()
		if c.Input != nil {
			input = c.Input
		}
		p.differ(append(m.path, "expected_input"), "input of "+of, m.input, input)
	}
	if n, ok := m.delay.(int64); ok && time.Duration(n)*time.Second != c.Delay {
		p.fail(append(m.path, "expected_delay"), "%s starts after %v, not after %d s", of, c.Delay, n)
	}
}

func orNothing(action string) string {
	if action == "" {
		return "nothing"
	}
	return action
}

// compare compares how the workflow went.
func (p *player) compare() {
	t, o := p.test, p.report.Outcome
	if t.Sequence != nil {
		p.comparePath("expected_task_sequence", "the path", t.Sequence, names(o.Path))
	}
	if t.Routes != nil {
		got := value.NewList()
		for _, r := range o.Routes {
			got.Items = append(got.Items, value.Of(append([]string{}, r...)))
		}
		p.differ([]any{"expected_routes"}, "routes", t.Routes, got)
	}
	if o.Status != t.Status {
		p.fail([]any{"expected_workflow_status"}, "the workflow is %s, not %s%s", o.Status, t.Status, reasons(o.Errors))
	}
	if t.Errors != nil {
		p.compareErrors(o.Errors)
	}
	if t.Output != nil {
		var got value.Value
		if o.Output != nil {
			got = o.Output
		}
		p.differ([]any{"expected_output"}, "output", t.Output, got)
	}
	if t.Terminal != nil {
		want, got := plain(t.Terminal), names(terminal(o.Path))
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			p.fail([]any{"expected_term_tasks"}, "the workflow ends with %s, not with %s", list(got), list(want))
		}
	}
	if t.Undone != nil {
		p.comparePath("expected_undo", "what is undone", t.Undone, names(o.Undone))
	}
	for _, m := range t.mocks {
		if m.played == 0 && (m.action != "" || m.input != nil || m.delay != nil) {
			p.fail(m.path, "task %s was not run, and a call is expected", m.task)
		}
	}
}

// reasons says why a workflow failed.
func reasons(errors []*value.Dict) string {
	var b strings.Builder
	for _, e := range errors {
		b.WriteString("; ")
		if task := text(at(e, "task_id")); task != "" {
			b.WriteString("task " + task + ": ")
		}
		b.WriteString(text(at(e, "message")))
		if line, ok := at(e, "line").(int64); ok {
			fmt.Fprintf(&b, " (line %d of the workflow)", line)
		}
	}
	return b.String()
}

// plain returns names of a path without the first route.
func plain(names []string) []string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = strings.TrimSuffix(n, "__r0")
	}
	return all
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// comparePath says where two paths part.
func (p *player) comparePath(key, what string, want, got []string) {
	want = plain(want)
	if slices.Equal(want, got) {
		return
	}
	n := 0
	for n < len(want) && n < len(got) && want[n] == got[n] {
		n++
	}
	path := []any{key}
	if n < len(want) {
		path = append(path, n)
	}
	p.fail(path, "%s is %s; expected is %s", what, list(got), list(want))
}

// ourKeys are what the errors of a workflow have here that Orquesta's have not.
func ourKeys() []string { return []string{"spec_path", "line", "column"} }

func (p *player) compareErrors(got []*value.Dict) {
	t := p.test
	for i, v := range t.Errors.Items {
		path := []any{"expected_errors", i}
		if i >= len(got) {
			p.fail(path, "there are only %d errors", len(got))
			return
		}
		want := dict(v)
		g := got[i].Clone()
		for _, key := range ourKeys() {
			if !want.Has(key) {
				g.Delete(key)
			}
		}
		p.differ(path, fmt.Sprintf("error %d", i), want, g)
	}
	for _, more := range got[min(len(got), len(t.Errors.Items)):] {
		p.fail([]any{"expected_errors"}, "there is an error that is not expected: %s", shown(more))
	}
}

// compareInspection compares what an inspection found, category by category.
func (p *player) compareInspection(found spec.Findings) {
	by := map[string][]spec.Finding{}
	for _, f := range found {
		by[f.Category] = append(by[f.Category], f)
	}
	for category, v := range p.test.Inspection.Texts() {
		got := by[category]
		delete(by, category)
		for i, want := range items(v) {
			path := []any{"expected_inspection_errors", category, i}
			if i >= len(got) {
				p.fail(path, "the inspection finds only %d of the kind %s", len(got), category)
				break
			}
			g := value.NewDict()
			for key, text := range map[string]string{
				"type": got[i].Language, "expression": got[i].Expression, "message": got[i].Message,
				"spec_path": got[i].SpecPath, "schema_path": got[i].SchemaPath,
			} {
				if dict(want).Has(key) {
					g.Set(key, text)
				}
			}
			p.differ(path, "finding", want, g)
		}
		for _, f := range got[min(len(got), len(items(v))):] {
			p.fail([]any{"expected_inspection_errors", category}, "the inspection finds more: %v", f)
		}
	}
	for _, rest := range by {
		for _, f := range rest {
			p.fail([]any{"expected_inspection_errors"}, "the inspection finds more: %s: %v", f.Category, f)
		}
	}
}
