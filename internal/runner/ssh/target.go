package ssh

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/runner"
)

// defaultPort is the port of SSH.
const defaultPort = 22

// A hop is one machine to log in to, and how.
type hop struct {
	addr  string // host:port
	user  string
	login *login
	via   *hop   // the machine it is reached through; nil: directly
	proxy string // the command it is reached through; empty: none
}

// key tells hops apart that can't share a connection.
func (h *hop) key() string {
	key := h.user + "\x00" + h.addr + "\x00" + h.proxy + "\x00" + h.login.identity()
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
	command, jump := some(in("ProxyCommand")), some(in("ProxyJump"))
	if command != "" && jump != "" {
		return nil, errors.New("the configuration file has both ProxyCommand and ProxyJump for it: set one of them to none")
	}
	if command != "" {
		h.proxy, err = proxyCommand(command, p.host, h.addr, h.user)
		return h, err
	}
	if jump != "" {
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

// some returns what a key says that can be none.
func some(text string) string {
	if strings.EqualFold(text, "none") {
		return ""
	}
	return text
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
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
