package chain_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
)

const repair = `
vars:
  greeting: "Hello {{ host }}"
  port: 9101
chain:
  - name: look
    ref: core.local
    params:
      cmd: "look {{ host }} {{ port + 1 }}"
    publish:
      load: "{{ look.stdout }}"
      both: ["{{ greeting }}", {"said by": "{{ look.stdout }}"}]
    on-success: mend
    on-failure: page
  - name: mend
    ref: core.local
    parameters:
      cmd: "{{ greeting }}: {{ look.stdout }} {{ load }}"
      list: "{{ both }}"
    on-failure: page
  - name: page
    ref: core.local
`

func TestOneAfterAnother(t *testing.T) {
	c := carry(t, repair, func(in *workflow.Input) { in.Parameters = dict(t, `{"host": "web1"}`) })
	c.step(workflow.Begin{})
	c.wantStatus(execution.Running)
	c.wantStart("look", `{"cmd":"look web1 9102"}`)
	if got := c.last(); got.Action != "core.local" {
		t.Errorf("action %s", got.Action)
	}
	c.runs(execution.Succeeded, `{"stdout": "high", "failed": false}`)
	c.wantStart("mend", `{"cmd":"Hello web1: high high","list":"['Hello web1', {'said by': 'high'}]"}`)
	c.runs(execution.Succeeded, `{"stdout": "done"}`)
	c.wantEnd(execution.Succeeded, `{
		"tasks": [
			{"id": "look", "name": "look", "execution_id": "e0", "liveaction_id": "e0", "workflow": null,
			 "created_at": "2026-11-29T02:00:01.000000+00:00", "updated_at": "2026-11-29T02:00:02.000000+00:00",
			 "state": "succeeded", "result": {"stdout": "high", "failed": false}},
			{"id": "mend", "name": "mend", "execution_id": "e1", "liveaction_id": "e1", "workflow": null,
			 "created_at": "2026-11-29T02:00:03.000000+00:00", "updated_at": "2026-11-29T02:00:04.000000+00:00",
			 "state": "succeeded", "result": {"stdout": "done"}}],
		"published": {"load": "high", "both": ["Hello web1", {"said by": "high"}]}}`)
}

func TestHowTheLastTaskEndsIsHowTheChainEnds(t *testing.T) {
	tests := map[string]struct {
		look, second execution.Status // of the two tasks; "": there is no second
		task         string           // the second
		want         execution.Status
	}{
		"success":                          {execution.Succeeded, execution.Succeeded, "mend", execution.Succeeded},
		"a failure that is dealt with":     {execution.Failed, execution.Succeeded, "page", execution.Succeeded},
		"a timeout is a failure":           {execution.Timeout, execution.Succeeded, "page", execution.Succeeded},
		"nobody knows, so it is a failure": {execution.Abandoned, execution.Succeeded, "page", execution.Succeeded},
		"the last one fails":               {execution.Failed, execution.Failed, "page", execution.Failed},
		"the last one takes too long":      {execution.Failed, execution.Timeout, "page", execution.Timeout},
		"the last one is abandoned":        {execution.Failed, execution.Abandoned, "page", execution.Failed},
		"canceled by somebody":             {execution.Canceled, "", "", execution.Canceled},
		"canceled later":                   {execution.Succeeded, execution.Canceled, "mend", execution.Canceled},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := carry(t, repair, func(in *workflow.Input) { in.Parameters = dict(t, `{"host": "web1"}`) })
			c.step(workflow.Begin{})
			c.runs(tt.look, `{"stdout": "x"}`)
			if tt.second != "" {
				if got := c.last().Task; got != tt.task {
					t.Fatalf("task %s was started, want %s", got, tt.task)
				}
				c.runs(tt.second, `{"stdout": "y"}`)
			}
			c.wantStatus(tt.want)
			if c.ended == nil || c.ended.Has("error") {
				t.Errorf("result %s", toJSON(t, c.ended))
			}
		})
	}
}

