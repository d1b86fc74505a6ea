package api

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
)

const lookAtRoles = "To look at roles"

func (a *API) rbacRoutes() []*route {
	return []*route{
		to("GET", apiService, "/rbac/permission_types", "", (*call).permissionTypes, "List what can be granted, by the types of resources.").
			gives(http.StatusOK, map[string]map[string]string{}).admins(lookAtRoles),
		to("GET", apiService, "/rbac/permission_types/{kind}", "", (*call).permissionsOf, "List what can be granted on a type of resources.").
			gives(http.StatusOK, map[string]string{}).admins(lookAtRoles),
		to("GET", apiService, "/rbac/roles", "", (*call).listRoles, "List roles.").
			gives(http.StatusOK, []wire.Role{}).texts("name").
			asks(Parameter{Name: "system", Type: "boolean", Description: "Only those that come with the server, or only others."}).admins(lookAtRoles),
		to("GET", apiService, "/rbac/roles/{name}", "", (*call).getRole, "Show a role, by its name or id.").
			gives(http.StatusOK, wire.Role{}).admins(lookAtRoles),
		to("GET", apiService, "/rbac/role_assignments", "", (*call).listAssignments, "List who has which roles.").
			gives(http.StatusOK, []wire.RoleAssignment{}).texts("user", "role", "source").
			asks(Parameter{Name: "remote", Type: "boolean", Description: "Only those by a group, or only others."}).only(orOneself, (*call).oneself),
		to("GET", apiService, "/rbac/role_assignments/{id}", "", (*call).getAssignment, "Show that somebody has a role.").
			gives(http.StatusOK, wire.RoleAssignment{}).inside(orOneself),
		to("GET", ourService, "/rbac/explain", "", (*call).explainRights, "Say whether somebody may do something, and why.").
			gives(http.StatusOK, wire.Explanation{}).texts("user", "permission", "resource").admins("To have rights explained"), // it tells of what is hidden
		to("GET", ourService, "/rights", "", (*call).ownRights, "Say what whoever asks may do: with each of some resources, or with any at all.").
			gives(http.StatusOK, wire.Rights{}).anybody("it is about themselves").
			asks(Parameter{Name: "resource", Type: "string", Description: "A resource, as action:core.local. It may be given up to 100 times."}),
		to("POST", ourService, "/rbac/reload", "", (*call).reloadRoles, "Read the files with the roles again.").
			gives(http.StatusOK, wire.RolesReloaded{}).admins("To reload the roles"),
	}
}

// orOneself is who may look at what somebody has.
const orOneself = "administrators, and everybody about themselves"

// oneself lets in an administrator, and who asks about themselves.
func (c *call) oneself() error {
	if c.who.Admin || c.param("user") == c.who.User {
		return nil
	}
	return errNotOneself()
}

func errNotOneself() error {
	return fault.Newf(fault.Forbidden, "Administrator or self access required")
}

// policyInForce is the policy; an empty one while roles are off.
func (c *call) policyInForce() *rbac.Policy {
	if p := c.Roles.Policy(); p != nil {
		return p
	}
	return new(rbac.Policy)
}

func (c *call) permissionTypes() error {
	out := map[string]map[string]string{}
	for _, t := range rbac.Types() {
		out[t.Name] = described(t)
	}
	return c.json(http.StatusOK, out)
}

func (c *call) permissionsOf() error {
	kind := c.part("kind")
	for _, t := range rbac.Types() {
		if t.Name == kind {
			return c.json(http.StatusOK, described(t))
		}
	}
	return fault.Newf(fault.NotFound, "Invalid resource type: %s", shortened(kind))
}

func described(t rbac.Type) map[string]string {
	out := make(map[string]string, len(t.Permissions))
	for _, p := range t.Permissions {
		out[p] = rbac.Describe(p)
	}
	return out
}

// roles returns those that come with the server, and then those of the files by name.
func (c *call) roles() []wire.Role {
	var out []wire.Role
	for _, r := range rbac.SystemRoles() {
		out = append(out, roleView(&r, true))
	}
	p := c.policyInForce()
	for _, name := range slices.Sorted(maps.Keys(p.Roles)) {
		out = append(out, roleView(p.Roles[name], false))
	}
	return out
}

