package alert

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// decodeNagios reads what event handlers and notification commands of Nagios
// and Icinga post: their macros as a form or as JSON, or an object of Icinga's
// event stream.
func decodeNagios(r Request) ([]Event, error) {
	bodies, isList, err := nagiosBodies(r)
	if err != nil {
		return nil, err
	}
	if len(bodies) > MaxEvents {
		return nil, tooMany("events", len(bodies))
	}
	m := &mistakes{what: nagiosWhat}
	events := make([]Event, 0, len(bodies))
	for i, b := range bodies {
		path := ""
		if isList {
			path = fmt.Sprintf("[%d]", i)
		}
		f, ok := m.read(b, path)
		if !ok {
			continue
		}
		var c check
		if isIcingaEvent(f.dict) {
			c = icingaCheck(f)
		} else {
			c = nagiosCheck(f, newMacros(f.dict))
		}
		events = append(events, c.event(r, f.dict))
	}
	if err := m.fault(); err != nil {
		return nil, err
	}
	return events, nil
}

// A check is the state of a host or a service as Nagios speaks of it.
type check struct {
	host, service string // a host of its own has no service
	address       string
	state         string // OK, WARNING, CRITICAL, UNKNOWN, UP, DOWN, UNREACHABLE
	lastState     string
	stateType     string // SOFT or HARD
	attempt       value.Value
	maxAttempts   value.Value
	notification  string // PROBLEM, RECOVERY, ACKNOWLEDGEMENT …; empty in an event handler
	number        string // of the notification
	author        string
	comment       string
	output        string
	longOutput    string
	perfdata      string
	groups        map[string]string
	changed       string    // when the state began, or what else tells it from the next
	said          string    // when this was said, or what else tells it from the next
	at            time.Time // when it happened
	onlyNotice    bool      // it says something about a state, but not that it began or ended
}

// nagiosCheck reads macros. Those of services win over those of hosts when the
// event has a service, for Nagios sends both.
func nagiosCheck(f reader, m macros) check {
	c := check{
		host:    m.first("HOSTNAME", "HOST", "HOSTALIAS", "HOSTDISPLAYNAME"),
		service: m.first("SERVICEDESC", "SERVICEDESCRIPTION", "SERVICE", "SERVICENAME", "SERVICEDISPLAYNAME"),
		address: m.first("HOSTADDRESS", "ADDRESS", "HOSTADDRESS6"),
	}
	of := "HOST"
	if c.service != "" {
		of = "SERVICE"
	}
	c.state = stateName(c.service != "", m.first(of+"STATE", "STATE", of+"STATEID", "STATEID"))
	c.lastState = stateName(c.service != "", m.first("LAST"+of+"STATE", of+"LASTSTATE", "LASTSTATE", "LAST"+of+"STATEID"))
	c.stateType = stateType(m.first(of+"STATETYPE", "STATETYPE"))
	c.attempt = m.number(of+"ATTEMPT", of+"CHECKATTEMPT", "ATTEMPT", "CHECKATTEMPT")
	c.maxAttempts = m.number("MAX"+of+"ATTEMPTS", of+"MAXCHECKATTEMPTS", "MAXATTEMPTS", "MAXCHECKATTEMPTS")
	c.notification = strings.ToUpper(m.first("NOTIFICATIONTYPE"))
	c.number = m.first(of+"NOTIFICATIONNUMBER", "NOTIFICATIONNUMBER")
	c.author = m.first("NOTIFICATIONAUTHOR", "NOTIFICATIONAUTHORNAME", of+"ACKAUTHOR")
	c.comment = m.first("NOTIFICATIONCOMMENT", of+"ACKCOMMENT")
	c.output = m.first(of+"OUTPUT", "OUTPUT")
	c.longOutput = m.first("LONG"+of+"OUTPUT", "LONGOUTPUT")
	c.perfdata = m.first(of+"PERFDATA", "PERFDATA")
	c.groups = map[string]string{"hostgroup": m.first("HOSTGROUPNAME", "HOSTGROUP"), "servicegroup": m.first("SERVICEGROUPNAME", "SERVICEGROUP")}
	c.changed = m.first("LAST"+of+"STATECHANGE", of+"LASTSTATECHANGE", "LASTSTATECHANGE", of+"EVENTID")
	c.said = m.first("TIMET", "TIMESTAMP")
	c.at = unixTime(c.said)

	c.verify(f)
	return c
}

// verify reports what a check cannot do without.
func (c *check) verify(f reader) {
	if c.host == "" {
		f.wrong("HOSTNAME", "is missing; it must name the host")
	}
	switch {
	case c.state == "" && c.notification == "":
		names := "HOSTSTATE (UP, DOWN or UNREACHABLE)"
		if c.service != "" {
			names = "SERVICESTATE (OK, WARNING, CRITICAL or UNKNOWN)"
		}
		f.at(f.path, "has neither %s nor NOTIFICATIONTYPE", names)
	case c.state != "" && severityOf(c.state) == "" && !isWell(c.state):
		f.at(f.path, "has the state %q; states are OK, WARNING, CRITICAL and UNKNOWN, or UP, DOWN and UNREACHABLE", shorten(c.state))
	}
}

