package notifier_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/notifier"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dict(t *testing.T, text string) *value.Dict {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

// desk is a ledger with what notifiers need.
type desk struct {
	*testing.T
	db      store.Driver
	store   *store.Store
	bus     *membus.Bus
	content *catalog.Holder
	params  *launch.Params
	launch  *launch.Launcher
	intake  *intake.Intake
}

// newDesk has two actions, one of which names whom to tell, and a rule that
// carries notices for the route ops on.
func newDesk(t *testing.T) *desk {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{Readers: 2})
	if err != nil {
		t.Fatal(err)
	}
	act := func(name, notify string) *action.Action {
		return &action.Action{
			ID: name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true, RunnerType: "act", Notify: json.RawMessage(notify),
			Parameters: dict(t, `{"note": {"type": "string"}}`),
		}
	}
	listens := &rule.Rule{
		ID: "r", Ref: "p.carry", Pack: "p", Name: "carry", Enabled: true, Type: rule.TypeRef{Ref: rule.Standard},
		Trigger:  rule.TriggerRef{Type: trigger.Notify, Ref: trigger.Notify},
		Criteria: dict(t, `{"trigger.route": {"type": "eq", "pattern": "ops"}}`),
		Action:   rule.ActionRef{Ref: "p.hear", Parameters: dict(t, `{"note": "{{ trigger.message }}"}`)},
	}
	ends := &rule.Rule{
		ID: "e", Ref: "p.end", Pack: "p", Name: "end", Enabled: true, Type: rule.TypeRef{Ref: rule.Standard},
		Trigger:  rule.TriggerRef{Type: trigger.ActionFinished, Ref: trigger.ActionFinished},
		Criteria: dict(t, `{"trigger.parameters.note": {"type": "eq", "pattern": "watched"}}`),
		Action:   rule.ActionRef{Ref: "p.hear", Parameters: dict(t, `{"note": "{{ trigger.action_ref }} is {{ trigger.status }}"}`)},
	}
	holder := new(catalog.Holder)
	holder.Set(catalog.New(catalog.Source{
		Runners:      []*action.RunnerType{{ID: "r", Name: "act", Enabled: true, Parameters: value.NewDict()}},
		Actions:      []*action.Action{act("hear", ""), act("quiet", ""), act("loud", `{"on-complete": {"routes": ["ops"]}}`)},
		Rules:        []*rule.Rule{listens, ends},
		TriggerTypes: []*trigger.Type{{ID: "t", Ref: trigger.Notify}, {ID: "u", Ref: trigger.ActionFinished}},
		Triggers: []*trigger.Trigger{
			{ID: "t", Ref: trigger.Notify, Type: trigger.Notify}, {ID: "u", Ref: trigger.ActionFinished, Type: trigger.ActionFinished},
		},
	}))
	d := &desk{T: t, db: db, store: store.New(db), bus: new(membus.Bus), content: holder}
	d.params = launch.NewParams(d.store, holder)
	d.launch = launch.New(d.store, holder, d.bus, d.params)
	d.intake = d.intakeOn(d.store)
	return d
}

func (d *desk) intakeOn(s *store.Store) *intake.Intake {
	return intake.New(s, d.content, launch.New(s, d.content, d.bus, d.params), d.params, jinja.New(jinja.Options{}), intake.Options{})
}

// start runs a notifier, which the returned function stops.
func (d *desk) start(i notifier.Intake) (stop func()) {
	ctx, cancel := context.WithCancel(d.Context())
	over := make(chan error, 1) // so that it can end after the test gave up
	n := notifier.New(d.store, i, d.params, d.bus, notifier.Options{})
	go func() { over <- n.Run(ctx) }()
	return func() {
		cancel()
		if err := <-over; err != nil {
			d.Error(err)
		}
	}
}

func (d *desk) write(f func(tx *store.Tx) error) {
	d.Helper()
	if err := d.store.Write(d.Context(), f); err != nil {
		d.Fatal(err)
	}
}

// run starts an action and ends it.
func (d *desk) run(r execution.Request, to execution.Status, result string) string {
	d.Helper()
	e, err := d.launch.Launch(d.Context(), r)
	if err != nil {
		d.Fatal(err)
	}
	d.write(func(tx *store.Tx) error {
		c := store.Change{
			ID: e.ID, From: []execution.Status{execution.Scheduled}, To: to, At: time.Now(), Result: json.RawMessage(result),
			Closed: to != execution.Canceled,
		}
		_, err := tx.ChangeExecution(d.Context(), c)
		return err
	})
	if err := d.bus.Publish(d.Context(), bus.Message{Subject: bus.ExecutionChanged + e.ID, Body: []byte(to)}); err != nil {
		d.Fatal(err)
	}
	return e.ID
}

