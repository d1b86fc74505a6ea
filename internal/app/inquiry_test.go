package app_test

import (
	"testing"

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
