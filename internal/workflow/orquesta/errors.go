package orquesta

import (
	"errors"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// failure is an error of the conductor, with the class that the reference gives it.
type failure struct{ class, msg string }

func (e *failure) Error() string      { return e.msg }
func (e *failure) ErrorClass() string { return e.class }

func failf(class, format string, args ...any) error {
	return &failure{class, fmt.Sprintf(format, args...)}
}

// classOf returns the class of an error.
func classOf(err error) string {
	if c, ok := errors.AsType[interface {
		error
		ErrorClass() string
	}](err); ok {
		return c.ErrorClass()
	}
	if e, ok := errors.AsType[*value.Error](err); ok {
		return string(e.Class)
	}
	return "Exception"
}

func invalidTask(task string) error {
	return failf("InvalidTask", `Task "%s" does not exist.`, task)
}

func invalidEntry(task string) error {
	return failf("InvalidTaskStateEntry", `Task "%s" is not staged or has not started yet.`, task)
}

func invalidEvent(name string) error {
	return failf("InvalidEvent", `Event "%s" is not valid.`, name)
}

func invalidTaskTransition(status execution.Status, event string) error {
	return failf("InvalidTaskStatusTransition", `Unable to process event "%s" for task in "%s" status.`, longName(event), nameOf(status))
}

func invalidWorkflowTransition(status execution.Status, event string) error {
	return failf("InvalidWorkflowStatusTransition",
		`Unable to process event "%s" for workflow in "%s" status.`, longName(event), nameOf(status))
}

// A note is something that went wrong, or that the log should have.
type note struct {
	kind       string // error, info or warn
	message    string
	task       string // empty: it is about none
	route      int    // -1: about none
	transition string // task__tN
	result     value.Value
	data       value.Value
	// path is where in the definition it is, if that is known: ours.
	path []any
}

// dict writes a note as the reference does.
func (n note) dict() *value.Dict {
	d := value.NewDictCap(6)
	d.Set("type", n.kind)
	d.Set("message", n.message)
	if n.task != "" {
		d.Set("task_id", n.task)
	}
	if n.route >= 0 {
		d.Set("route", int64(n.route))
	}
	if n.transition != "" {
		d.Set("task_transition_id", n.transition)
	}
	if n.result != nil {
		d.Set("result", n.result)
	}
	if n.data != nil {
		d.Set("data", n.data)
	}
	return d
}

// notes are a log that has nothing twice.
type notes struct {
	list []note
	seen map[string]bool
}

// add reports whether the note is new.
func (l *notes) add(n note) bool {
	key, err := value.SortedJSON(n.dict())
	if err != nil {
		key = []byte(value.Repr(n.dict()))
	}
	if l.seen[string(key)] {
		return false
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[string(key)] = true
	l.list = append(l.list, n)
	return true
}

// message says what an error was, as the reference does.
func message(err error) string {
	if e, ok := errors.AsType[*expr.Error](err); ok {
		return e.Class + ": " + e.Msg
	}
	return classOf(err) + ": " + err.Error()
}