// status sums up what the check says.
func (c *check) status() string {
	switch {
	case c.onlyNotice:
		return notice
	case c.notification == "PROBLEM":
		return firing
	case c.notification == "RECOVERY":
		return resolved
	case c.notification != "": // ACKNOWLEDGEMENT, FLAPPINGSTART, DOWNTIMEEND, CUSTOM …
		return notice
	case isWell(c.state):
		return resolved
	case c.stateType == "SOFT":
		return pending
	default:
		return firing
	}
}

func (c *check) event(r Request, raw *value.Dict) Event {
	status := c.status()
	e := envelope{status: status, severity: severityOf(c.state), name: c.service, resource: c.host, labels: value.NewDict()}
	if isWell(c.state) {
		e.severity = severityOf(c.lastState) // of what is over
	}
	if e.name == "" {
		e.name = "host" // the check of the host itself
	}
	e.summary = c.summary()
	for _, l := range [][2]string{
		{"host", c.host},
		{"service", c.service},
		{"address", c.address},
		{"hostgroup", c.groups["hostgroup"]},
		{"servicegroup", c.groups["servicegroup"]},
	} {
		if l[1] != "" {
			e.labels.Set(l[0], l[1])
		}
	}
	p := e.payload()
	p.Set("host", c.host)
	p.Set("service", textOrNull(c.service))
	p.Set("state", textOrNull(c.state))
	p.Set("last_state", textOrNull(c.lastState))
	p.Set("state_type", textOrNull(c.stateType))
	p.Set("attempt", c.attempt)
	p.Set("max_attempts", c.maxAttempts)
	p.Set("notification_type", textOrNull(c.notification))
	p.Set("author", textOrNull(c.author))
	p.Set("comment", textOrNull(c.comment))
	p.Set("output", textOrNull(c.output))
	p.Set("long_output", textOrNull(c.longOutput))
	p.Set("perfdata", textOrNull(c.perfdata))
	p.Set("raw", raw)

	event := Event{
		Trigger: Nagios, Payload: p, Key: c.key(status, r.repeats()),
		TraceTag: traceTag("nagios", c.host, c.service), At: c.at,
	}
	if event.At.IsZero() {
		event.At = r.Now
	}
	return event
}

// summary returns one sentence: HTTP on web-1 is CRITICAL: timeout.
func (c *check) summary() string {
	what := c.host
	if c.service != "" {
		what = c.service + " on " + c.host
	}
	s := what + " is " + c.state
	if c.notification != "" && c.notification != "PROBLEM" && c.notification != "RECOVERY" {
		s += " (" + strings.ToLower(c.notification) + ")"
	}
	if c.state == "" {
		s = what + ": " + strings.ToLower(c.notification)
	}
	more := c.output
	if c.comment != "" {
		more = c.comment // a person said more than the check
	}
	if more != "" {
		s += ": " + more
	}
	return s
}

// key returns what tells this event from others, or nothing if the sender did
// not say enough: then losing one event would be worse than having one twice.
func (c *check) key(status string, each bool) string {
	parts := []string{c.host, c.service, status, c.state, c.stateType}
	if c.stateType == "SOFT" {
		parts = append(parts, value.Str(c.attempt))
	}
	switch {
	case each || status == notice:
		if c.said == "" && c.number == "" {
			return ""
		}
		return keyOf("nagios", append(parts, "said", c.notification, c.said, c.number, c.changed)...)
	case c.changed != "":
		return keyOf("nagios", append(parts, "changed", c.changed)...)
	case c.said != "":
		return keyOf("nagios", append(parts, "said", c.said)...)
	default:
		return ""
	}
}

// stateName returns the name of a state that may be given by its number.
func stateName(service bool, s string) string {
	names := []string{"UP", "DOWN", "UNREACHABLE"}
	if service {
		names = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		for i, n := range names {
			if f == float64(i) {
				return n
			}
		}
	}
	return strings.ToUpper(s)
}

func stateType(s string) string {
	switch s = strings.ToUpper(s); s {
	case "0":
		return "SOFT"
	case "1":
		return "HARD"
	}
	return s
}

func isWell(state string) bool { return state == "OK" || state == "UP" }

func severityOf(state string) string {
	switch state {
	case "CRITICAL", "DOWN", "UNREACHABLE":
		return "critical"
	case "WARNING":
		return "warning"
	case "UNKNOWN":
		return "unknown"
	}
	return ""
}

// unixTime reads seconds since 1970, with or without a fraction. What is no
// time of this or the next few centuries is none.
func unixTime(s string) time.Time {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 1 && f < 1e10) {
		return time.Time{}
	}
	return time.UnixMicro(int64(f * 1e6)).UTC()
}
