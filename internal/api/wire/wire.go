// Package wire says what goes over HTTP: the JSON of each thing as StackStorm's
// clients know it, and of what is ours.
//
// The types are plain, so that the server writes them and the client reads
// them. What has no value is left out, as StackStorm does.
package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Time is a moment with the form that StackStorm gives it, in UTC with six
// digits of fraction.
type Time struct{ time.Time }

const timeLayout = "2006-01-02T15:04:05.000000Z"

// TimeOf returns t for the wire.
func TimeOf(t time.Time) Time { return Time{t} }

// String returns t as it is written.
func (t Time) String() string { return t.UTC().Format(timeLayout) }

// MarshalJSON implements [json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(timeLayout)+2)
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeLayout)
	return append(b, '"'), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == "" {
		return nil
	}
	at, err := ParseTime(s)
	t.Time = at
	return err
}

// ParseTime reads a moment as clients write it: with T or a space, up to nine
// digits of fraction or none, and an offset from UTC or none.
func ParseTime(s string) (time.Time, error) {
	form := strings.Replace(strings.TrimSpace(s), " ", "T", 1)
	for _, layout := range []string{
		"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07",
		"2006-01-02T15:04:05.999999999",
	} {
		if t, err := time.Parse(layout, form); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time such as %s", s, timeLayout)
}

// Fault is the body of every answer that is a refusal.
type Fault struct {
	Fault    string `json:"faultstring"`
	Conflict string `json:"conflict-id,omitempty"` // id of what is in the way
}

// Version is what the server is.
type Version struct {
	Version string `json:"version"`
	DocsURL string `json:"docs_url,omitempty"`
	Go      string `json:"go,omitempty"`
}
