// Package runnertest holds the conformance suite that every [runner.Runner]
// must pass.
//
// Runners can do different things. A harness says what its runner can do by
// the fields that it fills; what a runner lacks is not checked, and nothing is
// skipped in silence: a field is either there or it is not.
package runnertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// A Harness makes runners and tasks for the suite.
type Harness struct {
	// New returns a runner that lives until the test ends.
	New func(t *testing.T) runner.Runner
	// Good returns a task that succeeds.
	Good func(t *testing.T) runner.Task
	// Waits says that good tasks end as pending, since the rest is up to somebody else.
	Waits bool
	// Bad returns a task that fails. Nil if no task of the runner can.
	Bad func(t *testing.T) runner.Task
	// Long returns a task that takes longer than the test, and a channel that is
	// closed, or gets something, when it is under way. Nil if none can.
	Long func(t *testing.T) (runner.Task, <-chan struct{})
	// Timeout sets how long a task may take. Nil if the runner has no timeout.
	Timeout func(t *runner.Task, seconds float64)
	// Script returns a task that runs a script of sh. Nil if the runner starts no
	// programs on this machine.
	Script func(t *testing.T, script string) runner.Task
	// MaxOutput is how much of a stream the runners of New keep. It is checked if
	// there are scripts.
	MaxOutput int
	// Environment says whether the parameters env and cwd are heard.
	Environment bool
	// Part returns the part of a result that has what a script printed, for runners
	// that run it in several places. Nil if that is the whole result.
	Part func(result value.Value) value.Value
}

// Run checks that the runners of h keep the promises of [runner.Runner].
func Run(t *testing.T, h Harness) {
	good := execution.Succeeded
	if h.Waits {
		good = execution.Pending
	}
	if h.Part == nil {
		h.Part = func(result value.Value) value.Value { return result }
	}
	t.Run("succeeds", func(t *testing.T) {
		got := h.New(t).Run(t.Context(), h.Good(t), runner.Discard{})
		check(t, got, good)
	})
	t.Run("says what is stopped before it begins", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(runner.ErrCanceled)
		got := h.New(t).Run(ctx, h.Good(t), runner.Discard{})
		// One that does not look at its context may still be done in time.
		if got.Status != good {
			check(t, got, execution.Canceled)
		}
	})
	t.Run("runs many at once", func(t *testing.T) {
		r := h.New(t)
		var all sync.WaitGroup
		for range 8 {
			task := h.Good(t)
			all.Go(func() {
				if got := r.Run(t.Context(), task, runner.Discard{}); got.Status != good {
					t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
				}
			})
		}
		all.Wait()
	})
	if h.Bad != nil {
		t.Run("fails", func(t *testing.T) {
			got := h.New(t).Run(t.Context(), h.Bad(t), runner.Discard{})
			check(t, got, execution.Failed)
		})
	}
	if h.Long != nil {
		runLong(t, h)
	}
	if h.Script != nil {
		runScripts(t, h)
	}
}

func runLong(t *testing.T, h Harness) {
	causes := map[string]struct {
		cause error
		want  execution.Status
	}{
		"is canceled":           {runner.CanceledBy("ann"), execution.Canceled},
		"ends with the server":  {context.Canceled, execution.Abandoned},
		"ends for other causes": {fmt.Errorf("lease lost"), execution.Abandoned},
	}
	for name, tt := range causes {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			task, underWay := h.Long(t)
			done := make(chan runner.Outcome, 1) // so that Run can end after the test gave up
			r := h.New(t)
			go func() { done <- r.Run(ctx, task, runner.Discard{}) }()
			wait(t, underWay, "the action has not begun")
			cancel(tt.cause)
			got := wait(t, done, "the action has not ended")
			check(t, got, tt.want)
			if tt.want == execution.Canceled && text(got.Result, "user") != "ann" {
				t.Errorf("the result does not say who canceled: %s", value.Repr(got.Result))
			}
		})
	}
	if h.Timeout == nil {
		return
	}
	t.Run("times out", func(t *testing.T) {
		task, _ := h.Long(t)
		h.Timeout(&task, 0.3)
		got := h.New(t).Run(t.Context(), task, runner.Discard{})
		check(t, got, execution.Timeout)
		if !strings.Contains(text(h.Part(got.Result), "error"), "0.3") {
			t.Errorf("the result does not say how long it may take: %s", value.Repr(got.Result))
		}
	})
}

