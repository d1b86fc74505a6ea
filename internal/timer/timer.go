// Package timer says when a timer fires next.
//
// A timer is one of StackStorm's three kinds: an interval, a date, or a cron
// expression with the fields and the reading of APScheduler 3 (Monday is 0, ISO
// weeks, seconds, years, "last fri"). [Parse] reads its parameters and reports
// all mistakes at once; the [Schedule] that it returns is a pure function of
// the moment it is asked about, safe for concurrent use. Nothing here waits,
// reads the clock or reads the environment.
//
// The same parameters give the same firings on every node, and [FiringID] gives
// the same firing the same id, so nodes that fire a timer twice make one event.
//
// Where APScheduler ignores what it does not understand ("mon-fri/2" as if it
// were "mon-fri", "mon - fri" as if it were "mon"), Parse reports a mistake: a
// timer that fires on other days than its author wrote is worse than none.
package timer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
	_ "time/tzdata" // time zones must mean the same on a machine without any

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// The kinds of timer, by the references of their trigger types.
const (
	IntervalTimer = "core.st2.IntervalTimer"
	DateTimer     = "core.st2.DateTimer"
	CronTimer     = "core.st2.CronTimer"
)

// A Schedule says when a timer fires.
type Schedule interface {
	// Next returns the first moment strictly after the given one at which the
	// timer fires, in UTC, or false if it never fires again.
	Next(after time.Time) (time.Time, bool)
}

// Parse reads the parameters of a timer of a kind, which is the reference of
// its trigger type. A timer that names no time zone is in UTC. Mistakes are one
// *fault.Fault that lists them all, each with the name of its parameter.
func Parse(kind string, params *value.Dict) (Schedule, error) {
	return ParseIn(kind, params, time.UTC)
}

// ParseIn is Parse for a server whose timers are in a zone of its own unless
// they name one.
func ParseIn(kind string, params *value.Dict, local *time.Location) (Schedule, error) {
	p := newReader(params)
	var s Schedule
	switch kind {
	case IntervalTimer:
		s = parseInterval(p)
	case DateTimer:
		s = parseDate(p, local)
	case CronTimer:
		s = parseCron(p, local)
	default:
		return nil, fault.Newf(fault.Invalid, "%q is not a kind of timer: the kinds are %s, %s and %s",
			kind, IntervalTimer, DateTimer, CronTimer)
	}
	if err := p.err(kind); err != nil {
		return nil, err
	}
	return s, nil
}

// From returns the schedule of an interval that counts from a moment: its
// first firing is one interval after start, as StackStorm has it. Other
// schedules are returned as they are. All nodes must be given the same start,
// such as the moment at which the trigger was registered.
func From(s Schedule, start time.Time) Schedule {
	if i, ok := s.(interval); ok {
		i.start = start
		return i
	}
	return s
}

// FiringID returns the id of the event that a trigger makes at its planned
// moment. It has the form of every other id (24 hexadecimal digits that sort by
// time) but depends on its arguments alone.
func FiringID(triggerUID string, at time.Time) string {
	var moment [12]byte
	binary.BigEndian.PutUint64(moment[:], uint64(at.Unix()))
	binary.BigEndian.PutUint32(moment[8:], uint32(at.Nanosecond()))
	h := sha256.New()
	h.Write(moment[:])
	h.Write([]byte(triggerUID))
	id := binary.BigEndian.AppendUint32(nil, uint32(at.Unix()))
	return hex.EncodeToString(append(id, h.Sum(nil)[:8]...))
}

// Payload returns the payload of a firing that was carried out at a moment.
func Payload(params *value.Dict, executedAt time.Time) *value.Dict {
	d := value.NewDict()
	d.Set("executed_at", pythonTime(executedAt))
	// No timer has a parameter of this name, so this is null, here as in
	// StackStorm; it stays because rules may look for the key.
	var schedule value.Value
	if params != nil {
		schedule, _ = params.Get("time")
	}
	d.Set("schedule", schedule)
	return d
}

// TraceTag returns the tag of the trace that a firing starts.
func TraceTag(kind, triggerName string) string {
	for _, t := range Types() {
		if t.Ref == kind {
			kind = t.Name
		}
	}
	return kind + "-" + triggerName
}

// pythonTime prints a time as str() prints an aware datetime in UTC: with
// microseconds, unless there are none.
func pythonTime(t time.Time) string {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02 15:04:05+00:00")
	}
	return t.Format("2006-01-02 15:04:05.000000+00:00")
}
