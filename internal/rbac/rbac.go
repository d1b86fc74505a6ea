// Package rbac says who may do what: roles grant permissions on resources, and
// people have roles, by their name or by a group that they are in.
//
// Permissions, resources and what follows from what are those of StackStorm, and so
// are the files. What is ours: a grant may name resources by a pattern or by a tag,
// and each decision says why it is so. What is not granted is refused.
//
// It is pure, and safe for concurrent use.
package rbac

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// The roles that need no file.
const (
	SystemAdmin = "system_admin" // may do everything
	Admin       = "admin"        // may do everything
	Observer    = "observer"     // may look at everything
)

// Role is a name for what some people may do.
type Role struct {
	Name, Description string
	Grants            []Grant
}

// Grant allows some things with the resources that UID names, or with all at once.
type Grant struct {
	// UID is that of a resource: action:web:restart, pack:web. It may have * in it,
	// which stands for anything but a colon, or be tag:name=value, which is all that
	// has the tag. Empty: the permissions are global.
	UID         string
	Permissions []string
}

// Resource is what somebody wants to do something with.
type Resource struct {
	UID  string   // action:web:restart
	Pack string   // that it is in; empty: in none
	Tags []string // name=value
	// Of is what decides in its place: the action of an execution, the rule of an
	// enforcement, the workflow of an inquiry.
	Of *Resource
	// User is whose key it is; empty: the system's.
	User string
}

// Person is who wants to do something.
type Person struct {
	Name   string
	Groups []string
}

// Assignment gives roles to a person, or to all in a group.
type Assignment struct {
	User  string // empty: it is for a group
	Group string
	Roles []string
	File  string // that says so
}

// Policy is all roles and who has them. The zero value gives nobody any.
type Policy struct {
	Roles       map[string]*Role
	Assignments []Assignment
}

// Decision is an answer and the reason for it.
type Decision struct {
	Allowed bool
	Why     string // a sentence
}

// held is a role that a person has.
type held struct {
	role string
	why  string
}

// RolesOf returns the names of the roles of a person, sorted.
func (p *Policy) RolesOf(who Person) []string {
	var names []string
	for _, h := range p.held(who) {
		names = append(names, h.role)
	}
	slices.Sort(names)
	return slices.Compact(names)
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

// IsAdmin reports whether a person may do everything.
func (p *Policy) IsAdmin(who Person) bool {
	return slices.ContainsFunc(p.held(who), func(h held) bool { return h.role == Admin || h.role == SystemAdmin })
}

// Decide says whether a person may do something with a resource, or with none in
// particular when r is nil: list, install, match.
func (p *Policy) Decide(who Person, permission string, r *Resource) Decision {
	kind, verb, ok := split(permission)
	if !ok {
		return Decision{Why: fmt.Sprintf("There is no permission %q.", permission)}
	}
	roles := p.held(who)
	for _, h := range roles {
		if d, ok := system(h, verb); ok {
			return d
		}
	}
	if kind == "key_value_pair" {
		if d, ok := ownKey(who, verb, r); ok {
			return d
		}
	}
	need := needs(kind, verb, permission, r)
	for _, h := range roles {
		role := p.Roles[h.role]
		if role == nil {
			continue
		}
		for _, g := range role.Grants {
			for _, n := range need {
				if has, ok := n.metBy(g); ok {
					return Decision{true, fmt.Sprintf("Role %q, which %s, grants %s%s.", role.Name, h.why, has, onWhat(g))}
				}
			}
		}
	}
	return Decision{false, refusal(who, permission, r)}
}

func onWhat(g Grant) string {
	if g.UID == "" {
		return ""
	}
	return " on " + g.UID
}

// refusal says that something is not allowed as StackStorm does.
func refusal(who Person, permission string, r *Resource) string {
	if r == nil {
		return fmt.Sprintf("User \"%s\" doesn't have required permission \"%s\"", who.Name, permission)
	}
	return fmt.Sprintf("User \"%s\" doesn't have required permission \"%s\" on resource \"%s\"", who.Name, permission, r.UID)
}

// system decides by one of the roles that need no file.
func system(h held, verb string) (Decision, bool) {
	switch h.role {
	case SystemAdmin, Admin:
		return Decision{true, fmt.Sprintf("Role %q, which %s, may do everything.", h.role, h.why)}, true
	case Observer:
		if slices.Contains([]string{"view", "list", "search", "views_filters_list", "views_index_health"}, verb) {
			return Decision{true, fmt.Sprintf("Role %q, which %s, may look at everything.", h.role, h.why)}, true
		}
	}
	return Decision{}, false
}

// ownKey decides about keys of people: everybody has their own, and nobody else's.
func ownKey(who Person, verb string, r *Resource) (Decision, bool) {
	switch {
	case r == nil && verb == "list":
		return Decision{true, "Everybody may list their own keys."}, true
	case r == nil || r.User == "":
		return Decision{}, false
	case r.User == who.Name:
		return Decision{true, "It is their own key."}, true
	}
	return Decision{false, fmt.Sprintf("It is a key of user %q, which only they and administrators may see.", r.User)}, true
}

// need is permissions of which one is enough, on one of some resources.
type need struct {
	permissions []string
	on          []*Resource // none: the grant may be on anything
}

func (n need) metBy(g Grant) (permission string, ok bool) {
	for _, have := range g.Permissions {
		if !slices.Contains(n.permissions, have) {
			continue
		}
		if n.on == nil || slices.ContainsFunc(n.on, func(r *Resource) bool { return g.names(r) }) {
			return have, true
		}
	}
	return "", false
}

// names reports whether a grant is about a resource, or about the pack that it is in.
func (g Grant) names(r *Resource) bool {
	if g.UID == "" {
		return false
	}
	if tag, ok := strings.CutPrefix(g.UID, "tag:"); ok {
		return slices.Contains(r.Tags, tag)
	}
	return matches(g.UID, r.UID) || r.Pack != "" && matches(g.UID, "pack:"+r.Pack)
}

// matches compares a UID with a pattern, part by part.
func matches(pattern, uid string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == uid
	}
	// A colon separates parts, as a slash separates those of a path.
	swap := strings.NewReplacer(":", "/", "/", ":")
	ok, err := path.Match(swap.Replace(pattern), swap.Replace(uid))
	return ok && err == nil
}

// needs returns what would allow something: one of the needs has to be met.
func needs(kind, verb, permission string, r *Resource) []need {
	if r == nil {
		if kind == "rule_enforcement" { // who may list rules may list what they did
			return []need{{permissions: []string{permission, "rule_list"}}}
		}
		return []need{{permissions: []string{permission}}}
	}
	on := []*Resource{r}
	switch kind {
	case "execution":
		// What somebody may do with an action they may do with its executions; but
		// who may only run it does not see what others ran.
		of := []*Resource{r}
		if r.Of != nil {
			of = []*Resource{r.Of}
		}
		like := map[string]string{"view": "action_view", "rerun": "action_execute", "stop": "action_execute", "all": "action_all"}[verb]
		return []need{{[]string{like, "action_all"}, of}}
	case "rule_enforcement":
		if r.Of != nil {
			return []need{{enough("rule_" + verb), []*Resource{r.Of}}}
		}
	case "inquiry":
		all := []need{{permissions: []string{permission, "inquiry_all"}}}
		if r.Of != nil {
			all = append(all, need{[]string{"action_execute", "action_all"}, []*Resource{r.Of}})
		}
		return all
	}
	if Global(permission) {
		return []need{{permissions: []string{permission}}}
	}
	return []need{{enough(permission), on}}
}
