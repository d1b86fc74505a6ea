package exchange_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func TestParse(t *testing.T) {
	dir := t.TempDir()
	git := filepath.Join(dir, "git")
	for _, d := range []string{git + "/.git", dir + "/a=b"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sum := strings.Repeat("ab", 32)
	for text, want := range map[string]exchange.Source{
		"csv":                                 {Name: "csv"},
		"csv=1.2.0":                           {Name: "csv", Ref: "1.2.0"},
		"acme/stackstorm-tools":               {URL: "https://github.com/acme/stackstorm-tools"},
		"acme/stackstorm-tools=main":          {URL: "https://github.com/acme/stackstorm-tools", Ref: "main"},
		"https://git.example/t.git=v1":        {URL: "https://git.example/t.git", Ref: "v1"},
		"https://git.example/t?a=b":           {URL: "https://git.example/t?a=b"},
		"git@git.example:acme/t.git":          {URL: "git@git.example:acme/t.git"},
		"ssh://git@git.example/t.git":         {URL: "ssh://git@git.example/t.git"},
		"https://example/t.tgz#sha256=" + sum: {URL: "https://example/t.tgz", Sum: sum},
		dir:                                   {Path: dir},
		dir + "/a=b":                          {Path: dir + "/a=b"},
		git:                                   {Path: git},
		git + "=v1":                           {URL: "file://" + git, Ref: "v1"},
		"file://" + git:                       {URL: "file://" + git},
		"file://" + dir:                       {Path: dir},
	} {
		want.Text = text
		got, err := exchange.Parse(text)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, want %+v (%v)", text, got, want, err)
		}
	}
	for _, text := range []string{
		"", "-csv", "csv=", "csv=-x", "CSV", "./csv", "ftp://example/x", "ext::sh -c x", "https://example/t.tgz#sha256=12", "file://host/x", "a/b/c",
	} {
		if got, err := exchange.Parse(text); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q is taken for %+v (%v)", text, got, err)
		}
	}
}

// files returns the files in a folder with their texts.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() && e.Name() == ".git" {
			return filepath.SkipDir
		}
		if e.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, dir string, texts map[string]string) string {
	t.Helper()
	for name, text := range texts {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func fetch(t *testing.T, x *exchange.Exchange, text string) (exchange.Fetched, error) {
	t.Helper()
	s, err := exchange.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "pack")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return x.Fetch(t.Context(), s, dir)
}

func wantFault(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	if fault.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v of kind %d, want kind %d and %q", err, fault.KindOf(err), kind, says)
	}
}

var pack = map[string]string{"pack.yaml": "name: tools\n", "actions/a.sh": "#!/bin/sh\n"}

func TestAFolderIsCopied(t *testing.T) {
	x := exchange.New(exchange.Options{})
	dir := write(t, t.TempDir(), pack)
	write(t, dir, map[string]string{".git/config": "x", "lib/__pycache__/a.pyc": "x"})
	if err := os.Symlink("a.sh", dir+"/actions/b.sh"); err != nil {
		t.Fatal(err)
	}
	f, err := fetch(t, x, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"pack.yaml": "name: tools\n", "actions/a.sh": "#!/bin/sh\n", "actions/b.sh": "#!/bin/sh\n"}
	if diff := cmp.Diff(want, files(t, f.Dir)); diff != "" {
		t.Error(diff)
	}
	if err := os.Symlink("../../etc", dir+"/etc"); err != nil {
		t.Fatal(err)
	}
	_, err = fetch(t, x, dir)
	wantFault(t, err, fault.Invalid, `The link "etc" of the pack leads to "../../etc", out of its folder.`)
	_, err = fetch(t, x, dir+"/none")
	wantFault(t, err, fault.NotFound, "There is no folder or archive")
	_, err = fetch(t, x, t.TempDir())
	wantFault(t, err, fault.Invalid, "There is no pack.yaml")
	_, err = fetch(t, exchange.New(exchange.Options{MaxFiles: 1}), write(t, t.TempDir(), pack))
	wantFault(t, err, fault.TooLarge, "more than 1 files")
}

// entry is one thing in an archive.
type entry struct {
	name, text string
	kind       byte // of tar
	link       string
}

func tarOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		if e.kind == 0 {
			e.kind = tar.TypeReg
		}
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Size: int64(len(e.text)), Mode: 0o755}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name}
		h.SetMode(0o644)
		if e.kind == tar.TypeSymlink {
			h.SetMode(os.ModeSymlink | 0o777)
			e.text = e.link
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(e.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchives(t *testing.T) {
	manifest := entry{name: "tools-1.0/pack.yaml", text: "name: tools\n"}
	script := entry{name: "tools-1.0/actions/a.sh", text: "x"}
	tests := map[string]struct {
		entries []entry
		want    string // what is wrong; "": nothing
	}{
		"good":           {[]entry{{name: "tools-1.0/", kind: tar.TypeDir}, manifest, script, {name: "tools-1.0/l", kind: tar.TypeSymlink, link: "actions/a.sh"}}, ""},
		"up":             {[]entry{manifest, {name: "../evil", text: "x"}}, "leads out of its folder"},
		"up below":       {[]entry{manifest, {name: "tools-1.0/../../evil", text: "x"}}, "leads out of its folder"},
		"absolute":       {[]entry{manifest, {name: "/tmp/evil", text: "x"}}, "leads out of its folder"},
		"link out":       {[]entry{manifest, {name: "tools-1.0/l", kind: tar.TypeSymlink, link: "../../x"}}, "out of its folder"},
		"link absolute":  {[]entry{manifest, {name: "tools-1.0/l", kind: tar.TypeSymlink, link: "/etc/passwd"}}, "out of its folder"},
		"through a link": {[]entry{manifest, {name: "tools-1.0/l", kind: tar.TypeSymlink, link: "actions"}, {name: "tools-1.0/l", text: "x"}}, "can't be written"},
		"no pack":        {[]entry{script}, "no pack.yaml"},
		"empty":          {nil, "damaged or none"},
	}
	for name, tt := range tests {
		for kind, data := range map[string][]byte{"tar.gz": tarOf(t, tt.entries...), "zip": zipOf(t, tt.entries...)} {
			if kind == "zip" && name == "good" {
				data = zipOf(t, tt.entries[1:]...)
			}
			if kind == "zip" && (name == "empty" || name == "absolute" || name == "up" || name == "up below") {
				// Its library refuses such names itself, and calls an empty one good.
				continue
			}
			t.Run(kind+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				file := filepath.Join(dir, "x."+kind)
				if err := os.WriteFile(file, data, 0o644); err != nil {
					t.Fatal(err)
				}
				f, err := fetch(t, exchange.New(exchange.Options{}), file)
				if tt.want != "" {
					wantFault(t, err, fault.Invalid, tt.want)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]string{"pack.yaml": "name: tools\n", "actions/a.sh": "x", "l": "x"}
				if diff := cmp.Diff(want, files(t, f.Dir)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
	bomb := tarOf(t, manifest, entry{name: "zeros", text: strings.Repeat("\x00", 1<<20)})
	file := filepath.Join(t.TempDir(), "bomb.tgz")
	if err := os.WriteFile(file, bomb, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := fetch(t, exchange.New(exchange.Options{MaxBytes: 100 << 10}), file)
	wantFault(t, err, fault.TooLarge, "larger than")
}

func TestADownloadHasToHaveItsSum(t *testing.T) {
	data := tarOf(t, entry{name: "pack.yaml", text: "name: tools\n"})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone.tgz" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(s.Close)
	x := exchange.New(exchange.Options{})
	t.Cleanup(x.Close)
	sum := sha256.Sum256(data)
	if _, err := fetch(t, x, s.URL+"/tools.tar.gz#sha256="+hex.EncodeToString(sum[:])); err != nil {
		t.Error(err)
	}
	_, err := fetch(t, x, s.URL+"/tools.tar.gz#sha256="+strings.Repeat("0", 64))
	wantFault(t, err, fault.Invalid, "The archive has the sum "+hex.EncodeToString(sum[:]))
	_, err = fetch(t, x, s.URL+"/gone.tgz")
	wantFault(t, err, fault.Invalid, "404 Not Found")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestARepositoryIsClonedAtAVersion(t *testing.T) {
	dir := write(t, t.TempDir(), pack)
	git(t, dir, "init", "--quiet")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "--quiet", "-m", "1")
	git(t, dir, "tag", "v1.0.0")
	first := git(t, dir, "rev-parse", "HEAD")
	write(t, dir, map[string]string{"new": "2", ".git/hooks/post-checkout": "#!/bin/sh\ntouch " + dir + "/evil\n"})
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "--quiet", "-m", "2")
	git(t, dir, "branch", "side", first)
	x := exchange.New(exchange.Options{Env: os.Environ()})
	for ref, want := range map[string]int{"": 3, "=1.0.0": 2, "=v1.0.0": 2, "=side": 2, "=main": 3, "=" + first[:10]: 2} {
		f, err := fetch(t, x, "file://"+dir+ref)
		if err != nil {
			t.Errorf("%q: %v", ref, err)
			continue
		}
		if got := files(t, f.Dir); len(got) != want || (want == 2) != (f.Commit == first) {
			t.Errorf("%q: %d files at %s", ref, len(got), f.Commit)
		}
	}
	_, err := fetch(t, x, "file://"+dir+"=9.9.9")
	wantFault(t, err, fault.Invalid, `"9.9.9" is not a valid version, hash, tag or branch in file://`)
	if !strings.Contains(err.Error(), "Available versions are: v1.0.0.") {
		t.Error(err)
	}
	_, err = fetch(t, x, "https://127.0.0.1:1/x.git")
	wantFault(t, err, fault.Invalid, "Git can't clone https://127.0.0.1:1/x.git")
	if err := os.Symlink("/etc/passwd", dir+"/out"); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "--quiet", "-m", "3")
	_, err = fetch(t, x, "file://"+dir)
	wantFault(t, err, fault.Invalid, "out of its folder")
}

const index = `{"packs": {
	"csv": {"name": "csv", "keywords": ["text", "serialization"], "description": "Reads CSV.", "repo_url": "https://git.example/csv", "version": "1.0.0"},
	"xml": {"name": "xml", "keywords": ["csv"], "description": "Reads XML.", "repo_url": "https://git.example/xml"},
	"sql": {"name": "sql", "keywords": [], "description": "Writes csv too.", "repo_url": "https://git.example/sql", "email": "csv@example"},
	"irc": {"name": "irc", "keywords": [], "description": "Chat.", "repo_url": "https://git.example/csv"}
}, "metadata": {}}`

func names(t *testing.T, x *exchange.Exchange, query string) string {
	t.Helper()
	found, err := x.Search(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range found {
		name, _ := d.Get("name")
		out = append(out, value.Str(name))
	}
	return strings.Join(out, " ")
}

func TestAnIndexIsSearchedAndKept(t *testing.T) {
	asked, up, text := 0, true, index
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		asked++
		tag := fmt.Sprintf("%q", fmt.Sprint(len(text)))
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", tag)
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	opts := exchange.Options{Indexes: []string{s.URL}, Cache: filepath.Join(t.TempDir(), "cache")}
	x := exchange.New(opts)
	t.Cleanup(x.Close)
	if got := names(t, x, "CSV"); got != "csv xml sql" {
		t.Errorf("found %s", got)
	}
	if got := names(t, x, "reads"); got != "csv xml" || asked != 1 {
		t.Errorf("found %s, asked %d times", got, asked)
	}
	opts.Fresh = time.Nanosecond
	y := exchange.New(opts)
	t.Cleanup(y.Close)
	if got := names(t, y, "chat"); got != "irc" || asked != 2 {
		t.Errorf("found %s, asked %d times", got, asked)
	}
	up = false
	if got := names(t, y, "chat"); got != "irc" {
		t.Errorf("found %s while the index is down", got)
	}
	if status := y.Index(t.Context()).Status[0]; status.Error != "" || !strings.Contains(status.Message, "502 Bad Gateway") {
		t.Errorf("status is %+v", status)
	}
	entries, err := os.ReadDir(opts.Cache)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	file := filepath.Join(opts.Cache, entries[0].Name())
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, bytes.Replace(b, []byte("Chat."), []byte("Chut."), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = y.Search(t.Context(), "chat") // what is kept is damaged
	wantFault(t, err, fault.Busy, "No index of packs can be read")
}

func TestIndexesAreMerged(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{
		"first": `{"packs": {"csv": {"name": "csv", "version": "2.0.0"}}}`, "second": index, "list": "[]", "empty": "{}", "bad": "{", "odd": `{"packs": {"a": 1}}`, "none": `{"a": 1}`,
	})
	x := exchange.New(exchange.Options{Indexes: []string{dir + "/first", "file://" + dir + "/second", dir + "/list", dir + "/empty", dir + "/bad", dir + "/odd", dir + "/none", dir + "/gone"}})
	got, err := x.Pack(t.Context(), "csv")
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := got.Get("version"); v != "2.0.0" {
		t.Errorf("the later index wins: %v", v)
	}
	_, err = x.Pack(t.Context(), "gone")
	wantFault(t, err, fault.NotFound, `No record of the "gone" pack in the index.`)
	var errs []string
	for _, s := range x.Index(t.Context()).Status {
		errs = append(errs, s.Error)
	}
	if diff := cmp.Diff([]string{"unresponsive", "malformed", "malformed", "malformed", "empty", "malformed", "", ""}, errs); diff != "" {
		t.Error(diff)
	}
	_, err = exchange.New(exchange.Options{}).Pack(t.Context(), "csv")
	wantFault(t, err, fault.Invalid, "There is no index of packs in the settings.")
}

func TestAPackOfAnIndexIsFetched(t *testing.T) {
	repo := write(t, t.TempDir(), pack)
	git(t, repo, "init", "--quiet")
	git(t, repo, "add", "-A")
	git(t, repo, "commit", "--quiet", "-m", "1")
	dir := write(t, t.TempDir(), map[string]string{"index": fmt.Sprintf(`{"packs": {"tools": {"repo_url": "file://%s"}, "odd": {"repo_url": 1}}}`, repo)})
	x := exchange.New(exchange.Options{Indexes: []string{dir + "/index"}, Env: os.Environ()})
	f, err := fetch(t, x, "tools")
	if err != nil || len(files(t, f.Dir)) != 2 {
		t.Errorf("got %+v: %v", f, err)
	}
	_, err = fetch(t, x, "odd")
	wantFault(t, err, fault.Invalid, "which is no URL")
}
