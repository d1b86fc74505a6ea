package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func packFilter() filter {
	return filter{flag: "pack", short: "p", help: "only those of this pack"}
}

func actionResource() resource {
	return resource{
		name: "action", plural: "actions", article: "an", path: "actions", key: "ref-or-id", narrow: true,
		columns: []string{"ref", "pack", "description"},
		shape: shape{order: []string{
			"id", "uid", "ref", "pack", "name", "description", "enabled", "problem", "entry_point", "runner_type", "parameters",
		}},
	}
}

func (a *app) actions() *cobra.Command {
	r := actionResource()
	var removeFiles bool
	remove := a.deleteCommand(r, func() any { return map[string]bool{"remove_files": removeFiles} })
	remove.Flags().BoolVarP(&removeFiles, "remove-files", "r", false, "delete the files of the action from the disk, too")
	return group(
		&cobra.Command{Use: "action", Short: "What can be run"},
		a.listCommand(r, []filter{packFilter()}, nil), a.getCommand(r), a.createCommand(r), a.updateCommand(r), remove,
		a.switchCommand(r, true), a.switchCommand(r, false), a.execute(),
	)
}

func ruleResource() resource {
	return resource{
		name: "rule", plural: "rules", path: "rules", key: "ref-or-id", narrow: true, last: true,
		columns: []string{"ref", "pack", "description", "enabled"},
		shape: shape{order: []string{
			"id", "uid", "ref", "pack", "name", "description", "enabled", "problem", "action", "criteria", "tags", "trigger", "type",
		}},
	}
}

func (a *app) rules() *cobra.Command {
	r := ruleResource()
	var enabled, disabled, iftt bool
	list := a.listCommand(r, []filter{
		packFilter(),
		{flag: "action", short: "c", help: "only those that start this action"},
		{flag: "trigger", short: "g", help: "only those that listen to this trigger"},
	}, func(_ *cobra.Command, q url.Values) error {
		switch {
		case enabled:
			q.Set("enabled", "true")
		case disabled:
			q.Set("enabled", "false")
		}
		if iftt {
			q.Del("include_attributes")
		}
		return nil
	})
	f := list.Flags()
	f.BoolVar(&enabled, "enabled", false, "only those that are enabled")
	f.BoolVar(&disabled, "disabled", false, "only those that are disabled")
	f.BoolVar(&iftt, "iftt", false, "show what starts what: trigger and action")
	list.MarkFlagsMutuallyExclusive("enabled", "disabled")
	list.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if iftt && !cmd.Flags().Changed("attr") {
			return cmd.Flags().Set("attr", "ref,trigger.type,action.ref,enabled")
		}
		return nil
	}
	return group(
		&cobra.Command{Use: "rule", Short: "Which event starts which action"},
		list, a.getCommand(r), a.createCommand(r), a.updateCommand(r), a.deleteCommand(r, nil),
		a.switchCommand(r, true), a.switchCommand(r, false), a.ruleWhy(),
	)
}

func (a *app) packs() *cobra.Command {
	r := resource{
		name: "pack", plural: "packs", path: "packs", key: "ref",
		columns: []string{"ref", "name", "description", "version", "author"},
		fields:  []string{"name", "version", "author", "email", "keywords", "description"},
		shape:   shape{order: []string{"id", "ref", "name", "description", "version", "author", "email", "keywords"}},
	}
	return group(
		&cobra.Command{Use: "pack", Short: "Folders of content"},
		a.listCommand(r, nil, nil), a.getCommand(r), a.packRegister(r),
	)
}

