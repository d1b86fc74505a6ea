package app_test

import (
	"path/filepath"
	"testing"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestWhoHasTheDataFolderComesInAgain(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Listen, cfg.Exchange.Index, cfg.Python.Libraries = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", nil, []string{}
	a, err := app.Open(t.Context(), cfg, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.AdminToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = a.Store.Write(t.Context(), func(tx *store.Tx) error {
		u, err := tx.User(t.Context(), "admin")
		u.Disabled, u.Admin = true, false
		if err != nil {
			return err
		}
		return tx.PutUser(t.Context(), u)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Recover(t.Context(), cfg, "admin", "root"); err == nil {
		t.Error("it works while a server has the folder")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Recover(t.Context(), cfg, "nobody", "root"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
	password, err := app.Recover(t.Context(), cfg, "admin", "root")
	if err != nil {
		t.Fatal(err)
	}
	if a, err = app.Open(t.Context(), cfg, app.Options{}); err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // a test
	u, err := a.Store.Reader().User(t.Context(), "admin")
	if err != nil || !u.Admin || u.Disabled || !access.CheckPassword(u.Password, password) {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := a.Store.Reader().Token(t.Context(), access.TokenHash(token)); err == nil {
		t.Error("an old token is good still")
	}
	found := onRecord(t, a.Store, "nightshift user recover")
	if len(found) != 1 || found[0].User != "root" || found[0].Credential != audit.Folder || found[0].Object != "users/admin" ||
		changed(found[0]) != "token all of admin, api_key all of admin, user admin" {
		t.Errorf("on record: %+v", found)
	}
}
