package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rule"
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
		to("PUT", ourService, "/problems/{id}/closing", "", (*call).closeProblem, "Say that a problem is over, though its sender has not. It opens again when it happens again.").
			takes(closingBody).gives(http.StatusOK, wire.Closing{}).inside(whoMayClose),
		to("DELETE", ourService, "/problems/{id}/closing", "", (*call).reopenProblem, "Take back that a problem is over.").
			empties().inside(whoMayClose),
	}
}

const (
	closingBody = `{"type": "object", "additionalProperties": false, "properties": {
		"reason": {"type": "string", "required": true, "minLength": 1, "maxLength": 1000, "description": "Why nothing has to be done."}}}`
	whoMayClose = "whoever may change a rule that has handled it, or run its action. Where none has, it is about the rules that listen to such events, and where none listens, about making rules"
)

// A problem is one that is known, with the events that told of it.
type problem struct {
	wire.Problem
	events []string
}

// know gives a problem its id. It is that of the latest event that told of it, so that
// with the next one it is another problem: what was said of this one does not go for that.
func (p *problem) know() {
	if p.ID = p.Event; p.ID == "" {
		sum := sha256.Sum256([]byte(p.Trigger + "\n" + p.Since.String()))
		p.ID = hex.EncodeToString(sum[:12])
	}
}

func (c *call) listProblems() error {
	now := time.Now().UTC()
	out := wire.Problems{Problems: []wire.Problem{}, Closed: []wire.Problem{}, Since: wire.TimeOf(now.Add(-problemsFor))}
	open, ended, complete, err := c.problems(now)
	if err != nil {
		return err
	}
	closed, open, err := c.closed(open)
	if err != nil {
		return err
	}
	out.Complete = complete && len(open) <= problemsShown && len(closed) <= problemsShown
	open, closed = open[:min(len(open), problemsShown)], closed[:min(len(closed), problemsShown)]
	if err := c.handling(slices.Concat(open, closed, ended)); err != nil {
		return err
	}
	out.Problems, out.Closed = c.told(open), c.told(closed)
	out.Ended = len(ended)
	for _, p := range ended {
		if slices.ContainsFunc(p.Handling, func(h wire.Handling) bool { return h.Status == string(execution.Succeeded) }) {
			out.Repaired++
		}
	}
	return c.json(http.StatusOK, out)
}

// told is problems as the caller sees them.
func (c *call) told(problems []*problem) []wire.Problem {
	out := make([]wire.Problem, len(problems))
	listening := c.listening()
	for i, p := range problems {
		p.MayClose = c.mayClose(p, listening) == nil
		out[i] = p.Problem
	}
	return out
}

// problems returns what is broken, the latest first, what has ended in the last day, and
// whether that is all.
func (c *call) problems(now time.Time) (open, ended []*problem, complete bool, err error) {
	open, ended, complete, err = c.troubles(now)
	if err != nil {
		return nil, nil, false, err
	}
	failing, err := c.probesFailing(now.Add(-problemsFor))
	if err != nil {
		return nil, nil, false, err
	}
	open = append(open, failing...)
	for _, p := range open {
		p.know()
	}
	slices.SortStableFunc(open, func(a, b *problem) int { return b.Since.Compare(a.Since.Time) })
	return open, ended, complete, nil
}

// closed parts problems into those that somebody has closed, and the others.
func (c *call) closed(problems []*problem) (closed, open []*problem, err error) {
	said, err := c.Store.Reader().Closings(c.ctx())
	if err != nil {
		return nil, nil, err
	}
	for _, p := range problems {
		s, ok := said[p.ID]
		if !ok {
			open = append(open, p)
			continue
		}
		p.Closing = &wire.Closing{By: s.By, Reason: s.Reason, At: wire.TimeOf(s.At)}
		closed = append(closed, p)
	}
	return closed, open, nil
}

// closable returns the problem that the path names, if the caller may close it.
func (c *call) closable() (*problem, error) {
	id := c.part("id")
	all, _, _, err := c.problems(time.Now().UTC())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(p *problem) bool { return p.ID == id })
	if i < 0 {
		return nil, fault.Newf(fault.NotFound, "There is no problem \"%s\": it has ended, or has happened again and is another one.", shortened(id))
	}
	p := all[i]
	if err := c.handling([]*problem{p}); err != nil {
		return nil, err
	}
	return p, c.mayClose(p, c.listening())
}

// listening returns the rules that listen to a trigger. They are looked for once.
func (c *call) listening() func(trigger string) []*rule.Rule {
	all := sync.OnceValue(func() map[string][]*rule.Rule { return listening(c.Catalog.Get()) })
	return func(trigger string) []*rule.Rule { return all()[trigger] }
}

// mayClose returns why the caller may not say that a problem is over. Who could have it
// repaired may.
func (c *call) mayClose(p *problem, listening func(trigger string) []*rule.Rule) error {
	if c.who.free() {
		return nil
	}
	var behind []*rule.Rule
	content := c.resources()
	for _, h := range p.Handling {
		if r, ok := content.Rule(h.Rule); ok {
			behind = append(behind, r)
		}
	}
	if len(behind) == 0 {
		behind = listening(p.Trigger)
	}
	for _, r := range behind {
		if c.who.may("rule_modify", content.ruleResource(r)) || c.who.may("action_execute", content.action(r.Action.Ref)) {
			return nil
		}
	}
	if len(behind) == 0 && c.who.rights.MayAnywhere("rule_create") {
		return nil
	}
	return fault.Newf(fault.Forbidden, "User \"%s\" may neither change nor run what handles \"%s\", and so not close it.", c.who.User, p.Name)
}

func (c *call) closeProblem() error {
	var req struct {
		Reason string `json:"reason"`
	}
	d, err := c.object()
	if err != nil {
		return err
	}
	if err := decode(d, &req); err != nil {
		return err
	}
	p, err := c.closable()
	if err != nil {
		return err
	}
	closing := store.Closing{Problem: p.ID, Name: p.Name, By: c.who.User, Reason: req.Reason, At: time.Now().UTC()}
	err = c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		first, err := tx.CloseProblem(c.ctx(), closing)
		if err == nil && !first {
			return fault.Newf(fault.Conflict, "Somebody has closed it already.")
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.Closing{By: closing.By, Reason: closing.Reason, At: wire.TimeOf(closing.At)})
}

func (c *call) reopenProblem() error {
	p, err := c.closable()
	if err != nil {
		return err
	}
	err = c.Store.Write(c.ctx(), func(tx *store.Tx) error {
		was, err := tx.ReopenProblem(c.ctx(), p.ID)
		if err == nil && !was {
			return fault.Newf(fault.NotFound, "Nobody has closed it.")
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.empty()
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
