package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
)

func TestEveryPrefixOfStackStormReachesTheSameThing(t *testing.T) {
	s := newServer(t, api.Options{})
	e := s.run("p.noargs", nil)
	for path, want := range map[string]int{
		"/api/v1/actions": 200, "/api/v1/actions/": 200, "/v1/actions": 200, "/v1/actions/?limit=1": 200, "/actions": 200, "/api/actions": 200,
		"/api/v1/executions/" + e.ID: 200, "/v1/actionexecutions/" + e.ID: 200, "/actionexecutions": 200,
		"/auth/v1/sso": 200, "/auth/sso": 200, "/sso": 200, "/v1/sso": 200,
		"/": 200, "/v1": 200, "/v1/": 200, "/api/v1": 200, "/api/v1/": 200,
		"//v1///actions": 200, "/v1/x/../actions": 200,
		"/healthz": 200, "/readyz": 200, "/metrics": 200,
		"/api/v1/nothing": 404, "/v2/actions": 404, "/actionsx": 404, "/authx": 404, "/api/v1x/actions": 404,
	} {
		if a := s.do("GET", path, ""); a.Code != want {
			t.Errorf("GET %s: %d %s, want %d", path, a.Code, a.Body, want)
		}
	}
	for _, subtree := range []string{"PUT /keys", "DELETE /v1/keys/", "POST /api/v1/webhooks", "GET /api/v1/packs/views/file/core"} {
		method, path, _ := strings.Cut(subtree, " ")
		if a := s.do(method, path, ""); a.Code != http.StatusNotFound {
			t.Errorf("%s: %d to %q, want 404: the mux must send nobody in circles", subtree, a.Code, a.Header().Get("Location"))
		}
	}
	if got := s.do("PATCH", "/api/v1/actions", "").status(404).fault(); got == "" {
		t.Error("an unknown method gets no sentence")
	}
}

func TestNothingButHealthIsServedWithoutCredentials(t *testing.T) {
	s := newServer(t, api.Options{})
	public := map[string]bool{
		"/healthz": true, "/readyz": true, "/sso": true, "/tokens": true, "/openapi.json": true,
		"/sso/request": true, "/sso/callback": true, "/sso/device": true, "/sso/device/token": true,
	}
	for _, r := range s.api.Routes() {
		path := strings.NewReplacer("{$}", "", "{hook...}", "x", "{name...}", "x").Replace(r.Service + r.Path)
		for _, part := range []string{"id", "ref", "name", "source"} {
			path = strings.ReplaceAll(path, "{"+part+"}", "x")
		}
		if r.Service == "/ns" {
			path = "/api/ns/v1" + r.Path
		}
		a := s.ask(r.Method, path, "")
		if want := public[r.Path]; want == (a.Code == http.StatusUnauthorized) && r.Path != "/tokens" {
			t.Errorf("%s %s without credentials: %d %s", r.Method, path, a.Code, a.Body)
		}
		if r.Public != public[r.Path] {
			t.Errorf("%s %s: public is %v", r.Method, path, r.Public)
		}
		if r.Summary == "" || !strings.HasSuffix(r.Summary, ".") {
			t.Errorf("%s %s has no summary", r.Method, path)
		}
	}
	if a := newServer(t, api.Options{MetricsPublic: true}).ask("GET", "/metrics", ""); a.Code != 200 {
		t.Errorf("public metrics: %d", a.Code)
	}
}

