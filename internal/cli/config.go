package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ini"
)

// defaultURL is where a server listens that nobody told otherwise.
const defaultURL = "http://127.0.0.1:9100"

const defaultPort = "9100"

// settings are where a server is and how to come in.
type settings struct {
	url, authURL   string
	token, apiKey  string
	given          bool // the credentials come from a flag or a variable
	user, password string
	caCert         string
	zone           *time.Location
}

// settings reads the flags, the environment and the files, in this order of
// importance.
//
// What files say of credentials counts only for the server that the same files
// name, so that a password never goes to an address that somebody typed.
func (a *app) settings() (settings, error) {
	s := settings{zone: time.UTC}
	files, err := a.configFiles()
	if err != nil {
		return s, err
	}
	file := func(section, name string) string {
		for _, f := range files {
			if v := f.Get(section, name); v != "" {
				return v
			}
		}
		return ""
	}
	stored := firstOf(apiBase(file("api", "url")), stackStormBase(file("general", "base_url")), defaultURL)
	s.url = firstOf(
		plainBase(a.flags.url), apiBase(a.flags.apiURL), plainBase(a.Getenv("NIGHTSHIFT_URL")),
		apiBase(a.Getenv("ST2_API_URL")), stackStormBase(a.Getenv("ST2_BASE_URL")), stored,
	)
	s.authURL = firstOf(authBase(a.flags.authURL), authBase(a.Getenv("ST2_AUTH_URL")))
	if s.authURL == "" && s.url == stored {
		s.authURL = authBase(file("auth", "url"))
	}
	if s.authURL == "" {
		s.authURL = s.url
	}
	for _, u := range []string{s.url, s.authURL} {
		if p, err := url.Parse(u); err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" {
			return s, fault.Newf(fault.Invalid, "%q is not the address of a server: it looks like %s", u, defaultURL)
		}
	}
	s.caCert = firstOf(a.flags.caCert, a.Getenv("NIGHTSHIFT_CACERT"), a.Getenv("ST2_CACERT"), file("general", "cacert"))
	if name := file("cli", "timezone"); name != "" {
		if s.zone, err = time.LoadLocation(name); err != nil {
			return s, fault.Newf(fault.Invalid, "the configuration names a time zone that is not known: %s", name)
		}
	}

	s.given = true
	switch {
	case a.flags.token != "":
		s.token = a.flags.token
	case a.flags.apiKey != "":
		s.apiKey = a.flags.apiKey
	case a.Getenv("NIGHTSHIFT_TOKEN") != "":
		s.token = a.Getenv("NIGHTSHIFT_TOKEN")
	case a.Getenv("NIGHTSHIFT_API_KEY") != "":
		s.apiKey = a.Getenv("NIGHTSHIFT_API_KEY")
	case a.Getenv("ST2_AUTH_TOKEN") != "":
		s.token = a.Getenv("ST2_AUTH_TOKEN")
	case a.Getenv("ST2_API_KEY") != "":
		s.apiKey = a.Getenv("ST2_API_KEY")
	default:
		s.given = false
		if s.url == stored {
			s.apiKey = file("credentials", "api_key")
			s.user, s.password = file("credentials", "username"), file("credentials", "password")
		}
	}
	return s, nil
}

func firstOf(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}

// plainBase reads an address that a person typed: host:port will do.
func plainBase(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if s == "" || strings.Contains(s, "://") {
		return s
	}
	if u, err := url.Parse("http://" + s); err == nil && u.Port() == "" && u.Path == "" {
		s += ":" + defaultPort
	}
	return "http://" + s
}

// stackStormBase reads the address that StackStorm's client adds a port to for
// each of its services. A server of ours has one port for all.
func stackStormBase(s string) string {
	s = plainBase(s)
	if u, err := url.Parse(s); err == nil && u.Host != "" && u.Port() == "" && u.Path == "" {
		u.Host += ":" + defaultPort
		return u.String()
	}
	return s
}

// apiBase reads the address of StackStorm's API: a server of ours is what comes
// before the version.
func apiBase(s string) string { return withoutSuffix(plainBase(s), "/api/v1", "/v1", "/api") }

// authBase reads the address of StackStorm's service for tokens.
func authBase(s string) string { return withoutSuffix(plainBase(s), "/auth/v1", "/v1", "/auth") }

func withoutSuffix(s string, suffixes ...string) string {
	for _, x := range suffixes {
		if short, ok := strings.CutSuffix(s, x); ok {
			return short
		}
	}
	return s
}

// configPath is the file that login writes; empty when there is no home.
func (a *app) configPath() string {
	if p := firstOf(a.flags.configFile, a.Getenv("NIGHTSHIFT_CONFIG_FILE"), a.Getenv("ST2_CONFIG_FILE")); p != "" {
		return p
	}
	return a.homePath("config")
}

func (a *app) homePath(name string) string {
	if a.Home == "" {
		return ""
	}
	return filepath.Join(a.Home, ".nightshift", name)
}

// configFiles reads the files that there are, the most important one first.
func (a *app) configFiles() ([]*ini.File, error) {
	if a.flags.skipConfig || truth(a.Getenv("ST2_CLI_SKIP_CONFIG")) {
		return nil, nil
	}
	paths := []string{a.configPath()}
	if a.Home != "" && paths[0] == a.homePath("config") {
		paths = append(paths, filepath.Join(a.Home, ".st2", "config"))
	}
	var files []*ini.File
	for _, p := range paths {
		if p == "" {
			continue
		}
		b, err := os.ReadFile(p)
		switch {
		case errors.Is(err, fs.ErrNotExist) && a.flags.configFile == "":
			continue
		case err != nil:
			return nil, fault.Newf(fault.Invalid, "read the configuration: %v", err)
		}
		files = append(files, ini.Parse(string(b)))
	}
	return files, nil
}

func truth(s string) bool {
	switch strings.ToLower(s) {
	case "1", "true", "yes", "on":
		return true
	}
	return false
}

// cachedToken is what login leaves behind, in a file for each user.
type cachedToken struct {
	URL    string    `json:"url"` // of the server that gave it, and only that one gets it
	User   string    `json:"user"`
	Token  string    `json:"token"`
	Expiry wire.Time `json:"expiry"`
}

func (a *app) tokenPath(user string) string { return a.homePath("token-" + url.PathEscape(user)) }

// readToken returns the token of a user for a server while it is good.
func (a *app) readToken(user, server string) (string, bool) {
	if a.Home == "" || user == "" {
		return "", false
	}
	b, err := os.ReadFile(a.tokenPath(user))
	if err != nil {
		return "", false
	}
	var t cachedToken
	if json.Unmarshal(b, &t) != nil || t.URL != server || t.User != user {
		return "", false
	}
	// One that ends while the command runs is of no use.
	if !t.Expiry.IsZero() && time.Until(t.Expiry.Time) < 10*time.Second {
		return "", false
	}
	return t.Token, true
}

func (a *app) writeToken(t wire.Token, server string) error {
	b, err := json.MarshalIndent(cachedToken{URL: server, User: t.User, Token: t.Token, Expiry: t.Expiry}, "", "  ")
	if err != nil {
		return err
	}
	return WritePrivate(a.tokenPath(t.User), append(b, '\n'))
}

// WritePrivate writes a file that only its owner can read, all of it or nothing.
func WritePrivate(path string, content []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder for %s: %w", path, err)
	}
	f, err := os.CreateTemp(dir, ".new-*") // which makes files of mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
