// Package exchange brings packs onto this machine: it finds them in indexes, and
// fetches them from a Git repository, a folder or an archive into a folder that the
// caller names.
//
// What is fetched is data. Nothing of it is run, no link of it leads out of its
// folder, nothing is written outside of it, and its size is bounded. Git asks nobody
// for a password.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/fault"
)

// Options are the settings of an [Exchange].
type Options struct {
	// Indexes are the URLs of indexes, or files with them. Of two packs of one name
	// that of the earlier index counts. Default: none.
	Indexes []string
	// Cache is a folder for what indexes have said. Default: nothing is kept.
	Cache string
	// Fresh is for how long an index is not asked again. Default: 5 minutes.
	Fresh time.Duration
	// Proxy says which proxy a request goes through. Default: none.
	Proxy func(*http.Request) (*url.URL, error)
	// Env is the environment of Git. Default: a PATH only.
	Env []string
	// MaxBytes bounds what is fetched of a pack. Default: 1 GiB.
	MaxBytes int64
	// MaxFiles bounds how many files a pack may have. Default: 100,000.
	MaxFiles int
	// Logger hears of indexes that can't be read. Default: nobody does.
	Logger *slog.Logger
}

// Exchange finds and fetches packs. It is safe for concurrent use.
type Exchange struct {
	opts Options
	http *http.Client
}

// New returns an Exchange.
func New(opts Options) *Exchange {
	if opts.Fresh == 0 {
		opts.Fresh = 5 * time.Minute
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = 1 << 30
	}
	if opts.MaxFiles == 0 {
		opts.MaxFiles = 100_000
	}
	if opts.Env == nil {
		opts.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	t := &http.Transport{Proxy: opts.Proxy, ResponseHeaderTimeout: time.Minute, IdleConnTimeout: time.Minute}
	return &Exchange{opts: opts, http: &http.Client{Transport: t}}
}

// Close ends idle connections.
func (x *Exchange) Close() { x.http.CloseIdleConnections() }

// A Source says where a pack comes from.
type Source struct {
	Text string // as it was given
	Name string // of the pack in an index; then the next two are empty
	URL  string // of a Git repository or an archive
	Path string // of a folder or an archive on this machine
	Ref  string // branch, tag or commit; empty: what the source shows first
	Sum  string // SHA-256 of an archive, in hexadecimal; empty: any
}

var (
	nameForm = regexp.MustCompile(`^[a-z0-9_]+$`)
	hostForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:`) // user@host:path
	repoForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+$`)
	sumForm  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Parse reads where a pack comes from:
//
//	csv                             in an index
//	csv=1.2.0                       there, in a version
//	acme/stackstorm-tools           on GitHub
//	https://git.example/tools.git   a Git repository; also ssh, git and user@host:path
//	…=v1.2.0                        at a tag, branch or commit
//	https://example/tools.tar.gz    an archive; also .zip, .tar, .tgz, .tar.bz2
//	…#sha256=HEX                    with this sum
//	/srv/packs/tools                a folder or an archive on the server, as it is
//	file:///srv/git/tools.git       a Git repository on the server
func Parse(text string) (Source, error) {
	s := Source{Text: text}
	rest := strings.TrimSpace(text)
	bad := func(why string) (Source, error) {
		return s, fault.Newf(fault.Invalid, "%q is no source of a pack: %s.", text, why)
	}
	if before, sum, ok := strings.Cut(rest, "#sha256="); ok {
		if rest, s.Sum = before, strings.ToLower(sum); !sumForm.MatchString(s.Sum) {
			return bad("the sum after #sha256= has not 64 hexadecimal digits")
		}
	}
	if _, err := os.Stat(rest); err != nil || !filepath.IsAbs(rest) { // a path may have any character
		if i := strings.LastIndexByte(rest, '='); i >= 0 && !strings.Contains(rest, "?") {
			if rest, s.Ref = rest[:i], rest[i+1:]; s.Ref == "" || strings.HasPrefix(s.Ref, "-") {
				return bad("there is no version after =")
			}
		}
	}
	scheme, _, hasScheme := strings.Cut(rest, "://")
	switch {
	case rest == "" || strings.HasPrefix(rest, "-"):
		return bad("it is empty, or begins with a dash")
	case hasScheme && scheme == "file":
		u, err := url.Parse(rest)
		if err != nil || u.Host != "" && u.Host != "localhost" {
			return bad("a file has no host")
		}
		if s.URL = rest; !isRepository(u.Path) {
			s.URL, s.Path = "", u.Path
		}
	case hasScheme:
		switch scheme {
		case "http", "https", "git", "ssh":
			s.URL = rest
		default:
			return bad("there are http, https, git, ssh and file")
		}
	case hostForm.MatchString(rest):
		s.URL = rest
	case filepath.IsAbs(rest):
		s.Path = filepath.Clean(rest)
		if s.Ref != "" { // only a repository has versions
			s.URL, s.Path = "file://"+s.Path, ""
		}
	case nameForm.MatchString(rest):
		s.Name = rest
	case repoForm.MatchString(rest):
		s.URL = "https://github.com/" + rest
	default:
		return bad("it is neither the name of a pack, nor org/repository, nor a URL, nor an absolute path")
	}
	return s, nil
}

// isRepository reports whether a folder is a Git repository.
func isRepository(dir string) bool {
	for _, at := range []string{".git", "HEAD"} {
		if _, err := os.Stat(filepath.Join(dir, at)); err == nil {
			return true
		}
	}
	return false
}

// Fetched is what came of fetching a pack.
type Fetched struct {
	Dir    string // the folder with its pack.yaml
	From   string // where it came from
	Commit string // of a Git repository
}

// Fetch fetches a pack into a folder, which must be there and empty.
func (x *Exchange) Fetch(ctx context.Context, s Source, dir string) (Fetched, error) {
	f := Fetched{Dir: dir, From: s.URL + s.Path}
	if s.Name != "" {
		found, err := x.locate(ctx, s)
		if err != nil {
			return f, err
		}
		s, f.From = found, found.URL
	}
	var err error
	switch info, e := os.Stat(s.Path); {
	case s.Path == "" && isArchive(strings.ToLower(s.URL)):
		err = x.download(ctx, s, dir)
	case s.Sum != "" && (s.Path == "" || e == nil && info.IsDir()):
		err = fault.Newf(fault.Invalid, "%s is no archive, so it has no sum.", s.Text)
	case s.Path == "":
		f.Commit, err = x.clone(ctx, s, dir)
	case errors.Is(e, fs.ErrNotExist):
		err = fault.Newf(fault.NotFound, "There is no folder or archive %s on the server.", s.Path)
	case e != nil:
		err = fmt.Errorf("look at %s: %w", s.Path, e)
	case info.IsDir():
		err = x.copyFolder(s.Path, dir)
	default:
		err = x.unpackFile(s.Path, s.Sum, dir)
	}
	if err != nil {
		return f, fmt.Errorf("fetch %s: %w", s.Text, err)
	}
	f.Dir, err = packIn(dir)
	return f, err
}

// packIn returns the folder with the pack.yaml: archives mostly have one folder with
// everything in it.
func packIn(dir string) (string, error) {
	has := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "pack.yaml"))
		return err == nil
	}
	if has(dir) {
		return dir, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) == 1 && entries[0].IsDir() {
		if below := filepath.Join(dir, entries[0].Name()); has(below) {
			return below, nil
		}
	}
	return "", fault.Newf(fault.Invalid, "There is no pack.yaml in it, so it is no pack.")
}
