package prober_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/prober"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a ledger with what a prober needs. Checks are made by a function.
type world struct {
	t       *testing.T
	dir     string
	store   *store.Store
	catalog *catalog.Holder
	bus     *membus.Bus
	opts    prober.Options
	prober  *prober.Prober
	end     func()

	mu     sync.Mutex
	events []intake.Event                                         // without those that came twice; guarded by mu
	keys   map[string]bool                                        // guarded by mu
	refuse error                                                  // guarded by mu
	lose   bool                                                   // the answer about the next event is lost; guarded by mu
	behave func(ctx context.Context, target string) probe.Outcome // guarded by mu
	checks int                                                    // how many were made; guarded by mu
	live   int                                                    // how many are being made; guarded by mu
	most   int                                                    // the greatest live; guarded by mu
}

func well(context.Context, string) probe.Outcome {
	return probe.Outcome{Verdict: probe.Well, Reason: "ok"}
}

func failed(context.Context, string) probe.Outcome {
	return probe.Outcome{Verdict: probe.Failed, Reason: "status", Message: "why", Facts: map[string]any{"status_code": 500}}
}

// in runs a test in a bubble of its own time.
func in(t *testing.T, f func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, dir: t.TempDir(), catalog: new(catalog.Holder), bus: new(membus.Bus), keys: map[string]bool{}, behave: well}
		driver, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w.store = store.New(driver)
		defer func() {
			w.stop()
			if err := w.store.Close(); err != nil {
				t.Error(err)
			}
		}()
		f(t, w)
	})
}

func (w *world) start() {
	w.prober = prober.New(w.store, w.catalog, w.bus, w, w, w.opts)
	ctx, cancel := context.WithCancel(w.t.Context())
	over := make(chan error, 1)
	go func() { over <- w.prober.Run(ctx) }()
	w.end = func() {
		cancel()
		if err := <-over; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) stop() {
	if w.end != nil {
		w.end()
		w.end = nil
	}
}

// restart ends the prober and starts another one over the same ledger.
func (w *world) restart() {
	w.stop()
	w.start()
}

// listen makes enabled rules listen to these triggers, and to no others.
func (w *world) listen(triggers ...*trigger.Trigger) {
	src := catalog.Source{Triggers: triggers}
	for _, t := range triggers {
		src.Rules = append(src.Rules, &rule.Rule{
			Ref: "p." + t.Name, Pack: "p", Name: t.Name, Enabled: true, Trigger: rule.TriggerRef{Type: t.Type, Ref: t.Ref},
			Type: rule.TypeRef{Ref: rule.Standard}, Criteria: value.NewDict(), Action: rule.ActionRef{Ref: "core.noop"},
		})
	}
	w.catalog.Set(catalog.New(src))
	_ = w.bus.Publish(w.t.Context(), bus.Message{Subject: bus.ContentChanged})
}

func triggerOf(t *testing.T, kind, name, params string) *trigger.Trigger {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(params)); err != nil {
		t.Fatal(err)
	}
	return &trigger.Trigger{UID: trigger.UIDOf("probes", name, d), Ref: "probes." + name, Pack: "probes", Name: name, Type: kind, Parameters: d}
}

func web(t *testing.T, name string) *trigger.Trigger {
	t.Helper()
	return triggerOf(t, probe.HTTPCheck, name, `{"url": "http://`+name+`/", "interval": 10, "timeout": 5, "for": 3}`)
}

func (w *world) file(t *testing.T) (path string, _ *trigger.Trigger) {
	t.Helper()
	path = filepath.Join(w.dir, "app.log")
	return path, triggerOf(t, probe.FileLine, "file", fmt.Sprintf(`{"file_path": %q}`, path))
}

// Take implements [prober.Intake]. As the real one it takes a key only once.
func (w *world) Take(_ context.Context, events ...intake.Event) ([]intake.Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return nil, w.refuse
	}
	for _, e := range events {
		if !w.keys[e.Key] {
			w.keys[e.Key] = true
			w.events = append(w.events, e)
		}
	}
	if w.lose {
		w.lose = false
		return nil, errors.New("the answer is lost")
	}
	return make([]intake.Receipt, len(events)), nil
}

// Check implements [prober.Checker].
func (w *world) Check(ctx context.Context, c probe.Check) probe.Outcome {
	w.mu.Lock()
	w.checks++
	w.live++
	w.most = max(w.most, w.live)
	behave := w.behave
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.live--
		w.mu.Unlock()
	}()
	return behave(ctx, c.Target())
}

func (w *world) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// count returns how many checks were made.
func (w *world) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.checks
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// told returns one field of all events so far.
func (w *world) told(field string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []string{}
	for _, e := range w.events {
		v, _ := e.Payload.Get(field)
		out = append(out, value.Str(v))
	}
	return out
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAChangeIsToldOnceHoweverOftenTheServerStarts(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.listen(web(t, "a"))
		w.start()
		pass(time.Minute)
		expect(t, w.told("status"))
		w.set(func() { w.behave = failed })
		pass(2 * time.Minute)
		expect(t, w.told("status"), "firing")
		w.restart()
		pass(2 * time.Minute)
		expect(t, w.told("status"), "firing")
		w.set(func() { w.behave = well })
		w.restart()
		pass(time.Minute)
		expect(t, w.told("status"), "firing", "resolved")
		expect(t, w.told("status_code"), "500", "None")
		w.set(func() {
			if e := w.events[0]; e.Trigger != "probes.a" {
				t.Errorf("the trigger is %s", e.Trigger)
			}
		})
	})
}

