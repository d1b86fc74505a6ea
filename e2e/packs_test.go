//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// git runs Git in a folder.
func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@example", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// TestAPackIsInstalledFromGit installs a pack from a Git repository on disk, whose
// Python code needs a library from PyPI and whose dependency is a repository too. It is
// updated while it runs, and removed.
func TestAPackIsInstalledFromGit(t *testing.T) {
	dir := t.TempDir()
	base, tables := filepath.Join(dir, "base"), filepath.Join(dir, "tables")
	write(t, base, "pack.yaml", "{ref: base, name: base, description: Needed., version: 1.0.0, author: e2e}\n")
	write(t, tables, "pack.yaml", "{ref: tables, name: tables, description: Prints tables., version: 1.0.0, author: e2e, dependencies: ['file://"+base+"']}\n")
	write(t, tables, "requirements.txt", "tabulate==0.9.0\n")
	write(t, tables, "config.schema.yaml", "style: {type: string, default: plain}\n")
	write(t, tables, "actions/show.yaml", `
name: show
description: Prints a table.
runner_type: python-script
entry_point: show.py
enabled: true
parameters:
  rows: {type: array, required: true}
  wait_for: {type: string, default: ""}
`)
	action := func(version string) {
		write(t, tables, "actions/show.py", `
import os
import time

from st2common.runners.base_action import Action


class Show(Action):
    def run(self, rows, wait_for):
        while wait_for and not os.path.exists(wait_for):
            time.sleep(0.02)
        from tabulate import tabulate
        import words  # found where this version lies
        return {"version": words.VERSION, "table": tabulate(rows, tablefmt=self.config["style"])}
`)
		write(t, tables, "actions/words.py", "VERSION = "+fmt.Sprintf("%q", version)+"\n")
	}
	action("one")
	for _, repo := range []string{base, tables} {
		git(t, repo, "init", "--quiet")
		git(t, repo, "add", "-A")
		git(t, repo, "commit", "--quiet", "-m", "first")
	}
	git(t, tables, "tag", "v1.0.0")

	s := serve(t, t.TempDir())
	begun := time.Now()
	s.cli(t, "pack", "install", "file://"+tables+"=1.0.0")
	t.Logf("installed in %s", time.Since(begun))
	if got := s.cli(t, "pack", "list", "-a", "ref,version"); !strings.Contains(got, "base") || !strings.Contains(got, "tables") {
		t.Errorf("there are\n%s", got)
	}
	begun = time.Now()
	show := s.action(t, "tables.show", map[string]any{"rows": []any{[]any{"a", 1}}})
	if got := string(show.Result["result"]); show.Status != "succeeded" || !strings.Contains(got, `"version":"one"`) || !strings.Contains(got, "a  1") {
		t.Fatalf("%s: %s", show.Status, show.Result)
	}
	t.Logf("the first action after that took %s", time.Since(begun))

	// What runs keeps its version, though it reads the rest of its code only now.
	gate := filepath.Join(dir, "gate")
	var running ended
	s.do(t, "POST", "/api/v1/executions", fmt.Sprintf(`{"action": "tables.show", "parameters": {"rows": [], "wait_for": %q}}`, gate), &running)
	eventually(t, "it runs", time.Minute, func() bool {
		s.get(t, "/api/v1/executions/"+running.ID, &running)
		return running.Status == "running"
	})
	action("two")
	write(t, tables, "pack.yaml", "{ref: tables, name: tables, description: Prints tables., version: 2.0.0, author: e2e, dependencies: ['file://"+base+"']}\n")
	git(t, tables, "commit", "--quiet", "-am", "second")
	if got := s.cli(t, "pack", "update", "tables"); !strings.Contains(got, "2.0.0") {
		t.Errorf("updated to\n%s", got)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it ends", time.Minute, func() bool {
		s.get(t, "/api/v1/executions/"+running.ID, &running)
		return running.Status != "running"
	})
	if got := string(running.Result["result"]); !strings.Contains(got, `"version":"one"`) {
		t.Errorf("what was running ended as %s: %s", running.Status, running.Result)
	}
	if got := s.action(t, "tables.show", map[string]any{"rows": []any{}}); !strings.Contains(string(got.Result["result"]), `"version":"two"`) {
		t.Errorf("what runs now is %s: %s", got.Status, got.Result)
	}
	s.cli(t, "pack", "remove", "tables", "base")
	if got := s.cli(t, "pack", "list", "-a", "ref"); strings.Contains(got, "tables") {
		t.Errorf("there are still\n%s", got)
	}
}

// TestAPackIsInstalledWithUV does it with the uv of PyPI.
func TestAPackIsInstalledWithUV(t *testing.T) {
	tools, cache := filepath.Join(t.TempDir(), "tools"), filepath.Join(t.TempDir(), "cache")
	for _, args := range [][]string{{"python3", "-m", "venv", tools}, {filepath.Join(tools, "bin", "pip"), "install", "--quiet", "uv"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("uv can't be had here: %v: %s", err, out)
		}
	}
	bin := t.TempDir() // with nothing but uv
	if err := os.Symlink(filepath.Join(tools, "bin", "uv"), filepath.Join(bin, "uv")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("UV_CACHE_DIR", cache)
	dir := filepath.Join(t.TempDir(), "tables")
	write(t, dir, "pack.yaml", "{ref: tables, name: tables, description: Prints tables., version: 1.0.0, author: e2e}\n")
	write(t, dir, "requirements.txt", "tabulate==0.9.0\n")
	write(t, dir, "actions/show.yaml", "{name: show, description: Prints a table., runner_type: python-script, entry_point: show.py}\n")
	write(t, dir, "actions/show.py", `
from st2common.runners.base_action import Action


class Show(Action):
    def run(self):
        from tabulate import tabulate
        return tabulate([["a", 1]], tablefmt="plain")
`)
	s := serve(t, t.TempDir())
	s.cli(t, "pack", "install", dir)
	if e := s.action(t, "tables.show", map[string]any{}); e.Status != "succeeded" || !strings.Contains(string(e.Result["result"]), "a  1") {
		t.Errorf("%s: %s", e.Status, e.Result)
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) == 0 {
		t.Errorf("uv was not used: %v", err)
	}
	write(t, dir, "requirements.txt", "tabulate==0.9.0\ntabulate==0.8.0\n")
	again := s.action(t, "packs.install", map[string]any{"packs": []string{dir}})
	if again.Status != "failed" || !strings.Contains(string(again.Result["error"]), "tabulate==0.8.0") {
		t.Errorf("%s: %s", again.Status, again.Result)
	}
}
