package rehearsal

import (
	"context"
	"fmt"
	"math"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// Recording is a run of a workflow that a test is made of.
type Recording struct {
	Description string
	Workflow    string // path of the definition, as the test names it
	Test        *Test  // with the inputs, and what the datastore holds
	Ended       []Ended
}

// Ended is an action that the workflow ran, in the order in which they began.
type Ended struct {
	Task   string
	Item   int // -1: the task has no items
	Undo   bool
	Status execution.Status
	Result value.Value
}

// Write plays the definition with the results of the run, and returns a test that
// expects just what came of it. Of what ran, unused is what the definition does not
// run now. It is played twice: what is not the same then, such as random numbers, is
// not expected.
func (r *Recording) Write(ctx context.Context, definition []byte) (text []byte, report *Report, unused int, err error) {
	if report, err = r.play(ctx, definition); err != nil {
		return nil, nil, 0, err
	}
	again, err := r.play(ctx, definition)
	if err != nil {
		return nil, nil, 0, err
	}
	used := 0
	mocks := value.NewList()
	for i, c := range report.Calls {
		if c.Mock >= 0 {
			used++
			mocks.Items = append(mocks.Items, written(c, i < len(again.Calls) && sameInput(c, again.Calls[i])))
		}
	}
	d := value.NewDict()
	set := func(key string, v value.Value) {
		switch v := v.(type) {
		case *value.Dict:
			if v == nil || v.Len() == 0 {
				return
			}
		case string:
			if v == "" {
				return
			}
		case *value.List:
			if len(v.Items) == 0 {
				return
			}
		}
		d.Set(key, v)
	}
	o := report.Outcome
	set("description", r.Description)
	set("workflow", r.Workflow)
	set("inputs", r.Test.Inputs)
	set("context", r.Test.Context)
	set("datastore", r.Test.Datastore)
	set("mock_action_executions", mocks)
	d.Set("expected_task_sequence", value.Of(names(o.Path)))
	set("expected_undo", value.Of(names(o.Undone)))
	d.Set("expected_workflow_status", string(o.Status))
	if o.Output != nil && again.Outcome.Output != nil && value.Equal(o.Output, again.Outcome.Output) {
		d.Set("expected_output", o.Output)
	}
	text, err = pyyaml.Marshal(d, pyyaml.Options{Unicode: true, KeepOrder: true, Width: math.MaxInt32})
	if err != nil {
		return nil, nil, 0, fmt.Errorf("write the test: %w", err)
	}
	return text, report, len(r.Ended) - used, nil
}

// play plays the definition with the results of the run.
func (r *Recording) play(ctx context.Context, definition []byte) (*Report, error) {
	r.Test.mocks = nil
	for i, e := range r.Ended {
		r.Test.mocks = append(r.Test.mocks, &mock{
			path: []any{"mock_action_executions", i}, task: e.Task, seq: -1, item: e.Item, undo: e.Undo, times: 1, status: e.Status, result: e.Result,
		})
	}
	return r.Test.Walk(ctx, definition, Succeed)
}

func sameInput(a, b Played) bool {
	return a.Task == b.Task && a.Item == b.Item && value.Equal(dict(a.Input), dict(b.Input))
}

// written is a call as a test says it. Its input is expected if it is always the same.
func written(c Played, input bool) *value.Dict {
	d := value.NewDict()
	d.Set("task_id", c.Task)
	if c.Item >= 0 {
		d.Set("item_id", int64(c.Item))
	}
	if c.Undo {
		d.Set("undo", true)
	}
	d.Set("expected_action", c.Action)
	if input {
		d.Set("expected_input", dict(c.Input))
	}
	if c.Status != execution.Succeeded {
		d.Set("status", string(c.Status))
	}
	if c.Result != nil {
		d.Set("result", c.Result)
	}
	return d
}
