package register_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/alias"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/policy"
	"github.com/nightshift-run/nightshift/internal/register"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// house is a registrar with what it works on.
type house struct {
	*register.Registrar
	t       testing.TB
	dir     string // of packs
	catalog *catalog.Holder
	store   *store.Store
	rings   chan struct{}
	close   func() // also done at the end of the test
}

func open(t testing.TB, data, dir string) *house {
	t.Helper()
	db, err := sqlite.Open(t.Context(), data, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	shut := sync.OnceFunc(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(shut)
	h := &house{t: t, close: shut, dir: dir, catalog: new(catalog.Holder), store: store.New(db), rings: make(chan struct{}, 1000)}
	b := new(membus.Bus)
	if err := b.Subscribe(t.Context(), bus.ContentChanged, func(bus.Message) { h.rings <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	h.Registrar = register.New(h.store, h.catalog, b, register.Options{
		Runners: runner.Types(nil, nil), Folders: []string{dir}, Configs: filepath.Join(dir, ".configs"), Builtin: filepath.Join(data, "builtin"),
	})
	return h
}

func build(t testing.TB) *house {
	t.Helper()
	h := open(t, t.TempDir(), t.TempDir())
	h.write("demo/pack.yaml", "name: demo\ndescription: d\nversion: 1.0.0\nauthor: a\n")
	return h
}

func (h *house) write(name, text string) {
	h.t.Helper()
	file := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// rules returns the references of the rules that no built-in pack has.
func (h *house) rules() []string {
	refs := []string{}
	for _, r := range h.catalog.Get().Rules() {
		if r.Pack != "chatops" {
			refs = append(refs, r.Ref)
		}
	}
	return refs
}

func (h *house) packs(wantWritten int, wantFindings ...string) register.Report {
	h.t.Helper()
	report, err := h.Packs(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	if wantWritten >= 0 && report.Written != wantWritten {
		h.t.Errorf("wrote %d things, want %d", report.Written, wantWritten)
	}
	got := []string{}
	for _, f := range report.Findings {
		got = append(got, strings.TrimPrefix(f.String(), h.dir+"/"))
	}
	if diff := cmp.Diff(append([]string{}, wantFindings...), got); diff != "" {
		h.t.Errorf("findings (-want +got)\n%s", diff)
	}
	return report
}

const (
	simpleAction = "name: a\nrunner_type: noop\n"
	simpleRule   = "name: r\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: x}}\naction: {ref: demo.a}\n"
)

func TestPacksAreRegistered(t *testing.T) {
	h := build(t)
	h.write("demo/actions/a.yaml", simpleAction)
	h.write("demo/rules/r.yaml", simpleRule)
	h.write("demo/rules/s.yaml", strings.Replace(simpleRule, "name: r", "name: s", 1))
	h.write("demo/sensors/s.yaml", "class_name: S\nentry_point: s.py\ntrigger_types: [{name: event}]\n")
	h.write("demo/sensors/s.py", "")
	h.write("demo/aliases/l.yaml", "name: l\naction_ref: demo.a\nformats: [x]\n")
	h.write("demo/policies/p.yaml", "name: p\nresource_ref: demo.a\npolicy_type: action.concurrency\nparameters: {threshold: 1}\n")
	h.write("demo/config.schema.yaml", "k: {type: string, required: true}\n")
	h.write(".configs/demo.yaml", "k: v\n")
	report := h.packs(-1)
	if len(h.rules()) != 2 || report.Counts["rules"] != len(h.catalog.Get().Rules()) || report.Counts["sensors"] != 1 || report.Counts["configs"] != 1 || report.Counts["actions"] < 10 {
		t.Errorf("counts are %v", report.Counts)
	}
	c := h.catalog.Get()
	if problems := c.Problems(); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	a, ok := c.Action("demo.a")
	if !ok || a.ID == "" || a.MetadataFile != "actions/a.yaml" {
		t.Fatalf("demo.a is %+v", a)
	}
	if byID, ok := c.Action(a.ID); !ok || byID != a {
		t.Error("demo.a is not found by its id")
	}
	// Both rules listen to one trigger, which is found by the webhook's URL.
	hooks := c.Webhook("/x/")
	r, _ := c.Rule("demo.r")
	s, _ := c.Rule("demo.s")
	if len(hooks) != 1 || r.Trigger.Ref != hooks[0].Ref || s.Trigger.Ref != hooks[0].Ref || hooks[0].ID == "" {
		t.Errorf("rules listen to %s and %s, and the webhook is %+v", r.Trigger.Ref, s.Trigger.Ref, hooks)
	}
	if only := c.TriggersOf("demo.event"); len(only) != 1 || only[0].Ref != "demo.event" {
		t.Errorf("the triggers of demo.event are %+v", only)
	}
	if a.Governor == nil || c.Config("demo") == nil || c.ConfigSchema("demo") == nil {
		t.Error("the policy or the configuration is not in force")
	}
	if local, ok := c.Action("core.local"); !ok || local.Problem != nil {
		t.Errorf("core.local is %+v", local)
	}
	if core, _ := c.Pack("core"); core == nil || core.Path == "" {
		t.Errorf("the pack core is %+v", core)
	}
}

func TestWhatDidNotChangeIsNotWritten(t *testing.T) {
	data := t.TempDir()
	h := open(t, data, t.TempDir())
	h.write("demo/pack.yaml", "name: demo\ndescription: d\nversion: 1.0.0\nauthor: a\n")
	h.write("demo/actions/a.yaml", simpleAction)
	h.write("demo/rules/r.yaml", simpleRule)
	h.packs(-1)
	before, _ := h.catalog.Get().Action("demo.a")
	seen := h.catalog.Get()
	h.packs(0)
	if h.catalog.Get() != seen {
		t.Error("the catalog was made anew although nothing changed")
	}
	h.write("demo/actions/b.yaml", "name: b\nrunner_type: noop\n")
	h.packs(2) // the action, and the pack with its files
	h.write("demo/actions/a.yaml", simpleAction+"description: other\n")
	h.packs(2)
	after, _ := h.catalog.Get().Action("demo.a")
	if after.ID != before.ID || after.Description != "other" {
		t.Errorf("demo.a was %s, and is %s %q", before.ID, after.ID, after.Description)
	}
	h.write("demo/actions/a.yaml", "# a remark\n"+simpleAction+"description: other\n")
	h.packs(1) // only what the pack was read from is another

	// A new process over the same ledger finds all as it is.
	h.close()
	again := open(t, data, h.dir)
	again.packs(0)
	if now, ok := again.catalog.Get().Action("demo.a"); !ok || now.ID != before.ID {
		t.Errorf("in the next process demo.a is %+v", now)
	}
}

func TestAMistakeKeepsNothingElseOut(t *testing.T) {
	h := build(t)
	h.write("demo/actions/a.yaml", simpleAction)
	h.write("demo/rules/r.yaml", simpleRule)
	h.packs(-1)
	h.write("demo/actions/a.yaml", "name: a\nrunner_typ: noop\n")
	h.write("demo/rules/gone.yaml", "name: gone\ntrigger: {type: none.such}\naction: {ref: demo.a}\n")
	h.write("demo/rules/new.yaml", strings.Replace(simpleRule, "name: r", "name: new", 1))
	h.write("broken/pack.yaml", "name: broken\n")
	want := []string{
		"broken/pack.yaml:1:1: error: description is missing",
		"broken/pack.yaml:1:1: error: author is missing",
		"broken/pack.yaml:1:1: error: version is missing",
		"demo/actions/a.yaml:1:1: error: runner_type is missing",
		"demo/actions/a.yaml:2:1: error: there is no key 'runner_typ' here; did you mean runner_type?",
		"demo/rules/gone.yaml:1:1: warning: the pack has no action \"demo.a\"",
		"demo/rules/new.yaml:4:15: warning: the pack has no action \"demo.a\"",
		"demo/rules/r.yaml:4:15: warning: the pack has no action \"demo.a\"",
		"demo/rules/gone.yaml:2:17: error: there is no trigger type \"none.such\"",
	}
	want[5] = "demo/rules/gone.yaml:3:15: warning: the pack has no action \"demo.a\""
	h.packs(-1, want...)
	c := h.catalog.Get()
	if _, ok := c.Action("demo.a"); !ok {
		t.Error("the action is lost that was registered before")
	}
	if _, ok := c.Rule("demo.new"); !ok {
		t.Error("the rule beside the broken file is not registered")
	}
	if _, ok := c.Rule("demo.gone"); ok {
		t.Error("a rule without a trigger is registered")
	}
	h.packs(0, want...) // what is wrong is told each time
}

func TestWhatIsGoneStaysAndIsTold(t *testing.T) {
	h := build(t)
	h.write("demo/actions/a.yaml", simpleAction)
	h.packs(-1)
	if err := os.Remove(filepath.Join(h.dir, "demo/actions/a.yaml")); err != nil {
		t.Fatal(err)
	}
	h.packs(1, "demo/actions/a.yaml: warning: the file is gone, but the action demo.a stays registered; unload the pack to be rid of it")
	if err := os.RemoveAll(filepath.Join(h.dir, "demo")); err != nil {
		t.Fatal(err)
	}
	h.packs(0, "demo: warning: the folder is gone, but the pack demo stays registered; unload it to be rid of it")
	if err := h.UnloadPack(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	h.packs(0)
	if _, ok := h.catalog.Get().Action("demo.a"); ok {
		t.Error("an unloaded action is there")
	}
	if err := h.UnloadPack(t.Context(), "core"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("core was unloaded (%v)", err)
	}
	if err := h.UnloadPack(t.Context(), "demo"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("unloaded twice (%v)", err)
	}
}

func TestClientsChangesAreUndoneByTheNextRegistration(t *testing.T) {
	h := build(t)
	h.write("demo/actions/a.yaml", simpleAction)
	h.packs(-1)
	if err := h.DeleteAction(t.Context(), "demo.a"); err != nil {
		t.Fatal(err)
	}
	h.packs(1)
	if _, ok := h.catalog.Get().Action("demo.a"); !ok {
		t.Error("the action of the file did not come back")
	}
}

func TestBuiltInPacksCannotBeReplaced(t *testing.T) {
	h := build(t)
	h.write("core/pack.yaml", "name: core\ndescription: d\nversion: 9.0.0\nauthor: a\n")
	h.write("mine/pack.yaml", "name: mine\nref: linux\ndescription: d\nversion: 9.0.0\nauthor: a\n")
	h.write("twin/pack.yaml", "name: twin\nref: demo\ndescription: d\nversion: 9.0.0\nauthor: a\n")
	h.packs(-1, "core: error: the pack core is built in and can't be replaced", "mine/pack.yaml: error: the pack linux is built in and can't be replaced",
		"twin/pack.yaml: error: the pack demo is in "+h.dir+"/demo already")
	if p, _ := h.catalog.Get().Pack("core"); p.Version != "1.0.0" {
		t.Errorf("core has version %s", p.Version)
	}
	// Who registers one pack is told of that.
	if _, found, err := h.RegisterPacks(t.Context(), []string{"demo"}, nil); err != nil || len(found) != 0 {
		t.Errorf("of others: %q, %v", found, err)
	}
}

func TestRegisterPacksTakesNamesAndKinds(t *testing.T) {
	h := build(t)
	h.write("demo/actions/a.yaml", simpleAction)
	h.write("demo/rules/r.yaml", simpleRule)
	h.write("other/pack.yaml", "name: other\ndescription: d\nversion: 1.0.0\nauthor: a\n")
	h.write("other/actions/a.yaml", simpleAction)
	ctx := t.Context()
	counts, findings, err := h.RegisterPacks(ctx, []string{"demo"}, []string{"actions"})
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	if diff := cmp.Diff(map[string]int{"actions": 1, "runners": len(runner.Types(nil, nil))}, counts); diff != "" {
		t.Errorf("counts (-want +got)\n%s", diff)
	}
	c := h.catalog.Get()
	if len(c.Actions()) != 1 || len(c.Rules()) != 0 {
		t.Errorf("registered %d actions and %d rules", len(c.Actions()), len(c.Rules()))
	}
	if _, _, err := h.RegisterPacks(ctx, []string{"nope"}, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a pack that is not there: %v", err)
	}
	if _, _, err := h.RegisterPacks(ctx, nil, []string{"nope"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a kind that is not there: %v", err)
	}
	h.packs(-1)
	if len(h.rules()) != 1 {
		t.Error("a registration of one kind keeps the next from reading the rest")
	}
}

func parse(t testing.TB, text string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(*value.Dict)
}

func webhook(t testing.TB, name, url string) *rule.Rule {
	t.Helper()
	return &rule.Rule{
		Pack: "default", Name: name, Enabled: true, Criteria: value.NewDict(),
		Trigger: rule.TriggerRef{Type: trigger.Webhook, Parameters: parse(t, `{"url": "`+url+`"}`)},
		Action:  rule.ActionRef{Ref: "core.noop"},
	}
}

func TestRulesBringTheirTriggers(t *testing.T) {
	h := build(t)
	h.packs(-1)
	ctx := t.Context()
	must := func(r *rule.Rule, err error) *rule.Rule {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	hooks := func(url string) int { return len(h.catalog.Get().Webhook(url)) }
	a := must(h.CreateRule(ctx, webhook(t, "a", "x")))
	b := must(h.CreateRule(ctx, webhook(t, "b", "x")))
	if a.Ref != "default.a" || a.UID != "rule:default:a" || a.ID == "" || a.Trigger.Ref == "" || a.Trigger.Ref != b.Trigger.Ref || hooks("x") != 1 {
		t.Errorf("made %+v and %+v", a, b)
	}
	moved := must(h.UpdateRule(ctx, "default.a", webhook(t, "a", "y")))
	if moved.ID != a.ID || hooks("x") != 1 || hooks("y") != 1 {
		t.Errorf("the id was %s and is %s; there are %d and %d webhooks", a.ID, moved.ID, hooks("x"), hooks("y"))
	}
	renamed := must(h.UpdateRule(ctx, "default.a", webhook(t, "c", "y")))
	if _, ok := h.catalog.Get().Rule("default.a"); ok || renamed.ID != a.ID || renamed.Ref != "default.c" {
		t.Errorf("renamed it is %+v", renamed)
	}
	for _, ref := range []string{"default.b", "default.c"} {
		if err := h.DeleteRule(ctx, ref); err != nil {
			t.Fatal(err)
		}
	}
	if hooks("x")+hooks("y") != 0 {
		t.Error("triggers are left that nobody listens to")
	}
	// What is there now is there after a restart as well.
	if err := h.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if len(h.rules()) != 0 || len(h.catalog.Get().TriggersOf(trigger.Webhook)) != 0 {
		t.Error("the ledger has what the catalog had not")
	}
}

func TestDeedsOfClients(t *testing.T) {
	h := build(t)
	h.packs(-1)
	ctx := t.Context()
	noop := func(name string) *action.Action {
		return &action.Action{Pack: "default", Name: name, RunnerType: "noop", Enabled: true}
	}
	first, err := h.CreateAction(ctx, noop("a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateAction(ctx, noop("b")); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		deed func() error
		kind fault.Kind
		want string
	}{
		"action twice":       {func() error { _, err := h.CreateAction(ctx, noop("a")); return err }, fault.Conflict, `The action "default.a" exists already.`},
		"renamed over other": {func() error { _, err := h.UpdateAction(ctx, "default.b", noop("a")); return err }, fault.Conflict, `The action "default.a" exists already.`},
		"no such action":     {func() error { _, err := h.UpdateAction(ctx, "default.x", noop("x")); return err }, fault.NotFound, `Resource with a reference or id "default.x" not found`},
		"delete no action":   {func() error { return h.DeleteAction(ctx, "default.x") }, fault.NotFound, `Resource with a reference or id "default.x" not found`},
		"no such pack":       {func() error { a := noop("x"); a.Pack = "nope"; _, err := h.CreateAction(ctx, a); return err }, fault.Invalid, `There is no pack "nope".`},
		"no such runner":     {func() error { a := noop("x"); a.RunnerType = "nope"; _, err := h.CreateAction(ctx, a); return err }, fault.Invalid, `the runner type "nope" is not known, so the action is left out`},
		"mistakes at once": {func() error {
			a := noop("")
			a.Parameters = parse(t, `{"p": {"type": "x"}}`)
			_, err := h.CreateAction(ctx, a)
			return err
		}, fault.Invalid, "name is empty\n'x' is not one of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']"},
		"no such trigger": {func() error {
			r := webhook(t, "r", "x")
			r.Trigger.Type = "a.b"
			_, err := h.CreateRule(ctx, r)
			return err
		}, fault.Invalid, `there is no trigger type "a.b"`},
		"trigger parameters": {func() error {
			r := webhook(t, "r", "x")
			r.Trigger.Parameters = parse(t, `{"url": 1}`)
			_, err := h.CreateRule(ctx, r)
			return err
		}, fault.Invalid, "1 is not of type 'string'\n\nFailed validating 'type' in schema['properties']['url']:\n    {'type': 'string', 'required': True}\n\nOn instance['url']:\n    1"},
		"operator": {func() error {
			r := webhook(t, "r", "x")
			r.Criteria = parse(t, `{"trigger.a": {"type": "is", "pattern": 1}}`)
			_, err := h.CreateRule(ctx, r)
			return err
		}, fault.Invalid, "criterion trigger.a: there is no operator is; did you mean in?"},
		"policy": {func() error {
			_, err := h.CreatePolicy(ctx, &policy.Policy{Name: "p", Pack: "default", ResourceRef: "a.b", PolicyType: "action.retry", Parameters: value.NewDict()})
			return err
		}, fault.Invalid, "retry_on is missing; it is one of failure, timeout"},
		"alias": {func() error {
			_, err := h.CreateAlias(ctx, &alias.Alias{Name: "l", Pack: "default", ActionRef: "a.b", Formats: alias.Formats{int64(1)}})
			return err
		}, fault.Invalid, "a format is 1, not a text; put it in quotes"},
		"delete no rule":      {func() error { return h.DeleteRule(ctx, "a.b") }, fault.NotFound, `Resource with a reference or id "a.b" not found`},
		"delete no policy":    {func() error { return h.DeletePolicy(ctx, "a.b") }, fault.NotFound, `Resource with a reference or id "a.b" not found`},
		"enable no runner":    {func() error { _, err := h.EnableRunner(ctx, "nope", true); return err }, fault.NotFound, `Resource with a name or id "nope" not found`},
		"delete no type":      {func() error { return h.DeleteTriggerType(ctx, "a.b") }, fault.NotFound, `Resource with a reference or id "a.b" not found`},
		"type without a name": {func() error { _, err := h.CreateTriggerType(ctx, &trigger.Type{Pack: "default"}); return err }, fault.Invalid, "name is empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.deed()
			if err == nil || fault.KindOf(err) != test.kind || err.Error() != test.want {
				t.Errorf("got %v, want kind %d: %s", err, test.kind, test.want)
			}
		})
	}
	if f, ok := err.(*fault.Fault); ok && f.ID != first.ID { //nolint:errorlint // it is one or not
		t.Errorf("the conflict is with %q, want %q", f.ID, first.ID)
	}
	if _, err := h.CreateAction(ctx, noop("a")); err != nil {
		if f, ok := err.(*fault.Fault); !ok || f.ID != first.ID { //nolint:errorlint // it is one or not
			t.Errorf("the conflict names %+v, want the id %s", err, first.ID)
		}
	}
}

func TestTypesOfClientsHaveTriggers(t *testing.T) {
	h := build(t)
	h.packs(-1)
	ctx := t.Context()
	typ, err := h.CreateTriggerType(ctx, &trigger.Type{Pack: "default", Name: "e.f"})
	if err != nil {
		t.Fatal(err)
	}
	tr, ok := h.catalog.Get().Trigger("default.e.f")
	if !ok || tr.UID != "trigger:default:e.f:99914b932bd37a50b983c5e7c90ae93b" || typ.UID != "trigger_type:default:e.f" {
		t.Errorf("the trigger is %+v, the type %+v", tr, typ)
	}
	if _, err := h.UpdateTriggerType(ctx, "default.e.f", &trigger.Type{Pack: "default", Name: "e.f", ParametersSchema: parse(t, `{"type": "object"}`)}); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.catalog.Get().Trigger("default.e.f"); ok {
		t.Error("a type with parameters has a trigger without any")
	}
	if err := h.DeleteTriggerType(ctx, "default.e.f"); err != nil {
		t.Fatal(err)
	}
	if _, ok := h.catalog.Get().TriggerType("default.e.f"); ok {
		t.Error("the type is still there")
	}
}

func TestRunnersAreSwitched(t *testing.T) {
	h := build(t)
	h.packs(-1)
	rt, err := h.EnableRunner(t.Context(), "local_shell_cmd", false)
	if err != nil || rt.Enabled || rt.ID == "" {
		t.Fatalf("got %+v (%v)", rt, err)
	}
	h.packs(0)
	if now, _ := h.catalog.Get().Runner("local-shell-cmd"); now.Enabled || now.ID != rt.ID {
		t.Errorf("it is %+v", now)
	}
}

func TestSensorsAreSwitchedUntilTheirMetadataChanges(t *testing.T) {
	h := build(t)
	h.write("demo/pack.yaml", "{name: demo, ref: demo, description: d, version: 1.0.0, author: a}\n")
	h.write("demo/sensors/s.yaml", "{class_name: S, entry_point: s.py, description: d}\n")
	h.write("demo/sensors/s.py", "")
	h.packs(-1)
	id := func() string { s, _ := h.catalog.Get().Sensor("demo.S"); return s.ID }()
	s, err := h.EnableSensor(t.Context(), "demo.S", false)
	if err != nil || s.Enabled || s.ID != id {
		t.Fatalf("got %+v, %v", s, err)
	}
	enabled := func(want bool, when string) {
		t.Helper()
		if now, _ := h.catalog.Get().Sensor("demo.S"); now.Enabled != want || now.ID != id {
			t.Errorf("%s it is %+v", when, now)
		}
	}
	enabled(false, "then")
	h.packs(-1)
	enabled(false, "registered again")
	h.write("demo/sensors/s.yaml", "{class_name: S, entry_point: s.py, description: other}\n")
	h.packs(-1)
	enabled(true, "changed")
	if _, err := h.EnableSensor(t.Context(), "demo.X", false); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a sensor that is not there: %v", err)
	}
}

func TestEveryChangeRingsTheBell(t *testing.T) {
	h := build(t)
	h.packs(-1)
	<-h.rings
	if _, err := h.CreateRule(t.Context(), webhook(t, "r", "x")); err != nil {
		t.Fatal(err)
	}
	<-h.rings
	if err := h.DeleteRule(t.Context(), "default.r"); err != nil {
		t.Fatal(err)
	}
	<-h.rings
}

func TestACanceledDeedWritesNothing(t *testing.T) {
	h := build(t)
	h.packs(-1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.CreateRule(ctx, webhook(t, "r", "x")); err == nil {
		t.Error("a rule was made for nobody")
	}
	if err := h.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(h.catalog.Get().Rules(), func(r *rule.Rule) bool { return r.Ref == "default.r" }) {
		t.Error("the rule is there")
	}
}

func BenchmarkRegisterUnchanged(b *testing.B) {
	h := open(b, b.TempDir(), b.TempDir())
	for p := range 10 {
		h.write(fmt.Sprintf("p%d/pack.yaml", p), "name: x\ndescription: d\nversion: 1.0.0\nauthor: a\n")
		for i := range 1000 {
			h.write(fmt.Sprintf("p%d/actions/a%d.yaml", p, i), fmt.Sprintf("name: a%d\nrunner_type: local-shell-cmd\nparameters:\n  x: {type: string, required: true, description: what it is about}\n  y: {type: integer, default: 5}\n", i))
		}
	}
	h.packs(-1)
	for b.Loop() {
		h.packs(0)
	}
}

func TestAPackIsConfigured(t *testing.T) {
	h := build(t)
	h.write("demo/config.schema.yaml", "host: {type: string, required: true}\n")
	if _, err := h.Packs(t.Context()); err != nil {
		t.Fatal(err)
	}
	set := func(text string) error {
		d := value.NewDict()
		if err := d.UnmarshalJSON([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return h.Configure(t.Context(), "demo", d)
	}
	if err := set(`{"host": "h", "more": [1, null]}`); err != nil {
		t.Fatal(err)
	}
	if got := value.Repr(h.catalog.Get().Config("demo")); got != "{'host': 'h', 'more': [1, None]}" {
		t.Errorf("got %s", got)
	}
	text, err := os.ReadFile(filepath.Join(h.dir, ".configs", "demo.yaml"))
	if err != nil || string(text) != "host: h\nmore:\n- 1\n- null\n" {
		t.Errorf("the file says %q, %v", text, err)
	}
	if err := set(`{"host": 5}`); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
	if err := h.Configure(t.Context(), "none", value.NewDict()); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	if report, err := h.Packs(t.Context()); err != nil || len(report.Findings) > 0 {
		t.Errorf("got %v, %v", report.Findings, err)
	}
	if got := value.Repr(h.catalog.Get().Config("demo")); got != "{'host': 'h', 'more': [1, None]}" {
		t.Errorf("what was wrong has changed something: %s", got)
	}
}

func TestWhatAReplacedPackDoesNotBringIsDropped(t *testing.T) {
	h := build(t)
	const action = "runner_type: local-shell-cmd\nparameters: {cmd: {default: x}}\n"
	h.write("demo/actions/stays.yaml", "name: stays\n"+action)
	h.write("demo/actions/goes.yaml", "name: goes\n"+action)
	h.write("demo/actions/renamed.yaml", "name: old\n"+action)
	h.write("demo/actions/broken.yaml", "name: broken\n"+action)
	h.write("demo/rules/goes.yaml", "name: goes\nenabled: true\ntrigger: {type: core.st2.webhook, parameters: {url: x}}\naction: {ref: demo.goes}\n")
	if _, err := h.Packs(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"actions/goes.yaml", "rules/goes.yaml"} {
		if err := os.Remove(filepath.Join(h.dir, "demo", file)); err != nil {
			t.Fatal(err)
		}
	}
	h.write("demo/actions/renamed.yaml", "name: new\n"+action)
	h.write("demo/actions/broken.yaml", "name: [broken\n")
	_, findings, err := h.ReplacePacks(t.Context(), []string{"demo"}, nil)
	if err != nil || len(findings) != 1 || !strings.Contains(findings[0], "broken.yaml") {
		t.Errorf("findings: %s, %v", findings, err)
	}
	var got []string
	for _, a := range h.catalog.Get().Actions() {
		if a.Pack == "demo" {
			got = append(got, a.Name)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"broken", "new", "stays"}, got); diff != "" {
		t.Error(diff)
	}
	if _, ok := h.catalog.Get().Rule("demo.goes"); ok {
		t.Error("the rule is still there")
	}
	if hooks := h.catalog.Get().Webhook("x"); len(hooks) > 0 {
		t.Error("its webhook is still there")
	}
}
