package web_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/runnertest"
	"github.com/nightshift-run/nightshift/internal/runner/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dict(pairs ...value.Value) *value.Dict {
	d := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i].(string), pairs[i+1])
	}
	return d
}

func list(items ...value.Value) *value.List { return value.NewList(items...) }

// task returns a task for a URL. All parameters are the action's, but for
// those that are the runner's.
func task(u string, params ...value.Value) runner.Task {
	t := runner.Task{
		ExecutionID: "e1", Action: "core.http", Pack: "core",
		RunnerParameters: dict("url", u), ActionParameters: value.NewDict(),
	}
	for k, v := range dict(params...).Texts() {
		switch k {
		case "method", "params", "body", "auth", "timeout", "file_name", "file_content", "file_content_type":
			t.ActionParameters.Set(k, v)
		default:
			t.RunnerParameters.Set(k, v)
		}
	}
	return t
}

func newRunner(t *testing.T, opts web.Options) *web.Runner {
	r := web.New(opts)
	t.Cleanup(r.Close)
	return r
}

func serve(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// run runs a task and returns its result without the headers.
func run(t *testing.T, r runner.Runner, task runner.Task) (execution.Status, string) {
	t.Helper()
	got := r.Run(t.Context(), task, runner.Discard{})
	if d, ok := got.Result.(*value.Dict); ok {
		d.Delete("headers")
	}
	return got.Status, value.Repr(got.Result)
}

func TestWebIsARunner(t *testing.T) {
	runnertest.Run(t, runnertest.Harness{
		New: func(t *testing.T) runner.Runner { return newRunner(t, web.Options{}) },
		Good: func(t *testing.T) runner.Task {
			return task(serve(t, func(http.ResponseWriter, *http.Request) {}))
		},
		Bad: func(t *testing.T) runner.Task {
			return task(serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
		},
		Long: func(t *testing.T) (runner.Task, <-chan struct{}) {
			begun := make(chan struct{}, 1) // one request
			return task(serve(t, func(_ http.ResponseWriter, q *http.Request) {
				begun <- struct{}{}
				<-q.Context().Done()
			})), begun
		},
		Timeout: func(t *runner.Task, seconds float64) { t.ActionParameters.Set("timeout", seconds) },
	})
}

func TestRequests(t *testing.T) {
	// seen is what the server is asked.
	type seen struct {
		Method, URI, Host, Body string
		Headers                 map[string]string
	}
	var got seen
	address := serve(t, func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		got = seen{Method: q.Method, URI: q.RequestURI, Host: q.Host, Body: string(body), Headers: map[string]string{}}
		for name, values := range q.Header {
			got.Headers[name] = strings.Join(values, "|")
		}
		w.WriteHeader(http.StatusNoContent)
	})
	host := strings.TrimPrefix(address, "http://")
	standard := func(more ...string) map[string]string {
		h := map[string]string{
			"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "nightshift/1.2", "X-Stanley-Action": "http",
		}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return h
	}
	tests := map[string]struct {
		task runner.Task
		want seen
	}{
		"nothing": {task(address), seen{"GET", "/", host, "", standard()}},
		"method and parameters": {
			task(address+"/a b?x=1#part", "method", "delete", "params", dict("b", list("1", int64(2)), "a", "ž&", "n", nil, "t", true)),
			seen{"DELETE", "/a%20b?x=1&b=1&b=2&a=%C5%BE%26&t=True", host, "", standard()},
		},
		"parameters as text": {task(address, "params", "a=b"), seen{"GET", "/?a=b", host, "", standard()}},
		"text": {
			task(address, "body", "žž"),
			seen{"POST", "/", host, "žž", standard("Content-Length", "4")},
		},
		"JSON from an object": {
			task(address, "body", dict("a", list(int64(1), nil)), "headers", dict("content-type", "application/json; charset=utf-8")),
			seen{"POST", "/", host, `{"a":[1,null]}`, standard("Content-Length", "14", "Content-Type", "application/json; charset=utf-8")},
		},
		"JSON from text": {
			task(address, "method", "PUT", "body", ` {"a" : 1.0}`, "headers", dict("Content-Type", "application/json")),
			seen{"PUT", "/", host, `{"a":1.0}`, standard("Content-Length", "9", "Content-Type", "application/json")},
		},
		"JSON from Python": {
			task(address, "body", `{'a': (True, None)}`, "headers", dict("Content-Type", "application/json")),
			seen{"POST", "/", host, `{"a":[true,null]}`, standard("Content-Length", "17", "Content-Type", "application/json")},
		},
		"JSON without a body": {
			task(address, "headers", dict("Content-Type", "application/json")),
			seen{"GET", "/", host, "", standard("Content-Type", "application/json")},
		},
		"form": {
			task(address, "body", dict("a", "b c", "l", list("x", "y"))),
			seen{"POST", "/", host, "a=b+c&l=x&l=y", standard("Content-Length", "13", "Content-Type", "application/x-www-form-urlencoded")},
		},
		"headers": {
			task(address, "headers", dict("x-a", int64(5), "User-Agent", "mine", "Host", "other", "Content-Length", "99", "none", nil)),
			seen{"GET", "/", "other", "", standard("X-A", "5", "User-Agent", "mine")},
		},
		"headers as text": {
			task(address, "headers", "X-A: b: c\n\nX-D:e\r\n"),
			seen{"GET", "/", host, "", standard("X-A", "b: c", "X-D", "e")},
		},
		"headers as a list": {
			task(address, "headers", list("X-A: b")),
			seen{"GET", "/", host, "", standard("X-A", "b")},
		},
		"cookies": {
			task(address, "cookies", dict("a", "b", "c", int64(1), "d", nil)),
			seen{"GET", "/", host, "", standard("Cookie", "a=b; c=1")},
		},
		"user": {
			task(address, "username", "ann", "password", "p:w", "auth", "x=y"),
			seen{"GET", "/", host, "", standard("Authorization", "Basic YW5uOnA6dw==")},
		},
		"auth with a header": {
			task(address, "auth", "x-auth-token=XYZ=="),
			seen{"GET", "/", host, "", standard("X-Auth-Token", "XYZ==")},
		},
		"auth with a user": {
			task(address, "auth", "ann:p=w"),
			seen{"GET", "/", host, "", standard("Authorization", "Basic YW5uOnA9dw==")},
		},
		"auth as an object": {
			task(address, "auth", dict("username", "ann", "password", "p:w")),
			seen{"GET", "/", host, "", standard("Authorization", "Basic YW5uOnA6dw==")},
		},
		"empty auth": {task(address, "auth", dict()), seen{"GET", "/", host, "", standard()}},
	}
	r := newRunner(t, web.Options{Version: "1.2"})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got = seen{}
			if status, result := run(t, r, tt.task); status != execution.Succeeded {
				t.Fatalf("got %s: %s", status, result)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestUploads(t *testing.T) {
	var got string
	address := serve(t, func(_ http.ResponseWriter, q *http.Request) {
		reader, err := q.MultipartReader()
		if err != nil {
			t.Error(err)
			return
		}
		for {
			part, err := reader.NextPart()
			if err != nil {
				return
			}
			content, err := io.ReadAll(part)
			got += fmt.Sprintf("[%s %q %q %s %v]", q.Method, part.FormName(), part.FileName(), part.Header.Get("Content-Type"), string(content))
			if err != nil {
				t.Error(err)
			}
		}
	})
	r := newRunner(t, web.Options{})
	status, result := run(t, r, task(address, "file_name", `a "b".txt`, "file_content", "ž", "file_content_type", "text/x",
		"body", dict("f", "g"), "headers", dict("Content-Type", "is/ignored")))
	want := `[POST "f" ""  g][POST "a \"b\".txt" "a \"b\".txt" text/x ž]`
	if status != execution.Succeeded || got != want {
		t.Errorf("got %s (%s %s), want %s", got, status, result, want)
	}
	if status, result := run(t, r, task(address, "file_name", "a", "file_content", "b", "body", "text")); status != execution.Failed {
		t.Errorf("got %s: %s", status, result)
	}
}

func TestResponses(t *testing.T) {
	tests := map[string]struct {
		status            int
		contentType, body string
		want              string
		ends              execution.Status
	}{
		"text":           {200, "text/html", "foo", "{'status_code': 200, 'body': 'foo', 'parsed': False}", execution.Succeeded},
		"JSON":           {206, "application/json; charset=UTF-8", `{"b": 1, "a": 2.0}`, "{'status_code': 206, 'body': {'b': 1, 'a': 2.0}, 'parsed': True}", execution.Succeeded},
		"JSON elsewhere": {200, "text/plain", `{"a": 1}`, `{'status_code': 200, 'body': '{"a": 1}', 'parsed': False}`, execution.Succeeded},
		"no JSON":        {201, "application/json", `not json`, "{'status_code': 201, 'body': 'not json', 'parsed': False}", execution.Succeeded},
		"nothing":        {204, "application/json", "", "{'status_code': 204, 'body': '', 'parsed': False}", execution.Succeeded},
		"207":            {207, "text/plain", "x", "{'status_code': 207, 'body': 'x', 'parsed': False}", execution.Failed},
		"not found":      {404, "application/json", `{"e": null}`, "{'status_code': 404, 'body': {'e': None}, 'parsed': True}", execution.Failed},
		"latin 1":        {200, "text/plain; charset=ISO-8859-1", "\xe9", "{'status_code': 200, 'body': 'é', 'parsed': False}", execution.Succeeded},
		"no charset":     {200, "text/plain", "\xe9", "{'status_code': 200, 'body': 'é', 'parsed': False}", execution.Succeeded},
		"UTF-8":          {200, "text/plain", "é", "{'status_code': 200, 'body': 'é', 'parsed': False}", execution.Succeeded},
		"bytes":          {200, "application/octet-stream", "\xff\x00", "{'status_code': 200, 'body': '\ufffd\\x00', 'parsed': False}", execution.Succeeded},
	}
	r := newRunner(t, web.Options{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				w.WriteHeader(tt.status)
				if tt.body != "" {
					_, _ = io.WriteString(w, tt.body)
				}
			})
			status, got := run(t, r, task(address))
			if diff := cmp.Diff(tt.want, got); diff != "" || status != tt.ends {
				t.Errorf("got %s, want %s; -want +got:\n%s", status, tt.ends, diff)
			}
		})
	}
}

