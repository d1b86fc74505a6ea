package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/app/apptest"
)

// kills is how often the server is killed.
const kills = 20

// crashPack has a rule for an action that must run once and leaves a mark in
// the file system, one for an action that may be repeated, one for an action of
// which one may run at a time, and one that starts a workflow for each tenth event.
func crashPack(marks string) map[string]string {
	return map[string]string{
		"pack.yaml": "{ref: crash, name: crash, description: Acts under fire., version: 1.0.0, author: test}\n",
		"actions/once.yaml": `
name: once
runner_type: local-shell-cmd
enabled: true
parameters:
  n: {type: integer, required: true}
  cmd: {immutable: true, default: "echo {{ n }} >> ` + marks + `"}
`,
		"actions/again.yaml":           "{name: again, runner_type: noop, enabled: true, idempotent: true}\n",
		"actions/echo.yaml":            "{name: echo, runner_type: local-shell-cmd, enabled: true, idempotent: true, parameters: {cmd: {type: string}}}\n",
		"actions/chain.yaml":           "{name: chain, runner_type: action-chain, enabled: true, entry_point: workflows/chain.yaml}\n",
		"actions/flow.yaml":            "{name: flow, runner_type: orquesta, enabled: true, entry_point: workflows/flow.yaml}\n",
		"actions/workflows/chain.yaml": "chain: [{name: a, ref: core.noop, on-success: b}, {name: b, ref: crash.echo, parameters: {cmd: echo chained}}]\n",
		"actions/workflows/flow.yaml": `
version: 1.0
tasks:
  each: {with: "<% [1, 2] %>", action: crash.echo cmd="echo <% item() %>", next: [{when: <% succeeded() %>, do: last}]}
  below: {action: crash.chain, next: [{when: <% succeeded() %>, do: last}]}
  last: {join: all, action: core.noop}
`,
		"rules/flow.yaml":      "{name: flow, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: crash}}, criteria: {trigger.body.tenth: {type: equals, pattern: true}}, action: {ref: crash.flow}}\n",
		"actions/alone.yaml":   "{name: alone, runner_type: noop, enabled: true}\n",
		"policies/alone.yaml":  "{name: alone, enabled: true, resource_ref: crash.alone, policy_type: action.concurrency, parameters: {threshold: 1}}\n",
		"rules/once.yaml":      "{name: once, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: crash}}, action: {ref: crash.once, parameters: {n: '{{ trigger.body.n }}'}}}\n",
		"rules/again.yaml":     "{name: again, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: crash}}, action: {ref: crash.again}}\n",
		"rules/alone.yaml":     "{name: alone, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: crash}}, action: {ref: crash.alone}}\n",
		"rules/unmatched.yaml": "{name: unmatched, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: crash}}, criteria: {trigger.body.n: {type: lt, pattern: 0}}, action: {ref: crash.again}}\n",
	}
}

// life is one life of the real program.
type life struct {
	cmd      *exec.Cmd
	url      string
	password string
}

var (
	readyLine    = regexp.MustCompile(`ready at (http://\S+)`)
	passwordLine = regexp.MustCompile(`user admin, password (\S+)`)
)

func live(t *testing.T, binary, data, packs string) *life {
	t.Helper()
	l := &life{cmd: exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--packs", packs)}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	l.cmd.Stderr = &stderr
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.kill() })
	r := bufio.NewReader(out)
	for l.url == "" {
		line, err := r.ReadString('\n')
		if err != nil {
			l.kill()
			t.Fatalf("the server ended before it was ready: %s", &stderr)
		}
		if m := passwordLine.FindStringSubmatch(line); m != nil {
			l.password = m[1]
		}
		if m := readyLine.FindStringSubmatch(line); m != nil {
			l.url = m[1]
		}
	}
	go io.Copy(io.Discard, r) //nolint:errcheck // so that it can go on talking
	return l
}

func (l *life) kill() {
	if l.cmd.ProcessState == nil {
		_ = l.cmd.Process.Signal(syscall.SIGKILL)
		_ = l.cmd.Wait()
	}
}

// TestKillNine kills the real program with SIGKILL again and again while events
// come in, and proves afterwards that every acknowledged one led to exactly the
// executions that the rules ask for, that nothing ran twice that must run once,
// and that nothing is stuck.
func TestKillNine(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "nightshift")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/nightshift-run/nightshift/cmd/nightshift")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // moments, not secrets
	marks, data := filepath.Join(dir, "marks"), filepath.Join(dir, "data")
	packs := apptest.WritePacks(t, map[string]map[string]string{"crash": crashPack(marks)})

	f := &feeder{acknowledged: map[int]bool{}}
	for range kills {
		l := live(t, binary, data, packs)
		if f.token == "" {
			f.token = login(t, l)
		}
		ctx, stop := context.WithCancel(t.Context())
		var feeding sync.WaitGroup
		for range 4 {
			feeding.Go(func() { f.feed(ctx, l.url) })
		}
		time.Sleep(time.Duration(20+random.IntN(400)) * time.Millisecond)
		l.kill()
		stop()
		feeding.Wait()
	}

	l := live(t, binary, data, packs)
	all := f.settled(t, l)
	f.check(t, all, marks)
}

