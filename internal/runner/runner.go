// Package runner is the seam between the services and what carries actions
// out: shells, HTTP, other machines, other languages.
//
// A runner gets a [Task] whose parameters are checked, rendered and cast, and
// returns its [Outcome]. It promises, and runnertest checks:
//
//   - Run returns soon after its context ends, whatever the action does, and
//     nothing that belongs to the action runs on. The context's cause says why:
//     [ErrCanceled] somebody wanted it, anything else that the server stops.
//   - The time that the task's own timeout parameter allows is kept to, and ends
//     in the same way.
//   - What was printed until then is in the result.
//   - What is kept of an action's output is bounded, and the result says how much
//     was dropped.
//   - Output is handed over while the action runs, as valid UTF-8.
//
// Runners are safe for concurrent use and keep nothing between runs that
// matters: an action that runs twice is somebody else's decision.
package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// A Runner carries actions out.
type Runner interface {
	// Run carries out one action and returns when it is over, for good or ill:
	// all that can go wrong is an outcome.
	Run(ctx context.Context, t Task, out Output) Outcome
}

// A Task is one action to carry out.
type Task struct {
	ExecutionID string
	Action      string // reference, pack.name
	Pack        string
	EntryPoint  string // absolute path of the action's file; empty if it has none
	ContentDir  string // absolute path of the pack's folder
	User        string // on whose behalf

	// Env holds the variables that actions are promised (ST2_ACTION_…). They win
	// over what the action's env parameter says.
	Env map[string]string

	// Config is the configuration of the pack, rendered, for the runner types that
	// hand it to their actions; may be nil.
	Config *value.Dict

	Secrets          []string    // that are masked in what it prints
	RunnerParameters *value.Dict // those that the runner type declares; never nil
	ActionParameters *value.Dict // the others; never nil
	Schema           *value.Dict // of the action's parameters, by name; may be nil
}

// Outcome is how an action ended.
type Outcome struct {
	Status execution.Status // a final one, or Pending
	Result value.Value
}

// A Stream names one of the outputs of an action.
type Stream string

// The streams.
const (
	Stdout  Stream = "stdout"
	Stderr  Stream = "stderr"
	Results Stream = "output" // what an action reports by other means than printing
)

// Output takes what an action prints, while it runs.
type Output interface {
	// Print takes a piece of a stream: valid UTF-8, in order, not cut within a
	// character but anywhere else. The streams of a task may come from several
	// goroutines at once. While Print does not return, the action waits.
	Print(stream Stream, data string)
}

// Discard is an Output for when nobody listens.
type Discard struct{}

// Print does nothing.
func (Discard) Print(Stream, string) {}

var (
	// ErrCanceled is the cause of a context that ends because somebody canceled
	// the execution.
	ErrCanceled = errors.New("execution canceled")
	// ErrTimeout is the cause of a context that ends because of the action's own
	// timeout parameter.
	ErrTimeout = errors.New("action timed out")
)

// canceledBy is ErrCanceled with a name.
type canceledBy struct{ user string }

func (c canceledBy) Error() string   { return "execution canceled by " + c.user }
func (c canceledBy) Is(e error) bool { return e == ErrCanceled }

// CanceledBy is [ErrCanceled], and says who it was. The name becomes part of
// the result.
func CanceledBy(user string) error {
	if user == "" {
		return ErrCanceled
	}
	return canceledBy{user}
}

// Failed is the outcome of an action that could not be carried out at all.
func Failed(err error) Outcome {
	result := value.NewDictCap(2)
	result.Set("error", err.Error())
	result.Set("traceback", "")
	return Outcome{Status: execution.Failed, Result: result}
}

// Status is the status of an action that was stopped for this cause.
func Status(cause error) execution.Status {
	switch {
	case errors.Is(cause, ErrTimeout):
		return execution.Timeout
	case errors.Is(cause, ErrCanceled):
		return execution.Canceled
	default:
		return execution.Abandoned
	}
}

// Stopped writes into a result why its action was stopped. limit is the
// timeout that the task asked for.
func Stopped(result *value.Dict, cause error, limit value.Value) {
	switch Status(cause) {
	case execution.Timeout:
		result.Set("error", fmt.Sprintf("Action failed to complete in %s seconds", value.Str(limit)))
	case execution.Canceled:
		result.Set("message", "Action canceled by user.")
		if by, ok := errors.AsType[canceledBy](cause); ok {
			result.Set("user", by.user)
		}
	default:
		result.Set("error", "The server stopped while the action ran.")
	}
}

// WithTimeout returns a context that ends with cause [ErrTimeout] after a
// number of seconds, which is an int or a float. None is for ever.
func WithTimeout(ctx context.Context, seconds value.Value) (context.Context, context.CancelFunc, error) {
	var f float64
	switch s := seconds.(type) {
	case nil:
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, nil
	case int64:
		f = float64(s)
	case *big.Int:
		f, _ = new(big.Float).SetInt(s).Float64()
	case float64:
		f = s
	default:
		return nil, nil, fmt.Errorf("timeout is a %s (%s), not a number of seconds", value.TypeName(s), value.Repr(s))
	}
	const longest = float64(math.MaxInt64 / int64(time.Second))
	if math.IsNaN(f) {
		return nil, nil, errors.New("timeout is not a number")
	}
	d := time.Duration(min(max(f, 0), longest) * float64(time.Second))
	ctx, cancel := context.WithTimeoutCause(ctx, d, ErrTimeout)
	return ctx, cancel, nil
}

// Environment returns the variables that a task's own env asks for, and over them
// those that actions are promised.
func (t *Task) Environment() (map[string]string, error) {
	all := make(map[string]string, len(t.Env)+8)
	switch env := t.Parameter("env", nil).(type) {
	case nil:
	case *value.Dict:
		for k, v := range env.All() {
			name := value.Str(k)
			if name == "" || strings.ContainsAny(name, "=\x00") {
				return nil, fmt.Errorf("env: %q can't be the name of an environment variable", name)
			}
			if v != nil {
				all[name] = value.Str(v)
			}
		}
	default:
		return nil, fmt.Errorf("env is a %s, not an object", value.TypeName(env))
	}
	all["ST2_ACTION_DEBUG"] = value.Str(value.Truth(t.Parameter("debug", false)))
	maps.Copy(all, t.Env)
	return all, nil
}

// Parameter returns a parameter of the runner, or def if it was not given.
// A parameter that was given as None is None.
func (t *Task) Parameter(name string, def value.Value) value.Value {
	if t.RunnerParameters != nil {
		if v, ok := t.RunnerParameters.Get(name); ok {
			return v
		}
	}
	return def
}
