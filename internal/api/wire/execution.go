package wire

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/notify"
)

// Execution is one run of one action, with what it was a run of.
type Execution struct {
	Trigger         json.RawMessage `json:"trigger,omitempty"`
	TriggerType     json.RawMessage `json:"trigger_type,omitempty"`
	TriggerInstance json.RawMessage `json:"trigger_instance,omitempty"`
	Rule            json.RawMessage `json:"rule,omitempty"`
	Action          json.RawMessage `json:"action,omitempty"` // an Action
	Runner          json.RawMessage `json:"runner,omitempty"` // a Runner
	LiveAction      *LiveAction     `json:"liveaction,omitempty"`
	Status          string          `json:"status,omitempty"`
	StartTimestamp  Time            `json:"start_timestamp,omitzero"`
	EndTimestamp    Time            `json:"end_timestamp,omitzero"`
	Parameters      json.RawMessage `json:"parameters,omitempty"`
	Result          json.RawMessage `json:"result,omitempty"`
	ResultSize      int             `json:"result_size,omitempty"`
	Context         json.RawMessage `json:"context,omitempty"`
	Parent          string          `json:"parent,omitempty"`
	Children        []string        `json:"children,omitempty"`
	Log             []LogEntry      `json:"log,omitempty"`
	Delay           int64           `json:"delay,omitempty"` // milliseconds
	ElapsedSeconds  *float64        `json:"elapsed_seconds,omitempty"`
	WebURL          string          `json:"web_url,omitempty"`
	Attempt         int             `json:"attempt,omitempty"` // ours: how often a worker has claimed it
	ID              string          `json:"id"`
}

// LiveAction is what StackStorm keeps of a run besides its execution. Here it
// is the same thing, so it has the same id.
type LiveAction struct {
	Action           string          `json:"action"`
	ActionIsWorkflow bool            `json:"action_is_workflow"`
	Parameters       json.RawMessage `json:"parameters,omitempty"`
	Callback         json.RawMessage `json:"callback,omitempty"`
	RunnerInfo       json.RawMessage `json:"runner_info,omitempty"`
	Notify           json.RawMessage `json:"notify,omitempty"`
	ID               string          `json:"id"`
}

// LogEntry says when an execution came to a status.
type LogEntry struct {
	Timestamp Time   `json:"timestamp"`
	Status    string `json:"status"`
}

// ExecutionRequest is the wish to run an action.
type ExecutionRequest struct {
	Action     string          `json:"action"`
	Parameters any             `json:"parameters,omitempty"` // an object
	User       string          `json:"user,omitempty"`
	Context    json.RawMessage `json:"context,omitempty"`
	Delay      int64           `json:"delay,omitempty"` // milliseconds
	Notify     json.RawMessage `json:"notify,omitempty"`
}

// ActionRef returns the reference of the action that e is a run of.
func (e *Execution) ActionRef() string {
	var a struct {
		Ref string `json:"ref"`
	}
	if err := json.Unmarshal(e.Action, &a); err == nil && a.Ref != "" {
		return a.Ref
	}
	if e.LiveAction != nil {
		return e.LiveAction.Action
	}
	return ""
}

// ExecutionOf returns e for the wire, without what only the catalog and the
// ledger know: action, runner, rule, trigger, children, result. Its parameters
// are as they are stored, secrets included.
func ExecutionOf(e *execution.Execution) Execution {
	out := Execution{
		Status: string(e.Status), StartTimestamp: TimeOf(e.CreatedAt), Parameters: object(e.Parameters),
		Result: e.Result, ResultSize: e.ResultSize, Parent: e.Parent, Attempt: e.Attempt, ID: e.ID,
		LiveAction: &LiveAction{
			Action: e.Action, Parameters: object(e.Parameters), Callback: json.RawMessage("{}"),
			RunnerInfo: json.RawMessage("{}"), Notify: notify.Filled(e.Notify), ActionIsWorkflow: e.Conducted, ID: e.ID,
		},
	}
	if b, err := e.Context.MarshalJSON(); err == nil { // it came from JSON
		out.Context = b
	}
	for _, l := range e.Log {
		out.Log = append(out.Log, LogEntry{TimeOf(l.At), string(l.Status)})
	}
	if e.Status.Final() && !e.FinishedAt.IsZero() {
		out.EndTimestamp = TimeOf(e.FinishedAt)
		seconds := float64(e.FinishedAt.Sub(e.CreatedAt).Microseconds()) / 1e6
		out.ElapsedSeconds = &seconds
	}
	if e.NotBefore.After(e.CreatedAt) {
		out.Delay = e.NotBefore.Sub(e.CreatedAt).Milliseconds()
	}
	return out
}

// Output is a piece of what an execution printed.
type Output struct {
	ID          string `json:"id"`
	ExecutionID string `json:"execution_id"`
	ActionRef   string `json:"action_ref"`
	RunnerRef   string `json:"runner_ref"`
	Timestamp   Time   `json:"timestamp"`
	Type        string `json:"output_type"` // stdout, stderr or output
	Data        string `json:"data"`
}

// Filters is what people can choose from when they look for executions.
type Filters map[string][]string
