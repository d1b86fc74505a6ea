package execution_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
)

func TestNothingFollowsAFinalStatus(t *testing.T) {
	for _, s := range execution.Statuses() {
		ways := 0
		for _, to := range execution.Statuses() {
			if s.MayFollow(to) {
				ways++
			}
		}
		if s.Final() != (ways == 0) {
			t.Errorf("%s: final %v, %d ways out", s, s.Final(), ways)
		}
		if !s.Known() {
			t.Errorf("%s is listed and not known", s)
		}
	}
}

// A status from which no final one can be reached would hold an execution for ever.
func TestEveryStatusCanEnd(t *testing.T) {
	for _, s := range execution.Statuses() {
		seen := map[execution.Status]bool{}
		todo := []execution.Status{s}
		ends := false
		for len(todo) > 0 {
			at := todo[0]
			todo = todo[1:]
			if seen[at] {
				continue
			}
			seen[at] = true
			ends = ends || at.Final()
			for _, to := range execution.Statuses() {
				if at.MayFollow(to) {
					todo = append(todo, to)
				}
			}
		}
		if !ends {
			t.Errorf("%s never ends", s)
		}
	}
}

func TestEveryCancelableStatusReachesCanceled(t *testing.T) {
	for _, s := range execution.Statuses() {
		if s.Cancelable() && !s.MayFollow(execution.Canceled) && !s.MayFollow(execution.Canceling) {
			t.Errorf("%s counts as cancelable and can't be canceled", s)
		}
	}
}

func TestToKeepsTheLog(t *testing.T) {
	t0 := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	e := execution.Execution{Status: execution.Requested}
	if e.To(execution.Succeeded, t0) {
		t.Error("requested went to succeeded")
	}
	for i, s := range []execution.Status{execution.Scheduled, execution.Running, execution.Succeeded} {
		if !e.To(s, t0.Add(time.Duration(i)*time.Second)) {
			t.Fatalf("no way to %s", s)
		}
	}
	want := []execution.LogEntry{
		{execution.Scheduled, t0},
		{execution.Running, t0.Add(time.Second)},
		{execution.Succeeded, t0.Add(2 * time.Second)},
	}
	if diff := cmp.Diff(want, e.Log); diff != "" {
		t.Error(diff)
	}
	if !e.FinishedAt.Equal(t0.Add(2 * time.Second)) {
		t.Errorf("finished at %v", e.FinishedAt)
	}
}

func TestContextKeepsWhatItDoesNotKnow(t *testing.T) {
	in := `{"user":"stanley","source_channel":"ops","re-run":{"ref":"65f0c0ffee0123456789abcd"}}`
	var c execution.Context
	if err := json.Unmarshal([]byte(in), &c); err != nil {
		t.Fatal(err)
	}
	if c.User != "stanley" || c.ReRun == nil || string(c.Extra["source_channel"]) != `"ops"` {
		t.Errorf("got %+v", c)
	}
	out, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	_ = json.Unmarshal([]byte(in), &a)
	_ = json.Unmarshal(out, &b)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAFieldOfTheContextSaysCounts(t *testing.T) {
	for want, c := range map[string]execution.Context{
		`{}`:      {},
		`{"a":1}`: {Extra: map[string]json.RawMessage{"a": json.RawMessage(`1`)}},
		`{"user":"ann","a":null,"ü":[2]}`: {User: "ann", Extra: map[string]json.RawMessage{
			"ü": json.RawMessage(`[2]`), "a": nil, "user": json.RawMessage(`"bob"`), "cancelled_by": json.RawMessage(`"bob"`),
		}},
	} {
		got, err := json.Marshal(c)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}
