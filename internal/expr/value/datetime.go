package value

import (
	"fmt"
	"strings"
	"time"
)

// DateTime is a datetime. Without a time zone (not Aware) its Time is in UTC
// and only the clock of it counts.
type DateTime struct {
	Time  time.Time // to the microsecond
	Aware bool
}

// Date is a day without a time.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// TimeOfDay is a time without a day. It has no time zone.
type TimeOfDay struct {
	Hour, Minute, Second, Microsecond int
}

// TimeDelta is a span of time in microseconds.
type TimeDelta int64

// NewDateTime returns t as a datetime with the time zone of t.
func NewDateTime(t time.Time) DateTime {
	return DateTime{Time: t.Truncate(time.Microsecond), Aware: true}
}

// NewNaive returns the clock of t as a datetime without a time zone.
func NewNaive(t time.Time) DateTime {
	y, m, d := t.Date()
	h, mi, s := t.Clock()
	return DateTime{Time: time.Date(y, m, d, h, mi, s, t.Nanosecond()/1000*1000, time.UTC)}
}

// TypeName implements [Object].
func (DateTime) TypeName() string { return "datetime" }

// TypeName implements [Object].
func (Date) TypeName() string { return "date" }

// TypeName implements [Object].
func (TimeOfDay) TypeName() string { return "time" }

// TypeName implements [Object].
func (TimeDelta) TypeName() string { return "timedelta" }

// ISO returns the time as isoformat does, with sep between day and time.
func (d DateTime) ISO(sep string) string {
	s := d.Date().Str() + sep + d.TimeOfDay().Str()
	if d.Aware {
		_, off := d.Time.Zone()
		s += formatOffset(off)
	}
	return s
}

func formatOffset(off int) string {
	sign := '+'
	if off < 0 {
		sign, off = '-', -off
	}
	s := fmt.Sprintf("%c%02d:%02d", sign, off/3600, off/60%60)
	if off%60 != 0 {
		s += fmt.Sprintf(":%02d", off%60)
	}
	return s
}

// Date returns the day.
func (d DateTime) Date() Date {
	y, m, day := d.Time.Date()
	return Date{y, m, day}
}

// TimeOfDay returns the time of the day.
func (d DateTime) TimeOfDay() TimeOfDay {
	h, m, s := d.Time.Clock()
	return TimeOfDay{h, m, s, d.Time.Nanosecond() / 1000}
}

// Str implements [Printer].
func (d DateTime) Str() string { return d.ISO(" ") }

// Repr implements [Printer].
func (d DateTime) Repr() string {
	y, m, day := d.Time.Date()
	s := fmt.Sprintf("datetime.datetime(%d, %d, %d, %s", y, m, day, d.TimeOfDay().args())
	if d.Aware {
		s += ", tzinfo=" + reprZone(d.Time)
	}
	return s + ")"
}

func reprZone(t time.Time) string {
	_, off := t.Zone()
	if off == 0 {
		return "datetime.timezone.utc"
	}
	return "datetime.timezone(" + TimeDelta(int64(off)*1e6).Repr() + ")"
}

// EqualTo implements [Equaler].
func (d DateTime) EqualTo(other Value) bool {
	o, ok := other.(DateTime)
	return ok && d.Aware == o.Aware && d.Time.Equal(o.Time)
}

// HashKey implements [Hasher].
func (d DateTime) HashKey() (any, error) {
	type key struct {
		sec   int64
		nsec  int
		aware bool
	}
	return key{d.Time.Unix(), d.Time.Nanosecond(), d.Aware}, nil
}

// CompareTo implements [Orderer].
func (d DateTime) CompareTo(other Value) (int, bool, error) {
	o, ok := other.(DateTime)
	if !ok {
		return 0, false, nil
	}
	if d.Aware != o.Aware {
		return 0, false, TypeError.Errorf("can't compare offset-naive and offset-aware datetimes")
	}
	return d.Time.Compare(o.Time), true, nil
}

// AppendJSON implements [JSONAppender]: the ISO text.
func (d DateTime) AppendJSON(dst []byte) ([]byte, error) {
	return append(append(append(dst, '"'), d.ISO("T")...), '"'), nil
}

// Str implements [Printer].
func (d Date) Str() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Repr implements [Printer].
func (d Date) Repr() string {
	return fmt.Sprintf("datetime.date(%d, %d, %d)", d.Year, int(d.Month), d.Day)
}

// CompareTo implements [Orderer].
func (d Date) CompareTo(other Value) (int, bool, error) {
	o, ok := other.(Date)
	return d.midnight().Compare(o.midnight()), ok, nil
}

