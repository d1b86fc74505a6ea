package ssh_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	cryptossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/ssh"
)

func TestConnectionsAreShared(t *testing.T) {
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	for range 3 {
		expect(t, run(t, r, command(h, "true")), execution.Succeeded)
	}
	together(20, func() { expect(t, run(t, r, command(h, "true")), execution.Succeeded) })
	if n := h.logins.Load(); n > 2 { // 20 commands are more than one connection has sessions
		t.Errorf("logged in %d times", n)
	}
	before := h.logins.Load()
	expect(t, run(t, r, command(h, "true", "username", "eve")), execution.Succeeded)
	if h.logins.Load() != before+1 {
		t.Error("one user's connection is used for another")
	}
	expect(t, run(t, r, command(h, "true", "password", "wrong")), execution.Failed, "does not let bob in with this password")
}

func together(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

func TestARefusedSessionFindsAnotherPlace(t *testing.T) {
	h := trusting(t)
	h.sessions = 2
	r := newRemote(t, ssh.Options{})
	together(20, func() { expect(t, run(t, r, command(h, "sleep 0.02")), execution.Succeeded) })
	if n := h.shells.Load(); n != 20 {
		t.Errorf("%d commands have run", n)
	}
	if n := h.logins.Load(); n > 4 {
		t.Errorf("logged in %d times", n)
	}
}

func TestAHostThatRefusesAllSessionsIsAnError(t *testing.T) {
	h := trusting(t)
	h.sessions = -1
	expect(t, run(t, newRemote(t, ssh.Options{}), command(h, "true")), execution.Failed, "Open a session on", "open failed")
}

func TestADeadConnectionIsMadeAnew(t *testing.T) {
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	for range 10 {
		expect(t, run(t, r, command(h, "true")), execution.Succeeded)
		h.cut()
	}
	if n := h.shells.Load(); n != 10 {
		t.Errorf("%d commands have run", n)
	}
}

func TestACommandWhoseConnectionEndsIsNotRepeated(t *testing.T) {
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	go func() { <-h.ran; h.cut() }()
	got := run(t, r, command(h, "echo so far; exec >&- 2>&-; sleep 0.2"))
	expect(t, got, execution.Failed, "The connection ended while the command ran: how far it came is unknown", `'return_code': 255`)
	if n := h.shells.Load(); n != 1 {
		t.Errorf("%d commands have run", n)
	}
}

func TestAChangedKeyIsRefused(t *testing.T) {
	h := trusting(t)
	addr := h.addr
	learned := filepath.Join(t.TempDir(), "ssh", "known_hosts")
	for _, opts := range []ssh.Options{{}, {Learned: learned}} {
		r := newRemote(t, opts)
		expect(t, run(t, r, command(h, "true")), execution.Succeeded)
		h.stop()
		other := trusting(t)
		_ = other.listener.Close()
		other.listen(addr)
		expect(t, run(t, r, command(other, "true")), execution.Failed, "The host "+addr+" shows the key SHA256:")
		if n := other.shells.Load(); n != 0 {
			t.Error("a command has run on a host that is not known")
		}
		anyone := newRemote(t, ssh.Options{HostKeys: ssh.AnyKey})
		expect(t, run(t, anyone, command(other, "true")), execution.Succeeded)
		other.stop()
		h.listen(addr) // with its own key again
	}
	// Another process knows what this one has learned.
	strict := newRemote(t, ssh.Options{HostKeys: ssh.Strict, Learned: learned})
	expect(t, run(t, strict, command(h, "true")), execution.Succeeded)
}

func TestStrictKnowsOnlyWhatIsInTheFiles(t *testing.T) {
	h := trusting(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	r := newRemote(t, ssh.Options{HostKeys: ssh.Strict, KnownHosts: []string{known}})
	expect(t, run(t, r, command(h, "true")), execution.Failed, "is unknown and shows the key SHA256:", known)
	teach := newRemote(t, ssh.Options{KnownHosts: []string{}, Learned: known})
	expect(t, run(t, teach, command(h, "true")), execution.Succeeded)
	expect(t, run(t, r, command(h, "true")), execution.Succeeded)
}

func TestKeys(t *testing.T) {
	h := newHost(t)
	k := newKey(t)
	h.client = k.signer.PublicKey()
	file := filepath.Join(t.TempDir(), "id")
	write(t, file, k.text)
	locked := filepath.Join(t.TempDir(), "locked")
	write(t, locked, k.locked(t, "open sesame"))
	for name, params := range map[string]*value.Dict{
		"text":       dict("private_key", k.text),
		"file":       dict("private_key", file),
		"passphrase": dict("private_key", locked, "passphrase", "open sesame"),
		"needless":   dict("private_key", file, "passphrase", "x"),
	} {
		t.Run(name, func(t *testing.T) {
			task := command(h, "true", "password", nil)
			task.RunnerParameters.Update(params)
			expect(t, run(t, newRemote(t, ssh.Options{}), task), execution.Succeeded)
		})
	}
	t.Run("of the settings", func(t *testing.T) {
		expect(t, run(t, newRemote(t, ssh.Options{Key: file}), command(h, "true", "password", nil)), execution.Succeeded)
	})
	t.Run("of an agent", func(t *testing.T) {
		ring := agent.NewKeyring()
		if err := ring.Add(agent.AddedKey{PrivateKey: k.raw}); err != nil {
			t.Fatal(err)
		}
		socket := filepath.Join(t.TempDir(), "agent")
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_ = agent.ServeAgent(ring, c)
			}
		})
		defer all.Wait()
		defer l.Close() //nolint:errcheck // it ends with the test
		expect(t, run(t, newRemote(t, ssh.Options{Agent: socket}), command(h, "true", "password", nil)), execution.Succeeded)
	})
}

