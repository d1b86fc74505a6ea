package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/pack"
)

// Exchange finds packs that are not installed.
type Exchange interface {
	// Index returns what all indexes say.
	Index(ctx context.Context) exchange.Index
	// Pack returns what they say of one pack.
	Pack(ctx context.Context, name string) (*value.Dict, error)
	// Search returns what they say of the packs that a text is found in.
	Search(ctx context.Context, query string) ([]*value.Dict, error)
}

func (a *API) packRoutes() []*route {
	packs := packShelf()
	return []*route{
		to("POST", apiService, "/packs/install", "pack_install", (*call).installPacks, "Install packs.").takes(installBody).
			gives(http.StatusAccepted, map[string]string{}).overall(),
		to("POST", apiService, "/packs/uninstall", "pack_uninstall", (*call).uninstallPacks, "Remove packs.").takes(uninstallBody).
			gives(http.StatusAccepted, map[string]string{}).overall(),
		to("GET", apiService, "/packs/index", "pack_search", (*call).packIndex, "List the packs that can be installed.").overall(),
		to("POST", apiService, "/packs/index/search", "pack_search", (*call).searchIndex, "Find packs that can be installed.").changesNothing().takes(searchBody).overall(),
		to("GET", apiService, "/packs/index/health", "pack_views_index_health", (*call).indexHealth, "Say how the indexes of packs are.").overall(),
		to("GET", apiService, "/packs/views/files/{ref}", "pack_view", (*call).packFiles, "Show the files of a pack.").on(packs.about),
		to("GET", apiService, "/packs/views/file/{ref}/{name...}", "pack_view", (*call).packFile, "Show a file of a pack.").
			sends("application/octet-stream").on(packs.about),
	}
}

const (
	installBody = `{"type": "object", "properties": {
		"packs": {"type": "array", "items": {"type": "string"}, "required": true},
		"force": {"type": "boolean"}, "skip_dependencies": {"type": "boolean"}}}`
	uninstallBody = `{"type": "object", "properties": {
		"packs": {"type": "array", "items": {"type": "string"}}, "ref_or_id": {"type": "string"}, "force": {"type": "boolean"}}}`
	searchBody = `{"type": "object", "properties": {
		"query": {"type": "string"}, "pack": {"type": "string"}, "case_sensitive": {"type": "boolean"}}}`
)

func (c *call) installPacks() error {
	d, err := c.object()
	if err != nil {
		return err
	}
	return c.byAction("packs.install", d, "packs", "force", "skip_dependencies")
}

func (c *call) uninstallPacks() error {
	d, err := c.object()
	if err != nil {
		return err
	}
	if ref, _ := d.Get("ref_or_id"); ref != nil && !d.Has("packs") {
		d.Set("packs", value.NewList(ref))
	}
	return c.byAction("packs.uninstall", d, "packs", "force")
}

// byAction has an action do what is asked for, with some of the body as its
// parameters, and answers with its execution.
func (c *call) byAction(ref string, body *value.Dict, names ...string) error {
	params := value.NewDict()
	for _, name := range names {
		if v, ok := body.Get(name); ok {
			params.Set(name, v)
		}
	}
	e, err := c.Launcher.Launch(c.ctx(), execution.Request{Action: ref, Parameters: params, Context: execution.Context{User: c.who.User}})
	if err != nil {
		return err
	}
	return c.json(http.StatusAccepted, map[string]string{"execution_id": e.ID})
}

func (c *call) packIndex() error {
	index := c.Exchange.Index(c.ctx())
	return c.json(http.StatusOK, map[string]any{"status": index.Status, "index": index.Packs})
}

func (c *call) searchIndex() error {
	var req struct {
		Query *string `json:"query"`
		Pack  string  `json:"pack"`
	}
	if err := c.into(&req); err != nil {
		return err
	}
	if req.Query != nil {
		found, err := c.Exchange.Search(c.ctx(), *req.Query)
		if err != nil {
			return err
		}
		if found == nil {
			found = []*value.Dict{}
		}
		return c.json(http.StatusOK, found)
	}
	if req.Pack == "" {
		return fault.Newf(fault.Invalid, "Pack name must be specified.")
	}
	d, err := c.Exchange.Pack(c.ctx(), req.Pack)
	if fault.KindOf(err) == fault.NotFound {
		return c.json(http.StatusOK, []any{}) // as StackStorm says it
	}
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, d)
}

