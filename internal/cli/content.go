package cli

import (
	"net/http"
	"net/url"
	"slices"

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
		a.switchCommand(r, true), a.switchCommand(r, false), a.execute(), a.actionClone(r),
	)
}

func (a *app) actionClone(r resource) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:               "clone <ref-or-id> <pack> <name>",
		Short:             "Copy an action with its files into a pack",
		Example:           "  nightshift action clone core.local ours mend",
		Args:              args(3, 3),
		ValidArgsFunction: a.completeThings(r),
		RunE: func(cmd *cobra.Command, words []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			d, err := s.do(cmd.Context(), http.MethodPost, r.path+"/"+seg(words[0])+"/clone",
				map[string]any{"dest_pack": words[1], "dest_action": words[2], "overwrite": force})
			if err != nil {
				return named(err, r, words[0])
			}
			return s.show(d, nil, r.shape)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "overwrite an action that is there")
	return cmd
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
		a.listCommand(r, nil, nil), a.getCommand(r), a.packSearch(), a.packShow(), a.packInstall(), a.packUpdate(r), a.packRemove(r),
		a.packConfig(r), a.packRegister(r), a.packCreate(), a.packValidate(),
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
