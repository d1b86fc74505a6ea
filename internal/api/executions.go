package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

func (a *API) executionRoutes() []*route {
	return []*route{
		to("GET", apiService, "/executions", "execution_list", (*call).listExecutions, "List executions.").
			gives(http.StatusOK, []wire.Execution{}).pages(100).selects().masks().
			texts("id", "status", "parent", "trigger_type", "trigger", "trigger_instance", "rule", "action", "runner", "user", "liveaction", "timestamp", "timestamp_gt", "timestamp_lt", "filter").overall(),
		to("POST", apiService, "/executions", "action_execute", (*call).createExecution, "Run an action.").takes(executionBody).
			gives(http.StatusCreated, wire.Execution{}).masks().inside("on the action that is run"),
		to("GET", apiService, "/executions/views/filters", "execution_views_filters_list", (*call).executionFilters, "List what executions can be filtered by.").
			gives(http.StatusOK, wire.Filters{}).texts("types").overall(),
		to("GET", apiService, "/executions/{id}", "execution_view", (*call).getExecution, "Show an execution.").
			gives(http.StatusOK, wire.Execution{}).selects().masks().
			asks(Parameter{Name: "max_result_size", Type: "integer", Description: "Leave out a result of more bytes."}).on((*call).aboutExecution),
		to("PUT", apiService, "/executions/{id}", "execution_stop", (*call).updateExecution, "Cancel, pause or resume an execution, or set its end.").takes(executionUpdateBody).
			gives(http.StatusOK, wire.Execution{}).masks().on((*call).aboutExecution),
		to("DELETE", apiService, "/executions/{id}", "execution_stop", (*call).cancelExecution, "Cancel an execution.").gives(http.StatusOK, wire.Execution{}).masks().on((*call).aboutExecution),
		to("GET", apiService, "/executions/{id}/output", "execution_view", (*call).executionOutput, "Show what an execution has printed.").
			sends("text/plain").
			asks(Parameter{Name: "output_type", Type: "string", Description: "Only this stream.", Enum: []string{"all", "stdout", "stderr", "output"}, Default: "all"}).on((*call).aboutExecution),
		to("GET", apiService, "/executions/{id}/children", "execution_view", (*call).executionChildren, "List the executions that are parts of one.").
			gives(http.StatusOK, []wire.Execution{}).selects().masks().
			asks(Parameter{Name: "limit", Type: "integer", Description: "How many are wanted at most."},
				Parameter{Name: "offset", Type: "integer", Description: "How many are passed over.", Default: 0},
				Parameter{Name: "depth", Type: "integer", Description: "How many generations; -1 is all.", Default: -1}).on((*call).aboutExecution),
		to("GET", apiService, "/executions/{id}/attribute/{name}", "execution_view", (*call).executionAttribute, "Show one attribute of an execution.").on((*call).aboutExecution),
		to("GET", apiService, "/executions/{id}/result", "execution_view", (*call).executionResult, "Show the result of an execution.").on((*call).aboutExecution),
		to("POST", apiService, "/executions/{id}/re_run", "action_execute", (*call).reRun, "Run an execution again.").takes(reRunBody).
			gives(http.StatusCreated, wire.Execution{}).masks().
			guard("on the action of the execution; besides execution_view on the execution", (*call).mayReRun),
	}
}

// execution finds the execution that the path names.
func (c *call) execution() (*execution.Execution, error) {
	if c.found != nil {
		return c.found, nil
	}
	id := c.part("id")
	if id == "last" && !c.who.free() {
		return c.lastSeen()
	}
	e, err := c.API.execution(c.ctx(), id)
	if err != nil {
		return nil, err
	}
	resource, err := c.executionResource(e)
	if err != nil {
		return nil, err
	}
	if c.who.hides(resource) {
		return nil, noExecution(id)
	}
	c.found = e
	return e, nil
}

