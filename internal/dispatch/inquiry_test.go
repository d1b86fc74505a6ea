package dispatch_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/bus/membus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/inquiry"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/inquirer"
	"github.com/nightshift-run/nightshift/internal/runner/noop"
	"github.com/nightshift-run/nightshift/internal/scheduler"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/store/sqlite"
	"github.com/nightshift-run/nightshift/internal/trigger"
	"github.com/nightshift-run/nightshift/internal/worker"
)

func dict(t *testing.T, text string) *value.Dict {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

// place is where the servers of a test live, one after the other.
type place struct {
	*testing.T
	db      store.Driver
	store   *store.Store
	content *catalog.Catalog
	runners map[string]runner.Runner
}

func newPlace(t *testing.T) *place {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{Readers: 2})
	if err != nil {
		t.Fatal(err)
	}
	act := func(name, typ string) *action.Action {
		return &action.Action{ID: name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true, RunnerType: typ}
	}
	listens := func(name, ref, runs, parameters string) *rule.Rule {
		return &rule.Rule{
			ID: name, Ref: "p." + name, Pack: "p", Name: name, Enabled: true, Type: rule.TypeRef{Ref: rule.Standard},
			Trigger: rule.TriggerRef{Type: ref, Ref: ref}, Criteria: dict(t, `{"trigger.action_ref": {"type": "ne", "pattern": "p.after"}}`),
			Action: rule.ActionRef{Ref: runs, Parameters: dict(t, parameters)},
		}
	}
	told := listens("tell", trigger.Inquiry, "p.tell", `{"note": "{{ trigger.id }} at {{ trigger.route }}"}`)
	told.Criteria = nil
	after := listens("follow", trigger.ActionFinished, "p.after", `{"note": "{{ trigger.status }} {{ trigger.result.response | d('') }}"}`)
	after.Criteria = dict(t, `{"trigger.action_ref": {"type": "eq", "pattern": "p.ask"}}`)
	note := dict(t, `{"note": {"type": "string"}}`)
	tell, follow := act("tell", "noop"), act("after", "noop")
	tell.Parameters, follow.Parameters = note, note
	types := []*trigger.Type{{ID: "t1", Ref: trigger.Inquiry}, {ID: "t2", Ref: trigger.ActionFinished}}
	return &place{
		T: t, db: db, store: store.New(db),
		content: catalog.New(catalog.Source{
			Runners: []*action.RunnerType{
				{ID: "r1", Name: inquiry.Runner, Enabled: true, Parameters: dict(t, `{"ttl": {"type": "integer", "default": 1440},
					"route": {"type": "string", "default": ""}, "users": {"type": "array", "default": []},
					"roles": {"type": "array", "default": []}, "schema": {"type": "object", "default": {"type": "object"}}}`)},
				{ID: "r2", Name: "noop", Enabled: true, Parameters: value.NewDict()},
			},
			Actions: []*action.Action{act("ask", inquiry.Runner), act("noop", "noop"), tell, follow},
			Rules:   []*rule.Rule{told, after}, TriggerTypes: types,
			Triggers: []*trigger.Trigger{
				{ID: "t1", Ref: trigger.Inquiry, Type: trigger.Inquiry}, {ID: "t2", Ref: trigger.ActionFinished, Type: trigger.ActionFinished},
			},
		}),
		runners: map[string]runner.Runner{inquiry.Runner: inquirer.New(), "noop": noop.New()},
	}
}

// server is one life of a server.
type server struct {
	*launch.Launcher
	*dispatch.Dispatch
	stop func()
}

// start starts a server with one slot.
func (p *place) start() *server {
	p.Helper()
	bell, holder := new(membus.Bus), new(catalog.Holder)
	holder.Set(p.content)
	params := launch.NewParams(p.store, holder)
	l := launch.New(p.store, holder, bell, params)
	in := intake.New(p.store, holder, l, params, jinja.New(jinja.Options{}), intake.Options{})
	d := dispatch.New(p.store, holder, bell, params, in, dispatch.Options{})
	ctx, stop := context.WithCancel(p.Context())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return worker.New(d, bell, p.runners, worker.Options{Slots: 1}).Run(ctx) })
	group.Go(func() error { return scheduler.New(p.store, holder, bell, d, scheduler.Options{}).Run(ctx) })
	return &server{l, d, func() {
		stop()
		if err := group.Wait(); err != nil {
			p.Error(err)
		}
	}}
}

