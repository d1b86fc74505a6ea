// Package secret seals what must not be read from the disk, and opens it again.
//
// There are two layers. Data keys seal values; the [Master] keys, which lie in a
// file of their own, wrap the data keys. Whoever has the ledger without that file
// has nothing. What is sealed says which data key it takes and what it is about,
// and neither can be changed: a sealed value that was moved to another place does
// not open there.
//
// Values are sealed with AES-256-GCM. No clock and no I/O is in here but the
// reading and writing of the file of the master keys.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// keySize is the length of all keys, for AES-256.
const keySize = 32

// saltSize and nonceSize make 24 random bytes for each value, so that a data key is good for
// more values than anybody has: twelve, as GCM takes, are too few for thousands a second.
const (
	saltSize  = 12
	nonceSize = 12
)

// prefix marks what is sealed, and how.
const prefix = "nss1."

// Errors that callers tell apart.
var (
	// ErrNoKey means that the key which something was sealed with is not there.
	ErrNoKey = errors.New("the key that it was sealed with is not there")
	// ErrBroken means that something was changed since it was sealed, or never was.
	ErrBroken = errors.New("it was changed since it was sealed, or belongs elsewhere")
)

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode takes only what encode makes: base64 has other texts for the same bytes.
func decode(s string) ([]byte, error) {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// NewKey returns a fresh key for data.
func NewKey() []byte {
	b := make([]byte, keySize)
	rand.Read(b)
	return b
}

// Ring holds the data keys. It is safe for concurrent use.
type Ring struct{ keys atomic.Pointer[dataKeys] }

type dataKeys struct {
	current int64
	all     map[int64][]byte
}

// NewRing returns a ring of data keys by their numbers, of which one seals.
func NewRing(current int64, keys map[int64][]byte) *Ring {
	r := &Ring{}
	r.Set(current, keys)
	return r
}

// Set gives the ring other keys. They must not be changed afterwards.
func (r *Ring) Set(current int64, keys map[int64][]byte) { r.keys.Store(&dataKeys{current, keys}) }

// Prefix is what all begins with that is sealed with a data key.
func Prefix(key int64) string { return prefix + strconv.FormatInt(key, 10) + "." }

// Prefix is what all begins with that r seals now.
func (r *Ring) Prefix() string { return Prefix(r.keys.Load().current) }

// Sealed reports whether a text has the form of what [Ring.Seal] returns.
func Sealed(text string) bool { return strings.HasPrefix(text, prefix) }

// Seal seals a value, which is about something. What it is about is no secret.
func (r *Ring) Seal(plain []byte, about string) string {
	k := r.keys.Load()
	head := Prefix(k.current) + encode([]byte(about)) + "."
	return head + encode(seal(k.all[k.current], plain, head))
}

// About returns what a sealed text says that it is about. Only [Ring.Open] knows whether
// that is true.
func About(text string) (string, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 || !Sealed(text) {
		return "", false
	}
	about, err := decode(parts[2])
	return string(about), err == nil
}

// Open returns the value that a text of [Ring.Seal] has in it, when that is about what
// it should be. The error is or wraps [ErrNoKey] or [ErrBroken].
func (r *Ring) Open(text, about string) ([]byte, error) {
	parts := strings.Split(text, ".")
	is, ok := About(text)
	if !ok || is != about {
		return nil, ErrBroken
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return nil, ErrBroken
	}
	key, ok := r.keys.Load().all[n]
	if !ok {
		return nil, fmt.Errorf("data key %d: %w", n, ErrNoKey)
	}
	body, err := decode(parts[3])
	if err != nil {
		return nil, ErrBroken
	}
	return unseal(key, body, text[:len(text)-len(parts[3])])
}

// seal returns salt, nonce and ciphertext.
func seal(key, plain []byte, about string) []byte {
	out := make([]byte, saltSize+nonceSize, saltSize+nonceSize+len(plain)+16)
	rand.Read(out)
	return aead(key, out[:saltSize]).Seal(out, out[saltSize:], plain, []byte(about))
}

func unseal(key, body []byte, about string) ([]byte, error) {
	if len(body) < saltSize+nonceSize {
		return nil, ErrBroken
	}
	plain, err := aead(key, body[:saltSize]).Open(nil, body[saltSize:saltSize+nonceSize], body[saltSize+nonceSize:], []byte(about))
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}

// aead returns the cipher of one value.
func aead(key, salt []byte) cipher.AEAD {
	own, err := hkdf.Expand(sha256.New, key, "nightshift value "+string(salt), keySize)
	if err != nil {
		panic(err) // the length is a constant that always works
	}
	block, err := aes.NewCipher(own)
	if err != nil {
		panic(err) // as above
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size of GCM
	}
	return gcm
}
