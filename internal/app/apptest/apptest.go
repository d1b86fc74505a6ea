// Package apptest starts a whole server for a test: real services, SQLite in a
// folder of the test's, a free port.
package apptest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/config"
)

// Server is a server that runs until its test ends.
type Server struct {
	*app.App
	Token string // of the user admin
}

// Start starts a server with packs, each a map from path to text, by name.
func Start(t *testing.T, packs map[string]map[string]string) *Server {
	t.Helper()
	return StartWith(t, packs, func(*config.Config, *app.Options) {})
}

// StartWith starts a server whose settings and options are changed before.
func StartWith(t *testing.T, packs map[string]map[string]string, change func(*config.Config, *app.Options)) *Server {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Listen = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0"
	cfg.Packs = []string{WritePacks(t, packs)}
	cfg.Exchange.Index = nil          // tests ask nobody outside
	cfg.Python.Libraries = []string{} // tests need no index
	opts := app.Options{Version: "test"}
	change(&cfg, &opts)
	a, err := app.Open(t.Context(), cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background()) // the cleanup below ends it, in its order
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("server: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	token, err := a.AdminToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &Server{App: a, Token: token}
}

// WritePacks writes packs into a folder of the test's and returns it.
func WritePacks(t *testing.T, packs map[string]map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for pack, files := range packs {
		for name, text := range files {
			file := filepath.Join(dir, pack, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o755); err != nil { //nolint:gosec // scripts are run
				t.Fatal(err)
			}
		}
	}
	return dir
}
