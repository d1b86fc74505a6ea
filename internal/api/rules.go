package api

import (
	"net/http"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

type tag = trigger.Tag

func (a *API) ruleRoutes() []*route {
	rules, views, kinds := ruleShelf(false), ruleShelf(true), ruleKindShelf()
	types := triggerTypeShelf()
	return []*route{
		rules.lists("/rules", "rule_list", "List rules."),
		to("POST", apiService, "/rules", "rule_create", (*call).createRule, "Make a rule.").takes(ruleBody).
			gives(http.StatusCreated, wire.Rule{}),
		rules.shows("/rules/{ref}", "rule_view", "Show a rule."),
		to("PUT", apiService, "/rules/{ref}", "rule_modify", (*call).updateRule, "Change a rule.").takes(ruleBody).
			gives(http.StatusOK, wire.Rule{}),
		to("DELETE", apiService, "/rules/{ref}", "rule_delete", (*call).deleteRule, "Delete a rule.").
			empties(),
		views.lists("/rules/views", "rule_list", "List rules with what their triggers and actions are."),
		views.shows("/rules/views/{ref}", "rule_view", "Show a rule with what its trigger and action are."),
		to("GET", apiService, "/ruletypes", "", (*call).listRuleKinds, "List types of rules.").
			gives(http.StatusOK, []wire.RuleKind{}),
		kinds.shows("/ruletypes/{ref}", "", "Show a type of rules."),

		types.lists("/triggertypes", "", "List types of events."),
		to("POST", apiService, "/triggertypes", "", (*call).createTriggerType, "Make a type of events.").takes(triggerTypeBody).
			gives(http.StatusCreated, wire.TriggerType{}),
		types.shows("/triggertypes/{ref}", "", "Show a type of events."),
		to("PUT", apiService, "/triggertypes/{ref}", "", (*call).updateTriggerType, "Change a type of events.").takes(triggerTypeBody).
			gives(http.StatusOK, wire.TriggerType{}),
		to("DELETE", apiService, "/triggertypes/{ref}", "", (*call).deleteTriggerType, "Delete a type of events.").
			empties(),
		to("GET", apiService, "/triggers", "", (*call).listTriggers, "List triggers.").
			gives(http.StatusOK, []wire.Trigger{}),
		to("POST", apiService, "/triggers", "", (*call).createTrigger, "Make a trigger.").takes(triggerBody).
			gives(http.StatusCreated, wire.Trigger{}),
		triggerShelf().shows("/triggers/{ref}", "", "Show a trigger."),
		to("PUT", apiService, "/triggers/{ref}", "", (*call).updateTrigger, "Change a trigger.").takes(triggerBody).
			gives(http.StatusOK, wire.Trigger{}),
		to("DELETE", apiService, "/triggers/{ref}", "", (*call).deleteTrigger, "Delete a trigger that no rule listens to.").
			empties(),
		to("GET", apiService, "/timers", "timer_list", (*call).listTimers, "List timers.").
			gives(http.StatusOK, []wire.Trigger{}).texts("timer_type"),
		to("GET", apiService, "/timers/{ref}", "timer_view", (*call).getTimer, "Show a timer.").
			gives(http.StatusOK, wire.Trigger{}),
	}
}

const (
	ruleBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string", "required": true}, "pack": {"type": "string"}, "description": {"type": "string"},
		"enabled": {"type": "boolean"},
		"type": {"type": "object", "additionalProperties": false, "properties": {
			"ref": {"type": "string"}, "parameters": {"type": "object"}}},
		"trigger": {"type": "object", "required": true, "additionalProperties": false, "properties": {
			"type": {"type": "string", "required": true}, "parameters": {"type": "object"},
			"ref": {"type": "string"}, "description": {"type": "string"}}},
		"criteria": {"type": "object"},
		"action": {"type": "object", "required": true, "additionalProperties": false, "properties": {
			"ref": {"type": "string", "required": true}, "parameters": {"type": "object"}, "description": {"type": "string"}}},
		"tags": {"type": "array", "items": {"type": "object"}}, "context": {"type": "object"},
		"ref": {"type": "string"}, "uid": {"type": "string"}, "id": {"type": "string"},
		"metadata_file": {"type": "string"}, "problem": {"type": "string"}}}`
	triggerBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string"}, "pack": {"type": "string"}, "description": {"type": "string"},
		"type": {"type": "string", "required": true}, "parameters": {"type": "object"},
		"ref": {"type": "string"}, "uid": {"type": "string"}, "id": {"type": "string"}}}`
	triggerTypeBody = `{"type": "object", "additionalProperties": false, "properties": {
		"name": {"type": "string", "required": true}, "pack": {"type": "string"}, "description": {"type": "string"},
		"payload_schema": {"type": "object"}, "parameters_schema": {"type": "object"},
		"tags": {"type": "array", "items": {"type": "object"}},
		"ref": {"type": "string"}, "uid": {"type": "string"}, "id": {"type": "string"}, "metadata_file": {"type": "string"}}}`
)

