package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/config"
)

// TestServesOnTheST2Ports asks each of StackStorm's ports for what its service has
// there. The address is one of this process, so that its ports are free.
func TestServesOnTheST2Ports(t *testing.T) {
	host := fmt.Sprintf("127.77.%d.%d", os.Getpid()/250%250+1, os.Getpid()%250+1)
	s := apptest.StartWith(t, nil, func(c *config.Config, _ *app.Options) { c.Listen, c.ST2Ports = host+":0", true })
	id := ""
	for _, ask := range []struct{ method, port, path, body, want string }{
		{"POST", "9101", "/v1/executions", `{"action": "core.noop"}`, `"status":"`},
		{"GET", "9101", "/v1/actions/core.noop", "", `"ref":"core.noop"`},
		{"POST", "9100", "/tokens/validate", `{"token": "` + s.Token + `"}`, `"valid":true`},
		{"POST", "9100", "/v1/tokens/validate", `{"token": "` + s.Token + `"}`, `"valid":true`},
		{"GET", "9102", "/v1/executions/{id}/output", "", "event: EOF"},
		{"GET", "9102", "/executions/{id}/output", "", "event: EOF"},
	} {
		url := "http://" + host + ":" + ask.port + strings.Replace(ask.path, "{id}", id, 1)
		req, err := http.NewRequestWithContext(t.Context(), ask.method, url, strings.NewReader(ask.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", s.Token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(string(b), ask.want) {
			t.Errorf("%s %s: got %s %s, want %s", ask.method, url, res.Status, b, ask.want)
		}
		if e := (struct{ ID string }{}); id == "" {
			if err := json.Unmarshal(b, &e); err != nil {
				t.Fatal(err)
			}
			id = e.ID
		}
	}
}
