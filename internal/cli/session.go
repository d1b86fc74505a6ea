package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/roots"
)

// session is one command's conversation with a server.
type session struct {
	*app
	settings
	client *client.Client
	cmd    *cobra.Command
}

// session finds out where the server is and who asks. A password that was
// written down logs in by itself.
func (a *app) session(cmd *cobra.Command) (*session, error) {
	s, err := a.anonymous(cmd)
	if err != nil {
		return nil, err
	}
	s.client.Token, s.client.APIKey = s.token, s.apiKey
	if s.token != "" || s.apiKey != "" || s.user == "" {
		return s, nil
	}
	if token, ok := a.readToken(s.user, s.url); ok {
		s.client.Token = token
		return s, nil
	}
	if s.password == "" {
		return s, nil
	}
	t, err := s.authClient().Login(cmd.Context(), s.user, s.password, 0)
	if err != nil {
		return nil, advise(err, s.authURL, false)
	}
	s.client.Token = t.Token
	if err := a.writeToken(t, s.url); err != nil {
		s.note("WARNING: the token is not kept: " + err.Error())
	}
	return s, nil
}

// anonymous is a session of nobody.
func (a *app) anonymous(cmd *cobra.Command) (*session, error) {
	settings, err := a.settings()
	if err != nil {
		return nil, err
	}
	h, err := a.httpClient(settings.caCert)
	if err != nil {
		return nil, err
	}
	c := &client.Client{BaseURL: settings.url, HTTP: h, Agent: "nightshift/" + a.Version}
	return &session{app: a, settings: settings, client: c, cmd: cmd}, nil
}

// authClient asks where tokens are given.
func (s *session) authClient() *client.Client {
	c := *s.client
	c.BaseURL = s.authURL
	return &c
}

func (a *app) httpClient(caCert string) (*http.Client, error) {
	h := http.Client{}
	if a.HTTP != nil {
		h = *a.HTTP
	}
	if caCert != "" {
		pool, err := roots.Read(caCert)
		if err != nil {
			return nil, &fault.Fault{Kind: fault.Invalid, Msg: err.Error(), Err: err}
		}
		t, ok := http.DefaultTransport.(*http.Transport)
		if own, isOwn := h.Transport.(*http.Transport); isOwn {
			t, ok = own, true
		}
		if !ok {
			t = &http.Transport{}
		}
		t = t.Clone()
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		h.Transport = t
	}
	if a.flags.debug {
		h.Transport = Curl(h.Transport, a.Err)
	}
	return &h, nil
}

// get reads one thing with the order of its fields.
func (s *session) get(ctx context.Context, path string, query url.Values) (*value.Dict, error) {
	d := value.NewDict()
	if err := s.client.Get(ctx, path, query, d); err != nil {
		return nil, s.advise(err)
	}
	return d, nil
}

// list reads a page of things.
func (s *session) list(ctx context.Context, path string, query url.Values) ([]*value.Dict, client.Listing, error) {
	l := []*value.Dict{}
	page, err := s.client.List(ctx, path, query, client.Items(func(item json.RawMessage) error {
		d := value.NewDict()
		l = append(l, d)
		return d.UnmarshalJSON(item)
	}))
	if err != nil {
		return nil, page, s.advise(err)
	}
	return l, page, nil
}

// do sends body, and reads an object.
func (s *session) do(ctx context.Context, method, path string, body any) (*value.Dict, error) {
	d := value.NewDict()
	if _, err := s.client.Do(ctx, method, path, nil, body, d); err != nil {
		return nil, s.advise(err)
	}
	return d, nil
}

func (s *session) advise(err error) error { return advise(err, s.url, s.given) }

// seg makes one segment of a path.
func seg(s string) string { return url.PathEscape(s) }
