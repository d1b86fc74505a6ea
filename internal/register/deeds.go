package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// The deeds below are those of clients, one thing at a time. What they make is
// read in the way in which files are read, so that the same is right and wrong.
// Errors that are the asker's are faults: Invalid with all mistakes, a line each,
// Conflict with the id of what is in the way, NotFound.

// asDict returns a noun as it would be written.
func asDict(noun any) (*value.Dict, error) {
	body, err := json.Marshal(noun)
	if err != nil {
		return nil, fmt.Errorf("write what was given: %w", err)
	}
	d := value.NewDict()
	if err := d.UnmarshalJSON(body); err != nil {
		return nil, fmt.Errorf("read what was given: %w", err)
	}
	return d, nil
}

// mistakes returns findings as a fault, or nil if there are none that matter. A
// noun that was left out matters.
func mistakes(found pack.Findings, leftOut bool) error {
	var lines []string
	for _, f := range found {
		if f.Severity == pack.Error || leftOut {
			lines = append(lines, f.Text())
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fault.Newf(fault.Invalid, "%s", strings.Join(lines, "\n"))
}

// deed is one thing that a client makes, changes or removes.
type deed struct {
	kind store.Kind
	name string // what people call the kind
	old  string // reference of what is changed; empty: it is made
}

// check finds what is in the way of a thing of the reference ref.
func (d deed) check(r *Registrar, ref string) error {
	if d.old != "" {
		if _, ok := r.have[key{d.kind, d.old}]; !ok {
			return fault.Newf(fault.NotFound, "Resource with a reference or id \"%s\" not found", d.old)
		}
	}
	if other, ok := r.have[key{d.kind, ref}]; ok && ref != d.old {
		f := fault.Newf(fault.Conflict, "The %s \"%s\" exists already.", d.name, ref)
		f.ID = other.id
		return f
	}
	return nil
}

// write makes or changes a thing. fill has the last word about it, and adds to
// the change what belongs to it.
func write[T any](ctx context.Context, r *Registrar, d deed, noun *T, ref, owner string, id func(*T) *string, fill func(*change) error) (*T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if err := d.check(r, ref); err != nil {
		return nil, err
	}
	c := r.change()
	if fill != nil {
		if err := fill(c); err != nil {
			return nil, err
		}
	}
	*id(noun) = ""
	c.put(d.kind, ref, owner, "", noun)
	if d.old != "" {
		c.rename(d.kind, d.old, ref)
	}
	if err := r.apply(ctx, c); err != nil {
		return nil, err
	}
	*id(noun) = r.have[key{d.kind, ref}].id
	return noun, nil
}

func (r *Registrar) remove(ctx context.Context, d deed, more func(*change)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return err
	}
	if err := d.check(r, d.old); err != nil {
		return err
	}
	c := r.change()
	c.drop(d.kind, d.old)
	if more != nil {
		more(c)
	}
	return r.apply(ctx, c)
}

// CreateAction makes an action.
func (r *Registrar) CreateAction(ctx context.Context, a *action.Action) (*action.Action, error) {
	return r.writeAction(ctx, "", a)
}

// UpdateAction makes the action ref what a is. Its reference may change with that.
func (r *Registrar) UpdateAction(ctx context.Context, ref string, a *action.Action) (*action.Action, error) {
	return r.writeAction(ctx, ref, a)
}

func (r *Registrar) writeAction(ctx context.Context, old string, a *action.Action) (*action.Action, error) {
	d, err := asDict(a)
	if err != nil {
		return nil, err
	}
	read, found := pack.ActionOf(d, r.runner)
	if err := mistakes(found, read == nil); err != nil {
		return nil, err
	}
	known := func(c *change) error {
		if _, ok := c.r.have[key{store.Packs, read.Pack}]; !ok && !r.opts.AnyPack {
			return fault.Newf(fault.Invalid, "There is no pack \"%s\".", read.Pack)
		}
		return nil
	}
	return write(ctx, r, deed{store.Actions, "action", old}, read, read.Ref, read.Pack, func(a *action.Action) *string { return &a.ID }, known)
}

// DeleteAction removes an action.
func (r *Registrar) DeleteAction(ctx context.Context, ref string) error {
	return r.remove(ctx, deed{store.Actions, "action", ref}, nil)
}

// runner looks up a runner type by its name or an alias; _ is the same as -.
func (r *Registrar) runner(name string) (*action.RunnerType, bool) {
	same := strings.ReplaceAll(name, "_", "-")
	for i := range r.opts.Runners {
		t := &r.opts.Runners[i]
		if t.Name == same {
			return t, true
		}
		for _, alias := range t.Aliases {
			if alias == name || alias == same {
				return t, true
			}
		}
	}
	return nil, false
}

// CreateRule makes a rule, and the trigger that it listens to.
func (r *Registrar) CreateRule(ctx context.Context, ru *rule.Rule) (*rule.Rule, error) {
	return r.writeRule(ctx, "", ru)
}

// UpdateRule makes the rule ref what ru is. Its reference may change with that.
func (r *Registrar) UpdateRule(ctx context.Context, ref string, ru *rule.Rule) (*rule.Rule, error) {
	return r.writeRule(ctx, ref, ru)
}

// DraftRule checks a rule as CreateRule does, and returns it ready to be asked about
// events. It is not kept.
func (r *Registrar) DraftRule(ctx context.Context, ru *rule.Rule) (*rule.Matcher, error) {
	read, err := r.readRule(ru)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if err := r.change().hear(read); err != nil {
		return nil, err
	}
	m, _ := rule.NewMatcher(read, rule.Options{Parse: r.opts.Parse}) // it has been read, so it has no mistakes
	return m, nil
}

// readRule reads a rule as files are read.
func (r *Registrar) readRule(ru *rule.Rule) (*rule.Rule, error) {
	given := *ru
	if given.Type.Ref == "" {
		given.Type.Ref = rule.Standard
	}
	d, err := asDict(given)
	if err != nil {
		return nil, err
	}
	read, found := pack.RuleOf(d, r.opts.Parse)
	return read, mistakes(found, read == nil)
}

// hear has a rule listen to its trigger, which must take what the rule says of it.
func (c *change) hear(ru *rule.Rule) error {
	find := c.r.types()
	if err := mistakes(pack.CheckTrigger(ru, find), false); err != nil {
		return err
	}
	c.listen(ru, find)
	return nil
}

func (r *Registrar) writeRule(ctx context.Context, old string, ru *rule.Rule) (*rule.Rule, error) {
	read, err := r.readRule(ru)
	if err != nil {
		return nil, err
	}
	listen := func(c *change) error {
		if err := c.hear(read); err != nil {
			return err
		}
		c.release(map[string]bool{old: true}, []*rule.Rule{read})
		return nil
	}
	return write(ctx, r, deed{store.Rules, "rule", old}, read, read.Ref, read.Pack, func(ru *rule.Rule) *string { return &ru.ID }, listen)
}

// DeleteRule removes a rule, and the trigger that only it listened to.
func (r *Registrar) DeleteRule(ctx context.Context, ref string) error {
	return r.remove(ctx, deed{store.Rules, "rule", ref}, func(c *change) { c.release(map[string]bool{ref: true}, nil) })
}

// CreatePolicy makes a policy.
func (r *Registrar) CreatePolicy(ctx context.Context, p *policy.Policy) (*policy.Policy, error) {
	return r.writePolicy(ctx, "", p)
}

// UpdatePolicy makes the policy ref what p is. Its reference may change with that.
func (r *Registrar) UpdatePolicy(ctx context.Context, ref string, p *policy.Policy) (*policy.Policy, error) {
	return r.writePolicy(ctx, ref, p)
}

func (r *Registrar) writePolicy(ctx context.Context, old string, p *policy.Policy) (*policy.Policy, error) {
	d, err := asDict(p)
	if err != nil {
		return nil, err
	}
	read, found := pack.PolicyOf(d, r.opts.PolicyTypes)
	if err := mistakes(found, read == nil); err != nil {
		return nil, err
	}
	return write(ctx, r, deed{store.Policies, "policy", old}, read, read.Ref, read.Pack, func(p *policy.Policy) *string { return &p.ID }, nil)
}

// DeletePolicy removes a policy.
func (r *Registrar) DeletePolicy(ctx context.Context, ref string) error {
	return r.remove(ctx, deed{store.Policies, "policy", ref}, nil)
}

// CreateAlias makes an action alias.
func (r *Registrar) CreateAlias(ctx context.Context, a *alias.Alias) (*alias.Alias, error) {
	return r.writeAlias(ctx, "", a)
}

// UpdateAlias makes the alias ref what a is. Its reference may change with that.
func (r *Registrar) UpdateAlias(ctx context.Context, ref string, a *alias.Alias) (*alias.Alias, error) {
	return r.writeAlias(ctx, ref, a)
}

func (r *Registrar) writeAlias(ctx context.Context, old string, a *alias.Alias) (*alias.Alias, error) {
	d, err := asDict(a)
	if err != nil {
		return nil, err
	}
	read, found := pack.AliasOf(d)
	if err := mistakes(found, read == nil); err != nil {
		return nil, err
	}
	return write(ctx, r, deed{store.Aliases, "alias", old}, read, read.Ref, read.Pack, func(a *alias.Alias) *string { return &a.ID }, nil)
}

// DeleteAlias removes an action alias.
func (r *Registrar) DeleteAlias(ctx context.Context, ref string) error {
	return r.remove(ctx, deed{store.Aliases, "alias", ref}, nil)
}

// CreateTriggerType makes a type of events, and its trigger if it takes no
// parameters.
func (r *Registrar) CreateTriggerType(ctx context.Context, t *trigger.Type) (*trigger.Type, error) {
	return r.writeType(ctx, "", t)
}

// UpdateTriggerType makes the type ref what t is. Its reference may change with
// that.
func (r *Registrar) UpdateTriggerType(ctx context.Context, ref string, t *trigger.Type) (*trigger.Type, error) {
	return r.writeType(ctx, ref, t)
}

func (r *Registrar) writeType(ctx context.Context, old string, t *trigger.Type) (*trigger.Type, error) {
	d, err := asDict(t)
	if err != nil {
		return nil, err
	}
	read, found := pack.TriggerTypeOf(d)
	if err := mistakes(found, read == nil); err != nil {
		return nil, err
	}
	triggers := func(c *change) error {
		s, single := shadow(read)
		if single {
			c.putTrigger(s)
		}
		if old != "" && (old != read.Ref || !single) {
			c.dropShadow(old)
		}
		return nil
	}
	return write(ctx, r, deed{store.TriggerTypes, "trigger type", old}, read, read.Ref, read.Pack, func(t *trigger.Type) *string { return &t.ID }, triggers)
}

// dropShadow drops the trigger of a type that has only one.
func (c *change) dropShadow(typeRef string) {
	if _, ok := c.r.have[key{store.Triggers, typeRef}]; ok {
		c.drop(store.Triggers, typeRef)
	}
}

// DeleteTriggerType removes a type of events and its trigger. Rules that listen
// to it stay, and hear nothing.
func (r *Registrar) DeleteTriggerType(ctx context.Context, ref string) error {
	return r.remove(ctx, deed{store.TriggerTypes, "trigger type", ref}, func(c *change) { c.dropShadow(ref) })
}

// EnableRunner switches a runner type on or off.
func (r *Registrar) EnableRunner(ctx context.Context, name string, enabled bool) (*action.RunnerType, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	t, ok := r.runner(name)
	if !ok {
		return nil, fault.Newf(fault.NotFound, "Resource with a name or id \"%s\" not found", name)
	}
	c := r.change()
	c.put(store.Runners, t.Name, "", "", keptRunner{enabled})
	if err := r.apply(ctx, c); err != nil {
		return nil, err
	}
	for _, now := range r.src.Runners {
		if now.Name == t.Name {
			return now, nil
		}
	}
	return nil, errors.New("the runner type is lost")
}

// EnableSensor switches a sensor on or off. It stays so until its metadata changes.
func (r *Registrar) EnableSensor(ctx context.Context, ref string, enabled bool) (*pack.Sensor, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(r.src.Sensors, func(s *pack.Sensor) bool { return s.Ref == ref })
	if i < 0 {
		return nil, fault.Newf(fault.NotFound, "Resource with a reference or id \"%s\" not found", ref)
	}
	now := *r.src.Sensors[i]
	if now.Enabled == enabled {
		return &now, nil
	}
	now.Enabled = enabled
	c := r.change()
	c.alter(store.Sensors, now.Ref, now.Pack, now)
	return &now, r.apply(ctx, c)
}

// keptRunner is what is kept of a runner type.
type keptRunner struct {
	Enabled bool `json:"enabled"`
}
