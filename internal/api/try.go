package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

const tryBody = `{"type": "object", "additionalProperties": false, "properties": {
	"trigger": {"type": "object", "required": true, "additionalProperties": false, "properties": {
		"type": {"type": "string", "required": true}, "parameters": {"type": "object"},
		"ref": {"type": "string"}, "description": {"type": "string"}}},
	"criteria": {"type": "object"},
	"last": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}}`

const (
	tryLast  = 100 // events that a rule is tried on if nobody says
	tryBatch = 50  // events that are in memory at a time
)

// tryRule asks criteria, which need not be those of any rule, about the latest events
// of a trigger. Nothing is started.
func (c *call) tryRule() error {
	d, err := c.object()
	if err != nil {
		return err
	}
	listens := dictAt(d, "trigger")
	kind, _ := listens.Get("type")
	m, wrong := c.Intake.Matcher(&rule.Rule{Enabled: true, Criteria: dictAt(d, "criteria")})
	if len(wrong) > 0 {
		lines := make([]string, len(wrong))
		for i, mistake := range wrong {
			lines[i] = mistake.Error()
		}
		return fault.Newf(fault.Invalid, "%s", strings.Join(lines, "\n"))
	}
	last := tryLast
	if n, ok := d.Get("last"); ok {
		last = int(n.(int64)) //nolint:forcetypeassert // the schema says so
	}
	refs := c.triggersLike(value.Str(kind), dictAt(listens, "parameters"))
	out := wire.RulePast{Events: []wire.PastEvent{}}
	for len(refs) > 0 && len(out.Events) < last {
		page := store.Page{Limit: min(tryBatch, last-len(out.Events)), Offset: len(out.Events)}
		found, _, err := c.Store.Reader().ListInstances(c.ctx(), store.Instances{Triggers: refs}, page)
		if err != nil {
			return err
		}
		for _, i := range found {
			v, err := c.tried(m, i)
			if err != nil {
				return err
			}
			if v.Matched {
				out.Matched++
			}
			out.Events = append(out.Events, v)
		}
		if len(found) < page.Limit {
			break
		}
	}
	return c.json(http.StatusOK, out)
}

// triggersLike returns the references that events have of which a rule hears that listens
// to a type with parameters.
func (c *call) triggersLike(kind string, parameters *value.Dict) []string {
	var refs []string
	if parameters.Len() == 0 {
		refs = append(refs, kind)
	}
	for _, t := range c.catalog().TriggersOf(kind) {
		if parameters.Len() == 0 && (t.Parameters == nil || t.Parameters.Len() == 0) || value.Equal(t.Parameters, parameters) {
			refs = append(refs, t.Ref)
		}
	}
	return refs
}

func (c *call) tried(m *rule.Matcher, i *trigger.Instance) (wire.PastEvent, error) {
	payload, err := value.FromJSON(i.Payload)
	if err != nil {
		return wire.PastEvent{}, fmt.Errorf("read the payload of event %s: %w", i.ID, err)
	}
	v := ruleWhyOf(m.Explain(c.ctx(), payload, c.Intake.Env(i.OccurredAt)))
	out := wire.PastEvent{ID: i.ID, OccurrenceTime: wire.TimeOf(i.OccurredAt), Matched: v.Matched, Reason: v.Reason}
	for _, k := range v.Criteria {
		if k.Decided {
			out.Decided = k.Key
		}
	}
	return out, nil
}
