package st2

import (
	"net/http"
	"slices"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func executions() resource {
	return resource{
		word: "execution", name: "Action Execution", plural: "action executions", path: "/executions", key: "id",
		columns: []string{"id", "action.ref", "context.user", "status", "start_timestamp", "end_timestamp"},
	}
}

func executionCommands() []*command {
	r := executions()
	return []*command{executionList(r), executionGet(r), rerunning(r), canceling(r), changing(r, "pause", "pausing"), changing(r, "resume", "resuming"), tailing(r)}
}

// sortOption is the order of a list of the latest.
func sortOption() option {
	return opt("order by time: ascending (asc) or descending (desc)", "-s", "--sort").as("sort_order").or("descending")
}

func (c *call) sorted() []param {
	switch c.args.text("sort_order") {
	case "asc", "ascending":
		return []param{{"sort_asc", "True"}}
	case "desc", "descending":
		return []param{{"sort_desc", "True"}}
	}
	return nil
}

func betweenOptions() []option {
	return []option{
		opt("only those after this time", "-tg", "--timestamp-gt"),
		opt("only those before this time", "-tl", "--timestamp-lt"),
	}
}

func executionList(r resource) *command {
	own := slices.Concat([]option{
		sortOption(),
		opt("only those of this action", "--action"), opt("only those with this status", "--status"), opt("only those of this user", "--user"),
		opt("only those of this trigger instance", "--trigger_instance"),
	}, betweenOptions(), []option{flag("also those that others started", "-l", "--showall")})
	return latest(r, own, true, func(c *call) []param {
		q := c.given("action", "status", "user", "trigger_instance", "timestamp_gt", "timestamp_lt")
		if !c.args.flag("showall") {
			q = append(q, param{"parent", "null"})
		}
		return slices.Concat(q, c.sorted(), narrowed(c.args.words("attr")))
	}, func(c *call, list []*value.Dict, v view) (int, error) {
		v.shape = c.shape()
		workflows := slices.ContainsFunc(list, func(d *value.Dict) bool { return len(items(d, "children")) > 0 })
		for i, d := range list {
			if c.machine() {
				v.shape = nil
			} else {
				d = withElapsed(d)
			}
			if workflows {
				mark := "  "
				if len(items(d, "children")) > 0 {
					mark = "+ "
				}
				d = d.Clone()
				d.Set("id", mark+text(d, "id"))
			}
			list[i] = d
		}
		return c.table(list, v)
	})
}

func executionGet(r resource) *command {
	attrs := []string{"id", "action.ref", "context.user", "parameters", "status", "start_timestamp", "end_timestamp", "log", "result"}
	return &command{
		name: "execution get", about: "Show executions in full.",
		options:     slices.Concat(common(), []option{flag("leave the result out", "-x", "--exclude-result")}, resultOptions(attrs)),
		positionals: []positional{some("id", "id", "the execution")},
		run: func(c *call) error {
			query := func(c *call) []param {
				if c.args.flag("exclude_result") {
					return []param{{"exclude_attributes", "result"}}
				}
				attrs := c.args.words("attr")
				if isAll(attrs) {
					return nil
				}
				return narrowed(append([]string{"action.ref", "action.runner_type", "start_timestamp", "end_timestamp", "log"}, attrs...))
			}
			return c.each(r, c.args.words("id"), query, (*call).executionNow)
		},
	}
}

// executionNow shows an execution with how long it took.
func (c *call) executionNow(d *value.Dict) error {
	if !c.machine() {
		d = withElapsed(d)
	}
	return c.execution(d)
}

func rerunning(r resource) *command {
	cmd := &command{
		name: "execution re-run", about: "Run an action again.", helps: true,
		positionals: []positional{{"id", "id", '?', "the execution"}, {"parameters", "parameters", '*', "parameters to change, as name=value"}},
		options: slices.Concat(common(), []option{
			opt("tasks of a workflow to run again", "--tasks").takes(anyWords),
			opt("tasks whose items that succeeded are not run again", "--no-reset").takes(anyWords),
		}, runOptions(true), []option{helpOption()}, resultOptions(standard())),
	}
	cmd.run = func(c *call) error {
		id := c.args.text("id")
		if c.args.flag("help") && id == "" {
			c.print(c.help(c.cmd))
			return nil
		}
		old, err := c.find(request{path: r.path + path(id)})
		if err != nil {
			return err
		}
		if old == nil || id == "" {
			return sayf("Action execution with id %q cannot be found.", id)
		}
		ref := text(dict(field(old, "action")), "ref")
		if c.args.flag("help") {
			return c.describe(ref)
		}
		d, err := c.again(id, ref)
		if err != nil {
			return err
		}
		return c.follow(d, false)
	}
	return cmd
}

// again asks for another execution of what an execution was.
func (c *call) again(id, ref string) (*value.Dict, error) {
	action, runner, err := c.action(ref)
	if err != nil {
		return nil, err
	}
	parameters, err := c.parameters(action, runner)
	if err != nil {
		return nil, err
	}
	tasks, keep := c.args.words("tasks"), c.args.words("no_reset")
	reset := value.NewList()
	for _, name := range keep {
		if !slices.Contains(tasks, name) {
			return nil, sayf("List of tasks to reset does not match the tasks to rerun.")
		}
	}
	for _, name := range tasks {
		if !slices.Contains(keep, name) {
			reset.Items = append(reset.Items, name)
		}
	}
	delay := c.args.number("delay")
	body := value.NewDict()
	body.Set("parameters", parameters)
	body.Set("tasks", listOf(tasks))
	body.Set("reset", reset)
	body.Set("delay", int64(delay))
	return c.ask(request{method: "POST", path: "/executions" + path(id, "re_run"), body: body})
}

func canceling(r resource) *command {
	return &command{
		name: "execution cancel", about: "Cancel executions.",
		options:     common(),
		positionals: []positional{some("ids", "ids", "the executions")},
		run: func(c *call) error {
			for _, id := range c.args.words("ids") {
				x, err := c.do(request{method: "DELETE", path: r.path + path(id)})
				if err == nil && x.status != http.StatusNotFound {
					err = x.check()
				}
				if err != nil {
					return err
				}
				said := r.one() + " with id " + id + " canceled."
				if v, err := value.FromJSON(x.body); err == nil && text(dict(v), "faultstring") != "" {
					said = text(dict(v), "faultstring")
				}
				c.print(said)
			}
			return nil
		},
	}
}

// changing asks executions to pause or to go on.
func changing(r resource, word, status string) *command {
	return &command{
		name: "execution " + word, about: "Ask executions of workflows to " + word + ".",
		options:     slices.Concat(common(), resultOptions(standard())),
		positionals: []positional{some("ids", "ids", "the executions")},
		run: func(c *call) error {
			var changed []*value.Dict
			for _, id := range c.args.words("ids") {
				body := value.NewDict()
				body.Set("status", status)
				d, err := c.ask(request{method: "PUT", path: r.path + path(id), body: body})
				if err != nil {
					return err
				}
				changed = append(changed, d)
			}
			for _, d := range changed {
				if err := c.executionNow(d); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
