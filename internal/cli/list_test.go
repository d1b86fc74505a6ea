package cli

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExecutionList(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/executions", 200, "["+executionJSON("succeeded", finished)+"]", "X-Total-Count", "7", "X-Limit", "1")
	got := f.run(t, "execution", "list", "-n", "1", "--status", "succeeded", "--action", "core.local", "--user", "admin",
		"-tg", "2026-11-22T00:00:00Z", "-tl", "2026-11-23T00:00:00Z")
	f.check(t, got, result{
		Out: `
+--------------------------+------------+--------------+---------------------------+-------------------------------+-------------------------------+
| id                       | action.ref | context.user | status                    | start_timestamp               | end_timestamp                 |
+--------------------------+------------+--------------+---------------------------+-------------------------------+-------------------------------+
| 5f00000000000000000000ee | core.local | admin        | succeeded (250ms elapsed) | Sun, 22 Nov 2026 15:00:00 UTC | Sun, 22 Nov 2026 15:00:00 UTC |
+--------------------------+------------+--------------+---------------------------+-------------------------------+-------------------------------+
`[1:],
		Err: "Note: 1 of 7 executions are shown. Use -n for more.\n",
	})
	f.checkRequests(t, "GET /api/v1/executions?action=core.local"+
		"&include_attributes=id%2Caction.ref%2Ccontext.user%2Cstatus%2Cstart_timestamp%2Cend_timestamp"+
		"&limit=1&parent=null&sort_desc=True&status=succeeded"+
		"&timestamp_gt=2026-11-22T00%3A00%3A00Z&timestamp_lt=2026-11-23T00%3A00%3A00Z&user=admin")
}

func TestExecutionListAsksForLessAndMore(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/executions", 200, "["+executionJSON("running", "")+"]", "X-Total-Count", "1")
	f.check(t, f.run(t, "execution", "list", "-a", "id", "-s", "asc", "--showall", "-n", "-1", "-w", "12"), result{Out: `
+--------------+
| id           |
+--------------+
| 5f0000000000 |
| 0000000000ee |
+--------------+
`[1:]})
	f.run(t, "execution", "list", "-a", "id", "status", "-j")
	f.run(t, "execution", "list", "-a", "all")
	f.checkRequests(t,
		"GET /api/v1/executions?include_attributes=id&limit=-1&sort_asc=True",
		"GET /api/v1/executions?include_attributes=id%2Cstatus%2Cstart_timestamp%2Cend_timestamp&limit=50&parent=null&sort_desc=True",
		"GET /api/v1/executions?limit=50&parent=null&sort_desc=True",
	)
	f.check(t, f.run(t, "execution", "list", "-s", "sideways"), result{
		Code: ExitUsage,
		Err:  "ERROR: executions are sorted ascending or descending, not \"sideways\". See \"nightshift execution list --help\".\n",
	})
}

const twoActions = `[
	{"id": "1", "ref": "core.local", "pack": "core", "description": "Runs a command.", "enabled": true},
	{"id": "2", "ref": "core.noop", "pack": "core", "description": null, "enabled": true, "parameters": {"b": 1, "a": ["x", "y"]}}
]`

func TestListsAsTableJSONAndYAML(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/actions", 200, twoActions)
	f.check(t, f.run(t, "action", "list", "-p", "core"), result{Out: `
+------------+------+-----------------+
| ref        | pack | description     |
+------------+------+-----------------+
| core.local | core | Runs a command. |
| core.noop  | core |                 |
+------------+------+-----------------+
`[1:]})
	f.check(t, f.run(t, "action", "list", "-j", "-a", "ref,parameters"), result{Out: `[
    {
        "ref": "core.local"
    },
    {
        "parameters": {
            "a": [
                "x",
                "y"
            ],
            "b": 1
        },
        "ref": "core.noop"
    }
]
`})
	f.check(t, f.run(t, "action", "list", "-y", "-a", "ref", "enabled"), result{Out: `-   enabled: true
    ref: core.local
-   enabled: true
    ref: core.noop
`})
	f.check(t, f.run(t, "action", "list", "-a", "all"), result{Out: `
+----+------------+------+-----------------+---------+---------------------------+
| id | ref        | pack | description     | enabled | parameters                |
+----+------------+------+-----------------+---------+---------------------------+
| 1  | core.local | core | Runs a command. | True    |                           |
| 2  | core.noop  | core |                 | True    | {"b": 1, "a": ["x", "y"]} |
+----+------------+------+-----------------+---------+---------------------------+
`[1:]})
	f.checkRequests(t,
		"GET /api/v1/actions?include_attributes=ref%2Cpack%2Cdescription&pack=core",
		"GET /api/v1/actions?include_attributes=ref%2Cparameters",
		"GET /api/v1/actions?include_attributes=ref%2Cenabled",
		"GET /api/v1/actions",
	)
}

