package install_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/install"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
)

// house is an installer with what it works on.
type house struct {
	*install.Installer
	t       *testing.T
	packs   string // folder of installed packs
	sources string // folder of sources
	store   *store.Store
	catalog *catalog.Holder
	prepare func(ref, dir string) error // may be nil
}

func build(t *testing.T) *house {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{t: t, packs: filepath.Join(t.TempDir(), "packs"), sources: t.TempDir(), store: store.New(db), catalog: new(catalog.Holder)}
	if err := os.Mkdir(h.packs, 0o755); err != nil {
		t.Fatal(err)
	}
	r := register.New(h.store, h.catalog, new(membus.Bus), register.Options{Runners: runner.Types(nil, nil), Folders: []string{h.packs}})
	if _, err := r.Packs(t.Context()); err != nil {
		t.Fatal(err)
	}
	index := h.write("index.json", `{"packs": {"base": {"repo_url": "file://`+h.sources+`/base"}}}`)
	h.Installer = install.New(h.packs, exchange.New(exchange.Options{Indexes: []string{index}}), r, h.catalog, h.store, install.Options{
		Prepare: func(_ context.Context, ref, dir string) error {
			if h.prepare == nil {
				return nil
			}
			return h.prepare(ref, dir)
		},
	})
	return h
}

func (h *house) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.sources, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// pack writes the source of a pack with one action, and returns its folder.
func (h *house) pack(name, version string, more ...string) string {
	h.t.Helper()
	h.write(name+"/pack.yaml", "name: "+name+"\ndescription: d\nauthor: a\nversion: "+version+"\n"+strings.Join(more, "\n"))
	h.write(name+"/actions/do.yaml", "name: do\nrunner_type: local-shell-script\nentry_point: do.sh\n")
	h.write(name+"/actions/do.sh", "echo "+version)
	return filepath.Join(h.sources, name)
}

func (h *house) install(q install.Request, sources ...string) install.Report {
	h.t.Helper()
	report, err := h.Install(h.t.Context(), sources, q)
	if err != nil {
		h.t.Fatal(err)
	}
	return report
}

func (h *house) fails(kind fault.Kind, says string, sources ...string) {
	h.t.Helper()
	before := h.registered()
	_, err := h.Install(h.t.Context(), sources, install.Request{})
	wantFault(h.t, err, kind, says)
	if diff := cmp.Diff(before, h.registered()); diff != "" {
		h.t.Errorf("it has changed something nevertheless:\n%s", diff)
	}
}

func wantFault(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	if fault.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v of kind %d, want kind %d and %q", err, fault.KindOf(err), kind, says)
	}
}

// registered returns the version and the script of each pack that was installed.
func (h *house) registered() map[string]string {
	h.t.Helper()
	out := map[string]string{}
	for _, p := range h.catalog.Get().Packs() {
		if p.Path == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(p.Path, "actions", "do.sh"))
		if err != nil {
			h.t.Error(err)
		}
		out[p.Ref] = p.Version + " " + string(text)
	}
	return out
}

func (h *house) want(want map[string]string) {
	h.t.Helper()
	if diff := cmp.Diff(want, h.registered()); diff != "" {
		h.t.Error(diff)
	}
	if left, err := filepath.Glob(h.packs + "/.staging/*"); err != nil || len(left) > 0 {
		h.t.Errorf("left: %s %v", left, err)
	}
}

func (h *house) versions() int {
	h.t.Helper()
	list, err := filepath.Glob(h.packs + "/.versions/*")
	if err != nil {
		h.t.Fatal(err)
	}
	return len(list)
}

func TestPacksAreInstalledWithWhatTheyNeed(t *testing.T) {
	h := build(t)
	h.pack("base", "1.0.0")
	h.pack("middle", "1.1.0", "dependencies: [base=1.0.0]")
	top := h.pack("top", "2.0.0", "dependencies: ['file://"+h.sources+"/middle', base]")
	var said []string
	got := h.install(install.Request{Say: func(s string) { said = append(said, s) }}, top)
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0", "middle": "1.1.0 echo 1.1.0", "top": "2.0.0 echo 2.0.0"})
	if len(got.Packs) != 3 || got.Packs[0].Ref != "base" || got.Packs[2].Ref != "top" {
		t.Errorf("got %+v", got)
	}
	if len(said) != 7 {
		t.Errorf("said %q", said)
	}
	h.pack("base", "1.5.0")
	h.install(install.Request{}, top) // what it needs is there
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0", "middle": "1.1.0 echo 1.1.0", "top": "2.0.0 echo 2.0.0"})
	alone := h.pack("alone", "1.0.0", "dependencies: [none]")
	h.install(install.Request{SkipDependencies: true}, alone)
}

