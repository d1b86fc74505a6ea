package htpasswd_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/nightshift-run/nightshift/internal/identity"
	"github.com/nightshift-run/nightshift/internal/identity/htpasswd"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestHashesOfApacheAreUnderstood(t *testing.T) {
	b, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "htpasswd")
	// Those that are not made here are made by openssl passwd, and openssl dgst -sha1.
	write(t, path, "# people\n\nbcrypt:"+string(b)+`
apr1:$apr1$salt1234$G61s9lpZAELkzUFCbj/53/
sha512:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1
sha1:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
plain:secret
empty:
`)
	var log bytes.Buffer
	f := htpasswd.New(path, slog.New(slog.NewTextHandler(&log, nil)))
	for name, want := range map[string]error{
		"bcrypt": nil, "apr1": nil, "sha512": nil, "sha1": nil,
		"plain": identity.ErrUnknown, "empty": identity.ErrUnknown, "nobody": identity.ErrUnknown, "": identity.ErrUnknown,
	} {
		p, err := f.Check(t.Context(), name, "secret")
		if !errors.Is(err, want) || (err == nil) != (want == nil) || err == nil && (p.Name != name || p.Groups != nil) {
			t.Errorf("%q: %+v, %v; want %v", name, p, err, want)
		}
		if want == nil {
			if _, err := f.Check(t.Context(), name, "Secret"); !errors.Is(err, identity.ErrWrong) {
				t.Errorf("%q with another password: %v", name, err)
			}
		}
	}
	if s := log.String(); strings.Count(s, "level=WARN") != 2 || !strings.Contains(s, "line=7") || strings.Contains(s, "secret") {
		t.Errorf("the log says\n%s", s)
	}
}

func TestTheFileIsReadAgainWhenItHasChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "htpasswd")
	f := htpasswd.New(path, slog.New(slog.DiscardHandler))
	check := func() error {
		_, err := f.Check(t.Context(), "ada", "secret")
		return err
	}
	if err := check(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	write(t, path, "ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
	if err := check(); err != nil {
		t.Errorf("when it is there: %v", err)
	}
	write(t, path, "grace:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
	if err := check(); !errors.Is(err, identity.ErrUnknown) {
		t.Errorf("when she is taken out: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := check(); err == nil || errors.Is(err, identity.ErrUnknown) {
		t.Errorf("when the file is gone: %v", err)
	}
}
