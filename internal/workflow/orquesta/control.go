package orquesta

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// over says why nothing can be asked of a workflow that is over, or about to be.
func (e *Engine) over(what string) error {
	switch {
	case e.state.Undo != nil && !e.state.Ended:
		return fault.Newf(fault.Conflict, "The workflow cannot be %s: it is over and takes back what it did.", what)
	case e.c.status.Final():
		return fault.Newf(fault.Conflict, "The workflow cannot be %s: it is %s.", what, e.c.status)
	}
	return nil
}

func (e *Engine) pause() error {
	if err := e.over("paused"); err != nil {
		return err
	}
	if e.c.status == execution.Canceling {
		return fault.Newf(fault.Conflict, "The workflow cannot be paused: it is canceling.")
	}
	e.state.Held = true
	e.c.dirty.head = true
	if pausing(e.c.status) {
		return nil
	}
	if err := e.c.request(execution.Paused); err != nil {
		return fault.Newf(fault.Conflict, "The workflow cannot be paused: %s", err)
	}
	e.do(workflow.Signal{To: execution.Pausing})
	return nil
}

// resume goes on. A workflow that waits for nothing but answers waits on.
func (e *Engine) resume() error {
	if err := e.over("resumed"); err != nil {
		return err
	}
	if !pausing(e.c.status) {
		if running(e.c.status) {
			return nil
		}
		return fault.Newf(fault.Conflict, "The workflow cannot be resumed: it is %s.", e.c.status)
	}
	e.state.Held = false
	e.c.dirty.head = true
	if e.c.any(execution.Pending) && !e.c.any(execution.Paused) && !e.c.busy() && e.c.stage.due == 0 && len(e.state.Missed) == 0 {
		return nil
	}
	missed := e.state.Missed
	e.state.Missed = nil
	if len(missed) > 0 {
		e.c.setStatus(execution.Resuming) // what it missed says how it goes on
	} else if err := e.c.request(execution.Resuming); err != nil {
		return fault.Newf(fault.Conflict, "The workflow cannot be resumed: %s", err)
	}
	e.wakeItems()
	for _, n := range missed {
		en := e.c.entries[n]
		if e.c.status.Final() || e.c.latest[en.place] != en {
			continue
		}
		if err := e.c.workflowHearsTask(en.place, "task_"+nameOf(en.status), en.status); err != nil {
			return err
		}
	}
	e.do(workflow.Signal{To: execution.Resuming})
	return nil
}

// wakeItems lets tasks go on whose items do not wait for anybody.
func (e *Engine) wakeItems() {
	for x := range e.c.stage.all() {
		en := e.c.latest[x.place]
		if en != nil && x.items != nil && en.items == x.items && x.items.waiting == 0 && pausing(en.status) {
			e.c.setEntry(en, execution.Running)
		}
	}
}

func (e *Engine) cancel() error {
	if u := e.state.Undo; u != nil && !e.state.Ended {
		e.stopUndo()
		return nil
	}
	switch s := e.c.status; {
	case s == execution.Canceling:
		return nil
	case s.Final() && !e.state.Ended: // it waits for what still runs before it takes anything back
		e.do(workflow.Signal{To: execution.Canceling})
		return nil
	case s.Final():
		return e.over("canceled")
	}
	if err := e.c.request(execution.Canceled); err != nil {
		return fault.Newf(fault.Conflict, "The workflow cannot be canceled: %s", err)
	}
	e.do(workflow.Signal{To: execution.Canceling})
	return nil
}

// expired hears that a time has come.
func (e *Engine) expired(x workflow.Expired) error {
	if ref, ok := strings.CutPrefix(x.Ref, alarmTask); ok {
		en, item, ok := e.find(ref)
		if ok && !standing(en, item).Final() && !slices.Contains(e.state.Late, ref) {
			e.state.Late = append(e.state.Late, ref)
			e.c.dirty.head = true
			e.do(workflow.Signal{Execution: childOf(en, item), To: execution.Canceling})
		}
		return nil
	}
	if x.Ref != alarmTimeout || e.c.status.Final() {
		return nil
	}
	e.c.fail(failf("TimeoutError", "The workflow did not end in the time that it has."), note{route: -1, path: []any{"timeout"}})
	e.c.setStatus(execution.Timeout)
	e.do(workflow.Signal{To: execution.Canceling})
	return nil
}

// rerun lets a workflow that is over run again from some of its tasks.
func (e *Engine) rerun(r workflow.Rerun) error {
	if !e.c.status.Final() {
		return fault.Newf(fault.Conflict, "Unable to rerun workflow because it is not in a completed state.")
	}
	var asked []again
	var missing []string
	for _, t := range r.Tasks {
		found := false
		for _, en := range e.c.entries {
			if en.task == t.Name && e.c.latest[en.place] == en {
				asked = append(asked, again{en.place, t.Reset})
				found = true
			}
		}
		if !found {
			missing = append(missing, t.Name)
		}
	}
	if missing != nil {
		return fault.Newf(fault.Invalid, "Unable to rerun workflow because one or more tasks is not found: %s", strings.Join(missing, ","))
	}
	if len(r.Tasks) == 0 && len(e.c.failed()) == 0 && e.c.stage.due == 0 {
		return fault.Newf(fault.Invalid, "Unable to rerun workflow because none of its tasks failed.")
	}
	e.state = engineRow{Runs: e.state.Runs}
	e.refresh()
	return e.c.rerun(asked)
}

// refresh has the first context say on whose behalf the workflow runs now.
func (e *Engine) refresh() {
	if len(e.c.contexts.all) == 0 || e.in.Context == nil {
		return
	}
	d := e.c.contexts.all[0].Clone()
	d.Update(e.in.Context)
	e.c.contexts.all[0], e.c.contexts.merged = d, nil
	e.c.dirty.contexts(0)
}