func TestEmptyList(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/actions", 200, `[]`)
	f.check(t, f.run(t, "action", "list"), result{Out: `
+-----+------+-------------+
| ref | pack | description |
+-----+------+-------------+
+-----+------+-------------+
`[1:]})
	f.check(t, f.run(t, "action", "list", "-j"), result{Out: "[]\n"})
}

// On a terminal a table fits; ids stay in one piece, because they are copied.
func TestTablesFitTheTerminal(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/executions", 200, "["+executionJSON("succeeded", finished)+"]")
	x := f.terminal(t)
	x.env["NO_COLOR"] = "1"
	x.opts.OutTerminal = true
	x.opts.Width = func() int { return 100 }
	got := x.run("execution", "list")
	if got.Code != 0 || !strings.Contains(got.Out, "| 5f00000000000000000000ee |") {
		t.Errorf("got %d and %s; want the id in one piece", got.Code, got.Out)
	}
	for line := range strings.Lines(got.Out) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 100 {
			t.Errorf("a line is %d wide: %s", n, line)
		}
	}
}

func TestColorsAreForTerminals(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/executions/"+executionID, 200, executionJSON("failed", finished))
	tests := map[string]struct {
		terminal bool
		env      map[string]string
		args     []string
		want     bool
	}{
		"terminal":      {true, nil, nil, true},
		"pipe":          {false, nil, nil, false},
		"NO_COLOR":      {true, map[string]string{"NO_COLOR": "1"}, nil, false},
		"dumb":          {true, map[string]string{"TERM": "dumb"}, nil, false},
		"for a program": {true, nil, []string{"-j"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x := f.terminal(t)
			x.opts.OutTerminal = tt.terminal
			maps.Copy(x.env, tt.env)
			got := x.run(append([]string{"execution", "get", executionID}, tt.args...)...)
			if colored := strings.Contains(got.Out, "\x1b[31mfailed\x1b[0m"); colored != tt.want || strings.Contains(got.Out, "\x1b") != tt.want {
				t.Errorf("coloured %v, want %v:\n%q", colored, tt.want, got.Out)
			}
		})
	}
}

