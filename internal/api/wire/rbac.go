package wire

// Role is a name for what some people may do.
type Role struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	System      bool     `json:"system"` // it comes with the server
	GrantIDs    []string `json:"permission_grant_ids"`
	Grants      []Grant  `json:"permission_grant_objects"`
}

// Grant allows some things with some resources.
type Grant struct {
	ID          string   `json:"id"`
	UID         string   `json:"resource_uid,omitempty"`
	Kind        string   `json:"resource_type,omitempty"`
	Permissions []string `json:"permission_types"`
	Exclusive   bool     `json:"exclusive,omitempty"` // ours: it hides the resources from others
}

// RoleAssignment says that a user has a role.
type RoleAssignment struct {
	ID          string `json:"id"`
	User        string `json:"user"`
	Role        string `json:"role"`
	Source      string `json:"source"` // the file that says so
	Remote      bool   `json:"is_remote"`
	Description string `json:"description"`
}

// Explanation says whether somebody may do something, and why.
type Explanation struct {
	User       string   `json:"user"`
	Groups     []string `json:"groups"`
	Roles      []string `json:"roles"`
	Permission string   `json:"permission"`
	Resource   string   `json:"resource"`
	Allowed    bool     `json:"allowed"`
	Hidden     bool     `json:"hidden"` // it is not there for them
	Why        string   `json:"why"`
}

// Rights are what somebody may do, with one resource or with any at all.
type Rights struct {
	Admin       bool     `json:"admin"`
	Permissions []string `json:"permissions"` // of several resources those on the first
	// Each is what they may do with each of several resources, in the order of the question.
	Each []RightsOn `json:"each,omitempty"`
}

// RightsOn is what somebody may do with one of several resources.
type RightsOn struct {
	Resource    string   `json:"resource"`
	Permissions []string `json:"permissions"`
}

// RolesReloaded is what was found when the roles were read again.
type RolesReloaded struct {
	Roles       int `json:"roles"`
	Assignments int `json:"assignments"`
}
