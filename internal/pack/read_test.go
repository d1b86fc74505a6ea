package pack_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// runners are the runner types that the tests know.
func runners(name string) (*action.RunnerType, bool) {
	types := map[string]string{
		"local-shell-cmd": `{"cmd": {"type": "string"}, "sudo": {"type": "boolean", "default": false}, "dir": {"type": "string", "default": "/tmp", "immutable": true}}`,
		"python-script":   `{"timeout": {"type": "integer", "default": 600}}`,
		"noop":            `{}`,
	}
	text, ok := types[name]
	if !ok {
		return nil, false
	}
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		panic(err)
	}
	return &action.RunnerType{Name: name, Parameters: v.(*value.Dict)}, true
}

// files makes a file system of a txtar.
func files(data []byte) fstest.MapFS {
	fsys := fstest.MapFS{}
	for _, f := range txtar.Parse(data).Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return fsys
}

// TestFindings reads each pack in testdata. Beside its files, an archive holds
// what is found in it and what is read.
func TestFindings(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives (%v)", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fsys := files(data)
			want := string(fsys["want"].Data)
			delete(fsys, "want")
			content, found := pack.Read(fsys, ".", pack.Options{Runner: runners, Path: "/opt/packs/demo"})
			found = append(found, content.CheckTriggers(types(content))...)
			got := found.String() + "\n" + summary(content)
			if diff := cmp.Diff(want, got); diff != "" {
				if os.Getenv("UPDATE") != "" {
					update(t, file, data, got)
					return
				}
				t.Errorf("(-want +got), UPDATE=1 to accept it\n%s", diff)
			}
		})
	}
}

// types finds the types of the pack, and that of webhooks.
func types(content *pack.Content) func(ref string) (*trigger.Type, bool) {
	return func(ref string) (*trigger.Type, bool) {
		for _, t := range content.TriggerTypes {
			if t.Ref == ref {
				return t, true
			}
		}
		if ref != trigger.Webhook {
			return nil, strings.HasPrefix(ref, "core.")
		}
		v, err := value.FromJSON([]byte(`{"type": "object", "properties": {"url": {"type": "string", "required": true}}, "additionalProperties": false}`))
		if err != nil {
			panic(err)
		}
		return &trigger.Type{Ref: ref, ParametersSchema: v.(*value.Dict)}, true
	}
}

func summary(c *pack.Content) string {
	var b strings.Builder
	if c.Pack == nil {
		b.WriteString("no pack\n")
	} else {
		fmt.Fprintf(&b, "pack %s %s\n", c.Pack.Ref, c.Pack.Version)
	}
	for _, a := range c.Actions {
		fmt.Fprintf(&b, "action %s %s\n", a.Ref, a.MetadataFile)
	}
	for _, r := range c.Rules {
		fmt.Fprintf(&b, "rule %s enabled=%t %s -> %s\n", r.Ref, r.Enabled, r.Trigger.Type, r.Action.Ref)
	}
	for _, t := range c.TriggerTypes {
		fmt.Fprintf(&b, "trigger type %s %s\n", t.Ref, t.MetadataFile)
	}
	for _, s := range c.Sensors {
		fmt.Fprintf(&b, "sensor %s %s %s\n", s.Ref, s.EntryPoint, strings.Join(s.TriggerTypes, ","))
	}
	for _, a := range c.Aliases {
		fmt.Fprintf(&b, "alias %s -> %s\n", a.Ref, a.ActionRef)
	}
	for _, p := range c.Policies {
		fmt.Fprintf(&b, "policy %s for %s\n", p.Ref, p.ResourceRef)
	}
	if c.ConfigSchema != nil {
		fmt.Fprintf(&b, "config %s\n", value.Repr(value.NewList(c.ConfigSchema.Keys()...)))
	}
	return b.String()
}

func update(t *testing.T, file string, data []byte, want string) {
	t.Helper()
	a := txtar.Parse(data)
	for i := range a.Files {
		if a.Files[i].Name == "want" {
			a.Files[i].Data = []byte(want)
		}
	}
	if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
		t.Fatal(err)
	}
}

const manifest = "name: Demo Pack\nref: demo\ndescription: d\nversion: 1.2.3\nauthor: me\n"

