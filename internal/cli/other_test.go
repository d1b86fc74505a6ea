package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/fault"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/actions", 401, `{"faultstring": "Unauthorized - One of Token or API key required."}`)
	f.answer("GET /api/v1/packs", 403, `{"faultstring": "User \"x\" may not."}`)
	f.answer("GET /api/v1/rules", 500, `{"faultstring": "Internal Server Error"}`)
	f.answer("GET /api/v1/keys", 503, `not JSON`)
	f.answer("GET /api/v1/timers", 413, `{"faultstring": "Too much."}`)
	f.answer("GET /api/v1/webhooks", 409, `{"faultstring": "There is one already.", "conflict-id": "1"}`)
	f.answer("GET /api/v1/policies", 400, `{"faultstring": "Parameter \"limit\" is not of type integer"}`)
	f.answer("GET /api/v1/sensortypes", 200, `<html>`)
	tests := map[string]struct {
		words []string
		want  result
	}{
		"unauthorized": {[]string{"action", "list", "--token", ""}, result{
			ExitUnauthorized, "",
			"ERROR: Unauthorized - One of Token or API key required. Log in with \"nightshift login\".\n",
		}},
		"bad token": {[]string{"action", "list", "-t", "x"}, result{
			ExitUnauthorized, "",
			"ERROR: Unauthorized - One of Token or API key required. Is the token or API key still valid?\n",
		}},
		"forbidden": {[]string{"pack", "list"}, result{ExitForbidden, "", "ERROR: User \"x\" may not.\n"}},
		"internal": {[]string{"rule", "list"}, result{
			ExitFailure, "",
			"ERROR: Internal Server Error. The log of the server has more.\n",
		}},
		"busy":      {[]string{"key", "list"}, result{ExitBusy, "", "ERROR: The server answered 503 Service Unavailable.\n"}},
		"too large": {[]string{"timer", "list"}, result{ExitTooLarge, "", "ERROR: Too much.\n"}},
		"conflict":  {[]string{"webhook", "list"}, result{ExitConflict, "", "ERROR: There is one already.\n"}},
		"invalid":   {[]string{"policy", "list"}, result{ExitUsage, "", "ERROR: Parameter \"limit\" is not of type integer\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x := f.terminal(t)
			if name == "unauthorized" {
				delete(x.env, "NIGHTSHIFT_TOKEN")
			}
			f.check(t, x.run(tt.words...), tt.want)
		})
	}
	if got := f.run(t, "sensor", "list"); got.Code != ExitFailure || !strings.Contains(got.Err, "did not answer as one of ours does") {
		t.Errorf("not one of ours: got %+v", got)
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	f := newFake(t)
	f.Close()
	got := f.run(t, "action", "list")
	if got.Code != ExitBusy || !strings.Contains(got.Err, "cannot be reached") ||
		!strings.HasSuffix(got.Err, "Start one with \"nightshift serve\", or say where it is with --url.\n") || strings.Count(got.Err, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestExitCodesFollowTheKinds(t *testing.T) {
	for kind, want := range map[fault.Kind]int{
		fault.Internal: 1, fault.Invalid: 2, fault.NotFound: 3, fault.Unauthorized: 4, fault.Forbidden: 5,
		fault.Conflict: 6, fault.TooLarge: 7, fault.Busy: 8,
	} {
		if got := ExitCode(fault.Newf(kind, "x")); got != want {
			t.Errorf("kind %d: got %d, want %d", kind, got, want)
		}
	}
	if got := ExitCode(nil); got != 0 {
		t.Errorf("no error: got %d", got)
	}
	if got := ExitCode(errors.New("x")); got != 1 {
		t.Errorf("any error: got %d", got)
	}
}

func TestFamiliarWordsAreUnderstood(t *testing.T) {
	tests := map[string]struct{ args, want []string }{
		"two letters": {
			[]string{"execution", "list", "-tg", "2026", "-tl", "2027"},
			[]string{"execution", "list", "--timestamp-gt", "2026", "--timestamp-lt", "2027"},
		},
		"token elsewhere": {[]string{"action", "list", "-t", "g"}, []string{"action", "list", "-t", "g"}},
		"value that looks like a flag": {
			[]string{"execution", "list", "--user", "-tg"}, []string{"execution", "list", "--user", "-tg"},
		},
		"attributes": {
			[]string{"execution", "list", "-a", "id", "status", "-n", "5"},
			[]string{"execution", "list", "-a", "id,status", "-n", "5"},
		},
		"attributes after what is needed": {
			[]string{"execution", "get", "x", "--attr", "id", "status"}, []string{"execution", "get", "x", "--attr", "id,status"},
		},
		"attribute before what is needed": {
			[]string{"execution", "get", "--attr", "id", "x"}, []string{"execution", "get", "--attr", "id", "x"},
		},
		"widths":       {[]string{"action", "list", "-w", "10", "20", "30"}, []string{"action", "list", "-w", "10,20,30"}},
		"async":        {[]string{"run", "core.local", "-a", "cmd=x"}, []string{"run", "core.local", "-a", "cmd=x"}},
		"after a dash": {[]string{"run", "core.local", "--", "-tg"}, []string{"run", "core.local", "--", "-tg"}},
		"only token":   {[]string{"auth", "x", "-t"}, []string{"auth", "x", "--only-token"}},
		"underscore":   {[]string{"run", "x", "--trace_tag", "y"}, []string{"run", "x", "--trace-tag", "y"}},
		"nothing":      {[]string{}, []string{}},
		"no command":   {[]string{"nothing", "-tg"}, []string{"nothing", "-tg"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, familiar(New(Options{}), tt.args)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDebugShowsRequestsWithoutSecrets(t *testing.T) {
	f := newFake(t)
	f.answer("PUT /api/v1/keys/k", 200, `{"name": "k"}`)
	f.tokens(t, 0)
	got := f.run(t, "key", "set", "k", "sesame", "-e", "--debug")
	for _, want := range []string{
		"# curl -sS -X PUT -H 'Content-Type: application/json' -H 'X-Auth-Token: ********' -d ", `"value":"********"`, "/api/v1/keys/k'", "#   200 OK after ",
	} {
		if !strings.Contains(got.Err, want) {
			t.Errorf("stderr has no %s:\n%s", want, got.Err)
		}
	}
	got.Err += f.run(t, "auth", "admin", "-p", "secret", "--debug").Err
	for _, secret := range []string{"sesame", "t0ken", "secret@", "YWRtaW46c2VjcmV0"} {
		if strings.Contains(got.Err, secret) {
			t.Errorf("stderr has the secret %s:\n%s", secret, got.Err)
		}
	}
}

func TestKeys(t *testing.T) {
	f := newFake(t)
	const key = `{"name": "k", "value": "v", "secret": false, "encrypted": false, "scope": "st2kv.system", "uid": "u"}`
	f.answer("PUT /api/v1/keys/k", 200, key)
	f.answer("GET /api/v1/keys/k", 200, key)
	f.answer("DELETE /api/v1/keys/", 204, "")
	f.answer("GET /api/v1/keys", 200, `[{"name": "app.a"}, {"name": "app.b"}, {"name": "other"}]`)
	table := `
+------------------+--------------+
| Property         | Value        |
+------------------+--------------+
| name             | k            |
| value            | v            |
| secret           | False        |
| encrypted        | False        |
| scope            | st2kv.system |
| expire_timestamp |              |
+------------------+--------------+
`[1:]
	f.check(t, f.run(t, "key", "set", "k", "v", "-l", "60", "-s", "user", "-u", "ops"), result{Out: table})
	f.check(t, f.run(t, "key", "get", "k", "-d"), result{Out: table})
	f.check(t, f.run(t, "key", "delete", "k"), result{Out: "Deleted the key k.\n"})
	f.run(t, "key", "set", "k", "cipher", "--encrypted")
	f.run(t, "key", "list", "--prefix", "app", "-d", "-n", "5")
	f.check(t, f.run(t, "key", "delete_by_prefix", "-p", "app"), result{
		Out: "Deleted the key app.a.\nDeleted the key app.b.\n2 keys began with app.\n",
	})
	x := f.terminal(t)
	x.opts.In = strings.NewReader("from a pipe\n")
	x.run("key", "set", "k")
	x.opts.InTerminal, x.opts.ReadPassword = true, func() (string, error) { return "typed", nil }
	x.run("key", "set", "k", "-e")
	f.checkRequests(t,
		`PUT /api/v1/keys/k {"name":"k","value":"v","scope":"user","user":"ops","ttl":60}`,
		"GET /api/v1/keys/k?decrypt=true&scope=system",
		"DELETE /api/v1/keys/k?scope=system",
		`PUT /api/v1/keys/k {"name":"k","value":"cipher","scope":"system","secret":true,"encrypted":true}`,
		"GET /api/v1/keys?decrypt=true&limit=5&prefix=app&scope=all",
		"GET /api/v1/keys?limit=-1&prefix=app&scope=system",
		"DELETE /api/v1/keys/app.a?scope=system",
		"DELETE /api/v1/keys/app.b?scope=system",
		`PUT /api/v1/keys/k {"name":"k","value":"from a pipe","scope":"system"}`,
		`PUT /api/v1/keys/k {"name":"k","value":"typed","scope":"system","secret":true}`,
	)
}

func TestKeyLoad(t *testing.T) {
	f := newFake(t)
	f.mux.HandleFunc("PUT /api/v1/keys/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"name": "` + strings.TrimPrefix(r.URL.Path, "/api/v1/keys/") + `", "value": "v", "scope": "st2kv.system"}`))
	})
	load := func(name, content string, more ...string) result {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got := f.run(t, append([]string{"key", "load", path}, more...)...)
		got.Err = strings.ReplaceAll(got.Err, path, name)
		return got
	}
	f.check(t, load("k.json", `[{"name": "a", "value": "1", "ttl": 5, "uid": "x"}, {"name": "b", "value": "2", "secret": true}]`), result{Out: `
+------+-------+--------+--------------+------+-----+
| name | value | secret | scope        | user | ttl |
+------+-------+--------+--------------+------+-----+
| a    | v     |        | st2kv.system |      |     |
| b    | v     |        | st2kv.system |      |     |
+------+-------+--------+--------------+------+-----+
`[1:]})
	f.check(t, load("k.yaml", "name: c\nvalue: {x: 1}\n", "--convert", "-j"), result{Out: "[\n    {\n        \"name\": \"c\",\n" +
		"        \"scope\": \"st2kv.system\",\n        \"value\": \"v\"\n    }\n]\n"})
	f.check(t, load("empty.yaml", ""), result{Out: "No matching items found\n"})
	f.check(t, load("bad.yaml", "- value: 1\n- name: d\n- name: e\n  value: 5\n"), result{
		Code: ExitUsage,
		Err:  "ERROR: bad.yaml: entry 1 has no name\nbad.yaml: key d has no value\nbad.yaml: the value of key e is no text; --convert writes it as JSON\n",
	})
	f.checkRequests(t,
		`PUT /api/v1/keys/a {"name":"a","value":"1","ttl":5}`, `PUT /api/v1/keys/b {"name":"b","value":"2","secret":true}`,
		`PUT /api/v1/keys/c {"name":"c","value":"{\"x\":1}"}`,
	)
}

func TestAPIKeys(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/apikeys", 201, `{"id": "1", "user": "ops", "key": "shown-once", "enabled": true}`)
	f.answer("GET /api/v1/apikeys/1", 200, `{"id": "1", "user": "ops", "key_hash": "********", "uid": "********", "enabled": true, "metadata": {}}`)
	f.answer("PUT /api/v1/apikeys/1", 200, `{"id": "1"}`)
	f.check(t, f.run(t, "apikey", "create", "-u", "ops", "-m", `{"used by": "probe"}`, "-k"), result{Out: "shown-once\n"})
	f.check(t, f.run(t, "apikey", "disable", "1"), result{Out: "Disabled the API key 1.\n"})
	f.checkRequests(t,
		`POST /api/v1/apikeys {"user":"ops","metadata":{"used by":"probe"}}`,
		"GET /api/v1/apikeys/1", `PUT /api/v1/apikeys/1 {"id":"1","user":"ops","enabled":false,"metadata":{}}`,
	)
	got := f.run(t, "apikey", "create", "-m", "{")
	if got.Code != ExitUsage || !strings.HasPrefix(got.Err, "ERROR: the metadata is no JSON: ") {
		t.Errorf("got %+v", got)
	}
}

func TestWebhookSend(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/webhooks/", 202, `{"a": 1}`)
	done := result{Out: "Taken in. See what came of it with \"nightshift rule why last\".\n"}
	f.check(t, f.run(t, "webhook", "send", "deploy/web", "service=web", "n=5", `tags=["a"]`), done)
	f.check(t, f.run(t, "webhook", "send", "/deploy", `{"a": 1}`), done)
	f.check(t, f.run(t, "webhook", "send", "deploy", "-j"), result{Out: "{\n    \"a\": 1\n}\n"})
	x := f.terminal(t)
	x.opts.In = strings.NewReader("[1, 2]")
	f.check(t, x.run("webhook", "send", "st2", "-"), done)
	f.checkRequests(t,
		`POST /api/v1/webhooks/deploy/web {"service":"web","n":5,"tags":["a"]}`, `POST /api/v1/webhooks/deploy {"a":1}`,
		`POST /api/v1/webhooks/deploy {}`, `POST /api/v1/webhooks/st2 [1,2]`,
	)
	f.check(t, f.run(t, "webhook", "send", "deploy", "word"), result{
		Code: ExitUsage, Err: "ERROR: \"word\" is neither JSON nor name=value\n",
	})
}

func TestPackRegister(t *testing.T) {
	f := newFake(t)
	f.answers("POST /api/v1/packs/register",
		`{"rules": 2, "actions": 5}`, `{"actions": 4, "findings": ["examples/actions/a.yaml:3:5: there is no runner x"]}`)
	f.check(t, f.run(t, "pack", "register"), result{Out: `
+---------+------------+
| kind    | registered |
+---------+------------+
| actions | 5          |
| rules   | 2          |
+---------+------------+
`[1:]})
	f.check(t, f.run(t, "pack", "register", "examples", "--types", "actions", "rules"), result{
		Code: ExitUsage,
		Out: `
+---------+------------+
| kind    | registered |
+---------+------------+
| actions | 4          |
+---------+------------+
`[1:],
		Err: "examples/actions/a.yaml:3:5: there is no runner x\nERROR: one mistake was found; everything else is registered\n",
	})
	f.checkRequests(t,
		`POST /api/v1/packs/register {"fail_on_failure":false}`,
		`POST /api/v1/packs/register {"fail_on_failure":false,"packs":["examples"],"types":["actions","rules"]}`,
	)
}

func TestTriggerGetSpecs(t *testing.T) {
	f := newFake(t)
	const webhook = `{"ref": "core.st2.webhook", "parameters_schema": {"type": "object", "properties": {"url": {"type": "string", "required": true}}},
		"payload_schema": {"type": "object", "properties": {"headers": {}, "body": {}}, "required": ["body"]}}`
	f.answer("GET /api/v1/triggertypes", 200, "["+webhook+"]")
	f.answer("GET /api/v1/triggertypes/core.st2.webhook", 200, webhook)
	f.check(t, f.run(t, "trigger", "getspecs"), result{Out: `
+------------------+-------------------+----------------+
| ref              | parameters_schema | payload_schema |
+------------------+-------------------+----------------+
| core.st2.webhook | url!              | headers, body! |
+------------------+-------------------+----------------+
`[1:]})
	if got := f.run(t, "trigger", "getspecs", "core.st2.webhook", "-y"); !strings.Contains(got.Out, "required: true") {
		t.Errorf("got %s", got.Out)
	}
}

func TestReEmit(t *testing.T) {
	f := newFake(t)
	f.answer("POST /api/v1/triggerinstances/e1/re_emit", 200, `{"message": "Trigger instance e1 successfully re-sent.", "payload": {}, "id": "e2"}`)
	f.check(t, f.run(t, "trigger-instance", "re-emit", "e1"), result{
		Out: "Trigger instance e1 successfully re-sent. See what came of it with: nightshift rule why e2\n",
	})
}

func TestStatus(t *testing.T) {
	f := newFake(t)
	f.answer("GET /readyz", 200, `{"status": "ready"}`)
	f.answer("GET /api/v1", 200, `{"version": "9.9"}`)
	f.mux.HandleFunc("GET /api/v1/executions", func(w http.ResponseWriter, r *http.Request) {
		total := map[string]string{"running": "2", "delayed": "3", "requested": "1"}[r.URL.Query().Get("status")]
		if total == "" {
			total = "0"
		}
		w.Header().Set("X-Total-Count", total)
		body := "[]"
		if r.URL.Query().Get("status") == "running" {
			body = "[" + executionJSON("running", `"end_timestamp": "2026-11-22T15:00:01Z"`) + "]"
		}
		_, _ = w.Write([]byte(body))
	})
	f.check(t, f.run(t, "status"), result{Out: `
Server   SERVER
Version  9.9
Ready    yes
Running  2
Waiting  1 requested, 3 delayed
+--------------------------+------------+--------------+----------------------+-------------------------------+
| id                       | action.ref | context.user | status               | start_timestamp               |
+--------------------------+------------+--------------+----------------------+-------------------------------+
| 5f00000000000000000000ee | core.local | admin        | running (1s elapsed) | Sun, 22 Nov 2026 15:00:00 UTC |
+--------------------------+------------+--------------+----------------------+-------------------------------+
`[1:]})
	if got := f.run(t, "status", "-j"); !strings.Contains(got.Out, `"delayed": 3`) || !strings.Contains(got.Out, `"ready": true`) {
		t.Errorf("got %s", got.Out)
	}
}

// Whether the server is ready everybody may know.
func TestStatusOfAStranger(t *testing.T) {
	f := newFake(t)
	f.answer("GET /readyz", 200, `{"status": "ready"}`)
	f.answer("GET /api/v1", 401, `{"faultstring": "Unauthorized"}`)
	x := f.terminal(t)
	delete(x.env, "NIGHTSHIFT_TOKEN")
	f.check(t, x.run("status"), result{
		Code: ExitUnauthorized, Out: "Server   SERVER\nReady    yes\n", Err: "ERROR: Unauthorized. Log in with \"nightshift login\".\n",
	})
}

func TestStatusNotReady(t *testing.T) {
	f := newFake(t)
	f.answer("GET /readyz", 503, `{"faultstring": "The services do not run yet."}`)
	f.check(t, f.run(t, "status"), result{Code: ExitBusy, Err: "ERROR: The services do not run yet.\n"})
}

func TestCompletion(t *testing.T) {
	f := newFake(t)
	f.coreLocal()
	f.answer("GET /api/v1/actions", 200, twoActions)
	f.answer("GET /api/v1/executions", 200, "["+executionJSON("running", "")+"]")
	f.answer("GET /api/v1/packs", 200, `[{"ref": "core", "description": "Basics."}]`)
	f.answer("GET /api/v1/webhooks", 200, `[{"parameters": {"url": "deploy"}}]`)
	for line, want := range map[string][]string{
		"run core.":                 {"core.local\tRuns a command.", "core.noop", ":4"},
		"run core.local ":           {"cmd=\tArbitrary Linux command to be executed on the local host.", "sudo=", "timeout="},
		"execution cancel ":         {executionID + "\tcore.local", "last\tthe latest one"},
		"pack get ":                 {"core\tBasics."},
		"webhook send ":             {"deploy", "st2"},
		"execution list --status r": {"running", "resuming"},
		"act":                       {"action\tWhat can be run"},
	} {
		t.Run(line, func(t *testing.T) {
			got := f.run(t, append([]string{"__complete"}, strings.Split(line, " ")...)...)
			lines := strings.Split(got.Out, "\n")
			for _, w := range want {
				found := false
				for _, l := range lines {
					found = found || l == w || strings.HasPrefix(l, w+"\t")
				}
				if !found {
					t.Errorf("there is no %q in\n%s", w, got.Out)
				}
			}
		})
	}
}

// Somebody who presses the tabulator without a server gets silence.
func TestCompletionWithoutAServer(t *testing.T) {
	f := newFake(t)
	f.Close()
	got := f.run(t, "__complete", "run", "core.")
	if got.Code != 0 || !strings.HasPrefix(got.Out, ":4\n") {
		t.Errorf("got %+v", got)
	}
}

func TestAPIKeysAreLoadedByTheirHashes(t *testing.T) {
	f := newFake(t)
	f.answer("PUT /api/v1/apikeys/old", 404, `{"faultstring": "not there"}`)
	f.answer("PUT /api/v1/apikeys/there", 200, `{"id": "there", "user": "ann", "metadata": {}}`)
	f.answer("POST /api/v1/apikeys", 201, `{"id": "new", "user": "bot", "metadata": {"for": "chat"}}`)
	file := filepath.Join(t.TempDir(), "keys.json")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`[{"id": "old", "user": "bot", "key_hash": "a1", "metadata": {"for": "chat"}, "enabled": true, "created_at": "2020-01-01T00:00:00Z", "uid": "x"},
		{"id": "there", "user": "ann", "key_hash": "b2"}]`)
	f.check(t, f.run(t, "apikey", "load", file, "-j"), result{Out: `[
    {
        "id": "new",
        "metadata": {
            "for": "chat"
        },
        "user": "bot"
    },
    {
        "id": "there",
        "metadata": {},
        "user": "ann"
    }
]
`})
	if d := cmp.Diff([]string{
		`PUT /api/v1/apikeys/old {"user":"bot","key_hash":"a1","metadata":{"for":"chat"},"enabled":true,"id":"old"}`,
		`POST /api/v1/apikeys {"user":"bot","key_hash":"a1","metadata":{"for":"chat"},"enabled":true,"id":"old"}`,
		`PUT /api/v1/apikeys/there {"user":"ann","key_hash":"b2","id":"there"}`,
	}, f.requests()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	write(`[{"user": "bot"}, "b2", {"key_hash": "c3"}]`)
	got := f.run(t, "apikey", "load", file)
	for _, want := range []string{"entry 1 has no key_hash", "entry 2 has no user", "entry 2 has no key_hash", "entry 3 has no user"} {
		if got.Code != 2 || !strings.Contains(got.Err, want) {
			t.Errorf("%d %q, want it to say %q", got.Code, got.Err, want)
		}
	}
	if len(f.requests()) != 3 {
		t.Error("a file with mistakes is loaded in part")
	}
}

func TestServiceRegistryShowsWhichServicesRun(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/service_registry/groups", 200, `{"groups": ["actionrunner"]}`)
	f.answer("GET /api/v1/service_registry/groups/actionrunner/members", 200, `{"members": [{"group_id": "actionrunner", "member_id": "w1", "capabilities": {"a": 1}}]}`)
	f.answer("GET /api/v1/service_registry/groups/none/members", 404, `{"faultstring": "Group with ID \"none\" not found."}`)
	f.check(t, f.run(t, "service-registry", "group", "list", "-j"), result{Out: "[\n    {\n        \"group_id\": \"actionrunner\"\n    }\n]\n"})
	want := "[\n    {\n        \"capabilities\": {\n            \"a\": 1\n        },\n        \"group_id\": \"actionrunner\",\n        \"member_id\": \"w1\"\n    }\n]\n"
	f.check(t, f.run(t, "service-registry", "member", "list", "-j"), result{Out: want})
	f.check(t, f.run(t, "service-registry", "member", "list", "--group-id", "actionrunner", "-j"), result{Out: want})
	if got := f.run(t, "service-registry", "member", "list", "--group-id", "none"); got.Code != 3 {
		t.Errorf("a group that is not there: %+v", got)
	}
}

func TestKeysThatAreLoadedEndWhenTheyWould(t *testing.T) {
	f := newFake(t)
	f.answer("PUT /api/v1/keys/", 200, `{}`)
	file := filepath.Join(t.TempDir(), "keys.json")
	soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339Nano)
	text := fmt.Sprintf(`[{"name": "soon", "value": "1", "expire_timestamp": %q}, {"name": "over", "value": "2", "expire_timestamp": "2020-01-01T00:00:00.000000Z"},
		{"name": "ever", "value": "3", "expire_timestamp": null}]`, soon)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := f.run(t, "key", "load", file, "-j"); got.Code != 0 {
		t.Fatalf("%+v", got)
	}
	// How long the test itself takes is not known: an hour, or a little less.
	asked := strings.Join(f.requests(), "\n")
	if want := regexp.MustCompile(`^PUT /api/v1/keys/soon {"name":"soon","value":"1","ttl":3[56]\d\d}\nPUT /api/v1/keys/ever {"name":"ever","value":"3"}$`); !want.MatchString(asked) {
		t.Errorf("asked\n%s", asked)
	}
	if err := os.WriteFile(file, []byte(`[{"name": "a", "value": "1", "expire_timestamp": "tomorrow"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := f.run(t, "key", "load", file); got.Code != ExitUsage || !strings.Contains(got.Err, "key a: expire_timestamp is \"tomorrow\"") {
		t.Errorf("%+v", got)
	}
}
