package python_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/runner/python"
)

// TestShim runs the tests of the Python files.
func TestShim(t *testing.T) {
	shim, err := python.InstallShim(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cases, err := conformance.Folder()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), interpreter(), "-W", "error::SyntaxWarning", "-m", "unittest", "-v")
	c.Dir = "shimtests"
	c.Env = append(os.Environ(), "PYTHONPATH="+shim+":"+filepath.Join(shim, "client"), "PYTHONDONTWRITEBYTECODE=1",
		"CONFORMANCE_DIR="+cases)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestInstallShimIsOnceForAll(t *testing.T) {
	dir := t.TempDir()
	first, err := python.InstallShim(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := python.InstallShim(dir)
	if err != nil || second != first {
		t.Errorf("got %s and %s, %v", first, second, err)
	}
	if _, err := os.Stat(filepath.Join(first, "st2common", "__init__.py")); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}
