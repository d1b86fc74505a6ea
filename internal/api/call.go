package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// call is one request on its way through its route.
type call struct {
	*API
	route *route
	w     http.ResponseWriter
	r     *http.Request
	who   caller
	query url.Values           // see param
	found *execution.Execution // see execution
	held  int64                // see hold
}

func (c *call) ctx() context.Context { return c.r.Context() }

// part returns a part of the path.
func (c *call) part(name string) string { return c.r.PathValue(name) }

// param returns a parameter of the query. Of one that is given twice the first counts.
func (c *call) param(name string) string {
	if c.query == nil {
		c.query = c.r.URL.Query()
	}
	return c.query.Get(name)
}

// json answers with the JSON of v.
func (c *call) json(status int, v any) error {
	buf := c.buffer()
	defer c.putBuffer(buf)
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return c.bytes(status, "application/json", buf.Bytes())
}

// buffer returns an empty buffer, which is to be given back.
func (a *API) buffer() *bytes.Buffer {
	buf := a.buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert // see New
	buf.Reset()
	return buf
}

// putBuffer takes a buffer back. What was large is not kept.
func (a *API) putBuffer(buf *bytes.Buffer) {
	if buf.Cap() <= 1<<20 {
		a.buffers.Put(buf)
	}
}

// piecewise writes an answer that is never in memory as a whole. Its head goes with its first
// piece: what fails before is answered as what it is.
type piecewise struct {
	c    *call
	kind string // its Content-Type
}

// Write implements [io.Writer].
func (p *piecewise) Write(b []byte) (int, error) {
	if w := p.c.w.(*recorder); w.status == 0 { //nolint:forcetypeassert // see ServeHTTP
		w.Header().Set("Content-Type", p.kind)
		w.WriteHeader(http.StatusOK)
	}
	n, err := p.c.w.Write(b)
	if err != nil {
		err = errClientGone
	}
	return n, err
}

var errClientGone = errors.New("the client has gone")

// array answers with the JSON of a list whose items are written as they come: items calls
// add with each of them, and returns its error.
func (c *call) array(items func(add func(item any) error) error) error {
	buf := c.buffer()
	defer c.putBuffer(buf)
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	out := &piecewise{c, "application/json"}
	between := byte('[')
	err := items(func(item any) error {
		buf.WriteByte(between)
		between = ','
		if err := e.Encode(item); err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		buf.Truncate(buf.Len() - 1) // the end of the line
		if buf.Len() < pieceBytes {
			return nil
		}
		_, err := buf.WriteTo(out)
		return err
	})
	switch {
	case errors.Is(err, errClientGone):
		return nil
	case err != nil:
		return err
	case between == '[':
		buf.WriteByte('[')
	}
	buf.WriteString("]\n")
	if c.w.(*recorder).status == 0 { //nolint:forcetypeassert // see ServeHTTP
		return c.bytes(http.StatusOK, "application/json", buf.Bytes())
	}
	buf.WriteTo(out) //nolint:errcheck,gosec // the client has gone; there is nobody to tell
	return nil
}

// bytes answers with b.
func (c *call) bytes(status int, contentType string, b []byte) error {
	if c.r.Method == http.MethodGet { // of others more has come than the answer
		if err := c.hold(len(b)); err != nil {
			return err
		}
	}
	h := c.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", itoa(len(b)))
	c.w.WriteHeader(status)
	c.w.Write(b) //nolint:errcheck // the client has gone; there is nobody to tell
	return nil
}

// empty answers with 204.
func (c *call) empty() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// read returns the body, which may have at most limit bytes.
func (c *call) read(limit int64) ([]byte, error) {
	tooLarge := func() error {
		return fault.Newf(fault.TooLarge, "The body has more than %d bytes, which is the most that is taken here.", limit)
	}
	n := c.r.ContentLength
	if n > limit {
		return nil, tooLarge()
	}
	if n == 0 {
		return nil, nil
	}
	end := http.NewResponseController(c.w)
	// Not every connection has deadlines; then the server's own must do.
	_ = end.SetReadDeadline(time.Now().Add(pace(max(n, 0))))
	defer end.SetReadDeadline(time.Time{}) //nolint:errcheck // see above
	var b []byte
	var err error
	if n > 0 {
		b = make([]byte, n)
		_, err = io.ReadFull(c.r.Body, b)
	} else {
		b, err = io.ReadAll(io.LimitReader(c.r.Body, limit+1))
	}
	switch {
	case err != nil:
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: "The body of the request ended early.", Err: err}
	case int64(len(b)) > limit:
		return nil, tooLarge()
	}
	return b, nil
}

