package alert

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// decodeAlertmanager reads the webhook of Alertmanager, version 4, of which each
// alert is an event. Others post in the same format under version numbers of
// their own (Grafana), so the fields decide and not the version.
func decodeAlertmanager(r Request) ([]Event, error) {
	const what = "an Alertmanager notification"
	body, err := readJSON(what, r.Body)
	if err != nil {
		return nil, err
	}
	m := &mistakes{what: what}
	top, ok := m.read(body, "")
	if !ok {
		return nil, m.fault()
	}
	group := alertGroup(top)
	alerts := top.list("alerts")
	if len(alerts) > MaxEvents {
		return nil, tooMany("alerts", len(alerts))
	}
	if err := boundGroup(group, len(alerts)); err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(alerts))
	for i, a := range alerts {
		if a, ok := m.read(a, fmt.Sprintf("alerts[%d]", i)); ok {
			events = append(events, alertEvent(a, group, r))
		}
	}
	if err := m.fault(); err != nil {
		return nil, err
	}
	return events, nil
}

// boundGroup refuses a group whose repetition in each of its alerts would make
// much out of little.
func boundGroup(group *value.Dict, alerts int) error {
	const most = 32 << 20
	text, err := value.ToJSON(group)
	if err != nil {
		return fmt.Errorf("measure the group: %w", err)
	}
	if len(text)*alerts > most {
		return fault.Newf(fault.TooLarge, "what the group has in common (%d bytes) is too much for its %d alerts, each of which repeats it; group by fewer labels or set max_alerts", len(text), alerts)
	}
	return nil
}

// alertGroup returns what is said of the whole group.
func alertGroup(top reader) *value.Dict {
	g := value.NewDict()
	g.Set("receiver", top.text("receiver"))
	g.Set("status", top.text("status"))
	g.Set("groupKey", top.text("groupKey"))
	g.Set("groupLabels", top.texts("groupLabels"))
	g.Set("commonLabels", top.texts("commonLabels"))
	g.Set("commonAnnotations", top.texts("commonAnnotations"))
	g.Set("externalURL", top.text("externalURL"))
	g.Set("version", top.text("version"))
	truncated, _ := top.dict.Get("truncatedAlerts")
	switch truncated.(type) {
	case nil:
		truncated = int64(0)
	case int64:
	default:
		top.wrong("truncatedAlerts", "must be a whole number, not %s", describe(truncated))
	}
	g.Set("truncatedAlerts", truncated)
	return g
}

func alertEvent(a reader, group *value.Dict, r Request) Event {
	labels, annotations := a.texts("labels"), a.texts("annotations")
	status := a.text("status")
	if status != firing && status != resolved {
		a.wrong("status", "must be %q or %q, not %q", firing, resolved, shorten(status))
	}
	starts, ends := a.time("startsAt", true), a.time("endsAt", false)
	fingerprint := a.text("fingerprint")
	if fingerprint == "" {
		fingerprint = fingerprintOf(labels)
	}
	e := envelope{
		status:   status,
		severity: firstText(labels, "severity"),
		name:     firstText(labels, "alertname"),
		resource: firstText(labels, "instance", "host", "hostname", "node", "pod", "service", "job"),
		summary:  firstText(annotations, "summary", "message", "description", "title"),
		labels:   labels,
	}
	if e.name == "" {
		e.name = "unnamed alert"
	}
	if e.summary == "" {
		e.summary = e.name + " is " + status
		if e.resource != "" {
			e.summary = e.name + " on " + e.resource + " is " + status
		}
	}
	p := e.payload()
	p.Set("annotations", annotations)
	p.Set("startsAt", firstText(a.dict, "startsAt"))
	p.Set("endsAt", nil) // Alertmanager has the year 1 while it does not know
	if !ends.IsZero() {
		p.Set("endsAt", firstText(a.dict, "endsAt"))
	}
	p.Set("generatorURL", a.text("generatorURL"))
	p.Set("fingerprint", fingerprint)
	p.Set("group", group)
	for k, v := range a.dict.All() { // what others add to the format
		if name, ok := k.(string); ok && !p.Has(name) {
			p.Set(name, v)
		}
	}

	at := starts
	parts := []string{fingerprint, status, instant(starts)}
	if status == resolved {
		parts = append(parts, instant(ends))
		at = ends
	}
	if at.IsZero() {
		at = r.Now
	}
	event := Event{Trigger: Alertmanager, Payload: p, TraceTag: traceTag("alertmanager", e.name, fingerprint), At: at}
	if !r.repeats() {
		event.Key = keyOf("alertmanager", parts...)
	}
	return event
}

// instant prints a time so that equal instants print the same.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// fingerprintOf computes the fingerprint of labels as Alertmanager does, which
// did not always send it.
func fingerprintOf(labels *value.Dict) string {
	var names []string
	for k := range labels.All() {
		names = append(names, value.Str(k))
	}
	slices.Sort(names)
	h := fnv.New64a()
	const separator = "\xff"
	for _, n := range names {
		_, _ = h.Write([]byte(n + separator + firstText(labels, n) + separator)) // a hash never fails
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
