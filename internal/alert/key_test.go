package alert_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/alert"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// one decodes a body that holds one event.
func one(t *testing.T, name, contentType, query, body string) alert.Event {
	t.Helper()
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	events, err := source(t, name).Decode(alert.Request{
		Header: http.Header{"Content-Type": {contentType}}, Query: q, Body: []byte(body), Now: now,
	})
	if err != nil || len(events) != 1 {
		t.Fatalf("got %d events and %v, want one", len(events), err)
	}
	return events[0]
}

// TestAlertmanagerKey checks which notifications are one event.
func TestAlertmanagerKey(t *testing.T) {
	body := func(status, starts, ends, label, receiver string) string {
		return fmt.Sprintf(`{"version":"4","receiver":%q,"alerts":[{"status":%q,"labels":{"alertname":%q},"startsAt":%q,"endsAt":%q}]}`, receiver, status, label, starts, ends)
	}
	const never = "0001-01-01T00:00:00Z"
	first := body("firing", "2026-11-22T14:40:00Z", never, "A", "x")
	over := body("resolved", "2026-11-22T14:40:00Z", "2026-11-22T14:50:00Z", "A", "x")
	tests := map[string]struct {
		a, b string
		same bool
	}{
		"a retried delivery":              {first, first, true},
		"a retried delivery of the end":   {over, over, true},
		"by another receiver":             {first, body("firing", "2026-11-22T14:40:00Z", never, "A", "y"), true},
		"the same instant, other zone":    {first, body("firing", "2026-11-22T15:40:00+01:00", never, "A", "x"), true},
		"the end foreseen":                {first, body("firing", "2026-11-22T14:40:00Z", "2026-11-22T14:44:00Z", "A", "x"), true},
		"beginning and end":               {first, over, false},
		"the next episode":                {first, body("firing", "2026-11-22T15:00:00Z", never, "A", "x"), false},
		"another alert":                   {first, body("firing", "2026-11-22T14:40:00Z", never, "B", "x"), false},
		"the end of a continued episode":  {over, body("resolved", "2026-11-22T14:40:00Z", "2026-11-22T15:50:00Z", "A", "x"), false},
		"the beginning, a nanosecond off": {first, body("firing", "2026-11-22T14:40:00.000000001Z", never, "A", "x"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := one(t, "alertmanager", "", "", tt.a), one(t, "alertmanager", "", "", tt.b)
			if a.Key == "" || (a.Key == b.Key) != tt.same {
				t.Errorf("keys %q and %q, want same: %v", a.Key, b.Key, tt.same)
			}
			if each := one(t, "alertmanager", "", "repeat=1", tt.a); each.Key != "" {
				t.Errorf("with repeat=1 the key is %q, want none", each.Key)
			}
		})
	}
	if a, b := one(t, "alertmanager", "", "", first), one(t, "alertmanager", "", "", over); a.TraceTag != b.TraceTag {
		t.Errorf("beginning and end have the trace tags %q and %q, want one", a.TraceTag, b.TraceTag)
	}
}

// TestFingerprint checks that labels without a fingerprint get the one that
// Alertmanager would have sent.
func TestFingerprint(t *testing.T) {
	for labels, want := range map[string]string{
		`{"alertname":"Watchdog"}`:                                 "003b0a0f7d3fa569",
		`{"job":"node","alertname":"Full","instance":"db-1:9100"}`: "4c8a211cdbd8b275",
	} {
		e := one(t, "alertmanager", "", "", `{"alerts":[{"status":"firing","labels":`+labels+`,"startsAt":"2026-11-22T14:40:00Z"}]}`)
		if got, _ := e.Payload.Get("fingerprint"); got != want {
			t.Errorf("%s: fingerprint %v, want %s", labels, got, want)
		}
	}
}