// raw serves fixed bytes to each connection.
func raw(t *testing.T, response string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buffer := make([]byte, 4096)
			_, _ = c.Read(buffer)
			_, _ = io.WriteString(c, response)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String()
}

func TestHeadersAreAsTheServerWroteThem(t *testing.T) {
	r := newRunner(t, web.Options{})
	address := raw(t, "HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\n"+
		"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nwww-authenticate: A\r\nX-RateLimit-Left:  5 \r\nWWW-Authenticate: B\r\nContent-Length: 2\r\n\r\nhi")
	got := r.Run(t.Context(), task(address), runner.Discard{}).Result.(*value.Dict)
	want := `{'status_code': 200, 'body': 'hi', 'parsed': False, 'headers': {'ETag': '"x"', 'www-authenticate': 'A, B', 'X-RateLimit-Left': '5', 'Content-Length': '2'}}`
	if diff := cmp.Diff(want, value.Repr(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHeadersOfEachResponseOnAConnection(t *testing.T) {
	var n atomic.Int64
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-eTAG"] = []string{fmt.Sprint(n.Add(1))}
		_, _ = io.WriteString(w, strings.Repeat("\r\n\r\n", int(n.Load())*1000))
	})
	r := newRunner(t, web.Options{})
	for i := range 3 {
		got := r.Run(t.Context(), task(address), runner.Discard{}).Result.(*value.Dict)
		headers, _ := got.Get("headers")
		if v, _ := headers.(*value.Dict).Get("X-eTAG"); v != fmt.Sprint(i+1) {
			t.Errorf("response %d has %s", i+1, value.Repr(headers))
		}
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	seen := map[string]bool{}
	address := serve(t, func(_ http.ResponseWriter, q *http.Request) { seen[q.RemoteAddr] = true })
	r := newRunner(t, web.Options{})
	for range 5 {
		run(t, r, task(address))
	}
	if len(seen) != 1 {
		t.Errorf("five requests used %d connections", len(seen))
	}
}

func TestRedirects(t *testing.T) {
	var address string
	address = serve(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/from":
			http.SetCookie(w, &http.Cookie{Name: "c", Value: "d"})
			http.Redirect(w, q, "/to", http.StatusFound)
		case "/keep":
			http.Redirect(w, q, "/to", http.StatusTemporaryRedirect)
		case "/away":
			http.Redirect(w, q, strings.Replace(address, "127.0.0.1", "localhost", 1)+"/to", http.StatusFound)
		case "/round":
			http.Redirect(w, q, "/round", http.StatusFound)
		default:
			body, _ := io.ReadAll(q.Body)
			_, _ = fmt.Fprintf(w, "%s %s %s", q.Method, q.Header.Get("Cookie"), body)
		}
	})
	r := newRunner(t, web.Options{})
	tests := map[string]struct {
		task   runner.Task
		status execution.Status
		want   string
	}{
		"not followed":   {task(address + "/keep"), execution.Failed, "'status_code': 307"},
		"followed":       {task(address+"/from", "allow_redirects", true, "body", "x"), execution.Succeeded, "'body': 'GET c=d '"},
		"with the body":  {task(address+"/keep", "allow_redirects", true, "body", "x"), execution.Succeeded, "'body': 'POST  x'"},
		"for ever":       {task(address+"/round", "allow_redirects", true), execution.Failed, "there are more than 30 redirects"},
		"to a bad place": {task(address+"/away", "allow_redirects", true, "url_hosts_blacklist", list("localhost")), execution.Failed, "is blacklisted"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if status, got := run(t, r, tt.task); status != tt.status || !strings.Contains(got, tt.want) {
				t.Errorf("got %s: %s", status, got)
			}
		})
	}
}

