package st2

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func packs() resource {
	return resource{
		word: "pack", name: "Pack", plural: "packs", path: "/packs", key: "ref",
		columns: []string{"ref", "name", "description", "version", "author"},
		fields:  []string{"name", "version", "author", "email", "keywords", "description"},
		order:   []string{"name", "version", "author", "email", "keywords", "description"},
	}
}

func packCommands() []*command {
	r := packs()
	search := &command{
		name: "pack search", about: "Find packs in the index.",
		options:     slices.Concat(common(), shown([]string{"name", "description", "version", "author"})),
		positionals: []positional{pos("query", "query", "what to look for")},
		run: func(c *call) error {
			v, _, err := c.read(c.search("query", c.args.text("query")))
			if err != nil {
				return err
			}
			var list []*value.Dict
			if l, ok := v.(*value.List); ok {
				for _, item := range l.Items {
					list = append(list, dict(item))
				}
			}
			_, err = c.table(list, c.tableOf(r))
			return err
		},
	}
	show := &command{
		name: "pack show", about: "Show a pack of the index.", options: common(), positionals: []positional{pos("pack", "pack", "the pack")},
		run: func(c *call) error {
			v, _, err := c.read(c.search("pack", c.args.text("pack")))
			return c.orNone(v, err)
		},
	}
	register := &command{
		name: "pack register", about: "Read the files of packs again.",
		options:     append(common(), opt("kinds of content to read", "--types").takes(someWords)),
		positionals: []positional{{"packs", "pack", '*', "the packs; all if none is named"}},
		run: func(c *call) error {
			body := value.NewDict()
			for _, name := range []string{"types", "packs"} {
				if words := c.args.words(name); len(words) > 0 {
					body.Set(name, listOf(words))
				}
			}
			v, _, err := c.read(request{method: "POST", path: r.path + "/register", body: body})
			return c.orNone(v, err)
		},
	}
	list := listing(r, nil, justShown)
	return []*command{list, getting(r, nil, nil), show, search, packInstall(r), packRemove(r), register, packConfig(r)}
}

// search is a question to the index.
func (*call) search(by, word string) request {
	body := value.NewDict()
	body.Set(by, word)
	return request{method: "POST", path: "/packs/index/search", body: body}
}

// orNone shows a thing, or says that there is none.
func (c *call) orNone(v value.Value, err error) error {
	if err == nil && !value.Truth(v) {
		c.print("No matching items found")
		return nil
	}
	return c.operation(func() (*value.Dict, error) { return dict(v), err })
}

// packOptions are those of commands that wait for packs.
func packOptions(r resource) []option {
	return append(common(), widthOption(),
		opt(`attributes to show; "all" for every one`, "--attr").takes(someWords).orWords(r.columns...).exclusive(),
		flag("show the execution as a table", "-d", "--detail").exclusive())
}

func packInstall(r resource) *command {
	return &command{
		name: "pack install", about: "Install packs.",
		options: append(packOptions(r),
			flag("install what cannot be made sure of, too", "--force"), flag("leave out what the packs depend on", "--skip-dependencies")),
		positionals: []positional{some("packs", "pack", "a pack of the index, or the address of a Git repository")},
		run: func(c *call) error {
			names := c.args.words("packs")
			if !c.machine() {
				c.announce(names)
			}
			body := value.NewDict()
			body.Set("packs", listOf(names))
			body.Set("force", c.args.flag("force"))
			body.Set("skip_dependencies", c.args.flag("skip_dependencies"))
			d, err := c.stages(request{method: "POST", path: r.path + "/install", body: body})
			if err != nil {
				return err
			}
			output := dict(field(dict(field(d, "result")), "output"))
			if err := c.packs(r, items(output, "packs_list"), nil); err != nil {
				return err
			}
			for _, v := range items(output, "warning_list") {
				c.print(value.Str(v))
			}
			return nil
		},
	}
}

// announce says what packs bring, where the index knows.
func (c *call) announce(names []string) {
	kinds := []string{"actions", "rules", "sensors", "aliases", "triggers"}
	counts, known := map[string]int64{}, false
	for _, name := range names {
		if strings.HasPrefix(name, "file://") {
			return
		}
		d, err := c.ask(c.search("pack", name))
		if err != nil {
			continue // the installation will say so
		}
		for kind, v := range dict(field(d, "content")).Texts() {
			n, _ := field(dict(v), "count").(int64)
			counts[kind] += n
			known = true
		}
	}
	if !known {
		return
	}
	word := "pack"
	if len(names) > 1 {
		word = "packs"
	}
	c.print("\nFor the \"" + strings.Join(names, ", ") + "\" " + word + ", the following content will be registered:\n")
	for _, kind := range kinds {
		c.print(fmt.Sprintf("%-10s|  %d", kind, counts[kind]))
	}
	c.print("\nInstallation may take a while for packs with many items.")
}

