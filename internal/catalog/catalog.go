// Package catalog is everything that is registered, as one snapshot to look
// things up in: actions with what governs them, rules by what they listen to,
// types of events and their triggers.
//
// A snapshot is made whole and never changes, so everybody reads it without a
// lock; a [Holder] hands out the latest.
package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Source is what a catalog is made of.
type Source struct {
	Packs         []*pack.Pack
	Runners       []*action.RunnerType
	Actions       []*action.Action
	Rules         []*rule.Rule
	TriggerTypes  []*trigger.Type
	Triggers      []*trigger.Trigger
	Sensors       []*pack.Sensor
	Aliases       []*alias.Alias
	Policies      []*policy.Policy
	PolicyTypes   policy.Types           // default: the standard ones
	ConfigSchemas map[string]*value.Dict // by pack
	Configs       map[string]*value.Dict // by pack

	// Parse reads the templates in the criteria of rules. Without it, a rule
	// whose criteria hold one fails when it is asked.
	Parse func(text string) (rule.Template, error)
}

// Catalog is one snapshot. All that it returns is shared and must not be changed.
type Catalog struct {
	packs        shelf[*pack.Pack]
	runners      shelf[*action.RunnerType]
	actions      shelf[*Action]
	rules        shelf[*rule.Rule]
	triggerTypes shelf[*Type]
	triggers     shelf[*trigger.Trigger]
	sensors      shelf[*pack.Sensor]
	units        shelf[*Unit]
	aliases      shelf[*alias.Alias]
	policies     shelf[*policy.Policy]
	policyTypes  policy.Types
	schemas      map[string]*value.Dict
	configs      map[string]*value.Dict

	governed []*Action
	index    *rule.Index
	byType   map[string][]*trigger.Trigger // by the reference of their type
	webhooks map[string][]*trigger.Trigger // by URL without slashes at its ends
	problems []Problem
}

// Action is an action ready to be run.
type Action struct {
	*action.Action
	Runner   *action.RunnerType // nil: there is no such runner type
	Params   *action.Compiled   // nil: see Problem
	Governor *policy.Governor   // nil: no policy
	Problem  error              // why it can't be run
}

// Type is a type of events with its schemas ready to check with.
type Type struct {
	*trigger.Type
	Payload    *schema.Schema // nil: anything goes
	Parameters *schema.Schema
}

// Problem is something registered that does not work, and why.
type Problem struct {
	Kind string // action, rule, policy, trigger type
	Ref  string
	Err  error
}

// New makes the snapshot of src. What does not work is left out of where it
// would act, can still be looked at, and is in [Catalog.Problems].
func New(src Source) *Catalog {
	if src.PolicyTypes == nil {
		src.PolicyTypes = policy.Standard()
	}
	c := &Catalog{
		packs:       newShelf(src.Packs, func(p *pack.Pack) (string, string) { return p.Ref, p.ID }),
		runners:     newShelf(src.Runners, func(r *action.RunnerType) (string, string) { return r.Name, r.ID }),
		rules:       newShelf(src.Rules, func(r *rule.Rule) (string, string) { return r.Ref, r.ID }),
		triggers:    newShelf(src.Triggers, func(t *trigger.Trigger) (string, string) { return t.Ref, t.ID }),
		sensors:     newShelf(src.Sensors, func(s *pack.Sensor) (string, string) { return s.Ref, s.ID }),
		aliases:     newShelf(src.Aliases, func(a *alias.Alias) (string, string) { return a.Ref, a.ID }),
		policies:    newShelf(src.Policies, func(p *policy.Policy) (string, string) { return p.Ref, p.ID }),
		policyTypes: src.PolicyTypes,
		schemas:     src.ConfigSchemas,
		configs:     src.Configs,
	}
	c.units = newShelf(c.unitsOf(c.sensors.all), func(u *Unit) (string, string) { return u.Ref, "" })
	governors := c.govern(src.Policies)
	c.actions = newShelf(c.prepare(src.Actions, governors), func(a *Action) (string, string) { return a.Ref, a.ID })
	for _, a := range c.actions.all {
		if a.Governor.Governs() {
			c.governed = append(c.governed, a)
		}
	}
	c.triggerTypes = newShelf(c.types(src.TriggerTypes), func(t *Type) (string, string) { return t.Ref, t.ID })
	c.indexTriggers()
	matchers := make([]*rule.Matcher, len(c.rules.all))
	for i, r := range c.rules.all {
		var mistakes []rule.Mistake
		matchers[i], mistakes = rule.NewMatcher(r, rule.Options{Parse: src.Parse})
		for _, m := range mistakes {
			c.problem("rule", r.Ref, m)
		}
	}
	c.index = rule.NewIndex(matchers)
	slices.SortFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ref, b.Ref))
	})
	return c
}

