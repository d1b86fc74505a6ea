package check_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/prober/check"
)

// procWith lists processes as the kernel does: the name, the state and the
// command line of each.
func procWith(t *testing.T, processes map[int][3]string) string {
	t.Helper()
	dir := t.TempDir()
	for pid, p := range processes {
		own := filepath.Join(dir, strconv.Itoa(pid))
		if err := os.Mkdir(own, 0o700); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{
			"stat":    strconv.Itoa(pid) + " (" + p[0] + ") " + p[1] + strings.Repeat(" 1", 49) + "\n",
			"cmdline": strings.ReplaceAll(p[2], " ", "\x00") + "\x00",
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(own, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestProcess(t *testing.T) {
	checker := check.New(check.Options{Proc: procWith(t, map[int][3]string{
		1:  {"init", "S", "/sbin/init"},
		10: {"nginx", "S", "nginx: master process /usr/sbin/nginx"},
		11: {"nginx", "S", "nginx: worker process"},
		12: {"nginx", "Z", ""},
		13: {"kworker (x) 1", "I", ""},
		20: {"a-program-with-a", "R", "/opt/a-program-with-a-long-name --port 80"},
	})})
	tests := map[string]struct {
		probe   probe.Process
		verdict probe.Verdict
		reason  string
		pids    []int
	}{
		"by its name":               {probe.Process{Name: "nginx", Min: 1}, probe.Well, "ok", []int{10, 11}},
		"by a long name":            {probe.Process{Name: "a-program-with-a-long-name", Min: 1}, probe.Well, "ok", []int{20}},
		"by an odd name":            {probe.Process{Name: "kworker (x) 1", Min: 1}, probe.Well, "ok", []int{13}},
		"by a part of its name":     {probe.Process{Name: "ngin", Min: 1}, probe.Failed, "too_few", []int{}},
		"by its command line":       {probe.Process{Pattern: `--port \d+$`, Min: 1}, probe.Well, "ok", []int{20}},
		"by both":                   {probe.Process{Name: "nginx", Pattern: "master", Min: 1}, probe.Well, "ok", []int{10}},
		"too few":                   {probe.Process{Name: "nginx", Min: 3}, probe.Failed, "too_few", []int{10, 11}},
		"too many":                  {probe.Process{Name: "nginx", Max: new(1)}, probe.Failed, "too_many", []int{10, 11}},
		"none, as there should be":  {probe.Process{Name: "apache2", Max: new(0)}, probe.Well, "ok", []int{}},
		"one where none should run": {probe.Process{Name: "init", Max: new(0)}, probe.Failed, "too_many", []int{1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.probe.For = 1
			o := checker.Check(t.Context(), &tt.probe)
			expect(t, o, tt.verdict, tt.reason, tt.probe.Target())
			fits(t, probe.ProcessCheck, &tt.probe, o)
			if diff := cmp.Diff(tt.pids, o.Facts["pids"]); diff != "" || o.Facts["count"] != len(tt.pids) {
				t.Errorf("facts %v: %s", o.Facts, diff)
			}
		})
	}
	t.Run("nothing is known where nothing is listed", func(t *testing.T) {
		o := check.New(check.Options{Proc: filepath.Join(t.TempDir(), "none")}).Check(t.Context(), &probe.Process{Name: "x", Min: 1})
		expect(t, o, probe.Unknown, "", "list processes")
	})
	t.Run("this test runs", func(t *testing.T) {
		if _, err := os.Stat("/proc/self/stat"); err != nil {
			t.Skip("this system lists no processes in /proc")
		}
		o := made(t, probe.ProcessCheck, `{"name": "`+filepath.Base(os.Args[0])+`"}`)
		expect(t, o, probe.Well, "ok", "")
	})
}
