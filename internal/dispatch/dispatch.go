// Package dispatch is what workers talk to: it hands them work, hears that they
// are alive, and takes their results.
//
// Each claim has a number that only grows, and what is said of an older claim
// is not heard. So a side effect happens at most once unless its action is
// idempotent: whoever vanished while it ran is not believed later, and nobody
// else repeats what it may have done.
package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/access"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/ident"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Lease is how long a worker is believed to be alive after it was last heard.
const Lease = 6 * time.Second

// maxAttempts bounds how often an idempotent execution is given out again: an
// action that kills its worker would otherwise kill all of them, for ever.
const maxAttempts = 3

// Parameters renders the parameters of an execution right before its run.
type Parameters interface {
	Final(ctx context.Context, a *catalog.Action, e *execution.Execution) (runner, action *value.Dict, err error)
	// Config returns the configuration of a pack as a user's actions see it.
	Config(ctx context.Context, pack, user string) (*value.Dict, error)
}

// Aftermath is what else follows from the end of an execution.
type Aftermath interface {
	// Wants reports whether anybody asks for the ends of executions at all.
	Wants() bool
	// Finished decides about the end of e. It writes nothing; what it returns
	// records the decision in the transaction of the end, and tells the world
	// after its commit. Both may be nil.
	Finished(ctx context.Context, e *execution.Execution) (record func(context.Context, *store.Tx) error, tell func(context.Context))
	// Asked does the same when the inquiry e begins to wait for its answer.
	Asked(ctx context.Context, e *execution.Execution, route string) (record func(context.Context, *store.Tx) error, tell func(context.Context))
}

// Options configure a Dispatch. The zero value of each field means its default.
type Options struct {
	APIURL   string         // where actions find the API
	Signer   *access.Signer // makes the tokens of actions; default: they get none
	TokenTTL time.Duration  // how long such a token is good for; default 24 h
	Logger   *slog.Logger   // default: discard
}

// Dispatch serves workers. It is safe for concurrent use.
type Dispatch struct {
	store   *store.Store
	catalog *catalog.Holder
	bus     bus.Bus
	params  Parameters
	after   Aftermath
	opts    Options
}

// New returns a dispatch.
func New(s *store.Store, c *catalog.Holder, b bus.Bus, p Parameters, a Aftermath, opts Options) *Dispatch {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.TokenTTL == 0 {
		opts.TokenTTL = 24 * time.Hour
	}
	return &Dispatch{store: s, catalog: c, bus: b, params: p, after: a, opts: opts}
}

// Join makes a new worker known and returns its id.
func (d *Dispatch) Join(ctx context.Context) (string, error) {
	now := time.Now()
	id := ident.New(now)
	err := d.store.Write(ctx, func(tx *store.Tx) error { return tx.AddWorker(ctx, id, now, now.Add(Lease)) })
	if err != nil {
		return "", fmt.Errorf("join: %w", err)
	}
	return id, nil
}

// Leave says that a worker has stopped and holds nothing any more.
func (d *Dispatch) Leave(ctx context.Context, worker string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error { return tx.EndWorker(ctx, worker) })
}

// Renew says that a worker is alive, and returns which of its executions it
// should stop. alive is false when it has been given up: then everything that
// it holds is somebody else's, and it must stop it all and join anew.
func (d *Dispatch) Renew(ctx context.Context, worker string) (cancel []string, alive bool, err error) {
	now := time.Now()
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		alive, err = tx.RenewWorker(ctx, worker, now, now.Add(Lease))
		return err
	})
	if err != nil || !alive {
		return nil, alive, err
	}
	cancel, err = d.store.Reader().Canceling(ctx, worker)
	return cancel, true, err
}

// An Assignment is an execution in the hands of a worker.
type Assignment struct {
	Attempt int
	Runner  string
	Task    runner.Task // with the id of the execution
}

// Claim gives a worker up to n executions. It returns after the claims are on
// record: an action never starts on a claim that a crash could undo.
func (d *Dispatch) Claim(ctx context.Context, worker string, n int) ([]Assignment, error) {
	var claimed []*execution.Execution
	now := time.Now()
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		claimed, err = tx.Claim(ctx, worker, n, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]Assignment, 0, len(claimed))
	for _, e := range claimed {
		d.changed(ctx, e.ID, e.Status)
		task, err := d.task(ctx, e, now)
		if err != nil {
			d.refuse(ctx, e, err)
			continue
		}
		out = append(out, Assignment{Attempt: e.Attempt, Runner: e.Runner, Task: task})
	}
	return out, nil
}