func TestCallersAreRecognisedInTheOrderOfTheReference(t *testing.T) {
	s := newServer(t, api.Options{})
	key := s.do("POST", "/v1/apikeys", `{"user": "jira", "metadata": {"a": 1}}`).status(201)
	plain := key.at("key")
	ofExecution := func(id string) string {
		return s.signer.Sign(access.Grant{User: "nightshift", Execution: id, Expires: time.Now().Add(time.Minute).Unix()})
	}
	signed, over := ofExecution(s.run("p.noargs", nil).ID), s.run("p.noargs", nil)
	s.finish(over, execution.Succeeded, `{}`)
	expired := s.signer.Sign(access.Grant{User: "nightshift", Expires: time.Now().Add(-time.Minute).Unix()})
	old := access.NewToken()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertToken(ctx, access.Token{ID: ident.New(time.Now()), Hash: access.TokenHash(old), User: "admin", ExpiresAt: time.Now().Add(-time.Second)})
	})
	tests := map[string]struct {
		query   string
		headers []string
		user    string // empty: refused
		place   string
	}{
		"token header":        {"", []string{"X-Auth-Token: " + s.admin}, "admin", "header"},
		"token before key":    {"", []string{"X-Auth-Token: " + s.user, "St2-Api-Key: " + plain}, "ada", "header"},
		"bad token, good key": {"", []string{"X-Auth-Token: nonsense", "St2-Api-Key: " + plain}, "", ""},
		"key header":          {"", []string{"St2-Api-Key: " + plain}, "jira", "header"},
		"header before query": {"?x-auth-token=" + s.user, []string{"St2-Api-Key: " + plain}, "jira", "header"},
		"token in query":      {"?x-auth-token=" + s.user, nil, "ada", "query param"},
		"key in query":        {"?st2-api-key=" + plain, nil, "jira", "query param"},
		"cookie":              {"", []string{"Cookie: auth-token=" + s.user}, "ada", "cookie"},
		"query before cookie": {"?st2-api-key=" + plain, []string{"Cookie: auth-token=" + s.user}, "jira", "query param"},
		"bearer token":        {"", []string{"Authorization: Bearer " + s.user}, "ada", "header"},
		"bearer key":          {"", []string{"Authorization: Bearer " + plain}, "jira", "header"},
		"signed":              {"", []string{"X-Auth-Token: " + signed}, "nightshift", "header"},
		"signed, and over":    {"", []string{"X-Auth-Token: " + ofExecution(over.ID)}, "", ""},
		"signed for nothing":  {"", []string{"X-Auth-Token: " + ofExecution(ident.New(time.Now()))}, "", ""},
		"signed and expired":  {"", []string{"X-Auth-Token: " + expired}, "", ""},
		"forged":              {"", []string{"X-Auth-Token: " + signed[:len(signed)-2] + "xx"}, "", ""},
		"expired":             {"", []string{"X-Auth-Token: " + old}, "", ""},
		"unknown key":         {"", []string{"St2-Api-Key: UNKNOWN"}, "", ""},
		"id of a key":         {"", []string{"St2-Api-Key: " + key.at("id")}, "", ""},
		"nothing":             {"", nil, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := s.with(t)
			for range 2 { // the second is answered from memory
				a := s.ask("GET", "/v1/user"+tt.query, "", tt.headers...)
				if tt.user == "" {
					if a.status(401); !strings.HasPrefix(a.fault(), "Unauthorized - ") {
						t.Errorf("refused with %q", a.fault())
					}
					continue
				}
				a.status(200)
				if a.at("username") != tt.user || a.at("authentication.location") != tt.place {
					t.Errorf("recognised as %s", a.Body)
				}
			}
		})
	}
	if got := s.ask("GET", "/v1/user", "").fault(); got != "Unauthorized - One of Token or API key required." {
		t.Errorf("without credentials: %q", got)
	}
	if got := s.ask("GET", "/v1/actions", "", "St2-Api-Key: UNKNOWN").fault(); !strings.HasSuffix(got, "e1cbf68eb9b5 not found.") {
		t.Errorf("unknown key: %q", got)
	}
}

func TestAShutOutCallerIsShutOutAtOnce(t *testing.T) {
	s := newServer(t, api.Options{})
	key := s.do("POST", "/v1/apikeys", `{}`).status(201)
	header := "St2-Api-Key: " + key.at("key")
	s.ask("GET", "/v1/user", "", header).status(200)
	s.do("PUT", "/v1/apikeys/"+key.at("id"), `{"enabled": false}`).status(200)
	s.ask("GET", "/v1/user", "", header).status(401)
	s.do("PUT", "/v1/apikeys/"+key.at("id"), `{"enabled": true}`).status(200)
	s.ask("GET", "/v1/user", "", header).status(200)
	s.do("DELETE", "/v1/apikeys/"+key.at("id"), "").status(204)
	s.ask("GET", "/v1/user", "", header).status(401)

	s.ask("GET", "/v1/user", "", "X-Auth-Token: "+s.user).status(200)
	s.ask("DELETE", "/api/ns/v1/token", "", "X-Auth-Token: "+s.user).status(204)
	s.ask("GET", "/v1/user", "", "X-Auth-Token: "+s.user).status(401)
}

func TestABrowserGetsACookieAndOtherSitesCannotUseIt(t *testing.T) {
	s := newServer(t, api.Options{})
	a := s.do("GET", "/v1/user", "").status(200)
	cookie := a.Header().Get("Set-Cookie")
	for _, want := range []string{"auth-token=" + s.admin, "HttpOnly", "SameSite=Lax", "Max-Age="} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q has no %s", cookie, want)
		}
	}
	s.ask("POST", "/v1/apikeys", `{}`, "Cookie: auth-token="+s.admin, "Sec-Fetch-Site: cross-site").status(403)
	s.ask("POST", "/v1/apikeys", `{}`, "Cookie: auth-token="+s.admin, "Sec-Fetch-Site: same-origin").status(201)
}

