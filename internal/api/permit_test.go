package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// roles are what people may do in a test.
type roles struct {
	policy   atomic.Pointer[rbac.Policy]
	mistakes []rbac.Mistake
}

func (r *roles) Policy() *rbac.Policy                  { return r.policy.Load() }
func (r *roles) Reload(context.Context) []rbac.Mistake { return r.mistakes }

func policyOf(t testing.TB, files map[string]string) *rbac.Policy {
	t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p, found := rbac.Load(dir)
	if len(found) > 0 {
		t.Fatal(found)
	}
	return p
}

// teams is the owner of pack p, somebody of another team, and one who looks at
// everything.
func teams(exclusive string) map[string]string {
	const lists = `pack_list, action_list, action_alias_list, rule_list, execution_list, execution_views_filters_list, rule_enforcement_list,
      sensor_type_list, policy_list, policy_type_list, runner_type_list, webhook_list, timer_list, api_key_list, key_value_pair_list,
      inquiry_list, trigger_list, trace_list, action_alias_match, action_alias_help, stream_view`
	return map[string]string{
		"roles/p.yaml": `
name: p
permission_grants:
  - resource_uid: pack:p
    exclusive: ` + exclusive + `
    permission_types: [pack_all, action_all, rule_all, sensor_type_all, action_alias_all, trigger_all]
  - {resource_uid: "policy:p:*", permission_types: [policy_all]}
  - {resource_uid: "policy_type:action:*", permission_types: [policy_type_all]}
  - {resource_uid: "webhook:*", permission_types: [webhook_all]}
  - {resource_uid: "timer:core:*", permission_types: [timer_all]}
  - {resource_uid: "runner_type:*", permission_types: [runner_type_all]}
  - {resource_uid: "key_value_pair:st2kv.system:p.*", permission_types: [key_value_pair_all], exclusive: ` + exclusive + `}
  - permission_types: [` + lists + `, pack_install, pack_uninstall, pack_create, pack_register, pack_config, pack_search,
      pack_views_index_health, policy_create, api_key_create]
`,
		"roles/q.yaml": `
name: q
permission_grants:
  - resource_uid: pack:q
    permission_types: [pack_all, action_all, rule_all, sensor_type_all, action_alias_all, trigger_all]
  - permission_types: [` + lists + `]
`,
		"assignments/owner.yaml":  "username: owner\nroles: [p]\n",
		"mappings/q.yaml":         "group: team-q\nroles: [q]\n",
		"assignments/viewer.yaml": "username: viewer\nroles: [observer]\n",
		"assignments/boss.yaml":   "username: boss\nroles: [admin]\n",
	}
}

// guarded is a server with roles, and people with their tokens.
type guarded struct {
	*server
	roles  *roles
	tokens map[string]string
	names  map[string]string // what stands in paths for {…}, by the part
}

func newGuarded(t testing.TB, exclusive bool) *guarded {
	t.Helper()
	src := content(t)
	src.Aliases[0].Enabled = true
	return newGuardedOf(t, exclusive, api.Options{}, src, func(*api.Deps) {})
}

// newGuardedOf returns one with that content, which works on something else.
func newGuardedOf(t testing.TB, exclusive bool, opts api.Options, src source, change func(*api.Deps)) *guarded {
	t.Helper()
	g := &guarded{roles: new(roles)}
	g.roles.policy.Store(policyOf(t, teams(map[bool]string{true: "true", false: "false"}[exclusive])))
	g.server = newServerDeps(t, opts, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}}, func(d *api.Deps) {
		d.Roles = g.roles
		change(d)
	})
	g.tokens = map[string]string{"admin": g.admin}
	for _, name := range []string{"owner", "other", "viewer", "nobody", "boss"} {
		g.tokens[name] = g.login(name, false)
	}
	g.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AdmitUser(ctx, "other", store.Admission{Groups: []string{"team-q"}}, time.Now()); err != nil {
			return err
		}
		return tx.PutKey(ctx, ident.New(time.Now()), kv.Pair{Scope: kv.System, Name: "p.key", Value: "v", UpdatedAt: time.Now()})
	})
	return g
}

// as asks as somebody.
func (g *guarded) as(name, method, path, body string) answer {
	g.t.Helper()
	return g.ask(method, path, body, "X-Auth-Token: "+g.tokens[name])
}

func (g *guarded) get(name, path string) answer {
	g.t.Helper()
	return g.as(name, http.MethodGet, path, "")
}

