package tail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/prober/tail"
)

// file is a file that is followed.
type file struct {
	t      interface{ Fatal(args ...any) }
	path   string
	f      *tail.Follower
	cursor *tail.Cursor
	names  map[string]bool // of lines: generation and offset
}

func follow(t *testing.T) *file {
	t.Helper()
	f := &file{t: t, path: filepath.Join(t.TempDir(), "app.log"), names: map[string]bool{}}
	f.reopen()
	t.Cleanup(func() { f.f.Close() })
	return f
}

// reopen goes on at the last cursor, as a server does that starts.
func (f *file) reopen() {
	if f.f != nil {
		f.f.Close()
	}
	if f.cursor != nil { // it comes from a record
		text, err := json.Marshal(f.cursor)
		f.must(err)
		f.cursor = new(tail.Cursor)
		f.must(json.Unmarshal(text, f.cursor))
	}
	f.f = tail.Open(f.path, f.cursor)
}

func (f *file) must(err error) {
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *file) write(text string) {
	w, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	f.must(err)
	_, err = w.WriteString(text)
	f.must(errors.Join(err, w.Close()))
}

func (f *file) rotate(to string) { f.must(os.Rename(f.path, filepath.Join(filepath.Dir(f.path), to))) }

// lines returns the lines that come in looks of so many.
func (f *file) lines(looks int) []string {
	out := []string{}
	for range looks {
		lines, c, err := f.f.Next(3)
		f.cursor = &c
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.t.Fatal(err)
		}
		if len(lines) > 3 {
			f.t.Fatal(fmt.Sprintf("%d lines, want at most 3", len(lines)))
		}
		for _, l := range lines {
			name := fmt.Sprint(c.Generation, ":", l.Offset)
			if f.names[name] {
				f.t.Fatal("two lines are named " + name)
			}
			f.names[name] = true
			out = append(out, l.Text)
		}
	}
	return out
}

// enough are looks in which everything comes.
const enough = 40

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Transformer("short", func(s string) string { return s[:min(len(s), 100)] })); diff != "" {
		t.Errorf("lines (-want +got)\n%s", diff)
	}
}

func TestWhatWasThereIsNotHandedOut(t *testing.T) {
	f := follow(t)
	f.write("old\n")
	expect(t, f.lines(2), []string{}...)
	f.write("new\n\r\nCRLF\r\n")
	expect(t, f.lines(enough), "new", "", "CRLF")
}

func TestAFileThatComesLaterIsHandedOutAsAWhole(t *testing.T) {
	for name, restart := range map[string]bool{"while somebody looks": false, "while nobody does": true} {
		t.Run(name, func(t *testing.T) {
			f := follow(t)
			expect(t, f.lines(2), []string{}...)
			f.write("first\nsecond\n")
			if restart {
				f.reopen()
			}
			expect(t, f.lines(enough), "first", "second")
		})
	}
}

func TestALineWaitsForItsEnd(t *testing.T) {
	f := follow(t)
	f.lines(1)
	f.write("be")
	expect(t, f.lines(enough), []string{}...)
	f.write("gin\nnext")
	expect(t, f.lines(enough), "begin")
	f.reopen()
	f.write("\n")
	expect(t, f.lines(enough), "next")
}

func TestALongLineComesInPieces(t *testing.T) {
	f := follow(t)
	f.lines(1)
	long := strings.Repeat("é", 50<<10) // an odd number of bytes would cut one
	f.write("x" + long + "\nshort\n")
	got := f.lines(enough)
	if joined := strings.Join(got, ""); joined != "x"+long+"short" {
		t.Errorf("%d bytes in %d pieces, want %d", len(joined), len(got), len(long)+6)
	}
	f.write("\xff\xfe\n")
	expect(t, f.lines(enough), "\uFFFD")
}

func TestNothingIsLostWhenAFileIsRotated(t *testing.T) {
	for _, restart := range []string{"never", "before", "after"} {
		for _, name := range []string{"app.log.1", "app-20261122.log"} {
			t.Run(name+", a restart "+restart, func(t *testing.T) {
				f := follow(t)
				f.lines(1)
				f.write("one\n")
				expect(t, f.lines(enough), "one")
				f.write("two\n")
				if restart == "before" {
					f.reopen()
					f.lines(0)
				}
				f.rotate(name)
				f.write("three\n")
				if restart == "after" {
					f.reopen()
				}
				expect(t, f.lines(enough), "two", "three")
				f.rotate(name)
				expect(t, f.lines(enough), []string{}...)
				f.write("four\n")
				expect(t, f.lines(enough), "four")
			})
		}
	}
}

func TestARotatedFileMayStillGrow(t *testing.T) {
	f := follow(t)
	f.write("old\n")
	f.lines(2)
	w, err := os.OpenFile(f.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close() //nolint:errcheck // a test
	f.rotate("app.log.1")
	f.write("new\n")
	expect(t, f.lines(2), []string{}...)
	if _, err := w.WriteString("late\nand without an end"); err != nil {
		t.Fatal(err)
	}
	expect(t, f.lines(enough), "late", "and without an end", "new")
}

func TestATruncatedFileIsReadFromItsBeginning(t *testing.T) {
	for name, text := range map[string]string{"shorter": "new\n", "longer": "something else\nthat is longer\n"} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a restart %v", name, restart), func(t *testing.T) {
				f := follow(t)
				f.lines(1)
				f.write("one\ntwo\n")
				expect(t, f.lines(enough), "one", "two")
				f.must(os.Truncate(f.path, 0))
				f.write(text)
				if restart {
					f.reopen()
				}
				expect(t, f.lines(enough), strings.Split(strings.TrimSpace(text), "\n")...)
			})
		}
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	f := tail.Open(t.TempDir(), nil)
	defer f.Close()
	if _, _, err := f.Next(1); err == nil {
		t.Error("a folder is followed")
	}
}

// TestEveryLineComesOnce writes, rotates and restarts in any order.
func TestEveryLineComesOnce(t *testing.T) {
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		f := &file{t: rt, path: filepath.Join(dir, fmt.Sprint(runs), "app.log"), names: map[string]bool{}}
		f.must(os.Mkdir(filepath.Dir(f.path), 0o700))
		f.reopen()
		defer func() { f.f.Close() }()
		f.lines(1)
		n, rotations := 0, 0
		want, got := []string{}, []string{}
		rotatedAt := -1
		rt.Repeat(map[string]func(*rapid.T){
			"write": func(rt *rapid.T) {
				for range rapid.IntRange(1, 5).Draw(rt, "lines") {
					n++
					line := fmt.Sprintf("line %d", n)
					want = append(want, line)
					f.write(line + "\n")
				}
			},
			"look": func(rt *rapid.T) { got = append(got, f.lines(rapid.IntRange(1, 4).Draw(rt, "looks"))...) },
			"rotate": func(rt *rapid.T) {
				if _, err := os.Stat(f.path); err != nil || rotatedAt == n {
					rt.Skip()
				}
				got = append(got, f.lines(enough)...) // of two rotations that nobody saw, the file between them is not found
				rotations, rotatedAt = rotations+1, n
				f.rotate(fmt.Sprintf("app.log.%d", rotations))
			},
			"restart": func(*rapid.T) { f.reopen() },
			"": func(rt *rapid.T) {
				if diff := cmp.Diff(want[:min(len(got), len(want))], got); diff != "" {
					rt.Fatalf("lines (-want +got)\n%s", diff)
				}
			},
		})
		got = append(got, f.lines(n+enough)...)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("lines (-want +got)\n%s", diff)
		}
	})
}
