package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/keyring"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/probe"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// server is an API over a real ledger, with real launching and intake, and a
// catalog of a few things.
type server struct {
	t      testing.TB
	store  *store.Store
	bus    *membus.Bus
	signer *access.Signer
	api    *api.API
	admin  string // a token
	user   string // a token of one who is no admin
	log    *bytes.Buffer
}

const (
	adminPassword = "correct horse"
	webhookRef    = "core.1a2b"
)

type source = catalog.Source

func newServer(t testing.TB, opts api.Options) *server {
	t.Helper()
	return newServerWith(t, opts, func(*source) {})
}

// newServerWith returns a server whose content is changed before.
func newServerWith(t testing.TB, opts api.Options, change func(*source)) *server {
	t.Helper()
	src := content(t)
	change(&src)
	return newServerOf(t, opts, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}})
}

// newServerRoles returns a server that has roles decide.
func newServerRoles(t testing.TB, r api.Roles) *server {
	t.Helper()
	src := content(t)
	return newServerDeps(t, api.Options{}, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}}, func(d *api.Deps) { d.Roles = r })
}

// newServerOf returns a server with that content, registered in that way.
func newServerOf(t testing.TB, opts api.Options, src source, how register.Options) *server {
	t.Helper()
	return newServerDeps(t, opts, src, how, func(*api.Deps) {})
}

// newServerOfPasswords returns a server that asks those about passwords.
func newServerOfPasswords(t testing.TB, opts api.Options, p api.Passwords) *server {
	t.Helper()
	src := content(t)
	return newServerDeps(t, opts, src, register.Options{Runners: []action.RunnerType{*src.Runners[0]}}, func(d *api.Deps) { d.Passwords = p })
}

