// Package python runs actions that are classes of Python, the runner type
// python-script, and sensors.
//
// Each environment (an interpreter with the libraries of a pack) has a zygote: a
// process that has started its interpreter and imported what most actions need,
// and that forks one child for each action. So an action has a process of its own
// and starts in milliseconds. What the two say to each other is in shim/zygote.py
// and shim/nightshift/child.py; the packages named st2… beside them are what packs
// import from StackStorm.
//
// It is promised, beside what [runner.Runner] promises:
//
//   - Parameters, configuration and tokens go through a pipe, never through
//     arguments or an environment that others can read.
//   - What a pack does to its own process (exit, signals, a gigabyte of output)
//     ends its own action only. When it kills its zygote, the actions of the same
//     environment that run meanwhile fail and say so; the next one gets a new zygote.
//   - An action is begun at most once: it is given to another zygote only if it is
//     certain that nothing of it has run.
//   - When the server dies, the kernel ends the zygotes and they their children.
package python

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/revision"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Options are the settings of a [Runner]. The zero value of each field means its
// default.
type Options struct {
	// Env is what actions inherit, as name=value. Default: a PATH, and nothing else.
	Env []string
	// Idle is how long a zygote stays when it has nothing to do. Default 10 minutes.
	Idle time.Duration
	// Grace is the time between SIGTERM and SIGKILL for what must end. Default 5 s.
	Grace time.Duration
	// WaitDelay is how long output is read on after an action has ended while a
	// process that it left behind holds it open. Default 1 s.
	WaitDelay time.Duration
	// MaxOutput is how many bytes of each of stdout and stderr a result keeps.
	// Default [runner.MaxKept].
	MaxOutput int
	// MaxResult is how many bytes the JSON of what an action returns may have.
	// Default 64 MiB.
	MaxResult int64
	// Logger hears of zygotes. Default: nobody does.
	Logger *slog.Logger
}

// An Environment is an interpreter with libraries.
type Environment struct {
	Key    string // what differs has another key
	Python string // absolute path of the interpreter
	Bin    string // folder of its programs, for PATH; may be empty
}

// Environments knows the environment of each pack, and makes it when it is missing.
type Environments interface {
	// Environment returns the environment of the pack in a folder. A pack without a
	// name is nobody's in particular.
	Environment(ctx context.Context, pack, dir string) (Environment, error)
}

// Runner runs Python actions. It is a [runner.Runner].
type Runner struct {
	spawner *process.Spawner
	envs    Environments
	trees   *revision.Trees
	shim    string // folder of the Python files
	opts    Options

	ctx  context.Context //nolint:containedctx // ends the zygotes, which outlive every call
	stop context.CancelFunc
	all  sync.WaitGroup // of the zygotes

	mu        sync.Mutex
	nurseries map[string]*nursery // by the key of the environment; guarded by mu
}

// New returns a runner whose Python files are in the folder shim, see
// [InstallShim]. [Runner.Close] ends it.
func New(p *process.Spawner, shim string, envs Environments, opts Options) *Runner {
	if opts.Env == nil {
		opts.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	if opts.Idle <= 0 {
		opts.Idle = 10 * time.Minute
	}
	if opts.Grace <= 0 {
		opts.Grace = 5 * time.Second
	}
	if opts.WaitDelay <= 0 {
		opts.WaitDelay = time.Second
	}
	if opts.MaxResult <= 0 {
		opts.MaxResult = 64 << 20
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Runner{spawner: p, envs: envs, trees: revision.New(p, opts.Env, opts.Logger), shim: shim, opts: opts, nurseries: map[string]*nursery{}}
	r.ctx, r.stop = context.WithCancel(context.Background())
	return r
}

// Close ends the zygotes with all that they run.
func (r *Runner) Close() {
	r.stop()
	r.all.Wait()
}

// attempts is how often work is offered to a zygote when the one before it died
// without having begun it.
const attempts = 3

// Run implements [runner.Runner].
func (r *Runner) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	if t.EntryPoint == "" {
		return runner.Failed(errors.New("the action names no Python file: its entry_point is empty"))
	}
	version := ""
	if v := t.Parameter("content_version", nil); value.Truth(v) {
		version = value.Str(v)
	}
	tree, remove, err := r.trees.Of(ctx, t.Pack, t.ContentDir, t.EntryPoint, version)
	if err != nil {
		return runner.Failed(err)
	}
	if !value.Truth(t.Parameter("debug", false)) {
		defer remove()
	}
	t.EntryPoint, t.ContentDir = tree.Script, tree.Dir
	limit := t.Parameter("timeout", int64(600))
	pack := t.Pack
	if version != "" {
		pack = "" // an old revision is not what the pack is to go back to
	}
	env, err := r.envs.Environment(ctx, pack, t.ContentDir)
	if err != nil && ctx.Err() == nil {
		return runner.Failed(fmt.Errorf("prepare the Python environment of pack %q: %w", t.Pack, err))
	}
	ctx, cancel, err := runner.WithTimeout(ctx, limit)
	if err != nil {
		return runner.Failed(err)
	}
	defer cancel()
	request, err := r.request(&t, env)
	if err != nil {
		return runner.Failed(err)
	}
	mark := t.ExecutionID
	if mark == "" {
		mark = rand.Text()
	}
	c := newCapture(out, r.opts)
	w := &work{mark: mark, request: request, stdout: c.stdout.Add, stderr: c.stderr.Add, talk: c.listen}
	end, err := r.do(ctx, env, w)
	if err != nil {
		return runner.Failed(err)
	}
	return c.outcome(end, limit)
}

// do has a zygote do some work, another one if that died before it began. An
// error means that nothing of it has begun.
func (r *Runner) do(ctx context.Context, env Environment, w *work) (end ending, err error) {
	for range attempts {
		if end, err = r.try(ctx, env, w); err == nil {
			break
		}
		r.opts.Logger.WarnContext(ctx, "zygote could not begin", "work", w.mark, "err", err)
	}
	return end, err
}

func (r *Runner) try(ctx context.Context, env Environment, w *work) (ending, error) {
	z, err := r.nursery(env).zygote(ctx)
	switch {
	case ctx.Err() != nil:
		return ending{cause: context.Cause(ctx)}, nil
	case err != nil:
		return ending{}, err
	}
	defer z.release()
	return z.run(ctx, w)
}

// nursery returns where the zygotes of an environment come from.
func (r *Runner) nursery(env Environment) *nursery {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.nurseries[env.Key]
	if n == nil {
		n = &nursery{runner: r, env: env, turn: make(chan struct{}, 1)}
		r.nurseries[env.Key] = n
	}
	return n
}
