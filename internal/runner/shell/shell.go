// Package shell runs commands and scripts on this machine: the runner types
// local-shell-cmd and local-shell-script.
//
// Results are those of StackStorm: return_code, and stdout and stderr without
// their last newline, decoded where they are JSON. What is longer than a bound is
// kept with its beginning and its end, and the result's truncated says how many
// bytes are missing.
package shell

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/revision"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Options are the settings of a [Shell].
type Options struct {
	// SystemUser is the user that actions run as; another one than the server's
	// own is reached with sudo. Default: the server's own.
	SystemUser string
	// Env is the environment that actions inherit, as name=value.
	// Default: a PATH, and nothing else.
	Env []string
	// Bash is the shell. Default: the system's bash, or sh where there is none.
	Bash string
	// MaxOutput is how many bytes of each of stdout and stderr a result keeps.
	// Default [runner.MaxKept].
	MaxOutput int
	// Logger hears of each command. Default: nobody does.
	Logger *slog.Logger
}

// Shell runs commands and scripts.
type Shell struct {
	spawner *process.Spawner
	trees   *revision.Trees
	opts    Options
	self    string // the server's own user
	path    string // PATH of Env
}

// New returns a shell that starts its programs with p.
func New(p *process.Spawner, opts Options) *Shell {
	if opts.Env == nil {
		opts.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	if opts.Bash == "" {
		opts.Bash = findBash()
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Shell{spawner: p, trees: revision.New(p, opts.Env, opts.Logger), opts: opts, self: strconv.Itoa(os.Getuid())}
	if u, err := user.LookupId(s.self); err == nil {
		s.self = u.Username
	}
	for _, entry := range opts.Env {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			s.path = path
		}
	}
	return s
}

func findBash() string {
	for _, path := range []string{"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return "/bin/sh"
}

// Commands returns the runner of local-shell-cmd.
func (s *Shell) Commands() runner.Runner { return commands{s} }

// Scripts returns the runner of local-shell-script.
func (s *Shell) Scripts() runner.Runner { return scripts{s} }

type commands struct{ *Shell }

// Run implements [runner.Runner].
func (c commands) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	if t.EntryPoint != "" {
		return runner.Failed(errors.New("entry_point is only for local-shell-script, not for local-shell-cmd"))
	}
	cmd := t.Parameter("cmd", nil)
	if cmd == nil {
		return runner.Failed(errors.New("there is nothing to run: the parameter cmd is not given"))
	}
	return c.run(ctx, &t, out, cmdline.Line{Command: value.Str(cmd)})
}

type scripts struct{ *Shell }

// Run implements [runner.Runner].
func (s scripts) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	if t.EntryPoint == "" {
		return runner.Failed(errors.New("the action names no script: its entry_point is empty"))
	}
	op := value.Str(t.Parameter("kwarg_op", "--"))
	positional, named, err := cmdline.Arguments(t.ActionParameters, t.Schema, op)
	if err != nil {
		return runner.Failed(err)
	}
	version := ""
	if v := t.Parameter("content_version", nil); value.Truth(v) {
		version = value.Str(v)
	}
	tree, remove, err := s.trees.Of(ctx, t.Pack, t.ContentDir, t.EntryPoint, version)
	if err != nil {
		return runner.Failed(err)
	}
	if !value.Truth(t.Parameter("debug", false)) {
		defer remove()
	}
	through, err := makeExecutable(tree.Script, s.opts.Bash)
	if err != nil {
		return runner.Failed(err)
	}
	return s.run(ctx, &t, out, cmdline.Line{Script: tree.Script, Through: through, Named: named, Positional: positional})
}