func TestHosts(t *testing.T) {
	r := newRunner(t, web.Options{})
	blocked := list("Example.com", "127.0.0.1", "::1", "2001:0db8:85a3:0000:0000:8a2e:0370:7334")
	for _, u := range []string{
		"https://example.com", "http://example.com:81/x", "http://user@example.com", "http://EXAMPLE.COM./",
		"http://[::1]:80/", "http://[::1]", "http://[0:0::1]", "http://127.0.0.1:9", "http://[::ffff:127.0.0.1]/",
		"http://[2001:0db8:85a3:0000:0000:8a2e:0370:7334]", "https://[2001:db8:85a3::8a2e:370:7334]:8000",
	} {
		status, got := run(t, r, task(u, "url_hosts_blacklist", blocked))
		if want := fmt.Sprintf("URL %q is blacklisted", u); status != execution.Failed || !strings.Contains(got, want) {
			t.Errorf("%s: got %s: %s", u, status, got)
		}
	}
	allowed := list("127.0.0.1")
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	if status, got := run(t, r, task(address, "url_hosts_whitelist", allowed)); status != execution.Succeeded {
		t.Errorf("got %s: %s", status, got)
	}
	if status, got := run(t, r, task("http://127.0.0.2/", "url_hosts_whitelist", allowed)); status != execution.Failed || !strings.Contains(got, `URL "http://127.0.0.2/" is not whitelisted`) {
		t.Errorf("got %s: %s", status, got)
	}
	if status, got := run(t, r, task(address, "url_hosts_whitelist", allowed, "url_hosts_blacklist", blocked)); status != execution.Failed || !strings.Contains(got, "exclude each other") {
		t.Errorf("got %s: %s", status, got)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header()["ETag"] = []string{"x"} }))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(s.Certificate())
	tests := map[string]struct {
		opts   web.Options
		verify value.Value
		want   execution.Status
	}{
		"unknown":     {web.Options{RootCAs: x509.NewCertPool()}, true, execution.Failed},
		"not said":    {web.Options{RootCAs: x509.NewCertPool()}, nil, execution.Failed},
		"not checked": {web.Options{RootCAs: x509.NewCertPool()}, false, execution.Succeeded},
		"known":       {web.Options{RootCAs: trusted}, true, execution.Succeeded},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t, tt.opts)
			got := r.Run(t.Context(), task(s.URL, "verify_ssl_cert", tt.verify), runner.Discard{})
			text := value.Repr(got.Result)
			if got.Status != tt.want || (tt.want == execution.Failed) != strings.Contains(text, "certificate") || (tt.want == execution.Succeeded) != strings.Contains(text, "'ETag': 'x'") {
				t.Errorf("got %s: %s", got.Status, text)
			}
		})
	}
}

