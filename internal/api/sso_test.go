package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/identity/oidc"
	"github.com/nightshift-run/nightshift/internal/identity/oidc/oidctest"
	"github.com/nightshift-run/nightshift/internal/register"
)

// newServerWithSSO returns a server whose single sign-on is a provider of the test's.
func newServerWithSSO(t *testing.T) (*server, *oidctest.Provider) {
	t.Helper()
	s, all := newServerWithProviders(t, "one")
	return s, all[0]
}

// newServerWithProviders returns one with several, by their names.
func newServerWithProviders(t *testing.T, names ...string) (*server, []*oidctest.Provider) {
	t.Helper()
	var all []*oidctest.Provider
	var doors []api.Provider
	for _, name := range names {
		p := oidctest.Start(t)
		all = append(all, p)
		doors = append(doors, api.Provider{Name: name, Issuer: p.URL, SSO: oidc.New(oidc.Options{
			Issuer: p.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, Redirect: "http://example.com/auth/v1/sso/callback", Timeout: 2 * time.Second,
		})})
	}
	src := content(t)
	return newServerDeps(t, api.Options{AdminGroups: []string{"ops"}}, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}},
		func(d *api.Deps) { d.SSO = doors }), all
}

// begin sends a browser to the provider; it is back with what it got and its cookie.
func (s *server) begin(path string, headers ...string) (back url.Values, cookie string) {
	s.t.Helper()
	a := s.ask("GET", "/auth/v1/sso/request"+path, "", headers...).status(http.StatusTemporaryRedirect)
	cookie, _, _ = strings.Cut(a.Header().Get("Set-Cookie"), ";")
	return oidctest.Visit(s.t, a.Header().Get("Location")), "Cookie: " + cookie
}

func cookies(a answer) map[string]*http.Cookie {
	all := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: a.Header()}).Cookies() {
		all[c.Name] = c
	}
	return all
}

func TestABrowserLogsInBySingleSignOn(t *testing.T) {
	s, _ := newServerWithSSO(t)
	if got := s.ask("GET", "/auth/v1/sso", "").at("enabled"); got != "true" {
		t.Errorf("enabled: %s", got)
	}
	back, cookie := s.begin("?to=/ui/rules")
	a := s.ask("GET", "/auth/v1/sso/callback?"+back.Encode(), "", cookie).status(http.StatusSeeOther)
	session := cookies(a)["auth-token"]
	if a.Header().Get("Location") != "/ui/rules" || session == nil || !session.HttpOnly || session.SameSite != http.SameSiteLaxMode {
		t.Fatalf("back: %v", a.Header())
	}
	if gone := cookies(a)["sso-login"]; gone == nil || gone.MaxAge >= 0 {
		t.Errorf("what was kept for the log-in is kept still: %v", gone)
	}
	if cookies(a)["st2-auth-token"] != nil {
		t.Error("a script may read the token")
	}
	me := s.ask("GET", "/v1/user", "", "Cookie: auth-token="+session.Value).status(200)
	if me.at("username") != "ada" || me.at("rbac.is_admin") != "true" {
		t.Errorf("me: %s", me.Body)
	}
	if got := s.do("GET", "/api/ns/v1/users/ada", "").Body.String(); !strings.Contains(got, `"groups":["dev","ops"]`) {
		t.Errorf("groups: %s", got)
	}

	// StackStorm's web client takes the token out of a cookie of its own.
	back, cookie = s.begin("", "Referer: http://example.com/index.html")
	a = s.ask("POST", "/auth/v1/sso/callback", back.Encode(), cookie, "Content-Type: application/x-www-form-urlencoded").status(http.StatusSeeOther)
	st2 := cookies(a)["st2-auth-token"]
	if a.Header().Get("Location") != "/index.html" || st2 == nil || st2.MaxAge > 10 || !strings.Contains(st2.Value, "token") {
		t.Errorf("StackStorm's client: %v", a.Header())
	}
}

