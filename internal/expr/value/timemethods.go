package value

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// timeField returns attributes of times that are no methods.
func timeField(v Value, name string) (Value, bool) {
	switch v := v.(type) {
	case DateTime:
		if a, ok := timeField(v.Date(), name); ok {
			return a, true
		}
		if name == "tzinfo" {
			if !v.Aware {
				return nil, true
			}
			return &Record{Class: "timezone", Attrs: NewDict()}, true
		}
		return timeField(v.TimeOfDay(), name)
	case Date:
		switch name {
		case "year":
			return int64(v.Year), true
		case "month":
			return int64(v.Month), true
		case "day":
			return int64(v.Day), true
		}
	case TimeOfDay:
		switch name {
		case "hour":
			return int64(v.Hour), true
		case "minute":
			return int64(v.Minute), true
		case "second":
			return int64(v.Second), true
		case "microsecond":
			return int64(v.Microsecond), true
		}
	case TimeDelta:
		days, sec, us := v.Split()
		switch name {
		case "days":
			return days, true
		case "seconds":
			return sec, true
		case "microseconds":
			return us, true
		}
	}
	return nil, false
}

// timeMethod returns the methods of times.
func timeMethod(v Value, name string) method {
	if name == "total_seconds" {
		d, ok := v.(TimeDelta)
		if !ok {
			return nil
		}
		return plainMethod(func(Value) (Value, error) { return d.Seconds(), nil })
	}
	if name == "isoformat" {
		return isoformat
	}
	if _, ok := v.(TimeDelta); ok {
		return nil
	}
	if name == "strftime" {
		return strftime
	}
	if t, ok := v.(TimeOfDay); ok {
		return timeOfDayMethod(t, name)
	}
	d, ok := v.(DateTime)
	if ok {
		if m := dateTimeMethod(d, name); m != nil {
			return m
		}
	} else if date, ok := v.(Date); ok {
		d = NewNaive(date.midnight())
	}
	n := int64(0)
	switch name {
	case "weekday":
		n = int64(d.Time.Weekday()+6) % 7
	case "isoweekday":
		n = int64(d.Time.Weekday()+6)%7 + 1
	case "toordinal":
		n = d.Date().midnight().Unix()/86400 + 719163
	default:
		return nil
	}
	return plainMethod(func(Value) (Value, error) { return n, nil })
}

func timeOfDayMethod(t TimeOfDay, name string) method {
	if name != "replace" {
		return nil
	}
	return func(_ context.Context, _ Value, a *Args) (Value, error) {
		d := DateTime{Time: time.Date(2000, 1, 1, t.Hour, t.Minute, t.Second, t.Microsecond*1000, time.UTC)}
		v, err := replaceTime(d, a, "hour", "minute", "second", "microsecond")
		return v.TimeOfDay(), err
	}
}

func dateTimeMethod(d DateTime, name string) method {
	switch name {
	case "timestamp":
		return plainMethod(func(Value) (Value, error) { return float64(d.Time.UnixMicro()) / 1e6, nil })
	case "date":
		return plainMethod(func(Value) (Value, error) { return d.Date(), nil })
	case "time":
		return plainMethod(func(Value) (Value, error) { return d.TimeOfDay(), nil })
	case "utcoffset":
		return plainMethod(func(Value) (Value, error) {
			if !d.Aware {
				return nil, nil
			}
			_, off := d.Time.Zone()
			return TimeDelta(int64(off) * second), nil
		})
	case "replace":
		return func(_ context.Context, _ Value, a *Args) (Value, error) {
			return replaceTime(d, a, "year", "month", "day", "hour", "minute", "second", "microsecond")
		}
	}
	return nil
}

