package shell_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
	"github.com/nightshift-run/nightshift/internal/runner/shell"
)

func newShell(t testing.TB, opts shell.Options) *shell.Shell {
	p := process.New(process.Options{Grace: 300 * time.Millisecond, WaitDelay: 300 * time.Millisecond})
	t.Cleanup(p.Close)
	return shell.New(p, opts)
}

// dict returns a dict of keys and values.
func dict(pairs ...value.Value) *value.Dict {
	d := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i].(string), pairs[i+1])
	}
	return d
}

func command(cmd string, params ...value.Value) runner.Task {
	t := runner.Task{
		ExecutionID: "e" + fmt.Sprint(len(cmd)), Action: "core.local", Pack: "core",
		RunnerParameters: dict(params...), ActionParameters: value.NewDict(),
	}
	t.RunnerParameters.Set("cmd", cmd)
	return t
}

// script returns a task for a script of a pack.
func script(t *testing.T, text string, mode os.FileMode) runner.Task {
	dir := t.TempDir()
	path := filepath.Join(dir, "actions", "it's a script")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return runner.Task{
		ExecutionID: "e1", Action: "p.script", Pack: "p", EntryPoint: path, ContentDir: dir,
		RunnerParameters: value.NewDict(), ActionParameters: value.NewDict(),
	}
}

const kept = 64 << 10

func TestCommandsAreARunner(t *testing.T) {
	runnertest.Run(t, harness(
		func(s *shell.Shell) runner.Runner { return s.Commands() },
		func(_ *testing.T, text string) runner.Task { return command(text) }))
}

func TestScriptsAreARunner(t *testing.T) {
	runnertest.Run(t, harness(
		func(s *shell.Shell) runner.Runner { return s.Scripts() },
		func(t *testing.T, text string) runner.Task { return script(t, "#!/bin/sh\n"+text, 0o644) }))
}

func harness(pick func(*shell.Shell) runner.Runner, task func(*testing.T, string) runner.Task) runnertest.Harness {
	return runnertest.Harness{
		New:  func(t *testing.T) runner.Runner { return pick(newShell(t, shell.Options{MaxOutput: kept})) },
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
	}
}

