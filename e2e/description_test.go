//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDescriptionHolds has Schemathesis make up requests from the description of the
// API, good ones and bad ones, as an admin: nothing may fail inside, and every answer
// must be as it is described.
func TestDescriptionHolds(t *testing.T) {
	bin := installed(t, "schemathesis==4.32.5")
	s := serve(t, chatPack(t))
	s.cli(t, "run", "chat.greet", "who=ann")
	s.cli(t, "key", "set", "a", "1")
	var told, runner struct{}
	s.do(t, "POST", "/api/v1/webhooks/call", `{"who": "web"}`, &told)
	// What is made up must neither run on this machine nor reach another one.
	var runners []struct{ Name string }
	s.get(t, "/api/v1/runnertypes", &runners)
	for _, r := range runners {
		if r.Name != "noop" {
			s.do(t, "PUT", "/api/v1/runnertypes/"+r.Name, `{"enabled": false}`, &runner)
		}
	}
	execution := anID.FindString(s.cli(t, "execution", "list", "-n", "1", "-j"))
	instance := anID.FindString(s.cli(t, "trigger-instance", "list", "-n", "1", "-j"))
	var enforcement string
	eventually(t, "the rule is enforced", 30*time.Second, func() bool {
		enforcement = anID.FindString(s.cli(t, "rule-enforcement", "list", "-n", "1", "-j"))
		return enforcement != ""
	})

	// Names that there are, for what is made up exists by chance only. Users are others
	// than the admin, whose token must last.
	settings := write(t, t.TempDir(), "schemathesis.toml", fmt.Sprintf(`
[parameters]
"path.ref" = ["core", "core.local", "core.st2.webhook", "chat", "chat.greet", "noop", "action.retry", "no.such"]
"path.id" = [%q, %q, %q, "0123456789abcdef01234567", "x"]

[[operations]]
include-path-regex = "/users/"
parameters = { "path.name" = ["grace", "nobody"] }
`, execution, instance, enforcement))
	args := []string{
		"--config-file", settings, "run", s.url + "/api/v1/openapi.json", "--header", "X-Auth-Token: " + s.token,
		"--phases", "coverage,fuzzing", "--max-examples", "5", "--generation-deterministic",
		"--generation-with-security-parameters", "false", // it would come as somebody else, and be turned away
		"--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,ignored_auth",
		"--request-timeout", "10", "--continue-on-failure", "--no-shrink", "--no-color", "--warnings", "off",
	}
	for _, without := range []struct{ operation, why string }{
		{"get_stream_stream", "it has no end"},
		{"get_stream_executions_id_output", "it may have no end"},
		{"delete_api_ns_token", "it takes away the token of the test"},
		{"put_api_runnertypes_ref", "it would let things run again"},
		{"post_api_packs_install", "it would ask hosts that are made up"},
		{"post_api_packs_uninstall", "it takes away what the others are tried on"},
		{"get_api_packs_index", "it asks a host that is not ours"},
		{"get_api_packs_index_health", "it asks a host that is not ours"},
		{"post_api_packs_index_search", "it asks a host that is not ours"},
	} {
		t.Logf("without %s: %s", without.operation, without.why)
		args = append(args, "--exclude-operation-id", without.operation)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "schemathesis"), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	// It has really been let in, and still is.
	if who := s.cli(t, "whoami"); !strings.Contains(who, "admin") {
		t.Errorf("whoami: %s", who)
	}
	if said := s.out.String(); strings.Contains(said, "level=ERROR") {
		t.Errorf("the server has said\n%s", said)
	}
	t.Logf("%s", out[max(0, len(out)-500):])
}
