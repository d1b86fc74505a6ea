package conductor

import (
	"context"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/kv"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// key answers the function st2kv.
func (c *Conductor) key(ctx context.Context, k expr.Key) (value.Value, bool, error) {
	scope := kv.User
	if k.System {
		scope = kv.System
	}
	look := c.Params.Get
	if k.Decrypt {
		look = c.Params.Secret
	}
	text, ok, err := look(ctx, scope, k.User, k.Name)
	return text, ok, lookup(err)
}

// secret answers the function secret.
func (c *Conductor) secret(ctx context.Context, name string) (string, error) {
	if c.Params.Elsewhere == nil {
		return "", fault.Newf(fault.Invalid, "There are no stores of secrets; the setting secrets.stores lists them.")
	}
	text, err := c.Params.Elsewhere(ctx, name)
	if fault.KindOf(err) == fault.Invalid {
		return "", err
	}
	return text, lookup(err)
}

// task answers the function task: the latest execution of a task of a workflow that
// is being stepped.
func (c *Conductor) task(ctx context.Context, id, name string, route int64) (value.Value, bool, error) {
	c.mu.Lock()
	w := c.motion[id]
	c.mu.Unlock()
	if w == nil {
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
