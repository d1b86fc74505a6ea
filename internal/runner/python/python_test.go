package python_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system is the machine's own Python for everybody.
type system struct{ dir string }

func (s system) Environment(_ context.Context, pack, _ string) (python.Environment, error) {
	if pack == "broken" {
		return python.Environment{Key: "broken", Python: filepath.Join(s.dir, "no-python")}, nil
	}
	return python.Environment{Key: "system", Python: interpreter()}, nil
}

func interpreter() string {
	for _, path := range []string{"/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return "python3"
}

const kept = 64 << 10

func newRunner(t testing.TB, opts python.Options) *python.Runner {
	t.Helper()
	dir := t.TempDir()
	shim, err := python.InstallShim(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := process.New(process.Options{Grace: 300 * time.Millisecond, WaitDelay: 300 * time.Millisecond})
	opts.Grace, opts.WaitDelay = 300*time.Millisecond, 300*time.Millisecond
	r := python.New(p, shim, system{dir}, opts)
	t.Cleanup(func() { r.Close(); p.Close() })
	return r
}

var ids atomic.Int64

// action returns a task for an action of a pack with these files. The first is
// the action.
func action(t testing.TB, files ...string) runner.Task {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return runner.Task{
		ExecutionID: fmt.Sprintf("%08x%016x", os.Getpid(), ids.Add(1)), Action: "examples.it", Pack: "examples", User: "ann",
		EntryPoint: filepath.Join(dir, files[0]), ContentDir: dir,
		RunnerParameters: value.NewDict(), ActionParameters: value.NewDict(),
	}
}

// body returns a task for an action whose run has these lines.
func body(t testing.TB, lines string) runner.Task {
	text := "from st2common.runners.base_action import Action\n\n\nclass It(Action):\n    def run(self, **kwargs):\n"
	for line := range strings.Lines(lines) {
		text += "        " + line
	}
	return action(t, "actions/it.py", text+"\n")
}

func run(t testing.TB, r runner.Runner, task runner.Task) runner.Outcome {
	t.Helper()
	return r.Run(t.Context(), task, runner.Discard{})
}

func get(o runner.Outcome, key string) value.Value {
	d, _ := o.Result.(*value.Dict)
	if d == nil {
		return nil
	}
	v, _ := d.Get(key)
	return v
}

func text(o runner.Outcome, key string) string {
	s, _ := get(o, key).(string)
	return s
}

func TestPythonIsARunner(t *testing.T) {
	runnertest.Run(t, runnertest.Harness{
		New:  func(t *testing.T) runner.Runner { return newRunner(t, python.Options{MaxOutput: kept}) },
		Good: func(t *testing.T) runner.Task { return body(t, "return 1") },
		Bad:  func(t *testing.T) runner.Task { return body(t, "return False, 'no'") },
		Long: func(t *testing.T) (runner.Task, <-chan struct{}) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			underWay := make(chan struct{})
			go func() {
				if f, err := os.Open(fifo); err == nil { // opens when the action does
					_ = f.Close()
				}
				close(underWay)
			}()
			t.Cleanup(func() { // for who timed out before
				if f, err := os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
					_ = f.Close()
				}
				<-underWay
			})
			return body(t, "import time\nopen("+value.Repr(fifo)+", 'w').close()\ntime.sleep(1000)"), underWay
		},
		Timeout: func(task *runner.Task, seconds float64) { task.RunnerParameters.Set("timeout", seconds) },
		Script: func(t *testing.T, script string) runner.Task {
			return body(t, "import os\nos.execvp('sh', ['sh', '-c', "+value.Repr(script)+"])")
		},
		MaxOutput: kept,
		Part: func(result value.Value) value.Value { // results keep the last newline, as StackStorm's do
			part := value.Copy(result).(*value.Dict)
			for _, stream := range []string{"stdout", "stderr"} {
				if v, _ := part.Get(stream); v != nil {
					part.Set(stream, strings.TrimSuffix(v.(string), "\n"))
				}
			}
			return part
		},
	})
}

