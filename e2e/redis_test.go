//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRedisIsRestarted kills a Redis server and touches nothing afterwards:
// Prometheus notices, Alertmanager posts its own webhook, a rule matches, a
// script starts Redis again, a second rule checks it, and the resolved alert
// comes in.
func TestRedisIsRestarted(t *testing.T) {
	dir := t.TempDir()
	port := freePort(t)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	pidFile := filepath.Join(dir, "redis.pid")
	start := fmt.Sprintf("redis-server --port %d --bind 127.0.0.1 --save '' --dir %s --pidfile %s --daemonize yes", port, dir, pidFile)

	packs := filepath.Join(dir, "packs")
	write(t, packs, "rescue/pack.yaml", "{ref: rescue, name: rescue, description: Brings Redis back., version: 1.0.0, author: e2e}\n")
	write(t, packs, "rescue/actions/start_redis.yaml", `
name: start_redis
description: Starts Redis and waits until it answers.
runner_type: local-shell-script
entry_point: start_redis.sh
enabled: true
parameters:
  port: {type: integer, required: true, position: 0}
`)
	write(t, packs, "rescue/actions/start_redis.sh", `#!/bin/sh
set -eu
`+start+` >/dev/null
for _ in $(seq 100); do
	[ "$(redis-cli -p "$1" ping 2>/dev/null)" = PONG ] && { echo "redis answers on port $1"; exit 0; }
	sleep 0.1
done
echo "redis does not answer on port $1" >&2
exit 1
`)
	write(t, packs, "rescue/rules/redis_down.yaml", `
name: redis_down
enabled: true
trigger: {type: alerts.alertmanager}
criteria:
  trigger.status: {type: equals, pattern: firing}
  trigger.name: {type: equals, pattern: RedisDown}
action:
  ref: rescue.start_redis
  parameters: {port: "{{ trigger.labels.port }}"}
`)
	write(t, packs, "rescue/rules/redis_check.yaml", `
name: redis_check
enabled: true
trigger: {type: core.st2.generic.actiontrigger}
criteria:
  trigger.action_ref: {type: equals, pattern: rescue.start_redis}
  trigger.status: {type: equals, pattern: succeeded}
action:
  ref: core.local
  parameters: {cmd: "redis-cli -p {{ trigger.parameters.port }} ping"}
`)
	s := serve(t, packs)
	var key struct{ Key string }
	s.do(t, http.MethodPost, "/api/v1/apikeys", `{"user": "admin", "metadata": {"for": "alertmanager"}}`, &key)

	// Redis, and an exporter that says whether it is up.
	run(t, "sh", "-c", start+" && tail -f /dev/null")
	eventually(t, "redis answers", 20*time.Second, func() bool { return ping(addr) })
	t.Cleanup(func() { kill(pidFile, syscall.SIGTERM) })
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		up := 0
		if ping(addr) {
			up = 1
		}
		fmt.Fprintf(w, "redis_up %d\n", up)
	}))
	defer exporter.Close()

	monitor(t, s.url, key.Key, strings.TrimPrefix(exporter.URL, "http://"), port)

	begun := time.Now()
	kill(pidFile, syscall.SIGKILL)
	eventually(t, "redis is dead", 5*time.Second, func() bool { return !ping(addr) })
	eventually(t, "redis is back", 90*time.Second, func() bool { return ping(addr) })
	t.Logf("redis answers again %s after it was killed", time.Since(begun).Round(time.Millisecond))

	type execution struct {
		ID     string
		Status string
		Action struct{ Ref string }
		Rule   struct{ Name string }
		Result struct{ Stdout string }
	}
	of := func(action string) []execution {
		var list []execution
		s.get(t, "/api/v1/executions?action="+action, &list)
		return list
	}
	eventually(t, "the repair is checked", 30*time.Second, func() bool {
		l := of("core.local")
		return len(l) > 0 && l[0].Status == "succeeded"
	})
	if l := of("core.local"); l[0].Result.Stdout != "PONG" {
		t.Errorf("the check printed %q", l[0].Result.Stdout)
	}
	repairs := of("rescue.start_redis")
	if len(repairs) != 1 || repairs[0].Status != "succeeded" {
		t.Fatalf("repairs: %+v, want one that succeeded", repairs)
	}

	type instance struct {
		ID      string
		Payload struct{ Status, Name string }
	}
	alerts := func(status string) (out []instance) {
		var list []instance
		s.get(t, "/api/v1/triggerinstances?trigger=alerts.alertmanager", &list)
		for _, i := range list {
			if i.Payload.Status == status && i.Payload.Name == "RedisDown" {
				out = append(out, i)
			}
		}
		return out
	}
	eventually(t, "the resolved alert arrives", 90*time.Second, func() bool { return len(alerts("resolved")) == 1 })
	firing := alerts("firing")
	if len(firing) != 1 {
		t.Fatalf("%d firing events, want 1", len(firing))
	}

	// The history says why.
	why := s.cli(t, "rule", "why", firing[0].ID)
	if !strings.Contains(why, "rescue.redis_down") {
		t.Errorf("rule why does not name the rule that matched:\n%s", why)
	}
	why = s.cli(t, "rule", "why", alerts("resolved")[0].ID)
	if !strings.Contains(why, "trigger.status") {
		t.Errorf("rule why does not name the criterion that decided:\n%s", why)
	}
	var e struct {
		Rule            struct{ Name string }
		TriggerInstance struct{ ID string } `json:"trigger_instance"`
	}
	s.get(t, "/api/v1/executions/"+repairs[0].ID, &e)
	if e.Rule.Name != "redis_down" || e.TriggerInstance.ID != firing[0].ID {
		t.Errorf("the execution names rule %q and event %q, want redis_down and %s", e.Rule.Name, e.TriggerInstance.ID, firing[0].ID)
	}
}

