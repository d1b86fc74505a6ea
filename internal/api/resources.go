package api

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// resources say what roles call the things of a catalog.
type resources struct{ *catalog.Catalog }

// resources are those of the whole catalog, also of what is hidden from the caller.
func (c *call) resources() resources { return resources{c.Catalog.Get()} }

// inPack is a resource of a kind that packs hold.
func inPack(kind, in, name string, tags []trigger.Tag) *rbac.Resource {
	r := &rbac.Resource{UID: kind + ":" + in + ":" + name, Pack: in}
	for _, t := range tags {
		r.Tags = append(r.Tags, t.Name+"="+t.Value)
	}
	return r
}

// named is a resource of which no more than its reference is known.
func named(kind, ref string) *rbac.Resource {
	in, name, _ := pack.SplitRef(ref)
	return inPack(kind, in, name, nil)
}

func packResource(ref string) *rbac.Resource { return &rbac.Resource{UID: "pack:" + ref, Pack: ref} }

func webhookResource(hook string) *rbac.Resource { return &rbac.Resource{UID: "webhook:" + hook} }

func pairResource(scope, user, name string) *rbac.Resource {
	return &rbac.Resource{UID: kv.Pair{Scope: scope, User: user, Name: name}.UID(), User: user}
}

// action is the action of a reference, registered or not.
func (c resources) action(ref string) *rbac.Resource {
	if a, ok := c.Action(ref); ok {
		return actionResource(a.Action)
	}
	return named("action", ref)
}

func actionResource(a *action.Action) *rbac.Resource { return inPack("action", a.Pack, a.Name, a.Tags) }

// rule is the rule of a reference or an id, registered or not.
func (c resources) rule(ref string) *rbac.Resource {
	if r, ok := c.Rule(ref); ok {
		return c.ruleResource(r)
	}
	return named("rule", ref)
}

func (c resources) ruleResource(r *rule.Rule) *rbac.Resource {
	out := inPack("rule", r.Pack, r.Name, r.Tags)
	out.Shows = []*rbac.Resource{c.action(r.Action.Ref), c.trigger(&trigger.Trigger{Type: r.Trigger.Type, Parameters: r.Trigger.Parameters})}
	return out
}

func (c resources) alias(a *alias.Alias) *rbac.Resource {
	out := inPack("action_alias", a.Pack, a.Name, nil)
	out.Shows = []*rbac.Resource{c.action(a.ActionRef)}
	return out
}

func (c resources) policy(p *policy.Policy) *rbac.Resource {
	out := inPack("policy", p.Pack, p.Name, nil)
	out.Shows = []*rbac.Resource{c.action(p.ResourceRef)}
	return out
}

func (c resources) triggerType(t *trigger.Type) *rbac.Resource {
	return inPack("trigger", t.Pack, t.Name, t.Tags)
}

// trigger is a trigger as one of its type: that is what people know it by. With it go
// its webhook or timer.
func (c resources) trigger(t *trigger.Trigger) *rbac.Resource {
	out := named("trigger", t.Type)
	if known, ok := c.TriggerType(t.Type); ok {
		out = c.triggerType(known.Type)
	}
	if hook, ok := catalog.HookOf(t); ok {
		out.Shows = []*rbac.Resource{webhookResource(hook)}
	}
	return out
}

// of is the resource that a thing of a catalog is; nil: roles know none.
func (c resources) of(thing any) *rbac.Resource {
	switch t := thing.(type) {
	case *pack.Pack:
		return packResource(t.Ref)
	case *catalog.Action:
		return actionResource(t.Action)
	case *rule.Rule:
		return c.ruleResource(t)
	case *alias.Alias:
		return c.alias(t)
	case *policy.Policy:
		return c.policy(t)
	case *catalog.Type:
		return c.triggerType(t.Type)
	case *trigger.Trigger:
		return c.trigger(t)
	case *pack.Sensor:
		return inPack("sensor_type", t.Pack, t.Name, nil)
	case *catalog.Unit:
		return c.of(t.Sensor)
	case policy.Type:
		return &rbac.Resource{UID: t.UID()}
	case *action.RunnerType:
		return &rbac.Resource{UID: "runner_type:" + t.Name}
	}
	return nil
}

// hidden reports whether a thing of the catalog is hidden from somebody. A webhook,
// a timer or another trigger with parameters is there for rules; it goes with them.
func (c resources) hidden(who *rights, thing any, rules map[string][]*rule.Rule) bool {
	if who.Hidden(c.of(thing)) {
		return true
	}
	t, ok := thing.(*trigger.Trigger)
	if !ok || t.Kept || t.Parameters == nil || t.Parameters.Len() == 0 {
		return false
	}
	return len(rules[t.Ref]) > 0 && !slices.ContainsFunc(rules[t.Ref], func(r *rule.Rule) bool { return !who.Hidden(c.ruleResource(r)) })
}

// listening returns the rules by the references of the triggers that they listen to.
func listening(c *catalog.Catalog) map[string][]*rule.Rule {
	out := map[string][]*rule.Rule{}
	for _, r := range c.Rules() {
		out[r.Trigger.Ref] = append(out[r.Trigger.Ref], r)
	}
	return out
}

// execution is an execution that is a part of others, its parents from the nearest on.
func (c resources) execution(e *execution.Execution, parents ...*execution.Execution) *rbac.Resource {
	out := &rbac.Resource{UID: "execution:" + e.ID, Of: c.action(e.Action)}
	if r := e.Context.Rule; r != nil {
		if known, ok := c.Rule(r.ID); ok {
			out.Shows = append(out.Shows, c.ruleResource(known))
		}
	}
	for _, p := range parents {
		out.Shows = append(out.Shows, c.execution(p))
	}
	return out
}
