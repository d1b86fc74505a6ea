package cli

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
)

const outputPath = "GET /stream/v1/executions/" + executionID + "/output"

func piece(id int, typ, data string) map[string]string {
	return map[string]string{
		"id": strconv.Itoa(id), "output_type": typ, "data": data, "timestamp": "2026-11-22T15:00:00.500000Z",
	}
}

const completed = "Execution 5f00000000000000000000ee has completed (status=succeeded).\n"

func TestTailFollowsTheStream(t *testing.T) {
	f := newFake(t)
	f.answers("GET /api/v1/executions/last", executionJSON("running", ""))
	f.answers("GET /api/v1/executions/"+executionID, executionJSON("succeeded", finished))
	f.mux.HandleFunc(outputPath, func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("output_type"); got != "stdout" {
			t.Errorf("the type: got %q, want stdout", got)
		}
		_, _ = w.Write([]byte("\n"))
		sendEvent(w, "st2.execution.output__create", piece(1, "stdout", "one\n"))
		sendEvent(w, "st2.execution.output__create", piece(2, "stdout", "two"))
		sendEvent(w, "EOF", "")
	})
	f.check(t, f.run(t, "execution", "tail", "--type", "stdout"), result{Out: "one\ntwo\n", Err: completed})
}

// A stream that breaks off is taken up again, and nothing is shown twice.
func TestTailGoesOnAfterABreak(t *testing.T) {
	f := newFake(t)
	f.answers("GET /api/v1/executions/"+executionID,
		executionJSON("running", ""), executionJSON("running", ""), executionJSON("succeeded", finished))
	var tries atomic.Int32
	f.mux.HandleFunc(outputPath, func(w http.ResponseWriter, _ *http.Request) {
		sendEvent(w, "st2.execution.output__create", piece(1, "stdout", "one\n"))
		if tries.Add(1) == 1 {
			return
		}
		sendEvent(w, "st2.execution.output__create", piece(2, "stderr", "two\n"))
		sendEvent(w, "EOF", "")
	})
	f.check(t, f.run(t, "execution", "tail", executionID), result{Out: "one\ntwo\n", Err: completed})
	if got := tries.Load(); got != 2 {
		t.Errorf("the stream was asked for %d times, want 2", got)
	}
}

func TestTailWithMetadata(t *testing.T) {
	f := newFake(t)
	f.answers("GET /api/v1/executions/"+executionID, executionJSON("succeeded", finished))
	f.mux.HandleFunc(outputPath, func(w http.ResponseWriter, _ *http.Request) {
		sendEvent(w, "st2.execution.output__create", piece(1, "stdout", "one"))
		sendEvent(w, "st2.execution.output__create", piece(2, "stderr", "two\n"))
		sendEvent(w, "EOF", "")
	})
	f.check(t, f.run(t, "execution", "tail", executionID, "--include-metadata"), result{
		Out: "[2026-11-22T15:00:00.500000Z] [stdout] one\n[2026-11-22T15:00:00.500000Z] [stderr] two\n",
		Err: completed,
	})
}

// Where there is no stream, the text is asked for again and again.
func TestTailWithoutAStream(t *testing.T) {
	f := newFake(t)
	f.answers("GET /api/v1/executions/"+executionID,
		executionJSON("running", ""), executionJSON("running", ""), executionJSON("running", ""), executionJSON("succeeded", finished))
	f.answers("GET /api/v1/executions/"+executionID+"/output", "one\n", "one\ntwo\n", "one\ntwo\nthree\n")
	f.check(t, f.run(t, "execution", "tail", executionID), result{Out: "one\ntwo\nthree\n", Err: completed})
}

func TestTailOfNothing(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/executions/x", 404, `{"faultstring": "Unable to identify resource with id \"x\"."}`)
	f.check(t, f.run(t, "execution", "tail", "x"), result{
		Code: ExitNotFound, Err: "ERROR: Unable to identify resource with id \"x\".\n",
	})
}
