package st2

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/cli"
)

// TestCompletionSaysWhatMayFollow asks as the scripts of the shells do.
func TestCompletionSaysWhatMayFollow(t *testing.T) {
	answers := map[string]string{
		"/api/v1/actions":    `[{"ref": "core.local", "description": "Runs a command.\nAs you."}, {"ref": "core.noop"}, {"ref": "chat.greet"}]`,
		"/api/v1/packs":      `[{"ref": "chat", "description": "For clients."}]`,
		"/api/v1/rules":      `[{"ref": "chat.greet"}]`,
		"/api/v1/executions": `[{"id": "1", "action": {"ref": "core.local"}}]`,
		"/api/v1/actions/views/parameters/core.local": `{"parameters": {"cmd": {"description": "What to run."}, "sudo": {}, "fixed": {"immutable": true}}}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.URL.Path]
		if !ok || r.Header.Get("X-Auth-Token") != "good" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	tests := map[string]struct{ typed, want string }{
		"a command":                 {"exec", "execution\tlist, get, re-run, cancel, pause, resume, tail\n:4\n"},
		"a verb":                    {"service-registry |", "group\tlist\nmember\tlist\n:4\n"},
		"an option before":          {"--debug who", "whoami\tShow who you are.\n:4\n"},
		"an option of a command":    {"pack remove --t", "--token\ttoken to come in with (ST2_AUTH_TOKEN)\n:4\n"},
		"an action":                 {"run core.", "core.local\tRuns a command.\ncore.noop\n:4\n"},
		"a parameter":               {"run core.local s", "sudo=\n:6\n"},
		"no fixed one":              {"action execute core.local f", ":6\n"},
		"a value has no list":       {"run core.local cmd=x", ":6\n"},
		"options are no places":     {"run -a --trace-tag x core.local c", "cmd=\tWhat to run.\n:6\n"},
		"a pack by an option":       {"action list -p |", "chat\tFor clients.\n:4\n"},
		"a rule":                    {"rule disable |", "chat.greet\n:4\n"},
		"the one rule is there":     {"rule disable chat.greet |", ":4\n"},
		"several executions":        {"execution get 0 |", "1\tcore.local\n:4\n"},
		"a file":                    {"rule create |", ":0\n"},
		"a file behind a name":      {"rule update chat.greet |", ":0\n"},
		"a pack that is not there":  {"pack install |", ":0\n"},
		"what the server won't say": {"key get |", ":4\n"},
		"nothing follows":           {"whoami |", ":4\n"},
		"a value of an option":      {"run --config-file |", ":0\n"},
		"a mistake before":          {"rule disable --wrong chat.g", "chat.greet\n:4\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			o := cli.Options{Out: &out, Err: &stderr, Getenv: func(name string) string {
				return map[string]string{"ST2_BASE_URL": server.URL, "ST2_AUTH_TOKEN": "good"}[name]
			}}
			words := strings.Split(tt.typed, " ")
			if last := len(words) - 1; words[last] == "|" {
				words[last] = ""
			}
			if code := Execute(t.Context(), o, append([]string{"__complete"}, words...)); code != 0 {
				t.Errorf("ended with %d", code)
			}
			if d := cmp.Diff(tt.want, out.String()+stderr.String()); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestCompletionHasAScriptForEachShell: what a shell reads calls the program back.
func TestCompletionHasAScriptForEachShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var out bytes.Buffer
		if code := Execute(t.Context(), cli.Options{Out: &out}, []string{"completion", shell}); code != 0 || !strings.Contains(out.String(), "__complete ") {
			t.Errorf("%s: %d, %.80q", shell, code, out.String())
		}
	}
	if code := Execute(t.Context(), cli.Options{}, []string{"completion", "csh"}); code != 1 {
		t.Errorf("an unknown shell ends with %d", code)
	}
}
