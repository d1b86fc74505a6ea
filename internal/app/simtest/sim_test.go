package simtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/conductor"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/noop"
	"github.com/nightshift-run/nightshift/internal/scheduler"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
	"github.com/nightshift-run/nightshift/internal/worker"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
)

// With 2, what is durable at a crash is still every state that there is: a process
// dies before the effects 0, 2, 4, … and right after them. With 1, the answers to
// those in between are lost, too.
var every = flag.Int("sim.every", 2, "crash at every n-th effect only")

const events = 2

// content: one trigger, and a rule for each kind of action that recovery treats
// its own way. When p.once ends, another rule starts p.after.
func content() *catalog.Catalog {
	acts := func(names ...string) (out []*action.Action) {
		for _, n := range names {
			out = append(out, &action.Action{
				ID: "a-" + n, Ref: "p." + n, Pack: "p", Name: n, Enabled: true, RunnerType: "act",
				Parameters: value.NewDict(), Idempotent: n == "again",
			})
		}
		return out
	}
	rules := func(trig string, names ...string) (out []*rule.Rule) {
		for _, n := range names {
			r := &rule.Rule{ID: "r-" + n, Ref: "p." + n, Pack: "p", Name: n, Enabled: true}
			r.Trigger.Type, r.Trigger.Ref, r.Action.Ref = trig, trig, "p."+n
			out = append(out, r)
		}
		return out
	}
	after := rules(trigger.ActionFinished, "after")
	criteria, err := value.FromJSON([]byte(`{
		"trigger.action_ref": {"type": "eq", "pattern": "p.once"},
		"trigger.status": {"type": "eq", "pattern": "succeeded"}}`))
	if err != nil {
		panic(err)
	}
	after[0].Criteria = criteria.(*value.Dict)
	limit, retry := value.NewDict(), value.NewDict()
	limit.Set("threshold", int64(1))
	retry.Set("retry_on", "failure")
	return catalog.New(catalog.Source{
		Runners: []*action.RunnerType{{ID: "rt", Name: "act", Enabled: true, Parameters: value.NewDict()}},
		Actions: acts("once", "again", "alone", "flaky", "after"),
		Rules:   append(rules("p.alarm", "once", "again", "alone", "flaky"), after...),
		TriggerTypes: []*trigger.Type{
			{ID: "tt1", Ref: "p.alarm", Pack: "p", Name: "alarm"}, {ID: "tt2", Ref: trigger.ActionFinished, Pack: "core"},
		},
		Triggers: []*trigger.Trigger{
			{ID: "t1", Ref: "p.alarm", Type: "p.alarm"}, {ID: "t2", Ref: trigger.ActionFinished, Type: trigger.ActionFinished},
		},
		Policies: []*policy.Policy{
			{Ref: "p.limit", Enabled: true, ResourceRef: "p.alone", PolicyType: policy.Concurrency, Parameters: limit},
			{Ref: "p.retry", Enabled: true, ResourceRef: "p.flaky", PolicyType: policy.Retry, Parameters: retry},
		},
	})
}

// process is one life of a server.
type process struct {
	intake *intake.Intake
	launch *launch.Launcher
	stop   context.CancelFunc
	group  *errgroup.Group
}

func start(ctx context.Context, db store.Driver, content *catalog.Catalog, world *World, gate *Gate) *process {
	s := store.New(driver{db, gate})
	b := bell{new(membus.Bus), gate}
	holder := new(catalog.Holder)
	holder.Set(content)
	params := launch.NewParams(s, holder)
	l := launch.New(s, holder, b, params)
	in := intake.New(s, holder, l, params, jinja.New(jinja.Options{}), intake.Options{})
	d := dispatch.New(s, holder, b, params, in, dispatch.Options{})
	act := acting{world: world, gate: gate, fails: map[string]int{"p.flaky": 1}}
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return worker.New(d, b, map[string]runner.Runner{"act": act}, worker.Options{Slots: 2}).Run(ctx)
	})
	group.Go(func() error {
		return conductor.New(conductor.Deps{
			Store: s, Catalog: holder, Bus: b, Launcher: l, Params: params, Dispatch: d,
			Languages: map[string]workflow.Language{runner.Orquesta: orquesta.New(), runner.ActionChain: chain.New()},
		}, conductor.Options{Instant: map[string]runner.Runner{runner.Noop: noop.New()}}).Run(ctx)
	})
	group.Go(func() error { return scheduler.New(s, holder, b, d, scheduler.Options{}).Run(ctx) })
	return &process{in, l, stop, group}
}

func (p *process) end() error {
	p.stop()
	return p.group.Wait()
}

