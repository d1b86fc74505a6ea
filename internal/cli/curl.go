package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// curl prints every request as a command that does the same, with the secrets
// taken out, and how it was answered.
type curl struct {
	next http.RoundTripper
	to   io.Writer
}

// Curl returns next, nil being the default one, with every request printed to to as
// a command that does the same, without its secrets.
func Curl(next http.RoundTripper, to io.Writer) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &curl{next: next, to: to}
}

// RoundTrip implements [http.RoundTripper].
func (c *curl) RoundTrip(req *http.Request) (*http.Response, error) {
	var line strings.Builder
	line.WriteString("# curl -sS")
	if req.Method != http.MethodGet {
		line.WriteString(" -X " + req.Method)
	}
	names := make([]string, 0, len(req.Header))
	for name := range req.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		v := req.Header.Get(name)
		switch name {
		case "X-Auth-Token", "St2-Api-Key", "Authorization", "Cookie":
			v = masked
		case "User-Agent":
			continue
		}
		line.WriteString(" -H " + quote(name+": "+v))
	}
	if req.Body != nil && req.Body != http.NoBody {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
		copied := *req
		copied.Body = io.NopCloser(bytes.NewReader(body))
		req = &copied
		line.WriteString(" -d " + quote(hideSecrets(string(bytes.TrimSpace(body)))))
	}
	line.WriteString(" " + quote(req.URL.String()))
	_, _ = fmt.Fprintln(c.to, line.String()) // a courtesy

	began := time.Now()
	res, err := c.next.RoundTrip(req)
	took := time.Since(began).Round(100 * time.Microsecond)
	if err != nil {
		_, _ = fmt.Fprintf(c.to, "#   failed after %s: %v\n", took, err) // a courtesy
		return nil, err
	}
	_, _ = fmt.Fprintf(c.to, "#   %s after %s\n", res.Status, took) // a courtesy
	return res, nil
}

const masked = "********"

var (
	secretField = regexp.MustCompile(`("[^"]*(?i:password|passwd|secret|token|api_key|private_key)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"`)
	markedField = regexp.MustCompile(`"(?:secret|encrypted)"\s*:\s*true`)
	valueField  = regexp.MustCompile(`("value"\s*:\s*)"(?:[^"\\]|\\.)*"`)
)

// hideSecrets takes out of a body what its names say is secret.
func hideSecrets(body string) string {
	body = secretField.ReplaceAllString(body, `$1"`+masked+`"`)
	if markedField.MatchString(body) {
		body = valueField.ReplaceAllString(body, `$1"`+masked+`"`)
	}
	return body
}

// quote makes one word of a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