func TestResultsAreThoseOfTheReference(t *testing.T) {
	r := newRunner(t, python.Options{MaxResult: 1 << 20})
	tests := map[string]struct {
		lines  string
		status execution.Status
		want   string // the result as Python writes it
	}{
		"data":            {"return {'a': [1, 2.5, None, True, 'ž']}", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': {'a': [1, 2.5, None, True, 'ž']}}"},
		"nothing":         {"pass", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': None}"},
		"false is data":   {"return False", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': False}"},
		"true, data":      {"return True, 'x'", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': 'x'}"},
		"false, data":     {"return (False, {'why': 1})", execution.Failed, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': {'why': 1}}"},
		"none, data":      {"return None, 3", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': 3}"},
		"three":           {"return True, 1, 2", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': [True, 1, 2]}"},
		"prints":          {"import sys\nprint('out')\nprint('err', file=sys.stderr)\nreturn 1", execution.Succeeded, `{'stdout': 'out\n', 'stderr': 'err\n', 'exit_code': 0, 'result': 1}`},
		"no number":       {"return [float('nan'), {'x': float('inf')}, 1.5]", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': [None, {'x': None}, 1.5]}"},
		"no JSON":         {"return [{1, }, 2]", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': '[{1}, 2]'}"},
		"no JSON, status": {"return True, b'x'", execution.Succeeded, `{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': "b'x'"}`},
		"circle":          {"a = []\na.append(a)\nreturn a", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': '[[...]]'}"},
		"time":            {"import datetime\nreturn datetime.datetime(2020, 1, 2, 3, 4, 5)", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': '2020-01-02T03:04:05'}"},
		"huge number":     {"return 2 ** 80", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': 1208925819614629174706176}"},
		"half a letter":   {`return '\ud83d'`, execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': '\ufffd'}"},
		"exit":            {"import sys\nsys.exit(0)", execution.Succeeded, "{'stdout': '', 'stderr': '', 'exit_code': 0, 'result': 'None'}"},
		"exit 3":          {"import sys\nprint('x')\nsys.exit(3)", execution.Failed, `{'stdout': 'x\n', 'stderr': '', 'exit_code': 3, 'result': 'None'}`},
		"exit text":       {"import sys\nsys.exit('no way')", execution.Failed, `{'stdout': '', 'stderr': 'no way\n', 'exit_code': 1, 'result': 'None'}`},
		"os exit":         {"import os\nos._exit(7)", execution.Failed, `{'stdout': '', 'stderr': '', 'exit_code': 7, 'result': 'None'}`},
		"thread":          {"import threading, time\nt = threading.Thread(target=lambda: (time.sleep(0.05), print('later')))\nt.start()\nreturn 1", execution.Succeeded, `{'stdout': 'later\n', 'stderr': '', 'exit_code': 0, 'result': 1}`},
		"at exit":         {"import atexit\natexit.register(print, 'bye')\nreturn 1", execution.Succeeded, `{'stdout': 'bye\n', 'stderr': '', 'exit_code': 0, 'result': 1}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, r, body(t, tt.lines))
			if diff := cmp.Diff(tt.want, value.Repr(got.Result)); diff != "" || got.Status != tt.status {
				t.Errorf("got %s, want %s; -want +got:\n%s", got.Status, tt.status, diff)
			}
		})
	}
	t.Run("status that is none", func(t *testing.T) {
		got := run(t, r, body(t, "return 'web-1', 'web-2'"))
		if got.Status != execution.Failed || !strings.Contains(text(got, "error"), "'web-1'") {
			t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
		}
	})
	t.Run("too large", func(t *testing.T) {
		got := run(t, r, body(t, "return 'x' * (2 << 20)"))
		if got.Status != execution.Failed || !strings.Contains(text(got, "error"), "2097") {
			t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
		}
	})
	t.Run("exception", func(t *testing.T) {
		got := run(t, r, body(t, "raise KeyError('lost')"))
		const wanted = "Traceback (most recent call last):\n  File \""
		if got.Status != execution.Failed || get(got, "exit_code") != int64(1) || get(got, "result") != "None" ||
			!strings.HasSuffix(text(got, "stderr"), "KeyError: 'lost'\n") || !strings.HasPrefix(text(got, "stderr"), wanted) ||
			strings.Contains(text(got, "stderr"), "zygote") {
			t.Errorf("got %s: %s", got.Status, text(got, "stderr"))
		}
	})
}

func TestActionsGetWhatTheyExpect(t *testing.T) {
	r := newRunner(t, python.Options{Env: []string{"PATH=/usr/bin:/bin", "SERVER=1"}})
	task := action(t, "actions/it.py", `
import logging
import os
import sys
from st2actions.runners.pythonrunner import Action
from lib.inner import inner       # actions is on the path
import deep                       # and actions/lib
import sibling
import common                     # lib of the pack
import json                       # there is a json.py beside this file


class It(Action):
    def __init__(self, config):
        super(It, self).__init__(config)

    def run(self, a, b, log_level=None):
        self.logger.debug("not this")
        self.logger.warning("but this")
        assert json.dumps([]) == "[]"
        wrapper = self.action_service._action_wrapper
        try:
            self.config["none"]
        except ValueError as e:
            missing = str(e)
        return {
            "a": a, "b": b, "config": dict(self.config), "missing": missing,
            "imports": [inner, deep.deep, sibling.sibling, common.common],
            "pack": wrapper._pack, "user": wrapper._user, "argv": sys.argv,
            "env": {k: os.environ.get(k) for k in ("SERVER", "MINE", "ST2_ACTION_PACK_NAME", "ST2_API_URL", "ST2_AUTH_TOKEN")},
            "cwd": os.getcwd(), "stdin": sys.stdin.read(), "leader": os.getsid(0) == os.getpid(),
        }
`,
		"actions/lib/__init__.py", "", "actions/lib/inner.py", "import deep\ninner = deep.deep + 1\n", "actions/lib/deep.py", "deep = 1\n",
		"actions/sibling.py", "sibling = 3\n", "actions/json.py", "raise RuntimeError\n", "lib/common.py", "common = 4\n")
	task.ActionParameters.Set("a", "ž")
	task.ActionParameters.Set("b", nil)
	task.Config = value.NewDict()
	task.Config.Set("key", "secret")
	env := value.NewDict()
	env.Set("MINE", "2")
	env.Set("PYTHONPATH", "/tmp/evil")
	task.RunnerParameters.Set("env", env)
	task.RunnerParameters.Set("log_level", "INFO")
	task.Env = map[string]string{
		"ST2_ACTION_PACK_NAME": "examples", "ST2_ACTION_API_URL": "http://127.0.0.1:1", "ST2_ACTION_AUTH_TOKEN": "tok",
	}
	got := run(t, r, task)
	want := "{'a': 'ž', 'b': None, 'config': {'key': 'secret'}, " +
		"'missing': 'Config for pack \"examples\" is missing key \"none\". Set it with: nightshift pack config examples', " +
		"'imports': [2, 1, 3, 4], 'pack': 'examples', 'user': 'ann', 'argv': [" + value.Repr(task.EntryPoint) + "], " +
		"'env': {'SERVER': '1', 'MINE': '2', 'ST2_ACTION_PACK_NAME': 'examples', 'ST2_API_URL': 'http://127.0.0.1:1/v1', 'ST2_AUTH_TOKEN': 'tok'}, " +
		"'cwd': '/', 'stdin': '', 'leader': True}"
	if diff := cmp.Diff(want, value.Repr(get(got, "result"))); diff != "" {
		t.Errorf("%s\n-want +got:\n%s", text(got, "stderr"), diff)
	}
	if want := "st2.actions.python.It: WARNING  but this\n"; text(got, "stderr") != want {
		t.Errorf("stderr is %q, want %q", text(got, "stderr"), want)
	}
}

func TestClassesAreFoundByWhatTheyCanDo(t *testing.T) {
	r := newRunner(t, python.Options{})
	tests := map[string]struct{ file, want string }{
		"own class":           {"class Action(object):\n    def __init__(self, config=None, action_service=None):\n        self.s = action_service\n    def run(self):\n        return self.s is not None\n", "True"},
		"first in name order": {"class B(object):\n    def __init__(self, config):\n        pass\n    def run(self):\n        return 'B'\nclass A(B):\n    def run(self):\n        return 'A'\n", "'A'"},
		"not the abstract":    {"import abc\nfrom st2common.runners.base_action import Action\nclass Base(Action):\n    pass\nclass Real(Base):\n    def run(self):\n        return 'real'\n", "'real'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, r, action(t, "actions/it.py", tt.file))
			if value.Repr(get(got, "result")) != tt.want {
				t.Errorf("got %s", value.Repr(got.Result))
			}
		})
	}
	for name, tt := range map[string]struct{ file, want string }{
		"no class":   {"x = 1\n", "it.py defines no class that has a method run"},
		"no syntax":  {"def x(:\n", "SyntaxError"},
		"no import":  {"import no_such_library\n", "No module named 'no_such_library'"},
		"raises":     {"1 / 0\n", "ZeroDivisionError"},
		"wants more": {"class It(object):\n    def __init__(self, config, x):\n        pass\n    def run(self):\n        pass\n", "required positional argument: 'x'"},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, r, action(t, "actions/it.py", tt.file))
			if got.Status != execution.Failed || !strings.Contains(text(got, "stderr"), tt.want) {
				t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
			}
		})
	}
	missing := body(t, "pass")
	missing.EntryPoint += "x.py"
	if got := run(t, r, missing); !strings.Contains(text(got, "stderr"), "does not exist") {
		t.Errorf("got %s", value.Repr(got.Result))
	}
}

func TestBadActionsEndAlone(t *testing.T) {
	r := newRunner(t, python.Options{MaxOutput: kept})
	fine := func() {
		t.Helper()
		if got := run(t, r, body(t, "return 1")); got.Status != execution.Succeeded {
			t.Fatalf("the next action ended with %s: %s", got.Status, value.Repr(got.Result))
		}
	}
	t.Run("binary", func(t *testing.T) {
		got := run(t, r, body(t, `import sys; sys.stdout.buffer.write(b'a\xff\x00b')`))
		if got.Status != execution.Succeeded || text(got, "stdout") != "a\ufffd\x00b" {
			t.Errorf("got %s", value.Repr(got.Result))
		}
	})
	t.Run("a lot of output", func(t *testing.T) {
		got := run(t, r, body(t, "import os\nfor _ in range(1600):\n    os.write(1, b'x' * 65536)\nreturn 1"))
		if got.Status != execution.Succeeded || len(text(got, "stdout")) > 2*kept || get(got, "truncated") == nil {
			t.Errorf("got %s with %d bytes", got.Status, len(text(got, "stdout")))
		}
	})
	t.Run("signal", func(t *testing.T) {
		got := run(t, r, body(t, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"))
		if got.Status != execution.Failed || get(got, "exit_code") != int64(-11) || !strings.Contains(text(got, "error"), "signal 11") {
			t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
		}
	})
	t.Run("daemon", func(t *testing.T) {
		got := run(t, r, body(t, "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(30)\n    os._exit(0)\nreturn 'left'"))
		if got.Status != execution.Succeeded || get(got, "result") != "left" {
			t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
		}
	})
	fine()
}

func TestAZygoteThatDiesIsReplaced(t *testing.T) {
	r := newRunner(t, python.Options{})
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	bystander := make(chan runner.Outcome, 1)
	task := body(t, "import subprocess, time\nopen("+value.Repr(fifo)+", 'w').close()\ntime.sleep(1000)")
	go func() { bystander <- r.Run(context.Background(), task, runner.Discard{}) }()
	f, err := os.Open(fifo) // it runs
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	killer := run(t, r, body(t, "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time\ntime.sleep(1000)"))
	for name, got := range map[string]runner.Outcome{"killer": killer, "bystander": <-bystander} {
		if got.Status != execution.Failed || !strings.Contains(text(got, "error"), "died while the action ran") {
			t.Errorf("%s: got %s: %s", name, got.Status, value.Repr(got.Result))
		}
	}
	if got := run(t, r, body(t, "return 1")); got.Status != execution.Succeeded {
		t.Errorf("the next action ended with %s: %s", got.Status, value.Repr(got.Result))
	}
}

func TestAPythonThatCannotStartIsSaid(t *testing.T) {
	r := newRunner(t, python.Options{})
	task := body(t, "return 1")
	task.Pack = "broken"
	got := run(t, r, task)
	if got.Status != execution.Failed || !strings.Contains(text(got, "error"), "no-python") {
		t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
	}
}

func TestActionsRunAtAnotherRevision(t *testing.T) {
	r := newRunner(t, python.Options{})
	task := action(t, "actions/it.py", "from lib.word import word\nclass It(object):\n    def __init__(self, config):\n        pass\n"+
		"    def run(self):\n        return word\n", "actions/lib/word.py", "word = 'old'\n")
	git := func(args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), "git", append([]string{"-C", task.ContentDir, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "-m", "one")
	git("tag", "v1")
	if err := os.WriteFile(filepath.Join(task.ContentDir, "actions", "lib", "word.py"), []byte("word = 'new, and longer'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{"": "new, and longer", "v1": "old"} {
		task.RunnerParameters.Set("content_version", version)
		if got := run(t, r, task); get(got, "result") != want {
			t.Errorf("%q: got %s", version, value.Repr(got.Result))
		}
	}
	task.RunnerParameters.Set("content_version", "v9")
	if got := run(t, r, task); got.Status != execution.Failed || !strings.Contains(text(got, "error"), `take revision "v9" of pack "examples"`) {
		t.Errorf("v9: got %s", value.Repr(got.Result))
	}
}

func TestIdleZygotesEnd(t *testing.T) {
	r := newRunner(t, python.Options{Idle: time.Millisecond})
	parent := func() value.Value { return get(run(t, r, body(t, "import os\nreturn os.getppid()")), "result") }
	first := parent()
	for range 1000 {
		if syscall.Kill(int(first.(int64)), 0) != nil {
			if second := parent(); second == first || second == nil {
				t.Errorf("the second is %v", second)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it is still there")
}

func TestChildrenTeachTheirZygote(t *testing.T) {
	r := newRunner(t, python.Options{})
	task := body(t, "import sys\nthere = 'xml.dom.minidom' in sys.modules\nimport xml.dom.minidom\nreturn there")
	for range 1000 {
		if get(run(t, r, task), "result") == true {
			return
		}
	}
	t.Error("it does not learn")
}

func BenchmarkActions(b *testing.B) {
	r := newRunner(b, python.Options{})
	task := body(b, "return 1")
	run(b, r, task)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if got := run(b, r, task); got.Status != execution.Succeeded {
				b.Error(value.Repr(got.Result))
			}
		}
	})
}
