package st2

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func aliasCommands() []*command {
	r := resource{
		word: "action-alias", name: "Action Alias", plural: "action aliases", path: "/actionalias", key: "ref_or_id",
		columns: []string{"ref", "pack", "description", "enabled"},
		order:   []string{"id", "ref", "pack", "name", "description", "enabled", "action_ref", "formats"},
	}
	spoken := func(dest string) []positional {
		return []positional{pos(dest, "command", "what would be said in the chat")}
	}
	userOption := opt("user to run it as, for admins", "-u", "--user")
	match := &command{
		name: "action-alias match", about: "Show the alias that a command is for.",
		options: slices.Concat(common(), shown([]string{"name", "description"})), positionals: spoken("match_text"),
		run: func(c *call) error {
			body := value.NewDict()
			body.Set("command", c.args.text("match_text"))
			d, err := c.ask(request{method: "POST", path: r.path + "/match", body: body})
			if err != nil {
				return err
			}
			_, err = c.table([]*value.Dict{dict(field(d, "actionalias"))}, c.tableOf(r))
			return err
		},
	}
	execute := &command{
		name: "action-alias execute", about: "Run what a command is for.",
		options: append(common(), userOption), positionals: spoken("command_text"),
		run: func(c *call) error {
			d, err := c.say()
			if err != nil {
				return err
			}
			c.print("Matching Action-alias: '" + text(dict(field(d, "actionalias")), "ref") + "'")
			c.print("To get the results, execute:\n st2 execution get " + text(dict(field(d, "execution")), "id"))
			return nil
		},
	}
	try := &command{
		name: "action-alias test", about: "Run what a command is for, and show what the chat would be told.",
		options: slices.Concat(common(), []option{userOption}, resultOptions([]string{"name"}), []option{
			flag("do not wait for the end", "-a", "--async").as("action_async"),
		}), positionals: spoken("command_text"),
		run: (*call).tryAlias,
	}
	return []*command{
		listing(r, []option{packOption()}, ofPack), getting(r, nil, nil), creating(r), updating(r), deleting(r, nil, nil), cloning(r), match, execute, try,
	}
}

// say runs what a command in a chat is for.
func (c *call) say() (*value.Dict, error) {
	body := value.NewDict()
	body.Set("command", c.args.text("command_text"))
	body.Set("user", c.args.text("user"))
	body.Set("source_channel", "cli")
	d, err := c.ask(request{method: "POST", path: "/aliasexecution/match_and_execute", body: body})
	if err != nil {
		return nil, err
	}
	results := items(d, "results")
	if len(results) == 0 {
		return nil, sayf("the command started nothing")
	}
	return dict(results[0]), nil
}

func (c *call) tryAlias() error {
	c.print("Triggering execution via action alias\n")
	d, err := c.say()
	if err != nil {
		return err
	}
	waiting := func(d *value.Dict, fresh bool) (*value.Dict, error) {
		c.print("Execution (" + text(d, "id") + ") has been started, waiting for it to finish...\n")
		return c.await(d, fresh)
	}
	if d, err = waiting(dict(field(d, "execution")), false); err != nil {
		return err
	}
	c.print("\nExecution (" + text(d, "id") + ") has finished, rendering result...\n")
	parameters, body := value.NewDict(), value.NewDict()
	parameters.Set("execution_id", field(d, "id"))
	body.Set("action", "chatops.format_execution_result")
	body.Set("parameters", parameters)
	body.Set("user", c.args.text("user"))
	if d, err = c.ask(request{method: "POST", path: "/executions", body: body}); err != nil {
		return err
	}
	if d, err = waiting(d, true); err != nil {
		return err
	}
	message, err := lookUp(d, "result.result.message")
	if err != nil {
		return err
	}
	rule := strings.Repeat("=", 80)
	c.print("\nFormatted ChatOps result message\n\n" + rule + "\n" + value.Str(c.plain(message)) + "\n" + rule + "\n")
	return nil
}