func TestTheServerMayEndBeforeAChangeIsTold(t *testing.T) {
	for name, lose := range map[string]bool{"the ledger takes nothing": false, "the answer is lost": true} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, w *world) {
				w.listen(web(t, "a"))
				w.set(func() { w.behave = failed })
				if lose {
					w.set(func() { w.lose = true })
				} else {
					w.set(func() { w.refuse = errors.New("the disk is full") })
				}
				w.start()
				pass(2 * time.Minute)
				w.stop()
				w.set(func() { w.refuse, w.behave = nil, well })
				w.start()
				pass(2 * time.Minute)
				expect(t, w.told("status"), "firing", "resolved")
			})
		})
	}
}

func TestAStopIsNoFailure(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.listen(triggerOf(t, probe.HTTPCheck, "a", `{"url": "http://a/", "interval": 10, "for": 1}`))
		w.set(func() {
			w.behave = func(ctx context.Context, _ string) probe.Outcome {
				<-ctx.Done()
				return failed(ctx, "")
			}
		})
		w.start()
		pass(6 * time.Second) // a check is under way
		w.stop()
		if w.count() == 0 {
			t.Error("no check was made")
		}
		expect(t, w.told("status"))
	})
}

func TestOneThatHangsIsStoppedAndHoldsUpNobody(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.opts.Checks = 2
		w.listen(web(t, "a"), web(t, "b"), web(t, "c"), web(t, "d"))
		w.set(func() {
			w.behave = func(ctx context.Context, target string) probe.Outcome {
				if target == "http://a/" {
					<-ctx.Done()
					return failed(ctx, target)
				}
				return well(ctx, target)
			}
		})
		w.start()
		pass(5 * time.Minute)
		expect(t, w.told("target"), "http://a/")
		w.set(func() {
			if w.most > 2 {
				t.Errorf("%d checks were made at once, want at most 2", w.most)
			}
		})
		if least := 4 * 20; w.count() < least {
			t.Errorf("%d checks were made, want at least %d", w.count(), least)
		}
		var states []string
		for _, r := range w.prober.Reports() {
			states = append(states, r.Target+" "+r.State)
		}
		if diff := cmp.Diff([]string{"http://a/ firing", "http://b/ well", "http://c/ well", "http://d/ well"}, states); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAProbeThatNoRuleListensToIsForgotten(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.listen(web(t, "a"), web(t, "b"))
		w.set(func() { w.behave = failed })
		w.start()
		pass(time.Minute)
		expect(t, w.told("status"), "firing", "firing")
		w.listen(web(t, "b"))
		synctest.Wait()
		before := w.count()
		pass(100 * time.Second)
		if got := w.count() - before; got < 9 || got > 12 {
			t.Errorf("%d checks, want about 10", got)
		}
		states, err := w.store.Reader().Probes(t.Context())
		if err != nil || len(states) != 1 {
			t.Errorf("remembered %v, %v", states, err)
		}
		w.stop()
		w.listen(web(t, "a"), web(t, "b"))
		w.start()
		pass(time.Minute)
		expect(t, w.told("status"), "firing", "firing", "firing")
	})
}

func TestEveryLineIsTakenInOnce(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		path, trig := w.file(t)
		appendTo(t, path, "before\n")
		w.listen(trig)
		w.start()
		pass(time.Second)
		appendTo(t, path, "one\n")
		pass(time.Second)
		expect(t, w.told("line"), "one")
		expect(t, w.told("file_name"), "app.log")
		expect(t, w.told("file_path"), path)
		w.stop()
		appendTo(t, path, "two\n")
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		appendTo(t, path, "three\n")
		w.set(func() { w.lose = true })
		w.start()
		pass(time.Second)
		w.restart()
		pass(5 * time.Second)
		w.set(func() { w.refuse = errors.New("the disk is full") })
		appendTo(t, path, "four\n")
		pass(time.Minute)
		w.restart()
		pass(time.Second)
		w.set(func() { w.refuse = nil })
		pass(10 * time.Second)
		expect(t, w.told("line"), "one", "two", "three", "four")
		if r := w.prober.Reports()[0]; r.State != "following" || r.Events != 1 {
			t.Errorf("report %+v", r)
		}
	})
}

func TestAFileThatIsMissingIsWaitedFor(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		path, trig := w.file(t)
		w.listen(trig)
		w.start()
		pass(time.Second)
		if r := w.prober.Reports()[0]; r.State != "unknown" || !strings.Contains(r.Message, "no such file") {
			t.Errorf("report %+v", r)
		}
		w.stop()
		appendTo(t, path, "one\n")
		w.start()
		pass(time.Second)
		expect(t, w.told("line"), "one")
	})
}

func TestAFloodIsTakenInSlowlyAndWhole(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		path, trig := w.file(t)
		w.opts.Rate = 100
		w.listen(trig)
		w.start()
		pass(time.Second)
		var want []string
		for i := range 2000 {
			want = append(want, fmt.Sprint(i))
		}
		appendTo(t, path, strings.Join(want, "\n")+"\n")
		pass(10 * time.Second)
		if got := len(w.told("line")); got > 1200 {
			t.Errorf("%d lines were taken in after 10 seconds, want about 1100", got)
		}
		w.restart()
		pass(15 * time.Second)
		expect(t, w.told("line"), want...)
	})
}
