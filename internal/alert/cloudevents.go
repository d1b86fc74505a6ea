package alert

import (
	"encoding/base64"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

const cloudEventWhat = "a CloudEvent"

// decodeCloudEvents reads CloudEvents 1.0 in the three content modes of their
// HTTP binding: attributes in headers, one event in JSON, a batch in JSON.
func decodeCloudEvents(r Request) ([]Event, error) {
	contentType := r.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = strings.ToLower(strings.TrimSpace(contentType))
	}
	m := &mistakes{what: cloudEventWhat}
	var events []Event
	switch {
	case kind == "application/cloudevents+json" || kind == "application/cloudevents":
		v, err := readJSON(cloudEventWhat, r.Body)
		if err != nil {
			return nil, err
		}
		if f, ok := m.read(v, ""); ok {
			events = append(events, fromJSON(f, r))
		}
	case kind == "application/cloudevents-batch+json" || kind == "application/cloudevents-batch":
		v, err := readJSON("a batch of CloudEvents", r.Body)
		if err != nil {
			return nil, err
		}
		l, ok := v.(*value.List)
		if !ok {
			return nil, fault.Newf(fault.Invalid, "this is not a batch of CloudEvents: the body must be a list, not %s", describe(v))
		}
		if len(l.Items) > MaxEvents {
			return nil, tooMany("CloudEvents", len(l.Items))
		}
		for i, item := range l.Items {
			if f, ok := m.read(item, fmt.Sprintf("[%d]", i)); ok {
				events = append(events, fromJSON(f, r))
			}
		}
	case strings.HasPrefix(kind, "application/cloudevents"):
		return nil, fault.Newf(fault.Invalid, "CloudEvents in the format %q cannot be read; send application/cloudevents+json", shorten(kind))
	case len(r.Header.Values("Ce-Specversion")) == 0:
		return nil, fault.Newf(fault.Invalid, "this is not a CloudEvent: it has neither the header ce-specversion nor the Content-Type application/cloudevents+json or application/cloudevents-batch+json (it has %q)", shorten(contentType))
	default:
		events = []Event{fromHeaders(m, r, contentType)}
	}
	if err := m.fault(); err != nil {
		return nil, err
	}
	return events, nil
}

// fromJSON reads an event in the JSON format.
func fromJSON(f reader, r Request) Event {
	ce := cloudEvent{reader: f, extensions: value.NewDict()}
	var data, encoded value.Value
	hasData := false
	for k, v := range f.dict.All() {
		switch name := value.Str(k); name {
		case "data":
			data, hasData = v, true
		case "data_base64":
			encoded = v
		case "id", "source", "specversion", "type", "subject", "time", "dataschema", "datacontenttype":
		default:
			ce.extend(name, v)
		}
	}
	ce.attributes()
	if encoded != nil {
		if hasData && data != nil {
			f.wrong("data_base64", "and data are both there; an event has one of them")
		}
		text, ok := encoded.(string)
		body, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil {
			f.wrong("data_base64", "must be text in base64")
		}
		ce.readData(body, f.pathOf("data_base64"))
	} else {
		ce.data = data
	}
	return ce.event(r)
}

// fromHeaders reads an event whose attributes are headers and whose data is the
// body.
func fromHeaders(m *mistakes, r Request, contentType string) Event {
	attributes := value.NewDict()
	ce := cloudEvent{extensions: value.NewDict()}
	for _, header := range slices.Sorted(maps.Keys(r.Header)) {
		name, ok := strings.CutPrefix(strings.ToLower(header), "ce-")
		if !ok {
			continue
		}
		attributes.Set(name, headerText(strings.Join(r.Header[header], ", ")))
	}
	if contentType != "" {
		attributes.Set("datacontenttype", contentType)
	}
	ce.reader = reader{mistakes: m, dict: attributes}
	for k, v := range attributes.All() {
		switch name := value.Str(k); name {
		case "id", "source", "specversion", "type", "subject", "time", "dataschema", "datacontenttype":
		default:
			ce.extend(name, v)
		}
	}
	ce.attributes()
	if len(r.Body) > 0 {
		ce.readData(r.Body, "the body")
	}
	return ce.event(r)
}

// headerText undoes the percent encoding of a header, and the quotes that some
// senders put around it.
func headerText(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		var b strings.Builder
		escaped := false
		for _, c := range []byte(s[1 : len(s)-1]) {
			if c == '\\' && !escaped {
				escaped = true
				continue
			}
			escaped = false
			b.WriteByte(c)
		}
		s = b.String()
	}
	if plain, err := url.PathUnescape(s); err == nil {
		s = plain
	}
	return valid(s)
}

