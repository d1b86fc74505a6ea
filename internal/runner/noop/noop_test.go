package noop_test

import (
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/noop"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
)

func TestNoopIsARunner(t *testing.T) {
	runnertest.Run(t, runnertest.Harness{
		New: func(*testing.T) runner.Runner { return noop.Runner{} },
		Good: func(*testing.T) runner.Task {
			return runner.Task{RunnerParameters: value.NewDict(), ActionParameters: value.NewDict()}
		},
	})
}

func TestResultIsThatOfStackStorm(t *testing.T) {
	got := value.Repr(noop.Runner{}.Run(t.Context(), runner.Task{}, runner.Discard{}).Result)
	if want := "{'failed': False, 'succeeded': True, 'return_code': 0}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
