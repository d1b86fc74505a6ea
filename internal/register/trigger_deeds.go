package register

import (
	"context"
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// CreateTrigger makes a trigger that stays whether rules listen to it or not. One
// that is there with the same type and parameters is returned as it is.
func (r *Registrar) CreateTrigger(ctx context.Context, t *trigger.Trigger) (*trigger.Trigger, error) {
	t = named(t)
	made, err := r.writeTrigger(ctx, "", t)
	if fault.KindOf(err) == fault.Conflict {
		if old := r.trigger(t.Ref); old != nil && same(old, t) {
			return old, nil
		}
	}
	return made, err
}

func same(a, b *trigger.Trigger) bool {
	return a.Type == b.Type && value.Equal(a.Parameters, b.Parameters)
}

// named returns a trigger of somebody's with what it is called.
func named(given *trigger.Trigger) *trigger.Trigger {
	t := *given
	if t.Parameters == nil {
		t.Parameters = value.NewDict()
	}
	if t.Name == "" {
		t.Name = uuidOf(trigger.UIDOf(t.Pack, t.Type, t.Parameters))
	}
	t.Ref, t.UID, t.Kept = t.Pack+"."+t.Name, trigger.UIDOf(t.Pack, t.Name, t.Parameters), true
	return &t
}

// UpdateTrigger makes the trigger ref what t is. Its type and parameters can only be
// changed while no rule listens to it.
func (r *Registrar) UpdateTrigger(ctx context.Context, ref string, t *trigger.Trigger) (*trigger.Trigger, error) {
	return r.writeTrigger(ctx, ref, named(t))
}

func (r *Registrar) writeTrigger(ctx context.Context, old string, t *trigger.Trigger) (*trigger.Trigger, error) {
	check := func(*change) error {
		if err := r.fits(t); err != nil {
			return err
		}
		was := r.find(old)
		if was == nil || was.Ref == t.Ref && same(was, t) {
			return nil
		}
		return r.unheard(was)
	}
	return write(ctx, r, deed{store.Triggers, "trigger", old}, t, t.Ref, t.Pack, func(t *trigger.Trigger) *string { return &t.ID }, check)
}

// trigger returns a trigger that is registered, or nil.
func (r *Registrar) trigger(ref string) *trigger.Trigger {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.find(ref)
}

// find does the same; the lock is held.
func (r *Registrar) find(ref string) *trigger.Trigger {
	for _, t := range r.src.Triggers {
		if t.Ref == ref {
			return t
		}
	}
	return nil
}

// fits returns what is wrong with a trigger by its type.
func (r *Registrar) fits(t *trigger.Trigger) error {
	typ, ok := r.types()(t.Type)
	if !ok {
		return fault.Newf(fault.Invalid, "There is no trigger type \"%s\".", t.Type)
	}
	if typ.ParametersSchema == nil || typ.ParametersSchema.Len() == 0 {
		return nil
	}
	s, err := schema.Compile(typ.ParametersSchema)
	if err != nil {
		return nil //nolint:nilerr // what is wrong with the type is told of the type
	}
	var lines []string
	for _, e := range s.Validate(t.Parameters) {
		lines = append(lines, e.Msg)
	}
	if len(lines) > 0 {
		return fault.Newf(fault.Invalid, "%s", strings.Join(lines, "\n"))
	}
	return nil
}

// unheard returns why a trigger can't go: it is the only one of its type, or there
// are rules that listen to it.
func (r *Registrar) unheard(t *trigger.Trigger) error {
	if t.Ref == t.Type {
		return fault.Newf(fault.Invalid, "The trigger \"%s\" comes with its type.", t.Ref)
	}
	var rules []string
	for _, ru := range r.src.Rules {
		if ru.Trigger.Ref == t.Ref {
			rules = append(rules, ru.Ref)
		}
	}
	if len(rules) > 0 {
		f := fault.Newf(fault.Conflict, "%s", fmt.Sprintf("Rules listen to the trigger \"%s\": %s.", t.Ref, strings.Join(rules, ", ")))
		f.ID = t.ID
		return f
	}
	return nil
}

// DeleteTrigger removes a trigger that no rule listens to.
func (r *Registrar) DeleteTrigger(ctx context.Context, ref string) error {
	t := r.trigger(ref)
	if t == nil {
		return fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", ref)
	}
	r.mu.Lock()
	err := r.unheard(t)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	return r.remove(ctx, deed{store.Triggers, "trigger", ref}, nil)
}
