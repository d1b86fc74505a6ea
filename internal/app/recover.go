package app

import (
	"context"
	"errors"
	"log/slog"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// Recover makes a user of the ledger an administrator with a new password, which it returns,
// and takes away all tokens and API keys of that user. It is for whoever has the data folder
// and can't come in any more; no server may have it open.
// That it was done by somebody, as the operating system knows them, is on record.
func Recover(ctx context.Context, cfg config.Config, name, by string) (password string, err error) {
	driver, err := sqlite.Open(ctx, cfg.Data, sqlite.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	s := store.New(driver)
	defer func() { err = errors.Join(err, s.Close()) }()
	password = access.NewPassword()
	ctx = store.ByItself(ctx, audit.Record{User: by, Credential: audit.Folder, Origin: "nightshift user recover", Object: "users/" + name})
	return password, s.Write(ctx, func(tx *store.Tx) error {
		u, err := tx.User(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			return fault.Newf(fault.NotFound, "There is no user %q in %s.", name, cfg.Data)
		}
		if err != nil {
			return err
		}
		u.Password, u.Admin, u.Disabled = access.HashPassword(password), true, false
		if _, _, err := tx.Revoke(ctx, name); err != nil {
			return err
		}
		return tx.PutUser(ctx, u)
	})
}
