package yaql

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// clock is a moment as a text gives it, part by part.
type clock struct {
	year, month, day     int
	hour, minute, second int
	micro                int
	yearDay              int
	pm                   string // am, pm or ""
	loc                  *time.Location
}

func (c *clock) value() (value.Value, error) {
	switch {
	case c.pm == "pm" && c.hour < 12:
		c.hour += 12
	case c.pm == "am" && c.hour == 12:
		c.hour = 0
	}
	if c.loc == nil {
		c.loc = time.UTC
	}
	if c.yearDay > 0 {
		t := time.Date(c.year, 1, c.yearDay, 0, 0, 0, 0, time.UTC)
		c.month, c.day = int(t.Month()), t.Day()
	}
	return civil([7]int{c.year, c.month, c.day, c.hour, c.minute, c.second, c.micro}, c.loc)
}

// timeReader reads a text for strptime.
type timeReader struct {
	text string
	at   int
}

// digits reads an int of at least one and at most most digits.
func (r *timeReader) digits(most int) (int, bool) {
	end := r.at
	for end < len(r.text) && end < r.at+most && r.text[end] >= '0' && r.text[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(r.text[r.at:end])
	r.at = end
	return n, err == nil
}

// word reads one of the words, in any case, the longest that fits, and returns its
// number.
func (r *timeReader) word(words []string) (int, bool) {
	best := -1
	rest := r.text[r.at:]
	for i, w := range words {
		if len(rest) >= len(w) && strings.EqualFold(rest[:len(w)], w) && (best < 0 || len(w) > len(words[best])) {
			best = i
		}
	}
	if best < 0 {
		return 0, false
	}
	r.at += len(words[best])
	return best, true
}

func monthNames(short bool) []string {
	names := make([]string, 12)
	for i := range names {
		names[i] = time.Month(i + 1).String()
		if short {
			names[i] = names[i][:3]
		}
	}
	return names
}

func dayNames(short bool) []string {
	names := make([]string, 7)
	for i := range names {
		names[i] = time.Weekday((i + 1) % 7).String()
		if short {
			names[i] = names[i][:3]
		}
	}
	return names
}

// offset reads +hh:mm, +hhmm, +hhmmss or Z.
func (r *timeReader) offset() (*time.Location, bool) {
	if r.at < len(r.text) && (r.text[r.at] == 'Z' || r.text[r.at] == 'z') {
		r.at++
		return time.UTC, true
	}
	if r.at >= len(r.text) || r.text[r.at] != '+' && r.text[r.at] != '-' {
		return nil, false
	}
	sign := 1
	if r.text[r.at] == '-' {
		sign = -1
	}
	r.at++
	total := 0
	for i, unit := range []int{3600, 60, 1} {
		if i > 0 {
			if r.at < len(r.text) && r.text[r.at] == ':' {
				r.at++
			}
		}
		start := r.at
		n, ok := r.digits(2)
		if !ok || r.at != start+2 {
			if i == 0 {
				return nil, false
			}
			r.at = start
			break
		}
		total += n * unit
	}
	if total >= 24*3600 {
		return nil, false
	}
	if total == 0 {
		return time.UTC, true
	}
	return time.FixedZone("", sign*total), true
}

// strptime reads a moment in a format, as Python's datetime.strptime does.
func strptime(text, format string) (value.Value, error) {
	fail := func() (value.Value, error) {
		return nil, value.ValueError.Errorf("time data %s does not match format %s", value.Repr(text), value.Repr(format))
	}
	for short, long := range map[string]string{"%c": "%a %b %d %H:%M:%S %Y", "%x": "%m/%d/%y", "%X": "%H:%M:%S", "%T": "%H:%M:%S", "%D": "%m/%d/%y", "%R": "%H:%M"} {
		format = strings.ReplaceAll(format, short, long)
	}
	c := clock{year: 1900, month: 1, day: 1}
	r := &timeReader{text: text}
	for i := 0; i < len(format); i++ {
		if unicode.IsSpace(rune(format[i])) {
			start := r.at
			for r.at < len(text) && unicode.IsSpace(rune(text[r.at])) {
				r.at++
			}
			for i+1 < len(format) && unicode.IsSpace(rune(format[i+1])) {
				i++
			}
			if r.at == start {
				return fail()
			}
			continue
		}
		if format[i] != '%' || i+1 == len(format) {
			if r.at >= len(text) || !strings.EqualFold(text[r.at:r.at+1], format[i:i+1]) {
				return fail()
			}
			r.at++
			continue
		}
		i++
		ok, known := c.directive(r, format[i])
		if !known {
			return nil, value.ValueError.Errorf("'%c' is a bad directive in format %s", format[i], value.Repr(format))
		}
		if !ok {
			return fail()
		}
	}
	if r.at < len(text) {
		return nil, value.ValueError.Errorf("unconverted data remains: %s", text[r.at:])
	}
	return c.value()
}

// directive reads what one letter of a format stands for.
func (c *clock) directive(r *timeReader, letter byte) (ok, known bool) {
	n := 0
	switch letter {
	case '%':
		ok = r.at < len(r.text) && r.text[r.at] == '%'
		r.at++
	case 'Y':
		start := r.at
		c.year, ok = r.digits(4)
		ok = ok && r.at == start+4
	case 'y':
		c.year, ok = r.digits(2)
		c.year += 1900
		if c.year < 1969 {
			c.year += 100
		}
	case 'm':
		c.month, ok = r.digits(2)
	case 'd', 'e':
		if r.at < len(r.text) && r.text[r.at] == ' ' {
			r.at++
		}
		c.day, ok = r.digits(2)
	case 'H':
		c.hour, ok = r.digits(2)
	case 'I':
		c.hour, ok = r.digits(2)
		ok = ok && c.hour >= 1 && c.hour <= 12
	case 'M':
		c.minute, ok = r.digits(2)
	case 'S':
		c.second, ok = r.digits(2)
	case 'f':
		start := r.at
		c.micro, ok = r.digits(6)
		for d := r.at - start; d < 6; d++ {
			c.micro *= 10
		}
	case 'j':
		c.yearDay, ok = r.digits(3)
		ok = ok && c.yearDay >= 1 && c.yearDay <= 366
	case 'b', 'h':
		n, ok = r.word(monthNames(true))
		c.month = n + 1
	case 'B':
		n, ok = r.word(monthNames(false))
		c.month = n + 1
	case 'a':
		_, ok = r.word(dayNames(true))
	case 'A':
		_, ok = r.word(dayNames(false))
	case 'w', 'u':
		_, ok = r.digits(1)
	case 'U', 'W', 'V':
		_, ok = r.digits(2)
	case 'p':
		n, ok = r.word([]string{"am", "pm"})
		c.pm = []string{"am", "pm"}[n]
	case 'z':
		c.loc, ok = r.offset()
	case 'Z':
		_, ok = r.word([]string{"UTC", "GMT"})
		c.loc = time.UTC
	default:
		return false, false
	}
	return ok, true
}
