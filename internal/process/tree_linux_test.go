package process

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestForeignProcessesAreLeftToTheHook gives up its rights in a copy of itself,
// which then meets a process that it may not signal.
func TestForeignProcessesAreLeftToTheHook(t *testing.T) {
	if pid, err := strconv.Atoi(os.Getenv("PROCESS_TEST_FOREIGN")); err == nil {
		asked := ""
		tr := tree{
			seed:   func(p *proc) bool { return p.pid == pid },
			marked: func([]byte) bool { return false },
			signal: func(sig syscall.Signal, pids []int) error {
				for _, pid := range pids {
					asked += " " + strconv.Itoa(int(sig)) + ":" + strconv.Itoa(pid)
				}
				return nil
			},
		}
		left := tr.send(syscall.SIGTERM)
		t.Logf("asked%s left %d", asked, left)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can start a process of another user")
	}
	sleep := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	defer sleep.Wait()         //nolint:errcheck // it is killed
	defer sleep.Process.Kill() //nolint:errcheck // or gone

	dir := t.TempDir()
	for path := dir; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "test")
	if err := os.WriteFile(other, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(sleep.Process.Pid)
	c := exec.CommandContext(t.Context(), other, "-test.run=^TestForeignProcessesAreLeftToTheHook$", "-test.v")
	c.Dir, c.Env = "/", append(os.Environ(), "PROCESS_TEST_FOREIGN="+pid)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := "asked 15:" + pid + " left 1"; !strings.Contains(string(out), want) {
		t.Errorf("got %s, want %s", out, want)
	}
}

func TestEndGroupDoesWithoutProc(t *testing.T) {
	s := New(Options{Grace: 50 * time.Millisecond})
	defer s.Close()
	r := run{spawner: s, cmd: &Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", `PATH=/bin:/usr/bin; trap "" TERM; echo ready; while :; do sleep 1000; done`}, Stdout: func([]byte) {}}}
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	defer r.out[0].Close() //nolint:errcheck // only read
	if _, err := r.out[0].Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	r.endGroup()
	r.child.wait()
	if code := r.child.reap(); code != -9 {
		t.Errorf("got %d", code)
	}
}

func TestADaemonOutlivesAContextThatEndsLate(t *testing.T) {
	s := New(Options{WaitDelay: 5 * time.Second})
	defer s.Close()
	mark := "late-" + strconv.Itoa(os.Getpid())
	var printed strings.Builder
	r := run{spawner: s, cmd: &Cmd{
		Path: "/bin/sh", Args: []string{"sh", "-c", `PATH=/bin:/usr/bin; sleep 1000 & echo $!`}, Mark: mark,
		Stdout: func(piece []byte) { printed.Write(piece) },
	}}
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for !r.child.exited() {
			<-tick.C
		}
		cancel()
	}()
	exit := r.finish(ctx)
	pid, err := strconv.Atoi(strings.TrimSpace(printed.String()))
	if want := (Exit{Detached: true}); err != nil || exit != want {
		t.Errorf("got %+v, %v", exit, err)
	}
	if p, err := readProc(pid); err != nil || p.dead {
		t.Errorf("the daemon was killed: %+v, %v", p, err)
	}
	if left := KillMarked(func(m string) bool { return m == mark }, time.Second); left != 0 {
		t.Errorf("%d are left", left)
	}
}

func TestReadProcOfStrangeNames(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a) Z (1 2")
	if err := os.Symlink("/bin/sleep", name); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), name, "1000")
	if err := c.Start(); err != nil {
		t.Skip("sleep does not go by another name here")
	}
	defer c.Wait()         //nolint:errcheck // it is killed
	defer c.Process.Kill() //nolint:errcheck // or gone
	p, err := readProc(c.Process.Pid)
	if err != nil || p.pid != c.Process.Pid || p.parent != os.Getpid() || p.dead || p.start == 0 {
		t.Errorf("got %+v, %v", p, err)
	}
}
