package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/exchange"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
)

// indexed returns an exchange with an index of two packs, and one that is damaged.
func indexed(t testing.TB) *exchange.Exchange {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "index.json", `{"packs": {
		"csv": {"name": "csv", "ref": "csv", "keywords": ["text"], "description": "Reads CSV.", "version": "1.0.0"},
		"xml": {"name": "xml", "ref": "xml", "keywords": ["text"], "description": "Reads XML.", "version": "2.0.0"}}}`)
	write(t, dir, "bad.json", "[]")
	return exchange.New(exchange.Options{Indexes: []string{filepath.Join(dir, "index.json"), filepath.Join(dir, "bad.json")}})
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheIndexOfPacks(t *testing.T) {
	s := newServer(t, api.Options{})
	for _, tt := range []struct{ method, path, body, want string }{
		{"GET", "/v1/packs/index", "", `"xml":{"name":"xml"`},
		{"GET", "/v1/packs/index", "", `"error":"malformed"`},
		{"GET", "/v1/packs/index/health", "", `"count":2,"errors":{"malformed":1},"invalid":1`},
		{"POST", "/v1/packs/index/search", `{"query": "TEXT"}`, `[{"name":"csv"`},
		{"POST", "/v1/packs/index/search", `{"query": "none"}`, `[]`},
		{"POST", "/v1/packs/index/search", `{"pack": "xml"}`, `"version":"2.0.0"`},
		{"POST", "/v1/packs/index/search", `{"pack": "none"}`, `[]`},
	} {
		if a := s.do(tt.method, tt.path, tt.body).status(200); !strings.Contains(a.Body.String(), tt.want) {
			t.Errorf("%s %s %s: %s", tt.method, tt.path, tt.body, a.Body)
		}
	}
	s.do("POST", "/v1/packs/index/search", `{}`).status(400)
	s.do("POST", "/v1/packs/index/search", `{"query": ""}`).status(400)
}

func TestPacksAreInstalledByAnAction(t *testing.T) {
	s := newServerWith(t, api.Options{}, func(src *source) {
		src.Packs = append(src.Packs, &pack.Pack{Ref: "packs", Name: "packs", ID: "65a0c0de65a0c0de65a0c0aa"})
		for _, name := range []string{"install", "uninstall"} {
			params := value.NewDict()
			for p, kind := range map[string]string{"packs": "array", "force": "boolean", "skip_dependencies": "boolean", "cmd": "string"} {
				d := value.NewDict()
				d.Set("type", kind)
				params.Set(p, d)
			}
			src.Actions = append(src.Actions, &action.Action{
				Ref: "packs." + name, Pack: "packs", Name: name, RunnerType: "local-shell-cmd", Enabled: true, Parameters: params,
			})
		}
	})
	a := s.do("POST", "/v1/packs/install", `{"packs": ["csv", "xml=1.0.0"], "force": true, "other": 1}`).status(202)
	e, err := s.store.Reader().Execution(t.Context(), a.at("execution_id"))
	if err != nil || e.Action != "packs.install" || e.Context.User != "admin" || string(e.Parameters) != `{"packs":["csv","xml=1.0.0"],"force":true}` {
		t.Errorf("got %+v, %v", e, err)
	}
	a = s.do("POST", "/v1/packs/uninstall", `{"ref_or_id": "csv"}`).status(202)
	if e, err = s.store.Reader().Execution(t.Context(), a.at("execution_id")); err != nil || string(e.Parameters) != `{"packs":["csv"]}` {
		t.Errorf("got %+v, %v", e, err)
	}
	s.do("POST", "/v1/packs/install", `{}`).status(400)
	if n := len(s.executions()); n != 2 {
		t.Errorf("there are %d executions", n)
	}
}

// withFiles gives the server a pack with files and a configuration.
func withFiles(t *testing.T) func(*source) {
	dir := t.TempDir()
	write(t, dir, "pack.yaml", "name: files\n")
	write(t, dir, "icon.png", "\x89PNG\x00")
	write(t, dir, "page.html", "<script>")
	write(t, dir, "huge", strings.Repeat("x", 500_001))
	if err := os.Symlink("/etc/passwd", dir+"/out"); err != nil {
		t.Fatal(err)
	}
	return func(src *catalog.Source) {
		src.Packs = append(src.Packs, &pack.Pack{
			Ref: "files", Name: "files", ID: "65a0c0de65a0c0de65a0c0ab", Path: dir, Files: []string{"gone", "huge", "icon.png", "out", "page.html", "pack.yaml"},
		})
	}
}

