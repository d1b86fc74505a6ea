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
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
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
	// Parse reads the templates in the criteria of rules; see [catalog.Source].
	Parse  func(text string) (rule.Template, error)
	Logger *slog.Logger // default: discard
}

// Registrar registers things. It is safe for concurrent use.
type Registrar struct {
	store   *store.Store
	catalog *catalog.Holder
	bus     bus.Bus
	opts    Options

	// mu is held while something is registered: a deed checks against the
	// catalog and then writes, and nobody may come between.
	mu sync.Mutex
}

// New returns a registrar. Its catalog is empty until [Registrar.Reload].
func New(s *store.Store, c *catalog.Holder, b bus.Bus, opts Options) *Registrar {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Registrar{store: s, catalog: c, bus: b, opts: opts}
}

// Reload makes the catalog anew of what is in the ledger, and tells everybody.
func (r *Registrar) Reload(ctx context.Context) error {
	src := catalog.Source{
		ConfigSchemas: map[string]*value.Dict{}, Configs: map[string]*value.Dict{}, Parse: r.opts.Parse,
	}
	runners := map[string]*action.RunnerType{}
	for _, t := range r.opts.Runners {
		runners[t.Name] = &t
		src.Runners = append(src.Runners, &t)
	}
	err := r.store.Reader().AllContent(ctx, func(c store.Content) error {
		if err := place(&src, runners, c); err != nil {
			// One row that can't be read must not keep the server from starting.
			r.opts.Logger.Error("registered thing can't be read", "kind", c.Kind, "ref", c.Ref, "err", err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reload the catalog: %w", err)
	}
	r.catalog.Set(catalog.New(src))
	return r.bus.Publish(ctx, bus.Message{Subject: bus.ContentChanged})
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
		return add(&src.Aliases, c, func(a *pack.Alias, id string) { a.ID = id })
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

// content is a noun as it is stored. A noun that is new gets an id.
func content(k store.Kind, ref, id, pack, digest string, noun any, now time.Time) (store.Content, error) {
	if id == "" {
		id = ident.New(now)
	}
	body, err := json.Marshal(noun)
	if err != nil {
		return store.Content{}, fmt.Errorf("write %s %s: %w", k, ref, err)
	}
	return store.Content{Kind: k, Ref: ref, ID: id, Pack: pack, Body: body, Digest: digest, UpdatedAt: now}, nil
}
