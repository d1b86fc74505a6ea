package simtest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// workflows is a pack with a workflow that branches, goes over items, runs a chain
// and joins. Its actions are p.again, which is idempotent, or p.once.
func workflows(t *testing.T) *catalog.Catalog {
	t.Helper()
	text, err := value.FromJSON([]byte(`{"act": {"type": "string"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var actions []*action.Action
	for name, kind := range map[string]string{
		"again": "act", "once": "act", "nothing": runner.Noop, "flow": runner.Orquesta, "chain": runner.ActionChain,
	} {
		a := &action.Action{
			ID: "a-" + name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true, RunnerType: kind,
			Parameters: value.NewDict(), Idempotent: name == "again",
		}
		if kind == runner.Orquesta || kind == runner.ActionChain {
			a.EntryPoint, a.Parameters = name+".yaml", text.(*value.Dict)
		}
		actions = append(actions, a)
	}
	kind := func(name string, conducted bool) *action.RunnerType {
		return &action.RunnerType{ID: name, Name: name, Enabled: true, Parameters: value.NewDict(), Conducted: conducted}
	}
	return catalog.New(catalog.Source{
		Packs:   []*pack.Pack{{ID: "p", Ref: "p", Path: "testdata/p"}},
		Runners: []*action.RunnerType{kind("act", false), kind(runner.Noop, false), kind(runner.Orquesta, true), kind(runner.ActionChain, true)},
		Actions: actions,
	})
}

// TestWorkflowsSurviveACrashAtEveryEffect has a server die while it carries a
// workflow, and another one go on.
func TestWorkflowsSurviveACrashAtEveryEffect(t *testing.T) {
	tests := map[string]struct {
		act  string
		ask  execution.Status // what somebody asks for while it runs
		step int              // most effects are the same in all of these
	}{
		"idempotent actions": {act: "p.again", step: 1},
		"other actions":      {act: "p.once", step: 4},
		"canceled":           {act: "p.again", ask: execution.Canceling, step: 4},
		"paused":             {act: "p.again", ask: execution.Pausing, step: 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			everywhere(t, tt.step**every, func(t *testing.T, gate *Gate) { crashWorkflow(t, tt.act, tt.ask, gate) })
		})
	}
}

func crashWorkflow(t *testing.T, act string, ask execution.Status, gate *Gate) {
	var world World
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{Readers: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // the end of the test
		content := workflows(t)
		given := value.NewDict()
		given.Set("act", act)
		request := execution.Request{Action: "p.flow", Parameters: given}

		first := start(t.Context(), db, content, &world, gate)
		e, err := first.launch.Launch(t.Context(), request)
		if err != nil && !errors.Is(err, ErrCrash) {
			t.Fatal(err)
		}
		if err == nil && ask != "" {
			err := askFor(t.Context(), first, e.ID, ask)
			if err != nil && !errors.Is(err, ErrCrash) && fault.KindOf(err) == fault.Internal {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second) // fake time: until it is dead, or done
		if err := first.end(); err != nil && !errors.Is(err, ErrCrash) {
			t.Fatal(err)
		}

		second := start(t.Context(), db, content, &world, &Gate{At: -1})
		time.Sleep(9 * time.Second) // the lease of the first runs out
		if ask == execution.Pausing && e != nil {
			_ = askFor(t.Context(), second, e.ID, execution.Resuming) // if it got so far as to be paused
		}
		time.Sleep(4 * time.Second)
		if err := second.end(); err != nil {
			t.Fatal(err)
		}
		checkWorkflow(t, db, &world, ask, e != nil)
	})
}

func askFor(ctx context.Context, p *process, id string, what execution.Status) error {
	ask := p.launch.Cancel
	switch what { //nolint:exhaustive // there are three requests
	case execution.Pausing:
		ask = p.launch.Pause
	case execution.Resuming:
		ask = p.launch.Resume
	}
	_, err := ask(ctx, id, "ada")
	return err
}

// checkWorkflow asks for the promises.
func checkWorkflow(t *testing.T, db store.Driver, world *World, ask execution.Status, accepted bool) {
	t.Helper()
	r := store.New(db).Reader()
	all, _, err := r.ListExecutions(t.Context(), store.Executions{}, store.Page{Limit: -1})
	if err != nil {
		t.Fatal(err)
	}
	tasks, abandoned := map[string]bool{}, false
	for _, e := range all {
		abandoned = abandoned || e.Status == execution.Abandoned
	}
	for _, e := range all {
		if !e.Status.Final() {
			t.Errorf("%s of %s is stuck: %v", e.ID, e.Action, e.Log)
		}
		for i, l := range e.Log[1:] {
			if !e.Log[i].Status.MayFollow(l.Status) {
				t.Errorf("%s of %s went from %s to %s", e.ID, e.Action, e.Log[i].Status, l.Status)
			}
		}
		task := e.Parent + "/" + e.Task
		if e.Parent != "" && tasks[task] {
			t.Errorf("task %s was started twice", task)
		}
		tasks[task] = true
		if e.Action == "p.flow" && ask != execution.Canceling && !abandoned && e.Status != execution.Succeeded {
			t.Errorf("the workflow is %s, and nothing was in its way: %v", e.Status, e.Log)
		}
		if e.Action == "p.flow" && e.Status == execution.Succeeded && len(all) != 10 {
			t.Errorf("%d executions, want 10", len(all))
		}
	}
	if accepted && len(all) == 0 {
		t.Error("an accepted workflow is lost")
	}
	began := map[string]int{}
	for _, id := range world.Begun("p.once") {
		if began[id]++; began[id] > 1 {
			t.Errorf("%s began %d times and is not idempotent", id, began[id])
		}
	}
	told, err := r.Unheard(t.Context(), "", 9)
	alarms, err2 := r.Alarms(t.Context(), 9)
	if err != nil || err2 != nil || len(told)+len(alarms) > 0 {
		t.Errorf("messages for %v and alarms %v are left; %v, %v", told, alarms, err, err2)
	}
}
