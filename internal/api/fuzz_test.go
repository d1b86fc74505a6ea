package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/identity/oidc"
	"github.com/nightshift-run/nightshift/internal/identity/oidc/oidctest"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// FuzzRoutes asks every operation of the table for anything, in any way and as anybody.
// Whatever comes: nothing panics or hangs, no answer is our own fault, each refusal has the
// documented form and a sentence, each answer is as the description says, and none tells a
// planted secret.
//
// The dice say what is asked: which place of the path is filled with what, which parameters
// and headers there are, what becomes of the body. Where they have ended all is as it should
// be. The text is what they choose where anything goes.
func FuzzRoutes(f *testing.F) {
	folder := f.TempDir()
	var s *siege
	f.Cleanup(func() { s.end() })
	for i := range newServer(f, api.Options{}).api.Routes() {
		f.Add(uint16(i), []byte{}, "")
		r := rand.New(rand.NewPCG(1, uint64(i)))
		for n := range 8 {
			dice := make([]byte, 24+r.IntN(40))
			for j := range dice {
				if r.IntN(3) > 0 {
					dice[j] = byte(r.IntN(256))
				}
			}
			f.Add(uint16(i), dice, oddTexts[(i+n)%len(oddTexts)])
		}
	}
	f.Fuzz(func(t *testing.T, route uint16, dice []byte, text string) {
		if s.worn() {
			s.end()
			s = besiege(t, folder)
		}
		s.attack(t, int(route), &fate{dice: dice, text: text})
	})
}

// oddTexts are what nobody should say.
var oddTexts = []string{
	"", "..", "../../etc/passwd", "%2e%2e%2f", "a/b", "a%2fb", "%00", "\x00", "\xff\xfe", "\u202e\u0000", "🦖", "null", "None", "-1", "0", "1e400", "99999999999999999999999",
	"NaN", "[", "((", "(a+)+$", "*", "'", `"`, "' OR 1=1 --", "{{ st2kv.system.p.sealed | decrypt_kv }}", "{{ 1/0 }}", "{% for", "<% ctx(", "<% range(1000000000) %>", "{{ 'x' * 1000000000 }}",
	"a.b.c.d.e", ".", "p.", ".say", "core.", "true", "2026-13-45T99:99:99Z", "9999-12-31T23:59:59.999999999Z", "last", "__proto__", strings.Repeat("x", 10_000), strings.Repeat("a,", 3000),
	strings.Repeat("[", 8000), strings.Repeat(`{"a":`, 2500), "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n",
	"version: 1.0\ntasks:\n  t:\n    action: p.say word=<% ctx().x %>\n    next:\n      - do: t\n", "- a\n\tb", "!!python/object:os.system x", "? [a]\n: b", "--b\r\n\r\n--b--", "a=1&a=2&%zz",
}

// oddJSON is what may stand where JSON of some kind is due.
var oddJSON = []string{
	`null`, `""`, `[]`, `{}`, `-1`, `0`, `1e400`, `-1e-400`, `123456789012345678901234567890`, `9223372036854775808`, `1.5`, `true`, `"\ud800"`, `"\u0000"`, `[null]`, `{"": null}`, `NaN`, `{"a": {"a": {"a": [[]]}}}`,
	`"{{ x"`, `"{% for"`, `"<% ctx( %>"`, `"{{ st2kv.system['p.sealed'] | decrypt_kv }}"`, `{"type": "nonsense", "properties": 1}`, `{"$ref": "#"}`, `{"type": {}, "enum": 1, "pattern": "(("}`, `"` + strings.Repeat("x", 5000) + `"`,
	`{"trigger.a": {"type": "search", "condition": "any", "pattern": {"item.b": {"type": "regex", "pattern": "(("}}}}`, `{"trigger.x": {"type": 1}}`, `{"type": "core.st2.CronTimer", "parameters": {"hour": "x"}}`,
}

// fate decides by dice; when there are none left, for what is ordinary.
type fate struct {
	dice []byte
	text string
}