// TestNagiosKey checks which posts of Nagios are one event.
func TestNagiosKey(t *testing.T) {
	post := func(more string) string {
		return "HOSTNAME=web-1&SERVICEDESC=HTTP&SERVICESTATE=CRITICAL&SERVICESTATETYPE=HARD&" + more
	}
	tests := map[string]struct {
		query, a, b string
		same        bool
	}{
		"told again after hours": {"", post("LASTSERVICESTATECHANGE=1&NOTIFICATIONTYPE=PROBLEM&TIMET=5"), post("LASTSERVICESTATECHANGE=1&NOTIFICATIONTYPE=PROBLEM&TIMET=6"), true},
		"handler and command":    {"", post("LASTSERVICESTATECHANGE=1&TIMET=5"), post("LASTSERVICESTATECHANGE=1&NOTIFICATIONTYPE=PROBLEM&TIMET=6"), true},
		"the next problem":       {"", post("LASTSERVICESTATECHANGE=1"), post("LASTSERVICESTATECHANGE=2"), false},
		"retried":                {"", post("TIMET=5"), post("TIMET=5"), true},
		"no state change known":  {"", post("TIMET=5"), post("TIMET=6"), false},
		"told again, wanted":     {"repeat=1", post("LASTSERVICESTATECHANGE=1&TIMET=5"), post("LASTSERVICESTATECHANGE=1&TIMET=6"), false},
		"retried, wanted":        {"repeat=1", post("LASTSERVICESTATECHANGE=1&TIMET=5"), post("LASTSERVICESTATECHANGE=1&TIMET=5"), true},
		"acknowledged twice":     {"", post("LASTSERVICESTATECHANGE=1&NOTIFICATIONTYPE=ACKNOWLEDGEMENT&TIMET=5"), post("LASTSERVICESTATECHANGE=1&NOTIFICATIONTYPE=ACKNOWLEDGEMENT&TIMET=9"), false},
		"the next attempt":       {"", post("SERVICEATTEMPT=1&STATETYPE=SOFT&LASTSERVICESTATECHANGE=1"), post("SERVICEATTEMPT=2&LASTSERVICESTATECHANGE=1"), true},
		"the next soft attempt":  {"", "HOSTNAME=a&HOSTSTATE=DOWN&HOSTSTATETYPE=SOFT&HOSTATTEMPT=1&LASTHOSTSTATECHANGE=1", "HOSTNAME=a&HOSTSTATE=DOWN&HOSTSTATETYPE=SOFT&HOSTATTEMPT=2&LASTHOSTSTATECHANGE=1", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := one(t, "nagios", "", tt.query, tt.a), one(t, "nagios", "", tt.query, tt.b)
			if a.Key == "" || (a.Key == b.Key) != tt.same {
				t.Errorf("keys %q and %q, want same: %v", a.Key, b.Key, tt.same)
			}
		})
	}
	if e := one(t, "nagios", "", "", post("")); e.Key != "" {
		t.Errorf("what says nothing of its time has the key %q, want none", e.Key)
	}
}

// TestNagiosStatus checks how the words of Nagios become those of the envelope.
func TestNagiosStatus(t *testing.T) {
	tests := map[string]struct{ body, status, severity string }{
		"hard":           {"HOSTNAME=a&SERVICEDESC=b&SERVICESTATE=WARNING&SERVICESTATETYPE=HARD", "firing", "warning"},
		"soft":           {"HOSTNAME=a&SERVICEDESC=b&SERVICESTATE=WARNING&SERVICESTATETYPE=SOFT", "pending", "warning"},
		"soft and well":  {"HOSTNAME=a&SERVICEDESC=b&SERVICESTATE=OK&SERVICESTATETYPE=SOFT&LASTSERVICESTATE=CRITICAL", "resolved", "critical"},
		"no type":        {"host=a&service=b&state=critical", "firing", "critical"},
		"number":         {"host=a&service=b&state=1&state_type=0", "pending", "warning"},
		"host down":      {"host=a&state=1&state_type=1", "firing", "critical"},
		"host up":        {"host=a&state=0", "resolved", ""},
		"unreachable":    {"host=a&state=UNREACHABLE", "firing", "critical"},
		"problem":        {"host=a&notification_type=PROBLEM", "firing", ""},
		"recovery":       {"host=a&notification_type=recovery&state=UP", "resolved", ""},
		"flapping":       {"host=a&notification_type=FLAPPINGSTART&state=DOWN", "notice", "critical"},
		"downtime":       {"host=a&notification_type=DOWNTIMESTART&state=UP", "notice", ""},
		"custom, broken": {"host=a&service=b&notification_type=CUSTOM&state=UNKNOWN", "notice", "unknown"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := one(t, "nagios", "application/x-www-form-urlencoded", "", tt.body).Payload
			status, _ := p.Get("status")
			severity, _ := p.Get("severity")
			if severity == nil {
				severity = ""
			}
			if status != tt.status || severity != tt.severity {
				t.Errorf("status %v, severity %v; want %s, %s", status, severity, tt.status, tt.severity)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	repeat := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	const one = `{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-11-22T14:40:00Z"}`
	tests := map[string]struct {
		source, contentType, body string
		want                      fault.Kind // Internal: accepted
		events                    int
	}{
		"most alerts":       {"alertmanager", "", `{"alerts":[` + repeat(one, alert.MaxEvents) + `]}`, fault.Internal, alert.MaxEvents},
		"too many alerts":   {"alertmanager", "", `{"alerts":[` + repeat(one, alert.MaxEvents+1) + `]}`, fault.TooLarge, 0},
		"a group too large": {"alertmanager", "", `{"groupKey":"` + strings.Repeat("x", 1<<20) + `","alerts":[` + repeat(one, 40) + `]}`, fault.TooLarge, 0},
		"too many events":   {"nagios", "", `[` + repeat(`{"host":"a","state":1}`, alert.MaxEvents+1) + `]`, fault.TooLarge, 0},
		"too many fields":   {"nagios", "", repeatFields(2001), fault.TooLarge, 0},
		"too large a batch": {"cloudevents", "application/cloudevents-batch+json", `[` + repeat(`{"specversion":"1.0","id":"1","type":"t","source":"s"}`, alert.MaxEvents+1) + `]`, fault.TooLarge, 0},
		"too deep":          {"cloudevents", "application/cloudevents+json", strings.Repeat("[", 100_000), fault.Invalid, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			events, err := source(t, tt.source).Decode(alert.Request{Header: http.Header{"Content-Type": {tt.contentType}}, Body: []byte(tt.body), Now: now})
			if (err == nil) != (tt.want == fault.Internal) || fault.KindOf(err) != tt.want || len(events) != tt.events {
				t.Errorf("got %d events and %v, want %d and a fault of kind %d", len(events), err, tt.events, tt.want)
			}
		})
	}
}

func repeatFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "F%d=x&", i)
	}
	return b.String()
}

