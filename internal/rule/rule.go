// Package rule says when an event calls for an action: which rules there are,
// what their criteria mean, and which of them an event meets.
//
// It is pure: criteria are compiled once and then only read values.
package rule

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// The types of rules.
const (
	Standard = "standard"
	Backstop = "backstop" // asked only when no standard rule of the trigger matched
)

// A Rule connects a trigger to an action.
type Rule struct {
	ID           string        `json:"id"`
	UID          string        `json:"uid"`
	Ref          string        `json:"ref"`
	Pack         string        `json:"pack"`
	Name         string        `json:"name"`
	Description  string        `json:"description"`
	Enabled      bool          `json:"enabled"`
	Type         TypeRef       `json:"type"`
	Trigger      TriggerRef    `json:"trigger"`
	Criteria     *value.Dict   `json:"criteria"`
	Action       ActionRef     `json:"action"`
	Tags         []trigger.Tag `json:"tags"`
	Context      *value.Dict   `json:"context"`
	MetadataFile string        `json:"metadata_file"`
}

// TypeRef names the type of a rule.
type TypeRef struct {
	Ref        string      `json:"ref"`
	Parameters *value.Dict `json:"parameters"`
}

// TriggerRef names the trigger that a rule listens to.
type TriggerRef struct {
	Type        string      `json:"type"`
	Ref         string      `json:"ref"` // of the trigger with these parameters; filled in at registration
	Description string      `json:"description"`
	Parameters  *value.Dict `json:"parameters"`
}

// ActionRef names the action that a rule starts, with templates for its parameters.
type ActionRef struct {
	Ref         string      `json:"ref"`
	Description string      `json:"description"`
	Parameters  *value.Dict `json:"parameters"`
}
