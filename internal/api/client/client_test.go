package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// serve returns a client of a server that answers with f.
func serve(t *testing.T, f http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return &client.Client{BaseURL: s.URL + "/", HTTP: s.Client()}
}

// asked is what a request was.
type asked struct {
	Method, URL, Token, Key, Type, Body string
}

func TestRequests(t *testing.T) {
	type object map[string]any
	tests := map[string]struct {
		client client.Client
		method string
		path   string
		query  url.Values
		body   any
		want   asked
	}{
		"below the API":  {client.Client{}, "GET", "actions/p.x", nil, nil, asked{Method: "GET", URL: "/api/v1/actions/p.x"}},
		"as it is":       {client.Client{}, "GET", "/healthz", nil, nil, asked{Method: "GET", URL: "/healthz"}},
		"query":          {client.Client{}, "GET", "actions", url.Values{"limit": {"1"}}, nil, asked{Method: "GET", URL: "/api/v1/actions?limit=1"}},
		"token":          {client.Client{Token: "t", APIKey: "k"}, "GET", "x", nil, nil, asked{Method: "GET", URL: "/api/v1/x", Token: "t"}},
		"key":            {client.Client{APIKey: "k"}, "GET", "x", nil, nil, asked{Method: "GET", URL: "/api/v1/x", Key: "k"}},
		"json":           {client.Client{}, "PUT", "x", nil, object{"a": "<&>"}, asked{Method: "PUT", URL: "/api/v1/x", Type: "application/json", Body: `{"a":"<&>"}` + "\n"}},
		"body as it is":  {client.Client{}, "POST", "x", nil, client.Raw{Type: "text/yaml", Body: strings.NewReader("a: 1")}, asked{Method: "POST", URL: "/api/v1/x", Type: "text/yaml", Body: "a: 1"}},
		"escaped":        {client.Client{}, "GET", "keys/" + url.PathEscape("a/b c"), nil, nil, asked{Method: "GET", URL: "/api/v1/keys/a%2Fb%20c"}},
		"delete with it": {client.Client{}, "DELETE", "x", nil, object{}, asked{Method: "DELETE", URL: "/api/v1/x", Type: "application/json", Body: "{}\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got asked
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = asked{r.Method, r.URL.RequestURI(), r.Header.Get("X-Auth-Token"), r.Header.Get("St2-Api-Key"), r.Header.Get("Content-Type"), string(b)}
				w.WriteHeader(http.StatusNoContent)
			})
			c.Token, c.APIKey = tt.client.Token, tt.client.APIKey
			if _, err := c.Do(t.Context(), tt.method, tt.path, tt.query, tt.body, nil); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Total-Count", "10000")
		w.Header().Set("X-Total-Count-At-Least", "true")
		w.Header().Set("X-Limit", "2")
		io.WriteString(w, `["a", "b"]`) //nolint:errcheck // the test would notice
	})
	var list []string
	listing, err := c.List(t.Context(), "x", nil, &list)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if d := cmp.Diff(client.Listing{Total: 10000, AtLeast: true, Limit: 2}, listing); d != "" {
		t.Error(d)
	}
	var b []byte
	if err := c.Get(t.Context(), "x", nil, &b); err != nil || string(b) != `["a", "b"]` {
		t.Errorf("%s, %v", b, err)
	}
	var buf bytes.Buffer
	if err := c.Get(t.Context(), "x", nil, &buf); err != nil || buf.String() != `["a", "b"]` {
		t.Errorf("%s, %v", &buf, err)
	}
	var number int
	if err := c.Get(t.Context(), "x", nil, &number); fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "did not answer as one of ours does") {
		t.Errorf("of another shape: %v", err)
	}
}

func TestRefusalsKeepTheirKind(t *testing.T) {
	for status, want := range map[int]fault.Kind{
		400: fault.Invalid, 401: fault.Unauthorized, 403: fault.Forbidden, 404: fault.NotFound, 409: fault.Conflict,
		413: fault.TooLarge, 429: fault.Busy, 500: fault.Internal, 503: fault.Busy, 418: fault.Invalid,
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			json.NewEncoder(w).Encode(wire.Fault{Fault: "no", Conflict: "id"}) //nolint:errcheck // the test would notice
		})
		err := c.Get(t.Context(), "x", nil, nil)
		if fault.KindOf(err) != want || err.Error() != "no" {
			t.Errorf("%d is %v: %v", status, fault.KindOf(err), err)
		}
		var e *client.Error
		if !errors.As(err, &e) || e.Status != status || e.ConflictID != "id" || e.Path != "/api/v1/x" {
			t.Errorf("%+v", e)
		}
	}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) })
	if err := c.Get(t.Context(), "x", nil, nil); err == nil || err.Error() != "The server answered 502 Bad Gateway." {
		t.Errorf("from somebody else: %v", err)
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	c := &client.Client{BaseURL: s.URL}
	s.Close()
	err := c.Get(t.Context(), "x", nil, nil)
	if fault.KindOf(err) != fault.Busy || !strings.HasPrefix(err.Error(), "The server at "+c.BaseURL+" cannot be reached: ") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Get(ctx, "x", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	c.BaseURL = "::"
	if err := c.Get(t.Context(), "x", nil, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no address: %v", err)
	}
}

func TestLogin(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != "ada" || password != "x:y" || r.Header.Get("X-Auth-Token") != "" {
			http.Error(w, `{"faultstring": "Invalid or missing credentials"}`, http.StatusUnauthorized)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if got := strings.TrimSpace(string(b)); got != `{"ttl":60}` {
			t.Errorf("body %s", got)
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"user": "ada", "token": "t", "expiry": "2026-11-22T02:00:00.000000Z", "id": "i"}`) //nolint:errcheck // the test would notice
	})
	c.Token = "an old one"
	got, err := c.Login(t.Context(), "ada", "x:y", time.Minute)
	if err != nil || got.Token != "t" || got.Expiry.Hour() != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := c.Login(t.Context(), "ada", "wrong", 0); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("wrong password: %v", err)
	}
}

func TestStreams(t *testing.T) {
	const text = "\n\nevent: a\ndata: 1\n\n: a comment\n\ndata: 2\ndata: 3\n\n\nevent:b\ndata:4\n\nevent: cut off\ndata: 5\n"
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }) //nolint:errcheck // the test would notice
	var got []string
	collect := func(e client.Event) error {
		got = append(got, e.Name+"="+string(e.Data))
		return nil
	}
	if err := c.Stream(t.Context(), "/stream", nil, collect); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a=1", "=2\n3", "b=4"}, got); d != "" {
		t.Error(d)
	}
	n := 0
	stop := func(client.Event) error { n++; return client.ErrStop }
	if err := c.Stream(t.Context(), "/stream", nil, stop); err != nil || n != 1 {
		t.Errorf("stopped after %d: %v", n, err)
	}
	broken := errors.New("broken")
	if err := c.Stream(t.Context(), "/stream", nil, func(client.Event) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("broken off: %v", err)
	}
}
