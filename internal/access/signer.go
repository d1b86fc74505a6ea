package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// A Signer makes tokens that need no row in the store: each running action gets
// one, and there may be thousands a second. Whoever has the key can check one.
type Signer struct{ key []byte }

// NewSigner returns the signer of a key in hexadecimal digits.
func NewSigner(key string) (*Signer, error) {
	b, err := hex.DecodeString(key)
	if err != nil || len(b) < 32 {
		return nil, errors.New("a signing key is at least 64 hexadecimal digits")
	}
	return &Signer{b}, nil
}

// NewSigningKey returns a fresh key for [NewSigner].
func NewSigningKey() string {
	b := make([]byte, 32)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// A Grant is what a signed token says.
type Grant struct {
	User      string `json:"u"`
	Execution string `json:"x,omitempty"` // the execution that it was made for
	Pack      string `json:"p,omitempty"` // the pack whose code runs there
	Expires   int64  `json:"e"`           // seconds since 1970
}

const signedPrefix = "nx1."

// Sign returns the token of g.
func (s *Signer) Sign(g Grant) string {
	body, err := json.Marshal(g)
	if err != nil {
		panic(err) // texts and a number always have JSON
	}
	text := signedPrefix + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(s.mac(text))
}

func (s *Signer) mac(text string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// Check returns what a token of [Signer.Sign] says, and false when it was not
// signed here or has expired at now.
func (s *Signer) Check(token string, now time.Time) (Grant, bool) {
	i := strings.LastIndexByte(token, '.')
	if !strings.HasPrefix(token, signedPrefix) || i < len(signedPrefix) {
		return Grant{}, false
	}
	mac, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(mac, s.mac(token[:i])) {
		return Grant{}, false
	}
	body, err := base64.RawURLEncoding.DecodeString(token[len(signedPrefix):i])
	if err != nil {
		return Grant{}, false
	}
	var g Grant
	if err := json.Unmarshal(body, &g); err != nil || now.Unix() >= g.Expires {
		return Grant{}, false
	}
	return g, true
}

// Signed reports whether token has the form of a signed one.
func Signed(token string) bool { return strings.HasPrefix(token, signedPrefix) }
