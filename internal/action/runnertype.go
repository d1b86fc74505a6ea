package action

import "github.com/nightshift-run/nightshift/internal/expr/value"

// A RunnerType says how a kind of action is run and which parameters every
// action of the kind takes. Runner types come with the server; only Enabled
// can be changed.
type RunnerType struct {
	ID           string      `json:"id"`
	UID          string      `json:"uid"`
	Name         string      `json:"name"`
	Aliases      []string    `json:"aliases,omitempty"`
	Description  string      `json:"description"`
	Enabled      bool        `json:"enabled"`
	Package      string      `json:"runner_package"`
	Module       string      `json:"runner_module"`
	QueryModule  *string     `json:"query_module"`
	Parameters   *value.Dict `json:"runner_parameters"` // name to schema
	OutputKey    string      `json:"output_key"`
	OutputSchema *value.Dict `json:"output_schema"`
	Experimental bool        `json:"experimental,omitempty"`

	// Conducted says that actions of the type are workflows: a conductor carries
	// them, and no worker.
	Conducted bool `json:"-"`

	// Missing says why this server can't run the type, and is empty when it can.
	Missing string `json:"-"`
}
