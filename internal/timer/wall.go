package timer

import "time"

// A wall is what a clock on the wall of a time zone shows, together with the
// offset by which it is read. In the hour that is skipped when clocks go forward
// the two do not belong together until normalised; the arithmetic of
// APScheduler, which is followed here, passes through such times.
type wall struct {
	clock  time.Time // the fields, in UTC
	offset time.Duration
	zone   *time.Location
}

func (w wall) instant() time.Time { return w.clock.Add(-w.offset) }

// wallAt returns what the clock of a zone shows at an instant.
func wallAt(t time.Time, zone *time.Location) wall {
	_, seconds := t.In(zone).Zone()
	offset := time.Duration(seconds) * time.Second
	return wall{clock: t.UTC().Add(offset), offset: offset, zone: zone}
}

// add moves to another reading of the clock by the real time that lies between
// the two readings, and normalises.
func (w wall) add(clock time.Time) wall {
	return wallAt(w.instant().Add(clock.Sub(w.clock)), w.zone)
}

// set moves to another reading of the clock on the same zone's wall.
func (w wall) set(clock time.Time) wall {
	next, other := localize(clock, w.zone)
	if next.instant().Before(w.instant()) {
		// Where summer is the standard time (Dublin), the reading that localize
		// prefers is the earlier one; a search must not go back in time.
		next = other
	}
	return next
}

// localize finds the instant at which the clock of a zone shows a reading. When
// it shows it twice, that in standard time is meant, and the other one is
// returned too; when it skips it, the offset before the skip holds.
func localize(clock time.Time, zone *time.Location) (meant, other wall) {
	const day = 24 * time.Hour
	var found []wall
	for _, around := range []time.Duration{-day, day} {
		offset := wallAt(clock.Add(around), zone).offset
		if w := wallAt(clock.Add(-offset), zone); w.clock.Equal(clock) {
			found = append(found, w)
		}
	}
	switch {
	case len(found) == 0:
		const before = 6 * time.Hour
		w, _ := localize(clock.Add(-before), zone)
		w.clock = clock
		return w, w
	case len(found) == 1 || found[0].offset == found[1].offset:
		return found[0], found[0]
	}
	first, second := found[0], found[1]
	if first.instant().After(second.instant()) {
		first, second = second, first
	}
	if second.instant().In(zone).IsDST() && !first.instant().In(zone).IsDST() {
		return first, second
	}
	return second, first
}