func TestProxies(t *testing.T) {
	var asked atomic.Value
	proxy := serve(t, func(w http.ResponseWriter, q *http.Request) {
		asked.Store(q.RequestURI)
		w.Header()["X-eTAG"] = []string{"proxied"}
	})
	const far = "http://far.invalid/x"
	for name, x := range map[string]struct {
		opts   web.Options
		params []value.Value
	}{
		"of the action": {web.Options{}, []value.Value{"http_proxy", proxy}},
		"of the server": {web.Options{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			asked.Store("")
			got := newRunner(t, x.opts).Run(t.Context(), task(far, x.params...), runner.Discard{})
			if got.Status != execution.Succeeded || asked.Load() != far || !strings.Contains(value.Repr(got.Result), "'X-eTAG': 'proxied'") {
				t.Errorf("asked for %v: %s: %s", asked.Load(), got.Status, value.Repr(got.Result))
			}
		})
	}
	status, got := run(t, newRunner(t, web.Options{}), task(far, "http_proxy", "nonsense"))
	if status != execution.Failed || !strings.Contains(got, `http_proxy is "nonsense", not a URL`) {
		t.Errorf("got %s: %s", status, got)
	}
}

func TestLargeResponsesFail(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, q *http.Request) {
		size := map[string]int{"/fits": 1000}[q.URL.Path]
		if size == 0 {
			size = 1001
		}
		_, _ = w.Write([]byte(strings.Repeat("x", size)))
	})
	r := newRunner(t, web.Options{MaxBody: 1000})
	if status, got := run(t, r, task(address+"/fits")); status != execution.Succeeded {
		t.Errorf("got %s: %s", status, got)
	}
	status, got := run(t, r, task(address))
	want := "{'status_code': 200, 'body': '" + strings.Repeat("x", 1000) + "', 'parsed': False, 'error': 'the response is larger than 1000 bytes'}"
	if status != execution.Failed || got != want {
		t.Errorf("got %s: %s", status, got)
	}
}