func TestWhatCanNotBeInstalledChangesNothing(t *testing.T) {
	h := build(t)
	base := h.pack("base", "1.0.0")
	h.install(install.Request{}, base)
	h.pack("base", "2.0.0")
	h.fails(fault.NotFound, `No record of the "none" pack`, base, "none")
	h.fails(fault.Invalid, "no source of a pack", "../base")
	h.fails(fault.Conflict, `The pack "odd" needs "base" in version 3.0.0, and version 1.0.0 is installed.`, h.pack("odd", "1.0.0", "dependencies: [base=3.0.0]"))
	h.fails(fault.Conflict, `is the pack "twin" in version 2.0.0`, h.pack("twin", "1.0.0"), func() string {
		h.pack("x/twin", "2.0.0")
		h.write("x/twin/pack.yaml", "ref: twin\nname: twin\ndescription: d\nauthor: a\nversion: 2.0.0\n")
		return h.sources + "/x/twin"
	}())
	h.fails(fault.Invalid, `pack.yaml:`, func() string {
		dir := h.pack("bad", "1.0.0")
		h.write("bad/pack.yaml", "name: bad\n")
		return dir
	}())
	h.fails(fault.Invalid, `"core" is built in`, h.pack("core", "9.0.0"))
	h.fails(fault.Invalid, "is for StackStorm >=9.0.0", h.pack("new", "1.0.0", `stackstorm_version: ">=9.0.0, <10.0.0"`))
	h.fails(fault.Invalid, "there is only Python 3", h.pack("py2", "1.0.0", `python_versions: ["2"]`))
	h.prepare = func(ref, _ string) error { return errors.New("no compiler") }
	h.fails(fault.Internal, "prepare the pack base: no compiler", base)
	h.prepare = nil
	h.install(install.Request{Force: true}, h.sources+"/py2", h.sources+"/new", h.pack("good", "1.0.0", `stackstorm_version: ">=3.0.0, <4.0.0"`))
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0", "py2": "1.0.0 echo 1.0.0", "new": "1.0.0 echo 1.0.0", "good": "1.0.0 echo 1.0.0"})
}

// execution records an execution of an action that has not ended.
func (h *house) execution(action string) *execution.Execution {
	h.t.Helper()
	now := time.Now()
	e := &execution.Execution{
		ID: ident.New(now), Status: execution.Scheduled, Action: action, Runner: "local-shell-script", CreatedAt: now,
		Parameters: []byte("{}"), Context: execution.Context{User: "ann"},
	}
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error { return tx.InsertExecution(h.t.Context(), e) })
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

