package st2

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/roots"
)

// service is one of those that StackStorm has.
type service int

const (
	api service = iota
	auth
	stream
)

// param is a part of a query, whose order is kept.
type param struct{ name, value string }

// request is one question to a service.
type request struct {
	method   string // default: GET
	service  service
	path     string
	query    []param
	body     value.Value // sent as JSON
	raw      string      // sent as it is, in place of a body
	user     string      // with a password, in place of a token
	password string
}

// answer is what a service says.
type answer struct {
	status int
	reason string // the words of the status
	header http.Header
	body   []byte
	url    string
}

// unreachable says that nobody answers.
type unreachable struct {
	address string
	err     error
}

func (u *unreachable) Error() string {
	return fmt.Sprintf("The server at %s cannot be reached: %v", u.address, u.err)
}
func (u *unreachable) Unwrap() error { return u.err }

// refusal is an answer that is none of success.
type refusal struct {
	status int
	msg    string
}

func (r *refusal) Error() string { return r.msg }

// connect prepares for speaking to the services. Certificates are checked, unless
// the user says not to.
func (a *app) connect(c *call) error {
	h := http.Client{}
	if a.HTTP != nil {
		h = *a.HTTP
	}
	file := a.settings.option("general", "cacert")
	if word := a.Getenv("ST2_CACERT"); word != "" {
		file = word
	}
	if word := c.args.text("cacert"); word != "" {
		file = word
	}
	if file != "" {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		switch strings.ToLower(file) {
		case "false", "0", "f", "no":
			config.InsecureSkipVerify = true
		case "true", "1", "t", "y", "yes":
		default:
			var err error
			if config.RootCAs, err = roots.Read(file); errors.Is(err, fs.ErrNotExist) {
				return sayf("CA cert file %q does not exist.", file)
			} else if err != nil {
				return err
			}
		}
		t := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true}
		h.Transport = t
	}
	if c.args.flag("debug") || a.settings.truth("cli", "debug") {
		h.Transport = cli.Curl(h.Transport, a.Err)
	}
	a.http = &h
	return nil
}

// address returns where a service is.
func (e *endpoints) address(s service) string {
	switch s {
	case auth:
		return e.Auth
	case stream:
		return e.Stream
	case api:
	}
	return e.API
}

// fallBack gives up the ports of StackStorm's services for the one port of a server
// of ours, and reports whether that is something else. It is tried where nobody
// listens on the other ports, and nobody said where to look.
func (e *endpoints) fallBack(err error) bool {
	if !e.single || !errors.Is(err, syscall.ECONNREFUSED) || strings.HasSuffix(e.API, ":"+authPort+"/api/v1") {
		return false
	}
	e.single = false
	e.API, e.Stream = e.Base+":"+authPort+"/api/v1", e.Base+":"+authPort+"/stream/v1"
	return true
}

// send asks a service. The body of the answer is the caller's to close.
func (c *call) send(r request) (*http.Response, error) {
	res, err := c.sendTo(c.settings.endpoints.address(r.service), r)
	if err != nil && r.service != auth && c.settings.endpoints.fallBack(err) {
		if again, err := c.sendTo(c.settings.endpoints.address(r.service), r); err == nil {
			return again, nil
		}
	}
	return res, err
}