func TestWhatTemplatesCanName(t *testing.T) {
	tests := map[string]struct{ template, want string }{
		"a parameter":                           {"{{ host }}", "web1"},
		"a result":                              {"{{ one.stdout }}", "first"},
		"a task with a dash":                    {"{{ __results['task-two'].stdout }}", "second"},
		"the same through everything":           {"{{ __context['task-two'].stdout }}", "second"},
		"a variable before a result":            {"{{ clash }}", "the variable"},
		"what was published before a variable":  {"{{ later }}", "published"},
		"a task before a parameter":             {"{{ both.stdout }}", "third"},
		"the chain's context":                   {"{{ action_context.parent.execution_id }} {{ action_context.parent.user }}", "chain1 ada"},
		"the configuration of the pack":         {"{{ config_context.url }}", "http://ops"},
		"a key of the system":                   {"{{ st2kv.system.team }}", "night"},
		"a key of the system, as it was called": {"{{ system.team }}", "night"},
		"a key of the user":                     {"{{ st2kv.user.color }}", "blue"},
		"a secret key":                          {"{{ st2kv.system.secret | decrypt_kv }}", "opened sealed"},
		"a key that there is not":               {"<{{ st2kv.system.nothing }}>", "<>"},
		"a name with a default":                 {"{{ nothing | default('none') }}", "none"},
		"what has not run yet":                  {"{% if ask is defined %}yes{% else %}no{% endif %}", "no"},
		"a line break at the end is dropped":    {"text\\n", "text"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := `
vars: {clash: the variable, later: variable}
chain:
  - {name: one, ref: a.b, on-success: task-two}
  - {name: task-two, ref: a.b, on-success: both, publish: {later: published}}
  - {name: both, ref: a.b, on-success: clash}
  - {name: clash, ref: a.b, on-success: ask}
  - {name: ask, ref: a.b, parameters: {q: "` + tt.template + `"}}
`
			c := carry(t, text, func(in *workflow.Input) {
				in.Parameters = dict(t, `{"host": "web1", "both": "the parameter"}`)
				in.Templates.Config = func(context.Context) (*value.Dict, error) { return dict(t, `{"url": "http://ops"}`), nil }
				in.Templates.Datastore = store{
					"st2kv.system//team": "night", "st2kv.user/ada/color": "blue", "st2kv.system//secret": "sealed",
				}
				in.Templates.Decrypt = func(_ context.Context, _, s string) (string, error) { return "opened " + s, nil }
			})
			c.step(workflow.Begin{})
			for _, out := range []string{"first", "second", "third", "fourth"} {
				c.runs(execution.Succeeded, `{"stdout": "`+out+`"}`)
			}
			c.wantStart("ask", `{"q":"`+tt.want+`"}`)
		})
	}
}

func TestResultsAreReadOnlyWhenTheyAreNamed(t *testing.T) {
	c := carry(t, `
chain:
  - {name: a, ref: x.y, on-success: b}
  - {name: b, ref: x.y, on-success: c, parameters: {p: plain}}
  - {name: c, ref: x.y, on-success: d, parameters: {p: "{{ a.v }} {{ a.v }}"}}
  - {name: d, ref: x.y}
`, nil)
	c.step(workflow.Begin{})
	for i, want := range []int{0, 0, 1} {
		if i > 0 {
			c.runs(execution.Succeeded, `{"v": 1}`)
		}
		if c.readings != want {
			t.Errorf("after %d tasks: %d results were read, want %d", i, c.readings, want)
		}
	}
}

func TestALoopSeesTheLastResultOfEachTask(t *testing.T) {
	c := carry(t, `
chain:
  - name: count
    ref: x.y
    parameters: {n: "{% if count is defined %}{{ count.n + 1 }}{% else %}0{% endif %}"}
    on-success: count
    on-failure: done
  - {name: done, ref: x.y, parameters: {n: "{{ __results.count.n }}"}}
`, nil)
	c.step(workflow.Begin{})
	for i := range 5 {
		n := string(rune('0' + i))
		c.wantStart("count", `{"n":"`+n+`"}`)
		c.runs(execution.Succeeded, `{"n": `+n+`}`)
	}
	c.runs(execution.Failed, `{"n": 7}`)
	c.wantStart("done", `{"n":"7"}`)
	c.runs(execution.Succeeded, `{}`)
	c.wantStatus(execution.Succeeded)
	tasks, _ := c.ended.Get("tasks")
	if n := tasks.(*value.List).Len(); n != 7 {
		t.Errorf("%d tasks in the result, want 7", n)
	}
}

func TestACircleEnds(t *testing.T) {
	c := carry(t, "chain: [{name: a, ref: x.y, on-success: b}, {name: b, ref: x.y, on-success: a}]", nil)
	c.step(workflow.Begin{})
	for range 10_000 {
		c.runs(execution.Succeeded, `{}`)
	}
	c.wantError(`The chain has run 10000 tasks, which is as many as it may. Is there a circle without an end? The next one was to be "a".`)
	if n := len(c.starts); n != 10_000 {
		t.Errorf("%d tasks were started", n)
	}
}

