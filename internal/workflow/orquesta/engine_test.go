package orquesta_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

const repair = `version: 1.0
input:
  - host
  - tries: 2
vars:
  - load: 0
output:
  - load: <% ctx().load %>
tasks:
  look:
    action: core.local cmd="uptime <% ctx().host %>"
    next:
      - when: <% succeeded() %>
        publish: load=<% result().stdout %>
        do: mend
      - when: <% failed() %>
        do: page
  mend:
    action: linux.restart
    input:
      host: <% ctx().host %>
      tries: <% ctx().tries %>
  page:
    action: core.noop
    next:
      - do: fail
`

func TestOneTaskAfterAnother(t *testing.T) {
	for _, reload := range []bool{false, true} {
		t.Run(fmt.Sprintf("reload %v", reload), func(t *testing.T) {
			c := carry(t, repair, `{"host": "web1"}`)
			c.reload = reload
			c.step(workflow.Begin{})
			c.wantStatus(execution.Running)
			look := c.take("look")
			if look.Action != "core.local" || toJSON(t, look.Input) != `{"cmd": "uptime web1"}` {
				t.Errorf("start %s %s", look.Action, toJSON(t, look.Input))
			}
			if got, want := toJSON(t, look.Context["orquesta"]), `{"task_execution_id": "wf1.0", "task_id": "look", "task_name": "look", "task_route": 0, "workflow_execution_id": "wf1"}`; got != want {
				t.Errorf("context %s, want %s", got, want)
			}
			c.ends(look, execution.Succeeded, `{"stdout": 7}`)
			mend := c.take("mend")
			if got := toJSON(t, mend.Input); got != `{"host": "web1", "tries": 2}` {
				t.Errorf("input %s", got)
			}
			c.ends(mend, execution.Succeeded, `{}`)
			c.wantEnd(execution.Succeeded, `{"output": {"load": 7}}`)
		})
	}
}

func TestAFailureThatIsDealtWithMayStillFail(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	c.fails("look", `{"stderr": "no route"}`)
	c.succeeds("page", `{}`)
	c.wantEnd(execution.Failed, `{"output": {"load": 0}, "errors": [
		{"type": "error", "message": "Execution failed. See result for details.", "task_id": "look", "result": {"stderr": "no route"}},
		{"type": "error", "message": "Execution failed. See result for details.", "task_id": "fail"}]}`)
}

func TestAMistakeKeepsItFromBeginning(t *testing.T) {
	_, err := orquesta.New().New([]byte("version: 1.0\ntasks:\n  a:\n    action: x.y\n    next:\n      - do: b\n"), workflow.Input{})
	found, ok := errors.AsType[spec.Findings](err)
	if !ok || fault.KindOf(err) != fault.Invalid || len(found) != 1 || found[0].Line != 6 {
		t.Errorf("error %v", err)
	}
}

// noActions knows of no action at all.
type noActions struct{}

func (noActions) Parameters(string) (*action.Compiled, bool) { return nil, false }
func (noActions) Refs() []string                             { return nil }

func TestAnActionThatThereIsNotKeepsItFromBeginning(t *testing.T) {
	l := orquesta.New()
	text := []byte("version: 1.0\ntasks:\n  a:\n    action: x.y\n    next: [{do: b}]\n")
	_, err := l.New(text, workflow.Input{Actions: noActions{}})
	if found, ok := errors.AsType[spec.Findings](err); !ok || len(found) != 2 {
		t.Errorf("beside another mistake: %v", err)
	}
	text = text[:bytes.Index(text, []byte("    next"))]
	if _, err := l.New(text, workflow.Input{}); err != nil {
		t.Fatalf("where nothing is known of actions: %v", err)
	}
	_, err = l.New(text, workflow.Input{Actions: noActions{}})
	found, ok := errors.AsType[spec.Findings](err)
	if !ok || len(found) != 1 || found[0].Category != spec.Contents || found[0].Line != 4 {
		t.Errorf("error %v", err)
	}
}

