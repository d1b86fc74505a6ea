package keyring

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

// SealPair returns p with its value sealed, if p is secret.
func (k *Keyring) SealPair(p kv.Pair) kv.Pair {
	if p.Secret {
		p.Value, p.Encrypted = k.ring.Seal([]byte(p.Value), p.About()), true
	}
	return p
}

// OpenPair returns the text of a pair.
func (k *Keyring) OpenPair(p kv.Pair) (string, error) {
	if !p.Encrypted {
		return p.Value, nil
	}
	text, err := k.ring.Open(p.Value, p.About())
	if err != nil {
		return "", fmt.Errorf("open the value of key %q: %w", p.Name, err)
	}
	return string(text), nil
}

// Foreign returns the text in a value that was encrypted elsewhere, or as another pair: by
// StackStorm, or by this server when it was shown. The bool is whether it was p's already.
func (k *Keyring) Foreign(p kv.Pair, value string) (text string, own bool, err error) {
	if is, ok := secret.About(value); ok {
		b, err := k.ring.Open(value, is)
		return string(b), is == p.About(), err
	}
	if k.opts.StackStorm == nil {
		return "", false, secret.ErrNoKey
	}
	text, err = k.opts.StackStorm.Decrypt(value)
	return text, false, err
}

// Decrypt returns the text in a value as templates of a user get it: what is the
// system's, the user's own, or comes from StackStorm.
func (k *Keyring) Decrypt(ctx context.Context, user, value string) (string, error) {
	if is, ok := secret.About(value); ok {
		if p, ok := kv.OfAbout(is); !ok || p.Scope == kv.User && p.User != user {
			return "", fault.Newf(fault.Forbidden, "The value is a secret of somebody else.")
		}
	}
	text, _, err := k.Foreign(kv.Pair{}, value)
	secret.Tell(ctx, text)
	switch {
	case errors.Is(err, secret.ErrNoKey):
		return "", fault.Newf(fault.Invalid, "The value is not encrypted with a key of this server.")
	case err != nil:
		return "", fault.Newf(fault.Invalid, "The value can't be decrypted: %v.", err)
	}
	return text, nil
}

// signingKey is the name of the key that signs tokens of executions.
const signingKey = "signing_key"

// Signer returns what signs the tokens of executions.
func (k *Keyring) Signer(ctx context.Context) (*access.Signer, error) {
	key, err := k.signingKey(ctx)
	if err != nil {
		return nil, err
	}
	return access.NewSigner(key)
}

// signingKey returns the key that signs, and seals it with the current data key.
func (k *Keyring) signingKey(ctx context.Context) (key string, err error) {
	err = k.store.Write(ctx, func(tx *store.Tx) error {
		kept, err := tx.Setting(ctx, signingKey, access.NewSigningKey())
		if err != nil {
			return err
		}
		key = kept
		if secret.Sealed(kept) {
			b, err := k.ring.Open(kept, signingKey)
			if err != nil {
				return err
			}
			key = string(b)
		}
		if strings.HasPrefix(kept, k.ring.Prefix()) {
			return nil
		}
		return tx.PutSetting(ctx, signingKey, k.ring.Seal([]byte(key), signingKey))
	})
	if err != nil {
		return "", fmt.Errorf("signing key: %w", err)
	}
	return key, nil
}
