package rule

import (
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// parseTime reads the time that a payload tells. A time without a zone is UTC.
func parseTime(v value.Value) (time.Time, error) {
	switch t := v.(type) {
	case nil:
		return time.Time{}, value.TypeError.Errorf("there is no time to compare with: the value is null")
	case value.DateTime:
		if at, ok := layouts(t.ISO("T")); ok {
			return at, nil
		}
	}
	text := strings.TrimSpace(value.Str(v))
	if at, ok := layouts(text); ok {
		return at, nil
	}
	return time.Time{}, value.ValueError.Errorf("%s is no time that can be read; write it like 2006-01-02T15:04:05Z", value.Repr(text))
}

// layouts tries the ways in which times are written, the usual ones first. A day
// and a month in figures are taken for month/day/year if that can be, as in
// StackStorm.
func layouts(text string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
		"20060102150405", "200601021504",
		time.ANSIC, time.UnixDate, time.RubyDate, "Jan _2 15:04:05 2006", "Jan _2 15:04:05 MST 2006",
		"2006-01-02 15:04:05 -0700 MST",
	} {
		if at, ok := parseLayout(layout, text); ok {
			return at, true
		}
	}
	text = withoutWeekday(text)
	for _, day := range []string{
		"2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006-01",
		"1/2/2006", "2/1/2006", "1-2-2006", "2-1-2006", "1.2.2006", "2.1.2006",
		"2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006", "Jan 2 2006", "January 2 2006", "2-Jan-2006", "2-Jan-06",
	} {
		if at, ok := parseLayout(day, text); ok {
			return at, true
		}
		for _, hour := range []string{" 15:04:05", "T15:04:05", " 15:04", "T15:04", " 3:04:05 PM", " 3:04 PM", "T150405", "T1504", "T15"} {
			for _, zone := range []string{"", "Z07:00", "Z0700", "Z07", " Z07:00", " -0700", " MST"} {
				if at, ok := parseLayout(day+hour+zone, text); ok {
					return at, true
				}
			}
		}
	}
	return time.Time{}, false
}

func parseLayout(layout, text string) (time.Time, bool) {
	at, err := time.ParseInLocation(layout, text, time.UTC)
	return at.UTC(), err == nil
}

// withoutWeekday drops the name of a day of the week at the start, which says
// nothing that the date does not say.
func withoutWeekday(text string) string {
	word, rest, ok := strings.Cut(text, " ")
	if !ok {
		return text
	}
	word = strings.TrimSuffix(word, ",")
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := day.String(); strings.EqualFold(word, name) || strings.EqualFold(word, name[:3]) {
			return rest
		}
	}
	return text
}
