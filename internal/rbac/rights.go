package rbac

import (
	"fmt"
	"slices"
	"strings"
)

// Rights is what one person may do under a policy, made ready to be asked often.
type Rights struct {
	who       Person
	roles     []held
	asks      map[string]ask
	grants    map[string]*index // by permission
	exclusive *index            // what is locked down
	inside    *index            // what of that is open to this person
	outside   string
}

// held is a role that a person has.
type held struct {
	role string
	why  string
}

// index finds the grants that name a resource.
type index struct {
	exact map[string]*granted // by UID
	loose []*granted          // by patterns and tags
	any   *granted            // the first of all, those without a UID included
}

// granted is a grant that somebody has by a role.
type granted struct {
	Grant
	permission string
	by         held
}

func (x *index) add(g *granted) {
	if x.any == nil {
		x.any = g
	}
	switch {
	case g.UID == "":
	case strings.HasPrefix(g.UID, tagPrefix), strings.Contains(g.UID, "*"):
		x.loose = append(x.loose, g)
	case x.exact[g.UID] == nil:
		x.exact[g.UID] = g
	}
}

// find returns a grant on a resource or on the pack that it is in; nil: none.
func (x *index) find(r *Resource) *granted {
	if x == nil {
		return nil
	}
	if g := x.exact[r.UID]; g != nil {
		return g
	}
	if r.Pack != "" {
		if g := x.exact["pack:"+r.Pack]; g != nil {
			return g
		}
	}
	for _, g := range x.loose {
		if g.names(r) {
			return g
		}
	}
	return nil
}

// names reports whether a grant is about a resource, or about the pack that it is in.
func (g Grant) names(r *Resource) bool {
	if tag, ok := strings.CutPrefix(g.UID, tagPrefix); ok {
		return slices.Contains(r.Tags, tag)
	}
	return matches(g.UID, r.UID) || r.Pack != "" && matches(g.UID, "pack:"+r.Pack)
}

func newIndex() *index { return &index{exact: map[string]*granted{}} }

// For returns the rights of a person.
func (p *Policy) For(who Person) *Rights {
	rt := &Rights{who: who, roles: p.held(who), asks: asks(), grants: map[string]*index{}, exclusive: newIndex(), inside: newIndex()}
	mine := map[string]bool{}
	for _, h := range rt.roles {
		role := p.Roles[h.role]
		if role == nil || mine[role.Name] {
			continue
		}
		mine[role.Name] = true
		for _, g := range role.Grants {
			if g.Exclusive {
				rt.inside.add(&granted{Grant: g, by: h})
			}
			for _, permission := range g.Permissions {
				if rt.grants[permission] == nil {
					rt.grants[permission] = newIndex()
				}
				rt.grants[permission].add(&granted{g, permission, h})
			}
		}
	}
	if rt.Admin() {
		return rt
	}
	var outside []string
	for _, role := range p.Roles {
		for _, g := range role.Grants {
			if !g.Exclusive {
				continue
			}
			rt.exclusive.add(&granted{Grant: g})
			if !mine[role.Name] {
				outside = append(outside, g.UID)
			}
		}
	}
	slices.Sort(outside)
	rt.outside = strings.Join(slices.Compact(outside), "\n")
	return rt
}

func (p *Policy) held(who Person) []held {
	var all []held
	for _, a := range p.Assignments {
		var why string
		switch {
		case a.User != "" && a.User == who.Name:
			why = fmt.Sprintf("user %q has by %s", who.Name, a.File)
		case a.Group != "" && slices.Contains(who.Groups, a.Group):
			why = fmt.Sprintf("group %q has by %s", a.Group, a.File)
		default:
			continue
		}
		for _, role := range a.Roles {
			all = append(all, held{role, why})
		}
	}
	return all
}

