package api

import (
	"bytes"
	"encoding/json"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/intake"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/trigger"
)

func (a *API) sourceRoutes() []*route {
	return []*route{
		to("GET", apiService, "/webhooks", "webhook_list", (*call).listWebhooks, "List webhooks.").
			gives(http.StatusOK, []wire.Trigger{}).overall(),
		to("GET", apiService, "/webhooks/{hook...}", "webhook_view", (*call).getWebhook, "Show a webhook.").
			gives(http.StatusOK, wire.Trigger{}).guard(onTheHook, (*call).seesWebhook),
		to("POST", apiService, "/webhooks/{hook...}", "webhook_send", (*call).postWebhook, "Tell of an event.").changesNothing().gives(http.StatusAccepted, json.RawMessage{}).guard(onTheHook, (*call).seesWebhook).inBox(hookBox),
		to("POST", apiService, "/alerts/{source}", "webhook_send", (*call).postAlert, "Tell of alerts in the form of a monitoring system.").changesNothing().gives(http.StatusAccepted, wire.Receipt{}).on((*call).aboutAlerts).inBox(alertBox),
	}
}

type source = alert.Source

// sources are the alert receivers by name.
func sources() map[string]source {
	out := map[string]source{}
	for _, s := range alert.Sources() {
		out[s.Name] = s
	}
	return out
}

func (c *call) listWebhooks() error {
	return c.triggerList(func(t *trigger.Trigger) bool { return t.Type == trigger.Webhook })
}

// webhook finds the triggers of the webhook that the path names.
func (c *call) webhook() ([]*trigger.Trigger, error) {
	hook := catalog.HookName(c.part("hook"))
	found := c.catalog().Webhook(hook)
	if len(found) == 0 {
		return nil, noWebhook(hook)
	}
	return found, nil
}

// onTheHook is how it is decided about one webhook.
const onTheHook = "on the webhook"

// seesWebhook asks for the permission of the route on the webhook that the path names.
func (c *call) seesWebhook() error {
	hook := catalog.HookName(c.part("hook"))
	return c.allowOr(noWebhook(hook), webhookResource(hook))
}

// aboutAlerts is the receiver of alerts of the path, which is like a webhook.
func (c *call) aboutAlerts() (*rbac.Resource, error) {
	return webhookResource("alerts/" + c.part("source")), nil
}

func noWebhook(hook string) error {
	return fault.Newf(fault.NotFound, "Webhook \"%s\" not found: no rule listens to it.", shortened(hook))
}

func (c *call) getWebhook() error {
	found, err := c.webhook()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.TriggerOf(found[0]))
}

// eventKey is what the sender calls the event. With it, a delivery that is
// repeated because its answer was lost is taken in once.
func eventKey(h http.Header) string {
	if k := h.Get("X-Event-Key"); k != "" {
		return k
	}
	return h.Get("Idempotency-Key")
}

// maxEventKey bounds what is kept of each event.
const maxEventKey = 512

func (c *call) postWebhook() error {
	b, err := c.read(c.opts.MaxEventBody)
	if err != nil {
		return err
	}
	body, echo, err := c.hookBody(b)
	if err != nil {
		return err
	}
	key := eventKey(c.r.Header)
	if len(key) > maxEventKey {
		return fault.Newf(fault.Invalid, "The key of the event has %d bytes; it may have %d.", len(key), maxEventKey)
	}
	tag := c.r.Header.Get("St2-Trace-Tag")
	hook := catalog.HookName(c.part("hook"))
	if hook == "st2" {
		event, err := genericEvent(body)
		if err != nil {
			return err
		}
		if c.hidesTrigger(event.Trigger) {
			return fault.Newf(fault.Invalid, "Trigger %q not found.", event.Trigger)
		}
		event.Key, event.TraceTag = key, tag
		if _, err := c.Intake.Take(c.ctx(), event); err != nil {
			return err
		}
		return c.bytes(http.StatusAccepted, "application/json", echo)
	}
	triggers, err := c.webhook()
	if err != nil {
		return err
	}
	if tag == "" {
		tag = "webhook-" + hook + "-" + c.w.Header().Get("X-Request-ID")
	}
	payload := hookPayload(c.r, body)
	events := make([]intake.Event, len(triggers))
	for i, t := range triggers {
		events[i] = intake.Event{Trigger: t.Ref, Payload: payload, Key: key, TraceTag: tag, Fits: true}
	}
	if _, err := c.Intake.Take(c.ctx(), events...); err != nil {
		return err
	}
	return c.bytes(http.StatusAccepted, "application/json", echo)
}