func TestABastion(t *testing.T) {
	bastion, h := trusting(t), trusting(t)
	r := newRemote(t, ssh.Options{})
	for range 2 {
		expect(t, run(t, r, command(h, "true", "bastion_host", bastion.addr)), execution.Succeeded)
	}
	if bastion.logins.Load() != 1 || bastion.through.Load() != 1 || h.logins.Load() != 1 || bastion.shells.Load() != 0 {
		t.Errorf("logged in %d and %d times, %d connections went through, %d commands ran on the bastion",
			bastion.logins.Load(), h.logins.Load(), bastion.through.Load(), bastion.shells.Load())
	}
	bastion.cut()
	expect(t, run(t, r, command(h, "true", "bastion_host", bastion.addr)), execution.Succeeded)
	h.stop()
	expect(t, run(t, r, command(h, "true", "bastion_host", bastion.addr)), execution.Failed, "through "+bastion.addr)
	bastion.stop()
	expect(t, run(t, r, command(h, "true", "bastion_host", bastion.addr)), execution.Failed, "through "+bastion.addr+": ")
}

func TestTheConfigurationFile(t *testing.T) {
	bastion, h := newHost(t), newHost(t)
	k := newKey(t)
	bastion.client, h.client = k.signer.PublicKey(), k.signer.PublicKey()
	dir := t.TempDir()
	write(t, dir+"/id", k.text)
	config := dir + "/config"
	write(t, config, fmt.Sprintf(`
Host web
  HostName 127.0.0.1
  Port %d
  User alice
  IdentityFile %s/id
  ProxyJump jump
Host jump
  HostName 127.0.0.1
  Port %d
  IdentityFile %s/id
Host odd
  ProxyCommand nc %%x %%p
Host both
  ProxyCommand nc %%h %%p
  ProxyJump jump
Host circle
  ProxyJump circle
`, h.port(), dir, bastion.port(), dir))
	r := newRemote(t, ssh.Options{Config: config})
	task := command(h, "true", "hosts", "web", "username", nil, "password", nil)
	expect(t, run(t, r, task), execution.Succeeded, "'web':")
	if bastion.through.Load() != 1 {
		t.Error("the jump was left out")
	}
	expect(t, run(t, r, command(h, "true", "hosts", "odd")), execution.Failed, "ProxyCommand has %x, which is not known")
	expect(t, run(t, r, command(h, "true", "hosts", "both")), execution.Failed, "both ProxyCommand and ProxyJump")
	expect(t, run(t, r, command(h, "true", "hosts", "circle")), execution.Failed, "more than 8 hosts")
	write(t, config, "Host web\n  HostName 127.0.0.1\n  Port 1\n")
	if err := os.Chtimes(config, time.Time{}, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	expect(t, run(t, r, task), execution.Failed, "127.0.0.1:1")
}

// TestProxyCommand reaches a host through a program, which ends with the connection.
func TestProxyCommand(t *testing.T) {
	h := newHost(t)
	k := newKey(t)
	h.client = k.signer.PublicKey()
	dir := t.TempDir()
	write(t, dir+"/id", k.text)
	config := dir + "/config"
	write(t, config, fmt.Sprintf(`
Host web
  HostName 127.0.0.1
  Port %d
  ProxyCommand echo "$GREETING %%n %%r 100%%%%" > %s/said; sleep 300 & echo $! > %s/pid; exec bash -c 'exec 5<>/dev/tcp/%%h/%%p; cat <&5 & exec cat >&5'
Host deaf
  ProxyCommand echo "no way to %%h" >&2; exit 1
Host *
  IdentityFile %s/id
  ProxyCommand touch %s/%%h
`, h.port(), dir, dir, dir, dir))
	spawner := process.New(process.Options{})
	t.Cleanup(spawner.Close) // after the Remote
	r := newRemote(t, ssh.Options{Config: config, Spawner: spawner, Env: []string{"PATH=" + os.Getenv("PATH"), "GREETING=hello"}})
	ask := func(name string) runner.Task {
		return command(h, "seq 100000 | tail -1", "hosts", name, "username", "ann", "password", nil)
	}
	for range 3 {
		expect(t, run(t, r, ask("web")), execution.Succeeded, "'stdout': 100000")
	}
	if h.logins.Load() != 1 {
		t.Errorf("logged in %d times", h.logins.Load())
	}
	said, err := os.ReadFile(dir + "/said")
	if err != nil || string(said) != "hello web ann 100%\n" {
		t.Errorf("the command heard %q, %v", said, err)
	}
	expect(t, run(t, r, ask("deaf")), execution.Failed, "ProxyCommand", "no way to deaf")
	for _, name := range []string{"x;touch${IFS}y", "$(id)", "a&b", "`id`", "x|y"} {
		expect(t, run(t, r, ask(name)), execution.Failed, "be put into ProxyCommand: it has characters that a shell")
	}
	expect(t, run(t, newRemote(t, ssh.Options{Config: config}), ask("web")), execution.Failed, "ProxyCommand can't be used here")

	text, err := os.ReadFile(dir + "/pid")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		t.Fatalf("process %d of the command does not run, %v", pid, err)
	}
	r.Close()
	// Who has ended and was not buried yet has no command line.
	if left, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && len(left) > 0 {
		t.Errorf("process %d of the command is left: %q", pid, left)
	}
}

