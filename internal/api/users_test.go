package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestUsersAreLookedAfterByAdmins(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("POST", "/api/ns/v1/users", `{"name": "grace", "password": "amazing grace"}`).status(201)
	s.do("POST", "/api/ns/v1/users", `{"name": "grace"}`).status(409)
	for body, want := range map[string]string{
		`{}`:                                 "'name' is a required property",
		`{"name": ""}`:                       `"" can't be the name of a user.`,
		`{"name": "a\u0000"}`:                "can't be the name of a user.",
		`{"name": "x", "password": "short"}`: "A password has 8 to 1024 characters.",
		`{"name": "x", "password": "` + strings.Repeat("a", 2000) + `"}`: "A password has 8 to 1024 characters.",
	} {
		if a := s.do("POST", "/api/ns/v1/users", body).status(400); !strings.Contains(a.fault(), want) {
			t.Errorf("%.40s: %q, want %q", body, a.fault(), want)
		}
	}
	s.do("POST", "/api/ns/v1/users", `{"name": "nightshift"}`).status(409)
	if a := s.do("GET", "/api/ns/v1/users", "").status(200); a.at("2.name") != "grace" || a.at("2.has_password") != "true" ||
		strings.Contains(a.Body.String(), "argon2") {
		t.Errorf("users: %s", a.Body)
	}
	login := func(password string) answer {
		return s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("grace", password))
	}
	token := "X-Auth-Token: " + login("amazing grace").status(201).at("token")
	key := "St2-Api-Key: " + s.ask("POST", "/v1/apikeys", `{}`, token).status(201).at("key")
	for _, path := range []string{"/api/ns/v1/users", "/api/ns/v1/users/ada"} {
		s.ask("GET", path, "", token).status(403)
	}
	s.ask("PUT", "/api/ns/v1/users/grace", `{"admin": true}`, token).status(403)

	s.do("PUT", "/api/ns/v1/users/grace", `{"disabled": true}`).status(200)
	for name, header := range map[string]string{"token": token, "key": key} {
		if a := s.ask("GET", "/v1/user", "", header).status(401); !strings.Contains(a.fault(), "disabled") {
			t.Errorf("%s of a disabled user: %s", name, a.Body)
		}
	}
	login("amazing grace").status(401)
	signed := s.signer.Sign(access.Grant{User: "grace", Execution: s.run("p.noargs", nil).ID, Expires: time.Now().Add(time.Minute).Unix()})
	s.ask("GET", "/v1/user", "", "X-Auth-Token: "+signed).status(401)

	s.do("PUT", "/api/ns/v1/users/grace", `{"disabled": false}`).status(200)
	s.ask("GET", "/v1/user", "", token).status(200)
	s.do("PUT", "/api/ns/v1/users/grace", `{"password": "another one"}`).status(200)
	s.ask("GET", "/v1/user", "", token).status(401) // a new password ends what the old one began
	login("amazing grace").status(401)
	token = "X-Auth-Token: " + login("another one").status(201).at("token")

	if a := s.do("DELETE", "/api/ns/v1/users/grace/credentials", "").status(200); a.at("tokens") != "1" || a.at("api_keys") != "1" {
		t.Errorf("revoked: %s", a.Body)
	}
	s.ask("GET", "/v1/user", "", token).status(401)
	s.ask("GET", "/v1/user", "", key).status(401)
	s.do("DELETE", "/api/ns/v1/users/grace", "").status(204)
	s.do("DELETE", "/api/ns/v1/users/grace", "").status(404)
	s.do("GET", "/api/ns/v1/users/grace", "").status(404)
	login("another one").status(401)

	for method, body := range map[string]string{"PUT": `{"disabled": true}`, "DELETE": ""} {
		s.do(method, "/api/ns/v1/users/admin", body).status(409)
	}
	s.do("PUT", "/api/ns/v1/users/admin", `{"admin": false}`).status(409)
	s.ask("GET", "/api/ns/v1/users", "", "X-Auth-Token: "+s.signer.Sign(access.Grant{User: "nightshift", Expires: time.Now().Add(time.Minute).Unix()})).status(403)
}

