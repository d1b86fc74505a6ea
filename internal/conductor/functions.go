package conductor

import (
	"context"
	"errors"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/launch"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

type carriedKey struct{}

// during returns ctx for a step of a workflow. Functions look up there on whose behalf they
// are asked: what an expression says of itself, a workflow may have made up.
func (w *carried) during(ctx context.Context) context.Context {
	return context.WithValue(ctx, carriedKey{}, w)
}

// sees is what the workflow under way sees of the datastore.
func (c *Conductor) sees(ctx context.Context) (launch.View, error) {
	w, ok := ctx.Value(carriedKey{}).(*carried)
	if !ok {
		return launch.View{}, errors.New("no workflow is under way")
	}
	return c.Params.For(w.exec.Context.User), nil
}

// key answers the function st2kv.
func (c *Conductor) key(ctx context.Context, k expr.Key) (value.Value, bool, error) {
	see, err := c.sees(ctx)
	if err != nil {
		return nil, false, err
	}
	scope := kv.User
	if k.System {
		scope = kv.System
	}
	look := see.Get
	if k.Decrypt {
		look = see.Secret
	}
	text, ok, err := look(ctx, scope, k.User, k.Name)
	return text, ok, unlessDecided(err)
}

// secret answers the function secret.
func (c *Conductor) secret(ctx context.Context, name string) (string, error) {
	see, err := c.sees(ctx)
	if err != nil {
		return "", err
	}
	text, err := see.Elsewhere(ctx, name)
	return text, unlessDecided(err)
}

// unlessDecided is [lookup] for what may be refused: that is a mistake of the workflow, or
// of who started it, and no reason to try again.
func unlessDecided(err error) error {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Unauthorized:
		return err
	default:
		return lookup(err)
	}
}

// task answers the function task: the latest execution of a task of a workflow that
// is being stepped.
func (c *Conductor) task(ctx context.Context, id, name string, route int64) (value.Value, bool, error) {
	w, ok := ctx.Value(carriedKey{}).(*carried)
	if !ok || w.exec.ID != id {
		return nil, false, nil
	}
	t, ok := w.engine.Task(name, route)
	if !ok {
		return nil, false, nil
	}
	d := value.NewDictCap(9)
	d.Set("task_execution_id", t.ID)
	d.Set("workflow_execution_id", id)
	d.Set("task_name", name)
	d.Set("task_id", name)
	d.Set("route", t.Route)
	result, began, ended, err := c.taskRun(ctx, w, t)
	if err != nil {
		return nil, false, err
	}
	d.Set("result", result)
	d.Set("status", t.Status)
	d.Set("start_timestamp", timestamp(began))
	d.Set("end_timestamp", timestamp(ended))
	return d, true, nil
}

// taskRun returns the result of a task and when it ran: of one with items from the
// first begin to the last end.
func (c *Conductor) taskRun(ctx context.Context, w *carried, t workflow.TaskInfo) (result value.Value, began, ended time.Time, err error) {
	ids := []string{t.Execution}
	for _, item := range t.Items {
		ids = append(ids, item.Execution)
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		e := w.fresh[id].Execution
		if e == nil {
			if e, err = c.Store.Reader().Execution(ctx, id); err != nil {
				return nil, began, ended, lookup(err)
			}
		}
		if began.IsZero() || e.CreatedAt.Before(began) {
			began = e.CreatedAt
		}
		if e.FinishedAt.After(ended) {
			ended = e.FinishedAt
		}
	}
	result, err = t.Result(ctx, func(ctx context.Context, id string) (value.Value, error) { return c.result(ctx, w, id) })
	return result, began, ended, err
}

// timestamp writes a time as the reference does in contexts.
func timestamp(t time.Time) value.Value {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02 15:04:05.000000+00:00")
}
