package st2

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ini"
)

func passwordOptions() []option {
	return []option{
		flag("print JSON", "-j", "--json"), flag("print YAML", "-y", "--yaml"),
		opt("the password; asked for if it is not given", "-p", "--password"),
		number("seconds that the token is to live", "-l", "--ttl"),
	}
}

func authCommands() []*command {
	user := []positional{pos("username", "username", "the user")}
	return []*command{{
		name: "auth", about: "Get a token for a password.", anonymous: true, positionals: user,
		options: append(passwordOptions(), flag("print the token and nothing else", "-t", "--only-token")),
		run: func(c *call) error {
			t, err := c.authenticate()
			if err != nil {
				return err
			}
			if c.args.flag("only_token") {
				c.print(text(t, "token"))
				return nil
			}
			return c.properties(t, view{attrs: []string{"user", "token", "expiry"}})
		},
	}, {
		name: "login", about: "Log in for the commands to come.", anonymous: true, positionals: user,
		options: append(passwordOptions(), flag("keep the password in the configuration, readable", "-w", "--write-password")),
		run:     (*call).login,
	}, {
		name: "whoami", about: "Show who you are.", options: []option{flag("print JSON", "-j", "--json"), flag("print YAML", "-y", "--yaml")},
		run: (*call).whoami,
	}}
}

// authenticate gets a token for the user and the password of the options.
func (c *call) authenticate() (*value.Dict, error) {
	password := c.args.text("password")
	if password == "" {
		var err error
		if c.InTerminal && c.ReadPassword != nil {
			_, _ = c.Err.Write([]byte("Password: ")) // whoever does not see it will not type
			password, err = c.ReadPassword()
			_, _ = c.Err.Write([]byte("\n"))
		} else {
			password, err = c.line("")
		}
		if err != nil {
			return nil, err
		}
	}
	return c.newToken(c.args.text("username"), password, field(c.args.Dict, "ttl"))
}

func (c *call) login() error {
	user := c.args.text("username")
	if err := c.loginAs(user); err != nil {
		return sayf("Failed to log in as %s: %w", user, err)
	}
	c.print("Logged in as " + user)
	if !c.args.flag("write_password") {
		c.print("\nNote: You didn't use --write-password option so the password hasn't been stored in the client config and you will need to login " +
			"again in 24 hours when the auth token expires.")
		c.print("As an alternative, you can run st2 login command with the \"--write-password\" flag, but keep it mind this will cause it to store " +
			"the password in plain-text in the client config file (~/.st2/config).")
	}
	return nil
}

// loginAs gets a token, keeps it, and writes down who is to be asked for next time.
func (c *call) loginAs(user string) error {
	t, err := c.authenticate()
	if err != nil {
		return err
	}
	c.keepToken(t)
	file, _ := c.configPath(c)
	if file == "" {
		return errors.New("there is no home folder to keep the login in")
	}
	b, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f := ini.Parse(string(b))
	f.Set("credentials", "username", user)
	f.Remove("credentials", "password")
	if c.args.flag("write_password") {
		f.Set("credentials", "password", c.args.text("password"))
	}
	return cli.WritePrivate(file, []byte(f.String()))
}

func (c *call) whoami() error {
	d, err := c.ask(request{path: "/user"})
	if no, ok := errors.AsType[*refusal](err); ok && no.status == 401 {
		c.print("Not authenticated")
		return silent(exitFailure)
	}
	if err != nil {
		c.print("Unable to retrieve currently logged-in user")
		return err
	}
	if c.machine() {
		return c.encode(d)
	}
	how, rbac := dict(field(d, "authentication")), dict(field(d, "rbac"))
	c.print(`Currently logged in as "` + text(d, "username") + "\".\n")
	c.print("Authentication method: " + text(how, "method"))
	if text(how, "method") == "authentication token" {
		c.print("Authentication token expire time: " + value.Str(field(how, "token_expire")))
	}
	var roles []string
	for _, v := range items(rbac, "roles") {
		roles = append(roles, value.Str(v))
	}
	c.print("\nRBAC:\n - Enabled: " + value.Str(field(rbac, "enabled")) + "\n - Roles: " + strings.Join(roles, ", "))
	return nil
}