// task is what a runner needs to know of e.
func (d *Dispatch) task(ctx context.Context, e *execution.Execution, now time.Time) (runner.Task, error) {
	c := d.catalog.Get()
	a, ok := c.Action(e.Action)
	if !ok {
		return runner.Task{}, fmt.Errorf("action %q is not registered any more", e.Action)
	}
	if a.Problem != nil {
		return runner.Task{}, fmt.Errorf("action %q cannot be run: %w", e.Action, a.Problem)
	}
	if a.Runner.Missing != "" {
		return runner.Task{}, fmt.Errorf("action %q cannot be run: %s", e.Action, a.Runner.Missing)
	}
	known := len(e.Secrets)
	ctx, opened := secret.Listen(ctx)
	runnerParams, actionParams, err := d.params.Final(ctx, a, e)
	if err != nil {
		return runner.Task{}, err
	}
	t := runner.Task{
		ExecutionID:      e.ID,
		Action:           a.Ref,
		Pack:             a.Pack,
		User:             e.Context.User,
		RunnerParameters: runnerParams,
		ActionParameters: actionParams,
		Schema:           a.Parameters,
		Env: map[string]string{
			"ST2_ACTION_PACK_NAME":    a.Pack,
			"ST2_ACTION_EXECUTION_ID": e.ID,
			"ST2_ACTION_API_URL":      d.opts.APIURL,
		},
	}
	if p, ok := c.Pack(a.Pack); ok && p.Path != "" {
		t.ContentDir = p.Path
		if a.EntryPoint != "" {
			t.EntryPoint = filepath.Join(p.Path, "actions", filepath.FromSlash(a.EntryPoint))
		}
	}
	if t.EntryPoint == "" {
		t.EntryPoint = a.EntryPoint
	}
	if a.Runner.Name == runner.PythonScript {
		if t.Config, err = d.params.Config(ctx, a.Pack, e.Context.User); err != nil {
			return runner.Task{}, err
		}
	}
	t.Secrets = secret.Union(e.Secrets, opened.Texts())
	if len(t.Secrets) > known {
		// Whoever is shown what comes of it must not see them, so they are on record before it begins.
		if err := d.note(ctx, e.ID, t.Secrets); err != nil {
			return runner.Task{}, err
		}
	}
	if d.opts.Signer != nil {
		t.Env["ST2_ACTION_AUTH_TOKEN"] = d.opts.Signer.Sign(access.Grant{
			User: e.Context.User, Execution: e.ID, Pack: a.Pack, Expires: now.Add(d.opts.TokenTTL).Unix(),
		})
	}
	return t, nil
}

// refuse fails an execution that can't be run at all.
func (d *Dispatch) refuse(ctx context.Context, e *execution.Execution, cause error) {
	text := secret.NewMasker(e.Secrets).Text(cause.Error())
	b, err := json.Marshal(map[string]string{"error": text, "traceback": ""})
	if err == nil {
		err = d.Finish(ctx, Finished{ID: e.ID, Attempt: e.Attempt, Action: e.Action, Status: execution.Failed, Result: b})
	}
	if err != nil {
		// It stays in the worker's hands until the worker ends, and is abandoned then.
		d.opts.Logger.Error("execution could not be failed", "execution", e.ID, "err", err)
	}
}

// AddOutput keeps what executions have printed so far.
func (d *Dispatch) AddOutput(ctx context.Context, chunks []store.Chunk) error {
	if len(chunks) == 0 {
		return nil
	}
	if err := d.store.Write(ctx, func(tx *store.Tx) error { return tx.AddOutput(ctx, chunks) }); err != nil {
		return err
	}
	d.ringOutput(ctx, chunks)
	return nil
}

func (d *Dispatch) ringOutput(ctx context.Context, chunks []store.Chunk) {
	last := ""
	for _, c := range chunks {
		if c.Execution != last {
			last = c.Execution
			d.ring(ctx, bus.ExecutionOutput+last)
		}
	}
}

