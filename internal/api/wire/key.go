package wire

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/nightshift-run/nightshift/internal/kv"
)

// Key is an entry of the datastore.
type Key struct {
	UID             string `json:"uid"`
	Scope           string `json:"scope"`
	Name            string `json:"name"`
	Value           string `json:"value"`
	Secret          bool   `json:"secret"`
	ExpireTimestamp Time   `json:"expire_timestamp,omitzero"`
	ID              string `json:"id"`
	User            string `json:"user,omitempty"`
	Encrypted       bool   `json:"encrypted"`
}

// KeyOf returns p for the wire, with its value in the open.
func KeyOf(p kv.Pair) Key {
	k := Key{
		UID: p.UID(), Scope: p.Scope, Name: p.Name, Value: p.Value, Secret: p.Secret, ID: KeyID(p), User: p.User,
		Encrypted: p.Encrypted,
	}
	if !p.ExpiresAt.IsZero() {
		k.ExpireTimestamp = TimeOf(p.ExpiresAt)
	}
	return k
}

// Masked returns k without its value.
func (k Key) Masked() Key {
	k.Value = Mask
	return k
}

// KeyID is the id of an entry. An entry is its scope and name, so that its id
// follows from them.
func KeyID(p kv.Pair) string {
	sum := sha256.Sum256([]byte(p.UID()))
	return hex.EncodeToString(sum[:12])
}

// KeyRequest is an entry as it is put.
type KeyRequest struct {
	Name      string `json:"name,omitempty"`
	Value     string `json:"value"`
	Secret    bool   `json:"secret,omitempty"`
	Encrypted bool   `json:"encrypted,omitempty"`
	Scope     string `json:"scope,omitempty"`
	User      string `json:"user,omitempty"`
	TTL       int64  `json:"ttl,omitempty"` // seconds
}

// KeyChange says what came of a change of the keys that secrets are sealed with.
type KeyChange struct {
	Master string `json:"master_key"` // id of the one in force
	Sealed int    `json:"sealed"`     // how many values were sealed again
}