// roll returns one of n numbers.
func (f *fate) roll(n int) int {
	if len(f.dice) == 0 {
		return 0
	}
	v := int(f.dice[0]) % n
	f.dice = f.dice[1:]
	return v
}

func choose[T any](f *fate, of []T) T { return of[f.roll(len(of))] }

// odd is a text that nobody should say.
func (f *fate) odd() string {
	if f.roll(3) == 0 {
		return f.text
	}
	return choose(f, oddTexts)
}

// json is the JSON of a value that a schema asks for, or nearly.
func (f *fate) json(schema any, known []string, depth int) string {
	s, _ := schema.(map[string]any)
	if f.roll(10) == 9 || depth > 6 {
		return choose(f, oddJSON)
	}
	if enum, ok := s["enum"].([]any); ok {
		return quoted(choose(f, enum))
	}
	for _, several := range []string{"anyOf", "oneOf"} {
		if some, ok := s[several].([]any); ok {
			return f.json(choose(f, some), known, depth+1)
		}
	}
	kind := s["type"]
	if several, ok := kind.([]any); ok {
		kind = choose(f, several)
	}
	if of, ok := kind.(map[string]any); ok {
		return f.json(of, known, depth+1)
	}
	switch kind {
	case "object":
		return f.object(s, known, depth)
	case "array":
		items := make([]string, f.roll(4))
		for i := range items {
			items[i] = f.json(s["items"], known, depth+1)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case "integer", "number":
		return choose(f, []string{"1", "0", "-1", "60", "2147483648", "1.0"})
	case "boolean":
		return choose(f, []string{"true", "false"})
	case "string":
		if f.roll(3) == 2 {
			return quoted(f.odd())
		}
		return quoted(choose(f, known))
	default:
		return choose(f, oddJSON)
	}
}

func (f *fate) object(s map[string]any, known []string, depth int) string {
	props, _ := s["properties"].(map[string]any)
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(props)) {
		prop, _ := props[name].(map[string]any)
		times := f.roll(2)
		if prop["required"] == true {
			times = 1
		}
		switch f.roll(16) {
		case 14:
			times = 0
		case 15:
			times = 2
		}
		for range times {
			parts = append(parts, quoted(name)+": "+f.json(prop, known, depth+1))
		}
	}
	if len(props) == 0 || f.roll(12) == 11 {
		parts = append(parts, quoted(f.odd())+": "+choose(f, oddJSON))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// quoted is v as JSON. What is no text in UTF-8 goes as it is.
func quoted(v any) string {
	if s, ok := v.(string); ok && !utf8.ValidString(s) {
		return `"` + s + `"`
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// siege is a server that is attacked: with roles, things of each kind, and secrets.
type siege struct {
	*guarded
	tb       *lasting
	contract *contract
	routes   []api.Route
	known    []string          // names of what there is
	callers  [][]string        // headers of each; the first are who may see secrets
	bodies   map[string]string // that are right
	asked    int
}

const (
	besiegedFor = 500 // requests; then much is gone, and there is too much of the rest
	planted     = "zqPlantedByTheSiege"
	topCallers  = 2 // of the callers, who may see secrets
	longest     = 20 * time.Second
)

// lasting is a test whose folders and ends last longer than one input of a fuzz test.
type lasting struct {
	testing.TB
	folder string
	ends   []func()
}

func (l *lasting) Cleanup(f func())         { l.ends = append(l.ends, f) }
func (l *lasting) Context() context.Context { return context.Background() }
func (l *lasting) TempDir() string {
	dir, err := os.MkdirTemp(l.folder, "")
	if err != nil {
		l.Fatal(err)
	}
	return dir
}

func besiege(t *testing.T, folder string) *siege {
	tb := &lasting{TB: t}
	var err error
	if tb.folder, err = os.MkdirTemp(folder, ""); err != nil { //nolint:usetesting // it lasts longer than t
		t.Fatal(err)
	}
	src := content(tb)
	src.Aliases[0].Enabled = true
	p := src.Packs[0]
	p.Path, p.Files = tb.TempDir(), []string{"pack.yaml", "rules/r.yaml", "actions/workflows/w.yaml"}
	write(tb, p.Path, "pack.yaml", "name: p\nref: p\nversion: 1.0.0\n")
	write(tb, p.Path, "rules/r.yaml", "name: r\npack: p\ntrigger: {type: p.alarm}\naction: {ref: p.say}\n")
	write(tb, p.Path, "actions/workflows/w.yaml", "version: 1.0\ntasks:\n  t: {action: p.say, input: {word: x}}\n")
	src.Rules[1].Action.Parameters = dict(tb, `{"key": "`+planted+`"}`)
	src.ConfigSchemas = map[string]*value.Dict{"p": dict(tb, `{"password": {"type": "string", "secret": true}, "n": {"type": "integer"}}`)}
	src.Configs = map[string]*value.Dict{"p": dict(tb, `{"password": "`+planted+`", "n": 1}`)}
	provider := oidctest.Start(tb)
	g := newGuardedOf(tb, false, api.Options{MaxBody: 1 << 15, MaxEventBody: 1 << 15, AdminGroups: []string{"ops"}}, src, func(d *api.Deps) {
		d.SSO = []api.Provider{{Name: "one", Issuer: provider.URL, SSO: oidc.New(oidc.Options{
			Issuer: provider.URL, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, Redirect: "http://example.com/auth/v1/sso/callback", Timeout: longest,
		})}}
	})
	s := &siege{guarded: g, tb: tb, contract: contractOf(tb, g.api), routes: g.api.Routes(), bodies: bodies()}
	g.fill()
	s.plant()
	s.known = append(slices.Sorted(maps.Values(g.names)), "admin", "owner", "p.sealed", "p.key", "p.secretive", "p", "say", "succeeded", "core", "one", "id", "action.ref")
	key := g.do("POST", "/v1/apikeys", `{"user": "admin"}`).status(201).at("key")
	expired := access.NewToken()
	g.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertToken(ctx, access.Token{ID: ident.New(time.Now()), Hash: access.TokenHash(expired), User: "admin", ExpiresAt: time.Now().Add(-time.Second)})
	})
	s.callers = [][]string{{"X-Auth-Token", g.admin}, {"St2-Api-Key", key}}
	for _, name := range []string{"boss", "owner", "viewer", "other", "nobody"} {
		s.callers = append(s.callers, []string{"X-Auth-Token", g.tokens[name]})
	}
	s.callers = append(s.callers,
		nil, []string{"X-Auth-Token", expired}, []string{"X-Auth-Token", strings.Repeat("0", 32)}, []string{"St2-Api-Key", "wrong"}, []string{"Authorization", "Bearer " + g.tokens["owner"]},
		[]string{"Authorization", basic("owner", "guess")}, []string{"Authorization", "Basic ???"}, []string{"Cookie", "auth-token=" + g.tokens["owner"]},
		[]string{"X-Auth-Token", g.signer.Sign(access.Grant{User: "owner", Execution: g.names["executions"], Expires: time.Now().Add(time.Hour).Unix()})},
	)
	return s
}

// plant puts secrets where they belong.
func (s *siege) plant() {
	s.do("PUT", "/v1/keys/p.sealed", `{"name": "p.sealed", "value": "`+planted+`", "secret": true}`).status(200)
	s.do("PUT", "/v1/keys/own?scope=user&user=owner", `{"name": "own", "value": "`+planted+`", "secret": true, "scope": "user", "user": "owner"}`).status(200)
	s.do("POST", "/api/ns/v1/users", `{"name": "sleeper", "password": "`+planted+`"}`).status(201)
	e := s.run("p.secretive", func(e *execution.Execution) {
		e.Parameters, e.Secrets = json.RawMessage(`{"key": "`+planted+`"}`), []string{planted}
	})
	s.prints(e, "stdout", "it is "+planted+"\n")
	s.finish(e, execution.Succeeded, `{"result": {"token": "`+planted+`", "n": 1}, "stdout": "`+planted+`"}`)
	s.names["secretive"] = e.ID
	s.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertInstance(ctx, &trigger.Instance{ID: ident.New(time.Now()), Trigger: "p.alarm", OccurredAt: time.Now(), Status: trigger.Processed, Payload: json.RawMessage(`{"host": "db1"}`)})
		return err
	})
}

