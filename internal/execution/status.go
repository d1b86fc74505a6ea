package execution

import "slices"

// Status is where an execution stands.
type Status string

// The statuses, by the names that the API shows.
const (
	Requested Status = "requested" // recorded; its policies have not been asked yet
	Scheduled Status = "scheduled" // may run: the next free worker takes it
	Delayed   Status = "delayed"   // a policy holds it back
	Running   Status = "running"   // a worker has claimed it
	Pending   Status = "pending"   // waits for somebody's answer
	Pausing   Status = "pausing"
	Paused    Status = "paused"
	Resuming  Status = "resuming"
	Canceling Status = "canceling" // its worker has been told to stop

	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Timeout   Status = "timeout"
	Abandoned Status = "abandoned" // its worker vanished; what it did is not known
	Canceled  Status = "canceled"
)

// Statuses lists all statuses in the order of a life.
func Statuses() []Status {
	return []Status{
		Requested, Scheduled, Delayed, Running, Pending, Pausing, Paused, Resuming,
		Canceling, Succeeded, Failed, Timeout, Abandoned, Canceled,
	}
}

// next says which status may follow which. A final status has no entry:
// nothing follows it, ever.
//
//nolint:gochecknoglobals // the table of the state machine; never written to
var next = map[Status][]Status{
	Requested: {Scheduled, Delayed, Canceled, Failed},
	Delayed:   {Scheduled, Canceled, Failed},
	// Back to scheduled goes what a vanished worker held and may be repeated.
	Scheduled: {Running, Delayed, Canceled, Failed},
	Running:   {Succeeded, Failed, Timeout, Abandoned, Canceling, Canceled, Pausing, Paused, Pending, Scheduled},
	Pending:   {Succeeded, Failed, Timeout, Canceling, Canceled},
	Pausing:   {Paused, Succeeded, Failed, Timeout, Abandoned, Canceling, Canceled, Resuming, Running},
	Paused:    {Resuming, Running, Succeeded, Failed, Timeout, Abandoned, Canceling, Canceled},
	Resuming:  {Running, Pausing, Paused, Succeeded, Failed, Timeout, Abandoned, Canceling, Canceled},
	Canceling: {Canceled, Succeeded, Failed, Timeout, Abandoned},
}

// MayFollow reports whether an execution in status s may go to status to.
func (s Status) MayFollow(to Status) bool { return slices.Contains(next[s], to) }

// Known reports whether s is a status at all.
func (s Status) Known() bool { return s.Final() || next[s] != nil }

// Final reports whether an execution in status s is never changed again.
func (s Status) Final() bool {
	switch s {
	case Succeeded, Failed, Timeout, Abandoned, Canceled:
		return true
	default:
		return false
	}
}

// Failure reports whether s is the final status of something that went wrong.
func (s Status) Failure() bool { return s == Failed || s == Timeout || s == Abandoned }

// Cancelable reports whether an execution in status s can be asked to stop.
func (s Status) Cancelable() bool { return !s.Final() && s != Canceling && s.Known() }

// Held reports whether a worker has an execution of status s in its hands, so
// that only the worker, or its end, may finish it.
func (s Status) Held() bool {
	switch s {
	case Running, Canceling, Pausing, Resuming:
		return true
	default:
		return false
	}
}

// Told reports whether the workflow that started an execution has to hear that
// it is in status s now.
func (s Status) Told() bool { return s.Final() || s == Pending || s == Paused || s == Running }
