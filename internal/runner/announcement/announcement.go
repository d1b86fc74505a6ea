// Package announcement hands its parameters to whoever listens to the event
// stream: the runner type announcement.
//
// The runner itself sends nothing. Its result says what is told and by which
// route, and the stream tells it when that is on record, so that nothing is told
// of what did not happen.
package announcement

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Runner makes announcements.
type Runner struct{}

// New returns a runner.
func New() Runner { return Runner{} }

// Run implements [runner.Runner].
func (Runner) Run(_ context.Context, t runner.Task, _ runner.Output) runner.Outcome {
	if v, _ := t.RunnerParameters.Get("experimental"); v != true {
		result := value.NewDictCap(1)
		result.Set("error", `The runner of announcements may change. Set experimental to true in the action to use it all the same.`)
		return runner.Outcome{Status: execution.Failed, Result: result}
	}
	route, _ := t.RunnerParameters.Get("route")
	result := value.NewDictCap(t.ActionParameters.Len() + 2)
	result.Set("output", t.ActionParameters)
	for name, v := range t.ActionParameters.Texts() {
		result.Set(name, v)
	}
	result.Set("route", route) // it is the runner's, so no parameter of the action has its name
	return runner.Outcome{Status: execution.Succeeded, Result: result}
}
