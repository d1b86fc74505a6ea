package api_test

import (
	"encoding/json"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/api/wire"
)

func TestThePulseCountsWhatHappens(t *testing.T) {
	s := newServer(t, api.Options{})
	for range 3 {
		s.do("POST", "/api/v1/webhooks/st2", `{"trigger": "`+webhookRef+`", "payload": {}}`).status(202)
	}
	var got wire.Pulse
	if err := json.Unmarshal(s.do("GET", "/api/ns/v1/pulse", "").status(200).Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	// The minute may have changed between an event and the question.
	if n := len(got.Minutes); n != 60 || got.Minutes[58].Events+got.Minutes[59].Events != 3 || !got.Complete {
		t.Errorf("the pulse is %+v", got)
	}
}