func ruleShelf(view bool) shelf[*rule.Rule, wire.Rule] {
	return shelf[*rule.Rule, wire.Rule]{
		all: (*catalog.Catalog).Rules, find: (*catalog.Catalog).Rule,
		wire: func(c *call, r *rule.Rule, _ selection) wire.Rule { return c.ruleView(r, view) },
		text: func(r *rule.Rule, name string) (string, bool) {
			return pick(name, map[string]string{
				"id": r.ID, "ref": r.Ref, "name": r.Name, "pack": r.Pack, "uid": r.UID, "enabled": flagText(r.Enabled),
				"action": r.Action.Ref,
			})
		},
		filters: []string{"name", "pack", "action"}, flags: []string{"enabled"},
		keep: func(c *call, r *rule.Rule) (bool, error) {
			want := c.param("trigger")
			return want == "" || r.Trigger.Ref == want || r.Trigger.Type == want, nil
		},
		attrs: attributesOf[wire.Rule](nil, []string{"ref"}),
	}
}

// ruleView is r on the wire, with the secrets among its action's parameters
// masked; for a view, with the descriptions of its trigger and action.
func (c *call) ruleView(r *rule.Rule, view bool) wire.Rule {
	out := wire.RuleOf(r)
	cat := c.catalog()
	a, known := cat.Action(r.Action.Ref)
	if show, err := c.secrets(); known && a.Params != nil && (err != nil || !show) {
		out.Action.Parameters = a.Params.Masked(out.Action.Parameters)
	}
	if view {
		if known {
			out.Action.Description = a.Description
		}
		if t, ok := cat.TriggerType(r.Trigger.Type); ok {
			out.Trigger.Description = t.Description
		}
	}
	out.Problem = c.view().problems[r.Ref]
	return out
}

// ruleRequest is a rule as it is made or changed.
func (c *call) ruleRequest() (*rule.Rule, error) {
	r := rule.Rule{Pack: "default", Type: rule.TypeRef{Ref: rule.Standard}}
	if err := c.into(&r); err != nil {
		return nil, err
	}
	if r.Type.Ref == "" {
		r.Type.Ref = rule.Standard
	}
	r.ID, r.UID, r.Ref, r.Trigger.Ref = "", "", r.Pack+"."+r.Name, ""
	if r.Context == nil {
		r.Context = value.NewDict()
	}
	if !r.Context.Has("user") {
		r.Context.Set("user", c.who.User)
	}
	return &r, nil
}

// made is a rule that a client has made or changed, on the wire. Of secrets the
// client sees what it has sent itself, as StackStorm's clients expect, and no other.
func (c *call) made(r *rule.Rule, sent *value.Dict) wire.Rule {
	out := c.ruleView(r, false)
	if sent == nil {
		return out
	}
	shown := out.Action.Parameters.Clone()
	for name, v := range sent.Texts() {
		shown.Set(name, v)
	}
	out.Action.Parameters = shown
	return out
}

// unmasked puts back what a client sent as it had got it: masked.
func (c *call) unmasked(r, old *rule.Rule) {
	if r.Action.Parameters == nil || old.Action.Parameters == nil {
		return
	}
	for name, v := range r.Action.Parameters.Clone().Texts() {
		if v == wire.Mask {
			if was, ok := old.Action.Parameters.Get(name); ok {
				r.Action.Parameters.Set(name, was)
			}
		}
	}
}

func (c *call) createRule() error {
	r, err := c.ruleRequest()
	if err != nil {
		return err
	}
	sent := r.Action.Parameters
	if r, err = c.Registrar.CreateRule(c.ctx(), r); err != nil {
		return err
	}
	return c.json(http.StatusCreated, c.made(r, sent))
}

func (c *call) updateRule() error {
	old, err := ruleShelf(false).get(c)
	if err != nil {
		return err
	}
	r, err := c.ruleRequest()
	if err != nil {
		return err
	}
	sent := r.Action.Parameters
	if sent != nil {
		sent = sent.Clone()
	}
	c.unmasked(r, old)
	if r, err = c.Registrar.UpdateRule(c.ctx(), old.Ref, r); err != nil {
		return err
	}
	return c.json(http.StatusOK, c.made(r, sent))
}

func (c *call) deleteRule() error {
	r, err := ruleShelf(false).get(c)
	if err != nil {
		return err
	}
	if err := c.Registrar.DeleteRule(c.ctx(), r.Ref); err != nil {
		return err
	}
	return c.empty()
}

// ruleKinds are fixed: they come with the server.
func ruleKinds() []wire.RuleKind {
	kind := func(name, description string) wire.RuleKind {
		return wire.RuleKind{
			Name: name, Description: description, Enabled: true, Parameters: value.NewDict(), ID: fixedID("rule_type " + name),
		}
	}
	return []wire.RuleKind{
		kind(rule.Standard, "A rule that is asked about each event of its trigger."),
		kind(rule.Backstop, "A rule that is asked when no other rule matched an event of its trigger."),
	}
}

