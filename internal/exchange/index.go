package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// maxIndex bounds an index.
const maxIndex = 64 << 20

// Index is what all indexes say.
type Index struct {
	Packs  *value.Dict // what is said of a pack, by its name; each a dict
	Status []Status    // of each index, the least important first
}

// Status is how an index is.
type Status struct {
	URL     string `json:"url"`
	Packs   int    `json:"packs"`
	Message string `json:"message"`
	Error   string `json:"error"` // unresponsive, malformed or empty; "" if it is well
}

// MarshalJSON writes no error as null.
func (s Status) MarshalJSON() ([]byte, error) {
	var failed any
	if s.Error != "" {
		failed = s.Error
	}
	return json.Marshal(map[string]any{"url": s.URL, "packs": s.Packs, "message": s.Message, "error": failed})
}

// Index reads all indexes. One that can't be read is in the status; what it said the
// last time counts as long as it is kept.
func (x *Exchange) Index(ctx context.Context) Index {
	index := Index{Packs: value.NewDict(), Status: []Status{}}
	for _, url := range slices.Backward(x.opts.Indexes) {
		packs, status := x.one(ctx, url)
		index.Status = append(index.Status, status)
		if packs != nil {
			index.Packs.Update(packs)
		}
		if status.Error != "" {
			x.opts.Logger.WarnContext(ctx, "index of packs can't be read", "url", withoutSecrets(url), "err", status.Message)
		}
	}
	return index
}

// one reads one index.
func (x *Exchange) one(ctx context.Context, url string) (*value.Dict, Status) {
	status := Status{URL: withoutSecrets(url)}
	fail := func(kind, format string, args ...any) Status {
		status.Error, status.Message = kind, fmt.Sprintf(format, args...)
		return status
	}
	text, stale, err := x.text(ctx, url)
	if err != nil {
		return nil, fail("unresponsive", "%v", err)
	}
	v, err := value.FromJSON(text)
	if err != nil {
		return nil, fail("malformed", "%v", err)
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fail("malformed", "Expected an index object, got a %s instead.", value.TypeName(v))
	}
	if d.Len() == 0 {
		return nil, fail("empty", "The index URL returned an empty object.")
	}
	packs, _ := d.Get("packs")
	all, ok := packs.(*value.Dict)
	if !ok {
		return nil, fail("malformed", `Index object is missing "packs" attribute.`)
	}
	for name, entry := range all.All() {
		if _, ok := entry.(*value.Dict); !ok {
			return nil, fail("malformed", "What the index says of the pack %s is no object.", value.Repr(name))
		}
	}
	status.Packs, status.Message = all.Len(), "Success."
	if stale != "" {
		status.Message = stale
	}
	return all, status
}

// kept is what an index has said, on disk. A file that is damaged does not count.
type kept struct {
	URL  string    `json:"url"`
	At   time.Time `json:"at"`
	Tag  string    `json:"etag"`
	Sum  string    `json:"sha256"` // of Text
	Text string    `json:"text"`
}

func sumOf(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// text returns what an index says. stale says why that is from the cache in spite of
// its age.
func (x *Exchange) text(ctx context.Context, url string) (text []byte, stale string, err error) {
	if path, ok := strings.CutPrefix(url, "file://"); ok || filepath.IsAbs(url) {
		text, err = os.ReadFile(path)
		return text, "", err
	}
	file := filepath.Join(x.opts.Cache, "index-"+sumOf([]byte(url))[:16]+".json")
	var old kept
	if b, err := os.ReadFile(file); x.opts.Cache != "" && err == nil {
		if json.Unmarshal(b, &old) != nil || old.URL != url || old.Sum != sumOf([]byte(old.Text)) {
			old = kept{}
		}
	}
	if len(old.Text) > 0 && time.Since(old.At) < x.opts.Fresh {
		return []byte(old.Text), "", nil
	}
	text, tag, err := x.get(ctx, url, old.Tag)
	switch {
	case err != nil && len(old.Text) > 0:
		return []byte(old.Text), fmt.Sprintf("From %s, as it can't be read now: %v", old.At.UTC().Format(time.RFC3339), err), nil
	case err != nil:
		return nil, "", err
	case text == nil:
		text, tag = []byte(old.Text), old.Tag // it has not changed
	}
	if x.opts.Cache != "" && json.Valid(text) {
		x.keep(ctx, file, kept{URL: url, At: time.Now(), Tag: tag, Sum: sumOf(text), Text: string(text)})
	}
	return text, "", nil
}

// get asks an index. nil is that it has not changed.
func (x *Exchange) get(ctx context.Context, url, tag string) (text []byte, newTag string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	res, err := x.http.Do(req)
	if err != nil {
		return nil, "", cause(err)
	}
	defer res.Body.Close() //nolint:errcheck // read as far as it matters
	switch {
	case res.StatusCode == http.StatusNotModified && tag != "":
		return nil, tag, nil
	case res.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("it answers %s", res.Status)
	}
	text, err = io.ReadAll(io.LimitReader(res.Body, maxIndex+1))
	if err == nil && len(text) > maxIndex {
		err = fmt.Errorf("it is larger than %d MiB", maxIndex>>20)
	}
	return text, res.Header.Get("ETag"), err
}

// keep puts into the cache what an index has said. Without it the index is asked again.
func (x *Exchange) keep(ctx context.Context, file string, k kept) {
	b, err := json.Marshal(k)
	if err == nil {
		err = os.MkdirAll(x.opts.Cache, 0o700)
	}
	if err == nil {
		// Beside it first, so that nobody reads half of it.
		if err = os.WriteFile(file+".new", b, 0o600); err == nil {
			err = os.Rename(file+".new", file)
		}
	}
	if err != nil {
		x.opts.Logger.WarnContext(ctx, "index of packs was not kept", "err", err)
	}
}
