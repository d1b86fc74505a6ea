package chain_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
)

// carrier carries one chain by hand. It keeps the rows as a conductor would, and
// with reload makes the engine anew from them before each step.
type carrier struct {
	t      *testing.T
	text   string
	in     workflow.Input
	reload bool

	engine   workflow.Engine
	rows     map[string]workflow.Row
	now      time.Time
	starts   []workflow.Start // all of them
	signals  []workflow.Signal
	results  map[string]value.Value
	ended    *value.Dict
	readings int // of results
}

func carry(t *testing.T, text string, change func(*workflow.Input)) *carrier {
	t.Helper()
	c := &carrier{
		t: t, text: text, rows: map[string]workflow.Row{}, results: map[string]value.Value{},
		now: time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC),
	}
	c.in = workflow.Input{
		ID: "chain1", Parameters: dict(t, `{}`),
		Templates: action.Env{Context: func() *value.Dict { return dict(t, `{"user": "ada", "pack": "ops"}`) }},
		Result: func(_ context.Context, id string) (value.Value, error) {
			c.readings++
			v, ok := c.results[id]
			if !ok {
				return nil, fmt.Errorf("there is no execution %s", id)
			}
			return v, nil
		},
	}
	if change != nil {
		change(&c.in)
	}
	var err error
	if c.engine, err = chain.New().New([]byte(text), c.in); err != nil {
		t.Fatal(err)
	}
	return c
}

// step lets the chain hear something, and answers each start with an execution.
func (c *carrier) step(e workflow.Event) {
	c.t.Helper()
	if err := c.try(e); err != nil {
		c.t.Fatalf("%T: %v", e, err)
	}
}

func (c *carrier) try(e workflow.Event) error {
	c.t.Helper()
	c.now = c.now.Add(time.Second)
	if c.reload && len(c.rows) > 0 {
		rows := make([]workflow.Row, 0, len(c.rows))
		for _, r := range c.rows {
			rows = append(rows, r)
		}
		var err error
		if c.engine, err = chain.New().Load([]byte(c.text), c.in, rows); err != nil {
			c.t.Fatal(err)
		}
	}
	rows, commands, err := c.engine.Step(c.t.Context(), e)
	if err != nil {
		if len(rows)+len(commands) > 0 {
			c.t.Fatalf("%T: %d rows and %d commands beside the error %v", e, len(rows), len(commands), err)
		}
		return err
	}
	for _, r := range rows {
		key := r.Kind + strconv.FormatInt(r.Key, 10)
		if c.rows[key] = r; r.Body == nil {
			delete(c.rows, key)
		}
	}
	for _, cmd := range commands {
		switch cmd := cmd.(type) {
		case workflow.Start:
			c.starts = append(c.starts, cmd)
		case workflow.Signal:
			c.signals = append(c.signals, cmd)
		case workflow.End:
			if c.ended != nil {
				c.t.Fatal("the chain ends twice")
			}
			c.ended = cmd.Result
		default:
			c.t.Fatalf("unexpected command %T", cmd)
		}
	}
	return nil
}

func (c *carrier) last() workflow.Start {
	c.t.Helper()
	if len(c.starts) == 0 {
		c.t.Fatal("nothing was started")
	}
	return c.starts[len(c.starts)-1]
}

// id is the execution that the last start became.
func (c *carrier) id() string { return "e" + c.last().Ref }

// launch answers the last start.
func (c *carrier) launch() {
	c.t.Helper()
	c.step(workflow.Launched{Ref: c.last().Ref, Execution: c.id(), At: c.now})
}

// report says how the last execution stands, with a result in JSON if it is over.
func (c *carrier) report(s execution.Status, result string) {
	c.t.Helper()
	child := workflow.Child{Ref: c.last().Ref, Execution: c.id(), Status: s, At: c.now}
	if result != "" {
		v, err := value.FromJSON([]byte(result))
		if err != nil {
			c.t.Fatal(err)
		}
		c.results[c.id()] = v
		child.Result = func(context.Context) (value.Value, error) { return v, nil }
	}
	c.step(child)
}

// runs lets the last execution run to an end.
func (c *carrier) runs(s execution.Status, result string) {
	c.t.Helper()
	c.launch()
	c.report(s, result)
}

func (c *carrier) wantStatus(want execution.Status) {
	c.t.Helper()
	if got := c.engine.Status(); got != want {
		c.t.Fatalf("status %s, want %s", got, want)
	}
}

// wantStart says which task was started last, with which input.
func (c *carrier) wantStart(task, input string) {
	c.t.Helper()
	got := c.last()
	if got.Task != task {
		c.t.Fatalf("task %s was started, want %s", got.Task, task)
	}
	if diff := cmp.Diff(input, toJSON(c.t, got.Input)); diff != "" {
		c.t.Fatalf("input of %s (-want +got):\n%s", task, diff)
	}
}

func (c *carrier) wantEnd(status execution.Status, result string) {
	c.t.Helper()
	c.wantStatus(status)
	if c.ended == nil {
		c.t.Fatal("the chain has not ended")
	}
	want := toJSON(c.t, dict(c.t, result))
	if diff := cmp.Diff(want, toJSON(c.t, c.ended)); diff != "" {
		c.t.Fatalf("result (-want +got):\n%s", diff)
	}
}

// wantError says why the chain failed.
func (c *carrier) wantError(want string) {
	c.t.Helper()
	c.wantStatus(execution.Failed)
	if c.ended == nil {
		c.t.Fatal("the chain has not ended")
	}
	got, _ := c.ended.Get("error")
	if diff := cmp.Diff(value.Value(want), got); diff != "" {
		c.t.Fatalf("error (-want +got):\n%s", diff)
	}
}

func dict(t *testing.T, text string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(*value.Dict)
}

func toJSON(t *testing.T, v value.Value) string {
	t.Helper()
	b, err := value.ToJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
