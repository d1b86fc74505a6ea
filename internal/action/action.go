// Package action says what an action is: something that can be run, the
// parameters that it takes and how given values become the ones that it sees.
package action

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// An Action is something that can be run.
type Action struct {
	ID           string          `json:"id"`
	UID          string          `json:"uid"`
	Ref          string          `json:"ref"`
	Pack         string          `json:"pack"`
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	Enabled      bool            `json:"enabled"`
	EntryPoint   string          `json:"entry_point"`
	RunnerType   string          `json:"runner_type"`
	Parameters   *value.Dict     `json:"parameters"`    // name to schema, in the order of the file
	OutputSchema *value.Dict     `json:"output_schema"` // may be nil
	Notify       json.RawMessage `json:"notify"`        // as written; may be nil
	Tags         []trigger.Tag   `json:"tags"`
	MetadataFile string          `json:"metadata_file"`

	// Idempotent is our addition: the action may be run again when it is not
	// known whether it ran. Default false.
	Idempotent bool `json:"idempotent"`
}
