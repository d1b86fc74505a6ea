//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/identity/oidc/oidctest"
)

// TestSingleSignOn logs in to the real program by a provider: a browser, and the command line.
func TestSingleSignOn(t *testing.T) {
	p := oidctest.Start(t)
	s := &server{home: t.TempDir(), data: filepath.Join(t.TempDir(), "data"), packs: t.TempDir()}
	secret := write(t, s.home, "secret", oidctest.ClientSecret+"\n")
	s.config = write(t, s.home, "nightshift.yaml", fmt.Sprintf(`
auth:
  admin_groups: [ops]
  oidc: {issuer: %q, client_id: %s, client_secret_file: %q}
`, p.URL, oidctest.ClientID, secret))
	s.start(t)

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	visit := func(path string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	if res := visit("/api/v1/user"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("before: %s", res.Status)
	}
	if res := visit("/auth/v1/sso/request?to=/ui/"); res.StatusCode != http.StatusOK || res.Request.URL.Path != "/ui/" {
		t.Errorf("logged in: %s at %s", res.Status, res.Request.URL)
	}
	if res := visit("/api/v1/user"); res.StatusCode != http.StatusOK {
		t.Errorf("after: %s", res.Status)
	}

	go func() {
		for t.Context().Err() == nil {
			p.Confirm()
			time.Sleep(100 * time.Millisecond)
		}
	}()
	if said := s.cli(t, "login", "--sso"); !strings.HasPrefix(said, "Logged in as ada until ") {
		t.Errorf("login: %s", said)
	}
	if said := s.cli(t, "whoami"); !strings.Contains(said, "Administrator: True") {
		t.Errorf("whoami: %s", said)
	}
	if log := s.out.String(); strings.Contains(log, oidctest.ClientSecret) || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log says\n%s", log)
	}
}
