package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/process"
)

func TestMain(m *testing.M) {
	if os.Getenv("PROCESS_TEST_SERVER") != "" {
		serve()
		return
	}
	goleak.VerifyTestMain(m)
}

// serve is a server that runs a program until it is killed itself.
func serve() {
	s := process.New(process.Options{})
	defer s.Close()
	c := sh("echo $$; exec sleep 1000", nil, nil)
	c.Stdout = func(piece []byte) { _, _ = os.Stdout.Write(piece) }
	_, _ = s.Run(context.Background(), c)
}

func TestAProgramDiesWithItsServer(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), self)
	server.Env = append(os.Environ(), "PROCESS_TEST_SERVER=1")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil || !alive(pid) {
		t.Fatalf("process %d: %v", pid, err)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait() // was killed
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(10 * time.Second); alive(pid); <-tick.C {
		if time.Now().After(until) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func TestTheMarkOfAnotherServerIsReplaced(t *testing.T) {
	var stdout bytes.Buffer
	c := sh("env | grep ^NIGHTSHIFT_PROCESS", &stdout, nil)
	c.Env, c.Mark = append(c.Env, "NIGHTSHIFT_PROCESS=outer"), "inner"
	if _, err := newSpawner(t, process.Options{}).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := stdout.String(); got != "NIGHTSHIFT_PROCESS=inner\n" {
		t.Errorf("got %q", got)
	}
}

func newSpawner(t testing.TB, opts process.Options) *process.Spawner {
	s := process.New(opts)
	t.Cleanup(s.Close)
	return s
}

// sh returns a command that runs a script and collects what it prints.
func sh(script string, stdout, stderr *bytes.Buffer) *process.Cmd {
	c := &process.Cmd{
		Path: "/bin/sh", Args: []string{"sh", "-c", script},
		Env: []string{"PATH=" + os.Getenv("PATH")},
	}
	if stdout != nil {
		c.Stdout = func(b []byte) { stdout.Write(b) }
	}
	if stderr != nil {
		c.Stderr = func(b []byte) { stderr.Write(b) }
	}
	return c
}

func TestRunTellsHowAProgramEnded(t *testing.T) {
	s := newSpawner(t, process.Options{})
	tests := map[string]struct {
		script string
		want   process.Exit
	}{
		"well":        {"exit 0", process.Exit{}},
		"with a code": {"exit 42", process.Exit{Code: 42}},
		"by a signal": {"kill -TERM $$", process.Exit{Code: -15}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := s.Run(t.Context(), sh(tt.script, nil, nil))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRunHandsOverInputAndOutput(t *testing.T) {
	s := newSpawner(t, process.Options{})
	for _, size := range []int{0, 1, 5000, 300_000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			c := sh("cat; echo done >&2", &stdout, &stderr)
			c.Stdin = bytes.Repeat([]byte("x"), size)
			if got, err := s.Run(t.Context(), c); err != nil || got.Code != 0 {
				t.Fatal(got, err)
			}
			if !bytes.Equal(stdout.Bytes(), c.Stdin) || stderr.String() != "done\n" {
				t.Errorf("got %d bytes and %q, want %d and %q", stdout.Len(), stderr.String(), size, "done\n")
			}
		})
	}
}

func TestRunDoesNotWaitForInputThatNobodyReads(t *testing.T) {
	s := newSpawner(t, process.Options{})
	c := sh("exit 3", nil, nil)
	c.Stdin = make([]byte, 1<<20)
	if got, err := s.Run(t.Context(), c); err != nil || got.Code != 3 {
		t.Fatal(got, err)
	}
}

func TestRunGivesTheEnvironmentAndTheDirectory(t *testing.T) {
	s := newSpawner(t, process.Options{})
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	c := sh(`pwd; env | grep -v -e ^_= -e ^PWD= -e ^SHLVL= | sort`, &stdout, nil)
	c.Dir, c.Env, c.Mark = dir, append(c.Env, "A=b c"), "m1"
	if _, err := s.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want := dir + "\nA=b c\nNIGHTSHIFT_PROCESS=m1\nPATH=" + os.Getenv("PATH") + "\n"
	if diff := cmp.Diff(want, dropLine(stdout.String(), "OLDPWD=")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func dropLine(text, prefix string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, prefix) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestRunSaysWhyAProgramCannotStart(t *testing.T) {
	s := newSpawner(t, process.Options{})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		cmd  process.Cmd
		want string
	}{
		"no program":     {process.Cmd{Path: "/nonexistent/x"}, "start /nonexistent/x: no such file or directory"},
		"not executable": {process.Cmd{Path: file}, "start " + file + ": permission denied"},
		"no directory": {
			process.Cmd{Path: "/bin/sh", Dir: "/nonexistent"},
			"enter the working directory: stat /nonexistent: no such file or directory",
		},
		"directory is a file": {
			process.Cmd{Path: "/bin/sh", Dir: file},
			"enter the working directory: " + file + " is not a directory",
		},
		"too much": {
			process.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", strings.Repeat("x", 200_000)}},
			"start /bin/sh: its arguments and environment are larger than the system allows: argument list too long",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.cmd.Args == nil {
				tt.cmd.Args = []string{"x"}
			}
			_, err := s.Run(t.Context(), &tt.cmd)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestRunStartsNothingWhenItIsTooLate(t *testing.T) {
	s := newSpawner(t, process.Options{})
	cause := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	got, err := s.Run(ctx, &process.Cmd{Path: "/nonexistent"})
	if err != nil || !errors.Is(got.Cause, cause) {
		t.Errorf("got %+v, %v", got, err)
	}
	s.Close()
	if _, err := s.Run(t.Context(), sh("true", nil, nil)); !errors.Is(err, process.ErrClosed) {
		t.Errorf("got %v, want %v", err, process.ErrClosed)
	}
}

func TestOutputArrivesWhileTheProgramRuns(t *testing.T) {
	s := newSpawner(t, process.Options{})
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	var seen atomic.Bool
	c := sh("echo first; cat "+fifo, nil, nil)
	var once sync.Once
	c.Stdout = func(piece []byte) {
		once.Do(func() {
			seen.Store(string(piece) == "first\n")
			// Only now can the program go on.
			if err := os.WriteFile(fifo, []byte("second\n"), 0o600); err != nil {
				t.Error(err)
			}
		})
	}
	if got, err := s.Run(t.Context(), c); err != nil || got.Code != 0 {
		t.Fatal(got, err)
	}
	if !seen.Load() {
		t.Error("the first piece is not the first line")
	}
}

// trees are scripts that start something that is hard to find, and then say
// "ready" and its number.
func trees() map[string]string {
	return map[string]string{
		"a child":                  `sleep 1000 & echo $!; wait`,
		"a child in a session":     `setsid sh -c 'echo $$; exec sleep 1000' & wait`,
		"a daemon":                 `(setsid sh -c 'echo $$; exec sleep 1000' &) ; sleep 1000`,
		"a daemon of a daemon":     `(setsid sh -c '(setsid sh -c "echo \$\$; exec sleep 1000" &)' &) ; sleep 1000`,
		"one that ignores SIGTERM": `sh -c 'trap "" TERM; echo $$; while :; do sleep 0.05; done' & wait`,
		"one that is stopped":      `sh -c 'echo $$; kill -STOP $$' & wait`,
		"one with no environment":  `env -i setsid /bin/sh -c 'echo $$; exec sleep 1000' & wait`,
	}
}

func TestTheWholeTreeEnds(t *testing.T) {
	s := newSpawner(t, process.Options{Grace: 300 * time.Millisecond})
	cause := errors.New("enough")
	for name, script := range trees() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			c := sh(script, nil, nil)
			var pid atomic.Int64
			c.Stdout = func(piece []byte) {
				n, err := strconv.Atoi(strings.TrimSpace(string(piece)))
				if err != nil {
					t.Errorf("no number: %q", piece)
				}
				pid.Store(int64(n))
				cancel(cause)
			}
			got, err := s.Run(ctx, c)
			if err != nil || !errors.Is(got.Cause, cause) || got.Left != 0 {
				t.Errorf("got %+v, %v", got, err)
			}
			if pid.Load() == 0 || alive(int(pid.Load())) {
				t.Errorf("process %d is still there", pid.Load())
			}
		})
	}
}

// alive reports whether a process runs. A zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

func TestAProgramMayEndItselfWithinTheGrace(t *testing.T) {
	s := newSpawner(t, process.Options{Grace: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	var stdout bytes.Buffer
	c := sh(`trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done`, nil, nil)
	c.Stdout = func(piece []byte) { stdout.Write(piece); cancel() }
	got, err := s.Run(ctx, c)
	if err != nil || got.Code != 7 || !errors.Is(got.Cause, context.Canceled) {
		t.Errorf("got %+v, %v", got, err)
	}
	if stdout.String() != "ready\nbye\n" {
		t.Errorf("got %q: what a program prints at its end is lost", stdout.String())
	}
}

func TestAForkBombEnds(t *testing.T) {
	s := newSpawner(t, process.Options{Grace: 10 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	// Each process starts its successor and ends: there is always a new number.
	// The chain has an end of its own, so that a test that fails leaves nothing for ever.
	const link = `trap "" TERM; sleep 0.01; [ "$2" -gt 0 ] && setsid sh -c "$1" sh "$1" $(($2 - 1)) & exit 0`
	c := sh(`setsid sh -c '`+link+`' sh '`+link+`' 2000 & exit 0`, nil, nil)
	c.Mark = "bomb-" + strconv.Itoa(os.Getpid())
	c.Stdout = func([]byte) {}
	s.Run(ctx, c) //nolint:errcheck // what counts is what is left
	if left := process.KillMarked(func(m string) bool { return m == c.Mark }, 0); left != 0 {
		t.Errorf("%d processes are left", left)
	}
	// Who was between two numbers when everybody was looked at would show up now.
	for range 20 {
		if n := marked(t, c.Mark); n > 0 {
			t.Fatalf("%d processes of the chain live on", n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// marked counts the processes that have a mark.
func marked(t *testing.T, mark string) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		env, err := os.ReadFile(file) // one that is gone meanwhile does not count
		if err == nil && bytes.Contains(env, []byte("="+mark+"\x00")) {
			n++
		}
	}
	return n
}

func TestADaemonIsLeftAloneAndNotWaitedFor(t *testing.T) {
	s := newSpawner(t, process.Options{WaitDelay: 100 * time.Millisecond})
	var stdout bytes.Buffer
	c := sh(`sleep 1000 & echo $!`, &stdout, nil)
	c.Mark = "daemon-" + strconv.Itoa(os.Getpid())
	got, err := s.Run(t.Context(), c)
	if diff := cmp.Diff(process.Exit{Detached: true}, got); diff != "" || err != nil {
		t.Fatalf("%v, -want +got:\n%s", err, diff)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(stdout.String()))
	if err != nil || !alive(pid) {
		t.Errorf("process %q is gone (%v)", stdout.String(), err)
	}

	if left := process.KillMarked(func(m string) bool { return m == c.Mark }, time.Second); left != 0 {
		t.Errorf("%d are left", left)
	}
	if alive(pid) {
		t.Errorf("process %d is still there", pid)
	}
}

func TestManyAtOnce(t *testing.T) {
	s := newSpawner(t, process.Options{})
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			var stdout bytes.Buffer
			got, err := s.Run(t.Context(), sh(fmt.Sprintf("echo %d; exit %d", i, i), &stdout, nil))
			if err != nil || got.Code != i || stdout.String() != fmt.Sprintln(i) {
				t.Errorf("run %d: %+v, %v, %q", i, got, err, stdout.String())
			}
		})
	}
	all.Wait()
}

func BenchmarkRunTrue(b *testing.B) {
	s := newSpawner(b, process.Options{})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c := &process.Cmd{Path: "/bin/true", Args: []string{"true"}, Stdout: func([]byte) {}, Stderr: func([]byte) {}}
			if got, err := s.Run(b.Context(), c); err != nil || got.Code != 0 {
				b.Error(got, err)
			}
		}
	})
}

func BenchmarkForkExecTrue(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{})
			if err != nil {
				b.Error(err)
				return
			}
			var status syscall.WaitStatus
			if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
				b.Error(err)
			}
		}
	})
}
