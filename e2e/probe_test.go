//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// probed returns the trigger of the probe that looks at a target.
func (s *server) probed(t *testing.T, target string) string {
	t.Helper()
	var list []struct{ Trigger, Target, State string }
	s.get(t, "/api/ns/v1/probes", &list)
	for _, p := range list {
		if p.Target == target && p.State != "starting" {
			return p.Trigger
		}
	}
	return ""
}

// kill ends the program with SIGKILL and waits until it is gone.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is gone", 10*time.Second, func() bool { return s.cmd.Process.Signal(syscall.Signal(0)) != nil })
}

// TestLinesSurviveAKill kills the server with SIGKILL while it reads a file, and
// rotates the file before it starts again: each line is one event.
func TestLinesSurviveAKill(t *testing.T) {
	packs, file := filepath.Join(t.TempDir(), "packs"), filepath.Join(t.TempDir(), "app.log")
	write(t, packs, "logs/pack.yaml", "{ref: logs, name: logs, description: Logs., version: 1.0.0, author: e2e}\n")
	write(t, packs, "logs/rules/line.yaml", fmt.Sprintf(
		"{name: line, enabled: true, trigger: {type: linux.file_watch.line, parameters: {file_path: %q}}, action: {ref: core.noop}}\n", file))
	s := serve(t, packs)
	n := 0
	add := func(lines int) {
		var text strings.Builder
		for range lines {
			n++
			fmt.Fprintf(&text, "line %d\n", n)
		}
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text.String()); err != nil {
			t.Fatal(err)
		}
	}
	var trigger string
	eventually(t, "the file is waited for", 10*time.Second, func() bool { trigger = s.probed(t, file); return trigger != "" })
	lines := func() map[string]int {
		var list []struct{ Payload struct{ Line string } }
		s.get(t, "/api/v1/triggerinstances?limit=100&trigger="+trigger, &list)
		seen := map[string]int{}
		for _, i := range list {
			seen[i.Payload.Line]++
		}
		return seen
	}
	for round := range 3 {
		add(20)
		if round == 0 { // of a file that it has never seen, it knows no other name
			eventually(t, "it has begun", 10*time.Second, func() bool { return len(lines()) > 0 })
		}
		s.kill(t)
		add(5)
		if err := os.Rename(file, fmt.Sprintf("%s.%d", file, round)); err != nil {
			t.Fatal(err)
		}
		add(5)
		s.start(t)
		eventually(t, "all lines are there", 30*time.Second, func() bool { return len(lines()) == n })
	}
	for line, times := range lines() {
		if times != 1 {
			t.Errorf("%s came %d times", line, times)
		}
	}
}

// TestPrometheusIsAsked asks a real Prometheus about a target that is not there.
func TestPrometheusIsAsked(t *testing.T) {
	dir, port := t.TempDir(), freePort(t)
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	config := write(t, dir, "prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: itself, static_configs: [{targets: ["127.0.0.1:%d"]}]}
  - {job_name: nobody, static_configs: [{targets: ["127.0.0.1:%d"]}]}
`, port, freePort(t)))
	run(t, "prometheus", "--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "prom"), "--web.listen-address", fmt.Sprintf("127.0.0.1:%d", port))
	eventually(t, url, 60*time.Second, func() bool { return status(url+"/-/ready") == http.StatusOK })

	packs := filepath.Join(t.TempDir(), "packs")
	write(t, packs, "metrics/pack.yaml", "{ref: metrics, name: metrics, description: Metrics., version: 1.0.0, author: e2e}\n")
	write(t, packs, "metrics/rules/down.yaml", fmt.Sprintf(`
name: down
enabled: true
trigger:
  type: probes.prometheus
  parameters: {server: %s, query: up, operator: "<", threshold: 1, interval: 1, timeout: 1}
action: {ref: core.noop}
`, url))
	s := serve(t, packs)
	var events []struct {
		Payload struct {
			Status string
			Value  *float64
			Labels map[string]string
			Series int
		}
	}
	eventually(t, "the probe is firing", 60*time.Second, func() bool {
		if trigger := s.probed(t, "up"); trigger != "" {
			s.get(t, "/api/v1/triggerinstances?trigger="+trigger, &events)
		}
		return len(events) > 0
	})
	if p := events[0].Payload; p.Status != "firing" || p.Value == nil || *p.Value != 0 || p.Labels["job"] != "nobody" || p.Series != 1 {
		t.Errorf("the event is %+v", p)
	}
}
