package api

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/identity"
)

// believed reports whether the word of whoever connects from an address counts on where
// a request comes from. Headers that anybody else writes do not count.
func (a *API) believed(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, n := range a.opts.TrustedProxies {
		if n.Contains(ip.Unmap()) {
			return true
		}
	}
	return false
}

// proxied reports whether a proxy that is believed has sent the request.
func (c *call) proxied() bool {
	if local, ok := c.ctx().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return c.opts.TrustUnix
	}
	return c.believed(hostOf(c.r.RemoteAddr))
}

// address is where the request comes from: the last address on its way here that is no
// proxy that is believed.
func (c *call) address() string {
	at := hostOf(c.r.RemoteAddr)
	if !c.proxied() {
		return at
	}
	hops := strings.Split(strings.Join(c.r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(hops) {
		hop, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break
		}
		if at = hop.Unmap().String(); !c.believed(at) {
			break
		}
	}
	return at
}

func hostOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// secure reports whether the client has come by TLS, be it only up to a proxy.
func (c *call) secure() bool {
	return c.r.TLS != nil || c.opts.SecureCookie || c.proxied() && c.r.Header.Get("X-Forwarded-Proto") == "https"
}

// forwarded returns whom a proxy that is believed has let in, if the settings take its word
// for that, too.
func (c *call) forwarded() (identity.Person, bool) {
	if c.opts.UserHeader == "" || !c.proxied() {
		return identity.Person{}, false
	}
	users := c.r.Header.Values(c.opts.UserHeader)
	if len(users) != 1 || !identity.ValidName(users[0]) { // two are one of the proxy's and one of somebody's
		return identity.Person{}, false
	}
	p := identity.Person{Name: users[0]}
	if c.opts.GroupsHeader != "" {
		p.Groups = []string{}
		for _, g := range splitCSV(strings.Join(c.r.Header.Values(c.opts.GroupsHeader), ",")) {
			if g = strings.TrimSpace(g); g != "" {
				p.Groups = append(p.Groups, g)
			}
		}
	}
	return p, true
}

// base is the address of the server as the client sees it.
func (c *call) base() string {
	switch {
	case c.opts.URL != "":
		return strings.TrimSuffix(c.opts.URL, "/")
	case c.secure():
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}
