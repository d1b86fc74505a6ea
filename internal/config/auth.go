package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Auth is who may come in.
type Auth struct {
	// Backends are asked whether a password is right, in this order. The next is asked
	// only about people whom those before do not know, or when they do not answer.
	// Default: the users of this server, which is own: true.
	Backends []Backend `yaml:"backends"`

	// OIDC are providers of OpenID Connect: one, or a list of them. The log-in page offers
	// each by its name. Default: none.
	OIDC Providers `yaml:"oidc"`

	Proxy Proxy `yaml:"proxy"`

	// AdminGroups are groups whose members may do everything. Default: none.
	AdminGroups []string `yaml:"admin_groups"`

	// Refresh is how often directories and password files are asked again about the people
	// whom they have let in: who they know no more is shut out, and groups are as they are
	// there now. A negative span is never. Default: 15m.
	Refresh Duration `yaml:"refresh"`

	// TokenTTL is how long the tokens that a log-in gives are good for, at most and by
	// default. Default: 24h.
	TokenTTL Duration `yaml:"token_ttl"`

	// ServiceTokenTTL is how long the token is good for, at most, that an action gets when
	// it starts; it ends with its execution. Default: 24h.
	ServiceTokenTTL Duration `yaml:"service_token_ttl"`
}

// Backend is one that is asked for passwords. Exactly one of its fields is given.
type Backend struct {
	// Own are the users of this server: admin, and those made by nightshift user add.
	Own bool `yaml:"own"`

	// HTPasswd is a file of names and hashes of passwords as Apache's htpasswd makes
	// it, preferably with -B. It is read again when it has changed.
	HTPasswd string `yaml:"htpasswd"`

	// LDAP is a directory: OpenLDAP, Active Directory and the like.
	LDAP *LDAP `yaml:"ldap"`
}

// Proxy lets in whom a proxy of trusted_proxies has let in. The proxy must not pass on these
// headers when others send them.
type Proxy struct {
	// UserHeader is the header with the name: X-Forwarded-User. Default: none, and nobody
	// is let in so.
	UserHeader string `yaml:"user_header"`

	// GroupsHeader is the header with the groups, separated by commas: X-Forwarded-Groups.
	// Default: none, and the proxy says nothing of groups.
	GroupsHeader string `yaml:"groups_header"`
}

// Providers are those of OpenID Connect. In a file one may stand there without a list.
type Providers []OIDC

// UnmarshalYAML reads a list or a single one.
func (p *Providers) UnmarshalYAML(unmarshal func(any) error) error {
	var said any
	if err := unmarshal(&said); err != nil {
		return err
	}
	if _, isList := said.([]any); isList {
		return unmarshal((*[]OIDC)(p))
	}
	*p = Providers{{}}
	return unmarshal(&(*p)[0])
}

// OIDC lets people in by a provider of OpenID Connect: Keycloak, Okta, Google and the like.
type OIDC struct {
	// Name is what the log-in page calls the provider. Default: the host of its issuer.
	Name string `yaml:"name"`

	// Issuer is the URL of the provider, below which it describes itself in
	// /.well-known/openid-configuration. Default: none, and there is no single sign-on.
	Issuer string `yaml:"issuer"`

	// ClientID is what the provider knows this server by. Its redirect URI there is url
	// with /auth/v1/sso/callback.
	ClientID string `yaml:"client_id"`

	// ClientSecretFile is a file with the secret of the client. It is read at each start.
	// Default: none, for a public client.
	ClientSecretFile string `yaml:"client_secret_file"`

	// Scopes are asked for beside openid. Default: profile, email.
	Scopes []string `yaml:"scopes"`

	// Username is the claim that people are known by here. With email, the provider must
	// say that it has verified the address. Default: preferred_username.
	Username string `yaml:"username"`

	// Groups is the claim with the groups of a person; dots go into things:
	// realm_access.roles. Default: groups.
	Groups string `yaml:"groups"`

	// Require are claims that must have these values, or have them in their lists; nobody
	// else is let in. With Google say hd: example.com, or all the world may log in.
	// Default: none.
	Require map[string]string `yaml:"require"`

	// CA is a file with the certificates that vouch for the provider. Default: those of
	// the system.
	CA string `yaml:"ca"`
}

// LDAP says where a directory is and how people are found in it. In user_dn and the filters
// {user} stands for the name that was typed.
type LDAP struct {
	// Servers are asked in turn until one answers: ldaps://dc1.example.com, or ldap:// with
	// start_tls.
	Servers []string `yaml:"servers"`

	// StartTLS goes over to TLS before anything is said. Default: false.
	StartTLS bool `yaml:"start_tls"`

	// Plain lets passwords go over the network for everybody to read, where servers have
	// no TLS. Default: false.
	Plain bool `yaml:"plain"`

	// CA is a file with the certificates that vouch for the servers. Default: those of
	// the system.
	CA string `yaml:"ca"`

	// Timeout is how long a log-in waits for the directory. Default: 5s.
	Timeout Duration `yaml:"timeout"`

	// UserDN is what to log in to the directory as: uid={user},ou=people,dc=example,dc=com,
	// or {user}@example.com with Active Directory. Default: what filter finds.
	UserDN string `yaml:"user_dn"`

	// Base is below what people are searched for. It is needed with filter.
	Base string `yaml:"base"`

	// Filter finds a person: (&(objectClass=person)(uid={user})). Whom it does not find
	// can't log in. Default: none, and people are found by user_dn.
	Filter string `yaml:"filter"`

	// BindDN is who searches, and BindPasswordFile a file with the password. Default:
	// nobody in particular, or with user_dn the person.
	BindDN string `yaml:"bind_dn"`

	// BindPasswordFile is a file with the password of bind_dn. It is read at each start.
	BindPasswordFile string `yaml:"bind_password_file"`

	// Name is the attribute that people are known by here, in lower case. Default: uid;
	// with Active Directory say sAMAccountName.
	Name string `yaml:"name"`

	Groups LDAPGroups `yaml:"groups"`
}