func TestResultsAreThoseOfStackStorm(t *testing.T) {
	s := newShell(t, shell.Options{}).Commands()
	tests := map[string]struct {
		task   runner.Task
		status execution.Status
		want   string
	}{
		"text": {
			command("echo hello; echo"), execution.Succeeded,
			`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 'hello\n', 'stderr': ''}`,
		},
		"carriage return": {
			command(`printf 'a\r\n\r\n'`), execution.Succeeded,
			`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 'a\r\n', 'stderr': ''}`,
		},
		"number": {
			command("echo 7; echo true >&2"), execution.Succeeded,
			`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 7, 'stderr': True}`,
		},
		"object": {
			command(`echo '{"b": [1, 2.0], "a": null}'; exit 3`), execution.Failed,
			`{'failed': True, 'succeeded': False, 'return_code': 3, 'stdout': {'b': [1, 2.0], 'a': None}, 'stderr': ''}`,
		},
		"bash": {
			command(`x=(a b); [[ ${x[1]} == b* ]] && echo -n "${#x[@]}"`), execution.Succeeded,
			`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 2, 'stderr': ''}`,
		},
		"no such command": {
			command("nonexistent-command 2>/dev/null"), execution.Failed,
			`{'failed': True, 'succeeded': False, 'return_code': 127, 'stdout': '', 'stderr': ''}`,
		},
		"timeout": {
			command("echo 1; exec sleep 1000", "timeout", 1.5), execution.Timeout,
			`{'failed': True, 'succeeded': False, 'return_code': -9, 'stdout': 1, 'stderr': '', 'error': 'Action failed to complete in 1.5 seconds'}`,
		},
		"killed": {
			command("kill -9 $$"), execution.Timeout,
			`{'failed': True, 'succeeded': False, 'return_code': -9, 'stdout': '', 'stderr': '', 'error': 'The command was ended by SIGKILL, which did not come from its timeout.'}`,
		},
		"terminated": {
			command("kill $$"), execution.Abandoned,
			`{'failed': True, 'succeeded': False, 'return_code': -15, 'stdout': '', 'stderr': '', 'error': 'The command was ended by SIGTERM, which did not come from the server.'}`,
		},
		"wrong password for sudo": {
			command(`echo '[sudo] password for bar: 
sudo: 2 incorrect password attempts' >&2; exit 1`, "sudo_password", "x"),
			execution.Failed,
			`{'failed': True, 'succeeded': False, 'return_code': -1, 'stdout': '', 'stderr': '[sudo] password for bar: \nsudo: 2 incorrect password attempts', 'error': 'Invalid sudo password provided or sudo is not configured for this user (bar)'}`,
		},
		"password is the input": {
			command(`read -r a; echo "$a"`, "sudo_password", `$udo p'as"s`), execution.Succeeded,
			`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': '$udo p\'as"s', 'stderr': ''}`,
		},
		"no input": {
			command(`cat; echo end`), execution.Succeeded,
			`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 'end', 'stderr': ''}`,
		},
		"no command": {
			func() runner.Task { x := command(""); x.RunnerParameters.Set("cmd", nil); return x }(), execution.Failed,
			`{'error': 'there is nothing to run: the parameter cmd is not given', 'traceback': ''}`,
		},
		"no number": {
			command("true", "timeout", "soon"), execution.Failed,
			`{'error': "timeout is a str ('soon'), not a number of seconds", 'traceback': ''}`,
		},
		"env is no object": {
			command("true", "env", "A=b"), execution.Failed,
			`{'error': 'env is a str, not an object', 'traceback': ''}`,
		},
		"env with a name that is none": {
			command("true", "env", dict("A=B", "c")), execution.Failed,
			`{'error': 'env: "A=B" can\'t be the name of an environment variable', 'traceback': ''}`,
		},
		"NUL in the command": {
			command("echo a\x00b"), execution.Failed,
			`{'error': 'start BASH: its arguments or environment hold a NUL character: invalid argument', 'traceback': ''}`,
		},
		"debug is said": {
			command("echo $ST2_ACTION_DEBUG"), execution.Succeeded,
			`{'failed': False, 'succeeded': True, 'return_code': 0, 'stdout': 'False', 'stderr': ''}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := s.Run(t.Context(), tt.task, runner.Discard{})
			text := value.Repr(got.Result)
			for _, bash := range []string{"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh"} {
				text = strings.ReplaceAll(text, "start "+bash, "start BASH")
			}
			if got.Status != tt.status || text != tt.want {
				t.Errorf("got %s, want %s; -want +got:\n%s", got.Status, tt.status, cmp.Diff(tt.want, text))
			}
		})
	}
}

func TestScriptsGetTheirArguments(t *testing.T) {
	task := script(t, "#!/bin/sh\nfor a; do printf '<%s>' \"$a\"; done", 0o755)
	task.RunnerParameters.Set("kwarg_op", "-")
	task.Schema = dict(
		"b", dict("type", "boolean", "position", int64(1)),
		"a", dict("type", "string", "position", int64(0)),
		"n", dict("type", "integer", "position", int64(2)),
		"x", dict("type", "array"), "flag", dict("type", "boolean"), "off", dict("type", "boolean"))
	task.ActionParameters = dict("x", value.NewList("it's", dict("k", true)), "a", "one two", "b", true,
		"flag", true, "off", false, "none", nil, "n", int64(0), "empty", "")
	got := newShell(t, shell.Options{}).Scripts().Run(t.Context(), task, runner.Discard{})
	stdout, _ := got.Result.(*value.Dict).Get("stdout")
	const want = `<-x=["it's", {'k': True}]><-flag><one two><1><>`
	if stdout != want {
		t.Errorf("got %v, want %s", stdout, want)
	}
}

func TestScriptsNeedNoBitAndAnyInterpreter(t *testing.T) {
	s := newShell(t, shell.Options{Env: os.Environ()}).Scripts()
	tests := map[string]struct {
		text, want string
	}{
		"sh":                  {"#!/bin/sh\necho $0 | grep -c script", "1"},
		"with an argument":    {"#!/bin/sh -e\nfalse\necho not here", ""},
		"with spaces":         {"#! /usr/bin/env sh\necho ok", "ok"},
		"of another language": {"#!/usr/bin/perl\nprint 'perl';", "perl"},
		"without a line":      {"echo ${BASH_VERSION:+bash}", "bash"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			task := script(t, tt.text, 0o644)
			got := s.Run(t.Context(), task, runner.Discard{})
			stdout, _ := got.Result.(*value.Dict).Get("stdout")
			if value.Str(stdout) != tt.want {
				t.Errorf("got %s", value.Repr(got.Result))
			}
			if info, err := os.Stat(task.EntryPoint); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("the mode is %v (%v)", info.Mode(), err)
			}
		})
	}
	t.Run("that is not there", func(t *testing.T) {
		task := script(t, "", 0o644)
		task.EntryPoint += "x"
		got := s.Run(t.Context(), task, runner.Discard{})
		want := "{'error': " + value.Repr("the script "+task.EntryPoint+" does not exist") + ", 'traceback': ''}"
		if got.Status != execution.Failed || value.Repr(got.Result) != want {
			t.Errorf("got %s, want %s", value.Repr(got.Result), want)
		}
	})
}

// fakeSudo puts a sudo into a folder that says how it was called and then does
// what it was asked to, and returns an environment in which it is found.
func fakeSudo(t *testing.T) []string {
	dir := t.TempDir()
	text := `#!/bin/bash
printf '(sudo' >&2
while [[ $1 == -* ]]; do
	printf ' %s' "$1" >&2
	case $1 in
	-S) read -r password; printf ' [%s]' "$password" >&2 ;;
	-u) printf ' %s' "$2" >&2; shift ;;
	--) shift; break ;;
	esac
	shift
