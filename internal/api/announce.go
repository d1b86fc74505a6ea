package api

import (
	"context"
	"encoding/json"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// eventAnnouncement is followed by the route of the announcement.
const eventAnnouncement = "st2.announcement__"

// announces reports whether e has come to its end and tells something by it.
func announces(e *execution.Execution) bool {
	return e.Runner == runner.Announcement && e.Status == execution.Succeeded
}

// announce tells what e announces, with the secrets among it masked.
func (h *hub) announce(ctx context.Context, b *backlog, e *execution.Execution, t *told) error {
	result := e.Result
	if len(result) == 0 {
		var err error
		if result, err = h.api.Store.Reader().Result(ctx, e.ID); err != nil {
			return err
		}
	}
	v, err := value.FromJSON(h.api.view().maskResult(e, result))
	said, ok := v.(*value.Dict)
	if err != nil || !ok {
		return nil //nolint:nilerr // somebody has set another result, which announces nothing
	}
	output, _ := said.Get("output")
	payload, err := value.ToJSON(output)
	if err != nil {
		return nil //nolint:nilerr // it came from JSON
	}
	route, _ := said.Get("route")
	event := eventAnnouncement + value.Str(route)
	b.tell(t.news(news{
		event: event, execution: e.ID, action: e.Action, final: true, public: true,
		frame: frame(event, compactJSON(struct {
			Payload json.RawMessage  `json:"payload"`
			Trace   *execution.Trace `json:"trace_context"`
		}{secret.NewMasker(e.Secrets).JSON(h.api.view().maskParameters(e.Action, payload)), e.Context.TraceContext})),
	}))
	return nil
}
