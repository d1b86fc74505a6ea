package timer

import (
	"math"
	"math/big"
	"time"
)

// monday is what intervals count from unless [From] says otherwise: the first
// Monday after the beginning of Unix time, so that a week's timer fires when a
// week begins and an hour's when an hour does.
const monday = 4 * 24 * 60 * 60

// An interval fires at start plus each positive multiple of every. An interval
// is a span of real time: a day is 24 hours also when the clocks change.
type interval struct {
	start time.Time
	every int64 // seconds, at least one
}

func parseInterval(p *reader) Schedule {
	seconds := map[string]int64{"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "weeks": 7 * 86400}
	const units = "weeks, days, hours, minutes or seconds"

	unit, ok := p.text("unit", `"minutes"`, true)
	length := seconds[unit]
	if ok && length == 0 {
		p.wrong("unit", "%q is not a unit; use %s", unit, units)
	}
	delta, given := p.get("delta")
	p.zone(time.UTC) // checked for its mistakes: an interval is the same in all zones

	var n int64
	switch d := delta.(type) {
	case int64:
		n = d
	case *big.Int:
		n = math.MaxInt64
		if d.Sign() < 0 {
			n = -1
		}
	case nil:
		if !given {
			p.wrong("delta", "is required: how many of the unit lie between two firings, such as 30")
		}
		return nil
	default:
		p.wrong("delta", "must be a whole number, such as 30, not %s", kindOf(delta))
		return nil
	}
	const most = 100 * 366 * 86400 // more than anybody waits, less than overflows
	switch {
	case n < 1:
		p.wrong("delta", "must be at least 1, not %s", kindOf(delta))
	case length != 0 && n > most/length:
		p.wrong("delta", "%s %s is more than a hundred years", kindOf(delta), unit)
	}
	return interval{start: time.Unix(monday, 0).UTC(), every: n * length}
}

// Next implements [Schedule].
func (i interval) Next(after time.Time) (time.Time, bool) {
	// The difference is taken in seconds: a time.Duration ends after 292 years.
	elapsed := after.Unix() - i.start.Unix()
	if after.Nanosecond() < i.start.Nanosecond() {
		elapsed-- // whole seconds only, rounded down
	}
	n := floorDiv(elapsed, i.every) + 1
	n = max(n, 1) // the first firing is one interval after the start
	return time.Unix(i.start.Unix()+n*i.every, int64(i.start.Nanosecond())).UTC(), true
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
