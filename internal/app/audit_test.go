package app_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/audit"
	"github.com/nightshift-run/nightshift/internal/config"
	"github.com/nightshift-run/nightshift/internal/store"
)

// onRecord returns the records of an origin, the oldest first, of a log that must be whole.
func onRecord(t *testing.T, s *store.Store, origin string) []audit.Record {
	t.Helper()
	entries, err := s.Reader().Audit(t.Context(), store.AuditQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var head audit.Head
	var out []audit.Record
	for _, e := range entries {
		if head, err = head.Follow(e); err != nil {
			t.Fatal(err)
		}
		var r audit.Record
		if err := json.Unmarshal(e.Record, &r); err != nil {
			t.Fatal(err)
		}
		if r.Origin == origin {
			out = append(out, r)
		}
	}
	return out
}

// changed says what is changed by a record.
func changed(r audit.Record) string {
	var out []string
	for _, c := range r.Changes {
		out = append(out, c.Kind+" "+c.Object)
	}
	return strings.Join(out, ", ")
}

// TestWhatNobodyAskedForIsOnRecord holds that changes that come from files are in the audit
// log, each once, with what was there before.
func TestWhatNobodyAskedForIsOnRecord(t *testing.T) {
	folder := t.TempDir()
	packs, roles := filepath.Join(folder, "packs"), filepath.Join(folder, "rbac")
	file := func(name, text string) {
		t.Helper()
		name = filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Default()
	cfg.Data, cfg.Listen, cfg.Exchange.Index, cfg.Python.Libraries = filepath.Join(folder, "data"), "127.0.0.1:0", nil, []string{}
	cfg.Packs, cfg.RBAC = []string{packs}, config.RBAC{Enable: true, Folder: roles}
	file("packs/x/pack.yaml", "name: x\nref: x\ndescription: X.\nversion: 1.0.0\nauthor: us\nemail: us@example.com\n")
	file("packs/x/actions/hush.yaml", "name: hush\nrunner_type: noop\nparameters: {word: {type: string, default: zqInTheFile}}\n")
	file("rbac/roles/a.yaml", lookers)
	file("rbac/assignments/ada.yaml", isOne)
	hangups := make(chan os.Signal)
	open := func() *app.App {
		t.Helper()
		a, err := app.Open(t.Context(), cfg, app.Options{Hangups: hangups})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	end := func(a *app.App) {
		t.Helper()
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fromPacks, fromRoles := "files in "+filepath.Join(cfg.Data, "packs")+", "+packs, "files in "+roles
	count := func(a *app.App) int64 {
		t.Helper()
		head, err := a.Store.Reader().AuditHead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return head.Seq
	}

	a := open()
	if got := onRecord(t, a.Store, "the start of the server"); len(got) != 1 || changed(got[0]) != "data_key 1" || got[0].User != "nightshift" {
		t.Errorf("the first key: %+v", got)
	}
	if got := onRecord(t, a.Store, "the first start of the server"); len(got) != 1 || changed(got[0]) != "user admin" {
		t.Errorf("the first user: %+v", got)
	}
	if got := onRecord(t, a.Store, fromRoles); len(got) != 1 || changed(got[0]) != "setting rbac, role lookers, role_assignment assignments/ada.yaml" {
		t.Errorf("the first roles: %+v", got)
	}
	if got := onRecord(t, a.Store, fromPacks); len(got) == 0 {
		t.Error("the first packs are not on record")
	} else if last := changed(got[len(got)-1]); !strings.Contains(last, "action x.hush, pack x") {
		t.Errorf("the first packs: %s", last)
	}
	n := count(a)
	end(a)

	a = open()
	if again := count(a); again != n {
		t.Errorf("a start that finds nothing new has %d entries", again-n)
	}
	end(a)

	file("packs/x/actions/hush.yaml", "name: hush\nrunner_type: noop\nenabled: false\nparameters: {word: {type: string, default: zqInTheFile}}\n")
	a = open()
	if again := count(a); again != n+1 {
		t.Errorf("a changed file has %d entries", again-n)
	}
	got := onRecord(t, a.Store, fromPacks)
	last := got[len(got)-1]
	text, err := json.Marshal(last)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(changed(last), "action x.hush") || strings.Contains(string(text), "zqInTheFile") || !strings.Contains(string(text), `"before":{"bytes":`) {
		t.Errorf("a changed file: %s", text)
	}

	// While it runs: by a hang-up, and by somebody who asks for it.
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	file("rbac/roles/a.yaml", lookers+"description: who look\n")
	hangups <- os.Interrupt
	hangups <- os.Interrupt // which is taken when the first is done
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	end(a)
	a = open()
	rolesChanged := onRecord(t, a.Store, fromRoles)
	if last := rolesChanged[len(rolesChanged)-1]; len(rolesChanged) != 2 || changed(last) != "role lookers" ||
		strings.Contains(string(last.Changes[0].Before), "who look") || !strings.Contains(string(last.Changes[0].After), "who look") {
		t.Errorf("a changed role: %+v", rolesChanged)
	}
	end(a)

	cfg.RBAC.Enable = false
	a = open()
	rolesChanged = onRecord(t, a.Store, fromRoles)
	if last := rolesChanged[len(rolesChanged)-1]; changed(last) != "setting rbac, role lookers, role_assignment assignments/ada.yaml" || last.Changes[0].After != nil {
		t.Errorf("roles that are off: %+v", last)
	}
	end(a)
}

func TestWhoReadsRolesAgainIsOnRecord(t *testing.T) {
	s := openWithRoles(t, map[string]string{"roles/a.yaml": lookers})
	s.file("assignments/ada.yaml", isOne)
	s.ask("admin", "POST", reload, 200)
	entries, err := s.Store.Reader().Audit(t.Context(), store.AuditQuery{User: "admin", Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	var r audit.Record
	if err := json.Unmarshal(entries[0].Record, &r); err != nil {
		t.Fatal(err)
	}
	if r.Route != "/rbac/reload" || changed(r) != "role_assignment assignments/ada.yaml" {
		t.Errorf("on record: %+v", r)
	}
}
