package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func (a *API) eventRoutes() []*route {
	return []*route{
		to("GET", apiService, "/triggerinstances", "", (*call).listInstances, "List events.").
			gives(http.StatusOK, []wire.Instance{}).pages(100).selects().texts("trigger", "trigger_type", "timestamp_gt", "timestamp_lt").anybody(whatTheyMaySee),
		to("GET", apiService, "/triggerinstances/{id}", "trigger_view", (*call).getInstance, "Show an event.").
			gives(http.StatusOK, wire.Instance{}).guard(orItsRules, (*call).seesInstance),
		to("POST", apiService, "/triggerinstances/{id}/re_emit", "trigger_all", (*call).reEmit, "Have an event happen once more.").
			gives(http.StatusOK, wire.ReEmitted{}).on((*call).aboutInstance),
		to("GET", apiService, "/ruleenforcements", "rule_enforcement_list", (*call).listEnforcements, "List which rules matched which events.").
			gives(http.StatusOK, []wire.Enforcement{}).pages(50).selects().texts("rule_ref", "rule_id", "trigger_instance", "execution", "enforced_at_gt", "enforced_at_lt").overall(),
		to("GET", apiService, "/ruleenforcements/{id}", "rule_enforcement_view", (*call).getEnforcement, "Show that a rule matched an event.").
			gives(http.StatusOK, wire.Enforcement{}).on((*call).aboutEnforcement),
		to("GET", apiService, "/ruleenforcements/views", "rule_enforcement_list", (*call).listEnforcementViews, "List which rules matched which events, with the events and what was started.").
			gives(http.StatusOK, []wire.Enforcement{}).pages(50).selects().texts("rule_ref", "rule_id", "trigger_instance", "execution", "enforced_at_gt", "enforced_at_lt").overall(),
		to("GET", apiService, "/ruleenforcements/views/{id}", "rule_enforcement_view", (*call).getEnforcementView, "Show that a rule matched an event, with the event and what was started.").
			gives(http.StatusOK, wire.Enforcement{}).on((*call).aboutEnforcement),
	}
}

func (c *call) listInstances() error {
	sel, err := c.selection(c.attrs.instances)
	if err != nil {
		return err
	}
	p, err := c.page(100)
	if err != nil {
		return err
	}
	var q store.Instances
	if q.IDs, err = c.ids(); err != nil {
		return err
	}
	if q.After, err = c.moment("timestamp_gt"); err != nil {
		return err
	}
	if q.Before, err = c.moment("timestamp_lt"); err != nil {
		return err
	}
	// StackStorm's server knows no filter by status, though its client sends one.
	switch status := trigger.InstanceStatus(c.param("status")); status {
	case trigger.Pending, trigger.Processing, trigger.Processed, trigger.ProcessingFailed:
		q.Status = status
	}
	page := p.ledger(c.oldestFirst("occurrence_time"))
	filtered := false
	if want := c.param("trigger"); want != "" {
		filtered, q.Triggers = true, append(q.Triggers, want)
		for _, t := range c.catalog().TriggersOf(want) {
			q.Triggers = append(q.Triggers, t.Ref)
		}
	}
	if want := c.param("trigger_type"); want != "" {
		var refs []string
		for _, t := range c.catalog().TriggersOf(want) {
			refs = append(refs, t.Ref)
		}
		if !filtered {
			q.Triggers = refs
		} else {
			q.Triggers = common(q.Triggers, refs)
		}
		filtered = true
	}
	if q.Of = c.sight().triggers; filtered && len(q.Triggers) == 0 || q.Of.None() {
		c.count(p, store.Total{})
		return list(c, []wire.Instance{}, sel)
	}
	found, total, err := c.Store.Reader().ListInstances(c.ctx(), q, page)
	if err != nil {
		return err
	}
	c.count(p, total)
	out := make([]wire.Instance, len(found))
	for i, in := range found {
		out[i] = wire.InstanceOf(in)
	}
	return list(c, out, sel)
}

