// Package keyring opens the keys that secrets are sealed with when a server starts,
// and changes them while it runs.
//
// The master key is in a file, the data keys that it wraps are in the ledger. When a
// ledger has data keys that no key of the file unwraps, nothing is written and
// [Open] fails: a new key would only bury what the old one opens.
//
// A change of keys may be interrupted anywhere. New keys are added before anything
// needs them, old ones are dropped when nothing needs them any more, and what was
// begun is brought to its end by the next Open.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

// batch is how many values are sealed again in one transaction: few enough that
// nobody waits for the database's only writer for long.
const batch = 200

// linger is how long a data key stays that nothing is sealed with any more. Whoever
// sealed something with it just before it was retired has written it by then.
const linger = time.Hour

// Options configure a Keyring. The zero value of each field means its default.
type Options struct {
	StackStorm *secret.StackStormKey // opens what StackStorm has encrypted; default: nothing does
	Logger     *slog.Logger          // default: discard
}

// Keyring seals and opens the secrets of one ledger. It is safe for concurrent use.
type Keyring struct {
	store *store.Store
	file  secret.File
	ring  *secret.Ring
	opts  Options

	changing sync.Mutex // held while keys are changed
	master   secret.Master
}

// Open reads the keys, or makes them for a ledger that has none yet.
func Open(ctx context.Context, s *store.Store, file secret.File, opts Options) (*Keyring, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Keyring{store: s, file: file, opts: opts, ring: secret.NewRing(0, nil)}
	known, err := s.Reader().DataKeys(ctx)
	if err != nil {
		return nil, err
	}
	k.master, err = file.Read()
	switch {
	case errors.Is(err, fs.ErrNotExist) && len(known) > 0:
		return nil, fault.Newf(fault.Conflict, "The secrets in the data folder are sealed, and the file with their key, %s, is not there. "+
			"Put the file with the key %s back, or say in the setting secrets.key_file where it is. Nothing was changed. "+
			"If it is lost for good, see nightshift secrets forget.",
			file.Path, secret.WrappedBy(known[len(known)-1].Wrapped))
	case errors.Is(err, fs.ErrNotExist):
		k.master = secret.NewMaster()
		if err := file.Write(k.master); err != nil {
			return nil, fmt.Errorf("make the file of the master key: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("read the file of the master key: %w", err)
	}
	if _, err := k.finish(ctx); err != nil {
		return nil, err
	}
	s.SealWith(k.ring)
	return k, nil
}

// load unwraps the data keys of the ledger and gives them to the ring.
func (k *Keyring) load(ctx context.Context) ([]store.DataKey, error) {
	known, err := k.store.Reader().DataKeys(ctx)
	if err != nil {
		return nil, err
	}
	keys := make(map[int64][]byte, len(known))
	var current int64
	for _, d := range known {
		if keys[d.ID], err = k.master.Unwrap(d.ID, d.Wrapped); err != nil {
			return nil, &fault.Fault{Kind: fault.Conflict, Err: err, Msg: fmt.Sprintf(
				"The secrets in the data folder are sealed with the key %s, and %s has not that one but %s. "+
					"Put the right file there, or say in the setting secrets.key_file where it is. Nothing was changed.",
				secret.WrappedBy(d.Wrapped), k.file.Path, strings.Join(k.master.IDs(), ", "))}
		}
		current = d.ID // the last seals
	}
	k.ring.Set(current, keys)
	return known, nil
}

// A Change says what came of a change of keys.
type Change struct {
	Master string // id of the master key that is in force
	Sealed int    // how many values were sealed again
}

// Rotate replaces the master key and the data key, and seals with the new one what
// the datastore has. The server may be at work meanwhile.
func (k *Keyring) Rotate(ctx context.Context) (Change, error) {
	k.changing.Lock()
	defer k.changing.Unlock()
	grown := k.master.Grown()
	if err := k.file.Write(grown); err != nil {
		return Change{}, fmt.Errorf("add a key to the file of the master key: %w", err)
	}
	k.master = grown
	return k.finish(ctx)
}

// finish brings the ledger to the latest master key, from wherever it is.
func (k *Keyring) finish(ctx context.Context) (Change, error) {
	ids := k.master.IDs()
	c := Change{Master: ids[len(ids)-1]}
	known, err := k.load(ctx)
	if err != nil {
		return c, err
	}
	if n := len(known); n == 0 || secret.WrappedBy(known[n-1].Wrapped) != c.Master { // the last is the one that seals
		if err := k.renew(ctx); err != nil {
			return c, err
		}
	}
	if c.Sealed, err = k.reseal(ctx); err != nil {
		return c, err
	}
	if err := k.rewrap(ctx, time.Now()); err != nil {
		return c, err
	}
	if len(ids) > 1 {
		if err := k.file.Write(k.master.Latest()); err != nil {
			return c, fmt.Errorf("drop the old key from the file of the master key: %w", err)
		}
		k.master = k.master.Latest()
		k.opts.Logger.Info("keys were changed", "master", c.Master, "sealed", c.Sealed)
	}
	return c, nil
}

// renew adds a data key, which seals from now on.
func (k *Keyring) renew(ctx context.Context) error {
	key := secret.NewKey()
	err := k.store.Write(ctx, func(tx *store.Tx) error {
		return tx.AddDataKey(ctx, time.Now(), func(id int64) string { return k.master.Wrap(id, key) })
	})
	if err != nil {
		return err
	}
	_, err = k.load(ctx)
	return err
}

// reseal seals all secrets of the datastore with the current data key, also those
// that never were sealed, and the signing key. What can't be opened stays as it is, and
// so does its key.
func (k *Keyring) reseal(ctx context.Context) (n int, err error) {
	if _, err := k.signingKey(ctx); err != nil {
		return 0, err
	}
	var last kv.Pair
	for {
		old, err := k.store.Reader().SecretsNotSealedWith(ctx, k.ring.Prefix(), last, batch)
		if err != nil || len(old) == 0 {
			return n, err
		}
		err = k.store.Write(ctx, func(tx *store.Tx) error {
			for _, p := range old {
				text, err := k.OpenPair(p)
				if err != nil {
					k.opts.Logger.Error("a secret is lost", "scope", p.Scope, "user", p.User, "key", p.Name, "err", err)
					continue
				}
				if err := tx.ResealKey(ctx, p, k.ring.Seal([]byte(text), p.About())); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		last = old[len(old)-1]
	}
}

// rewrap wraps the data keys that are still needed with the latest master key, and
// drops the others.
func (k *Keyring) rewrap(ctx context.Context, now time.Time) error {
	latest := k.master.Latest().IDs()[0]
	return k.store.Write(ctx, func(tx *store.Tx) error {
		known, err := tx.DataKeys(ctx)
		if err != nil {
			return err
		}
		for _, d := range known {
			needed, err := k.needed(ctx, tx, d, now)
			switch {
			case err != nil:
			case !needed:
				err = tx.DeleteDataKey(ctx, d.ID)
			case secret.WrappedBy(d.Wrapped) != latest:
				var key []byte
				if key, err = k.master.Unwrap(d.ID, d.Wrapped); err == nil {
					err = tx.RewrapDataKey(ctx, d.ID, k.master.Wrap(d.ID, key))
				}
			}
			if err != nil {
				return fmt.Errorf("data key %d: %w", d.ID, err)
			}
		}
		return nil
	})
}

func (k *Keyring) needed(ctx context.Context, tx *store.Tx, d store.DataKey, now time.Time) (bool, error) {
	if d.RetiredAt.IsZero() || now.Sub(d.RetiredAt) < linger {
		return true, nil
	}
	return tx.DataKeyNeeded(ctx, secret.Prefix(d.ID), d.RetiredAt)
}
