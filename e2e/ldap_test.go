//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	ldapclient "github.com/go-ldap/ldap/v3"

	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/identity/ldap"
)

// slapd is a directory with a few people and groups.
type slapd struct {
	plain, tls string // URLs
	ca         string // file
	stop       func()
	change     func(dn, attribute string, values ...string) // without an attribute: removes it
}

const slapdConf = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile %[1]s/slapd.pid
TLSCertificateFile %[1]s/cert.pem
TLSCertificateKeyFile %[1]s/key.pem
TLSCACertificateFile %[1]s/cert.pem
TLSVerifyClient never
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw root-secret
directory %[1]s/db
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to dn.base="ou=people,dc=example,dc=com" by users read by * none
access to dn.subtree="ou=people,dc=example,dc=com" by dn.exact="cn=reader,dc=example,dc=com" read by self read by * none
access to * by dn.exact="cn=reader,dc=example,dc=com" read by users read by * none
`

func startSlapd(t *testing.T) *slapd {
	t.Helper()
	dir := t.TempDir()
	certificate(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf := write(t, dir, "slapd.conf", fmt.Sprintf(slapdConf, dir))
	s := &slapd{
		plain: fmt.Sprintf("ldap://127.0.0.1:%d", freePort(t)), tls: fmt.Sprintf("ldaps://127.0.0.1:%d", freePort(t)),
		ca: filepath.Join(dir, "cert.pem"),
	}
	cmd, _ := run(t, "/usr/sbin/slapd", "-d", "0", "-f", conf, "-h", s.plain+" "+s.tls)
	s.change = func(dn, attribute string, values ...string) {
		t.Helper()
		c, err := ldapclient.DialURL(s.plain)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Bind("cn=admin,dc=example,dc=com", "root-secret"); err != nil {
			t.Fatal(err)
		}
		if attribute == "" {
			err = c.Del(ldapclient.NewDelRequest(dn+",dc=example,dc=com", nil))
		} else {
			r := ldapclient.NewModifyRequest(dn+",dc=example,dc=com", nil)
			r.Replace(attribute, values)
			err = c.Modify(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s.stop = func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGSTOP) }
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT) })
	var c *ldapclient.Conn
	eventually(t, "slapd answers", 20*time.Second, func() bool {
		var err error
		c, err = ldapclient.DialURL(s.plain)
		return err == nil
	})
	defer c.Close()
	if err := c.Bind("cn=admin,dc=example,dc=com", "root-secret"); err != nil {
		t.Fatal(err)
	}
	add := func(dn string, attrs ...string) {
		t.Helper()
		r := ldapclient.NewAddRequest(dn+"dc=example,dc=com", nil)
		for _, a := range attrs {
			name, values, _ := strings.Cut(a, "=")
			r.Attribute(name, strings.Split(values, "|"))
		}
		if err := c.Add(r); err != nil {
			t.Fatalf("add %s: %v", dn, err)
		}
	}
	add("", "objectClass=dcObject|organization", "dc=example", "o=Example")
	for _, ou := range []string{"people", "groups", "projects"} {
		add("ou="+ou+",", "objectClass=organizationalUnit", "ou="+ou)
	}
	add("cn=reader,", "objectClass=organizationalRole|simpleSecurityObject", "cn=reader", "userPassword=reader-secret")
	for uid, password := range map[string]string{"ada": "ada's secret", "grace": "grace's secret", "o(p)*s": "odd secret"} {
		add("uid="+ldapclient.EscapeDN(uid)+",ou=people,", "objectClass=inetOrgPerson", "uid="+uid, "cn="+uid, "sn="+uid, "userPassword="+password)
	}
	add("uid=twin1,ou=people,", "objectClass=inetOrgPerson", "uid=twin1|twin", "cn=Twin", "sn=Twin", "userPassword=twin's secret")
	add("uid=twin2,ou=people,", "objectClass=inetOrgPerson", "uid=twin2|twin", "cn=Twin", "sn=Twin", "userPassword=twin's secret")
	member := "member=uid=ada,ou=people,dc=example,dc=com"
	add("cn=ops,ou=groups,", "objectClass=groupOfNames", "cn=ops", member)
	add("cn=dev,ou=groups,", "objectClass=groupOfNames", "cn=dev", member+"|uid=grace,ou=people,dc=example,dc=com")
	add("cn=admins,ou=projects,", "objectClass=groupOfNames", "cn=admins", member)
	return s
}

// certificate writes cert.pem and key.pem for 127.0.0.1, signed by itself.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "e2e"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
}

// TestLDAP asks a real directory about people in all ways that there are.
func TestLDAP(t *testing.T) {
	s := startSlapd(t)
	pemText, err := os.ReadFile(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pemText)
	const people, groups = "ou=people,dc=example,dc=com", "ou=groups,dc=example,dc=com"
	template := ldap.Options{Servers: []string{s.tls}, Roots: roots, UserDN: "uid={user}," + people}
	search := ldap.Options{
		Servers: []string{s.plain}, StartTLS: true, Roots: roots, Base: people, Filter: "(&(objectClass=person)(uid={user}))",
		BindDN: "cn=reader,dc=example,dc=com", BindPassword: "reader-secret",
	}
	with := func(o ldap.Options, change func(*ldap.Options)) ldap.Options {
		change(&o)
		return o
	}
	below := func(o *ldap.Options) { o.Groups.Base = groups }
	searched := func(o *ldap.Options) {
		o.Groups = ldap.Groups{Attribute: "none", Base: groups, Filter: "(&(objectClass=groupOfNames)(member={dn}))"}
	}
	fails := errors.New("it can't say")
	for name, tt := range map[string]struct {
		o              ldap.Options
		user, password string
		want           error
		is, groups     string
	}{
		"template":                        {template, "ada", "ada's secret", nil, "ada", "admins dev ops"},
		"template, groups below":          {with(template, below), "ada", "ada's secret", nil, "ada", "dev ops"},
		"template, another case":          {template, "ADA", "ada's secret", nil, "ada", "admins dev ops"},
		"template, wrong":                 {template, "ada", "guess", identity.ErrUnknown, "", ""},
		"template, nobody":                {template, "nobody", "guess", identity.ErrUnknown, "", ""},
		"template, a DN in the name":      {template, "ada,ou=people,dc=example,dc=com", "ada's secret", identity.ErrUnknown, "", ""},
		"search":                          {search, "grace", "grace's secret", nil, "grace", "dev"},
		"search, groups searched":         {with(search, searched), "ada", "ada's secret", nil, "ada", "dev ops"},
		"search, wrong":                   {search, "ada", "guess", identity.ErrWrong, "", ""},
		"search, somebody else's":         {search, "ada", "grace's secret", identity.ErrWrong, "", ""},
		"search, nobody":                  {search, "nobody", "x", identity.ErrUnknown, "", ""},
		"search, a filter in the name":    {search, "ada)(uid=*", "ada's secret", identity.ErrUnknown, "", ""},
		"search, a star":                  {search, "*", "ada's secret", identity.ErrUnknown, "", ""},
		"search, letters of filters":      {search, "o(p)*s", "odd secret", nil, "o(p)*s", ""},
		"search, two of the name":         {search, "twin", "twin's secret", fails, "", ""},
		"template, then filter":           {with(template, func(o *ldap.Options) { o.Base, o.Filter = people, "(uid={user})" }), "ada", "ada's secret", nil, "ada", "admins dev ops"},
		"who searches is refused":         {with(search, func(o *ldap.Options) { o.BindPassword = "another" }), "ada", "ada's secret", fails, "", ""},
		"who searches may see nobody":     {with(search, func(o *ldap.Options) { o.BindDN, o.BindPassword = "", "" }), "ada", "ada's secret", fails, "", ""},
		"people have no such name":        {with(search, func(o *ldap.Options) { o.Name = "mail" }), "ada", "ada's secret", fails, "", ""},
		"nobody vouches for the server":   {with(template, func(o *ldap.Options) { o.Roots = x509.NewCertPool() }), "ada", "ada's secret", fails, "", ""},
		"nor with StartTLS":               {with(search, func(o *ldap.Options) { o.Roots = x509.NewCertPool() }), "ada", "ada's secret", fails, "", ""},
		"the filter is broken":            {with(search, func(o *ldap.Options) { o.Filter = "(uid={user}" }), "ada", "ada's secret", fails, "", ""},
		"the filter of groups is broken":  {with(search, func(o *ldap.Options) { searched(o); o.Groups.Filter = "(member={dn}" }), "ada", "ada's secret", fails, "", ""},
		"there is nothing below the base": {with(search, func(o *ldap.Options) { o.Base = "ou=gone,dc=example,dc=com" }), "ada", "ada's secret", fails, "", ""},
		"the first server is gone": {with(template, func(o *ldap.Options) { o.Servers = []string{fmt.Sprintf("ldap://127.0.0.1:%d", freePort(t)), s.tls} }),
			"ada", "ada's secret", nil, "ada", "admins dev ops"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := ldap.New(tt.o).Check(t.Context(), tt.user, tt.password)
			switch {
			case tt.want == nil && err == nil:
			case tt.want == fails && err != nil && !errors.Is(err, identity.ErrUnknown) && !errors.Is(err, identity.ErrWrong):
			case tt.want != nil && errors.Is(err, tt.want):
			default:
				t.Fatalf("%v, want %v", err, tt.want)
			}
			if p.Name != tt.is || strings.Join(p.Groups, " ") != tt.groups {
				t.Errorf("%+v", p)
			}
		})
	}

	d := ldap.New(with(search, func(o *ldap.Options) { o.Timeout = time.Second }))
	if _, err := d.Check(t.Context(), "ada", "ada's secret"); err != nil {
		t.Fatal(err)
	}
	s.stop() // it takes connections still, and says nothing
	begun := time.Now()
	if _, err := d.Check(t.Context(), "ada", "ada's secret"); err == nil || errors.Is(err, identity.ErrUnknown) || time.Since(begun) > 5*time.Second {
		t.Errorf("a directory that hangs: %v after %v", err, time.Since(begun))
	}
}

// TestLogInByLDAP has the program ask a directory, and lets its own administrator in when
// that is down.
func TestLogInByLDAP(t *testing.T) {
	dir := startSlapd(t)
	s := &server{home: t.TempDir(), data: filepath.Join(t.TempDir(), "data"), packs: t.TempDir()}
	password := write(t, s.home, "reader", "reader-secret\n")
	s.config = write(t, s.home, "nightshift.yaml", fmt.Sprintf(`
