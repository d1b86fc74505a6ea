package catalog

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// MaskResult returns the result of an execution without what the schema of its action's output
// calls secret, or that of an inquiry in its response.
func (c *Catalog) MaskResult(action, runner string, result json.RawMessage) json.RawMessage {
	if runner == inquiry.Runner {
		return inquiry.Masked(result) // which has its schema with it
	}
	a, ok := c.Action(action)
	if !ok || a.Runner == nil || a.OutputSchema == nil || a.OutputSchema.Len() == 0 || len(result) == 0 {
		return result
	}
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
