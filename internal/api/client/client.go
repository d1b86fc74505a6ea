// Package client speaks to a server's HTTP API.
//
// It knows how the API says things: where paths begin, how a page of a list
// is counted, what an error looks like, how events are streamed. What is said
// is up to the caller. A [Client] keeps no state besides its fields, asks once,
// and renews no token.
package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// Client asks one server. It is safe for concurrent use while its fields stay.
type Client struct {
	BaseURL string       // scheme, host and port, such as http://127.0.0.1:9100
	Token   string       // sent when it is not empty
	APIKey  string       // sent when there is no token
	HTTP    *http.Client // default: one without a time limit; contexts have them
	Agent   string       // the User-Agent; default "nightshift"
}

// Raw is a body that is sent as it is, and not as JSON.
type Raw struct {
	Type string // Content-Type
	Body io.Reader
}

// Items is what is called with each item of a list while it arrives, so that a long one is never
// in memory as a whole. What it is called with is good until it returns.
type Items func(item json.RawMessage) error

// Do sends one request and reads the answer.
//
// A path that begins with a slash is taken as it is; any other is below
// /api/v1/. Body is nil for none, a [Raw], or anything that has JSON. Out is nil
// when the answer does not matter, a *[]byte or an io.Writer for its bytes, [Items] for
// those of a list, or what its JSON is read into. An answer that is none of success is an [*Error].
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body, out any) (http.Header, error) {
	res, err := c.send(ctx, method, path, query, body, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // what there is has been read
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.Header, readError(method, res)
	}
	if err := readBody(res, out); err != nil {
		return res.Header, fmt.Errorf("read the answer to %s %s: %w", method, res.Request.URL.Path, err)
	}
	return res.Header, nil
}

// Get reads one thing.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	_, err := c.Do(ctx, http.MethodGet, path, query, nil, out)
	return err
}

// Post sends body, and reads the answer into out.
func (c *Client) Post(ctx context.Context, path string, body, out any) error {
	_, err := c.Do(ctx, http.MethodPost, path, nil, body, out)
	return err
}

// Put sends body, and reads the answer into out.
func (c *Client) Put(ctx context.Context, path string, body, out any) error {
	_, err := c.Do(ctx, http.MethodPut, path, nil, body, out)
	return err
}

// Delete removes one thing.
func (c *Client) Delete(ctx context.Context, path string, query url.Values) error {
	_, err := c.Do(ctx, http.MethodDelete, path, query, nil, nil)
	return err
}

// A Listing says of a page how much more there is.
type Listing struct {
	Total   int  // how many there are in all; -1 when the server doesn't say
	AtLeast bool // there may be more than Total
	Limit   int  // what the server went by; 0 is none
}

// List reads a page of a list into out, a pointer to a slice or [Items].
func (c *Client) List(ctx context.Context, path string, query url.Values, out any) (Listing, error) {
	h, err := c.Do(ctx, http.MethodGet, path, query, nil, out)
	if err != nil {
		return Listing{}, err
	}
	l := Listing{Total: -1, AtLeast: h.Get("X-Total-Count-At-Least") == "true"}
	if n, err := strconv.Atoi(h.Get("X-Total-Count")); err == nil {
		l.Total = n
	}
	if n, err := strconv.Atoi(h.Get("X-Limit")); err == nil {
		l.Limit = n
	}
	return l, nil
}

// Login asks for a token with a password. A ttl of 0 is the server's default.
// The client itself goes on as it is.
func (c *Client) Login(ctx context.Context, user, password string, ttl time.Duration) (wire.Token, error) {
	var t wire.Token
	body := wire.TokenRequest{}
	if ttl > 0 {
		seconds := int64(ttl / time.Second)
		body.TTL = &seconds
	}
	anonymous := *c
	anonymous.Token, anonymous.APIKey = "", ""
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	const path = "/auth/v1/tokens"
	res, err := anonymous.send(ctx, http.MethodPost, path, nil, body, http.Header{"Authorization": {basic}})
	if err != nil {
		return t, err
	}
	defer res.Body.Close() //nolint:errcheck // what there is has been read
	if res.StatusCode != http.StatusCreated {
		return t, readError(http.MethodPost, res)
	}
	if err := readBody(res, &t); err != nil {
		return t, fmt.Errorf("read the new token: %w", err)
	}
	return t, nil
}

// send sends a request and returns the answer, whatever its status.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, body any, header http.Header) (*http.Response, error) {
	if !strings.HasPrefix(path, "/") {
		path = "/api/v1/" + path
	}
	address := strings.TrimSuffix(c.BaseURL, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	content, contentType, err := encode(body)
	if err != nil {
		return nil, fmt.Errorf("write the body of %s %s: %w", method, path, err)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%q is no address of a server: %v", c.BaseURL, err)
	}
	maps.Copy(req.Header, header)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	switch {
	case c.Token != "":
		req.Header.Set("X-Auth-Token", c.Token)
	case c.APIKey != "":
		req.Header.Set("St2-Api-Key", c.APIKey)
	}
	agent := c.Agent
	if agent == "" {
		agent = "nightshift"
	}
	req.Header.Set("User-Agent", agent)
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, context.Cause(ctx))
		}
		return nil, &fault.Fault{Kind: fault.Busy, Msg: fmt.Sprintf("The server at %s cannot be reached: %v", c.BaseURL, cause(err)), Err: err}
	}
	return res, nil
}

// cause is what is wrong without the method and address that http puts before it.
func cause(err error) error {
	if u, ok := err.(*url.Error); ok { //nolint:errorlint // http.Client returns exactly this
		return u.Err
	}
	return err
}

func encode(body any) (content io.Reader, contentType string, err error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case Raw:
		return b.Body, b.Type, nil
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, "", err
	}
	return &buf, "application/json", nil
}

func readBody(res *http.Response, out any) error {
	switch out := out.(type) {
	case nil:
		// Read to the end, so that the connection serves the next request.
		_, err := io.Copy(io.Discard, res.Body)
		return err
	case *[]byte:
		var err error
		*out, err = io.ReadAll(res.Body)
		return err
	case io.Writer:
		_, err := io.Copy(out, res.Body)
		return err
	}
	if res.StatusCode == http.StatusNoContent {
		return nil
	}
	strange := func(err error) error {
		return fault.Newf(fault.Internal, "The server at %s did not answer as one of ours does: %v", res.Request.URL.Host, err)
	}
	if items, ok := out.(Items); ok {
		return items.read(res.Body, strange)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, out); err != nil {
		return strange(err)
	}
	return nil
}

// read reads a list. What is wrong with it, and not with its arrival, is strange.
func (f Items) read(r io.Reader, strange func(error) error) error {
	d := json.NewDecoder(r)
	broken := func(err error) error {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return io.ErrUnexpectedEOF
		}
		if _, ok := errors.AsType[*json.SyntaxError](err); ok {
			return strange(err)
		}
		return err
	}
	first, err := d.Token()
	if err != nil {
		return broken(err)
	}
	if first != json.Delim('[') {
		return strange(errors.New("it is no list"))
	}
	var item json.RawMessage
	for d.More() {
		if err := d.Decode(&item); err != nil {
			return broken(err)
		}
		if err := f(item); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return broken(err)
	}
	_, err = io.Copy(io.Discard, r) // so that the connection serves the next request
	return err
}