func (c *Catalog) indexTriggers() {
	c.byType, c.webhooks = map[string][]*trigger.Trigger{}, map[string][]*trigger.Trigger{}
	for _, t := range c.triggers.all {
		c.byType[t.Type] = append(c.byType[t.Type], t)
		if hook, ok := HookOf(t); ok {
			c.webhooks[hook] = append(c.webhooks[hook], t)
		}
	}
}

func (c *Catalog) problem(kind, ref string, err error) {
	c.problems = append(c.problems, Problem{kind, ref, err})
}

func (c *Catalog) govern(policies []*policy.Policy) map[string]*policy.Governor {
	out := map[string]*policy.Governor{}
	for _, p := range policies {
		if !p.Enabled {
			continue
		}
		g, err := c.policyTypes.Compile(p)
		if err != nil {
			c.problem("policy", p.Ref, err)
			continue
		}
		if out[p.ResourceRef] == nil {
			out[p.ResourceRef] = &policy.Governor{}
		}
		out[p.ResourceRef].Add(g)
	}
	return out
}

func (c *Catalog) prepare(actions []*action.Action, governors map[string]*policy.Governor) []*Action {
	out := make([]*Action, len(actions))
	for i, a := range actions {
		e := &Action{Action: a, Governor: governors[a.Ref]}
		out[i] = e
		rt, ok := c.Runner(a.RunnerType)
		if !ok {
			e.Problem = fmt.Errorf("there is no runner type %q", a.RunnerType)
			c.problem("action", a.Ref, e.Problem)
			continue
		}
		e.Runner = rt
		var err error
		if e.Params, err = action.Compile(a, rt); err != nil {
			e.Problem = err
			c.problem("action", a.Ref, err)
		}
	}
	return out
}

func (c *Catalog) types(types []*trigger.Type) []*Type {
	out := make([]*Type, len(types))
	for i, t := range types {
		e := &Type{Type: t}
		out[i] = e
		var err error
		if e.Payload, err = compileSchema(t.PayloadSchema); err != nil {
			c.problem("trigger type", t.Ref, fmt.Errorf("payload_schema: %w", err))
		}
		if e.Parameters, err = compileSchema(t.ParametersSchema); err != nil {
			c.problem("trigger type", t.Ref, fmt.Errorf("parameters_schema: %w", err))
		}
	}
	return out
}

func compileSchema(d *value.Dict) (*schema.Schema, error) {
	if d == nil || d.Len() == 0 {
		return nil, nil
	}
	return schema.Compile(d)
}

// Without returns the snapshot as somebody sees it to whom things are hidden. They
// are asked about as the lists below return them. What acts by itself, such as
// [Catalog.RuleIndex], is the same.
func (c *Catalog) Without(hidden func(thing any) bool) *Catalog {
	out := *c
	out.packs, out.actions, out.rules = c.packs.without(hidden), c.actions.without(hidden), c.rules.without(hidden)
	out.triggerTypes, out.triggers = c.triggerTypes.without(hidden), c.triggers.without(hidden)
	out.sensors, out.aliases, out.policies = c.sensors.without(hidden), c.aliases.without(hidden), c.policies.without(hidden)
	out.units = c.units.without(hidden)
	out.indexTriggers()
	return &out
}

// Problems lists what is registered and does not work.
func (c *Catalog) Problems() []Problem { return c.problems }

// RuleIndex returns the rules by the events that they listen to.
func (c *Catalog) RuleIndex() *rule.Index { return c.index }

// Runner returns the runner type of a name, an alias or an id. Names are the
// same with _ for -.
func (c *Catalog) Runner(name string) (*action.RunnerType, bool) {
	if r, ok := c.runners.get(name); ok {
		return r, true
	}
	for _, r := range c.runners.all {
		if sameRunner(r.Name, name) || slices.ContainsFunc(r.Aliases, func(a string) bool { return sameRunner(a, name) }) {
			return r, true
		}
	}
	return nil, false
}

func sameRunner(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && (a[i] != '-' || b[i] != '_') {
			return false
		}
	}
	return true
}

// Each look-up below takes a reference or an id.

// Pack returns a pack.
func (c *Catalog) Pack(ref string) (*pack.Pack, bool) { return c.packs.get(ref) }

// Action returns an action.
func (c *Catalog) Action(ref string) (*Action, bool) { return c.actions.get(ref) }

// Parameters returns what an action takes, by its reference; nil if it can't be
// run. With [Catalog.Refs] it is what an inspection of a workflow needs to know.
func (c *Catalog) Parameters(ref string) (*action.Compiled, bool) {
	a, ok := c.actions.get(ref)
	if !ok || a.Ref != ref {
		return nil, false
	}
	return a.Params, true
}

// Refs returns the references of all actions.
func (c *Catalog) Refs() []string {
	refs := make([]string, len(c.actions.all))
	for i, a := range c.actions.all {
		refs[i] = a.Ref
	}
	return refs
}

// Rule returns a rule.
func (c *Catalog) Rule(ref string) (*rule.Rule, bool) { return c.rules.get(ref) }

