package register_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/register"
)

const (
	repairMeta = "name: repair\nrunner_type: orquesta\nentry_point: workflows/repair.yaml\n"
	repairText = "version: 1.0\ntasks:\n  look:\n    action: core.noop\n"
)

// contents returns what is in the files of the packs.
func (h *house) contents() map[string]string {
	h.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(h.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		all[strings.TrimPrefix(name, h.dir+"/")] = string(text)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func TestWriteFilesRegistersWhatItWrites(t *testing.T) {
	h := build(t)
	h.packs(-1)
	files := []register.File{{Path: "actions/repair.yaml", Content: repairMeta}, {Path: "actions/workflows/repair.yaml", Content: repairText}}
	if err := h.WriteFiles(t.Context(), "demo", files); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.catalog.Get().Action("demo.repair"); !ok {
		t.Error("the action is not registered")
	}
	was := repairText
	change := []register.File{{Path: "actions/workflows/repair.yaml", Content: repairText + "  # more\n", Was: &was}}
	if err := h.WriteFiles(t.Context(), "demo", change); err != nil {
		t.Fatal(err)
	}
	if got := h.contents()["demo/actions/workflows/repair.yaml"]; got != repairText+"  # more\n" {
		t.Errorf("the workflow is %q", got)
	}
	if err := h.WriteFiles(t.Context(), "demo", change); fault.KindOf(err) != fault.Conflict {
		t.Errorf("what has changed since was written over: %v", err)
	}
}

func TestWriteFilesPutsPoliciesInForce(t *testing.T) {
	h := build(t)
	h.packs(-1)
	limit := "name: one\nresource_ref: demo.repair\npolicy_type: action.concurrency\nparameters: {threshold: 1}\n"
	files := []register.File{
		{Path: "actions/repair.yaml", Content: repairMeta}, {Path: "actions/workflows/repair.yaml", Content: repairText}, {Path: "policies/repair.yaml", Content: limit},
	}
	if err := h.WriteFiles(t.Context(), "demo", files); err != nil {
		t.Fatal(err)
	}
	if a, _ := h.catalog.Get().Action("demo.repair"); a.Governor == nil || len(a.Governor.Limits) != 1 {
		t.Errorf("in force is %+v, want one limit", a.Governor)
	}
}

func TestWriteFilesMakesAPack(t *testing.T) {
	h := build(t)
	manifest := register.File{Path: "pack.yaml", Content: "name: mine\ndescription: d\nversion: 1.0.0\nauthor: a\n"}
	if err := h.WriteFiles(t.Context(), "mine", []register.File{manifest}); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.catalog.Get().Pack("mine"); !ok {
		t.Error("the pack is not registered")
	}
}

func TestWriteFilesRefuses(t *testing.T) {
	nothing, other := "", "what it was once"
	tests := map[string]struct {
		pack  string
		files []register.File
		want  string
	}{
		"another folder":        {"demo", []register.File{{Path: "../other/actions/x.yaml"}}, "it is no path of a file in a pack"},
		"an absolute path":      {"demo", []register.File{{Path: "/etc/x.yaml"}}, "it is no path of a file in a pack"},
		"a hidden file":         {"demo", []register.File{{Path: "actions/.x.yaml"}}, "it is no path of a file in a pack"},
		"a program":             {"demo", []register.File{{Path: "actions/x.py"}}, "only pack.yaml and the YAML files"},
		"a test elsewhere":      {"demo", []register.File{{Path: "tests/x.test.yaml"}}, "only pack.yaml and the YAML files"},
		"a sensor":              {"demo", []register.File{{Path: "sensors/x.yaml"}}, "only pack.yaml and the YAML files"},
		"a link out of it":      {"linked", []register.File{{Path: "rules/x.yaml", Content: "a: 1"}}, "escapes"},
		"a large file":          {"demo", []register.File{{Path: "rules/x.yaml", Content: strings.Repeat("#", 500_001)}}, "it has more than 500000 bytes"},
		"a built-in pack":       {"core", []register.File{{Path: "actions/x.yaml"}}, "is built in"},
		"an installed pack":     {"installed", []register.File{{Path: "actions/x.yaml"}}, "was installed"},
		"no such pack":          {"none", []register.File{{Path: "actions/x.yaml"}}, "not found on disk"},
		"a pack elsewhere":      {"../none", []register.File{{Path: "pack.yaml"}}, "is no name for a pack"},
		"a pack of another ref": {"none", []register.File{{Path: "pack.yaml", Content: "name: other\nref: other\ndescription: d\nversion: 1.0.0\nauthor: a\n"}}, `it would not be the pack "none"`},
		"what is there already": {"demo", []register.File{{Path: "pack.yaml", Content: "x"}}, "There is a file pack.yaml already."},
		"what is not there":     {"demo", []register.File{{Path: "actions/x.yaml", Content: "x", Was: &nothing}}, "is not there any more"},
		"what has changed":      {"demo", []register.File{{Path: "pack.yaml", Content: "x", Was: &other}}, "has been changed since"},
		"metadata with mistakes": {
			"demo",
			[]register.File{{Path: "actions/x.yaml", Content: "name: x\nrunner_type: noop\ncolour: y\n"}},
			"actions/x.yaml:3:1: error:",
		},
		"a policy with mistakes": {
			"demo",
			[]register.File{{Path: "policies/x.yaml", Content: "name: x\nresource_ref: demo.a\npolicy_type: action.concurrency\n"}},
			"threshold",
		},
		"a workflow with mistakes": {
			"demo",
			[]register.File{{Path: "actions/repair.yaml", Content: repairMeta}, {Path: "actions/workflows/repair.yaml", Content: strings.Replace(repairText, "core.noop", "core.nop", 1)}},
			`actions/workflows/repair.yaml:4:13: warning: The action "core.nop" is not registered`,
		},
	}
	h := build(t)
	h.write("linked/pack.yaml", "name: linked\ndescription: d\nversion: 1.0.0\nauthor: a\n")
	h.write(".versions/installed@1/installed/pack.yaml", "name: installed\ndescription: d\nversion: 1.0.0\nauthor: a\n")
	for name, to := range map[string]string{"linked/rules": t.TempDir(), "installed": ".versions/installed@1/installed"} {
		if err := os.Symlink(to, filepath.Join(h.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	before := h.contents()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := h.WriteFiles(t.Context(), tt.pack, tt.files)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if diff := cmp.Diff(before, h.contents()); diff != "" {
				t.Errorf("it wrote something:\n%s", diff)
			}
		})
	}
}
