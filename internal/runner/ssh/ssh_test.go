package ssh_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
	"github.com/nightshift-run/nightshift/internal/runner/ssh"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const kept = 64 << 10

// newRemote returns a Remote that knows nothing of this machine's user.
func newRemote(t testing.TB, opts ssh.Options) *ssh.Remote {
	t.Helper()
	if opts.KnownHosts == nil {
		opts.KnownHosts = []string{}
	}
	if opts.User == "" {
		opts.User = "stanley"
	}
	if opts.Key == "" && opts.Agent == "" && opts.Config == "" {
		opts.Key = filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(opts.Key, []byte(newKey(t).text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := ssh.New(opts)
	t.Cleanup(r.Close)
	return r
}

func dict(pairs ...value.Value) *value.Dict {
	d := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i].(string), pairs[i+1])
	}
	return d
}

var ids struct {
	sync.Mutex
	n int
}

// task returns a task that logs in to a host of ours with its password.
func task(h *host, params ...value.Value) runner.Task {
	ids.Lock()
	ids.n++
	id := fmt.Sprintf("e%d-%d", os.Getpid(), ids.n)
	ids.Unlock()
	t := runner.Task{
		ExecutionID: id, Action: "core.remote", Pack: "core",
		RunnerParameters: dict("hosts", h.addr, "username", "bob", "password", "secret"), ActionParameters: value.NewDict(),
	}
	t.RunnerParameters.Update(dict(params...))
	return t
}

func command(h *host, cmd string, params ...value.Value) runner.Task {
	t := task(h, params...)
	t.RunnerParameters.Set("cmd", cmd)
	return t
}

// script returns a task for a script of a pack.
func script(t testing.TB, h *host, text string, params ...value.Value) runner.Task {
	dir := t.TempDir()
	path := filepath.Join(dir, "actions", "it's a script")
	write(t, path, text)
	out := task(h, params...)
	out.EntryPoint, out.ContentDir = path, dir
	out.RunnerParameters.Set("dir", t.TempDir())
	return out
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func trusting(t testing.TB) *host {
	h := newHost(t)
	h.password = "secret"
	return h
}

// only returns the entry of the only host in a result.
func only(v value.Value) value.Value {
	d, ok := v.(*value.Dict)
	if !ok {
		return v
	}
	for _, entry := range d.All() {
		if entry, ok := entry.(*value.Dict); ok {
			return entry
		}
	}
	return v
}

func TestCommandsAreARunner(t *testing.T) {
	h := trusting(t)
	runnertest.Run(t, harness(
		func(r *ssh.Remote) runner.Runner { return r.Commands() },
		func(_ *testing.T, text string) runner.Task { return command(h, text) }))
}

func TestScriptsAreARunner(t *testing.T) {
	h := trusting(t)
	runnertest.Run(t, harness(
		func(r *ssh.Remote) runner.Runner { return r.Scripts() },
		func(t *testing.T, text string) runner.Task { return script(t, h, "#!/bin/sh\n"+text) }))
}

func harness(pick func(*ssh.Remote) runner.Runner, task func(*testing.T, string) runner.Task) runnertest.Harness {
	return runnertest.Harness{
		New:  func(t *testing.T) runner.Runner { return pick(newRemote(t, ssh.Options{MaxOutput: kept})) },
		Good: func(t *testing.T) runner.Task { return task(t, "true") },
		Bad:  func(t *testing.T) runner.Task { return task(t, "false") },
		Long: func(t *testing.T) (runner.Task, <-chan struct{}) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o666); err != nil {
				t.Fatal(err)
			}
			begun := make(chan struct{})
			var reader sync.WaitGroup
			reader.Go(func() {
				_, _ = os.ReadFile(fifo) // waits for the script to write to it
				close(begun)
			})
			t.Cleanup(func() {
				if f, err := os.OpenFile(fifo, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
					_ = f.Close()
				}
				reader.Wait()
			})
			return task(t, "echo > "+fifo+"; sleep 1000"), begun
		},
		Timeout:     func(t *runner.Task, seconds float64) { t.RunnerParameters.Set("timeout", seconds) },
		Script:      task,
		MaxOutput:   kept,
		Environment: true,
		Part:        only,
	}
}

