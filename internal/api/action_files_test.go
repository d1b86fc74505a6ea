package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func TestActionsComeWithFiles(t *testing.T) {
	dir := t.TempDir()
	s := newServerWith(t, api.Options{}, func(c *source) { c.Packs[0].Path = dir })
	const body = `{"name": "new", "pack": "p", "runner_type": "local-shell-cmd", "entry_point": "new.sh", "data_files": [
		{"file_path": "new.sh", "content": "echo new"}, {"file_path": "lib/x.py", "content": "x = 1"}]}`
	s.do("POST", "/v1/actions", body).status(201)
	if got := read(t, dir, "actions/new.sh") + read(t, dir, "actions/lib/x.py"); got != "echo newx = 1" {
		t.Errorf("got %q", got)
	}
	s.do("PUT", "/v1/actions/p.new", strings.Replace(body, "echo new", "echo newer", 1)).status(200)
	if got := read(t, dir, "actions/new.sh"); got != "echo newer" {
		t.Errorf("got %q", got)
	}
	// What is refused leaves nothing behind.
	s.do("POST", "/v1/actions", strings.Replace(body, "new.sh", "other.sh", 2)).status(409)
	for name, status := range map[string]int{"../../out": 400, "/etc/out": 400, "a/../../../out": 400, "": 400, ".": 400, "x\x00y": 400} {
		s.do("POST", "/v1/actions", `{"name": "bad", "pack": "p", "runner_type": "local-shell-cmd", "data_files": [{"file_path": "`+
			strings.ReplaceAll(name, "\x00", `\u0000`)+`", "content": "x"}]}`).status(status)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "actions/away")); err != nil {
		t.Fatal(err)
	}
	s.do("POST", "/v1/actions", `{"name": "bad", "pack": "p", "runner_type": "local-shell-cmd", "data_files": [{"file_path": "away/x", "content": "x"}]}`).status(400)
	entries, err := os.ReadDir(filepath.Join(dir, "actions"))
	if err != nil || len(entries) != 3 {
		t.Errorf("there are %v, %v", entries, err)
	}
}

func TestActionsAreCloned(t *testing.T) {
	dir := t.TempDir()
	s := newServerWith(t, api.Options{}, func(c *source) {
		c.Packs[0].Path = dir
		c.Actions[0].EntryPoint = "tools/say.sh"
	})
	if err := os.MkdirAll(filepath.Join(dir, "actions/tools"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "actions/tools/say.sh"), []byte("echo $1"), 0o600); err != nil {
		t.Fatal(err)
	}
	const to = `{"dest_pack": "p", "dest_action": "shout"}`
	got := s.do("POST", "/v1/actions/p.say/clone", to).status(201)
	if got.at("ref") != "p.shout" || got.at("entry_point") != "tools/shout.sh" || got.at("metadata_file") != "actions/shout.yaml" || got.at("parameters.word.required") != "true" {
		t.Errorf("got %s", got.Body)
	}
	if got := read(t, dir, "actions/tools/shout.sh"); got != "echo $1" {
		t.Errorf("got %q", got)
	}
	if got := read(t, dir, "actions/shout.yaml"); !strings.Contains(got, "name: shout\npack: p\nrunner_type: local-shell-cmd\n") {
		t.Errorf("got %q", got)
	}
	if got := s.do("POST", "/v1/actions/p.say/clone", to).status(400).fault(); got != "The requested destination action already exists" {
		t.Errorf("got %s", got)
	}
	s.do("POST", "/v1/actions/p.say/clone", strings.Replace(to, "}", `, "overwrite": true}`, 1)).status(201)
	s.do("DELETE", "/v1/actions/p.shout", `{"remove_files": true}`).status(204)
	for _, name := range []string{"actions/shout.yaml", "actions/tools/shout.sh"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, body := range []string{
		`{"dest_pack": "p", "dest_action": "../x"}`, `{"dest_pack": "q", "dest_action": "x"}`, `{"dest_pack": "core", "dest_action": "x"}`, `{"dest_pack": "p"}`, `{}`,
	} {
		s.do("POST", "/v1/actions/p.say/clone", body).status(400)
	}
	s.do("POST", "/v1/actions/p.nothing/clone", to).status(404)
}
