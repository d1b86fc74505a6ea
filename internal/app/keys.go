package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/keyring"
	"github.com/nightshift-run/nightshift/internal/safe"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
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
	ctx = store.ByItself(ctx, audit.Record{User: intake.SystemUser, Origin: "the start of the server"})
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
	text, err := onlyText(in, args)
	if err != nil {
		return nil, err
	}
	return a.keys.Decrypt(ctx, intake.SystemUser, text)
}

// readSecret is the filter secret in rules.
func (a *App) readSecret(ctx context.Context, in value.Value, args *value.Args) (value.Value, error) {
	text, err := onlyText(in, args)
	if err != nil {
		return nil, err
	}
	return a.safe.Secret(ctx, text)
}

// onlyText returns what a filter is given that takes a text and nothing more.
func onlyText(in value.Value, args *value.Args) (string, error) {
	if err := args.None(); err != nil {
		return "", err
	}
	if r, ok := in.(value.Raiser); ok {
		if err := r.Raise(); err != nil {
			return "", err
		}
	}
	return value.Str(in), nil
}

// useSafe opens the stores of secrets outside of the ledger.
func (a *App) useSafe() error {
	var places []safe.Place
	var errs []error
	names := map[string]bool{}
	for i, c := range a.cfg.Secrets.Stores {
		if c.Name == "" || names[c.Name] || strings.ContainsAny(c.Name, ":#/ ") {
			errs = append(errs, fmt.Errorf("secrets.stores[%d]: %q is no name of a store; each has one of its own, without : # / and blanks", i, c.Name))
			continue
		}
		names[c.Name] = true
		s, err := a.secretStore(c)
		if err != nil {
			errs = append(errs, fmt.Errorf("secrets.stores[%d], %s: %w", i, c.Name, err))
			continue
		}
		places = append(places, safe.Place{
			Name: c.Name, Store: s, Allow: c.Allow, Fresh: time.Duration(c.Cache), Stale: time.Duration(c.Stale), Timeout: time.Duration(c.Timeout),
		})
	}
	a.safe = safe.New(places...)
	return errors.Join(errs...)
}

func (a *App) secretStore(c config.SecretStore) (safe.Store, error) {
	switch c.Type {
	case "vault":
		return safe.NewVault(safe.VaultOptions{
			Address: c.Address, Namespace: c.Namespace, Mount: c.Mount, Version: c.Version, CA: c.CA, TokenFile: c.TokenFile,
			RoleID: c.RoleID, SecretIDFile: c.SecretIDFile, Role: c.Role, JWTFile: c.JWTFile, AuthMount: c.AuthMount, Logger: a.log("safe"),
		})
	case "env":
		if c.Prefix == "" {
			return nil, errors.New("prefix is missing: only variables that begin with it are secrets that may be read")
		}
		env := a.opts.Env
		// They are for templates, and not for every action that runs.
		a.opts.Env = slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, c.Prefix) })
		return safe.Variables{Prefix: c.Prefix, Lookup: func(name string) (string, bool) {
			for _, v := range slices.Backward(env) {
				if text, ok := strings.CutPrefix(v, name+"="); ok {
					return text, true
				}
			}
			return "", false
		}}, nil
	case "files", "sops":
		if c.Folder == "" {
			return nil, errors.New("folder is missing")
		}
		if c.Type == "files" {
			return safe.Files{Folder: c.Folder}, nil
		}
		if c.AgeIdentities == "" {
			return nil, errors.New("age_identities is missing")
		}
		return safe.SOPS{Folder: c.Folder, Identities: c.AgeIdentities}, nil
	default:
		return nil, fmt.Errorf("type is %q; it is one of vault, env, files, sops", c.Type)
	}
}
