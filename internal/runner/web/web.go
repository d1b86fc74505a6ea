// Package web makes requests over HTTP: the runner type http-request.
//
// Connections are kept and used again by later actions with the same settings.
// A body that is larger than a bound fails the action: half a document is worse
// than none.
package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// maxRedirects is how many redirects are followed at most.
const maxRedirects = 30

// Options are the settings of a [Runner].
type Options struct {
	// Version is told to servers as part of the user agent. Default: none is.
	Version string
	// MaxBody is how many bytes a response may have. Default [runner.MaxKept].
	MaxBody int
	// Proxy returns the proxy for a request whose action names none, as
	// [http.ProxyFromEnvironment] does. Default: there is none.
	Proxy func(*http.Request) (*url.URL, error)
	// Guard says to which addresses requests may go. Default: to all.
	Guard Guard
	// RootCAs are trusted. Default: those of the system.
	RootCAs *x509.CertPool
}

// Runner makes requests.
type Runner struct {
	opts Options

	mu         sync.Mutex
	transports map[route]*http.Transport // guarded by mu
}

// route is what requests must have in common to share connections.
type route struct {
	verify      bool
	http, https string // proxies
}

// New returns a runner. [Runner.Close] ends its connections.
func New(opts Options) *Runner {
	if opts.MaxBody <= 0 {
		opts.MaxBody = runner.MaxKept
	}
	return &Runner{opts: opts, transports: map[route]*http.Transport{}}
}

// Close ends the connections that nobody uses.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.transports {
		t.CloseIdleConnections()
	}
}

// Run implements [runner.Runner].
func (r *Runner) Run(ctx context.Context, t runner.Task, _ runner.Output) runner.Outcome {
	limit := parameter(&t, "timeout")
	if limit == nil {
		limit = int64(60)
	}
	ctx, cancel, err := runner.WithTimeout(ctx, limit)
	if err != nil {
		return runner.Failed(err)
	}
	defer cancel()
	q, err := newQuery(&t, r.userAgent())
	if err != nil {
		return runner.Failed(err)
	}
	a, err := r.ask(ctx, q)
	if err != nil && ctx.Err() == nil {
		if a.result == nil {
			return runner.Failed(err)
		}
		a.result.Set("error", err.Error())
		return runner.Outcome{Status: execution.Failed, Result: a.result}
	}
	if err != nil {
		cause := context.Cause(ctx)
		if a.result == nil {
			a.result = value.NewDict()
		}
		runner.Stopped(a.result, cause, limit)
		return runner.Outcome{Status: runner.Status(cause), Result: a.result}
	}
	status := execution.Failed
	if a.status >= 200 && a.status <= 206 {
		status = execution.Succeeded
	}
	return runner.Outcome{Status: status, Result: a.result}
}

func (r *Runner) userAgent() string {
	if r.opts.Version == "" {
		return "nightshift"
	}
	return "nightshift/" + r.opts.Version
}

// answer is what a server said; result is nil if it said nothing.
type answer struct {
	status int
	result *value.Dict
}

// ask makes the request and reads the response. With an error it returns what
// came before that.
func (r *Runner) ask(ctx context.Context, q *query) (answer, error) {
	var last *conn // that the last response came by
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if last, _ = info.Conn.(*conn); last != nil {
			last.expect()
		}
	}})
	request, err := q.request(ctx)
	if err != nil {
		return answer{}, err
	}
	transport, err := r.transport(q.route)
	if err != nil {
		return answer{}, err
	}
	jar, err := cookiejar.New(nil) // for what redirects set
	if err != nil {
		return answer{}, err
	}
	client := http.Client{Transport: transport, Jar: jar, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch {
		case !q.redirects:
			return http.ErrUseLastResponse
		case len(via) > maxRedirects:
			return fmt.Errorf("there are more than %d redirects", maxRedirects)
		default:
			return q.hosts.check(next.URL)
		}
	}}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close() //nolint:errcheck // only read

	headers := fromHeader(response.Header)
	if last != nil {
		if seen := last.headers(); seen != nil {
			headers = seen
		}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(r.opts.MaxBody)+1))
	if len(body) > r.opts.MaxBody {
		body, err = body[:r.opts.MaxBody], fmt.Errorf("the response is larger than %d bytes", r.opts.MaxBody)
	}
	contentType := response.Header.Get("Content-Type")
	text := decode(body, contentType)
	a := answer{status: response.StatusCode, result: value.NewDictCap(5)}
	a.result.Set("status_code", int64(response.StatusCode))
	var content value.Value = text
	parsed := false
	if err == nil && isJSON(contentType) {
		if v, ok := runner.DecodeJSON(text); ok {
			content, parsed = v, true
		}
	}
	a.result.Set("body", content)
	a.result.Set("parsed", parsed)
	a.result.Set("headers", headers)
	return a, err
}

// maxTransports bounds how many sets of connections are kept.
const maxTransports = 64

// transport returns the connections of a route.
func (r *Runner) transport(key route) (*http.Transport, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t, ok := r.transports[key]; ok {
		return t, nil
	}
	proxies := map[string]*url.URL{}
	for scheme, text := range map[string]string{"http": key.http, "https": key.https} {
		if text == "" {
			continue
		}
		proxy, err := url.Parse(text)
		if err != nil || proxy.Host == "" {
			return nil, fmt.Errorf("%s_proxy is %q, not a URL", scheme, text)
		}
		proxies[scheme] = proxy
	}
	config := &tls.Config{
		RootCAs:            r.opts.RootCAs,
		InsecureSkipVerify: !key.verify, //nolint:gosec // the action asks for it
	}
	t := &http.Transport{
		Proxy: func(q *http.Request) (*url.URL, error) {
			// A proxy finds out itself what names mean; addresses can be looked at here.
			if to, err := netip.ParseAddr(q.URL.Hostname()); err == nil {
				if err := r.opts.Guard.check(to); err != nil {
					return nil, err
				}
			}
			if proxy, ok := proxies[q.URL.Scheme]; ok {
				return proxy, nil
			}
			if len(proxies) > 0 || r.opts.Proxy == nil {
				return nil, nil //nolint:nilnil // is how a transport is told that there is none
			}
			return r.opts.Proxy(q)
		},
		DialContext:         dial(r.opts.Guard.dialer()),
		DialTLSContext:      dialTLS(r.opts.Guard.dialer(), config),
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 30 * time.Second,
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     90 * time.Second,
		// A server that sends headers without end gets no further than this.
		MaxResponseHeaderBytes: maxHeader,
	}
	if len(r.transports) >= maxTransports {
		for other, old := range r.transports { // any will do: this is for those who put data into proxies
			old.CloseIdleConnections()
			delete(r.transports, other)
			break
		}
	}
	r.transports[key] = t
	return t, nil
}

// hosts says which hosts may be asked.
type hosts struct{ black, white map[string]bool }

var errBothLists = errors.New("url_hosts_blacklist and url_hosts_whitelist exclude each other: give only one of them")

// check returns an error if the host of u may not be asked.
func (h hosts) check(u *url.URL) error {
	host := normalHost(u.Hostname())
	if h.black[host] {
		return fmt.Errorf("URL %q is blacklisted", u.Redacted())
	}
	if len(h.white) > 0 && !h.white[host] {
		return fmt.Errorf("URL %q is not whitelisted", u.Redacted())
	}
	return nil
}
