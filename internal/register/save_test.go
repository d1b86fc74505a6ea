package register_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/register"
)

// savedFiles are the files of the n-th save of a pack. Each says which save it is of.
func savedFiles(name string, n int) []register.File {
	texts := func(n int) map[string]string {
		mark := fmt.Sprintf("# save %d\n", n)
		return map[string]string{
			"pack.yaml":                      mark + "ref: " + name + "\nname: " + name + "\ndescription: d\nversion: 1.0.0\nauthor: a\n",
			"actions/repair.yaml":            mark + repairMeta,
			"actions/workflows/repair.yaml":  mark + "version: 1.0\ntasks:\n  look:\n    next:\n      - do: noop\n",
			"actions/tests/repair.test.yaml": mark + "workflow: workflows/repair.yaml\n",
		}
	}
	before := texts(n - 1)
	var files []register.File
	for path, text := range texts(n) {
		f := register.File{Path: path, Content: text}
		if was := before[path]; n > 0 {
			f.Was = &was
		}
		files = append(files, f)
	}
	return files
}

// TestSavesOfAnotherProcess is what TestSavesSurviveKills kills: it saves a pack again
// and again, and says which save is done.
func TestSavesOfAnotherProcess(t *testing.T) {
	dir, data := os.Getenv("NIGHTSHIFT_TEST_SAVES"), os.Getenv("NIGHTSHIFT_TEST_DATA")
	if dir == "" {
		t.Skip("it is run by TestSavesSurviveKills")
	}
	h := open(t, data, dir)
	for n := 0; ; n++ {
		if err := h.WriteFiles(t.Context(), "saved", savedFiles("saved", n)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("saved %d\n", n)
	}
}

// TestSavesSurviveKills kills a process with SIGKILL in the middle of saves, and looks
// whether each save is in the pack as a whole or not at all.
func TestSavesSurviveKills(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // moments, not secrets
	unfinished := 0
	for round := range 7 {
		dir := t.TempDir()
		// What the process is about to do when it is killed, so that each part of a save is met.
		there := func(name string) func() bool {
			return func() bool { _, err := os.Lstat(filepath.Join(dir, name)); return err == nil }
		}
		moments := []func() bool{
			there(".saved.new"), there("saved"), there("saved/.save.new"), there("saved/actions/workflows/repair.yaml.new"), func() bool { return true },
			there("saved/.save"),
		}
		saves := 0
		if round > 1 { // not in the first, which makes the pack
			saves = 1 + random.IntN(3)
		}
		acknowledged := savesUntil(t, dir, saves, moments[min(round, len(moments)-1)])
		if there("saved/.save")() {
			unfinished++
		}

		h := open(t, t.TempDir(), dir)
		if there("saved")() {
			if _, _, err := h.RegisterPacks(t.Context(), []string{"saved"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		marks := map[string]bool{}
		for name, text := range h.contents() {
			if strings.HasPrefix(name, "saved/") && !strings.HasSuffix(name, ".new") {
				mark, _, _ := strings.Cut(text, "\n")
				marks[mark] = true
			}
		}
		if there("saved/.save")() {
			t.Errorf("round %d: the save was not finished", round)
		}
		if len(marks) > 1 || len(marks) == 0 && acknowledged >= 0 {
			t.Errorf("round %d: after save %d was acknowledged, the pack has %v", round, acknowledged, marks)
		}
		for mark := range marks {
			if n, err := strconv.Atoi(strings.TrimPrefix(mark, "# save ")); err != nil || n < acknowledged || n > acknowledged+1 {
				t.Errorf("round %d: after save %d was acknowledged, the pack has %q", round, acknowledged, mark)
			}
			if _, ok := h.catalog.Get().Action("saved.repair"); !ok {
				t.Errorf("round %d: the action is not registered", round)
			}
		}
	}
	t.Logf("%d saves had to be finished", unfinished)
	if unfinished == 0 {
		t.Error("no kill was in the middle of a save")
	}
}

// savesUntil runs the other process until it has acknowledged some saves and then the
// moment comes, and returns the last save that it has acknowledged.
func savesUntil(t *testing.T, dir string, saves int, moment func() bool) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSavesOfAnotherProcess$")
	cmd.Env = append(os.Environ(), "NIGHTSHIFT_TEST_SAVES="+dir, "NIGHTSHIFT_TEST_DATA="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last, heard atomic.Int64
	var said strings.Builder
	last.Store(-1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, err := strconv.ParseInt(strings.TrimPrefix(lines.Text(), "saved "), 10, 64); err == nil {
				last.Store(n)
				heard.Add(1)
				continue
			}
			said.WriteString(lines.Text() + "\n")
		}
	}()
	// The moment may be missed, for it is short; then others do.
	for heard.Load() < int64(saves) || heard.Load() < int64(saves+20) && !moment() {
		select {
		case <-ended:
			t.Fatalf("it was not killed, but ended: %v\n%s", cmd.Wait(), &said)
		default:
			runtime.Gosched()
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-ended
	_ = cmd.Wait() // it was killed
	return int(last.Load())
}

// TestInterruptedSavesAreFinished goes through the states that a save can be left in.
func TestInterruptedSavesAreFinished(t *testing.T) {
	digest := func(text string) string {
		d := sha256.Sum256([]byte(text))
		return hex.EncodeToString(d[:])
	}
	was := map[string]string{"actions/repair.yaml": repairMeta + "# 1\n", "actions/workflows/repair.yaml": repairText + "# 1\n"}
	is := map[string]string{"actions/repair.yaml": repairMeta + "# 2\n", "actions/workflows/repair.yaml": repairText + "# 2\n"}
	var list []map[string]string
	for _, name := range []string{"actions/repair.yaml", "actions/workflows/repair.yaml"} {
		list = append(list, map[string]string{"path": name, "was": digest(was[name])})
	}
	plan, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		made  bool // the journal is there
		moved int
		edits map[string]string // by somebody else, meanwhile
		want  map[string]string
	}{
		"before it was made":   {want: was},
		"made":                 {made: true, want: is},
		"half of it moved":     {made: true, moved: 1, want: is},
		"all of it moved":      {made: true, moved: 2, want: is},
		"changed by others":    {made: true, edits: map[string]string{"actions/repair.yaml": repairMeta + "# 3\n"}, want: map[string]string{"actions/repair.yaml": repairMeta + "# 3\n", "actions/workflows/repair.yaml": is["actions/workflows/repair.yaml"]}},
		"changed after moving": {made: true, moved: 1, edits: map[string]string{"actions/repair.yaml": repairMeta + "# 3\n"}, want: map[string]string{"actions/repair.yaml": repairMeta + "# 3\n", "actions/workflows/repair.yaml": is["actions/workflows/repair.yaml"]}},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			for i, file := range []string{"actions/repair.yaml", "actions/workflows/repair.yaml"} {
				if i < tt.moved {
					h.write("demo/"+file, is[file])
				} else {
					h.write("demo/"+file, was[file])
					h.write("demo/"+file+".new", is[file])
				}
			}
			for file, text := range tt.edits {
				h.write("demo/"+file, text)
			}
			if tt.made {
				h.write("demo/.save", string(plan))
			}
			h.packs(-1)
			got := map[string]string{}
			for name, text := range h.contents() {
				if strings.HasPrefix(name, "demo/actions/") && !strings.HasSuffix(name, ".new") || name == "demo/.save" {
					got[strings.TrimPrefix(name, "demo/")] = text
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
