package yaql

import (
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// timeParser guesses what the parts of a text mean, in the manner of dateutil:
// names of months and days, times with colons, years of four digits, and otherwise
// month, day and year in this order unless that cannot be.
type timeParser struct {
	clock
	reader    timeReader
	numbers   []int // of the date, in the order in which they come
	yearAt    int   // which of them is the year, or -1
	hasTime   bool
	monthName bool
}

// parseTime reads a moment in one of many forms. What the text does not say is
// taken from today.
func parseTime(text string, now time.Time) (value.Value, error) {
	p := &timeParser{reader: timeReader{text: strings.TrimSpace(text)}, yearAt: -1}
	if p.reader.text == "" {
		return nil, errorf("ParserError", "String does not contain a date: %s", text)
	}
	if !p.read() || !p.settle(now) {
		return nil, errorf("ParserError", "Unknown string format: %s", text)
	}
	v, err := p.value()
	if err != nil {
		return nil, errorf("ParserError", "%v: %s", err, text)
	}
	return v, nil
}

// read goes through the text.
func (p *timeParser) read() bool {
	r := &p.reader
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c >= '0' && c <= '9':
			if !p.number() {
				return false
			}
		case c == 'T' || c == 't', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
			if !p.word() {
				return false
			}
		case (c == '+' || c == '-') && p.hasTime:
			loc, ok := r.offset()
			if !ok {
				return false
			}
			p.loc = loc
		case strings.IndexByte(" ,.;-/'()", c) >= 0:
			r.at++
		default:
			return false
		}
	}
	return true
}

