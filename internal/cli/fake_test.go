package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fake is a server of which a test says what it answers.
type fake struct {
	*httptest.Server
	mux *http.ServeMux

	mu   sync.Mutex
	seen []string // requests, as method, path, query and body
	auth []string // what each of them showed
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{mux: http.NewServeMux()}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		line := r.Method + " " + r.URL.RequestURI()
		if len(body) > 0 {
			line += " " + strings.TrimSpace(string(body))
		}
		f.mu.Lock()
		f.seen = append(f.seen, line)
		f.auth = append(f.auth, r.Header.Get("X-Auth-Token")+r.Header.Get("St2-Api-Key")+r.Header.Get("Authorization"))
		f.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		f.mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// answer makes the server answer a pattern of the mux with JSON.
func (f *fake) answer(pattern string, status int, body string, header ...string) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// answers makes the server answer with one body after the other, and then with
// the last one again and again.
func (f *fake) answers(pattern string, bodies ...string) {
	var mu sync.Mutex
	n := 0
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		body := bodies[min(n, len(bodies)-1)]
		n++
		mu.Unlock()
		_, _ = io.WriteString(w, body)
	})
}

// requests returns what was asked so far, without what only looks for changes.
func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.seen {
		if !strings.Contains(r, "include_attributes=status") && !strings.Contains(r, "/stream/v1/stream") {
			out = append(out, r)
		}
	}
	return out
}

// shown returns what the last request came with.
func (f *fake) shown() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.auth) == 0 {
		return ""
	}
	return f.auth[len(f.auth)-1]
}

// terminal is where a command runs in a test.
type terminal struct {
	ctx  context.Context
	opts Options
	env  map[string]string
}

// result is what came of a command.
type result struct {
	Code     int
	Out, Err string
}

func (f *fake) terminal(t *testing.T) *terminal {
	return &terminal{
		ctx:  t.Context(),
		env:  map[string]string{"NIGHTSHIFT_URL": f.URL, "NIGHTSHIFT_TOKEN": "t0ken"},
		opts: Options{Version: "1.2.3", Home: t.TempDir()},
	}
}

func (x *terminal) run(args ...string) result {
	var out, errs bytes.Buffer
	o := x.opts
	o.Out, o.Err = &out, &errs
	o.Getenv = func(name string) string { return x.env[name] }
	code := Execute(x.ctx, New(o), args)
	return result{code, out.String(), errs.String()}
}

// run runs a command against the server.
func (f *fake) run(t *testing.T, args ...string) result {
	t.Helper()
	return f.terminal(t).run(args...)
}

// check compares a result, with the address of the server written as SERVER.
func (f *fake) check(t *testing.T, got, want result) {
	t.Helper()
	got.Out = strings.ReplaceAll(got.Out, f.URL, "SERVER")
	got.Err = strings.ReplaceAll(got.Err, f.URL, "SERVER")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the result differs (-want +got):\n%s", diff)
	}
}

func (f *fake) checkRequests(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.requests()); diff != "" {
		t.Errorf("the requests differ (-want +got):\n%s", diff)
	}
}

// coreLocal makes the server know core.local as StackStorm describes it.
func (f *fake) coreLocal() {
	f.answer("GET /api/v1/actions/core.local", 200, `{
		"id": "5f0000000000000000000001", "ref": "core.local", "pack": "core", "name": "local",
		"description": "Action that executes an arbitrary Linux command on the localhost.",
		"runner_type": "local-shell-cmd", "enabled": true, "entry_point": "",
		"parameters": {
			"cmd": {"required": true, "type": "string", "description": "Arbitrary Linux command to be executed on the local host."},
			"sudo": {"immutable": true}
		}}`)
	f.answer("GET /api/v1/runnertypes", 200, `[{
		"id": "5f0000000000000000000002", "name": "local-shell-cmd", "enabled": true,
		"runner_parameters": {
			"cmd": {"type": "string"}, "sudo": {"type": "boolean", "default": false}, "timeout": {"type": "integer", "default": 60},
			"env": {"type": "object", "description": "Environment variables."}, "cwd": {"type": "string"}
		}}]`)
}

const executionID = "5f00000000000000000000ee"

// execution is one as the API gives it.
func executionJSON(status, extra string) string {
	if extra != "" {
		extra = ", " + extra
	}
	return fmt.Sprintf(`{"id": %q, "action": {"ref": "core.local", "runner_type": "local-shell-cmd"},
		"context": {"user": "admin"}, "parameters": {"cmd": "date"}, "status": %q,
		"start_timestamp": "2026-11-22T15:00:00.000000Z"%s}`, executionID, status, extra)
}

const finished = `"end_timestamp": "2026-11-22T15:00:00.250000Z",
	"result": {"failed": false, "succeeded": true, "return_code": 0, "stdout": "Sun Nov 22 15:00:00 UTC 2026", "stderr": ""}`

// sendEvent writes one frame of a stream.
func sendEvent(w http.ResponseWriter, name string, data any) {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, b)
	w.(http.Flusher).Flush()
}
