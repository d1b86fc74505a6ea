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

// layouts tries the ways in which times are written, the usual ones first.
func layouts(text string) (time.Time, bool) {
	for _, layout := range []string{
		time.RFC3339Nano,
		"2006-01-02T15:04:05.999999999",
		"2006-01-02T15:04:05.999999999Z0700",
		"2006-01-02T15:04:05.999999999Z07",
		"2006-01-02T15:04Z07:00", "2006-01-02T15:04",
		"2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999 Z07:00",
		"2006-01-02 15:04:05.999999999 Z0700", "2006-01-02 15:04:05.999999999 -0700 MST",
		"2006-01-02 15:04:05.999999999 MST",
		"2006-01-02 15:04", "2006-01-02", "2006-01", "20060102T150405Z0700", "20060102T150405", "20060102150405",
		"20060102", "2006/01/02 15:04:05", "2006/01/02",
		time.RFC1123Z, time.RFC1123, time.RFC850, time.RFC822Z, time.RFC822, time.ANSIC, time.UnixDate, time.RubyDate,
		"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05", "Jan 2, 2006 15:04:05", "Jan 2 2006 15:04:05",
		"Jan 2, 2006", "2 Jan 2006", "01/02/2006 15:04:05", "01/02/2006 03:04:05 PM", "01/02/2006",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