// worn reports whether it is time for a new server.
func (s *siege) worn() bool { return s == nil || s.asked >= besiegedFor }

func (s *siege) end() {
	if s == nil {
		return
	}
	for _, f := range slices.Backward(s.tb.ends) {
		f()
	}
	_ = os.RemoveAll(s.tb.folder)
}

var place = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

// target is a path, perhaps of the route.
func (s *siege) target(f *fate, r api.Route) string {
	switch f.roll(8) {
	case 5, 6:
		return place.ReplaceAllStringFunc(r.Published(), func(string) string {
			switch f.roll(3) {
			case 0:
				return choose(f, s.known)
			case 1:
				return sent(f.odd())
			default:
				return url.PathEscape(f.odd())
			}
		})
	case 7:
		return "/" + sent(f.odd())
	default:
		return s.guarded.target(r)
	}
}

// sent is a text as it can stand in the first line of a request, with what means something there.
func sent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || c == '?' || c == '#' {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// query is that of a request, perhaps.
func (s *siege) query(f *fate, r api.Route) string {
	var parts []string
	add := func(name, v string) { parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(v)) }
	for _, p := range r.Query {
		for range []int{0, 1, 1, 2}[f.roll(4)] {
			switch {
			case f.roll(4) == 3:
				add(p.Name, f.odd())
			case p.Enum != nil:
				add(p.Name, choose(f, p.Enum))
			case p.Type == "integer":
				add(p.Name, choose(f, []string{"1", "2", "-1", "0", "100"}))
			case p.Type == "boolean":
				add(p.Name, choose(f, []string{"true", "false", "1", "no"}))
			case p.Type == "array":
				add(p.Name, choose(f, []string{"id", "ref,id", "-id", "name", "result", "action.ref,parameters.key"}))
			default:
				add(p.Name, choose(f, s.known))
			}
		}
	}
	switch f.roll(8) {
	case 5:
		add(choose(f, []string{"unknown", "scope", "user", "decrypt", "show_secrets", "include_attributes", "limit", "x-auth-token", "st2-api-key", "prefix", "requester_user"}), f.odd())
	case 6:
		add(f.odd(), f.odd())
	case 7:
		parts = append(parts, sent(f.odd()))
	}
	return strings.Join(parts, "&")
}

