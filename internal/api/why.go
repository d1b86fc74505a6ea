package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func (a *API) whyRoutes() []*route {
	return []*route{
		to("GET", ourService, "/events/{id}/why", "trigger_view", (*call).eventWhy, "Say what each rule made of an event.").
			gives(http.StatusOK, wire.EventWhy{}).guard(orItsRules, (*call).seesInstance),
		to("GET", ourService, "/rules/{ref}/why", "rule_view", (*call).ruleWhy, "Say why a rule does or does not match an event.").
			gives(http.StatusOK, wire.EventWhy{}).texts("event").on(ruleShelf(false).about),
		to("GET", ourService, "/executions/{id}/why", "execution_view", (*call).executionWhy, "Say what an execution waits for, and who holds it.").
			gives(http.StatusOK, wire.ExecutionWhy{}).on((*call).aboutExecution),
		to("GET", ourService, "/executions/{id}/graph", "execution_view", (*call).executionGraph, "Show the graph of a workflow, and how far it has come.").
			gives(http.StatusOK, wire.WorkflowGraph{}).on((*call).aboutExecution),
		to("GET", ourService, "/pulse", "execution_list", (*call).pulse, "Say how many events there were each minute, and what became of what rules started.").
			gives(http.StatusOK, wire.Pulse{}).overall(),
	}
}

func (c *call) eventWhy() error {
	i, err := c.instance()
	if err != nil {
		return err
	}
	out, err := c.explain(i)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, out)
}

// explain asks all rules of an event's trigger about it.
func (c *call) explain(i *trigger.Instance) (wire.EventWhy, error) {
	out := wire.EventWhy{Event: wire.InstanceOf(i), Rules: []wire.RuleWhy{}, Enforcements: []wire.Enforcement{}}
	payload, err := value.FromJSON(i.Payload)
	if err != nil {
		return out, fmt.Errorf("read the payload of event %s: %w", i.ID, err)
	}
	ctx, opened := secret.Listen(c.ctx())
	for _, v := range c.catalog().RuleIndex().Explain(ctx, i.Trigger, payload, c.Intake.Env(i.OccurredAt)) {
		if c.who.may("rule_view", c.resources().ruleResource(v.Rule)) {
			out.Rules = append(out.Rules, ruleWhyOf(v, secret.NewMasker(opened.Texts())))
		}
	}
	found, _, err := c.Store.Reader().ListEnforcements(c.ctx(), store.Enforcements{Instance: i.ID, Of: c.sight().rules}, store.Page{Limit: 1000, Asc: true})
	if err != nil {
		return out, err
	}
	for _, e := range found {
		out.Enforcements = append(out.Enforcements, c.enforcementOf(e))
	}
	if len(out.Rules) == 0 {
		out.Note = "No rule listens to trigger " + i.Trigger + "."
	} else {
		out.Note = "The rules are asked as they are now; the enforcements are what came of the event when it was taken in."
	}
	return out, nil
}

// ruleWhyOf is a verdict on the wire, less what templates in criteria have decrypted.
func ruleWhyOf(v rule.Verdict, masker *secret.Masker) wire.RuleWhy {
	out := wire.RuleWhy{
		Rule: v.Rule.Ref, Enabled: v.Rule.Enabled, Action: v.Rule.Action.Ref, Matched: v.Matched, Reason: masker.Text(v.Reason),
		Criteria: []wire.Criterion{},
	}
	for _, f := range v.Criteria {
		k := wire.Criterion{
			Key: f.Key, Operator: f.Operator, Pattern: masker.JSON(wire.JSON(f.Pattern)), Value: masker.JSON(wire.JSON(f.Value)), Met: f.Met,
			Failure: masker.Text(f.Failure), Note: masker.Text(f.Note), Decided: f.Decided, Text: masker.Text(f.String()),
		}
		if f.Written != nil {
			k.Written = wire.JSON(f.Written)
		}
		out.Criteria = append(out.Criteria, k)
	}
	return out
}

// ruleWhy asks one rule about the event that the query names, or else about the
// latest of its trigger.
func (c *call) ruleWhy() error {
	r, err := ruleShelf(false).get(c)
	if err != nil {
		return err
	}
	ref := r.Trigger.Ref
	if ref == "" {
		ref = r.Trigger.Type
	}
	i, err := c.eventFor(ref)
	if err != nil {
		return err
	}
	out, err := c.explain(i)
	if err != nil {
		return err
	}
	out.Rules = slices.DeleteFunc(out.Rules, func(w wire.RuleWhy) bool { return w.Rule != r.Ref })
	out.Enforcements = slices.DeleteFunc(out.Enforcements, func(e wire.Enforcement) bool { return e.Rule.Ref != r.Ref })
	if i.Trigger != ref {
		out.Rules = []wire.RuleWhy{{
			Rule: r.Ref, Enabled: r.Enabled, Action: r.Action.Ref, Criteria: []wire.Criterion{},
			Reason: fmt.Sprintf("the rule listens to %s, and the event is of %s", ref, i.Trigger),
		}}
	}
	return c.json(http.StatusOK, out)
}

