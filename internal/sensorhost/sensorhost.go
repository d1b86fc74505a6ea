// Package sensorhost runs the sensors of packs: programs in Python that watch
// something outside and tell of events.
//
// Each sensor, or each instance of one, is a unit that one host holds by a lease, so that of several hosts
// over one ledger exactly one runs it, and another takes over within seconds when
// that one vanishes. A sensor that ends in an error is started again, sooner or
// later as it fares; one that returns by itself is over, and says so, until the
// pack changes. How each sensor fares is in the ledger, and what it prints in a
// log of its own.
//
// An event is on record before the sensor's dispatch returns. While the ledger
// takes nothing, the sensor waits; what is wrong with an event itself is said in
// the sensor's log.
package sensorhost

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Lease is how long a host is believed to run its sensors after it was last heard.
const Lease = 6 * time.Second

// beat is how often leases are renewed and the ledger hears how sensors fare.
const beat = Lease / 3

// Intake is where events go.
type Intake interface {
	Take(ctx context.Context, events ...intake.Event) ([]intake.Receipt, error)
}

// Runner runs a sensor until it ends or ctx does.
type Runner interface {
	RunSensor(ctx context.Context, s python.Sensor, changes <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd
}

// Configs renders the configuration of a sensor.
type Configs interface {
	UnitConfig(ctx context.Context, u *catalog.Unit, user string) (*value.Dict, error)
}

// Options configure a Host. The zero value of each field means its default.
type Options struct {
	APIURL string                   // where sensors find the API
	Token  func(pack string) string // a fresh token for the sensors of a pack; default: they get none
	User   string                   // on whose behalf configurations are rendered
	Logs   string                   // folder of the sensors' logs; default: they are not kept
	Mark   string                   // begins the marks of the sensors' processes; see package process
	Logger *slog.Logger             // default: discard
}

// Host runs sensors.
type Host struct {
	store   *store.Store
	catalog *catalog.Holder
	bus     bus.Bus
	intake  Intake
	runner  Runner
	configs Configs
	opts    Options

	id    string
	wake  chan struct{}            // one token says that there may be something to do
	units map[string]*unit         // what is held, by reference; used by Run only
	gates map[string]chan struct{} // of packs: hold a token while a sensor starts; used by Run only
	all   sync.WaitGroup           // of the units
}

// New returns a host. Call Run to start it.
func New(s *store.Store, c *catalog.Holder, b bus.Bus, i Intake, r Runner, configs Configs, opts Options) *Host {
	if opts.Token == nil {
		opts.Token = func(string) string { return "" }
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Host{
		store: s, catalog: c, bus: b, intake: i, runner: r, configs: configs, opts: opts,
		id: ident.New(time.Now()), wake: make(chan struct{}, 1), units: map[string]*unit{}, gates: map[string]chan struct{}{},
	}
}

func (h *Host) ring() {
	select {
	case h.wake <- struct{}{}:
	default: // a token is there already
	}
}

// Run runs sensors until ctx is done, ends them, and returns nil.
func (h *Host) Run(ctx context.Context) error {
	err := h.bus.Subscribe(ctx, bus.ContentChanged, func(bus.Message) { h.ring() })
	if err != nil {
		return fmt.Errorf("sensorhost: %w", err)
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		h.round(ctx)
		select {
		case <-ctx.Done():
			h.leave(context.WithoutCancel(ctx))
			return nil
		case <-h.wake:
		case <-tick.C:
		}
	}
}

// round makes what runs what should run. It waits for no sensor: one that is to
// end is held until it has, and only then is another one started in its place.
func (h *Host) round(ctx context.Context) {
	c, now := h.catalog.Get(), time.Now()
	wanted := map[string]*catalog.Unit{}
	for _, u := range c.Units() {
		if p, ok := c.Pack(u.Sensor.Pack); ok && p.Path != "" && u.Sensor.Enabled {
			wanted[u.Ref] = u
		}
	}
	for ref, u := range h.units {
		h.look(ctx, c, u, wanted[ref])
	}
	if len(wanted)+len(h.units) == 0 {
		return
	}
	held, err := h.hold(ctx, wanted, now)
	if err != nil {
		if ctx.Err() == nil {
			h.opts.Logger.Error("leases of sensors could not be renewed", "err", err)
		}
		for _, u := range h.units {
			if now.After(u.until) { // another host has it by now
				u.end("its lease could not be renewed")
			}
		}
		return
	}
	for ref, u := range h.units {
		if held[ref] {
			u.until = now.Add(Lease)
		} else {
			u.end("another host holds it")
		}
	}
	for ref, s := range wanted {
		if held[ref] && h.units[ref] == nil {
			h.start(ctx, c, s, now)
		}
	}
}

// look ends a unit that is not what is wanted, and lets go of one that has ended.
func (h *Host) look(ctx context.Context, c *catalog.Catalog, u *unit, s *catalog.Unit) {
	select {
	case <-u.over:
		delete(h.units, u.ref)
		if s == nil {
			h.drop(ctx, u.ref)
		}
		return
	default:
	}
	if s == nil {
		u.end("it is not wanted any more")
		return
	}
	// A configuration that can't be rendered for a moment is no reason to stop.
	if spec, err := h.spec(ctx, c, s); err == nil && spec.key != u.spec.key {
		u.end("its pack or its configuration has changed")
		return
	}
	u.tell(triggers(c, s.Sensor))
}

// hold takes or renews the leases of all sensors that are wanted or still run,
// and writes down how they fare. It returns which of them this host holds.
func (h *Host) hold(ctx context.Context, wanted map[string]*catalog.Unit, now time.Time) (map[string]bool, error) {
	refs := map[string]bool{}
	for ref := range wanted {
		refs[ref] = true
	}
	for ref := range h.units {
		refs[ref] = true
	}
	held := map[string]bool{}
	err := h.store.Write(ctx, func(tx *store.Tx) error {
		clear(held) // a write may be tried again
		for ref := range refs {
			ok, err := tx.HoldSensor(ctx, ref, h.id, now, now.Add(Lease))
			if err != nil {
				return err
			}
			held[ref] = ok
			if u := h.units[ref]; u != nil && ok {
				if err := tx.NoteSensor(ctx, u.report()); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return held, err
}

func (h *Host) start(ctx context.Context, c *catalog.Catalog, s *catalog.Unit, now time.Time) {
	spec, err := h.spec(ctx, c, s)
	if err != nil {
		h.opts.Logger.ErrorContext(ctx, "sensor can't be started", "sensor", s.Ref, "err", err)
		return // the next round tries again
	}
	if h.gates[spec.Pack] == nil {
		h.gates[spec.Pack] = make(chan struct{}, 1)
	}
	u := newUnit(h, s.Ref, spec, h.gates[spec.Pack])
	u.until = now.Add(Lease)
	u.tell(triggers(c, s.Sensor))
	h.units[s.Ref] = u
	ctx, u.stop = context.WithCancelCause(ctx)
	h.all.Go(func() {
		defer h.ring() // there may be another one to start in its place
		defer close(u.over)
		u.run(ctx)
	})
}

func (h *Host) drop(ctx context.Context, ref string) {
	err := h.store.Write(ctx, func(tx *store.Tx) error { return tx.DropSensor(ctx, ref, h.id) })
	if err != nil && ctx.Err() == nil {
		h.opts.Logger.ErrorContext(ctx, "sensor was not given back", "sensor", ref, "err", err)
	}
}

// leave ends all sensors and gives them back.
func (h *Host) leave(ctx context.Context) {
	h.all.Wait() // their context is done
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for ref := range h.units {
		h.drop(ctx, ref)
	}
}

// spec is what a sensor is run as.
type spec struct {
	python.Sensor
	key string // of another sensor it differs
}

func (h *Host) spec(ctx context.Context, c *catalog.Catalog, u *catalog.Unit) (spec, error) {
	config, err := h.configs.UnitConfig(ctx, u, h.opts.User)
	if err != nil {
		return spec{}, err
	}
	s := u.Sensor
	p, ok := c.Pack(s.Pack)
	if !ok {
		return spec{}, fmt.Errorf("pack %q is not registered any more", s.Pack)
	}
	out := spec{Sensor: python.Sensor{
		Ref: u.Ref, Mark: h.opts.Mark + ident.New(time.Now()), Pack: s.Pack, ContentDir: p.Path, Class: s.Name, Instance: u.Instance, Config: config,
		EntryPoint: filepath.FromSlash(strings.TrimPrefix(s.ArtifactURI, "file://")),
		Env:        map[string]string{"ST2_ACTION_API_URL": h.opts.APIURL},
	}}
	if s.PollInterval != nil {
		out.PollInterval = float64(*s.PollInterval)
	}
	text, err := value.ToJSON(config)
	if err != nil {
		return spec{}, fmt.Errorf("the configuration of pack %q has no JSON: %w", s.Pack, err)
	}
	types := slices.Sorted(slices.Values(s.TriggerTypes))
	out.key = fmt.Sprintf("%s\n%s\n%v\n%s\n%v\n%s\n%s", out.EntryPoint, out.Class, out.PollInterval, p.Path, types, p.Version, text)
	return out, nil
}
