package packtest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/app/packtest"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/runner/python/venv"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"actions/greet.py": "from st2common.runners.base_action import Action\nfrom lib.words import word\n" +
			"class Greet(Action):\n    def run(self, name):\n        return word + ' ' + name\n",
		"actions/lib/words.py": "word = 'hello'\n",
		"tests/test_greet.py": "from st2tests.base import BaseActionTestCase\nfrom greet import Greet\n" +
			"class GreetTest(BaseActionTestCase):\n    action_cls = Greet\n" +
			"    def test_it(self):\n        self.assertEqual(self.get_action_instance().run('ann'), 'hello ann')\n" +
			"    def test_wrong(self):\n        self.assertEqual(self.get_action_instance().run('bob'), 'bye')\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := t.TempDir()
	run := func(dir string, tests ...string) (string, error) {
		var out strings.Builder
		err := packtest.Run(t.Context(), dir, packtest.Options{
			Data: data, Tests: tests, Out: &out, Err: &out,
			Environments: venv.Options{
				Interpreter: "/usr/bin/python3", Offline: true, Libraries: []string{}, Env: []string{"PATH=/usr/bin:/bin", "PYTHONPATH=/nowhere"},
			},
		})
		return out.String(), err
	}
	if out, err := run(dir); !errors.Is(err, packtest.ErrFailed) || !strings.Contains(out, "test_wrong") || !strings.Contains(out, "hello bob") {
		t.Errorf("all: %v\n%s", err, out)
	}
	if out, err := run(dir, "test_greet.py::GreetTest::test_it"); err != nil {
		t.Errorf("one: %v\n%s", err, out)
	}
	if _, err := run(t.TempDir()); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no tests: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "requirements-tests.txt"), []byte("no-such-library-at-all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(dir); err == nil || !strings.Contains(err.Error(), "No matching distribution") {
		t.Errorf("requirements that can't be had: %v", err)
	}
}