func TestFilesOfPacksAreShown(t *testing.T) {
	s := newServerWith(t, api.Options{}, withFiles(t))
	got := s.do("GET", "/v1/packs/views/files/files", "").status(200).Body.String()
	if want := `[{"file_path":"page.html","content":"<script>"},{"file_path":"pack.yaml","content":"name: files\n"}]`; strings.TrimSpace(got) != want {
		t.Errorf("got %s", got)
	}
	a := s.do("GET", "/v1/packs/views/file/files/pack.yaml", "").status(200)
	if a.Body.String() != "name: files\n" {
		t.Errorf("got %s", a.Body)
	}
	tag, modified := a.Header().Get("ETag"), a.Header().Get("Last-Modified")
	s.do("GET", "/v1/packs/views/file/files/pack.yaml", "", "If-None-Match: "+tag).status(304)
	s.do("GET", "/v1/packs/views/file/files/pack.yaml", "", "If-Modified-Since: "+modified).status(304)
	s.do("GET", "/v1/packs/views/file/files/pack.yaml", "", "If-None-Match: 1").status(200)
	if kind := s.do("GET", "/v1/packs/views/file/files/icon.png", "").status(200).Header().Get("Content-Type"); kind != "image/png" {
		t.Errorf("the icon is of type %s", kind)
	}
	if kind := s.do("GET", "/v1/packs/views/file/files/page.html", "").status(200).Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("a page is of type %s", kind)
	}
	s.do("GET", "/v1/packs/views/file/files/huge", "").status(400)
	for _, name := range []string{"gone", "out"} {
		s.do("GET", "/v1/packs/views/file/files/"+name, "").status(404)
	}
	s.do("GET", "/v1/packs/views/file/files/..%2f..%2fetc%2fpasswd", "").status(400)
	s.do("GET", "/v1/packs/views/files/none", "").status(404)
}

func TestConfigurations(t *testing.T) {
	s := newServerWith(t, api.Options{}, withFiles(t))
	s.do("GET", "/v1/configs/files", "").status(404)
	s.do("GET", "/v1/config_schemas/files", "").status(404)
	s.do("GET", "/v1/configs/none", "").status(404)
	s.do("PUT", "/v1/configs/none", `{"a": 1}`).status(404)
	a := s.do("PUT", "/v1/configs/files", `{"host": "h", "n": 1.50}`).status(200)
	if want := `{"id":"65a0c0de65a0c0de65a0c0ab","pack":"files","values":{"host":"h","n":1.5}}`; strings.TrimSpace(a.Body.String()) != want {
		t.Errorf("got %s", a.Body)
	}
	if got := s.do("GET", "/v1/configs", "").status(200).Body.String(); !strings.Contains(got, `"pack":"files"`) {
		t.Errorf("got %s", got)
	}
	s.do("PUT", "/v1/configs/files", `[]`).status(400)
}

func TestSecretsOfConfigurationsAreMasked(t *testing.T) {
	attributes := value.NewDict()
	if err := attributes.UnmarshalJSON([]byte(`{"host": {"type": "string", "required": true}, "password": {"type": "string", "secret": true}}`)); err != nil {
		t.Fatal(err)
	}
	files := withFiles(t)
	s := newServerWith(t, api.Options{}, func(src *source) {
		files(src)
		src.ConfigSchemas = map[string]*value.Dict{"files": attributes}
	})
	const masked, shown = `"values":{"host":"h","password":"********"}`, `"values":{"host":"h2","password":"x"}`
	if a := s.do("PUT", "/v1/configs/files", `{"host": "h", "password": "x"}`).status(200); !strings.Contains(a.Body.String(), masked) {
		t.Errorf("got %s", a.Body)
	}
	s.do("PUT", "/v1/configs/files", `{"host": "h2", "password": "********"}`).status(200) // as it was shown
	if a := s.do("GET", "/v1/configs/files?show_secrets=true", "").status(200); !strings.Contains(a.Body.String(), shown) {
		t.Errorf("got %s", a.Body)
	}
	if got := s.do("GET", "/v1/configs", "").status(200).Body.String(); strings.Contains(got, `"x"`) {
		t.Errorf("got %s", got)
	}
	if got := s.do("PUT", "/v1/configs/files", `{"host": 5}`).status(400).fault(); !strings.Contains(got, "5 is not of type 'string'") {
		t.Errorf("got %s", got)
	}
	if a := s.do("GET", "/v1/config_schemas/files", "").status(200); !strings.Contains(a.Body.String(), `"attributes":{"host":`) {
		t.Errorf("got %s", a.Body)
	}
	if a := s.do("GET", "/v1/config_schemas", "").status(200); !strings.Contains(a.Body.String(), `"pack":"files"`) {
		t.Errorf("got %s", a.Body)
	}
}
