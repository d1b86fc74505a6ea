package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// What is broken is found among the latest alerts, so that the question costs the same
// on a server that has heard of millions.
const (
	problemsFor   = 7 * 24 * time.Hour
	alertsHeard   = 1000 // of each source
	problemsShown = 100
)

func (a *API) problemRoutes() []*route {
	return []*route{
		to("GET", ourService, "/problems", "", (*call).listProblems, "Say what is broken now by alerts and probes, and what is done about it.").
			gives(http.StatusOK, wire.Problems{}).anybody(whatTheyMaySee),
	}
}

// A problem is one that is known, with the events that told of it.
type problem struct {
	wire.Problem
	events []string
}

func (c *call) listProblems() error {
	now := time.Now().UTC()
	out := wire.Problems{Problems: []wire.Problem{}, Since: wire.TimeOf(now.Add(-problemsFor))}
	open, ended, complete, err := c.troubles(now)
	if err != nil {
		return err
	}
	failing, err := c.probesFailing(out.Since.Time)
	if err != nil {
		return err
	}
	open = append(open, failing...)
	slices.SortStableFunc(open, func(a, b *problem) int { return b.Since.Compare(a.Since.Time) })
	if out.Complete = complete && len(open) <= problemsShown; len(open) > problemsShown {
		open = open[:problemsShown]
	}
	if err := c.handling(slices.Concat(open, ended)); err != nil {
		return err
	}
	for _, p := range open {
		out.Problems = append(out.Problems, p.Problem)
	}
	out.Ended = len(ended)
	for _, p := range ended {
		if slices.ContainsFunc(p.Handling, func(h wire.Handling) bool { return h.Status == string(execution.Succeeded) }) {
			out.Repaired++
		}
	}
	return c.json(http.StatusOK, out)
}

// troubles returns what senders of alerts have said is broken, what they said has ended in the
// last day, and whether that is all.
func (c *call) troubles(now time.Time) (open, ended []*problem, complete bool, err error) {
	complete = true
	for _, s := range alert.Sources() {
		if !has(c.sight().triggers, s.Trigger) {
			continue
		}
		events, err := c.Store.Reader().LatestInstances(c.ctx(), s.Trigger, now.Add(-problemsFor), alertsHeard)
		if err != nil {
			return nil, nil, false, err
		}
		complete = complete && len(events) < alertsHeard
		heard := make([]alert.Heard, len(events))
		for i, e := range events {
			heard[i] = alert.Heard{ID: e.ID, Trigger: e.Trigger, TraceTag: e.TraceTag, At: e.OccurredAt, Payload: e.Payload}
		}
		for _, t := range alert.Troubles(heard) {
			p := &problem{events: t.Events, Problem: wire.Problem{
				Trigger: t.Trigger, Event: t.Events[0], Status: t.Status, Severity: t.Severity, Name: t.Name, Resource: t.Resource, Summary: t.Summary,
				Since: wire.TimeOf(t.Since),
			}}
			switch {
			case t.Ended.IsZero():
				open = append(open, p)
			case t.Ended.After(now.Add(-24 * time.Hour)):
				ended = append(ended, p)
			}
		}
	}
	return open, ended, complete, nil
}

// probesFailing returns what the server itself has found broken, or could not look at.
func (c *call) probesFailing(since time.Time) ([]*problem, error) {
	var out []*problem
	for _, r := range c.Probes() {
		if r.State != "firing" && r.State != "unknown" || !has(c.sight().triggers, r.Trigger) {
			continue
		}
		p := &problem{Problem: wire.Problem{
			Trigger: r.Trigger, Status: r.State, Name: r.Target, Summary: r.Message, Since: wire.TimeOf(r.Since),
		}}
		if r.State == "firing" {
			events, err := c.Store.Reader().LatestInstances(c.ctx(), r.Trigger, since, 1)
			if err != nil {
				return nil, err
			}
			for _, e := range events {
				p.Event, p.events = e.ID, append(p.events, e.ID)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// handling adds to problems what rules made of their events, as far as the caller may see it.
func (c *call) handling(problems []*problem) error {
	of := map[string]*problem{}
	var events []string
	for _, p := range problems {
		p.Handling = []wire.Handling{}
		for _, id := range p.events {
			of[id] = p
			events = append(events, id)
		}
	}
	made, err := c.Store.Reader().EnforcementsOf(c.ctx(), events)
	if err != nil {
		return err
	}
	made = slices.DeleteFunc(made, func(e store.Enforcement) bool { return !has(c.sight().rules, e.RuleRef) })
	started, err := c.started(made)
	if err != nil {
		return err
	}
	for _, e := range made {
		h := wire.Handling{Rule: e.RuleRef, Reason: e.FailureReason, At: wire.TimeOf(e.At)}
		if e.Execution != "" {
			x := started[e.Execution]
			if x == nil {
				continue // it is not shown to the caller, or kept no more
			}
			h.Execution, h.Action, h.Status, h.Ended = x.ID, x.Action, string(x.Status), wire.TimeOf(x.FinishedAt)
		}
		p := of[e.Instance]
		p.Handling = append(p.Handling, h)
	}
	return nil
}

// started returns the executions that the caller sees, by their ids.
func (c *call) started(made []store.Enforcement) (map[string]*execution.Execution, error) {
	var q store.Executions
	for _, e := range made {
		if e.Execution != "" {
			q.IDs = append(q.IDs, e.Execution)
		}
	}
	c.onlySeen(&q)
	if len(q.IDs) == 0 || q.Actions.None() {
		return nil, nil
	}
	found, _, err := c.Store.Reader().ListExecutions(c.ctx(), q, store.Page{Limit: len(q.IDs)})
	if err != nil {
		return nil, err
	}
	out := make(map[string]*execution.Execution, len(found))
	for _, x := range found {
		out[x.ID] = x
	}
	return out, nil
}
