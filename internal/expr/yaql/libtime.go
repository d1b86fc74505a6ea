package yaql

import (
	"math"
	"math/big"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// aware returns d with a time zone: without one it is in UTC.
func aware(d value.DateTime) value.DateTime {
	return value.DateTime{Time: d.Time, Aware: true}
}

// zone returns the time zone with an offset from UTC.
func zone(offset value.TimeDelta) (*time.Location, error) {
	if offset <= -24*3600*1e6 || offset >= 24*3600*1e6 {
		return nil, value.ValueError.Errorf("offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)")
	}
	if offset == 0 {
		return time.UTC, nil
	}
	return time.FixedZone("", int(offset/1e6)), nil
}

// span makes a timespan of microseconds.
func span(us *big.Int) (value.Value, error) {
	if !us.IsInt64() {
		return nil, value.OverflowError.Errorf("timespan is too large")
	}
	return value.TimeDelta(us.Int64()), nil
}

// scale multiplies or divides a timespan by a number.
func scale(op value.Op, d value.TimeDelta, by value.Value) (value.Value, error) {
	us, err := value.Binary(op, int64(d), by)
	if err != nil {
		return nil, err
	}
	if f, ok := us.(float64); ok {
		f = math.RoundToEven(f)
		if math.IsNaN(f) || math.Abs(f) > math.MaxInt64 {
			return nil, value.OverflowError.Errorf("timespan is too large")
		}
		n, _ := big.NewFloat(f).Int(nil)
		return span(n)
	}
	n, _ := value.Big(us)
	return span(n)
}

// civil makes a moment of its parts, which have to be possible.
func civil(parts [7]int, loc *time.Location) (value.Value, error) {
	for i, b := range [7]struct {
		name      string
		low, high int
	}{
		{"year", 1, 9999},
		{"month", 1, 12},
		{"day", 1, 31},
		{"hour", 0, 23},
		{"minute", 0, 59},
		{"second", 0, 59},
		{"microsecond", 0, 999999},
	} {
		if parts[i] < b.low || parts[i] > b.high {
			if b.name == "day" {
				return nil, value.ValueError.Errorf("day is out of range for month")
			}
			return nil, value.ValueError.Errorf("%s must be in %d..%d", b.name, b.low, b.high)
		}
	}
	t := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], parts[6]*1000, loc)
	if t.Day() != parts[2] {
		return nil, value.ValueError.Errorf("day is out of range for month")
	}
	return value.NewDateTime(t), nil
}

func timeFunctions(b *builder) {
	b.module = "time"
	b.fn("datetime", "year int, month int, day int, hour int = 0, minute int = 0, second int = 0, microsecond int = 0, offset timespan = zero",
		func(c *call) (value.Value, error) {
			var parts [7]int
			for i := range parts {
				parts[i] = c.num(i)
			}
			loc, err := zone(c.span(7))
			if err != nil {
				return nil, err
			}
			return civil(parts, loc)
		}, "Returns a moment from its parts, in UTC or at an offset from it.", "datetime(2015, 8, 29).year", "2015")
	b.fn("datetime", "timestamp number, offset timespan = zero", func(c *call) (value.Value, error) {
		loc, err := zone(c.span(1))
		if err != nil {
			return nil, err
		}
		f, err := value.ToFloat(c.args[0])
		if err != nil {
			return nil, err
		}
		if !(math.Abs(f) < 253402300800) {
			return nil, value.ValueError.Errorf("year is out of range")
		}
		whole := math.Floor(f)
		us := math.RoundToEven((f - whole) * 1e6)
		t := time.Unix(int64(whole), int64(us)*1000).In(loc)
		if t.Year() < 1 || t.Year() > 9999 {
			return nil, value.ValueError.Errorf("year %d is out of range", t.Year())
		}
		return value.NewDateTime(t), nil
	}, "Returns a moment from the seconds since 1970.", "datetime(1256953732).year", "2009")
	b.fn("datetime", "string str, format str = null", func(c *call) (value.Value, error) {
		if c.truth(1) {
			return strptime(c.str(0), c.str(1))
		}
		return parseTime(c.str(0), c.ev.opts.Now())
	}, "Returns a moment from a text, in a format of strptime if one is given.",
		`datetime("29.8?2015", "%d.%m?%Y").day`, "29")
	b.fn("timespan", "days int = 0, hours int = 0, minutes int = 0, seconds integer = 0, milliseconds integer = 0, microseconds integer = 0",
		func(c *call) (value.Value, error) {
			sum := new(big.Int)
			for i, unit := range []int64{86400e6, 3600e6, 60e6, 1e6, 1e3, 1} {
				n, _ := value.Big(c.args[i])
				sum.Add(sum, new(big.Int).Mul(n, big.NewInt(unit)))
			}
			return span(sum)
		}, "Returns a span of time.", "timespan(days => 1, hours => 2).hours", "26.0")
	b.fn("now", "offset timespan = zero", func(c *call) (value.Value, error) {
		loc, err := zone(c.span(0))
		return value.NewDateTime(c.ev.opts.Now().In(loc)), err
	}, "Returns the time it is, in UTC or at an offset from it.", "isDatetime(now())", "true")
	b.fn("localtz", "", func(c *call) (value.Value, error) {
		_, offset := c.ev.opts.Now().Local().Zone()
		return value.TimeDelta(int64(offset) * 1e6), nil
	}, "Returns the offset of local time from UTC.", "isTimespan(localtz())", "true")
	b.fn("utctz", "", func(*call) (value.Value, error) { return value.TimeDelta(0), nil },
		"Returns the offset of UTC, which is zero.", "utctz().hours", "0.0")
	b.method("replace", "dt datetime, year int = null, month int = null, day int = null, hour int = null, minute int = null, second int = null,"+
		" microsecond int = null, offset timespan? = null", replaceTime,
		"Returns a moment with other parts.", "datetime(2015, 9, 29).replace(year => 2014).year", "2014")
	b.method("format", "dt datetime, format str", func(c *call) (value.Value, error) { return value.Strftime(c.args[0], c.str(1)), nil },
		"Returns a moment as text in a format of strftime.", `datetime(2015, 8, 29).format("%d.%m.%y")`, `"29.08.15"`)
	b.fn("isDatetime", "value", func(c *call) (value.Value, error) {
		_, ok := c.args[0].(value.DateTime)
		return ok, nil
	}, "Returns whether the value is a moment.", "isDatetime(1)", "false")
	b.fn("isTimespan", "value", func(c *call) (value.Value, error) {
		_, ok := c.args[0].(value.TimeDelta)
		return ok, nil
	}, "Returns whether the value is a span of time.", "isTimespan(1)", "false")
}

