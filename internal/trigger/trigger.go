// Package trigger says what can happen: types of events, the triggers that
// rules and sources agree on, and the instances of them, which are the events.
package trigger

import (
	"crypto/md5" //nolint:gosec // names things as StackStorm does; guards nothing
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// References of the types that the server itself knows how to fire.
const (
	Webhook        = "core.st2.webhook"
	IntervalTimer  = "core.st2.IntervalTimer"
	DateTimer      = "core.st2.DateTimer"
	CronTimer      = "core.st2.CronTimer"
	ActionFinished = "core.st2.generic.actiontrigger"
	FileWritten    = "core.st2.action.file_written" // a file of an action
	Notify         = "core.st2.generic.notifytrigger"
	Inquiry        = "core.st2.generic.inquiry"
	KeyCreated     = "core.st2.key_value_pair.create"
	KeyUpdated     = "core.st2.key_value_pair.update"
	KeyChanged     = "core.st2.key_value_pair.value_change"
	KeyDeleted     = "core.st2.key_value_pair.delete"
)

// A Type declares a kind of event: what its payload holds and which parameters
// a trigger of it takes.
type Type struct {
	ID               string      `json:"id"`
	UID              string      `json:"uid"`
	Ref              string      `json:"ref"`
	Pack             string      `json:"pack"`
	Name             string      `json:"name"`
	Description      string      `json:"description"`
	PayloadSchema    *value.Dict `json:"payload_schema"`
	ParametersSchema *value.Dict `json:"parameters_schema"`
	Tags             []Tag       `json:"tags"`
	MetadataFile     string      `json:"metadata_file"`
}

// Tag is a name and value that people search by.
type Tag struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Trigger is a type with its parameters filled in: the webhook of one URL,
// the timer of one schedule. A type without parameters has exactly one, of the
// same reference.
type Trigger struct {
	ID          string      `json:"id"`
	UID         string      `json:"uid"`
	Ref         string      `json:"ref"`
	Pack        string      `json:"pack"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Type        string      `json:"type"` // reference of the type
	Parameters  *value.Dict `json:"parameters"`
	// Kept triggers were made by somebody, and stay without a rule that listens.
	Kept bool `json:"kept,omitempty"`
}

// InstanceStatus is how far an event has come.
type InstanceStatus string

// The statuses of an event. Intake and matching are one transaction, so
// pending and processing are never seen in the store; they exist for clients.
const (
	Pending          InstanceStatus = "pending"
	Processing       InstanceStatus = "processing"
	Processed        InstanceStatus = "processed"
	ProcessingFailed InstanceStatus = "processing_failed"
)

// An Instance is an event: something happened.
type Instance struct {
	ID         string
	Trigger    string          // reference of the trigger
	Payload    json.RawMessage // an object
	OccurredAt time.Time
	Status     InstanceStatus
	TraceTag   string
	// Key is what the sender calls the event. A second event of the same key is
	// the same event delivered twice. Empty: every delivery is an event.
	Key string
}

// UIDOf returns the unique id of the trigger of a type with parameters.
// StackStorm hashes the parameters as Python prints them, sorted.
func UIDOf(pack, typeName string, parameters *value.Dict) string {
	text, err := value.SortedJSON(parameters)
	if err != nil {
		text = nil // parameters came from JSON or YAML, so this is a dict with odd keys; its uid need not be StackStorm's
	}
	sum := md5.Sum(text) //nolint:gosec // see above
	return "trigger:" + pack + ":" + typeName + ":" + hex.EncodeToString(sum[:])
}
