package webui

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestServe(t *testing.T) {
	dist := fstest.MapFS{
		".keep":               {},
		"index.html":          {Data: []byte("<!doctype html>the page")},
		"theme.js":            {Data: []byte("theme")},
		"assets/app-1.js":     {Data: []byte("the plain script")},
		"assets/app-1.js.br":  {Data: []byte("br")},
		"assets/app-1.js.gz":  {Data: []byte("gzip")},
		"assets/style-2.css":  {Data: []byte("a {}")},
		"assets/font-3.woff2": {Data: []byte("wOF2")},
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	ui, err := newUI(dist, api)
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		Status                        int
		Body, Type, Cache, Coding, To string
	}
	const (
		lasting = "public, max-age=31536000, immutable"
		page    = "<!doctype html>the page"
		html    = "text/html; charset=utf-8"
		js      = "text/javascript; charset=utf-8"
	)
	tests := map[string]struct {
		method, path string
		header       map[string]string
		want         answer
	}{
		"the page":              {path: "/ui/", want: answer{200, page, html, "no-cache", "", ""}},
		"a view":                {path: "/ui/executions/6b03/logs", want: answer{200, page, html, "no-cache", "", ""}},
		"a view with a dot":     {path: "/ui/actions/core.local", want: answer{200, page, html, "no-cache", "", ""}},
		"the plain file":        {path: "/ui/assets/app-1.js", want: answer{200, "the plain script", js, lasting, "", ""}},
		"the smallest coding":   {path: "/ui/assets/app-1.js", header: map[string]string{"Accept-Encoding": "gzip, deflate, br"}, want: answer{200, "br", js, lasting, "br", ""}},
		"a coding that is no":   {path: "/ui/assets/app-1.js", header: map[string]string{"Accept-Encoding": "br;q=0, gzip;q=0.5"}, want: answer{200, "gzip", js, lasting, "gzip", ""}},
		"no name of a coding":   {path: "/ui/assets/app-1.js.br", want: answer{404, "There is no such file.\n", "text/plain; charset=utf-8", "", "", ""}},
		"a file that has gone":  {path: "/ui/assets/app-0.js", want: answer{404, "There is no such file.\n", "text/plain; charset=utf-8", "", "", ""}},
		"a name that may stay":  {path: "/ui/theme.js", want: answer{200, "theme", js, "no-cache", "", ""}},
		"only what it asks":     {method: "HEAD", path: "/ui/theme.js", want: answer{200, "", js, "no-cache", "", ""}},
		"nothing is sent to it": {method: "POST", path: "/ui/", want: answer{405, "This is the web application. The API is elsewhere.\n", "text/plain; charset=utf-8", "", "", ""}},
		"no slash":              {path: "/ui", want: answer{302, "<a href=\"/ui/\">Found</a>.\n\n", html, "", "", "/ui/"}},
		"a browser":             {path: "/", header: map[string]string{"Accept": "text/html,*/*;q=0.8"}, want: answer{302, "<a href=\"/ui/\">Found</a>.\n\n", html, "", "", "/ui/"}},
		"a client of the API":   {path: "/", header: map[string]string{"Accept": "application/json"}, want: answer{Status: 418}},
		"curl":                  {path: "/", header: map[string]string{"Accept": "*/*"}, want: answer{Status: 418}},
		"a path of the API":     {path: "/executions", header: map[string]string{"Accept": "text/html"}, want: answer{Status: 418}},
		"a path like ours":      {path: "/uid", want: answer{Status: 418}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			method := tc.method
			if method == "" {
				method = http.MethodGet
			}
			ask := func(match string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(method, tc.path, nil)
				for k, v := range tc.header {
					r.Header.Set(k, v)
				}
				r.Header.Set("If-None-Match", match)
				w := httptest.NewRecorder()
				ui.ServeHTTP(w, r)
				return w
			}
			w := ask("")
			h := w.Header()
			got := answer{w.Code, w.Body.String(), h.Get("Content-Type"), h.Get("Cache-Control"), h.Get("Content-Encoding"), h.Get("Location")}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if w.Code != http.StatusOK {
				return
			}
			if p := h.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
				t.Errorf("the policy is %q", p)
			}
			if again := ask(h.Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
				t.Errorf("asked again with its tag: %d %q", again.Code, again.Body)
			}
		})
	}
}

// TestWithoutNode holds that a build without the application says so.
func TestWithoutNode(t *testing.T) {
	ui, err := newUI(fstest.MapFS{".keep": {}}, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	ui.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ui/anything", nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "not in this build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