// What an action prints must not be able to rewrite the terminal.
func TestControlCharactersAreShown(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/actions", 200, `[{"ref": "a.b", "pack": "a", "description": "x\u001b[2Jy\r\nz\tq"}]`)
	got := f.run(t, "action", "list", "-a", "description")
	if !strings.Contains(got.Out, `| x\x1b[2Jy   |`) || !strings.Contains(got.Out, "| z    q      |") || strings.ContainsAny(got.Out, "\x1b\r\t") {
		t.Errorf("got %q", got.Out)
	}
}

func TestGetShowsProperties(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/rules/examples.r", 200, `{
		"id": "1", "uid": "rule:examples:r", "ref": "examples.r", "pack": "examples", "name": "r", "description": "Does it.",
		"enabled": true, "criteria": {"trigger.x": {"type": "eq", "pattern": 1}}, "tags": [], "context": {}}`)
	f.check(t, f.run(t, "rule", "get", "examples.r"), result{Out: `
+-------------+-----------------------+
| Property    | Value                 |
+-------------+-----------------------+
| id          | 1                     |
| uid         | rule:examples:r       |
| ref         | examples.r            |
| pack        | examples              |
| name        | r                     |
| description | Does it.              |
| enabled     | True                  |
| criteria    | {                     |
|             |     "trigger.x": {    |
|             |         "pattern": 1, |
|             |         "type": "eq"  |
|             |     }                 |
|             | }                     |
| tags        |                       |
| context     |                       |
+-------------+-----------------------+
`[1:]})
	f.check(t, f.run(t, "rule", "get", "examples.r", "-a", "ref", "criteria"), result{Out: `
+----------+-----------------------+
| Property | Value                 |
+----------+-----------------------+
| ref      | examples.r            |
| criteria | {                     |
|          |     "trigger.x": {    |
|          |         "pattern": 1, |
|          |         "type": "eq"  |
|          |     }                 |
|          | }                     |
+----------+-----------------------+
`[1:]})
}

// Of several things all that are there are shown, and every one that is missing
// is named.
func TestGetSeveral(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/rules/a.a", 200, `{"id": "1", "ref": "a.a"}`)
	f.answer("GET /api/v1/rules/", 404, `{"faultstring": "Resource not found"}`)
	f.check(t, f.run(t, "rule", "get", "a.x", "a.a", "a.y", "-j"), result{
		Code: ExitNotFound,
		Out:  "{\n    \"id\": \"1\",\n    \"ref\": \"a.a\"\n}\n",
		Err:  "ERROR: There is no rule a.x.\nERROR: There is no rule a.y.\n",
	})
}

func TestExecutionGet(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/executions/last", 200, executionJSON("succeeded", finished+`, "log": [
		{"status": "requested", "timestamp": "2026-11-22T15:00:00.000000Z"}, {"status": "succeeded", "timestamp": "2026-11-22T15:00:00.250000Z"}]`))
	f.check(t, f.run(t, "execution", "get", "last", "-x"), result{Out: `id: 5f00000000000000000000ee
action.ref: core.local
context.user: admin
parameters:
  cmd: date
status: succeeded (250ms elapsed)
start_timestamp: Sun, 22 Nov 2026 15:00:00 UTC
end_timestamp: Sun, 22 Nov 2026 15:00:00 UTC
log:
  - status: requested
    timestamp: Sun, 22 Nov 2026 15:00:00 UTC
  - status: succeeded
    timestamp: Sun, 22 Nov 2026 15:00:00 UTC
`})
	f.check(t, f.run(t, "execution", "get", "last", "-k", "stdout"), result{Out: "Sun Nov 22 15:00:00 UTC 2026\n"})
	f.check(t, f.run(t, "execution", "get", "last", "-k", "stdout", "-j"), result{Out: `{
    "result": {
        "stdout": "Sun Nov 22 15:00:00 UTC 2026"
    }
}
`})
	f.check(t, f.run(t, "execution", "get", "last", "-k", "body"), result{
		Code: ExitNotFound, Err: "ERROR: the result has no body\n",
	})
	f.check(t, f.run(t, "execution", "get", "last", "-d", "--attr", "status", "result"), result{Out: `
+----------+-----------------------------------------------+
| Property | Value                                         |
+----------+-----------------------------------------------+
| status   | succeeded (250ms elapsed)                     |
| result   | {                                             |
|          |     "failed": false,                          |
|          |     "return_code": 0,                         |
|          |     "stderr": "",                             |
|          |     "stdout": "Sun Nov 22 15:00:00 UTC 2026", |
|          |     "succeeded": true                         |
|          | }                                             |
+----------+-----------------------------------------------+
`[1:]})
}

func TestExecutionGetShowsParts(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/executions/"+executionID, 200, executionJSON("succeeded", `"children": ["b", "a"]`))
	f.answer("GET /api/v1/executions/"+executionID+"/children", 200, `[
		{"id": "b", "action": {"ref": "x.b"}, "status": "failed", "start_timestamp": "2026-11-22T15:00:02Z",
			"context": {"orquesta": {"task_name": "second"}}},
		{"id": "a", "action": {"ref": "x.a"}, "status": "succeeded", "start_timestamp": "2026-11-22T15:00:01Z",
			"context": {"orquesta": {"task_name": "first"}}}]`)
	parts := `
+----+-----------+--------+------------+-------------------------------+
| id | status    | task   | action.ref | start_timestamp               |
+----+-----------+--------+------------+-------------------------------+
| a  | succeeded | first  | x.a        | Sun, 22 Nov 2026 15:00:01 UTC |
| b  | failed    | second | x.b        | Sun, 22 Nov 2026 15:00:02 UTC |
+----+-----------+--------+------------+-------------------------------+
`[1:]
	f.check(t, f.run(t, "execution", "get", executionID, "--attr", "id"), result{Out: "id: " + executionID + "\n" + parts})
	f.check(t, f.run(t, "execution", "get", executionID, "--attr", "id", "--raw"), result{Out: "id: " + executionID + "\n"})
	f.check(t, f.run(t, "execution", "children", executionID, "--depth", "2", "-a", "id"), result{Out: `
+----+
| id |
+----+
| b  |
| a  |
+----+
`[1:]})
	got := f.requests()
	if want := "GET /api/v1/executions/" + executionID + "/children?depth=2&include_attributes=id"; got[len(got)-1] != want {
		t.Errorf("got %s, want %s", got[len(got)-1], want)
	}
}

func TestCancel(t *testing.T) {
	f := newFake(t)
	f.answer("DELETE /api/v1/executions/a", 200, `{"id": "a", "status": "canceling"}`)
	f.answer("DELETE /api/v1/executions/b", 200, `{"id": "b", "status": "canceled"}`)
	f.answer("DELETE /api/v1/executions/c", 200, `{"faultstring": "Action cannot be canceled. State = succeeded."}`)
	f.check(t, f.run(t, "execution", "cancel", "a", "b", "c"), result{
		Code: ExitConflict,
		Out:  "Execution a has been asked to stop.\nExecution b is canceled.\n",
		Err:  "ERROR: execution c: Action cannot be canceled. State = succeeded.\n",
	})
}

func TestPauseAndResume(t *testing.T) {
	f := newFake(t)
	f.answer("PUT /api/v1/executions/a", 200, `{"id": "a", "status": "pausing"}`)
	f.answer("GET /api/v1/executions/a", 200, `{"id": "a", "status": "paused"}`)
	f.answer("PUT /api/v1/executions/b", 400, `{"faultstring": "Execution b cannot be paused: it is succeeded."}`)
	f.check(t, f.run(t, "execution", "pause", "a", "b", "--attr", "id", "status"), result{
		Code: ExitUsage,
		Out:  "id: a\nstatus: paused\n",
		Err:  "ERROR: Execution b cannot be paused: it is succeeded.\n",
	})
	f.run(t, "execution", "resume", "a", "--attr", "id")
	f.run(t, "execution", "re-run", "a", "--failed", "--async")
	got := f.requests()
	for _, want := range []string{
		`PUT /api/v1/executions/a {"status":"pausing"}`, `PUT /api/v1/executions/a {"status":"resuming"}`, `POST /api/v1/executions/a/re_run {"failed":true}`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %q", want, got)
		}
	}
}

func TestCreateUpdateDelete(t *testing.T) {
	f := newFake(t)
	const rule = `{"id": "1", "ref": "a.r", "name": "r"}`
	f.answer("POST /api/v1/rules", 201, rule)
	f.answer("GET /api/v1/rules/a.r", 200, rule)
	f.answer("PUT /api/v1/rules/1", 200, rule)
	f.answer("DELETE /api/v1/rules/a.r", 204, "")
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	yaml := write("r.yaml", "name: r\nenabled: yes\ntrigger: {type: core.st2.webhook, parameters: {url: x}}\n")
	json := write("r.json", `{"name": "r", "id": "1"}`)
	table := `
+----------+-------+
| Property | Value |
+----------+-------+
| id       | 1     |
| ref      | a.r   |
| name     | r     |
+----------+-------+
`[1:]
	f.check(t, f.run(t, "rule", "create", yaml), result{Out: table})
	f.check(t, f.run(t, "rule", "update", "a.r", json), result{Out: table})
	f.check(t, f.run(t, "rule", "delete", "a.r"), result{Out: "Deleted the rule a.r.\n"})
	x := f.terminal(t)
	x.opts.In = strings.NewReader("name: from-stdin\n")
	f.check(t, x.run("rule", "create", "-"), result{Out: table})
	f.checkRequests(t,
		`POST /api/v1/rules {"name":"r","enabled":true,"trigger":{"type":"core.st2.webhook","parameters":{"url":"x"}}}`,
		"GET /api/v1/rules/a.r",
		`PUT /api/v1/rules/1 {"name":"r","id":"1"}`,
		"DELETE /api/v1/rules/a.r",
		`POST /api/v1/rules {"name":"from-stdin"}`,
	)
	other := write("other.json", `{"id": "2"}`)
	f.check(t, f.run(t, "rule", "update", "a.r", other), result{
		Code: ExitUsage, Err: "ERROR: the file is of another rule: its id is 2, and that of a.r is 1\n",
	})
}

func TestFilesAreCheckedBeforeAnybodyIsAsked(t *testing.T) {
	f := newFake(t)
	dir := t.TempDir()
	tests := map[string]struct{ file, content, want string }{
		"broken YAML": {"r.yaml", "name: r\ncriteria:\n  - {", ":3:5: "},
		"broken JSON": {"r.json", `{"name": }`, "r.json: "},
		"no object":   {"r.yml", "- a\n", " must hold an object, not list"},
		"other file":  {"r.toml", "", " is neither a .json nor a .yaml file"},
		"no text":     {"r.json", "\xff\xfe\x00", " is no text in UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, tt.file)
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got := f.run(t, "rule", "create", path)
			if got.Code != ExitUsage || !strings.Contains(got.Err, tt.want) || !strings.HasPrefix(got.Err, "ERROR: "+dir) {
				t.Errorf("got %d and %q, want %d and %q", got.Code, got.Err, ExitUsage, tt.want)
			}
		})
	}
	f.check(t, f.run(t, "rule", "create", "/nonexistent/r.yaml"), result{
		Code: ExitUsage, Err: "ERROR: there is no file /nonexistent/r.yaml\n",
	})
	f.checkRequests(t)
}

func TestActionDeleteSaysWhatBecomesOfTheFiles(t *testing.T) {
	f := newFake(t)
	f.answer("DELETE /api/v1/actions/a.b", 204, "")
	f.run(t, "action", "delete", "a.b")
	f.run(t, "action", "delete", "a.b", "--remove-files")
	f.checkRequests(t, `DELETE /api/v1/actions/a.b {"remove_files":false}`, `DELETE /api/v1/actions/a.b {"remove_files":true}`)
}

func TestEnableAndDisable(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/rules/a.r", 200, `{"id": "1", "ref": "a.r", "enabled": false, "name": "r"}`)
	f.mux.HandleFunc("PUT /api/v1/rules/1", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id": "1", "ref": "a.r"}`))
	})
	f.check(t, f.run(t, "rule", "enable", "a.r"), result{Out: "Enabled the rule a.r.\n"})
	f.check(t, f.run(t, "rule", "disable", "a.r"), result{Out: "Disabled the rule a.r.\n"})
	want := []string{
		"GET /api/v1/rules/a.r", `PUT /api/v1/rules/1 {"id":"1","ref":"a.r","enabled":true,"name":"r"}`,
		"GET /api/v1/rules/a.r", `PUT /api/v1/rules/1 {"id":"1","ref":"a.r","enabled":false,"name":"r"}`,
	}
	if diff := cmp.Diff(want, f.requests()); diff != "" {
		t.Error(diff)
	}
}