// genericEvent reads the body of the webhook st2, which names its trigger.
func genericEvent(body value.Value) (intake.Event, error) {
	d, ok := body.(*value.Dict)
	if !ok {
		return intake.Event{}, fault.Newf(fault.Invalid, "Webhook body needs to be an object, got: %s", jsonType(body))
	}
	name, _ := d.Get("trigger")
	ref, ok := name.(string)
	if !ok || ref == "" {
		return intake.Event{}, fault.Newf(fault.Invalid, "Trigger not specified.")
	}
	payload, _ := d.Get("payload")
	fields, ok := payload.(*value.Dict)
	if !ok && payload != nil {
		return intake.Event{}, fault.Newf(fault.Invalid, "The payload of an event needs to be an object, got: %s", jsonType(payload))
	}
	return intake.Event{Trigger: ref, Payload: fields}, nil
}

// jsonType is the type of a value in the words of JSON.
func jsonType(v value.Value) string {
	switch v.(type) {
	case nil:
		return "null"
	case *value.Dict:
		return "object"
	case *value.List:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	default:
		return "integer"
	}
}

// hookBody reads what was posted to a webhook. echo is its JSON, as it is
// answered with.
func (c *call) hookBody(b []byte) (body value.Value, echo []byte, err error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return value.NewDict(), []byte("{}"), nil
	}
	given := c.r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	switch {
	case given == "", given == "application/json", err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")):
		body, err := parseJSON(b)
		return body, b, err
	case err != nil:
		return nil, nil, unsupported(given)
	}
	var fields map[string][]string
	switch kind {
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(b))
		if err != nil {
			return nil, nil, fault.Newf(fault.Invalid, "Failed to parse request body: %v", err)
		}
		fields = form
	case "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(b), params["boundary"]).ReadForm(c.opts.MaxEventBody)
		if err != nil {
			return nil, nil, fault.Newf(fault.Invalid, "Failed to parse request body: %v", err)
		}
		defer form.RemoveAll() //nolint:errcheck // nothing of it is on the disk: the body is bounded
		fields = form.Value
	case "text/plain":
		text := strings.ToValidUTF8(string(b), "\uFFFD")
		return text, wire.JSON(text), nil
	default:
		return nil, nil, unsupported(given)
	}
	d := value.NewDict()
	for _, name := range sortedKeys(fields) {
		items := value.NewList()
		for _, v := range fields[name] {
			items.Items = append(items.Items, strings.ToValidUTF8(v, "\uFFFD"))
		}
		d.Set(strings.ToValidUTF8(name, "\uFFFD"), items)
	}
	return d, wire.JSON(d), nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// hookPayload is the payload of a webhook's event: the headers, under their
// usual names and under those in lower case, without credentials, and the body.
func hookPayload(r *http.Request, body value.Value) *value.Dict {
	names := sortedKeys(r.Header)
	headers, lower := value.NewDictCap(len(names)+1), value.NewDictCap(len(names)+1)
	set := func(name, v string) {
		v = strings.ToValidUTF8(v, "\uFFFD")
		headers.Set(name, v)
		lower.Set(strings.ToLower(name), v)
	}
	set("Host", r.Host)
	for _, name := range names {
		switch name {
		case "X-Auth-Token", "St2-Api-Key", "Cookie", "Authorization":
			continue
		}
		values := r.Header[name]
		if len(values) == 1 {
			set(name, values[0])
		} else {
			set(name, strings.Join(values, ", "))
		}
	}
	d := value.NewDictCap(3)
	d.Set("headers", headers)
	d.Set("headers_lower", lower)
	d.Set("body", body)
	return d
}

func (c *call) postAlert() error {
	s, ok := c.alerts[c.part("source")]
	if !ok {
		return fault.Newf(fault.NotFound, "There are no alerts of \"%s\"; there are those of %s.",
			shortened(c.part("source")), strings.Join(sortedKeys(c.alerts), ", "))
	}
	b, err := c.read(c.opts.MaxEventBody)
	if err != nil {
		return err
	}
	heard, err := s.Decode(alert.Request{Header: c.r.Header, Query: c.r.URL.Query(), Body: b, Now: time.Now()})
	if err != nil {
		return err
	}
	out := wire.Receipt{Events: []wire.EventReceipt{}}
	if len(heard) > 0 {
		events := make([]intake.Event, len(heard))
		for i, e := range heard {
			events[i] = intake.Event{Trigger: e.Trigger, Payload: e.Payload, Key: e.Key, TraceTag: e.TraceTag}
		}
		receipts, err := c.Intake.Take(c.ctx(), events...)
		if err != nil {
			return err
		}
		for _, r := range receipts {
			started := r.Executions
			if started == nil {
				started = []string{}
			}
			out.Events = append(out.Events, wire.EventReceipt{ID: r.ID, Duplicate: r.Duplicate, Executions: started})
		}
	}
	return c.json(http.StatusAccepted, out)
}
