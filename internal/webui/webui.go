// Package webui serves the web application: its page below /ui/, and the files
// that the page asks for, all embedded in the program.
//
// The files are what Vite makes of the folder web. Where it has made none, which
// is so in a build without Node, a page says how to get them. A path below /ui/
// that is no file is a view of the application, so it answers with the page; all
// other paths are left to the next handler.
package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var built embed.FS

//go:embed placeholder.html
var placeholder []byte

// Root is where the application lives. The API has all paths without a prefix,
// so those of the application need one.
const Root = "/ui/"

// policy lets the page use what this server sends, and nothing else: no inline
// script, no inline style, no other site.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// file is one that is served, in the codings that the build has made of it.
type file struct {
	contentType string
	etag        string
	lasting     bool // its name changes with its content
	plain       []byte
	coded       []coded // the smallest first
}

type coded struct {
	coding string
	body   []byte
}

// UI is a handler that serves the application.
type UI struct {
	files map[string]file // by their paths below Root
	next  http.Handler
}

// New returns a UI that leaves to next what is not its own.
func New(next http.Handler) (*UI, error) {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, err
	}
	return newUI(dist, next)
}

func newUI(dist fs.FS, next http.Handler) (*UI, error) {
	u := &UI{files: map[string]file{}, next: next}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			return nil
		}
		u.files[name], err = read(dist, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the web application: %w", err)
	}
	if _, ok := u.files["index.html"]; !ok {
		u.files["index.html"] = fileOf("index.html", placeholder)
	}
	return u, nil
}

func read(dist fs.FS, name string) (file, error) {
	plain, err := fs.ReadFile(dist, name)
	if err != nil {
		return file{}, err
	}
	f := fileOf(name, plain)
	for _, c := range []struct{ ext, coding string }{{".br", "br"}, {".gz", "gzip"}} {
		if body, err := fs.ReadFile(dist, name+c.ext); err == nil {
			f.coded = append(f.coded, coded{c.coding, body})
		}
	}
	return f, nil
}

func fileOf(name string, plain []byte) file {
	sum := sha256.Sum256(plain)
	f := file{
		etag: base64.RawURLEncoding.EncodeToString(sum[:12]), plain: plain,
		contentType: mime.TypeByExtension(path.Ext(name)), lasting: strings.HasPrefix(name, "assets/"),
	}
	if f.contentType == "" {
		f.contentType = http.DetectContentType(plain)
	}
	return f
}

// ServeHTTP implements [http.Handler].
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Path
	switch {
	case p == "/" && asksForPage(r), p == strings.TrimSuffix(Root, "/"):
		w.Header().Set("Vary", "Accept")
		// Of what StackStorm's web client had as its address, the browser keeps the fragment.
		http.Redirect(w, r, Root, http.StatusFound)
	case strings.HasPrefix(p, Root):
		u.serve(w, r, strings.TrimPrefix(p, Root))
	default:
		u.next.ServeHTTP(w, r)
	}
}

// asksForPage reports whether a person's browser asks, and not a client of the API.
func asksForPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func (u *UI) serve(w http.ResponseWriter, r *http.Request, name string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This is the web application. The API is elsewhere.", http.StatusMethodNotAllowed)
		return
	}
	f, ok := u.files[name]
	if !ok {
		if strings.HasPrefix(name, "assets/") {
			// A page that was open while the server was updated asks for what there is no more.
			http.Error(w, "There is no such file.", http.StatusNotFound)
			return
		}
		f = u.files["index.html"]
	}
	f.serve(w, r)
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	if f.lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, etag := f.plain, f.etag
	if len(f.coded) > 0 {
		h.Set("Vary", "Accept-Encoding")
	}
	for _, c := range f.coded {
		if accepts(r.Header.Get("Accept-Encoding"), c.coding) {
			h.Set("Content-Encoding", c.coding)
			body, etag = c.body, f.etag+"-"+c.coding
			break
		}
	}
	h.Set("ETag", `"`+etag+`"`)
	if strings.Contains(r.Header.Get("If-None-Match"), `"`+etag+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	bytes.NewReader(body).WriteTo(w) //nolint:errcheck // the client has gone; there is nobody to tell
}

// accepts reports whether a header Accept-Encoding names a coding and does not refuse it.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == coding {
			weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
			return err != nil || weight > 0
		}
	}
	return false
}
