package st2

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func actions() resource {
	return resource{
		word: "action", name: "Action", plural: "actions", path: "/actions", key: "ref_or_id",
		columns: []string{"ref", "pack", "description"},
		order:   []string{"id", "uid", "ref", "pack", "name", "description", "enabled", "entry_point", "runner_type", "parameters"},
	}
}

// ofPack asks for the things of a pack, and no more of them than is shown.
func ofPack(c *call) []param { return append(c.given("pack"), narrowed(c.args.words("attr"))...) }

// justShown asks for no more than what is shown.
func justShown(c *call) []param { return narrowed(c.args.words("attr")) }

func nothing(*call) []param { return nil }

func actionCommands() []*command {
	r := actions()
	remove := deleting(r, []option{flag("delete its files, too", "-r", "--remove-files")}, func(c *call) value.Value {
		d := value.NewDict()
		d.Set("remove_files", c.args.flag("remove_files"))
		return d
	})
	return []*command{
		listing(r, []option{packOption()}, ofPack), getting(r, nil, nil), creating(r), updating(r), remove, actionClone(r),
		switching(r, "enable"), switching(r, "disable"), running("action execute", false),
	}
}

func actionClone(r resource) *command {
	return &command{
		name: "action clone", about: "Copy an action with its files.",
		options: append(common(), flag("overwrite an action that is there", "-f", "--force")),
		positionals: []positional{
			pos("source_ref_or_id", "source-ref-or-id", "the action"), pos("dest_pack_name", "dest-pack-name", "pack of the copy"),
			pos("dest_action_name", "dest-action-name", "name of the copy"),
		},
		run: func(c *call) error {
			source, pack, name := c.args.text("source_ref_or_id"), c.args.text("dest_pack_name"), c.args.text("dest_action_name")
			if _, err := c.fetch(r, source); err != nil {
				return c.deleted(r, source, err) // which says that it is not there
			}
			there, err := c.find(request{path: r.path + path(pack+"."+name)})
			if err != nil {
				return err
			}
			if there != nil && !c.args.flag("force") {
				answer, err := c.line("The destination action already exists. Do you want to overwrite? (y/n): ")
				if err != nil {
					return err
				}
				if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
					c.print("Action is not cloned.")
					return nil
				}
			}
			return c.operation(func() (*value.Dict, error) {
				body := value.NewDict()
				body.Set("dest_pack", pack)
				body.Set("dest_action", name)
				body.Set("overwrite", there != nil)
				return c.ask(request{method: "POST", path: r.path + path(source, "clone"), body: body})
			})
		},
	}
}

func policyCommands() []*command {
	r := resource{
		word: "policy", name: "Policy", plural: "policies", path: "/policies", key: "ref_or_id",
		columns: []string{"ref", "resource_ref", "policy_type", "enabled"},
		order:   []string{"id", "ref", "pack", "name", "description", "enabled", "resource_ref", "policy_type", "parameters"},
	}
	own := []option{
		packOption(), opt("only those of this action", "-r", "--resource-ref"), opt("only those of this type", "-pt", "--policy-type"),
	}
	list := listing(r, own, func(c *call) []param {
		return append(c.given("pack", "resource_ref", "policy_type"), narrowed(c.args.words("attr"))...)
	})
	types := resource{
		word: "policy-type", name: "Policy type", plural: "policy types", path: "/policytypes", key: "ref_or_id",
		columns: []string{"id", "resource_type", "name", "description"},
	}
	return []*command{
		list, getting(r, nil, nil), creating(r), updating(r), deleting(r, nil, nil), cloning(r),
		listing(types, []option{opt("only those for this kind of thing", "-r", "--resource-type")}, func(c *call) []param { return c.given("resource_type") }),
		getting(types, nil, nil),
	}
}