// run runs a command.
func run(t testing.TB, r *ssh.Remote, task runner.Task) runner.Outcome {
	t.Helper()
	if task.EntryPoint != "" {
		return r.Scripts().Run(t.Context(), task, runner.Discard{})
	}
	return r.Commands().Run(t.Context(), task, runner.Discard{})
}

// expect checks an outcome. All of the texts are in its result.
func expect(t testing.TB, got runner.Outcome, status execution.Status, texts ...string) {
	t.Helper()
	shown := value.Repr(got.Result)
	if got.Status != status {
		t.Fatalf("got %s, want %s: %s", got.Status, status, shown)
	}
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			t.Errorf("%q is not in %s", text, shown)
		}
	}
}

func TestResultsAreThoseOfStackStorm(t *testing.T) {
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	expect(t, run(t, r, command(h, "echo hello; echo; echo 7 >&2")), execution.Succeeded,
		`{'127.0.0.1': {'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 'hello\n', 'stderr': 7}}`)
	expect(t, run(t, r, command(h, "exit 3")), execution.Failed,
		`{'127.0.0.1': {'failed': True, 'succeeded': False, 'return_code': 3, 'stdout': '', 'stderr': ''}}`)
	expect(t, run(t, r, command(h, "kill -KILL $$")), execution.Failed, `'return_code': -9`, "ended by SIGKILL")
	expect(t, run(t, r, command(h, "pwd; cat", "cwd", "/usr")), execution.Succeeded, `'stdout': '/usr'`)
}

func TestHostsAreWorkedOnAtTheSameTime(t *testing.T) {
	a, b := trusting(t), trusting(t)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRemote(t, ssh.Options{})
	// Each waits for the other.
	got := run(t, r, command(a, `if mkdir `+fifo+`.d; then cat `+fifo+`; else echo met > `+fifo+`; fi`, "hosts", a.addr+", "+b.addr+","))
	expect(t, got, execution.Succeeded, a.addr, b.addr, `'stdout': 'met'`)
}

func TestOneHostThatIsDownCostsTheOthersNothing(t *testing.T) {
	up, down := trusting(t), trusting(t)
	down.stop()
	r := newRemote(t, ssh.Options{})
	both := command(up, "echo fine", "hosts", down.addr+","+up.addr)
	expect(t, run(t, r, both), execution.Failed, `'stdout': 'fine'`, `'return_code': 255`, "Failed connecting to host", "connection refused")
	partial := newRemote(t, ssh.Options{Partial: true})
	expect(t, run(t, partial, both), execution.Succeeded, `'return_code': 255`)

	got := run(t, r, command(down, "true"))
	expect(t, got, execution.Failed, "Unable to connect to any one of the hosts: ['127.0.0.1']", `'traceback': ''`)
}

func TestAHostThatSaysNothingIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it ends with the test
	h := trusting(t)
	task := command(h, "true", "hosts", l.Addr().String())
	r := newRemote(t, ssh.Options{ConnectTimeout: 50e6})
	expect(t, run(t, r, task), execution.Failed, `'return_code': 255`, "given up after 50ms")
	task.RunnerParameters.Set("timeout", 0.05)
	expect(t, run(t, newRemote(t, ssh.Options{}), task), execution.Timeout, `'return_code': -9`, "Action failed to complete in 0.05 seconds")
}

func TestMistakesAreTold(t *testing.T) {
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	for want, task := range map[string]runner.Task{
		"no hosts are given":            command(h, "true", "hosts", " , "),
		"has no port after its colon":   command(h, "true", "hosts", "a:ssh"),
		"names no host":                 command(h, "true", "hosts", "-oProxyCommand=x"),
		"closing bracket":               command(h, "true", "hosts", "[::1"),
		"'99999' is no port":            command(h, "true", "port", "99999"),
		"99999 is no port":              command(h, "true", "port", int64(99999)),
		"does not let bob in with":      command(h, "true", "password", "wrong"),
		"read the private key":          command(h, "true", "password", nil, "private_key", "/no/such/key"),
		"the key of the parameter":      command(h, "true", "password", nil, "private_key", newKey(t).text),
		"private_key can't be read":     command(h, "true", "password", nil, "private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx"),
		"bastion_host: the host":        command(h, "true", "bastion_host", "a:b"),
		"be the name of an environment": command(h, "true", "env", dict("a=b", "c")),
		"parameter cmd is not given":    task(h),
		"timeout is a str":              command(h, "true", "timeout", "long"),
		"has a passphrase, and none is": command(h, "true", "password", nil, "private_key", newKey(t).locked(t, "x")),
	} {
		t.Run(want, func(t *testing.T) { expect(t, run(t, r, task), execution.Failed, want) })
	}
}

