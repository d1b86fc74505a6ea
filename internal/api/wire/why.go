package wire

import "encoding/json"

// EventWhy says of an event what each rule that listens made of it.
type EventWhy struct {
	Event Instance  `json:"event"`
	Rules []RuleWhy `json:"rules"` // as they would answer now
	// Enforcements are what came of the event when it was taken in.
	Enforcements []Enforcement `json:"enforcements"`
	Note         string        `json:"note,omitempty"`
}

// RuleWhy says why a rule does or does not match an event.
type RuleWhy struct {
	Rule     string      `json:"rule"` // reference
	Enabled  bool        `json:"enabled"`
	Action   string      `json:"action"`
	Matched  bool        `json:"matched"`
	Reason   string      `json:"reason"`
	Criteria []Criterion `json:"criteria"`
}

// Criterion says what was seen when one criterion was asked.
type Criterion struct {
	Key      string          `json:"key"`
	Operator string          `json:"operator"`
	Written  json.RawMessage `json:"written,omitempty"` // the pattern before it was rendered, if it is a template
	Pattern  json.RawMessage `json:"pattern"`
	Value    json.RawMessage `json:"value"` // what the event has there
	Met      bool            `json:"met"`
	Failure  string          `json:"failure,omitempty"` // why it could not be evaluated
	Note     string          `json:"note,omitempty"`
	Decided  bool            `json:"decided"` // this one settled that the rule does not match
	Text     string          `json:"text"`    // all of it in a line
}

// RuleTrial says what a rule makes of past events.
type RuleTrial struct {
	Trigger string       `json:"trigger"` // which it would listen to
	Total   int          `json:"total"`   // how many events of it there are in that time
	Matched int          `json:"matched"` // of those that were asked about
	Events  []TriedEvent `json:"events"`  // the latest first
}

// TriedEvent says whether a rule matches an event, what decided, and what would have
// come of it.
type TriedEvent struct {
	Event    string      `json:"event"`
	At       Time        `json:"at"`
	Matched  bool        `json:"matched"`
	Reason   string      `json:"reason"`
	Criteria []Criterion `json:"criteria"`
	Starts   *RuleStart  `json:"starts,omitempty"` // of the latest 200 that match
}

// RuleStart is what a rule would have given its action.
type RuleStart struct {
	Parameters json.RawMessage `json:"parameters,omitempty"`
	Failure    string          `json:"failure,omitempty"` // why there are none
}

// ExpressionName is something that expressions can be made of.
type ExpressionName struct {
	Kind      string `json:"kind"` // workflow: in both languages, in workflows; yaql; filter, test and global: in Jinja
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Doc       string `json:"doc"`
}

// ExecutionWhy says what an execution waits for, and who holds it.
type ExecutionWhy struct {
	ID        string   `json:"id"`
	Action    string   `json:"action"`
	Status    string   `json:"status"`
	Since     Time     `json:"since,omitzero"` // when it came to the status
	Reason    string   `json:"reason"`         // a sentence
	Worker    string   `json:"worker,omitempty"`
	Attempt   int      `json:"attempt,omitempty"`
	NotBefore Time     `json:"not_before,omitzero"`
	Policies  []string `json:"policies,omitempty"` // that may hold it back
	Holders   []string `json:"holders,omitempty"`  // executions that take the places that it waits for
	Rule      string   `json:"rule,omitempty"`     // why it exists at all
	Event     string   `json:"event,omitempty"`
	Retries   string   `json:"retries,omitempty"` // the execution that it repeats

	WaitsFor     []WaitsFor `json:"waits_for,omitempty"` // what a workflow has started and is not over, the first of it
	WaitsForMore bool       `json:"waits_for_more,omitempty"`
}

// WaitsFor is an execution that a workflow has started.
type WaitsFor struct {
	ID     string `json:"id"`
	Task   string `json:"task,omitempty"`
	Action string `json:"action"`
	Status string `json:"status"`
}