func (p *place) launch(s *server, r execution.Request) string {
	p.Helper()
	e, err := s.Launch(p.Context(), r)
	if err != nil {
		p.Fatal(err)
	}
	return e.ID
}

func (p *place) wantStatus(id string, want execution.Status) *execution.Execution {
	p.Helper()
	e, err := p.store.Reader().Execution(p.Context(), id)
	if err != nil || e.Status != want {
		p.Fatalf("%s is %v, want %s: %v", id, e, want, err)
	}
	return e
}

// notes are the parameters of the executions of an action.
func (p *place) notes(action string) (notes []string) {
	p.Helper()
	all, _, err := p.store.Reader().ListExecutions(p.Context(), store.Executions{Action: action}, store.Page{Limit: -1, Asc: true})
	if err != nil {
		p.Fatal(err)
	}
	for _, e := range all {
		note, _ := dict(p.T, string(e.Parameters)).Get("note")
		notes = append(notes, value.Str(note))
	}
	return notes
}

func (p *place) wantNotes(action string, want ...string) {
	p.Helper()
	if diff := cmp.Diff(want, p.notes(action)); diff != "" {
		p.Errorf("executions of %s (-want +got):\n%s", action, diff)
	}
}

// inPlace runs a test in fake time.
func inPlace(t *testing.T, f func(p *place)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t)
		f(p)
		if err := p.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnInquiryHoldsNoSlotAndIsAnsweredAcrossRestarts(t *testing.T) {
	inPlace(t, func(p *place) {
		s := p.start()
		id := p.launch(s, execution.Request{Action: "p.ask", Parameters: dict(t, `{"route": "ops", "ttl": 0}`)})
		other := p.launch(s, execution.Request{Action: "p.noop"})
		time.Sleep(time.Second)
		if e := p.wantStatus(id, execution.Pending); e.Worker != "" {
			t.Errorf("worker %s holds it", e.Worker)
		}
		p.wantStatus(other, execution.Succeeded)
		p.wantNotes("p.tell", id+" at ops")
		s.stop()

		s = p.start()
		defer s.stop()
		time.Sleep(10 * time.Minute)
		p.wantStatus(id, execution.Pending)
		if err := s.Answer(p.Context(), id, inquiry.Person{User: "ann"}, dict(t, `{"go": "on"}`)); err != nil {
			t.Fatal(err)
		}
		if e := p.wantStatus(id, execution.Succeeded); e.Context.AnsweredBy != "ann" {
			t.Errorf("answered by %q", e.Context.AnsweredBy)
		}
		time.Sleep(time.Second)
		p.wantNotes("p.after", "succeeded {'go': 'on'}")
		p.wantNotes("p.tell", id+" at ops")
	})
}

func TestAnInquiryExpiresAlsoWhileNoServerRuns(t *testing.T) {
	inPlace(t, func(p *place) {
		s := p.start()
		ids := make([]string, 3)
		for i := range ids {
			ids[i] = p.launch(s, execution.Request{Action: "p.ask", Parameters: dict(t, fmt.Sprintf(`{"ttl": %d}`, i+1))})
		}
		time.Sleep(59 * time.Second)
		p.wantStatus(ids[0], execution.Pending)
		time.Sleep(3 * time.Second)
		p.wantStatus(ids[0], execution.Timeout)
		p.wantStatus(ids[1], execution.Pending)
		s.stop()
		time.Sleep(time.Minute)
		p.wantStatus(ids[1], execution.Pending)

		s = p.start()
		defer s.stop()
		time.Sleep(time.Second)
		p.wantStatus(ids[1], execution.Timeout)
		p.wantStatus(ids[2], execution.Pending)
		result, err := p.store.Reader().Result(p.Context(), ids[1])
		if got := value.Repr(dict(t, string(result))); err != nil ||
			got != "{'schema': {'type': 'object'}, 'roles': [], 'users': [], 'route': '', 'ttl': 2}" {
			t.Errorf("the result is %s, %v", got, err)
		}
		p.wantNotes("p.after", "timeout ", "timeout ")
		if err := s.Answer(p.Context(), ids[1], inquiry.Person{User: "ann"}, value.NewDict()); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an answer that is too late: %v", err)
		}
	})
}

