// Package alert turns what monitoring systems post into events of typed
// triggers.
//
// A [Source] reads the body of one system: the webhook of Prometheus
// Alertmanager, the handlers of Nagios and Icinga, CloudEvents. Decoding is a
// pure function of the [Request]; a body that is wrong is refused as a whole,
// with one *fault.Fault that says where and why.
//
// # The envelope
//
// Every payload has these keys, whatever the source, so that one rule can serve
// all of them:
//
//	status    "firing"   something is broken
//	          "pending"  it looks broken, and the sender is still checking
//	          "resolved" it is well again
//	          "notice"   neither begins nor ends anything (an acknowledgement)
//	severity  text in lower case, such as "critical"; null if the sender has none
//	name      what is wrong: the name of the alert, service or type of event
//	resource  what it is wrong with: an instance, a host; null if unknown
//	summary   one sentence for people
//	labels    an object of texts, to select by
//
// Below them are the sender's own fields, under the sender's own names.
//
// # What is one event
//
// Monitoring systems repeat themselves: a delivery that was not acknowledged is
// sent again, a group is sent whole when one alert in it changes, a problem that
// lasts is announced anew every few hours. For a system that acts, the second
// announcement of one problem is not a second problem. [Event.Key] is therefore
// the same for all deliveries of
//
//   - one episode of an alert in one status (Alertmanager: fingerprint, status
//     and startsAt, and endsAt when resolved), so an episode makes one firing and
//     one resolved event;
//   - one state that a host or service is in (Nagios: its names, state, kind of
//     state, attempt while the state is soft, and when the state began);
//   - one id of one source (CloudEvents, as their specification has it).
//
// The price is that an alert that Alertmanager gave up as resolved because
// nobody confirmed it, and that is then confirmed with the same startsAt, is no
// second firing event. Who wants each announcement as an event adds ?repeat=1
// to the address: the events of Alertmanager then have no key, and those of
// Nagios one for each announcement. CloudEvents keep theirs. An event whose
// sender says nothing that tells it from the next one has no key, and each
// delivery of it is an event.
package alert

import (
	"net/http"
	"net/url"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The references of the trigger types that the sources make events of.
const (
	Alertmanager = "alerts.alertmanager"
	Nagios       = "alerts.nagios"
	CloudEvent   = "alerts.cloudevent"
)

// MaxEvents is how many events one body may hold.
const MaxEvents = 10_000

// A Source understands what one kind of system posts.
type Source struct {
	Name          string // the last part of the address: /api/v1/alerts/{name}
	Trigger       string // reference of the trigger type
	Description   string
	PayloadSchema string // JSON schema of the payload, keys in reading order

	// Decode returns the events in a body, in their order, or a fault of kind
	// Invalid or TooLarge. A body may hold none.
	Decode func(Request) ([]Event, error)
}

// A Request is what was posted. Decoding neither changes nor keeps it.
type Request struct {
	Header http.Header
	Query  url.Values
	Body   []byte
	Now    time.Time // when it arrived
}

// An Event is something that a monitoring system said.
type Event struct {
	Trigger  string      // reference of the trigger
	Payload  *value.Dict // as the source's schema declares
	Key      string      // the same for each delivery of the same event; empty: none
	TraceTag string      // the same for all events about the same trouble
	At       time.Time   // when it happened, as the sender says; else when it arrived
}

// Sources returns all sources, by name.
func Sources() []Source {
	return []Source{
		{
			Name: "alertmanager", Trigger: Alertmanager,
			Description:   "An alert that Prometheus Alertmanager, or what posts in its format, reports as firing or resolved.",
			PayloadSchema: alertmanagerSchema,
			Decode:        decodeAlertmanager,
		},
		{
			Name: "cloudevents", Trigger: CloudEvent,
			Description:   "A CloudEvent, version 1.0, from any sender.",
			PayloadSchema: cloudEventSchema,
			Decode:        decodeCloudEvents,
		},
		{
			Name: "nagios", Trigger: Nagios,
			Description:   "A change of state or a notification of Nagios, Icinga or what behaves like them.",
			PayloadSchema: nagiosSchema,
			Decode:        decodeNagios,
		},
	}
}

// repeats reports whether the sender's address asks for each announcement.
func (r Request) repeats() bool {
	switch r.Query.Get("repeat") {
	case "1", "true", "yes":
		return true
	}
	return false
}
