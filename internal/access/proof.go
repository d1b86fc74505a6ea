package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How the sender of a webhook proves that it is the one.
const (
	ByGitHub = "github" // X-Hub-Signature-256: HMAC-SHA256 of the body
	BySlack  = "slack"  // X-Slack-Signature, of the time and the body
	ByHMAC   = "hmac"   // HMAC-SHA256 of the body in a header, in hexadecimal digits or base64
	ByToken  = "token"  // the secret itself in a header
	ByBasic  = "basic"  // the secret as a password
	ByBearer = "bearer" // the secret in Authorization
)

// Proof says how the sender of a webhook proves that it is the one.
type Proof struct {
	Kind   string
	Header string // of ByHMAC and ByToken; default X-Signature or X-Token
	Prefix string // of what is in Header
	User   string // of ByBasic
}

// slackWindow is how old or new a delivery of Slack's may be, so that one that was seen on
// its way is of no use for long.
const slackWindow = 5 * time.Minute

// ErrNoProof is why a delivery is not taken.
var ErrNoProof = errors.New("the delivery does not prove that it comes from its sender")

// Check returns [ErrNoProof] unless a delivery with that header and body is proven by the
// secret. It takes the same time for all that is wrong with a proof.
func (p Proof) Check(h http.Header, body []byte, secret string, now time.Time) error {
	ok := false
	switch p.Kind {
	case ByGitHub:
		ok = mac(after(h.Get("X-Hub-Signature-256"), "sha256="), secret, body)
	case BySlack:
		at := h.Get("X-Slack-Request-Timestamp")
		seconds, err := strconv.ParseInt(at, 10, 64)
		fresh := err == nil && now.Sub(time.Unix(seconds, 0)).Abs() <= slackWindow
		ok = mac(after(h.Get("X-Slack-Signature"), "v0="), secret, []byte("v0:"+at+":"), body) && fresh
	case ByHMAC:
		ok = mac(after(h.Get(p.header()), p.Prefix), secret, body)
	case ByToken:
		ok = same(after(h.Get(p.header()), p.Prefix), secret)
	case ByBasic:
		user, password, _ := (&http.Request{Header: h}).BasicAuth()
		ok = same(user, p.User) && same(password, secret)
	case ByBearer:
		scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
		ok = strings.EqualFold(scheme, "Bearer") && same(token, secret)
	}
	if secret == "" || !ok { // a secret that is empty proves nothing
		return ErrNoProof
	}
	return nil
}

// Hides is the header that has the secret itself, which nobody else is to see; empty: none.
func (p Proof) Hides() string {
	if p.Kind == ByToken {
		return p.header()
	}
	return "" // that of Authorization is hidden anyway
}

func (p Proof) header() string {
	switch {
	case p.Header != "":
		return p.Header
	case p.Kind == ByToken:
		return "X-Token"
	}
	return "X-Signature"
}

// after returns what follows a prefix; what has another prefix is nothing.
func after(s, prefix string) string {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return ""
	}
	return rest
}

// mac reports whether text is the HMAC of some parts.
func mac(text, secret string, parts ...[]byte) bool {
	m := hmac.New(sha256.New, []byte(secret))
	for _, p := range parts {
		m.Write(p)
	}
	given, err := hex.DecodeString(text)
	if err != nil {
		given, err = base64.StdEncoding.DecodeString(text)
	}
	return err == nil && hmac.Equal(given, m.Sum(nil))
}

// same compares texts; neither what is in them nor how long they are shows in the time.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
