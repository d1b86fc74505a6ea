//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sshd is a real server of OpenSSH on a free port of the loopback.
type sshd struct {
	port int
	key  string // file of the private key that it lets in
	log  *output
}

// newSSHD starts one that lets a key in, and passwords where it runs as root.
func newSSHD(t *testing.T) *sshd {
	t.Helper()
	dir := t.TempDir()
	// The user who logs in has to read the keys.
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	s := &sshd{port: freePort(t), key: filepath.Join(dir, "id")}
	for _, key := range []string{s.key, filepath.Join(dir, "host")} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	config := write(t, dir, "sshd_config", fmt.Sprintf(`
Port %d
ListenAddress 127.0.0.1
HostKey %s/host
AuthorizedKeysFile %s/id.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication yes
Subsystem sftp internal-sftp
LogLevel DEBUG1
`, s.port, dir, dir))
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // its package makes it at boot
			t.Fatal(err)
		}
	}
	_, s.log = run(t, "/usr/sbin/sshd", "-D", "-e", "-f", config)
	eventually(t, "sshd answers", 20*time.Second, func() bool {
		c, err := net.DialTimeout("tcp", s.addr(), time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
	return s
}

func (s *sshd) addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// sudoer makes a user with a password who may become root, where the test may do
// that, and else returns the test's own.
func sudoer(t *testing.T) (name, password string) {
	t.Helper()
	if os.Getuid() != 0 {
		u, err := user.Current()
		if err != nil {
			t.Fatal(err)
		}
		t.Log("not root: passwords and sudo are left out")
		return u.Username, ""
	}
	name, password = fmt.Sprintf("ns%d", os.Getpid()), "it's a secret"
	sudoers := "/etc/sudoers.d/" + name
	as := func(in string, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(in)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	as("", "useradd", "--create-home", "--shell", "/bin/bash", name)
	t.Cleanup(func() {
		_ = os.Remove(sudoers)
		_ = exec.Command("userdel", "--remove", "--force", name).Run()
	})
	as(name+":"+password, "chpasswd")
	if err := os.WriteFile(sudoers, []byte(name+" ALL=(ALL) ALL\n"), 0o440); err != nil {
		t.Fatal(err)
	}
	return name, password
}

// ended is an execution that has ended.
type ended struct {
	ID     string
	Status string
	Result map[string]json.RawMessage
}

// entry returns what a result says of the loopback.
func (e ended) entry(t *testing.T) (entry struct {
	Code   int `json:"return_code"`
	Stdout any
	Stderr any
	Error  string
}) {
	t.Helper()
	if err := json.Unmarshal(e.Result["127.0.0.1"], &entry); err != nil {
		t.Fatalf("%v: %s", err, e.Result)
	}
	return entry
}

// action runs an action and waits for its end.
func (s *server) action(t *testing.T, ref string, params map[string]any) ended {
	t.Helper()
	body, err := json.Marshal(map[string]any{"action": ref, "parameters": params})
	if err != nil {
		t.Fatal(err)
	}
	var e ended
	s.do(t, "POST", "/api/v1/executions", string(body), &e)
	eventually(t, ref+" ends", time.Minute, func() bool {
		e = ended{ID: e.ID}
		s.get(t, "/api/v1/executions/"+e.ID, &e)
		switch e.Status {
		case "succeeded", "failed", "timeout", "canceled", "abandoned":
			return true
		}
		return false
	})
	return e
}

// TestRemoteActionsOverOpenSSH runs actions over a real sshd: with a key, with a
// password, with sudo, through a bastion, and stops one.
func TestRemoteActionsOverOpenSSH(t *testing.T) {
	host, bastion := newSSHD(t), newSSHD(t)
	name, password := sudoer(t)
	packs := t.TempDir()
	write(t, packs, "far/pack.yaml", "{ref: far, name: far, description: Scripts elsewhere., version: 1.0.0, author: e2e}\n")
	write(t, packs, "far/actions/hello.yaml", `
name: hello
description: Says hello with its library.
runner_type: remote-shell-script
entry_point: hello.sh
enabled: true
parameters:
  whom: {type: string, required: true, position: 0}
`)
	write(t, packs, "far/actions/hello.sh", "#!/bin/bash\n. \"$(dirname \"$0\")/lib/hello\"\nhello \"$1\"\n")
	write(t, packs, "far/actions/lib/hello", "hello() { echo \"hello $1 from $(whoami)\"; }\n")
	write(t, packs, "far/actions/own.yaml", `
name: own
description: Brings a connection of its own.
runner_type: python-script
entry_point: own.py
enabled: true
parameters:
  port: {type: integer, required: true}
  username: {type: string, required: true}
  key: {type: string, required: true}
`)
	write(t, packs, "far/actions/own.py", `
from st2common.runners.base_action import Action
from st2common.runners.paramiko_ssh import ParamikoSSHClient, SSHCommandTimeoutError


class Own(Action):
    def run(self, port, username, key):
        client = ParamikoSSHClient("127.0.0.1", port=port, username=username, key_files=key)
        client.connect()
        client.put(__file__, "/tmp/own.e2e")
        said = client.run("whoami; echo b >&2; wc -c < /tmp/own.e2e; rm /tmp/own.e2e; exit 3")
        try:
            client.run("echo early; exec timeout 3 tail -f /dev/null", timeout=0.5)
        except SSHCommandTimeoutError as e:
            said.append(e.stdout)
        client.close()
        return said
`)
	s := serve(t, packs)
	with := func(more map[string]any) map[string]any {
		p := map[string]any{"hosts": host.addr(), "username": name, "private_key": host.key}
		for k, v := range more {
			p[k] = v
		}
		return p
	}
	check := func(what string, e ended, status, stdout string) {
		t.Helper()
		if entry := e.entry(t); e.Status != status || fmt.Sprint(entry.Stdout) != stdout {
			t.Fatalf("%s: %s: %s", what, e.Status, e.Result)
		}
	}

	check("key", s.action(t, "core.remote", with(map[string]any{"cmd": "whoami"})), "succeeded", name)
	check("script", s.action(t, "far.hello", with(map[string]any{"whom": "it's me"})), "succeeded", "hello it's me from "+name)
	if left, _ := filepath.Glob("/tmp/*/hello.sh"); len(left) > 0 {
		t.Errorf("%s is left on the host", left)
	}
	check("exit code", s.action(t, "core.remote", with(map[string]any{"cmd": "echo x; exit 7"})), "failed", "x")

	before := strings.Count(host.log.String(), "Accepted publickey")
	begun := time.Now()
	const many = 100
	var ids []string
	for range many {
		var e ended
		body, _ := json.Marshal(map[string]any{"action": "core.remote", "parameters": with(map[string]any{"cmd": "true"})})
		s.do(t, "POST", "/api/v1/executions", string(body), &e)
		ids = append(ids, e.ID)
	}
	for _, id := range ids {
		eventually(t, "all commands end", time.Minute, func() bool {
			var e ended
			s.get(t, "/api/v1/executions/"+id, &e)
			if e.Status == "failed" {
				t.Fatalf("%s", e.Result)
			}
			return e.Status == "succeeded"
		})
	}
	t.Logf("%d commands in %s over %d more connections", many, time.Since(begun), strings.Count(host.log.String(), "Accepted publickey")-before)
	if n := strings.Count(host.log.String(), "Accepted publickey"); n > 5 {
		t.Errorf("logged in %d times", n)
	}

	jump := with(map[string]any{"cmd": "echo $SSH_CLIENT", "bastion_host": bastion.addr()})
	if e := s.action(t, "core.remote", jump); e.Status == "succeeded" {
		t.Errorf("the bastion has let another's key in: %s", e.Result)
	}
	both, err := os.ReadFile(bastion.key + ".pub")
	if err == nil {
		var own []byte
		own, err = os.ReadFile(host.key + ".pub")
		err = errors.Join(err, os.WriteFile(bastion.key+".pub", append(both, own...), 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
	if e := s.action(t, "core.remote", jump); e.Status != "succeeded" {
		t.Errorf("through a bastion: %s", e.Result)
	}
	if !strings.Contains(bastion.log.String(), "direct-tcpip") {
		t.Error("it did not go through the bastion")
	}

	load := s.action(t, "linux.check_loadavg", with(map[string]any{"period": "5"}))
	if got, ok := load.entry(t).Stdout.(map[string]any); load.Status != "succeeded" || !ok || got["5"] == nil {
		t.Errorf("linux.check_loadavg: %s: %s", load.Status, load.Result)
	}
	ready := map[string]any{"hostname": "127.0.0.1", "port": host.port, "username": name, "keyfile": host.key}
	if e := s.action(t, "linux.wait_for_ssh", ready); e.Status != "succeeded" {
		t.Errorf("linux.wait_for_ssh: %s: %s", e.Status, e.Result)
	}
	found := s.action(t, "linux.check_processes", with(map[string]any{"criteria": "^sshd"}))
	if got, ok := found.entry(t).Stdout.(map[string]any); found.Status != "succeeded" || !ok || len(got) == 0 {
		t.Errorf("linux.check_processes: %s: %s", found.Status, found.Result)
	}

	own := s.action(t, "far.own", map[string]any{"port": host.port, "username": name, "key": host.key})
	if got := string(own.Result["result"]); own.Status != "succeeded" || !strings.HasPrefix(got, `["`+name+`\n`) || !strings.HasSuffix(got, `,"b",3,"early"]`) {
		t.Errorf("a connection of its own: %s: %s", own.Status, own.Result)
	}

	marker := filepath.Join(t.TempDir(), "marker")
	e := s.action(t, "core.remote", with(map[string]any{"cmd": "sleep 2 && echo late > " + marker, "timeout": 1}))
	check("timeout", e, "timeout", "")
	if out, _ := exec.Command("pgrep", "--runstates", "D,R,S", "-u", name, "-x", "sleep").Output(); len(out) > 0 {
		t.Errorf("it runs on: %s", out)
	}
	if password == "" {
		return
	}
	in := with(map[string]any{"password": password, "private_key": nil})
	in["cmd"] = "whoami"
	check("password", s.action(t, "core.remote", in), "succeeded", name)
	in["sudo_password"] = password
	check("sudo", s.action(t, "core.remote_sudo", in), "succeeded", "root")
	long := fmt.Sprintf("sleep 30.%d", os.Getpid()) // others may sleep on this machine too
	in["cmd"], in["timeout"] = long, 1
	check("sudo timeout", s.action(t, "core.remote_sudo", in), "timeout", "")
	if out, _ := exec.Command("pgrep", "--runstates", "D,R,S", "-fx", long).Output(); len(out) > 0 {
		t.Errorf("it runs on as root: %s", out)
	}
	in["cmd"], in["timeout"], in["sudo_password"] = "whoami", 30, "wrong"
	if e := s.action(t, "core.remote_sudo", in); e.Status != "failed" || !strings.Contains(e.entry(t).Error, "Invalid sudo password") {
		t.Errorf("a wrong password for sudo: %s: %s", e.Status, e.Result)
	}
	sudoers := "/etc/sudoers.d/" + name
	if err := os.WriteFile(sudoers, []byte(name+" ALL=(ALL) NOPASSWD: ALL\n"), 0o440); err != nil {
		t.Fatal(err)
	}
	in["sudo_password"] = nil
	check("sudo without a password", s.action(t, "core.remote_sudo", in), "succeeded", "root")
	check("script with sudo", s.action(t, "far.hello", with(map[string]any{"whom": "you", "sudo": true})), "succeeded", "hello you from root")
}