func TestOfSeveralAnswersOneCounts(t *testing.T) {
	inPlace(t, func(p *place) {
		s := p.start()
		defer s.stop()
		id := p.launch(s, execution.Request{Action: "p.ask"})
		time.Sleep(time.Second)
		const n = 10
		taken := make(chan string, n) // one answer each
		for i := range n {
			go func() {
				user := fmt.Sprint("user", i)
				err := s.Answer(p.Context(), id, inquiry.Person{User: user}, dict(t, `{"by": "`+user+`"}`))
				if err != nil && fault.KindOf(err) != fault.Invalid {
					t.Error(err)
				}
				if err != nil {
					user = ""
				}
				taken <- user
			}()
		}
		winner := ""
		for range n {
			if user := <-taken; user != "" {
				winner += user
			}
		}
		if e := p.wantStatus(id, execution.Succeeded); e.Context.AnsweredBy != winner {
			t.Errorf("%q were told that they answered, and %q did", winner, e.Context.AnsweredBy)
		}
		time.Sleep(time.Second)
		p.wantNotes("p.after", "succeeded {'by': '"+winner+"'}")
	})
}

func TestTheWorkflowHearsOfItsInquiry(t *testing.T) {
	inPlace(t, func(p *place) {
		s := p.start()
		defer s.stop()
		parent := p.launch(s, execution.Request{Action: "p.noop", Delay: time.Hour})
		id := p.launch(s, execution.Request{Action: "p.ask", Parent: parent, Task: "1"})
		time.Sleep(time.Second)
		if err := s.Answer(p.Context(), id, inquiry.Person{}, value.NewDict()); err != nil {
			t.Fatal(err)
		}
		var got []string
		inbox, err := p.store.Reader().Inbox(p.Context(), parent, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inbox {
			got = append(got, m.About+" "+m.Ref+" "+m.Body)
		}
		if diff := cmp.Diff([]string{"child 1 pending", "child 1 succeeded"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestACanceledInquiryIsOver(t *testing.T) {
	inPlace(t, func(p *place) {
		s := p.start()
		defer s.stop()
		id := p.launch(s, execution.Request{Action: "p.ask"})
		time.Sleep(time.Second)
		if _, err := s.Cancel(p.Context(), id, "ann"); err != nil {
			t.Fatal(err)
		}
		p.wantStatus(id, execution.Canceled)
		if err := s.Answer(p.Context(), id, inquiry.Person{}, value.NewDict()); fault.KindOf(err) != fault.Invalid {
			t.Errorf("an answer that is too late: %v", err)
		}
		if err := s.Answer(p.Context(), "5f0000000000000000000001", inquiry.Person{}, value.NewDict()); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an answer to nothing: %v", err)
		}
	})
}

// slow asks when it is let to, whatever has happened meanwhile.
type slow struct{ let chan struct{} }

func (s slow) Run(context.Context, runner.Task, runner.Output) runner.Outcome {
	<-s.let
	return runner.Outcome{Status: execution.Pending, Result: value.NewDict()}
}

func TestWhoIsCanceledBeforeAskingDoesNotAsk(t *testing.T) {
	inPlace(t, func(p *place) {
		let := make(chan struct{})
		p.runners[inquiry.Runner] = slow{let}
		s := p.start()
		defer s.stop()
		id := p.launch(s, execution.Request{Action: "p.ask"})
		time.Sleep(time.Second)
		if _, err := s.Cancel(p.Context(), id, "ann"); err != nil {
			t.Fatal(err)
		}
		p.wantStatus(id, execution.Canceling)
		close(let)
		time.Sleep(time.Second)
		p.wantStatus(id, execution.Canceled)
		result, err := p.store.Reader().Result(p.Context(), id)
		if got := value.Repr(dict(t, string(result))); err != nil || got != "{'message': 'Action canceled by user.', 'user': 'ann'}" {
			t.Errorf("the result is %s, %v", got, err)
		}
		p.wantNotes("p.tell")
	})
}

func TestAServerThatDiesWhileItAsksAsksAgainAndOnce(t *testing.T) {
	inPlace(t, func(p *place) {
		dead := p.start()
		dead.stop()
		worker, err := dead.Join(p.Context())
		if err != nil {
			t.Fatal(err)
		}
		id := p.launch(dead, execution.Request{Action: "p.ask", Parameters: dict(t, `{"route": "ops"}`)})
		if got, err := dead.Claim(p.Context(), worker, 1); err != nil || len(got) != 1 {
			t.Fatalf("claimed %v, %v", got, err)
		}
		s := p.start()
		defer s.stop()
		time.Sleep(2 * dispatch.Lease)
		if e := p.wantStatus(id, execution.Pending); e.Attempt != 2 {
			t.Errorf("asked %d times", e.Attempt)
		}
		p.wantNotes("p.tell", id+" at ops")
	})
}
