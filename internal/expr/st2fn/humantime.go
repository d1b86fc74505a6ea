package st2fn

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// HumanTime writes a number of seconds as 1h3m5s. It counts years and the days
// of the month in which the time would end if it began with a year, so whole
// months are lost; and less than a second is called microseconds. Packs know it so.
func HumanTime(v value.Value) (string, error) {
	var seconds int64
	switch n := v.(type) {
	case bool:
		if n {
			seconds = 1
		}
	case int64:
		seconds = n
	case float64:
		switch {
		case n != 0 && n < 1:
			return value.Str(n) + "μs", nil
		case math.IsNaN(n) || n > maxSeconds:
			return "", value.OverflowError.Errorf("date value out of range")
		}
		seconds = int64(math.RoundToEven(n))
	default:
		return "", value.TypeError.Errorf("seconds must be a number, not %s", value.TypeName(v))
	}
	switch {
	case seconds == 0:
		return "0s", nil
	case seconds < 1:
		return value.Str(v) + "μs", nil
	case seconds > maxSeconds:
		return "", value.OverflowError.Errorf("date value out of range")
	}
	end := time.Unix(seconds+time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), 0).UTC()
	parts := []struct {
		n    int
		unit string
	}{
		{end.Year() - 1, "y"}, {end.Day() - 1, "d"}, {end.Hour(), "h"}, {end.Minute(), "m"}, {end.Second(), "s"},
	}
	for len(parts) > 1 && parts[0].n == 0 {
		parts = parts[1:]
	}
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprint(&b, p.n, p.unit)
	}
	return b.String(), nil
}

// maxSeconds is the last second of the year 9999, counted from the year 1.
const maxSeconds = 315537897599
