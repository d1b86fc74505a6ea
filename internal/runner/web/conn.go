package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"maps"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// maxHeader is how large the headers of a response may be.
const maxHeader = 1 << 20

// conn is a connection that remembers the headers of the last response as they
// were written. net/http changes their names (ETag becomes Etag) and forgets
// their order; actions read them by the names that the server uses.
type conn struct {
	net.Conn

	mu   sync.Mutex
	want bool   // the headers of a response are being read; guarded by mu
	text []byte // of the headers so far; guarded by mu
}

// dialer opens connections to where the guard allows it.
func (g Guard) dialer() *net.Dialer {
	return &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: g.control}
}

// dial opens connections.
func dial(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c}, nil
	}
}

// dialTLS opens connections with TLS.
func dialTLS(plain *net.Dialer, config *tls.Config) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := tls.Dialer{NetDialer: plain, Config: config}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c}, nil
	}
}

// expect says that a response comes next.
func (c *conn) expect() {
	c.mu.Lock()
	c.want, c.text = true, nil
	c.mu.Unlock()
}

// Read implements [net.Conn].
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	if c.want && n > 0 {
		c.text = append(c.text, b[:n]...)
		c.want = len(c.text) < maxHeader && !c.complete()
	}
	c.mu.Unlock()
	return n, err
}

// complete reports whether text has all headers, and drops what is not of them:
// what comes after, and responses that only announce another one.
func (c *conn) complete() bool {
	for {
		end := bytes.Index(c.text, []byte("\r\n\r\n"))
		if end < 0 {
			return false
		}
		if _, status, _ := bytes.Cut(c.text, []byte(" ")); bytes.HasPrefix(status, []byte("1")) && !bytes.HasPrefix(status, []byte("101")) {
			c.text = c.text[end+4:]
			continue
		}
		c.text = slices.Clip(c.text[:end])
		return true
	}
}

// headers returns the headers of the last response, or nil if they were not
// seen.
func (c *conn) headers() *value.Dict {
	c.mu.Lock()
	defer c.mu.Unlock()
	status, rest, _ := strings.Cut(runner.Text(c.text), "\r\n")
	if c.want || !strings.HasPrefix(status, "HTTP/") {
		return nil
	}
	headers := value.NewDict()
	names := map[string]string{} // in lower case, to as it was first written
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, v, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		addHeader(headers, names, name, strings.Trim(v, " \t"))
	}
	return headers
}

// fromHeader returns headers of which the original form is not known.
func fromHeader(h http.Header) *value.Dict {
	headers, names := value.NewDict(), map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			addHeader(headers, names, name, strings.ToValidUTF8(v, string(utf8.RuneError)))
		}
	}
	return headers
}

// addHeader adds a header. One that is repeated becomes a list in text.
func addHeader(headers *value.Dict, names map[string]string, name, v string) {
	first, repeated := names[strings.ToLower(name)]
	if !repeated {
		names[strings.ToLower(name)] = name
		headers.Set(name, v)
		return
	}
	before, _ := headers.Get(first)
	headers.Set(first, value.Str(before)+", "+v)
}

// decode returns a body as text. Without a charset it is UTF-8 if it can be,
// and else Latin 1, which can be anything.
func decode(body []byte, contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	charset := ""
	if err == nil {
		charset = strings.ToLower(params["charset"])
	}
	switch charset {
	case "iso-8859-1", "iso8859-1", "latin-1", "latin1":
		return latin1(body)
	case "":
		if !utf8.Valid(body) && strings.HasPrefix(contentType, "text/") {
			return latin1(body)
		}
	}
	return runner.Text(body)
}

func latin1(body []byte) string {
	var b strings.Builder
	for _, c := range body {
		b.WriteRune(rune(c))
	}
	return b.String()
}
