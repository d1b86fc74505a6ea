package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/cli/st2"
	"github.com/nightshift-run/nightshift/internal/config"
)

var update = flag.Bool("update", false, "rewrite what is compared with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nightshift": main, "st2": main})
}

// TestScripts runs the program as a shell does: what it prints, where, and the
// code with which it ends. None of the scripts finds a server.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir) // it has none otherwise
			// A program that looks for races waits for a second at its end.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": code,
		},
	})
}

// TestScriptsWithAServer runs commands against a whole server. In these scripts
// ns stands for nightshift and runs in this process, as there are many.
func TestScriptsWithAServer(t *testing.T) { withServer(t, "testdata/server", nil) }

// TestScriptsWithWorkflows has a server of its own, since the scripts speak of the
// latest execution.
func TestScriptsWithWorkflows(t *testing.T) { withServer(t, "testdata/flow", packs(t)) }

// TestScriptsAsStackStorm runs the program under the name st2.
func TestScriptsAsStackStorm(t *testing.T) { withServer(t, "testdata/st2", packs(t)) }

// TestScriptsWithPacks has a server of its own, whose packs the scripts change.
func TestScriptsWithPacks(t *testing.T) { withServer(t, "testdata/pack", nil) }

// TestScriptsWithRoles has the roles that the guide for administrators shows.
func TestScriptsWithRoles(t *testing.T) {
	guide, err := os.ReadFile("../../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n# ((?:roles|assignments|mappings)/\\w+\\.yaml)$(.+?)^```$").FindAllSubmatch(guide, -1) {
		file := filepath.Join(folder, filepath.FromSlash(string(m[1])))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, m[2], 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	packs := map[string]map[string]string{"web": {
		"pack.yaml":            "name: web\nversion: 1.0.0\ndescription: web servers\nauthor: ops\n",
		"actions/restart.yaml": "name: restart\nrunner_type: local-shell-script\nentry_point: restart.sh\nparameters: {how: {type: string, position: 0}}\n",
		"actions/restart.sh":   "#!/bin/sh\necho restarted $1\n",
	}}
	withServer(t, "testdata/roles", packs, func(c *config.Config) { c.RBAC = config.RBAC{Enable: true, Folder: folder} })
}

func withServer(t *testing.T, dir string, packs map[string]map[string]string, settings ...func(*config.Config)) {
	t.Helper()
	s := apptest.StartWith(t, packs, func(c *config.Config, _ *app.Options) {
		for _, set := range settings {
			set(c)
		}
	})
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir) // it has none otherwise
			env.Setenv("NIGHTSHIFT_URL", s.URL())
			env.Setenv("ST2_BASE_URL", s.URL())
			env.Setenv("PASSWORD", s.AdminPassword())
			env.Setenv("PACKS", apptest.WritePacks(t, packs)) // a copy for the script
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ns":  succeed(t, "ns"),
			"st2": succeed(t, "st2"),
			"code": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 || args[1] != "ns" && args[1] != "st2" {
					ts.Fatalf("usage: code NUMBER ns|st2 [ARGUMENT...]")
				}
				if got := strconv.Itoa(inProcess(t, ts, args[1], args[2:])); got != args[0] {
					ts.Fatalf("ended with %s, want %s", got, args[0])
				}
			},
		},
	})
}

// succeed is a command of scripts that runs the program under a name.
func succeed(t *testing.T, name string) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if got := inProcess(t, ts, name, args); neg || got != cli.ExitOK {
			ts.Fatalf("ended with %d, want 0; another code is checked with: code NUMBER %s", got, name)
		}
	}
}

// packs are those in testdata/packs.txtar.
func packs(t *testing.T) map[string]map[string]string {
	t.Helper()
	a, err := txtar.ParseFile("testdata/packs.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for _, f := range a.Files {
		pack, path, _ := strings.Cut(f.Name, "/")
		if all[pack] == nil {
			all[pack] = map[string]string{}
		}
		all[pack][path] = string(f.Data)
	}
	return all
}

// inProcess runs a command under one of the program's names and returns its exit
// code. Its input is the file input of the script, if there is one.
func inProcess(t *testing.T, ts *testscript.TestScript, name string, args []string) int {
	input, err := os.ReadFile(ts.MkAbs("input"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
	o := cli.Options{Version: "test", In: bytes.NewReader(input), Out: ts.Stdout(), Err: ts.Stderr(), Getenv: ts.Getenv, Home: ts.Getenv("HOME")}
	if name == "st2" {
		return st2.Execute(t.Context(), o, args)
	}
	return cli.Execute(t.Context(), cli.New(o), args)
}

// code checks the exit code of the program that is named, as exec does not.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code NUMBER PROGRAM [ARGUMENT...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = exitCode(err)
	}
	if got != args[0] {
		ts.Fatalf("%v ended with %s, want %s", args[1:], got, args[0])
	}
}
