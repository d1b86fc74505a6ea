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

// alarm has an alert tell of one and the same thing.
func (g *guarded) alarm(status string) string {
	g.t.Helper()
	id := ident.New(time.Now())
	g.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertInstance(ctx, &trigger.Instance{
			ID: id, Trigger: alert.Alertmanager, OccurredAt: time.Now(), Status: trigger.Processed, TraceTag: "a",
			Payload: json.RawMessage(fmt.Sprintf(`{"status": %q, "severity": null, "name": "Down", "resource": null, "summary": ""}`, status)),
		})
		return err
	})
	return id
}

// problems are those that somebody sees: open ones, and closed ones with who closed them.
func (g *guarded) problems(who string) (open, closed string) {
	g.t.Helper()
	var got wire.Problems
	if err := json.Unmarshal(g.get(who, "/api/ns/v1/problems").status(200).Body.Bytes(), &got); err != nil {
		g.t.Fatal(err)
	}
	for _, p := range got.Problems {
		open += fmt.Sprintf("%s %v;", p.ID, p.MayClose)
	}
	for _, p := range got.Closed {
		closed += fmt.Sprintf("%s %v %s: %s;", p.ID, p.MayClose, p.Closing.By, p.Closing.Reason)
	}
	return open, closed
}

func TestAProblemIsClosedUntilItHappensAgain(t *testing.T) {
	g := newGuarded(t, false)
	first := g.alarm("firing")
	closing := "/api/ns/v1/problems/" + first + "/closing"
	expect := func(wantOpen, wantClosed string) {
		t.Helper()
		if open, closed := g.problems("admin"); open != wantOpen || closed != wantClosed {
			t.Errorf("open are %q and closed %q, want %q and %q", open, closed, wantOpen, wantClosed)
		}
	}
	expect(first+" true;", "")
	g.as("admin", "DELETE", closing, "").status(404)
	for _, body := range []string{`{}`, `{"reason": ""}`, `{"reason": "` + strings.Repeat("x", 1001) + `"}`, `{"reason": "x", "more": 1}`, `[]`} {
		g.as("admin", "PUT", closing, body).status(400)
	}
	g.as("admin", "PUT", closing, `{"reason": "the host is gone"}`).status(200)
	expect("", first+" true admin: the host is gone;")
	g.as("admin", "PUT", closing, `{"reason": "me too"}`).status(409)

	// The log says who did that, and why.
	log := g.get("admin", "/api/ns/v1/audit?limit=1").status(200)
	record := log.at("0.record.changes.0.after")
	if log.at("0.record.user") != "admin" || log.at("0.record.object") != "problems/"+first+"/closing" || !strings.Contains(record, "Down") || !strings.Contains(record, "the host is gone") {
		t.Errorf("on record is %s", log.Body)
	}

	g.as("admin", "DELETE", closing, "").status(204)
	expect(first+" true;", "")
	g.as("admin", "PUT", closing, `{"reason": "again"}`).status(200)
	again := g.alarm("firing")
	expect(again+" true;", "")
	g.as("admin", "PUT", closing, `{"reason": "x"}`).status(404) // it is another one now
	g.alarm("resolved")
	expect("", "")
}

func TestAProblemOfAProbeThatCannotLookIsClosed(t *testing.T) {
	src := content(t)
	since := time.Now().Add(-time.Hour)
	s := newServerDeps(t, api.Options{}, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}}, func(d *api.Deps) {
		d.Probes = func() []probe.Report {
			return []probe.Report{{Trigger: "probes.y", Target: "http://y/", State: "unknown", Since: since}}
		}
	})
	admin := "X-Auth-Token: " + s.admin
	list := func() answer { return s.ask("GET", "/api/ns/v1/problems", "", admin).status(200) }
	id := list().at("problems.0.id")
	s.ask("PUT", "/api/ns/v1/problems/"+id+"/closing", `{"reason": "x"}`, admin).status(200)
	if got := list(); got.at("closed.0.id") != id || got.at("problems") != "[]" {
		t.Errorf("got %s", got.Body)
	}
	since = since.Add(time.Minute) // it could look meanwhile
	if got := list(); got.at("closed") != "[]" || got.at("problems.0.id") == id {
		t.Errorf("got %s", got.Body)
	}
}

// TestWhoCouldRepairAProblemMayCloseIt holds that it takes a right on a rule that handles
// the problem or on its action, or else on one that listens.
func TestWhoCouldRepairAProblemMayCloseIt(t *testing.T) {
	g := newGuarded(t, false)
	policy := teams("false")
	const sees = "  - {resource_uid: 'rule:p:alert', permission_types: [rule_view]}\n"
	policy["roles/q.yaml"] += sees
	policy["roles/runner.yaml"] = "name: runner\npermission_grants:\n" + sees + "  - {resource_uid: 'action:p:noargs', permission_types: [action_execute]}\n"
	policy["assignments/runner.yaml"] = "username: nobody\nroles: [runner]\n"
	g.roles.policy.Store(policyOf(t, policy))
	id := g.alarm("firing")
	closing := "/api/ns/v1/problems/" + id + "/closing"
	for who, may := range map[string]bool{"viewer": false, "other": false, "owner": true, "nobody": true, "boss": true} {
		open, _ := g.problems(who)
		if want := fmt.Sprintf("%s %v;", id, may); open != want {
			t.Errorf("%s sees %q, want %q", who, open, want)
		}
	}
	for _, who := range []string{"viewer", "other"} {
		g.as(who, "PUT", closing, `{"reason": "x"}`).status(403)
		g.as(who, "DELETE", closing, "").status(403)
	}
	g.as("nobody", "PUT", closing, `{"reason": "x"}`).status(200)
	g.as("owner", "DELETE", closing, "").status(204)

	// Another rule has handled it, with another action: now it is about that one.
	g.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertEnforcement(ctx, store.Enforcement{ID: ident.New(time.Now()), RuleRef: "p.deploy", Instance: id, At: time.Now(), Failed: true, FailureReason: "no"})
	})
	if open, _ := g.problems("nobody"); open != id+" true;" {
		t.Errorf("who does not see that rule is told %q", open)
	}
	g.as("viewer", "PUT", closing, `{"reason": "x"}`).status(403)
	g.as("owner", "PUT", closing, `{"reason": "x"}`).status(200)
}