func TestEverybodyChangesTheirOwnPassword(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("PUT", "/api/ns/v1/users/ada", `{"password": "first password"}`).status(200)
	login := func(password string, status int) string {
		return "X-Auth-Token: " + s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("ada", password)).status(status).at("token")
	}
	mine, other := login("first password", 201), login("first password", 201)
	change := func(body string) answer { return s.ask("PUT", "/api/ns/v1/password", body, mine) }
	change(`{"old": "a guess", "new": "second password"}`).status(403)
	change(`{"old": "first password", "new": "short"}`).status(400)
	change(`{"old": "first password", "new": "second password"}`).status(204)
	s.ask("GET", "/v1/user", "", mine).status(200)
	s.ask("GET", "/v1/user", "", other).status(401)
	login("second password", 201)
	refusedInTheEnd(t, func() int { return change(`{"old": "a guess", "new": "second password"}`).Code })
}

// refusedInTheEnd guesses until it has to wait. The first waits are short, and may be over
// before the next guess of a slow machine.
func refusedInTheEnd(t *testing.T, guess func() int) {
	t.Helper()
	for range 20 {
		if guess() == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("somebody may guess as often as they like")
}

func TestAStreamEndsWhenItsUserIsShutOut(t *testing.T) {
	s := newServer(t, api.Options{})
	c := s.listen()
	c.Token = s.user
	e := s.run("p.secretive", nil)
	streams := []<-chan []string{}
	for _, path := range []string{"/stream/v1/stream", "/stream/v1/executions/" + e.ID + "/output"} {
		done := make(chan []string, 1)
		events := s.follow(c, path, url.Values{})
		go func() { <-events; done <- nil }()
		streams = append(streams, done)
	}
	s.do("PUT", "/api/ns/v1/users/ada", `{"disabled": true}`).status(200)
	for _, ended := range streams {
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("a stream of a disabled user goes on")
		}
	}
}

// vouches lets everybody in as somebody.
type vouches struct {
	identity.Person
	source string
	err    error
}

func (v *vouches) Check(context.Context, string, string) (identity.Person, string, error) {
	return v.Person, v.source, v.err
}

func TestWhoADirectoryLetsIn(t *testing.T) {
	v := &vouches{source: "ldap"}
	s := newServerOfPasswords(t, api.Options{AdminGroups: []string{"ops"}}, v)
	s.do("POST", "/api/ns/v1/users", `{"name": "root", "password": "a local secret", "admin": true}`).status(201)
	s.do("POST", "/api/ns/v1/users", `{"name": "gone"}`).status(201)
	s.do("PUT", "/api/ns/v1/users/gone", `{"disabled": true}`).status(200)
	login := func() answer { return s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("typed", "secret")) }
	admin := func(token string) string {
		return s.ask("GET", "/v1/user", "", "X-Auth-Token: "+token).status(200).at("rbac.is_admin")
	}

	v.Person = identity.Person{Name: "lin", Groups: []string{"dev", "ops"}}
	a := login().status(201)
	if a.at("user") != "lin" || admin(a.at("token")) != "true" {
		t.Errorf("in a group of admins: %s", a.Body)
	}
	v.Groups = []string{"dev"}
	if b := login().status(201); admin(b.at("token")) != "false" || admin(a.at("token")) != "false" {
		t.Error("who has left the group of admins is one still")
	}
	if got := s.do("GET", "/api/ns/v1/users/lin", "").at("groups.0"); got != "dev" {
		t.Errorf("groups: %s", got)
	}
	v.Groups = nil // a back end that knows no groups takes none away
	login().status(201)
	if got := s.do("GET", "/api/ns/v1/users/lin", "").at("groups.0"); got != "dev" {
		t.Errorf("groups after a log-in without: %s", got)
	}

	for name, want := range map[string]int{"nightshift": 403, "root": 403, "gone": 401} {
		v.Person = identity.Person{Name: name, Groups: []string{"ops"}}
		login().status(want)
	}
	v.err = identity.ErrWrong
	login().status(401)
	v.err = errors.New("a bug")
	login().status(500)
}