// Roles returns the names of the roles that the person has, sorted.
func (rt *Rights) Roles() []string {
	names := make([]string, len(rt.roles))
	for i, h := range rt.roles {
		names[i] = h.role
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Admin reports whether the person may do everything.
func (rt *Rights) Admin() bool {
	return slices.ContainsFunc(rt.roles, func(h held) bool { return h.role == Admin || h.role == SystemAdmin })
}

// Outside names what is locked down and not open to this person. From two people of
// whom it says the same, the same is hidden; empty: nothing is.
func (rt *Rights) Outside() string { return rt.outside }

// Named returns the names of what grants of the person name one by one, of a kind: the
// packs, or the actions as pack:name. They may be of things that are gone.
func (rt *Rights) Named(kind string) []string {
	var out []string
	for _, x := range rt.grants {
		for uid := range x.exact {
			if name, ok := strings.CutPrefix(uid, kind+":"); ok {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Hidden reports whether the person is not to learn that there is a resource.
func (rt *Rights) Hidden(r *Resource) bool {
	if rt.outside == "" || r == nil {
		return false
	}
	return rt.exclusive.find(r) != nil && rt.inside.find(r) == nil || rt.Hidden(r.Of) || slices.ContainsFunc(r.Shows, rt.Hidden)
}

// May reports whether the person may do something with a resource, or with none in
// particular when r is nil.
func (rt *Rights) May(permission string, r *Resource) bool { return rt.decide(permission, r).allowed }

// MayAnywhere reports whether there is anything that the person might do something with:
// all that may be said before it is known with what.
func (rt *Rights) MayAnywhere(permission string) bool {
	if rt.May(permission, nil) {
		return true
	}
	a := rt.asks[permission]
	switch {
	case a.global:
		return false
	case a.kind == "execution" && a.like != "":
		return rt.anywhere(a.like, "action_all") != nil
	}
	return rt.anywhere(a.enough...) != nil
}

// Decide is [Rights.May] with the reason for it.
func (rt *Rights) Decide(permission string, r *Resource) Decision {
	v := rt.decide(permission, r)
	d := Decision{Allowed: v.allowed, Hidden: v.hidden, Why: v.why}
	switch {
	case d.Why != "":
	case v.grant != nil:
		d.Why = fmt.Sprintf("Role %q, which %s, grants %s", v.grant.by.role, v.grant.by.why, v.grant.permission)
		if v.grant.UID != "" {
			d.Why += " on " + v.grant.UID
		}
		d.Why += "."
	case v.system.role == Observer:
		d.Why = fmt.Sprintf("Role %q, which %s, may look at everything.", v.system.role, v.system.why)
	case v.system.role != "":
		d.Why = fmt.Sprintf("Role %q, which %s, may do everything.", v.system.role, v.system.why)
	default:
		d.Why = refusal(rt.who.Name, permission, r)
		if v.hidden {
			d.Why += ": it is locked down"
		}
	}
	return d
}

// refusal says that something is not allowed as StackStorm does.
func refusal(user, permission string, r *Resource) string {
	if r == nil || Global(permission) {
		return fmt.Sprintf("User \"%s\" doesn't have required permission \"%s\"", user, permission)
	}
	return fmt.Sprintf("User \"%s\" doesn't have required permission \"%s\" on resource \"%s\"", user, permission, r.UID)
}

// verdict is a decision of which nobody has asked the reason yet.
type verdict struct {
	allowed, hidden bool
	grant           *granted
	system          held
	why             string
}

func (rt *Rights) decide(permission string, r *Resource) verdict {
	a, ok := rt.asks[permission]
	if !ok {
		return verdict{why: fmt.Sprintf("There is no permission %q.", permission)}
	}
	v := rt.open(a, permission, r)
	if v.allowed && rt.Hidden(r) {
		return verdict{hidden: true}
	}
	return v
}

// open decides as if nothing were locked down.
func (rt *Rights) open(a ask, permission string, r *Resource) verdict {
	for _, h := range rt.roles {
		if h.role == SystemAdmin || h.role == Admin || h.role == Observer && a.looks {
			return verdict{allowed: true, system: h}
		}
	}
	if a.kind == "key_value_pair" {
		if v, ok := rt.ownKey(a.verb, r); ok {
			return v
		}
	}
	g := rt.need(a, permission, r)
	return verdict{allowed: g != nil, grant: g}
}

// ownKey decides about keys of people: everybody has their own, and nobody else's.
func (rt *Rights) ownKey(verb string, r *Resource) (verdict, bool) {
	switch {
	case r == nil && verb == "list":
		return verdict{allowed: true, why: "Everybody may list their own keys."}, true
	case r == nil || r.User == "":
		return verdict{}, false
	case r.User == rt.who.Name:
		return verdict{allowed: true, why: "It is their own key."}, true
	}
	return verdict{why: fmt.Sprintf("It is a key of user %q, which only they and administrators may see.", r.User)}, true
}

// need returns the grant that allows something; nil: there is none.
func (rt *Rights) need(a ask, permission string, r *Resource) *granted {
	switch {
	case r == nil && a.kind == "rule_enforcement":
		// Who may list rules may list what they did.
		return rt.anywhere(permission, "rule_list")
	case r == nil:
		return rt.anywhere(permission)
	case a.kind == "execution" && a.like != "":
		// What somebody may do with an action they may do with its executions; but
		// who may only run it does not see what others ran.
		if r.Of != nil {
			r = r.Of
		}
		return rt.on(r, a.like, "action_all")
	case a.kind == "rule_enforcement" && r.Of != nil:
		return rt.on(r.Of, a.enough...)
	case a.kind == "inquiry":
		if g := rt.anywhere(permission, "inquiry_all"); g != nil || r.Of == nil {
			return g
		}
		return rt.on(r.Of, "action_execute", "action_all")
	case a.global:
		return rt.anywhere(permission)
	}
	return rt.on(r, a.enough...)
}

// anywhere returns a grant of one of some permissions, on anything.
func (rt *Rights) anywhere(permissions ...string) *granted {
	for _, p := range permissions {
		if x := rt.grants[p]; x != nil {
			return x.any
		}
	}
	return nil
}

// on returns a grant of one of some permissions on a resource.
func (rt *Rights) on(r *Resource, permissions ...string) *granted {
	for _, p := range permissions {
		if g := rt.grants[p].find(r); g != nil {
			return g
		}
	}
	return nil
}