func TestLogIn(t *testing.T) {
	s := newServer(t, api.Options{})
	s.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutUser(ctx, access.User{Name: "admin", Admin: true, Password: access.HashPassword(adminPassword), CreatedAt: time.Now()})
	})
	login := func(user, password, body string) answer {
		r := s.ask("POST", "/auth/v1/tokens", body, "Authorization: "+basic(user, password))
		return r
	}
	a := login("admin", adminPassword, `{}`).status(201)
	if a.at("user") != "admin" || len(a.at("token")) != 32 || a.at("service") != "false" || a.Header().Get("X-API-URL") == "" {
		t.Errorf("token: %s", a.Body)
	}
	s.ask("GET", "/v1/user", "", "X-Auth-Token: "+a.at("token")).status(200)
	if got := s.do("POST", "/auth/v1/tokens/validate", `{"token": "`+a.at("token")+`"}`).status(200).at("valid"); got != "true" {
		t.Errorf("valid: %s", got)
	}
	if got := s.do("POST", "/auth/v1/tokens/validate", `{"token": "x"}`).status(200).at("valid"); got != "false" {
		t.Errorf("nonsense is valid: %s", got)
	}
	short := login("admin", adminPassword, `{"ttl": 60}`).status(201)
	expiry, err := time.Parse(time.RFC3339, short.at("expiry"))
	if left := time.Until(expiry); err != nil || left > time.Minute || left < 50*time.Second {
		t.Errorf("expires in %v, %v", left, err)
	}
	for body, want := range map[string]string{
		`{"ttl": 86401}`: "TTL specified 86401 is greater than max allowed 86400.",
		`{"ttl": 0}`:     "TTL specified 0 must be a positive number of seconds.",
		`{"ttl": "1"}`:   "'1' is not of type 'integer'",
		`{"who": 1}`:     "Additional properties are not allowed ('who' was unexpected)",
		`{"ttl": }`:      "Failed to parse request body: Expecting value: line 1 column 9 (char 8)",
	} {
		if a := login("admin", adminPassword, body); a.Code != 400 || a.fault() != want {
			t.Errorf("%s: %d %q, want %q", body, a.Code, a.fault(), want)
		}
	}
	for name, header := range map[string]string{
		"none": "", "wrong": basic("admin", "x"), "nobody": basic("nobody", "x"), "no password": basic("ada", ""), "bearer": "Bearer x",
		"not base64": "Basic ???", "no colon": "Basic YWRtaW4=",
	} {
		a := s.ask("POST", "/auth/v1/tokens", `{}`, "Authorization: "+header)
		if a.Code != 401 || a.fault() != "Invalid or missing credentials" {
			t.Errorf("%s: %d %q", name, a.Code, a.fault())
		}
	}
}

func TestWhoGuessesPasswordsWaitsAndOthersDoNot(t *testing.T) {
	s := newServer(t, api.Options{})
	s.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutUser(ctx, access.User{Name: "admin", Admin: true, Password: access.HashPassword(adminPassword), CreatedAt: time.Now()})
	})
	wrong := func() answer { return s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("admin", "guess")) }
	for range 5 {
		wrong().status(401)
	}
	a := wrong().status(429)
	if a.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("admin", adminPassword)).status(429)
	// Another user from the same address, and the same user from another.
	s.ask("POST", "/tokens", `{}`, "Authorization: "+basic("ada", "guess")).status(401)
	r := newRequest(t, "POST", "/tokens", `{}`)
	r.RemoteAddr = "192.0.2.77:1234"
	r.Header.Set("Authorization", basic("admin", adminPassword))
	if w := s.serve(r); w.Code != 201 {
		t.Errorf("the same user from elsewhere: %d %s", w.Code, w.Body)
	}
}