func TestADirectoryThatIsDownIsNoWrongPassword(t *testing.T) {
	down := identity.NewChain(slog.New(slog.DiscardHandler), identity.Member{Name: "ldap", Backend: dead{}})
	s := newServerOfPasswords(t, api.Options{}, down)
	for range 10 { // and nobody is made to wait for it later
		a := s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("lin", "secret")).status(503)
		if !strings.Contains(a.fault(), "ldap, which may know you, does not answer.") || a.Header().Get("Retry-After") == "" {
			t.Errorf("%s", a.Body)
		}
	}
}

type dead struct{}

func (dead) Check(context.Context, string, string) (identity.Person, error) {
	return identity.Person{}, errors.New("no route to host")
}

func TestOnlyTrustedProxiesSayWhereARequestComesFrom(t *testing.T) {
	s := newServer(t, api.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	s.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutUser(ctx, access.User{Name: "admin", Admin: true, Password: access.HashPassword(adminPassword), CreatedAt: time.Now()})
	})
	login := func(from, forwarded, password string) int {
		r := newRequest(t, "POST", "/tokens", `{}`)
		r.RemoteAddr = from + ":1234"
		r.Header.Set("X-Forwarded-For", forwarded)
		r.Header.Set("Authorization", basic("admin", password))
		return s.serve(r).Code
	}
	for _, tt := range []struct {
		guessing, same [2]string // an address, and what it says that it passes on
	}{
		{guessing: [2]string{"10.0.0.1", "192.0.2.66"}, same: [2]string{"10.0.0.2", "203.0.113.1, 192.0.2.66, 10.0.0.1"}}, // by two proxies, with something made up before
		{guessing: [2]string{"192.0.2.99", "192.0.2.7"}, same: [2]string{"192.0.2.99", "192.0.2.8"}},
	} {
		refusedInTheEnd(t, func() int { return login(tt.guessing[0], tt.guessing[1], "a guess") })
		if got := login(tt.same[0], tt.same[1], adminPassword); got != http.StatusTooManyRequests {
			t.Errorf("from %s for %s, which is who has guessed: %d, want 429", tt.same[0], tt.same[1], got)
		}
	}
	for _, other := range [][2]string{
		{"10.0.0.1", "192.0.2.66, 192.0.2.8"},
		{"10.0.0.1", "192.0.2.7"}, // that was a stranger's word
		{"10.0.0.1", "nonsense"},
	} {
		if got := login(other[0], other[1], adminPassword); got != http.StatusCreated {
			t.Errorf("from %s for %s, who has not guessed: %d, want 201", other[0], other[1], got)
		}
	}
}

func TestTheCookieIsForTLSWhereThereIsTLS(t *testing.T) {
	s := newServer(t, api.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}})
	cookie := func(from, proto string) string {
		r := newRequest(t, "GET", "/v1/user", "")
		r.RemoteAddr = from + ":1234"
		r.Header.Set("X-Auth-Token", s.admin)
		r.Header.Set("X-Forwarded-Proto", proto)
		return s.serve(r).Header().Get("Set-Cookie")
	}
	for name, tt := range map[string]struct {
		from, proto string
		secure      bool
	}{
		"plain": {"192.0.2.1", "http", false}, "behind a proxy": {"192.0.2.1", "https", true}, "somebody says so": {"192.0.2.2", "https", false},
	} {
		if got := cookie(tt.from, tt.proto); strings.Contains(got, "; Secure") != tt.secure || got == "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	a := s.ask("DELETE", "/api/ns/v1/token", "", "Cookie: auth-token="+s.user, "Sec-Fetch-Site: same-origin").status(204)
	if got := a.Header().Get("Set-Cookie"); !strings.Contains(got, "auth-token=;") || !strings.Contains(got, "Max-Age=0") {
		t.Errorf("logging out leaves the cookie: %q", got)
	}
}

