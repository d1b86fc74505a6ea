package venv_test

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/process"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/runner/python/venv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const system = "/usr/bin/python3"

// shop is a folder with packages.
type shop struct {
	t   *testing.T
	dir string
}

// sell puts a library into the shop: a module that knows its version.
func (s shop) sell(name, version string, requires ...string) {
	s.t.Helper()
	f, err := os.Create(filepath.Join(s.dir, fmt.Sprintf("%s-%s-py3-none-any.whl", name, version)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // closing the archive tells
	z := zip.NewWriter(f)
	info := name + "-" + version + ".dist-info/"
	meta := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version)
	for _, r := range requires {
		meta += "Requires-Dist: " + r + "\n"
	}
	for _, file := range [][2]string{
		{name + ".py", fmt.Sprintf("version = %q\n", version)},
		{info + "METADATA", meta},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", ""},
	} {
		w, err := z.Create(file[0])
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := w.Write([]byte(file[1])); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		s.t.Fatal(err)
	}
}

type fixture struct {
	*venv.Environments
	shop shop
	dir  string
}

func newFixture(t *testing.T, libraries ...string) fixture {
	t.Helper()
	f := fixture{shop: shop{t, t.TempDir()}, dir: t.TempDir()}
	f.Environments = f.open(t, venv.Options{Libraries: append([]string{}, libraries...)})
	return f
}

// useUV is a variable with the folder of uv, for tests that are to use it.
const useUV = "NIGHTSHIFT_TEST_UV"

func (f fixture) open(t *testing.T, opts venv.Options) *venv.Environments {
	p := process.New(process.Options{})
	if dir := os.Getenv(useUV); dir != "" {
		opts.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "UV_CACHE_DIR=" + t.TempDir()}
	}
	opts.Interpreter, opts.Offline, opts.Links = system, true, []string{f.shop.dir}
	if opts.Retry == 0 {
		opts.Retry = time.Nanosecond
	}
	e := venv.New(p, f.dir, opts)
	t.Cleanup(func() { e.Close(); p.Close() })
	return e
}