// run runs a line and makes its outcome.
func (s *Shell) run(ctx context.Context, t *runner.Task, out runner.Output, line cmdline.Line) runner.Outcome {
	limit := t.Parameter("timeout", int64(60))
	ctx, cancel, err := runner.WithTimeout(ctx, limit)
	if err != nil {
		return runner.Failed(err)
	}
	defer cancel()

	line.Self, line.User = s.self, s.opts.SystemUser
	line.Sudo = value.Truth(t.Parameter("sudo", false)) && !s.needsNoSudo()
	if password := t.Parameter("sudo_password", nil); password != nil {
		line.SudoPassword = value.Str(password)
	}
	env, err := s.environment(t)
	if err != nil {
		return runner.Failed(err)
	}
	command := line.Local()
	if s.opts.Logger.Enabled(ctx, slog.LevelDebug) {
		s.opts.Logger.DebugContext(ctx, "run command", "action", t.Action, "execution", t.ExecutionID,
			"command", mask(line.LocalMasked(), t), "user", line.User, "sudo", line.Sudo)
	}

	stdout := runner.NewCapture(out, runner.Stdout, s.opts.MaxOutput)
	stderr := runner.NewCapture(out, runner.Stderr, s.opts.MaxOutput)
	c := process.Cmd{
		Path: s.opts.Bash, Args: []string{filepath.Base(s.opts.Bash), "-c", command},
		Env: env, Mark: t.ExecutionID, Stdout: stdout.Add, Stderr: stderr.Add,
	}
	if dir := t.Parameter("cwd", nil); dir != nil {
		c.Dir = value.Str(dir)
	}
	if line.SudoPassword != "" {
		// Twice a newline: whoever reads a second line gets an empty one.
		c.Stdin = []byte(line.SudoPassword + "\n\n")
	}
	if line.Sudo || line.User != "" && line.User != line.Self {
		c.Signal = s.signal(&line, env)
	}
	exit, err := s.spawner.Run(ctx, &c)
	if err != nil {
		return runner.Failed(err)
	}
	stdout.End()
	stderr.End()
	if exit.Left > 0 {
		s.opts.Logger.WarnContext(ctx, "processes could not be ended", "action", t.Action, "execution", t.ExecutionID, "count", exit.Left)
	}
	return outcome(exit, &line, stdout, stderr, limit)
}

// needsNoSudo reports whether the server is root on a machine without sudo, as
// in most containers: sudo would give it nothing.
func (s *Shell) needsNoSudo() bool {
	if os.Getuid() != 0 {
		return false
	}
	for _, dir := range filepath.SplitList(s.path) {
		if _, err := os.Stat(filepath.Join(dir, "sudo")); err == nil {
			return false
		}
	}
	return true
}

// signal returns what reaches processes that sudo has given to another user.
func (s *Shell) signal(line *cmdline.Line, env []string) func(syscall.Signal, []int) error {
	return func(sig syscall.Signal, pids []int) error {
		words := []string{line.Elevated() + "kill", "-" + strconv.Itoa(int(sig))}
		for _, pid := range pids {
			words = append(words, strconv.Itoa(pid))
		}
		c := process.Cmd{Path: s.opts.Bash, Args: []string{filepath.Base(s.opts.Bash), "-c", strings.Join(words, " ")}, Env: env}
		if line.SudoPassword != "" {
			c.Stdin = []byte(line.SudoPassword + "\n\n")
		}
		ctx, cancel := context.WithTimeout(context.Background(), signalTimeout)
		defer cancel()
		exit, err := s.spawner.Run(ctx, &c)
		if err == nil && exit.Code != 0 {
			err = fmt.Errorf("sudo kill ended with %d", exit.Code)
		}
		return err
	}
}

// environment returns the environment of an action: what the server gives, then
// the action's own env, then what actions are promised.
func (s *Shell) environment(t *runner.Task) ([]string, error) {
	more, err := t.Environment()
	if err != nil {
		return nil, err
	}
	all := make([]string, 0, len(s.opts.Env)+len(more))
	for _, entry := range s.opts.Env {
		name, _, _ := strings.Cut(entry, "=")
		if _, replaced := more[name]; !replaced {
			all = append(all, entry)
		}
	}
	first := len(all)
	for name, v := range more {
		all = append(all, name+"="+v)
	}
	slices.Sort(all[first:])
	return all, nil
}

// outcome makes the result of a run.
func outcome(exit process.Exit, line *cmdline.Line, stdout, stderr *runner.Capture, limit value.Value) runner.Outcome {
	code := exit.Code
	status := execution.Failed
	notes := value.NewDict()
	switch wrong := line.Refused(stderr.Printed()); {
	case exit.Cause != nil:
		status = runner.Status(exit.Cause)
		code = -int(syscall.SIGTERM)
		if status == execution.Timeout {
			code = -int(syscall.SIGKILL)
		}
		runner.Stopped(notes, exit.Cause, limit)
	case wrong != "":
		code = -1
		notes.Set("error", wrong)
	case code == 0:
		status = execution.Succeeded
	case code == -int(syscall.SIGKILL):
		status = execution.Timeout
		notes.Set("error", "The command was ended by SIGKILL, which did not come from its timeout.")
	case code == -int(syscall.SIGTERM):
		status = execution.Abandoned
		notes.Set("error", "The command was ended by SIGTERM, which did not come from the server.")
	}

	result := value.NewDictCap(7)
	result.Set("failed", code != 0)
	result.Set("succeeded", code == 0)
	result.Set("return_code", int64(code))
	runner.SetStreams(result, stdout, stderr)
	result.Update(notes)
	return runner.Outcome{Status: status, Result: result}
}