func TestWhatCannotBeRenderedIsTold(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"in the input": {`version: 1.0
input:
  - a: <% ctx(b) %>
  - b: 1
tasks:
  x: {action: core.noop}
`, nil},
		"in vars": {`version: 1.0
vars:
  - a: <% json('{') %>
  - b: <% 1 / 0 %>
tasks:
  x: {action: core.noop}
`, []string{
			"YaqlEvaluationException: Unable to evaluate expression '<% json('{') %>'. JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) (vars[0].a, line 3)",
			"YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero (vars[1].b, line 4)",
		}},
		"in the input of a task": {`version: 1.0
tasks:
  x:
    action: core.echo
    input:
      message: <% 1 / 0 %>
`, []string{"YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero (tasks.x.input, line 6)"}},
		"a delay": {`version: 1.0
tasks:
  x:
    action: core.noop
    delay: <% 'soon' %>
`, []string{"TypeError: The value of task delay is not type of integer. (tasks.x.delay, line 5)"}},
		"items that are no list": {`version: 1.0
tasks:
  x:
    action: core.noop
    with: <% 42 %>
`, []string{`TypeError: The value of "<% 42 %>" is not type of list. (tasks.x.with.items, line 5)`}},
		"a concurrency": {`version: 1.0
tasks:
  x:
    action: core.noop
    with:
      items: <% [1, 2] %>
      concurrency: <% 'all' %>
`, []string{"TypeError: The value of concurrency is not type of integer but of str. (tasks.x.with.concurrency, line 7)"}},
		"an action that is no name": {`version: 1.0
tasks:
  x:
    action: <% 5 %>
`, []string{"TypeError: The action is not a name but 5. (tasks.x.action, line 4)"}},
		"an input that is no dict": {`version: 1.0
tasks:
  x:
    action: core.noop
    input: <% [1] %>
`, []string{"TypeError: The input of the action is not a dict but of type list. (tasks.x.action, line 4)"}},
		"a number of retries": {`version: 1.0
tasks:
  x:
    action: core.noop
    retry:
      count: <% 'many' %>
`, []string{`ValueError: The retry count for task "x" is not an integer. (tasks.x.retry.count, line 6)`}},
		"a time-out": {`version: 1.0
timeout: <% 'soon' %>
tasks:
  x: {action: core.noop}
`, []string{"TypeError: The value of the timeout is not type of integer. (timeout, line 2)"}},
	}
	for name, tt := range tests {
		if tt.want == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c := begin(t, tt.text, `{}`)
			c.wantStatus(execution.Failed)
			c.wantErrors(tt.want...)
			c.wantTasks("")
		})
	}
}

func TestWhatCannotBeRenderedAfterATaskIsTold(t *testing.T) {
	tests := map[string]struct {
		next string
		want string
	}{
		"when": {`
      - when: <% 1 / 0 %>
        do: y
`, "(tasks.x.next[0].when, line 6)"},
		"publish": {`
      - publish:
          - a: 1
          - b: <% 1 / 0 %>
        do: y
`, "(tasks.x.next[0].publish[1].b, line 8)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\n    next:"+tt.next+"  y:\n    action: core.noop\n", `{}`)
			c.succeeds("x", `{}`)
			c.wantStatus(execution.Failed)
			c.wantErrors("YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero " + tt.want)
		})
	}
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\noutput:\n  - a: 1\n  - b: <% 1 / 0 %>\n", `{}`)
	c.succeeds("x", `{}`)
	c.wantStatus(execution.Failed)
	c.wantErrors("YaqlEvaluationException: Unable to evaluate expression '<% 1 / 0 %>'. ZeroDivisionError: integer division or modulo by zero (output[1].b, line 7)")
}

func TestAnActionThatIsNotThereFailsTheWorkflow(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.nothing\n    next:\n      - do: y\n  y:\n    action: core.noop\n", `{}`)
	c.step(workflow.Launched{Ref: c.take("x").Ref, Refused: `Unable to find action "core.nothing".`, Unknown: true})
	c.wantStatus(execution.Failed)
	c.wantErrors(`InvalidActionReferencedException: Unable to find action "core.nothing". (tasks.x.action, line 4)`)
	c.wantTasks("")
}

func TestACycleWithoutAnEndEnds(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  begin:\n    next:\n      - do: turn\n  turn:\n    next:\n      - do: turn\n", `{}`)
	c.wantStatus(execution.Failed)
	c.wantErrors("LimitError: Tasks have run 100000 times, which is as often as they may in one workflow. Is there a cycle without an end? (tasks.turn, line 7)")
}

func TestAJoinThatCannotBeSatisfied(t *testing.T) {
	c := begin(t, `version: 1.0
tasks:
  a:
    action: core.noop
    next:
      - do: c
  b:
    action: core.noop
    next:
      - when: <% failed() %>
        do: c
  c:
    join: all
    action: core.noop
`, `{}`)
	c.succeeds("a", `{}`)
	c.wantStatus(execution.Running)
	c.succeeds("b", `{}`)
	c.wantStatus(execution.Failed)
	c.wantErrors(`UnreachableJoinError: The join task|route "c|0" is partially satisfied but unreachable. (tasks.c.join, line 13)`)
}

func TestRetryWaitsAsLongAsItSays(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\n    delay: 9\n    retry:\n      count: 2\n      delay: 4\n", `{}`)
	if got := c.open[0].Delay; got != 9*time.Second {
		t.Errorf("delay %s", got)
	}
	c.fails("x", `{}`)
	if got := c.open[0].Delay; got != 4*time.Second {
		t.Errorf("delay of the retry %s", got)
	}
	c.fails("x", `{}`)
	c.wantStatus(execution.Running)
	c.fails("x", `{}`)
	c.wantStatus(execution.Failed)
	if len(c.starts) != 3 {
		t.Errorf("%d runs", len(c.starts))
	}
}

