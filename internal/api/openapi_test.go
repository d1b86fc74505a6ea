package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

// contract is the description of the API, with answers to hold it to.
type contract struct {
	doc map[string]any
	mux *http.ServeMux // finds the path of the description
}

func contractOf(t testing.TB, a *api.API) *contract {
	t.Helper()
	text, err := a.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{mux: http.NewServeMux()}
	if err := json.Unmarshal(text, &c.doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range c.doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			pattern := path
			if strings.Contains(path, "/webhooks/{hook}") || strings.Contains(path, "/keys/{name}") || strings.Contains(path, "/views/file/") {
				pattern = path[:len(path)-1] + "...}"
			}
			if strings.HasSuffix(pattern, "/") {
				pattern += "{$}"
			}
			c.mux.Handle(strings.ToUpper(method)+" "+pattern, described{path, strings.ToLower(method)})
		}
	}
	return c
}

// described is an operation.
type described struct{ path, method string }

func (described) ServeHTTP(http.ResponseWriter, *http.Request) {}

// check returns what in an answer is not as described.
func (c *contract) check(r *http.Request, w *httptest.ResponseRecorder) error {
	as := r.Clone(r.Context())
	if rest, ok := strings.CutPrefix(as.URL.Path, "/v1/"); ok {
		as.URL.Path = "/api/v1/" + rest
	}
	as.URL.Path = strings.TrimSuffix(as.URL.Path, "/")
	h, _ := c.mux.Handler(as)
	d, ok := h.(described)
	if !ok || w.Code == http.StatusNotModified || w.Header().Get("Content-Type") == "text/html; charset=utf-8" {
		return nil
	}
	op := c.doc["paths"].(map[string]any)[d.path].(map[string]any)[d.method].(map[string]any)
	answer, ok := op["responses"].(map[string]any)[fmt.Sprint(w.Code)].(map[string]any)
	if w.Code >= 400 {
		answer, ok = c.resolve("#/components/responses/Fault").(map[string]any)
	}
	if !ok {
		return fmt.Errorf("%s %s: status %d is not described", d.method, d.path, w.Code)
	}
	content, _ := answer["content"].(map[string]any)
	body, ok := content["application/json"].(map[string]any)
	if !ok {
		return nil
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		return fmt.Errorf("%s %s: %w", d.method, d.path, err)
	}
	if err := c.fits(body["schema"], v, ""); err != nil {
		return fmt.Errorf("%s %s: %w", d.method, d.path, err)
	}
	return nil
}

// fits knows as much of JSON Schema as the description makes use of.
func (c *contract) fits(schema, v any, at string) error {
	s := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		return c.fits(c.resolve(ref), v, at)
	}
	if some, ok := s["anyOf"].([]any); ok {
		var err error
		for _, one := range some {
			if err = c.fits(one, v, at); err == nil {
				return nil
			}
		}
		return err
	}
	var types []string
	switch t := s["type"].(type) {
	case string:
		types = []string{t}
	case []any:
		for _, one := range t {
			types = append(types, one.(string))
		}
	default:
		return nil
	}
	if !slices.ContainsFunc(types, func(t string) bool { return isOf(t, v) }) {
		return fmt.Errorf("%s is %v, not %v", at, v, types)
	}
	switch v := v.(type) {
	case map[string]any:
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, there := v[name.(string)]; !there {
				return fmt.Errorf("%s.%s is missing", at, name)
			}
		}
		props, closed := s["properties"].(map[string]any)
		for name, item := range v {
			prop, known := props[name]
			switch {
			case known:
				if err := c.fits(prop, item, at+"."+name); err != nil {
					return err
				}
			case closed:
				return fmt.Errorf("%s.%s is not described", at, name)
			}
		}
	case string:
		if least, ok := s["minLength"].(float64); ok && len(v) < int(least) {
			return fmt.Errorf("%s is empty", at)
		}
	case []any:
		for i, item := range v {
			if err := c.fits(s["items"], item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *contract) resolve(ref string) any {
	var v any = c.doc
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		v = v.(map[string]any)[part]
	}
	return v
}

func isOf(typ string, v any) bool {
	switch v := v.(type) {
	case nil:
		return typ == "null"
	case string:
		return typ == "string"
	case bool:
		return typ == "boolean"
	case float64:
		return typ == "number" || typ == "integer" && v == float64(int64(v))
	case []any:
		return typ == "array"
	default:
		return typ == "object"
	}
}

