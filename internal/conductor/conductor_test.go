package conductor_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/conductor"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestManyChildren(t *testing.T) {
	for name, instant := range map[string]map[string]runner.Runner{"at once": nil, "by a worker": {}} {
		t.Run(name, func(t *testing.T) {
			n := 1234 // more than a turn takes, and than a step starts
			if instant != nil {
				n = 345
			}
			inHouse(t, map[string]string{"many": text(crowdText{N: n, Action: "p.noop", Read: true})}, func(t *testing.T, h *house) {
				stop := h.run(h.conductor(h.bus, conductor.Options{Instant: instant}))
				id := h.launch("p.many")
				settle(5)
				stop()
				h.wantStatus(id, execution.Succeeded)
				h.wantResult(id, "ends", `{"succeeded":`+count(n)+`}`)
				h.wantClean()
				children := h.children(id)
				if len(children) != n {
					t.Errorf("%d children, want %d", len(children), n)
				}
				for _, e := range children {
					if e.Status != execution.Succeeded || e.Context.User != "ada" || len(e.Log) != 4 || e.ResultSize == 0 {
						t.Fatalf("a child is %+v", e)
					}
				}
			})
		})
	}
}

func TestRefusedChildren(t *testing.T) {
	tests := map[string]struct {
		def  crowdText
		why  string
		ends string
	}{
		"no such action": {crowdText{N: 3, Action: "p.none"}, `Action \"p.none\" cannot be found. (unknown: true)`, `{"refused":3}`},
		"disabled":       {crowdText{N: 3, Action: "p.off"}, `Unable to execute. Action \"p.off\" is disabled. (unknown: false)`, `{"refused":3}`},
		"more than a turn takes": {
			crowdText{N: 1500, Action: "p.none"}, `Action \"p.none\" cannot be found. (unknown: true)`, `{"refused":1500}`,
		},
		"a template that fails": {crowdText{N: 3, Action: "p.number", Param: "{{ nothing }}"}, ``, `{"failed":3}`},
		"a value that does not fit": {
			crowdText{N: 3, Action: "p.number", Param: "y"}, `Failed to cast value \"y\" (type: str) for parameter \"x\" of type \"integer\": invalid literal for int() with base 10: 'y'. Perhaps the value is of an invalid type? (unknown: false)`, `{"refused":3}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inHouse(t, map[string]string{"flow": text(tt.def)}, func(t *testing.T, h *house) {
				defer h.run(h.conductor(h.bus, conductor.Options{}))()
				id := h.launch("p.flow")
				settle(3)
				h.wantStatus(id, execution.Failed)
				h.wantResult(id, "why", `"`+tt.why+`"`)
				h.wantResult(id, "ends", tt.ends)
				h.wantClean()
			})
		})
	}
}

// TestRequestsReachSubWorkflows has a workflow of more deeds than one transaction
// reaches, beside trees of workflows.
func TestRequestsReachSubWorkflows(t *testing.T) {
	definitions := map[string]string{
		"top":  text(crowdText{N: 3, Action: "p.mid"}),
		"mid":  text(crowdText{N: 2, Action: "p.low"}),
		"low":  text(crowdText{N: 5, Action: "p.deed"}),
		"wide": text(crowdText{N: 250, Action: "p.deed"}),
	}
	inHouse(t, definitions, func(t *testing.T, h *house) {
		defer h.run(h.conductor(h.bus, conductor.Options{}))()
		ask := func(f func(ctx context.Context, id, user string) (*execution.Execution, error), id string) {
			t.Helper()
			if _, err := f(t.Context(), id, "bob"); err != nil {
				t.Fatal(err)
			}
			settle(4)
		}
		canceled, paused, wide := h.launch("p.top"), h.launch("p.top"), h.launch("p.wide")
		settle(3)
		h.wantStatus(paused, execution.Running)
		ask(h.launcher.Cancel, canceled)
		h.wantStatus(canceled, execution.Canceled)
		ask(h.launcher.Cancel, wide)
		h.wantStatus(wide, execution.Canceled)
		h.wantResult(wide, "ends", `{"canceled":250}`)

		ask(h.launcher.Pause, paused)
		h.wantStatus(paused, execution.Pausing) // deeds can't be paused
		ask(h.launcher.Resume, paused)
		h.wantStatus(paused, execution.Running)
		ask(h.launcher.Pause, paused)
		close(h.deeds.free)
		settle(3)
		h.wantStatus(paused, execution.Paused)
		for _, mid := range h.children(paused) {
			h.wantStatus(mid.ID, execution.Paused)
			for _, low := range h.children(mid.ID) {
				h.wantStatus(low.ID, execution.Paused)
				if low.Context.PausedBy != "bob" {
					t.Errorf("paused by %q", low.Context.PausedBy)
				}
			}
		}
		ask(h.launcher.Resume, paused)
		h.wantStatus(paused, execution.Succeeded)
		h.wantClean()
	})
}

// silent is a bus on which nobody hears anything.
type silent struct{ bus.Bus }

func (silent) Publish(context.Context, bus.Message) error { return nil }

func TestLostBellsCostTimeOnly(t *testing.T) {
	definitions := map[string]string{"top": text(crowdText{N: 2, Action: "p.low"}), "low": text(crowdText{N: 300, Action: "p.noop", Wake: 60})}
	inHouse(t, definitions, func(t *testing.T, h *house) {
		h.bus = silent{h.bus}
		stop := h.run(h.conductor(h.bus, conductor.Options{Instant: map[string]runner.Runner{}}))
		id := h.launch("p.top")
		settle(30)
		stop()
		h.wantStatus(id, execution.Succeeded)
		h.wantClean()
	})
}

func TestCommitsThatFailAreTriedAgain(t *testing.T) {
	for name, lost := range map[string]bool{"before": false, "with their answer lost": true} {
		t.Run(name, func(t *testing.T) {
			definitions := map[string]string{"top": text(crowdText{N: 2, Action: "p.low", Wake: 600}), "low": text(crowdText{N: 150, Action: "p.noop", Read: true})}
			inHouse(t, definitions, func(t *testing.T, h *house) {
				h.trouble = &trouble{Driver: h.driver, lost: lost}
				stop := h.run(h.conductor(h.bus, conductor.Options{}), h.conductor(h.bus, conductor.Options{Instant: map[string]runner.Runner{}}))
				id := h.launch("p.top")
				settle(60)
				stop()
				h.wantStatus(id, execution.Succeeded)
				for _, low := range h.children(id) {
					h.wantStatus(low.ID, execution.Succeeded)
					h.wantResult(low.ID, "ends", `{"succeeded":150}`)
					if n := len(h.children(low.ID)); n != 150 {
						t.Errorf("%d children of a child", n)
					}
				}
				h.wantClean()
			})
		})
	}
}

// TestADiskThatIsFullIsNotAskedAllTheTime has every commit fail for a while. In a
// bubble, time stands still for as long as somebody tries again at once.
func TestADiskThatIsFullIsNotAskedAllTheTime(t *testing.T) {
	definitions := map[string]string{"top": text(crowdText{N: 2, Action: "p.noop", Wake: 600})}
	inHouse(t, definitions, func(t *testing.T, h *house) {
		h.trouble = &trouble{Driver: h.driver, lost: true}
		stop := h.run(h.conductor(h.bus, conductor.Options{Instant: map[string]runner.Runner{}}))
		id := h.launch("p.top")
		settle(5)
		h.trouble.full.Store(true)
		if err := h.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.TellWorkflow(t.Context(), id, store.AboutMore, "", ""); err != nil {
				return err
			}
			return tx.TellWorkflow(t.Context(), id, store.AboutSignal, "", `{"to": "canceling", "user": "ada"}`)
		}); err != nil {
			t.Fatal(err)
		}
		settle(5)
		h.trouble.full.Store(false)
		close(h.deeds.free)
		settle(30)
		stop()
		h.wantClean()
	})
}

func TestTwoConductorsDoTheWorkOfOne(t *testing.T) {
	definitions := map[string]string{"top": text(crowdText{N: 5, Action: "p.low"}), "low": text(crowdText{N: 50, Action: "p.noop"})}
	inHouse(t, definitions, func(t *testing.T, h *house) {
		close(h.deeds.free)
		opts := conductor.Options{Instant: map[string]runner.Runner{}}
		stop := h.run(h.conductor(h.bus, opts), h.conductor(h.bus, opts), h.conductor(h.bus, conductor.Options{Memory: 1}))
		var tops []string
		for range 2 {
			tops = append(tops, h.launch("p.top"))
		}
		settle(30)
		stop()
		for _, id := range tops {
			h.wantStatus(id, execution.Succeeded)
			children := h.children(id)
			if len(children) != 5 {
				t.Errorf("%d children", len(children))
			}
			for _, low := range children {
				h.wantStatus(low.ID, execution.Succeeded)
				if n := len(h.children(low.ID)); n != 50 {
					t.Errorf("%d children of a child", n)
				}
			}
		}
		h.wantClean()
	})
}

func TestAnotherConductorGoesOn(t *testing.T) {
	inHouse(t, map[string]string{"flow": text(crowdText{N: 30, Action: "p.deed", Wake: 3600})}, func(t *testing.T, h *house) {
		first := h.run(h.conductor(h.bus, conductor.Options{}))
		id, other := h.launch("p.flow"), h.launch("p.flow")
		settle(2)
		first()
		second := h.run(h.conductor(h.bus, conductor.Options{}))
		settle(2)
		second()
		for _, id := range []string{id, other} {
			h.wantStatus(id, execution.Failed)
			h.wantResult(id, "ends", `{"abandoned":30}`) // with the first worker
		}
		h.wantClean()
	})
}

func TestAlarmsRing(t *testing.T) {
	definitions := map[string]string{"flow": text(crowdText{N: 1, Action: "p.deed", Wake: 90})}
	inHouse(t, definitions, func(t *testing.T, h *house) {
		stop := h.run(h.conductor(h.bus, conductor.Options{}))
		early := h.launch("p.flow")
		settle(80)
		late := h.launch("p.flow")
		settle(5)
		h.wantStatus(early, execution.Running)
		settle(10)
		h.wantStatus(early, execution.Timeout)
		h.wantResult(early, "why", `"give up"`)
		h.wantStatus(late, execution.Running)
		settle(80)
		h.wantStatus(late, execution.Timeout)
		close(h.deeds.free)
		settle(2)
		stop()
		h.wantClean()
	})
}

func TestWorkflowsThatCannotBegin(t *testing.T) {
	definitions := map[string]string{
		"mistaken": text(crowdText{Sick: "new"}), "bad": `{"n": "x"}`, "chain": "chain: [{name: a, ref: p.noop, on-success: b}]",
		"top": text(crowdText{N: 2, Action: "p.mistaken"}), "panics": text(crowdText{Sick: "panic at new"}),
	}
	inHouse(t, definitions, func(t *testing.T, h *house) {
		defer h.run(h.conductor(h.bus, conductor.Options{}))()
		for name, want := range map[string]struct{ field, value string }{
			"p.mistaken": {"errors", `["one","two"]`},
			"p.gone":     {"traceback", `""`},
			"p.panics":   {"error", `"the engine of the workflow failed: sick"`},
			"p.bad":      {"error", `"json: cannot unmarshal string into Go struct field crowdText.N of type int"`},
			"p.chain":    {"error", `"line 1, column 44: there is no task \"b\"; known are a"`},
			"p.top":      {"ends", `{"failed":2}`},
		} {
			id := h.launch(name)
			settle(2)
			h.wantStatus(id, execution.Failed)
			h.wantResult(id, want.field, want.value)
		}
		h.wantClean()
	})
}

func TestASickEngineHarmsItsWorkflowOnly(t *testing.T) {
	for _, sick := range []string{"panic", "error"} {
		definitions := map[string]string{
			"sick": text(crowdText{N: 110, Action: "p.some", Sick: sick}), "well": text(crowdText{N: 5, Action: "p.noop"}),
			"some": text(crowdText{N: 1, Action: "p.deed"}),
		}
		inHouse(t, definitions, func(t *testing.T, h *house) {
			defer h.run(h.conductor(h.bus, conductor.Options{}))()
			id := h.launch("p.sick")
			settle(2)
			if _, err := h.launcher.Cancel(t.Context(), h.children(id)[7].ID, "bob"); err != nil {
				t.Fatal(err)
			}
			well := h.launch("p.well")
			settle(4)
			h.wantStatus(well, execution.Succeeded)
			h.wantStatus(id, execution.Failed)
			for _, e := range h.children(id) {
				h.wantStatus(e.ID, execution.Canceled)
			}
			h.wantClean()
		})
	}
}

func TestAWorkflowThatIsEndedFromOutsideTakesItsChildrenAlong(t *testing.T) {
	inHouse(t, map[string]string{"flow": text(crowdText{N: 3, Action: "p.deed"})}, func(t *testing.T, h *house) {
		defer h.run(h.conductor(h.bus, conductor.Options{}))()
		id := h.launch("p.flow")
		settle(2)
		err := h.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ChangeExecution(t.Context(), store.Change{
				ID: id, From: []execution.Status{execution.Running}, To: execution.Succeeded, At: time.Now(),
			})
			if err != nil {
				return err
			}
			return tx.TellWorkflow(t.Context(), id, store.AboutCancel, "", "bob")
		})
		if err != nil {
			t.Fatal(err)
		}
		settle(3)
		h.wantStatus(id, execution.Succeeded)
		for _, e := range h.children(id) {
			h.wantStatus(e.ID, execution.Canceled)
		}
		h.wantClean()
	})
}

// TestACircleOfNoopsTakesTurns has a chain whose tasks end as soon as they begin, for
// ever. Somebody who cancels it is heard all the same.
func TestACircleOfNoopsTakesTurns(t *testing.T) {
	inHouse(t, map[string]string{"round": "chain: [{name: a, ref: p.noop, on-success: b}, {name: b, ref: p.noop, on-success: a}]"}, func(t *testing.T, h *house) {
		defer h.run(h.conductor(h.bus, conductor.Options{}))()
		id := h.launch("p.round")
		for h.get(id).Status == execution.Scheduled { // time stands still as long as there is something to do
			runtime.Gosched()
		}
		if _, err := h.launcher.Cancel(t.Context(), id, "bob"); err != nil {
			t.Fatal(err)
		}
		settle(3)
		h.wantStatus(id, execution.Canceled)
		h.wantClean()
	})
}

func TestAWorkflowThatStartsItselfEnds(t *testing.T) {
	inHouse(t, map[string]string{"self": text(crowdText{N: 1, Action: "p.self"})}, func(t *testing.T, h *house) {
		stop := h.run(h.conductor(h.bus, conductor.Options{Depth: 7}))
		id := h.launch("p.self")
		settle(3)
		stop()
		h.wantStatus(id, execution.Failed)
		n := 0
		for children := h.children(id); len(children) > 0; children = h.children(id) {
			id = children[0].ID
			n++
		}
		if n != 7 {
			t.Errorf("%d below the first, want 7", n)
		}
		h.wantResult(id, "why", `"Workflows start workflows more than 7 deep; is it one that starts itself? (unknown: false)"`)
		h.wantClean()
	})
}
