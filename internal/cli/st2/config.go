package st2

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ini"
)

// settings are where the services are and how to come in.
type settings struct {
	file          *value.Dict // by section and option
	endpoints     endpoints
	token, apiKey string
	basic         string // user:password
	zone          *time.Location
}

// endpoints are the addresses of the services.
type endpoints struct {
	Base, Exp, API, Auth, Stream string

	single bool // nobody named the services one by one, so that all may listen on one port
}

// The ports that StackStorm's services listen on.
const (
	authPort   = "9100"
	apiPort    = "9101"
	streamPort = "9102"
)

const defaultBase = "http://127.0.0.1"

// options are those of the configuration file, with their defaults.
func options() *value.Dict {
	sections := value.NewDict()
	add := func(section string, pairs ...value.Value) {
		d := value.NewDict()
		for i := 0; i < len(pairs); i += 2 {
			d.Set(value.Str(pairs[i]), pairs[i+1])
		}
		sections.Set(section, d)
	}
	add("general", "base_url", nil, "api_version", nil, "cacert", nil, "silence_ssl_warnings", false, "silence_schema_output", true)
	add("cli", "debug", false, "cache_token", true, "timezone", "UTC")
	add("credentials", "username", nil, "password", nil, "api_key", nil, "basic_auth", nil)
	add("api", "url", nil)
	add("auth", "url", nil)
	add("stream", "url", nil)
	return sections
}

// option is an option of the configuration file, as text.
func (s settings) option(section, name string) string {
	return text(dict(field(s.file, section)), name)
}

func (s settings) truth(section, name string) bool {
	return field(dict(field(s.file, section)), name) == true
}

// merge returns a with what b says otherwise; what b leaves open stays.
func merge(a, b *value.Dict) *value.Dict {
	out := a.Clone()
	for name, v := range b.Texts() {
		switch d, ok := v.(*value.Dict); {
		case ok:
			out.Set(name, merge(dict(field(out, name)), d))
		case v != nil || !out.Has(name):
			out.Set(name, v)
		}
	}
	return out
}

// readFile reads the configuration file over the defaults.
func (a *app) readFile(c *call) (*value.Dict, error) {
	path, named := a.configPath(c)
	if path == "" {
		return options(), nil
	}
	b, err := os.ReadFile(path) //nolint:gosec // the user names it
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return options(), nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, sayf("Config %q not found", path)
	case err != nil:
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	f := ini.Parse(string(b))
	read := value.NewDict()
	for section, of := range options().Texts() {
		d := value.NewDict()
		for name, def := range dict(of).Texts() {
			word := f.Get(section, name)
			if word == "" {
				continue
			}
			d.Set(name, word)
			if _, ok := def.(bool); ok {
				yes, err := truth(word)
				if err != nil {
					return nil, fmt.Errorf("%s: %s in [%s]: %w", path, name, section, err)
				}
				d.Set(name, yes)
			}
		}
		read.Set(section, d)
	}
	return merge(options(), read), nil
}

func truth(word string) (bool, error) {
	switch strings.ToLower(word) {
	case "1", "yes", "true", "on":
		return true, nil
	case "0", "no", "false", "off":
		return false, nil
	}
	return false, fmt.Errorf("not a boolean: %s", word)
}

// configPath is where the configuration file is, and whether somebody said so.
func (a *app) configPath(c *call) (path string, named bool) {
	if path = c.args.text("config_file"); path == "" {
		path = a.Getenv("ST2_CONFIG_FILE")
	}
	switch rest, tilde := strings.CutPrefix(path, "~/"); {
	case tilde:
		return filepath.Join(a.Home, rest), true
	case path != "":
		return path, true
	case a.Home == "":
		return "", false
	}
	return filepath.Join(a.Home, ".st2", "config"), false
}

// configure reads the options, the environment and the file, in this order of
// importance, and gets a token where a password for that is written down.
func (a *app) configure(c *call) error {
	file, err := a.readFile(c)
	if err != nil {
		return err
	}
	skip := c.args.flag("skip_config")
	if word := a.Getenv("ST2_CLI_SKIP_CONFIG"); word != "" {
		n, err := strconv.Atoi(word)
		if err != nil {
			return fmt.Errorf("ST2_CLI_SKIP_CONFIG is a number, and %q is none", word)
		}
		skip = skip || n != 0
	}
	s := &a.settings
	if s.file = file; skip {
		// What only says how things look counts nevertheless.
		s.file = merge(options(), value.NewDict())
		for _, section := range []string{"cli", "general"} {
			for _, name := range []string{"timezone", "silence_schema_output"} {
				if v, ok := dict(field(file, section)).Get(name); ok {
					dict(field(s.file, section)).Set(name, v)
				}
			}
		}
	}
	if s.endpoints, err = a.locate(c); err != nil {
		return err
	}
	if s.zone, err = time.LoadLocation(s.option("cli", "timezone")); err != nil {
		return fmt.Errorf("the configuration names a time zone that is not known: %s", s.option("cli", "timezone"))
	}
	s.basic = cmp.Or(c.args.text("basic_auth"), s.option("credentials", "basic_auth"))
	if s.basic != "" && !strings.Contains(s.basic, ":") {
		return errors.New("basic_auth config options needs to be in the username:password notation")
	}
	if err := a.connect(c); err != nil {
		return err
	}
	s.token = cmp.Or(c.args.text("token"), a.Getenv("ST2_AUTH_TOKEN"))
	s.apiKey = cmp.Or(c.args.text("api_key"), a.Getenv("ST2_API_KEY"))
	if s.token != "" || s.apiKey != "" || skip || c.cmd.anonymous {
		return nil
	}
	s.apiKey = s.option("credentials", "api_key")
	if user := s.option("credentials", "username"); user != "" {
		return a.enter(c, user, s.option("credentials", "password"))
	}
	return nil
}

