// Package native runs the actions that Nightshift brings itself: functions of
// Go that need no interpreter. It is the runner type nightshift-native.
//
// An action names its function by its entry_point, or else by its own name. Its
// result has the form of a Python action's, so that rules and workflows can't
// tell which language an action of a built-in pack is written in.
package native

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// A Func carries out one kind of action. It returns soon after ctx ends, and
// then its error does not matter. What it logs is its own business; what it
// prints goes to out.
type Func func(ctx context.Context, c Call, out runner.Output) (value.Value, error)

// A Call is what a function is called with.
type Call struct {
	ExecutionID string
	Action      string // reference
	User        string // on whose behalf
	Parameters  *value.Dict
}

// A WorkflowResult is what a function returns that is a workflow with StackStorm:
// clients look for it as the output of one, too.
type WorkflowResult struct{ Value value.Value }

// Runner runs native actions.
type Runner struct {
	funcs map[string]Func
}

// New returns a runner of these functions, by name. [Builtins] has those that
// need nothing else of the server.
func New(funcs map[string]Func) *Runner { return &Runner{funcs: maps.Clone(funcs)} }

// Names returns the names of the functions, sorted.
func (r *Runner) Names() []string { return slices.Sorted(maps.Keys(r.funcs)) }

// Run implements [runner.Runner].
func (r *Runner) Run(ctx context.Context, t runner.Task, out runner.Output) runner.Outcome {
	name := nameOf(&t)
	f, ok := r.funcs[name]
	if !ok {
		return runner.Failed(fmt.Errorf("there is no native action %q; there are %s", name, strings.Join(r.Names(), ", ")))
	}
	limit := t.Parameter("timeout", int64(600))
	ctx, cancel, err := runner.WithTimeout(ctx, limit)
	if err != nil {
		return runner.Failed(err)
	}
	defer cancel()

	stdout, stderr := &keeper{out: out, of: runner.Stdout}, &keeper{out: out, of: runner.Stderr}
	got, err := f(ctx, Call{
		ExecutionID: t.ExecutionID, Action: t.Action, User: t.User, Parameters: t.ActionParameters,
	}, printer{stdout, stderr})

	result := value.NewDictCap(5)
	set := func(v value.Value, code int) {
		result.Set("result", v)
		result.Set("exit_code", int64(code))
		result.Set("stdout", stdout.text.String())
		result.Set("stderr", stderr.text.String())
	}
	switch {
	case err == nil: // it was done, even if the end came at the same moment
		if w, ok := got.(WorkflowResult); ok {
			set(w.Value, 0)
			result.Set("output", w.Value)
		} else {
			set(got, 0)
		}
		return runner.Outcome{Status: execution.Succeeded, Result: result}
	case ctx.Err() != nil:
		status, code := runner.Status(context.Cause(ctx)), -int(syscall.SIGTERM)
		if status == execution.Timeout {
			code = -int(syscall.SIGKILL)
		}
		set("None", code) // as the text, like that of a Python action
		runner.Stopped(result, context.Cause(ctx), limit)
		return runner.Outcome{Status: status, Result: result}
	default:
		set("None", 1)
		result.Set("error", err.Error())
		return runner.Outcome{Status: execution.Failed, Result: result}
	}
}

// nameOf returns the name of a task's function.
func nameOf(t *runner.Task) string {
	if t.EntryPoint == "" {
		_, name, _ := strings.Cut(t.Action, ".")
		return name
	}
	base := path.Base(filepath.ToSlash(t.EntryPoint))
	return strings.TrimSuffix(base, path.Ext(base))
}

// printer is the output of a function; it keeps what was printed.
type printer struct{ stdout, stderr *keeper }

// Print implements [runner.Output].
func (p printer) Print(stream runner.Stream, data string) {
	switch stream {
	case runner.Stderr:
		p.stderr.print(data)
	case runner.Stdout:
		p.stdout.print(data)
	default:
		p.stdout.out.Print(stream, data)
	}
}

// keeper keeps a stream. A function prints little; what is beyond
// [runner.MaxKept] is dropped.
type keeper struct {
	out  runner.Output
	of   runner.Stream
	text strings.Builder
}

func (k *keeper) print(data string) {
	k.out.Print(k.of, data)
	if k.text.Len()+len(data) <= runner.MaxKept {
		k.text.WriteString(data)
	}
}

// errStopped is what a function returns when its context has ended.
var errStopped = errors.New("stopped")