// fill makes what the paths of routes name.
func (g *guarded) fill() {
	e := g.run("p.say", func(e *execution.Execution) { e.Status = execution.Running })
	done := g.run("p.say", nil)
	g.finish(done, execution.Succeeded, `{"x": 1}`)
	workflow := g.run("p.noargs", func(e *execution.Execution) { e.Runner, e.Conducted = "orquesta", true })
	asks := g.run("core.ask", func(e *execution.Execution) {
		e.Runner, e.Status, e.Parent = "inquirer", execution.Pending, workflow.ID
		e.Result = json.RawMessage(`{"schema": {}, "roles": [], "users": [], "route": "", "ttl": 0}`)
	})
	event := &trigger.Instance{ID: ident.New(time.Now()), Trigger: "p.alarm", OccurredAt: time.Now(), Status: trigger.Processed, Payload: json.RawMessage(`{"host": "db1"}`)}
	enforcement := store.Enforcement{ID: ident.New(time.Now()), RuleRef: "p.alarm", Instance: event.ID, At: time.Now()}
	g.write(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertInstance(ctx, event); err != nil {
			return err
		}
		return tx.InsertEnforcement(ctx, enforcement)
	})
	g.names = map[string]string{
		"executions": e.ID, "done": done.ID, "inquiries": asks.ID, "triggerinstances": event.ID, "events": event.ID, "traces": event.ID, "ruleenforcements": enforcement.ID,
		"actions": "p.say", "rules": "p.deploy", "actionalias": "p.talk", "sensortypes": "p.Eye", "sensors": "p.Eye", "policies": "p.one",
		"packs": "p", "configs": "p", "config_schemas": "p", "triggertypes": "p.alarm", "triggers": "p.alarm", "timers": "core.tick",
		"webhooks": "deploy/prod", "alerts": "alertmanager", "runnertypes": "local-shell-cmd", "policytypes": "action.retry", "keys": "p.key",
		"ruletypes": "standard", "service_registry": "actionrunner", "rbac": "none", "apikeys": "none", "problems": "none",
	}
}

// target is the path of a route with names in it.
func (g *guarded) target(r api.Route) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	name := g.names[first]
	if r.Path == "/executions/{id}/message" || strings.HasSuffix(r.Path, "/re_run") {
		name = g.names["done"]
	}
	path := strings.NewReplacer("{$}", "", "{ref}", name, "{id}", name, "{source}", name, "{hook...}", name).Replace(r.Path)
	switch {
	case strings.HasPrefix(r.Path, "/keys/"):
		path = "/keys/" + name
	case strings.Contains(r.Path, "/attribute/"):
		path = strings.Replace(path, "{name}", "status", 1)
	}
	path = strings.Replace(path, "{name...}", "pack.yaml", 1)
	return map[string]string{"/api": "/api/v1", "/auth": "/auth/v1", "/stream": "/stream/v1", "/ns": "/api/ns/v1", "": ""}[r.Service] + path
}

// bodies are what routes need to be heard, by method and path.
func bodies() map[string]string {
	const (
		action = `{"name": "new", "pack": "p", "runner_type": "local-shell-cmd"}`
		rule   = `{"name": "new", "pack": "p", "trigger": {"type": "p.alarm"}, "action": {"ref": "p.say", "parameters": {"word": "x"}}}`
		alias  = `{"name": "new", "pack": "p", "action_ref": "p.say", "formats": ["x {{word}}"]}`
		policy = `{"name": "new", "pack": "p", "resource_ref": "p.say", "policy_type": "action.concurrency", "parameters": {"threshold": 1}}`
		typ    = `{"name": "new", "pack": "p"}`
	)
	return map[string]string{
		"POST /actions": action, "PUT /actions/{ref}": strings.Replace(action, "new", "say", 1),
		"POST /rules": rule, "PUT /rules/{ref}": strings.Replace(rule, "new", "deploy", 1),
		"POST /actionalias": alias, "PUT /actionalias/{ref}": strings.Replace(alias, "new", "talk", 1),
		"POST /policies": policy, "PUT /policies/{ref}": strings.Replace(policy, "new", "one", 1),
		"POST /triggertypes": typ, "PUT /triggertypes/{ref}": strings.Replace(typ, "new", "alarm", 1),
		"POST /triggers": `{"type": "p.alarm"}`, "PUT /triggers/{ref}": `{"name": "alarm", "pack": "p", "type": "p.alarm"}`,
		"POST /executions": `{"action": "p.say", "parameters": {"word": "x"}}`, "PUT /executions/{id}": `{"status": "canceling"}`,
		"POST /executions/{id}/re_run": `{}`, "PUT /inquiries/{id}": `{"response": {}}`, "PUT /keys/{name...}": `{"value": "x"}`,
		"PUT /runnertypes/{ref}": `{"enabled": true}`, "PUT /sensortypes/{ref}": `{"enabled": true}`,
		"POST /aliasexecution":                   `{"name": "talk", "format": "say {{word}}", "command": "say x", "source_channel": "c"}`,
		"POST /aliasexecution/match_and_execute": `{"command": "say x", "source_channel": "c"}`,
		"POST /actionalias/match":                `{"command": "say x"}`,
		"POST /packs/install":                    `{"packs": ["x"]}`, "POST /packs/uninstall": `{"packs": ["p"]}`, "POST /packs/register": `{}`,
		"POST /packs/index/search": `{"query": "x"}`, "PUT /configs/{ref}": `{}`, "POST /webhooks/{hook...}": `{"branch": "x"}`,
		"POST /alerts/{source}":    `{"version": "4", "groupKey": "x", "status": "firing", "alerts": []}`,
		"POST /workflows/rehearse": `{"definition": "version: 1.0\ntasks: {}"}`, "POST /rules/try": `{"rule": ` + rule + `}`,
		"POST /actions/{ref}/clone": `{"dest_pack": "p", "dest_action": "copy"}`, "PUT /packs/{ref}/files": `{"files": [{"path": "rules/x.yaml", "content": "name: x\ntrigger: {type: p.alarm}\naction: {ref: p.say}"}]}`,
		"PUT /problems/{id}/closing": `{"reason": "x"}`, "POST /workflows/inspect": `version: "1.0"`, "POST /apikeys": `{}`, "POST /tokens/validate": `{"token": "x"}`,
	}
}