auth:
  admin_groups: [ops]
  refresh: 300ms
  backends:
    - ldap:
        servers: [%q]
        ca: %q
        base: ou=people,dc=example,dc=com
        filter: (uid={user})
        bind_dn: cn=reader,dc=example,dc=com
        bind_password_file: %q
        groups: {base: "ou=groups,dc=example,dc=com"}
        timeout: 1s
    - own: true
`, dir.tls, dir.ca, password))
	s.start(t)
	admin := passwordLine.FindStringSubmatch(s.out.String())[1]
	logIn := func(user, password string) string {
		return strings.TrimSpace(s.cli(t, "auth", user, "--password", password, "--only-token"))
	}
	s.token = logIn("Ada", "ada's secret")
	var me struct {
		Username string
		RBAC     struct {
			IsAdmin bool `json:"is_admin"`
		}
	}
	s.do(t, "GET", "/api/v1/user", "", &me)
	if me.Username != "ada" || !me.RBAC.IsAdmin {
		t.Errorf("ada is %+v", me)
	}
	s.token = logIn("grace", "grace's secret")
	if s.do(t, "GET", "/api/v1/user", "", &me); me.Username != "grace" || me.RBAC.IsAdmin {
		t.Errorf("grace is %+v", me)
	}
	// Who leaves a group or the directory needs no new log-in to lose what that allowed.
	ada := logIn("ada", "ada's secret")
	asAda := func() (status int, isAdmin bool) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v1/user", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", ada)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		me.RBAC.IsAdmin = false
		_ = json.NewDecoder(res.Body).Decode(&me)
		return res.StatusCode, me.RBAC.IsAdmin
	}
	becomes := func(what string, status int, isAdmin bool) {
		t.Helper()
		eventually(t, what, 30*time.Second, func() bool {
			gotStatus, gotAdmin := asAda()
			return gotStatus == status && (status != http.StatusOK || gotAdmin == isAdmin)
		})
	}
	becomes("ada is an administrator", http.StatusOK, true)
	dir.change("cn=ops,ou=groups", "member", "uid=grace,ou=people,dc=example,dc=com")
	becomes("ada is none any more", http.StatusOK, false)
	dir.change("cn=ops,ou=groups", "member", "uid=ada,ou=people,dc=example,dc=com")
	becomes("ada is one again", http.StatusOK, true)
	dir.change("uid=ada,ou=people", "uid", "ada", "lovelace")
	dir.change("uid=grace,ou=people", "")
	eventually(t, "grace is shut out", 30*time.Second, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v1/user", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", s.token) // of grace
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode == http.StatusUnauthorized
	})
	dir.stop()
	eventually(t, "the directory is missed", 30*time.Second, func() bool {
		return strings.Contains(s.out.String(), "a back end can't be asked about its people")
	})
	becomes("ada is an administrator as before", http.StatusOK, true)
	s.token = logIn("admin", admin)
	if s.do(t, "GET", "/api/v1/user", "", &me); me.Username != "admin" || !me.RBAC.IsAdmin {
		t.Errorf("admin is %+v", me)
	}
	if said := s.fails(t, "auth", "ada", "--password", "ada's secret"); !strings.Contains(said, "which may know you, does not answer") {
		t.Errorf("while the directory is down: %s", said)
	}
	if log := s.out.String(); strings.Contains(log, "ada's secret") || strings.Contains(log, "reader-secret") {
		t.Errorf("a password is in the log:\n%s", log)
	}
}
