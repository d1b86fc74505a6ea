package native_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/native"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
)

func dict(pairs ...value.Value) *value.Dict {
	d := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i].(string), pairs[i+1])
	}
	return d
}

func call(entryPoint string, params ...value.Value) runner.Task {
	return runner.Task{
		ExecutionID: "e1", Action: "core.x", EntryPoint: entryPoint, User: "ann",
		RunnerParameters: value.NewDict(), ActionParameters: dict(params...),
	}
}

func TestNativeIsARunner(t *testing.T) {
	begun := make(chan struct{}, 10) // more than any test begins
	funcs := native.Builtins()
	funcs["long"] = func(ctx context.Context, _ native.Call, _ runner.Output) (value.Value, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	runnertest.Run(t, runnertest.Harness{
		New:     func(*testing.T) runner.Runner { return native.New(funcs) },
		Good:    func(*testing.T) runner.Task { return call("uuid.py") },
		Bad:     func(*testing.T) runner.Task { return call("pause", "max_pause", "x") },
		Long:    func(*testing.T) (runner.Task, <-chan struct{}) { return call("long"), begun },
		Timeout: func(t *runner.Task, seconds float64) { t.RunnerParameters.Set("timeout", seconds) },
	})
}

func TestResultsLookLikePython(t *testing.T) {
	r := native.New(map[string]native.Func{
		"x": func(_ context.Context, c native.Call, out runner.Output) (value.Value, error) {
			out.Print(runner.Stdout, "hello "+c.User)
			out.Print(runner.Stderr, "log")
			if fail, _ := c.Parameters.Get("fail"); fail != nil {
				return nil, errors.New("no luck")
			}
			return int64(7), nil
		},
	})
	tests := map[string]struct {
		task   runner.Task
		status execution.Status
		want   string
	}{
		"well": {call(""), execution.Succeeded, "{'result': 7, 'exit_code': 0, 'stdout': 'hello ann', 'stderr': 'log'}"},
		"failed": {
			call("/packs/core/actions/x.py", "fail", true), execution.Failed,
			"{'result': 'None', 'exit_code': 1, 'stdout': 'hello ann', 'stderr': 'log', 'error': 'no luck'}",
		},
		"unknown": {
			call("y"), execution.Failed,
			`{'error': 'there is no native action "y"; there are x', 'traceback': ''}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := r.Run(t.Context(), tt.task, runner.Discard{})
			if diff := cmp.Diff(tt.want, value.Repr(got.Result)); diff != "" || got.Status != tt.status {
				t.Errorf("got %s, want %s; -want +got:\n%s", got.Status, tt.status, diff)
			}
		})
	}
}

func TestPauseWaits(t *testing.T) {
	r := native.New(native.Builtins())
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		got := r.Run(t.Context(), call("pause", "max_pause", int64(90)), runner.Discard{})
		if took := time.Since(began); took != 90*time.Second || got.Status != execution.Succeeded {
			t.Errorf("got %s after %v", value.Repr(got.Result), took)
		}
		seen := map[time.Duration]bool{}
		for range 100 {
			began := time.Now()
			got := r.Run(t.Context(), call("pause", "max_pause", int64(3), "random", true), runner.Discard{})
			took := time.Since(began)
			seen[took] = true
			if v, _ := got.Result.(*value.Dict).Get("result"); v != int64(took/time.Second) {
				t.Errorf("says %v and took %v", v, took)
			}
		}
		want := map[time.Duration]bool{time.Second: true, 2 * time.Second: true, 3 * time.Second: true}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		long := call("pause", "max_pause", int64(1<<62))
		if got := r.Run(t.Context(), long, runner.Discard{}); got.Status != execution.Timeout {
			t.Errorf("got %s: %s", got.Status, value.Repr(got.Result))
		}
	})
	for _, bad := range []*value.Dict{dict(), dict("max_pause", int64(-1)), dict("max_pause", int64(0), "random", true)} {
		task := call("pause")
		task.ActionParameters = bad
		if got := r.Run(t.Context(), task, runner.Discard{}); got.Status != execution.Failed {
			t.Errorf("%s: got %s", value.Repr(bad), got.Status)
		}
	}
}

func TestUUIDsAreNew(t *testing.T) {
	r := native.New(native.Builtins())
	forms := map[string]string{
		"uuid1": `^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"uuid4": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
	}
	for kind, form := range forms {
		seen := map[value.Value]bool{}
		for range 100 {
			got := r.Run(t.Context(), call("uuid", "uuid_type", kind), runner.Discard{})
			v, _ := got.Result.(*value.Dict).Get("result")
			if !regexp.MustCompile(form).MatchString(value.Str(v)) || seen[v] {
				t.Errorf("%s is no new %s", value.Str(v), kind)
			}
			seen[v] = true
		}
	}
	if got := r.Run(t.Context(), call("uuid", "uuid_type", "uuid9"), runner.Discard{}); got.Status != execution.Failed {
		t.Errorf("got %s", got.Status)
	}
}

func TestWhatIsAWorkflowWithStackStormHasAnOutput(t *testing.T) {
	r := native.New(map[string]native.Func{"f": func(context.Context, native.Call, runner.Output) (value.Value, error) {
		return native.WorkflowResult{Value: "done"}, nil
	}})
	got := r.Run(t.Context(), runner.Task{Action: "p.f", RunnerParameters: value.NewDict(), ActionParameters: value.NewDict()}, runner.Discard{})
	if want := "{'result': 'done', 'exit_code': 0, 'stdout': '', 'stderr': '', 'output': 'done'}"; value.Repr(got.Result) != want {
		t.Errorf("got %s, want %s", value.Repr(got.Result), want)
	}
}

func TestDig(t *testing.T) {
	r := native.New(native.Builtins())
	ask := func(params ...value.Value) string {
		got := r.Run(t.Context(), call("dig", params...), runner.Discard{})
		d := got.Result.(*value.Dict)
		if v, failed := d.Get("error"); failed {
			return string(got.Status) + ": " + value.Str(v)
		}
		v, _ := d.Get("result")
		return value.Repr(v)
	}
	t.Setenv("PATH", t.TempDir())
	if got, want := ask("hostname", "x", "querytype", "A"), "failed: the program dig is not installed on the server (it is in the package dnsutils, bind9-dnsutils or bind-utils)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// One that says what it was asked stands in for dig.
	script := "#!/bin/sh\nprintf '\"%s\"\\n' \"$@\"\n[ \"$2\" != +fail ] || exit 9\n"
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "dig"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		params []value.Value
		want   string
	}{
		"plain":     {[]value.Value{"hostname", "x", "querytype", "A", "queryopts", "short"}, `['"+short"', '"-q"', '"x"', '"-t"', '"A"']`},
		"texts":     {[]value.Value{"hostname", "-f", "querytype", "txt", "nameserver", "ns", "queryopts", "a, b"}, `['@ns', '+a', '+b', '-q', '-f', '-t', 'txt']`},
		"the first": {[]value.Value{"hostname", "x", "querytype", "TXT", "count", int64(2)}, `['-q', 'x']`},
		"more":      {[]value.Value{"hostname", "x", "querytype", "TXT", "count", int64(20), "rand", false}, `['-q', 'x', '-t', 'TXT']`},
		"failed":    {[]value.Value{"hostname", "x", "querytype", "TXT", "nameserver", "n", "queryopts", "fail"}, "failed: dig has ended with exit code 9: \"@n\"\n\"+fail\"\n\"-q\"\n\"x\"\n\"-t\"\n\"TXT\""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := ask(tt.params...); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	seen := map[string]bool{}
	for range 100 {
		seen[ask("hostname", "x", "querytype", "TXT", "rand", true)] = true
	}
	if len(seen) < 5 { // of 24 orders
		t.Errorf("its random orders are %d only", len(seen))
	}
}
