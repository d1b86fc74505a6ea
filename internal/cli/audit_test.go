package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/audit"
)

// log has entries of a log behind a base.
func log(base audit.Head, n int) (entries []audit.Entry, head audit.Head) {
	head = base
	for i := range n {
		e := head.Next(fmt.Appendf(nil, `{"at":"2026-11-22T02:00:0%dZ","user":"ada","credential":"API key","address":"::1","method":"PUT","object":"keys/a","outcome":"done"}`, i))
		entries, head = append(entries, e), audit.Head{Seq: e.Seq, Hash: e.Hash}
	}
	return entries, head
}

// serveLog has a server answer with a log.
func serveLog(f *fake, base, head audit.Head, entries []audit.Entry) {
	f.mux.HandleFunc("GET /api/ns/v1/audit/head", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]audit.Head{"base": base, "head": head})
	})
	f.mux.HandleFunc("GET /api/ns/v1/audit", func(w http.ResponseWriter, r *http.Request) {
		after := int64(-1)
		_, _ = fmt.Sscan(r.URL.Query().Get("after"), &after)
		page := []audit.Entry{}
		for _, e := range entries {
			if e.Seq > after && len(page) < 2 { // small pages
				page = append(page, e)
			}
		}
		_ = json.NewEncoder(w).Encode(page)
	})
}

func TestTheAuditLogIsListedExportedAndVerified(t *testing.T) {
	f := newFake(t)
	base := audit.Head{Seq: 7, Hash: strings.Repeat("a", 64)}
	entries, head := log(base, 5)
	serveLog(f, base, head, entries)
	if got := f.run(t, "audit", "list"); got.Code != 0 || !strings.Contains(got.Out, "keys/a") || !strings.Contains(got.Out, "| 8 ") {
		t.Errorf("%+v", got)
	}
	found := newFake(t)
	byFiles := audit.Head{}.Next([]byte(`{"at":"2026-11-22T02:00:00Z","user":"nightshift","credential":"the server itself","address":"","method":"","origin":"files in /etc/rbac","outcome":"done",
		"changes":[{"kind":"role","object":"a"},{"kind":"role","object":"b"},{"kind":"role","object":"c"},{"kind":"role","object":"d"},{"kind":"role","object":"e"}]}`))
	serveLog(found, audit.Head{}, audit.Head{Seq: 1, Hash: byFiles.Hash}, []audit.Entry{byFiles})
	if got := found.run(t, "audit", "list"); got.Code != 0 || !strings.Contains(got.Out, "files in /etc/rbac") || !strings.Contains(got.Out, "role a, role b") || !strings.Contains(got.Out, "2 more") {
		t.Errorf("what nobody asked for: %+v", got)
	}
	want := result{Out: fmt.Sprintf("5 entries, from 8 to 12, are as they were. Head: %s\n", head)}
	f.check(t, f.run(t, "audit", "verify"), want)
	file := filepath.Join(t.TempDir(), "log")
	exported := f.run(t, "audit", "export")
	if exported.Code != 0 || strings.Count(exported.Out, "\n") != 5 {
		t.Errorf("%+v", exported)
	}
	if err := os.WriteFile(file, []byte(exported.Out), 0o600); err != nil {
		t.Fatal(err)
	}
	f.check(t, f.run(t, "audit", "verify", file), want)
	if err := os.WriteFile(file, []byte(strings.Replace(exported.Out, `"user":"ada"`, `"user":"bob"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	f.check(t, f.run(t, "audit", "verify", file), result{Code: ExitConflict, Err: "ERROR: The audit log is not what it was: entry 8 is not as it was.\n"})
}

func TestACheckpointFindsWhatTheLogItselfDoesNotTell(t *testing.T) {
	checkpoint := filepath.Join(t.TempDir(), "head")
	entries, head := log(audit.Head{}, 5)
	other, otherHead := log(audit.Head{Seq: 1, Hash: entries[0].Hash}, 7)
	for i := range other {
		other[i] = audit.Head{Seq: other[i].Seq - 1, Hash: other[i].Previous}.Next([]byte(`{}`))
		if i+1 < len(other) {
			other[i+1].Previous = other[i].Hash
		}
		otherHead = audit.Head{Seq: other[i].Seq, Hash: other[i].Hash}
	}
	verify := func(base, head audit.Head, entries []audit.Entry) result {
		t.Helper()
		f := newFake(t)
		serveLog(f, base, head, entries)
		return f.run(t, "audit", "verify", "--checkpoint", checkpoint)
	}
	if got := verify(audit.Head{}, head, entries); got.Code != 0 {
		t.Fatalf("%+v", got)
	}
	for name, tt := range map[string]struct {
		got  result
		want string
	}{
		"its end is gone":  {verify(audit.Head{}, audit.Head{Seq: 3, Hash: entries[2].Hash}, entries[:3]), "it ends with entry 3, and had come to 5"},
		"it was made anew": {verify(audit.Head{}, otherHead, append(entries[:1:1], other...)), "entry 5 is not the one that the checkpoint knows"},
		"all of it gone":   {verify(audit.Head{}, audit.Head{}, nil), "it ends with entry 0, and had come to 5"},
		"half an answer":   {verify(audit.Head{}, head, entries[:4]), "it ends with entry 4, and its head is 5"},
	} {
		if want := "ERROR: The audit log is not what it was: " + tt.want + ".\n"; tt.got.Err != want || tt.got.Code != ExitConflict {
			t.Errorf("%s: got %+v, want %s", name, tt.got, want)
		}
	}
	base := audit.Head{Seq: 5, Hash: entries[4].Hash}
	later, laterHead := log(base, 1)
	if got := verify(base, laterHead, later); got.Code != 0 {
		t.Errorf("when retention has come to the checkpoint: %+v", got)
	}
}