func TestListsPageFilterAndSelect(t *testing.T) {
	s := newServer(t, api.Options{})
	tests := map[string]struct {
		path         string
		names        string // values of the attribute name, or ref
		total, limit string
	}{
		"all":            {"/actions?include_attributes=name", "broken limited noargs off say secretive", "6", ""},
		"page":           {"/actions?limit=2&offset=1&include_attributes=name", "limited noargs", "6", "2"},
		"beyond":         {"/actions?limit=2&offset=10&include_attributes=name", "", "6", "2"},
		"minus one":      {"/actions?limit=-1&include_attributes=name", "broken limited noargs off say secretive", "6", ""},
		"by name":        {"/actions?name=say&include_attributes=name", "say", "1", ""},
		"by pack":        {"/actions?pack=q", "", "0", ""},
		"by tag":         {"/actions?tags=kind&limit=1&include_attributes=name", "broken", "6", "1"},
		"sorted":         {"/triggertypes?sort=-ref&limit=2&include_attributes=name", "alarm st2.webhook", "5", "2"},
		"default limit":  {"/policytypes?include_attributes=name", "concurrency concurrency.attr retry", "3", "100"},
		"flag":           {"/rules?enabled=1&limit=1&include_attributes=name", "alarm", "4", "1"},
		"flag off":       {"/rules?enabled=no", "", "0", ""},
		"rules of":       {"/rules?trigger=p.alarm&include_attributes=name", "alarm", "1", ""},
		"rules for":      {"/rules?action=p.say&include_attributes=name", "deploy", "1", ""},
		"sensors of":     {"/sensortypes?trigger=p.alarm&include_attributes=name", "Eye", "1", ""},
		"first repeated": {"/actions?name=say&name=off&include_attributes=name", "say", "1", ""},
		"unknown params": {"/policies?resource_ref=nobody&include_attributes=name", "one", "1", "100"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := s.with(t).do("GET", "/api/v1"+tt.path, "").status(200)
			var items []struct{ Name string }
			if err := json.Unmarshal(a.Body.Bytes(), &items); err != nil {
				t.Fatalf("%v: %s", err, a.Body)
			}
			var names []string
			for _, i := range items {
				names = append(names, i.Name)
			}
			if got := strings.Join(names, " "); got != tt.names {
				t.Errorf("names %q, want %q", got, tt.names)
			}
			if got := a.Header().Get("X-Total-Count"); got != tt.total {
				t.Errorf("total %q, want %q", got, tt.total)
			}
			if got := a.Header().Get("X-Limit"); got != tt.limit {
				t.Errorf("limit %q, want %q", got, tt.limit)
			}
		})
	}
	if got := s.do("GET", "/v1/actions?include_attributes=runner_type&name=say", "").status(200).Body.String(); !strings.Contains(got, `"ref":"p.say"`) ||
		strings.Contains(got, "parameters") {
		t.Errorf("selected: %s", got)
	}
	if got := s.do("GET", "/v1/actions?exclude_attributes=parameters,notify&name=say", "").status(200).Body.String(); strings.Contains(got, `"parameters"`) {
		t.Errorf("without parameters: %s", got)
	}
	// A name with a dot in it is a path.
	got := s.do("GET", "/v1/rules?include_attributes=action.ref&name=alarm", "").status(200)
	if d := cmp.Diff(`[{"ref":"p.alarm","action":{"ref":"p.secretive"},"id":"`+got.at("0.id")+`"}]`, strings.TrimSpace(got.Body.String())); d != "" {
		t.Error(d)
	}
}

func TestWrongQueriesAreRefusedInTheWordsOfTheReference(t *testing.T) {
	s := newServer(t, api.Options{})
	for path, want := range map[string]string{
		"/actions?include_attributes=id&exclude_attributes=id":  "exclude_fields and include_fields arguments are mutually exclusive. You need to provide either one or another, but not both.",
		"/actions?exclude_attributes=name":                      "Invalid or unsupported exclude attribute specified: name",
		"/actions?include_attributes=nonsense":                  "Invalid or unsupported include attribute specified: nonsense",
		"/executions?exclude_attributes=action":                 "Invalid or unsupported exclude attribute specified: action",
		"/executions?limit=0":                                   "Limit, \"0\" specified, must be a positive number or -1 for full result set.",
		"/executions?limit=-22":                                 "Limit, \"-22\" specified, must be a positive number.",
		"/executions?limit=x":                                   "Parameter \"limit\" is not of type integer",
		"/executions?offset=2141564789454123457895412237483648": "Offset \"2141564789454123457895412237483648\" specified is more than 32-bit int",
		"/executions?id=invalidid":                              "'invalidid' is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string",
		"/executions?timestamp_gt=yesterday":                    "Parameter \"timestamp_gt\": \"yesterday\" is not a time such as 2006-01-02T15:04:05.000000Z",
		"/executions?show_secrets=maybe":                        "Parameter \"show_secrets\" is not of type boolean",
		"/executions?filter=nonsense":                           "Invalid filter \"nonsense\": it must be of the form path:value.",
		"/executions/last":                                      "No executions found in the database",
		"/rules?enabled=perhaps":                                "Parameter \"enabled\" is not of type boolean",
		"/keys?scope=moon":                                      "Scope \"moon\" is not valid; there are system, user and all.",
	} {
		if a := s.do("GET", "/v1"+path, ""); a.Code != 400 || a.fault() != want {
			t.Errorf("%s: %d %q, want %q", path, a.Code, a.fault(), want)
		}
	}
	for path, want := range map[string]string{
		"/actions/1":                        "Resource with a reference or id \"1\" not found",
		"/runnertypes/1":                    "Resource with a name or id \"1\" not found",
		"/packs/x":                          "Resource with a ref or id \"x\" not found",
		"/executions/100":                   "Unable to identify resource with id \"100\".",
		"/ruleenforcements/1":               "Unable to identify resource with id \"1\".",
		"/triggerinstances/1":               "Unable to identify resource with id \"1\".",
		"/keys/x":                           "The key \"x\" does not exist in the StackStorm datastore.",
		"/webhooks/x":                       "Webhook \"x\" not found: no rule listens to it.",
		"/timers/p.alarm":                   "Unable to identify resource with id \"p.alarm\".",
		"/actions/" + ident.New(time.Now()): "",
	} {
		if a := s.do("GET", "/v1"+path, ""); a.Code != 404 || want != "" && a.fault() != want {
			t.Errorf("%s: %d %q, want %q", path, a.Code, a.fault(), want)
		}
	}
	if got := s.ask("GET", "/v1/actions?limit=101", "", "X-Auth-Token: "+s.user).status(403).fault(); got != `Limit "101" specified, maximum value is "100"` {
		t.Errorf("a long page for who is no admin: %q", got)
	}
}