func (c *call) sendTo(root string, r request) (*http.Response, error) {
	if r.method == "" {
		r.method = http.MethodGet
	}
	address := root + r.path
	if len(r.query) > 0 {
		parts := make([]string, len(r.query))
		for i, p := range r.query {
			parts[i] = url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value)
		}
		address += "?" + strings.Join(parts, "&")
	}
	var content io.Reader
	contentType := ""
	switch {
	case r.raw != "":
		content, contentType = strings.NewReader(r.raw), "text/plain"
	case r.body != nil || r.method == http.MethodPost || r.method == http.MethodPut:
		b, err := value.ToJSON(r.body)
		if err != nil {
			return nil, fmt.Errorf("write the body of %s: %w", r.path, err)
		}
		content, contentType = bytes.NewReader(b), "application/json"
	}
	req, err := http.NewRequestWithContext(c.ctx, r.method, address, content)
	if err != nil {
		return nil, fmt.Errorf("%q is no address: %w", address, err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("User-Agent", "nightshift-st2/"+c.Version)
	basic := c.settings.basic
	if r.user != "" {
		basic = r.user + ":" + r.password
	} else {
		for name, v := range map[string]string{"X-Auth-Token": c.settings.token, "St2-Api-Key": c.settings.apiKey} {
			if v != "" {
				req.Header.Set(name, v)
			}
		}
	}
	if user, password, ok := strings.Cut(basic, ":"); ok {
		req.SetBasicAuth(user, password)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		if op, ok := errors.AsType[*net.OpError](err); ok && errors.Is(op, syscall.ECONNREFUSED) {
			err = syscall.ECONNREFUSED
		}
		return nil, &unreachable{root, err}
	}
	return res, nil
}

// do asks a service and reads the whole answer, whatever it is.
func (c *call) do(r request) (*answer, error) {
	res, err := c.send(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", res.Request.URL.Redacted(), err)
	}
	_, reason, _ := strings.Cut(res.Status, " ")
	return &answer{status: res.StatusCode, reason: reason, header: res.Header, body: b, url: res.Request.URL.Redacted()}, nil
}

// check returns the refusal that an answer is, in the form that scripts look for.
func (x *answer) check() error {
	if x.status < 400 {
		return nil
	}
	msg := x.reason
	if v, err := value.FromJSON(x.body); err != nil {
		msg += "\nUnable to retrieve detailed message from the HTTP response. " + err.Error() + "\n"
	} else if fault := text(dict(v), "faultstring"); fault != "" {
		msg += "\nMESSAGE: " + fault
	}
	side := "Client"
	if x.status >= 500 {
		side = "Server"
	}
	return &refusal{x.status, strconv.Itoa(x.status) + " " + side + " Error: " + msg + " for url: " + x.url}
}

// read asks a service for JSON. A refusal is an error.
func (c *call) read(r request) (value.Value, *answer, error) {
	x, err := c.do(r)
	if err != nil {
		return nil, nil, err
	}
	if err := x.check(); err != nil {
		return nil, x, err
	}
	if len(x.body) == 0 {
		return nil, x, nil
	}
	v, err := value.FromJSON(x.body)
	if err != nil {
		return nil, x, fmt.Errorf("%s did not answer as StackStorm's services do: %w", x.url, err)
	}
	return v, x, nil
}

// ask asks a service for one thing.
func (c *call) ask(r request) (*value.Dict, error) {
	v, x, err := c.read(r)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*value.Dict)
	if !ok {
		return nil, fmt.Errorf("%s did not answer with an object", x.url)
	}
	return d, nil
}

// find asks for one thing, and returns nil if it is not there.
func (c *call) find(r request) (*value.Dict, error) {
	d, err := c.ask(r)
	if no, ok := errors.AsType[*refusal](err); ok && no.status == http.StatusNotFound {
		return nil, nil
	}
	return d, err
}

// list asks for several things, and for how many there are in all; -1 when that is
// not said.
func (c *call) list(r request) ([]*value.Dict, int, error) {
	v, x, err := c.read(r)
	if err != nil {
		return nil, -1, err
	}
	l, ok := v.(*value.List)
	if !ok {
		return nil, -1, fmt.Errorf("%s did not answer with a list", x.url)
	}
	out := make([]*value.Dict, len(l.Items))
	for i, item := range l.Items {
		out[i] = dict(item)
	}
	total, err := strconv.Atoi(x.header.Get("X-Total-Count"))
	if err != nil {
		total = -1
	}
	return out, total, nil
}

// listen calls f for each event until the stream ends or f returns false.
func (c *call) listen(events []string, execution string, f func(event *value.Dict) (more bool, err error)) error {
	res, err := c.send(request{service: stream, path: "/stream", query: []param{
		{"end_event", "st2.execution__update"}, {"end_execution_id", execution}, {"events", strings.Join(events, ",")},
	}})
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	if res.StatusCode != http.StatusOK {
		return &refusal{res.StatusCode, "the stream of events answered " + res.Status}
	}
	err = client.Events(res.Body, func(e client.Event) error {
		if len(e.Data) == 0 {
			return nil
		}
		v, err := value.FromJSON(e.Data)
		if err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		if more, err := f(dict(v)); err != nil || more {
			return err
		}
		return client.ErrStop
	})
	if err != nil && !errors.Is(err, client.ErrStop) {
		return fmt.Errorf("follow the events: %w", err)
	}
	return nil
}

// path makes a path of segments. A slash in one of them stays one, as addresses of
// webhooks have some.
func path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		for part := range strings.SplitSeq(s, "/") {
			b.WriteString("/" + url.PathEscape(part))
		}
	}
	return b.String()
}