func login(t *testing.T, l *life) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+"/auth/v1/tokens", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", l.password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read below
	var answer struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("log in: %s: %v", res.Status, err)
	}
	return answer.Token
}

// feeder sends numbered events and remembers which were acknowledged.
type feeder struct {
	token string

	mu           sync.Mutex
	next         int          // guarded by mu
	acknowledged map[int]bool // guarded by mu
}

func (f *feeder) feed(ctx context.Context, url string) {
	for ctx.Err() == nil {
		f.mu.Lock()
		n := f.next
		f.next++
		f.mu.Unlock()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/webhooks/crash", strings.NewReader(fmt.Sprintf(`{"n": %d, "tenth": %t}`, n, n%10 == 0)))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Auth-Token", f.token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue // it may have been taken in or not
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode == http.StatusAccepted {
			f.mu.Lock()
			f.acknowledged[n] = true
			f.mu.Unlock()
		}
	}
}

type executionJSON struct {
	ID              string
	Status          string
	Attempt         int
	Action          struct{ Ref string }
	Parameters      struct{ N any }
	TriggerInstance struct{ ID string } `json:"trigger_instance"`
}

func (f *feeder) get(t *testing.T, url string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", f.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read below
	if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %v", url, res.Status, err)
	}
}

// settled waits until every execution has come to an end, and returns them all.
func (f *feeder) settled(t *testing.T, l *life) []executionJSON {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		var all []executionJSON
		f.get(t, l.url+"/api/v1/executions?limit=-1&include_attributes=id,status,attempt,action,parameters,trigger_instance", &all)
		open := map[string]int{}
		for _, e := range all {
			switch e.Status {
			case "succeeded", "failed", "timeout", "abandoned", "canceled":
			default:
				open[e.Status]++
			}
		}
		if len(open) == 0 {
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("stuck executions: %v", open)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (f *feeder) check(t *testing.T, all []executionJSON, marks string) {
	t.Helper()
	began := map[string]int{} // number to how often its mark was made
	text, err := os.ReadFile(marks)
	if err != nil {
		t.Fatal(err)
	}
	for n := range strings.FieldsSeq(string(text)) {
		if began[n]++; began[n] > 1 {
			t.Errorf("event %s: its action ran %d times", n, began[n])
		}
	}
	type started struct{ once, again, alone, flow int }
	byEvent := map[string]*started{} // id of the event
	number := map[string]string{}    // id of the event to its number
	statuses := map[string]int{}
	for _, e := range all {
		statuses[e.Action.Ref+" "+e.Status]++
		if e.TriggerInstance.ID == "" {
			continue // a part of a workflow
		}
		s := byEvent[e.TriggerInstance.ID]
		if s == nil {
			s = &started{}
			byEvent[e.TriggerInstance.ID] = s
		}
		switch e.Action.Ref {
		case "crash.once":
			s.once++
			n := fmt.Sprint(e.Parameters.N)
			number[e.TriggerInstance.ID] = n
			if e.Status == "succeeded" && began[n] != 1 {
				t.Errorf("event %s: its action succeeded and left %d marks", n, began[n])
			}
		case "crash.again":
			s.again++
			// What may be repeated is given up after three workers have died of it.
			if e.Status != "succeeded" && (e.Status != "abandoned" || e.Attempt < 3) {
				t.Errorf("%s may be repeated and is %s after %d attempts", e.ID, e.Status, e.Attempt)
			}
		case "crash.alone":
			s.alone++
		case "crash.flow":
			s.flow++
		}
	}
	if failed, abandoned := statuses["crash.flow failed"], statuses["crash.echo abandoned"]; failed > abandoned {
		t.Errorf("%d workflows failed, and %d of their actions were abandoned", failed, abandoned)
	}
	seen := map[string]int{}
	for id, s := range byEvent {
		want := started{1, 1, 1, 0}
		if strings.HasSuffix(number[id], "0") {
			want.flow = 1
		}
		if *s != want {
			t.Errorf("event %s started %+v, want %+v", id, *s, want)
		}
		seen[number[id]]++
	}
	lost := 0
	for n := range f.acknowledged {
		if seen[fmt.Sprint(n)] != 1 {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged events did not lead to their executions", lost, len(f.acknowledged))
	}
	t.Logf("%d kills, %d events acknowledged of %d sent; %v", kills, len(f.acknowledged), f.next, statuses)
}
