package register

import (
	"crypto/sha1" //nolint:gosec // names things as UUIDs do; guards nothing
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// shadow returns the only trigger of a type without parameters, and false if the
// type has some.
func shadow(t *trigger.Type) (*trigger.Trigger, bool) {
	if t.ParametersSchema != nil && t.ParametersSchema.Len() > 0 {
		return nil, false
	}
	return &trigger.Trigger{
		UID: trigger.UIDOf(t.Pack, t.Name, value.NewDict()), Ref: t.Ref, Pack: t.Pack, Name: t.Name,
		Description: t.Description, Type: t.Ref, Parameters: value.NewDict(),
	}, true
}

// triggerFor returns the trigger of a type with the parameters of a rule: the
// same one for the same parameters, whoever asks.
func triggerFor(t *trigger.Type, ru *rule.Rule) *trigger.Trigger {
	params := ru.Trigger.Parameters
	if params == nil {
		params = value.NewDict()
	}
	if s, ok := shadow(t); ok && params.Len() == 0 {
		return s
	}
	name := uuidOf(trigger.UIDOf(t.Pack, t.Name, params))
	return &trigger.Trigger{
		UID: trigger.UIDOf(t.Pack, name, params), Ref: t.Pack + "." + name, Pack: t.Pack, Name: name,
		Description: ru.Trigger.Description, Type: t.Ref, Parameters: params,
	}
}

// uuidOf returns the UUID, version 5, of a name of ours.
func uuidOf(name string) string {
	u := sha1.Sum([]byte("nightshift trigger " + name)) //nolint:gosec // see above
	u[6], u[8] = u[6]&0x0F|5<<4, u[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

// listen gives a rule the trigger that it listens to, which is made if need be.
func (c *change) listen(ru *rule.Rule, find func(ref string) (*trigger.Type, bool)) {
	if t, ok := find(ru.Trigger.Type); ok {
		tr := triggerFor(t, ru)
		ru.Trigger.Ref = tr.Ref
		c.putTrigger(tr)
	}
}

// putType registers a type of events, and its trigger if it has only one.
func (c *change) putType(t *trigger.Type) {
	c.put(store.TriggerTypes, t.Ref, t.Pack, "", t)
	if s, ok := shadow(t); ok {
		c.putTrigger(s)
	}
}

// putTrigger registers a trigger. One that is there stays as it is: rules may
// describe it in different words.
func (c *change) putTrigger(t *trigger.Trigger) {
	k := key{store.Triggers, t.Ref}
	_, there := c.r.have[k]
	if _, coming := c.index[k]; there || coming {
		return
	}
	c.put(store.Triggers, t.Ref, t.Pack, "", t)
}

// release drops the triggers that no rule listens to any more, which were made
// for rules. gone and now are the rules that change.
func (c *change) release(gone map[string]bool, now []*rule.Rule) {
	used := map[string]bool{}
	changed := map[string]bool{}
	for _, ru := range now {
		changed[ru.Ref] = true
		used[ru.Trigger.Ref] = true
	}
	for _, ru := range c.r.src.Rules {
		if !gone[ru.Ref] && !changed[ru.Ref] {
			used[ru.Trigger.Ref] = true
		}
	}
	for _, t := range c.r.src.Triggers {
		if t.Ref != t.Type && !t.Kept && !used[t.Ref] {
			c.drop(store.Triggers, t.Ref)
		}
	}
}

// types returns a look-up of the types of events that are registered or in more.
func (r *Registrar) types(more ...*pack.Content) func(ref string) (*trigger.Type, bool) {
	all := make(map[string]*trigger.Type, len(r.src.TriggerTypes))
	for _, t := range r.src.TriggerTypes {
		all[t.Ref] = t
	}
	for _, content := range more {
		for _, t := range content.TriggerTypes {
			all[t.Ref] = t
		}
	}
	return func(ref string) (*trigger.Type, bool) { t, ok := all[ref]; return t, ok }
}
