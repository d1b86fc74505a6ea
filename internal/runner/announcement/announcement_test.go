package announcement_test

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/announcement"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
)

func dict(t *testing.T, text string) *value.Dict {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnnouncementIsARunner(t *testing.T) {
	runnertest.Run(t, runnertest.Harness{
		New: func(*testing.T) runner.Runner { return announcement.New() },
		Good: func(t *testing.T) runner.Task {
			return runner.Task{RunnerParameters: dict(t, `{"experimental": true, "route": "general"}`), ActionParameters: value.NewDict()}
		},
	})
}

func TestTheResultSaysWhatIsToldAndWhere(t *testing.T) {
	task := runner.Task{
		RunnerParameters: dict(t, `{"experimental": true, "route": "chatops"}`), ActionParameters: dict(t, `{"message": "up", "user": null}`),
	}
	got := value.Repr(announcement.New().Run(t.Context(), task, runner.Discard{}).Result)
	if want := "{'output': {'message': 'up', 'user': None}, 'message': 'up', 'user': None, 'route': 'chatops'}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWithoutSayingSoNothingIsAnnounced(t *testing.T) {
	task := runner.Task{RunnerParameters: dict(t, `{"experimental": false, "route": "x"}`), ActionParameters: value.NewDict()}
	got := announcement.New().Run(t.Context(), task, runner.Discard{})
	if got.Status != execution.Failed || !strings.Contains(value.Repr(got.Result), "experimental") {
		t.Errorf("got %+v", got)
	}
}