func TestReadTakesAllThatIsSaid(t *testing.T) {
	fsys := fstest.MapFS{
		"pack.yaml": {Data: []byte(manifest + "email: a@b.example\nkeywords: [a, b]\npython_versions: ['3']\ncontributors: [x]\nstackstorm_version: '>=3.0.0, <4.0.0'\ndependencies: [core]\nsystem: {centos: {packages: [x]}}\n")},
		"actions/a.yaml": {Data: []byte(`
name: chat.postMessage
runner_type: python-script
description: d
enabled: false
entry_point: lib/a.py
idempotent: true
parameters:
  z: {type: string, required: true, default: 5, position: 0}
  a: {type: integer}
tags: [{name: t, value: 1}]
notify:
  on-success: {message: m, channels: [c]}
output_schema: {type: object}
`)},
		"actions/lib/a.py":     {Data: []byte("")},
		"actions/lib/not.yaml": {Data: []byte("[")},
		"actions/.hidden.yaml": {Data: []byte("[")},
		".git/config":          {Data: []byte("")},
	}
	content, found := pack.Read(fsys, ".", pack.Options{Runner: runners, Path: "/p/demo"})
	if len(found) > 0 {
		t.Fatalf("findings:\n%s", found)
	}
	wantPack := &pack.Pack{
		UID: "pack:demo", Ref: "demo", Name: "Demo Pack", Description: "d", Keywords: []string{"a", "b"}, Version: "1.2.3",
		StackStormVersion: ">=3.0.0, <4.0.0", PythonVersions: []string{"3"}, Author: "me", Email: "a@b.example", Contributors: []string{"x"},
		Files: []string{"actions/.hidden.yaml", "actions/a.yaml", "actions/lib/a.py", "actions/lib/not.yaml", "pack.yaml"}, Path: "/p/demo", Dependencies: []string{"core"},
	}
	content.Pack.System = nil
	if diff := cmp.Diff(wantPack, content.Pack); diff != "" {
		t.Errorf("pack (-want +got)\n%s", diff)
	}
	a := content.Actions[0]
	if got, want := value.Repr(a.Parameters), "{'z': {'type': 'string', 'required': True, 'default': 5, 'position': 0}, 'a': {'type': 'integer'}}"; got != want {
		t.Errorf("parameters are %s, want %s", got, want)
	}
	if got, want := string(a.Notify), `{"on-success":{"message":"m","routes":["c"]}}`; got != want {
		t.Errorf("notify is %s, want %s", got, want)
	}
	a.Parameters, a.OutputSchema, a.Notify = nil, nil, nil
	wantAction := &action.Action{
		UID: "action:demo:chat.postMessage", Ref: "demo.chat.postMessage", Pack: "demo", Name: "chat.postMessage", Description: "d", EntryPoint: "lib/a.py",
		RunnerType: "python-script", Tags: []trigger.Tag{{Name: "t", Value: "1"}}, MetadataFile: "actions/a.yaml", Idempotent: true,
	}
	if diff := cmp.Diff(wantAction, a); diff != "" {
		t.Errorf("action (-want +got)\n%s", diff)
	}
}

func TestThePackIsCalledAsItsFolder(t *testing.T) {
	tests := map[string]struct{ manifest, dir, path, want string }{
		"its own ref":      {"ref: own\nname: x\n", "folder", "", "own"},
		"folder":           {"name: Nice Name\n", "folder", "", "folder"},
		"folder on disk":   {"name: Nice Name\n", ".", "/a/on_disk/", "on_disk"},
		"name":             {"name: plain\n", "st2-folder", "", "plain"},
		"none that can be": {"name: Nice Name\n", "st2-folder", "", ""},
		"bad ref":          {"ref: Own-Ref\nname: x\n", "folder", "", ""},
		"reserved":         {"ref: _global\nname: x\n", "folder", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{filepath.ToSlash(filepath.Join(test.dir, "pack.yaml")): {Data: []byte(test.manifest + "description: d\nversion: 1.0.0\nauthor: a\n")}}
			content, found := pack.Read(fsys, test.dir, pack.Options{Path: test.path})
			got := ""
			if content.Pack != nil {
				got = content.Pack.Ref
			}
			if got != test.want || found.Failed() != (test.want == "") {
				t.Errorf("got %q, want %q; findings: %s", got, test.want, found)
			}
		})
	}
}

