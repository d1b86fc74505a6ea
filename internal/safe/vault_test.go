package safe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/safe"
)

// fakeVault behaves as Vault's documentation says of what is asked of it.
type fakeVault struct {
	*httptest.Server

	mu      sync.Mutex
	tokens  map[string]bool // that are good
	logins  []string        // bodies of log-ins
	lease   int
	status  int // answered to all, if not 0
	renewed chan struct{}
}

func newVault(t *testing.T) *fakeVault {
	t.Helper()
	f := &fakeVault{tokens: map[string]bool{"root": true}, lease: 3600, renewed: make(chan struct{}, 10)}
	mux := http.NewServeMux()
	secrets := map[string]string{
		"/v1/secret/data/team/db": `{"data": {"data": {"password": "hush2", "port": 5432}, "metadata": {"version": 3}}}`,
		"/v1/kv1/team/db":         `{"data": {"password": "hush1"}}`,
		"/v1/secret/data/deleted": `{"data": {"data": null, "metadata": {"deletion_time": "2026-01-01T00:00:00Z"}}}`,
		"/v1/secret/data/odd":     `hush is no JSON`,
	}
	for path, body := range secrets {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	}
	mux.HandleFunc("GET /v1/secret/data/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://attacker.invalid/", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("GET /v1/secret/data/forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("GET /v1/auth/token/lookup-self", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"data": {"ttl": %d}}`, f.lease) //nolint:errcheck // a test that has gone
	})
	mux.HandleFunc("POST /v1/auth/token/renew-self", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"auth": {"client_token": "x", "lease_duration": %d, "renewable": true}}`, f.lease) //nolint:errcheck // a test that has gone
		f.renewed <- struct{}{}
	})
	mux.HandleFunc("POST /v1/auth/{way}/login", func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if json.NewDecoder(r.Body).Decode(&body) != nil || body["secret_id"] == "wrong" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"errors": ["invalid secret id: wrong"]}`)
			return
		}
		token := fmt.Sprintf("token-%d", len(f.logins)+1)
		f.tokens[token] = true
		f.logins = append(f.logins, fmt.Sprint(r.PathValue("way"), body))
		fmt.Fprintf(w, `{"auth": {"client_token": %q, "lease_duration": %d, "renewable": true}}`, token, f.lease) //nolint:errcheck // a test that has gone
	})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		switch {
		case f.status != 0:
			w.WriteHeader(f.status)
		case !strings.HasSuffix(r.URL.Path, "/login") && !f.tokens[r.Header.Get("X-Vault-Token")]:
			w.WriteHeader(http.StatusForbidden)
		case r.Header.Get("X-Vault-Request") != "true":
			w.WriteHeader(http.StatusBadRequest)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeVault) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// place returns a safe over a Vault, which remembers nothing.
