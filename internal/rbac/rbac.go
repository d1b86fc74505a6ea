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
	"path"
	"strings"
)

// The roles that need no file.
const (
	SystemAdmin = "system_admin" // may do everything
	Admin       = "admin"        // may do everything
	Observer    = "observer"     // may look at everything
)

// tagPrefix begins what names all resources with a tag.
const tagPrefix = "tag:"

// Role is a name for what some people may do.
type Role struct {
	Name        string  `json:"name"`
	Description string  `json:"description,omitempty"`
	Grants      []Grant `json:"grants"`
}

// Grant allows some things with the resources that UID names, or with all at once.
type Grant struct {
	// UID is that of a resource: action:web:restart, pack:web. It may have * in it,
	// which stands for anything but a colon, or be tag:name=value, which is all that
	// has the tag. Empty: the permissions are global.
	UID         string   `json:"resource_uid,omitempty"`
	Permissions []string `json:"permission_types"`
	// Exclusive locks the resources down: to who has no exclusive grant on them and
	// is no admin they are hidden, whatever other roles say.
	Exclusive bool `json:"exclusive,omitempty"`
}

// Resource is what somebody wants to do something with.
type Resource struct {
	UID  string   // action:web:restart
	Pack string   // that it is in; empty: in none
	Tags []string // name=value
	// Of is what decides in its place: the action of an execution, the rule of an
	// enforcement, the workflow of an inquiry.
	Of *Resource
	// Shows are other things that who sees it learns of: the action of a rule, the
	// workflow that an execution is a part of. It is hidden from whom they are.
	Shows []*Resource
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
	User  string   `json:"username,omitempty"` // empty: it is for a group
	Group string   `json:"group,omitempty"`
	Roles []string `json:"roles"`

	Description string `json:"description,omitempty"`
	File        string `json:"file"` // that says so
}

// Policy is all roles and who has them. The zero value gives nobody any.
type Policy struct {
	Roles       map[string]*Role
	Assignments []Assignment
}

// SystemRoles returns the roles that need no file.
func SystemRoles() []Role {
	return []Role{
		{Name: SystemAdmin, Description: "May do everything, as admin."},
		{Name: Admin, Description: "May do everything."},
		{Name: Observer, Description: "May look at everything, and change nothing."},
	}
}

// Decision is an answer and the reason for it.
type Decision struct {
	Allowed bool
	// Hidden says that it would be allowed if the resource were not locked down: the
	// person is not to learn that there is one.
	Hidden bool
	Why    string // a sentence
}

// Decide says whether a person may do something with a resource, or with none in
// particular when r is nil: list, install, match. Who asks often asks [Policy.For].
func (p *Policy) Decide(who Person, permission string, r *Resource) Decision {
	return p.For(who).Decide(permission, r)
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
