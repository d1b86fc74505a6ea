package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestWorkersAreInTheRegistryOfServices(t *testing.T) {
	s := newServer(t, api.Options{})
	if got := s.do("GET", "/v1/service_registry/groups", "").status(200).at("groups"); got != "[]" {
		t.Errorf("without workers there are %s", got)
	}
	s.do("GET", "/v1/service_registry/groups/actionrunner/members", "").status(404)
	now := time.Now()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddWorker(ctx, "late", now.Add(-time.Hour), now.Add(-time.Minute)); err != nil {
			return err
		}
		return tx.AddWorker(ctx, "w1", now, now.Add(time.Minute))
	})
	if got := s.do("GET", "/v1/service_registry/groups", "").status(200).at("groups"); got != `["actionrunner"]` {
		t.Errorf("got %s", got)
	}
	got := s.do("GET", "/v1/service_registry/groups/actionrunner/members", "").status(200)
	if got.at("members.0.member_id") != "w1" || got.at("members.0.group_id") != "actionrunner" || got.at("members.1") != "" {
		t.Errorf("got %s", got.Body)
	}
	s.do("GET", "/v1/service_registry/groups/other/members", "").status(404)
	s.ask("GET", "/v1/service_registry/groups", "", "X-Auth-Token: "+s.user).status(403)
}
