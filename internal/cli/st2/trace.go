package st2

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func traces() resource {
	return resource{
		word: "trace", name: "Trace", plural: "traces", path: "/traces", key: "id", columns: []string{"id", "uid", "trace_tag", "start_timestamp"},
	}
}

// componentOptions name one part of a trace.
func componentOptions() []option {
	return []option{
		opt("an execution of it", "-e", "--execution").exclusive(), opt("a rule of it", "-r", "--rule").exclusive(),
		opt("a trigger instance of it", "-g", "--trigger-instance").exclusive(),
	}
}

func traceCommands() []*command {
	r := traces()
	own := slices.Concat([]option{sortOption(), opt("only those with this tag", "-c", "--trace-tag").exclusive()}, componentOptions())
	list := latest(r, own, false, func(c *call) []param {
		return append(c.given("trace_tag", "trigger_instance", "execution", "rule"), c.sorted()...)
	}, func(c *call, list []*value.Dict, v view) (int, error) {
		if len(list) == 1 {
			if slices.Equal(v.attrs, r.columns) {
				v.attrs = []string{all}
			}
			return 0, c.trace(list[0], v.attrs)
		}
		v.shape = shape{"start_timestamp": c.moment}
		return c.table(list, v)
	})
	get := showing(r, slices.Concat(componentOptions(), []option{
		flag("only executions", "--show-executions"), flag("only rules", "--show-rules"), flag("only trigger instances", "--show-trigger-instances"),
		flag("no trigger instances without consequences", "-n", "--hide-noop-triggers"),
	}), nil, func(c *call, d *value.Dict) error {
		return c.trace(c.filtered(c.chain(d)), c.args.words("attr"))
	})
	return []*command{list, get}
}

// The parts of a trace, and by what they are called in its causes.
func parts() map[string]string {
	return map[string]string{"action_execution": "action_executions", "rule": "rules", "trigger_instance": "trigger_instances"}
}

// trace shows a trace and what belongs to it.
func (c *call) trace(d *value.Dict, attrs []string) error {
	v := view{attrs: []string{"id", "trace_tag", "start_timestamp"}, shape: shape{"start_timestamp": c.moment}}
	if c.machine() {
		v.attrs = []string{"id", "trace_tag", "action_executions", "rules", "trigger_instances", "start_timestamp"}
		return c.details(d, v)
	}
	if err := c.details(d, v); err != nil {
		return err
	}
	var rows []*value.Dict
	for _, kind := range []struct {
		list, word string
		asked      []string
	}{
		{"trigger_instances", "trigger-instance", []string{"trigger-instances", "trigger_instances", "triggerinstances", "triggers"}},
		{"rules", "rule", []string{"rules"}},
		{"action_executions", "execution", []string{"executions", "action-executions", "action_executions", "actionexecutions", "actions"}},
	} {
		if !isAll(attrs) && !slices.ContainsFunc(attrs, func(a string) bool { return slices.Contains(kind.asked, a) }) {
			continue
		}
		for _, item := range items(d, kind.list) {
			row := value.NewDict()
			row.Set("id", field(dict(item), "object_id"))
			row.Set("type", kind.word)
			row.Set("ref", field(dict(item), "ref"))
			row.Set("updated_at", field(dict(item), "updated_at"))
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b *value.Dict) int { return strings.Compare(text(a, "updated_at"), text(b, "updated_at")) })
	_, err := c.table(rows, view{attrs: []string{"id", "type", "ref", "updated_at"}})
	return err
}

// chain leaves of a trace only what led to the part that the options name.
func (c *call) chain(d *value.Dict) *value.Dict {
	kind, id := "", ""
	for option, of := range map[string]string{"execution": "action_execution", "rule": "rule", "trigger_instance": "trigger_instance"} {
		if word := c.args.text(option); word != "" {
			kind, id = of, word
		}
	}
	if id == "" {
		return d
	}
	out := d.Clone()
	for _, list := range parts() {
		out.Set(list, value.NewList())
	}
	// A rule is part of a trace once for each trigger instance; its cause tells which
	// one is meant. No part is looked at twice, whatever the causes say.
	by := ""
	for seen := map[string]bool{}; id != "" && !seen[kind+id+by]; {
		seen[kind+id+by] = true
		found := value.NewDict()
		for _, item := range items(d, parts()[kind]) {
			if part := dict(item); text(part, "object_id") == id && (by == "" || text(dict(field(part, "caused_by")), "id") == by) {
				found = part
				break
			}
		}
		if found.Len() == 0 {
			break
		}
		l := value.NewList(append(items(out, parts()[kind]), value.Value(found))...)
		out.Set(parts()[kind], l)
		cause := dict(field(found, "caused_by"))
		kind = text(cause, "type")
		id, by, _ = strings.Cut(text(cause, "id"), ":")
	}
	return out
}

// filtered leaves of a trace the kinds of parts that the options name.
func (c *call) filtered(d *value.Dict) *value.Dict {
	executions, rules, instances := c.args.flag("show_executions"), c.args.flag("show_rules"), c.args.flag("show_trigger_instances")
	every := !executions && !rules && !instances
	out := d.Clone()
	if c.args.flag("hide_noop_triggers") && (every || instances) {
		kept := value.NewList()
		for _, item := range items(d, "trigger_instances") {
			if slices.ContainsFunc(items(d, "rules"), func(rule value.Value) bool {
				return text(dict(field(dict(rule), "caused_by")), "id") == text(dict(item), "object_id")
			}) {
				kept.Items = append(kept.Items, item)
			}
		}
		out.Set("trigger_instances", kept)
	}
	for list, wanted := range map[string]bool{"action_executions": executions, "rules": rules, "trigger_instances": instances} {
		if !every && !wanted {
			out.Set(list, value.NewList())
		}
	}
	return out
}
