package timer

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The fields of a cron timer, from the most to the least significant.
const (
	year = iota
	month
	day
	week
	dayOfWeek
	hour
	minute
	second
	fieldCount
)

// fieldInfo is what there is to know about a field.
type fieldInfo struct {
	name      string
	min, max  int
	byDefault int  // the value when it is less significant than all that are given; -1 is any
	derived   bool // it follows from the date and cannot be set by itself
	names     []string
}

func fieldInfos() [fieldCount]fieldInfo {
	return [fieldCount]fieldInfo{
		year:      {name: "year", min: 1970, max: 9999, byDefault: -1},
		month:     {name: "month", min: 1, max: 12, byDefault: 1, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
		day:       {name: "day", min: 1, max: 31, byDefault: 1},
		week:      {name: "week", min: 1, max: 53, byDefault: -1, derived: true},
		dayOfWeek: {name: "day_of_week", min: 0, max: 6, byDefault: -1, derived: true, names: weekdays()},
		hour:      {name: "hour", min: 0, max: 23},
		minute:    {name: "minute", min: 0, max: 59},
		second:    {name: "second", min: 0, max: 59},
	}
}

func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// A term is one of the comma-separated parts of a field's expression.
type term interface {
	// next returns the smallest value that matches and is not below the value
	// of the field, for a field that ends at max in the month of the clock.
	next(val, max int, clock time.Time) (int, bool)
}

// A span is every step-th value from first to last.
type span struct{ first, last, step int }

func (s span) next(val, limit int, _ time.Time) (int, bool) {
	val = max(val, s.first)
	if past := (val - s.first) % s.step; past != 0 {
		val += s.step - past
	}
	return val, val <= min(s.last, limit)
}

// A nth is a weekday of the month by its place: the 0th is the first one, and
// place 5 is the last.
type nth struct{ place, weekday int }

const lastPlace = 5

func (n nth) next(val, limit int, clock time.Time) (int, bool) {
	first := 1 + (n.weekday-mondayFirst(clock.AddDate(0, 0, 1-clock.Day()))+7)%7
	d := first + 7*n.place
	if n.place == lastPlace {
		d = first + (limit-first)/7*7
	}
	return d, d >= val && d <= limit
}

// A lastDay is the last day of the month.
type lastDay struct{}

func (lastDay) next(_, limit int, _ time.Time) (int, bool) { return limit, true }

func mondayFirst(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

var (
	anyTerm   = regexp.MustCompile(`^\*(?:/([0-9]+))?$`)
	rangeTerm = regexp.MustCompile(`^([0-9]+)(?:-([0-9]+))?(?:/([0-9]+))?$`)
	nameTerm  = regexp.MustCompile(`^([A-Za-z]+)(?:-([A-Za-z]+))?$`)
	nthTerm   = regexp.MustCompile(`^(?i)(1st|2nd|3rd|4th|5th|last) +(\w+)$`)
	separator = regexp.MustCompile(` *, *`)
)

const maxTerms = 100 // more than any field has values but the year; each costs at each step of a search

// parseField reads the expression of a field. All parts that are wrong are
// reported, joined.
func parseField(f int, text string) ([]term, error) {
	parts := separator.Split(strings.TrimSpace(text), maxTerms+1)
	if len(parts) > maxTerms {
		return nil, fmt.Errorf("has more than %d parts", maxTerms)
	}
	var terms []term
	var wrong []error
	for _, part := range parts {
		t, err := parseTerm(f, part)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		terms = append(terms, t)
	}
	return terms, errors.Join(wrong...)
}

func parseTerm(f int, text string) (term, error) {
	info := fieldInfos()[f]
	if m := anyTerm.FindStringSubmatch(text); m != nil {
		return newSpan(info, text, info.min, info.max, m[1])
	}
	if m := rangeTerm.FindStringSubmatch(text); m != nil {
		first := number(m[1])
		last := first
		switch {
		case m[2] != "":
			last = number(m[2])
		case m[3] != "":
			last = info.max
		}
		return newSpan(info, text, first, last, m[3])
	}
	if f == day {
		if strings.EqualFold(text, "last") {
			return lastDay{}, nil
		}
		if m := nthTerm.FindStringSubmatch(text); m != nil {
			weekday, err := named(weekdays(), m[2], "weekday")
			places := []string{"1st", "2nd", "3rd", "4th", "5th", "last"}
			return nth{place: slices.Index(places, strings.ToLower(m[1])), weekday: weekday}, err
		}
	}
	if m := nameTerm.FindStringSubmatch(text); m != nil && info.names != nil {
		what := "month"
		if f == dayOfWeek {
			what = "weekday"
		}
		first, err := named(info.names, m[1], what)
		if err != nil {
			return nil, err
		}
		last := first
		if m[2] != "" {
			if last, err = named(info.names, m[2], what); err != nil {
				return nil, err
			}
		}
		return newSpan(info, text, info.min+first, info.min+last, "")
	}
	return nil, fmt.Errorf("%q is not understood; %s", text, hint(f))
}

func newSpan(info fieldInfo, text string, first, last int, stepText string) (term, error) {
	step := 1
	if stepText != "" {
		step = number(stepText)
	}
	switch {
	case first > last:
		return nil, fmt.Errorf("%q begins after it ends", text)
	case first < info.min:
		return nil, fmt.Errorf("%q begins below %d, which is the least", text, info.min)
	case last > info.max:
		return nil, fmt.Errorf("%q ends above %d, which is the most", text, info.max)
	case step == 0:
		return nil, fmt.Errorf("%q has a step of 0; the least is 1", text)
	case stepText != "" && step > last-first:
		return nil, fmt.Errorf("%q steps by %d over a range of only %d", text, step, last-first)
	}
	return span{first: first, last: last, step: step}, nil
}

// number reads digits; a number too long to hold is as wrong as a large one.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 1_000_000
	}
	return n
}

func named(names []string, name, what string) (int, error) {
	i := slices.Index(names, strings.ToLower(name))
	if i < 0 {
		return 0, fmt.Errorf("%q is not a %s; they are %s", name, what, strings.Join(names, ", "))
	}
	return i, nil
}

func hint(f int) string {
	info := fieldInfos()[f]
	forms := fmt.Sprintf("write *, */n, a, a-b or a-b/n with numbers from %d to %d", info.min, info.max)
	switch {
	case f == day:
		forms += `, "last", or a weekday such as "2nd tue" or "last fri"`
	case info.names != nil:
		forms += fmt.Sprintf(", or names such as %s or %s-%s", info.names[0], info.names[1], info.names[3])
	}
	return forms + "; separate several by commas"
}
