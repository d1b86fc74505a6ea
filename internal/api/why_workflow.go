package api

import (
	"encoding/json"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
)

// waitsShown is how many of the executions that a workflow waits for are shown.
const waitsShown = 20

// waitsFor finds what a workflow has under way.
func (c *call) waitsFor(e *execution.Execution, out *wire.ExecutionWhy) error {
	if !e.Conducted || e.Status.Final() {
		return nil
	}
	children, _, err := c.Store.Reader().LiveChildren(c.ctx(), e.ID, 0, waitsShown+1)
	if err != nil {
		return err
	}
	if out.WaitsForMore = len(children) > waitsShown; out.WaitsForMore {
		children = children[:waitsShown]
	}
	for _, child := range children {
		if c.who.hides(c.resources().execution(child)) {
			continue // its parents are not
		}
		out.WaitsFor = append(out.WaitsFor, wire.WaitsFor{
			ID: child.ID, Task: taskName(child), Action: child.Action, Status: string(child.Status),
		})
	}
	return nil
}

// taskName returns the name of the task that an execution is a run of.
func taskName(e *execution.Execution) string {
	var named struct {
		Orquesta string `json:"task_name"`
		Chain    string `json:"name"`
	}
	for _, language := range []string{"orquesta", "chain"} {
		if raw := e.Context.Extra[language]; raw != nil {
			_ = json.Unmarshal(raw, &named) // what is no such object names nothing
		}
	}
	if named.Orquesta != "" {
		return named.Orquesta
	}
	return named.Chain
}

// workflowReason says in a sentence why a workflow is where it is.
func workflowReason(e *execution.Execution, w wire.ExecutionWhy) string {
	waits := "It is about to go on."
	switch n := len(w.WaitsFor); {
	case w.WaitsForMore:
		waits = fmt.Sprintf("It waits for more than %d executions that it has started.", n)
	case n == 1:
		waits = fmt.Sprintf("It waits for an execution that it has started: %s of %s, which is %s.", w.WaitsFor[0].ID, w.WaitsFor[0].Action, w.WaitsFor[0].Status)
	case n > 1:
		waits = fmt.Sprintf("It waits for %d executions that it has started.", n)
	}
	switch e.Status { //nolint:exhaustive // the others are the same for all executions
	case execution.Scheduled:
		return "It is about to begin."
	case execution.Canceling:
		return orSomebody(e.Context.CanceledBy) + " asked for it to be canceled. " + waits
	case execution.Pausing:
		return orSomebody(e.Context.PausedBy) + " asked for it to be paused. " + waits
	case execution.Paused:
		for _, child := range w.WaitsFor {
			if child.Status == string(execution.Pending) {
				return "It waits for somebody's answer."
			}
		}
		return orSomebody(e.Context.PausedBy) + " paused it, and it waits to be resumed."
	}
	return waits
}
