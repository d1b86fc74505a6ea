package api

import (
	"net/http"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func (a *API) workflowRoutes() []*route {
	return []*route{
		to("POST", apiService, "/workflows/inspect", "", (*call).inspectWorkflow, "Find what is wrong with the definition of a workflow."),
	}
}

// maxDefinition bounds the definitions that are inspected, in bytes: as the files of packs.
const maxDefinition = 10 << 20

// inspectWorkflow answers with all mistakes in the definition that is the body,
// whatever type it says it is of. What cannot be read at all is a mistake, too.
func (c *call) inspectWorkflow() error {
	text, err := c.read(maxDefinition)
	if err != nil {
		return err
	}
	entries := spec.Check(text, spec.Options{Actions: c.catalog(), Values: true}).Entries()
	if entries == nil {
		entries = []*value.Dict{}
	}
	return c.json(http.StatusOK, entries)
}
