package st2

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

// resource is a kind of thing that the API lists and gives.
type resource struct {
	word    string // of its commands
	name    string // as it is said of one that is not found
	plural  string // in the notes below lists
	path    string
	key     string   // what names one: ref_or_id, name_or_id, or what else the API takes
	columns []string // of a list
	fields  []string // of one; default all
	order   []string // of the fields that come first
	shape   func(a *app) shape
}

func (r resource) one() string { return strings.ToLower(r.name) }

func (r resource) metavar() string { return strings.ReplaceAll(r.key, "_", "-") }

func (r resource) shapeOf(a *app) shape {
	if r.shape == nil {
		return nil
	}
	return r.shape(a)
}

// The options that every command has, and those of how things are shown.
func common() []option {
	return []option{
		opt("token to come in with (ST2_AUTH_TOKEN)", "-t", "--token"),
		opt("API key to come in with (ST2_API_KEY)", "--api-key"),
		flag("print JSON", "-j", "--json"),
		flag("print YAML", "-y", "--yaml"),
	}
}

func attrOption(names ...string) option {
	return opt(`attributes to show; "all" for every one`, "-a", "--attr").takes(someWords).orWords(names...)
}

func widthOption() option {
	return opt("widths of the columns; one is for all", "-w", "--width").takes(someNumbers)
}

func shown(columns []string) []option { return []option{attrOption(columns...), widthOption()} }

func lastOption() option {
	return number("how many to show, the latest ones; -1 for all", "-n", "--last").or(int64(50))
}

func packOption() option { return opt("only those of this pack", "-p", "--pack") }

// tableOf is the view that the options of a list ask for.
func (c *call) tableOf(r resource) view {
	v := view{attrs: c.args.words("attr"), shape: r.shapeOf(c.app)}
	for _, w := range items(c.args.Dict, "width") {
		n, _ := w.(int64)
		v.widths = append(v.widths, int(n))
	}
	return v
}

// narrowed asks for no more than what is shown.
func narrowed(attrs []string) []param {
	if isAll(attrs) {
		return nil
	}
	return []param{{"include_attributes", strings.Join(attrs, ",")}}
}

// given turns options into parts of a query, but those that are not given.
func (c *call) given(names ...string) []param {
	var out []param
	for _, name := range names {
		option, query, renamed := strings.Cut(name, "=")
		if !renamed {
			query = option
		}
		if v := c.args.text(option); v != "" {
			out = append(out, param{query, v})
		}
	}
	return out
}

// tabler shows a list and returns how wide its table is.
type tabler func(c *call, list []*value.Dict, v view) (width int, err error)

// listing is a list with a query made of the options.
func listing(r resource, own []option, query func(c *call) []param) *command {
	return &command{
		name: r.word + " list", about: "List the " + r.plural + ".",
		options: slices.Concat(common(), shown(r.columns), own),
		run: func(c *call) error {
			list, _, err := c.list(request{path: r.path, query: query(c)})
			if err != nil {
				return err
			}
			_, err = c.table(list, c.tableOf(r))
			return err
		},
	}
}

// latest is a list of the latest ones, with a note when there are more. The API
// gives the latest first; where reversed is set, they are shown last. Show may
// change the rows before they become a table.
func latest(r resource, own []option, reversed bool, query func(c *call) []param, show tabler) *command {
	return &command{
		name: r.word + " list", about: "List the latest " + r.plural + ".",
		options: slices.Concat(common(), []option{lastOption()}, own, shown(r.columns)),
		run: func(c *call) error {
			last := c.args.number("last")
			list, total, err := c.list(request{path: r.path + "/", query: append([]param{{"limit", itoa(last)}}, query(c)...)})
			if err != nil {
				return err
			}
			if reversed {
				slices.Reverse(list)
			}
			v := c.tableOf(r)
			v.empty = reversed
			if show == nil {
				show = (*call).table
			}
			width, err := show(c, list, v)
			if err != nil {
				return err
			}
			c.note(r.plural, last, total, width)
			return nil
		},
	}
}

// getting shows things by what names them.
func getting(r resource, own []option, query func(c *call) []param) *command {
	return showing(r, own, query, func(c *call, d *value.Dict) error {
		return c.properties(d, view{attrs: c.args.words("attr"), order: r.order, shape: r.shapeOf(c.app)})
	})
}

// showing gets things by what names them, and shows each of them. One that is not
// there is only said where others are, and a failure where there is none.
func showing(r resource, own []option, query func(c *call) []param, show func(c *call, d *value.Dict) error) *command {
	fields := r.fields
	if fields == nil {
		fields = []string{all}
	}
	return &command{
		name: r.word + " get", about: "Show " + r.one() + "s in full.",
		options:     slices.Concat(common(), []option{attrOption(fields...)}, own),
		positionals: []positional{some(r.key, r.metavar(), "what names the "+r.one())},
		run: func(c *call) error {
			return c.each(r, c.args.words(r.key), query, show)
		},
	}
}