func (a *app) packRegister(r resource) *cobra.Command {
	var types []string
	cmd := &cobra.Command{
		Use:   "register [pack]...",
		Short: "Read packs from the disk of the server again",
		Long: `Read packs from the disk of the server again: all of them, or those that are named. What is wrong
with their files is reported with its place, and does not stop the rest.`,
		Args:              args(0, -1),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, packs []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			// Without this a mistake in one file hides what became of the others.
			body := map[string]any{"fail_on_failure": false}
			if len(packs) > 0 {
				body["packs"] = packs
			}
			if len(types) > 0 {
				body["types"] = types
			}
			d, err := s.do(cmd.Context(), http.MethodPost, "packs/register", body)
			if err != nil {
				return err
			}
			return s.registered(d)
		},
	}
	cmd.Flags().StringSliceVar(&types, "types", nil, "only these kinds: actions, rules, triggers, sensors, aliases, policies, …")
	annotate(cmd, "types", greedy, "")
	return cmd
}

// registered shows how many things of each kind were registered, and says what
// is wrong with the files that were not.
func (s *session) registered(d *value.Dict) error {
	var findings []value.Value
	if l, ok := lookUp(d, "findings"); ok {
		if l, ok := l.(*value.List); ok {
			findings = l.Items
		}
	}
	if s.machine() {
		if err := s.encode(d); err != nil {
			return err
		}
	} else {
		t := s.newTable("kind", "registered")
		kinds := slices.Sorted(func(yield func(string) bool) {
			for kind := range d.Texts() {
				if kind != "findings" && !yield(kind) {
					return
				}
			}
		})
		for _, kind := range kinds {
			n, _ := d.Get(kind)
			t.row(kind, cell(n))
		}
		if err := t.write(); err != nil {
			return err
		}
		for _, f := range findings {
			s.note(cell(f))
		}
	}
	switch len(findings) {
	case 0:
		return nil
	case 1:
		return fault.Newf(fault.Invalid, "one mistake was found; everything else is registered")
	}
	return fault.Newf(fault.Invalid, "%d mistakes were found; everything else is registered", len(findings))
}

func (a *app) policies() *cobra.Command {
	r := resource{
		name: "policy", plural: "policies", path: "policies", key: "ref-or-id",
		columns: []string{"ref", "resource_ref", "policy_type", "enabled"},
		shape: shape{order: []string{
			"id", "uid", "ref", "pack", "name", "description", "enabled", "resource_ref", "policy_type", "parameters",
		}},
	}
	return group(
		&cobra.Command{Use: "policy", Short: "What holds executions back or repeats them"},
		a.listCommand(r, []filter{
			packFilter(),
			{flag: "resource-ref", short: "r", local: "resource_ref", help: "only those of this action"},
			{flag: "policy-type", spelling: "-pt", local: "policy_type", help: "only those of this type"},
		}, nil),
		a.getCommand(r), a.createCommand(r), a.updateCommand(r), a.deleteCommand(r, nil),
	)
}

func (a *app) policyTypes() *cobra.Command {
	r := resource{
		name: "policy type", plural: "policy types", path: "policytypes", key: "ref-or-id",
		columns: []string{"id", "resource_type", "name", "description"},
		shape:   shape{order: []string{"id", "ref", "resource_type", "name", "description", "enabled", "parameters"}},
	}
	return group(
		&cobra.Command{Use: "policy-type", Short: "Which policies there can be"},
		a.listCommand(r, []filter{{flag: "resource-type", short: "r", help: "only those for this type of thing"}}, nil),
		a.getCommand(r),
	)
}

func (a *app) runners() *cobra.Command {
	r := resource{
		name: "runner", plural: "runners", path: "runnertypes", key: "name-or-id",
		columns: []string{"id", "name", "description"},
		shape:   shape{order: []string{"id", "uid", "name", "description", "enabled", "missing", "runner_parameters"}},
	}
	return group(
		&cobra.Command{Use: "runner", Short: "In which ways actions are run"},
		a.listCommand(r, nil, nil), a.getCommand(r), a.switchCommand(r, true), a.switchCommand(r, false),
	)
}

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
		a.listCommand(r, []filter{packFilter()}, nil), a.getCommand(r),
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
