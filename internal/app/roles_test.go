package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
)

// withRoles is a server that has roles decide, by the files of a folder.
type withRoles struct {
	*app.App
	t      *testing.T
	folder string
	tokens map[string]string
}

func openWithRoles(t *testing.T, files map[string]string) *withRoles {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	cfg.Exchange.Index, cfg.Python.Libraries = nil, []string{}
	cfg.RBAC = config.RBAC{Enable: true, Folder: t.TempDir()}
	s := &withRoles{t: t, folder: cfg.RBAC.Folder, tokens: map[string]string{}}
	for name, text := range files {
		s.file(name, text)
	}
	a, err := app.Open(t.Context(), cfg, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	s.App = a
	for _, name := range []string{"ada", "admin"} {
		token := access.NewToken()
		s.tokens[name] = token
		err := a.Store.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertToken(t.Context(), access.Token{
				ID: ident.New(time.Now()), Hash: access.TokenHash(token), User: name, ExpiresAt: time.Now().Add(time.Hour),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *withRoles) file(name, text string) {
	s.t.Helper()
	file := filepath.Join(s.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *withRoles) ask(who, method, path string, want int) string {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, http.NoBody)
	r.Header.Set("X-Auth-Token", s.tokens[who])
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	if w.Code != want {
		s.t.Errorf("%s %s %s: %d %s, want %d", who, method, path, w.Code, w.Body, want)
	}
	return w.Body.String()
}

const (
	lookers = "name: lookers\npermission_grants:\n  - {resource_uid: pack:core, permission_types: [action_view]}\n"
	isOne   = "username: ada\nroles: [lookers]\n"
	noop    = "/api/v1/actions/core.noop"
	reload  = "/api/ns/v1/rbac/reload"
)

func TestAMistakeInRolesAtStartShutsEverybodyOutButAdministrators(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"nothing at all":      {},
		"a role that is none": {"roles/a.yaml": lookers, "assignments/ada.yaml": "username: ada\nroles: [lookers, nope]\n"},
		"no YAML":             {"roles/a.yaml": lookers, "assignments/ada.yaml": isOne, "mappings/x.yaml": "group: [\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openWithRoles(t, files)
			s.ask("ada", "GET", noop, 403)
			s.ask("admin", "GET", noop, 200)
		})
	}
}

func TestRolesAreReadAgain(t *testing.T) {
	s := openWithRoles(t, map[string]string{"roles/a.yaml": lookers, "assignments/ada.yaml": isOne})
	s.ask("ada", "GET", noop, 200)
	s.ask("ada", "POST", reload, 403)

	s.file("roles/b.yaml", "name: b\npermission_grants:\n  - permission_types: [nothing_at_all]\n")
	if text := s.ask("admin", "POST", reload, 400); !strings.Contains(text, "roles/b.yaml:3:24: there is no permission") {
		t.Errorf("told %s", text)
	}
	s.ask("ada", "GET", noop, 200) // the roles from before stay

	s.file("roles/b.yaml", "name: b\n")
	s.file("assignments/ada.yaml", "username: ada\nroles: [b]\n")
	s.ask("admin", "POST", reload, 200)
	s.ask("ada", "GET", noop, 403)

	// A folder that is gone is a mistake, and not a policy without roles.
	s.file("assignments/ada.yaml", isOne)
	s.ask("admin", "POST", reload, 200)
	if err := os.Rename(s.folder, s.folder+".gone"); err != nil {
		t.Fatal(err)
	}
	s.ask("admin", "POST", reload, 400)
	s.ask("ada", "GET", noop, 200)
}
