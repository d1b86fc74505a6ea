package api

import (
	"context"
	"net/http"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func (a *API) workflowRoutes() []*route {
	return []*route{
		to("POST", apiService, "/workflows/inspect", "", (*call).inspectWorkflow, "Find what is wrong with the definition of a workflow.").changesNothing().
			anybody("it only reads what is sent along"),
	}
}

// maxInspections is how many definitions are inspected at a time. Each may need
// fifty times its size in memory.
const maxInspections = 2

// inspectWorkflow answers with all mistakes in the definition that is the body,
// whatever type it says it is of. What cannot be read at all is a mistake, too.
func (c *call) inspectWorkflow() error {
	text, err := c.read(spec.MaxText)
	if err != nil {
		return err
	}
	done, err := c.inspecting()
	if err != nil {
		return err
	}
	defer done()
	entries := spec.Check(text, spec.Options{Actions: c.catalog(), Values: true}).Entries()
	if entries == nil {
		entries = []*value.Dict{}
	}
	return c.json(http.StatusOK, entries)
}

// inspecting waits until a definition may be looked at. The function that it returns
// says that this is over.
func (c *call) inspecting() (done func(), err error) {
	select {
	case c.inspections <- struct{}{}:
		return func() { <-c.inspections }, nil
	case <-c.ctx().Done():
		return nil, context.Cause(c.ctx())
	}
}