func TestExecutionsAreCreatedShownAndMasked(t *testing.T) {
	s := newServer(t, api.Options{})
	a := s.do("POST", "/v1/executions", `{"action": "p.secretive", "parameters": {"key": "HUSH", "cmd": "x"}, "context": {"source_channel": "c", "user": "root"}}`,
		`St2-Context: {"api_user": "bot"}`).status(201)
	if strings.Contains(a.Body.String(), "HUSH") {
		t.Errorf("secret shown: %s", a.Body)
	}
	for path, want := range map[string]string{
		"status": "scheduled", "parameters.key": "********", "liveaction.parameters.key": "********", "context.user": "admin",
		"context.api_user": "bot", "context.source_channel": "c", "context.pack": "p", "action.ref": "p.secretive",
		"runner.name": "local-shell-cmd", "liveaction.action": "p.secretive", "log.0.status": "requested", "elapsed_seconds": "null",
	} {
		if got := a.at(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	id := a.at("id")
	if got := a.at("web_url"); !strings.HasSuffix(got, "/#/history/"+id+"/general") {
		t.Errorf("web_url %s", got)
	}
	if got := s.do("GET", "/v1/executions/"+id+"?show_secrets=true", "").status(200).at("parameters.key"); got != "HUSH" {
		t.Errorf("an admin who asks sees %s", got)
	}
	if got := s.ask("GET", "/v1/executions/"+id+"?show_secrets=true", "", "X-Auth-Token: "+s.user).status(200).at("parameters.key"); got != "********" {
		t.Errorf("who is no admin sees %s", got)
	}
	if got := s.do("GET", "/v1/executions/last?include_attributes=parameters,action.ref", "").status(200); got.at("action.ref") != "p.secretive" ||
		got.at("status") != "null" || got.at("id") != id {
		t.Errorf("selected: %s", got.Body)
	}
	e, err := s.store.Reader().Execution(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	s.finish(e, execution.Failed, `{"result": {"token": "T0P", "n": 1}}`)
	got := s.do("GET", "/v1/executions/"+id, "").status(200)
	if got.at("result.result.token") != "********" || got.at("result.result.n") != "1" || got.at("status") != "failed" || got.at("elapsed_seconds") == "null" {
		t.Errorf("finished: %s", got.Body)
	}
	if got := s.do("GET", "/v1/executions/"+id+"/attribute/result", "").status(200).Body.String(); strings.Contains(got, "T0P") {
		t.Errorf("attribute: %s", got)
	}
	if got := s.do("GET", "/v1/executions/"+id+"/result?show_secrets=1", "").status(200).Body.String(); !strings.Contains(got, "T0P") {
		t.Errorf("result: %s", got)
	}
	if got := s.do("GET", "/v1/executions?limit=1", "").status(200); got.at("0.result.result.n") != "1" {
		t.Errorf("listed: %s", got.Body)
	}
	if got := s.do("GET", "/v1/executions?limit=1&exclude_attributes=result", "").status(200); got.at("0.result") != "null" {
		t.Errorf("listed without result: %s", got.Body)
	}
	if got := s.do("GET", "/v1/executions/"+id+"?max_result_size=3", "").status(200); got.at("result") != "null" || got.at("result_size") == "null" {
		t.Errorf("without a large result: %s", got.Body)
	}
	download := s.do("GET", "/v1/executions/"+id+"/result?download=1&compress=1", "").status(200)
	if got := download.Header().Get("Content-Disposition"); got != `attachment; filename="execution_`+id+`_result.json.gz"` {
		t.Errorf("download: %s", got)
	}
}

func TestWrongExecutionsAreRefused(t *testing.T) {
	s := newServer(t, api.Options{})
	for body, want := range map[string]string{
		`{"action": "mock.foobar"}`: `Action "mock.foobar" cannot be found.`,
		`{"action": "p.say"}`:       `'word' is a required property`,
		`{"action": "p.say", "parameters": {"word": "x", "foo": 1}}`: `Additional properties are not allowed ('foo' was unexpected)`,
		`{"action": "p.say", "parameters": {"word": 5}}`:             `Failed to cast value "5" (type: int) for parameter "word" of type "string": Value "5" must either be a string or None. Got "int". Perhaps the value is of an invalid type?`,
		`{"action": "p.off"}`:    `Unable to execute. Action "p.off" is disabled.`,
		`{"action": "p.broken"}`: `Action "p.broken" cannot be run: there is no runner type "no-such-runner"`,
		`{}`:                     `'action' is a required property`,
		`{"action": 5}`:          `5 is not of type 'string'`,
		`{"action": "p.say", "foo": 1, "delay": -1}`: "Additional properties are not allowed ('foo' was unexpected)\ndelay: -1 is less than the minimum of 0",
		`{"action": "p.noargs", "notify": {"on-succes": {}, "on-failure": {"routes": "ops"}}}`: "notify: unknown key \"on-succes\"; did you mean \"on-success\"?\n" +
			"notify.on-failure.routes is of type str, not a list",
		`[1]`: `[1] is not of type 'object'`,
		"{\n  \"action\": \"p.say\",\n  \"parameters\": {\"word\" 5}}":                      "Failed to parse request body: Expecting ':' delimiter: line 3 column 25 (char 47)",
		`{"action": "p.say", "parameters": {"word": "{{ nothing }}"}}`:                      `Dependency unsatisfied in variable "nothing"`,
		`{"action": "p.say", "parameters": {"word": "{{ times }}", "times": "{{ word }}"}}`: "Cyclic dependency found in the following variables: times, word. Likely the variable is referencing itself",
	} {
		if a := s.do("POST", "/v1/executions", body); a.Code != 400 || a.fault() != want {
			t.Errorf("%s: %d %q, want %q", body, a.Code, a.fault(), want)
		}
	}
	// What could not be rendered is on record as failed.
	if got := s.do("GET", "/v1/executions?status=failed", "").status(200).Header().Get("X-Total-Count"); got != "2" {
		t.Errorf("%s failed executions, want 2", got)
	}
	if got := s.do("POST", "/v1/executions", `{"action": "p.noargs"}`, "St2-Context: [1]").status(400).fault(); !strings.Contains(got, "st2-context") {
		t.Errorf("context: %q", got)
	}
	s.do("POST", "/v1/executions", strings.Repeat(" ", 2<<20)).status(413)
	s.do("POST", "/v1/executions", "action=p.say", "Content-Type: application/x-www-form-urlencoded").status(400)
	s.ask("POST", "/v1/executions", `{"action": "p.noargs", "user": "admin"}`, "X-Auth-Token: "+s.user).status(403)
}

func TestExecutionsAreCanceledEndedAndRunAgain(t *testing.T) {
	s := newServer(t, api.Options{})
	a := s.do("POST", "/v1/executions", `{"action": "p.say", "parameters": {"word": "x"}}`).status(201)
	id := a.at("id")
	if got := s.do("DELETE", "/v1/executions/"+id, "").status(200); got.at("status") != "canceled" || got.at("context.cancelled_by") != "admin" {
		t.Errorf("canceled: %s", got.Body)
	}
	if got := s.do("DELETE", "/v1/executions/"+id, "").status(200).fault(); got != "Action cannot be canceled. State = canceled." {
		t.Errorf("canceled again: %q", got)
	}
	s.do("PUT", "/v1/executions/"+id, `{"status": "canceled"}`).status(400)

	running := s.run("p.say", nil)
	if got := s.do("PUT", "/v1/executions/"+running.ID, `{"status": "canceled"}`).status(200).at("status"); got != "canceling" {
		t.Errorf("a running one is %s", got)
	}
	other := s.run("p.say", nil)
	for body, want := range map[string]string{
		`{"status": "married"}`:                 "'married' is not one of ['requested', 'scheduled', 'delayed', 'running', 'succeeded', 'failed', 'timeout', 'abandoned', 'canceling', 'canceled', 'pending', 'pausing', 'paused', 'resuming']",
		`{"result": "foobar"}`:                  "'foobar' is not of type 'object'",
		`{"status": "abandoned", "foo": "bar"}`: "Additional properties are not allowed ('foo' was unexpected)",
		`{"status": "paused"}`:                  `Execution ` + other.ID + ` cannot be paused or resumed: runner "local-shell-cmd" is not able to.`,
		`{}`:                                    "'status' is a required property",
	} {
		if a := s.do("PUT", "/v1/executions/"+other.ID, body); a.Code != 400 || a.fault() != want {
			t.Errorf("%s: %d %q, want %q", body, a.Code, a.fault(), want)
		}
	}
	ended := s.do("PUT", "/v1/executions/"+other.ID, `{"status": "succeeded", "result": {"x": 1}}`).status(200)
	if ended.at("status") != "succeeded" || ended.at("result.x") != "1" {
		t.Errorf("ended: %s", ended.Body)
	}

	again := s.do("POST", "/v1/executions/"+id+"/re_run", `{"parameters": {"times": 2}}`).status(201)
	if again.at("parameters.word") != "x" || again.at("parameters.times") != "2" || again.at("context.re-run.ref") != id {
		t.Errorf("run again: %s", again.Body)
	}
	for body, want := range map[string]string{
		`{"tasks": ["x"]}`:                           "Task option is only supported for Orquesta workflows.",
		`{"parameters": {"a": "x"}, "reset": ["x"]}`: "Parameters override is not supported when re-running task(s) for a workflow.",
		`{"tasks": ["x"], "reset": ["y"]}`:           "List of tasks to reset does not match the tasks to rerun.",
		`{"delay": "soon"}`:                          "'soon' is not of type 'integer'",
		`{"parameters": {"word": 1000}}`:             `Failed to cast value "1000" (type: int) for parameter "word" of type "string": Value "1000" must either be a string or None. Got "int". Perhaps the value is of an invalid type?`,
	} {
		if a := s.do("POST", "/v1/executions/"+id+"/re_run", body); a.Code != 400 || a.fault() != want {
			t.Errorf("%s: %d %q, want %q", body, a.Code, a.fault(), want)
		}
	}
}

func TestVeryManyPartsAreWrittenAsTheyAreRead(t *testing.T) {
	s := newServer(t, api.Options{})
	parent := s.run("p.noargs", func(e *execution.Execution) { e.Conducted = true })
	const n = 450 // more than are read at a time
	ids := []string{}
	for i := range n {
		child := s.run("p.say", func(e *execution.Execution) {
			e.Parent, e.CreatedAt = parent.ID, parent.CreatedAt.Add(time.Duration(n-i%2)*time.Second)
		})
		ids = append(ids, child.ID)
	}
	inOrder := ids[:0:0]
	for _, rest := range []int{1, 0} {
		for i := rest; i < n; i += 2 {
			inOrder = append(inOrder, ids[i])
		}
	}
	for query, want := range map[string][]string{
		"": inOrder, "?result_fmt=sorted": inOrder, "?include_attributes=id": inOrder, "?limit=3&offset=223": inOrder[223:226],
		"?limit=200": inOrder[:200], "?offset=450": {}, "?depth=0": {}, "?include_attributes=status&limit=450": inOrder,
	} {
		a := s.do("GET", "/v1/executions/"+parent.ID+"/children"+query, "").status(200)
		var got []struct{ ID, Status string }
		if err := json.Unmarshal(a.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		gotIDs := []string{}
		for _, e := range got {
			gotIDs = append(gotIDs, e.ID)
		}
		if d := cmp.Diff(want, gotIDs); d != "" {
			t.Errorf("%s (-want +got): %s", query, d)
		}
	}
}

func TestALargeResultComesAsItIs(t *testing.T) {
	s := newServer(t, api.Options{})
	e := s.run("p.say", nil)
	result := `{"stdout": "` + strings.Repeat("0123456789", 1_000_000) + `"}`
	s.finish(e, execution.Succeeded, result)
	a := s.do("GET", "/v1/executions/"+e.ID+"/result", "").status(200)
	if a.Body.String() != result || a.Header().Get("Content-Length") != strconv.Itoa(len(result)) || a.Header().Get("Content-Type") != "text/json" {
		t.Errorf("%d bytes of %d, %v", a.Body.Len(), len(result), a.Header())
	}
	if a := s.do("GET", "/v1/executions/"+e.ID+"/result?download=true", "").status(200); !strings.Contains(a.Header().Get("Content-Disposition"), e.ID) {
		t.Errorf("as a file: %v", a.Header())
	}
}

func TestExecutionsAreFilteredAndPaged(t *testing.T) {
	s := newServer(t, api.Options{})
	parent := s.run("p.noargs", func(e *execution.Execution) { e.Conducted = true })
	child := s.run("p.say", func(e *execution.Execution) { e.Parent, e.Conducted = parent.ID, true })
	grand := s.run("p.say", func(e *execution.Execution) { e.Parent = child.ID; e.Context.User = "ada" })
	s.finish(grand, execution.Succeeded, `{}`)
	all := []string{grand.ID, child.ID, parent.ID}
	filter := "?filter=action.ref:p.say%20status:running"
	for query, want := range map[string][]string{
		"":                                       all,
		"?limit=1&offset=1":                      {child.ID},
		"?sort=+start_timestamp":                 {parent.ID, child.ID, grand.ID},
		"?sort_asc=start_timestamp":              {parent.ID, child.ID, grand.ID},
		"?parent=null":                           {parent.ID},
		"?parent=" + parent.ID:                   {child.ID},
		"?status=running":                        {child.ID, parent.ID},
		"?status=succeeded,running":              all,
		"?status=nonsense":                       {},
		"?action=p.say":                          {grand.ID, child.ID},
		"?user=ada":                              {grand.ID},
		"?runner=local-shell-cmd":                all,
		"?id=" + child.ID + "," + grand.ID:       {grand.ID, child.ID},
		"?liveaction=" + child.ID:                {child.ID},
		filter:                                   {child.ID},
		"?rule=nothing":                          {},
		"?timestamp_gt=2000-01-01T00:00:00.000Z": all,
		"?timestamp_lt=2000-01-01%2000:00:00Z":   {},
		"?timestamp=2000-01-01T00:00:00Z..2999-01-01T00:00:00Z": {parent.ID, child.ID, grand.ID},
		"?timestamp=2999-01-01T00:00:00Z..2000-01-01T00:00:00Z": all,
		"?timestamp=1999-01-01T00:00:00Z..2000-01-01T00:00:00Z": {},
	} {
		a := s.do("GET", "/v1/executions"+query, "").status(200)
		var got []struct{ ID string }
		if err := json.Unmarshal(a.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		ids := []string{}
		for _, e := range got {
			ids = append(ids, e.ID)
		}
		if d := cmp.Diff(want, ids); d != "" {
			t.Errorf("%s: %s", query, d)
		}
	}
	if a := s.do("GET", "/v1/executions?parent=null&limit=1", ""); a.Header().Get("X-Total-Count") != "1" {
		t.Errorf("total %s", a.Header().Get("X-Total-Count"))
	}
	children := s.do("GET", "/v1/executions/"+parent.ID+"/children", "").status(200)
	if children.at("0.id") != child.ID || children.at("0.children.0") != grand.ID || children.at("1.id") != grand.ID {
		t.Errorf("children: %s", children.Body)
	}
	if got := s.do("GET", "/v1/executions/"+parent.ID+"/children?depth=1", "").status(200); got.at("1.id") != "" {
		t.Errorf("children of depth 1: %s", got.Body)
	}
	if got := s.do("GET", "/v1/executions/"+parent.ID, "").status(200); got.at("children.0") != child.ID {
		t.Errorf("children of one: %s", got.Body)
	}
	filters := s.do("GET", "/v1/executions/views/filters?types=action,user", "").status(200)
	if d := cmp.Diff(`{"action":["p.noargs","p.say"],"user":["ada","admin"]}`, strings.TrimSpace(filters.Body.String())); d != "" {
		t.Error(d)
	}
	s.prints(child, "stdout", "out 1\n")
	s.prints(child, "stderr", "err 1\n")
	s.prints(child, "stdout", "out 2\n")
	for query, want := range map[string]string{"": "out 1\nerr 1\nout 2\n", "?output_type=stdout": "out 1\nout 2\n", "?output_type=stderr": "err 1\n"} {
		a := s.do("GET", "/v1/executions/"+child.ID+"/output"+query, "").status(200)
		if a.Body.String() != want || a.Header().Get("Content-Type") != "text/plain; charset=UTF-8" {
			t.Errorf("output%s: %q", query, a.Body)
		}
	}
	s.do("GET", "/v1/executions/"+child.ID+"/output?output_type=x", "").status(400)
}

func basic(user, password string) string {
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		panic(err)
	}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

func TestAnInternalErrorTellsNothingAndIsLogged(t *testing.T) {
	s := newServer(t, api.Options{})
	e := s.run("p.noargs", nil)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	a := s.do("GET", "/v1/executions/"+e.ID, "", "X-Request-ID: mine")
	if a.Code != 500 || a.fault() != "Internal Server Error" || a.Header().Get("X-Request-ID") != "mine" {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if !strings.Contains(s.log.String(), "request failed") || !strings.Contains(s.log.String(), "mine") {
		t.Errorf("log: %s", s.log)
	}
	if a := s.ask("GET", "/readyz", ""); a.Code != 503 {
		t.Errorf("ready without a store: %d", a.Code)
	}
	s.ask("GET", "/healthz", "").status(200)
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("GET", "/v1/actions/p.say", "").status(200)
	s.do("GET", "/v1/actions/p.nothing", "").status(404)
	text := s.do("GET", "/metrics", "").status(200).Body.String()
	for _, code := range []int{200, 404} {
		if want := fmt.Sprintf(`nightshift_http_requests_total{code="%d",route="GET /api/actions/{ref}"} 1`, code); !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}
