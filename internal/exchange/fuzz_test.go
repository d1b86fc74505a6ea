package exchange_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nightshift-run/nightshift/internal/exchange"
)

// FuzzUnpack holds that an archive, whatever is in it, writes nothing outside of its
// folder and leaves no link that leads out of it.
func FuzzUnpack(f *testing.F) {
	for _, entries := range [][]entry{
		{{name: "pack.yaml", text: "name: tools\n"}, {name: "a/b.sh", text: "x"}},
		{{name: "../evil", text: "x"}},
		{{name: "l", kind: '2', link: "../.."}, {name: "l/evil", text: "x"}},
		{{name: "a/l", kind: '2', link: "../b"}, {name: "b", text: "x"}},
	} {
		t := &testing.T{}
		f.Add(tarOf(t, entries...))
		f.Add(zipOf(t, entries...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		base := t.TempDir()
		file, dir := filepath.Join(base, "archive"), filepath.Join(base, "in", "pack")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		x := exchange.New(exchange.Options{MaxBytes: 1 << 20, MaxFiles: 100})
		_, _ = x.Fetch(t.Context(), exchange.Source{Text: file, Path: file}, dir) // most are none
		for folder, want := range map[string]int{base: 2, filepath.Dir(dir): 1} {
			if entries, err := os.ReadDir(folder); err != nil || len(entries) != want {
				t.Fatalf("%s has %d entries, %v", folder, len(entries), err)
			}
		}
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.Type() != os.ModeSymlink {
				return err
			}
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(dir, filepath.Join(filepath.Dir(path), to))
			if err != nil || filepath.IsAbs(to) || !filepath.IsLocal(rel) {
				t.Errorf("%s leads to %s", path, to)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
