package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/identity/oidc"
	"github.com/nightshift-run/nightshift/internal/identity/oidc/oidctest"
)

func options(p *oidctest.Provider) oidc.Options {
	return oidc.Options{
		Issuer: p.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret,
		Redirect: "http://nightshift.example/auth/v1/sso/callback", Timeout: 2 * time.Second,
	}
}

// logIn goes to the provider and comes back.
func logIn(t *testing.T, p *oidc.Provider) (identity.Person, error) {
	t.Helper()
	to, flow, err := p.Begin()
	if err != nil {
		return identity.Person{}, err
	}
	back := oidctest.Visit(t, to)
	return p.Finish(t.Context(), flow, back.Get("state"), back.Get("code"))
}

func TestWhoIsLetIn(t *testing.T) {
	type claims = map[string]any
	for name, tt := range map[string]struct {
		change func(*oidc.Options)
		claims claims
		info   claims
		want   identity.Person
		says   string // part of why not
	}{
		"by default": {nil, claims{"preferred_username": "ada", "groups": []string{"ops", "dev", "ops"}}, nil, identity.Person{Name: "ada", Groups: []string{"dev", "ops"}}, ""},
		"no groups":  {nil, claims{"preferred_username": "ada"}, nil, identity.Person{Name: "ada", Groups: []string{}}, ""},
		"one group":  {nil, claims{"preferred_username": "ada", "groups": "ops"}, nil, identity.Person{Name: "ada", Groups: []string{"ops"}}, ""},
		"groups within": {
			func(o *oidc.Options) { o.Groups = "realm_access.roles" },
			claims{"preferred_username": "ada", "realm_access": claims{"roles": []any{"ops", 1}}},
			nil,
			identity.Person{Name: "ada", Groups: []string{"ops"}},
			"",
		},
		"a dot in a name": {
			func(o *oidc.Options) { o.Groups = "https://x.example/groups" },
			claims{"preferred_username": "ada", "https://x.example/groups": []string{"ops"}},
			nil,
			identity.Person{Name: "ada", Groups: []string{"ops"}},
			"",
		},
		"no name": {nil, claims{"name": "Ada"}, nil, identity.Person{}, "no claim preferred_username"},
		"an address that is verified": {
			func(o *oidc.Options) { o.Username = "email" },
			claims{"email": "ada@example.com", "email_verified": true},
			nil,
			identity.Person{Name: "ada@example.com", Groups: []string{}},
			"",
		},
		"an address that is not": {
			func(o *oidc.Options) { o.Username = "email" },
			claims{"email": "ada@example.com", "email_verified": false},
			nil,
			identity.Person{},
			"has verified",
		},
		"an address of which nothing is said": {
			func(o *oidc.Options) { o.Username = "email" },
			claims{"email": "ada@example.com"},
			nil,
			identity.Person{},
			"has verified",
		},
		"what is required": {
			func(o *oidc.Options) { o.Require = map[string]string{"hd": "example.com", "groups": "ops"} },
			claims{"preferred_username": "ada", "hd": "example.com", "groups": []string{"dev", "ops"}},
			nil,
			identity.Person{Name: "ada", Groups: []string{"dev", "ops"}},
			"",
		},
		"something else": {
			func(o *oidc.Options) { o.Require = map[string]string{"hd": "example.com"} },
			claims{"preferred_username": "ada", "hd": "evil.example"},
			nil,
			identity.Person{},
			"the claim hd is not",
		},
		"nothing of what is required": {
			func(o *oidc.Options) { o.Require = map[string]string{"hd": "example.com"} },
			claims{"preferred_username": "ada"},
			nil,
			identity.Person{},
			"the claim hd is not",
		},
		"user info":              {nil, claims{"sub": "7"}, claims{"sub": "7", "preferred_username": "ada", "groups": []string{"ops"}}, identity.Person{Name: "ada", Groups: []string{"ops"}}, ""},
		"user info of another":   {nil, claims{"sub": "7"}, claims{"sub": "8", "preferred_username": "root"}, identity.Person{}, "tells of somebody else"},
		"user info can't change": {nil, claims{"sub": "7", "preferred_username": "ada"}, claims{"sub": "7", "preferred_username": "root"}, identity.Person{Name: "ada", Groups: []string{}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := oidctest.Start(t)
			p.Claims, p.Info = tt.claims, tt.info
			if p.Claims["sub"] == nil {
				p.Claims["sub"] = "1"
			}
			o := options(p)
			if tt.change != nil {
				tt.change(&o)
			}
			got, err := logIn(t, oidc.New(o))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if tt.says == "" && err != nil || tt.says != "" && (!errors.Is(err, identity.ErrWrong) || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("%v, want %q", err, tt.says)
			}
		})
	}
}