// LDAPGroups say how the groups of a person are found.
type LDAPGroups struct {
	// Attribute is that of a person with the DNs of the groups; what counts is the name in
	// front. Default: memberOf.
	Attribute string `yaml:"attribute"`

	// Base is below what groups count. Say it where others may make groups elsewhere in the
	// directory. Default: all count. It is needed with filter.
	Base string `yaml:"base"`

	// Filter searches for groups, too; {dn} stands for the DN of the person:
	// (&(objectClass=groupOfNames)(member={dn})). Default: none.
	Filter string `yaml:"filter"`

	// Name is the attribute of such a group that has its name. Default: cn.
	Name string `yaml:"name"`
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
	if c.Auth.ServiceTokenTTL <= 0 {
		errs = append(errs, errors.New("auth.service_token_ttl is no positive duration"))
	}
	errs = append(errs, c.Auth.OIDC.check()...)
	if c.Auth.Proxy.UserHeader != "" && len(c.TrustedProxies) == 0 {
		errs = append(errs, errors.New("auth.proxy.user_header: trusted_proxies names nobody whose word counts"))
	}
	for i, b := range c.Auth.Backends {
		given := 0
		for _, is := range []bool{b.Own, b.HTPasswd != "", b.LDAP != nil} {
			if is {
				given++
			}
		}
		if given != 1 {
			errs = append(errs, fmt.Errorf("auth.backends: number %d is to have exactly one of own, htpasswd, ldap", i+1))
		}
		if b.LDAP != nil {
			errs = append(errs, b.LDAP.check(fmt.Sprintf("auth.backends: number %d: ldap.", i+1))...)
		}
	}
	return errs
}

func (l *LDAP) check(at string) []error {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(at+format, args...))
		}
	}
	wrong(len(l.Servers) == 0, "servers names none")
	for _, s := range l.Servers {
		u, err := url.Parse(s)
		known := err == nil && u.Host != "" && (u.Scheme == "ldap" || u.Scheme == "ldaps")
		wrong(!known, "servers: %q is no URL such as ldaps://dc1.example.com", s)
		wrong(known && u.Scheme == "ldap" && !l.StartTLS && !l.Plain, "servers: %q would take passwords without encryption; say start_tls: true, or plain: true if that is meant", s)
	}
	wrong(l.UserDN == "" && l.Filter == "", "needs user_dn or filter to find people by")
	wrong(l.UserDN != "" && !strings.Contains(l.UserDN, "{user}"), "user_dn has no {user} in it, so everybody would be the same")
	wrong(l.Filter != "" && !strings.Contains(l.Filter, "{user}"), "filter has no {user} in it, so everybody would be the same")
	wrong(l.Filter != "" && l.Base == "", "filter needs a base to search below")
	wrong(l.Groups.Filter != "" && l.Groups.Base == "", "groups.filter needs a groups.base to search below")
	wrong(l.Groups.Filter != "" && !strings.Contains(l.Groups.Filter, "{dn}") && !strings.Contains(l.Groups.Filter, "{user}"),
		"groups.filter has neither {dn} nor {user} in it, so everybody would be in all groups")
	wrong((l.BindDN == "") != (l.BindPasswordFile == ""), "bind_dn and bind_password_file go together")
	return errs
}

func (p Providers) check() []error {
	var errs []error
	seen := map[string]bool{}
	for i, o := range p {
		at := "auth.oidc."
		if len(p) > 1 {
			at = fmt.Sprintf("auth.oidc: number %d: ", i+1)
		}
		errs = append(errs, o.check(at)...)
		if name := o.Title(); seen[name] {
			errs = append(errs, fmt.Errorf("%sname: there is a provider %q already", at, name))
		}
		seen[o.Title()] = true
	}
	return errs
}

// Title is what the log-in page calls the provider.
func (o OIDC) Title() string {
	if o.Name != "" {
		return o.Name
	}
	if u, err := url.Parse(o.Issuer); err == nil {
		return u.Host
	}
	return o.Issuer
}

func (o OIDC) check(at string) []error {
	if o.Issuer == "" {
		return []error{errors.New(at + "issuer is not given")}
	}
	var errs []error
	u, err := url.Parse(o.Issuer)
	local := err == nil && u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
	if err != nil || u.Host == "" || u.Scheme != "https" && !local {
		errs = append(errs, fmt.Errorf("%sissuer: %q is no URL with https", at, o.Issuer))
	}
	if o.ClientID == "" {
		errs = append(errs, errors.New(at+"client_id is not given"))
	}
	if err == nil && u.Host == "accounts.google.com" && o.Require["hd"] == "" {
		errs = append(errs, errors.New(at+"require: with Google, say hd: and your domain, or everybody with an account there may log in"))
	}
	return errs
}
