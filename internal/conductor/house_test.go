package conductor_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/conductor"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/noop"
	"github.com/nightshift-run/nightshift/internal/scheduler"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/worker"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a ledger with services over it, in a bubble.
type house struct {
	*store.Store
	driver   store.Driver
	t        *testing.T
	bus      bus.Bus
	catalog  *catalog.Holder
	launcher *launch.Launcher
	params   *launch.Params
	dispatch *dispatch.Dispatch
	deeds    *deeds
	trouble  *trouble // nil: there is none
}

// deeds is a runner whose actions go on until they are let go or canceled.
type deeds struct {
	mu    sync.Mutex
	begun int           // guarded by mu
	free  chan struct{} // closed: nobody waits
}

func (d *deeds) Run(ctx context.Context, _ runner.Task, _ runner.Output) runner.Outcome {
	d.mu.Lock()
	d.begun++
	d.mu.Unlock()
	select {
	case <-d.free:
		return runner.Outcome{Status: execution.Succeeded, Result: value.NewDict()}
	case <-ctx.Done():
		return runner.Outcome{Status: runner.Status(context.Cause(ctx)), Result: value.NewDict()}
	}
}

// inHouse runs f in a bubble with a house. Definitions are files of the pack p by
// name; each has an action of its own name.
func inHouse(t *testing.T, definitions map[string]string, f func(t *testing.T, h *house)) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		db, err := sqlite.Open(t.Context(), dir, sqlite.Options{Readers: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // the end of the test
		h := &house{Store: store.New(db), driver: db, t: t, bus: new(membus.Bus), catalog: new(catalog.Holder), deeds: &deeds{free: make(chan struct{})}}
		h.catalog.Set(content(t, filepath.Join(dir, "p"), definitions))
		h.params = launch.NewParams(h.Store, h.catalog)
		h.launcher = launch.New(h.Store, h.catalog, h.bus, h.params)
		h.dispatch = dispatch.New(h.Store, h.catalog, h.bus, h.params, nil, dispatch.Options{})
		f(t, h)
	})
}