// body is that of a request, perhaps.
func (s *siege) body(f *fate, r api.Route) string {
	right := s.bodies[r.Method+" "+r.Path]
	switch f.roll(12) {
	case 0, 1:
		return right
	case 2:
		return right[:f.roll(256)*len(right)/256]
	case 3:
		i := f.roll(256) * len(right) / 256
		return right[:i] + f.odd() + right[i:]
	case 4:
		return f.odd()
	case 5:
		if strings.HasPrefix(right, `{"`) {
			return right[:len(right)-1] + `, ` + right[1:]
		}
		return ""
	case 6:
		return choose(f, oddJSON)
	case 7:
		return choose(f, slices.Sorted(maps.Values(s.bodies)))
	default:
		var schema any
		if r.Body != "" {
			if err := json.Unmarshal([]byte(r.Body), &schema); err != nil {
				panic(err)
			}
		}
		return f.json(schema, s.known, 0)
	}
}

// oddHeaders are those that mean something somewhere.
var oddHeaders = []string{
	"Accept", "Last-Event-ID", "Content-Encoding", "Range", "If-None-Match", "If-Modified-Since", "X-Event-Key", "Origin", "Cookie", "X-Request-ID", "User-Agent", "X-Forwarded-For", "Expect",
	"Authorization", "X-Auth-Token", "St2-Trace-Tag", "Sec-Fetch-Site", "X-Hub-Signature-256", "Connection",
}

