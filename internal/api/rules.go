package api

import (
	"net/http"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

type tag = trigger.Tag

func (a *API) ruleRoutes() []*route {
	rules, views, kinds := ruleShelf(false), ruleShelf(true), ruleKindShelf()
	types, triggers := triggerTypeShelf(), triggerShelf()
	return []*route{
		rules.lists("/rules", "rule_list", "List rules."),
		to("POST", apiService, "/rules", "rule_create", (*call).createRule, "Make a rule.").takes(ruleBody).
			gives(http.StatusCreated, wire.Rule{}).
			inside("on the rule that is made; besides action_execute on its action and webhook_create on its webhook"),
		rules.shows("/rules/{ref}", "rule_view", "Show a rule."),
		to("PUT", apiService, "/rules/{ref}", "rule_modify", (*call).updateRule, "Change a rule.").takes(ruleBody).
			gives(http.StatusOK, wire.Rule{}).on(rules.about),
		to("DELETE", apiService, "/rules/{ref}", "rule_delete", (*call).deleteRule, "Delete a rule.").
			empties().on(rules.about),
		views.lists("/rules/views", "rule_list", "List rules with what their triggers and actions are."),
		views.shows("/rules/views/{ref}", "rule_view", "Show a rule with what its trigger and action are."),
		to("GET", apiService, "/ruletypes", "", (*call).listRuleKinds, "List types of rules.").
			gives(http.StatusOK, []wire.RuleKind{}).anybody(ofTheServer),
		kinds.shows("/ruletypes/{ref}", "", "Show a type of rules.").anybody(ofTheServer),

		types.lists("/triggertypes", "", "List types of events.").anybody(whatRulesAreMadeOf),
		to("POST", apiService, "/triggertypes", "trigger_all", (*call).createTriggerType, "Make a type of events.").takes(triggerTypeBody).
			gives(http.StatusCreated, wire.TriggerType{}).inside("on the type that is made"),
		types.shows("/triggertypes/{ref}", "", "Show a type of events.").anybody(whatRulesAreMadeOf),
		to("PUT", apiService, "/triggertypes/{ref}", "trigger_all", (*call).updateTriggerType, "Change a type of events.").takes(triggerTypeBody).
			gives(http.StatusOK, wire.TriggerType{}).on(types.about),
		to("DELETE", apiService, "/triggertypes/{ref}", "trigger_all", (*call).deleteTriggerType, "Delete a type of events.").
			empties().on(types.about),
		to("GET", apiService, "/triggers", "", (*call).listTriggers, "List triggers.").
			gives(http.StatusOK, []wire.Trigger{}).anybody(whatTheyMaySee),
		to("POST", apiService, "/triggers", "trigger_all", (*call).createTrigger, "Make a trigger.").takes(triggerBody).
			gives(http.StatusCreated, wire.Trigger{}).inside("on the type of the trigger"),
		triggers.shows("/triggers/{ref}", "trigger_view", "Show a trigger.").guard(orItsRules, (*call).seesTrigger),
		to("PUT", apiService, "/triggers/{ref}", "trigger_all", (*call).updateTrigger, "Change a trigger.").takes(triggerBody).
			gives(http.StatusOK, wire.Trigger{}).on(triggers.about),
		to("DELETE", apiService, "/triggers/{ref}", "trigger_all", (*call).deleteTrigger, "Delete a trigger that no rule listens to.").
			empties().on(triggers.about),
		to("GET", apiService, "/timers", "timer_list", (*call).listTimers, "List timers.").
			gives(http.StatusOK, []wire.Trigger{}).texts("timer_type").overall(),
		to("GET", apiService, "/timers/{ref}", "timer_view", (*call).getTimer, "Show a timer.").
			gives(http.StatusOK, wire.Trigger{}).guard(orItsRules, (*call).seesTrigger),
	}
}

// How gates decide that let in more than a permission says.
const (
	ofTheServer        = "it comes with the server"
	whatRulesAreMadeOf = "rules are made with them, and they hold no data"
	whatTheyMaySee     = "there is only in it what they may see"
	orItsRules         = "on its type; webhook_view, timer_view, or rule_view on a rule that listens to it, is enough"
)

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
		filters: []string{"name", "pack", "action"}, flags: []string{"enabled"}, view: "rule_view",
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

// mayStart returns why the caller may not have a rule do what it says: rules act as
// the server's own user. What is hidden is refused like what is not allowed.
func (c *call) mayStart(r *rule.Rule, resource *rbac.Resource) error {
	if c.who.free() {
		return nil
	}
	if hook, ok := catalog.HookOf(&trigger.Trigger{Type: r.Trigger.Type, Parameters: r.Trigger.Parameters}); ok &&
		!c.who.may("webhook_create", webhookResource(hook)) || c.who.hides(resource.Shows[1]) {
		return fault.Newf(fault.Forbidden, "User \"%s\" doesn't have required permission (%s) to use trigger %s",
			c.who.User, "webhook_create", r.Trigger.Type)
	}
	if r.Action.Ref != "" && !c.who.may("action_execute", resource.Shows[0]) {
		return fault.Newf(fault.Forbidden, "User \"%s\" doesn't have required (%s) permission to use action %s",
			c.who.User, "action_execute", r.Action.Ref)
	}
	if err := c.mayLookUp(r.Action.Parameters, c.opts.SystemUser, looksUpInRule); err != nil {
		return err
	}
	return c.mayLookUp(r.Criteria, c.opts.SystemUser, looksUpInRule)
}

func (c *call) createRule() error {
	r, err := c.ruleRequest()
	if err != nil {
		return err
	}
	resource := c.resources().ruleResource(r)
	if err := c.allow("rule_create", resource); err != nil {
		return err
	}
	if err := c.mayStart(r, resource); err != nil {
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
	resource := c.resources().ruleResource(r)
	if err := c.makes("rule_create", resource, c.resources().ruleResource(old).UID); err != nil {
		return err
	}
	if err := c.mayStart(r, resource); err != nil {
		return err
	}
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
	if err := c.allow("trigger_all", c.resources().triggerType(t)); err != nil {
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
	if err := c.makes("trigger_all", c.resources().triggerType(t), c.resources().triggerType(old.Type).UID); err != nil {
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
	if err := c.allow("trigger_all", c.resources().trigger(t)); err != nil {
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
	if err := c.makes("trigger_all", c.resources().trigger(t), c.resources().trigger(old).UID); err != nil {
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
	out, seen := []wire.Trigger{}, c.sight().triggers
	for _, t := range c.catalog().Triggers() {
		if f(t) && has(seen, t.Ref) {
			out = append(out, wire.TriggerOf(t))
		}
	}
	return c.json(http.StatusOK, out)
}

func (c *call) listTriggers() error {
	return c.triggerList(func(*trigger.Trigger) bool { return true })
}

// seesTrigger asks whether the caller may look at the trigger that the path names.
func (c *call) seesTrigger() error {
	t, err := triggerShelf().get(c)
	if err != nil {
		return err
	}
	if has(c.sight().triggers, t.Ref) {
		return nil
	}
	return c.allow(c.route.Permission, c.resources().trigger(t))
}

func timerResource(t *trigger.Trigger) *rbac.Resource { return inPack("timer", t.Pack, t.Name, nil) }

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