func apiKeyCommands() []*command {
	r := resource{
		word: "apikey", name: "API Key", plural: "api keys", path: "/apikeys", key: "key_or_id",
		columns: []string{"id", "user", "metadata"}, order: []string{"id", "user", "metadata"},
	}
	list := listing(r, []option{
		opt("only those of this user", "-u", "--user"), flag("show all of each", "-d", "--detail"), flag("show secrets", "--show-secrets"),
	}, func(c *call) []param {
		if c.args.flag("detail") {
			c.args.Set("attr", listOf([]string{all}))
		}
		q := c.given("user")
		if c.args.flag("show_secrets") {
			q = append(q, param{"show_secrets", "True"})
		}
		return q
	})
	load := &command{
		name: "apikey load", about: "Create the API keys that a file lists, by their hashes.",
		options:     append(common(), widthOption()),
		positionals: []positional{pos("file", "file", "JSON or YAML file")},
		run:         func(c *call) error { return c.loadKeys(r) },
	}
	return []*command{
		list, getting(r, nil, nil), apiKeyCreate(r), deleting(r, nil, nil), cloning(r), switching(r, "enable"), switching(r, "disable"), load,
	}
}

func apiKeyCreate(r resource) *command {
	return &command{
		name: "apikey create", about: "Create an API key.",
		options: append(common(),
			opt("user whose key it is", "-u", "--user").or(""), opt("what to remember of it, as JSON", "-m", "--metadata").or("{}"),
			flag("print the key and nothing else", "-k", "--only-key")),
		run: func(c *call) error {
			body := value.NewDict()
			if user := c.args.text("user"); user != "" {
				body.Set("user", user)
			}
			metadata, err := value.FromJSON([]byte(c.args.text("metadata")))
			if err != nil {
				return &usageError{usage: c.usage(c.cmd), program: "st2 " + c.cmd.name, err: sayf("argument -m/--metadata: %w", err)}
			}
			if value.Truth(metadata) {
				body.Set("metadata", metadata)
			}
			make := func() (*value.Dict, error) { return c.ask(request{method: "POST", path: r.path, body: body}) }
			if !c.args.flag("only_key") {
				return c.operation(make)
			}
			d, err := make()
			if err != nil {
				c.print("ERROR: " + err.Error())
				return silent(exitUsage)
			}
			c.print(text(d, "key"))
			return nil
		},
	}
}

// loadKeys changes keys to what a file says, and creates those that are not there.
func (c *call) loadKeys(r resource) error {
	v, err := readFile(c.args.text("file"))
	if err != nil {
		return err
	}
	if !value.Truth(v) {
		c.print("No api key found in " + c.args.text("file") + ".")
		return nil
	}
	list, ok := v.(*value.List)
	if !ok {
		list = value.NewList(v)
	}
	var loaded []*value.Dict
	for _, item := range list.Items {
		of, d := dict(item), value.NewDict()
		for _, name := range []string{"user", "key_hash"} {
			if !of.Has(name) {
				return sayf("'%s'", name)
			}
		}
		for _, name := range []string{"user", "key_hash", "metadata", "enabled", "id"} {
			if v, ok := of.Get(name); ok {
				d.Set(name, v)
			}
		}
		var saved *value.Dict
		if d.Has("id") {
			saved, err = c.find(request{method: "PUT", path: r.path + path(text(d, "id")), body: d})
		}
		if err == nil && saved == nil {
			saved, err = c.ask(request{method: "POST", path: r.path, body: d})
		}
		if err != nil {
			return err
		}
		loaded = append(loaded, saved)
	}
	view := c.tableOf(r)
	view.attrs = slices.Clone(r.columns)
	_, err = c.table(loaded, view)
	return err
}
