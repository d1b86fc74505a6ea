package catalog

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// MasksResult reports whether [Catalog.MaskResult] may find something secret.
func (c *Catalog) MasksResult(action, runner string) bool {
	a, ok := c.Action(action)
	return runner == inquiry.Runner || ok && a.Runner != nil && a.OutputSchema != nil && a.OutputSchema.Len() > 0
}

// MaskResult returns the result of an execution without what the schema of its action's output
// calls secret, or that of an inquiry in its response.
func (c *Catalog) MaskResult(action, runner string, result json.RawMessage) json.RawMessage {
	if runner == inquiry.Runner {
		return inquiry.Masked(result) // which has its schema with it
	}
	if len(result) == 0 || !c.MasksResult(action, runner) {
		return result
	}
	a, _ := c.Action(action)
	was, err := value.FromJSON(result)
	if err != nil {
		return result
	}
	b, err := value.ToJSON(schema.MaskOutput(was, a.Runner.OutputKey, a.OutputSchema))
	if err != nil {
		return result
	}
	return b
}
