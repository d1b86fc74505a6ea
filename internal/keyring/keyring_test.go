package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/keyring"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// mortal is a database that dies before the write of a number, and stays dead.
type mortal struct {
	store.Driver
	left int // negative: it lives
}

var errDied = errors.New("died")

func (m *mortal) Write(ctx context.Context, f func(store.Conn) error) error {
	if m.left == 0 {
		return errDied
	}
	m.left--
	return m.Driver.Write(ctx, f)
}

type house struct {
	t    *testing.T
	db   *mortal
	file secret.File
}

func newHouse(t *testing.T) *house {
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
	return &house{t, &mortal{Driver: db, left: -1}, secret.File{Path: filepath.Join(t.TempDir(), "key")}}
}

func (h *house) open() *keyring.Keyring {
	h.t.Helper()
	k, err := keyring.Open(h.t.Context(), store.New(h.db), h.file, keyring.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	return k
}

func (h *house) put(pairs ...kv.Pair) {
	h.t.Helper()
	err := store.New(h.db).Write(h.t.Context(), func(tx *store.Tx) error {
		for i, p := range pairs {
			if err := tx.PutKey(h.t.Context(), fmt.Sprint(i, p.Name), p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) get(name string) kv.Pair {
	h.t.Helper()
	p, err := store.New(h.db).Reader().Key(h.t.Context(), kv.System, "", name, time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func pair(name, value string) kv.Pair {
	return kv.Pair{Scope: kv.System, Name: name, Value: value, Secret: true, UpdatedAt: time.Unix(1, 0)}
}

func TestSecretsAreSealedAndOutliveTheServer(t *testing.T) {
	h := newHouse(t)
	h.put(pair("old", "from before there were keys"))
	k := h.open()
	h.put(k.SealPair(pair("a", "hush")))
	k = h.open()
	for name, want := range map[string]string{"a": "hush", "old": "from before there were keys"} {
		p := h.get(name)
		if strings.Contains(p.Value, want) || !p.Encrypted {
			t.Errorf("%s is not sealed: %+v", name, p)
		}
		if got, err := k.OpenPair(p); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	moved := h.get("a")
	moved.Name = "b"
	if _, err := k.OpenPair(moved); !errors.Is(err, secret.ErrBroken) {
		t.Errorf("a value that was moved: %v", err)
	}
}

func TestALostKeyFileIsToldBeforeAnythingIsWritten(t *testing.T) {
	h := newHouse(t)
	k := h.open()
	h.put(k.SealPair(pair("a", "hush")))
	right, err := os.ReadFile(h.file.Path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string) {
		t.Helper()
		h.db.left = 0 // whoever writes is found out
		_, err := keyring.Open(t.Context(), store.New(h.db), h.file, keyring.Options{})
		h.db.left = -1
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), h.file.Path) || errors.Is(err, errDied) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Remove(h.file.Path); err != nil {
		t.Fatal(err)
	}
	refused("lost")
	if _, err := os.Stat(h.file.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a new file was made: %v", err)
	}
	if err := h.file.Write(secret.NewMaster()); err != nil {
		t.Fatal(err)
	}
	refused("another")
	if err := os.WriteFile(h.file.Path, right, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := h.open().OpenPair(h.get("a")); err != nil || got != "hush" {
		t.Errorf("with its file again: %q, %v", got, err)
	}
}

// TestAChangeOfKeysMayBeInterruptedAnywhere dies before each write in turn.
func TestAChangeOfKeysMayBeInterruptedAnywhere(t *testing.T) {
	const pairs = 450 // more than two batches
	for dies := 0; ; dies++ {
		h := newHouse(t)
		k := h.open()
		before, err := h.file.Read()
		if err != nil {
			t.Fatal(err)
		}
		signer, err := k.Signer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var all []kv.Pair
		for i := range pairs {
			all = append(all, k.SealPair(pair(fmt.Sprint("k", i), fmt.Sprint("v", i))))
		}
		h.put(all...)
		h.db.left = dies
		done, err := k.Rotate(t.Context())
		h.db.left = -1
		if err != nil && !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		if err != nil { // the server that is there goes on, and so does the next
			check(t, h, k, pairs)
			k = h.open()
		} else if done.Sealed != pairs {
			t.Errorf("%d sealed again, want %d", done.Sealed, pairs)
		}
		check(t, h, k, pairs)
		after, err2 := h.file.Read()
		if err2 != nil || len(after.IDs()) != 1 || after.IDs()[0] == before.IDs()[0] {
			t.Errorf("died at %d: keys %v, %v, want one that is not %v", dies, after.IDs(), err2, before.IDs())
		}
		again, err2 := k.Signer(t.Context())
		if d := cmp.Diff(signer, again, cmp.AllowUnexported(*signer)); err2 != nil || d != "" {
			t.Errorf("the signing key: %v %s", err2, d)
		}
		if err == nil {
			if dies < 5 {
				t.Errorf("a change of keys has %d writes, want at least one for each batch", dies)
			}
			return
		}
	}
}

func check(t *testing.T, h *house, k *keyring.Keyring, pairs int) {
	t.Helper()
	for i := 0; i < pairs; i += 7 { // some of each batch
		p := h.get(fmt.Sprint("k", i))
		if got, err := k.OpenPair(p); err != nil || got != fmt.Sprint("v", i) {
			t.Fatalf("%s: %q, %v", p.Name, got, err)
		}
	}
}

func TestOnlyOnesOwnAndTheSystemsSecretsAreDecrypted(t *testing.T) {
	h := newHouse(t)
	k := h.open()
	own := k.SealPair(kv.Pair{Scope: kv.User, User: "ada", Name: "a", Value: "ada's", Secret: true})
	system := k.SealPair(pair("a", "all's"))
	for name, tt := range map[string]struct{ user, value, want string }{
		"own":      {"ada", own.Value, "ada's"},
		"system":   {"ada", system.Value, "all's"},
		"another":  {"bob", own.Value, ""},
		"broken":   {"ada", own.Value + "A", ""},
		"nothing":  {"ada", "plain", ""},
		"no about": {"ada", "nss1.1.eA.eA", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := k.Decrypt(t.Context(), tt.user, tt.value)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