// monitor starts Prometheus and Alertmanager and waits until they see Redis up.
func monitor(t *testing.T, nightshift, key, exporter string, redis int) {
	t.Helper()
	dir := t.TempDir()
	amPort, promPort := freePort(t), freePort(t)
	am := write(t, dir, "alertmanager.yml", fmt.Sprintf(`
route: {receiver: nightshift, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: nightshift
    webhook_configs:
      - url: %s/api/v1/alerts/alertmanager
        send_resolved: true
        http_config: {authorization: {type: Bearer, credentials: %s}}
`, nightshift, key))
	run(t, "prometheus-alertmanager", "--config.file", am, "--storage.path", filepath.Join(dir, "am"),
		"--web.listen-address", fmt.Sprintf("127.0.0.1:%d", amPort), "--cluster.listen-address", "")
	write(t, dir, "rules.yml", fmt.Sprintf(`
groups:
  - name: redis
    interval: 1s
    rules:
      - alert: RedisDown
        expr: redis_up == 0
        labels: {severity: critical, port: "%d"}
        annotations: {summary: Redis does not answer}
`, redis))
	prom := write(t, dir, "prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%d"]}]}]}
scrape_configs: [{job_name: redis, static_configs: [{targets: ["%s"]}]}]
`, amPort, exporter))
	run(t, "prometheus", "--config.file", prom, "--storage.tsdb.path", filepath.Join(dir, "prom"),
		"--web.listen-address", fmt.Sprintf("127.0.0.1:%d", promPort))
	for _, url := range []string{
		fmt.Sprintf("http://127.0.0.1:%d/-/ready", amPort),
		fmt.Sprintf("http://127.0.0.1:%d/-/ready", promPort),
	} {
		eventually(t, url, 60*time.Second, func() bool { return status(url) == http.StatusOK })
	}
	query := fmt.Sprintf("http://127.0.0.1:%d/api/v1/query?query=redis_up==1", promPort)
	eventually(t, "prometheus sees redis up", 60*time.Second, func() bool { return strings.Contains(body(query), `"__name__"`) })
}

func status(url string) int {
	res, err := http.Get(url)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

func body(url string) string {
	res, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return ""
	}
	return string(text)
}

func kill(pidFile string, sig syscall.Signal) {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		_ = syscall.Kill(pid, sig)
	}
}

// redisCLI runs one command on the Redis server at a port.
func redisCLI(port int, args ...string) error {
	return exec.Command("redis-cli", append([]string{"-p", strconv.Itoa(port)}, args...)...).Run()
}