// Finished is the end of an execution as its worker tells it, or that it waits for
// somebody from now on: then Status is Pending.
type Finished struct {
	ID      string
	Attempt int
	Action  string // reference
	Status  execution.Status
	Result  json.RawMessage
	Secret  bool          // the execution has seen secrets
	Output  []store.Chunk // what was printed and not yet handed in
}

// ErrStale is returned for an end that comes too late: somebody else has
// decided about the execution.
var ErrStale = errors.New("the execution is not in this worker's hands any more")

// Finish records the end of an execution with all that follows from it. A
// worker keeps the result until Finish returns nil or [ErrStale].
func (d *Dispatch) Finish(ctx context.Context, f Finished) error {
	if f.Status == execution.Pending {
		return d.ask(ctx, f)
	}
	if !f.Status.Final() {
		return fmt.Errorf("finish execution %s: %s is not an end", f.ID, f.Status)
	}
	err := d.end(ctx, f.Action, store.Change{
		ID: f.ID, Attempt: f.Attempt, To: f.Status, At: time.Now(), Result: f.Result, Secret: f.Secret,
		From: []execution.Status{execution.Running, execution.Canceling, execution.Pausing, execution.Resuming},
	}, f.Output)
	if err != nil {
		return fmt.Errorf("finish execution %s: %w", f.ID, err)
	}
	return nil
}

// end carries out a change to a final status, with what follows from it.
func (d *Dispatch) end(ctx context.Context, action string, c store.Change, output []store.Chunk) error {
	c.Closed = true
	if err := c.Pack(); err != nil {
		return err
	}
	after, err := d.Closing(ctx, action, c)
	if err != nil {
		return err
	}
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		ok, err := tx.ChangeExecution(ctx, c)
		switch {
		case err != nil:
			return err
		case !ok:
			return ErrStale
		}
		if err := tx.AddOutput(ctx, output); err != nil {
			return err
		}
		return after.Record(ctx, tx)
	})
	if err != nil {
		return err
	}
	d.ringOutput(ctx, output)
	after.Tell(ctx)
	return nil
}

// A Closing is what follows from the end of an execution.
type Closing struct {
	d      *Dispatch
	action string
	change store.Change
	again  *execution.Execution // a policy has it tried again
	record func(context.Context, *store.Tx) error
	tell   func(context.Context)
	told   []string // the workflows that hear of it
}