// wants is who is let in where, by the permission that a route declares and, for
// those that decide in a way of their own, by its name. The letters are for one who looks
// at everything, somebody of another team, one without any role, and the team itself.
func wants(r api.Route) string {
	own := map[string]string{
		"GET /user": "yyyy", "DELETE /token": "yyyy", "POST /tokens/validate": "yyyy", "GET /ruletypes": "yyyy", "GET /ruletypes/{ref}": "yyyy",
		"GET /triggertypes": "yyyy", "GET /triggertypes/{ref}": "yyyy", "GET /triggers": "yyyy", "GET /triggerinstances": "yyyy", "GET /problems": "yyyy",
		"PUT /problems/{id}/closing": "yyyy", "DELETE /problems/{id}/closing": "yyyy", // see the test of closings; there is none here
		"POST /workflows/inspect": "yyyy", "GET /metrics": "yyyy", "GET /{$}": "yyyy", "GET /version": "yyyy",
		"GET /service_registry/groups": "nnnn", "GET /service_registry/groups/{id}/members": "nnnn", "POST /secrets/rotate": "nnnn",
		"GET /users": "nnnn", "POST /users": "nnnn", "GET /users/{name}": "nnnn", "PUT /users/{name}": "nnnn", "DELETE /users/{name}": "nnnn",
		"DELETE /users/{name}/credentials": "nnnn", "GET /rbac/permission_types": "nnnn", "GET /rbac/permission_types/{kind}": "nnnn", "GET /rbac/roles": "nnnn", "GET /rbac/roles/{name}": "nnnn",
		"GET /rbac/role_assignments": "nnnn", "GET /rbac/role_assignments/{id}": "yyyy", "GET /rbac/explain": "nnnn", "GET /rights": "yyyy", "POST /rbac/reload": "nnnn",
		"GET /audit": "nnnn", "GET /expressions": "yyyy", "GET /audit/head": "nnnn", "POST /workflows/rehearse": "yyyy", "PUT /password": "yyyy",
		"GET /keys":         "yyyy",                                                              // each their own
		"GET /apikeys/{id}": "yyyy", "PUT /apikeys/{id}": "yyyy", "DELETE /apikeys/{id}": "yyyy", // each their own: there is none here
	}
	if w, ok := own[r.Method+" "+r.Path]; ok {
		return w
	}
	verb := r.Permission[strings.LastIndexByte(r.Permission, '_')+1:]
	switch {
	case r.Permission == "execution_views_filters_list", r.Permission == "stream_view", verb == "list":
		return "yyny"
	case verb == "match", verb == "help":
		return "nyny"
	case verb == "view", verb == "search", r.Permission == "pack_views_index_health":
		return "ynny"
	default:
		return "nnny"
	}
}

// opened reports whether a status says that the gate was open.
func opened(status int) bool {
	return status != http.StatusForbidden && status != http.StatusUnauthorized
}

// until is a response that ends its request once it begins, as streams never end.
type until struct {
	*httptest.ResponseRecorder
	end context.CancelFunc
}

func (u until) WriteHeader(status int) {
	u.ResponseRecorder.WriteHeader(status)
	u.end()
}

func (g *guarded) status(r api.Route, token string) (int, string) {
	ctx, cancel := context.WithCancel(g.t.Context())
	defer cancel()
	req := httptest.NewRequestWithContext(ctx, r.Method, g.target(r), strings.NewReader(bodies()[r.Method+" "+r.Path]))
	if token != "" {
		req.Header.Set("X-Auth-Token", token)
	}
	w := httptest.NewRecorder()
	if r.Media == "text/event-stream" {
		g.api.ServeHTTP(until{w, cancel}, req)
	} else {
		g.api.ServeHTTP(w, req)
	}
	return w.Code, strings.TrimSpace(w.Body.String())
}

// TestWhoMayWhat walks every route with every kind of person.
func TestWhoMayWhat(t *testing.T) {
	shared := newGuarded(t, false)
	shared.fill()
	expired := access.NewToken()
	shared.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertToken(ctx, access.Token{ID: ident.New(time.Now()), Hash: access.TokenHash(expired), User: "admin", ExpiresAt: time.Now().Add(-time.Second)})
	})
	for _, r := range shared.api.Routes() {
		if r.Public {
			continue
		}
		t.Run(r.Method+" "+strings.ReplaceAll(r.Service+r.Path, "/", ":"), func(t *testing.T) {
			if r.Who == "" {
				t.Fatal("nobody has said who may: give the route a gate")
			}
			if r.Who == "for all at once" && !rbac.Global(r.Permission) {
				t.Errorf("%s is granted on resources, and the route asks about none", r.Permission)
			}
			g := *shared
			if r.Method != http.MethodGet {
				g = *newGuarded(t, false) // what is let in changes something
				g.fill()
			}
			g.server = g.with(t)
			for name, token := range map[string]string{"nothing": "", "a wrong token": strings.Repeat("0", 32), "an expired token": expired} {
				if got, text := g.status(r, token); got != http.StatusUnauthorized {
					t.Errorf("with %s: %d %s", name, got, text)
				}
			}
			want := wants(r)
			for i, who := range []string{"viewer", "other", "nobody", "owner"} {
				got, text := g.status(r, g.tokens[who])
				if opened(got) != (want[i] == 'y') || got >= 500 {
					t.Errorf("%s: %d %s, want %c", who, got, text, want[i])
				}
				if got == http.StatusForbidden && r.Permission != "" && !strings.Contains(text, `ser \"`+who+`\"`) {
					t.Errorf("%s is told %s", who, text)
				}
			}
			for _, who := range []string{"boss", "admin"} {
				if got, text := g.status(r, g.tokens[who]); !opened(got) || got >= 500 {
					t.Errorf("%s: %d %s", who, got, text)
				}
			}
		})
	}
}