func common(a, b []string) []string {
	in := map[string]bool{}
	for _, s := range b {
		in[s] = true
	}
	var out []string
	for _, s := range a {
		if in[s] {
			out = append(out, s)
		}
	}
	return out
}

// instance finds the event that the path names.
func (c *call) instance() (*trigger.Instance, error) {
	id := c.part("id")
	if !ident.Valid(id) {
		return nil, noInstance(id)
	}
	i, err := c.Store.Reader().Instance(c.ctx(), id)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.hidesTrigger(i.Trigger) {
		return nil, noInstance(id)
	}
	return i, err
}

// hidesTrigger reports whether the caller is not to learn of a trigger, and so of its
// events.
func (c *call) hidesTrigger(ref string) bool {
	if !c.who.outside() {
		return false
	}
	full := c.resources()
	if _, ok := full.Trigger(ref); ok {
		_, seen := c.catalog().Trigger(ref)
		return !seen
	}
	return c.who.hides(named("trigger", ref))
}

func (c *call) aboutInstance() (*rbac.Resource, error) {
	i, err := c.instance()
	if err != nil {
		return nil, err
	}
	if t, ok := c.resources().Trigger(i.Trigger); ok {
		return c.resources().trigger(t), nil
	}
	return named("trigger", i.Trigger), nil
}

// seesInstance asks whether the caller may look at the event that the path names.
func (c *call) seesInstance() error {
	i, err := c.instance()
	if err != nil || has(c.sight().triggers, i.Trigger) {
		return err
	}
	if err := c.allow("trigger_view", named("trigger", i.Trigger)); err != nil {
		return err
	}
	return noInstance(i.ID) // it may tell of what is hidden
}

func noInstance(id string) error {
	return fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", shortened(id))
}

func (c *call) getInstance() error {
	i, err := c.instance()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.InstanceOf(i))
}

func (c *call) reEmit() error {
	i, err := c.instance()
	if err != nil {
		return err
	}
	payload := value.NewDict()
	if err := payload.UnmarshalJSON(i.Payload); err != nil {
		return err
	}
	from := value.NewDict()
	from.Set("original_id", i.ID)
	again := payload.Clone()
	again.Set("__context", from)
	event := intake.Event{Trigger: i.Trigger, Payload: again, TraceTag: i.TraceTag}
	receipts, err := c.Intake.Take(c.ctx(), event)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.ReEmitted{
		Message: "Trigger instance " + i.ID + " successfully re-sent.", Payload: wire.JSON(again), ID: receipts[0].ID,
	})
}

func (c *call) enforcementQuery() (q store.Enforcements, err error) {
	if q.IDs, err = c.ids(); err != nil {
		return q, err
	}
	q.RuleRef, q.RuleID = c.param("rule_ref"), c.param("rule_id")
	q.Instance, q.Execution = c.param("trigger_instance"), c.param("execution")
	if q.After, err = c.moment("enforced_at_gt"); err != nil {
		return q, err
	}
	q.Before, err = c.moment("enforced_at_lt")
	return q, err
}

func (c *call) enforcements() ([]wire.Enforcement, selection, error) {
	sel, err := c.selection(c.attrs.enforcements)
	if err != nil {
		return nil, sel, err
	}
	p, err := c.page(50)
	if err != nil {
		return nil, sel, err
	}
	q, err := c.enforcementQuery()
	if err != nil {
		return nil, sel, err
	}
	q.Of = c.sight().rules
	found, total, err := c.Store.Reader().ListEnforcements(c.ctx(), q, p.ledger(c.oldestFirst("enforced_at")))
	if err != nil {
		return nil, sel, err
	}
	c.count(p, total)
	out := make([]wire.Enforcement, len(found))
	for i, e := range found {
		out[i] = c.enforcementOf(e)
	}
	return out, sel, nil
}