func (c *call) indexHealth() error {
	index := c.Exchange.Index(c.ctx())
	valid, packs, errs := 0, 0, map[string]int{}
	for _, s := range index.Status {
		packs += s.Packs
		if s.Error == "" {
			valid++
		} else {
			errs[s.Error]++
		}
	}
	return c.json(http.StatusOK, map[string]any{
		"indexes": map[string]any{
			"count": len(index.Status), "valid": valid, "invalid": len(index.Status) - valid, "errors": errs, "status": index.Status,
		},
		"packs": map[string]int{"count": packs},
	})
}

// maxPackFile is how large a file of a pack may be that is shown.
const maxPackFile = 500_000

// packRoot opens the folder of the pack that the path names.
func (c *call) packRoot() (*pack.Pack, *os.Root, error) {
	p, err := packShelf().get(c)
	if err != nil {
		return nil, nil, err
	}
	if p.Path == "" {
		return nil, nil, fault.Newf(fault.NotFound, "The pack \"%s\" has no files.", p.Ref)
	}
	root, err := os.OpenRoot(p.Path)
	if err != nil {
		return nil, nil, &fault.Fault{Kind: fault.NotFound, Msg: fmt.Sprintf("The folder of the pack \"%s\" is gone.", p.Ref), Err: err}
	}
	return p, root, nil
}

func (c *call) packFiles() error {
	p, root, err := c.packRoot()
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was only read
	type file struct {
		Path    string `json:"file_path"`
		Content string `json:"content"`
	}
	out := []file{}
	for _, name := range p.Files {
		text, _, err := packText(root, name)
		if err == nil && !binary(text) {
			out = append(out, file{name, string(text)})
		}
	}
	return c.json(http.StatusOK, out)
}

// packText reads a file of a pack.
func packText(root *os.Root, name string) ([]byte, fs.FileInfo, error) {
	missing := fault.Newf(fault.NotFound, "File \"%s\" doesn't exist.", shortened(name))
	if !fs.ValidPath(name) {
		return nil, nil, missing
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, missing
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil, missing
	}
	if info.Size() > maxPackFile {
		return nil, nil, fault.Newf(fault.Invalid, "File %s exceeds maximum allowed file size (%d bytes)", name, maxPackFile)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxPackFile))
	return text, info, err
}

// binary reports whether a file is none of text, by its beginning.
func binary(text []byte) bool {
	start := text[:min(len(text), 1024)]
	return bytes.IndexByte(start, 0) >= 0 || bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) || !utf8.Valid(text)
}

func (c *call) packFile() error {
	_, root, err := c.packRoot()
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // it was only read
	name := c.part("name")
	text, info, err := packText(root, name)
	if err != nil {
		return err
	}
	// As with StackStorm, the tag is the time of the file.
	tag := strconv.FormatFloat(float64(info.ModTime().UnixNano())/1e9, 'f', -1, 64)
	h := c.w.Header()
	h.Set("ETag", tag)
	h.Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
	if c.unchanged(tag, info.ModTime()) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	kind := mime.TypeByExtension(path.Ext(name))
	switch {
	case kind == "" && !binary(text), strings.HasPrefix(kind, "text/html"), strings.Contains(kind, "svg"):
		kind = "text/plain; charset=utf-8" // a pack's page is not ours to run in a browser
	case kind == "":
		kind = "application/octet-stream"
	}
	h.Set("X-Content-Type-Options", "nosniff")
	return c.bytes(http.StatusOK, kind, text)
}

// unchanged reports whether the client has a file already.
func (c *call) unchanged(tag string, modified time.Time) bool {
	if have := c.r.Header.Get("If-None-Match"); have != "" {
		return strings.Trim(have, `"`) == tag
	}
	since, err := http.ParseTime(c.r.Header.Get("If-Modified-Since"))
	return err == nil && !modified.Truncate(time.Second).After(since)
}
