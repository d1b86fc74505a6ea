package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func TestProblemsAreWhatIsBrokenAndWhatIsDoneAboutIt(t *testing.T) {
	src := content(t)
	s := newServerDeps(t, api.Options{}, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}}, func(d *api.Deps) {
		d.Probes = func() []probe.Report {
			return []probe.Report{
				{Trigger: "probes.x", Target: "http://x/", State: "well"},
				{Trigger: "probes.y", Target: "http://y/", State: "unknown", Since: time.Now().Add(-time.Hour), Message: "no such host"},
			}
		}
	})
	heard := func(tag, name, status string, ago time.Duration) string {
		id := ident.New(time.Now())
		s.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertInstance(ctx, &trigger.Instance{
				ID: id, Trigger: alert.Alertmanager, OccurredAt: time.Now().Add(-ago), Status: trigger.Processed, TraceTag: tag,
				Payload: json.RawMessage(fmt.Sprintf(`{"status": %q, "severity": null, "name": %q, "resource": "web1", "summary": ""}`, status, name)),
			})
			return err
		})
		return id
	}
	enforced := func(event string, e *execution.Execution, reason string) {
		f := store.Enforcement{ID: ident.New(time.Now()), RuleRef: "p.deploy", Instance: event, At: time.Now(), Failed: e == nil, FailureReason: reason}
		if e != nil {
			f.Execution = e.ID
		}
		s.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertEnforcement(ctx, f) })
	}
	gone := heard("a", "Gone", "firing", 20*time.Minute)
	repair := s.run("p.say", nil)
	s.finish(repair, execution.Succeeded, `{}`)
	enforced(gone, repair, "")
	heard("a", "Gone", "resolved", 10*time.Minute)
	heard("e", "By itself", "firing", 20*time.Minute)
	heard("e", "By itself", "resolved", 10*time.Minute)
	heard("b", "Old", "firing", 30*24*time.Hour)
	down := heard("c", "Down", "firing", 5*time.Minute)
	enforced(down, s.run("p.say", nil), "")
	enforced(down, nil, "no such host")
	heard("d", "Alone", "pending", 2*time.Minute)

	shown := func(headers ...string) string {
		var got wire.Problems
		if err := json.Unmarshal(s.ask("GET", "/api/ns/v1/problems", "", headers...).status(200).Body.Bytes(), &got); err != nil || !got.Complete {
			t.Errorf("%v, %+v", err, got)
		}
		lines := []string{fmt.Sprintf("%d of %d repaired", got.Repaired, got.Ended)}
		for _, p := range got.Problems {
			line := fmt.Sprintf("%s %s %s:", p.Name, p.Status, p.Summary)
			for _, h := range p.Handling {
				line += fmt.Sprintf(" %s %s %s%s", h.Rule, h.Action, h.Status, h.Reason)
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}
	want := "1 of 2 repaired\nAlone pending :\nDown firing : p.deploy  no such host p.deploy p.say running\nhttp://y/ unknown no such host:"
	if diff := cmp.Diff(want, shown("X-Auth-Token: "+s.admin)); diff != "" {
		t.Error(diff)
	}
	s.ask("GET", "/api/ns/v1/problems", "").status(401)
}

func TestProblemsAreShownToWhoMaySeeTheirEvents(t *testing.T) {
	g := newGuarded(t, false)
	g.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertInstance(ctx, &trigger.Instance{
			ID: ident.New(time.Now()), Trigger: alert.Alertmanager, OccurredAt: time.Now(), Status: trigger.Processed, TraceTag: "a",
			Payload: json.RawMessage(`{"status": "firing", "severity": null, "name": "Down", "resource": null, "summary": ""}`),
		})
		return err
	})
	for who, want := range map[string]int{"admin": 1, "nobody": 0} {
		var got wire.Problems
		if err := json.Unmarshal(g.get(who, "/api/ns/v1/problems").status(200).Body.Bytes(), &got); err != nil || len(got.Problems) != want {
			t.Errorf("%s: %v, %+v", who, err, got)
		}
	}
}
