// Package ldap knows people by a directory that speaks LDAP: OpenLDAP, Active
// Directory and the like.
//
// It looks somebody up, binds as them with the password that was given, and reads
// which groups they are in. Each question has a connection of its own and an end, and
// asks the servers in turn until one answers. What the directory answers counts only
// if it is a plain yes.
package ldap

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	ldap "github.com/go-ldap/ldap/v3"

	"github.com/nightshift-run/nightshift/internal/identity"
)

// Options say where the directory is and how people are found in it. In UserDN and the
// filters {user} stands for the name that was typed, and in Groups.Filter {dn} for the
// DN of the person.
type Options struct {
	Servers  []string       // URLs with ldaps or ldap, asked in turn
	StartTLS bool           // with ldap: go over to TLS before anything is said
	Roots    *x509.CertPool // who may vouch for servers; nil: those of the system
	Timeout  time.Duration  // of one question to all servers; default 5 s

	// UserDN is what to bind as. It is empty where people are searched for first.
	UserDN string

	Base, Filter string // where people are, and which
	BindDN       string // who searches; empty: nobody in particular, or the person with UserDN
	BindPassword string
	Name         string // the attribute that people are known by here; default uid

	Groups Groups
}

// Groups say how the groups of a person are found.
type Groups struct {
	Attribute string // of the person, with DNs of groups; default memberOf
	Base      string // only groups below count
	Filter    string // to search for them below Base, too; empty: not
	Name      string // the attribute of a group that was searched for; default cn
}

// Directory is the back end of a directory.
type Directory struct {
	o     Options
	first atomic.Int32 // the server that answered last
}

// New returns the back end of a directory.
func New(o Options) *Directory {
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Name == "" {
		o.Name = "uid"
	}
	if o.Groups.Attribute == "" {
		o.Groups.Attribute = "memberOf"
	}
	if o.Groups.Name == "" {
		o.Groups.Name = "cn"
	}
	return &Directory{o: o}
}

// Check implements [identity.Backend].
func (d *Directory) Check(ctx context.Context, name, password string) (identity.Person, error) {
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	c, err := d.connect(ctx)
	if err != nil {
		return identity.Person{}, err
	}
	defer c.Close()                                      //nolint:errcheck // nothing is left to be said
	defer context.AfterFunc(ctx, func() { c.Close() })() //nolint:errcheck // ends what waits for the server
	return (&question{d.o, c, name}).ask(password)
}

// CanLook reports whether the directory can be asked about somebody without their password.
func (d *Directory) CanLook() bool { return d.o.Filter != "" && (d.o.BindDN != "" || d.o.UserDN == "") }

// lookAtOnce is how many people are looked for over one connection.
const lookAtOnce = 100

// Look says of each name, as it was typed at a log-in, who that is now, or
// [identity.ErrUnknown]. Any other error is that this person can't be told; the error that
// is returned is that the directory can't be asked, and then not all were told.
func (d *Directory) Look(ctx context.Context, names []string, tell func(name string, p identity.Person, err error)) error {
	for some := range slices.Chunk(names, lookAtOnce) {
		if err := d.look(ctx, some, tell); err != nil {
			return err
		}
	}
	return nil
}

func (d *Directory) look(ctx context.Context, names []string, tell func(name string, p identity.Person, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout+time.Duration(len(names))*d.o.Timeout/10)
	defer cancel()
	c, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()                                      //nolint:errcheck // nothing is left to be said
	defer context.AfterFunc(ctx, func() { c.Close() })() //nolint:errcheck // ends what waits for the server
	if err := (&question{d.o, c, ""}).service(); err != nil {
		return err
	}
	for _, name := range names {
		q := &question{d.o, c, name}
		entry, err := q.person()
		var p identity.Person
		if err == nil {
			p, err = q.known(entry)
		}
		if c.IsClosing() {
			return cmp.Or(err, errors.New("the connection was ended"))
		}
		tell(name, p, err)
	}
	return nil
}

