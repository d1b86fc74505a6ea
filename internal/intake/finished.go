package intake

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// Wants reports whether a rule listens to the ends of executions. When none
// does, their ends are no events: on a busy server they would double the load
// for nobody.
func (i *Intake) Wants() bool { return i.catalog.Get().RuleIndex().Listens(trigger.ActionFinished) }

// Finished makes the end of e an event of the type core.st2.generic.actiontrigger.
// What it returns records that event in the transaction of the end, and rings
// after its commit.
func (i *Intake) Finished(ctx context.Context, e *execution.Execution) (
	record func(context.Context, *store.Tx) error, tell func(context.Context),
) {
	payload := value.NewDict()
	payload.Set("execution_id", e.ID)
	payload.Set("status", string(e.Status))
	payload.Set("start_timestamp", e.CreatedAt.UTC().Format("2006-01-02T15:04:05.000000Z"))
	_, name, _ := strings.Cut(e.Action, ".")
	payload.Set("action_name", name)
	payload.Set("action_ref", e.Action)
	payload.Set("runner_ref", e.Runner)
	payload.Set("parameters", i.masked(e))
	payload.Set("result", read(e.Result))
	return i.follow(ctx, e, Event{Trigger: trigger.ActionFinished, Payload: payload, Key: e.ID})
}

// Asked makes it an event of the type core.st2.generic.inquiry that the inquiry e
// waits for its answer. What it returns is used as that of Finished.
func (i *Intake) Asked(ctx context.Context, e *execution.Execution, route string) (
	record func(context.Context, *store.Tx) error, tell func(context.Context),
) {
	payload := value.NewDict()
	payload.Set("id", e.ID)
	payload.Set("route", route)
	event := Event{Trigger: trigger.Inquiry, Payload: payload, Key: e.ID}
	if t := e.Context.TraceContext; t != nil {
		event.TraceTag = t.Tag
	}
	return i.follow(ctx, e, event)
}

// follow decides about an event that is of an execution. When that can't be
// decided, the execution must not suffer for it.
func (i *Intake) follow(ctx context.Context, e *execution.Execution, event Event) (
	record func(context.Context, *store.Tx) error, tell func(context.Context),
) {
	d, err := i.decide(ctx, event, time.Now())
	if err != nil {
		i.opts.Logger.Error("what an execution does is no event", "execution", e.ID, "trigger", event.Trigger, "err", err)
		return nil, nil
	}
	return func(ctx context.Context, tx *store.Tx) error { return i.record(ctx, tx, d) },
		func(ctx context.Context) { i.launcher.Ring(ctx, d.executions...) }
}

// masked returns the parameters of e without those that are secret: the event is
// shown to whoever may see events. When its action is gone, all may be.
func (i *Intake) masked(e *execution.Execution) value.Value {
	given, ok := read(e.Parameters).(*value.Dict)
	if !ok {
		return value.NewDict()
	}
	if a, ok := i.catalog.Get().Action(e.Action); ok && a.Params != nil {
		return a.Params.Masked(given)
	}
	hidden := value.NewDictCap(given.Len())
	for name := range given.Texts() {
		hidden.Set(name, schema.Mask)
	}
	return hidden
}

// read returns the value of JSON that we wrote ourselves.
func read(b json.RawMessage) value.Value {
	v, err := value.FromJSON(b)
	if err != nil {
		return nil
	}
	return v
}