func TestOnlyTheBrowserThatBeganComesBack(t *testing.T) {
	s, p := newServerWithSSO(t)
	back, cookie := s.begin("")
	_, other := s.begin("")
	callback := "/auth/v1/sso/callback?"
	for name, a := range map[string]answer{
		"no cookie":            s.ask("GET", callback+back.Encode(), ""),
		"another browser's":    s.ask("GET", callback+back.Encode(), "", other),
		"a made-up cookie":     s.ask("GET", callback+back.Encode(), "", "Cookie: sso-login=e30"),
		"another state":        s.ask("GET", callback+url.Values{"state": {"x"}, "code": back["code"]}.Encode(), "", cookie),
		"no state":             s.ask("GET", callback+url.Values{"code": back["code"]}.Encode(), "", cookie),
		"no code":              s.ask("GET", callback+url.Values{"state": back["state"]}.Encode(), "", cookie),
		"refused by provider":  s.ask("GET", callback+"error=access_denied&state="+back.Get("state"), "", cookie),
		"a log-in of a device": s.ask("POST", "/auth/v1/sso/device/token", `{"device": "`+strings.TrimPrefix(cookie, "Cookie: sso-login=")+`"}`),
	} {
		if a.Code != http.StatusUnauthorized || cookies(a)["auth-token"] != nil {
			t.Errorf("%s: %d %v", name, a.Code, a.Header())
		}
	}
	s.ask("GET", callback+back.Encode(), "", cookie).status(http.StatusSeeOther)
	s.ask("GET", callback+back.Encode(), "", cookie).status(http.StatusUnauthorized) // the code is spent

	for _, name := range []string{"nightshift", " ada", "a\x00b"} {
		p.Claims = map[string]any{"sub": "1", "preferred_username": name}
		back, cookie := s.begin("")
		if a := s.ask("GET", callback+back.Encode(), "", cookie); a.Code != http.StatusUnauthorized && a.Code != http.StatusForbidden {
			t.Errorf("let in as %q: %d", name, a.Code)
		}
	}
	s.do("POST", "/api/ns/v1/users", `{"name": "root", "password": "a local secret"}`).status(201)
	p.Claims = map[string]any{"sub": "1", "preferred_username": "root"}
	back, cookie = s.begin("")
	s.ask("GET", callback+back.Encode(), "", cookie).status(http.StatusForbidden)

	back, cookie = s.begin("")
	p.Down = true
	s.ask("GET", callback+back.Encode(), "", cookie).status(http.StatusServiceUnavailable)
	s.ask("POST", "/auth/v1/sso/device", "").status(http.StatusServiceUnavailable)
	if log := s.log.String(); strings.Contains(log, oidctest.ClientSecret) || strings.Contains(log, back.Get("code")) {
		t.Errorf("a secret is in the log: %s", log)
	}
}

func TestNobodyIsSentToAnotherSite(t *testing.T) {
	s, _ := newServerWithSSO(t)
	for _, to := range []string{"https://evil.example/", "//evil.example/", `/\evil.example/`, "/\t/evil.example", "javascript:alert(1)", "evil", ""} {
		back, cookie := s.begin("?to="+url.QueryEscape(to), "Referer: https://evil.example/page")
		a := s.ask("GET", "/auth/v1/sso/callback?"+back.Encode(), "", cookie).status(http.StatusSeeOther)
		if got := a.Header().Get("Location"); got != "/" {
			t.Errorf("%q: sent to %q", to, got)
		}
	}
}

func TestADeviceLogsInBySingleSignOn(t *testing.T) {
	s, p := newServerWithSSO(t)
	d := s.ask("POST", "/auth/v1/sso/device", "").status(200)
	if d.at("user_code") != "WDJB-MJHT" || d.at("interval") != "1" {
		t.Errorf("device: %s", d.Body)
	}
	body := `{"device": "` + d.at("device") + `", "ttl": 60}`
	if a := s.ask("POST", "/auth/v1/sso/device/token", body).status(202); a.at("slow_down") != "false" {
		t.Errorf("pending: %s", a.Body)
	}
	p.Confirm()
	a := s.ask("POST", "/auth/v1/sso/device/token", body).status(201)
	if got := s.ask("GET", "/v1/user", "", "X-Auth-Token: "+a.at("token")).at("username"); got != "ada" {
		t.Errorf("logged in as %q", got)
	}
	s.ask("POST", "/auth/v1/sso/device/token", body).status(401)
	s.ask("POST", "/auth/v1/sso/device/token", `{}`).status(400)
}

func TestWithoutSingleSignOnThereIsNone(t *testing.T) {
	s := newServer(t, api.Options{})
	if got := s.ask("GET", "/auth/v1/sso", "").at("enabled"); got != "false" {
		t.Errorf("enabled: %s", got)
	}
	s.ask("GET", "/auth/v1/sso/request", "").status(404)
	s.ask("GET", "/auth/v1/sso/callback?code=x&state=y", "").status(404)
	s.ask("POST", "/auth/v1/sso/device", "").status(404)
}

