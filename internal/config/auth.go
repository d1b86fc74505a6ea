package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Auth is who may come in.
type Auth struct {
	// Backends are asked whether a password is right, in this order. The next is asked
	// only about people whom those before do not know, or when they do not answer.
	// Default: the users of this server, which is own: true.
	Backends []Backend `yaml:"backends"`

	// AdminGroups are groups whose members may do everything. Default: none.
	AdminGroups []string `yaml:"admin_groups"`

	// TokenTTL is how long the tokens that a log-in gives are good for, at most and by
	// default. Default: 24h.
	TokenTTL Duration `yaml:"token_ttl"`
}

// Backend is one that is asked for passwords. Exactly one of its fields is given.
type Backend struct {
	// Own are the users of this server: admin, and those made by nightshift user add.
	Own bool `yaml:"own"`

	// HTPasswd is a file of names and hashes of passwords as Apache's htpasswd makes
	// it, preferably with -B. It is read again when it has changed.
	HTPasswd string `yaml:"htpasswd"`
}

// AnyUnix stands in trusted_proxies for whoever connects by a socket of the machine.
const AnyUnix = "unix"

// Networks reads addresses and networks such as 192.0.2.1 and 10.0.0.0/8; [AnyUnix] is
// told apart.
func Networks(list []string) (networks []netip.Prefix, unix bool, err error) {
	for _, s := range list {
		if s == AnyUnix {
			unix = true
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, false, fmt.Errorf("%q is no address or network such as 192.0.2.1 or 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		networks = append(networks, p.Masked())
	}
	return networks, unix, nil
}

func (c Config) checkDoors() []error {
	var errs []error
	if _, _, err := Networks(c.TrustedProxies); err != nil {
		errs = append(errs, fmt.Errorf("trusted_proxies: %w", err))
	}
	if strings.HasPrefix(c.Listen, "unix:") && c.URL == "" {
		errs = append(errs, errors.New("listen is a socket, so url has to say where others reach the API"))
	}
	if c.Auth.TokenTTL <= 0 {
		errs = append(errs, errors.New("auth.token_ttl is no positive duration"))
	}
	for i, b := range c.Auth.Backends {
		given := 0
		for _, is := range []bool{b.Own, b.HTPasswd != ""} {
			if is {
				given++
			}
		}
		if given != 1 {
			errs = append(errs, fmt.Errorf("auth.backends: number %d is to have exactly one of own, htpasswd", i+1))
		}
	}
	return errs
}
