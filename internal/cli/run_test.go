package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunWaitsAndShowsTheResult(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	f.answers("GET /api/v1/executions/"+executionID,
		executionJSON("scheduled", ""), executionJSON("running", ""), executionJSON("succeeded", finished))
	got := f.run(t, "run", "core.local", "cmd=date", "timeout=5", "--trace-tag", "night", "--delay", "10", "-u", "ops")
	f.check(t, got, result{Out: `id: 5f00000000000000000000ee
action.ref: core.local
context.user: admin
parameters:
  cmd: date
status: succeeded (250ms elapsed)
start_timestamp: Sun, 22 Nov 2026 15:00:00 UTC
end_timestamp: Sun, 22 Nov 2026 15:00:00 UTC
result:
  failed: false
  succeeded: true
  return_code: 0
  stdout: Sun Nov 22 15:00:00 UTC 2026
  stderr: ''
`})
	f.checkRequests(t,
		"GET /api/v1/actions/core.local",
		"GET /api/v1/runnertypes?name=local-shell-cmd",
		`POST /api/v1/executions {"action":"core.local","parameters":{"cmd":"date","timeout":5},`+
			`"context":{"trace_context":{"trace_tag":"night"}},"user":"ops","delay":10}`,
		"GET /api/v1/executions/"+executionID+"?include_attributes=id%2Caction.ref%2Ccontext.user%2Cparameters%2Cstatus%2C"+
			"start_timestamp%2Cend_timestamp%2Cresult%2Caction.runner_type%2Cchildren",
	)
	if f.shown() != "t0ken" {
		t.Errorf("the token: got %q, want t0ken", f.shown())
	}
}

func TestRunEndsWithOneWhenTheActionFails(t *testing.T) {
	for _, status := range []string{"failed", "timeout", "abandoned", "canceled"} {
		t.Run(status, func(t *testing.T) {
			f := newFake(t)
			f.coreLocal()
			f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
			f.answer("GET /api/v1/executions/"+executionID, 200, executionJSON(status, `"result": {"stdout": "so far"}`))
			got := f.run(t, "run", "core.local", "cmd=false", "-k", "stdout")
			f.check(t, got, result{Code: ExitFailure, Out: "so far\n"})
		})
	}
}

// The stream is a doorbell: as soon as it rings, the execution is looked at.
func TestRunHearsTheStream(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	over := make(chan struct{})
	f.mux.HandleFunc("GET /api/v1/executions/"+executionID, func(w http.ResponseWriter, _ *http.Request) {
		body := executionJSON("running", "")
		select {
		case <-over:
			body = executionJSON("succeeded", finished)
		default:
		}
		_, _ = w.Write([]byte(body))
	})
	f.mux.HandleFunc("GET /stream/v1/stream", func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("execution_ids"); got != executionID {
			t.Errorf("the stream is asked for %q, want %s", got, executionID)
		}
		_, _ = w.Write([]byte("\n"))
		close(over)
		sendEvent(w, "st2.execution__update", json.RawMessage(executionJSON("succeeded", "")))
		<-r.Context().Done() // the client leaves when it knows
	})
	got := f.run(t, "run", "core.local", "cmd=date", "-j", "--attr", "status", "id")
	f.check(t, got, result{Out: "{\n    \"id\": \"" + executionID + "\",\n    \"status\": \"succeeded\"\n}\n"})
}

func TestRunAsyncSaysHowToGoOn(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	want := result{Out: `To see the result:
 nightshift execution get 5f00000000000000000000ee

To see what it prints while it runs:
 nightshift execution tail 5f00000000000000000000ee
`}
	f.check(t, f.run(t, "run", "core.local", "cmd=date", "-a"), want)
	f.check(t, f.run(t, "action", "execute", "core.local", "cmd=date"), want)
}

func TestRunInterruptedSaysThatTheExecutionGoesOn(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	x := f.terminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	x.ctx = ctx
	f.mux.HandleFunc("GET /api/v1/executions/"+executionID, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(executionJSON("running", "")))
		cancel()
	})
	got := x.run("run", "core.local", "cmd=sleep 60")
	f.check(t, got, result{
		Code: ExitInterrupted,
		Err:  "ERROR: interrupted. The execution goes on; stop it with \"nightshift execution cancel 5f00000000000000000000ee\".\n",
	})
}

func TestRunSaysAllThatIsWrongWithTheWords(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	got := f.run(t, "run", "core.local", "timeout=soon", "sudo=maybe", "env=[")
	f.check(t, got, result{
		Code: ExitUsage,
		Err: `ERROR: parameter timeout: "soon" is not a whole number; parameter sudo: "maybe" is neither true nor false; ` +
			`parameter env: "[" is no object: it is JSON or a=b,c=d` + "\n",
	})
}

