package ssh

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// defaultPort is the port of SSH.
const defaultPort = 22

// A hop is one machine to log in to, and how.
type hop struct {
	addr  string // host:port
	user  string
	login *login
	via   *hop // the machine it is reached through; nil: directly
}

// key tells hops apart that can't share a connection.
func (h *hop) key() string {
	key := h.user + "\x00" + h.addr + "\x00" + h.login.identity()
	if h.via != nil {
		key += "\x00" + h.via.key()
	}
	return key
}

func (h *hop) String() string { return h.user + "@" + h.addr }

// A target is a host of an action.
type target struct {
	name string // what the result calls it
	hop  *hop
}

// place is a host as people write it, with what they leave out empty.
type place struct {
	user, host string
	port       int
}

// parsePlace reads [user@]host[:port]. An IPv6 address with a port is in brackets.
func parsePlace(text string) (place, error) {
	var p place
	rest := text
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		p.user, rest = rest[:i], rest[i+1:]
	}
	p.host = rest
	inner, bracketed := strings.CutPrefix(rest, "[")
	switch {
	case bracketed:
		host, port, ok := strings.Cut(inner, "]")
		if !ok {
			return p, fmt.Errorf("the host %q has no closing bracket", text)
		}
		p.host, rest = host, port
	case strings.Count(rest, ":") == 1:
		i := strings.IndexByte(rest, ':')
		p.host, rest = rest[:i], rest[i:]
	default: // no port, or an IPv6 address
		rest = ""
	}
	if rest != "" {
		n, err := strconv.ParseUint(strings.TrimPrefix(rest, ":"), 10, 16)
		if err != nil || n == 0 || rest[0] != ':' {
			return p, fmt.Errorf("the host %q has no port after its colon", text)
		}
		p.port = int(n)
	}
	if p.host == "" || strings.HasPrefix(p.host, "-") || strings.ContainsAny(p.host, " \t\n\x00/") {
		return p, fmt.Errorf("%q names no host", text)
	}
	return p, nil
}

// targets finds out where a task is to run, and how to get there.
func (r *Remote) targets(t *runner.Task) ([]target, error) {
	config, err := r.config.read()
	if err != nil {
		return nil, err
	}
	given, err := r.given(t)
	if err != nil {
		return nil, err
	}
	var places []place
	hosts, _ := t.Parameter("hosts", "").(string)
	seen := map[string]bool{}
	twice := map[string]bool{} // hosts that are named with several ports
	for text := range strings.SplitSeq(hosts, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		p, err := parsePlace(text)
		if err != nil {
			return nil, err
		}
		if full := fmt.Sprint(p); !seen[full] {
			twice[p.host] = seen[p.host]
			seen[full], seen[p.host] = true, true
			places = append(places, p)
		}
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("no hosts are given to run the action %s on", t.Action)
	}
	var bastion *hop
	if text, _ := t.Parameter("bastion_host", nil).(string); text != "" {
		p, err := parsePlace(text)
		if err != nil {
			return nil, fmt.Errorf("bastion_host: %w", err)
		}
		if bastion, err = r.hop(p, given, config, nil, 0); err != nil {
			return nil, fmt.Errorf("bastion_host: %w", err)
		}
	}
	targets := make([]target, 0, len(places))
	for _, p := range places {
		h, err := r.hop(p, given, config, bastion, 0)
		if err != nil {
			return nil, fmt.Errorf("host %s: %w", p.host, err)
		}
		name := p.host
		if twice[name] {
			name = h.addr
		}
		targets = append(targets, target{name: name, hop: h})
	}
	return targets, nil
}

// maxJumps bounds how long a way the configuration file can describe: it may lead
// in circles.
const maxJumps = 8

