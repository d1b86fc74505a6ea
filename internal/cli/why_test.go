package cli

import (
	"strings"
	"testing"
)

const whyJSON = `{
	"event": {"id": "e1", "trigger": "core.st2.webhook", "occurrence_time": "2026-11-22T15:00:00.000000Z", "status": "processed",
		"payload": {"body": {"status": "firing", "severity": "warning"}}},
	"rules": [
		{"rule": "examples.repair", "enabled": true, "action": "examples.restart", "matched": true, "reason": "all criteria are met",
			"criteria": [
				{"key": "trigger.body.status", "operator": "equals", "pattern": "firing", "value": "firing", "met": true, "decided": false},
				{"key": "trigger.body.severity", "operator": "inside", "written": "{{ st2kv.system.severities }}",
					"pattern": ["warning", "critical"], "value": "warning", "met": true, "decided": false}]},
		{"rule": "examples.page", "enabled": true, "action": "examples.page", "matched": false,
			"reason": "trigger.body.severity equals 'critical': not met, the value is 'warning'",
			"criteria": [
				{"key": "trigger.body.status", "operator": "equals", "pattern": "firing", "value": "firing", "met": true, "decided": false},
				{"key": "trigger.body.severity", "operator": "equals", "pattern": "critical", "value": "warning", "met": false, "decided": true},
				{"key": "trigger.body.used", "operator": "greaterthan", "pattern": 90, "value": null, "met": false, "decided": false}]},
		{"rule": "examples.disk", "enabled": true, "action": "core.noop", "matched": false, "reason": "trigger.body.used …",
			"criteria": [
				{"key": "trigger.body.used", "operator": "greaterthan", "pattern": 90, "value": null, "met": false, "decided": true}]},
		{"rule": "examples.broken", "enabled": true, "action": "core.noop", "matched": false, "reason": "…",
			"criteria": [
				{"key": "trigger.body.status", "operator": "lessthan", "pattern": 5, "value": "firing", "met": false, "decided": true,
					"failure": "a text and a number can't be compared"}]},
		{"rule": "examples.off", "enabled": false, "action": "core.noop", "matched": false, "reason": "the rule is disabled", "criteria": []}
	],
	"enforcements": [
		{"id": "n1", "rule": {"ref": "examples.repair", "id": "r1", "uid": "rule:examples:repair"}, "execution_id": "x1",
			"enforced_at": "2026-11-22T15:00:00.001000Z", "status": "succeeded"},
		{"id": "n2", "rule": {"ref": "examples.broken", "id": "r2", "uid": "u"}, "failure_reason": "criterion trigger.body.status: no",
			"enforced_at": "2026-11-22T15:00:00.001000Z", "status": "failed"}
	],
	"note": "The rules are asked as they are now."}`

func TestRuleWhy(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/ns/v1/events/e1/why", 200, whyJSON)
	f.check(t, f.run(t, "rule", "why", "e1"), result{Out: `Event e1 of core.st2.webhook
at Sun, 22 Nov 2026 15:00:00 UTC, processed

5 rules listen, 1 of them matches.

examples.repair matches and starts examples.restart: all criteria are met
    criterion              operator  pattern                  value      verdict
    trigger.body.status    equals    "firing"                 "firing"   met
    trigger.body.severity  inside    ["warning", "critical"]  "warning"  met
    The pattern of trigger.body.severity was written "{{ st2kv.system.severities }}".

examples.page does not match: trigger.body.severity is "warning", and not equals "critical"
    criterion              operator     pattern     value      verdict
    trigger.body.status    equals       "firing"    "firing"   met
  > trigger.body.severity  equals       "critical"  "warning"  not met
    trigger.body.used      greaterthan  90          null       not met

examples.disk does not match: trigger.body.used is not in the event
    criterion          operator     pattern  value  verdict
  > trigger.body.used  greaterthan  90       null   not met

examples.broken does not match: trigger.body.status could not be evaluated
    criterion            operator  pattern  value     verdict
  > trigger.body.status  lessthan  5        "firing"  failed: a text and a number can't be compared

examples.off does not match: the rule is disabled

What came of it:
  examples.repair started the execution x1
  examples.broken failed: criterion trigger.body.status: no

The rules are asked as they are now.
`})
}