func (h *house) finish(e *execution.Execution) {
	h.t.Helper()
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		_, err := tx.ChangeExecution(h.t.Context(), store.Change{ID: e.ID, From: []execution.Status{e.Status}, To: execution.Canceled, At: time.Now()})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestWhatRunsKeepsItsVersion(t *testing.T) {
	h := build(t)
	source := h.pack("tools", "1.0.0")
	h.install(install.Request{}, source)
	first, _ := h.catalog.Get().Pack("tools")
	running := h.execution("tools.do")
	h.pack("tools", "2.0.0")
	got, err := h.Update(t.Context(), []string{"tools"}, install.Request{})
	if err != nil || len(got.Packs) != 1 || got.Packs[0].Before != "1.0.0" || got.Packs[0].Same {
		t.Fatalf("got %+v, %v", got, err)
	}
	h.want(map[string]string{"tools": "2.0.0 echo 2.0.0"})
	text, err := os.ReadFile(filepath.Join(first.Path, "actions", "do.sh"))
	if err != nil || string(text) != "echo 1.0.0" {
		t.Errorf("the version that runs is %q, %v", text, err)
	}
	if h.versions() != 2 {
		t.Errorf("there are %d versions", h.versions())
	}
	if got, err := h.Update(t.Context(), []string{"tools"}, install.Request{}); err != nil || !got.Packs[0].Same {
		t.Errorf("got %+v, %v", got, err)
	}
	h.finish(running)
	if err := h.Tidy(t.Context()); err != nil || h.versions() != 1 {
		t.Errorf("there are %d versions, %v", h.versions(), err)
	}
	_, err = h.Update(t.Context(), []string{"none"}, install.Request{})
	wantFault(t, err, fault.NotFound, "nobody knows where to get it from")
}

func TestWhatIsInUseIsNotRemoved(t *testing.T) {
	h := build(t)
	h.pack("base", "1.0.0")
	h.pack("user", "1.0.0", "dependencies: [base]")
	h.write("user/rules/r.yaml", "name: r\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: x}}\naction: {ref: base.do}\n")
	h.install(install.Request{}, h.sources+"/user")
	running := h.execution("base.do")
	err := h.Uninstall(t.Context(), []string{"base"}, false)
	wantFault(t, err, fault.Conflict, `The pack "base" is in use by the execution `+running.ID+", the pack user, the rule user.r.")
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0", "user": "1.0.0 echo 1.0.0"})
	if err := h.Uninstall(t.Context(), []string{"base", "user"}, true); err != nil {
		t.Fatal(err)
	}
	h.want(map[string]string{})
	if h.versions() != 1 {
		t.Errorf("there are %d versions while one runs", h.versions())
	}
	h.finish(running)
	if err := h.Tidy(t.Context()); err != nil || h.versions() != 0 {
		t.Errorf("there are %d versions, %v", h.versions(), err)
	}
	wantFault(t, h.Uninstall(t.Context(), []string{"base"}, true), fault.NotFound, "is not installed")
	wantFault(t, h.Uninstall(t.Context(), []string{"core"}, true), fault.Invalid, "system level packs")
}

func TestDownloadedPacksDoNotCountYet(t *testing.T) {
	h := build(t)
	h.pack("base", "1.0.0")
	h.pack("tools", "1.0.0", "dependencies: [base]")
	h.install(install.Request{}, h.sources+"/tools")
	h.pack("tools", "2.0.0", "dependencies: [other]")
	h.prepare = func(string, string) error { t.Error("something is prepared"); return nil }
	report, err := h.Download(t.Context(), []string{h.sources + "/tools"}, install.Request{})
	if err != nil || len(report.Packs) != 1 || report.Packs[0].Version != "2.0.0" {
		t.Errorf("got %+v, %v", report, err)
	}
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0", "tools": "1.0.0 echo 1.0.0"})
	// What is registered keeps its files.
	if err := h.Tidy(t.Context()); err != nil || h.versions() != 3 {
		t.Errorf("there are %d versions, %v", h.versions(), err)
	}
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0", "tools": "1.0.0 echo 1.0.0"})
	if err := h.Delete(t.Context(), []string{"tools"}); err != nil || h.versions() != 2 {
		t.Errorf("there are %d versions, %v", h.versions(), err)
	}
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0", "tools": "1.0.0 echo 1.0.0"})
	wantFault(t, h.Delete(t.Context(), []string{"base", "core"}), fault.Invalid, "system level packs")
	wantFault(t, h.Delete(t.Context(), []string{"nobody"}), fault.NotFound, "is not installed")
	if err := h.Uninstall(t.Context(), []string{"tools"}, false); err != nil || h.versions() != 1 {
		t.Errorf("there are %d versions, %v", h.versions(), err)
	}
	h.want(map[string]string{"base": "1.0.0 echo 1.0.0"})
}

func TestForceWarnsOfOldPython(t *testing.T) {
	h := build(t)
	source := h.pack("old", "1.0.0", "python_versions: ['2']")
	report := h.install(install.Request{Force: true}, source)
	want := []string{`The pack "old" is for Python 2, and there is only Python 3.`}
	if diff := cmp.Diff(want, report.Findings); diff != "" {
		t.Error(diff)
	}
}

func TestADeedWaitsForItsTurn(t *testing.T) {
	h := build(t)
	source := h.pack("tools", "1.0.0")
	begun, end := make(chan struct{}), make(chan struct{})
	h.prepare = func(string, string) error { close(begun); <-end; return nil }
	ended := make(chan error, 1)
	go func() { _, err := h.Install(t.Context(), []string{source}, install.Request{}); ended <- err }()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Uninstall(ctx, []string{"tools"}, true); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(end)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