// hop completes a place. What the task says goes before what the file says.
func (r *Remote) hop(p place, g *given, config settings, via *hop, depth int) (*hop, error) {
	if depth > maxJumps {
		return nil, fmt.Errorf("ProxyJump leads over more than %d hosts", maxJumps)
	}
	in := func(key string) string { return config.get(p.host, key) }
	host := p.host
	if name := in("HostName"); name != "" {
		host = strings.ReplaceAll(name, "%h", p.host)
	}
	port := p.port
	if port == 0 {
		port = g.port
	}
	if text := in("Port"); port == 0 && text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("port %q in the configuration file is none", text)
		}
		port = int(n)
	}
	if port == 0 {
		port = defaultPort
	}
	h := &hop{addr: net.JoinHostPort(host, strconv.Itoa(port)), user: firstOf(p.user, g.user, in("User"), r.opts.User), via: via}
	var err error
	if h.login, err = r.login(g, config.all(p.host, "IdentityFile")); err != nil {
		return nil, err
	}
	if via != nil {
		return h, nil
	}
	if command := in("ProxyCommand"); command != "" && command != "none" {
		return nil, errors.New("ProxyCommand in the configuration file can't be used; ProxyJump can")
	}
	if jump := in("ProxyJump"); jump != "" && jump != "none" {
		for text := range strings.SplitSeq(jump, ",") {
			p, err := parsePlace(strings.TrimSpace(text))
			if err != nil {
				return nil, fmt.Errorf("ProxyJump: %w", err)
			}
			// The port of the task is that of its hosts.
			if h.via, err = r.hop(p, &given{login: g.login, user: g.user}, config, h.via, depth+1); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// given is what a task says about how to log in.
type given struct {
	user  string
	port  int
	login *login // nil: it says nothing
}

func (r *Remote) given(t *runner.Task) (*given, error) {
	text := func(name string) string {
		if v := t.Parameter(name, nil); value.Truth(v) {
			return value.Str(v)
		}
		return ""
	}
	g := &given{user: text("username")}
	if v := t.Parameter("port", nil); v != nil {
		n, ok := v.(int64)
		if !ok || n < 1 || n > 65535 {
			return nil, fmt.Errorf("%s is no port", value.Repr(v))
		}
		g.port = int(n)
	}
	password, key := text("password"), text("private_key")
	switch {
	case password != "":
		g.login = &login{password: password}
	case strings.Contains(strings.ToLower(key), "private key-----"):
		g.login = &login{keys: []keyText{{from: "the parameter private_key", text: []byte(key)}}, passphrase: text("passphrase")}
	case key != "":
		file, err := readKey(expand(key, r.home))
		if err != nil {
			return nil, err
		}
		g.login = &login{keys: []keyText{file}, passphrase: text("passphrase")}
	default:
		return g, nil
	}
	return g, nil
}

// login is how to log in to a host about which a configuration file says these
// files of keys.
func (r *Remote) login(g *given, files []string) (*login, error) {
	if g.login != nil {
		return g.login, nil
	}
	l := &login{agent: r.opts.Agent}
	if r.opts.Key != "" {
		file, err := readKey(expand(r.opts.Key, r.home))
		if err != nil {
			return nil, fmt.Errorf("the key of the settings: %w", err)
		}
		l = &login{keys: []keyText{file}}
	}
	if len(files) == 0 && r.opts.Key == "" && r.home != "" {
		files = []string{"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"}
	}
	for _, path := range files {
		file, err := readKey(expand(path, r.home))
		if err == nil {
			file.implied = true
			l.keys = append(l.keys, file)
		}
	}
	return l, nil
}

// A keyText is a private key as it is kept.
type keyText struct {
	from string // what people call the place it is kept in
	text []byte

	implied bool // nobody named it: it need not be good
}

func readKey(path string) (keyText, error) {
	text, err := os.ReadFile(path) //nolint:gosec // an operator or an action's author named it
	if err != nil {
		return keyText{}, fmt.Errorf("read the private key: %w", err)
	}
	return keyText{from: path, text: text}, nil
}

// login is the secrets of somebody who logs in.
type login struct {
	password   string
	keys       []keyText
	passphrase string
	agent      string // socket of a key agent
}

// identity tells logins apart, without telling their secrets.
func (l *login) identity() string {
	h := sha256.New()
	for _, part := range []string{l.password, l.passphrase, l.agent} {
		_, _ = h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	for _, k := range l.keys {
		_, _ = h.Write([]byte(strconv.Itoa(len(k.text)) + ":"))
		_, _ = h.Write(k.text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// expand makes a path that begins with ~ one in the home folder.
func expand(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
		return filepath.Join(home, rest)
	}
	return path
}

func expandAll(paths []string, home string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = expand(p, home)
	}
	return out
}
