package timer

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// A cron fires whenever all fields match the clock of its zone.
type cron struct {
	zone   *time.Location
	infos  [fieldCount]fieldInfo
	fields [fieldCount][]term
	never  bool // no day of any year matches
}

func parseCron(p *reader, local *time.Location) Schedule {
	c := &cron{infos: fieldInfos()}
	var texts [fieldCount]string
	least := -1 // the least significant field given
	for f, info := range c.infos {
		v, ok := p.get(info.name)
		if !ok {
			continue
		}
		least = f
		switch v := v.(type) {
		case string:
			texts[f] = v
			if strings.TrimSpace(v) == "" {
				p.wrong(info.name, "is empty; %s", hint(f))
				continue
			}
		case int64:
			texts[f] = strconv.FormatInt(v, 10)
		case *big.Int:
			texts[f] = v.String()
		default:
			p.wrong(info.name, "must be text or a whole number, not %s", kindOf(v))
			continue
		}
		terms, err := parseField(f, texts[f])
		if err != nil {
			p.wrong(info.name, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
			continue
		}
		c.fields[f] = terms
	}
	c.zone = p.zone(local)
	if len(p.mistakes) > 0 {
		return nil
	}
	for f, info := range c.infos {
		if c.fields[f] != nil {
			continue
		}
		s := span{first: info.min, last: info.max, step: 1}
		if least >= 0 && f > least && info.byDefault >= 0 {
			s.first, s.last = info.byDefault, info.byDefault
		}
		c.fields[f] = []term{s}
	}
	c.never = !c.hasDay()
	return c
}

// hasDay reports whether the fields of the date can all match in some year,
// whatever the year. The calendar repeats after 400 years, weeks included.
func (c *cron) hasDay() bool {
	d := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 400*365 + 97 {
		matches := true
		for f := month; f <= dayOfWeek && matches; f++ {
			now := c.value(f, d)
			next, ok := c.next(f, d)
			matches = ok && next == now
		}
		if matches {
			return true
		}
		d = d.AddDate(0, 0, 1)
	}
	return false
}

// Next implements [Schedule]. It goes from the most significant field to the
// least: a field that matches lets the next one look; one that matches later in
// its own range moves the clock there; one that has no match left moves the
// field above it on by one and lets that look again.
func (c *cron) Next(after time.Time) (time.Time, bool) {
	if c.never || after.Year() > c.infos[year].max {
		return time.Time{}, false
	}
	start := after.Truncate(time.Second).Add(time.Second)
	w := wallAt(start, c.zone)
	f := 0
	for f < fieldCount {
		now := c.value(f, w.clock)
		next, ok := c.next(f, w.clock)
		switch {
		case !ok:
			w, f = c.carry(w, f-1)
		case next == now:
			f++
		case c.infos[f].derived:
			w, f = c.carry(w, f)
		default:
			w = w.set(c.withField(w.clock, f, next))
			f++
		}
		if f < 0 {
			return time.Time{}, false
		}
	}
	return w.instant(), true
}

// carry moves field f on by one and the fields below it to their least. When f
// is at its end, or is derived, the nearest field above it that can be moved is. It
// returns the field that was moved, or -1 when there is none.
func (c *cron) carry(w wall, f int) (wall, int) {
	for f >= 0 && (c.infos[f].derived || c.value(f, w.clock) >= c.limit(f, w.clock)) {
		f--
	}
	if f < 0 {
		return w, -1
	}
	return w.add(c.withField(w.clock, f, c.value(f, w.clock)+1)), f
}

// withField returns the clock with field f at a value and those below it at
// their least.
func (c *cron) withField(clock time.Time, f, val int) time.Time {
	v := [fieldCount]int{
		year: clock.Year(), month: int(clock.Month()), day: clock.Day(),
		hour: clock.Hour(), minute: clock.Minute(), second: clock.Second(),
	}
	v[f] = val
	for below := f + 1; below < fieldCount; below++ {
		v[below] = c.infos[below].min
	}
	return time.Date(v[year], time.Month(v[month]), v[day], v[hour], v[minute], v[second], 0, time.UTC)
}

// next returns the least value of field f that matches and is not below what
// the clock shows.
func (c *cron) next(f int, clock time.Time) (int, bool) {
	now, limit := c.value(f, clock), c.limit(f, clock)
	least, found := 0, false
	for _, t := range c.fields[f] {
		if v, ok := t.next(now, limit, clock); ok && (!found || v < least) {
			least, found = v, true
		}
	}
	return least, found
}

// limit returns the greatest value that field f has in the month of the clock.
func (c *cron) limit(f int, clock time.Time) int {
	if f == day {
		return time.Date(clock.Year(), clock.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	}
	return c.infos[f].max
}

func (c *cron) value(f int, clock time.Time) int {
	switch f {
	case year:
		return clock.Year()
	case month:
		return int(clock.Month())
	case day:
		return clock.Day()
	case week:
		_, w := clock.ISOWeek()
		return w
	case dayOfWeek:
		return mondayFirst(clock)
	case hour:
		return clock.Hour()
	case minute:
		return clock.Minute()
	default:
		return clock.Second()
	}
}