func (c *call) eventFor(ref string) (*trigger.Instance, error) {
	id := c.param("event")
	if id == "" {
		if !has(c.sight().triggers, ref) {
			return nil, noEvent(ref)
		}
		found, _, err := c.Store.Reader().ListInstances(c.ctx(), store.Instances{Triggers: []string{ref}}, store.Page{Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, noEvent(ref)
		}
		return found[0], nil
	}
	if !ident.Valid(id) {
		return nil, fault.Newf(fault.Invalid, "Parameter \"event\": %q is no id of an event.", shortened(id))
	}
	found, _, err := c.Store.Reader().ListInstances(c.ctx(), store.Instances{IDs: []string{id}}, store.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || !has(c.sight().triggers, found[0].Trigger) {
		return nil, fault.Newf(fault.NotFound, "There is no event %s.", id)
	}
	return found[0], nil
}

func noEvent(ref string) error {
	return fault.Newf(fault.NotFound, "There has been no event of trigger %s.", ref)
}

func (c *call) executionWhy() error {
	e, err := c.execution()
	if err != nil {
		return err
	}
	out := wire.ExecutionWhy{
		ID: e.ID, Action: e.Action, Status: string(e.Status), Since: wire.TimeOf(sinceOf(e)), Attempt: e.Attempt,
	}
	if e.Status.Held() {
		out.Worker = e.Worker
	}
	if r := e.Context.Rule; r != nil {
		out.Rule = r.Name
	}
	if t := e.Context.TriggerInstance; t != nil {
		out.Event = t.ID
	}
	if p := e.Context.Policies; p != nil && p.Retry != nil {
		out.Retries = p.Retry.Retried
	}
	now := time.Now()
	if !e.Status.Final() && e.NotBefore.After(now) {
		out.NotBefore = wire.TimeOf(e.NotBefore)
	}
	if err := c.holders(e, &out); err != nil {
		return err
	}
	if err := c.waitsFor(e, &out); err != nil {
		return err
	}
	out.Reason = c.reason(e, out, now)
	return c.json(http.StatusOK, out)
}

// holders finds who takes the places that policies leave for e.
func (c *call) holders(e *execution.Execution, out *wire.ExecutionWhy) error {
	if e.Status != execution.Requested && e.Status != execution.Delayed {
		return nil
	}
	a, ok := c.catalog().Action(e.Action)
	if !ok || !a.Governor.Governs() {
		return nil
	}
	occupying, err := c.Store.Reader().Occupying(c.ctx(), e.Action)
	if err != nil {
		return err
	}
	for _, limit := range a.Governor.Limits {
		out.Policies = append(out.Policies, limit.Policy)
		key, err := limit.Key(e.Parameters)
		if err != nil {
			return err
		}
		for _, o := range occupying {
			other, err := limit.Key(o.Parameters)
			if err != nil || other != key || slices.Contains(out.Holders, o.ID) {
				continue
			}
			if resource, err := c.executionResource(o); err != nil {
				return err
			} else if !c.who.hides(resource) {
				out.Holders = append(out.Holders, o.ID)
			}
		}
	}
	return nil
}

// reason says in a sentence why e is where it is.
func (c *call) reason(e *execution.Execution, w wire.ExecutionWhy, now time.Time) string {
	if !e.Status.Final() && !e.Status.Held() && e.NotBefore.After(now) {
		return fmt.Sprintf("It is not to start before %s.", wire.TimeOf(e.NotBefore))
	}
	if e.Conducted && (e.Status == execution.Scheduled || e.Status.Held() || e.Status == execution.Paused) {
		return workflowReason(e, w)
	}
	switch e.Status {
	case execution.Requested, execution.Delayed:
		if len(w.Policies) == 0 {
			return "It waits for the scheduler."
		}
		if len(w.Holders) == 0 {
			return fmt.Sprintf("It waits for the scheduler to ask %s.", strings.Join(w.Policies, ", "))
		}
		return fmt.Sprintf("It is held back by %s: %d other executions of %s count against its limit.",
			strings.Join(w.Policies, ", "), len(w.Holders), e.Action)
	case execution.Scheduled:
		if rt, ok := c.catalog().Runner(e.Runner); ok && rt.Missing != "" {
			return fmt.Sprintf("It waits for a worker that can run %s; this server can't: %s.", e.Runner, rt.Missing)
		}
		return "It waits for a free worker."
	case execution.Running:
		return fmt.Sprintf("Worker %s has run it since %s.", e.Worker, wire.TimeOf(e.StartedAt))
	case execution.Canceling:
		return fmt.Sprintf("%s asked for it to be canceled; worker %s is stopping it.", orSomebody(e.Context.CanceledBy), e.Worker)
	case execution.Pending:
		return "It waits for somebody's answer."
	case execution.Pausing, execution.Paused, execution.Resuming:
		return fmt.Sprintf("It is %s.", e.Status)
	case execution.Canceled:
		return fmt.Sprintf("%s canceled it at %s.", orSomebody(e.Context.CanceledBy), wire.TimeOf(e.FinishedAt))
	case execution.Abandoned:
		if e.Worker == "" {
			break
		}
		return fmt.Sprintf("Worker %s vanished while it ran; what it did is not known.", e.Worker)
	case execution.Succeeded, execution.Failed, execution.Timeout:
	}
	return fmt.Sprintf("It ended at %s and waits for nothing.", wire.TimeOf(e.FinishedAt))
}

func orSomebody(user string) string {
	if user == "" {
		return "Somebody"
	}
	return "User " + user
}
