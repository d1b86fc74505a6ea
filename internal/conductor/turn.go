package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// What one turn takes in at most, so that its transaction stays short. Both are
// looked at between events: one event may go over.
const (
	maxChildren = 512
	maxSteps    = 1024
)

// A turn is what a workflow does in one transaction: it hears some of its messages,
// and what comes of them is gathered here until it is saved.
type turn struct {
	c   *Conductor
	w   *carried
	now time.Time

	begins bool            // it is the first turn of all
	saved  *store.Workflow // that begins; nil when it does not
	copied string          // the workflow whose rows it begins with; empty: none
	heard  []store.Message
	user   string // who asked last for something that goes on to children

	steps    int
	follows  []workflow.Event // that the turn itself gave rise to
	rows     []workflow.Row
	at       map[rowName]int // where a row is in rows
	children []*execution.Execution
	requests []request
	secrets  []string // that were opened
	opened   *secret.Opened
	known    bool // the secrets of the workflow are up to date
	alarms   []store.Alarm
	left     []store.Message // for the workflow itself, in another turn
	end      *ending
}

// request is what is asked of a child.
type request struct {
	child string
	to    execution.Status
	user  string // on whose behalf
}

type rowName struct {
	kind string
	key  int64
}

// ending is how a workflow ends.
type ending struct {
	status execution.Status
	result json.RawMessage
}

func (c *Conductor) newTurn(w *carried) *turn {
	w.fresh = map[string]instant{}
	return &turn{c: c, w: w, now: time.Now(), user: w.exec.Context.User, at: map[rowName]int{}}
}

// full reports whether no further event should be heard in this turn.
func (t *turn) full() bool {
	return t.steps >= maxSteps || len(t.children) >= maxChildren
}

// hear lets the workflow hear an event, and everything that the turn itself gives
// rise to by it.
func (t *turn) hear(ctx context.Context, e workflow.Event) error {
	ctx, t.opened = secret.Listen(ctx)
	defer func() { t.secrets = secret.Union(t.secrets, t.opened.Texts()) }()
	for t.follows = append(t.follows, e); len(t.follows) > 0; {
		next := t.follows[0]
		t.follows = t.follows[1:]
		if err := t.step(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

// step lets the engine hear one event. What makes no sense to a workflow leaves it
// as it was: it has been told too late, or twice.
func (t *turn) step(ctx context.Context, e workflow.Event) error {
	if t.end != nil {
		return nil
	}
	t.steps++
	rows, commands, err := t.c.step(ctx, t.w, e)
	if f, ok := errors.AsType[*fault.Fault](err); ok && f.Kind != fault.Internal && t.optional(e) {
		t.c.opts.Logger.Debug("workflow can't do what it was told", "execution", t.w.exec.ID, "err", err)
		return nil
	}
	if err != nil {
		return err
	}
	t.keep(rows)
	for _, command := range commands {
		if err := t.carryOut(ctx, command); err != nil {
			return err
		}
	}
	if s := t.w.engine.Status(); s.Final() && t.end == nil {
		return fmt.Errorf("the engine says that the workflow is %s, and does not end it", s)
	}
	return nil
}

// keep gathers rows, of each name the last one.
func (t *turn) keep(rows []workflow.Row) {
	for _, r := range rows {
		name := rowName{r.Kind, r.Key}
		if i, ok := t.at[name]; ok {
			t.rows[i] = r
			continue
		}
		t.at[name] = len(t.rows)
		t.rows = append(t.rows, r)
	}
}

// optional reports whether a workflow can go on without having heard e.
func (t *turn) optional(e workflow.Event) bool {
	switch e.(type) {
	case workflow.Begin, workflow.Rerun:
		return false
	default:
		return true
	}
}

// step calls an engine. The functions of expressions find the workflow in its context.
func (c *Conductor) step(ctx context.Context, w *carried, e workflow.Event) (rows []workflow.Row, commands []workflow.Command, err error) {
	err = c.guard(w.exec.ID, func() error {
		rows, commands, err = w.engine.Step(w.during(ctx), e)
		return err
	})
	return rows, commands, err
}

// guard calls what belongs to a language: a panic in it is an error of one workflow, and
// the server goes on.
func (c *Conductor) guard(id string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.opts.Logger.Error("panic in the engine of a workflow", "execution", id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("the engine of the workflow failed: %v", p)
		}
	}()
	return f()
}

// event returns what a message says to an engine, and false when it says nothing to it.
func (t *turn) event(m store.Message) (workflow.Event, bool, error) {
	switch m.About {
	case store.AboutChild:
		if m.Ref == "" {
			return nil, false, nil // the child is gone, and nobody knows what it was
		}
		c := workflow.Child{Ref: m.Ref, Execution: m.Child, Status: execution.Status(m.Body), At: m.At}
		if c.At.IsZero() {
			c.At = t.now
		}
		if c.Status.Final() {
			c.Result = func(ctx context.Context) (value.Value, error) { return t.c.result(ctx, t.w, m.Child) }
		}
		return c, true, nil
	case store.AboutPause:
		t.user = m.Body
		return workflow.Pause{User: m.Body}, true, nil
	case store.AboutResume:
		t.user = m.Body
		return workflow.Resume{User: m.Body}, true, nil
	case store.AboutCancel:
		t.user = m.Body
		return workflow.Cancel{User: m.Body}, true, nil
	case store.AboutAlarm:
		return workflow.Expired{Ref: m.Body}, true, nil
	case store.AboutMore:
		return workflow.More{}, true, nil
	case store.AboutRefused:
		var r refused
		if err := json.Unmarshal([]byte(m.Body), &r); err != nil {
			return nil, false, fmt.Errorf("read the message %q of workflow %s: %w", m.Body, t.w.exec.ID, err)
		}
		return workflow.Launched{Ref: r.Ref, At: t.now, Refused: r.Why, Unknown: r.Unknown}, true, nil
	default:
		return nil, false, nil
	}
}