// events are the payloads of the events of notices.
func (d *desk) events() []*value.Dict {
	d.Helper()
	all, _, err := d.store.Reader().ListInstances(d.Context(), store.Instances{Triggers: []string{trigger.Notify}}, store.Page{Limit: -1, Asc: true})
	if err != nil {
		d.Fatal(err)
	}
	var out []*value.Dict
	for _, i := range all {
		out = append(out, dict(d.T, string(i.Payload)))
	}
	return out
}

// heard are the messages that the rule has carried on.
func (d *desk) heard() (out []string) {
	d.Helper()
	all, _, err := d.store.Reader().ListExecutions(d.Context(), store.Executions{Action: "p.hear"}, store.Page{Limit: -1, Asc: true})
	if err != nil {
		d.Fatal(err)
	}
	for _, e := range all {
		v, _ := dict(d.T, string(e.Parameters)).Get("note")
		out = append(out, value.Str(v))
	}
	return out
}

// wantHeard compares in any order: ids of the same moment are in none.
func (d *desk) wantHeard(want ...string) {
	d.Helper()
	got := d.heard()
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("heard (-want +got):\n%s", diff)
	}
	if left, err := d.store.Reader().Notices(d.Context(), 9); err != nil || len(left) > 0 {
		d.Errorf("still to be told: %v, %v", left, err)
	}
}

