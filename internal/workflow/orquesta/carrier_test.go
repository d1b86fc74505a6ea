package orquesta_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
)

// carrier carries one workflow by hand. It keeps the rows as a conductor would, and
// with reload makes the engine anew from them before each step.
type carrier struct {
	t      testing.TB
	text   string
	in     workflow.Input
	lang   *orquesta.Language
	reload bool

	engine  workflow.Engine
	rows    map[string]workflow.Row
	open    []workflow.Start // neither refused nor over
	starts  []workflow.Start // all of them
	signals []workflow.Signal
	wakes   []workflow.Wake
	results map[string]value.Value
	more    bool
	ended   *value.Dict
	saved   int // bytes of rows
}

func carry(t testing.TB, text, parameters string) *carrier {
	t.Helper()
	c := &carrier{t: t, text: text, rows: map[string]workflow.Row{}, results: map[string]value.Value{}, lang: orquesta.New()}
	c.in = workflow.Input{
		ID: "wf1", Parameters: dict(t, parameters),
		Context: dict(t, `{"st2": {"user": "ada", "workflow_execution_id": "wf1"}, "parent": null}`),
		Expr:    expr.New(expr.Options{}),
		Result: func(_ context.Context, id string) (value.Value, error) {
			v, ok := c.results[id]
			if !ok {
				return nil, fmt.Errorf("there is no execution %s", id)
			}
			return v, nil
		},
	}
	var err error
	if c.engine, err = c.lang.New([]byte(text), c.in); err != nil {
		t.Fatal(err)
	}
	return c
}

func begin(t testing.TB, text, parameters string) *carrier {
	t.Helper()
	c := carry(t, text, parameters)
	c.step(workflow.Begin{})
	return c
}

// step lets the workflow hear something, and goes on for as long as it asks for more.
func (c *carrier) step(ev workflow.Event) {
	c.t.Helper()
	if err := c.try(ev); err != nil {
		c.t.Fatalf("%T: %v", ev, err)
	}
	for c.more {
		c.more = false
		if err := c.try(workflow.More{}); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *carrier) try(ev workflow.Event) error {
	c.t.Helper()
	if c.reload && len(c.rows) > 0 {
		c.restore(c.in)
	}
	rows, commands, err := c.engine.Step(c.t.Context(), ev)
	if err != nil {
		return err
	}
	for _, r := range rows {
		key := r.Kind + strconv.FormatInt(r.Key, 10)
		c.saved += len(r.Body)
		if c.rows[key] = r; r.Body == nil {
			delete(c.rows, key)
		}
	}
	for _, cmd := range commands {
		switch cmd := cmd.(type) {
		case workflow.Start:
			c.starts = append(c.starts, cmd)
			c.open = append(c.open, cmd)
		case workflow.Signal:
			c.signals = append(c.signals, cmd)
		case workflow.Wake:
			c.wakes = append(c.wakes, cmd)
		case workflow.More:
			c.more = true
		case workflow.End:
			if c.ended != nil {
				c.t.Fatal("the workflow ends twice")
			}
			c.ended = cmd.Result
		}
	}
	return nil
}

// restore makes the engine anew from what was saved.
func (c *carrier) restore(in workflow.Input) {
	c.t.Helper()
	rows := make([]workflow.Row, 0, len(c.rows))
	for _, r := range c.rows {
		rows = append(rows, r)
	}
	var err error
	if c.engine, err = c.lang.Load([]byte(c.text), in, rows); err != nil {
		c.t.Fatal(err)
	}
}

// take takes the first open start of a task.
func (c *carrier) take(task string) workflow.Start {
	c.t.Helper()
	i := slices.IndexFunc(c.open, func(s workflow.Start) bool { return s.Task == task })
	if i < 0 {
		c.t.Fatalf("task %s is not running; open: %s", task, c.tasks())
	}
	s := c.open[i]
	c.open = slices.Delete(c.open, i, i+1)
	return s
}

// tasks names the open starts.
func (c *carrier) tasks() string {
	var names []string
	for _, s := range c.open {
		names = append(names, s.Task)
	}
	return strings.Join(names, " ")
}

func (c *carrier) wantTasks(want string) {
	c.t.Helper()
	if got := c.tasks(); got != want {
		c.t.Fatalf("running: %q, want %q", got, want)
	}
}

func idOf(s workflow.Start) string { return "x" + strings.ReplaceAll(s.Ref, "/", "-") }

// ends ends an execution.
func (c *carrier) ends(s workflow.Start, status execution.Status, result string) {
	c.t.Helper()
	v, err := value.FromJSON([]byte(result))
	if err != nil {
		c.t.Fatal(err)
	}
	c.endsWith(s, status, v)
}

func (c *carrier) endsWith(s workflow.Start, status execution.Status, v value.Value) {
	c.t.Helper()
	c.results[idOf(s)] = v
	c.step(workflow.Child{
		Ref: s.Ref, Execution: idOf(s), Status: status,
		Result: func(context.Context) (value.Value, error) { return v, nil },
	})
}

// waits says that the first open execution is in a status that is not final.
func (c *carrier) waits(status execution.Status) {
	c.t.Helper()
	c.step(workflow.Child{Ref: c.open[0].Ref, Execution: idOf(c.open[0]), Status: status})
}

func (c *carrier) succeeds(task, result string) {
	c.t.Helper()
	c.ends(c.take(task), execution.Succeeded, result)
}

func (c *carrier) fails(task, result string) {
	c.t.Helper()
	c.ends(c.take(task), execution.Failed, result)
}

func (c *carrier) wantStatus(want execution.Status) {
	c.t.Helper()
	if got := c.engine.Status(); got != want {
		c.t.Fatalf("status %s, want %s", got, want)
	}
}

// wantEnd says how the workflow has ended.
func (c *carrier) wantEnd(status execution.Status, result string) {
	c.t.Helper()
	c.wantStatus(status)
	if c.ended == nil {
		c.t.Fatal("the workflow has not said that it is over")
	}
	if diff := cmp.Diff(toJSON(c.t, dict(c.t, result)), toJSON(c.t, c.ended)); diff != "" {
		c.t.Fatalf("result (-want +got):\n%s", diff)
	}
}

// wantErrors says what the messages of the errors are.
func (c *carrier) wantErrors(want ...string) {
	c.t.Helper()
	if c.ended == nil {
		c.t.Fatal("the workflow has not ended")
	}
	v, _ := c.ended.Get("errors")
	list, _ := v.(*value.List)
	var got []string
	for _, x := range list.Items {
		d, _ := x.(*value.Dict)
		message, _ := d.Get("message")
		path, _ := d.Get("spec_path")
		line, _ := d.Get("line")
		text := value.Str(message)
		if path != nil {
			text += fmt.Sprintf(" (%s, line %v)", path, line)
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Fatalf("errors (-want +got):\n%s", diff)
	}
}

func dict(t testing.TB, text string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d, ok := v.(*value.Dict)
	if !ok {
		t.Fatalf("%s is no dict", text)
	}
	return d
}

func toJSON(t testing.TB, v value.Value) string {
	t.Helper()
	b, err := value.SortedJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
