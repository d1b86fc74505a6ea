package wire

// Probe is how a probe fares.
type Probe struct {
	Trigger string `json:"trigger"` // reference
	Type    string `json:"type"`    // reference of the trigger type
	Target  string `json:"target"`  // what it looks at
	// State is starting, well, failing (not yet as often as it must), firing,
	// unknown (it could not be looked), or, of a file, following.
	State     string `json:"state"`
	Since     Time   `json:"since,omitzero"`      // when the state began
	CheckedAt Time   `json:"checked_at,omitzero"` // when it looked last
	Failures  int    `json:"failures"`            // checks in a row that have failed
	Events    int    `json:"events"`              // taken in since the server started
	Message   string `json:"message,omitempty"`   // what it found last
}
