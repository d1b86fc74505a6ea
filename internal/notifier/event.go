package notifier

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/notify"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

// events returns one event for each route of each notice that e is to give. The
// error is a look-up that failed.
func (n *Notifier) events(ctx context.Context, e *execution.Execution) ([]intake.Event, error) {
	due := notify.Due(e)
	if len(due) == 0 {
		return nil, nil
	}
	var events []intake.Event
	t := newTemplates(n.params.Templates(e), e)
	for i, notice := range due {
		message, err := n.render(ctx, t, e, "message", notice.Message)
		if err != nil {
			return nil, err
		}
		rendered, err := n.render(ctx, t, e, "data", notice.Data)
		if err != nil {
			return nil, err
		}
		data, ok := rendered.(*value.Dict)
		if !ok {
			data = notice.Data
		}
		data = data.Clone()
		data.Set("result", resultText(e.Result))
		for j, route := range notice.Routes {
			payload := value.NewDictCap(10)
			payload.Set("execution_id", e.ID)
			payload.Set("status", string(e.Status))
			payload.Set("start_timestamp", stamp(e.CreatedAt))
			payload.Set("end_timestamp", stamp(e.FinishedAt))
			payload.Set("action_ref", e.Action)
			payload.Set("runner_ref", e.Runner)
			payload.Set("channel", route) // the old name
			payload.Set("route", route)
			payload.Set("message", message)
			payload.Set("data", data)
			events = append(events, intake.Event{
				Trigger: trigger.Notify, Payload: payload, Key: fmt.Sprintf("%s/%d/%d", e.ID, i, j), TraceTag: traceTag(e),
			})
		}
	}
	return events, nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// resultText is the result as JSON, which is what chat and mail can show.
func resultText(result json.RawMessage) string {
	if len(result) == 0 {
		return "{}"
	}
	return string(result)
}

func traceTag(e *execution.Execution) string {
	if t := e.Context.TraceContext; t != nil {
		return t.Tag
	}
	return ""
}

// templates are what the notices of one execution are rendered with.
type templates struct {
	scope *action.Scope
	names *value.Dict // nil: not made yet; most notices have no template
	e     *execution.Execution
}

func newTemplates(env action.Env, e *execution.Execution) *templates {
	return &templates{scope: action.NewScope(env), e: e}
}

// render returns v with the templates in it rendered. With a mistake in one it
// stays as it is written, as in StackStorm: better a clumsy notice than none.
func (n *Notifier) render(ctx context.Context, t *templates, e *execution.Execution, what string, v value.Value) (value.Value, error) {
	tmpl, mistake := action.ParseTemplate(v)
	if mistake == nil {
		if err := t.prepare(ctx); err != nil {
			return nil, err
		}
		var out value.Value
		out, mistake = tmpl.Render(t.scope.Context(ctx), t.names)
		if err := t.scope.Err(ctx); err != nil {
			return nil, fmt.Errorf("tell of execution %s: %w", e.ID, err)
		}
		if mistake == nil {
			if _, mistake = value.ToJSON(out); mistake == nil {
				return out, nil
			}
		}
	}
	n.opts.Logger.Warn("notice is told as it is written", "execution", e.ID, "action", e.Action, "part", what, "err", mistake)
	return v, nil
}

func (t *templates) prepare(ctx context.Context) error {
	if t.names != nil {
		return nil
	}
	names := value.NewDictCap(5)
	for name, b := range map[string]json.RawMessage{"action_parameters": t.e.Parameters, "action_results": t.e.Result} {
		v, err := value.FromJSON(b)
		if err != nil {
			v = value.NewDict() // there is none
		}
		names.Set(name, v)
	}
	for _, name := range []string{"st2kv", "secret", "system", "action_context", "config_context"} {
		v, _, err := t.scope.Name(ctx, name)
		if err != nil {
			return err
		}
		names.Set(name, v)
	}
	t.names = names
	return nil
}
