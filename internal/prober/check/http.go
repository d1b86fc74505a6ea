package check

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/nightshift-run/nightshift/internal/probe"
)

const mostBody = 1 << 20 // of an answer that is looked through, in bytes

func (c *Checker) http(ctx context.Context, p *probe.HTTP) probe.Outcome {
	start := time.Now()
	facts := map[string]any{"status_code": nil}
	status, body, err := c.ask(ctx, p)
	facts["elapsed"] = elapsed(start)
	if status != 0 {
		facts["status_code"] = status
	}
	switch {
	case err != nil:
		return unreachable(err, facts)
	case !p.Expects(status):
		return failed("status", fmt.Sprintf("%s is answered with %d %s", p.URL, status, http.StatusText(status)), facts)
	case !bytes.Contains(body, []byte(p.Contains)):
		return failed("body", fmt.Sprintf("the answer of %s does not contain %q", p.URL, p.Contains), facts)
	}
	return well(fmt.Sprintf("%s is answered with %d %s", p.URL, status, http.StatusText(status)), facts)
}

// ask makes the request over a connection of its own: an old one says nothing
// about whether a new one would come about. The body is read when it matters.
func (c *Checker) ask(ctx context.Context, p *probe.HTTP) (status int, body []byte, err error) {
	client := c.client(p.Verify)
	defer client.CloseIdleConnections()
	if !p.Follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	req, err := c.request(ctx, p.Method, p.URL, p.Headers, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	if p.Contains != "" {
		body, err = io.ReadAll(io.LimitReader(res.Body, mostBody))
	}
	return res.StatusCode, body, errors.Join(err, res.Body.Close())
}

func (c *Checker) client(verify bool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:             c.opts.Proxy,
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: !verify, RootCAs: c.opts.Roots}, //nolint:gosec // the author of the probe says so
		ForceAttemptHTTP2: true,
	}}
}

func (c *Checker) request(ctx context.Context, method, url string, headers map[string]string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "nightshift/"+c.opts.Version)
	for name, v := range headers {
		req.Header.Set(name, v)
		if http.CanonicalHeaderKey(name) == "Host" {
			req.Host = v
		}
	}
	return req, nil
}
