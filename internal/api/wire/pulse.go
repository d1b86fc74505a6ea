package wire

// Pulse says how busy the server is, and what it has done by itself.
type Pulse struct {
	Minutes []PulseMinute `json:"minutes"` // the last hour, oldest first
	// Complete is false when there were so many events that the first of the
	// minutes are not all that happened in them.
	Complete bool `json:"complete"`
	// Started is what became of what rules have started, by status, since a time.
	Started map[string]int `json:"started"`
	Since   Time           `json:"since"`
}

// PulseMinute is how many events there were in a minute.
type PulseMinute struct {
	At     Time `json:"at"`
	Events int  `json:"events"`
}
