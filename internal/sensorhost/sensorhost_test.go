package sensorhost_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/sensorhost"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a ledger with what hosts need. Its sensors are functions.
type world struct {
	t       *testing.T
	store   *store.Store
	catalog *catalog.Holder
	bus     *membus.Bus
	source  catalog.Source
	logs    string

	mu     sync.Mutex
	config *value.Dict                                                                                                     // guarded by mu
	live   map[string]int                                                                                                  // how many run of each sensor; guarded by mu
	starts []time.Time                                                                                                     // guarded by mu
	most   int                                                                                                             // how many of one sensor ran at once; guarded by mu
	events []intake.Event                                                                                                  // guarded by mu
	refuse error                                                                                                           // guarded by mu
	behave func(ctx context.Context, s python.Sensor, c <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd // guarded by mu
}

func newWorld(t *testing.T) *world {
	t.Helper()
	driver, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store.New(driver), catalog: new(catalog.Holder), bus: new(membus.Bus), logs: t.TempDir(), live: map[string]int{}}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	w.behave = func(ctx context.Context, _ python.Sensor, _ <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd {
		h.Running()
		<-ctx.Done()
		return python.SensorEnd{}
	}
	w.source = catalog.Source{
		Packs: []*pack.Pack{{Ref: "p", Path: "/packs/p", Version: "1.0.0"}},
		Sensors: []*pack.Sensor{{
			ID: "1", Ref: "p.Watch", Pack: "p", Name: "Watch", Enabled: true, ArtifactURI: "file:///packs/p/sensors/watch.py", TriggerTypes: []string{"p.seen"},
		}},
		TriggerTypes: []*trigger.Type{{ID: "2", Ref: "p.seen", Pack: "p", Name: "seen"}},
		Triggers:     []*trigger.Trigger{{ID: "3", Ref: "p.seen", Pack: "p", Name: "seen", Type: "p.seen"}},
	}
	w.change(func(*catalog.Source) {})
	return w
}

// change changes the catalog and rings.
func (w *world) change(f func(*catalog.Source)) {
	f(&w.source)
	w.catalog.Set(catalog.New(w.source))
	_ = w.bus.Publish(w.t.Context(), bus.Message{Subject: bus.ContentChanged})
}

func (w *world) RunSensor(ctx context.Context, s python.Sensor, c <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd {
	w.mu.Lock()
	w.live[s.Ref]++
	w.most = max(w.most, w.live[s.Ref])
	w.starts = append(w.starts, time.Now())
	behave := w.behave
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.live[s.Ref]--
		w.mu.Unlock()
	}()
	return behave(ctx, s, c, h)
}

func (w *world) Take(_ context.Context, events ...intake.Event) ([]intake.Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return nil, w.refuse
	}
	w.events = append(w.events, events...)
	return make([]intake.Receipt, len(events)), nil
}

func (w *world) UnitConfig(context.Context, *catalog.Unit, string) (*value.Dict, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.config == nil {
		return value.NewDict(), nil
	}
	return w.config, nil
}

func (w *world) locked(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// host starts a host and returns what ends it.
func (w *world) host() (end func()) {
	h := sensorhost.New(w.store, w.catalog, w.bus, w, w, w, sensorhost.Options{
		Logs: w.logs, Token: func(pack string) string { return "token of " + pack },
	})
	ctx, stop := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	return func() {
		stop()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) runs() []store.SensorRun {
	w.t.Helper()
	out, err := w.store.Reader().SensorRuns(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) count() (live, starts int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.live {
		live += n
	}
	return live, len(w.starts)
}

// started returns when sensors were started.
func (w *world) started() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.starts)
}

// seconds lets time pass.
func seconds(n float64) {
	time.Sleep(time.Duration(n * float64(time.Second)))
	synctest.Wait()
}

func TestOneOfSeveralHostsRunsASensor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.host()
		seconds(1)
		second := w.host()
		defer second()
		seconds(60)
		if live, starts := w.count(); live != 1 || starts != 1 {
			t.Fatalf("%d run, %d were started", live, starts)
		}
		run := w.runs()[0]
		if run.State != "running" || run.Starts != 1 || run.LeaseUntil.Before(time.Now()) {
			t.Errorf("got %+v", run)
		}
		first()
		seconds(3)
		if live, starts := w.count(); live != 1 || starts != 2 {
			t.Errorf("after the first has left: %d run, %d were started", live, starts)
		}
		w.locked(func() {
			if w.most != 1 {
				t.Errorf("%d ran at once", w.most)
			}
		})
		if again := w.runs()[0]; again.Holder == run.Holder {
			t.Error("it is still with the first")
		}
	})
}