func TestATemplateMayChooseTheNextTask(t *testing.T) {
	text := `
chain:
  - {name: a, ref: x.y, on-success: "{{ a.next }}"}
  - {name: b, ref: x.y}
`
	c := carry(t, text, nil)
	c.step(workflow.Begin{})
	c.runs(execution.Succeeded, `{"next": "b"}`)
	c.wantStart("b", `{}`)

	c = carry(t, text, nil)
	c.step(workflow.Begin{})
	c.runs(execution.Succeeded, `{"next": ""}`)
	c.wantStatus(execution.Succeeded)

	c = carry(t, text, nil)
	c.step(workflow.Begin{})
	c.runs(execution.Succeeded, `{"next": "c"}`)
	c.wantError(`There is no task "c", which is to follow task "a".`)

	c = carry(t, text, nil)
	c.step(workflow.Begin{})
	c.runs(execution.Succeeded, `{}`)
	c.wantError(`What follows task "a" is not known: line 1, column 6: 'dict object' has no attribute 'next'`)
}

func TestWhatCannotBeRenderedFailsTheChain(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a variable": {
			`{vars: {v: "{{ hots }}"}, chain: [{name: a, ref: x.y}]}`,
			`The vars of the chain could not be set: "v": line 1, column 4: 'hots' is undefined (did you mean 'host'?)`,
		},
		"a parameter": {
			`chain: [{name: a, ref: x.y, on-failure: b, params: {p: "{{ hots }}"}}, {name: b, ref: x.y}]`,
			`Task "a" could not be run: Failed to render parameter "p": line 1, column 4: 'hots' is undefined (did you mean 'host'?)`,
		},
		"a variable to publish": {
			`chain: [{name: a, ref: x.y, on-success: b, publish: {p: "{{ a.nothing }}"}}, {name: b, ref: x.y}]`,
			`Task "a" could not publish: Failed to render variable "p": line 1, column 6: 'dict object' has no attribute 'nothing'`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := carry(t, tt.text, func(in *workflow.Input) { in.Parameters = dict(t, `{"host": "web1"}`) })
			c.step(workflow.Begin{})
			if len(c.starts) > 0 {
				c.runs(execution.Succeeded, `{}`)
			}
			c.wantError(tt.want)
			if v, ok := c.ended.Get("traceback"); !ok || v != "" {
				t.Errorf("traceback %v", v)
			}
		})
	}
}

func TestWhatIsRefusedIsAFailedTask(t *testing.T) {
	c := carry(t, repair, func(in *workflow.Input) { in.Parameters = dict(t, `{"host": "web1"}`) })
	c.step(workflow.Begin{})
	c.step(workflow.Launched{Ref: "0", Refused: "The parameters do not fit.", At: c.now})
	c.wantStart("page", `{}`)
	c.runs(execution.Succeeded, `{}`)
	c.wantEnd(execution.Succeeded, `{
		"tasks": [
			{"id": "look", "name": "look", "execution_id": null, "liveaction_id": null, "workflow": null,
			 "created_at": "2026-11-29T02:00:01.000000+00:00", "updated_at": "2026-11-29T02:00:01.000000+00:00", "state": "failed",
			 "result": {"error": "Task \"look\" could not be run: The parameters do not fit.", "traceback": ""}},
			{"id": "page", "name": "page", "execution_id": "e1", "liveaction_id": "e1", "workflow": null,
			 "created_at": "2026-11-29T02:00:02.000000+00:00", "updated_at": "2026-11-29T02:00:03.000000+00:00",
			 "state": "succeeded", "result": {}}],
		"published": {}}`)
}

func TestAnActionThatThereIsNotEndsTheChain(t *testing.T) {
	c := carry(t, repair, func(in *workflow.Input) { in.Parameters = dict(t, `{"host": "web1"}`) })
	c.step(workflow.Begin{})
	c.runs(execution.Succeeded, `{"stdout": "x"}`)
	c.step(workflow.Launched{Ref: "1", Refused: `Action "core.local" cannot be found.`, Unknown: true, At: c.now})
	c.wantError(`Task "mend" could not be run: Action "core.local" cannot be found.`)
	tasks, _ := c.ended.Get("tasks")
	if n := tasks.(*value.List).Len(); n != 1 {
		t.Errorf("%d tasks in the result, want 1", n)
	}
}

func TestDisplayPublished(t *testing.T) {
	for _, shown := range []bool{true, false} {
		c := carry(t, repair, func(in *workflow.Input) {
			in.Parameters, in.Runner = dict(t, `{"host": "web1"}`), value.NewDict()
			in.Runner.Set("display_published", shown)
		})
		c.step(workflow.Begin{})
		c.runs(execution.Canceled, `{"stdout": "x"}`)
		if got := c.ended.Has("published"); got != shown {
			t.Errorf("display_published %v: published in the result %v", shown, got)
		}
	}
}