func TestRunOfAnUnknownAction(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/actions/core.nothing", 404, `{"faultstring": "Unable to find resource."}`)
	got := f.run(t, "run", "core.nothing")
	f.check(t, got, result{
		Code: ExitNotFound, Err: "ERROR: There is no action core.nothing. See \"nightshift action list\".\n",
	})
}

func TestRunHelpShowsTheParameters(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	got := f.run(t, "run", "core.local", "--help")
	f.check(t, got, result{Out: `core.local
Action that executes an arbitrary Linux command on the localhost.

Required parameters:
  cmd (string)
      Arbitrary Linux command to be executed on the local host.

Optional parameters:
  timeout (integer)
      Default: 60
  env (object)
      Environment variables.
  cwd (string)
`})
}

func TestRunHandsTheEnvironmentOn(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	x := f.terminal(t)
	x.opts.Environ = func() []string {
		return []string{"TIER=prod", "PATH=/bin", "NIGHTSHIFT_TOKEN=t0ken", "WHERE=shell", "ST2_API_KEY=k"}
	}
	x.run("run", "core.local", "cmd=env", "-e", "-a", `env={"WHERE": "word"}`)
	want := `POST /api/v1/executions {"action":"core.local","parameters":{"cmd":"env","env":{"TIER":"prod","WHERE":"word"}}}`
	if got := f.requests()[2]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRunTail(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	f.answer("GET /api/v1/executions/"+executionID, 200, executionJSON("failed", ""))
	f.mux.HandleFunc("GET /stream/v1/executions/"+executionID+"/output", func(w http.ResponseWriter, _ *http.Request) {
		sendEvent(w, "st2.execution.output__create", map[string]string{"id": "1", "data": "one\n", "output_type": "stdout"})
		sendEvent(w, "EOF", "")
	})
	got := f.run(t, "run", "core.local", "cmd=date", "--tail")
	f.check(t, got, result{
		Code: ExitFailure, Out: "one\n", Err: "Execution 5f00000000000000000000ee has completed (status=failed).\n",
	})
}

func TestReRun(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("GET /api/v1/executions/"+executionID, 200, executionJSON("succeeded", finished))
	f.answer("POST /api/v1/executions/"+executionID+"/re_run", 201, executionJSON("requested", ""))
	f.check(t, f.run(t, "execution", "re-run", executionID, "timeout=7", "-k", "return_code"), result{Out: "0\n"})
	f.check(t, f.run(t, "execution", "re-run", executionID, "--tasks", "a", "b", "--no-reset", "b", "-a", "-j", "--attr", "id"),
		result{Out: compactExecution(t)})
	got := f.requests()
	for i, want := range map[int]string{
		3: "POST /api/v1/executions/" + executionID + `/re_run {"parameters":{"timeout":7}}`,
		5: "POST /api/v1/executions/" + executionID + `/re_run {"tasks":["a","b"],"reset":["a"]}`,
	} {
		if got[i] != want {
			t.Errorf("request %d: got %s, want %s", i, got[i], want)
		}
	}
}

// compactExecution is what -j prints of a new execution.
func compactExecution(t *testing.T) string {
	t.Helper()
	return `{
    "action": {
        "ref": "core.local",
        "runner_type": "local-shell-cmd"
    },
    "context": {
        "user": "admin"
    },
    "id": "5f00000000000000000000ee",
    "parameters": {
        "cmd": "date"
    },
    "start_timestamp": "2026-11-22T15:00:00.000000Z",
    "status": "requested"
}
`
}

func TestProgressIsForTerminals(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	running := executionJSON("running", "")
	f.answers("GET /api/v1/executions/"+executionID,
		running, running, running, running, running, executionJSON("succeeded", finished))
	x := f.terminal(t)
	x.opts.ErrTerminal = true
	got := x.run("run", "core.local", "cmd=date", "-k", "return_code")
	if got.Out != "0\n" || !strings.Contains(got.Err, "is running (0s)") || !strings.HasSuffix(got.Err, "\r\x1b[K") {
		t.Errorf("got %q on stdout and %q on stderr; want the result, and a line that says what is waited for and is cleared", got.Out, got.Err)
	}
}

func TestFilesAsParameters(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("POST /api/v1/executions", 201, executionJSON("requested", ""))
	path := filepath.Join(t.TempDir(), "script.sh")
	if err := os.WriteFile(path, []byte("echo 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"@cmd=" + path, "cmd=@" + path} {
		f.run(t, "run", "core.local", word, "-a")
	}
	got := f.requests()
	want := `POST /api/v1/executions {"action":"core.local","parameters":{"cmd":"echo 1\n"}}`
	if got[2] != want || got[5] != want {
		t.Errorf("got %s and %s, want %s", got[2], got[5], want)
	}
	gone := path + ".gone"
	f.check(t, f.run(t, "run", "core.local", "cmd=@"+gone), result{
		Code: ExitUsage, Err: "ERROR: parameter cmd: there is no file " + gone + "\n",
	})
}