// object returns the body, which must be an object that fits the schema of the
// route. No body is an empty object.
func (c *call) object() (*value.Dict, error) {
	b, err := c.read(c.opts.MaxBody)
	if err != nil {
		return nil, err
	}
	var v value.Value = value.NewDict()
	if len(bytes.TrimSpace(b)) > 0 {
		if err := c.wantsJSON(); err != nil {
			return nil, err
		}
		if v, err = parseJSON(b); err != nil {
			return nil, err
		}
	}
	if c.route.body != nil {
		v = withoutNulls(v, c.route.body.Dict())
		if err := asFault(c.route.body.Validate(v)); err != nil {
			return nil, err
		}
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fault.Newf(fault.Invalid, "The body must be an object, and is %s.", value.TypeName(v))
	}
	return d, nil
}

// withoutNulls returns v without the properties that are null, as deep as the
// schema names properties. StackStorm takes null for nothing there.
func withoutNulls(v value.Value, of *value.Dict) value.Value {
	d, ok := v.(*value.Dict)
	named, _ := of.Get("properties")
	props, known := named.(*value.Dict)
	if !ok || !known {
		return v
	}
	out := value.NewDictCap(d.Len())
	for name, item := range d.Texts() {
		if prop, ok := props.Get(name); ok {
			if item == nil {
				continue
			}
			if below, ok := prop.(*value.Dict); ok {
				item = withoutNulls(item, below)
			}
		}
		out.Set(name, item)
	}
	return out
}

// into reads the body into out, by way of JSON.
func (c *call) into(out any) error {
	d, err := c.object()
	if err != nil {
		return err
	}
	return decode(d, out)
}

// decode fills out from a dict that has passed its schema.
func decode(d *value.Dict, out any) error {
	b, err := d.MarshalJSON()
	if err != nil {
		return fault.Newf(fault.Invalid, "The body has a value that JSON has not: %v", err)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return &fault.Fault{Kind: fault.Invalid, Msg: "Failed to parse request body: " + err.Error(), Err: err}
	}
	return nil
}

func (c *call) wantsJSON() error {
	given := c.r.Header.Get("Content-Type")
	if given == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(given)
	// The last is what curl says of any body unless it is told otherwise; no form is taken here.
	if err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json") || kind == "application/x-www-form-urlencoded") {
		return nil
	}
	return unsupported(given)
}

func unsupported(contentType string) error {
	return fault.Newf(fault.Invalid, "Failed to parse request body: Unsupported Content-Type: %q", contentType)
}

// parseJSON reads JSON. A mistake is told with its line and column.
func parseJSON(b []byte) (value.Value, error) {
	v, err := value.FromJSON(b)
	if err != nil {
		return nil, &fault.Fault{Kind: fault.Invalid, Msg: "Failed to parse request body: " + err.Error(), Err: err}
	}
	return v, nil
}

// asFault returns what does not fit a schema as one fault. One mistake is told
// in the words of the reference; of several, each with its place.
func asFault(errs []*schema.Error) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return &fault.Fault{Kind: fault.Invalid, Msg: errs[0].Msg}
	}
	lines := make([]string, len(errs))
	for i, e := range errs {
		lines[i] = e.Msg
		if name := e.Name(); name != "" {
			lines[i] = name + ": " + e.Msg
		}
	}
	return &fault.Fault{Kind: fault.Invalid, Msg: strings.Join(lines, "\n")}
}

const internalError = "Internal Server Error"

// fail answers with an error. What is our own fault is logged, and told to
// nobody.
func (c *call) fail(err error) {
	if c.w.(*recorder).status != 0 { //nolint:forcetypeassert // see ServeHTTP
		if c.r.Context().Err() == nil {
			c.Logger.Error("answer broken off", "path", shownPath(c.r.URL.Path), "err", err)
		}
		panic(http.ErrAbortHandler) // or the client would take what it has for all of it
	}
	if soon, ok := errors.AsType[*tooSoon](err); ok {
		c.w.Header().Set("Retry-After", itoa(soon.seconds()))
		writeFault(c.w, http.StatusTooManyRequests, soon.Error(), "")
		return
	}
	kind := fault.KindOf(err)
	if kind == fault.Internal {
		if c.r.Context().Err() != nil && errors.Is(err, context.Canceled) {
			return // the client has gone
		}
		c.Logger.Error("request failed", "method", c.r.Method, "path", shownPath(c.r.URL.Path),
			"request_id", c.w.Header().Get("X-Request-ID"), "err", err)
		c.answerFault(http.StatusInternalServerError, internalError, "")
		return
	}
	f, _ := errors.AsType[*fault.Fault](err)
	if kind == fault.Busy {
		c.w.Header().Set("Retry-After", "1")
	}
	c.answerFault(statusOf(kind), f.Msg, f.ID)
}

func (c *call) answerFault(status int, msg, conflict string) {
	if !c.showPage(status, msg) {
		writeFault(c.w, status, msg, conflict)
	}
}

// statusOf is the table of kinds and statuses.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Busy:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

func writeFault(w http.ResponseWriter, status int, msg, conflict string) {
	b, err := json.Marshal(wire.Fault{Fault: msg, Conflict: conflict})
	if err != nil {
		b = []byte(`{"faultstring": "` + internalError + `"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b) //nolint:errcheck // the client has gone; there is nobody to tell
}