func TestRuleWhyOfOneRule(t *testing.T) {
	f := newFake(t)
	const one = `{"event": {"id": "e1", "trigger": "core.0cba186a-2049-59f6-8584-9ee4177524d6", "status": "processed",
		"occurrence_time": "2026-11-22T15:00:00.000000Z", "payload": {}},
		"rules": [{"rule": "a.timer", "enabled": true, "action": "core.noop", "matched": false, "criteria": [],
			"reason": "the rule listens to core.abc, and the event is of core.0cba"}], "enforcements": []}`
	f.answer("GET /api/ns/v1/rules/a.timer/why", 200, one)
	f.answer("GET /api/ns/v1/rules/a.gone/why", 404, `{"faultstring": "There is no rule a.gone."}`)
	f.answer("GET /api/v1/triggers", 200, `[{"ref": "core.x"}, {"ref": "core.0cba186a-2049-59f6-8584-9ee4177524d6",
		"type": "core.st2.webhook", "parameters": {"url": "alerts"}}]`)
	want := result{Out: `Event e1 of core.st2.webhook (url=alerts)
at Sun, 22 Nov 2026 15:00:00 UTC, processed

One rule listens, and it does not match.

a.timer does not match: the rule listens to core.abc, and the event is of core.0cba
`}
	f.check(t, f.run(t, "rule", "why", "--rule", "a.timer"), want)
	f.check(t, f.run(t, "rule", "why", "e1", "--rule", "a.timer"), want)
	f.check(t, f.run(t, "rule", "why", "--rule", "a.gone"), result{Code: ExitNotFound, Err: "ERROR: There is no rule a.gone.\n"})
	if got := f.run(t, "rule", "why", "e1", "--rule", "a.timer", "-j"); !strings.Contains(got.Out, `"rule": "a.timer"`) {
		t.Errorf("got\n%s", got.Out)
	}
	f.checkRequests(t,
		"GET /api/ns/v1/rules/a.timer/why", "GET /api/v1/triggers",
		"GET /api/ns/v1/rules/a.timer/why?event=e1", "GET /api/v1/triggers",
		"GET /api/ns/v1/rules/a.gone/why", "GET /api/ns/v1/rules/a.timer/why?event=e1",
	)
}

func TestRuleWhyWithoutRules(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/ns/v1/events/e1/why", 200, `{"event": {"id": "e1", "trigger": "a.b", "status": "processed",
		"occurrence_time": "2026-11-22T15:00:00.000000Z"}, "rules": [], "enforcements": [], "note": "No rule listens to trigger a.b."}`)
	f.answer("GET /api/v1/triggerinstances", 200, `[]`)
	f.check(t, f.run(t, "rule", "why", "e1"), result{Out: "Event e1 of a.b\nat Sun, 22 Nov 2026 15:00:00 UTC, processed\n\nNo rule listens to trigger a.b.\n"})
	f.check(t, f.run(t, "rule", "why", "last"), result{Code: ExitNotFound, Err: "ERROR: no event has come in yet\n"})
}

func TestExecutionWhy(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/ns/v1/executions/x1/why", 200, `{"id": "x1", "action": "core.local", "status": "delayed",
		"since": "2026-11-22T15:00:00.000000Z", "reason": "Policy examples.one lets 1 run at a time.",
		"policies": ["examples.one"], "holders": ["x0"], "rule": "examples.repair", "event": "e1"}`)
	f.check(t, f.run(t, "execution", "why", "x1"), result{Out: `Execution x1 of core.local is delayed since Sun, 22 Nov 2026 15:00:00 UTC.
Policy examples.one lets 1 run at a time.
These policies may hold it back: examples.one
These executions take the places that it waits for: x0
Rule that asked for it: examples.repair
Event that caused it: e1
`})
}

func TestExecutionWhyOfAWorkflow(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/ns/v1/executions/w1/why", 200, `{"id": "w1", "action": "ops.repair", "status": "running",
		"since": "2026-11-22T15:00:00.000000Z", "reason": "It waits for more than 2 executions that it has started.",
		"waits_for": [{"id": "x1", "task": "diagnose", "action": "core.local", "status": "running"},
			{"id": "x2", "task": "ask", "action": "core.ask", "status": "pending"}], "waits_for_more": true}`)
	f.check(t, f.run(t, "execution", "why", "w1"), result{Out: `Execution w1 of ops.repair is running since Sun, 22 Nov 2026 15:00:00 UTC.
It waits for more than 2 executions that it has started.
  id  task      action      status
  x1  diagnose  core.local  running
  x2  ask       core.ask    pending
  …
`})
}