// request is one, as a server would read it; nil is one that a server would refuse to read.
func (s *siege) request(f *fate, r api.Route) (req *http.Request, top bool) {
	method := r.Method
	if f.roll(16) == 15 {
		method = choose(f, []string{http.MethodHead, http.MethodPatch, http.MethodOptions, http.MethodPost, http.MethodGet, http.MethodPut, http.MethodDelete, "get", "X"})
	}
	target := s.target(f, r)
	if q := s.query(f, r); q != "" {
		target += "?" + q
	}
	body := s.body(f, r)
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: example.com\r\n", method, target)
	caller := f.roll(len(s.callers))
	if who := s.callers[caller]; who != nil {
		head += who[0] + ": " + who[1] + "\r\n"
	}
	head += "Content-Type: " + choose(f, []string{"application/json", "application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/yaml", "multipart/form-data; boundary=b", "text/plain", "", ";;"}) + "\r\n"
	for range f.roll(3) {
		odd := strings.Map(func(c rune) rune {
			if c < ' ' || c == 0x7f || c == utf8.RuneError {
				return '_'
			}
			return c
		}, f.odd())
		head += choose(f, oddHeaders) + ": " + choose(f, []string{odd, "text/event-stream", "text/html", "gzip", "bytes=0-0,-1", "http://evil.example", "a, b"}) + "\r\n"
	}
	length := len(body)
	if f.roll(16) == 15 {
		length += 10 // which never come
	}
	head += fmt.Sprintf("Content-Length: %d\r\n\r\n", length)
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + body)))
	if err != nil {
		return nil, false
	}
	req.RemoteAddr = "192.0.2.1:1234"
	return req, caller < topCallers+1
}

// attack asks once.
func (s *siege) attack(t *testing.T, route int, f *fate) {
	s.asked++
	r := s.routes[route%len(s.routes)]
	req, top := s.request(f, r)
	if req == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	req = req.WithContext(ctx)
	answer := httptest.NewRecorder()
	var w http.ResponseWriter = answer
	if strings.Contains(req.URL.Path, "stream") || strings.Contains(req.Header.Get("Accept"), "text/event-stream") || r.Media == "text/event-stream" {
		w = until{answer, cancel} // they do not end
	}
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s %s: %v\n%s", req.Method, req.URL, p, s.log)
		}
	}()
	start := time.Now()
	s.api.ServeHTTP(w, req)
	if err := s.judge(req, answer, top); err != nil {
		t.Errorf("%s %s (%s %s): %v\n%d %v\n%s\n%s", req.Method, req.URL, r.Method, r.Path, err, answer.Code, answer.Header(), answer.Body, s.log)
	}
	if took := time.Since(start); took > longest/2 {
		t.Errorf("%s %s took %v", req.Method, req.URL, took)
	}
}

// judge returns what is wrong with an answer.
func (s *siege) judge(req *http.Request, w *httptest.ResponseRecorder, top bool) error {
	text := w.Body.String()
	if query := req.URL.Query(); !top || query.Get("show_secrets") == "" && query.Get("decrypt") == "" {
		for _, secret := range []string{planted, "$argon2"} {
			if strings.Contains(text, secret) {
				return errors.New("it tells a secret")
			}
		}
	}
	if w.Code < 400 {
		return s.contract.check(req, w)
	}
	if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
		return errors.New("it is our own fault")
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return nil // which is shown to people
	}
	var fault map[string]string
	switch err := json.Unmarshal(w.Body.Bytes(), &fault); {
	case err != nil:
		return fmt.Errorf("the refusal is no object of texts: %w", err)
	case strings.TrimSpace(fault["faultstring"]) == "":
		return errors.New("the refusal has no sentence")
	case w.Header().Get("Content-Type") != "application/json":
		return errors.New("the refusal does not say that it is JSON")
	case len(fault) > 2 || len(fault) == 2 && fault["conflict-id"] == "":
		return errors.New("the refusal has more than is documented")
	case strings.Contains(text, "sql: ") || strings.Contains(text, "runtime error") || strings.Contains(text, s.tb.folder):
		return errors.New("the refusal tells of our inside")
	}
	return nil
}