func TestBrowsersAreToldToDoNothingWithAnswers(t *testing.T) {
	s := newServer(t, api.Options{})
	for _, path := range []string{"/v1/actions", "/healthz", "/nowhere", "/api/v1/openapi.json"} {
		h := s.do("GET", path, "").Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
		} {
			if got := h.Get(name); !strings.Contains(got, want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
	if got := s.do("POST", "/tokens", "").Header().Get("Content-Security-Policy"); got == "" {
		t.Error("a refusal has no policy")
	}
}

func TestAProxySaysWhoHasLoggedIn(t *testing.T) {
	opts := api.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, AdminGroups: []string{"ops"}}
	off := newServer(t, opts)
	opts.UserHeader, opts.GroupsHeader = "X-Forwarded-User", "X-Forwarded-Groups"
	s := newServer(t, opts)
	ask := func(s *server, method, path, from string, headers ...string) answer {
		r := newRequest(t, method, path, "")
		r.RemoteAddr = from + ":1234"
		for _, h := range headers {
			name, v, _ := strings.Cut(h, ": ")
			r.Header.Add(name, v)
		}
		return answer{s.serve(r), t}
	}
	const proxy, ada, groups = "10.0.0.1", "X-Forwarded-User: lin", "X-Forwarded-Groups: dev, ops"
	a := ask(s, "POST", "/auth/v1/tokens", proxy, ada, groups).status(201)
	me := s.ask("GET", "/v1/user", "", "X-Auth-Token: "+a.at("token")).status(200)
	if me.at("username") != "lin" || me.at("rbac.is_admin") != "true" {
		t.Errorf("me: %s", me.Body)
	}
	if got := ask(s, "GET", "/auth/v1/sso", proxy, ada).at("enabled"); got != "true" {
		t.Errorf("enabled: %s", got)
	}
	b := ask(s, "GET", "/auth/v1/sso/request?to=/ui/", proxy, ada, groups).status(303)
	if b.Header().Get("Location") != "/ui/" || !strings.Contains(b.Header().Get("Set-Cookie"), "auth-token=") {
		t.Errorf("a browser: %v", b.Header())
	}
	for name, a := range map[string]answer{
		"somebody else says so":   ask(s, "POST", "/auth/v1/tokens", "10.0.0.2", ada),
		"it is not switched on":   ask(off, "POST", "/auth/v1/tokens", proxy, ada),
		"two names":               ask(s, "POST", "/auth/v1/tokens", proxy, ada, "X-Forwarded-User: root"),
		"no name":                 ask(s, "POST", "/auth/v1/tokens", proxy, "X-Forwarded-User: "),
		"groups alone":            ask(s, "POST", "/auth/v1/tokens", proxy, groups),
		"it is a log-in only":     ask(s, "GET", "/v1/user", proxy, ada),
		"another site has it ask": ask(s, "POST", "/auth/v1/tokens", proxy, ada, "Sec-Fetch-Site: cross-site"),
		"the server itself":       ask(s, "POST", "/auth/v1/tokens", proxy, "X-Forwarded-User: nightshift"),
	} {
		if a.Code != 401 && a.Code != 403 {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
}

func TestWaitsForWrongPasswordsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vouches{err: identity.ErrWrong}
		s := newServerOfPasswords(t, api.Options{}, v)
		login := func() answer { return s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("lin", "secret")) }
		for range 5 {
			begun := time.Now()
			login().status(401)
			if took := time.Since(begun); took != 250*time.Millisecond {
				t.Errorf("a refusal takes %v", took)
			}
		}
		wait := time.Second
		for range 10 {
			v.err = identity.ErrWrong
			if got := login().status(429).Header().Get("Retry-After"); got != strconv.Itoa(int(wait.Seconds())) {
				t.Errorf("Retry-After is %s, want %v", got, wait)
			}
			time.Sleep(wait)
			login().status(401)
			wait = min(2*wait, time.Minute)
		}
		time.Sleep(time.Minute)
		v.Person, v.source, v.err = identity.Person{Name: "lin"}, "ldap", nil
		login().status(201)
		v.err = identity.ErrWrong
		login().status(401) // and all is as in the beginning
	})
}
