// Package inquirer puts questions to people: the runner type inquirer. It only
// says what is asked; who waits for the answer is not the worker.
package inquirer

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Runner asks.
type Runner struct{}

// New returns a runner.
func New() Runner { return Runner{} }

// Run implements [runner.Runner].
func (Runner) Run(_ context.Context, t runner.Task, _ runner.Output) runner.Outcome {
	question, err := inquiry.Question(t.RunnerParameters)
	if err != nil {
		return runner.Failed(err)
	}
	return runner.Outcome{Status: execution.Pending, Result: question}
}