func (f *fakeVault) place(t *testing.T, o safe.VaultOptions) *safe.Safe {
	t.Helper()
	o.Address = f.URL
	v, err := safe.NewVault(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return safe.New(safe.Place{Name: "vault", Store: v, Fresh: -1})
}

func TestVaultIsReadWithEachWayToLogIn(t *testing.T) {
	f := newVault(t)
	dir := t.TempDir()
	token, id, jwt := write(t, filepath.Join(dir, "token"), "root\n"), write(t, filepath.Join(dir, "id"), "s1\n"), write(t, filepath.Join(dir, "jwt"), "j1")
	for name, tt := range map[string]struct {
		o           safe.VaultOptions
		want, login string
	}{
		"token":         {safe.VaultOptions{TokenFile: token}, "hush2", ""},
		"version 1":     {safe.VaultOptions{TokenFile: token, Mount: "kv1", Version: 1}, "hush1", ""},
		"approle":       {safe.VaultOptions{RoleID: "r1", SecretIDFile: id}, "hush2", "approlemap[role_id:r1 secret_id:s1]"},
		"kubernetes":    {safe.VaultOptions{Role: "ns", JWTFile: jwt}, "hush2", "kubernetesmap[jwt:j1 role:ns]"},
		"another mount": {safe.VaultOptions{Role: "ns", JWTFile: jwt, AuthMount: "cluster-1"}, "hush2", "cluster-1map[jwt:j1 role:ns]"},
	} {
		t.Run(name, func(t *testing.T) {
			f.set(func() { f.logins = nil })
			s := f.place(t, tt.o)
			for range 2 { // the second time with the same token
				if got, err := s.Secret(t.Context(), "vault:team/db#password"); err != nil || got != tt.want {
					t.Errorf("%q, %v, want %q", got, err, tt.want)
				}
			}
			if got := strings.Join(f.logins, " "); got != tt.login {
				t.Errorf("logged in with %q, want %q", got, tt.login)
			}
		})
	}
	if got, err := f.place(t, safe.VaultOptions{TokenFile: token}).Secret(t.Context(), "vault:team/db#port"); err != nil || got != "5432" {
		t.Errorf("a number: %q, %v", got, err)
	}
}

func TestWhatIsWrongWithVaultIsSaid(t *testing.T) {
	f := newVault(t)
	dir := t.TempDir()
	s := f.place(t, safe.VaultOptions{TokenFile: write(t, filepath.Join(dir, "token"), "root")})
	for path, want := range map[string]string{
		"gone#x":      `There is no secret gone in store "vault".`,
		"deleted#x":   `There is no secret deleted in store "vault".`,
		"forbidden#x": `The store of secrets "vault" can't be asked for forbidden: Vault does not let this server read that.`,
		"moved#x":     `The store of secrets "vault" can't be asked for moved: Vault answers with status 307.`,
		"odd#x":       `The store of secrets "vault" can't be asked for odd: Vault answers with what is no JSON.`,
	} {
		if _, err := s.Secret(t.Context(), "vault:"+path); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	f.set(func() { f.status = http.StatusServiceUnavailable })
	if _, err := s.Secret(t.Context(), "vault:team/db#password"); fault.KindOf(err) != fault.Busy || !strings.Contains(err.Error(), "status 503") {
		t.Errorf("sealed: %v", err)
	}
	f.set(func() { f.status = 0 })
	for name, o := range map[string]safe.VaultOptions{
		"a wrong secret":      {RoleID: "r", SecretIDFile: write(t, filepath.Join(dir, "wrong"), "wrong")},
		"a wrong token":       {TokenFile: write(t, filepath.Join(dir, "bad"), "guess-hush")},
		"a file that is gone": {TokenFile: filepath.Join(dir, "gone")},
	} {
		_, err := f.place(t, o).Secret(t.Context(), "vault:team/db#password")
		if fault.KindOf(err) != fault.Busy || strings.Contains(err.Error(), "guess-hush") || strings.Contains(err.Error(), "id: wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.Close()
	if _, err := s.Secret(t.Context(), "vault:team/db#password"); fault.KindOf(err) != fault.Busy {
		t.Errorf("down: %v", err)
	}
	for _, o := range []safe.VaultOptions{{}, {Address: "vault:8200", Role: "r"}, {Address: "http://h"}, {Address: "http://h", Role: "r", RoleID: "s"}, {Address: "http://h", Role: "r", Version: 3}, {Address: "http://h", Role: "r", CA: dir + "/none"}} {
		if _, err := safe.NewVault(o); err == nil {
			t.Errorf("%+v is no mistake", o)
		}
	}
}

func TestATokenThatEndedIsReplaced(t *testing.T) {
	f := newVault(t)
	s := f.place(t, safe.VaultOptions{RoleID: "r"})
	read := func() {
		t.Helper()
		if got, err := s.Secret(t.Context(), "vault:team/db#password"); err != nil || got != "hush2" {
			t.Errorf("%q, %v", got, err)
		}
	}
	read()
	f.set(func() { clear(f.tokens) }) // all are revoked
	read()
	if len(f.logins) != 2 {
		t.Errorf("logged in %d times, want 2", len(f.logins))
	}
}

func TestATokenIsRenewedBeforeItEnds(t *testing.T) {
	f := newVault(t)
	f.lease = 1
	s := f.place(t, safe.VaultOptions{RoleID: "r"})
	if _, err := s.Secret(t.Context(), "vault:team/db#password"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for range 2 {
		select {
		case <-f.renewed:
		case <-time.After(20 * time.Second):
			t.Fatal("the token is not renewed")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(f.logins) != 1 {
		t.Errorf("logged in %d times, want once", len(f.logins))
	}
}
