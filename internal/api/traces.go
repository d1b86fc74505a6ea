package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
)

// How many parts of a trace are shown: of one, and of each in a list.
const (
	maxLinks       = 10_000
	maxLinksListed = 200
)

func (a *API) traceRoutes() []*route {
	return []*route{
		to("GET", apiService, "/traces", "trace_list", (*call).listTraces, "List traces: what came of events, and of executions that somebody asked for.").
			gives(http.StatusOK, []wire.Trace{}).pages(100).selects().texts("trace_tag", "execution", "rule", "trigger_instance", "sort_asc", "sort_desc").overall(),
		to("GET", apiService, "/traces/{id}", "trace_view", (*call).getTrace, "Show all that came of an event, or of an execution that somebody asked for.").
			gives(http.StatusOK, wire.Trace{}).guard("for all at once, or who may look at what it begins with", (*call).seesTrace),
	}
}

func (c *call) listTraces() error {
	sel, err := c.selection(c.attrs.traces)
	if err != nil {
		return err
	}
	p, err := c.page(100)
	if err != nil {
		return err
	}
	ids, err := c.ids()
	if err != nil {
		return err
	}
	page := p.ledger(c.oldestFirst("start_timestamp") || c.param("sort_asc") != "")
	r := c.Store.Reader()
	for _, name := range []string{"execution", "trigger_instance", "rule"} {
		want := c.param(name)
		if want == "" || isNull(want) {
			continue
		}
		of := []string{want}
		if name == "rule" {
			if of, err = c.matched(want); err != nil {
				return err
			}
		}
		found, err := c.beginnings(of)
		if err != nil {
			return err
		}
		if ids != nil {
			found = common(found, ids)
		}
		if ids = found; len(ids) == 0 {
			c.count(p, store.Total{})
			return list(c, []wire.Trace{}, sel)
		}
	}
	see := c.sight()
	found, total, err := r.ListTraces(c.ctx(), store.Traces{IDs: ids, Tag: c.param("trace_tag"), Triggers: see.triggers, Actions: see.actions}, page)
	if err != nil {
		return err
	}
	c.count(p, total)
	out := make([]wire.Trace, len(found))
	whole := sel.wants("trigger_instances") || sel.wants("rules") || sel.wants("action_executions")
	for i, t := range found {
		var links []store.Link
		var more bool
		if whole {
			if links, more, err = r.Links(c.ctx(), t.ID, maxLinksListed, see.link); err != nil {
				return err
			}
		}
		out[i] = traceOf(t, links, more)
	}
	return list(c, out, sel)
}

// traceOf is a trace for the wire. One without a tag has the name that StackStorm
// would give it.
func traceOf(t store.Trace, links []store.Link, more bool) wire.Trace {
	if t.Tag == "" && len(links) > 0 {
		t.Tag = map[string]string{store.LinkEvent: "trigger_instance-", store.LinkExecution: "execution-"}[links[0].Type] + t.ID
	}
	out := wire.Trace{
		ID: t.ID, UID: "trace:" + t.ID, Tag: t.Tag, Began: wire.TimeOf(t.Began), Truncated: more,
		Events: []wire.Link{}, Rules: []wire.Link{}, Executions: []wire.Link{},
	}
	for _, l := range links {
		link := wire.Link{ID: l.ID, Ref: l.Ref, At: wire.TimeOf(l.At), Cause: wire.Cause{ID: l.Cause.ID, Type: l.Cause.Type}}
		switch l.Type {
		case store.LinkEvent:
			out.Events = append(out.Events, link)
		case store.LinkRule:
			out.Rules = append(out.Rules, link)
		case store.LinkExecution:
			out.Executions = append(out.Executions, link)
		}
	}
	return out
}

// matched are the latest events that a rule has matched, by the rule's id or
// reference.
func (c *call) matched(rule string) ([]string, error) {
	if r, ok := c.catalog().Rule(rule); ok {
		rule = r.Ref
	}
	found, _, err := c.Store.Reader().ListEnforcements(c.ctx(), store.Enforcements{RuleRef: rule}, store.Page{Limit: 100})
	var out []string
	for _, e := range found {
		out = append(out, e.Instance)
	}
	return out, err
}

// seesTrace asks whether the caller may look at the trace that the path names.
func (c *call) seesTrace() error {
	if c.who.may("trace_view", nil) {
		return nil // what is not seen is left out all the same
	}
	if _, err := c.instance(); err == nil {
		return c.seesInstance()
	}
	resource, err := c.aboutExecution()
	if err != nil {
		return err
	}
	return c.allow("execution_view", resource)
}

// link reports whether a part of a trace is seen.
func (s *sight) link(l store.Link) bool {
	switch l.Type {
	case store.LinkEvent:
		return has(s.triggers, l.Ref)
	case store.LinkRule:
		return has(s.rules, l.Ref)
	default:
		return has(s.actions, l.Ref)
	}
}

// beginnings are the traces that events and executions belong to, each once; what is
// not there, or not seen, belongs to none.
func (c *call) beginnings(of []string) ([]string, error) {
	out := []string{}
	for _, id := range of {
		begun, err := c.beginning(id)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		case !slices.Contains(out, begun):
			out = append(out, begun)
		}
	}
	return out, nil
}

// beginning is the trace that an event or an execution belongs to that the caller
// sees.
func (c *call) beginning(id string) (string, error) {
	r, see := c.Store.Reader(), c.sight()
	e, err := r.Execution(c.ctx(), id)
	if err == nil && !has(see.actions, e.Action) {
		return "", store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		i, err := r.Instance(c.ctx(), id)
		if err != nil {
			return "", err
		}
		if !has(see.triggers, i.Trigger) {
			return "", store.ErrNotFound
		}
	} else if err != nil {
		return "", err
	}
	return r.BeginningOf(c.ctx(), id)
}

func (c *call) getTrace() error {
	id := c.part("id")
	missing := fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", shortened(id))
	if !ident.Valid(id) {
		return missing
	}
	r := c.Store.Reader()
	see := c.sight()
	found, _, err := r.ListTraces(c.ctx(), store.Traces{IDs: []string{id}, Triggers: see.triggers, Actions: see.actions}, store.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return missing
	}
	links, more, err := r.Links(c.ctx(), id, maxLinks, see.link)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, traceOf(found[0], links, more))
}

// traced names in a request the beginning of the trace that it is to be a part of,
// which may be given by any part of it.
func (c *call) traced(r *execution.Request) error {
	id := r.Context.TraceContext.Of()
	if id == "" {
		return nil
	}
	begun, err := c.beginning(id)
	if errors.Is(err, store.ErrNotFound) {
		return fault.Newf(fault.Invalid, "Unable to find Trace %s.", shortened(id))
	}
	if err != nil {
		return err
	}
	r.Context.TraceContext = &execution.Trace{ID: begun, Tag: r.Context.TraceContext.Tag}
	return nil
}