func TestTaskTellsWhoRanIt(t *testing.T) {
	c := begin(t, forEach, `{"hosts": ["a", "b"]}`)
	c.succeeds("each", `{"out": 1}`)
	info, ok := c.engine.Task("each", -1)
	if !ok || !info.Itemized || len(info.Items) != 2 || info.Items[0] != (workflow.ItemInfo{Execution: "x0-1-0", Status: "succeeded"}) ||
		info.Items[1] != (workflow.ItemInfo{Status: "running"}) || info.Status != "running" {
		t.Errorf("task %+v", info)
	}
	if _, ok := c.engine.Task("nothing", -1); ok {
		t.Error("a task that there is not was found")
	}
}

func TestNotifyIsForTheTasksThatAreNamed(t *testing.T) {
	c := carry(t, repair, `{"host": "web1"}`)
	c.in.Runner = dict(t, `{"notify": ["mend"]}`)
	c.in.Notify = dict(t, `{"on-complete": {"routes": ["slack"]}}`)
	var err error
	if c.engine, err = c.lang.New([]byte(repair), c.in); err != nil {
		t.Fatal(err)
	}
	c.step(workflow.Begin{})
	if got := value.Repr(c.open[0].Notify); got != "{}" {
		t.Errorf("of another task hears %s", got)
	}
	c.succeeds("look", `{"stdout": 7}`)
	if got := value.Repr(c.open[0].Notify); got != "{'on-complete': {'routes': ['slack']}}" {
		t.Errorf("of the task hears %s", got)
	}
}

func TestALongResultIsNotRepeatedAmongTheErrors(t *testing.T) {
	c := begin(t, "version: 1.0\ntasks:\n  x:\n    action: core.noop\n", `{}`)
	c.fails("x", `{"stdout": "`+strings.Repeat("x", 100_000)+`"}`)
	c.wantEnd(execution.Failed, `{"output": null, "errors": [{"type": "error", "message": "Execution failed. See result for details.",
		"task_id": "x", "result": {"execution_id": "x0", "result_size": 100013}}]}`)
}

// TestWhatCannotBeReadIsNoMistakeOfTheWorkflow has the ledger fail for a moment while
// an expression asks for something: the step does not count, and the next one does.
func TestWhatCannotBeReadIsNoMistakeOfTheWorkflow(t *testing.T) {
	broken := &workflow.LookupError{Err: errors.New("the disk is on fire")}
	for name, expression := range map[string]string{
		"a result":          "<% result().x %>",
		"a task, in Jinja":  "'{{ task(\"a\").result.x }}'",
		"a key":             "<% st2kv('system.x') %>",
		"a key, in Jinja":   "'{{ st2kv(\"system.x\") }}'",
		"a key in a filter": "<% [1].select(st2kv('system.x')).first() %>",
	} {
		t.Run(name, func(t *testing.T) {
			fails := true
			answer := func() (value.Value, bool, error) {
				if fails {
					return nil, false, broken
				}
				return int64(7), true, nil
			}
			c := carry(t, "version: 1.0\ntasks:\n  a:\n    action: x.y\n    next:\n      - publish:\n          - x: "+expression+
				"\n        do: b\n  b:\n    action: x.y x=<% ctx(x) %>\n", `{}`)
			c.in.Expr = expr.New(expr.Options{
				Datastore: func(context.Context, expr.Key) (value.Value, bool, error) { return answer() },
				Task: func(context.Context, string, string, int64) (value.Value, bool, error) {
					v, ok, err := answer()
					return dictOf("result", dictOf("x", v)), ok, err
				},
			})
			var err error
			if c.engine, err = c.lang.New([]byte(c.text), c.in); err != nil {
				t.Fatal(err)
			}
			c.step(workflow.Begin{})
			ended := workflow.Child{Ref: c.take("a").Ref, Execution: "e1", Status: execution.Succeeded}
			ended.Result = func(context.Context) (value.Value, error) {
				v, _, err := answer()
				return dictOf("x", v), err
			}
			if err := c.try(ended); !errors.Is(err, broken) {
				t.Fatalf("error %v", err)
			}
			fails = false
			c.restore(c.in)
			c.step(ended)
			if got := toJSON(t, c.take("b").Input); got != `{"x": 7}` {
				t.Errorf("input %s", got)
			}
		})
	}
}

func dictOf(key string, v value.Value) *value.Dict {
	d := value.NewDict()
	d.Set(key, v)
	return d
}

func TestAServerThatStopsFailsNoWorkflow(t *testing.T) {
	c := begin(t, repair, `{"host": "web1"}`)
	ended := workflow.Child{Ref: c.take("look").Ref, Execution: "e1", Status: execution.Succeeded}
	ended.Result = func(ctx context.Context) (value.Value, error) { return nil, ctx.Err() }
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if rows, commands, err := c.engine.Step(ctx, ended); !errors.Is(err, context.Canceled) || len(rows)+len(commands) > 0 {
		t.Errorf("%d rows, %d commands, error %v", len(rows), len(commands), err)
	}
}