// TestWhatIsLockedDownIsNotThere holds that for those outside of the team there is no
// difference between what is locked down and what does not exist.
func TestWhatIsLockedDownIsNotThere(t *testing.T) {
	g := newGuarded(t, true)
	g.fill()
	missing := newGuarded(t, true)
	missing.fill()
	for k := range missing.names {
		switch k {
		case "executions", "done", "inquiries", "triggerinstances", "events", "traces", "ruleenforcements":
			missing.names[k] = ident.New(time.Now())
		case "actions", "rules", "actionalias", "sensortypes", "sensors", "policies", "triggertypes", "triggers", "keys":
			missing.names[k] = "nope.nope"
		case "packs", "configs", "config_schemas":
			missing.names[k] = "nope"
		}
	}
	for _, r := range g.api.Routes() {
		if r.Public || !strings.Contains(r.Path, "{") || r.Method != http.MethodGet && r.Permission == "webhook_send" {
			continue
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
		if g.names[first] == missing.names[first] {
			continue // it belongs to nobody
		}
		for _, who := range []string{"viewer", "other", "nobody"} {
			got, text := g.status(r, g.tokens[who])
			want, wantText := missing.status(r, missing.tokens[who])
			for _, k := range []string{"executions", "done", "inquiries", "triggerinstances", "events", "traces", "ruleenforcements", "actions", "rules", "actionalias", "sensors", "policies", "triggertypes", "triggers", "keys"} {
				text = strings.ReplaceAll(text, g.names[k], "X")
				wantText = strings.ReplaceAll(wantText, missing.names[k], "X")
			}
			text, wantText = strings.NewReplacer(`\"p\"`, `X`, `pack:p\"`, `X`).Replace(text), strings.NewReplacer(`\"nope\"`, `X`, `pack:nope\"`, `X`).Replace(wantText)
			if got != want || text != wantText {
				t.Errorf("%s %s, %s: %d %s; what does not exist: %d %s", r.Method, r.Path, who, got, text, want, wantText)
			}
		}
		if r.Permission == "trigger_all" || strings.HasPrefix(r.Path, "/apikeys") {
			continue
		}
		if got, text := g.status(r, g.tokens["owner"]); r.Method == http.MethodGet && !opened(got) {
			t.Errorf("%s %s, the team: %d %s", r.Method, r.Path, got, text)
		}
	}
	for _, path := range []string{
		"/actions", "/actions/views/overview", "/rules", "/rules/views", "/actionalias", "/sensortypes", "/policies", "/packs", "/configs", "/config_schemas",
		"/triggertypes", "/triggers", "/executions", "/executions/views/filters?types=action", "/inquiries", "/ruleenforcements", "/ruleenforcements/views",
		"/triggerinstances", "/keys?prefix=p.",
	} {
		for _, who := range []string{"viewer", "other"} {
			a := g.get(who, "/api/v1"+path).status(200)
			if text := a.Body.String(); strings.Contains(text, `"p.`) || strings.Contains(text, `"p"`) || strings.Contains(text, ":p:") {
				t.Errorf("%s sees in %s: %s", who, path, text)
			}
		}
	}
}

func TestListsHaveOnlyWhatSomebodyMaySee(t *testing.T) {
	g := newGuarded(t, false)
	g.fill()
	for range 5 {
		g.run("x.hidden", nil)
		g.run("p.limited", nil)
	}
	total := func(who, path string) (int, string) {
		a := g.get(who, "/api/v1"+path).status(200)
		var items []json.RawMessage
		if err := json.Unmarshal(a.Body.Bytes(), &items); err != nil {
			t.Fatal(err)
		}
		return len(items), a.Header().Get("X-Total-Count")
	}
	for path, want := range map[string][3]int{ // of which owner, other and viewer see so many
		"/actions": {6, 0, 6}, "/rules": {4, 0, 4}, "/packs": {1, 0, 1}, "/actionalias": {1, 0, 1}, "/sensortypes": {1, 0, 1}, "/policies": {1, 0, 1},
		"/executions": {8, 0, 14}, "/executions?action=x.hidden": {0, 0, 5}, "/executions?status=running": {7, 0, 12}, "/inquiries": {1, 0, 1},
		"/triggerinstances": {1, 0, 1}, "/ruleenforcements": {1, 0, 1}, "/executions?status=succeeded": {1, 0, 1},
	} {
		for i, who := range []string{"owner", "other", "viewer"} {
			n, count := total(who, path)
			if n != want[i] || count != "" && count != itoa(want[i]) {
				t.Errorf("%s sees %d of %s, of %s; want %d", who, n, path, count, want[i])
			}
		}
	}
	var got []string
	for offset := range 4 {
		a := g.get("owner", "/api/v1/executions?limit=2&include_attributes=id&offset="+itoa(2*offset)).status(200)
		var items []struct{ ID string }
		if err := json.Unmarshal(a.Body.Bytes(), &items); err != nil {
			t.Fatal(err)
		}
		for _, e := range items {
			got = append(got, e.ID)
		}
	}
	slices.Sort(got)
	if len(slices.Compact(got)) != 8 {
		t.Errorf("pages have %d different executions, want 8", len(got))
	}
	if a := g.get("other", "/api/v1/executions/last"); a.Code != 400 {
		t.Errorf("the last of none: %d %s", a.Code, a.Body)
	}
	if a := g.get("owner", "/api/v1/executions/last").status(200); !strings.HasPrefix(a.at("action.ref"), "p.") {
		t.Errorf("the last of the team: %s", a.Body)
	}
}

func TestWhoMayMakeARule(t *testing.T) {
	g := newGuarded(t, false)
	rule := func(pack, trigger, action string) string {
		return `{"name": "r", "pack": "` + pack + `", "trigger": ` + trigger + `, "action": {"ref": "` + action + `", "parameters": {"word": "x"}}}`
	}
	const alarm, hook = `{"type": "p.alarm"}`, `{"type": "core.st2.webhook", "parameters": {"url": "new"}}`
	for _, tt := range []struct {
		who, body string
		status    int
		fault     string
	}{
		{"other", rule("p", alarm, "p.say"), 403, `User "other" doesn't have required permission "rule_create" on resource "rule:p:r"`},
		{"other", rule("q", alarm, "p.say"), 403, `User "other" doesn't have required (action_execute) permission to use action p.say`},
		{"other", rule("q", hook, "q.x"), 403, `User "other" doesn't have required permission (webhook_create) to use trigger core.st2.webhook`},
		{"owner", rule("p", hook, "p.say"), 201, ""},
	} {
		a := g.as(tt.who, "POST", "/api/v1/rules", tt.body)
		if a.Code != tt.status || tt.fault != "" && a.fault() != tt.fault {
			t.Errorf("%s %s: %d %s", tt.who, tt.body, a.Code, a.Body)
		}
	}
	// Nor may a rule of one's own be bent to what one may not do.
	if a := g.as("other", "PUT", "/api/v1/rules/p.deploy", rule("q", alarm, "q.x")); a.Code != 403 {
		t.Errorf("changed by others: %d %s", a.Code, a.Body)
	}
	if a := g.as("owner", "PUT", "/api/v1/rules/p.deploy", rule("q", alarm, "p.say")); a.Code != 403 {
		t.Errorf("moved into another pack: %d %s", a.Code, a.Body)
	}
}

func TestRolesCountAtOnce(t *testing.T) {
	g := newGuarded(t, false)
	g.get("owner", "/api/v1/actions/p.say").status(200)
	g.get("boss", "/api/v1/service_registry/groups").status(200)
	g.roles.policy.Store(policyOf(t, map[string]string{"roles/p.yaml": "name: p\n"}))
	g.get("owner", "/api/v1/actions/p.say").status(403)
	g.get("boss", "/api/v1/service_registry/groups").status(403)
	g.get("admin", "/api/v1/actions/p.say").status(200) // an administrator by the ledger is one whatever files say
	g.roles.policy.Store(nil)
	g.get("nobody", "/api/v1/actions/p.say").status(200)
}

func TestAnInquiryIsForWhoHasTheRole(t *testing.T) {
	g := newGuarded(t, false)
	workflow := g.run("p.noargs", func(e *execution.Execution) { e.Runner, e.Conducted = "orquesta", true })
	ask := func(result string) string {
		e := g.run("core.ask", func(e *execution.Execution) {
			e.Runner, e.Status, e.Parent, e.Result = "inquirer", execution.Pending, workflow.ID, json.RawMessage(result)
		})
		return "/api/v1/inquiries/" + e.ID
	}
	const answer = `{"response": {}}`
	of := ask(`{"schema": {}, "roles": ["p"], "users": [], "route": "", "ttl": 0}`)
	g.as("other", "PUT", of, answer).status(403)
	g.as("owner", "PUT", of, answer).status(200)
	g.as("owner", "PUT", ask(`{"schema": {}, "roles": ["q"], "users": [], "route": "", "ttl": 0}`), answer).status(403)
}

func TestTemplatesLookUpOnlyWhatTheirSenderMaySee(t *testing.T) {
	g := newGuarded(t, false)
	for text, status := range map[string]int{
		"plain":                                   201,
		"{{ st2kv.system.p.key }}":                201,
		"{{ st2kv.system.p.key | decrypt_kv }}":   0, // it is no secret, which is for the filter to say
		"{{ st2kv.system.q.key }}":                403,
		"{{ st2kv.system.p }}":                    403,
		"{{ st2kv['system']['q.key'] }}":          403,
		"{{ st2kv.system.p.key ~ st2kv.system }}": 403,
		`{{ "}}" ~ st2kv.system.q.key }}`:         403,
		"{% set a = st2kv.system.p %}{{ a.key }}": 403,
		"{{ (st2kv.system.p.key).x }}":            403,
		"{{ config_context.token }}":              403,
		"{{ 'x' | decrypt_kv }}":                  403,
		"{{ 1 + 1 }}":                             201,
		"{{ secret('vault:x#y') }}":               403,
		"{% set s = secret %}{{ s('vault:x') }}":  403,
		"{{ [1] | map(secret) }}":                 403,
		"st2kv.system.q.key":                      201, // no template
	} {
		run := body(t, map[string]any{"action": "p.say", "parameters": map[string]any{"word": text}})
		if a := g.as("owner", "POST", "/api/v1/executions", run); status != 0 && a.Code != status || status == 0 && a.Code == 403 {
			t.Errorf("%s: %d %s, want %d", text, a.Code, a.Body, status)
		}
		rule := body(t, map[string]any{
			"name": "r" + itoa(len(text)), "pack": "p", "trigger": map[string]any{"type": "p.alarm"},
			"action": map[string]any{"ref": "p.say", "parameters": map[string]any{"word": text}},
		})
		if a := g.as("owner", "POST", "/api/v1/rules", rule); (a.Code == 403) != (status == 403) {
			t.Errorf("a rule with %s: %d %s", text, a.Code, a.Body)
		}
	}
	say := func(key, user string) string {
		return body(t, map[string]any{"name": "talk", "format": "say {{word}}", "command": "say '{{ st2kv." + key + " }}'", "source_channel": "c", "user": user})
	}
	for user, status := range map[string]int{"owner": 201, "": 201, "admin": 403} {
		if a := g.as("owner", "POST", "/api/v1/aliasexecution", say("user.mine", user)); a.Code != status {
			t.Errorf("a command with the keys of %q: %d %s, want %d", user, a.Code, a.Body, status)
		}
	}
	old := body(t, map[string]any{
		"name": "old", "pack": "p", "trigger": map[string]any{"type": "p.alarm"},
		"action": map[string]any{"ref": "p.say", "parameters": map[string]any{"word": "{{ system.q.key }}"}},
	})
	g.as("owner", "POST", "/api/v1/rules", old).status(403)
	g.as("admin", "POST", "/api/v1/rules", old).status(201)
}

func TestRolesAreShown(t *testing.T) {
	g := newGuarded(t, true)
	g.fill()
	me := g.get("owner", "/api/v1/user").status(200)
	if me.at("rbac.enabled") != "true" || me.at("rbac.roles.0") != "p" || me.at("rbac.is_admin") != "false" {
		t.Errorf("the user: %s", me.Body)
	}
	if me := g.get("boss", "/api/v1/user").status(200); me.at("rbac.is_admin") != "true" {
		t.Errorf("an administrator by a role: %s", me.Body)
	}
	roles := g.do("GET", "/api/v1/rbac/roles", "").status(200)
	if roles.at("0.name") != "system_admin" || roles.at("0.system") != "true" || roles.at("3.name") != "p" || roles.at("3.permission_grant_objects.0.resource_type") != "pack" {
		t.Errorf("roles: %s", roles.Body)
	}
	if one := g.do("GET", "/api/v1/rbac/roles/"+roles.at("4.id"), "").status(200); one.at("name") != "q" {
		t.Errorf("a role by its id: %s", one.Body)
	}
	if own := g.do("GET", "/api/v1/rbac/roles?system=true", "").status(200); own.at("2.name") != "observer" || own.at("3.name") != "" {
		t.Errorf("roles of the system: %s", own.Body)
	}
	remote := g.do("GET", "/api/v1/rbac/role_assignments?remote=1", "").status(200)
	if remote.at("0.user") != "other" || remote.at("0.role") != "q" || remote.at("0.source") != "mappings/q.yaml" || remote.at("1.user") != "" {
		t.Errorf("assignments by a group: %s", remote.Body)
	}
	g.get("other", "/api/v1/rbac/role_assignments?user=other").status(200)
	g.get("other", "/api/v1/rbac/role_assignments?user=owner").status(403)
	g.get("other", "/api/v1/rbac/role_assignments/"+remote.at("0.id")).status(200)
	g.get("owner", "/api/v1/rbac/role_assignments/"+remote.at("0.id")).status(403)
	if kinds := g.do("GET", "/api/v1/rbac/permission_types/action", "").status(200); kinds.at("action_execute") != "Execute an action." {
		t.Errorf("permissions: %s", kinds.Body)
	}
	g.do("GET", "/api/v1/rbac/permission_types/nothing", "").status(404)
}

func TestRightsAreExplained(t *testing.T) {
	g := newGuarded(t, true)
	g.fill()
	for _, tt := range []struct{ user, permission, resource, allowed, why string }{
		{"owner", "action_execute", "action:p:say", "true", `Role "p", which user "owner" has by assignments/owner.yaml, grants action_all on pack:p.`},
		{"owner", "action_execute", "p.say", "true", `Role "p", which user "owner" has by assignments/owner.yaml, grants action_all on pack:p.`},
		{"other", "action_list", "", "true", `Role "q", which group "team-q" has by mappings/q.yaml, grants action_list.`},
		{"other", "action_execute", "p.say", "false", `User "other" doesn't have required permission "action_execute" on resource "action:p:say"`},
		{"viewer", "action_view", "p.say", "false", `User "viewer" doesn't have required permission "action_view" on resource "action:p:say": it is locked down`},
		{"admin", "action_view", "p.say", "true", "The user is an administrator by the ledger or a group of auth.admin_groups, who may do everything."},
		{"owner", "execution_view", "execution:" + g.names["executions"], "true", `Role "p", which user "owner" has by assignments/owner.yaml, grants action_all on pack:p.`},
		{"owner", "key_value_pair_view", "key_value_pair:st2kv.user:other:x", "false", `It is a key of user "other", which only they and administrators may see.`},
		{"owner", "nothing_at_all", "", "false", `There is no permission "nothing_at_all".`},
		{"admin", "nothing_at_all", "", "false", `There is no permission "nothing_at_all".`},
	} {
		a := g.do("GET", "/api/ns/v1/rbac/explain?user="+tt.user+"&permission="+tt.permission+"&resource="+tt.resource, "").status(200)
		if a.at("allowed") != tt.allowed || a.at("why") != tt.why {
			t.Errorf("%s %s %s: %s %s", tt.user, tt.permission, tt.resource, a.at("allowed"), a.at("why"))
		}
	}
}

// TestEverybodyLearnsWhatTheyMayDo holds that what is said of the rights of somebody is what
// the gates let them do, and tells nothing of what is locked down.
func TestEverybodyLearnsWhatTheyMayDo(t *testing.T) {
	g := newGuarded(t, true)
	g.fill()
	for _, tt := range []struct {
		who, resource string
		may, mayNot   []string
	}{
		{"owner", "", []string{"rule_create", "pack_install", "execution_list", "execution_stop"}, []string{"api_key_delete"}},
		{"owner", "action:p.say", []string{"action_execute", "execution_stop", "action_delete"}, []string{"rule_create"}},
		{"owner", "execution:" + g.names["executions"], []string{"execution_stop", "execution_view"}, nil},
		{"other", "", []string{"rule_create", "execution_list"}, []string{"pack_install"}},
		{"other", "rule:q:deploy", []string{"rule_modify"}, []string{"action_execute"}},
		{"viewer", "action:q.say", []string{"action_view"}, []string{"action_execute", "execution_stop", "execution_rerun"}},
		{"nobody", "", []string{"key_value_pair_list"}, []string{"execution_list", "action_execute", "rule_create", "execution_stop"}},
		{"admin", "action:p.say", []string{"action_execute"}, nil},
	} {
		a := g.get(tt.who, "/api/ns/v1/rights?resource="+tt.resource).status(200)
		var got struct {
			Admin       bool     `json:"admin"`
			Permissions []string `json:"permissions"`
		}
		if err := json.Unmarshal(a.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Admin != (tt.who == "admin") {
			t.Errorf("%s is an administrator: %t", tt.who, got.Admin)
		}
		for _, p := range tt.may {
			if !slices.Contains(got.Permissions, p) {
				t.Errorf("%s may not %s on %q: %v", tt.who, p, tt.resource, got.Permissions)
			}
		}
		for _, p := range tt.mayNot {
			if slices.Contains(got.Permissions, p) {
				t.Errorf("%s may %s on %q", tt.who, p, tt.resource)
			}
		}
	}
	// Of what is locked down the same is said as of what is not there.
	for _, hidden := range []string{"execution:" + g.names["executions"], "action:p.say"} {
		gone := map[string]string{"execution": "execution:" + ident.New(time.Now()), "action": "action:p.nothing"}[strings.Split(hidden, ":")[0]]
		if a, b := g.get("viewer", "/api/ns/v1/rights?resource="+hidden), g.get("viewer", "/api/ns/v1/rights?resource="+gone); a.Code != 200 || a.Body.String() != b.Body.String() {
			t.Errorf("%s: %d %s, and of what is not there %d %s", hidden, a.Code, a.Body, b.Code, b.Body)
		}
	}
	g.get("viewer", "/api/ns/v1/rights?resource=core.local").status(400)

	// Several are answered as each of them is.
	each := g.get("other", "/api/ns/v1/rights?resource=rule:q.deploy&resource=rule:p.deploy&resource=key_value_pair:st2kv.system:a,b").status(200)
	for i, want := range []string{"rule:q.deploy", "rule:p.deploy", "key_value_pair:st2kv.system:a,b"} {
		one := g.get("other", "/api/ns/v1/rights?resource="+want).status(200)
		at := "each." + strconv.Itoa(i)
		if each.at(at+".resource") != want || each.at(at+".permissions") != one.at("permissions") {
			t.Errorf("of %s it says %s, and alone %s", want, each.at(at), one.Body)
		}
	}
	if each.at("each.0.permissions") == each.at("each.1.permissions") {
		t.Errorf("team q may do the same with rules of both teams: %s", each.Body)
	}
	g.get("other", "/api/ns/v1/rights?"+strings.Repeat("resource=rule:q.x&", 101)).status(400)
}

func TestMistakesInRolesAreToldAndChangeNothing(t *testing.T) {
	g := newGuarded(t, false)
	g.do("POST", "/api/ns/v1/rbac/reload", "").status(200)
	g.roles.mistakes = []rbac.Mistake{{File: "roles/p.yaml", Line: 3, Column: 4, Msg: "there is no permission 'x'"}}
	if got := g.do("POST", "/api/ns/v1/rbac/reload", "").status(400).fault(); !strings.Contains(got, "roles/p.yaml:3:4: there is no permission 'x'") {
		t.Errorf("told %q", got)
	}
	g.get("owner", "/api/v1/actions/p.say").status(200)
	g.roles.policy.Store(nil)
	g.do("POST", "/api/ns/v1/rbac/reload", "").status(400)
}

// TestPartsOfWhatIsLockedDownAreHidden holds that what a hidden workflow or rule has
// started is hidden with it, though everybody may look at the action.
func TestPartsOfWhatIsLockedDownAreHidden(t *testing.T) {
	g := newGuarded(t, true)
	root := g.run("p.noargs", func(e *execution.Execution) { e.Runner, e.Conducted = "orquesta", true })
	middle := g.run("q.nested", func(e *execution.Execution) { e.Runner, e.Conducted, e.Parent = "orquesta", true, root.ID })
	part := g.run("q.step", func(e *execution.Execution) { e.Parent = middle.ID })
	started := g.run("q.step", func(e *execution.Execution) {
		e.Context.Rule = &execution.Named{ID: g.do("GET", "/api/v1/rules/p.deploy", "").at("id"), Name: "deploy"}
	})
	open := g.run("q.nested", func(e *execution.Execution) { e.Runner, e.Conducted = "orquesta", true })
	seen := g.run("q.step", func(e *execution.Execution) { e.Parent = open.ID })
	hidden := g.run("p.say", func(e *execution.Execution) { e.Parent = open.ID })
	for _, who := range []string{"viewer", "other"} {
		list := g.get(who, "/api/v1/executions")
		if list.Header().Get("X-Total-Count") != "2" {
			t.Errorf("%s sees %s: %s", who, list.Header().Get("X-Total-Count"), list.Body)
		}
		for _, e := range []*execution.Execution{root, middle, part, started, hidden} {
			g.get(who, "/api/v1/executions/"+e.ID).status(404)
			g.get(who, "/api/v1/executions/"+e.ID+"/output").status(404)
		}
		if text := list.Body.String(); strings.Contains(text, hidden.ID) {
			t.Errorf("%s sees that there is a part: %s", who, text)
		}
		for _, path := range []string{"/api/v1/executions/" + open.ID, "/api/v1/executions/" + open.ID + "/children", "/api/ns/v1/executions/" + open.ID + "/why"} {
			if text := g.get(who, path).status(200).Body.String(); strings.Contains(text, hidden.ID) || !strings.Contains(text, seen.ID) {
				t.Errorf("%s sees of what is open: %s", who, text)
			}
		}
		if got := g.get(who, "/api/v1/executions/last").status(200).at("id"); got != seen.ID {
			t.Errorf("the last that %s sees is %s", who, got)
		}
	}
	if n := g.get("owner", "/api/v1/executions?include_attributes=id").Header().Get("X-Total-Count"); n != "2" {
		t.Errorf("the team sees %s executions, want those of its own actions: 2", n)
	}
	g.do("GET", "/api/v1/executions/"+part.ID, "").status(200)
}

func TestStreamsTellOnlyWhatSomebodyMaySee(t *testing.T) {
	g := newGuarded(t, true)
	c := g.listen()
	as := func(who string) *client.Client { return &client.Client{BaseURL: c.BaseURL, Token: g.tokens[who]} }
	root := g.run("p.noargs", func(e *execution.Execution) { e.Runner, e.Conducted = "orquesta", true })
	ends := g.run("q.step", nil)
	query := url.Values{"end_event": {"st2.execution__update"}, "end_execution_id": {ends.ID}}
	streams := map[string]<-chan []client.Event{}
	for _, who := range []string{"viewer", "other", "admin"} {
		streams[who] = g.follow(as(who), "/stream/v1/stream", query)
	}
	for _, action := range []string{"p.say", "q.other"} {
		e := g.run(action, nil)
		g.prints(e, "stdout", "of "+action)
		g.finish(e, execution.Succeeded, `{}`)
	}
	part := g.run("q.step", func(e *execution.Execution) { e.Parent = root.ID })
	g.finish(part, execution.Succeeded, `{}`)
	g.finish(ends, execution.Succeeded, `{}`)
	for who, stream := range streams {
		text := ""
		for _, e := range <-stream {
			text += string(e.Data)
		}
		for want, where := range map[string]bool{"q.other": true, ends.ID: true, "p.say": who == "admin", part.ID: who == "admin"} {
			if strings.Contains(text, want) != where {
				t.Errorf("%s hears of %s: %v, want %v", who, want, !where, where)
			}
		}
	}

	// With other roles streams end, and what comes next is told to nobody by the old ones.
	ended := g.follow(as("viewer"), "/stream/v1/stream", nil)
	g.roles.policy.Store(policyOf(t, map[string]string{"roles/x.yaml": "name: x\n"}))
	g.finish(g.run("q.step", nil), execution.Succeeded, `{}`)
	if got := <-ended; len(got) != 0 {
		t.Errorf("heard with rights that are gone: %s", names(got))
	}
}