// Closing decides what follows from a change to a final status. It writes nothing.
func (d *Dispatch) Closing(ctx context.Context, action string, c store.Change) (*Closing, error) {
	if !d.Follows(action) {
		return &Closing{d: d, action: action, change: c}, nil
	}
	e, err := d.store.Reader().Execution(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	return d.ClosingOf(ctx, e, c), nil
}

// ClosingOf is [Dispatch.Closing] for who has the execution as it was before the
// change.
func (d *Dispatch) ClosingOf(ctx context.Context, e *execution.Execution, c store.Change) *Closing {
	out := &Closing{d: d, action: e.Action, change: c}
	if !d.Follows(e.Action) {
		return out
	}
	ended := *e
	ended.Log = slices.Clip(e.Log) // else they might share the entry that is added
	ended.To(c.To, c.At)
	ended.Result = c.Result
	out.again = d.retry(&ended, c.At)
	if d.after != nil && d.after.Wants() {
		out.record, out.tell = d.after.Finished(ctx, &ended)
	}
	return out
}

// Record writes what follows, in the transaction of the change.
func (c *Closing) Record(ctx context.Context, tx *store.Tx) error {
	if c.again != nil {
		if err := tx.InsertExecution(ctx, c.again); err != nil {
			return err
		}
	}
	c.told = tx.Told()
	if c.record != nil {
		return c.record(ctx, tx)
	}
	return nil
}

// Tell rings for the change and what follows, after the commit.
func (c *Closing) Tell(ctx context.Context) {
	d := c.d
	d.changed(ctx, c.change.ID, c.change.To)
	bus.Tell(ctx, d.bus, c.told)
	if c.again != nil {
		d.ring(ctx, bus.ExecutionScheduled)
		d.ring(ctx, bus.WorkflowScheduled)
	}
	if c.again != nil || d.governed(c.action) {
		d.ring(ctx, bus.ExecutionRequested) // a place may be free
	}
	if c.tell != nil {
		c.tell(ctx)
	}
}

// Follows reports whether the end of an action's execution can have
// consequences beyond itself. Most have none, and are not read again.
func (d *Dispatch) Follows(action string) bool {
	if d.after != nil && d.after.Wants() {
		return true
	}
	a, ok := d.catalog.Get().Action(action)
	return ok && a.Governor != nil
}

func (d *Dispatch) governed(action string) bool {
	a, ok := d.catalog.Get().Action(action)
	return ok && a.Governor.Governs()
}

// retry returns the execution that tries e's action again, if a policy says so.
func (d *Dispatch) retry(e *execution.Execution, now time.Time) *execution.Execution {
	a, ok := d.catalog.Get().Action(e.Action)
	if !ok || e.Task != "" { // a workflow has its own ways to try again
		return nil
	}
	link, at, again := a.Governor.Next(e, now)
	if !again {
		return nil
	}
	next := *e
	next.ID = ident.New(now)
	next.Status, next.Log = execution.Requested, []execution.LogEntry{{Status: execution.Requested, At: now}}
	next.Context.Policies = &execution.Policies{Retry: &link}
	next.CreatedAt, next.NotBefore, next.StartedAt, next.FinishedAt = now, at, time.Time{}, time.Time{}
	next.Attempt, next.Worker, next.Result, next.ResultSize = 0, "", nil, 0
	if !a.Governor.Governs() {
		next.To(execution.Scheduled, now)
	}
	return &next
}

// Recover decides about what vanished workers held, and returns how many
// executions that were. What may be repeated is given out again; the rest is
// abandoned, for nobody knows what it did.
func (d *Dispatch) Recover(ctx context.Context) (int, error) {
	now := time.Now()
	late, err := d.store.Reader().LateWorkers(ctx, now)
	if err != nil {
		return 0, err
	}
	for _, id := range late {
		if err := d.Leave(ctx, id); err != nil {
			return 0, err
		}
		d.opts.Logger.Warn("worker has vanished", "worker", id)
	}
	n := 0
	for {
		orphans, err := d.store.Reader().Orphans(ctx, 200)
		if err != nil || len(orphans) == 0 {
			return n, err
		}
		for _, e := range orphans {
			if err := d.orphan(ctx, e, now); err != nil && !errors.Is(err, ErrStale) {
				return n, fmt.Errorf("decide about orphaned execution %s: %w", e.ID, err)
			}
			n++
		}
	}
}

func (d *Dispatch) orphan(ctx context.Context, e *execution.Execution, now time.Time) error {
	c := store.Change{ID: e.ID, Attempt: e.Attempt, From: []execution.Status{e.Status}, At: now}
	switch {
	case e.Status == execution.Canceling:
		c.To, c.Result = execution.Canceled, lost("The worker vanished while it was canceling the action.")
	case e.Idempotent && e.Attempt < maxAttempts:
		c.To = execution.Scheduled
		err := d.store.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.ChangeExecution(ctx, c)
			return err
		})
		d.ring(ctx, bus.ExecutionScheduled)
		return err
	case e.Idempotent:
		c.To, c.Result = execution.Abandoned, lost(fmt.Sprintf("The worker vanished in each of %d attempts.", e.Attempt))
	default:
		c.To, c.Result = execution.Abandoned, lost(
			"The worker vanished while the action ran. What the action did is not known; it was not run again, since it is not marked idempotent.")
	}
	return d.end(ctx, e.Action, c, nil)
}

func lost(why string) json.RawMessage {
	b, err := json.Marshal(map[string]string{"error": why})
	if err != nil {
		panic(err) // texts always have JSON
	}
	return b
}

func (d *Dispatch) changed(ctx context.Context, id string, to execution.Status) {
	_ = d.bus.Publish(ctx, bus.Message{Subject: bus.ExecutionChanged + id, Body: []byte(to)})
}

func (d *Dispatch) ring(ctx context.Context, subject string) {
	// A bell that does not ring costs time, not work: sweeps find what waits.
	_ = d.bus.Publish(ctx, bus.Message{Subject: subject})
}