func TestAProviderThatLiesLetsNobodyIn(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	set := func(name string, v any) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) { p.Lie = func(c map[string]any) { c[name] = v } }
	}
	sign := func(f func(payload []byte) string) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) { p.Sign = f }
	}
	for name, lie := range map[string]func(*oidctest.Provider){
		"another nonce":    set("nonce", "of somebody else's log-in"),
		"no nonce":         func(p *oidctest.Provider) { p.Lie = func(c map[string]any) { delete(c, "nonce") } },
		"another audience": set("aud", "another client"),
		"another party":    set("azp", "another client"),
		"another issuer":   set("iss", "https://evil.example"),
		"expired":          set("exp", time.Now().Add(-time.Minute).Unix()),
		"not yet":          set("nbf", time.Now().Add(time.Hour).Unix()),
		"another key":      sign(func(b []byte) string { return oidctest.Signed(other, jose.RS256, b) }),
		"the client's secret": sign(func(b []byte) string {
			return oidctest.Signed([]byte(oidctest.ClientSecret+"and enough bytes"), jose.HS256, b)
		}),
		"nothing":          sign(func(b []byte) string { return encode([]byte(`{"alg":"none"}`)) + "." + encode(b) + "." }),
		"NONE":             sign(func(b []byte) string { return encode([]byte(`{"alg":"NONE","kid":"1"}`)) + "." + encode(b) + "." }),
		"no token":         sign(func([]byte) string { return "" }),
		"rubbish":          sign(func([]byte) string { return "a.b.c" }),
		"an endless token": sign(func([]byte) string { return strings.Repeat("a", 5<<20) }),
	} {
		t.Run(name, func(t *testing.T) {
			p := oidctest.Start(t)
			lie(p)
			got, err := logIn(t, oidc.New(options(p)))
			if err == nil || got.Name != "" {
				t.Errorf("let in as %+v", got)
			}
		})
	}
}

func TestACodeIsGoodForOneBrowserAndOnce(t *testing.T) {
	p := oidctest.Start(t)
	door := oidc.New(options(p))
	to, mine, err := door.Begin()
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := door.Begin()
	if err != nil {
		t.Fatal(err)
	}
	back := oidctest.Visit(t, to)
	state, code := back.Get("state"), back.Get("code")
	for name, try := range map[string]func() error{
		"another browser":         func() error { _, err := door.Finish(t.Context(), other, state, code); return err },
		"a browser without":       func() error { _, err := door.Finish(t.Context(), oidc.Flow{}, "", code); return err },
		"a code of somebody else": func() error { _, err := door.Finish(t.Context(), other, other.State, code); return err }, // PKCE
		"a code that is none":     func() error { _, err := door.Finish(t.Context(), mine, state, "guess"); return err },
	} {
		if err := try(); !errors.Is(err, identity.ErrWrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := door.Finish(t.Context(), mine, state, code); err != nil {
		t.Error(err)
	}
	if _, err := door.Finish(t.Context(), mine, state, code); !errors.Is(err, identity.ErrWrong) {
		t.Errorf("again: %v", err)
	}
}

func TestAProviderThatDoesNotAnswerSaysNothing(t *testing.T) {
	p := oidctest.Start(t)
	cannotSay := func(what string, err error) {
		t.Helper()
		if err == nil || errors.Is(err, identity.ErrWrong) {
			t.Errorf("%s: %v", what, err)
		}
	}
	o := options(p)
	o.Issuer = "http://127.0.0.1:1"
	_, err := logIn(t, oidc.New(o))
	cannotSay("a provider that is gone", err)

	door := oidc.New(options(p))
	to, flow, err := door.Begin()
	if err != nil {
		t.Fatal(err)
	}
	back := oidctest.Visit(t, to)
	p.Down = true
	_, err = door.Finish(t.Context(), flow, back.Get("state"), back.Get("code"))
	cannotSay("a provider that is out of order", err)

	slow := oidctest.Start(t)
	slow.Handle = func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	}
	o = options(slow)
	o.Timeout = 100 * time.Millisecond
	begun := time.Now()
	door = oidc.New(o)
	for range 20 {
		_, err = logIn(t, door)
		cannotSay("a provider that hangs", err)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("twenty log-ins waited %v for a provider that hangs", took)
	}
}

func TestADeviceIsConfirmedElsewhere(t *testing.T) {
	p := oidctest.Start(t)
	door := oidc.New(options(p))
	d, err := door.BeginDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.UserCode != "WDJB-MJHT" || d.URL != p.URL+"/activate" || d.Interval != time.Second || time.Until(d.Expires) < 9*time.Minute {
		t.Errorf("%+v", d)
	}
	if _, err := door.FinishDevice(t.Context(), d.Code); err == nil {
		t.Error("let in before it is confirmed")
	} else if _, ok := errors.AsType[*oidc.ErrPending](err); !ok {
		t.Error(err)
	}
	p.Confirm()
	if got, err := door.FinishDevice(t.Context(), d.Code); err != nil || got.Name != "ada" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := door.FinishDevice(t.Context(), d.Code); !errors.Is(err, identity.ErrWrong) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := door.FinishDevice(t.Context(), "guess"); !errors.Is(err, identity.ErrWrong) {
		t.Errorf("a code that is none: %v", err)
	}
}