// TriggerType returns a type of events.
func (c *Catalog) TriggerType(ref string) (*Type, bool) { return c.triggerTypes.get(ref) }

// Trigger returns a trigger.
func (c *Catalog) Trigger(ref string) (*trigger.Trigger, bool) { return c.triggers.get(ref) }

// Sensor returns a sensor.
func (c *Catalog) Sensor(ref string) (*pack.Sensor, bool) { return c.sensors.get(ref) }

// Alias returns an action alias.
func (c *Catalog) Alias(ref string) (*alias.Alias, bool) { return c.aliases.get(ref) }

// Policy returns a policy.
func (c *Catalog) Policy(ref string) (*policy.Policy, bool) { return c.policies.get(ref) }

// PolicyType returns a type of policies.
func (c *Catalog) PolicyType(ref string) (policy.Type, bool) { return c.policyTypes.Find(ref) }

// ConfigSchema returns the schema of a pack's configuration; nil when it has none.
func (c *Catalog) ConfigSchema(pack string) *value.Dict { return c.schemas[pack] }

// Config returns the configuration of a pack as written; nil when it has none.
func (c *Catalog) Config(pack string) *value.Dict { return c.configs[pack] }

// TriggersOf returns the triggers of a type.
func (c *Catalog) TriggersOf(typeRef string) []*trigger.Trigger { return c.byType[typeRef] }

// Governed returns the actions whose executions must ask before they start.
func (c *Catalog) Governed() []*Action { return c.governed }

// Webhook returns the triggers that listen to the webhook of a URL.
func (c *Catalog) Webhook(url string) []*trigger.Trigger { return c.webhooks[HookName(url)] }

// HookOf returns what the webhook of a trigger is found by, and false for a trigger
// of another type.
func HookOf(t *trigger.Trigger) (string, bool) {
	if t.Type != trigger.Webhook || t.Parameters == nil {
		return "", false
	}
	url, ok := t.Parameters.Get("url")
	return HookName(value.Str(url)), ok
}

// HookName is what webhooks are found by: slashes at the ends mean nothing.
func HookName(url string) string { return strings.Trim(url, "/") }

// The lists below are in the order of references.

// Packs returns all packs.
func (c *Catalog) Packs() []*pack.Pack { return c.packs.all }

// Runners returns all runner types.
func (c *Catalog) Runners() []*action.RunnerType { return c.runners.all }

// Actions returns all actions.
func (c *Catalog) Actions() []*Action { return c.actions.all }

// Rules returns all rules, disabled ones too.
func (c *Catalog) Rules() []*rule.Rule { return c.rules.all }

// TriggerTypes returns all types of events.
func (c *Catalog) TriggerTypes() []*Type { return c.triggerTypes.all }

// Triggers returns all triggers.
func (c *Catalog) Triggers() []*trigger.Trigger { return c.triggers.all }

// Sensors returns all sensors.
func (c *Catalog) Sensors() []*pack.Sensor { return c.sensors.all }

// Aliases returns all action aliases.
func (c *Catalog) Aliases() []*alias.Alias { return c.aliases.all }

// Policies returns all policies.
func (c *Catalog) Policies() []*policy.Policy { return c.policies.all }

// PolicyTypes returns all types of policies.
func (c *Catalog) PolicyTypes() []policy.Type { return c.policyTypes }

// shelf is things of one kind, sorted, to be found by reference or id.
type shelf[T any] struct {
	all  []T
	find map[string]T
}

func newShelf[T any](all []T, names func(T) (ref, id string)) shelf[T] {
	s := shelf[T]{all: slices.Clone(all), find: make(map[string]T, 2*len(all))}
	slices.SortFunc(s.all, func(a, b T) int {
		ra, _ := names(a)
		rb, _ := names(b)
		return cmp.Compare(ra, rb)
	})
	for _, t := range s.all {
		ref, id := names(t)
		if id != "" {
			s.find[id] = t
		}
		s.find[ref] = t
	}
	return s
}

// without returns s less what hidden reports.
func (s shelf[T]) without(hidden func(thing any) bool) shelf[T] {
	out := shelf[T]{find: make(map[string]T, len(s.find))}
	gone := map[any]bool{}
	for _, t := range s.all {
		if hidden(t) {
			gone[t] = true
		} else {
			out.all = append(out.all, t)
		}
	}
	for name, t := range s.find {
		if !gone[t] {
			out.find[name] = t
		}
	}
	return out
}

func (s shelf[T]) get(name string) (T, bool) {
	t, ok := s.find[name]
	return t, ok
}

// Holder hands out the latest snapshot. Its zero value holds an empty one.
type Holder struct{ p atomic.Pointer[Catalog] }

// Get returns the latest snapshot.
func (h *Holder) Get() *Catalog {
	if c := h.p.Load(); c != nil {
		return c
	}
	h.p.CompareAndSwap(nil, New(Source{}))
	return h.p.Load()
}

// Set makes c the latest snapshot.
func (h *Holder) Set(c *Catalog) { h.p.Store(c) }
