// Package oidc lets people in by a provider of OpenID Connect: Keycloak, Okta, Google
// and the like.
//
// Browsers go there and come back with a code (authorisation code with PKCE, state and
// nonce); the command line shows a code that people confirm in a browser (device flow).
// What the provider says counts only if it is signed by its key, for this client, for
// this log-in, and now. The provider is looked for when it is first needed, so the server
// starts without it.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/nightshift-run/nightshift/internal/identity"
)

// Options say which provider, and who is let in.
type Options struct {
	Issuer       string // its URL
	ClientID     string // of this server there
	ClientSecret string // empty: a public client
	Redirect     string // the URL here to which browsers come back
	Scopes       []string

	Username string // the claim that people are known by here; default preferred_username
	Groups   string // the claim with their groups, with dots into things; default groups
	// Require are claims that must be there with these values, or have them in their lists.
	Require map[string]string

	Roots   *x509.CertPool                        // who may vouch for the provider; nil: those of the system
	Timeout time.Duration                         // of one request; default 10 s
	Proxy   func(*http.Request) (*url.URL, error) // default: none
}

// ErrPending is when somebody has not confirmed the code of a device yet. SlowDown says
// that the provider was asked too often.
type ErrPending struct{ SlowDown bool }

func (e *ErrPending) Error() string { return "the log-in is not confirmed yet" }

// Provider is the door of a provider.
type Provider struct {
	o    Options
	http *http.Client

	mu     sync.Mutex
	found  *found    // guarded by mu; nil: not yet
	failed error     // guarded by mu; why it was not found
	again  time.Time // guarded by mu; when to look next
}

// found is what the provider says of itself.
type found struct {
	*oidc.Provider
	client   oauth2.Config
	verifier *oidc.IDTokenVerifier
}

// New returns the door of a provider.
func New(o Options) *Provider {
	if o.Username == "" {
		o.Username = "preferred_username"
	}
	if o.Groups == "" {
		o.Groups = "groups"
	}
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"profile", "email"}
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	t := &http.Transport{
		Proxy: o.Proxy, TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, IdleConnTimeout: time.Minute,
	}
	return &Provider{o: o, http: &http.Client{Transport: bounded{t}, Timeout: o.Timeout}}
}

// bounded lets no answer be longer than what providers have to say.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, 1<<20), res.Body}
	}
	return res, err
}

// algorithms are those with a public key. Others would let whoever knows the secret of
// the client, or nothing at all, sign.
var algorithms = []string{ //nolint:gochecknoglobals // it does not change
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// find asks the provider about itself, until it has answered once.
func (p *Provider) find() (*found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.failed != nil && time.Now().Before(p.again) {
		return nil, p.failed // who waited for the lock need not wait as long once more
	}
	// What is found is for others, too, so it does not end with whoever asked first.
	provider, err := oidc.NewProvider(p.with(context.Background()), p.o.Issuer)
	if err != nil {
		p.failed, p.again = err, time.Now().Add(5*time.Second)
		return nil, err
	}
	var more struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	f := &found{Provider: provider, verifier: provider.Verifier(&oidc.Config{ClientID: p.o.ClientID, SupportedSigningAlgs: algorithms})}
	f.client = oauth2.Config{
		ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: provider.Endpoint(), RedirectURL: p.o.Redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.o.Scopes...),
	}
	// To find that out by trial would show each code twice.
	f.client.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.o.ClientSecret == "" || len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		f.client.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	p.found = f
	return f, nil
}

func (p *Provider) with(ctx context.Context) context.Context { return oidc.ClientContext(ctx, p.http) }

// Flow is what has to be remembered of the log-in of one browser until it comes back.
type Flow struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
}

// Begin returns where to send a browser, and what to remember.
func (p *Provider) Begin() (string, Flow, error) {
	f, err := p.find()
	if err != nil {
		return "", Flow{}, err
	}
	flow := Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	return f.client.AuthCodeURL(flow.State, oidc.Nonce(flow.Nonce), oauth2.S256ChallengeOption(flow.Verifier)), flow, nil
}

// Finish returns who has come back with a state and a code. It is [identity.ErrWrong], with
// the reason, when they are not let in; any other error is that the provider can't be asked.
func (p *Provider) Finish(ctx context.Context, flow Flow, state, code string) (identity.Person, error) {
	if flow.State == "" || subtle.ConstantTimeCompare([]byte(flow.State), []byte(state)) != 1 {
		return identity.Person{}, refusedf("this browser did not begin the log-in, or too long ago")
	}
	f, err := p.find()
	if err != nil {
		return identity.Person{}, err
	}
	t, err := f.client.Exchange(p.with(ctx), code, oauth2.VerifierOption(flow.Verifier))
	if err != nil {
		return identity.Person{}, answered(err)
	}
	return p.person(ctx, f, t, flow.Nonce)
}

// Device is a log-in that is confirmed elsewhere.
type Device struct {
	Code         string // a secret
	UserCode     string // for the person to confirm
	URL, FullURL string // where; FullURL, if there is one, has the code in it
	Expires      time.Time
	Interval     time.Duration // between two questions
}