func TestWhatCameBeforeTheTimeWasUpIsKept(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.WriteString(w, "so far")
		_ = http.NewResponseController(w).Flush()
		<-q.Context().Done()
	})
	status, got := run(t, newRunner(t, web.Options{}), task(address, "timeout", 0.3))
	want := "{'status_code': 200, 'body': 'so far', 'parsed': False, 'error': 'Action failed to complete in 0.3 seconds'}"
	if status != execution.Timeout || got != want {
		t.Errorf("got %s: %s", status, got)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		task runner.Task
		want string
	}{
		"no URL":           {task(""), "the parameter url is not given"},
		"no scheme":        {task("example.com/x"), `does not begin with http:// or https://`},
		"other scheme":     {task("file:///etc/passwd"), `does not begin with http:// or https://`},
		"no host":          {task("http:///x"), "names no host"},
		"nobody there":     {task(closed), "connection refused"},
		"bad JSON":         {task(closed, "body", "{nope", "headers", dict("Content-Type", "application/json")), "the body is to be JSON"},
		"list as body":     {task(closed, "body", list()), "can only be sent with the header"},
		"header injection": {task(closed, "headers", dict("A", "b\r\nC: d")), "be sent"},
		"header form":      {task(closed, "headers", "nonsense"), "not of the form name: value"},
		"method":           {task(closed, "method", "A B"), "invalid method"},
		"params":           {task(closed, "params", list()), "params is a list"},
		"timeout":          {task(closed, "timeout", "x"), "not a number of seconds"},
		"auth":             {task(closed, "auth", "nonsense"), "neither header=value nor user:password"},
		"no HTTP":          {task(raw(t, "SSH-2.0-x\r\n")), "malformed HTTP"},
		"endless headers":  {task(raw(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 2<<20))), "exceeded"},
	}
	r := newRunner(t, web.Options{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, got := run(t, r, tt.task)
			if status != execution.Failed || !strings.Contains(got, tt.want) {
				t.Errorf("got %s: %.500s", status, got)
			}
		})
	}
}

func FuzzResponses(f *testing.F) {
	for _, seed := range []string{"", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 100 x\r\n\r\nHTTP/1.0 200\r\nA:b\r\na: \xff\r\n\r\n{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, response string) {
		got := newRunner(t, web.Options{MaxBody: 1000}).Run(t.Context(), task(raw(t, response), "timeout", 2.0), runner.Discard{})
		b, err := value.ToJSON(got.Result)
		if err != nil || !json.Valid(b) || !slices.Contains(execution.Statuses(), got.Status) {
			t.Errorf("got %v: %s (%v)", got.Status, value.Repr(got.Result), err)
		}
	})
}