func roleView(r *rbac.Role, system bool) wire.Role {
	out := wire.Role{
		ID: fixedID("role " + r.Name), Name: r.Name, Description: r.Description, System: system, GrantIDs: []string{}, Grants: []wire.Grant{},
	}
	for i, g := range r.Grants {
		id := fixedID("grant " + r.Name + " " + strconv.Itoa(i))
		kind, _, _ := strings.Cut(g.UID, ":")
		out.GrantIDs = append(out.GrantIDs, id)
		out.Grants = append(out.Grants, wire.Grant{
			ID: id, UID: g.UID, Kind: kind, Permissions: append([]string{}, g.Permissions...), Exclusive: g.Exclusive,
		})
	}
	return out
}

func (c *call) listRoles() error {
	out := []wire.Role{}
	system, err := c.flag("system")
	if err != nil {
		return err
	}
	for _, r := range c.roles() {
		if (c.param("system") == "" || r.System == system) && (c.param("name") == "" || r.Name == c.param("name")) {
			out = append(out, r)
		}
	}
	return c.json(http.StatusOK, out)
}

func (c *call) getRole() error {
	name := c.part("name")
	for _, r := range c.roles() {
		if r.Name == name || r.ID == name {
			return c.json(http.StatusOK, r)
		}
	}
	return fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", shortened(name))
}

// assignments returns who has which roles, by name or by a group that they were in when
// they logged in last.
func (c *call) assignments() ([]wire.RoleAssignment, error) {
	p := c.policyInForce()
	var out []wire.RoleAssignment
	add := func(user string, a rbac.Assignment) {
		for _, role := range a.Roles {
			out = append(out, wire.RoleAssignment{
				ID: fixedID("assignment " + user + " " + role + " " + a.File), User: user, Role: role, Source: a.File, Remote: a.Group != "",
				Description: a.Description,
			})
		}
	}
	var users []access.User
	for _, a := range p.Assignments {
		if a.Group == "" {
			add(a.User, a)
			continue
		}
		if users == nil {
			var err error
			if users, _, err = c.Store.Reader().ListUsers(c.ctx(), store.Page{Limit: -1, Asc: true}); err != nil {
				return nil, err
			}
		}
		for _, u := range users {
			if slices.Contains(u.Groups, a.Group) {
				add(u.Name, a)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b wire.RoleAssignment) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Source, b.Source))
	})
	return out, nil
}

func (c *call) listAssignments() error {
	remote, err := c.flag("remote")
	if err != nil {
		return err
	}
	all, err := c.assignments()
	if err != nil {
		return err
	}
	wanted := func(name, v string) bool { return c.param(name) == "" || c.param(name) == v }
	out := []wire.RoleAssignment{}
	for _, a := range all {
		if wanted("user", a.User) && wanted("role", a.Role) && wanted("source", a.Source) && (c.param("remote") == "" || a.Remote == remote) {
			out = append(out, a)
		}
	}
	return c.json(http.StatusOK, out)
}

func (c *call) getAssignment() error {
	all, err := c.assignments()
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.ID != c.part("id") {
			continue
		}
		if !c.who.Admin && a.User != c.who.User {
			return errNotOneself()
		}
		return c.json(http.StatusOK, a)
	}
	return fault.Newf(fault.NotFound, "Unable to identify resource with id \"%s\".", shortened(c.part("id")))
}

func (c *call) reloadRoles() error {
	if c.Roles.Policy() == nil {
		return errRolesOff()
	}
	if found := c.Roles.Reload(c.ctx()); len(found) > 0 {
		lines := []string{"There are mistakes in the roles; those from before stay in force."}
		for _, m := range found {
			lines = append(lines, m.String())
		}
		return fault.Newf(fault.Invalid, "%s", joined(lines))
	}
	p := c.Roles.Policy()
	return c.json(http.StatusOK, wire.RolesReloaded{Roles: len(p.Roles), Assignments: len(p.Assignments)})
}

func errRolesOff() error {
	return fault.Newf(fault.Invalid, "Roles are off: the setting rbac.enable switches them on.")
}