func TestASensorThatFailsComesBackSoonerOrLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.behave = func(_ context.Context, _ python.Sensor, _ <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd {
			h.Print(runner.Stderr, "Traceback\nOSError: gone\n")
			return python.SensorEnd{Code: 1}
		}
		defer w.host()()
		seconds(300)
		var pauses []float64
		starts := w.started()
		for i := 1; i < len(starts); i++ {
			pauses = append(pauses, starts[i].Sub(starts[i-1]).Seconds())
		}
		if diff := cmp.Diff([]float64{1, 2, 4, 8, 16, 32, 60, 60, 60}, pauses); diff != "" {
			t.Errorf("pauses -want +got:\n%s", diff)
		}
		if run := w.runs()[0]; run.State != "waiting" || run.Error != "OSError: gone" || run.Starts != 10 {
			t.Errorf("got %+v", run)
		}
		w.locked(func() {
			w.behave = func(_ context.Context, _ python.Sensor, _ <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd {
				h.Running()
				time.Sleep(2 * time.Minute)
				return python.SensorEnd{Code: -9}
			}
		})
		before := len(starts)
		seconds(190)
		starts = w.started()
		if got := starts[before+1].Sub(starts[before]); got != 2*time.Minute+time.Second {
			t.Errorf("one that was well comes back after %v", got-2*time.Minute)
		}
		if text, err := sensorhost.Log(w.logs, "p.Watch", 1<<20); err != nil || strings.Count(string(text), "OSError: gone\n") != 10 {
			t.Errorf("its log is %s, %v", text, err)
		}
		seconds(200)
	})
}

func TestASensorThatReturnsIsOverUntilItsPackChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.behave = func(context.Context, python.Sensor, <-chan python.TriggerChange, python.SensorHost) python.SensorEnd {
			return python.SensorEnd{}
		}
		defer w.host()()
		seconds(300)
		if run := w.runs()[0]; run.State != "finished" || len(w.started()) != 1 {
			t.Errorf("got %+v after %d starts", run, len(w.started()))
		}
		w.change(func(s *catalog.Source) { s.Packs = []*pack.Pack{{Ref: "p", Path: "/packs/p", Version: "1.0.1"}} })
		seconds(3)
		if n := len(w.started()); n != 2 {
			t.Errorf("%d starts", n)
		}
	})
}

func TestASensorFollowsItsPack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var seen []string
		w.behave = func(ctx context.Context, s python.Sensor, c <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd {
			w.locked(func() {
				seen = append(seen, fmt.Sprintf("start %s %s %s %s", filepath.Base(s.EntryPoint), value.Repr(s.Config), refs(s.Triggers), h.Token()))
			})
			h.Running()
			for {
				select {
				case change := <-c:
					w.locked(func() { seen = append(seen, change.Kind+" "+refs(value.NewList(change.Trigger))) })
				case <-ctx.Done():
					time.Sleep(4 * time.Second) // it takes its time
					w.locked(func() { seen = append(seen, "end") })
					return python.SensorEnd{}
				}
			}
		}
		end := w.host()
		seconds(1)
		extra := &trigger.Trigger{ID: "4", Ref: "p.x", Pack: "p", Name: "x", Type: "p.seen"}
		w.change(func(s *catalog.Source) { s.Triggers = append(s.Triggers, extra) })
		seconds(1)
		w.change(func(s *catalog.Source) {
			changed := *extra
			changed.Description = "other"
			s.Triggers = []*trigger.Trigger{&changed}
		})
		seconds(1)
		w.locked(func() { w.config = value.NewDict(); w.config.Set("a", int64(1)) })
		w.change(func(*catalog.Source) {})
		seconds(10)
		w.change(func(s *catalog.Source) { s.Sensors[0].Enabled = false })
		seconds(10)
		if live, _ := w.count(); live != 0 || len(w.runs()) != 0 {
			t.Errorf("%d run, on record is %+v", live, w.runs())
		}
		end()
		want := []string{
			"start watch.py {} p.seen token of p", "add_trigger p.x", "remove_trigger p.seen", "update_trigger p.x", "end",
			"start watch.py {'a': 1} p.x token of p", "end",
		}
		if diff := cmp.Diff(want, seen); diff != "" || w.most != 1 {
			t.Errorf("%d at once; -want +got:\n%s", w.most, diff)
		}
	})
}

func TestInstancesOfASensorRunByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.host()()
		seconds(1)
		instances := func(text string) {
			config, err := value.FromJSON([]byte(`{"sensor_instances": {"Watch": ` + text + `}}`))
			if err != nil {
				t.Fatal(err)
			}
			w.change(func(s *catalog.Source) { s.Configs = map[string]*value.Dict{"p": config.(*value.Dict)} })
			seconds(3)
		}
		running := func() string {
			var out []string
			for _, r := range w.runs() {
				out = append(out, fmt.Sprint(r.Ref, " ", r.State, " ", r.Starts))
			}
			return strings.Join(out, ", ")
		}
		instances(`{"b": {"n": 2}, "a": {}}`)
		if got, want := running(), "p.Watch#a running 1, p.Watch#b running 1"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		instances(`{"a": {}}`)
		if got, want := running(), "p.Watch#a running 1"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		w.change(func(s *catalog.Source) { s.Configs = nil })
		seconds(3)
		if got, want := running(), "p.Watch running 1"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if w.most != 1 {
			t.Errorf("%d of one instance ran at once", w.most)
		}
		if _, err := os.Stat(filepath.Join(w.logs, "p.Watch#b.log")); err != nil {
			t.Error(err)
		}
	})
}

func refs(list value.Value) string {
	var out []string
	for _, item := range list.(*value.List).Items {
		ref, _ := item.(*value.Dict).Get("ref")
		out = append(out, value.Str(ref))
	}
	return strings.Join(out, ",")
}

func TestASensorThatHearsNothingIsStartedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.host()()
		seconds(1)
		w.change(func(s *catalog.Source) {
			for i := range 300 {
				s.Triggers = append(s.Triggers, &trigger.Trigger{ID: fmt.Sprint("n", i), Ref: fmt.Sprintf("p.n%03d", i), Type: "p.seen"})
			}
		})
		seconds(1)
		if live, starts := w.count(); live != 1 || starts != 2 {
			t.Errorf("%d run, %d were started", live, starts)
		}
	})
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var answers []error
		w.refuse = errors.New("the disk is full")
		w.behave = func(ctx context.Context, _ python.Sensor, _ <-chan python.TriggerChange, h python.SensorHost) python.SensorEnd {
			payload := value.NewDict()
			payload.Set("n", int64(1))
			for _, e := range []python.SensorEvent{
				{Trigger: "p.seen", Payload: payload, TraceTag: "t"}, {Trigger: "p.seen"}, {Trigger: "p.seen", Payload: "text"},
			} {
				err := h.Take(ctx, e)
				w.locked(func() { answers = append(answers, err) })
			}
			w.locked(func() { w.refuse = fault.Newf(fault.Invalid, "no such trigger") })
			err := h.Take(ctx, python.SensorEvent{Trigger: "q.seen"})
			w.locked(func() { answers = append(answers, err) })
			<-ctx.Done()
			return python.SensorEnd{}
		}
		end := w.host()
		seconds(10)
		w.locked(func() {
			if len(answers) != 0 {
				t.Errorf("it was answered before the event was on record: %v", answers)
			}
		})
		w.locked(func() { w.refuse = nil })
		seconds(10)
		end()
		w.mu.Lock()
		defer w.mu.Unlock()
		if got, want := fmt.Sprint(answers), "[<nil> <nil> the payload is a str ('text'), not an object no such trigger]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if len(w.events) != 2 || w.events[0].TraceTag != "t" || value.Repr(w.events[0].Payload) != "{'n': 1}" {
			t.Errorf("got %+v", w.events)
		}
	})
}

func TestAHostWithoutALedgerLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		end := w.host()
		seconds(1)
		// Somebody else takes the lease, as when this host was not heard for a while.
		err := w.store.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.FreeSensors(t.Context()); err != nil {
				return err
			}
			_, err := tx.HoldSensor(t.Context(), "p.Watch", "other", time.Now(), time.Now().Add(time.Hour))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		seconds(3)
		if live, _ := w.count(); live != 0 {
			t.Error("it runs on")
		}
		end()
		if run := w.runs()[0]; run.Holder != "other" {
			t.Errorf("got %+v", run)
		}
	})
}

func TestLogsAreBounded(t *testing.T) {
	dir := t.TempDir()
	if text, err := sensorhost.Log(dir, "p.Watch", 100); err != nil || len(text) != 0 {
		t.Errorf("got %q, %v", text, err)
	}
	for name, text := range map[string]string{"p.Watch.log.1": "one\ntwo\n", "p.Watch.log": "three\nfour\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for most, want := range map[int]string{100: "one\ntwo\nthree\nfour\n", 14: "three\nfour\n", 10: "four\n", 3: ""} {
		if text, err := sensorhost.Log(dir, "p.Watch", most); err != nil || string(text) != want {
			t.Errorf("%d: got %q, %v, want %q", most, text, err, want)
		}
	}
}
