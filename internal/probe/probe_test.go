package probe_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/probe"
)

func params(t *testing.T, text string) *value.Dict {
	t.Helper()
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParameters(t *testing.T) {
	tests := map[string]struct {
		kind, params string
		want         probe.Spec
		wrong        []string // parts of the message, one for each mistake
	}{
		"a file":          {kind: probe.FileLine, params: `{"file_path": "/var/log/x"}`, want: &probe.File{Path: "/var/log/x"}},
		"no file":         {kind: probe.FileLine, params: `{}`, wrong: []string{"file_path"}},
		"a relative file": {kind: probe.FileLine, params: `{"file_path": "x"}`, wrong: []string{"not absolute"}},
		"something else":  {kind: probe.FileLine, params: `{"file_path": "/x", "fil": 1}`, wrong: []string{"'fil'"}},
		"an unknown kind": {kind: "probes.what", params: `{}`, wrong: []string{"is not a kind of probe"}},
		"HTTP with its defaults": {kind: probe.HTTPCheck, params: `{"url": "http://x/"}`, want: &probe.HTTP{
			URL: "http://x/", Method: "GET", Follow: true, Verify: true, Schedule: probe.Schedule{Interval: 30, Timeout: 10, For: 3},
		}},
		"a null is a default": {kind: probe.HTTPCheck, params: `{"url": "http://x/", "for": null}`, want: &probe.HTTP{
			URL: "http://x/", Method: "GET", Follow: true, Verify: true, Schedule: probe.Schedule{Interval: 30, Timeout: 10, For: 3},
		}},
		"HTTP": {kind: probe.HTTPCheck, params: `{"url": "https://x/", "method": "HEAD", "headers": {"Host": "y"}, "expect_status": [204], "contains": "z",
			"follow_redirects": false, "verify": false, "interval": 1.5, "timeout": 0.5, "for": 1}`, want: &probe.HTTP{
			URL: "https://x/", Method: "HEAD", Headers: map[string]string{"Host": "y"}, Statuses: []int{204}, Contains: "z",
			Schedule: probe.Schedule{Interval: 1.5, Timeout: 0.5, For: 1},
		}},
		"TCP": {kind: probe.TCPCheck, params: `{"address": "[::1]:22"}`, want: &probe.TCP{
			Address: "[::1]:22", Schedule: probe.Schedule{Interval: 30, Timeout: 5, For: 3},
		}},
		"TLS": {kind: probe.TLSCheck, params: `{"address": "web-1:443", "days": 0.5}`, want: &probe.TLS{
			Address: "web-1:443", Days: 0.5, Verify: true, Schedule: probe.Schedule{Interval: 3600, Timeout: 10, For: 1},
		}},
		"a process": {kind: probe.ProcessCheck, params: `{"name": "nginx", "max": 2}`, want: &probe.Process{
			Name: "nginx", Min: 1, Max: new(2), Schedule: probe.Schedule{Interval: 30, Timeout: 10, For: 3},
		}},
		"any process": {kind: probe.ProcessCheck, params: `{"min": 2, "max": 1}`, wrong: []string{"name: ", "max: "}},
		"no pattern":  {kind: probe.ProcessCheck, params: `{"pattern": "("}`, wrong: []string{"pattern: "}},
		"Prometheus": {kind: probe.PrometheusCheck, params: `{"server": "http://p:9090", "query": "up", "threshold": 1}`, want: &probe.Prometheus{
			Server: "http://p:9090", Query: "up", Operator: ">", Threshold: new(1.0), Verify: true, Schedule: probe.Schedule{Interval: 60, Timeout: 10, For: 1},
		}},
		"no query":              {kind: probe.PrometheusCheck, params: `{"server": "p:9090", "query": ""}`, wrong: []string{"query: "}},
		"no server":             {kind: probe.PrometheusCheck, params: `{"server": "p:9090", "query": "up"}`, wrong: []string{"server: "}},
		"no operator":           {kind: probe.PrometheusCheck, params: `{"server": "http://p", "query": "up", "operator": "=>"}`, wrong: []string{"operator: "}},
		"no port":               {kind: probe.TCPCheck, params: `{"address": "web-1"}`, wrong: []string{"address: "}},
		"no number of a port":   {kind: probe.TCPCheck, params: `{"address": "web-1:ssh"}`, wrong: []string{"address: "}},
		"too high a port":       {kind: probe.TCPCheck, params: `{"address": "web-1:65536"}`, wrong: []string{"address: "}},
		"several mistakes":      {kind: probe.HTTPCheck, params: `{"url": 1, "for": 0, "interval": 0.5}`, wrong: []string{"url: ", "for: ", "interval: "}},
		"mistakes of meaning":   {kind: probe.HTTPCheck, params: `{"url": "ftp://x", "timeout": 60}`, wrong: []string{"url: ", "timeout: "}},
		"an address of nothing": {kind: probe.HTTPCheck, params: `{"url": "http://"}`, wrong: []string{"url: "}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := probe.Parse(tt.kind, params(t, tt.params))
			if len(tt.wrong) > 0 {
				if fault.KindOf(err) != fault.Invalid {
					t.Fatalf("got %v, want an invalid fault", err)
				}
				for _, part := range tt.wrong {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q does not say %q", err, part)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestOnlyChangesAreTold goes through the checks of one probe, each w (well),
// f (failed), u (unknown) or r (the server is started again).
func TestOnlyChangesAreTold(t *testing.T) {
	tests := map[string]string{
		"wwww":         "",
		"ffww":         "",
		"fff":          "firing 0",
		"ffffff":       "firing 0",
		"fffrfff":      "firing 0",
		"ffrfff":       "firing 3",
		"wfufuf":       "firing 1",
		"uuuuuu":       "",
		"fffuuu":       "firing 0",
		"fffw":         "firing 0, resolved 0",
		"fffrw":        "firing 0, resolved 0",
		"fffwffwfff":   "firing 0, resolved 0, firing 7",
		"fffwfffwwwww": "firing 0, resolved 0, firing 4, resolved 4",
	}
	start := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	for checks, want := range tests {
		t.Run(checks, func(t *testing.T) {
			c := &probe.HTTP{URL: "http://x/", Schedule: probe.Schedule{For: 3}}
			var s probe.State
			var told []string
			keys := map[string]bool{}
			for i, check := range checks {
				if check == 'r' {
					text, err := json.Marshal(s)
					if err != nil {
						t.Fatal(err)
					}
					s = probe.State{}
					if err := json.Unmarshal(text, &s); err != nil {
						t.Fatal(err)
					}
					continue
				}
				verdict := map[rune]probe.Verdict{'w': probe.Well, 'f': probe.Failed, 'u': probe.Unknown}[check]
				s = s.Next(c, probe.Outcome{Verdict: verdict, Reason: "status", Facts: map[string]any{"elapsed": 1}}, start.Add(time.Duration(i)*time.Second))
				if s.Due == nil {
					continue
				}
				if keys[s.Due.Key] {
					t.Errorf("the key %s is there twice", s.Due.Key)
				}
				keys[s.Due.Key] = true
				since, err := time.Parse(time.RFC3339, s.Due.Payload["since"].(string))
				if err != nil {
					t.Fatal(err)
				}
				told = append(told, s.Due.Payload["status"].(string)+" "+since.Sub(start).String()[:1])
			}
			if got := strings.Join(told, ", "); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		})
	}
}
