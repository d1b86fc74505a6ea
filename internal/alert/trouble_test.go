package alert_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/alert"
)

func TestTroubleLastsUntilItsSenderSaysOtherwise(t *testing.T) {
	at := func(n int) time.Time { return time.Date(2026, 11, 29, 2, n, 0, 0, time.UTC) }
	heard := func(n int, trigger, tag, status string) alert.Heard {
		return alert.Heard{
			ID: fmt.Sprint("e", n), Trigger: trigger, TraceTag: tag, At: at(n),
			Payload: json.RawMessage(fmt.Sprintf(`{"status": %q, "severity": "critical", "name": "Down", "resource": null, "summary": "s"}`, status)),
		}
	}
	am := func(n int, tag, status string) alert.Heard { return heard(n, alert.Alertmanager, tag, status) }
	ce := func(n int, tag, status string) alert.Heard { return heard(n, alert.CloudEvent, tag, status) }
	for name, tt := range map[string]struct {
		heard []alert.Heard // latest first
		want  []string
	}{
		"nothing":                         {},
		"firing":                          {[]alert.Heard{am(1, "a", "firing")}, []string{"firing since 1 [e1]"}},
		"pending":                         {[]alert.Heard{am(1, "a", "pending")}, []string{"pending since 1 [e1]"}},
		"resolved":                        {[]alert.Heard{am(2, "a", "resolved"), am(1, "a", "firing")}, []string{"firing since 1 until 2 [e1]"}},
		"resolved of what nobody knows":   {[]alert.Heard{am(2, "a", "resolved")}, nil},
		"another is resolved":             {[]alert.Heard{am(2, "b", "resolved"), am(1, "a", "firing")}, []string{"firing since 1 [e1]"}},
		"firing again":                    {[]alert.Heard{am(3, "a", "firing"), am(2, "a", "resolved"), am(1, "a", "firing")}, []string{"firing since 3 [e3]", "firing since 1 until 2 [e1]"}},
		"it goes on":                      {[]alert.Heard{am(3, "a", "firing"), am(2, "a", "pending"), am(1, "b", "firing")}, []string{"firing since 2 [e3 e2]", "firing since 1 [e1]"}},
		"a notice ends nothing":           {[]alert.Heard{am(2, "a", "notice"), am(1, "a", "firing")}, []string{"firing since 1 [e1]"}},
		"CloudEvents have many tags":      {[]alert.Heard{ce(2, "y", "resolved"), ce(1, "x", "firing")}, []string{"firing since 1 until 2 [e1]"}},
		"the same tag of another source":  {[]alert.Heard{heard(2, alert.Nagios, "a", "resolved"), am(1, "a", "firing")}, []string{"firing since 1 [e1]"}},
		"what is no alert is not trouble": {[]alert.Heard{{ID: "e1", Trigger: alert.Nagios, Payload: json.RawMessage(`[]`)}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, o := range alert.Troubles(tt.heard) {
				until := ""
				if !o.Ended.IsZero() {
					until = fmt.Sprintf(" until %d", o.Ended.Minute())
				}
				got = append(got, fmt.Sprintf("%s since %d%s %v", o.Status, o.Since.Minute(), until, o.Events))
				if o.Name != "Down" || o.Severity != "critical" || o.Resource != "" || o.Summary != "s" {
					t.Errorf("got %+v", o)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