func ruleKindShelf() shelf[wire.RuleKind, wire.RuleKind] {
	kinds := ruleKinds()
	return shelf[wire.RuleKind, wire.RuleKind]{
		find: func(_ *catalog.Catalog, name string) (wire.RuleKind, bool) {
			for _, k := range kinds {
				if k.Name == name || k.ID == name {
					return k, true
				}
			}
			return wire.RuleKind{}, false
		},
		wire: func(_ *call, k wire.RuleKind, _ selection) wire.RuleKind { return k },
		noun: "name or id",
	}
}

func (c *call) listRuleKinds() error { return c.json(http.StatusOK, ruleKinds()) }

func triggerTypeShelf() shelf[*catalog.Type, wire.TriggerType] {
	return shelf[*catalog.Type, wire.TriggerType]{
		all: (*catalog.Catalog).TriggerTypes, find: (*catalog.Catalog).TriggerType,
		wire: func(_ *call, t *catalog.Type, _ selection) wire.TriggerType { return wire.TriggerTypeOf(t.Type) },
		text: func(t *catalog.Type, name string) (string, bool) {
			return pick(name, map[string]string{"id": t.ID, "ref": t.Ref, "name": t.Name, "pack": t.Pack, "uid": t.UID})
		},
		filters: []string{"name", "pack"}, limit: 100,
		attrs: attributesOf[wire.TriggerType](nil, []string{"ref"}),
	}
}

func (c *call) triggerTypeRequest() (*trigger.Type, error) {
	t := trigger.Type{Pack: "default"}
	if err := c.into(&t); err != nil {
		return nil, err
	}
	t.ID, t.UID, t.Ref = "", "", t.Pack+"."+t.Name
	return &t, guardPack(t.Pack)
}

func (c *call) createTriggerType() error {
	t, err := c.triggerTypeRequest()
	if err != nil {
		return err
	}
	if t, err = c.Registrar.CreateTriggerType(c.ctx(), t); err != nil {
		return err
	}
	return c.json(http.StatusCreated, wire.TriggerTypeOf(t))
}

func (c *call) updateTriggerType() error {
	old, err := triggerTypeShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(old.Pack); err != nil {
		return err
	}
	t, err := c.triggerTypeRequest()
	if err != nil {
		return err
	}
	if t, err = c.Registrar.UpdateTriggerType(c.ctx(), old.Ref, t); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.TriggerTypeOf(t))
}

func (c *call) deleteTriggerType() error {
	t, err := triggerTypeShelf().get(c)
	if err != nil {
		return err
	}
	if err := guardPack(t.Pack); err != nil {
		return err
	}
	if err := c.Registrar.DeleteTriggerType(c.ctx(), t.Ref); err != nil {
		return err
	}
	return c.empty()
}

func triggerShelf() shelf[*trigger.Trigger, wire.Trigger] {
	return shelf[*trigger.Trigger, wire.Trigger]{
		find: (*catalog.Catalog).Trigger,
		wire: func(_ *call, t *trigger.Trigger, _ selection) wire.Trigger { return wire.TriggerOf(t) },
	}
}

// triggerRequest is a trigger as it is made or changed.
func (c *call) triggerRequest() (*trigger.Trigger, error) {
	t := trigger.Trigger{Pack: "default"}
	err := c.into(&t)
	t.ID = ""
	return &t, err
}

func (c *call) createTrigger() error {
	t, err := c.triggerRequest()
	if err != nil {
		return err
	}
	if t, err = c.Registrar.CreateTrigger(c.ctx(), t); err != nil {
		return err
	}
	return c.json(http.StatusCreated, wire.TriggerOf(t))
}

func (c *call) updateTrigger() error {
	old, err := triggerShelf().get(c)
	if err != nil {
		return err
	}
	t, err := c.triggerRequest()
	if err != nil {
		return err
	}
	if t, err = c.Registrar.UpdateTrigger(c.ctx(), old.Ref, t); err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.TriggerOf(t))
}

func (c *call) deleteTrigger() error {
	t, err := triggerShelf().get(c)
	if err != nil {
		return err
	}
	if err := c.Registrar.DeleteTrigger(c.ctx(), t.Ref); err != nil {
		return err
	}
	return c.empty()
}

// triggerList answers with the triggers that f keeps, without paging, as
// StackStorm does.
func (c *call) triggerList(f func(*trigger.Trigger) bool) error {
	out := []wire.Trigger{}
	for _, t := range c.catalog().Triggers() {
		if f(t) {
			out = append(out, wire.TriggerOf(t))
		}
	}
	return c.json(http.StatusOK, out)
}

func (c *call) listTriggers() error {
	return c.triggerList(func(*trigger.Trigger) bool { return true })
}

func isTimer(typeRef string) bool {
	switch typeRef {
	case trigger.IntervalTimer, trigger.DateTimer, trigger.CronTimer:
		return true
	default:
		return false
	}
}

func (c *call) listTimers() error {
	want := c.param("timer_type")
	return c.triggerList(func(t *trigger.Trigger) bool { return isTimer(t.Type) && (want == "" || t.Type == want) })
}

func (c *call) getTimer() error {
	t, err := triggerShelf().get(c)
	if err != nil {
		return err
	}
	if !isTimer(t.Type) {
		return fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", shortened(c.part("ref")))
	}
	return c.json(http.StatusOK, wire.TriggerOf(t))
}