func (c *call) each(r resource, names []string, query func(c *call) []param, show func(c *call, d *value.Dict) error) error {
	var q []param
	if query != nil {
		q = query(c)
	}
	var found []*value.Dict
	for _, name := range names {
		d, err := c.find(request{path: r.path + path(name), query: q})
		if err != nil {
			return err
		}
		if d == nil {
			c.missing(r, name)
			if len(names) == 1 {
				return notFound("Resource " + name + " not found.")
			}
			continue
		}
		found = append(found, d)
	}
	for _, d := range found {
		if err := show(c, d); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) missing(r resource, name string) {
	c.print(r.name + ` "` + name + "\" is not found.\n")
}

// fetch finds one thing by what names it. Where that can be a name, the thing of
// that name comes first.
func (c *call) fetch(r resource, name string, query ...param) (*value.Dict, error) {
	if r.key == "name_or_id" {
		list, _, err := c.list(request{path: r.path + "/", query: append([]param{{"name", name}}, query...)})
		if err != nil {
			return nil, err
		}
		switch len(list) {
		case 0:
		case 1:
			return list[0], nil
		default:
			return nil, sayf("More than one %s named %q are found.", r.one(), name)
		}
	}
	d, err := c.find(request{path: r.path + path(name), query: query})
	if err != nil || d != nil {
		return d, err
	}
	how := map[string]string{"name_or_id": "id or name", "ref_or_id": "id or reference"}[r.key]
	if how == "" {
		how = "id"
	}
	return nil, notFound("Resource with " + how + ` "` + name + `" doesn't exist.`)
}

// creating makes a thing of a file.
func creating(r resource) *command {
	return &command{
		name: r.word + " create", about: "Create one from a file.",
		options:     common(),
		positionals: []positional{pos("file", "file", "JSON or YAML file")},
		run: func(c *call) error {
			return c.operation(func() (*value.Dict, error) {
				d, err := readObject(c.args.text("file"))
				if err != nil {
					return nil, err
				}
				return c.ask(request{method: "POST", path: r.path, body: d})
			})
		},
	}
}

// operation does something that gives a thing, and shows it. When it fails, that is
// said and the program ends with the code for it.
func (c *call) operation(do func() (*value.Dict, error)) error {
	d, err := do()
	if err == nil {
		err = c.properties(d, view{})
	}
	if err != nil && c.ctx.Err() == nil {
		c.print("ERROR: " + err.Error())
		return silent(exitUsage)
	}
	return err
}

func updating(r resource) *command {
	return &command{
		name: r.word + " update", about: "Change one to what a file says.",
		options:     common(),
		positionals: []positional{pos(r.key, r.metavar(), "what names the "+r.one()), pos("file", "file", "JSON or YAML file")},
		run: func(c *call) error {
			d, err := c.fetch(r, c.args.text(r.key))
			if err != nil {
				return err
			}
			changed, err := readObject(c.args.text("file"))
			if err != nil {
				return err
			}
			switch id := text(changed, "id"); id {
			case "":
				changed.Set("id", field(d, "id"))
			case text(d, "id"):
			default:
				return fmt.Errorf("the file is of the %s with the id %s, and not of %s", r.one(), id, text(d, "id"))
			}
			return c.replace(r, changed)
		},
	}
}

// replace puts a thing in place of that with its id, and shows it.
func (c *call) replace(r resource, d *value.Dict) error {
	d, err := c.ask(request{method: "PUT", path: r.path + path(text(d, "id")), body: d})
	if err != nil {
		return err
	}
	return c.properties(d, view{})
}

// switching enables or disables a thing.
func switching(r resource, word string) *command {
	return &command{
		name: r.word + " " + word, about: strings.ToUpper(word[:1]) + word[1:] + " one.",
		options:     common(),
		positionals: []positional{pos(r.key, r.metavar(), "what names the "+r.one())},
		run: func(c *call) error {
			d, err := c.fetch(r, c.args.text(r.key))
			if err != nil {
				return err
			}
			d.Delete("ref")
			d.Set("enabled", word == "enable")
			return c.replace(r, d)
		},
	}
}

// deleting removes a thing.
func deleting(r resource, own []option, body func(c *call) value.Value) *command {
	return &command{
		name: r.word + " delete", about: "Delete one.",
		options:     slices.Concat(common(), own),
		positionals: []positional{pos(r.key, r.metavar(), "what names the "+r.one())},
		run: func(c *call) error {
			name := c.args.text(r.key)
			d, err := c.fetch(r, name)
			if err == nil {
				q := request{method: "DELETE", path: r.path + path(text(d, "id"))}
				if body != nil {
					q.body = body(c)
				}
				err = c.remove(q)
			}
			return c.deleted(r, name, err)
		},
	}
}

// remove deletes; what is not there any more is deleted, too.
func (c *call) remove(r request) error {
	x, err := c.do(r)
	if err != nil || x.status == 404 {
		return err
	}
	return x.check()
}

// deleted says how a deletion ended.
func (c *call) deleted(r resource, name string, err error) error {
	if _, ok := errors.AsType[notFound](err); ok {
		c.missing(r, name)
		return silent(exitUsage)
	}
	if err != nil {
		return err
	}
	c.print(`Resource with id "` + name + `" has been successfully deleted.`)
	return nil
}

// cloning is what StackStorm's client lists and nobody has built.
func cloning(r resource) *command {
	return &command{
		name: r.word + " clone", about: "Not there: only actions can be cloned.",
		options: common(),
		run:     func(c *call) error { return fmt.Errorf("clone '%s' is not implemented.", r.word) }, //nolint:staticcheck,revive // StackStorm's words
	}
}

// readObject reads a file that describes one thing.
func readObject(file string) (*value.Dict, error) {
	v, err := readFile(file)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("%s does not hold one object", file)
	}
	return d, nil
}

// readFile reads JSON or YAML, as the file's name says.
func readFile(file string) (value.Value, error) {
	info, err := os.Stat(file)
	if err != nil || info.IsDir() {
		return nil, sayf("File %q does not exist.", file)
	}
	b, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	switch ext := filepath.Ext(file); ext {
	case ".json":
		if !json.Valid(b) {
			var any json.RawMessage
			return nil, fmt.Errorf("%s: %w", file, json.Unmarshal(b, &any))
		}
		return value.FromJSON(b)
	case ".yaml", ".yml":
		v, err := pyyaml.Unmarshal(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return v, nil
	default:
		return nil, sayf("Unsupported meta type %s, file %s. Allowed: ['.json', '.yaml', '.yml']", ext, file)
	}
}
