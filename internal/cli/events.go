package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func (a *app) sensors() *cobra.Command {
	r := resource{
		name: "sensor", plural: "sensors", path: "sensortypes", key: "ref-or-id",
		columns: []string{"ref", "pack", "description", "enabled"},
		shape: shape{order: []string{
			"id", "uid", "ref", "pack", "name", "description", "enabled", "entry_point", "trigger_types", "poll_interval",
		}},
	}
	return group(
		&cobra.Command{Use: "sensor", Short: "Programs that watch what is outside"},
		a.listCommand(r, []filter{packFilter()}, nil), a.getCommand(r), a.sensorStatus(r), a.sensorLog(r),
		a.switchCommand(r, true), a.switchCommand(r, false),
	)
}

func (a *app) triggers() *cobra.Command {
	r := resource{
		name: "trigger", plural: "triggers", path: "triggertypes", key: "ref-or-id", narrow: true,
		columns: []string{"ref", "pack", "description"},
		shape: shape{order: []string{
			"id", "uid", "ref", "pack", "name", "description", "parameters_schema", "payload_schema",
		}},
	}
	return group(
		&cobra.Command{Use: "trigger", Short: "Kinds of events"},
		a.listCommand(r, []filter{packFilter()}, nil), a.getCommand(r), a.createCommand(r), a.updateCommand(r),
		a.deleteCommand(r, nil), a.getSpecs(r),
	)
}

func (a *app) getSpecs(r resource) *cobra.Command {
	return &cobra.Command{
		Use:               "getspecs [ref]",
		Short:             "Show what parameters triggers take and what their events hold",
		Args:              args(0, 1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, names []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			if len(names) == 1 {
				d, err := s.get(cmd.Context(), r.path+"/"+seg(names[0]), nil)
				if err != nil {
					return named(err, r, names[0])
				}
				return s.show(d, []string{"ref", "parameters_schema", "payload_schema"}, shape{})
			}
			list, _, err := s.list(cmd.Context(), r.path, url.Values{"limit": {"-1"}})
			if err != nil {
				return err
			}
			attrs := []string{"ref", "parameters_schema", "payload_schema"}
			if s.machine() {
				return s.table(list, attrs, shape{}, nil)
			}
			short := func(_ *session, _ *value.Dict, v value.Value) value.Value { return properties(v) }
			return s.table(list, attrs, shape{transform: map[string]transformer{
				"parameters_schema": short, "payload_schema": short,
			}}, nil)
		},
	}
}

// properties lists the names that a schema of an object has, the required ones
// with a mark.
func properties(v value.Value) value.Value {
	schema, ok := v.(*value.Dict)
	if !ok {
		return nil
	}
	required := map[string]bool{}
	if l, ok := lookUp(schema, "required"); ok {
		if l, ok := l.(*value.List); ok {
			for _, name := range l.Items {
				required[value.Str(name)] = true
			}
		}
	}
	var names []string
	for name, p := range object(schema, "properties").Texts() {
		if r, _ := lookUp(p, "required"); required[name] || r == true {
			name += "!"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func (a *app) timers() *cobra.Command {
	r := resource{
		name: "timer", plural: "timers", path: "timers", key: "ref-or-id",
		columns: []string{"id", "uid", "pack", "name", "type", "parameters"},
		shape:   shape{order: []string{"id", "uid", "pack", "name", "type", "parameters"}},
	}
	return group(
		&cobra.Command{Use: "timer", Short: "Events by the clock"},
		a.listCommand(r, []filter{{
			flag: "timer-type", spelling: "-ty", help: "only those of this type",
			values: []string{"core.st2.IntervalTimer", "core.st2.DateTimer", "core.st2.CronTimer"},
		}}, nil),
		a.getCommand(r),
	)
}

func (a *app) enforcements() *cobra.Command {
	r := resource{
		name: "rule enforcement", plural: "rule enforcements", path: "ruleenforcements", key: "id", last: true,
		columns: []string{"id", "rule.ref", "trigger_instance_id", "execution_id", "enforced_at"},
		fields:  []string{"id", "rule.ref", "trigger_instance_id", "execution_id", "failure_reason", "enforced_at"},
		shape: shape{
			order:     []string{"id", "rule", "trigger_instance_id", "execution_id", "status", "failure_reason", "enforced_at"},
			transform: map[string]transformer{"enforced_at": moment},
		},
	}
	return group(
		&cobra.Command{Use: "rule-enforcement", Short: "What rules started"},
		a.listCommand(r, []filter{
			{flag: "trigger-instance", help: "only those of this event"},
			{flag: "execution", help: "only that which started this execution"},
			{flag: "rule", query: "rule_ref", help: "only those of this rule"},
			{flag: "timestamp-gt", query: "enforced_at_gt", spelling: "-tg", help: "only those after this time"},
			{flag: "timestamp-lt", query: "enforced_at_lt", spelling: "-tl", help: "only those before this time"},
		}, nil),
		a.getCommand(r),
	)
}

func (a *app) instances() *cobra.Command {
	r := instanceResource()
	reEmit := &cobra.Command{
		Use:   "re-emit <id>...",
		Short: "Take in an event once more",
		Args:  args(1, -1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			return s.each(ids, func(id string) error {
				d, err := s.do(cmd.Context(), http.MethodPost, r.path+"/"+seg(id)+"/re_emit", nil)
				if err != nil {
					return named(err, r, id)
				}
				if s.machine() {
					return s.encode(d)
				}
				line := firstOf(textOf(d, "message"), "Taken in once more.")
				if fresh := textOf(d, "id"); fresh != "" {
					line += fmt.Sprintf(" See what came of it with: nightshift rule why %s", fresh)
				}
				return s.print(line)
			})
		},
	}
	return group(
		&cobra.Command{Use: "trigger-instance", Aliases: []string{"event"}, Short: "Events that came in"},
		a.listCommand(r, []filter{
			{flag: "trigger", help: "only those of this trigger"},
			{flag: "timestamp-gt", spelling: "-tg", help: "only those after this time"},
			{flag: "timestamp-lt", spelling: "-tl", help: "only those before this time"},
			{flag: "status", help: "only those with this status", values: []string{"pending", "processing", "processed", "processing_failed"}},
		}, nil),
		a.getCommand(r), reEmit,
	)
}

func instanceResource() resource {
	return resource{
		name: "trigger instance", plural: "trigger instances", path: "triggerinstances", key: "id", narrow: true, last: true,
		columns: []string{"id", "trigger", "occurrence_time", "status"},
		shape: shape{
			order:     []string{"id", "trigger", "occurrence_time", "status", "payload"},
			transform: map[string]transformer{"occurrence_time": moment},
		},
	}
}

// limited is a query for the first n.
func limited(n int) url.Values { return url.Values{"limit": {strconv.Itoa(n)}} }
