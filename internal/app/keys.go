package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/keyring"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// keyFile is the name of the file of the master key in the data folder.
const keyFile = "secrets.key"

// useKeys opens the keys that secrets are sealed with, before anything is written.
func (a *App) useKeys(ctx context.Context) error {
	opts := keyring.Options{Logger: a.log("keyring")}
	if path := a.cfg.Secrets.StackStormKey; path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("key of StackStorm: %w", err)
		}
		if opts.StackStorm, err = secret.ReadStackStormKey(text); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	file := secret.File{
		Path:       cmp.Or(a.cfg.Secrets.KeyFile, filepath.Join(a.cfg.Data, keyFile)),
		Identities: a.cfg.Secrets.AgeIdentities,
	}
	var err error
	if a.keys, err = keyring.Open(ctx, a.Store, file, opts); err != nil {
		return err
	}
	if info, err := os.Stat(file.Path); err == nil && info.Mode().Perm()&0o077 != 0 {
		a.log("keyring").Warn("others may read the file of the master key: chmod 600", "file", file.Path, "mode", info.Mode())
	}
	a.signer, err = a.keys.Signer(ctx)
	return err
}

// decryptKV is the filter decrypt_kv in rules, which act on behalf of the system's user.
func (a *App) decryptKV(ctx context.Context, in value.Value, args *value.Args) (value.Value, error) {
	if err := args.None(); err != nil {
		return nil, err
	}
	if r, ok := in.(value.Raiser); ok {
		if err := r.Raise(); err != nil {
			return nil, err
		}
	}
	return a.keys.Decrypt(ctx, intake.SystemUser, value.Str(in))
}