// TestCrashAtEveryEffect kills the server before its first effect, then before
// its second, and so on, and then once more with each effect just happened. It
// ends when a run gets through without reaching the crash.
func TestCrashAtEveryEffect(t *testing.T) { everywhere(t, *every, crashAndRecover) }

// everywhere calls crash with a gate for each step-th effect at which the process
// dies, until it does not.
func everywhere(t *testing.T, step int, crash func(t *testing.T, g *Gate)) {
	t.Helper()
	for _, after := range []bool{false, true} {
		for at := 0; ; at += step {
			gate := &Gate{At: at, After: after}
			t.Run(fmt.Sprintf("after=%v/effect=%d", after, at), func(t *testing.T) { crash(t, gate) })
			if !gate.Dead() || t.Failed() {
				t.Logf("after=%v: %d effects", after, gate.Effects())
				break
			}
		}
	}
}

// crashAndRecover feeds events to a server that dies at its gate, then to one
// that lives, and checks what has become of them.
func crashAndRecover(t *testing.T, gate *Gate) {
	var world World
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{Readers: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // the end of the test
		first := start(t.Context(), db, content(), &world, gate)
		accepted := map[string]bool{}
		for n := range events {
			key := fmt.Sprint("event-", n)
			_, err := first.intake.Take(t.Context(), intake.Event{Trigger: "p.alarm", Key: key})
			switch {
			case err == nil:
				accepted[key] = true
			case !errors.Is(err, ErrCrash):
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second) // fake time: until it is dead, or done
		if err := first.end(); err != nil && !errors.Is(err, ErrCrash) {
			t.Fatal(err)
		}

		second := start(t.Context(), db, content(), &world, &Gate{At: -1})
		time.Sleep(9 * time.Second) // the lease of the first runs out
		checkAccepted(t, db, accepted)
		// The sender repeats what was not acknowledged, and what was, too.
		for n := range events {
			if _, err := second.intake.Take(t.Context(), intake.Event{Trigger: "p.alarm", Key: fmt.Sprint("event-", n)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second)
		if err := second.end(); err != nil {
			t.Fatal(err)
		}
		check(t, db, &world)
	})
}

func checkAccepted(t *testing.T, db store.Driver, accepted map[string]bool) {
	t.Helper()
	for key := range accepted {
		if _, err := store.New(db).Reader().InstanceByKey(t.Context(), "p.alarm", key); err != nil {
			t.Errorf("accepted event %s: %v", key, err)
		}
	}
}

// check asks for the promises.
func check(t *testing.T, db store.Driver, world *World) {
	t.Helper()
	all, _, err := store.New(db).Reader().ListExecutions(t.Context(), store.Executions{}, store.Page{Limit: -1})
	if err != nil {
		t.Fatal(err)
	}
	byAction := map[string][]*execution.Execution{}
	for _, e := range all {
		byAction[e.Action] = append(byAction[e.Action], e)
		if !e.Status.Final() {
			t.Errorf("%s of %s is stuck: %s", e.ID, e.Action, e.Status)
		}
		for i, l := range e.Log[1:] {
			if !e.Log[i].Status.MayFollow(l.Status) {
				t.Errorf("%s of %s went from %s to %s", e.ID, e.Action, e.Log[i].Status, l.Status)
			}
		}
	}
	for _, a := range []string{"p.once", "p.again", "p.alone"} {
		if n := len(byAction[a]); n != events {
			t.Errorf("%d executions of %s for %d events", n, a, events)
		}
	}
	for _, a := range []string{"p.once", "p.alone", "p.flaky", "p.after"} {
		count := map[string]int{}
		for _, id := range world.Begun(a) {
			if count[id]++; count[id] > 1 {
				t.Errorf("%s of %s began %d times and is not idempotent", id, a, count[id])
			}
		}
	}
	for _, e := range byAction["p.again"] {
		if e.Status != execution.Succeeded {
			t.Errorf("idempotent %s is %s", e.ID, e.Status)
		}
	}
	succeeded := func(action string) (n int) {
		for _, e := range byAction[action] {
			if e.Status == execution.Succeeded {
				n++
			}
		}
		return n
	}
	if got, want := len(byAction["p.after"]), succeeded("p.once"); got != want {
		t.Errorf("%d executions follow %d ends", got, want)
	}
	retried := 0
	for _, e := range byAction["p.flaky"] {
		if p := e.Context.Policies; p != nil && p.Retry != nil {
			retried++
		}
	}
	failed := 0
	for _, e := range byAction["p.flaky"] {
		if e.Status == execution.Failed {
			failed++
		}
	}
	if retried != failed || len(byAction["p.flaky"]) != events+retried {
		t.Errorf("%d executions of p.flaky, %d failed, %d retried, %d events", len(byAction["p.flaky"]), failed, retried, events)
	}
}
