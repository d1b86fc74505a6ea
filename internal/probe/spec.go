package probe

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
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
func (f *File) Payload(line string) *value.Dict {
	d := value.NewDictCap(3)
	d.Set("file_path", f.Path)
	d.Set("file_name", filepath.Base(f.Path))
	d.Set("line", line)
	return d
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

// TLS is well while the certificate at an address is good for some more days.
type TLS struct {
	Schedule
	Address    string  `json:"address"`
	ServerName string  `json:"server_name"` // empty: the host of the address
	Days       float64 `json:"days"`
	Verify     bool    `json:"verify"`
}

// Target implements [Spec].
func (t *TLS) Target() string { return t.Address }

// Name is the name that the certificate must be for.
func (t *TLS) Name() string {
	if t.ServerName != "" {
		return t.ServerName
	}
	host, _, _ := net.SplitHostPort(t.Address) // it was parsed before
	return host
}

func (t *TLS) mistakes() []string {
	return append(addressMistakes("address", t.Address), t.Schedule.mistakes()...)
}

// A Process is well while as many processes run as should.
type Process struct {
	Schedule
	Name    string `json:"name"`    // of the program; empty: any
	Pattern string `json:"pattern"` // that the command line fits; empty: any
	Min     int    `json:"min"`
	Max     *int   `json:"max"` // nil: any number
}

// Target implements [Spec].
func (p *Process) Target() string {
	if p.Name == "" || p.Pattern == "" {
		return p.Name + p.Pattern
	}
	return p.Name + " " + p.Pattern
}

func (p *Process) mistakes() []string {
	wrong := p.Schedule.mistakes()
	if p.Name == "" && p.Pattern == "" {
		wrong = append(wrong, "name: is required unless there is a pattern, such as nginx")
	}
	if _, err := regexp.Compile(p.Pattern); err != nil {
		wrong = append(wrong, "pattern: "+err.Error())
	}
	if p.Max != nil && *p.Max < p.Min {
		wrong = append(wrong, fmt.Sprintf("max: %d is less than min, which is %d", *p.Max, p.Min))
	}
	return wrong
}

// Prometheus is well while no value that a query finds is beyond a threshold.
type Prometheus struct {
	Schedule
	Server    string            `json:"server"`
	Query     string            `json:"query"`
	Operator  string            `json:"operator"`
	Threshold *float64          `json:"threshold"` // nil: each value is beyond it
	Headers   map[string]string `json:"headers"`
	Verify    bool              `json:"verify"`
}

// Target implements [Spec].
func (p *Prometheus) Target() string { return p.Query }

// Beyond reports whether a value is one that must not be.
func (p *Prometheus) Beyond(v float64) bool {
	if p.Threshold == nil {
		return true
	}
	t := *p.Threshold
	switch p.Operator {
	case ">":
		return v > t
	case ">=":
		return v >= t
	case "<":
		return v < t
	case "<=":
		return v <= t
	case "==":
		return v == t
	default:
		return v != t && !math.IsNaN(v)
	}
}

// Worse reports whether one value is farther beyond the threshold than another.
func (p *Prometheus) Worse(v, than float64) bool {
	if strings.HasPrefix(p.Operator, "<") {
		return v < than
	}
	return v > than
}

func (p *Prometheus) mistakes() []string {
	return append(urlMistakes("server", p.Server), p.Schedule.mistakes()...)
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
