// Package oidctest is a small provider of OpenID Connect, for tests. It does what it
// should unless a test makes it lie.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The one client of the provider.
const (
	ClientID     = "nightshift"
	ClientSecret = "the secret of the client" //nolint:gosec // of a test
)

// Provider is a provider that runs until its test ends. What a test sets is set before
// anybody asks.
type Provider struct {
	URL    string
	Claims map[string]any                                // of the person who logs in
	Lie    func(claims map[string]any)                   // changes what a token says
	Sign   func(payload []byte) string                   // signs in another way
	Info   map[string]any                                // what the UserInfo endpoint says
	Down   bool                                          // answers 503 to everything but discovery
	Handle func(http.ResponseWriter, *http.Request) bool // answers first, if it likes

	key *rsa.PrivateKey

	mu     sync.Mutex
	codes  map[string]url.Values // guarded by mu; what was asked for, by code
	agreed map[string]bool       // guarded by mu; by the code of a device
}

// signingKey is that of all providers: to make one takes a while.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { //nolint:gochecknoglobals // it does not change
	return rsa.GenerateKey(rand.Reader, 2048)
})

// Start starts a provider.
func Start(t testing.TB) *Provider {
	t.Helper()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{
		Claims: map[string]any{"sub": "1", "preferred_username": "ada", "groups": []string{"ops", "dev"}},
		key:    key, codes: map[string]url.Values{}, agreed: map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discover)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /device", p.device)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, p.Info) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case p.Handle != nil && p.Handle(w, r):
		case p.Down && r.URL.Path != "/.well-known/openid-configuration":
			http.Error(w, "out of order", http.StatusServiceUnavailable)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has gone
}

func (p *Provider) discover(w http.ResponseWriter, _ *http.Request) {
	d := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"device_authorization_endpoint": p.URL + "/device", "id_token_signing_alg_values_supported": []string{"RS256"},
	}
	if p.Info != nil {
		d["userinfo_endpoint"] = p.URL + "/userinfo"
	}
	answer(w, http.StatusOK, d)
}

// authorize lets the person in who is there, without a question.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
		http.Error(w, "a bad question", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

func (p *Provider) device(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("client_id") != ClientID || r.FormValue("client_secret") != ClientSecret {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = url.Values{}
	p.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{
		"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": p.URL + "/activate", "expires_in": 600, "interval": 1,
	})
}

// Confirm confirms all codes of devices.
func (p *Provider) Confirm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for code := range p.codes {
		p.agreed[code] = true
	}
}

// token gives a token for a code, once.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if id, secret, _ := r.BasicAuth(); id != ClientID || secret != url.QueryEscape(ClientSecret) {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	code, device := r.FormValue("code"), r.FormValue("device_code")
	if device != "" {
		code = device
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	asked, ok := p.codes[code]
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case !ok:
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	case device != "" && !p.agreed[code]:
		answer(w, http.StatusBadRequest, map[string]string{"error": "authorization_pending"})
		return
	case device == "" && asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]):
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": "PKCE"})
		return
	}
	delete(p.codes, code)
	claims := map[string]any{"iss": p.URL, "aud": ClientID, "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix()}
	if nonce := asked.Get("nonce"); nonce != "" {
		claims["nonce"] = nonce
	}
	maps.Copy(claims, p.Claims)
	if p.Lie != nil {
		p.Lie(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // tests put JSON into claims
	}
	sign := p.Sign
	if sign == nil {
		sign = func(payload []byte) string { return Signed(p.key, jose.RS256, payload) }
	}
	answer(w, http.StatusOK, map[string]any{"access_token": "for the user info", "token_type": "Bearer", "id_token": sign(payload)})
}

// Signed returns a token that says payload, signed with a key.
func Signed(key any, alg jose.SignatureAlgorithm, payload []byte) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		panic(err) // the key does not fit the algorithm
	}
	token, err := s.Sign(payload)
	if err != nil {
		panic(err)
	}
	text, err := token.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// Visit follows a browser to the provider, and returns what it comes back with.
func Visit(t testing.TB, address string) url.Values {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // a test
	back, err := res.Location()
	if err != nil {
		t.Fatalf("%s: %v", res.Status, err)
	}
	return back.Query()
}
