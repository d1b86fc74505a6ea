package wire

import (
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/access"
)

// TokenRequest is the wish for a token.
type TokenRequest struct {
	TTL      *int64          `json:"ttl,omitempty"` // seconds
	User     string          `json:"user,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// Token is a token as its owner sees it once.
type Token struct {
	User     string          `json:"user"`
	Token    string          `json:"token"`
	Expiry   Time            `json:"expiry"`
	ID       string          `json:"id"`
	Metadata json.RawMessage `json:"metadata"`
	Service  bool            `json:"service"`
}

// TokenValid says whether a token is good.
type TokenValid struct {
	Valid bool `json:"valid"`
}

// APIKey is an API key. Key is there only in the answer that made it.
type APIKey struct {
	UID       string          `json:"uid"`
	User      string          `json:"user"`
	Key       string          `json:"key,omitempty"`
	KeyHash   string          `json:"key_hash"`
	Metadata  json.RawMessage `json:"metadata"`
	CreatedAt Time            `json:"created_at"`
	Enabled   bool            `json:"enabled"`
	ID        string          `json:"id"`
}

// Mask is what stands for a secret.
const Mask = "********"

// APIKeyOf returns k for the wire, masked.
func APIKeyOf(k access.APIKey) APIKey {
	return APIKey{
		UID: Mask, User: k.User, KeyHash: Mask, Metadata: object(k.Metadata), CreatedAt: TimeOf(k.CreatedAt),
		Enabled: k.Enabled, ID: k.ID,
	}
}

// User is who asks.
type User struct {
	Username       string         `json:"username"`
	Authentication Authentication `json:"authentication"`
	RBAC           RBAC           `json:"rbac"`
}

// Authentication is how somebody came in.
type Authentication struct {
	Method      string `json:"method"`   // authentication token or API key
	Location    string `json:"location"` // header, query param or cookie
	TokenExpire Time   `json:"token_expire,omitzero"`
}

// RBAC is what somebody may do.
type RBAC struct {
	Enabled bool     `json:"enabled"`
	Roles   []string `json:"roles"`
	IsAdmin bool     `json:"is_admin"`
}

// SSO says whether log-in by somebody else is possible.
type SSO struct {
	Enabled   bool     `json:"enabled"`
	Providers []string `json:"providers"` // ours: their names
}

// Account is a user as administrators see one.
type Account struct {
	Name      string   `json:"name"`
	Admin     bool     `json:"admin"`
	Disabled  bool     `json:"disabled"`
	Password  bool     `json:"has_password"` // here, and not elsewhere
	Groups    []string `json:"groups"`       // as their back end said last
	Source    string   `json:"source"`       // the back end that let them in last; empty: this server
	Left      bool     `json:"left"`         // it knows them no more, so they are shut out
	CreatedAt Time     `json:"created_at"`
}

// AccountOf returns the account of a user.
func AccountOf(u access.User) Account {
	groups := u.Groups
	if groups == nil {
		groups = []string{}
	}
	return Account{
		Name: u.Name, Admin: u.Admin, Disabled: u.Disabled, Password: u.Password != "", Groups: groups, Source: u.Source, Left: !u.LeftAt.IsZero(), CreatedAt: TimeOf(u.CreatedAt),
	}
}

// Revoked says how much was taken away.
type Revoked struct {
	Tokens  int `json:"tokens"`
	APIKeys int `json:"api_keys"`
}

// Device is a log-in that waits to be confirmed in a browser elsewhere.
type Device struct {
	Device    string `json:"device"`    // to ask for the token with
	UserCode  string `json:"user_code"` // to confirm
	URL       string `json:"verification_uri"`
	FullURL   string `json:"verification_uri_complete,omitempty"`
	ExpiresIn int    `json:"expires_in"` // seconds
	Interval  int    `json:"interval"`   // seconds between two questions
}

// Pending says that a log-in is not confirmed yet.
type Pending struct {
	SlowDown bool `json:"slow_down"` // the questions come too fast
}
