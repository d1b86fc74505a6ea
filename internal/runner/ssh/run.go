package ssh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// unreached is the return code of a host on which the command has not run, as that
// of the program ssh.
const unreached = 255

// A result is what became of a task on one host.
type result struct {
	exit           exit
	err            error // it has not run, or it is unknown what became of it
	connected      bool
	stdout, stderr *runner.Capture
}

// job is a task on its hosts.
type job struct {
	*Remote
	task    *runner.Task
	line    cmdline.Line
	parcel  *parcel // nil: it is a command
	out     runner.Output
	limit   value.Value // the timeout as it was given
	targets []target
}

// run runs a line on all hosts of a task.
func (r *Remote) run(ctx context.Context, t *runner.Task, out runner.Output, line cmdline.Line, p *parcel) runner.Outcome {
	j := &job{Remote: r, task: t, line: line, parcel: p, out: runner.Discard{}, limit: t.Parameter("timeout", int64(60))}
	ctx, cancel, err := runner.WithTimeout(ctx, j.limit)
	if err != nil {
		return runner.Failed(err)
	}
	defer cancel()
	if j.targets, err = r.targets(t); err != nil {
		return runner.Failed(err)
	}
	if j.line.Env, err = t.Environment(); err != nil {
		return runner.Failed(err)
	}
	if t.ExecutionID != "" {
		j.line.Env[markName] = t.ExecutionID
	}
	j.line.Dir = "/tmp"
	if v := t.Parameter("cwd", nil); value.Truth(v) {
		j.line.Dir = value.Str(v)
	}
	j.line.Sudo = value.Truth(t.Parameter("sudo", false))
	if v := t.Parameter("sudo_password", nil); v != nil {
		j.line.SudoPassword = value.Str(v)
	}
	if len(j.targets) == 1 {
		j.out = out // of several, lines of different hosts would mix
	}
	results := make([]*result, len(j.targets))
	var group errgroup.Group
	group.SetLimit(r.opts.Parallel)
	for i := range j.targets {
		group.Go(func() error {
			results[i] = j.on(ctx, j.targets[i].hop)
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the results
	return j.outcome(ctx, results)
}

// on carries the task out on one host.
func (j *job) on(ctx context.Context, h *hop) *result {
	keep := max(j.opts.MaxOutput/len(j.targets), 64<<10)
	res := &result{
		stdout: runner.NewCapture(j.out, runner.Stdout, keep),
		stderr: runner.NewCapture(j.out, runner.Stderr, keep),
	}
	fail := func(err error) *result {
		res.err = err
		if ctx.Err() != nil {
			res.exit.cause = context.Cause(ctx)
		}
		return res
	}
	if ctx.Err() != nil {
		return fail(context.Cause(ctx))
	}
	line := j.line
	if j.parcel != nil {
		s, err := j.pool.open(ctx, h)
		if err != nil {
			return fail(err)
		}
		res.connected = true
		defer j.discard(context.WithoutCancel(ctx), h)
		err = j.parcel.send(ctx, s)
		s.close()
		if err != nil {
			return fail(err)
		}
	}
	s, err := j.pool.open(ctx, h)
	if err != nil {
		return fail(err)
	}
	defer s.close()
	res.connected = true
	if res.exit, err = s.run(ctx, line.RemoteFed(), fed(&line), res.stdout, res.stderr, j.stopper(h, &line)); err != nil {
		return fail(err)
	}
	return res
}

// discard removes what was copied to a host.
func (j *job) discard(ctx context.Context, h *hop) {
	ctx, cancel := context.WithTimeout(ctx, sweepWithin)
	defer cancel()
	if err := j.aside(ctx, h, &j.line, "rm -rf -- "+cmdline.Quote(j.parcel.dir)); err != nil {
		j.opts.Logger.WarnContext(ctx, "the folder of a script was not removed", "host", h.addr, "path", j.parcel.dir, "err", err)
	}
}

// outcome puts together what became of a task on its hosts.
func (j *job) outcome(ctx context.Context, results []*result) runner.Outcome {
	all := value.NewDictCap(len(results))
	var good, late, stopped, connected int
	for i, res := range results {
		d := j.describe(j.targets[i], res)
		all.Set(j.targets[i].name, d)
		if ok, _ := d.Get("succeeded"); ok == true {
			good++
		}
		if cause := res.exit.cause; cause != nil {
			if errors.Is(cause, runner.ErrTimeout) {
				late++
			} else {
				stopped++
			}
		}
		if res.connected {
			connected++
		}
	}
	switch {
	case stopped > 0:
		cause := context.Cause(ctx)
		runner.Stopped(all, cause, j.limit)
		return runner.Outcome{Status: runner.Status(cause), Result: all}
	case good == len(results), j.opts.Partial && good > 0:
		return runner.Outcome{Status: execution.Succeeded, Result: all}
	case late == len(results):
		return runner.Outcome{Status: execution.Timeout, Result: all}
	case connected == 0:
		names := make([]value.Value, len(j.targets))
		for i, t := range j.targets {
			names[i] = t.name
		}
		all.Set("error", "Unable to connect to any one of the hosts: "+value.Repr(value.NewList(names...)))
	}
	return runner.Outcome{Status: execution.Failed, Result: all}
}

// describe makes the entry of a host.
func (j *job) describe(t target, res *result) *value.Dict {
	code := res.exit.code
	notes := value.NewDict()
	timeout := false
	switch cause := res.exit.cause; {
	case cause != nil:
		status := runner.Status(cause)
		code, timeout = -int(syscall.SIGTERM), status == execution.Timeout
		if timeout {
			code = -int(syscall.SIGKILL)
		}
		runner.Stopped(notes, cause, j.limit)
	case res.err != nil && !res.connected:
		code = unreached
		notes.Set("error", fmt.Sprintf("Failed connecting to host %s. %s", t.name, capital(res.err.Error())))
	case res.err != nil:
		code = unreached
		notes.Set("error", fmt.Sprintf("Failed executing the command on host %s. %s", t.name, capital(res.err.Error())))
	case res.exit.sig != "":
		code = -signalNumber(res.exit.sig)
		notes.Set("error", "The command was ended by SIG"+res.exit.sig+", which did not come from the server.")
	}
	if wrong := j.line.Refused(res.stderr.Printed()); wrong != "" {
		code = -1
		notes.Set("error", wrong)
	}
	d := value.NewDictCap(7)
	d.Set("failed", code != 0)
	d.Set("succeeded", code == 0)
	d.Set("return_code", int64(code))
	runner.SetStreams(d, res.stdout, res.stderr)
	if notes.Len() > 0 {
		d.Set("timeout", timeout)
		d.Update(notes)
		if d.Has("error") {
			d.Set("traceback", "") // it is there with StackStorm
		}
	}
	return d
}

// signalNumber returns the number of a signal of RFC 4254; of one that is not known,
// that of SIGTERM.
func signalNumber(name string) int {
	names := []string{"HUP", "INT", "QUIT", "ILL", "", "ABRT", "", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM"}
	if i := slices.Index(names, name); i >= 0 && name != "" {
		return i + 1
	}
	return int(syscall.SIGTERM)
}

// capital begins a sentence.
func capital(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' {
		return string(text[0]-'a'+'A') + text[1:]
	}
	return text
}
