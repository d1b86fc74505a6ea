package intake

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/secret"
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
	return i.follow(ctx, e, i.EndOf(e))
}

// EndOf returns the event that the end of e is. It has a key, so it comes to nothing
// when it has been taken in before.
func (i *Intake) EndOf(e *execution.Execution) Event {
	payload := value.NewDict()
	payload.Set("execution_id", e.ID)
	payload.Set("status", string(e.Status))
	payload.Set("start_timestamp", e.CreatedAt.UTC().Format("2006-01-02T15:04:05.000000Z"))
	payload.Set("action_name", e.Action) // as in StackStorm, which has the reference in both
	payload.Set("action_ref", e.Action)
	payload.Set("runner_ref", e.Runner)
	masker := secret.NewMasker(e.Secrets)
	payload.Set("parameters", masker.Value(i.masked(e)))
	payload.Set("result", masker.Value(read(i.catalog.Get().MaskResult(e.Action, e.Runner, e.Result))))
	return Event{Trigger: trigger.ActionFinished, Payload: payload, Key: e.ID, TraceTag: traceTag(e)}
}

// traceTag is the tag of the trace that e is a part of.
func traceTag(e *execution.Execution) string {
	if t := e.Context.TraceContext; t != nil {
		return t.Tag
	}
	return ""
}

// Asked makes it an event of the type core.st2.generic.inquiry that the inquiry e
// waits for its answer. What it returns is used as that of Finished.
func (i *Intake) Asked(ctx context.Context, e *execution.Execution, route string) (
	record func(context.Context, *store.Tx) error, tell func(context.Context),
) {
	payload := value.NewDict()
	payload.Set("id", e.ID)
	payload.Set("route", route)
	return i.follow(ctx, e, Event{Trigger: trigger.Inquiry, Payload: payload, Key: e.ID, TraceTag: traceTag(e)})
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
