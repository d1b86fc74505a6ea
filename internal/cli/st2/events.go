package st2

import (
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// eventCommands are those of triggers, of what came of them, and of why.
func eventCommands() []*command {
	triggers := resource{
		word: "trigger", name: "Trigger", plural: "triggers", path: "/triggertypes", key: "ref_or_id",
		columns: []string{"ref", "pack", "description"},
		order:   []string{"id", "ref", "pack", "name", "description", "parameters_schema", "payload_schema"},
	}
	instances := resource{
		word: "trigger-instance", name: "Trigger Instance", plural: "triggerinstances", path: "/triggerinstances", key: "id",
		columns: []string{"id", "trigger", "occurrence_time", "status"},
		order:   []string{"id", "trigger", "occurrence_time", "payload"},
	}
	enforced := []string{"id", "rule.ref", "trigger_instance_id", "execution_id", "failure_reason", "enforced_at"}
	enforcements := resource{
		word: "rule-enforcement", name: "Rule Enforcement", plural: "rule enforcements", path: "/ruleenforcements", key: "id",
		columns: []string{"id", "rule.ref", "trigger_instance_id", "execution_id", "enforced_at"}, fields: enforced, order: enforced,
	}
	instanceList := latest(instances, slices.Concat(
		[]option{opt("only those of this trigger", "--trigger")}, betweenOptions(), []option{opt("only those with this status", "--status")}),
		true, func(c *call) []param {
			return append(c.given("trigger", "timestamp_gt", "timestamp_lt", "status"), narrowed(c.args.words("attr"))...)
		}, func(c *call, list []*value.Dict, v view) (int, error) {
			v.shape = shape{"occurrence_time": c.moment}
			return c.table(list, v)
		})
	enforcementList := latest(enforcements, slices.Concat([]option{
		opt("only those of this trigger instance", "--trigger-instance"), opt("only that of this execution", "--execution"), opt("only those of this rule", "--rule"),
	}, betweenOptions()), false, func(c *call) []param {
		return c.given("trigger_instance", "execution", "rule=rule_ref", "timestamp_gt=enforced_at_gt", "timestamp_lt=enforced_at_lt")
	}, func(c *call, list []*value.Dict, v view) (int, error) {
		if c.machine() {
			slices.Reverse(list)
		}
		return c.table(list, v)
	})
	return []*command{
		listing(triggers, []option{packOption()}, ofPack), getting(triggers, nil, nil), creating(triggers), updating(triggers),
		deleting(triggers, nil, nil), cloning(triggers), specifications(),
		instanceList, getting(instances, nil, nil), reemitting(instances),
		enforcementList, getting(enforcements, nil, nil), creating(enforcements), updating(enforcements), deleting(enforcements, nil, nil), cloning(enforcements),
	}
}

// specifications lists the triggers of a type with their parameters.
func specifications() *command {
	return &command{
		name: "trigger getspecs", about: "List the triggers of a type.", helps: true,
		options:     append(common(), flag("show this help", "-h", "--help")),
		positionals: []positional{{"ref", "ref", '?', "the type of trigger"}},
		run: func(c *call) error {
			if c.args.flag("help") {
				c.print(c.help(c.cmd))
				return nil
			}
			ref := c.args.text("ref")
			list, _, err := c.list(request{path: "/triggers/", query: []param{{"type", ref}}})
			if err != nil {
				return err
			}
			// The API knows no such filter.
			list = slices.DeleteFunc(list, func(d *value.Dict) bool { return ref != "" && text(d, "type") != ref })
			_, err = c.table(list, view{})
			return err
		},
	}
}

func reemitting(r resource) *command {
	return &command{
		name: "trigger-instance re-emit", about: "Let an event happen again.", helps: true,
		options:     append(common(), flag("show this help", "-h", "--help")),
		positionals: []positional{{"id", "id", '?', "the trigger instance"}},
		run: func(c *call) error {
			if c.args.flag("help") || c.args.text("id") == "" {
				c.print(c.help(c.cmd))
				return nil
			}
			d, err := c.ask(request{method: "POST", path: r.path + path(c.args.text("id"), "re_emit")})
			if err == nil && text(d, "message") != "" {
				c.print(text(d, "message"))
			}
			return err
		},
	}
}

func inquiryCommands() []*command {
	r := resource{
		word: "inquiry", name: "Inquiry", plural: "inquiries", path: "/inquiries", key: "id",
		columns: []string{"id", "roles", "users", "route", "ttl"}, fields: []string{"id", "roles", "users", "route", "ttl", "schema"},
	}
	respond := &command{
		name: "inquiry respond", about: "Answer an inquiry.",
		options:     append(common(), opt("the whole answer as JSON; without it you are asked", "-r", "--response")),
		positionals: []positional{pos("id", "id", "the inquiry")},
		run: func(c *call) error {
			id := c.args.text("id")
			inquiry, err := c.fetch(r, id)
			if err != nil {
				return err
			}
			body := value.NewDict()
			body.Set("id", id)
			var answer value.Value
			if word := c.args.text("response"); word != "" {
				answer, err = value.FromJSON([]byte(word))
			} else {
				answer, err = c.fill(dict(field(inquiry, "schema")))
			}
			if err != nil {
				return err
			}
			body.Set("response", answer)
			d, err := c.ask(request{method: "PUT", path: r.path + path(id), body: body})
			if err != nil {
				return err
			}
			c.print("\nResponse accepted for inquiry " + text(d, "id") + ".")
			return nil
		},
	}
	return []*command{latest(r, nil, true, nothing, nil), getting(r, nil, nil), respond}
}
