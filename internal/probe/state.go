package probe

import (
	"maps"
	"strconv"
	"time"
)

// Verdict is what a check says about its target.
type Verdict int

// The verdicts. The zero one is Unknown.
const (
	Unknown Verdict = iota // the check could not be made
	Well
	Failed
)

// An Outcome is what came of one check.
type Outcome struct {
	Verdict Verdict
	Reason  string         // one word that rules can compare, such as unreachable; "ok" when well
	Message string         // for people
	Facts   map[string]any // what the type's payload has beside the common fields
}

// Status is how a probe stands.
type Status string

// The statuses of a probe. One that has not fired yet is resolved.
const (
	Firing   Status = "firing"
	Resolved Status = "resolved"
)

// State is what a check must remember. The zero value has never failed.
type State struct {
	Status Status    `json:"status,omitempty"` // empty: resolved
	Since  time.Time `json:"since,omitzero"`   // when the failures in a row began, or the last ones did
	// Due is the change that nobody has been told yet. It is on record before
	// anybody is told, so that a crash between the two neither loses nor doubles it.
	Due *Change `json:"due,omitempty"`

	failures int // in a row; a restart counts anew
}

// A Change is the event that a probe has become firing or resolved.
type Change struct {
	Key     string         `json:"key"` // the same change has the same key
	Payload map[string]any `json:"payload"`
}

// Failures is how many checks have failed in a row.
func (s State) Failures() int { return s.failures }

// Next returns the state after a check with an outcome was made at a moment. Its
// Due is the change that comes of it, if one does.
func (s State) Next(c Check, o Outcome, now time.Time) State {
	s.Due = nil
	switch o.Verdict {
	case Failed:
		s.failures++
		if s.Status == Firing {
			return s
		}
		if s.failures == 1 {
			s.Since = now
		}
		if s.failures >= c.Often().For {
			s.Status = Firing
			s.Due = s.change(c, o, now)
		}
	case Well:
		s.failures = 0
		if s.Status == Firing {
			s.Status = Resolved
			s.Due = s.change(c, o, now)
		}
	case Unknown: // neither a failure nor its end
	}
	return s
}

func (s State) change(c Check, o Outcome, now time.Time) *Change {
	payload := map[string]any{}
	maps.Copy(payload, o.Facts)
	maps.Copy(payload, map[string]any{
		"status": string(s.Status), "target": c.Target(), "reason": o.Reason, "message": o.Message,
		"since": stamp(s.Since), "checked_at": stamp(now),
	})
	return &Change{Key: string(s.Status) + ":" + strconv.FormatInt(s.Since.UnixMicro(), 10), Payload: payload}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
