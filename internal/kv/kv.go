// Package kv says what the datastore holds: pairs of a name and a text, for
// the system or for one user, that may be secret and may expire.
package kv

import (
	"strings"
	"time"
)

// The scopes as they are stored. [Scope] accepts the short forms too.
const (
	System = "st2kv.system"
	User   = "st2kv.user"
)

// A Pair is one entry of the datastore.
type Pair struct {
	Scope     string
	Name      string // for [User]: without the user's name before it
	User      string // owner, for [User]
	Value     string
	Secret    bool
	Encrypted bool
	ExpiresAt time.Time // zero: never
	UpdatedAt time.Time
}

// aboutPair begins what a sealed value says it is of.
const aboutPair = "pair"

// About names p for good: a sealed value is bound to it.
func (p Pair) About() string {
	return strings.Join([]string{aboutPair, p.Scope, p.User, p.Name}, "\x00")
}

// OfAbout returns the pair that [Pair.About] named, without its value.
func OfAbout(about string) (Pair, bool) {
	parts := strings.Split(about, "\x00")
	if len(parts) != 4 || parts[0] != aboutPair {
		return Pair{}, false
	}
	return Pair{Scope: parts[1], User: parts[2], Name: parts[3]}, true
}

// Scope returns the stored form of a scope, and false when there is none such.
func Scope(s string) (string, bool) {
	switch s {
	case "", "system", System:
		return System, true
	case "user", User:
		return User, true
	default:
		return "", false
	}
}

// UID is the unique id that the API shows.
func (p Pair) UID() string {
	name := p.Name
	if p.Scope == User {
		name = p.User + ":" + p.Name
	}
	return strings.Join([]string{"key_value_pair", p.Scope, name}, ":")
}

// Expired reports whether p is gone at now.
func (p Pair) Expired(now time.Time) bool { return !p.ExpiresAt.IsZero() && !p.ExpiresAt.After(now) }