// newServerDeps returns a server that works on something else.
func newServerDeps(t testing.TB, opts api.Options, src source, how register.Options, change func(*api.Deps)) *server {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, store: store.New(db), bus: new(membus.Bus), log: new(bytes.Buffer)}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Error(err)
		}
	})
	templates := jinja.New(jinja.Options{})
	holder := new(catalog.Holder)
	registrar := s.register(src, how, holder, templates)
	params := launch.NewParams(s.store, holder)
	launcher := launch.New(s.store, holder, s.bus, params)
	if s.signer, err = access.NewSigner(access.NewSigningKey()); err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.Open(t.Context(), s.store, secret.File{Path: filepath.Join(t.TempDir(), "key")}, keyring.Options{StackStorm: stackStormKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	params.Decrypt = keys.Decrypt
	events := intake.New(s.store, holder, launcher, params, templates, intake.Options{})
	deps := api.Deps{
		Store: s.store, Catalog: holder, Bus: s.bus, Launcher: launcher, Registrar: registrar, Signer: s.signer, Secrets: keys, Exchange: indexed(t),
		Intake: events, Inquiries: dispatch.New(s.store, holder, s.bus, params, events, dispatch.Options{}),
		Metrics: prometheus.NewRegistry(), Version: "1.2.3",
		SensorLog: func(ref string, most int) ([]byte, error) { return fmt.Appendf(nil, "%s at most %d", ref, most), nil },
		Probes: func() []probe.Report {
			return []probe.Report{{Trigger: "probes.x", Type: probe.HTTPCheck, Target: "http://x/", State: "failing", Since: time.Unix(1, 0), Failures: 2, Message: "why"}}
		},
		Logger: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	change(&deps)
	s.api = api.New(deps, opts)
	s.admin, s.user = s.login("admin", true), s.login("ada", false)
	return s
}

// stackStormKey is the key that the reference's own tests encrypt with.
func stackStormKey(t testing.TB) *secret.StackStormKey {
	t.Helper()
	key, err := secret.ReadStackStormKey([]byte(`{"hmacKey": {"hmacKeyString": "685EWJ8U2U_c3Ulv9ibB6aa0Y9aYm-0bCwe2mqjLJuw", "size": 256},
		"aesKeyString": "eKGFrfNEUhAgX0uofaU1wQ", "mode": "CBC", "size": 128}`))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// register puts what content has into the ledger.
func (s *server) register(src source, how register.Options, holder *catalog.Holder, templates *jinja.Env) *register.Registrar {
	s.t.Helper()
	how.Parse, how.Configs = intake.ParseTemplates(templates), s.t.TempDir()
	r := register.New(s.store, holder, s.bus, how)
	s.write(func(ctx context.Context, tx *store.Tx) error {
		put := func(k store.Kind, ref, id, pack string, noun any) {
			body, err := json.Marshal(noun)
			if err != nil {
				s.t.Fatal(err)
			}
			if err := tx.PutContent(ctx, store.Content{Kind: k, Ref: ref, ID: id, Pack: pack, Body: body, UpdatedAt: time.Now()}); err != nil {
				s.t.Fatal(err)
			}
		}
		for _, x := range src.Runners {
			put(store.Runners, x.Name, x.ID, "", map[string]bool{"enabled": true})
		}
		for _, x := range src.Packs {
			put(store.Packs, x.Ref, x.ID, x.Ref, x)
		}
		for ref, x := range src.ConfigSchemas {
			put(store.ConfigSchemas, ref, ident.New(time.Now()), ref, x)
		}
		for _, x := range src.Actions {
			put(store.Actions, x.Ref, x.ID, x.Pack, x)
		}
		for _, x := range src.TriggerTypes {
			put(store.TriggerTypes, x.Ref, x.ID, x.Pack, x)
		}
		for _, x := range src.Triggers {
			put(store.Triggers, x.Ref, x.ID, x.Pack, x)
		}
		for _, x := range src.Rules {
			put(store.Rules, x.Ref, x.ID, x.Pack, x)
		}
		for _, x := range src.Sensors {
			put(store.Sensors, x.Ref, x.ID, x.Pack, x)
		}
		for _, x := range src.Aliases {
			put(store.Aliases, x.Ref, x.ID, x.Pack, x)
		}
		for _, x := range src.Policies {
			put(store.Policies, x.Ref, x.ID, x.Pack, x)
		}
		for pack, d := range src.ConfigSchemas {
			put(store.ConfigSchemas, pack, ident.New(time.Now()), pack, d)
		}
		for pack, d := range src.Configs {
			put(store.Configs, pack, ident.New(time.Now()), pack, d)
		}
		return nil
	})
	if err := r.Reload(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// login makes a user with a token.
func (s *server) login(name string, admin bool) string {
	s.t.Helper()
	token, now := access.NewToken(), time.Now()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.PutUser(ctx, access.User{Name: name, Admin: admin, CreatedAt: now}); err != nil {
			return err
		}
		return tx.InsertToken(ctx, access.Token{
			ID: ident.New(now), Hash: access.TokenHash(token), User: name, ExpiresAt: now.Add(time.Hour),
		})
	})
	return token
}

func (s *server) write(f func(context.Context, *store.Tx) error) {
	s.t.Helper()
	if err := s.store.Write(s.t.Context(), func(tx *store.Tx) error { return f(s.t.Context(), tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// answer is what was answered.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// with returns s for a subtest.
func (s *server) with(t testing.TB) *server {
	same := *s
	same.t = t
	return &same
}

// do asks as the admin. Headers are "Name: value".
func (s *server) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	return s.ask(method, path, body, append([]string{"X-Auth-Token: " + s.admin}, headers...)...)
}

// ask asks without credentials.
func (s *server) ask(method, path, body string, headers ...string) answer {
	s.t.Helper()
	var content io.Reader = http.NoBody
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, content)
	for _, h := range headers {
		name, v, _ := strings.Cut(h, ": ")
		r.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return answer{w, s.t}
}

// status fails the test unless the status is want.
func (a answer) status(want int) answer {
	a.t.Helper()
	if a.Code != want {
		a.t.Fatalf("status %d, want %d: %s", a.Code, want, a.Body)
	}
	return a
}

// at returns what is at a dotted path of the body, as text or JSON.
func (a answer) at(path string) string {
	a.t.Helper()
	v, err := value.FromJSON(a.Body.Bytes())
	if err != nil {
		a.t.Fatalf("%v: %s", err, a.Body)
	}
	for part := range strings.SplitSeq(path, ".") {
		switch of := v.(type) {
		case *value.Dict:
			v, _ = of.Get(part)
		case *value.List:
			i := int(part[0] - '0')
			if i >= len(of.Items) {
				return ""
			}
			v = of.Items[i]
		default:
			return ""
		}
	}
	if s, ok := v.(string); ok {
		return s
	}
	b, err := value.ToJSON(v)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(b)
}

// fault is the sentence of a refusal.
func (a answer) fault() string { return a.at("faultstring") }

func dict(t testing.TB, text string) *value.Dict {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

// content is what the catalog has.
func content(t testing.TB) catalog.Source {
	id := func(n int) string {
		return "65f0c0ffee01234567890" + string(rune('a'+n/10)) + "0" + string(rune('0'+n%10))
	}
	runner := &action.RunnerType{
		ID: id(0), UID: "runner_type:local-shell-cmd", Name: "local-shell-cmd", Enabled: true, OutputKey: "result",
		Parameters: dict(t, `{"cmd": {"type": "string"}, "timeout": {"type": "integer", "default": 60},
			"sudo_password": {"type": "string", "secret": true}}`),
	}
	act := func(n int, name, params string) *action.Action {
		return &action.Action{
			ID: id(n), UID: "action:p:" + name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true,
			RunnerType: "local-shell-cmd", Parameters: dict(t, params), Tags: []trigger.Tag{{Name: "kind", Value: name}},
		}
	}
	broken := act(3, "broken", `{}`)
	broken.RunnerType = "no-such-runner"
	secretive := act(4, "secretive", `{"key": {"type": "string", "secret": true}}`)
	secretive.OutputSchema = dict(t, `{"type": "object", "properties": {"token": {"type": "string", "secret": true}, "n": {"type": "integer"}}}`)
	off := act(5, "off", `{}`)
	off.Enabled = false
	typ := func(n int, pack, name, params, payload string) *trigger.Type {
		return &trigger.Type{
			ID: id(n), UID: "trigger_type:" + pack + ":" + name, Ref: pack + "." + name, Pack: pack, Name: name,
			PayloadSchema: dict(t, payload), ParametersSchema: dict(t, params),
		}
	}
	one := func(n int, ref, typ, params string) *trigger.Trigger {
		pack, name, _ := strings.Cut(ref, ".")
		return &trigger.Trigger{ID: id(n), UID: "trigger:" + pack + ":" + name, Ref: ref, Pack: pack, Name: name, Type: typ, Parameters: dict(t, params)}
	}
	listens := func(n int, name, ref, typ, criteria, action, params string) *rule.Rule {
		return &rule.Rule{
			ID: id(n), UID: "rule:p:" + name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true,
			Type: rule.TypeRef{Ref: rule.Standard}, Trigger: rule.TriggerRef{Type: typ, Ref: ref},
			Criteria: dict(t, criteria), Action: rule.ActionRef{Ref: action, Parameters: dict(t, params)},
		}
	}
	return catalog.Source{
		Packs:   []*pack.Pack{{ID: id(9), UID: "pack:p", Ref: "p", Name: "P pack", Version: "1.0.0", Author: "us"}},
		Runners: []*action.RunnerType{runner},
		Actions: []*action.Action{
			act(1, "say", `{"word": {"type": "string", "required": true, "position": 0}, "times": {"type": "integer", "default": 1}}`),
			act(2, "noargs", `{}`), broken, secretive, off, act(6, "limited", `{}`),
		},
		TriggerTypes: []*trigger.Type{
			typ(11, "core", "st2.webhook", `{"type": "object", "properties": {"url": {"type": "string", "required": true}}}`, `{}`),
			typ(12, "p", "alarm", `{}`, `{"type": "object", "properties": {"host": {"type": "string", "required": true}}}`),
			typ(13, "core", "st2.IntervalTimer", `{}`, `{}`),
			typ(14, "core", "st2.key_value_pair.update", `{}`, `{}`),
			typ(15, "alerts", "alertmanager", `{}`, `{}`),
		},
		Triggers: []*trigger.Trigger{
			one(21, webhookRef, trigger.Webhook, `{"url": "deploy/prod"}`),
			one(22, "p.alarm", "p.alarm", `{}`),
			one(23, "core.tick", trigger.IntervalTimer, `{"unit": "seconds", "delta": 5}`),
			one(24, trigger.KeyUpdated, trigger.KeyUpdated, `{}`),
			one(25, "alerts.alertmanager", "alerts.alertmanager", `{}`),
		},
		Rules: []*rule.Rule{
			listens(31, "deploy", webhookRef, trigger.Webhook, `{"trigger.body.branch": {"type": "eq", "pattern": "main"}}`,
				"p.say", `{"word": "{{ trigger.body.branch }}"}`),
			listens(32, "alarm", "p.alarm", "p.alarm", `{"trigger.host": {"type": "startswith", "pattern": "db"}}`,
				"p.secretive", `{"key": "hush"}`),
			listens(33, "changed", trigger.KeyUpdated, trigger.KeyUpdated, `{}`, "p.noargs", `{}`),
			listens(34, "alert", "alerts.alertmanager", "alerts.alertmanager", `{}`, "p.noargs", `{}`),
		},
		Sensors: []*pack.Sensor{{ID: id(41), UID: "sensor_type:p:Eye", Ref: "p.Eye", Pack: "p", Name: "Eye", TriggerTypes: []string{"p.alarm"}, Enabled: true}},
		Aliases: []*alias.Alias{{ID: id(42), UID: "action_alias:p:talk", Ref: "p.talk", Pack: "p", Name: "talk", ActionRef: "p.say", Formats: []value.Value{"say {{word}}"}}},
		Policies: []*policy.Policy{{
			ID: id(43), UID: "policy:p:one", Ref: "p.one", Pack: "p", Name: "one", Enabled: true, ResourceRef: "p.limited",
			PolicyType: policy.Concurrency, Parameters: dict(t, `{"threshold": 1}`),
		}},
	}
}

// run puts an execution into the ledger.
func (s *server) run(ref string, f func(*execution.Execution)) *execution.Execution {
	s.t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	e := &execution.Execution{
		ID: ident.New(now), Status: execution.Running, Action: ref, Runner: "local-shell-cmd", CreatedAt: now, StartedAt: now,
		Parameters: json.RawMessage(`{"word": "hi"}`), Context: execution.Context{User: "admin", Pack: "p"}, Attempt: 1, Worker: "w1",
		Log: []execution.LogEntry{{Status: execution.Requested, At: now}, {Status: execution.Running, At: now}},
	}
	if f != nil {
		f(e)
	}
	s.write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertExecution(ctx, e) })
	return e
}

// finish brings an execution to its end and rings.
func (s *server) finish(e *execution.Execution, to execution.Status, result string) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.ChangeExecution(ctx, store.Change{
			ID: e.ID, From: []execution.Status{e.Status}, To: to, At: time.Now(), Result: json.RawMessage(result),
		})
		return err
	})
	s.ring(bus.ExecutionChanged + e.ID)
}

// prints adds to what an execution has printed and rings.
func (s *server) prints(e *execution.Execution, stream, text string) {
	s.t.Helper()
	s.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.AddOutput(ctx, []store.Chunk{{Execution: e.ID, Stream: stream, At: time.Now(), Data: text}})
	})
	s.ring(bus.ExecutionOutput + e.ID)
}

func (s *server) ring(subject string) {
	s.t.Helper()
	if err := s.bus.Publish(s.t.Context(), bus.Message{Subject: subject}); err != nil {
		s.t.Fatal(err)
	}
}

func newRequest(t testing.TB, method, path, body string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
}

func (s *server) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return w
}