// BeginDevice begins a log-in that is confirmed in a browser elsewhere.
func (p *Provider) BeginDevice(ctx context.Context) (Device, error) {
	f, err := p.find()
	if err != nil {
		return Device{}, err
	}
	if f.client.Endpoint.DeviceAuthURL == "" {
		return Device{}, refusedf("the provider has no log-in for devices")
	}
	var secret []oauth2.AuthCodeOption // which the package keeps to itself otherwise
	if p.o.ClientSecret != "" {
		secret = append(secret, oauth2.SetAuthURLParam("client_secret", p.o.ClientSecret))
	}
	d, err := f.client.DeviceAuth(p.with(ctx), secret...)
	if err != nil {
		return Device{}, answered(err)
	}
	return Device{
		Code: d.DeviceCode, UserCode: d.UserCode, URL: d.VerificationURI, FullURL: d.VerificationURIComplete, Expires: d.Expiry,
		Interval: time.Duration(max(d.Interval, 1)) * time.Second,
	}, nil
}

// FinishDevice returns who has confirmed the code of a device, as Finish does. It is
// [*ErrPending] as long as nobody has.
func (p *Provider) FinishDevice(ctx context.Context, code string) (identity.Person, error) {
	f, err := p.find()
	if err != nil {
		return identity.Person{}, err
	}
	client := f.client
	client.RedirectURL = ""
	t, err := client.Exchange(p.with(ctx), "",
		oauth2.SetAuthURLParam("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), oauth2.SetAuthURLParam("device_code", code))
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		switch e.ErrorCode {
		case "authorization_pending", "slow_down":
			return identity.Person{}, &ErrPending{SlowDown: e.ErrorCode == "slow_down"}
		}
	}
	if err != nil {
		return identity.Person{}, answered(err)
	}
	return p.person(ctx, f, t, "")
}

// refusal is why somebody is not let in; it is [identity.ErrWrong].
type refusal struct{ error }

// Is implements what [errors.Is] asks for.
func (r refusal) Is(target error) bool { return target == identity.ErrWrong }

func (r refusal) Unwrap() error { return r.error }

func refusedf(format string, args ...any) error { return refusal{fmt.Errorf(format, args...)} }

// answered tells a provider that says no from one that can't be asked.
func answered(err error) error {
	e, ok := errors.AsType[*oauth2.RetrieveError](err)
	if ok && e.Response.StatusCode < http.StatusInternalServerError {
		return refusedf("the provider says %s %s", e.ErrorCode, e.ErrorDescription)
	}
	if ok {
		return fmt.Errorf("the provider answers %s", e.Response.Status) // its body may be anything
	}
	return err
}

// person returns who a token is of.
func (p *Provider) person(ctx context.Context, f *found, t *oauth2.Token, nonce string) (identity.Person, error) {
	raw, _ := t.Extra("id_token").(string)
	token, err := f.verifier.Verify(p.with(ctx), raw)
	if err != nil {
		return identity.Person{}, refusedf("%w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 && nonce != "" {
		return identity.Person{}, refusedf("the token is of another log-in")
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return identity.Person{}, refusedf("%w", err)
	}
	if azp, ok := claims["azp"]; ok && azp != p.o.ClientID {
		return identity.Person{}, refusedf("the token was made for %v", azp)
	}
	if err := p.complete(ctx, f, t, token.Subject, claims); err != nil {
		return identity.Person{}, err
	}
	return p.admit(claims)
}

// complete adds claims that the provider keeps for its UserInfo endpoint.
func (p *Provider) complete(ctx context.Context, f *found, t *oauth2.Token, subject string, claims map[string]any) error {
	if lookUp(claims, p.o.Username) != nil && lookUp(claims, p.o.Groups) != nil || f.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := f.UserInfo(p.with(ctx), oauth2.StaticTokenSource(t))
	if err != nil {
		return fmt.Errorf("user info: %w", err)
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil || info.Subject != subject {
		return refusedf("the provider tells of somebody else (%w)", err)
	}
	for name, v := range maps.All(more) {
		if _, ok := claims[name]; !ok {
			claims[name] = v
		}
	}
	return nil
}

// admit decides by the claims who somebody is, and whether they are let in.
func (p *Provider) admit(claims map[string]any) (identity.Person, error) {
	for name, want := range p.o.Require {
		if !slices.Contains(texts(lookUp(claims, name)), want) {
			return identity.Person{}, refusedf("the claim %s is not %q", name, want)
		}
	}
	name, _ := lookUp(claims, p.o.Username).(string)
	if name == "" {
		return identity.Person{}, refusedf("the token has no claim %s to be known by", p.o.Username)
	}
	if p.o.Username == "email" && claims["email_verified"] != true {
		return identity.Person{}, refusedf("the provider does not say that it has verified the address %s", name)
	}
	return identity.Person{Name: name, Groups: texts(lookUp(claims, p.o.Groups))}, nil
}

// lookUp returns a claim; dots in its name go into things, unless it has them itself.
func lookUp(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, rest, ok := strings.Cut(name, ".")
	below, isObject := claims[first].(map[string]any)
	if !ok || !isObject {
		return nil
	}
	return lookUp(below, rest)
}

// texts returns a text, or the texts in a list, sorted; never nil.
func texts(v any) []string {
	all := []string{}
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok {
				all = append(all, s)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