// locate says where the services are.
func (a *app) locate(c *call) (endpoints, error) {
	s := a.settings
	version := cmp.Or(c.args.text("api_version"), a.Getenv("ST2_API_VERSION"), s.option("general", "api_version"), "v1")
	e := endpoints{
		Base:   cmp.Or(c.args.text("base_url"), a.Getenv("ST2_BASE_URL"), s.option("general", "base_url"), defaultBase),
		API:    cmp.Or(c.args.text("api_url"), a.Getenv("ST2_API_URL"), s.option("api", "url")),
		Auth:   cmp.Or(c.args.text("auth_url"), a.Getenv("ST2_AUTH_URL"), s.option("auth", "url")),
		Stream: cmp.Or(c.args.text("stream_url"), a.Getenv("ST2_STREAM_URL"), s.option("stream", "url")),
	}
	e.Base = strings.TrimSuffix(e.Base, "/")
	base, err := url.Parse(e.Base)
	if err != nil || base.Host == "" {
		return e, fmt.Errorf("%q is no address of a server", e.Base)
	}
	e.single = e.API == "" && e.Stream == "" && e.Auth == ""
	api, auth, stream := e.Base+":"+apiPort+"/"+version, e.Base+":"+authPort, e.Base+":"+streamPort+"/"+version
	if base.Port() != "" {
		// An address with a port is that of a server with one port for all.
		api, auth, stream = e.Base+"/api/"+version, e.Base+"/auth/"+version, e.Base+"/stream/"+version
	}
	e.Exp = e.Base + ":" + apiPort + "/exp"
	e.API, e.Auth, e.Stream = cmp.Or(e.API, api), cmp.Or(e.Auth, auth), cmp.Or(e.Stream, stream)
	for _, of := range []*string{&e.API, &e.Auth, &e.Stream} {
		*of = strings.TrimSuffix(*of, "/")
	}
	return e, nil
}

// enter gets the token of a user: the one that was kept, or a new one for the
// password that is written down.
func (a *app) enter(c *call, user, password string) error {
	keep := a.settings.truth("cli", "cache_token")
	if keep {
		token, err := a.readToken(user)
		if err != nil {
			return err
		}
		if a.settings.token = token; token != "" {
			return nil
		}
	}
	if password == "" {
		return sayf("There is no token of %s that is still good. Log in again: st2 login %s", user, user)
	}
	t, err := c.newToken(user, password, nil)
	if _, ok := errors.AsType[*unreachable](err); ok {
		return nil // as somebody unknown, until the command finds the same
	}
	if err != nil {
		a.print("Failed to authenticate with credentials provided in the config.")
		return err
	}
	a.settings.token = text(t, "token")
	if keep {
		a.keepToken(t)
	}
	return nil
}

// newToken asks for a token.
func (c *call) newToken(user, password string, ttl value.Value) (*value.Dict, error) {
	body := value.NewDict()
	if ttl != nil {
		body.Set("ttl", ttl)
	}
	return c.ask(request{method: "POST", service: auth, path: "/tokens", body: body, user: user, password: password})
}

// keptToken is what the file of a token holds.
type keptToken struct {
	Token  string `json:"token"`
	Expiry int64  `json:"expire_timestamp"`
	URL    string `json:"url,omitempty"` // of the service that gave it, where it was kept by this program
}

// grace is how long before its end a token is of no use any more.
const grace = 15 * time.Second

func (a *app) tokenPath(user string) string {
	return filepath.Join(a.Home, ".st2", "token-"+strings.ReplaceAll(user, "/", "_"))
}

// readToken returns the kept token of a user while it is good.
func (a *app) readToken(user string) (string, error) {
	if a.Home == "" {
		return "", nil
	}
	path := a.tokenPath(user)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var t keptToken
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil {
		return "", sayf("File %q with cached token is corrupted or invalid (%w). Please delete this file", path, err)
	}
	if time.Until(time.Unix(t.Expiry, 0)) < grace || t.URL != "" && t.URL != a.settings.endpoints.Auth {
		return "", nil
	}
	return t.Token, nil
}

// keepToken keeps a token for the next commands. Where it can't be kept these
// are slower, and that is all.
func (a *app) keepToken(t *value.Dict) {
	expiry, err := wire.ParseTime(text(t, "expiry"))
	if err != nil || a.Home == "" {
		return
	}
	b, err := json.Marshal(keptToken{Token: text(t, "token"), Expiry: expiry.Unix(), URL: a.settings.endpoints.Auth})
	if err == nil {
		err = cli.WritePrivate(a.tokenPath(text(t, "user")), b)
	}
	if err != nil {
		_, _ = fmt.Fprintf(a.Err, "WARNING: the token is not kept: %v\n", err) // see above
	}
}

// printConfig prints what the file says, secrets excepted.
func (a *app) printConfig(c *call) error {
	file, err := a.readFile(c)
	if err != nil {
		return err
	}
	for section, of := range file.Texts() {
		a.print("[" + section + "]")
		for name, v := range dict(of).Texts() {
			if v != nil && slices.Contains([]string{"password", "api_key", "basic_auth"}, name) {
				v = masked
			}
			a.print(name + " = " + value.Str(v))
		}
	}
	return silent(exitConfig)
}