func runScripts(t *testing.T, h Harness) {
	t.Run("tells exit codes", func(t *testing.T) {
		for _, code := range []int{0, 1, 42, 255} {
			got := h.New(t).Run(t.Context(), h.Script(t, "exit "+strconv.Itoa(code)), runner.Discard{})
			want := execution.Failed
			if code == 0 {
				want = execution.Succeeded
			}
			check(t, got, want)
			if !strings.Contains(value.Repr(got.Result), fmt.Sprintf("_code': %d", code)) {
				t.Errorf("%d is not in %s", code, value.Repr(got.Result))
			}
		}
	})
	t.Run("keeps streams apart", func(t *testing.T) {
		out := newRecorder()
		got := h.New(t).Run(t.Context(), h.Script(t, "echo one; echo two >&2"), out)
		check(t, got, execution.Succeeded)
		if text(h.Part(got.Result), "stdout") != "one" || text(h.Part(got.Result), "stderr") != "two" {
			t.Errorf("got %s", value.Repr(got.Result))
		}
		if out.text(runner.Stdout) != "one\n" || out.text(runner.Stderr) != "two\n" {
			t.Errorf("handed over %q and %q", out.text(runner.Stdout), out.text(runner.Stderr))
		}
	})
	t.Run("hands output over while it runs", func(t *testing.T) {
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(fifo, 0o666); err != nil {
			t.Fatal(err)
		}
		out := newRecorder()
		var once sync.Once
		out.heard = func() {
			once.Do(func() { // the script can't go on before
				if err := os.WriteFile(fifo, []byte("second\n"), 0o600); err != nil {
					t.Error(err)
				}
			})
		}
		got := h.New(t).Run(t.Context(), h.Script(t, "echo first; cat "+fifo), out)
		check(t, got, execution.Succeeded)
		if out.text(runner.Stdout) != "first\nsecond\n" {
			t.Errorf("handed over %q", out.text(runner.Stdout))
		}
	})
	t.Run("ends the whole tree when canceled", func(t *testing.T) {
		for name, script := range map[string]string{
			"child":   "sleep 1000 & echo $!; wait",
			"session": "setsid sh -c 'echo $$; exec sleep 1000' & wait",
			"daemon":  "(setsid sh -c 'echo $$; exec sleep 1000' &); sleep 1000",
		} {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				out := newRecorder()
				out.heard = func() { cancel(runner.ErrCanceled) }
				got := h.New(t).Run(ctx, h.Script(t, script), out)
				check(t, got, execution.Canceled)
				printed := strings.TrimSpace(out.text(runner.Stdout))
				pid, err := strconv.Atoi(printed)
				if err != nil || alive(pid) {
					t.Errorf("process %q is still there (%v)", printed, err)
				}
				if !strings.Contains(value.Repr(got.Result), printed) {
					t.Errorf("what it printed is not in %s", value.Repr(got.Result))
				}
			})
		}
	})
	t.Run("keeps what was printed before the time was up", func(t *testing.T) {
		task := h.Script(t, "echo so far; echo and so on >&2; sleep 1000")
		h.Timeout(&task, 1.5) // enough to start a shell on a busy machine
		got := h.New(t).Run(t.Context(), task, runner.Discard{})
		check(t, got, execution.Timeout)
		if text(h.Part(got.Result), "stdout") != "so far" || text(h.Part(got.Result), "stderr") != "and so on" {
			t.Errorf("got %s", value.Repr(got.Result))
		}
	})
	t.Run("does not wait for what runs on in the background", func(t *testing.T) {
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(fifo, 0o666); err != nil {
			t.Fatal(err)
		}
		// It holds the output open until the test is over.
		got := h.New(t).Run(t.Context(), h.Script(t, "cat "+fifo+" & echo started"), runner.Discard{})
		check(t, got, execution.Succeeded)
		if text(h.Part(got.Result), "stdout") != "started" {
			t.Errorf("got %s", value.Repr(got.Result))
		}
		if err := os.WriteFile(fifo, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("bounds what it keeps", func(t *testing.T) {
		size := 3*h.MaxOutput + 1
		got := h.New(t).Run(t.Context(), h.Script(t, fmt.Sprintf("head -c %d /dev/zero | tr '\\0' x; printf END", size)), runner.Discard{})
		check(t, got, execution.Succeeded)
		kept := text(h.Part(got.Result), "stdout")
		if len(kept) > h.MaxOutput+200 || !strings.HasPrefix(kept, "xxx") || !strings.HasSuffix(kept, "xEND") {
			t.Errorf("kept %d bytes", len(kept))
		}
		dropped := strconv.Itoa(size + len("END") - h.MaxOutput)
		if !strings.Contains(kept, dropped) || !strings.Contains(value.Repr(got.Result), "'truncated': {'stdout': "+dropped+"}") {
			t.Errorf("the result does not say that %s bytes are missing", dropped)
		}
	})
	t.Run("makes text of what is no UTF-8", func(t *testing.T) {
		out := newRecorder()
		got := h.New(t).Run(t.Context(), h.Script(t, `printf 'a\377\342\202b'`), out)
		check(t, got, execution.Succeeded)
		const want = "a\ufffd\ufffdb"
		if text(h.Part(got.Result), "stdout") != want || out.text(runner.Stdout) != want {
			t.Errorf("got %q and %s, want %q", out.text(runner.Stdout), value.Repr(got.Result), want)
		}
	})
	if !h.Environment {
		return
	}
	t.Run("gives the environment", func(t *testing.T) {
		task := h.Script(t, `printf '%s|%s|%s' "$MINE" "$ST2_ACTION_PACK_NAME" "$EMPTY"`)
		env := value.NewDict()
		env.Set("MINE", "a b'c")
		env.Set("ST2_ACTION_PACK_NAME", "not this")
		env.Set("EMPTY", nil)
		task.RunnerParameters.Set("env", env)
		task.Env = map[string]string{"ST2_ACTION_PACK_NAME": "examples"}
		got := h.New(t).Run(t.Context(), task, runner.Discard{})
		check(t, got, execution.Succeeded)
		if text(h.Part(got.Result), "stdout") != "a b'c|examples|" {
			t.Errorf("got %s", value.Repr(got.Result))
		}
	})
	t.Run("works in a folder", func(t *testing.T) {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		task := h.Script(t, "pwd -P")
		task.RunnerParameters.Set("cwd", dir)
		got := h.New(t).Run(t.Context(), task, runner.Discard{})
		check(t, got, execution.Succeeded)
		if text(h.Part(got.Result), "stdout") != dir {
			t.Errorf("got %s, want %s", value.Repr(got.Result), dir)
		}
		task.RunnerParameters.Set("cwd", filepath.Join(dir, "none"))
		got = h.New(t).Run(t.Context(), task, runner.Discard{})
		check(t, got, execution.Failed)
		if !strings.Contains(value.Repr(got.Result), filepath.Join(dir, "none")) {
			t.Errorf("the result does not name the folder: %s", value.Repr(got.Result))
		}
	})
}

// check checks what is true of every outcome.
func check(t *testing.T, got runner.Outcome, want execution.Status) {
	t.Helper()
	if got.Status != want {
		t.Fatalf("got %s, want %s: %s", got.Status, want, value.Repr(got.Result))
	}
	b, err := value.ToJSON(got.Result)
	if err != nil || !utf8.Valid(b) {
		t.Errorf("the result can't be stored: %v", err)
	}
}

// text returns an entry of a result that is text, or "".
func text(result value.Value, key string) string {
	d, _ := result.(*value.Dict)
	if d == nil {
		return ""
	}
	v, _ := d.Get(key)
	s, _ := v.(string)
	return s
}

// alive reports whether a process runs. A zombie does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func wait[T any](t *testing.T, c <-chan T, otherwise string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second): // generous: only a failure waits
		t.Fatal(otherwise)
		panic("unreachable")
	}
}

// recorder collects what is printed.
type recorder struct {
	heard func() // called after each piece; may be nil

	mu      sync.Mutex
	streams map[runner.Stream]string // guarded by mu
}

func newRecorder() *recorder { return &recorder{streams: map[runner.Stream]string{}} }

// Print implements [runner.Output].
func (r *recorder) Print(s runner.Stream, data string) {
	r.mu.Lock()
	r.streams[s] += data
	r.mu.Unlock()
	if r.heard != nil {
		r.heard()
	}
}

func (r *recorder) text(s runner.Stream) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.streams[s]
}
