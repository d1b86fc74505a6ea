package pack

import (
	"context"
	"errors"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/near"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/timer"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func (r *reader) rule(s *source, o *object) {
	ru := ruleOf(o, r.ref, r.o.Parse)
	if s.stop {
		return
	}
	ru.MetadataFile = s.file
	r.once(s, "rule", ru.Name)
	put(&r.content.Rules, ru, func(other *rule.Rule) bool { return other.Name == ru.Name })
	r.content.places[ru] = s
}

// RuleOf reads a rule that came over the API, in the pack that it names.
func RuleOf(d *value.Dict, parse func(text string) (rule.Template, error)) (*rule.Rule, Findings) {
	s := &source{}
	ru := ruleOf(&object{s: s, d: d}, "", parse)
	ru.MetadataFile = plainText(d, "metadata_file")
	if s.stop {
		ru = nil
	}
	return ru, s.found
}

func ruleOf(o *object, pack string, parse func(text string) (rule.Template, error)) *rule.Rule {
	ru := &rule.Rule{
		Name:        o.need("name"),
		Description: o.text("description"),
		Enabled:     o.flag("enabled", false),
		Type:        o.ruleType(),
		Trigger:     o.ruleTrigger(),
		Criteria:    o.dict("criteria"),
		Action:      o.ruleAction(),
		Tags:        o.tags(),
		Context:     o.dict("context"),
	}
	ru.Pack, ru.Ref, ru.UID = named("rule", o.owner(pack), ru.Name)
	o.settled()
	o.unknown(Error)
	if parse == nil {
		parse = func(string) (rule.Template, error) { return unchecked{}, nil }
	}
	_, mistakes := rule.Compile(ru.Criteria, rule.Options{Parse: parse})
	for _, m := range mistakes {
		sev := Warning
		if m.Fatal {
			sev = Error
		}
		o.s.add(sev, append(o.at("criteria"), m.Key), true, "", "%s", m.Error())
	}
	return ru
}

// unchecked stands for a template that nobody reads.
type unchecked struct{}

func (unchecked) Render(context.Context, *value.Dict) (string, error) {
	return "", errors.New("this template was not read")
}

func (o *object) ruleType() rule.TypeRef {
	sub, ok := o.object("type")
	out := rule.TypeRef{Ref: rule.Standard, Parameters: value.NewDict()}
	if !ok {
		return out
	}
	out.Ref = sub.need("ref")
	out.Parameters = sub.dict("parameters")
	sub.unknown(Error)
	if out.Ref != "" && out.Ref != rule.Standard && out.Ref != rule.Backstop {
		o.s.add(Error, sub.at("ref"), false, "there are standard and backstop", "there is no type of rules %q", out.Ref)
	}
	return out
}

func (o *object) ruleTrigger() rule.TriggerRef {
	sub, ok := o.object("trigger")
	if !ok {
		if v, _ := o.d.Get("trigger"); v == nil {
			o.s.add(Error, o.path, false, "", "trigger is missing")
		}
		return rule.TriggerRef{}
	}
	out := rule.TriggerRef{
		Type:        sub.need("type"),
		Ref:         sub.text("ref"),
		Description: sub.text("description"),
		Parameters:  sub.dict("parameters"),
	}
	sub.unknown(Warning, "name", "pack") // StackStorm takes no notice of others
	if _, _, ok := SplitRef(out.Type); !ok && out.Type != "" {
		o.s.add(Error, sub.at("type"), false, "write it as pack.name", "the trigger type %q is no reference", out.Type)
		return out
	}
	sub.source(out)
	return out
}

// source checks the parameters of a trigger that is a timer or a probe.
func (o *object) source(t rule.TriggerRef) {
	var err error
	switch {
	case t.Type == timer.IntervalTimer, t.Type == timer.DateTimer, t.Type == timer.CronTimer:
		_, err = timer.Parse(t.Type, t.Parameters)
	case probe.Is(t.Type):
		_, err = probe.Parse(t.Type, t.Parameters)
	}
	if err == nil {
		return
	}
	msg := err.Error()
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		msg = f.Msg
	}
	o.s.add(Error, o.at("parameters"), false, "", "%s", msg)
}

