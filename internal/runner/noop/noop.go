// Package noop does nothing, and says so: the runner type noop.
package noop

import (
	"context"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// Runner does nothing.
type Runner struct{}

// New returns a runner.
func New() Runner { return Runner{} }

// Run implements [runner.Runner].
func (Runner) Run(context.Context, runner.Task, runner.Output) runner.Outcome {
	result := value.NewDictCap(3)
	result.Set("failed", false)
	result.Set("succeeded", true)
	result.Set("return_code", int64(0))
	return runner.Outcome{Status: execution.Succeeded, Result: result}
}