// Some filters of StackStorm's client are none of the API's: they work all the
// same.
func TestFiltersThatTheAPIHasNot(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/policies", 200, `[
		{"ref": "a.p", "resource_ref": "a.x", "policy_type": "action.retry", "enabled": true},
		{"ref": "a.q", "resource_ref": "a.y", "policy_type": "action.retry", "enabled": true}]`)
	f.check(t, f.run(t, "policy", "list", "-r", "a.y", "-pt", "action.retry", "-a", "ref"), result{Out: `
+-----+
| ref |
+-----+
| a.q |
+-----+
`[1:]})
	f.checkRequests(t, "GET /api/v1/policies?limit=-1")
}

func TestRuleListFlags(t *testing.T) {
	f := newFake(t)
	f.answer("GET /api/v1/rules", 200, `[{"ref": "a.r", "trigger": {"type": "core.st2.webhook"}, "action": {"ref": "core.local"}, "enabled": true}]`)
	f.check(t, f.run(t, "rule", "list", "--iftt", "--enabled", "-g", "core.st2.webhook", "-c", "core.local"), result{Out: `
+-----+------------------+------------+---------+
| ref | trigger.type     | action.ref | enabled |
+-----+------------------+------------+---------+
| a.r | core.st2.webhook | core.local | True    |
+-----+------------------+------------+---------+
`[1:]})
	f.checkRequests(t, "GET /api/v1/rules?action=core.local&enabled=true&limit=50&trigger=core.st2.webhook")
	got := f.run(t, "rule", "list", "--enabled", "--disabled")
	if got.Code != ExitUsage || !strings.HasPrefix(got.Err, "ERROR: ") {
		t.Errorf("got %d and %q, want a mistake in the words", got.Code, got.Err)
	}
}
