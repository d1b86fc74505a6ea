package api

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rbac"
)

// Roles is what people may do.
type Roles interface {
	// Policy returns the policy in force. Nil means that roles are off: who is known
	// may do everything but what takes an administrator.
	Policy() *rbac.Policy
	// Reload reads the roles again, and has on record on behalf of ctx what is new in them.
	// With mistakes the policy in force stays.
	Reload(ctx context.Context) []rbac.Mistake
}

// noRoles are roles that are off.
type noRoles struct{}

func (noRoles) Policy() *rbac.Policy                  { return nil }
func (noRoles) Reload(context.Context) []rbac.Mistake { return nil }

// rights are what a caller may do.
type rights struct {
	*rbac.Rights              // nil: roles are off
	policy       *rbac.Policy // that they follow from
	sight        atomic.Pointer[sight]
}

// rightsOf returns the rights of a user under a policy.
func rightsOf(p *rbac.Policy, u access.User) *rights {
	if p == nil {
		return &rights{}
	}
	return &rights{Rights: p.For(rbac.Person{Name: u.Name, Groups: u.Groups}), policy: p}
}

// free reports whether no role decides about the caller: roles are off, or it is an
// admin. That says nothing about what takes an administrator; see [call.admin].
func (w *caller) free() bool { return w.rights != nil && (w.rights.Rights == nil || w.Admin) }

// outside reports whether something is locked down that is not open to the caller.
func (w *caller) outside() bool { return !w.free() && w.rights.Outside() != "" }

// may reports whether the caller may do something with a resource, or with none in
// particular when r is nil.
func (w *caller) may(permission string, r *rbac.Resource) bool {
	return w.free() || w.rights != nil && w.rights.May(permission, r)
}

// allow is [caller.may] as an error that says why not.
func (c *call) allow(permission string, r *rbac.Resource) error { return c.who.allow(permission, r) }

func (w *caller) allow(permission string, r *rbac.Resource) error {
	if w.free() {
		return nil
	}
	switch d := w.rights.Decide(permission, r); {
	case d.Allowed:
		return nil
	case d.Hidden:
		return fault.Newf(fault.NotFound, "The resource could not be found.")
	default:
		return &fault.Fault{Kind: fault.Forbidden, Msg: d.Why}
	}
}

// allowOr is [call.allow] for the permission of the route on something that is not
// looked for before; missing is what is said of it when it is hidden.
func (c *call) allowOr(missing error, r *rbac.Resource) error {
	err := c.allow(c.route.Permission, r)
	if fault.KindOf(err) == fault.NotFound {
		return missing
	}
	return err
}

// hides reports whether the caller is not to learn that there is a resource.
func (w *caller) hides(r *rbac.Resource) bool { return !w.free() && w.rights.Hidden(r) }

// A gate lets a caller through, or says why not. Each route has one; without, it is
// closed.
type gate func(*call) error

// open lets c through, or says why not.
func (g gate) open(c *call) error {
	if g == nil {
		return errNobodySaid()
	}
	return g(c)
}

func errNobodySaid() error { return fault.Newf(fault.Forbidden, "Nobody has said who may do this.") }

// overall asks for the permission of r without a resource.
func (r *route) overall() *route {
	return r.guard("for all at once", func(c *call) error { return c.allow(r.Permission, nil) })
}

// on asks for the permission of r on what the call is about.
func (r *route) on(about func(*call) (*rbac.Resource, error)) *route {
	return r.guard("on what the path names", func(c *call) error {
		resource, err := about(c)
		switch {
		case err != nil:
			return err
		case resource == nil: // which would ask about all at once
			return errNobodySaid()
		}
		return c.allow(r.Permission, resource)
	})
}

// only asks f, and says how f decides.
func (r *route) only(who string, f func(*call) error) *route {
	r.Who, r.gate = who, f
	return r
}

// guard is [route.only] where roles decide about the caller; others are let in.
func (r *route) guard(who string, f func(*call) error) *route {
	return r.only(who, func(c *call) error {
		if c.who.free() {
			return nil
		}
		return f(c)
	})
}

// inside leaves it to the handler to ask, which alone knows about what.
func (r *route) inside(who string) *route { return r.guard(who, func(*call) error { return nil }) }

// anybody lets in whoever is known, and says why that is enough.
func (r *route) anybody(why string) *route { return r.inside("anybody who is known: " + why) }

// admins lets in administrators, to whom alone it is to do what.
func (r *route) admins(what string) *route {
	return r.only("administrators", func(c *call) error { return c.admin(what) })
}

// switches lets in who has the permission of the route by a role or, while roles are
// off, an administrator.
func (c *call) switches(what string) error {
	if c.who.rights.Rights != nil {
		return nil // the gate has asked
	}
	return c.admin(what)
}

// veils are catalogs less what is hidden from some callers, by what that is.
type veils struct {
	mu    sync.Mutex
	of    *catalog.Catalog            // guarded by mu
	known map[string]*catalog.Catalog // guarded by mu; those of the catalog above
}

// catalog is the snapshot that the call goes by, which has nothing in it that is hidden
// from the caller. It is asked for once a handler.
func (c *call) catalog() *catalog.Catalog { return c.catalogFor(&c.who) }

func (a *API) catalogFor(w *caller) *catalog.Catalog {
	full := a.Catalog.Get()
	if !w.outside() {
		return full
	}
	a.veils.mu.Lock()
	defer a.veils.mu.Unlock()
	if a.veils.of != full {
		a.veils.of, a.veils.known = full, map[string]*catalog.Catalog{}
	}
	outside := w.rights.Outside()
	if c := a.veils.known[outside]; c != nil {
		return c
	}
	content, rules := resources{full}, listening(full)
	c := full.Without(func(thing any) bool { return content.hidden(w.rights, thing, rules) })
	a.veils.known[strings.Clone(outside)] = c
	return c
}