func TestWhoHearsOfATask(t *testing.T) {
	text := `
chain:
  - {name: own, ref: x.y, on-success: chain, notify: {on-complete: {routes: [own]}}}
  - {name: chain, ref: x.y, on-success: skipped}
  - {name: skipped, ref: x.y, notify: {on-complete: {routes: [own]}}}
`
	c := carry(t, text, func(in *workflow.Input) {
		in.Notify, in.Runner = dict(t, `{"on-failure": {"routes": ["all"]}}`), dict(t, `{"skip_notify": ["skipped"]}`)
	})
	c.step(workflow.Begin{})
	c.runs(execution.Succeeded, `{}`)
	c.runs(execution.Succeeded, `{}`)
	var got []string
	for _, s := range c.starts {
		got = append(got, toJSON(t, s.Notify))
	}
	want := []string{`{"on-complete":{"routes":["own"]}}`, `{"on-failure":{"routes":["all"]}}`, `{}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheContextOfAChildShowsItsTask(t *testing.T) {
	c := carry(t, `chain: [{name: a, ref: x.y, params: {p: "{{ 1 + 1 }}"}, on-success: b}, {name: b, ref: x.y}]`, nil)
	c.step(workflow.Begin{})
	want := `{"name":"a","ref":"x.y","params":{"p":"{{ 1 + 1 }}"},"parameters":null,` +
		`"on_success":"b","on_failure":null,"publish":null,"notify":null}`
	if got := toJSON(t, c.last().Context["chain"]); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestTask(t *testing.T) {
	c := carry(t, repair, func(in *workflow.Input) { in.Parameters = dict(t, `{"host": "web1"}`) })
	c.step(workflow.Begin{})
	c.runs(execution.Succeeded, `{"stdout": "x"}`)
	c.launch()
	c.report(execution.Running, "")
	for name, want := range map[string]workflow.TaskInfo{
		"look": {ID: "look", Status: "succeeded", Execution: "e0"},
		"mend": {ID: "mend", Status: "running", Execution: "e1"},
	} {
		if got, ok := c.engine.Task(name, -1); !ok || !cmp.Equal(want, got) {
			t.Errorf("%s: %+v %v", name, got, ok)
		}
	}
	if _, ok := c.engine.Task("page", -1); ok {
		t.Error("page has not run")
	}
}

func TestALookUpThatFailsIsNoMistakeOfTheChain(t *testing.T) {
	broken := errors.New("the disk is on fire")
	down := true
	c := carry(t, `
chain:
  - {name: a, ref: x.y, on-success: b, publish: {v: "{{ st2kv.system.k }}"}}
  - {name: b, ref: x.y, parameters: {v: "{{ a.v }} {{ v }}"}}
`, func(in *workflow.Input) {
		in.Templates.Datastore = flaky{&down, broken}
	})
	c.step(workflow.Begin{})
	c.launch()
	c.results["e0"] = dict(t, `{"v": 1}`)
	over := workflow.Child{Ref: "0", Execution: "e0", Status: execution.Succeeded, At: c.now, Result: func(context.Context) (value.Value, error) {
		return c.results["e0"], nil
	}}
	if err := c.try(over); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	c.wantStatus(execution.Running)
	down = false
	c.step(over)
	c.wantStart("b", `{"v":"1 up"}`)
}

func TestRerunIsRefused(t *testing.T) {
	c := carry(t, repair, func(in *workflow.Input) { in.Parameters = dict(t, `{"host": "web1"}`) })
	c.step(workflow.Begin{})
	err := c.try(workflow.Rerun{Tasks: []workflow.RerunTask{{Name: "look"}}})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("error %v", err)
	}
}

func TestADefinitionWithMistakesMakesNoEngine(t *testing.T) {
	_, err := chain.New().New([]byte("chain: [{name: a}, {ref: b}]"), workflow.Input{})
	wrong, ok := errors.AsType[chain.Mistakes](err)
	if !ok || len(wrong) != 2 || fault.KindOf(err) != fault.Invalid {
		t.Errorf("error %v", err)
	}
}

// store is a datastore: scope/user/name to value.
type store map[string]string

func (s store) Get(_ context.Context, scope, user, name string) (string, bool, error) {
	if scope == "st2kv.system" {
		user = ""
	}
	v, ok := s[scope+"/"+user+"/"+name]
	return v, ok, nil
}

type flaky struct {
	down *bool
	err  error
}

func (f flaky) Get(context.Context, string, string, string) (string, bool, error) {
	if *f.down {
		return "", false, f.err
	}
	return "up", true, nil
}

var _ action.Datastore = store{}