// replaceTime sets the named parts of d; part i of the names is in place i of a
// date and time from the end.
func replaceTime(d DateTime, a *Args, names ...string) (DateTime, error) {
	given := make([]Value, len(names))
	if err := a.Into(given, 0, names...); err != nil {
		return d, err
	}
	date, clock := d.Date(), d.TimeOfDay()
	parts := []int{date.Year, int(date.Month), date.Day, clock.Hour, clock.Minute, clock.Second, clock.Microsecond}
	first := len(parts) - len(names)
	for i, v := range given {
		n, err := intArg(v, parts[first+i])
		if err != nil {
			return d, err
		}
		parts[first+i] = n
	}
	t := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], parts[6]*1000, d.Time.Location())
	if out := (DateTime{Time: t, Aware: d.Aware}); parts[0] >= 1 && parts[0] <= 9999 &&
		out.Date() == (Date{parts[0], time.Month(parts[1]), parts[2]}) &&
		out.TimeOfDay() == (TimeOfDay{parts[3], parts[4], parts[5], parts[6]}) {
		return out, nil
	}
	return d, ValueError.Errorf("a part of the time is out of range")
}

func isoformat(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 0, "sep"); err != nil {
		return nil, err
	}
	d, ok := self.(DateTime)
	if !ok {
		return Str(self), nil
	}
	if IsAbsent(p[0]) {
		return d.ISO("T"), nil
	}
	sep, err := textArg(p[0], "sep")
	return d.ISO(sep), err
}

func strftime(_ context.Context, self Value, a *Args) (Value, error) {
	var p [1]Value
	if err := a.Into(p[:], 1, "format"); err != nil {
		return nil, err
	}
	format, err := textArg(p[0], "strftime() argument 1")
	if err != nil {
		return nil, err
	}
	return Strftime(self, format), nil
}

// Format implements [Formatter]: a format of strftime.
func (d DateTime) Format(spec string) (string, error) { return Strftime(d, spec), nil }

// Format implements [Formatter]: a format of strftime.
func (d Date) Format(spec string) (string, error) { return Strftime(d, spec), nil }

// Format implements [Formatter]: a format of strftime.
func (t TimeOfDay) Format(spec string) (string, error) { return Strftime(t, spec), nil }

// Strftime formats a DateTime, Date or TimeOfDay as strftime does in the C
// locale. What it does not know stays as it is.
func Strftime(v Value, format string) string {
	var d DateTime
	switch v := v.(type) {
	case DateTime:
		d = v
	case Date:
		d = NewNaive(v.midnight())
	case TimeOfDay:
		d.Time = time.Date(1900, 1, 1, v.Hour, v.Minute, v.Second, v.Microsecond*1000, time.UTC)
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		pad := true
		if format[i] == '-' && i+1 < len(format) {
			pad = false
			i++
		}
		s, ok := directive(d, format[i])
		if !ok {
			s = format[i-1 : i+1]
		}
		if !pad {
			if s = strings.TrimLeft(s, "0 "); s == "" {
				s = "0"
			}
		}
		b.WriteString(s)
	}
	return b.String()
}

func directive(d DateTime, c byte) (string, bool) {
	t := d.Time
	layouts := map[byte]string{
		'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'h': "Jan", 'd': "02", 'e': "_2", 'm': "01", 'y': "06",
		'H': "15", 'I': "03", 'p': "PM", 'M': "04", 'S': "05", 'j': "002", 'D': "01/02/06", 'F': "2006-01-02",
		'T': "15:04:05", 'R': "15:04", 'r': "03:04:05 PM", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05",
	}
	if layout, ok := layouts[c]; ok {
		return t.Format(layout), true
	}
	switch c {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'Y':
		return itoa(t.Year()), true
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100), true
	case 'f':
		return fmt.Sprintf("%06d", t.Nanosecond()/1000), true
	case 's':
		return itoa(int(t.Unix())), true
	case 'u':
		return itoa((int(t.Weekday())+6)%7 + 1), true
	case 'w':
		return itoa(int(t.Weekday())), true
	case 'U':
		return fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7), true
	case 'W':
		return fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7), true
	case 'V':
		_, week := t.ISOWeek()
		return fmt.Sprintf("%02d", week), true
	case 'G':
		year, _ := t.ISOWeek()
		return itoa(year), true
	case 'z':
		if !d.Aware {
			return "", true
		}
		_, off := t.Zone()
		return strings.Replace(formatOffset(off), ":", "", 1), true
	case 'Z':
		if !d.Aware {
			return "", true
		}
		if _, off := t.Zone(); off != 0 {
			return "UTC" + formatOffset(off), true
		}
		return "UTC", true
	}
	return "", false
}
