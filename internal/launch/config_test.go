package launch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

func TestConformanceConfig(t *testing.T) {
	conformance.Run(t, "st2_config", "testdata/known_st2_config.txt", func(c conformance.Case) error {
		values, err := c.Dict("values")
		if err != nil {
			return err
		}
		attributes, err := c.Dict("schema")
		if err != nil {
			return err
		}
		pack := c.Text("pack")
		holder := new(catalog.Holder)
		holder.Set(catalog.New(catalog.Source{
			ConfigSchemas: map[string]*value.Dict{pack: attributes}, Configs: map[string]*value.Dict{pack: values},
		}))
		params := launch.NewParams(datastore(t, c), holder)
		params.Decrypt = decrypter(t, c)
		got, err := params.Config(t.Context(), pack, c.Text("user"))
		if _, message, ok := c.WantError(); ok {
			if err == nil {
				return fmt.Errorf("got %s, want an error", value.Repr(got))
			}
			// The reference adds the class of its own exception.
			sentence, _, _ := strings.Cut(message, ": <class")
			if !strings.HasPrefix(err.Error(), sentence) {
				return fmt.Errorf("got %w\nwant %s", err, message)
			}
			return nil
		}
		if err != nil {
			return err
		}
		return c.CompareResult(got)
	})
}

// datastore returns a ledger with the keys of a case.
func datastore(t *testing.T, c conformance.Case) *store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := store.New(db)
	v, err := c.Value("datastore")
	if err != nil {
		t.Fatal(err)
	}
	list, _ := v.(*value.List)
	if list == nil {
		return s
	}
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		for _, item := range list.Items {
			d, _ := item.(*value.Dict)
			text := func(name string) string { v, _ := d.Get(name); s, _ := v.(string); return s }
			pair := kv.Pair{Scope: kv.System, Name: text("name"), Value: text("value"), UpdatedAt: time.Now()}
			if text("scope") == "st2kv.user" {
				pair.Scope = kv.User
				pair.User, pair.Name, _ = strings.Cut(pair.Name, ":")
			}
			if err := tx.PutKey(t.Context(), ident.New(time.Now()), pair); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decrypter decrypts with the key of a case.
func decrypter(t *testing.T, c conformance.Case) func(_ context.Context, _, text string) (string, error) {
	t.Helper()
	if !c.Has("crypto_key") {
		return nil
	}
	key, err := secret.ReadStackStormKey(c.Raw["crypto_key"])
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, _, text string) (string, error) { return key.Decrypt(text) }
}
