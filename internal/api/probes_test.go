package api_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api"
)

func TestProbesSayHowTheyFare(t *testing.T) {
	s := newServer(t, api.Options{})
	got := s.do("GET", "/api/ns/v1/probes", "").status(200).Body.String()
	want := `[{"trigger":"probes.x","type":"probes.http","target":"http://x/","state":"failing","since":"1970-01-01T00:00:01.000000Z","failures":2,"events":0,"message":"why"}]`
	if diff := cmp.Diff(want, strings.TrimSpace(got)); diff != "" {
		t.Error(diff)
	}
}
