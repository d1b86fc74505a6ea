package wire

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Instance is an event.
type Instance struct {
	Trigger        string          `json:"trigger"`
	OccurrenceTime Time            `json:"occurrence_time"`
	Status         string          `json:"status"`
	TraceTag       string          `json:"trace_tag,omitempty"` // ours
	Key            string          `json:"key,omitempty"`       // ours: what the sender calls it
	ID             string          `json:"id"`
	Payload        json.RawMessage `json:"payload"`
}

// InstanceOf returns i for the wire.
func InstanceOf(i *trigger.Instance) Instance {
	return Instance{
		Trigger: i.Trigger, OccurrenceTime: TimeOf(i.OccurredAt), Status: string(i.Status), TraceTag: i.TraceTag,
		Key: i.Key, ID: i.ID, Payload: object(i.Payload),
	}
}

// ReEmitted is the answer to the wish for an event once more.
type ReEmitted struct {
	Message string          `json:"message"`
	Payload json.RawMessage `json:"payload"`
	ID      string          `json:"id,omitempty"` // ours: of the new event
}

// Enforcement says that a rule matched an event, and what came of it.
type Enforcement struct {
	Instance      string          `json:"trigger_instance_id,omitempty"`
	Execution     string          `json:"execution_id,omitempty"`
	FailureReason string          `json:"failure_reason,omitempty"`
	Rule          EnforcedRule    `json:"rule"`
	EnforcedAt    Time            `json:"enforced_at"`
	Status        string          `json:"status"`
	ID            string          `json:"id"`
	InstanceView  json.RawMessage `json:"trigger_instance,omitempty"` // in views
	ExecutionView json.RawMessage `json:"execution,omitempty"`        // in views
}

// EnforcedRule is the rule that matched.
type EnforcedRule struct {
	Ref string `json:"ref"`
	ID  string `json:"id"`
	UID string `json:"uid"`
}

// Receipt says what became of events that were sent.
type Receipt struct {
	Events []EventReceipt `json:"events"`
}

// EventReceipt says what became of one event.
type EventReceipt struct {
	ID         string   `json:"id"`
	Duplicate  bool     `json:"duplicate"` // it was here before, and nothing new came of it
	Executions []string `json:"executions"`
}