// stages asks for something that a workflow does, shows its tasks while they go
// on, and returns its execution at the end.
func (c *call) stages(r request) (*value.Dict, error) {
	started, err := c.ask(r)
	if err != nil {
		return nil, err
	}
	id := text(started, "execution_id")
	drawn := false
	err = c.listen([]string{"st2.execution__create", "st2.execution__update"}, id, func(e *value.Dict) (bool, error) {
		status := text(e, "status")
		if text(e, "id") == id {
			return !completed(status), nil
		}
		if c.machine() || text(e, "parent") != id {
			return true, nil
		}
		mark := "\r"
		if status == "scheduled" {
			mark = "\n"
		} else if status != "running" && !completed(status) {
			return true, nil
		}
		drawn = true
		shown := value.Str(c.colored(status))
		pad := max(20-len(shown), 0)
		_, err := io.WriteString(c.Out, mark+"\t["+strings.Repeat(" ", pad/2)+shown+strings.Repeat(" ", pad-pad/2)+"] "+lineageOf(e).task)
		return true, err
	})
	if drawn {
		c.print("\n")
	}
	if err != nil {
		return nil, err
	}
	d, err := c.ask(request{path: "/executions" + path(id)})
	if err != nil {
		return nil, err
	}
	// The stream may have ended before the workflow did: it is no ledger.
	if unfinished(text(d, "status")) {
		if d, err = c.await(d, false); err != nil {
			return nil, err
		}
	}
	if text(d, "status") == "succeeded" {
		return d, nil
	}
	if err := c.execution(d); err != nil {
		return nil, err
	}
	return nil, silent(exitFailure)
}

// packs shows packs: those that are there now, or those that were.
func (c *call) packs(r resource, names []value.Value, before []*value.Dict) error {
	v := c.tableOf(r)
	v.order = []string{"id", "action.ref", "context.user", "parameters", "status", "start_timestamp", "end_timestamp", "result"}
	if before == nil {
		var err error
		if before, _, err = c.list(request{path: r.path, query: []param{{"limit", "-1"}}}); err != nil {
			return err
		}
	}
	var found []*value.Dict
	for _, d := range before {
		if slices.Contains(names, field(d, "ref")) || slices.Contains(names, field(d, "name")) {
			found = append(found, d)
		}
	}
	if len(names) == 1 && len(found) == 1 {
		return c.properties(found[0], v)
	}
	_, err := c.table(found, v)
	return err
}

func packRemove(r resource) *command {
	return &command{
		name: "pack remove", about: "Remove packs.",
		options:     packOptions(r),
		positionals: []positional{some("packs", "pack", "the pack")},
		run: func(c *call) error {
			every := request{path: r.path, query: []param{{"limit", "-1"}}}
			before, _, err := c.list(every)
			if err != nil {
				return err
			}
			body := value.NewDict()
			names := listOf(c.args.words("packs"))
			body.Set("packs", names)
			if _, err := c.stages(request{method: "POST", path: r.path + "/uninstall", body: body}); err != nil {
				return err
			}
			after, _, err := c.list(every)
			if err != nil {
				return err
			}
			for _, d := range after {
				if slices.Contains(names.Items, field(d, "ref")) {
					return silent(exitUsage)
				}
			}
			return c.packs(r, names.Items, before)
		},
	}
}

func packConfig(r resource) *command {
	return &command{
		name: "pack config", about: "Configure a pack by answering questions.",
		options: common(), positionals: []positional{pos("name", "name", "the pack")},
		run: func(c *call) error {
			name := c.args.text("name")
			return c.operation(func() (*value.Dict, error) {
				schema, err := c.find(request{path: "/config_schemas" + path(name)})
				if err != nil {
					return nil, err
				}
				if schema == nil {
					return nil, sayf("%s %q doesn't exist or doesn't have a config schema defined.", r.name, name)
				}
				spec := value.NewDict()
				spec.Set("properties", dict(field(schema, "attributes")))
				values, err := c.fill(spec)
				if err != nil {
					return nil, err
				}
				answer, err := c.line("---\nDo you want me to save it? [y]: ")
				if err != nil || answer != "" && strings.ToLower(answer)[0] != 'y' {
					return nil, sayf("Interrupted")
				}
				return c.ask(request{method: "PUT", path: "/configs" + path(name), body: values})
			})
		},
	}
}

// fill asks a person for an object that fits a schema.
func (c *call) fill(schema *value.Dict) (value.Value, error) { return cli.Fill(c.Options, schema) }