func TestTheDescriptionHasEveryRouteAndIsWhole(t *testing.T) {
	s := newServer(t, api.Options{})
	c := contractOf(t, s.api)
	if c.doc["openapi"] != "3.1.0" {
		t.Errorf("it is %v", c.doc["openapi"])
	}
	operations := map[string]bool{}
	n := 0
	for path, item := range c.doc["paths"].(map[string]any) {
		for method, v := range item.(map[string]any) {
			n++
			op := v.(map[string]any)
			id := op["operationId"].(string)
			if operations[id] {
				t.Errorf("%s %s: the operation %s is there twice", method, path, id)
			}
			operations[id] = true
			if op["summary"] == "" || !strings.HasSuffix(op["summary"].(string), ".") {
				t.Errorf("%s %s: the summary is no sentence: %v", method, path, op["summary"])
			}
			for m := range strings.SplitSeq(path, "{") {
				name, _, in := strings.Cut(m, "}")
				if in && !strings.Contains(fmt.Sprint(op["parameters"]), "name:"+name+" ") {
					t.Errorf("%s %s: the parameter %s is not described", method, path, name)
				}
			}
		}
	}
	if n != len(s.api.Routes()) {
		t.Errorf("%d operations are described, of %d", n, len(s.api.Routes()))
	}
	var refs func(v any)
	refs = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && c.resolve(ref) == nil {
				t.Errorf("%s leads nowhere", ref)
			}
			if need, ok := v["required"].(bool); ok && v["in"] != "path" {
				t.Errorf("required is %v in %v, which only draft 3 knew", need, v)
			}
			for _, item := range v {
				refs(item)
			}
		case []any:
			for _, item := range v {
				refs(item)
			}
		}
	}
	refs(c.doc)
}

func TestTheDescriptionIsServedToEverybody(t *testing.T) {
	s := newServer(t, api.Options{})
	for _, path := range []string{"/api/v1/openapi.json", "/v1/openapi.json"} {
		got := s.ask("GET", path, "").status(200)
		if got.at("info.title") != "Nightshift" || got.at("info.version") != "1.2.3" {
			t.Errorf("%s: %s", path, got.Body)
		}
	}
}

func TestAnswersAreAsDescribed(t *testing.T) {
	s := chatty(t)
	c := contractOf(t, s.api)
	parent := s.run("p.say", nil)
	for _, tt := range [][3]string{
		{"POST", "/api/v1/executions", `{"action": "p.say", "parameters": {"word": "hi"}}`},
		{"PUT", "/api/v1/keys/a", `{"name": "a", "value": "b"}`},
		{"POST", "/api/v1/webhooks/deploy/prod", `{"branch": "main"}`},
		{"POST", "/api/v1/webhooks/deploy/prod", `"any JSON"`},
		{"POST", "/api/v1/apikeys", `{}`},
		{"POST", "/auth/v1/tokens/validate", `{"token": "x"}`},
		{"POST", "/api/v1/aliasexecution/match_and_execute", `{"command": "wrong it", "source_channel": "c"}`},
		{"POST", "/api/v1/actionalias/match", `{"command": "wrong it"}`},
		{"POST", "/api/v1/alerts/alertmanager", `{"alerts": []}`},
		{"POST", "/api/v1/executions/" + parent.ID + "/re_run", `{}`},
		{"DELETE", "/api/v1/executions/" + parent.ID, ""},
		{"GET", "/api/ns/v1/executions/" + parent.ID + "/why", ""},
		{"GET", "/api/v1/executions/" + parent.ID, ""},
		{"GET", "/api/v1/executions/views/filters", ""},
	} {
		r := newRequest(t, tt[0], tt[1], tt[2])
		r.Header.Set("X-Auth-Token", s.admin)
		w := s.serve(r)
		if w.Code >= 400 {
			t.Errorf("%s %s: %d %s", tt[0], tt[1], w.Code, w.Body)
		}
		if err := c.check(r, w); err != nil {
			t.Error(err)
		}
	}
	for _, route := range s.api.Routes() { // all lists
		if route.Method != http.MethodGet || strings.ContainsAny(route.Path, "{") || route.Service == "/stream" {
			continue
		}
		path := map[string]string{"/api": "/api/v1", "/auth": "/auth/v1", "/ns": "/api/ns/v1"}[route.Service] + route.Path
		r := newRequest(t, "GET", path, "")
		r.Header.Set("X-Auth-Token", s.admin)
		w := s.serve(r)
		if err := c.check(r, w); err != nil {
			t.Error(err)
		}
	}
}