func replaceTime(c *call) (value.Value, error) {
	t := c.time(0).Time
	parts := [7]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1000}
	for i := range parts {
		if c.args[i+1] != nil {
			parts[i] = c.num(i + 1)
		}
	}
	loc := t.Location()
	if c.args[8] != nil {
		var err error
		if loc, err = zone(c.span(8)); err != nil {
			return nil, err
		}
	}
	return civil(parts, loc)
}

// property evaluates v.name for a moment or a span of time.
func property(v value.Value, name string) (value.Value, error) {
	switch name {
	case "microseconds", "milliseconds", "seconds", "minutes", "hours", "days":
		d, ok := v.(value.TimeDelta)
		if !ok {
			return nil, noMatch("#property#" + name)
		}
		if name == "microseconds" {
			return int64(d), nil
		}
		unit := map[string]float64{"milliseconds": 1e3, "seconds": 1e6, "minutes": 60e6, "hours": 3600e6, "days": 86400e6}[name]
		return float64(d) / unit, nil
	case "year", "month", "day", "hour", "minute", "second", "microsecond", "date", "time", "weekday", "utc", "offset", "timestamp":
		d, ok := v.(value.DateTime)
		if !ok {
			return nil, noMatch("#property#" + name)
		}
		return timeProperty(d, name)
	}
	e := errorf(NoFunctionError, `Unknown function "#property#%s"`, name)
	e.Hint = "a " + value.TypeName(v) + " has no ." + name
	return nil, e
}

func timeProperty(d value.DateTime, name string) (value.Value, error) {
	t := d.Time
	_, offset := t.Zone()
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	switch name {
	case "year":
		return int64(t.Year()), nil
	case "month":
		return int64(t.Month()), nil
	case "day":
		return int64(t.Day()), nil
	case "hour":
		return int64(t.Hour()), nil
	case "minute":
		return int64(t.Minute()), nil
	case "second":
		return int64(t.Second()), nil
	case "microsecond":
		return int64(t.Nanosecond() / 1000), nil
	case "date":
		return value.NewDateTime(midnight), nil
	case "time":
		h, m, s := t.Clock()
		return value.TimeDelta((int64(h)*3600+int64(m)*60+int64(s))*1e6 + int64(t.Nanosecond()/1000)), nil
	case "weekday":
		return int64(t.Weekday()+6) % 7, nil
	case "utc": // the clock of UTC, but with the offset that it had
		return value.Binary(value.Sub, aware(d), value.TimeDelta(int64(offset)*1e6))
	case "offset":
		return value.TimeDelta(int64(offset) * 1e6), nil
	}
	utc := t.Add(-time.Duration(offset) * time.Second)
	return float64(utc.UnixMicro()) / 1e6, nil
}