// number reads a time, or a number of the date.
func (p *timeParser) number() bool {
	r := &p.reader
	start := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	digits := r.text[start:r.at]
	next := r.text[r.at:]
	afterT := start > 0 && (r.text[start-1] == 'T' || r.text[start-1] == 't')
	switch {
	case strings.HasPrefix(next, ":") && !p.hasTime:
		return p.time(digits)
	case len(digits) <= 2 && p.unit(digits, next):
		return true
	case p.meridian(next) && !p.hasTime && len(digits) <= 2:
		p.hour, _ = strconv.Atoi(digits)
		p.hasTime = true
		return true
	case !p.hasTime && (afterT || len(p.numbers) == 3) && (len(digits) == 2 || len(digits) == 4 || len(digits) == 6):
		return p.packedTime(digits)
	}
	switch len(digits) {
	case 8, 12, 14: // YYYYMMDD[hhmm[ss]]
		p.yearAt = len(p.numbers)
		for _, part := range []string{digits[:4], digits[4:6], digits[6:8]} {
			n, _ := strconv.Atoi(part)
			p.numbers = append(p.numbers, n)
		}
		return len(digits) == 8 || p.packedTime(digits[8:])
	case 6: // YYMMDD
		if len(p.numbers) == 0 {
			for _, part := range []string{digits[:2], digits[2:4], digits[4:6]} {
				n, _ := strconv.Atoi(part)
				p.numbers = append(p.numbers, n)
			}
			p.yearAt = 0
			p.numbers[0] = fullYear(p.numbers[0])
			return true
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(p.numbers) == 3 {
		return false
	}
	if len(digits) > 2 || n > 31 {
		if p.yearAt >= 0 {
			return false
		}
		p.yearAt = len(p.numbers)
		if len(digits) <= 2 {
			n = fullYear(n)
		}
	}
	p.numbers = append(p.numbers, n)
	for _, suffix := range []string{"st", "nd", "rd", "th"} {
		if len(next) >= 2 && strings.EqualFold(next[:2], suffix) && (len(next) == 2 || next[2] == ' ' || next[2] == ',') {
			r.at += 2
		}
	}
	return true
}

// fullYear gives a year of two digits its century.
func fullYear(n int) int {
	if n < 69 {
		return n + 2000
	}
	return n + 1900
}

// unit reads the hours, minutes or seconds of 5h30m, of which the number is read.
func (p *timeParser) unit(digits, next string) bool {
	i := strings.IndexFunc(next, func(r rune) bool { return r|0x20 < 'a' || r|0x20 > 'z' })
	if i >= 0 {
		next = next[:i]
	}
	var to *int
	switch strings.ToLower(next) {
	case "h", "hour", "hours":
		to = &p.hour
	case "m", "minute", "minutes":
		to = &p.minute
	case "s", "second", "seconds":
		to = &p.second
	default:
		return false
	}
	*to, _ = strconv.Atoi(digits)
	p.reader.at += len(next)
	p.hasTime = true
	return true
}

// meridian reports whether am or pm comes next.
func (p *timeParser) meridian(next string) bool {
	next = strings.ToLower(strings.TrimLeft(next, " "))
	return (strings.HasPrefix(next, "am") || strings.HasPrefix(next, "pm")) && (len(next) == 2 || next[2] == ' ' || next[2] == ',')
}

// time reads hh:mm[:ss[.ffffff]], of which the hours are read.
func (p *timeParser) time(hours string) bool {
	r := &p.reader
	p.hasTime = true
	var ok bool
	if p.hour, _ = strconv.Atoi(hours); p.hour > 24 {
		return false
	}
	r.at++
	if p.minute, ok = r.digits(2); !ok {
		return false
	}
	if r.at < len(r.text) && r.text[r.at] == ':' {
		r.at++
		if p.second, ok = r.digits(2); !ok {
			return false
		}
		return p.fraction()
	}
	return true
}

// fraction reads what follows the point after the seconds.
func (p *timeParser) fraction() bool {
	r := &p.reader
	if r.at+1 >= len(r.text) || r.text[r.at] != '.' && r.text[r.at] != ',' || r.text[r.at+1] < '0' || r.text[r.at+1] > '9' {
		return true
	}
	r.at++
	start := r.at
	p.micro, _ = r.digits(6)
	for d := r.at - start; d < 6; d++ {
		p.micro *= 10
	}
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	return true
}

// packedTime reads hh, hhmm or hhmmss.
func (p *timeParser) packedTime(digits string) bool {
	p.hasTime = true
	for i, to := range []*int{&p.hour, &p.minute, &p.second} {
		if len(digits) >= 2*i+2 {
			*to, _ = strconv.Atoi(digits[2*i : 2*i+2])
		}
	}
	return len(digits) < 6 || p.fraction()
}

// word reads a name.
func (p *timeParser) word() bool {
	r := &p.reader
	start := r.at
	for r.at < len(r.text) && (r.text[r.at]|0x20 >= 'a' && r.text[r.at]|0x20 <= 'z') {
		r.at++
	}
	w := strings.ToLower(r.text[start:r.at])
	switch w {
	case "t", "at", "on", "and", "of", "h", "m", "s":
		return true
	case "am", "pm":
		p.pm = w
		return p.hasTime && p.hour <= 12
	case "z", "utc", "gmt":
		p.loc = time.UTC
		return p.hasTime
	}
	named := func(long, short []string) int {
		for i := range long {
			if strings.EqualFold(w, long[i]) || strings.EqualFold(w, short[i]) || w == "sept" && long[i] == "September" {
				return i
			}
		}
		return -1
	}
	if i := named(monthNames(false), monthNames(true)); i >= 0 {
		p.month, p.monthName = i+1, true
		return true
	}
	return named(dayNames(false), dayNames(true)) >= 0
}

// settle decides which number of the date is what.
func (p *timeParser) settle(now time.Time) bool {
	year, month, day := now.Date()
	set := func(y, m, d int) { p.year, p.month, p.day = y, m, d }
	n := p.numbers
	switch {
	case p.monthName:
		switch {
		case len(n) == 0:
			set(year, p.month, day)
		case len(n) == 1 && p.yearAt == 0:
			set(n[0], p.month, day)
		case len(n) == 1:
			set(year, p.month, n[0])
		case len(n) == 2 && p.yearAt == 0:
			set(n[0], p.month, n[1])
		case len(n) == 2 && p.yearAt == 1:
			set(n[1], p.month, n[0])
		case len(n) == 2:
			set(fullYear(n[1]), p.month, n[0])
		default:
			return false
		}
	case len(n) == 0:
		set(year, int(month), day)
		return p.hasTime
	case len(n) == 1 && p.yearAt == 0:
		set(n[0], int(month), day)
	case len(n) == 1:
		set(year, int(month), n[0])
	case len(n) == 2 && p.yearAt == 0:
		set(n[0], n[1], day)
	case len(n) == 2 && p.yearAt == 1:
		set(n[1], n[0], day)
	case len(n) == 2 && n[0] > 12:
		set(year, n[1], n[0])
	case len(n) == 2:
		set(year, n[0], n[1])
	case p.yearAt == 0 && n[1] > 12:
		set(n[0], n[2], n[1])
	case p.yearAt == 0:
		set(n[0], n[1], n[2])
	case p.yearAt == 1:
		return false
	default:
		y := n[2]
		if p.yearAt < 0 {
			y = fullYear(y)
		}
		if n[0] > 12 {
			set(y, n[1], n[0])
		} else {
			set(y, n[0], n[1])
		}
	}
	// A day that the month does not have, because it is today's, is its last one.
	if len(n) < 2 || len(n) == 2 && p.yearAt >= 0 && !p.monthName {
		if last := time.Date(p.year, time.Month(p.month)+1, 0, 0, 0, 0, 0, time.UTC).Day(); p.day > last && p.day == day {
			p.day = last
		}
	}
	return true
}
