// Package access says who may come in: users, their tokens and API keys, and
// how each is recognised without being kept.
package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"
)

// A User may log in with a password.
type User struct {
	Name      string
	Password  string // as [HashPassword] made it; empty: no password opens this door
	Admin     bool
	Disabled  bool      // nothing opens a door: neither the password nor a token or key
	Groups    []string  // of a directory, say; roles are given to groups, too
	Source    string    // the back end that let them in last; empty: the ledger itself
	KnownAs   string    // what they called themselves there
	LeftAt    time.Time // since when it has known them no more, which shuts them out; zero: it does
	CreatedAt time.Time
}

// A Token stands for a user until it expires.
type Token struct {
	ID        string
	Hash      string // of the token, see [TokenHash]
	User      string
	ExpiresAt time.Time
	Service   bool // made by the server for an execution
	Metadata  json.RawMessage
}

// An APIKey stands for a user until somebody takes it away.
type APIKey struct {
	ID        string
	Hash      string // of the key, see [KeyHash]
	User      string
	Metadata  json.RawMessage
	Enabled   bool
	CreatedAt time.Time
}

// NewToken returns a fresh token: 32 hexadecimal digits, as StackStorm's are.
func NewToken() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// NewKey returns a fresh API key of 256 random bits.
func NewKey() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// TokenHash is what the store keeps of a token. Tokens are random, so a plain
// hash is enough.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// KeyHash is what the store keeps of an API key; StackStorm keeps the same.
func KeyHash(key string) string {
	sum := sha512.Sum512([]byte("saltnpepper" + key)) // StackStorm's salt, so that its keys can move here
	return hex.EncodeToString(sum[:])
}
