package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
)

// executionQuery reads the filters of a list; none is true when nothing can
// pass them.
func (c *call) executionQuery() (q store.Executions, none bool, err error) {
	if q.IDs, err = c.ids(); err != nil {
		return q, false, err
	}
	given := map[string]string{}
	for _, name := range []string{
		"status", "parent", "trigger_type", "trigger", "trigger_instance", "rule", "action", "runner", "user", "liveaction",
	} {
		if v := c.param(name); v != "" {
			given[name] = v
		}
	}
	for part := range strings.FieldsSeq(c.param("filter")) {
		path, v, ok := strings.Cut(part, ":")
		name, known := filterPaths()[path]
		if !ok || v == "" {
			return q, false, fault.Newf(fault.Invalid, "Invalid filter \"%s\": it must be of the form path:value.", shortened(part))
		}
		if !known {
			return q, false, fault.Newf(fault.Invalid, "Executions cannot be filtered by \"%s\".", shortened(path))
		}
		given[name] = v
	}
	for name, v := range given {
		ok, err := c.filterExecutions(&q, name, v)
		if err != nil || !ok {
			return q, true, err
		}
	}
	if from, to, ok := strings.Cut(c.param("timestamp"), ".."); ok {
		return c.between(q, from, to)
	}
	if q.At, err = c.moment("timestamp"); err != nil {
		return q, false, err
	}
	if q.After, err = c.moment("timestamp_gt"); err != nil {
		return q, false, err
	}
	q.Before, err = c.moment("timestamp_lt")
	return q, false, err
}

// forward reports whether a range of times is wanted from its beginning, which is
// how it is written.
func (c *call) forward() bool {
	from, to, ok := strings.Cut(c.param("timestamp"), "..")
	a, err := wire.ParseTime(from)
	b, err2 := wire.ParseTime(to)
	return ok && err == nil && err2 == nil && !a.After(b)
}

// between adds to q that an execution began at one of two times or between them.
// They may be given in any order.
func (c *call) between(q store.Executions, from, to string) (store.Executions, bool, error) {
	var err error
	if q.After, err = wire.ParseTime(from); err == nil {
		q.Before, err = wire.ParseTime(to)
	}
	if err != nil {
		return q, false, fault.Newf(fault.Invalid, "Parameter \"timestamp\": %v", err)
	}
	if q.After.After(q.Before) {
		q.After, q.Before = q.Before, q.After
	}
	q.After, q.Before = q.After.Add(-time.Microsecond), q.Before.Add(time.Microsecond)
	return q, false, nil
}

// filterPaths are the paths that the parameter filter knows.
func filterPaths() map[string]string {
	return map[string]string{
		"status": "status", "parent": "parent", "id": "liveaction", "liveaction.id": "liveaction",
		"action.ref": "action", "runner.name": "runner", "context.user": "user", "rule.name": "rule",
		"trigger.name": "trigger", "trigger_type.name": "trigger_type", "trigger_instance.id": "trigger_instance",
	}
}

// filterExecutions adds a filter to q. It reports false when nothing passes.
func (c *call) filterExecutions(q *store.Executions, name, v string) (bool, error) {
	cat := c.catalog()
	if isNull(v) {
		if name == "parent" {
			q.Root = true
			return true, nil
		}
		return false, fault.Newf(fault.Invalid, "Executions cannot be filtered by having no %s.", name)
	}
	switch name {
	case "status":
		for _, s := range splitCSV(v) {
			if execution.Status(s).Known() {
				q.Status = append(q.Status, execution.Status(s))
			}
		}
		return len(q.Status) > 0, nil
	case "parent":
		q.Parent = v
	case "action":
		q.Action = v
	case "runner":
		q.Runner = v
	case "user":
		q.User = v
	case "trigger_instance":
		q.TriggerInstance = v
	case "liveaction":
		if len(q.IDs) > 0 && !slices.Contains(q.IDs, v) {
			return false, nil
		}
		q.IDs = []string{v}
	case "rule":
		q.Rule = v
		if r, ok := cat.Rule(v); ok {
			q.Rule = r.Name // StackStorm knows the name only; we take a reference, too
		}
	case "trigger":
		q.Trigger = v
		if _, ok := cat.Trigger(v); !ok {
			for _, t := range cat.Triggers() {
				if t.Name == v {
					q.Trigger = t.Ref
				}
			}
		}
	case "trigger_type":
		q.TriggerType = v
		if _, ok := cat.TriggerType(v); !ok {
			for _, t := range cat.TriggerTypes() {
				if t.Name == v {
					q.TriggerType = t.Ref
				}
			}
		}
	}
	return true, nil
}

func (c *call) executionFilters() error {
	columns := map[string]string{
		"action": "action", "status": "status", "rule": "rule", "runner": "runner", "trigger": "trigger_ref",
		"trigger_type": "trigger_type", "user": "user_name",
	}
	types := c.csv("types")
	var q store.Executions
	c.onlySeen(&q)
	out := wire.Filters{}
	for name, column := range columns {
		if len(types) > 0 && !slices.Contains(types, name) {
			continue
		}
		values, err := c.Store.Reader().ExecutionFacets(c.ctx(), column, q)
		if err != nil {
			return err
		}
		if values == nil {
			values = []string{}
		}
		out[name] = values
	}
	return c.json(http.StatusOK, out)
}
