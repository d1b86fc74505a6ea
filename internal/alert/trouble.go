package alert

import (
	"encoding/json"
	"time"
)

// Heard is an event of a source that is on record.
type Heard struct {
	ID       string
	Trigger  string
	TraceTag string
	At       time.Time
	Payload  json.RawMessage
}

// Trouble is something that is or was broken, as far as its sender has said: one episode,
// from the first word that it is firing or pending to the word that it is not.
type Trouble struct {
	Trigger  string
	Status   string // firing or pending, as it was said last
	Severity string // empty: unknown
	Name     string
	Resource string // empty: unknown
	Summary  string
	Since    time.Time // when this was said first, of what was looked at
	Ended    time.Time // zero: it is broken still
	Events   []string  // that said so, the latest first
}

// Troubles returns what was and is broken by what was heard, which comes latest first.
// Notices begin and end nothing.
func Troubles(latestFirst []Heard) []*Trouble {
	var out []*Trouble
	earlier := map[string]*Trouble{} // what an earlier word would belong to
	for _, h := range latestFirst {
		var said struct {
			Status   string  `json:"status"`
			Severity *string `json:"severity"`
			Name     string  `json:"name"`
			Resource *string `json:"resource"`
			Summary  string  `json:"summary"`
		}
		if json.Unmarshal(h.Payload, &said) != nil || said.Status == notice {
			continue
		}
		key := h.Trigger + "\n" + h.TraceTag
		if h.Trigger == CloudEvent { // whose every event has a tag of its own
			key = h.Trigger + "\n" + said.Name + "\n" + text(said.Resource)
		}
		if said.Status != firing && said.Status != pending {
			earlier[key] = &Trouble{Ended: h.At}
			continue
		}
		t := earlier[key]
		if t == nil {
			t = &Trouble{}
			earlier[key] = t
		}
		if len(t.Events) == 0 {
			t.Trigger, t.Status, t.Severity, t.Name, t.Resource, t.Summary = h.Trigger, said.Status, text(said.Severity), said.Name, text(said.Resource), said.Summary
			out = append(out, t)
		}
		t.Since = h.At
		t.Events = append(t.Events, h.ID)
	}
	return out
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