func TestEachProviderLogsInItsOwn(t *testing.T) {
	s, all := newServerWithProviders(t, "Staff", "Partners & friends")
	all[1].Claims = map[string]any{"sub": "2", "preferred_username": "bob", "groups": []string{"partners"}}
	if got := s.ask("GET", "/auth/v1/sso", "").Body.String(); !strings.Contains(got, `"providers":["Staff","Partners & friends"]`) {
		t.Errorf("offered: %s", got)
	}
	who := func(a answer) string {
		session := cookies(a.status(http.StatusSeeOther))["auth-token"]
		return s.ask("GET", "/v1/user", "", "Cookie: auth-token="+session.Value).at("username")
	}
	callback := "/auth/v1/sso/callback?"
	for query, want := range map[string]string{"": "ada", "?provider=Staff": "ada", "?provider=Partners+%26+friends": "bob"} {
		back, cookie := s.begin(query)
		if got := who(s.ask("GET", callback+back.Encode(), "", cookie)); got != want {
			t.Errorf("by %q: %q, want %q", query, got, want)
		}
	}
	s.ask("GET", "/auth/v1/sso/request?provider=Nobody", "").status(http.StatusNotFound)
	s.ask("POST", "/auth/v1/sso/device?provider=Nobody", "").status(http.StatusNotFound)

	// The answer of one is none to a question of another.
	back, _ := s.begin("?provider=Staff")
	_, other := s.begin("?provider=Partners+%26+friends")
	s.ask("GET", callback+back.Encode(), "", other).status(http.StatusUnauthorized)
	back, cookie := s.begin("?provider=Staff")
	back.Set("iss", all[1].URL)
	s.ask("GET", callback+back.Encode(), "", cookie).status(http.StatusUnauthorized)
	back.Set("iss", all[0].URL)
	if got := who(s.ask("GET", callback+back.Encode(), "", cookie)); got != "ada" {
		t.Errorf("with its issuer: %q", got)
	}

	// One that is down is in nobody's way.
	all[0].Down = true
	s.ask("POST", "/auth/v1/sso/device?provider=Staff", "").status(http.StatusServiceUnavailable)
	d := s.ask("POST", "/auth/v1/sso/device?provider=Partners+%26+friends", "").status(200)
	all[1].Confirm()
	a := s.ask("POST", "/auth/v1/sso/device/token", `{"device": "`+d.at("device")+`"}`).status(201)
	if got := s.ask("GET", "/v1/user", "", "X-Auth-Token: "+a.at("token")).at("username"); got != "bob" {
		t.Errorf("the device is logged in as %q", got)
	}
}

func TestAPersonWhoseLogInFailsSeesAPage(t *testing.T) {
	s, p := newServerWithSSO(t)
	const browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
	p.Claims = map[string]any{"sub": "1"} // without a name to be known by
	back, cookie := s.begin("")
	for name, a := range map[string]answer{
		"refused":            s.ask("GET", "/auth/v1/sso/callback?"+back.Encode(), "", cookie, browser).status(401),
		"refused by form":    s.ask("POST", "/auth/v1/sso/callback", "error=access_denied", browser, "Content-Type: application/x-www-form-urlencoded").status(401),
		"unknown provider":   s.ask("GET", "/auth/v1/sso/request?provider=%3Cscript%3Ealert(1)%3C/script%3E", "", browser).status(404),
		"a body that is odd": s.ask("POST", "/auth/v1/sso/callback", "a=%zz", browser, "Content-Type: application/x-www-form-urlencoded").status(400),
	} {
		body, policy := a.Body.String(), a.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") || !strings.Contains(body, "You are not logged in") || !strings.Contains(body, `href="/ui/"`) {
			t.Errorf("%s: %s %s", name, a.Header().Get("Content-Type"), body)
		}
		if strings.Contains(body, "<script") || !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: script, or the policy is %s: %s", name, policy, body)
		}
		style, _, _ := strings.Cut(body[strings.Index(body, "<style>")+len("<style>"):], "</style>")
		sum := sha256.Sum256([]byte(style))
		if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			t.Errorf("%s: the policy forbids the style of the page", name)
		}
	}
	back, cookie = s.begin("")
	if a := s.ask("GET", "/auth/v1/sso/callback?"+back.Encode(), "", cookie).status(401); a.at("faultstring") == "" {
		t.Errorf("a program is told %s", a.Body)
	}
	if got := s.do("GET", "/api/ns/v1/audit?limit=5", "").Body.String(); !strings.Contains(got, `"outcome":"refused"`) {
		t.Errorf("the audit log does not have it: %s", got)
	}
}
