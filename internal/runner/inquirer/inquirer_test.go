package inquirer_test

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/inquirer"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
)

func task(t *testing.T, parameters string) runner.Task {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(parameters)); err != nil {
		t.Fatal(err)
	}
	return runner.Task{RunnerParameters: d, ActionParameters: value.NewDict()}
}

func TestInquirerIsARunner(t *testing.T) {
	runnertest.Run(t, runnertest.Harness{
		New: func(*testing.T) runner.Runner { return inquirer.New() },
		Good: func(t *testing.T) runner.Task {
			t.Helper()
			return task(t, `{"schema": {"type": "object"}, "ttl": 5}`)
		},
		Waits: true,
		Bad: func(t *testing.T) runner.Task {
			t.Helper()
			return task(t, `{"schema": {"type": "objekt"}}`)
		},
	})
}

func TestTheQuestionIsTheResult(t *testing.T) {
	got := inquirer.New().Run(t.Context(), task(t,
		`{"ttl": 1440, "route": "ops", "users": ["ann"], "roles": [], "schema": {"type": "object"}}`), runner.Discard{})
	const want = "{'schema': {'type': 'object'}, 'roles': [], 'users': ['ann'], 'route': 'ops', 'ttl': 1440}"
	if value.Repr(got.Result) != want || got.Status != execution.Pending {
		t.Errorf("got %s %s, want pending %s", got.Status, value.Repr(got.Result), want)
	}
}

func TestASchemaThatIsNoneIsToldAtOnce(t *testing.T) {
	for parameters, want := range map[string]string{
		`{"schema": {"type": "objekt"}}`: "the schema of the answer is none: 'objekt' is not valid under any of the given schemas",
		`{"schema": null}`:               "the schema of the answer is missing",
	} {
		got := inquirer.New().Run(t.Context(), task(t, parameters), runner.Discard{})
		why, _ := got.Result.(*value.Dict).Get("error")
		if text := value.Str(why); got.Status != execution.Failed || !strings.HasPrefix(text, want) {
			t.Errorf("%s: got %s %q, want %q", parameters, got.Status, text, want)
		}
	}
}