func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// AppendJSON implements [JSONAppender]: the ISO text.
func (d Date) AppendJSON(dst []byte) ([]byte, error) {
	return append(append(append(dst, '"'), d.Str()...), '"'), nil
}

// HashKey implements [Hasher].
func (d Date) HashKey() (any, error) { return d, nil }

// EqualTo implements [Equaler].
func (d Date) EqualTo(other Value) bool { o, ok := other.(Date); return ok && d == o }

// Str implements [Printer].
func (t TimeOfDay) Str() string {
	s := fmt.Sprintf("%02d:%02d:%02d", t.Hour, t.Minute, t.Second)
	if t.Microsecond != 0 {
		s += fmt.Sprintf(".%06d", t.Microsecond)
	}
	return s
}

// Repr implements [Printer].
func (t TimeOfDay) Repr() string { return "datetime.time(" + t.args() + ")" }

// args returns the arguments that Python shows: seconds and microseconds only
// where they are not zero.
func (t TimeOfDay) args() string {
	s := fmt.Sprintf("%d, %d", t.Hour, t.Minute)
	if t.Second != 0 || t.Microsecond != 0 {
		s += fmt.Sprintf(", %d", t.Second)
	}
	if t.Microsecond != 0 {
		s += fmt.Sprintf(", %d", t.Microsecond)
	}
	return s
}

// CompareTo implements [Orderer].
func (t TimeOfDay) CompareTo(other Value) (int, bool, error) {
	o, ok := other.(TimeOfDay)
	return order(t.micros(), o.micros()), ok, nil
}

func (t TimeOfDay) micros() int64 {
	return (int64(t.Hour)*3600+int64(t.Minute)*60+int64(t.Second))*1e6 + int64(t.Microsecond)
}

// HashKey implements [Hasher].
func (t TimeOfDay) HashKey() (any, error) { return t, nil }

// EqualTo implements [Equaler].
func (t TimeOfDay) EqualTo(other Value) bool { o, ok := other.(TimeOfDay); return ok && t == o }

// AppendJSON implements [JSONAppender]: the ISO text.
func (t TimeOfDay) AppendJSON(dst []byte) ([]byte, error) {
	return append(append(append(dst, '"'), t.Str()...), '"'), nil
}

const (
	second = int64(1e6)
	day    = 24 * 3600 * second
)

// Split returns the span as Python keeps it: days of any sign, seconds and
// microseconds not negative.
func (d TimeDelta) Split() (days, seconds, microseconds int64) {
	days, rest := floorDiv(int64(d), day), floorMod(int64(d), day)
	return days, rest / second, rest % second
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return m
}

// Seconds returns the whole span in seconds.
func (d TimeDelta) Seconds() float64 { return float64(d) / float64(second) }

// Str implements [Printer].
func (d TimeDelta) Str() string {
	days, sec, us := d.Split()
	var b strings.Builder
	if days != 0 {
		unit := "days"
		if days == 1 || days == -1 {
			unit = "day"
		}
		fmt.Fprintf(&b, "%d %s, ", days, unit)
	}
	fmt.Fprintf(&b, "%d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	if us != 0 {
		fmt.Fprintf(&b, ".%06d", us)
	}
	return b.String()
}

// Repr implements [Printer].
func (d TimeDelta) Repr() string {
	days, sec, us := d.Split()
	var parts []string
	for _, p := range []struct {
		name string
		n    int64
	}{{"days", days}, {"seconds", sec}, {"microseconds", us}} {
		if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", p.name, p.n))
		}
	}
	if parts == nil {
		parts = []string{"0"}
	}
	return "datetime.timedelta(" + strings.Join(parts, ", ") + ")"
}

// Truth implements [Truther].
func (d TimeDelta) Truth() bool { return d != 0 }

// HashKey implements [Hasher].
func (d TimeDelta) HashKey() (any, error) { return d, nil }

// EqualTo implements [Equaler].
func (d TimeDelta) EqualTo(other Value) bool { o, ok := other.(TimeDelta); return ok && d == o }

// CompareTo implements [Orderer].
func (d TimeDelta) CompareTo(other Value) (int, bool, error) {
	o, ok := other.(TimeDelta)
	return order(int64(d), int64(o)), ok, nil
}

// AppendJSON implements [JSONAppender]: the span in seconds.
func (d TimeDelta) AppendJSON(dst []byte) ([]byte, error) {
	return appendFloat(dst, d.Seconds()), nil
}
