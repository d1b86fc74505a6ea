//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
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
)

// output is what a program has said so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// run starts a program that is stopped when the test ends, with all that it
// has started.
func run(t *testing.T, name string, args ...string) (*exec.Cmd, *output) {
	t.Helper()
	out := &output{}
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(15 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", name, out)
		}
	})
	return cmd, out
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, within time.Duration, yes func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !yes() {
		if time.Since(begun) > within {
			t.Fatalf("%s: not within %s", what, within)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begun)
}

// server is the program under test.
type server struct {
	url, token  string
	binary      string
	home        string
	data, packs string
	config      string   // a file with settings; empty: none
	args        []string // further words for serve
	password    string
	cmd         *exec.Cmd
	out         *output
}

var (
	readyLine    = regexp.MustCompile(`ready at (http://\S+)`)
	passwordLine = regexp.MustCompile(`user admin, password (\S+)`)
)

// serve starts the real program with packs and logs in with the password that
// its first start prints.
func serve(t *testing.T, packs string, args ...string) *server {
	t.Helper()
	s := &server{home: t.TempDir(), data: filepath.Join(t.TempDir(), "data"), packs: packs, args: args}
	s.start(t)
	password := passwordLine.FindStringSubmatch(s.out.String())
	if password == nil {
		t.Fatalf("the first start shows no password: %s", s.out)
	}
	s.password = password[1]
	s.token = strings.TrimSpace(s.cli(t, "auth", "admin", "--password", password[1], "--only-token"))
	return s
}

// start starts the program on its folder, which may be from before.
func (s *server) start(t *testing.T) {
	t.Helper()
	var err error
	if s.binary, err = filepath.Abs("../bin/nightshift"); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"serve", "--data", s.data, "--listen", "127.0.0.1:0", "--packs", s.packs}, s.args...)
	if s.config != "" {
		args = append(args, "--config", s.config)
	}
	s.cmd, s.out = run(t, s.binary, args...)
	eventually(t, "server is ready", 30*time.Second, func() bool { return readyLine.MatchString(s.out.String()) })
	s.url = readyLine.FindStringSubmatch(s.out.String())[1]
}

// cli runs a command of the program as a user would.
func (s *server) cli(t *testing.T, args ...string) string {
	t.Helper()
	out, stderr, err := s.command(t, args...)
	if err != nil {
		t.Fatalf("nightshift %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr)
	}
	return out
}

// fails runs a command that is to fail, and returns what it complains of.
func (s *server) fails(t *testing.T, args ...string) string {
	t.Helper()
	out, stderr, err := s.command(t, args...)
	if err == nil {
		t.Fatalf("nightshift %s does not fail\n%s%s", strings.Join(args, " "), out, stderr)
	}
	return stderr
}

func (s *server) command(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env = append(os.Environ(), "HOME="+s.home, "NIGHTSHIFT_URL="+s.url, "NIGHTSHIFT_TOKEN="+s.token)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	return string(out), said.String(), err
}

// get reads JSON from the API.
func (s *server) get(t *testing.T, path string, into any) {
	t.Helper()
	s.do(t, http.MethodGet, path, "", into)
}

func (s *server) do(t *testing.T, method, path, body string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", s.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %s: %s", method, path, res.Status, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}

// ping asks a Redis server whether it is there.
func ping(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := fmt.Fprint(c, "PING\r\n"); err != nil {
		return false
	}
	answer := make([]byte, 7)
	_, err = io.ReadFull(c, answer)
	return err == nil && string(answer) == "+PONG\r\n"
}
