// Package register keeps what is registered: it writes packs and single things
// into the ledger and makes the catalog of it that everybody looks things up in.
//
// A deed checks first, writes all of itself in one transaction, and returns when
// the new catalog is in force.
package register

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Options configure a Registrar. The zero value of each field means its default.
type Options struct {
	// Runners are the runner types that actions may name; they come with the server.
	Runners []action.RunnerType
	// PolicyTypes are what policies may be. Default: the standard ones.
	PolicyTypes policy.Types
	// Folders hold packs, each in a subfolder. Of two packs of one name, that of the
	// later folder counts. Default: there are only the built-in ones.
	Folders []string
	// Builtin is a folder into which the built-in packs are written, so that their
	// scripts can be run. Default: they are not.
	Builtin string
	// Configs is a folder with the configurations of packs, each in a file of the
	// pack's name. Default: there are none.
	Configs string
	// Parse reads the templates in the criteria of rules; see [catalog.Source].
	Parse func(text string) (rule.Template, error)
	// AnyPack lets clients make actions in packs that are not registered.
	AnyPack bool
	Logger  *slog.Logger // default: discard
}

// Registrar registers things. It is safe for concurrent use.
type Registrar struct {
	store   *store.Store
	catalog *catalog.Holder
	bus     bus.Bus
	opts    Options

	// mu is held while something is registered: a deed checks against what is
	// there and then writes, and nobody may come between. It guards what follows,
	// which is what the catalog was made of.
	mu      sync.Mutex
	src     catalog.Source
	have    map[key]held
	inForce bool // src is in the catalog
}

// key names a registered thing.
type key struct {
	kind store.Kind
	ref  string
}

// held is what is remembered of a registered thing.
type held struct {
	id, pack, digest string
}

// New returns a registrar. Its catalog is empty until [Registrar.Reload] or
// [Registrar.Packs].
func New(s *store.Store, c *catalog.Holder, b bus.Bus, opts Options) *Registrar {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Registrar{store: s, catalog: c, bus: b, opts: opts}
}

// Reload makes the catalog anew of what is in the ledger, and tells everybody.
func (r *Registrar) Reload(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(ctx); err != nil {
		return err
	}
	return r.announce(ctx)
}

// load reads the ledger. The lock is held.
func (r *Registrar) load(ctx context.Context) error {
	src := catalog.Source{
		ConfigSchemas: map[string]*value.Dict{}, Configs: map[string]*value.Dict{}, Parse: r.opts.Parse, PolicyTypes: r.opts.PolicyTypes,
	}
	have := map[key]held{}
	runners := map[string]*action.RunnerType{}
	for _, t := range r.opts.Runners {
		runners[t.Name] = &t
		src.Runners = append(src.Runners, &t)
	}
	err := r.store.Reader().AllContent(ctx, func(c store.Content) error {
		have[key{c.Kind, c.Ref}] = held{c.ID, c.Pack, c.Digest}
		if err := place(&src, runners, c); err != nil {
			// One row that can't be read must not keep the server from starting.
			r.opts.Logger.Error("registered thing can't be read", "kind", c.Kind, "ref", c.Ref, "err", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reload the catalog: %w", err)
	}
	r.src, r.have, r.inForce = src, have, false
	return nil
}

// announce puts a new catalog in force and tells everybody. The lock is held.
func (r *Registrar) announce(ctx context.Context) error {
	r.catalog.Set(catalog.New(r.src))
	r.inForce = true
	return r.bus.Publish(ctx, bus.Message{Subject: bus.ContentChanged})
}

// ready loads the ledger if nobody did. The lock is held.
func (r *Registrar) ready(ctx context.Context) error {
	if r.have != nil {
		return nil
	}
	return r.load(ctx)
}

// place puts a stored thing where it belongs in a catalog's source.
func place(src *catalog.Source, runners map[string]*action.RunnerType, c store.Content) error {
	switch c.Kind {
	case store.Packs:
		return add(&src.Packs, c, func(p *pack.Pack, id string) { p.ID = id })
	case store.Actions:
		return add(&src.Actions, c, func(a *action.Action, id string) { a.ID = id })
	case store.Rules:
		return add(&src.Rules, c, func(r *rule.Rule, id string) { r.ID = id })
	case store.TriggerTypes:
		return add(&src.TriggerTypes, c, func(t *trigger.Type, id string) { t.ID = id })
	case store.Triggers:
		return add(&src.Triggers, c, func(t *trigger.Trigger, id string) { t.ID = id })
	case store.Sensors:
		return add(&src.Sensors, c, func(s *pack.Sensor, id string) { s.ID = id })
	case store.Aliases:
		return add(&src.Aliases, c, func(a *alias.Alias, id string) { a.ID = id })
	case store.Policies:
		return add(&src.Policies, c, func(p *policy.Policy, id string) { p.ID = id })
	case store.ConfigSchemas:
		return addTo(src.ConfigSchemas, c)
	case store.Configs:
		return addTo(src.Configs, c)
	case store.Runners:
		// Of a runner type only its id and whether it is enabled are kept.
		var kept struct {
			Enabled bool `json:"enabled"`
		}
		if err := json.Unmarshal(c.Body, &kept); err != nil {
			return err
		}
		if t := runners[c.Ref]; t != nil {
			t.ID, t.Enabled = c.ID, kept.Enabled
		}
		return nil
	default:
		return fmt.Errorf("there is no kind %q", c.Kind)
	}
}

func add[T any](list *[]*T, c store.Content, name func(*T, string)) error {
	t := new(T)
	if err := json.Unmarshal(c.Body, t); err != nil {
		return err
	}
	name(t, c.ID)
	*list = append(*list, t)
	return nil
}

func addTo(m map[string]*value.Dict, c store.Content) error {
	d := value.NewDict()
	if err := d.UnmarshalJSON(c.Body); err != nil {
		return err
	}
	m[c.Pack] = d
	return nil
}

// remove takes a thing out of a catalog's source.
func remove(src *catalog.Source, k key) {
	switch k.kind {
	case store.Packs:
		src.Packs = without(src.Packs, k.ref, func(p *pack.Pack) string { return p.Ref })
	case store.Actions:
		src.Actions = without(src.Actions, k.ref, func(a *action.Action) string { return a.Ref })
	case store.Rules:
		src.Rules = without(src.Rules, k.ref, func(r *rule.Rule) string { return r.Ref })
	case store.TriggerTypes:
		src.TriggerTypes = without(src.TriggerTypes, k.ref, func(t *trigger.Type) string { return t.Ref })
	case store.Triggers:
		src.Triggers = without(src.Triggers, k.ref, func(t *trigger.Trigger) string { return t.Ref })
	case store.Sensors:
		src.Sensors = without(src.Sensors, k.ref, func(s *pack.Sensor) string { return s.Ref })
	case store.Aliases:
		src.Aliases = without(src.Aliases, k.ref, func(a *alias.Alias) string { return a.Ref })
	case store.Policies:
		src.Policies = without(src.Policies, k.ref, func(p *policy.Policy) string { return p.Ref })
	case store.ConfigSchemas, store.Configs, store.Runners: // by the pack or the name, which places them over what was there
	}
}