// connect returns a connection to the first server that answers.
func (d *Directory) connect(ctx context.Context) (*ldap.Conn, error) {
	var errs []error
	n := len(d.o.Servers)
	start := int(d.first.Load())
	for i := range n {
		at := (start + i) % n
		c, err := d.dial(ctx, d.o.Servers[at], d.o.Timeout/time.Duration(n))
		if err == nil {
			d.first.Store(int32(at)) //nolint:gosec // a handful
			return c, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", d.o.Servers[at], err))
	}
	return nil, errors.Join(errs...)
}

func (d *Directory) dial(ctx context.Context, server string, patience time.Duration) (*ldap.Conn, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldap": "389", "ldaps": "636"}[u.Scheme]
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(soon, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{ServerName: u.Hostname(), RootCAs: d.o.Roots, MinVersion: tls.VersionTLS12}
	end, _ := soon.Deadline()
	err = raw.SetDeadline(end)
	c, secure := raw, u.Scheme == "ldaps"
	if secure && err == nil {
		t := tls.Client(raw, config)
		err = t.HandshakeContext(soon)
		c = t
	}
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	conn := ldap.NewConn(c, secure)
	conn.Start()
	if d.o.StartTLS && !secure {
		err = conn.StartTLS(config)
	}
	end, _ = ctx.Deadline()
	if err = errors.Join(err, raw.SetDeadline(end)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// question is about one person, over one connection.
type question struct {
	Options
	c    *ldap.Conn
	name string
}

func (q *question) ask(password string) (identity.Person, error) {
	var entry *ldap.Entry
	var err error
	if q.UserDN != "" {
		// Who it does not know and who has another password look alike here.
		dn := fill(q.UserDN, ldap.EscapeDN, "{user}", q.name)
		if err := q.bind(dn, password, identity.ErrUnknown); err != nil {
			return identity.Person{}, err
		}
		if entry, err = q.own(dn); err != nil {
			return identity.Person{}, err
		}
	} else {
		if err := q.service(); err != nil {
			return identity.Person{}, err
		}
		if entry, err = q.person(); err != nil {
			return identity.Person{}, err
		}
		if err := q.bind(entry.DN, password, identity.ErrWrong); err != nil {
			return identity.Person{}, err
		}
	}
	return q.known(entry)
}

// known returns who an entry is of.
func (q *question) known(entry *ldap.Entry) (identity.Person, error) {
	// Directories compare names without their case, and we don't: there is one way to
	// write each, or somebody who is shut out would come back in capitals.
	name := strings.ToLower(entry.GetAttributeValue(q.Name))
	if name == "" {
		return identity.Person{}, fmt.Errorf("%s has no %s to be known by", entry.DN, q.Name)
	}
	groups, err := q.groups(entry)
	if err != nil {
		return identity.Person{}, err
	}
	return identity.Person{Name: name, Groups: groups}, nil
}

// bind logs in; refused is what it means when the password does not fit.
func (q *question) bind(dn, password string, refused error) error {
	err := q.c.Bind(dn, password)
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax) {
		return refused
	}
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// service logs in as who searches.
func (q *question) service() error {
	if q.BindDN == "" {
		return nil
	}
	if err := q.c.Bind(q.BindDN, q.BindPassword); err != nil {
		return fmt.Errorf("bind as %s: %w", q.BindDN, err)
	}
	return nil
}

// own returns the entry of a person who has logged in.
func (q *question) own(dn string) (*ldap.Entry, error) {
	if q.Filter != "" { // what one binds as need not be a DN: Active Directory takes addresses
		return q.person()
	}
	found, err := q.search(dn, ldap.ScopeBaseObject, "(objectClass=*)", 1, q.Name, q.Groups.Attribute)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%s may not read their own entry", dn)
	}
	return found[0], nil
}

// person searches for the one whom the question is about.
func (q *question) person() (*ldap.Entry, error) {
	filter := fill(q.Filter, ldap.EscapeFilter, "{user}", q.name)
	found, err := q.search(q.Base, ldap.ScopeWholeSubtree, filter, 2, q.Name, q.Groups.Attribute)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, identity.ErrUnknown
	case len(found) > 1:
		return nil, fmt.Errorf("the filter %s finds several people", filter)
	case found[0].DN == "":
		return nil, fmt.Errorf("the filter %s finds somebody without a DN", filter) // to bind as nobody is no proof
	}
	return found[0], nil
}

func (q *question) search(base string, scope int, filter string, most int, attributes ...string) ([]*ldap.Entry, error) {
	r, err := q.c.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, most, 0, false, filter, attributes, nil))
	if most > 0 && ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) && r != nil && len(r.Entries) >= most {
		err = nil // the caller sees that there are too many
	}
	if err != nil {
		return nil, fmt.Errorf("search below %s for %s: %w", base, filter, err)
	}
	return r.Entries, nil
}

// groups returns the names of the groups that a person is in.
func (q *question) groups(of *ldap.Entry) ([]string, error) {
	groups := []string{}
	base, err := ldap.ParseDN(q.Groups.Base)
	if err != nil {
		return nil, fmt.Errorf("base of groups: %w", err)
	}
	for _, text := range of.GetEqualFoldAttributeValues(q.Groups.Attribute) {
		dn, err := ldap.ParseDN(text)
		if err != nil || len(dn.RDNs) == 0 {
			return nil, fmt.Errorf("%s of %s is no DN: %q", q.Groups.Attribute, of.DN, text)
		}
		if q.Groups.Base == "" || base.AncestorOfFold(dn) {
			groups = append(groups, dn.RDNs[0].Attributes[0].Value)
		}
	}
	if q.Groups.Filter != "" {
		if err := q.service(); err != nil {
			return nil, err
		}
		filter := fill(q.Groups.Filter, ldap.EscapeFilter, "{user}", q.name, "{dn}", of.DN)
		found, err := q.search(q.Groups.Base, ldap.ScopeWholeSubtree, filter, 0, q.Groups.Name)
		if err != nil {
			return nil, err
		}
		for _, g := range found {
			groups = append(groups, g.GetEqualFoldAttributeValues(q.Groups.Name)...)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}

// fill puts values into a template, each escaped: what somebody types must not become
// a part of the question.
func fill(template string, escape func(string) string, pairs ...string) string {
	for i := 1; i < len(pairs); i += 2 {
		pairs[i] = escape(pairs[i])
	}
	return strings.NewReplacer(pairs...).Replace(template)
}
