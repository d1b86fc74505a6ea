package timer

import (
	"strings"
	"time"
)

// A date fires once.
type date struct{ at time.Time }

// Next implements [Schedule].
func (d date) Next(after time.Time) (time.Time, bool) {
	if d.at.After(after) {
		return d.at, true
	}
	return time.Time{}, false
}

func parseDate(p *reader, local *time.Location) Schedule {
	const example = `"2026-12-31 23:59:59"`
	text, ok := p.text("date", example, true)
	zone := p.zone(local)
	if !ok {
		return nil
	}
	wall, zoned, ok := readDate(text)
	switch {
	case !ok:
		p.wrong("date", "%q is not a date and time that can be read; write it as %s or 2026-12-31T23:59:59+01:00", text, example)
		return nil
	case zoned:
		return date{at: wall.UTC()}
	case zone == nil: // the zone is the mistake
		return nil
	}
	meant, _ := localize(wall, zone)
	return date{at: meant.instant()}
}

// readDate reads a date in one of the forms that people write into rules, and
// reports whether it says its own offset. Without one, the result is the wall
// clock in UTC.
func readDate(text string) (t time.Time, zoned, ok bool) {
	text = strings.Join(strings.Fields(text), " ")
	for _, suffix := range []string{"Z", "z", " UTC", " GMT"} {
		if rest, found := strings.CutSuffix(text, suffix); found {
			text = strings.TrimSpace(rest) + "+00:00"
			break
		}
	}
	// Go reads a fraction of a second after "05" whether or not a layout has it.
	days := []string{
		"2006-1-2", "20060102", "2006/1/2", "1/2/2006",
		"2 Jan 2006", "2 January 2006", "Jan 2 2006", "January 2 2006", "Jan 2, 2006", "January 2, 2006",
		"Mon, 2 Jan 2006", "Mon Jan 2 2006", "Monday, 2 January 2006",
	}
	clocks := []string{"", "15:04:05", "15:04", "3:04:05 PM", "3:04 PM", "3:04PM", "3PM", "150405"}
	offsets := []string{"", "-07:00", " -07:00", "-0700", " -0700", "-07", " -07"}
	for _, day := range days {
		for _, clock := range clocks {
			for _, between := range []string{" ", "T"} {
				if clock == "" {
					between = ""
				}
				for _, offset := range offsets {
					if clock == "" && offset != "" {
						continue
					}
					t, err := time.Parse(day+between+clock+offset, text)
					if err == nil {
						return t, offset != "", t.Year() >= 1
					}
				}
			}
		}
	}
	return time.Time{}, false, false
}
