package launch_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"errors"
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
		params.Decrypt = decrypter(c)
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

// decrypter undoes the encryption of the reference with the key of a case: five
// bytes, the start value, the text and a signature of twenty bytes.
func decrypter(c conformance.Case) func(context.Context, string) (string, error) {
	return func(_ context.Context, text string) (string, error) {
		key, err := c.Dict("crypto_key")
		if err != nil {
			return "", err
		}
		word, _ := key.Get("aesKeyString")
		k, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value.Str(word), "="))
		if err != nil {
			return "", err
		}
		raw, err := hex.DecodeString(text)
		if err != nil {
			return "", err
		}
		if len(raw) < 5+16+20 {
			return "", errors.New("it is too short")
		}
		block, err := aes.NewCipher(k)
		if err != nil {
			return "", err
		}
		plain := make([]byte, len(raw)-5-16-20)
		cipher.NewCBCDecrypter(block, raw[5:21]).CryptBlocks(plain, raw[21:len(raw)-20])
		return string(plain[:len(plain)-int(plain[len(plain)-1])]), nil
	}
}
