package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

// The benchmarks measure the handler alone, without connections.
func benchmark(b *testing.B, method, path, body string, want int) {
	s := newServer(b, api.Options{})
	e := s.run("p.noargs", nil)
	path = strings.ReplaceAll(path, "{id}", e.ID)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
			r.Header["X-Auth-Token"] = []string{s.admin}
			r.Header["Cookie"] = []string{"auth-token=" + s.admin}
			r.Header["Content-Type"] = []string{"application/json"}
			w := httptest.NewRecorder()
			s.api.ServeHTTP(w, r)
			if w.Code != want {
				b.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	})
}

func BenchmarkUser(b *testing.B) { benchmark(b, http.MethodGet, "/api/v1/user", "", 200) }

func BenchmarkAction(b *testing.B) { benchmark(b, http.MethodGet, "/api/v1/actions/p.say", "", 200) }

func BenchmarkExecution(b *testing.B) {
	benchmark(b, http.MethodGet, "/api/v1/executions/{id}", "", 200)
}

func BenchmarkWebhookNotFound(b *testing.B) {
	benchmark(b, http.MethodPost, "/api/v1/webhooks/nowhere", `{"branch": "other", "commits": [{"id": "a"}, {"id": "b"}]}`, 404)
}

func BenchmarkWebhookUnmatched(b *testing.B) {
	benchmark(b, http.MethodPost, "/api/v1/webhooks/deploy/prod", `{"branch": "other", "commits": [{"id": "a"}, {"id": "b"}]}`, 202)
}

// The same as above, for somebody whose roles are asked.
func BenchmarkWithRoles(b *testing.B) {
	g := newGuarded(b, true)
	g.fill()
	for name, path := range map[string]string{"action": "/api/v1/actions/p.say", "execution": "/api/v1/executions/" + g.names["executions"]} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := newRequest(b, http.MethodGet, path, "")
				r.Header.Set("X-Auth-Token", g.tokens["owner"])
				if w := g.serve(r); w.Code != http.StatusOK {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
}
