package secret_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/secret"
)

func TestWhatIsSealedOpensOnlyWhereItBelongs(t *testing.T) {
	r := secret.NewRing(7, map[int64][]byte{7: secret.NewKey()})
	for _, plain := range []string{"", "hush", strings.Repeat("long ", 1000), "\x00\xff"} {
		text := r.Seal([]byte(plain), "about.it\x00x")
		if strings.Contains(text, "hush") || text == r.Seal([]byte(plain), "about.it\x00x") {
			t.Errorf("%q is not sealed: %s", plain, text)
		}
		got, err := r.Open(text, "about.it\x00x")
		if err != nil || string(got) != plain {
			t.Errorf("open: %q, %v, want %q", got, err, plain)
		}
		if _, err := r.Open(text, "another"); !errors.Is(err, secret.ErrBroken) {
			t.Errorf("moved: %v", err)
		}
	}
}

func TestNoByteOfWhatIsSealedCanBeChanged(t *testing.T) {
	r := secret.NewRing(7, map[int64][]byte{7: secret.NewKey()})
	text := r.Seal([]byte("hush"), "a")
	const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=\n"
	for i := range len(text) {
		if b := text[:i] + "\n" + text[i:]; i > 0 {
			if _, err := r.Open(b, "a"); err == nil {
				t.Errorf("%q opens", b)
			}
		}
		for _, c := range []byte(all) {
			b := []byte(text)
			if b[i] == c {
				continue
			}
			b[i] = c
			if _, err := r.Open(string(b), "a"); err == nil {
				t.Errorf("%s opens, want that only %s does", b, text)
			}
		}
		if _, err := r.Open(text[:i], "a"); err == nil {
			t.Errorf("%s opens", text[:i])
		}
	}
	other := secret.NewRing(8, map[int64][]byte{8: secret.NewKey()})
	if _, err := other.Open(text, "a"); !errors.Is(err, secret.ErrNoKey) {
		t.Errorf("without its key: %v", err)
	}
}

func TestMasterKeysAreKeptInTheirFile(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	identities := filepath.Join(dir, "identities")
	if err := os.WriteFile(identities, []byte(id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]secret.File{
		"plain":     {Path: filepath.Join(dir, "plain")},
		"encrypted": {Path: filepath.Join(dir, "encrypted"), Identities: identities},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := f.Read(); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("no file: %v", err)
			}
			m := secret.NewMaster().Grown()
			wrapped := m.Wrap(3, []byte("a data key"))
			if err := f.Write(m); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(f.Path)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
			}
			text, err := os.ReadFile(f.Path)
			if err != nil || strings.Contains(string(text), "nightshift-key") == (f.Identities != "") {
				t.Errorf("the file: %s, %v", text, err)
			}
			got, err := f.Read()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(m.IDs(), got.IDs()); d != "" {
				t.Error(d)
			}
			if key, err := got.Latest().Unwrap(3, wrapped); err != nil || string(key) != "a data key" {
				t.Errorf("unwrapped %q, %v", key, err)
			}
			if _, err := got.Unwrap(4, wrapped); !errors.Is(err, secret.ErrBroken) {
				t.Errorf("another data key's: %v", err)
			}
			if _, err := secret.NewMaster().Unwrap(3, wrapped); !errors.Is(err, secret.ErrNoKey) {
				t.Errorf("another master key: %v", err)
			}
		})
	}
	if _, err := (secret.File{Path: filepath.Join(dir, "encrypted")}).Read(); err == nil {
		t.Error("an encrypted file is read without identities")
	}
	for _, text := range []string{"", "# nothing\n", "nightshift-key-1 short\n", "something\n"} {
		path := filepath.Join(dir, "bad")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (secret.File{Path: path}).Read(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want an error that names the file", text, err)
		}
	}
}

func TestStackStormsValuesAreRead(t *testing.T) {
	key, err := secret.ReadStackStormKey([]byte(`{"hmacKey": {"hmacKeyString": "685EWJ8U2U_c3Ulv9ibB6aa0Y9aYm-0bCwe2mqjLJuw", "size": 256},
		"aesKeyString": "eKGFrfNEUhAgX0uofaU1wQ", "mode": "CBC", "size": 128}`))
	if err != nil {
		t.Fatal(err)
	}
	const text = "3030303030298D848B45A24EDCD1A82FAB4E831E3FCE6E60956817A48A180E4C040801EB30170DACF79498F30520236A629912C3584847098D"
	if got, err := key.Decrypt(text); err != nil || got != "S3cret!Value" {
		t.Errorf("got %q, %v", got, err)
	}
	for i := 0; i < len(text); i += 2 {
		if i < len(text)-2 {
			if _, err := key.Decrypt(text[:i]); !errors.Is(err, secret.ErrBroken) {
				t.Errorf("%d digits: %v", i, err)
			}
		}
		if _, err := key.Decrypt(text[:i] + "EE" + text[i+2:]); !errors.Is(err, secret.ErrBroken) {
			t.Errorf("changed at %d: %v", i, err)
		}
	}
	for _, text := range []string{"", "{}", `{"aesKeyString": "eKGFrfNEUhAgX0uofaU1wQ"}`, `{"mode": "GCM"}`, `{"aesKeyString": "!"}`} {
		if _, err := secret.ReadStackStormKey([]byte(text)); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
}

func FuzzOpen(f *testing.F) {
	r := secret.NewRing(1, map[int64][]byte{1: make([]byte, 32)})
	f.Add(r.Seal([]byte("x"), "a"))
	f.Add("nss1.1..")
	f.Fuzz(func(t *testing.T, text string) {
		if about, ok := secret.About(text); ok {
			if _, err := r.Open(text, about); err == nil && !strings.HasPrefix(text, r.Prefix()) {
				t.Errorf("%q opens", text)
			}
		}
	})
}
