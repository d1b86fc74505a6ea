package app_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/store"
)

// probed waits until the list of probes is as it should be.
func probed(t *testing.T, s *apptest.Server, what string, fit func(map[string]wire.Probe) bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var list []wire.Probe
		getJSON(t, s, "/api/ns/v1/probes", &list)
		byType := map[string]wire.Probe{}
		for _, p := range list {
			byType[p.Type] = p
		}
		if fit(byType) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 seconds: %s: %+v", what, list)
		}
	}
}

func TestThePageAboutProbesIsTrue(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kern.log")
	var broken atomic.Bool
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer web.Close()
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status": "success", "data": {"resultType": "vector", "result": [
			{"metric": {"instance": "web-1", "mountpoint": "/var"}, "value": [1795000000, "0.05"]}]}}`)
	}))
	defer prometheus.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	days := time.Until(secure.Certificate().NotAfter).Hours() / 24
	s := documented(t, "probes.md", "http://web-1:8080", web.URL, "http://prometheus:9090", prometheus.URL+"\n    interval: 1\n    timeout: 1",
		"web-1:443", secure.Listener.Addr().String(), "days: 21", fmt.Sprintf("verify: false, interval: 1, timeout: 1, days: %v", math.Ceil(days)), "interval: 10", "interval: 1", "timeout: 5", "timeout: 1", "/var/log/kern.log", file)
	probed(t, s, "the file is waited for", func(p map[string]wire.Probe) bool {
		return p["linux.file_watch.line"].State == "unknown" && p["probes.http"].State == "well"
	})
	if err := os.WriteFile(file, []byte("all is well\nsda: I/O error\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := printed(t, s, store.Executions{Rule: "disk_errors"}), "kern.log: sda: I/O error"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, want := printed(t, s, store.Executions{Rule: "disk_full"}), "/var on web-1: 0.05 left"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, want := printed(t, s, store.Executions{Rule: "certificate"}), "O=Acme Co is good for "; !strings.HasPrefix(fmt.Sprint(got), want) {
		t.Errorf("printed %q, want %q", got, want)
	}
	broken.Store(true)
	if got, want := printed(t, s, store.Executions{Rule: "site_down"}), web.URL+"/healthz is status"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	broken.Store(false)
	probed(t, s, "both events of the site and of the file are counted", func(p map[string]wire.Probe) bool {
		return p["linux.file_watch.line"].Events == 2 && p["probes.http"].State == "well" && p["probes.http"].Events == 2
	})
}
