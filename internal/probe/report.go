package probe

import "time"

// A Report is how a probe fares.
type Report struct {
	Trigger string // reference
	Type    string // reference of its trigger type
	Target  string
	// State is starting before the first look; then well, failing (not yet as often
	// as it must), firing, or unknown where it could not be looked. A file is
	// following or unknown.
	State     string
	Since     time.Time // when the state began; since the server started, at most
	CheckedAt time.Time // when it was looked at last
	Failures  int       // checks in a row that have failed
	Events    int       // taken in since the server started
	Message   string    // what was found last, for people
}