func (o *object) ruleAction() rule.ActionRef {
	sub, ok := o.object("action")
	if !ok {
		if v, _ := o.d.Get("action"); v == nil {
			o.s.add(Error, o.path, false, "", "action is missing")
		}
		return rule.ActionRef{}
	}
	out := rule.ActionRef{
		Ref:         sub.need("ref"),
		Description: sub.text("description"),
		Parameters:  sub.dict("parameters"),
	}
	sub.unknown(Error)
	if _, _, ok := SplitRef(out.Ref); !ok && out.Ref != "" {
		o.s.add(Warning, sub.at("ref"), false, "write it as pack.name", "the action %q is no reference, so no action will be found", out.Ref)
	}
	return out
}

// CheckTriggers looks up what the rules listen to, and leaves out those for which
// there is no such type of events, or whose parameters are not what it takes.
func (c *Content) CheckTriggers(find func(ref string) (*trigger.Type, bool)) Findings {
	var found Findings
	var names []string
	for _, t := range c.TriggerTypes {
		names = append(names, t.Ref)
	}
	kept := c.Rules[:0]
	for _, ru := range c.Rules {
		s := c.places[ru]
		if s == nil {
			s = &source{file: ru.MetadataFile}
		}
		s.found, s.stop = nil, false
		checkTrigger(s, ru, find, names)
		if !s.stop {
			kept = append(kept, ru)
		}
		found = append(found, s.found...)
	}
	c.Rules = kept
	found.sort()
	return found
}

// CheckTrigger does the same for one rule that came over the API.
func CheckTrigger(ru *rule.Rule, find func(ref string) (*trigger.Type, bool)) Findings {
	s := &source{}
	checkTrigger(s, ru, find, nil)
	return s.found
}

func checkTrigger(s *source, ru *rule.Rule, find func(ref string) (*trigger.Type, bool), names []string) {
	path := []any{"trigger", "type"}
	t, ok := find(ru.Trigger.Type)
	if !ok {
		hint := ""
		if meant := near.Name(ru.Trigger.Type, names); meant != "" {
			hint = "did you mean " + meant + "?"
		}
		s.add(Error, path, false, hint, "there is no trigger type %q", ru.Trigger.Type)
		return
	}
	if t == nil || t.ParametersSchema == nil || t.ParametersSchema.Len() == 0 {
		return
	}
	compiled, err := schema.Compile(schema.AllowNone(t.ParametersSchema))
	if err != nil {
		s.add(Warning, path, false, "", "the parameters cannot be checked, as the schema of %s is none: %v", t.Ref, err)
		return
	}
	errs := compiled.Validate(compiled.Fill(ru.Trigger.Parameters))
	if len(errs) > 0 && s.doc == nil {
		s.add(Error, nil, false, "", "%s", schema.Best(errs).Explain()) // clients of the API show it
		return
	}
	for _, e := range errs {
		s.add(Error, append([]any{"trigger", "parameters"}, e.Path...), false, "", "%s", e.Msg)
	}
}

// crossCheck looks whether what things of the pack name is in the pack.
func (r *reader) crossCheck() {
	names := make([]string, 0, len(r.content.Actions))
	actions := map[string]bool{}
	for _, a := range r.content.Actions {
		names = append(names, a.Ref)
		actions[a.Ref] = true
	}
	for _, ru := range r.content.Rules {
		if !strings.HasPrefix(ru.Action.Ref, r.ref+".") || actions[ru.Action.Ref] {
			continue
		}
		s := r.content.places[ru]
		hint := ""
		if meant := near.Name(ru.Action.Ref, names); meant != "" {
			hint = "did you mean " + meant + "?"
		}
		s.found = nil
		s.add(Warning, []any{"action", "ref"}, false, hint, "the pack has no action %q", ru.Action.Ref)
		r.found = append(r.found, s.found...)
	}
}