func ruleCommands() []*command {
	r := resource{
		word: "rule", name: "Rule", plural: "rules", path: "/rules", key: "ref_or_id",
		columns: []string{"ref", "pack", "description", "enabled"},
		order:   []string{"id", "uid", "ref", "pack", "name", "description", "enabled"},
	}
	own := []option{
		flag("show the trigger and the action", "--iftt"), packOption(),
		opt("only those that run this action", "-c", "--action"), opt("only those for this type of trigger", "-g", "--trigger"),
		flag("only those that are enabled", "--enabled").exclusive(), flag("only those that are disabled", "--disabled").exclusive(),
	}
	list := latest(r, own, false, func(c *call) []param {
		if c.args.flag("iftt") {
			c.args.Set("attr", listOf([]string{"ref", "trigger.ref", "action.ref", "enabled"}))
		}
		q := c.given("pack", "action", "trigger")
		switch {
		case c.args.flag("enabled"):
			q = append(q, param{"enabled", "True"})
		case c.args.flag("disabled"):
			q = append(q, param{"enabled", "False"})
		}
		return append(q, narrowed(c.args.words("attr"))...)
	}, func(c *call, list []*value.Dict, v view) (int, error) {
		v.attrs = c.args.words("attr")
		return c.table(list, v)
	})
	return []*command{
		list, getting(r, nil, nil), creating(r), updating(r), deleting(r, nil, nil), cloning(r), switching(r, "enable"), switching(r, "disable"),
	}
}

// otherCommands are those of webhooks, timers, runners, sensors, workflows and
// services.
func otherCommands() []*command {
	timers := resource{
		word: "timer", name: "Timer", plural: "timers", path: "/timers", key: "name_or_id",
		columns: []string{"id", "uid", "pack", "name", "type", "parameters"},
		order:   []string{"type", "pack", "name", "description", "parameters"},
	}
	runners := resource{
		word: "runner", name: "Runner", plural: "runners", path: "/runnertypes", key: "name_or_id", columns: []string{"id", "name", "description"},
	}
	sensors := resource{
		word: "sensor", name: "Sensor", plural: "sensors", path: "/sensortypes", key: "ref_or_id",
		columns: []string{"ref", "pack", "description", "enabled"},
		order:   []string{"id", "uid", "ref", "pack", "name", "enabled", "entry_point", "artifact_uri", "trigger_types"},
	}
	hooks := webhooks()
	return []*command{
		webhookList(hooks), getting(hooks, nil, nil),
		listing(timers, []option{opt("only those of this type, such as core.st2.CronTimer", "-ty", "--timer-type")},
			func(c *call) []param { return c.given("timer_type") }), getting(timers, nil, nil),
		listing(runners, nil, justShown), getting(runners, nil, nil), switching(runners, "enable"), switching(runners, "disable"),
		listing(sensors, []option{packOption()}, ofPack), getting(sensors, nil, nil), switching(sensors, "enable"), switching(sensors, "disable"),
		inspecting(), groups(), members(),
	}
}

func webhooks() resource {
	return resource{
		word: "webhook", name: "Webhook", plural: "webhooks", path: "/webhooks", key: "url",
		columns: []string{"url", "type", "description"}, order: []string{"type", "description"},
	}
}

func webhookList(r resource) *command {
	return &command{
		name: "webhook list", about: "List the webhooks.",
		options: slices.Concat(common(), shown(r.columns), []option{packOption()}),
		run: func(c *call) error {
			// The address is not an attribute but a parameter of the trigger.
			list, _, err := c.list(request{path: r.path, query: c.given("pack")})
			if err != nil {
				return err
			}
			for _, d := range list {
				d.Set("url", field(dict(field(d, "parameters")), "url"))
			}
			slices.SortStableFunc(list, func(a, b *value.Dict) int { return strings.Compare(text(a, "url"), text(b, "url")) })
			_, err = c.table(list, c.tableOf(r))
			return err
		},
	}
}

func rbacCommands() []*command {
	roles := resource{
		word: "role", name: "Role", plural: "roles", path: "/rbac/roles", key: "id",
		columns: []string{"id", "name", "system", "description"}, order: []string{"id", "name", "system", "permission_grants"},
	}
	assignments := resource{
		word: "role-assignment", name: "Role Assignment", plural: "role assignments", path: "/rbac/role_assignments", key: "id",
		columns: []string{"id", "role", "user", "is_remote", "source", "description"}, order: []string{"id", "role", "user", "is_remote", "description"},
	}
	only := func(name string) func(c *call) []param {
		return func(c *call) []param {
			q := c.given("role", "user", "source")
			if c.args.flag(name) {
				q = append(q, param{name, "True"})
			}
			return q
		}
	}
	return []*command{
		listing(roles, []option{flag("only the roles of the system", "-s", "--system")}, only("system")), getting(roles, nil, nil),
		listing(assignments, []option{
			opt("only those of this role", "-r", "--role"), opt("only those of this user", "-u", "--user"),
			opt("only those from this source", "-s", "--source"), flag("only those from elsewhere", "--remote"),
		}, only("remote")), getting(assignments, nil, nil),
	}
}
