package cli

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
)

// tokens makes the server give a token for the password secret. A token is good
// for as long as it says.
func (f *fake) tokens(t *testing.T, good time.Duration) {
	f.mux.HandleFunc("POST /auth/v1/tokens", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"faultstring": "Invalid or missing credentials"}`))
			return
		}
		w.WriteHeader(http.StatusCreated)
		err := json.NewEncoder(w).Encode(wire.Token{
			User: user, Token: "fresh-" + user, ID: "1", Expiry: wire.TimeOf(time.Now().Add(good)), Metadata: json.RawMessage("{}"),
		})
		if err != nil {
			t.Error(err)
		}
	})
	f.answer("GET /api/v1/user", 200, `{"username": "admin", "authentication": {"method": "authentication token", "location": "header",
		"token_expire": "2026-11-23T15:00:00.000000Z"}, "rbac": {"enabled": false, "roles": ["a", "b"], "is_admin": true}}`)
}

// person is a terminal at which somebody types, with a home of its own and no
// credentials.
func (f *fake) person(t *testing.T, password string) *terminal {
	x := f.terminal(t)
	delete(x.env, "NIGHTSHIFT_TOKEN")
	delete(x.env, "NIGHTSHIFT_URL")
	x.opts.InTerminal = true
	x.opts.ReadPassword = func() (string, error) { return password, nil }
	return x
}

func readPrivate(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %o, want 600", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLoginIsRemembered(t *testing.T) {
	f := newFake(t)
	f.tokens(t, time.Hour)
	x := f.person(t, "secret")
	got := x.run("login", "admin", "--url", f.URL)
	if got.Code != 0 || !strings.HasPrefix(got.Out, "Logged in as admin until ") || got.Err != "Password of admin at "+f.URL+": \n" {
		t.Fatalf("got %+v", got)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:secret")); f.shown() != want {
		t.Errorf("shown: got %q, want %q", f.shown(), want)
	}
	dir := filepath.Join(x.opts.Home, ".nightshift")
	want := "[general]\nbase_url = " + f.URL + "\n\n[credentials]\nusername = admin\n"
	if got := readPrivate(t, filepath.Join(dir, "config")); got != want {
		t.Errorf("the configuration: got\n%s\nwant\n%s", got, want)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	if got := readPrivate(t, filepath.Join(dir, "token-admin")); !strings.Contains(got, "fresh-admin") {
		t.Errorf("the token: got %s", got)
	}

	// From now on neither an address nor a token is needed.
	f.check(t, x.run("whoami"), result{Out: `Currently logged in as "admin" at SERVER.

Authentication method: authentication token
Authentication token expire time: Mon, 23 Nov 2026 15:00:00 UTC

RBAC:
 - Enabled: False
 - Roles: a, b
 - Administrator: True
`})
	if f.shown() != "fresh-admin" {
		t.Errorf("shown: got %q, want the token", f.shown())
	}
}

// The token goes to the server that gave it and to no other.
func TestTokensAndPasswordsStayWithTheirServer(t *testing.T) {
	f, other := newFake(t), newFake(t)
	f.tokens(t, time.Hour)
	other.tokens(t, time.Hour)
	x := f.person(t, "secret")
	x.run("login", "admin", "-w", "--url", f.URL)
	x.run("whoami", "--url", other.URL)
	other.checkRequests(t, "GET /api/v1/user")
	if other.shown() != "" {
		t.Errorf("another server was shown %q", other.shown())
	}
}

func TestPasswordThatIsKeptLogsInAgain(t *testing.T) {
	f := newFake(t)
	f.tokens(t, 5*time.Second) // which is as good as over
	x := f.person(t, "secret")
	x.run("login", "admin", "--url", f.URL)
	x.run("whoami")
	if f.shown() != "" {
		t.Errorf("a token that is over was shown: %s", f.shown())
	}
	x.run("login", "admin", "-w", "--url", f.URL)
	got := readPrivate(t, filepath.Join(x.opts.Home, ".nightshift", "config"))
	if !strings.Contains(got, "\npassword = secret\n") {
		t.Errorf("the configuration: got\n%s", got)
	}
	x.run("whoami")
	if f.shown() != "fresh-admin" {
		t.Errorf("shown: got %q, want a fresh token", f.shown())
	}
	// Logging in without -w takes the password out.
	x.run("login", "admin", "--url", f.URL)
	if got := readPrivate(t, filepath.Join(x.opts.Home, ".nightshift", "config")); strings.Contains(got, "password") {
		t.Errorf("the configuration: got\n%s", got)
	}
}

func TestLoginRefused(t *testing.T) {
	f := newFake(t)
	f.tokens(t, time.Hour)
	x := f.person(t, "wrong")
	got := x.run("login", "admin", "--url", f.URL)
	if want := "ERROR: admin is not let in: Invalid or missing credentials\n"; got.Code != ExitUnauthorized || !strings.HasSuffix(got.Err, want) {
		t.Errorf("got %+v, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(x.opts.Home, ".nightshift")); !os.IsNotExist(err) {
		t.Errorf("something was kept: %v", err)
	}
}

// Scripts have no terminal: the password comes on standard input.
func TestLoginFromAPipe(t *testing.T) {
	f := newFake(t)
	f.tokens(t, time.Hour)
	x := f.person(t, "")
	x.opts.InTerminal = false
	x.opts.In = strings.NewReader("secret\n")
	got := x.run("login", "admin", "--url", f.URL)
	if got.Code != 0 || got.Err != "" {
		t.Errorf("got %+v", got)
	}
	// The user is known by now; without that, the name comes first.
	x.opts.In = strings.NewReader("secret\n")
	f.check(t, x.run("auth", "--only-token"), result{Out: "fresh-admin\n"})
	x.opts.In = strings.NewReader("ops\nsecret\n")
	f.check(t, x.run("auth", "--only-token", "--skip-config", "--url", f.URL), result{Out: "fresh-ops\n"})
}

func TestAuthKeepsNothing(t *testing.T) {
	f := newFake(t)
	f.tokens(t, time.Hour)
	x := f.terminal(t)
	f.check(t, x.run("auth", "ops", "-p", "secret", "-l", "60", "-t"), result{Out: "fresh-ops\n"})
	f.checkRequests(t, `POST /auth/v1/tokens {"ttl":60}`)
	if got := x.run("auth", "ops", "-p", "secret", "-j"); !strings.Contains(got.Out, `"token": "fresh-ops"`) {
		t.Errorf("got %s", got.Out)
	}
	if _, err := os.Stat(filepath.Join(x.opts.Home, ".nightshift")); !os.IsNotExist(err) {
		t.Errorf("something was kept: %v", err)
	}
}

func TestLogout(t *testing.T) {
	f := newFake(t)
	f.tokens(t, time.Hour)
	f.answer("DELETE /api/ns/v1/token", 204, "")
	x := f.person(t, "secret")
	x.run("login", "admin", "--url", f.URL)
	f.check(t, x.run("logout"), result{Out: "Logged out admin.\n"})
	if f.shown() != "fresh-admin" {
		t.Errorf("the token that is to go: got %q", f.shown())
	}
	f.check(t, x.run("logout"), result{Out: "Nobody is logged in at SERVER.\n"})
	x.run("whoami")
	if f.shown() != "" {
		t.Errorf("shown after logging out: %q", f.shown())
	}
}

// What a person wrote into the file stays as it is.
func TestLoginKeepsTheRestOfTheConfiguration(t *testing.T) {
	f := newFake(t)
	f.tokens(t, time.Hour)
	x := f.person(t, "secret")
	path := filepath.Join(x.opts.Home, ".nightshift", "config")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	before := "# mine\n[cli]\ntimezone = Europe/Vienna\n\n[credentials]\napi_key = k\nusername = old\npassword = old\n[general]\nx = y\n"
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	x.run("login", "admin", "--url", f.URL)
	want := "# mine\n[cli]\ntimezone = Europe/Vienna\n\n[credentials]\nusername = admin\n[general]\nx = y\nbase_url = " + f.URL + "\n"
	if got := readPrivate(t, path); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := x.run("whoami"); !strings.Contains(got.Out, "Mon, 23 Nov 2026 16:00:00 CET") {
		t.Errorf("the time zone: got\n%s", got.Out)
	}
}

func TestLoginBySingleSignOnWaitsForABrowser(t *testing.T) {
	f := newFake(t)
	f.tokens(t, time.Hour)
	f.answer("POST /auth/v1/sso/device", 200, `{"device": "sealed", "user_code": "WDJB-MJHT", "verification_uri": "https://id.example/activate", "expires_in": 600, "interval": 1}`)
	f.answers("POST /auth/v1/sso/device/token", `{"slow_down": false}`,
		`{"user": "ada", "token": "fresh-ada", "id": "1", "expiry": "2126-11-23T15:00:00.000000Z", "metadata": {}}`)
	x := f.person(t, "")
	got := x.run("login", "--sso", "--url", f.URL)
	if got.Code != 0 || !strings.HasPrefix(got.Out, "Logged in as ada until ") || got.Err != "Open https://id.example/activate in a browser, and confirm the code WDJB-MJHT.\n" {
		t.Fatalf("got %+v", got)
	}
	if got := readPrivate(t, filepath.Join(x.opts.Home, ".nightshift", "token-ada")); !strings.Contains(got, "fresh-ada") {
		t.Errorf("the token: got %s", got)
	}
}

func TestLoginBySingleSignOnThatIsNotThere(t *testing.T) {
	f := newFake(t)
	f.answer("POST /auth/v1/sso/device", 404, `{"faultstring": "Single sign-on is not set up here."}`)
	if got := f.person(t, "").run("login", "--sso", "--url", f.URL); got.Code != ExitNotFound || !strings.Contains(got.Err, "not set up here") {
		t.Errorf("got %+v", got)
	}
}