// lastSeen returns the last execution that the caller may see.
func (c *call) lastSeen() (*execution.Execution, error) {
	var q store.Executions
	c.onlySeen(&q)
	found, _, err := c.Store.Reader().ListExecutions(c.ctx(), q, store.Page{Limit: 1})
	if err == nil && len(found) == 0 {
		return nil, errNoExecutions()
	}
	if err != nil {
		return nil, err
	}
	c.found = found[0]
	return c.found, nil
}

func errNoExecutions() error {
	return fault.Newf(fault.Invalid, "No executions found in the database")
}

// onlySeen narrows q to what the caller may see.
func (c *call) onlySeen(q *store.Executions) {
	s := c.sight()
	q.Actions, q.Hidden, q.HiddenRules = s.actions, s.hidden, s.hiddenRules
}

// executionResource is what roles call an execution. Of what it is a part is looked at
// only if something is hidden from the caller.
func (c *call) executionResource(e *execution.Execution) (*rbac.Resource, error) {
	parents, err := c.parents(c.ctx(), &c.who, e)
	return c.resources().execution(e, parents...), err
}

// parents is [API.lineage] where it matters: something may be hidden from who.
func (a *API) parents(ctx context.Context, who *caller, e *execution.Execution) ([]*execution.Execution, error) {
	if !who.outside() {
		return nil, nil
	}
	return a.lineage(ctx, e)
}

// lineage returns the executions that e is a part of, the nearest first.
func (a *API) lineage(ctx context.Context, e *execution.Execution) ([]*execution.Execution, error) {
	var out []*execution.Execution
	for e.Parent != "" {
		up, err := a.Store.Reader().Execution(ctx, e.Parent)
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = append(out, up)
		e = up
	}
	return out, nil
}

func (c *call) aboutExecution() (*rbac.Resource, error) {
	e, err := c.execution()
	if err != nil {
		return nil, err
	}
	return c.executionResource(e)
}

func (c *call) mayReRun() error {
	resource, err := c.aboutExecution()
	if err != nil {
		return err
	}
	if err := c.allow("execution_view", resource); err != nil {
		return err
	}
	return c.allow("action_execute", resource.Of)
}

func (a *API) execution(ctx context.Context, id string) (*execution.Execution, error) {
	if id == "last" {
		e, err := a.Store.Reader().LastExecution(ctx)
		if errors.Is(err, store.ErrNotFound) {
			return nil, errNoExecutions()
		}
		return e, err
	}
	if !ident.Valid(id) {
		return nil, noExecution(id)
	}
	e, err := a.Store.Reader().Execution(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noExecution(id)
	}
	return e, err
}

func noExecution(id string) error {
	return fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", shortened(id))
}

func (c *call) getExecution() error {
	sel, err := c.selection(c.attrs.executions)
	if err != nil {
		return err
	}
	maxResult, err := c.number("max_result_size", -1)
	if err != nil {
		return err
	}
	show, err := c.secrets()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	if maxResult >= 0 && e.ResultSize > maxResult {
		sel.exclude = append(sel.exclude, "result")
	} else if e.ResultSize > 0 && sel.wants("result") {
		if e.Result, err = c.result(e); err != nil {
			return err
		}
	}
	out := c.executionView(e, sel, show)
	children, err := c.childrenOf([]*execution.Execution{e}, sel)
	if err != nil {
		return err
	}
	out.Children = children[e.ID]
	if t := e.Context.TriggerInstance; t != nil && sel.wants("trigger_instance") {
		if out.TriggerInstance, err = c.instanceJSON(t.ID); err != nil {
			return err
		}
	}
	return one(c, http.StatusOK, out, sel)
}

// hidesEvents reports whether the events of a trigger may tell the caller of what is
// hidden from them.
func (c *call) hidesEvents(ref string) bool {
	return c.who.outside() && !has(c.sight().triggers, ref)
}