func pack(t *testing.T, requirements string) string {
	t.Helper()
	dir := t.TempDir()
	if requirements != "" {
		if err := os.WriteFile(filepath.Join(dir, "requirements.txt"), []byte(requirements), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// imports returns what an environment has as the version of a module.
func imports(t *testing.T, env python.Environment, module string) string {
	t.Helper()
	out, err := exec.Command(env.Python, "-c", "import "+module+"; print("+module+".version)").CombinedOutput()
	if err != nil {
		return "none"
	}
	return strings.TrimSpace(string(out))
}

func TestPacksWithoutRequirementsShareOneEnvironment(t *testing.T) {
	f := newFixture(t, "common")
	f.shop.sell("common", "1.0")
	a, err := f.Prepare(t.Context(), "a", pack(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Prepare(t.Context(), "b", pack(t, "# for people\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	if a != b || imports(t, a, "common") != "1.0" {
		t.Errorf("got %+v and %+v, with common %s", a, b, imports(t, a, "common"))
	}
}

func TestARequirementGoesBeforeWhatIsCommon(t *testing.T) {
	f := newFixture(t, "common", "other")
	f.shop.sell("common", "1.0")
	f.shop.sell("other", "1.0")
	f.shop.sell("common", "0.5")
	f.shop.sell("own", "3", "common<1")
	env, err := f.Prepare(t.Context(), "a", pack(t, "own\n"))
	if err != nil {
		t.Fatal(err)
	}
	for module, want := range map[string]string{"own": "3", "common": "0.5", "other": "1.0"} {
		if got := imports(t, env, module); got != want {
			t.Errorf("%s is %s, want %s", module, got, want)
		}
	}
	plain, err := f.Prepare(t.Context(), "b", pack(t, ""))
	if err != nil || imports(t, plain, "common") != "1.0" || imports(t, plain, "own") != "none" {
		t.Errorf("others got %s and %s, %v", imports(t, plain, "common"), imports(t, plain, "own"), err)
	}
}

func TestAnEnvironmentIsMadeOnce(t *testing.T) {
	f := newFixture(t)
	f.shop.sell("own", "1")
	dir := pack(t, "own\n")
	second := f.open(t, venv.Options{Libraries: []string{}})
	var all sync.WaitGroup
	for i := range 8 {
		e := f.Environments
		if i%2 == 1 {
			e = second // another server in the same folder
		}
		all.Go(func() {
			if _, err := e.Prepare(context.Background(), "a", dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	env, err := f.Prepare(t.Context(), "a", dir)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(env.Bin, "..", "ready"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.open(t, venv.Options{Libraries: []string{}}).Prepare(t.Context(), "a", dir); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(filepath.Join(env.Bin, "..", "ready")); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Error("it was made again")
	}
}

func TestWhatCannotBeInstalledIsSaidAndTheOldOneStays(t *testing.T) {
	f := newFixture(t)
	f.shop.sell("own", "1")
	dir := pack(t, "own==1\n")
	old, err := f.Environment(t.Context(), "a", dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "requirements.txt"), []byte("own==2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Prepare(t.Context(), "a", dir); err == nil || !strings.Contains(err.Error(), "own==2") {
		t.Errorf("got %v", err)
	}
	if env, err := f.Environment(t.Context(), "a", dir); err != nil || env != old {
		t.Errorf("got %+v, %v, want the old one", env, err)
	}
	if _, err := f.Environment(t.Context(), "new", dir); err == nil {
		t.Error("a pack that never had one got one")
	}
	f.shop.sell("own", "2")
	if env, err := f.Environment(t.Context(), "a", dir); err != nil || imports(t, env, "own") != "2" {
		t.Errorf("later: got %+v, %v", env, err)
	}
}

func TestPacksDoWithoutWhatIsCommonWhenItCannotBeHad(t *testing.T) {
	f := newFixture(t, "common")
	f.shop.sell("own", "1")
	env, err := f.Prepare(t.Context(), "a", pack(t, ""))
	if err != nil || env.Python == "" || env.Key != "none" {
		t.Errorf("got %+v, %v", env, err)
	}
	if env, err = f.Prepare(t.Context(), "b", pack(t, "own")); err != nil || imports(t, env, "own") != "1" {
		t.Errorf("got %+v, %v", env, err)
	}
	f.shop.sell("common", "1.0") // it can be had now
	if env, err = f.Prepare(t.Context(), "b", pack(t, "own")); err != nil || imports(t, env, "common") != "1.0" {
		t.Errorf("got %+v, %v, with common %s", env, err, imports(t, env, "common"))
	}
}

// TestUV does with uv what tests above do with pip.
func TestUV(t *testing.T) {
	uv, err := exec.LookPath("uv")
	if err != nil {
		t.Skip("uv is not in the PATH")
	}
	t.Setenv(useUV, filepath.Dir(uv))
	t.Run("shared", TestPacksWithoutRequirementsShareOneEnvironment)
	t.Run("own before common", TestARequirementGoesBeforeWhatIsCommon)
	t.Run("once", TestAnEnvironmentIsMadeOnce)
	t.Run("not to be had", TestWhatCannotBeInstalledIsSaidAndTheOldOneStays)
	t.Run("nothing common", TestPacksDoWithoutWhatIsCommonWhenItCannotBeHad)
}

func TestTidyRemovesWhatNobodyUses(t *testing.T) {
	f := newFixture(t)
	f.shop.sell("own", "1")
	f.shop.sell("own", "2")
	dir := pack(t, "own==1\n")
	first, err := f.Prepare(t.Context(), "a", dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "requirements.txt"), []byte("own==2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := f.Prepare(t.Context(), "a", dir)
	if err != nil {
		t.Fatal(err)
	}
	f.Tidy(t.Context(), []string{"a"})
	if _, err := os.Stat(first.Python); err == nil {
		t.Error("the first is still there")
	}
	if _, err := os.Stat(second.Python); err != nil {
		t.Errorf("the second is gone: %v", err)
	}
	f.Tidy(t.Context(), nil)
	if _, err := os.Stat(second.Python); err == nil {
		t.Error("the environment of a pack that is gone is still there")
	}
}

func TestNoPythonIsSaid(t *testing.T) {
	p := process.New(process.Options{})
	defer p.Close()
	old := filepath.Join(t.TempDir(), "python3")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho '[\"/x\", [2, 7, 18], \"\", \"cp27\"]'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for interpreter, want := range map[string]string{
		"no-such-python": "no-such-python is not in the PATH", "/bin": "/bin is no program", "false": "ask /usr/bin/false for its version",
		"true": "it answers \"\"", old: "is Python 2.7; at least 3.8 is needed",
	} {
		e := venv.New(p, t.TempDir(), venv.Options{Interpreter: interpreter})
		defer e.Close()
		if _, err := e.Environment(t.Context(), "a", t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", interpreter, err, want)
		}
	}
}
