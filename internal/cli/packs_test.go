package cli

import (
	"net/http"
	"strings"
	"testing"
)

func TestPacksAreFoundInTheIndex(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/packs/index/search", 200, `[{"name": "csv", "description": "Reads CSV.", "version": "1.0.0", "author": "ann"}]`)
	f.check(t, f.run(t, "pack", "search", "csv", "-a", "name,version"), result{0, "+------+---------+\n| name | version |\n+------+---------+\n| csv  | 1.0.0   |\n+------+---------+\n", ""})
	f.checkRequests(t, `POST /api/v1/packs/index/search {"query":"csv"}`)
	if got := f.run(t, "pack", "show", "csv"); got.Code != ExitNotFound {
		t.Errorf("a list is what the index says of none: %+v", got)
	}
	f = newFake(t)
	f.answer("POST /api/v1/packs/index/search", 200, `{"name": "csv", "version": "1.0.0"}`)
	f.check(t, f.run(t, "pack", "show", "csv", "-j"), result{0, "{\n    \"name\": \"csv\",\n    \"version\": \"1.0.0\"\n}\n", ""})
	f.checkRequests(t, `POST /api/v1/packs/index/search {"pack":"csv"}`)
}

func TestPacksAreInstalledWithoutWaiting(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/packs/install", http.StatusAccepted, `{"execution_id": "6b0c"}`)
	f.check(t, f.run(t, "pack", "install", "csv=1.0.0", "--force", "-a"), result{0, "To see the result:\n nightshift execution get 6b0c\n", ""})
	f.checkRequests(t, `POST /api/v1/packs/install {"force":true,"packs":["csv=1.0.0"],"skip_dependencies":false}`)
}

func TestAPackIsConfiguredByAnswers(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/configs/tools", 200, `{"pack": "tools", "values": {"host": "h", "password": "********", "more": 1}}`)
	f.answer("GET /api/v1/config_schemas/tools", 200, `{"pack": "tools", "attributes": {
		"host": {"type": "string", "required": true, "default": "localhost"}, "password": {"type": "string", "secret": true, "required": true},
		"port": {"type": "integer", "required": true}}}`)
	f.answer("PUT /api/v1/configs/tools", 200, `{"pack": "tools"}`)
	x := f.terminal(t)
	x.opts.In = strings.NewReader("\n\n22\n")
	if got := x.run("pack", "config", "tools"); got.Code != 0 || got.Out != "The pack tools is configured.\n" {
		t.Errorf("got %+v", got)
	}
	f.checkRequests(t, "GET /api/v1/configs/tools", "GET /api/v1/config_schemas/tools",
		`PUT /api/v1/configs/tools {"host":"h","password":"********","more":1,"port":22}`)
}
