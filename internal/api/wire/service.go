package wire

// ServiceGroups are the kinds of services that run.
type ServiceGroups struct {
	Groups []string `json:"groups"`
}

// ServiceMembers are the services of a kind.
type ServiceMembers struct {
	Members []ServiceMember `json:"members"`
}

// ServiceMember is a service that runs.
type ServiceMember struct {
	Group        string              `json:"group_id"`
	ID           string              `json:"member_id"`
	Capabilities ServiceCapabilities `json:"capabilities"`
}

// ServiceCapabilities is what is known of a service.
type ServiceCapabilities struct {
	StartedAt  Time `json:"started_at"`
	LeaseUntil Time `json:"lease_until"`
}