func (c *call) explainRights() error {
	p := c.Roles.Policy()
	if p == nil {
		return errRolesOff()
	}
	name, permission := cmp.Or(c.param("user"), c.who.User), c.param("permission")
	u, err := c.Store.Reader().User(c.ctx(), name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	u.Name = name
	who := caller{User: name, Admin: c.isAdmin(u, p) || name == c.opts.SystemUser, rights: rightsOf(p, u)}
	out := wire.Explanation{
		User: name, Groups: append([]string{}, u.Groups...), Roles: append([]string{}, who.rights.Roles()...), Permission: permission,
	}
	resource, err := c.resourceOf(permission, c.param("resource"))
	if err != nil {
		return err
	}
	if resource != nil {
		out.Resource = resource.UID
	}
	d := who.rights.Decide(permission, resource)
	out.Allowed, out.Hidden, out.Why = d.Allowed, d.Hidden, d.Why
	switch {
	case !rbac.Known(permission):
	case u.Disabled:
		out.Allowed, out.Why = false, "The user is disabled."
	case who.Admin && !who.rights.Admin():
		out.Allowed, out.Hidden, out.Why = true, false, "The user is an administrator by the ledger or a group of auth.admin_groups, who may do everything."
	}
	return c.json(http.StatusOK, out)
}

// ownRights says what the caller may do, so that nobody is offered what would be refused.
// What is hidden from the caller is as what is not there: nothing may be done with it.
func (c *call) ownRights() error {
	names := c.r.URL.Query()["resource"]
	if len(names) > mostResources {
		return fault.Newf(fault.Invalid, "%d resources are named, and at most %d may be.", len(names), mostResources)
	}
	out := wire.Rights{Admin: c.who.Admin, Permissions: []string{}}
	if len(names) == 0 {
		names = []string{""}
	}
	for i, name := range names {
		may, err := c.rightsOn(name)
		if err != nil {
			return err
		}
		if i == 0 {
			out.Permissions = may
		}
		if len(names) > 1 {
			out.Each = append(out.Each, wire.RightsOn{Resource: name, Permissions: may})
		}
	}
	return c.json(http.StatusOK, out)
}

// mostResources bounds how many resources one question is about.
const mostResources = 100

// rightsOn returns what the caller may do with the resource of a name, or with any.
func (c *call) rightsOn(name string) ([]string, error) {
	if name != "" && !strings.Contains(name, ":") {
		return nil, fault.Newf(fault.Invalid, "Invalid resource \"%s\": it must be of the form type:reference, as in action:core.local.", shortened(name))
	}
	may := []string{}
	resource, err := c.resourceOf("", name)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return may, nil
	case err != nil:
		return nil, err
	}
	for _, t := range rbac.Types() {
		for _, p := range t.Permissions {
			if c.who.free() || resource == nil && c.who.rights.MayAnywhere(p) || resource != nil && about(resource, p) && c.who.may(p, resource) {
				may = append(may, p)
			}
		}
	}
	return may, nil
}

// about reports whether a permission is one for a resource of this kind; those for
// executions are for their actions, too.
func about(r *rbac.Resource, permission string) bool {
	kind, _, _ := strings.Cut(r.UID, ":")
	own := rbac.KindOf(permission)
	return own == kind || kind == "action" && own == "execution" || kind == "pack" && rbac.On(permission, kind)
}

// resourceOf returns what roles know of the resource that somebody names: by its UID, or
// by its reference where the permission says what it is. None is nil.
func (c *call) resourceOf(permission, name string) (*rbac.Resource, error) {
	if name == "" {
		return nil, nil
	}
	kind, rest, ok := strings.Cut(name, ":")
	if !ok {
		kind, rest = rbac.KindOf(permission), strings.Replace(name, ".", ":", 1)
	}
	ref := strings.Replace(rest, ":", ".", 1)
	content := c.resources()
	switch kind {
	case "pack":
		return packResource(rest), nil
	case "action":
		return content.action(ref), nil
	case "rule":
		return content.rule(ref), nil
	case "action_alias":
		if a, ok := content.Alias(ref); ok {
			return content.alias(a), nil
		}
	case "policy":
		if p, ok := content.Policy(ref); ok {
			return content.policy(p), nil
		}
		return content.policy(&policy.Policy{Pack: strings.Split(rest, ":")[0], Name: rest[strings.Index(rest, ":")+1:]}), nil
	case "trigger":
		if t, ok := content.Trigger(ref); ok {
			return content.trigger(t), nil
		}
		if t, ok := content.TriggerType(ref); ok {
			return content.triggerType(t.Type), nil
		}
	case "sensor_type":
	case "key_value_pair":
		scope, name, _ := strings.Cut(rest, ":")
		if scope != kv.User {
			return pairResource(kv.System, "", strings.TrimPrefix(rest, kv.System+":")), nil
		}
		owner, name, _ := strings.Cut(name, ":")
		return pairResource(kv.User, owner, name), nil
	case "execution", "inquiry":
		e, err := c.API.execution(c.ctx(), rest)
		if err != nil {
			return nil, err
		}
		if kind == "inquiry" {
			return c.inquiryResource(e)
		}
		parents, err := c.lineage(c.ctx(), e)
		return content.execution(e, parents...), err
	default:
		return &rbac.Resource{UID: kind + ":" + rest}, nil
	}
	return named(kind, ref), nil
}
