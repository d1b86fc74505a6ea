package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// past is what a ledger of very many executions has, as filters can name it.
type past struct {
	rare, parent *execution.Execution
	middle       time.Time
}

// fill writes executions as they are left by rules and people: nearly all of a few kinds, one
// of which nothing is like another, and a tenth of them parts of workflows.
func (b *bench) fill(ctx context.Context, s *server) (past, error) {
	const (
		batch = 10_000
		apart = time.Millisecond
		parts = 10 // one workflow, and what it has started
	)
	var seen past
	begun := time.Now().Add(-time.Hour - time.Duration(b.opts.Rows)*apart)
	var workflow *execution.Execution
	for n := 0; n < b.opts.Rows; n += batch {
		err := s.Store.Write(ctx, func(tx *store.Tx) error {
			for i := n; i < min(n+batch, b.opts.Rows); i++ {
				at := begun.Add(time.Duration(i) * apart)
				e := finished("core.noop", at)
				switch {
				case i == b.opts.Rows/2:
					e.Status, e.Action, e.Runner, e.Context.User = execution.Timeout, "rare.action", "rare", "rare"
					e.Context.Rule, e.TriggerType, e.Trigger = &execution.Named{Name: "rare.rule"}, "rare.type", "rare.trigger"
					e.Context.TriggerInstance = &execution.Named{ID: ident.New(at)}
					seen.rare, seen.middle = e, at
				case i%parts == 0:
					e.Conducted, workflow = true, e
					if seen.parent == nil {
						seen.parent = e
					}
				case i%parts == 1:
					e.Parent = workflow.ID
				default:
					e.Context.Rule, e.TriggerType, e.Trigger = &execution.Named{Name: fmt.Sprintf("bench.rule%d", i%7)}, "core.st2.webhook", "bench.hook"
					e.Context.TriggerInstance = &execution.Named{ID: ident.New(at)}
				}
				if i%1000 == 0 {
					e.Status = execution.Failed
				}
				if t := e.Context.TriggerInstance; t != nil && b.opts.Rows-i < batch { // what the first page shows
					if _, err := tx.InsertInstance(ctx, &trigger.Instance{
						ID: t.ID, Trigger: e.Trigger, OccurredAt: at, Status: trigger.Processed, Payload: json.RawMessage(`{"body": {"status": "broken"}}`),
					}); err != nil {
						return err
					}
				}
				if err := tx.InsertExecution(ctx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return seen, err
		}
	}
	return seen, nil
}

// finished is an execution that is over.
func finished(action string, at time.Time) *execution.Execution {
	return &execution.Execution{
		ID: ident.New(at), Status: execution.Succeeded, Action: action, Runner: "noop", CreatedAt: at, StartedAt: at, FinishedAt: at,
		Context: execution.Context{User: "nightshift", Pack: "core"}, Parameters: json.RawMessage(`{}`), Attempt: 1,
		Result: json.RawMessage(`{"failed": false, "succeeded": true, "return_code": 0}`),
		Log:    []execution.LogEntry{{Status: execution.Requested, At: at}, {Status: execution.Succeeded, At: at}},
	}
}

// filters are queries with each filter that lists of executions have: for what is common,
// for what is there once, and for what is not there at all.
func (p past) filters() []string {
	moment := func(t time.Time) string { return url.QueryEscape(t.UTC().Format(time.RFC3339Nano)) }
	once := p.rare.Context.TriggerInstance.ID
	all := []string{
		"", "parent=null", "parent=" + p.parent.ID, "parent=" + p.rare.ID, "id=" + p.rare.ID, "liveaction=" + p.rare.ID, "trigger_instance=" + once,
		"timestamp=" + moment(p.middle), "timestamp=" + moment(p.middle) + ".." + moment(p.middle.Add(time.Minute)),
		"timestamp_gt=" + moment(p.middle), "timestamp_lt=" + moment(p.middle),
		"sort=start_timestamp", "parent=null&trigger_instance=" + once, "offset=5000",
	}
	for name, values := range map[string][]string{
		"status": {"succeeded", "failed", "timeout", "canceled"}, "action": {"core.noop", "rare.action", "no.such"}, "runner": {"noop", "rare", "no.such"},
		"user": {"nightshift", "rare", "nobody"}, "rule": {"bench.rule1", "rare.rule", "no.such"}, "trigger": {"bench.hook", "rare.trigger", "no.such"},
		"trigger_type": {"core.st2.webhook", "rare.type", "no.such"},
	} {
		for _, v := range values {
			all = append(all, name+"="+v, "parent=null&"+name+"="+v)
		}
	}
	for path, v := range map[string]string{
		"status": "timeout", "parent": p.parent.ID, "id": p.rare.ID, "liveaction.id": p.rare.ID, "action.ref": "rare.action", "runner.name": "rare",
		"context.user": "rare", "rule.name": "rare.rule", "trigger.name": "rare.trigger", "trigger_type.name": "rare.type", "trigger_instance.id": once,
	} {
		all = append(all, "filter="+path+":"+v)
	}
	slices.Sort(all)
	return all
}

// list measures a page of executions among very many, with each filter.
func (b *bench) list(ctx context.Context) error {
	s, err := b.serve(ctx, "list", nil)
	if err != nil {
		return err
	}
	seen, err := b.fill(ctx, s)
	if err != nil {
		return err
	}
	const rounds = 5
	p := s.poster("")
	base := p.url + "/api/v1/executions?limit=50"
	var plain, worst time.Duration
	var which string
	for _, filter := range seen.filters() {
		if p.url = base; filter != "" {
			p.url += "&" + filter
		}
		took := make([]time.Duration, rounds)
		for i := range took {
			begun := time.Now()
			if err := p.get(ctx); err != nil {
				return fmt.Errorf("list with %q: %w", filter, err)
			}
			took[i] = time.Since(begun)
		}
		best := slices.Min(took)
		fmt.Fprintf(b.opts.Progress, "  %8.2f ms  %s\n", millis(best), filter) //nolint:errcheck // nobody has to see it
		if filter == "parent=null" {
			plain = best
		}
		if best > worst {
			worst, which = best, filter
		}
	}
	b.add(Figure{
		Name: "list_50", What: fmt.Sprintf("GET /executions?limit=50&parent=null among %d, the best of %d", b.opts.Rows, rounds),
		Value: millis(plain), Unit: "ms", Target: 20, AtMost: true,
	})
	b.add(Figure{
		Name: "list_50_filtered", What: fmt.Sprintf("the same with the slowest of all filters, %s", which),
		Value: millis(worst), Unit: "ms", Target: 20, AtMost: true,
	})
	return s.end()
}

// gets measures how many authenticated requests are answered.
func (b *bench) gets(ctx context.Context) error {
	s, err := b.serve(ctx, "gets", nil)
	if err != nil {
		return err
	}
	e := finished("core.noop", time.Now())
	if err := s.Store.Write(ctx, func(tx *store.Tx) error { return tx.InsertExecution(ctx, e) }); err != nil {
		return err
	}
	for _, m := range []struct {
		name, what, path string
		target           float64
	}{
		{"get_action", "authenticated GET of an action", "/api/v1/actions/core.noop", 15_000},
		{"get_execution", "authenticated GET of an execution", "/api/v1/executions/" + e.ID, 0},
	} {
		p := s.poster(m.path)
		n, took, err := flood(b.opts.Duration, func() error { return p.get(ctx) })
		if err != nil {
			return err
		}
		limit, err := b.answers(ctx, p)
		if err != nil {
			return err
		}
		b.add(Figure{
			Name: m.name, What: m.what, Value: float64(n) / took.Seconds(), Unit: "1/s", Target: m.target,
			Limit: limit, LimitWhat: "the same answer from a handler of net/http that has it ready",
		})
	}
	return s.end()
}

// answers measures how often an answer can be given that is there already.
func (b *bench) answers(ctx context.Context, to *poster) (float64, error) {
	text, err := to.fetch(ctx)
	if err != nil {
		return 0, err
	}
	p, end, err := serving(ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(text) //nolint:errcheck,gosec // the client sees what it gets
	}))
	if err != nil {
		return 0, err
	}
	defer end()
	n, took, err := flood(b.opts.Duration/2, func() error { return p.get(ctx) })
	return float64(n) / took.Seconds(), err
}

// posts measures how long somebody waits who asks for an execution, one after the other.
func (b *bench) posts(ctx context.Context) error {
	s, err := b.serve(ctx, "posts", nil)
	if err != nil {
		return err
	}
	p := s.poster("/api/v1/executions")
	var took []time.Duration
	for begun := time.Now(); len(took) == 0 || time.Since(begun) < b.opts.Duration; {
		sent := time.Now()
		if err := p.post(ctx, `{"action": "core.noop"}`); err != nil {
			return err
		}
		took = append(took, time.Since(sent))
	}
	if err := s.finished(ctx, len(took)); err != nil {
		return err
	}
	limit, err := b.fsyncs()
	if err != nil {
		return err
	}
	slices.Sort(took)
	b.add(Figure{
		Name: "post_execution_p50", What: "POST of an execution to the answer, which comes after its commit, p50", Value: millis(took[len(took)/2]),
		Unit: "ms", Target: 3, AtMost: true, Limit: 1000 / limit, LimitWhat: "4 KiB written and synced",
	})
	b.add(Figure{Name: "post_execution_p99", What: "the same, p99", Value: millis(took[len(took)*99/100]), Unit: "ms", AtMost: true})
	return s.end()
}

// result measures a large result from the end of its action to the last byte of it in the hands
// of a client.
func (b *bench) result(ctx context.Context) error {
	s, err := b.conducted(ctx, "result")
	if err != nil {
		return err
	}
	var took []time.Duration
	for range 7 {
		id, d, err := s.large(ctx)
		if err != nil {
			return err
		}
		begun := time.Now()
		if err := s.poster("/api/v1/executions/" + id + "/result").get(ctx); err != nil {
			return err
		}
		took = append(took, d+time.Since(begun))
	}
	slices.Sort(took)
	b.add(Figure{
		Name: "result_8mb", What: "a result of 8 MB: run, stored and read over HTTP, the median of seven", Value: millis(took[len(took)/2]),
		Unit: "ms", Target: 150, AtMost: true,
	})
	return s.end()
}

// large has an action run whose result is large, and returns how long that took.
func (s *server) large(ctx context.Context) (id string, took time.Duration, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	over, err := s.ends(ctx, func(string) bool { return true })
	if err != nil {
		return "", 0, err
	}
	begun := time.Now()
	e, err := s.Launcher.Prepare(ctx, execution.Request{Action: "bench.log", Parameters: value.NewDict()}, begun)
	if err != nil {
		return "", 0, err
	}
	if err := s.Store.Write(ctx, func(tx *store.Tx) error { return s.Launcher.Insert(ctx, tx, e) }); err != nil {
		return "", 0, err
	}
	s.Launcher.Ring(ctx, e)
	err = s.succeeded(ctx, e.ID, over)
	return e.ID, time.Since(begun), err
}
