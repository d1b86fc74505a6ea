package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/kv"
)

func TestTimesAreReadAsClientsWriteThem(t *testing.T) {
	want := time.Date(2026, 11, 22, 2, 3, 4, 0, time.UTC)
	for s, at := range map[string]time.Time{
		"2026-11-22T02:03:04.000000Z":    want,
		"2026-11-22 02:03:04":            want,
		"2026-11-22T02:03:04+00:00":      want,
		"2026-11-22 02:03:04.5 +00":      {}, // a space too many
		"2026-11-22T02:03:04+00":         want,
		"2026-11-22T02:03:04.250+0000":   want.Add(250 * time.Millisecond),
		"2026-11-22T04:03:04+02:00":      want,
		"2026-11-22T02:03:04.123456789Z": want.Add(123456789),
		"yesterday":                      {},
		"":                               {},
		"2026-13-22T02:03:04Z":           {},
	} {
		got, err := wire.ParseTime(s)
		if !got.Equal(at) || (err != nil) != at.IsZero() {
			t.Errorf("%q: %v, %v, want %v", s, got, err, at)
		}
	}
}

func TestTimesComeBack(t *testing.T) {
	at := time.Date(2026, 11, 22, 2, 3, 4, 5000, time.FixedZone("x", 3600))
	b, err := json.Marshal(wire.TimeOf(at))
	if err != nil || string(b) != `"2026-11-22T01:03:04.000005Z"` {
		t.Fatalf("%s, %v", b, err)
	}
	var back wire.Time
	if err := json.Unmarshal(b, &back); err != nil || !back.Equal(at) {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`"soon"`), &back); err == nil {
		t.Error("soon is a time")
	}
}

func TestAnExecutionLeavesOutWhatItHasNot(t *testing.T) {
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	e := &execution.Execution{
		ID: "id", Status: execution.Requested, Action: "p.a", CreatedAt: now, NotBefore: now.Add(1500 * time.Millisecond),
		Context: execution.Context{User: "ada"},
	}
	b, err := json.Marshal(wire.ExecutionOf(e))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"liveaction":{"action":"p.a","action_is_workflow":false,"parameters":{},"callback":{},"runner_info":{},"id":"id"},` +
		`"status":"requested","start_timestamp":"2026-11-22T02:00:00.000000Z","parameters":{},"context":{"user":"ada"},"delay":1500,"id":"id"}`
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Error(d)
	}
	e.Status, e.FinishedAt = execution.Failed, now.Add(1250*time.Millisecond)
	done := wire.ExecutionOf(e)
	if done.ElapsedSeconds == nil || *done.ElapsedSeconds != 1.25 || !done.EndTimestamp.Equal(e.FinishedAt) {
		t.Errorf("finished: %+v", done)
	}
}

func TestTheIDOfAKeyFollowsFromItsName(t *testing.T) {
	a := kv.Pair{Scope: kv.System, Name: "a", Value: "1"}
	b := a
	b.Value = "2"
	other := a
	other.Name = "b"
	if wire.KeyID(a) != wire.KeyID(b) || wire.KeyID(a) == wire.KeyID(other) || len(wire.KeyID(a)) != 24 {
		t.Errorf("%s %s %s", wire.KeyID(a), wire.KeyID(b), wire.KeyID(other))
	}
}
