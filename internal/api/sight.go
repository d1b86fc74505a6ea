package api

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// sight is what somebody sees of the lists of the ledger, which knows things by their
// references. Nil is all.
type sight struct {
	of       *catalog.Catalog
	actions  *store.Refs // whose executions are seen
	rules    *store.Refs // whose enforcements are seen
	triggers *store.Refs // whose events are seen

	hidden      *store.Refs       // actions whose parts are not seen
	hiddenRules []execution.Named // rules of which nothing that they started is seen
}

// sight returns what the caller sees.
func (c *call) sight() *sight { return c.sightOf(&c.who) }

func (a *API) sightOf(w *caller) *sight {
	if w.free() {
		return &sight{}
	}
	full := a.Catalog.Get()
	if s := w.rights.sight.Load(); s != nil && s.of == full {
		return s
	}
	s := newSight(resources{full}, w)
	w.rights.sight.Store(s)
	return s
}

// unknown is the name of something, and of a pack, that nobody has registered: who may
// look at that may look at all.
const unknown = "\x00"

func newSight(c resources, w *caller) *sight {
	packs := map[string]bool{}
	for _, p := range c.Packs() {
		packs[p.Ref] = true
	}
	// What somebody may see, and what is locked down, stays so when it is registered no more.
	for _, ref := range w.rights.Named("pack") {
		packs[ref] = true
	}
	for uid := range strings.SplitSeq(w.rights.Outside(), "\n") {
		if ref, ok := strings.CutPrefix(uid, "pack:"); ok && !strings.Contains(ref, "*") {
			packs[ref] = true
		}
	}
	ran := func(action *rbac.Resource) bool { return w.may("execution_view", &rbac.Resource{Of: action}) }
	enforced := func(rule *rbac.Resource) bool { return w.may("rule_enforcement_view", &rbac.Resource{Of: rule}) }
	fired := func(trigger *rbac.Resource) bool { return w.may("trigger_view", trigger) }
	s := &sight{of: c.Catalog}
	actions, hiddenActions := newRefSet(packs, "action", ran), newRefSet(packs, "action", w.hides)
	for _, a := range c.Actions() {
		r := actionResource(a.Action)
		actions.add(a.Ref, ran(r))
		hiddenActions.add(a.Ref, w.hides(r))
	}
	for _, name := range w.rights.Named("action") {
		ref := strings.Replace(name, ":", ".", 1)
		if _, ok := c.Action(ref); !ok {
			actions.add(ref, ran(named("action", ref)))
		}
	}
	rules := newRefSet(packs, "rule", enforced)
	for _, r := range c.Rules() {
		resource := c.ruleResource(r)
		rules.add(r.Ref, enforced(resource))
		if w.hides(resource) {
			s.hiddenRules = append(s.hiddenRules, execution.Named{ID: r.ID, Name: r.Name})
		}
	}
	triggers, listeners := newRefSet(packs, "trigger", fired), listening(c.Catalog)
	for _, t := range c.Triggers() {
		seen := !c.hidden(w.rights, t, listeners) && c.sees(w, t, listeners)
		if telltale(t.Type) && w.outside() {
			seen = false
		}
		triggers.add(t.Ref, seen)
	}
	s.actions, s.rules, s.triggers = actions.refs(), rules.refs(), triggers.refs()
	if w.outside() {
		if hidden := hiddenActions.refs(); !hidden.None() {
			s.hidden = hidden
		}
	}
	return s
}

// telltale reports whether the events of a type tell of what else happened in the
// server, be it locked down or not.
func telltale(typeRef string) bool {
	switch typeRef {
	case trigger.ActionFinished, trigger.Notify, trigger.Inquiry, trigger.KeyCreated, trigger.KeyUpdated, trigger.KeyChanged, trigger.KeyDeleted:
		return true
	}
	return false
}

// sees reports whether somebody may look at a trigger and its events: by its type, its
// webhook, its timer, or a rule that listens to it.
func (c resources) sees(w *caller, t *trigger.Trigger, rules map[string][]*rule.Rule) bool {
	if w.may("trigger_view", c.trigger(t)) {
		return true
	}
	if hook, ok := catalog.HookOf(t); ok && w.may("webhook_view", webhookResource(hook)) {
		return true
	}
	if isTimer(t.Type) && w.may("timer_view", timerResource(t)) {
		return true
	}
	return slices.ContainsFunc(rules[t.Ref], func(r *rule.Rule) bool { return w.may("rule_view", c.ruleResource(r)) })
}

// refSet finds out which references somebody sees, and says it shortly: by packs where
// that is so of all in them.
type refSet struct {
	all   bool // also what is not registered, in a pack that is not either
	packs map[string]*seen
}

// seen is what is seen of a pack.
type seen struct {
	others    bool // what of it is not registered
	yes, nope []string
}

func newRefSet(packs map[string]bool, kind string, sees func(*rbac.Resource) bool) *refSet {
	s := &refSet{all: sees(inPack(kind, unknown, unknown, nil)), packs: map[string]*seen{}}
	for p := range packs {
		s.packs[p] = &seen{others: sees(inPack(kind, p, unknown, nil))}
	}
	return s
}

func (s *refSet) add(ref string, sees bool) {
	in, _, _ := pack.SplitRef(ref)
	p := s.packs[in]
	if p == nil {
		p = &seen{others: s.all}
		s.packs[in] = p
	}
	if sees {
		p.yes = append(p.yes, ref)
	} else {
		p.nope = append(p.nope, ref)
	}
}

func (s *refSet) refs() *store.Refs {
	// Somebody who sees all but something can be told so, unless that is all of a pack
	// but something.
	out := &store.Refs{But: s.all}
	for _, p := range s.packs {
		out.But = out.But && (p.others || len(p.yes) == 0)
	}
	for name, p := range s.packs {
		switch {
		case out.But && !p.others:
			out.Packs = append(out.Packs, name)
		case out.But:
			out.Refs = append(out.Refs, p.nope...)
		case p.others && len(p.nope) == 0:
			out.Packs = append(out.Packs, name)
		default:
			out.Refs = append(out.Refs, p.yes...)
		}
	}
	if out.But && len(out.Refs) == 0 && len(out.Packs) == 0 {
		return nil
	}
	slices.Sort(out.Refs) // one text for one question, which the database may know already
	slices.Sort(out.Packs)
	return out
}

// has reports whether a reference is in a set; nil is all.
func has(s *store.Refs, ref string) bool {
	if s == nil {
		return true
	}
	in, _, _ := pack.SplitRef(ref)
	_, one := slices.BinarySearch(s.Refs, ref)
	_, whole := slices.BinarySearch(s.Packs, in)
	return (one || whole) != s.But
}
