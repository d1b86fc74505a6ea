package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func (a *app) webhooks() *cobra.Command {
	r := resource{
		name: "webhook", plural: "webhooks", path: "webhooks", key: "url",
		columns: []string{"url", "type", "description"},
		shape: shape{
			order: []string{"id", "uid", "ref", "pack", "name", "type", "description", "parameters"},
			transform: map[string]transformer{
				"url": func(_ *session, d *value.Dict, v value.Value) value.Value {
					if v == nil {
						return textOf(d, "parameters.url")
					}
					return v
				},
			},
		},
	}
	return group(
		&cobra.Command{Use: "webhook", Short: "Where others send events"},
		a.listCommand(r, []filter{{flag: "pack", short: "p", local: "pack", help: "only those of this pack"}}, nil), a.getCommand(r), a.webhookSend(r),
	)
}

func (a *app) webhookSend(r resource) *cobra.Command {
	return &cobra.Command{
		Use:   "send <url> [JSON | name=value...]",
		Short: "Send an event to a webhook",
		Long: `Send an event to a webhook: a JSON text, a file (@FILE), standard input (-), or an object of
name=value, whose values are JSON where they look like it and texts otherwise.`,
		Example: `  nightshift webhook send deploy service=web version=2.1
  nightshift webhook send deploy '{"service": "web", "hosts": ["a", "b"]}'
  nightshift webhook send st2 @event.json`,
		Args:              args(1, -1),
		ValidArgsFunction: a.completeWebhooks,
		RunE: func(cmd *cobra.Command, words []string) error {
			event, err := a.webhookBody(words[1:])
			if err != nil {
				return err
			}
			body, err := value.ToJSON(event)
			if err != nil {
				return fmt.Errorf("write the event as JSON: %w", err)
			}
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			parts := strings.Split(strings.Trim(words[0], "/"), "/")
			for i := range parts {
				parts[i] = seg(parts[i])
			}
			var answer []byte
			if _, err := s.client.Do(cmd.Context(), http.MethodPost, r.path+"/"+strings.Join(parts, "/"), nil, json.RawMessage(body), &answer); err != nil {
				return named(s.advise(err), r, words[0])
			}
			if s.machine() {
				v, err := value.FromJSON(answer)
				if err != nil {
					return err
				}
				return s.encode(v)
			}
			return s.print(`Taken in. See what came of it with "nightshift rule why last".`)
		},
	}
}

func (a *app) webhookBody(words []string) (value.Value, error) {
	if len(words) == 0 {
		return value.NewDict(), nil
	}
	first := words[0]
	if path, ok := strings.CutPrefix(first, "@"); ok && len(words) == 1 {
		return a.readJSON(path)
	}
	if first == "-" && len(words) == 1 {
		return a.readJSON(first)
	}
	if len(words) == 1 && (strings.HasPrefix(first, "{") || strings.HasPrefix(first, "[")) {
		v, err := value.FromJSON([]byte(first))
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "the event is no JSON: %v", err)
		}
		return v, nil
	}
	d := value.NewDict()
	for _, w := range words {
		name, v, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fault.Newf(fault.Invalid, "%q is neither JSON nor name=value", w)
		}
		d.Set(name, jsonOrText(v))
	}
	return d, nil
}

func (a *app) readJSON(path string) (value.Value, error) {
	content, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	v, err := value.FromJSON([]byte(content))
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "%s: %v", path, err)
	}
	return v, nil
}
