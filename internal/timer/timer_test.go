package timer_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/timer"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestIntervalCountsFromAMonday(t *testing.T) {
	tests := map[string]struct {
		params, after, want string
	}{
		"seconds":              {`{"unit": "seconds", "delta": 30}`, "2026-11-22T14:51:07.25Z", "2026-11-22T14:51:30Z"},
		"on the firing itself": {`{"unit": "seconds", "delta": 30}`, "2026-11-22T14:51:30Z", "2026-11-22T14:52:00Z"},
		"just before":          {`{"unit": "seconds", "delta": 30}`, "2026-11-22T14:51:29.999999999Z", "2026-11-22T14:51:30Z"},
		"minutes":              {`{"unit": "minutes", "delta": 5}`, "2026-11-22T14:51:07Z", "2026-11-22T14:55:00Z"},
		"hours":                {`{"unit": "hours", "delta": 6}`, "2026-11-22T14:51:07Z", "2026-11-22T18:00:00Z"},
		"days":                 {`{"unit": "days", "delta": 1}`, "2026-11-22T14:51:07Z", "2026-11-23T00:00:00Z"},
		"weeks":                {`{"unit": "weeks", "delta": 1, "timezone": "Europe/Berlin"}`, "2026-11-22T14:51:07Z", "2026-11-23T00:00:00Z"},
		"a hundred years":      {`{"unit": "days", "delta": 36600}`, "2026-11-22T14:51:07Z", "2070-03-21T00:00:00Z"},
		"before all time":      {`{"unit": "days", "delta": 1}`, "0001-01-01T00:00:00Z", "1970-01-06T00:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := timer.Parse(timer.IntervalTimer, params(t, tt.params))
			if err != nil {
				t.Fatal(err)
			}
			got, ok := s.Next(at(t, tt.after))
			if !ok || !got.Equal(at(t, tt.want)) {
				t.Errorf("Next = %v, %v, want %s", got, ok, tt.want)
			}
		})
	}
}

