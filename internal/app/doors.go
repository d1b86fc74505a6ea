package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/identity/htpasswd"
	"github.com/nightshift-run/nightshift/internal/identity/ldap"
	"github.com/nightshift-run/nightshift/internal/identity/oidc"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/rollcall"
	"github.com/nightshift-run/nightshift/internal/roots"
	"github.com/nightshift-run/nightshift/internal/store"
)

// listen takes the address that the server is reached at.
func (a *App) listen(ctx context.Context) (err error) {
	if path, ok := strings.CutPrefix(a.cfg.Listen, "unix:"); ok {
		a.listener, err = listenUnix(ctx, path)
	} else {
		a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.cfg.Listen)
	}
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return nil
}

// listenUnix takes a socket of the machine, which only the server's user and group may
// connect to. One that a dead server has left is removed.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if c, err := new(net.Dialer).DialContext(ctx, "unix", path); err == nil {
		return nil, errors.Join(fmt.Errorf("%s is taken", path), c.Close())
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o660); err != nil { //nolint:gosec // the group is that of the proxy
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// URL is where the API is reached.
func (a *App) URL() string {
	if a.cfg.URL != "" {
		return a.cfg.URL
	}
	if a.cfg.TLS.On() {
		return "https://" + a.listener.Addr().String()
	}
	return "http://" + a.listener.Addr().String()
}

// doors returns who may come in, and how that is told apart.
func (a *App) doors() (api.Options, error) {
	networks, unix, err := config.Networks(a.cfg.TrustedProxies)
	if err != nil {
		return api.Options{}, fmt.Errorf("trusted_proxies: %w", err)
	}
	senders := map[string]api.Sender{}
	for _, w := range a.cfg.Webhooks {
		senders[w.Path] = api.Sender{Proof: access.Proof{Kind: w.Proof, Header: w.Header, Prefix: w.Prefix, User: w.User}, Secrets: w.Secrets}
	}
	return api.Options{
		Senders: senders, AllowOrigins: a.cfg.AllowOrigins, MaxPage: a.cfg.MaxPage,
		URL: a.URL(), TokenTTL: time.Duration(a.cfg.Auth.TokenTTL), TrustedProxies: networks, TrustUnix: unix,
		UserHeader: a.cfg.Auth.Proxy.UserHeader, GroupsHeader: a.cfg.Auth.Proxy.GroupsHeader,
		AdminGroups: a.cfg.Auth.AdminGroups, SecureCookie: strings.HasPrefix(a.URL(), "https://"),
	}, nil
}

// passwords returns those who are asked for passwords, and notes which can be asked again.
func (a *App) passwords() (*identity.Chain, error) {
	var members []identity.Member
	a.looked = map[string]rollcall.Backend{}
	for _, b := range a.cfg.Auth.Backends {
		switch {
		case b.LDAP != nil:
			d, err := directory(*b.LDAP)
			if err != nil {
				return nil, fmt.Errorf("auth.backends: ldap: %w", err)
			}
			name := b.LDAP.Servers[0]
			if a.looked[name] != nil {
				name += " " + b.LDAP.Base // two parts of one directory
			}
			members = append(members, identity.Member{Name: name, Backend: d})
			if d.CanLook() {
				a.looked[name] = d
			}
		case b.Own:
			members = append(members, api.OwnBackend(a.Store))
		case b.HTPasswd != "":
			name, file := "htpasswd "+b.HTPasswd, htpasswd.New(b.HTPasswd, a.log("auth"))
			members = append(members, identity.Member{Name: name, AtOnce: 2, Backend: file})
			a.looked[name] = file
		}
	}
	return identity.NewChain(a.log("auth"), members...), nil
}

// sso returns the providers of single sign-on.
func (a *App) sso() ([]api.Provider, error) {
	var all []api.Provider
	for _, o := range a.cfg.Auth.OIDC {
		roots, err := roots.Read(o.CA)
		if err != nil {
			return nil, fmt.Errorf("auth.oidc.ca: %w", err)
		}
		secret := ""
		if o.ClientSecretFile != "" {
			if secret, err = secretFile(o.ClientSecretFile); err != nil {
				return nil, fmt.Errorf("auth.oidc.client_secret_file: %w", err)
			}
		}
		all = append(all, api.Provider{Name: o.Title(), Issuer: o.Issuer, SSO: oidc.New(oidc.Options{
			Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: secret, Redirect: strings.TrimSuffix(a.URL(), "/") + "/auth/v1/sso/callback",
			Scopes: o.Scopes, Username: o.Username, Groups: o.Groups, Require: o.Require, Roots: roots, Proxy: a.opts.Proxy,
		})})
	}
	return all, nil
}

func directory(l config.LDAP) (*ldap.Directory, error) {
	roots, err := roots.Read(l.CA)
	if err != nil {
		return nil, err
	}
	password := ""
	if l.BindPasswordFile != "" {
		if password, err = secretFile(l.BindPasswordFile); err != nil {
			return nil, err
		}
	}
	return ldap.New(ldap.Options{
		Servers: l.Servers, StartTLS: l.StartTLS, Roots: roots, Timeout: time.Duration(l.Timeout),
		UserDN: l.UserDN, Base: l.Base, Filter: l.Filter, BindDN: l.BindDN, BindPassword: password, Name: l.Name,
		Groups: ldap.Groups(l.Groups),
	}), nil
}

// secretFile returns the secret in a file, without the end of its line.
func secretFile(file string) (string, error) {
	text, err := os.ReadFile(file)
	secret := strings.TrimRight(string(text), "\r\n")
	if err == nil && secret == "" {
		err = fmt.Errorf("%s is empty", file)
	}
	return secret, err
}

// firstUser makes the user admin when there is no user at all, and users of this server
// may log in.
func (a *App) firstUser(ctx context.Context) (password string, err error) {
	if !slices.ContainsFunc(a.cfg.Auth.Backends, func(b config.Backend) bool { return b.Own }) {
		return "", nil
	}
	n, err := a.Store.Reader().CountUsers(ctx)
	if err != nil || n > 0 {
		return "", err
	}
	password = access.NewPassword()
	u := access.User{Name: "admin", Password: access.HashPassword(password), Admin: true, CreatedAt: time.Now()}
	ctx = store.ByItself(ctx, audit.Record{User: intake.SystemUser, Origin: "the first start of the server"})
	return password, a.Store.Write(ctx, func(tx *store.Tx) error { return tx.PutUser(ctx, u) })
}
