package probe

import (
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
)

// A File is a file that lines are appended to.
type File struct {
	Path string `json:"file_path"`
}

// Target implements [Spec].
func (f *File) Target() string { return f.Path }

func (f *File) mistakes() []string {
	if !filepath.IsAbs(f.Path) {
		return []string{"file_path: " + quoted(f.Path) + " is not absolute; write it from the root, such as /var/log/auth.log"}
	}
	return nil
}

// Payload is the payload of an event about a line.
func (f *File) Payload(line string) map[string]any {
	return map[string]any{"file_path": f.Path, "file_name": filepath.Base(f.Path), "line": line}
}

// HTTP is well while a request is answered as expected.
type HTTP struct {
	Schedule
	URL      string            `json:"url"`
	Method   string            `json:"method"`
	Headers  map[string]string `json:"headers"`
	Statuses []int             `json:"expect_status"` // empty: 200 to 399
	Contains string            `json:"contains"`
	Follow   bool              `json:"follow_redirects"`
	Verify   bool              `json:"verify"`
}

// Target implements [Spec].
func (h *HTTP) Target() string { return h.URL }

// Expects reports whether a status is one that says that all is well.
func (h *HTTP) Expects(status int) bool {
	if len(h.Statuses) == 0 {
		return status >= 200 && status < 400
	}
	return slices.Contains(h.Statuses, status)
}

func (h *HTTP) mistakes() []string {
	return append(urlMistakes("url", h.URL), h.Schedule.mistakes()...)
}

// TCP is well while a connection comes about.
type TCP struct {
	Schedule
	Address string `json:"address"`
}

// Target implements [Spec].
func (t *TCP) Target() string { return t.Address }

func (t *TCP) mistakes() []string {
	return append(addressMistakes("address", t.Address), t.Schedule.mistakes()...)
}

func addressMistakes(name, text string) []string {
	host, port, err := net.SplitHostPort(text)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		return []string{name + ": " + quoted(text) + " is no host and port, such as web-1:22 or [::1]:22"}
	}
	return nil
}

func urlMistakes(name, text string) []string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return []string{name + ": " + quoted(text) + " is no address of HTTP, such as https://web-1:8443/healthz"}
	}
	return nil
}