// A cloudEvent is an event while it is read.
type cloudEvent struct {
	reader

	id, source, typ, subject, dataschema, contentType string
	at                                                time.Time
	extensions                                        *value.Dict
	data                                              value.Value
	dataBase64                                        string // data that is neither JSON nor text
}

// attributes reads and checks what every CloudEvent may or must have.
func (c *cloudEvent) attributes() {
	c.id = c.required("id")
	c.source = c.required("source")
	c.typ = c.required("type")
	switch version := c.required("specversion"); version {
	case "1.0", "":
	default:
		c.wrong("specversion", "must be \"1.0\", not %q", shorten(version))
	}
	if _, err := url.Parse(c.source); err != nil {
		c.wrong("source", "must be a URI or a reference to one, not %q", shorten(c.source))
	}
	c.subject = c.optional("subject")
	c.contentType = c.optional("datacontenttype")
	if c.contentType != "" {
		if _, _, err := mime.ParseMediaType(c.contentType); err != nil {
			c.wrong("datacontenttype", "must be a media type such as application/json, not %q", shorten(c.contentType))
		}
	}
	if c.dataschema = c.optional("dataschema"); c.dataschema != "" {
		if u, err := url.Parse(c.dataschema); err != nil || !u.IsAbs() {
			c.wrong("dataschema", "must be a URI, not %q", shorten(c.dataschema))
		}
	}
	c.at = c.time("time", false)
}

// optional returns the text of an attribute that may be absent or null, but not
// empty.
func (c *cloudEvent) optional(name string) string {
	if v, _ := c.dict.Get(name); v == "" {
		c.wrong(name, "is empty; leave it away or say something")
	}
	return c.text(name)
}

// extend takes an attribute of the sender's own.
func (c *cloudEvent) extend(name string, v value.Value) {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		c.wrong(name, "is no name of an attribute; they are small letters and digits")
		return
	}
	switch v.(type) {
	case nil:
	case string, bool, int64:
		c.extensions.Set(name, v)
	default:
		c.wrong(name, "must be text, a whole number or a boolean, not %s; attributes do not nest", describe(v))
	}
}

// readData takes data that came as bytes, as what its content type says.
func (c *cloudEvent) readData(body []byte, path string) {
	kind, _, err := mime.ParseMediaType(c.contentType)
	if err != nil {
		kind = ""
	}
	isText := kind == "" || strings.HasPrefix(kind, "text/") || kind == "application/xml" || strings.HasSuffix(kind, "+xml")
	switch {
	case kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json"):
		v, err := value.FromJSON(body)
		if err != nil {
			c.mistakes.at(path, "is not %s, as the content type says: %v", kind, err)
		}
		c.data = v
	case isText && utf8.Valid(body):
		c.data = string(body)
	default:
		c.dataBase64 = base64.StdEncoding.EncodeToString(body)
	}
}

func (c *cloudEvent) event(r Request) Event {
	data, _ := c.data.(*value.Dict)
	if data == nil {
		data = value.NewDict()
	}
	e := envelope{
		status:   notice,
		severity: firstText(c.extensions, "severitytext", "severity"),
		name:     c.typ,
		resource: c.subject,
		summary:  firstText(data, "summary", "message"),
		labels:   value.NewDict(),
	}
	if s := strings.ToLower(firstText(data, "status")); s == firing || s == resolved || s == pending {
		e.status = s
	}
	if e.severity == "" {
		e.severity = firstText(data, "severity")
	}
	if e.resource == "" {
		e.resource = c.source
	}
	if e.summary == "" {
		e.summary = c.typ + " from " + c.source
		if c.subject != "" {
			e.summary += " about " + c.subject
		}
	}
	for k, v := range c.extensions.All() {
		e.labels.Set(value.Str(k), extensionText(v))
	}
	p := e.payload()
	p.Set("id", c.id)
	p.Set("source", c.source)
	p.Set("specversion", "1.0")
	p.Set("type", c.typ)
	p.Set("subject", textOrNull(c.subject))
	p.Set("time", textOrNull(firstText(c.dict, "time")))
	p.Set("datacontenttype", textOrNull(c.contentType))
	p.Set("dataschema", textOrNull(c.dataschema))
	p.Set("extensions", c.extensions)
	p.Set("data", c.data)
	p.Set("data_base64", textOrNull(c.dataBase64))

	event := Event{
		Trigger: CloudEvent, Payload: p, Key: keyOf("cloudevent", c.source, c.id),
		TraceTag: traceTag("cloudevent", c.source, c.id), At: c.at,
	}
	if event.At.IsZero() {
		event.At = r.Now
	}
	return event
}

// extensionText prints an attribute as CloudEvents do in a header.
func extensionText(v value.Value) string {
	if b, ok := v.(bool); ok {
		return fmt.Sprint(b)
	}
	return value.Str(v)
}