done
printf ')' >&2
exec "$@"
`
	if err := os.WriteFile(filepath.Join(dir, "sudo"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "KEPT=yes"}
}

func TestSudo(t *testing.T) {
	env := fakeSudo(t)
	tests := map[string]struct {
		user   string
		params []value.Value
		want   string
	}{
		"not":              {"", nil, ""},
		"by parameter":     {"", []value.Value{"sudo", true}, "(sudo -E --)"},
		"with a password":  {"", []value.Value{"sudo", true, "sudo_password", "a 'b'"}, "(sudo -S [a 'b'] -E --)"},
		"another user":     {"stan ley", nil, "(sudo -E -H -u stan ley --)"},
		"user, password":   {"stanley", []value.Value{"sudo_password", "x"}, "(sudo -S [x] -E -H -u stanley --)"},
		"root before user": {"stanley", []value.Value{"sudo", true}, "(sudo -E --)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, shell.Options{Env: env, SystemUser: tt.user})
			task := command(`echo "$KEPT $MINE it's"`, append(tt.params, "env", dict("MINE", "too"))...)
			got := s.Commands().Run(t.Context(), task, runner.Discard{}).Result.(*value.Dict)
			stdout, _ := got.Get("stdout")
			stderr, _ := got.Get("stderr")
			if stdout != "yes too it's" || stderr != tt.want {
				t.Errorf("got %s, want %s", value.Repr(got), tt.want)
			}
			in := script(t, "#!/bin/sh\necho \"$KEPT $1\"", 0o755)
			in.RunnerParameters, in.ActionParameters = dict(tt.params...), dict("a", "b c")
			got = s.Scripts().Run(t.Context(), in, runner.Discard{}).Result.(*value.Dict)
			stdout, _ = got.Get("stdout")
			stderr, _ = got.Get("stderr")
			if stdout != "yes --a=b c" || stderr != tt.want {
				t.Errorf("got %s, want %s", value.Repr(got), tt.want)
			}
		})
	}
}

func TestRootNeedsNoSudoWhereThereIsNone(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can do without sudo")
	}
	s := newShell(t, shell.Options{Env: []string{"PATH=" + t.TempDir()}}).Commands()
	got := s.Run(t.Context(), command("echo $UID", "sudo", true), runner.Discard{})
	if stdout, _ := got.Result.(*value.Dict).Get("stdout"); stdout != int64(0) {
		t.Errorf("got %s", value.Repr(got.Result))
	}
}

func TestLogsHoldNoSecrets(t *testing.T) {
	var log bytes.Buffer
	s := newShell(t, shell.Options{
		Env: fakeSudo(t), SystemUser: "stanley",
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	task := script(t, "#!/bin/sh\n", 0o755)
	task.RunnerParameters = dict("sudo_password", "top")
	task.Schema = dict("pass", dict("type", "string", "secret", true), "other", dict("type", "string"))
	task.ActionParameters = dict("pass", "it's secret", "other", "open")
	s.Scripts().Run(t.Context(), task, runner.Discard{})
	c := command("echo key123 open", "sudo_password", "top")
	c.Schema = dict("key", dict("secret", true))
	c.ActionParameters = dict("key", "key123")
	s.Commands().Run(t.Context(), c, runner.Discard{})
	got := log.String()
	for _, secret := range []string{"top", "secret", "key123"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q is in the log: %s", secret, got)
		}
	}
	if strings.Count(got, "open") != 2 || strings.Count(got, "run command") != 2 {
		t.Errorf("got %s", got)
	}
}

func TestScriptsOfAnotherRevision(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git")
	}
	task := script(t, "#!/bin/sh\necho old; pwd; cat \"$(dirname \"$0\")/../file\"", 0o755)
	run := func(args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), git, append([]string{"-C", task.ContentDir, "-c", "user.name=x", "-c", "user.email=x@localhost"}, args...)...)
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, text)
		}
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(task.ContentDir, "file"), "first")
	run("init", "-q", "-b", "main")
	run("add", ".")
	run("commit", "-qm", "one")
	run("tag", "v1")
	write(filepath.Join(task.ContentDir, "file"), "second")
	run("commit", "-qam", "two")
	write(filepath.Join(task.ContentDir, "file"), "not committed")

	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s := newShell(t, shell.Options{Env: os.Environ()}).Scripts()
	for version, want := range map[string]string{"v1": "first", "main": "second", "HEAD~1": "first"} {
		task.RunnerParameters = dict("content_version", version, "cwd", "/")
		got := s.Run(t.Context(), task, runner.Discard{})
		if stdout, _ := got.Result.(*value.Dict).Get("stdout"); stdout != "old\n/\n"+want {
			t.Errorf("%s: got %s, want %s", version, value.Repr(got.Result), want)
		}
	}
	for _, version := range []string{"nonexistent", "--help"} {
		task.RunnerParameters = dict("content_version", version)
		got := s.Run(t.Context(), task, runner.Discard{})
		text, _ := got.Result.(*value.Dict).Get("error")
		if got.Status != execution.Failed || !strings.Contains(value.Str(text), fmt.Sprintf("take revision %q of pack %q: ", version, "p")) {
			t.Errorf("got %s", value.Repr(got.Result))
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("%v are left (%v)", left, err)
	}
}