func (c *call) enforcementOf(e store.Enforcement) wire.Enforcement {
	out := wire.Enforcement{
		Instance: e.Instance, Execution: e.Execution, FailureReason: e.FailureReason,
		Rule: wire.EnforcedRule{Ref: e.RuleRef, ID: e.RuleID}, EnforcedAt: wire.TimeOf(e.At), Status: "succeeded", ID: e.ID,
	}
	if e.Failed {
		out.Status = "failed"
	}
	if in, name, ok := pack.SplitRef(e.RuleRef); ok {
		out.Rule.UID = "rule:" + in + ":" + name
	}
	return out
}

func (c *call) listEnforcements() error {
	out, sel, err := c.enforcements()
	if err != nil {
		return err
	}
	return list(c, out, sel)
}

func (c *call) listEnforcementViews() error {
	out, sel, err := c.enforcements()
	if err != nil {
		return err
	}
	for i := range out {
		if err := c.expand(&out[i], sel); err != nil {
			return err
		}
	}
	return list(c, out, sel)
}

// expand adds the event and the execution to an enforcement.
func (c *call) expand(e *wire.Enforcement, sel selection) error {
	if sel.wants("trigger_instance") {
		e.InstanceView = []byte("{}")
		if e.Instance != "" {
			b, err := c.instanceJSON(e.Instance)
			if err != nil {
				return err
			}
			if b != nil {
				e.InstanceView = b
			}
		}
	}
	if !sel.wants("execution") {
		return nil
	}
	e.ExecutionView = []byte("{}")
	if e.Execution == "" {
		return nil
	}
	x, err := c.Store.Reader().Execution(c.ctx(), e.Execution)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if resource, err := c.executionResource(x); err != nil || !c.who.may("execution_view", resource) {
		return err
	}
	e.ExecutionView = c.enforcedExecution(x)
	return nil
}

// enforcedExecution is what a view of an enforcement shows of an execution.
func (c *call) enforcedExecution(e *execution.Execution) []byte {
	full := c.executionView(e, selection{}, false)
	return compactJSON(wire.Execution{
		ID: full.ID, Action: full.Action, Runner: full.Runner, Status: full.Status, Parameters: full.Parameters,
		StartTimestamp: full.StartTimestamp, EndTimestamp: full.EndTimestamp,
	})
}

// enforcement finds the enforcement that the path names.
func (c *call) enforcement() (wire.Enforcement, error) {
	id := c.part("id")
	missing := fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", shortened(id))
	if !ident.Valid(id) {
		return wire.Enforcement{}, missing
	}
	e, err := c.Store.Reader().Enforcement(c.ctx(), id)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.who.hides(c.resources().rule(e.RuleRef)) {
		return wire.Enforcement{}, missing
	}
	return c.enforcementOf(e), err
}

func (c *call) aboutEnforcement() (*rbac.Resource, error) {
	e, err := c.enforcement()
	return &rbac.Resource{UID: "rule_enforcement:" + e.ID, Of: c.resources().rule(e.Rule.Ref)}, err
}

func (c *call) getEnforcement() error {
	e, err := c.enforcement()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, e)
}

func (c *call) getEnforcementView() error {
	e, err := c.enforcement()
	if err != nil {
		return err
	}
	if err := c.expand(&e, selection{}); err != nil {
		return err
	}
	return c.json(http.StatusOK, e)
}

// emit fires an event of ours after the fact that it tells of is in the ledger.
// Nobody waits for it: when no rule listens it is not even recorded.
func (c *call) emit(ref string, payload *value.Dict) {
	if !c.Catalog.Get().RuleIndex().Listens(ref) {
		return
	}
	if _, err := c.Intake.Take(c.ctx(), intake.Event{Trigger: ref, Payload: payload}); err != nil {
		c.Logger.Error("change is no event", "trigger", ref, "err", err, "at", time.Now())
	}
}
