package alert

import (
	"strconv"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// isIcingaEvent tells an object of Icinga 2's event stream from macros in JSON:
// it says its type, and when it happened as a number.
func isIcingaEvent(d *value.Dict) bool {
	typ, _ := d.Get("type")
	at, _ := d.Get("timestamp")
	_, isText := typ.(string)
	switch at.(type) {
	case int64, float64:
		return isText
	}
	return false
}

// icingaCheck reads an object of Icinga 2's event stream. They do not say when a
// state began, so the key is that of the moment of the event: each is sent once.
func icingaCheck(f reader) check {
	top := newMacros(f.dict)
	c := check{said: top["TIMESTAMP"], at: unixTime(top["TIMESTAMP"])}
	about := f
	for _, name := range []string{"comment", "downtime"} { // objects of their own, which say whom they are about
		v, _ := f.dict.Get(name)
		if d, ok := v.(*value.Dict); ok {
			about = reader{mistakes: f.mistakes, dict: d, path: f.pathOf(name)}
		}
	}
	if about.dict == f.dict {
		c.host, c.service = f.required("host"), f.text("service")
	} else {
		c.host, c.service = about.required("host_name"), about.text("service_name")
	}
	c.author = firstText(about.dict, "author")
	c.comment = firstText(about.dict, "text", "comment")
	isService := c.service != ""
	c.state = stateName(isService, top["STATE"])
	c.stateType = stateType(top["STATETYPE"])
	if v, _ := f.dict.Get("check_result"); v != nil {
		if result, ok := f.read(v, f.pathOf("check_result")); ok {
			c.fromResult(result)
		}
	}
	switch typ := f.text("type"); typ {
	case "StateChange":
	case "Notification":
		c.notification = icingaNotification(f.text("notification_type"))
		c.stateType = "HARD" // Icinga notifies of no other
	default:
		// A check without a change, an acknowledgement, a comment, a downtime.
		c.onlyNotice = true
		c.notification = icingaNotice(typ)
	}
	if !c.onlyNotice && c.notification == "" && severityOf(c.state) == "" && !isWell(c.state) {
		f.wrong("state", "must be the number of a state, not %q", shorten(c.state))
	}
	return c
}

// fromResult takes over what the result of the check says.
func (c *check) fromResult(result reader) {
	m := newMacros(result.dict)
	isService := c.service != ""
	if c.state == "" {
		c.state = stateName(isService, icingaState(isService, m["STATE"]))
	}
	c.output, c.longOutput, _ = strings.Cut(m["OUTPUT"], "\n")
	c.output, c.longOutput = strings.TrimSpace(c.output), strings.TrimSpace(c.longOutput)
	if data, _ := result.dict.Get("performance_data"); data != nil {
		if l, ok := data.(*value.List); ok {
			var texts []string
			for _, item := range l.Items {
				if s, ok := item.(string); ok { // others are objects, which stay in raw
					texts = append(texts, s)
				}
			}
			c.perfdata = strings.Join(texts, " ")
		}
	}
	for _, which := range []string{"vars_before", "vars_after"} {
		v, _ := result.dict.Get(which)
		d, ok := v.(*value.Dict)
		if !ok {
			continue
		}
		vars := newMacros(d)
		if which == "vars_before" {
			c.lastState = stateName(isService, icingaState(isService, vars["STATE"]))
			continue
		}
		c.attempt = vars.number("ATTEMPT")
		if c.stateType == "" {
			c.stateType = stateType(vars["STATETYPE"])
		}
	}
}

// icingaState translates the state of a check's result, which is that of the
// plugin: for a host, OK and WARNING are UP and the rest is DOWN.
func icingaState(service bool, s string) string {
	f, err := strconv.ParseFloat(s, 64)
	if service || err != nil {
		return s
	}
	if f >= 2 {
		return "1"
	}
	return "0"
}

// icingaNotice returns the name that Nagios has for what a type of event says,
// or that of the type. A mere result of a check is no notification.
func icingaNotice(typ string) string {
	switch typ {
	case "CheckResult":
		return ""
	case "AcknowledgementSet":
		return "ACKNOWLEDGEMENT"
	case "DowntimeStarted", "DowntimeTriggered":
		return "DOWNTIMESTART"
	case "DowntimeRemoved":
		return "DOWNTIMECANCELLED"
	}
	return strings.ToUpper(typ)
}

// icingaNotification returns the name that Nagios has for a type of
// notification.
func icingaNotification(typ string) string {
	typ = strings.ToUpper(strings.ReplaceAll(typ, "_", ""))
	if typ == "FLAPPINGEND" {
		return "FLAPPINGSTOP"
	}
	return typ
}
