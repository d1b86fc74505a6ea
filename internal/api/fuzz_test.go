package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

// FuzzRoutes asks for anything in any way. Whatever comes, nothing panics, no
// answer is our own fault, and each refusal has a sentence.
func FuzzRoutes(f *testing.F) {
	s := newServer(f, api.Options{MaxBody: 1 << 14, MaxEventBody: 1 << 14})
	for i, r := range s.api.Routes() {
		path := r.Service + r.Path
		if r.Service == "/ns" {
			path = "/api/ns/v1" + r.Path
		}
		for _, ref := range []string{"p.say", "last", "65f0c0ffee0123456789abcd"} {
			p := strings.NewReplacer("{$}", "", "{hook...}", "deploy/prod", "{name...}", ref, "{id}", ref, "{ref}", ref,
				"{name}", "result", "{source}", "alertmanager").Replace(path)
			f.Add(r.Method, p, "limit=2&offset=1&sort=-ref", "application/json", `{"name": "x", "pack": "p", "value": "v"}`)
			if i%7 == 0 {
				f.Add(r.Method, p+"/", "include_attributes=id,action.ref&depth=3", "", "")
			}
		}
	}
	f.Add("POST", "/v1/executions", "", "application/json", `{"action": "p.say", "parameters": {"word": "{{ times }}", "times": "{% for"}}`)
	f.Add("POST", "/v1/webhooks/st2", "", "application/json", `{"trigger": "p.alarm", "payload": {"host": "db\ud800"}}`)
	f.Add("POST", "/v1/webhooks/deploy/prod", "", "multipart/form-data; boundary=b", "--b\r\n\r\n--b--")
	f.Add("GET", "/v1/%2e%2e/%zz//../x", "x-auth-token=%00", "\x00", "\xff")
	f.Add("POST", "/v1/rules", "", "", `{"name": "x", "pack": "p", "trigger": {"type": "p.alarm"}, "action": {"ref": "p.say"},
		"criteria": {"trigger.a": {"type": "search", "condition": "any", "pattern": {"item.b": {"type": "regex", "pattern": "(("}}}}}`)
	f.Add("PUT", "/v1/keys/a b", "scope=user&user=ada", "", `{"value": "x", "ttl": 9223372036854775807}`)
	f.Fuzz(func(t *testing.T, method, path, query, kind, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", strings.NewReader(body))
		// Anything may be in a request, but not more than a server's parser lets through.
		if !strings.HasPrefix(path, "/") || len(path)+len(query) > 8000 || strings.ContainsAny(method, " \r\n\x00") || method == "" {
			return
		}
		if strings.HasPrefix(path, "/stream") || strings.Contains(path, "/stream") {
			return // they do not end
		}
		r.Method, r.URL.RawQuery = method, query
		u, err := r.URL.Parse(strings.ReplaceAll(strings.ReplaceAll(path, "?", "%3F"), "#", "%23"))
		if err != nil {
			return
		}
		r.URL.Path, r.URL.RawPath = u.Path, u.RawPath
		r.Header.Set("X-Auth-Token", s.admin)
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s %q?%s: %d %s\n%s", method, path, query, w.Code, w.Body, s.log)
		}
		if w.Code >= 400 && method != http.MethodHead && !strings.Contains(w.Body.String(), `{"faultstring":"`) {
			t.Errorf("%s %q?%s: %d without a sentence: %q", method, path, query, w.Code, w.Body)
		}
	})
}