func inBubble(t *testing.T, f func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		f(d)
		if err := d.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestEachRouteIsToldWhatIsDue(t *testing.T) {
	inBubble(t, func(d *desk) {
		d.write(func(tx *store.Tx) error {
			return tx.PutKey(d.Context(), "k", kv.Pair{Scope: kv.System, Name: "team", Value: "night", UpdatedAt: time.Now()})
		})
		defer d.start(d.intake)()
		id := d.run(execution.Request{
			Action: "p.quiet", Parameters: dict(t, `{"note": "web-1"}`),
			Context: execution.Context{User: "ann", TraceContext: &execution.Trace{Tag: "trace"}},
			Notify: json.RawMessage(`{
				"on-complete": {"message": "{{ st2kv.system.team }}: {{ action_parameters.note }} {{ action_results.code }}",
					"data": {"by": "{{ action_context.user }}", "deep": ["{{ action_results.code }}"], "n": 1}, "routes": ["ops", "mail"]},
				"on-success": {"channels": ["chat"]}, "on-failure": {"routes": ["boss"]}}`),
		}, execution.Succeeded, `{"code": 7}`)
		time.Sleep(time.Second)
		stamp := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05.000000Z")
		want := func(route, message, data string) string {
			return fmt.Sprintf(`{'execution_id': '%s', 'status': 'succeeded', 'start_timestamp': '%s', 'end_timestamp': '%s', `+
				`'action_ref': 'p.quiet', 'runner_ref': 'act', 'channel': '%s', 'route': '%s', 'message': '%s', 'data': {%s'result': '{"code": 7}'}}`,
				id, stamp, stamp, route, route, message, data)
		}
		data := "'by': 'ann', 'deep': ['7'], 'n': 1, "
		var got []string
		for _, e := range d.events() {
			got = append(got, value.Repr(e))
		}
		if diff := cmp.Diff([]string{
			want("ops", "night: web-1 7", data), want("mail", "night: web-1 7", data), want("chat", "Action p.quiet succeeded.", ""),
		}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		instances, _, err := d.store.Reader().ListInstances(d.Context(), store.Instances{Triggers: []string{trigger.Notify}}, store.Page{Limit: 1})
		if err != nil || instances[0].TraceTag != "trace" {
			t.Errorf("%+v, %v", instances, err)
		}
		d.wantHeard("night: web-1 7")
	})
}

func TestWhomTheActionNamesIsToldUnlessTheRequestSaysOtherwise(t *testing.T) {
	inBubble(t, func(d *desk) {
		defer d.start(d.intake)()
		d.run(execution.Request{Action: "p.loud"}, execution.Failed, `{}`)
		d.run(execution.Request{Action: "p.loud"}, execution.Canceled, ``)
		d.run(execution.Request{Action: "p.loud", Notify: json.RawMessage(`{}`)}, execution.Failed, `{}`)
		d.run(execution.Request{Action: "p.quiet"}, execution.Failed, `{}`)
		d.run(execution.Request{Action: "p.loud", Notify: json.RawMessage(`{"on-failure": {"message": "own", "routes": ["ops"]}}`)},
			execution.Timeout, `{}`)
		time.Sleep(time.Second)
		d.wantHeard("Action p.loud completed.", "Action p.loud completed.", "own")
	})
}

// Whoever has a worker or a workflow end an execution records what follows. Others,
// such as who cancels what does not run yet, do not.
func TestAnEndThatIsNotClosedIsAnEvent(t *testing.T) {
	inBubble(t, func(d *desk) {
		defer d.start(d.intake)()
		watched := dict(t, `{"note": "watched"}`)
		d.run(execution.Request{Action: "p.quiet", Parameters: watched}, execution.Canceled, `{}`)
		d.run(execution.Request{Action: "p.quiet", Parameters: watched}, execution.Succeeded, `{}`)
		time.Sleep(time.Second)
		d.wantHeard("p.quiet is canceled")
	})
}

func TestANoticeWithAMistakeIsToldAsItIsWritten(t *testing.T) {
	inBubble(t, func(d *desk) {
		defer d.start(d.intake)()
		for _, notify := range []string{
			`{"on-complete": {"message": "{{ nobody.knows }}", "data": {"a": "{{ action_results.x }}"}, "routes": ["ops"]}}`,
			`{"on-complete": {"message": "{{ open", "data": {"a": "{% if %}"}, "routes": ["ops"]}}`,
			`{"on-complete": {"message": "{{ action_results.x }}", "data": {"a": "{{ nobody.knows }}"}, "routes": ["ops"]}}`,
		} {
			d.run(execution.Request{Action: "p.quiet", Notify: json.RawMessage(notify)}, execution.Succeeded, `{"x": 1}`)
			time.Sleep(time.Second) // so that they are told one after the other
		}
		d.wantHeard("{{ nobody.knows }}", "{{ open", "1")
		var got []string
		for _, e := range d.events() {
			data, _ := e.Get("data")
			a, _ := data.(*value.Dict).Get("a")
			got = append(got, value.Str(a))
		}
		if diff := cmp.Diff([]string{"1", "{% if %}", "{{ nobody.knows }}"}, got); diff != "" {
			t.Errorf("data (-want +got):\n%s", diff)
		}
	})
}

// shaky is an intake that refuses what one route is told, and fails at first.
type shaky struct {
	*intake.Intake
	fail *int
}

func (s shaky) Take(ctx context.Context, events ...intake.Event) ([]intake.Receipt, error) {
	if *s.fail > 0 {
		*s.fail--
		return nil, errors.New("the disk is full")
	}
	for _, e := range events {
		if route, _ := e.Payload.Get("route"); route == "void" {
			return nil, fault.Newf(fault.Invalid, "There is no such trigger.")
		}
	}
	return s.Intake.Take(ctx, events...)
}

func TestWhatFailsIsTriedAgainAndWhatIsRefusedHoldsNobodyUp(t *testing.T) {
	inBubble(t, func(d *desk) {
		for _, route := range []string{"ops", "void", "ops"} {
			notify := fmt.Sprintf(`{"on-complete": {"message": "told", "routes": [%q]}}`, route)
			d.run(execution.Request{Action: "p.quiet", Notify: json.RawMessage(notify)}, execution.Succeeded, `{}`)
		}
		failures := 2
		defer d.start(shaky{d.intake, &failures})()
		time.Sleep(time.Second)
		if got := d.heard(); len(got) > 0 {
			t.Fatalf("heard %v", got)
		}
		time.Sleep(5 * time.Second)
		d.wantHeard("told", "told")
	})
}

// mortal is a database that dies at one of its commits: before it, or after it
// has happened and before anybody hears of it.
type mortal struct {
	store.Driver
	at    int
	after bool
	n     *int
}

var errDead = errors.New("dead")

func (m mortal) Write(ctx context.Context, f func(store.Conn) error) error {
	if *m.n++; *m.n < m.at {
		return m.Driver.Write(ctx, f)
	}
	if m.after && *m.n == m.at {
		if err := m.Driver.Write(ctx, f); err != nil {
			return err
		}
	}
	return errDead
}

func TestACrashAtAnyCommitNeitherLosesNorDoublesANotice(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := 1; ; at++ {
			commits := 0
			t.Run(fmt.Sprintf("after=%v/commit=%d", after, at), func(t *testing.T) {
				inBubble(t, func(d *desk) {
					for range 3 {
						d.run(execution.Request{Action: "p.loud"}, execution.Succeeded, `{}`)
					}
					alive := d.store
					d.store = store.New(mortal{d.db, at, after, &commits})
					doomed := notifier.New(d.store, d.intakeOn(d.store), d.params, d.bus, notifier.Options{})
					ctx, stop := context.WithTimeout(d.Context(), 3*time.Second)
					defer stop()
					if err := doomed.Run(ctx); err != nil {
						t.Fatal(err)
					}
					d.store = alive
					stopAll := d.start(d.intake)
					time.Sleep(2 * time.Second)
					stopAll()
					d.wantHeard("Action p.loud completed.", "Action p.loud completed.", "Action p.loud completed.")
				})
			})
			if commits < at || t.Failed() {
				break
			}
		}
	}
}