// TestMistakesAreFew checks that a large body in which all is wrong gets an
// answer that a person can read.
func TestMistakesAreFew(t *testing.T) {
	_, err := source(t, "alertmanager").Decode(alert.Request{Body: []byte(`{"alerts":[` + strings.Repeat(`0,`, 5000) + `0]}`), Now: now})
	if err == nil || len(err.Error()) > 2000 || !strings.HasSuffix(err.Error(), "; and 4981 more") {
		t.Errorf("got %v, want the first mistakes and the number of the others", err)
	}
}

// TestSourcesAgree checks that each source declares what it makes.
func TestSourcesAgree(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range alert.Sources() {
		if seen[s.Name] || seen[s.Trigger] || !strings.HasPrefix(s.Trigger, "alerts.") || s.Description == "" {
			t.Errorf("source %q of trigger %q: the names must be its own and it must be described", s.Name, s.Trigger)
		}
		seen[s.Name], seen[s.Trigger] = true, true
		if err := conforms(t, s, value.NewDict()); err == nil {
			t.Errorf("%s: its schema accepts an empty payload", s.Name)
		}
		doc, err := os.ReadFile("../../docs/alerts.md")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"/api/v1/alerts/" + s.Name, s.Trigger} {
			if !bytes.Contains(doc, []byte(name)) {
				t.Errorf("docs/alerts.md does not mention %s", name)
			}
		}
	}
}

// TestHandlerScript runs the script that we give to operators of Nagios.
func TestHandlerScript(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl on this machine")
	}
	var got []alert.Event
	var failed error
	var key string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := new(bytes.Buffer)
		_, _ = body.ReadFrom(r.Body)
		key = r.Header.Get("St2-Api-Key")
		got, failed = source(t, "nagios").Decode(alert.Request{Header: r.Header, Query: r.URL.Query(), Body: body.Bytes(), Now: now})
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()

	dir := t.TempDir()
	config := filepath.Join(dir, "nightshift-event.conf")
	text := "NIGHTSHIFT_URL=" + server.URL + "\nNIGHTSHIFT_API_KEY=abc\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "../../examples/nagios/nightshift-event",
		"HOSTNAME=web-1", "SERVICEDESC=disk /", "SERVICESTATE=CRITICAL", "SERVICESTATETYPE=HARD",
		"SERVICEOUTPUT=100% full & more=less", "TIMET=1795359060", "HOSTSTATE=")
	cmd.Env = append(os.Environ(), "NIGHTSHIFT_CONFIG="+config, "no_proxy=*", "NO_PROXY=*")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server.Close() // waits for the handler, whose variables are read below
	if failed != nil || len(got) != 1 {
		t.Fatalf("the server got %d events and %v", len(got), failed)
	}
	for name, want := range map[string]string{
		"status": "firing", "host": "web-1", "service": "disk /", "output": "100% full & more=less",
	} {
		if v, _ := got[0].Payload.Get(name); v != want {
			t.Errorf("%s = %v, want %q", name, v, want)
		}
	}
	if key != "abc" {
		t.Errorf("API key %q, want the one in the configuration", key)
	}
	if !got[0].At.Equal(time.Unix(1795359060, 0)) {
		t.Errorf("at %v, want TIMET", got[0].At)
	}
}