func TestFromCountsFromAMoment(t *testing.T) {
	s, err := timer.Parse(timer.IntervalTimer, params(t, `{"unit": "minutes", "delta": 10}`))
	if err != nil {
		t.Fatal(err)
	}
	start := at(t, "2026-11-22T14:51:07.25Z")
	s = timer.From(s, start)
	tests := map[string]struct{ after, want string }{
		"at the start":         {"2026-11-22T14:51:07.25Z", "2026-11-22T15:01:07.25Z"},
		"before the start":     {"2026-11-20T00:00:00Z", "2026-11-22T15:01:07.25Z"},
		"just before a firing": {"2026-11-22T15:01:07.249Z", "2026-11-22T15:01:07.25Z"},
		"at a firing":          {"2026-11-22T15:01:07.25Z", "2026-11-22T15:11:07.25Z"},
		"between two":          {"2026-11-22T15:05:07.1Z", "2026-11-22T15:11:07.25Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, ok := s.Next(at(t, tt.after)); !ok || !got.Equal(at(t, tt.want)) {
				t.Errorf("Next = %v, %v, want %s", got, ok, tt.want)
			}
		})
	}
	cron, err := timer.Parse(timer.CronTimer, params(t, `{"hour": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := timer.From(cron, start).Next(start); !got.Equal(at(t, "2026-11-23T01:00:00Z")) {
		t.Errorf("From changed a cron timer: %v", got)
	}
}

// TestIntervalIsNextAfter checks, for any interval and start, that a firing is
// after the moment asked about and at most one interval away, on the grid.
func TestIntervalIsNextAfter(t *testing.T) {
	units := map[string]time.Duration{"seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": 24 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"seconds", "minutes", "hours", "days"}).Draw(t, "unit")
		delta := rapid.Int64Range(1, 400).Draw(t, "delta")
		p := value.NewDict()
		p.Set("unit", unit)
		p.Set("delta", delta)
		s, err := timer.Parse(timer.IntervalTimer, p)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Unix(rapid.Int64Range(1e9, 2e9).Draw(t, "start"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		after := start.Add(time.Duration(rapid.Int64Range(0, 1e17).Draw(t, "elapsed")))
		got, ok := timer.From(s, start).Next(after)
		every := units[unit] * time.Duration(delta)
		if !ok || !got.After(after) || got.Sub(after) > every || got.Sub(start)%every != 0 {
			t.Errorf("every %v from %v: Next(%v) = %v, %v", every, start, after, got, ok)
		}
	})
}

func TestDateFiresOnce(t *testing.T) {
	tests := map[string]struct{ params, want string }{
		"UTC unless said":         {`{"date": "2026-12-31 23:59:59"}`, "2026-12-31T23:59:59Z"},
		"zone":                    {`{"date": "2026-12-31 23:59:59", "timezone": "Europe/Berlin"}`, "2026-12-31T22:59:59Z"},
		"zone in any case":        {`{"date": "2026-12-31 12:00", "timezone": "america/new_york"}`, "2026-12-31T17:00:00Z"},
		"zone of capitals":        {`{"date": "2026-12-31 12:00", "timezone": "us/eastern"}`, "2026-12-31T17:00:00Z"},
		"zone in small letters":   {`{"date": "2026-12-31 12:00", "timezone": "utc"}`, "2026-12-31T12:00:00Z"},
		"null zone":               {`{"date": "2026-12-31 12:00", "timezone": null}`, "2026-12-31T12:00:00Z"},
		"own offset beats zone":   {`{"date": "2026-12-31T23:59:59+02:00", "timezone": "Europe/Berlin"}`, "2026-12-31T21:59:59Z"},
		"Z":                       {`{"date": "2026-12-31T23:59:59Z"}`, "2026-12-31T23:59:59Z"},
		"fraction":                {`{"date": "2026-12-31T23:59:59.5Z"}`, "2026-12-31T23:59:59.5Z"},
		"short offset":            {`{"date": "2026-12-31 23:59 -0530"}`, "2027-01-01T05:29:00Z"},
		"date only":               {`{"date": "2026-12-31", "timezone": "Asia/Tokyo"}`, "2026-12-30T15:00:00Z"},
		"words":                   {`{"date": "Dec 31, 2026 11:30 PM"}`, "2026-12-31T23:30:00Z"},
		"mail":                    {`{"date": "Thu, 31 Dec 2026 23:59:59 GMT"}`, "2026-12-31T23:59:59Z"},
		"month first":             {`{"date": "12/31/2026 08:00"}`, "2026-12-31T08:00:00Z"},
		"hour that comes twice":   {`{"date": "2026-10-25 02:30:00", "timezone": "Europe/Berlin"}`, "2026-10-25T01:30:00Z"},
		"hour that is skipped":    {`{"date": "2026-03-29 02:30:00", "timezone": "Europe/Berlin"}`, "2026-03-29T01:30:00Z"},
		"standard time in summer": {`{"date": "2026-10-25 01:30:00", "timezone": "Europe/Dublin"}`, "2026-10-25T00:30:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := timer.Parse(timer.DateTimer, params(t, tt.params))
			if err != nil {
				t.Fatal(err)
			}
			want := at(t, tt.want)
			got, ok := s.Next(want.Add(-time.Nanosecond))
			if !ok || !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("Next just before = %v, %v, want %v", got, ok, want)
			}
			if got, ok := s.Next(want); ok {
				t.Errorf("Next of the firing itself = %v, want none", got)
			}
		})
	}
}

func TestParseInLocalZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for kind, text := range map[string]string{
		timer.DateTimer: `{"date": "2026-12-31 06:00"}`,
		timer.CronTimer: `{"month": 12, "day": 31, "hour": 6}`,
	} {
		s, err := timer.ParseIn(kind, params(t, text), berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := s.Next(at(t, "2026-11-22T00:00:00Z")); !got.Equal(at(t, "2026-12-31T05:00:00Z")) {
			t.Errorf("%s: Next = %v, want 06:00 in Berlin", kind, got)
		}
	}
}

func TestParseReportsAllMistakes(t *testing.T) {
	tests := map[string]struct {
		kind, params string
		want         []string // each begins one mistake, in order
	}{
		"unknown kind":    {"core.st2.Timer", `{}`, []string{`"core.st2.Timer" is not a kind of timer`}},
		"interval: none":  {timer.IntervalTimer, `{}`, []string{"unit: is required", "delta: is required"}},
		"interval: all":   {timer.IntervalTimer, `{"unit": "years", "delta": "5", "timezone": "Mars", "start": 1}`, []string{`unit: "years" is not a unit; use weeks`, `timezone: "Mars" is not`, `delta: must be a whole number, such as 30, not "5"`, "start: core.st2.IntervalTimer has no such parameter; it has unit, delta, timezone"}},
		"interval: zero":  {timer.IntervalTimer, `{"unit": "hours", "delta": 0}`, []string{"delta: must be at least 1, not the number 0"}},
		"interval: below": {timer.IntervalTimer, `{"unit": "hours", "delta": -99999999999999999999}`, []string{"delta: must be at least 1"}},
		"interval: long":  {timer.IntervalTimer, `{"unit": "weeks", "delta": 99999999999999999999}`, []string{"delta: the number 99999999999999999999 weeks is more"}},
		"interval: bool":  {timer.IntervalTimer, `{"unit": "weeks", "delta": true}`, []string{"delta: must be a whole number, such as 30, not a boolean"}},
		"interval: float": {timer.IntervalTimer, `{"unit": "weeks", "delta": 1.5}`, []string{"delta: must be a whole number, such as 30, not the number 1.5"}},
		"date: none":      {timer.DateTimer, `{}`, []string{"date: is required"}},
		"date: all":       {timer.DateTimer, `{"date": "tomorrow", "timezone": 7}`, []string{"timezone: must be text", `date: "tomorrow" is not a date`}},
		"date: number":    {timer.DateTimer, `{"date": 20261231}`, []string{"date: must be text"}},
		"date: no day":    {timer.DateTimer, `{"date": "2026-02-30 10:00"}`, []string{`date: "2026-02-30 10:00" is not a date`}},
		"cron: all":       {timer.CronTimer, `{"minute": "60", "hour": "25,x,1-", "day": "6th mon", "timezone": "Local", "dow": 1, "second": 1.5}`, []string{`day: "6th mon" is not understood; write *, */n, a, a-b or a-b/n with numbers from 1 to 31, "last", or a weekday`, `hour: "25" ends above 23, which is the most`, `"x" is not understood`, `"1-" is not understood`, `minute: "60" ends above 59`, "second: must be text or a whole number, not the number 1.5", `timezone: "Local" is not a time zone`, "dow: core.st2.CronTimer has no such parameter"}},
		"cron: ignored":   {timer.CronTimer, `{"day_of_week": "mon-fri/2", "month": "jan - mar"}`, []string{`month: "jan - mar" is not understood`, `day_of_week: "mon-fri/2" is not understood`}},
		"cron: many":      {timer.CronTimer, `{"minute": "` + strings.Repeat("1,", 100) + `1"}`, []string{"minute: has more than 100 parts"}},
		"cron: path":      {timer.CronTimer, `{"timezone": "../../etc/passwd"}`, []string{`timezone: "../../etc/passwd" is not`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := timer.Parse(tt.kind, params(t, tt.params))
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("got %v, want an invalid fault", err)
			}
			rest := err.Error()
			for _, want := range tt.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("message lacks %q (in this order):\n%s", want, err)
				}
				rest = after
			}
		})
	}
}

func TestFiringID(t *testing.T) {
	const uid = "trigger:core:st2.CronTimer:0cc175b9c0f1b6a831c399e269772661"
	planned := at(t, "2026-11-22T14:51:07Z")
	id := timer.FiringID(uid, planned)
	// Written down, for nodes of different versions must agree.
	if want := "6b03015b4ff9eb8bd71c464c"; id != want {
		t.Errorf("id = %q, want %q", id, want)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if got := timer.FiringID(uid, planned.In(berlin)); got != id {
		t.Errorf("the zone changes the id: %s and %s", got, id)
	}
	for name, other := range map[string]string{
		"next second":   timer.FiringID(uid, planned.Add(time.Second)),
		"nanosecond":    timer.FiringID(uid, planned.Add(1)),
		"other trigger": timer.FiringID(uid+"x", planned),
	} {
		if other == id {
			t.Errorf("%s: the same id %s", name, id)
		}
	}
	if later := timer.FiringID(uid, planned.Add(time.Second)); later <= id {
		t.Errorf("ids do not sort by time: %s, then %s", id, later)
	}
}

func TestPayload(t *testing.T) {
	p := timer.Payload(params(t, `{"unit": "seconds", "delta": 30}`), at(t, "2026-11-22T15:51:07.0500009+01:00"))
	got, _ := p.Get("executed_at")
	if want := "2026-11-22 14:51:07.050000+00:00"; got != want {
		t.Errorf("executed_at = %v, want %s", got, want)
	}
	if schedule, ok := p.Get("schedule"); !ok || schedule != nil {
		t.Errorf("schedule = %v, %v, want null", schedule, ok)
	}
	got, _ = timer.Payload(nil, at(t, "2026-11-22T14:51:07Z")).Get("executed_at")
	if want := "2026-11-22 14:51:07+00:00"; got != want {
		t.Errorf("executed_at = %v, want %s", got, want)
	}
}

func TestTraceTag(t *testing.T) {
	if got, want := timer.TraceTag(timer.CronTimer, "nightly"), "st2.CronTimer-nightly"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTypesDeclareWhatParseReads(t *testing.T) {
	for _, typ := range timer.Types() {
		t.Run(typ.Name, func(t *testing.T) {
			var schema struct {
				Properties map[string]any `json:"properties"`
			}
			if err := json.Unmarshal([]byte(typ.ParametersSchema), &schema); err != nil {
				t.Fatal(err)
			}
			if !json.Valid([]byte(typ.PayloadSchema)) {
				t.Error("the payload schema is not JSON")
			}
			// A parameter that is declared but not read would be reported as unknown.
			p := value.NewDict()
			for name := range schema.Properties {
				p.Set(name, value.NewList())
			}
			_, err := timer.Parse(typ.Ref, p)
			if err == nil || strings.Contains(err.Error(), "no such parameter") {
				t.Errorf("Parse = %v, want mistakes about types only", err)
			}
			if got, want := typ.Pack+"."+typ.Name, typ.Ref; got != want {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
}

func FuzzCron(f *testing.F) {
	f.Add("mon-fri", "last fri", "*/5", "Europe/Berlin", int64(1_790_000_000))
	f.Add("0", "2nd tue,31", "5-10/2", "UTC", int64(0))
	f.Add("*", "30", "last", "Europe/Dublin", int64(1_761_000_000))
	f.Fuzz(func(t *testing.T, dayOfWeek, day, hour, zone string, from int64) {
		p := value.NewDict()
		p.Set("day_of_week", dayOfWeek)
		p.Set("day", day)
		p.Set("hour", hour)
		p.Set("timezone", zone)
		s, err := timer.Parse(timer.CronTimer, p)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("Parse: %v is not an invalid fault", err)
			}
			return
		}
		moment := time.Unix(from%4e9, 0)
		for range 3 {
			next, ok := s.Next(moment)
			if !ok {
				return
			}
			if !next.After(moment) {
				t.Fatalf("Next(%v) = %v, which is not after it", moment, next)
			}
			moment = next
		}
	})
}