// instanceJSON is the JSON of an event; none when it is gone.
func (c *call) instanceJSON(id string) (json.RawMessage, error) {
	i, err := c.Store.Reader().Instance(c.ctx(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || c.hidesEvents(i.Trigger) {
		return nil, err
	}
	return compactJSON(wire.InstanceOf(i)), nil
}

// executionView is e on the wire, with what the catalog knows of it.
func (c *call) executionView(e *execution.Execution, sel selection, show bool) wire.Execution {
	out := c.API.executionView(e, sel, show)
	out.WebURL = c.base() + "/#/history/" + e.ID + "/general"
	return out
}

func (a *API) executionView(e *execution.Execution, sel selection, show bool) wire.Execution {
	v := a.view()
	out := wire.ExecutionOf(e)
	if sel.wants("action") {
		out.Action = v.action(e.Action)
	}
	if sel.wants("runner") {
		out.Runner = v.runner(e.Runner)
	}
	if !show {
		masker := secret.NewMasker(e.Secrets)
		out.Parameters = masker.JSON(v.maskParameters(e.Action, out.Parameters))
		out.LiveAction.Parameters = out.Parameters
		out.Result = v.maskResult(e, out.Result)
		out.Context = masker.JSON(out.Context)
	}
	if r := e.Context.Rule; r != nil && sel.wants("rule") {
		if full, ok := v.catalog.Rule(r.ID); ok {
			view := wire.RuleOf(full)
			if act, ok := v.catalog.Action(full.Action.Ref); !show && ok && act.Params != nil {
				view.Action.Parameters = act.Params.Masked(view.Action.Parameters)
			}
			out.Rule = compactJSON(view)
		} else {
			out.Rule = compactJSON(r)
		}
	}
	if e.Trigger != "" && sel.wants("trigger") {
		if t, ok := v.catalog.Trigger(e.Trigger); ok {
			out.Trigger = compactJSON(wire.TriggerOf(t))
		} else {
			out.Trigger = compactJSON(map[string]string{"ref": e.Trigger})
		}
	}
	if e.TriggerType != "" && sel.wants("trigger_type") {
		if t, ok := v.catalog.TriggerType(e.TriggerType); ok {
			out.TriggerType = compactJSON(wire.TriggerTypeOf(t.Type))
		} else {
			out.TriggerType = compactJSON(map[string]string{"ref": e.TriggerType})
		}
	}
	return out
}

// listedResult is the size up to which results are in lists without being asked
// for by name.
const listedResult = 64 << 10

func (c *call) listExecutions() error {
	sel, err := c.selection(c.attrs.executions)
	if err != nil {
		return err
	}
	p, err := c.page(100)
	if err != nil {
		return err
	}
	show, err := c.secrets()
	if err != nil {
		return err
	}
	q, none, err := c.executionQuery()
	if err != nil {
		return err
	}
	c.onlySeen(&q)
	asc := c.oldestFirst("start_timestamp") || c.forward()
	page := p.ledger(asc)
	if none || q.Actions.None() {
		c.count(p, store.Total{})
		return list(c, []wire.Execution{}, sel)
	}
	found, total, err := c.Store.Reader().ListExecutions(c.ctx(), q, page)
	if err != nil {
		return err
	}
	c.count(p, total)
	return c.array(func(add func(any) error) error { return c.addExecutions(found, sel, show, add) })
}

// viewed is how many executions are in memory as they are shown; fewer, if their results are large.
const viewed = 200

// addExecutions adds executions to a list, some at a time.
func (c *call) addExecutions(found []*execution.Execution, sel selection, show bool, add func(any) error) error {
	for len(found) > 0 {
		n, size := 0, 0
		for n < min(len(found), viewed) && (n == 0 || size+sel.resultSize(found[n]) < largeAnswer) {
			size += sel.resultSize(found[n])
			n++
		}
		if err := c.hold(size); err != nil {
			return err
		}
		views, err := c.executionViews(found[:n], sel, show)
		if err != nil {
			return err
		}
		if err := addAll(views, sel, add); err != nil {
			return err
		}
		found = found[n:]
	}
	return nil
}

// resultSize is how large the result of e is, if a list shows it.
func (s selection) resultSize(e *execution.Execution) int {
	if s.wants("result") && (e.ResultSize <= listedResult || s.names("result")) {
		return e.ResultSize
	}
	return 0
}

// executionViews are executions in a list.
func (c *call) executionViews(found []*execution.Execution, sel selection, show bool) ([]wire.Execution, error) {
	events, err := c.instancesOf(found, sel)
	if err != nil {
		return nil, err
	}
	children, err := c.childrenOf(found, sel)
	if err != nil {
		return nil, err
	}
	out := make([]wire.Execution, len(found))
	for i, e := range found {
		if sel.resultSize(e) > 0 {
			if e.Result, err = c.result(e); err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
		}
		out[i] = c.executionView(e, sel, show)
		out[i].Children = children[e.ID]
		if t := e.Context.TriggerInstance; t != nil {
			out[i].TriggerInstance = events[t.ID]
		}
	}
	return out, nil
}

// childrenOf returns the ids of the parts of executions. Only workflows have parts.
func (c *call) childrenOf(found []*execution.Execution, sel selection) (map[string][]string, error) {
	if !sel.wants("children") {
		return nil, nil
	}
	var parents []string
	for _, e := range found {
		if e.Conducted {
			parents = append(parents, e.ID)
		}
	}
	if !c.who.outside() {
		return c.Store.Reader().ChildIDs(c.ctx(), parents)
	}
	out := map[string][]string{}
	for _, id := range parents {
		for child, err := range c.Store.Reader().EachChild(c.ctx(), id) {
			if err != nil {
				return nil, err
			}
			if !c.who.hides(c.resources().execution(child)) {
				out[id] = append(out[id], child.ID)
			}
		}
	}
	return out, nil
}

// instancesOf returns the JSON of the events of executions, by id.
func (c *call) instancesOf(found []*execution.Execution, sel selection) (map[string]json.RawMessage, error) {
	if !sel.wants("trigger_instance") {
		return nil, nil
	}
	var ids []string
	for _, e := range found {
		if t := e.Context.TriggerInstance; t != nil {
			ids = append(ids, t.ID)
		}
	}
	out := make(map[string]json.RawMessage, len(ids))
	slices.Sort(ids)
	for some := range slices.Chunk(slices.Compact(ids), 500) {
		events, _, err := c.Store.Reader().ListInstances(c.ctx(), store.Instances{IDs: some}, store.Page{Limit: -1})
		if err != nil {
			return nil, err
		}
		for _, i := range events {
			if !c.hidesEvents(i.Trigger) {
				out[i.ID] = compactJSON(wire.InstanceOf(i))
			}
		}
	}
	return out, nil
}

// executionChildren answers with the parts of an execution, and theirs. There may be very many,
// so they are written as they are read.
func (c *call) executionChildren() error {
	sel, err := c.selection(c.attrs.executions)
	if err != nil {
		return err
	}
	p, err := c.page(0)
	if err != nil {
		return err
	}
	depth, err := c.number("depth", -1)
	if err != nil {
		return err
	}
	show, err := c.secrets()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	parts := c.partsOf(e.ID, depth)
	if c.param("result_fmt") == "sorted" {
		parts = c.sorted(parts)
	}
	return c.array(func(add func(any) error) error {
		var some []*execution.Execution
		n := 0
		for part, err := range parts {
			if err != nil {
				return err
			}
			if n++; n <= p.offset {
				continue
			}
			if some = append(some, part); len(some) == viewed {
				if err := c.addExecutions(some, sel, show, add); err != nil {
					return err
				}
				some = some[:0]
			}
			if n-p.offset == p.limit {
				break
			}
		}
		return c.addExecutions(some, sel, show, add)
	})
}

// partsOf yields the parts of an execution that the caller may see, each followed by its own, down
// to a depth; less than 0 is all.
func (c *call) partsOf(id string, depth int) iter.Seq2[*execution.Execution, error] {
	return func(yield func(*execution.Execution, error) bool) { c.yieldParts(id, depth, yield) }
}

// yieldParts reports whether yield wants more.
func (c *call) yieldParts(id string, depth int, yield func(*execution.Execution, error) bool) bool {
	if depth == 0 {
		return true
	}
	for child, err := range c.Store.Reader().EachChild(c.ctx(), id) {
		if err != nil {
			return yield(nil, err)
		}
		if c.who.hides(c.resources().execution(child)) {
			continue // its parents are not
		}
		if !yield(child, nil) || child.Conducted && !c.yieldParts(child.ID, depth-1, yield) { // only workflows have parts
			return false
		}
	}
	return true
}

// sorted yields executions by when they began. It keeps no more of them than that, and reads
// them again.
func (c *call) sorted(parts iter.Seq2[*execution.Execution, error]) iter.Seq2[*execution.Execution, error] {
	return func(yield func(*execution.Execution, error) bool) {
		type began struct {
			id string
			at time.Time
		}
		var all []began
		for part, err := range parts {
			if err != nil {
				yield(nil, err)
				return
			}
			all = append(all, began{part.ID, part.CreatedAt})
		}
		slices.SortStableFunc(all, func(a, b began) int { return a.at.Compare(b.at) })
		for some := range slices.Chunk(all, viewed) {
			ids := make([]string, len(some))
			for i, b := range some {
				ids[i] = b.id
			}
			found, _, err := c.Store.Reader().ListExecutions(c.ctx(), store.Executions{IDs: ids}, store.Page{Limit: -1})
			if err != nil {
				yield(nil, err)
				return
			}
			slices.SortFunc(found, func(a, b *execution.Execution) int {
				return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID))
			})
			for _, e := range found {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

func (c *call) executionAttribute() error {
	name := c.part("name")
	if !slices.Contains([]string{"result", "trigger_instance", "status"}, name) {
		return fault.Newf(fault.Invalid, "Invalid or unsupported attribute specified: %s", shortened(name))
	}
	show, err := c.secrets()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	var out any
	switch name {
	case "status":
		out = e.Status
	case "result":
		b, err := c.result(e)
		if err != nil {
			return err
		}
		if !show {
			b = c.view().maskResult(e, b)
		}
		out = rawOrNull(b)
	case "trigger_instance":
		out = json.RawMessage("null")
		if t := e.Context.TriggerInstance; t != nil {
			b, err := c.instanceJSON(t.ID)
			if err != nil {
				return err
			}
			out = rawOrNull(b)
		}
	}
	return c.json(http.StatusOK, out)
}

func rawOrNull(b json.RawMessage) json.RawMessage {
	if len(b) == 0 {
		return json.RawMessage("null")
	}
	return b
}

// outputPage is how many pieces of output are read at a time.
const outputPage = 500

func (c *call) outputType() (string, error) {
	switch t := c.param("output_type"); t {
	case "", "all":
		return "", nil
	case "stdout", "stderr", "output":
		return t, nil
	default:
		return "", fault.Newf(fault.Invalid, "'%s' is not one of ['all', 'stdout', 'stderr', 'output']", shortened(t))
	}
}

// executionOutput answers with what has been printed so far, piece by piece, so
// that a long output is never in memory as a whole.
func (c *call) executionOutput() error {
	stream, err := c.outputType()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	// The worker has masked what it knew of then.
	text := secret.NewMasker(e.Secrets).NewStream()
	chunks, err := c.Store.Reader().Output(c.ctx(), e.ID, stream, 0, outputPage)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	c.w.WriteHeader(http.StatusOK)
	for len(chunks) > 0 {
		for _, chunk := range chunks {
			if _, err := c.w.Write([]byte(text.Next(chunk.Data))); err != nil {
				return nil //nolint:nilerr // the client has gone
			}
		}
		if len(chunks) < outputPage {
			break
		}
		chunks, err = c.Store.Reader().Output(c.ctx(), e.ID, stream, chunks[len(chunks)-1].Seq, outputPage)
		if err != nil {
			return err
		}
	}
	c.w.Write([]byte(text.End())) //nolint:errcheck,gosec // the client may have gone
	return nil
}

// sinceOf is when an execution came to the status that it is in.
func sinceOf(e *execution.Execution) time.Time {
	if len(e.Log) > 0 {
		return e.Log[len(e.Log)-1].At
	}
	return e.CreatedAt
}
