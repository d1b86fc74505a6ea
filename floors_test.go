package nightshift_test

import (
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "github.com/nightshift-run/nightshift/internal/"

// floors lists every package of the project from the ground up. A package may
// import from lower floors and, on its own floor, from its own family: a folder
// and the folders in it. On a floor that allows it, packages may also import
// each other sideways; the compiler keeps that free of circles.
var floors = []struct {
	name     string
	sideways bool
	pkgs     []string
}{
	{"foundations", true, []string{
		"fault", "near", "secret", "roots", "schema", "process", "revision", "cmdline", "ini", "pyyaml", "conformance", "expr", "expr/value", "expr/jinja", "expr/yaql", "expr/pyre", "expr/jsonpath", "expr/st2fn",
	}},
	{"nouns", true, []string{
		"ident", "trigger", "action", "rule", "execution", "policy", "pack", "pack/builtin", "kv", "access", "timer", "probe", "alert", "catalog", "config", "api/wire",
		"alias", "workflow", "workflow/spec", "workflow/graph", "workflow/orquesta", "workflow/chain", "workflow/rehearsal", "workflow/draw", "inquiry", "notify", "rbac", "audit",
	}},
	{"seams", false, []string{
		"store", "store/sqlite", "store/storetest", "safe", "bus", "bus/membus", "bus/bustest",
		"exchange", "identity", "identity/htpasswd", "identity/ldap", "identity/oidc", "identity/oidc/oidctest", "runner", "runner/shell", "runner/ssh", "runner/winrm", "runner/web", "runner/noop", "runner/announcement", "runner/native", "runner/python", "runner/python/venv", "runner/inquirer", "runner/runnertest", "api/client",
	}},
	{"operations", false, []string{"register", "launch", "intake", "dispatch", "install", "keyring"}},
	{"services", false, []string{"worker", "scheduler", "timekeeper", "prober", "prober/tail", "prober/check", "sensorhost", "janitor", "conductor", "notifier", "auditor", "rollcall"}},
	{"edges", false, []string{"api", "webui", "cli", "cli/st2"}},
	{"assembly", true, []string{"app", "app/apptest", "app/simtest", "app/bench", "app/demo", "app/program", "app/packtest"}},
}

// exceptions are imports allowed in spite of the floors, each with its reason.
var exceptions = map[string]string{}

func TestFloors(t *testing.T) {
	floor := map[string]int{}
	for i, f := range floors {
		for _, p := range f.pkgs {
			floor[p] = i
		}
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./internal/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		from := strings.TrimPrefix(fields[0], root)
		i, ok := floor[from]
		if !ok {
			t.Errorf("%s stands on no floor: add it to the table", from)
			continue
		}
		for _, imp := range fields[1:] {
			to, ok := strings.CutPrefix(imp, root)
			if !ok {
				continue
			}
			j := floor[to]
			family := strings.HasPrefix(from, to+"/") || strings.HasPrefix(to, from+"/")
			switch {
			case j < i, j == i && (family || floors[i].sideways), exceptions[from+" -> "+to] != "":
			default:
				t.Errorf("%s (%s) imports %s (%s): imports go down", from, floors[i].name, to, floors[j].name)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}} {{end}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		n := 0
		files := strings.Fields(line)
		for _, f := range files {
			file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil {
				n++
			}
		}
		if len(files) > 0 && n != 1 {
			t.Errorf("%s: %d files carry a package comment, want 1", filepath.Dir(files[0]), n)
		}
	}
}
