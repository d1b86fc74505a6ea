package orquesta

import (
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/execution"
)

// unset is the status of a task or workflow that has not been given one.
const unset execution.Status = ""

// retrying is the status of a task that waits to be run again. No execution has it.
const retrying execution.Status = "retrying"

// active reports whether something is under way in a status.
func active(s execution.Status) bool {
	switch s {
	case execution.Requested, execution.Scheduled, execution.Delayed, execution.Running, execution.Resuming,
		execution.Pausing, execution.Canceling:
		return true
	default:
		return false
	}
}

// running reports whether a workflow starts tasks in a status.
func running(s execution.Status) bool {
	switch s {
	case execution.Requested, execution.Scheduled, execution.Delayed, execution.Running, execution.Resuming, retrying:
		return true
	default:
		return false
	}
}

// starting reports whether a status is one that a new execution of a task begins with.
func starting(s execution.Status) bool {
	switch s {
	case execution.Requested, execution.Scheduled, execution.Delayed, execution.Running, execution.Pending:
		return true
	default:
		return false
	}
}

func pausing(s execution.Status) bool   { return s == execution.Pausing || s == execution.Paused }
func canceling(s execution.Status) bool { return s == execution.Canceling || s == execution.Canceled }

// machine says which status follows a status when something happens. Its events are
// the names of the reference, cut short: /A and /D stand for what else is active or
// dormant (of a task's items or of a workflow's tasks), and what is in brackets for
// how the rest stands.
type machine map[execution.Status]map[string]execution.Status

// next returns the status that follows. Events that are not listed change nothing.
// It reports false for a status in which nothing can happen at all.
func (m machine) next(from execution.Status, event string) (execution.Status, bool) {
	events, ok := m[from]
	if !ok {
		return from, false
	}
	if to, ok := events[event]; ok {
		return to, true
	}
	return from, true
}

// readMachine reads a table: a status, and below it on a line each the statuses that
// follow, with the events that lead there. Endings in brackets are alternatives.
func readMachine(table string) machine {
	m := machine{}
	var events map[string]execution.Status
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if from, ok := strings.CutSuffix(words[0], ":"); ok {
			events = map[string]execution.Status{}
			m[statusOf(from)] = events
			continue
		}
		to := statusOf(strings.TrimPrefix(words[0], "→"))
		for _, word := range words[1:] {
			name, endings, ok := strings.Cut(word, "[")
			if !ok {
				events[word] = to
				continue
			}
			for ending := range strings.SplitSeq(strings.TrimSuffix(endings, "]"), ",") {
				events[name+"["+ending+"]"] = to
			}
		}
	}
	return m
}

// statusOf reads a status by the name that the reference has for it.
func statusOf(name string) execution.Status {
	if name == "null" {
		return unset
	}
	return execution.Status(name)
}

// nameOf is the name that the reference has for a status.
func nameOf(s execution.Status) string {
	if s == unset {
		return "null"
	}
	return string(s)
}

// knownEvent reports whether there is an event with a name, without what is added
// to it about the rest.
func knownEvent(name string) bool {
	switch name {
	case "task_continue_requested", "task_fail_requested", "task_noop_requested", "task_retry_requested":
		return true
	}
	_, status, ok := strings.Cut(name, "_")
	s := statusOf(status)
	return ok && (s == retrying || s.Known())
}

// longName writes the name of an event as the reference does.
func longName(event string) string {
	what, name := "_workflow_", event
	if strings.HasPrefix(event, "action_") || strings.Contains(event, "[") && strings.HasPrefix(event, "workflow_") {
		what = "_task_"
	}
	name, rest, ok := strings.Cut(name, "/")
	if !ok {
		return name
	}
	name += what + map[byte]string{'A': "active", 'D': "dormant"}[rest[0]]
	if _, ending, ok := strings.Cut(rest, "["); ok {
		if what == "_task_" {
			name += "_items"
		}
		name += "_" + strings.TrimSuffix(ending, "]")
	}
	return name
}

// machines are the machine of tasks and that of workflows.
//
//nolint:gochecknoglobals // tables, never written to
var (
	taskMachine     = sync.OnceValue(func() machine { return readMachine(taskTable) })
	workflowMachine = sync.OnceValue(func() machine { return readMachine(workflowTable) })
)