func content(t *testing.T, dir string, definitions map[string]string) *catalog.Catalog {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "actions"), 0o700); err != nil {
		t.Fatal(err)
	}
	act := func(name, runnerType string) *action.Action {
		return &action.Action{
			ID: "a-" + name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true, RunnerType: runnerType, Parameters: value.NewDict(),
		}
	}
	actions := []*action.Action{act("noop", "noop"), act("deed", "deed"), act("off", "noop"), act("gone", "crowd"), act("number", "noop")}
	actions[2].Enabled, actions[3].EntryPoint = false, "gone.json"
	x := value.NewDict()
	x.Set("type", "integer")
	actions[4].Parameters.Set("x", x)
	for name, text := range definitions {
		a := act(name, "crowd")
		if text[0] != '{' {
			a.RunnerType = "chain"
		}
		a.EntryPoint = name
		actions = append(actions, a)
		if err := os.WriteFile(filepath.Join(dir, "actions", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kind := func(name string, conducted bool) *action.RunnerType {
		return &action.RunnerType{ID: "r-" + name, Name: name, Enabled: true, Parameters: value.NewDict(), Conducted: conducted}
	}
	return catalog.New(catalog.Source{
		Packs:   []*pack.Pack{{ID: "p", Ref: "p", Path: dir}},
		Runners: []*action.RunnerType{kind("noop", false), kind("deed", false), kind("crowd", true), kind("chain", true)},
		Actions: actions,
	})
}

func (h *house) conductor(b bus.Bus, opts conductor.Options) *conductor.Conductor {
	if opts.Instant == nil {
		opts.Instant = map[string]runner.Runner{"noop": noop.New()}
	}
	return conductor.New(conductor.Deps{
		Store: h.conducts(), Catalog: h.catalog, Bus: b, Launcher: h.launcher, Params: h.params, Dispatch: h.dispatch,
		Languages: map[string]workflow.Language{"crowd": crowd{}, "chain": chain.New()},
	}, opts)
}

// conducts returns the ledger as conductors see it.
func (h *house) conducts() *store.Store {
	if h.trouble == nil {
		return h.Store
	}
	return store.New(h.trouble)
}

// trouble is a ledger of which each third commit fails, or happens and seems to fail.
type trouble struct {
	store.Driver
	lost bool        // it happens
	full atomic.Bool // every commit fails

	mu sync.Mutex
	n  int // guarded by mu
}

var errTrouble = errors.New("no room on the disk")

func (d *trouble) Write(ctx context.Context, f func(store.Conn) error) error {
	d.mu.Lock()
	d.n++
	fails := d.n%3 == 0
	d.mu.Unlock()
	if fails && !d.lost || d.full.Load() {
		return errTrouble
	}
	if err := d.Driver.Write(ctx, f); err != nil || !fails {
		return err
	}
	return errTrouble
}

// run runs conductors, a scheduler and a worker until the returned function is called.
func (h *house) run(conductors ...*conductor.Conductor) (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range conductors {
		group.Go(func() error { return c.Run(ctx) })
	}
	w := worker.New(h.dispatch, h.bus, map[string]runner.Runner{"noop": noop.New(), "deed": h.deeds}, worker.Options{Slots: 1000, Grace: time.Millisecond})
	group.Go(func() error { return w.Run(ctx) })
	group.Go(func() error {
		return scheduler.New(h.Store, h.catalog, h.bus, h.dispatch, scheduler.Options{}).Run(ctx)
	})
	return func() {
		h.t.Helper()
		cancel()
		if err := group.Wait(); err != nil {
			h.t.Error(err)
		}
	}
}

func (h *house) launch(action string) string {
	h.t.Helper()
	e, err := h.launcher.Launch(h.t.Context(), execution.Request{Action: action, Context: execution.Context{User: "ada"}})
	if err != nil {
		h.t.Fatal(err)
	}
	return e.ID
}

func (h *house) get(id string) *execution.Execution {
	h.t.Helper()
	e, err := h.Reader().Execution(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

func (h *house) wantStatus(id string, want execution.Status) {
	h.t.Helper()
	e := h.get(id)
	if e.Status != want {
		h.t.Fatalf("%s is %s, want %s; its log: %v", e.Action, e.Status, want, e.Log)
	}
	for i, l := range e.Log[1:] {
		if !e.Log[i].Status.MayFollow(l.Status) {
			h.t.Errorf("%s went from %s to %s", e.Action, e.Log[i].Status, l.Status)
		}
	}
}

// wantResult compares a field of a result, as JSON.
func (h *house) wantResult(id, field, want string) {
	h.t.Helper()
	b, err := h.Reader().Result(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		h.t.Fatalf("%s: %v", b, err)
	}
	if d := cmp.Diff(want, string(all[field])); d != "" {
		h.t.Errorf("%s of the result (-want +got):\n%s", field, d)
	}
}

func (h *house) children(id string) []*execution.Execution {
	h.t.Helper()
	all, err := h.Reader().Children(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// wantClean looks for what finished workflows should not leave behind.
func (h *house) wantClean() {
	h.t.Helper()
	told, err := h.Reader().Unheard(h.t.Context(), "", 9)
	alarms, err2 := h.Reader().Alarms(h.t.Context(), 9)
	if err != nil || err2 != nil || len(told)+len(alarms) > 0 {
		h.t.Errorf("messages for %v and alarms %v are left; %v, %v", told, alarms, err, err2)
	}
}

// settle lets everything happen that can within some seconds.
func settle(seconds int) {
	time.Sleep(time.Duration(seconds) * time.Second)
	synctest.Wait()
}

func text(d crowdText) string { return string(encode(d)) }

func count(n int) string { return strconv.Itoa(n) }
