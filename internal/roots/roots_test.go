package roots_test

import (
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/roots"
)

func TestRead(t *testing.T) {
	if pool, err := roots.Read(""); pool != nil || err != nil {
		t.Errorf("no file: %v, %v", pool, err)
	}
	dir := t.TempDir()
	if _, err := roots.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	file := filepath.Join(dir, "ca.pem")
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("nothing"))
	if _, err := roots.Read(file); err == nil || !strings.Contains(err.Error(), "ca.pem holds no certificates") {
		t.Errorf("a file without certificates: %v", err)
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	pool, err := roots.Read(file)
	if err != nil || !pool.Equal(server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs) {
		t.Errorf("a certificate: %v", err)
	}
}
