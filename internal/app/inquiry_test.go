package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// A question goes out by a rule, its answer comes in over HTTP, and whoever is to
// hear of the end does.
func TestAQuestionIsCarriedToPeopleAnsweredAndTheEndIsTold(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"ops": {
		"pack.yaml": manifest("ops"),
		"actions/approve.yaml": `{name: approve, runner_type: inquirer, enabled: true,
			parameters: {users: {immutable: true, default: [admin, boss]}, ttl: {default: 5}},
			notify: {on-success: {message: "{{ action_context.answered_by }} said {{ action_results.response.continue }}", routes: [log]}}}`,
		"rules/ask.yaml": `{name: ask, enabled: true, trigger: {type: core.st2.generic.inquiry},
			action: {ref: core.echo, parameters: {message: "asked at {{ trigger.route }}: {{ trigger.id }}"}}}`,
		"rules/tell.yaml": `{name: tell, enabled: true, trigger: {type: core.st2.generic.notifytrigger},
			criteria: {trigger.route: {type: equals, pattern: log}},
			action: {ref: core.echo, parameters: {message: "{{ trigger.message }}"}}}`,
	}})
	e := launch(t, s, "ops.approve", "route", "chat")
	eventually(t, s, store.Executions{IDs: []string{e.ID}}, "it waits", all(1, execution.Pending))
	told := eventually(t, s, store.Executions{Action: "core.echo", Rule: "ask"}, "people are asked", all(1, execution.Succeeded))
	if got, want := result(t, s, told[0].ID)["stdout"], "asked at chat: "+e.ID; got != want {
		t.Errorf("people read %q, want %q", got, want)
	}
	put(t, s, "/api/v1/inquiries/"+e.ID, `{"id": "`+e.ID+`", "response": {"continue": true}}`)
	eventually(t, s, store.Executions{IDs: []string{e.ID}}, "it is answered", all(1, execution.Succeeded))
	told = eventually(t, s, store.Executions{Action: "core.echo", Rule: "tell"}, "the end is told", all(1, execution.Succeeded))
	if got, want := result(t, s, told[0].ID)["stdout"], "admin said True"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// Whatever carries a question waits with it, and goes on with the answer.
func TestWorkflowsWaitForAnswers(t *testing.T) {
	s := apptest.Start(t, flows(map[string]string{
		"guarded": `
version: 1.0
input: [host]
tasks:
  prepare:
    action: core.noop
    next: [{do: [ask, other]}]
  ask:
    action: core.ask
    input: {route: ops, schema: {type: object, properties: {reboot: {type: boolean, required: true}}}}
    next:
      - {when: <% succeeded() and result().response.reboot %>, publish: [{said: <% result().response %>}], do: join}
      - {when: <% failed() %>, do: fail}
  other:
    action: core.noop
    next: [{do: join}]
  join:
    join: all
    action: flows.say cmd="echo reboot <% ctx(host) %>"
output: [{said: <% ctx(said) %>}]
`,
		"chained": `
chain:
  - {name: begin, ref: core.noop, on-success: ask}
  - {name: ask, ref: core.ask, publish: {said: "{{ ask.response.name }}"}, on-success: after,
     parameters: {schema: {type: object, properties: {name: {type: string, required: true}}}}}
  - {name: after, ref: flows.say, parameters: {cmd: "echo {{ ask.result.response.name }} {{ said }}"}}
`,
		"outer": `
version: 1.0
tasks:
  inner:
    action: flows.chained
    next: [{publish: [{said: <% result().published.said %>}]}]
output: [{said: <% ctx(said) %>}]
`,
	}))
	for _, tt := range []struct{ flow, answer, path, want string }{
		{"guarded", `{"reboot": true}`, "output", `map[said:map[reboot:true]]`},
		{"chained", `{"name": "ann"}`, "published", `map[said:ann]`},
		{"outer", `{"name": "bob"}`, "output", `map[said:bob]`},
	} {
		t.Run(tt.flow, func(t *testing.T) {
			e := launch(t, s, "flows."+tt.flow)
			pending := store.Executions{Action: "core.ask", Status: []execution.Status{execution.Pending}}
			asked := eventually(t, s, pending, "the question is put", all(1, execution.Pending))[0]
			eventually(t, s, ids(e.ID), "the workflow waits", all(1, execution.Paused))
			put(t, s, "/api/v1/inquiries/"+asked.ID, `{"response": `+tt.answer+`}`)
			eventually(t, s, ids(e.ID), "the workflow ends", all(1, execution.Succeeded))
			if got := fmt.Sprint(result(t, s, e.ID)[tt.path]); got != tt.want {
				t.Errorf("%s is %s, want %s", tt.path, got, tt.want)
			}
		})
		t.Run(tt.flow+" is canceled", func(t *testing.T) {
			e := launch(t, s, "flows."+tt.flow)
			eventually(t, s, ids(e.ID), "the workflow waits", all(1, execution.Paused))
			if _, err := s.Launcher.Cancel(t.Context(), e.ID, "ann"); err != nil {
				t.Fatal(err)
			}
			eventually(t, s, ids(e.ID), "the workflow is canceled", all(1, execution.Canceled))
			open := store.Executions{Action: "core.ask", Status: []execution.Status{execution.Pending}}
			eventually(t, s, open, "nobody is asked any more", all(0, execution.Pending))
		})
	}
}

// A rule that listens to ends hears of those, too, that come before the action runs.
func TestTheEndOfWhatNeverRanIsAnEvent(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"ops": {
		"pack.yaml":       manifest("ops"),
		"actions/do.yaml": `{name: do, runner_type: noop, enabled: true}`,
		"rules/end.yaml": `{name: end, enabled: true, trigger: {type: core.st2.generic.actiontrigger},
			criteria: {trigger.action_name: {type: equals, pattern: ops.do}},
			action: {ref: core.echo, parameters: {message: "{{ trigger.status }}"}}}`,
	}})
	e, err := s.Launcher.Launch(t.Context(), execution.Request{Action: "ops.do", Delay: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Launcher.Cancel(t.Context(), e.ID, "ann"); err != nil {
		t.Fatal(err)
	}
	told := eventually(t, s, store.Executions{Action: "core.echo"}, "the end is told", all(1, execution.Succeeded))
	if got := result(t, s, told[0].ID)["stdout"]; got != "canceled" {
		t.Errorf("told %q", got)
	}
}