// TestSudo runs a program called sudo that does what the real one does.
func TestSudo(t *testing.T) {
	bin := t.TempDir()
	write(t, bin+"/sudo", `#!/bin/bash
[ "$1" = -S ] && { read -r password; [ "$password" = "it's" ] || { echo "[sudo] password for bob: sudo: 1 incorrect password attempt" >&2; exit 1; }; shift; }
[ "$1 $2" = "-E --" ] && shift 2
[ "$1" = -E ] && shift
export AS=root
exec "$@"
`)
	if err := os.Chmod(bin+"/sudo", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	h := trusting(t)
	r := newRemote(t, ssh.Options{})
	show := `echo "$AS $X"; tr '\0' ' ' < /proc/$PPID/cmdline`
	expect(t, run(t, r, command(h, show, "sudo", true, "env", dict("X", "y z"))), execution.Succeeded, "root y z")
	got := run(t, r, command(h, show, "sudo", true, "sudo_password", "it's"))
	expect(t, got, execution.Succeeded, "root ")
	if strings.Contains(value.Repr(got.Result), "it's") {
		t.Errorf("the password is in the list of processes: %s", value.Repr(got.Result))
	}
	expect(t, run(t, r, command(h, show, "sudo", true, "sudo_password", "no")), execution.Failed,
		"Invalid sudo password provided or sudo is not configured for this user (bob)", `'return_code': -1`)
	expect(t, run(t, r, script(t, h, "#!/bin/sh\necho $AS", "sudo", true)), execution.Succeeded, "'root'")
}

// TestIdleConnections makes time pass, so its host is at the other end of a pipe.
func TestIdleConnections(t *testing.T) {
	k := newKey(t)
	synctest.Test(t, func(t *testing.T) {
		host := &pipeHost{config: &cryptossh.ServerConfig{NoClientAuth: true}}
		host.config.AddHostKey(k.signer)
		r := ssh.New(ssh.Options{Dial: host.dial, KnownHosts: []string{}, Idle: time.Minute})
		task := func() runner.Task {
			return runner.Task{ExecutionID: "e1", RunnerParameters: dict("hosts", "far", "cmd", "x", "password", "p"), ActionParameters: dict()}
		}
		expect(t, run(t, r, task()), execution.Succeeded)
		time.Sleep(50 * time.Second)
		expect(t, run(t, r, task()), execution.Succeeded)
		if host.dials.Load() != 1 {
			t.Errorf("dialed %d times", host.dials.Load())
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if host.open.Load() != 0 {
			t.Error("an idle connection is kept")
		}
		expect(t, run(t, r, task()), execution.Succeeded)
		if host.dials.Load() != 2 {
			t.Errorf("dialed %d times", host.dials.Load())
		}
		// From now on the host keeps quiet, as when a cable is cut.
		host.deaf.Store(true)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if host.open.Load() != 0 {
			t.Error("a connection that does not answer is kept")
		}
		host.deaf.Store(false)
		expect(t, run(t, r, task()), execution.Succeeded)
		host.deaf.Store(true)
		before := time.Now()
		expect(t, run(t, r, task()), execution.Failed, "does not answer")
		if d := time.Since(before); d > time.Minute {
			t.Errorf("noticed after %s", d)
		}
		r.Close()
	})
}

// pipeHost is a host that does nothing, successfully.
type pipeHost struct {
	config *cryptossh.ServerConfig
	dials  atomic.Int64
	open   atomic.Int64
	deaf   atomic.Bool
}

func (p *pipeHost) dial(context.Context, string, string) (net.Conn, error) {
	near, far := pipe()
	p.dials.Add(1)
	p.open.Add(1)
	go func() {
		defer p.open.Add(-1)
		c, channels, requests, err := cryptossh.NewServerConn(far, p.config)
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				if !p.deaf.Load() && r.WantReply {
					_ = r.Reply(false, nil)
				}
			}
		}()
		for n := range channels {
			if p.deaf.Load() {
				continue
			}
			channel, requests, err := n.Accept()
			if err != nil {
				return
			}
			go func() {
				for r := range requests {
					_ = r.Reply(true, nil)
					if r.Type == "exec" {
						_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
						_ = channel.Close()
					}
				}
			}()
		}
		_ = c.Close()
	}()
	return near, nil
}