func TestSecretsAreNotInTheLog(t *testing.T) {
	h := trusting(t)
	var log strings.Builder
	r := newRemote(t, ssh.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	task := command(h, "true", "env", dict("TOKEN", "hush"))
	task.Env = map[string]string{"ST2_ACTION_AUTH_TOKEN": "hush"}
	expect(t, run(t, r, task), execution.Succeeded)
	r.Close()
	if strings.Contains(log.String(), "hush") || strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), h.addr) {
		t.Errorf("logged: %s", log.String())
	}
}

func TestOutputOfOneHostIsHandedOver(t *testing.T) {
	h, other := trusting(t), trusting(t)
	r := newRemote(t, ssh.Options{})
	for hosts, want := range map[string]string{h.addr: "hello\n", h.addr + "," + other.addr: ""} {
		out := &printed{}
		r.Commands().Run(t.Context(), command(h, "echo hello", "hosts", hosts), out)
		if out.text != want {
			t.Errorf("%s: handed over %q, want %q", hosts, out.text, want)
		}
	}
}

type printed struct {
	mu   sync.Mutex
	text string // guarded by mu
}

func (p *printed) Print(_ runner.Stream, data string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text += data
}

func TestScriptsBringTheirLibrary(t *testing.T) {
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	task := script(t, h, "#!/bin/bash\ncd \"$(dirname \"$0\")\"; . lib/words.sh; say \"$@\"; ls -A lib lib/deep; ls -ld \"$PWD\" >&2\n")
	actions := filepath.Join(task.ContentDir, "actions")
	write(t, actions+"/lib/words.sh", `say() { printf '<%s>' "$@"; }`)
	write(t, actions+"/lib/deep/more", "")
	write(t, actions+"/lib/__pycache__/x.pyc", "")
	write(t, filepath.Join(filepath.Dir(task.ContentDir), "outside"), "of the pack")
	if err := os.Symlink("../../../outside", actions+"/lib/link"); err != nil {
		t.Fatal(err)
	}
	task.ActionParameters = dict("first", "a b", "flag", true, "num", int64(5))
	task.Schema = dict("first", dict("type", "string", "position", int64(0)))
	got := run(t, r, task)
	if got.Status == execution.Succeeded {
		t.Errorf("a link that leads out of the pack was followed: %s", value.Repr(got.Result))
	}
	if err := os.Remove(actions + "/lib/link"); err != nil {
		t.Fatal(err)
	}
	got = run(t, r, task)
	expect(t, got, execution.Succeeded, "<--flag><--num=5><a b>", "deep", "more", "words.sh")
	if strings.Contains(value.Repr(got.Result), "pycache") {
		t.Errorf("what Python left behind was copied")
	}
	dir, _ := task.RunnerParameters.Get("dir")
	if left, _ := os.ReadDir(dir.(string)); len(left) > 0 {
		t.Errorf("%s is left on the host", left[0])
	}

	h.noSFTP = true
	expect(t, run(t, r, task), execution.Failed, "opy the script to the host: it has no SFTP")
	expect(t, run(t, r, script(t, h, "x", "dir", "/proc/no")), execution.Failed, "opy the script to the host")
	gone := script(t, h, "x")
	gone.EntryPoint += ".py"
	expect(t, run(t, r, gone), execution.Failed, "read the script")
}

func TestAStoppedRunSaysWhatItWas(t *testing.T) {
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-h.ran; cancel(runner.CanceledBy("ann")) }()
	got := r.Commands().Run(ctx, command(h, "sleep 1000"), runner.Discard{})
	expect(t, got, execution.Canceled, "'message': 'Action canceled by user.', 'user': 'ann'}", `'return_code': -15`)
}
