package st2

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// completionTime is how long names are looked up: nobody waits for a tabulator.
const completionTime = 2 * time.Second

// The scripts for shells are those that cobra makes for its commands, and they ask in
// its words: what has been typed behind asking, and, if others than files may follow,
// what to do with it at the end.
const (
	asking      = cobra.ShellCompRequestCmd
	askingBare  = cobra.ShellCompNoDescRequestCmd
	namesFollow = cobra.ShellCompDirectiveNoFileComp
	filesFollow = cobra.ShellCompDirectiveDefault
	valueFollow = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
)

// completion says to shells what may be typed, and reports whether that is what was
// asked for. It stands beside the table of commands, which is StackStorm's.
func (a *app) completion(ctx context.Context, argv []string) (bool, error) {
	if len(argv) < 2 {
		return false, nil
	}
	switch argv[0] {
	case "completion":
		return true, a.script(argv[1])
	case asking, askingBare:
	default:
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	found, follow := a.complete(ctx, argv[1:])
	last := argv[len(argv)-1]
	for _, x := range found {
		if !strings.HasPrefix(x.word, last) {
			continue
		}
		if about, _, _ := strings.Cut(x.about, "\n"); about != "" && argv[0] == asking {
			x.word += "\t" + about
		}
		a.print(x.word)
	}
	a.print(fmt.Sprintf(":%d", follow))
	return true, nil
}

// script prints what a shell reads to complete the commands.
func (a *app) script(shell string) error {
	root := &cobra.Command{Use: "st2"}
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(a.Out, true)
	case "zsh":
		return root.GenZshCompletion(a.Out)
	case "fish":
		return root.GenFishCompletion(a.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(a.Out)
	}
	return sayf("There is no completion for %q; there is for bash, zsh, fish and powershell", shell)
}

// suggestion is a word that may follow.
type suggestion struct{ word, about string }

// complete returns what may stand for the last of the words, and what else may follow.
func (a *app) complete(ctx context.Context, words []string) ([]suggestion, cobra.ShellCompDirective) {
	quiet := *a
	quiet.Out, quiet.Err = io.Discard, io.Discard
	last := len(words) - 1
	p := &parser{app: &quiet, cmd: &command{options: globals()}, args: arguments{value.NewDict()}}
	typed, of := p.skip(words[:last])
	if of != nil {
		return nil, filesFollow
	}
	var about *command
	for n := range min(len(typed), 3) {
		name := strings.Join(typed[:n+1], " ")
		if i := slices.IndexFunc(a.commands, func(c *command) bool { return c.name == name }); i >= 0 {
			about, typed = a.commands[i], typed[n+1:]
			break
		}
	}
	if about == nil {
		return a.branch(typed, words[last]), namesFollow
	}
	p.cmd = about
	c := &call{app: &quiet, ctx: ctx, cmd: about, args: p.args}
	var placed []string // words that are no options
	for len(typed) > 0 {
		if typed, of = p.skip(typed); of != nil {
			return c.ofOption(*of)
		}
		if len(typed) > 0 {
			placed, typed = append(placed, typed[0]), typed[1:]
		}
	}
	if strings.HasPrefix(words[last], "-") {
		return suggested(about.all()), namesFollow
	}
	return c.next(placed)
}

// skip reads the options that the words begin with. If the last of them misses its
// value, that is what is being typed.
func (p *parser) skip(words []string) (rest []string, of *option) {
	for len(words) > 0 && p.isOption(words[0]) {
		o, _, has, err := p.match(words[0])
		if err != nil {
			words = words[1:] // a mistake, which is told when the command is run
			continue
		}
		if len(words) == 1 && !has && o.kind != aFlag {
			return nil, &o
		}
		n, err := p.option(words)
		if err != nil {
			n = 1
		}
		words = words[n:]
	}
	return words, nil
}

// branch returns the words that may follow those of a command that is not there yet.
func (a *app) branch(typed []string, last string) []suggestion {
	if len(typed) == 0 && strings.HasPrefix(last, "-") {
		return suggested(globals())
	}
	branch := strings.Join(append(slices.Clone(typed), ""), " ")
	var out []suggestion
	for _, word := range a.words(branch) {
		about := strings.Join(a.words(branch+word+" "), ", ")
		if i := slices.IndexFunc(a.commands, func(c *command) bool { return c.name == branch+word }); i >= 0 {
			about = a.commands[i].about
		}
		out = append(out, suggestion{word, about})
	}
	return out
}

func suggested(options []option) []suggestion {
	var out []suggestion
	for _, o := range options {
		for _, name := range o.names {
			out = append(out, suggestion{name, o.about})
		}
	}
	return out
}

// named is where the names of things are: a list, and the attributes of an item that
// are its name and what is said of it.
type named struct{ path, name, about string }

// names are those that the words of commands are, by the first word of the command.
func names() map[string]named {
	return map[string]named{
		"run": {"/actions", "ref", "description"}, "action": {"/actions", "ref", "description"}, "action-alias": {"/actionalias", "ref", "description"},
		"rule": {"/rules", "ref", "description"}, "pack": {"/packs", "ref", "description"}, "trigger": {"/triggertypes", "ref", "description"},
		"sensor": {"/sensortypes", "ref", "description"}, "runner": {"/runnertypes", "name", "description"},
		"policy": {"/policies", "ref", "description"}, "policy-type": {"/policytypes", "ref", "description"},
		"key": {"/keys", "name", ""}, "apikey": {"/apikeys", "id", "user"}, "webhook": {"/webhooks", "parameters.url", ""}, "timer": {"/timers", "ref", "type"},
		"execution": {"/executions", "id", "action.ref"}, "inquiry": {"/inquiries", "id", "route"}, "trace": {"/traces", "id", "trace_tag"},
		"trigger-instance": {"/triggerinstances", "id", "trigger"}, "rule-enforcement": {"/ruleenforcements", "id", "rule.ref"},
		"role": {"/rbac/roles", "name", "description"},
	}
}

// ofOption completes the value of an option.
func (c *call) ofOption(o option) ([]suggestion, cobra.ShellCompDirective) {
	if n, ok := names()[o.target()]; ok {
		return c.look(n), namesFollow
	}
	return nil, filesFollow
}

// next completes the word that follows others, of those that are no options.
func (c *call) next(placed []string) ([]suggestion, cobra.ShellCompDirective) {
	place := len(placed)
	if len(c.cmd.positionals) == 0 {
		return nil, namesFollow
	}
	x := c.cmd.positionals[min(place, len(c.cmd.positionals)-1)]
	more := place < len(c.cmd.positionals) || x.count == '+' || x.count == '*'
	word, _, _ := strings.Cut(c.cmd.name, " ")
	n, ok := names()[word]
	switch {
	case !more:
		return nil, namesFollow
	case x.metavar == "file" || x.metavar == "query":
		return nil, filesFollow
	case x.dest == "parameters":
		return c.parameterNames(placed[0]), valueFollow
	case !ok || c.cmd.name == "pack install":
		return nil, filesFollow
	case place == 0 || x.count == '+' || x.count == '*':
		return c.look(n), namesFollow
	}
	return nil, filesFollow
}

// look asks the server for names. Without an answer there is nothing to suggest.
func (c *call) look(n named) []suggestion {
	if c.configure(c) != nil {
		return nil
	}
	query := []param{{"limit", "1000"}}
	switch n.path {
	case "/executions", "/traces", "/triggerinstances", "/ruleenforcements":
		query[0].value = "30" // the latest
	}
	list, _, err := c.list(request{path: n.path, query: query})
	if err != nil {
		return nil
	}
	var out []suggestion
	for _, d := range list {
		out = append(out, suggestion{textAt(d, n.name), textAt(d, n.about)})
	}
	return out
}

// textAt is the text that dots lead to.
func textAt(d *value.Dict, path string) string {
	for {
		first, rest, more := strings.Cut(path, ".")
		if !more {
			return text(d, first)
		}
		d, path = dict(field(d, first)), rest
	}
}

// parameterNames are those of an action and its runner.
func (c *call) parameterNames(ref string) []suggestion {
	if c.configure(c) != nil {
		return nil
	}
	d, err := c.find(request{path: "/actions/views/parameters" + path(ref)})
	if err != nil || d == nil { // there may be no such action
		return nil
	}
	var out []suggestion
	for name, v := range dict(field(d, "parameters")).Texts() {
		if field(dict(v), "immutable") != true {
			out = append(out, suggestion{name + "=", text(dict(v), "description")})
		}
	}
	return out
}
