package st2

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func keys() resource {
	return resource{
		word: "key", name: "Key Value Pair", plural: "key value pairs", path: "/keys", key: "name",
		columns: []string{"name", "value", "secret", "encrypted", "scope", "user", "expire_timestamp"},
		fields:  []string{"name", "value", "secret", "encrypted", "scope", "expire_timestamp"},
	}
}

func scopeOption(def string) option { return opt("scope of the key", "-s", "--scope").or(def) }
func keyUserOption() option         { return opt("user whose key it is, for admins", "-u", "--user") }
func decryptOption() option         { return flag("show secrets as they are", "-d", "--decrypt") }

// decrypted asks for secrets as the options say.
func (c *call) decrypted() []param {
	word := "false"
	if c.args.flag("decrypt") {
		word = "true"
	}
	return []param{{"decrypt", word}, {"scope", c.args.text("scope")}}
}

func keyCommands() []*command {
	r := keys()
	list := latest(r, []option{opt("only those whose names begin so", "--prefix"), decryptOption(), scopeOption(all), keyUserOption()}, false, func(c *call) []param {
		return append(c.decrypted(), c.given("user", "prefix")...)
	}, func(c *call, list []*value.Dict, v view) (int, error) {
		if c.machine() {
			slices.Reverse(list)
		}
		v.shape = shape{"expire_timestamp": c.moment}
		return c.table(list, v)
	})
	get := getting(r, []option{decryptOption(), scopeOption("system")}, (*call).decrypted)
	return []*command{list, get, keyDelete(r), cloning(r), keySet(r), keyLoad(r), keyDeleteAll(r)}
}

func keyDelete(r resource) *command {
	return &command{
		name: "key delete", about: "Delete a key.",
		options:     append(common(), scopeOption("system"), keyUserOption()),
		positionals: []positional{pos("name", "name", "the key")},
		run: func(c *call) error {
			name := c.args.text("name")
			where := c.given("scope", "user")
			_, err := c.fetch(r, name, where...)
			if err == nil {
				err = c.remove(request{method: "DELETE", path: r.path + path(name), query: where})
			}
			return c.deleted(r, name, err)
		},
	}
}

func keySet(r resource) *command {
	return &command{
		name: "key set", about: "Set a key.",
		options: append(common(),
			flag("encrypt the value", "-e", "--encrypt").as("secret").exclusive(),
			flag("the value is encrypted already", "--encrypted").exclusive(),
			number("seconds that it lives", "-l", "--ttl"), scopeOption("system"), keyUserOption()),
		positionals: []positional{pos("name", "name", "the key"), {"value", "value", '?', "its value; asked for if it is not given"}},
		run: func(c *call) error {
			d := value.NewDict()
			d.Set("name", c.args.text("name"))
			d.Set("scope", c.args.text("scope"))
			d.Set("user", field(c.args.Dict, "user"))
			d.Set("value", c.args.text("value"))
			if c.args.text("value") == "" {
				line, err := c.line("Please insert value for key: ")
				if err != nil {
					return err
				}
				d.Set("value", line)
			}
			for _, name := range []string{"secret", "encrypted", "ttl"} {
				if v := field(c.args.Dict, name); value.Truth(v) {
					d.Set(name, v)
				}
			}
			d, err := c.ask(request{method: "PUT", path: r.path + path(text(d, "name")), body: d})
			if err != nil {
				return err
			}
			return c.properties(d, view{attrs: []string{"name", "value", "scope", "expire_timestamp"}})
		},
	}
}

// line asks a person for a line.
func (c *call) line(prompt string) (string, error) {
	if c.InTerminal {
		_, _ = io.WriteString(c.Out, prompt) // whoever does not see it will not type
	}
	s, err := bufio.NewReader(c.In).ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || s == "") {
		return "", errors.New("standard input has ended")
	}
	return strings.TrimRight(s, "\r\n"), nil
}

func keyLoad(r resource) *command {
	return &command{
		name: "key load", about: "Set the keys that a file lists.",
		options:     append(common(), flag("write values that are no texts as JSON", "-c", "--convert")),
		positionals: []positional{pos("file", "file", "JSON or YAML file")},
		run: func(c *call) error {
			v, err := readFile(c.args.text("file"))
			if err != nil {
				return err
			}
			list, ok := v.(*value.List)
			if !ok && value.Truth(v) {
				list = value.NewList(v)
			}
			var set []*value.Dict
			if list != nil {
				for _, item := range list.Items {
					d, err := keyOf(dict(item), c.args.flag("convert"))
					if err != nil {
						return err
					}
					if _, err := c.ask(request{method: "PUT", path: r.path + path(text(d, "name")), body: d}); err != nil {
						return err
					}
					set = append(set, d)
				}
			}
			_, err = c.table(set, view{attrs: []string{"name", "value", "secret", "scope", "user", "ttl"}})
			return err
		},
	}
}

// keyOf is a key as it is sent, of what a file says of it.
func keyOf(item *value.Dict, convert bool) (*value.Dict, error) {
	d := value.NewDict()
	for _, name := range []string{"name", "value"} {
		v, ok := item.Get(name)
		if !ok {
			return nil, sayf("'%s'", name)
		}
		d.Set(name, v)
	}
	if _, ok := field(d, "value").(string); !ok {
		if !convert {
			return nil, sayf("Item '%s' has a value that is not a string. Either pass in the -c/--convert option to convert non-string types "+
				"to JSON strings automatically, or convert the data to a string in the file", value.Str(field(d, "name")))
		}
		b, err := value.AppendJSONOptions(nil, field(d, "value"), value.JSONOptions{Item: ", ", Key: ": ", ASCII: true})
		if err != nil {
			return nil, err
		}
		d.Set("value", string(b))
	}
	d.Set("scope", "system")
	if scope, ok := item.Get("scope"); ok {
		d.Set("scope", scope)
	}
	for _, name := range []string{"user", "encrypted", "secret", "ttl"} {
		if v := field(item, name); value.Truth(v) {
			d.Set(name, v)
		}
	}
	return d, nil
}

func keyDeleteAll(r resource) *command {
	return &command{
		name: "key delete_by_prefix", about: "Delete all keys whose names begin so.",
		options: append(common(), opt("how their names begin", "-p", "--prefix").required()),
		run: func(c *call) error {
			list, _, err := c.list(request{path: r.path, query: c.given("prefix")})
			if err != nil {
				return err
			}
			names := make([]string, len(list))
			for i, d := range list {
				names[i] = text(d, "name")
				if err := c.remove(request{method: "DELETE", path: r.path + path(names[i])}); err != nil {
					return err
				}
			}
			c.print("Deleted " + itoa(len(names)) + " keys")
			c.print("Deleted key ids: " + strings.Join(names, ", "))
			return nil
		},
	}
}