func TestFilesAreBounded(t *testing.T) {
	fsys := fstest.MapFS{
		"pack.yaml":          {Data: []byte(manifest)},
		"actions/large.yaml": {Data: []byte("name: x\n#" + strings.Repeat("x", 10<<20))},
		"actions/dir.yaml/x": {Data: []byte("")},
		"rules/r.yaml":       {Mode: fs.ModeNamedPipe},
	}
	_, found := pack.Read(fsys, ".", pack.Options{})
	want := "actions/large.yaml: error: cannot be read: it is larger than 10 MB\nrules/r.yaml: error: cannot be read: it is no file"
	if diff := cmp.Diff(want, found.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLinksDoNotLeadOutOfThePack(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.yaml", "password: hunter2\n")
	write("demo/pack.yaml", manifest)
	write("demo/shared/ok.yaml", "name: ok\nrunner_type: noop\n")
	write("demo/actions/x.yaml", "name: x\nrunner_type: noop\n")
	for link, to := range map[string]string{"out.yaml": "../../secret.yaml", "in.yaml": "../shared/ok.yaml", "gone.yaml": "nowhere.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, "demo/actions", link)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	root, err := os.OpenRoot(filepath.Join(dir, "demo"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // it was only read
	content, found := pack.Read(root.FS(), ".", pack.Options{Runner: runners})
	if strings.Contains(found.String(), "hunter2") || !strings.Contains(found.String(), "actions/out.yaml: error: cannot be read: path escapes from parent") ||
		!strings.Contains(found.String(), "actions/gone.yaml: error: cannot be read: no such file or directory") {
		t.Errorf("findings:\n%s", found)
	}
	if len(content.Actions) != 2 {
		t.Errorf("got %d actions, want ok and x", len(content.Actions))
	}
}

func TestOverTheAPI(t *testing.T) {
	dict := func(text string) *value.Dict {
		v, err := value.FromJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v.(*value.Dict)
	}
	a, found := pack.ActionOf(dict(`{"name": "x", "pack": "p", "runner_type": "noop", "parameters": {"a": {"type": "string"}}}`), runners)
	if len(found) > 0 || a.Ref != "p.x" || a.UID != "action:p:x" {
		t.Errorf("got %+v, findings %s", a, found)
	}
	if _, found := pack.ActionOf(dict(`{"name": "x", "runner_type": "nope"}`), runners); !strings.Contains(found.String(), `the runner type "nope" is not known`) {
		t.Errorf("findings %s", found)
	}
	r, found := pack.RuleOf(dict(`{"name": "r", "trigger": {"type": "core.st2.webhook", "parameters": {"url": "x"}}, "action": {"ref": "core.local"}}`), nil)
	if len(found) > 0 || r.Ref != "default.r" || r.Enabled {
		t.Errorf("got %+v, findings %s", r, found)
	}
	content := &pack.Content{}
	if found := pack.CheckTrigger(r, types(content)); len(found) > 0 {
		t.Errorf("findings %s", found)
	}
	r.Trigger.Parameters = dict(`{"url": 5}`)
	if found := pack.CheckTrigger(r, types(content)); !strings.Contains(found[0].Msg, "5 is not of type 'string'\n\nFailed validating 'type' in schema['properties']['url']") {
		t.Errorf("findings %s", found)
	}
	if _, found := pack.TriggerTypeOf(dict(`{"name": "t", "payload_schema": {"tp1": null}}`)); len(found) > 0 {
		t.Errorf("findings %s", found)
	}
	if _, found := pack.AliasOf(dict(`{"name": "a", "action_ref": "core.local"}`)); !strings.Contains(found.String(), "formats is missing") {
		t.Errorf("findings %s", found)
	}
	talk, found := pack.AliasOf(dict(`{"name": "a", "action_ref": "core.local", "formats": ["run {{cmd}}", {"representation": "do {{cmd}}"}]}`))
	if len(found) > 0 || len(talk.Formats) != 2 {
		t.Errorf("got %+v, findings %s", talk, found)
	}
	for _, format := range []string{`"run ("`, `{"representation": "run ("}`, `{"representation": ["ok", "run ("]}`} {
		a, found := pack.AliasOf(dict(`{"name": "a", "action_ref": "core.local", "formats": [` + format + `]}`))
		if a != nil || !strings.Contains(found.String(), "the format is no regular expression") {
			t.Errorf("format %s: findings %s", format, found)
		}
	}
	if _, found := pack.PolicyOf(dict(`{"name": "a", "resource_ref": "core.local", "policy_type": "action.concurrency"}`), nil); !strings.Contains(found.String(), "threshold is missing") {
		t.Errorf("findings %s", found)
	}
}

func TestSplitRef(t *testing.T) {
	for ref, want := range map[string]string{"core.local": "core local true", "slack.chat.postMessage": "slack chat.postMessage true", "x": "x  false", ".x": " x false", "x.": "x  false"} {
		p, n, ok := pack.SplitRef(ref)
		if got := fmt.Sprintf("%s %s %t", p, n, ok); got != want {
			t.Errorf("SplitRef(%q) = %s, want %s", ref, got, want)
		}
	}
}
