package wire

// SensorRun is how a sensor fares.
type SensorRun struct {
	Ref     string `json:"ref"` // with # and its name, if it is one of several instances
	Pack    string `json:"pack"`
	Enabled bool   `json:"enabled"`
	// State is starting, running, waiting (to be started again), finished (it
	// returned by itself), or idle where nobody runs it.
	State    string `json:"state"`
	Since    Time   `json:"since,omitzero"`     // when the state began
	Starts   int    `json:"starts"`             // by the present holder
	AliveAt  Time   `json:"alive_at,omitzero"`  // when its process answered last
	PolledAt Time   `json:"polled_at,omitzero"` // when it looked last, if it is one that polls
	Error    string `json:"error,omitempty"`    // why it ended last
	Holder   string `json:"holder,omitempty"`   // which server runs it
}

// SensorLog is the end of what a sensor has printed.
type SensorLog struct {
	Ref string `json:"ref"`
	Log string `json:"log"`
}
