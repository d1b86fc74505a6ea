package app_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// documented starts a server with a pack of the files that a page of the docs
// shows: its blocks of YAML whose first line names a file. Texts are replaced by
// others, in pairs, where a test has not what the page speaks of.
func documented(t *testing.T, page string, replace ...string) *apptest.Server {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"pack.yaml": manifest("docs")}
	_, rest, more := strings.Cut(strings.NewReplacer(replace...).Replace(string(text)), "```yaml\n# ")
	for more {
		var block string
		block, rest, _ = strings.Cut(rest, "\n```\n")
		name, body, _ := strings.Cut(block, "\n")
		files[name] = body
		_, rest, more = strings.Cut(rest, "```yaml\n# ")
	}
	s := apptest.Start(t, map[string]map[string]string{"docs": files})
	put(t, s, "/api/v1/keys/site", `{"name": "site", "value": "berlin"}`)
	return s
}

// printed waits for an execution of core.echo and returns what it printed.
func printed(t *testing.T, s *apptest.Server, q store.Executions) any {
	t.Helper()
	q.Action = "core.echo"
	return result(t, s, eventually(t, s, q, "it is printed", all(1, execution.Succeeded))[0].ID)["stdout"]
}

func TestThePageAboutInquiriesIsTrue(t *testing.T) {
	s := documented(t, "inquiries.md")
	e := launch(t, s, "docs.reboot", "host", "web-1")
	eventually(t, s, ids(e.ID), "it waits", all(1, execution.Paused))
	asked, _, err := s.Store.Reader().ListExecutions(t.Context(), store.Executions{Action: "core.ask"}, store.Page{Limit: 1})
	if err != nil || len(asked) != 1 {
		t.Fatalf("%v, %v", asked, err)
	}
	id := asked[0].ID
	if got, want := printed(t, s, store.Executions{Rule: "ask"}), "Please answer: nightshift inquiry respond "+id; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	put(t, s, "/api/v1/inquiries/"+id, `{"response": {"reboot": true}}`)
	eventually(t, s, ids(e.ID), "it ends", all(1, execution.Succeeded))
	if got, want := printed(t, s, store.Executions{Parent: e.ID}), "rebooting web-1, none given"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestThePageAboutNotificationsIsTrue(t *testing.T) {
	s := documented(t, "notifications.md")
	launch(t, s, "docs.backup", "host", "web-1")
	if got, want := printed(t, s, store.Executions{Rule: "tell"}), "web-1: saved 12 files of web-1 (berlin) by tester"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestThePageAboutChainsIsTrue(t *testing.T) {
	s := documented(t, "chains.md")
	e := launch(t, s, "docs.free_disk")
	eventually(t, s, ids(e.ID), "it ends", all(1, execution.Succeeded))
	if diff := cmp.Diff(map[string]any{"used": "97", "used_now": "42"}, result(t, s, e.ID)["published"]); diff != "" {
		t.Error(diff)
	}
	e = launch(t, s, "docs.free_disk", "limit", "20")
	eventually(t, s, ids(e.ID), "it ends", all(1, execution.Succeeded))
	if got, want := printed(t, s, store.Executions{Parent: e.ID}), "/var on berlin is full, 97 percent; removed old logs in /var"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}
