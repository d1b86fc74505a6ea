package wire

// Trace is what came of one thing that nothing else caused.
type Trace struct {
	ID         string `json:"id"`
	UID        string `json:"uid"`
	Tag        string `json:"trace_tag"`
	Began      Time   `json:"start_timestamp"`
	Events     []Link `json:"trigger_instances"`
	Rules      []Link `json:"rules"`
	Executions []Link `json:"action_executions"`
	Truncated  bool   `json:"truncated,omitempty"` // ours: more belongs to it than is shown
}

// Link is a part of a trace.
type Link struct {
	ID    string `json:"object_id"`
	Ref   string `json:"ref"`
	At    Time   `json:"updated_at"`
	Cause Cause  `json:"caused_by"`
}

// Cause is what a part of a trace comes from.
type Cause struct {
	ID   string `json:"id,omitempty"` // of a rule: its own and that of the event, with a colon between them
	Type string `json:"type,omitempty"`
}
