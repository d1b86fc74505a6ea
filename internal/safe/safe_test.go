package safe_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/safe"
	"github.com/nightshift-run/nightshift/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is a store of which a test says what it answers.
type shelf struct {
	mu     sync.Mutex
	fields map[string]string
	err    error
	asked  int
	slow   time.Duration
}

func (s *shelf) Read(ctx context.Context, path string) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.slow > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(s.slow):
		}
	}
	if path == "none" {
		return nil, safe.ErrNone
	}
	return s.fields, s.err
}

func TestNamesOfSecrets(t *testing.T) {
	s := safe.New(
		safe.Place{Name: "v", Store: &shelf{fields: map[string]string{"user": "ada", "password": "hush"}}},
		safe.Place{Name: "one", Store: &shelf{fields: map[string]string{"": "only"}}, Allow: []string{"team/", "x"}},
	)
	for name, want := range map[string]string{
		"v:a/b#password": "hush", "v:a#user": "ada", "one:x": "only", "one:team/y": "only",
	} {
		ctx, opened := secret.Listen(t.Context())
		got, err := s.Secret(ctx, name)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
		if len(want) > 4 && len(opened.Texts()) != 1 {
			t.Errorf("%s: nobody was told", name)
		}
	}
	for name, want := range map[string]string{
		"":               `"" is no name of a secret: it looks like vault:team/db#password.`,
		"v":              `"v" is no name of a secret: it looks like vault:team/db#password.`,
		"v:":             `"v:" is no name of a secret: it looks like vault:team/db#password.`,
		"w:a":            `There is no store of secrets "w"; the setting secrets.stores lists them.`,
		"v:../a":         `"../a" is no path of a secret.`,
		"v:a//b":         `"a//b" is no path of a secret.`,
		"v:a?b":          `"a?b" is no path of a secret.`,
		"v:%2e%2e/a":     `"%2e%2e/a" is no path of a secret.`,
		"v:a":            `The secret a in store "v" has no field ""; name one after #.`,
		"v:a#gone":       `The secret a in store "v" has no field "gone"; name one after #.`,
		"v:none#x":       `There is no secret none in store "v".`,
		"one:tea/y":      `The setting secrets.stores does not allow tea/y of store "one".`,
		"one:team/../zz": `"team/../zz" is no path of a secret.`,
	} {
		if got, err := s.Secret(t.Context(), name); fault.KindOf(err) != fault.Invalid || err.Error() != want || got != "" {
			t.Errorf("%s: %q, %v, want %s", name, got, err, want)
		}
	}
}

func TestWhatWasReadIsRememberedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shelf := &shelf{fields: map[string]string{"": "first"}}
		s := safe.New(safe.Place{Name: "v", Store: shelf, Fresh: time.Minute, Stale: time.Hour})
		check := func(what, want string, asked int) {
			t.Helper()
			got, err := s.Secret(t.Context(), "v:a")
			if want == "" {
				if fault.KindOf(err) != fault.Busy {
					t.Errorf("%s: %q, %v, want that it is busy", what, got, err)
				}
			} else if err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", what, got, err, want)
			}
			if shelf.asked != asked {
				t.Errorf("%s: asked %d times, want %d", what, shelf.asked, asked)
			}
		}
		check("at first", "first", 1)
		shelf.fields = map[string]string{"": "second"}
		time.Sleep(59 * time.Second)
		check("while it is fresh", "first", 1)
		time.Sleep(2 * time.Second)
		check("when it is not", "second", 2)
		shelf.err = errors.New("down")
		time.Sleep(time.Hour)
		check("when the store is down", "second", 3)
		time.Sleep(2 * time.Minute)
		check("for too long", "", 4)
		shelf.err = safe.ErrNone
		if _, err := s.Secret(t.Context(), "v:a"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("what is gone: %v", err)
		}
		shelf.err, shelf.slow = nil, time.Minute
		began := time.Now()
		check("when the store is slow", "", 6)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("a slow store took %s, want 5s", took)
		}
	})
}

func TestByDefaultNothingStaleIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shelf := &shelf{fields: map[string]string{"": "first"}}
		s := safe.New(safe.Place{Name: "v", Store: shelf})
		if _, err := s.Secret(t.Context(), "v:a"); err != nil {
			t.Fatal(err)
		}
		shelf.err = errors.New("down")
		time.Sleep(5*time.Minute + 1)
		if got, err := s.Secret(t.Context(), "v:a"); fault.KindOf(err) != fault.Busy || got != "" ||
			err.Error() != `The store of secrets "v" can't be asked for a: down.` {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesAndVariables(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secrets/db/password"), "hush\n")
	outside := write(t, filepath.Join(dir, "outside"), "no business")
	if err := os.Symlink(outside, filepath.Join(dir, "secrets/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("db/password", filepath.Join(dir, "secrets/inner")); err != nil { // as Kubernetes has it
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "secrets/huge"), strings.Repeat("x", 2<<20))
	s := safe.New(
		safe.Place{Name: "f", Store: safe.Files{Folder: filepath.Join(dir, "secrets")}},
		safe.Place{Name: "e", Store: safe.Variables{Prefix: "NS_", Lookup: func(name string) (string, bool) {
			v, ok := map[string]string{"NS_DB": "hush", "PATH": "/bin"}[name]
			return v, ok
		}}},
	)
	for name, want := range map[string]string{"f:db/password": "hush", "f:inner": "hush", "e:DB": "hush"} {
		if got, err := s.Secret(t.Context(), name); err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"f:gone", "f:link", "f:db", "f:huge", "e:PATH", "e:../PATH", "e:NS_DB"} {
		if got, err := s.Secret(t.Context(), name); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// sops encrypts a value as SOPS does.
func sops(t *testing.T, key []byte, about, text, kind string) string {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCMWithNonceSize(block, 32)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, 32)
	rand.Read(iv)
	sealed := gcm.Seal(nil, iv, []byte(text), []byte(about))
	b64, cut := base64.StdEncoding.EncodeToString, len(sealed)-16
	return fmt.Sprintf("ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:%s]", b64(sealed[:cut]), b64(iv), b64(sealed[cut:]), kind)
}

func TestFilesOfSOPS(t *testing.T) {
	dir := t.TempDir()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	key := secret.NewKey()
	var enc bytes.Buffer
	a := armor.NewWriter(&enc)
	w, err := age.Encrypt(a, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(key); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), a.Close()); err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	// tail is what SOPS writes about a file with these values, in their order.
	const changed = "2026-11-29T10:00:00Z"
	about := "    age:\n        - recipient: " + id.Recipient().String() + "\n          enc: |\n            " +
		strings.ReplaceAll(strings.TrimSpace(enc.String()), "\n", "\n            ") + "\n    version: 3.9.0\n"
	mac := func(values ...string) string {
		return sops(t, key, changed, fmt.Sprintf("%X", sha512.Sum512([]byte(strings.Join(values, "")))), "str")
	}
	tail := func(values ...string) string {
		return "sops:\n" + about + "    lastmodified: \"" + changed + "\"\n    mac: " + mac(values...) + "\n"
	}
	password, port, host := sops(t, key, "db:password:", "hush: #1", "str"), sops(t, key, "db:port:", "5432", "int"), sops(t, key, "db:hosts:", "web-1", "str")
	whole := "db:\n    password: " + password + "\n    port: " + port + "\n    hosts:\n        - " + host +
		"\n    region_unencrypted: eu\n    size_unencrypted: 1.50\n    on_unencrypted: true\n    none_unencrypted: null\n"
	write(t, filepath.Join(dir, "s/db.yaml"), whole+tail("hush: #1", "5432", "web-1", "eu", "1.5", "True"))
	write(t, filepath.Join(dir, "s/db.json"), fmt.Sprintf(`{"db": {"password": %q, "n_unencrypted": 1e3}, "sops": {"age": [{"enc": %q}], "lastmodified": %q, "mac": %q}}`,
		password, enc.String(), changed, mac("hush: #1", "1000")))
	only := append([]byte(nil), 0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
		0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69)
	write(t, filepath.Join(dir, "s/only.yaml"), "db:\n    password: "+password+"\n    host_unencrypted: a\n"+tail(string(only), "hush: #1")+"    mac_only_encrypted: true\n")
	for name, text := range map[string]string{ // of which each value is as it was
		"less":    strings.Replace(whole, "    port: "+port+"\n", "", 1) + tail("hush: #1", "5432", "web-1", "eu", "1.5", "True"),
		"more":    whole + "other: x\n" + tail("hush: #1", "5432", "web-1", "eu", "1.5", "True"),
		"plain":   strings.Replace(whole, "region_unencrypted: eu", "region_unencrypted: us", 1) + tail("hush: #1", "5432", "web-1", "eu", "1.5", "True"),
		"bare":    whole + "sops:\n" + about,
		"no-code": whole + "sops:\n" + about + "    lastmodified: \"" + changed + "\"\n    mac: \"\"\n",
		"later":   whole + strings.Replace(tail("hush: #1", "5432", "web-1", "eu", "1.5", "True"), "10:00:00Z", "10:00:01Z", 1),
	} {
		write(t, filepath.Join(dir, "s/"+name+".yaml"), text)
	}
	write(t, filepath.Join(dir, "s/moved.yaml"), "db:\n    user: "+sops(t, key, "db:password:", "hush", "str")+"\n"+tail("hush"))
	write(t, filepath.Join(dir, "s/plain-file.yaml"), "db: 1\n")
	write(t, filepath.Join(dir, "s/odd.yaml"), "- 1\n")
	write(t, filepath.Join(dir, "s/kind.yaml"), "a: ENC[OTHER,data:x]\n"+tail("x"))
	right := safe.SOPS{Folder: filepath.Join(dir, "s"), Identities: write(t, filepath.Join(dir, "ids"), other.String()+"\n"+id.String()+"\n")}
	wrong := safe.SOPS{Folder: right.Folder, Identities: write(t, filepath.Join(dir, "others"), other.String()+"\n")}
	broken := safe.SOPS{Folder: right.Folder, Identities: write(t, filepath.Join(dir, "broken"), "AGE-SECRET-KEY-1HUSHHUSH\n")}
	s := safe.New(safe.Place{Name: "s", Store: right}, safe.Place{Name: "wrong", Store: wrong}, safe.Place{Name: "broken", Store: broken})
	for name, want := range map[string]string{
		"s:db.yaml#db.password": "hush: #1", "s:db.yaml#db.port": "5432", "s:db.yaml#db.hosts.0": "web-1", "s:db.yaml#db.region_unencrypted": "eu",
		"s:db.json#db.password": "hush: #1", "s:only.yaml#db.password": "hush: #1",
	} {
		if got, err := s.Secret(t.Context(), name); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{
		"s:db.yaml#sops.version", "s:moved.yaml#db.user", "s:plain-file.yaml#db", "s:odd.yaml#0", "s:kind.yaml#a", "s:gone.yaml#a",
		"s:only.yaml#db.host_unencrypted", "wrong:db.yaml#db.password", "broken:db.yaml#db.password",
	} {
		if got, err := s.Secret(t.Context(), name); err == nil || strings.Contains(err.Error(), "HUSH") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"less", "more", "plain", "bare", "no-code", "later"} {
		if got, err := s.Secret(t.Context(), "s:"+name+".yaml#db.password"); err == nil || !strings.Contains(err.Error(), "code of authentication") {
			t.Errorf("%s: %q, %v, want that its code does not fit", name, got, err)
		}
	}
}

// TestFilesMadeBySOPS reads what the program itself has encrypted.
func TestFilesMadeBySOPS(t *testing.T) {
	s := safe.New(safe.Place{Name: "s", Store: safe.SOPS{Folder: "testdata/sops", Identities: "testdata/sops/key.txt"}})
	values := map[string]string{
		"db.password": "hü-secret", "db.port": "5432", "db.ratio": "1.5", "db.on": "True", "db.empty": "", "db.day": "2026-01-02T00:00:00Z",
		"db.at": "2026-01-02T03:04:05.123+02:00", "db.lines": "line one\nline two\n", "list.0": "one", "list.1": "two", "list.2.deep": "1000000",
		"list.2.hex": "31", "list.2.yes": "yes",
	}
	want := make(map[string]string)
	for field, v := range values {
		want["all.yaml#"+field] = v
	}
	for _, field := range []string{"db.password", "list.0", "list.1", "list.2.deep"} {
		want["only.yaml#"+field] = values[field]
	}
	for _, field := range []string{"db.password", "db.port", "db.at", "list.1"} {
		want["part.yaml#"+field] = values[field]
	}
	for field, v := range map[string]string{"a.b": "json-secret", "a.n": "1", "a.big": "1000000000000000000000", "a.t": "True", "a.l.1": "two"} {
		want["all.json#"+field] = v
	}
	want["documents.yaml"] = "one"
	for name, v := range want {
		if got, err := s.Secret(t.Context(), "s:"+name); err != nil || got != v {
			t.Errorf("%s: %q, %v, want %q", name, got, err, v)
		}
	}
}
