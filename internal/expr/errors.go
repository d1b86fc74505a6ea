package expr

import (
	"errors"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// Classes of errors, by the names that the reference has for them.
const (
	YaqlError       = "YaqlEvaluationException"
	JinjaError      = "JinjaEvaluationException"
	EvaluationError = "ExpressionEvaluationException" // of a function
	UndefinedError  = "VariableUndefinedError"
	HiddenError     = "VariableInaccessibleError"
	LimitError      = "LimitError"
)

// Error is an expression that could not be evaluated. It wraps a [*yaql.Error] or a
// [*jinja.Error] that knows the place in the expression, if one of them caused it.
type Error struct {
	Class      string
	Msg        string // as the reference says it
	Limit      string // the name of the limit that was exceeded, or ""
	Expression string // with its delimiters, or "" for an error of a function
	err        error
}

// Error returns the message.
func (e *Error) Error() string { return e.Msg }

// ErrorClass names the class for the languages.
func (e *Error) ErrorClass() string { return e.Class }

// Unwrap returns the error that caused this one, if there is one.
func (e *Error) Unwrap() error { return e.err }

// Detail returns the error for people who write expressions: the line and a caret
// under the place, where that is known.
func (e *Error) Detail() string {
	if y, ok := errors.AsType[*yaql.Error](e.err); ok {
		return y.Detail()
	}
	if j, ok := errors.AsType[*jinja.Error](e.err); ok {
		return j.Detail()
	}
	return e.Class + ": " + e.Msg
}

func errorf(class, format string, args ...any) *Error {
	return &Error{Class: class, Msg: fmt.Sprintf(format, args...)}
}

func limitError(limit, format string, args ...any) error {
	e := errorf(LimitError, format, args...)
	e.Limit = limit
	return e
}

// describe returns the class, the message and the limit of any error.
func describe(err error) (class, msg, limit string) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class, e.Msg, e.Limit
	}
	if e, ok := errors.AsType[*yaql.Error](err); ok {
		return e.Class, e.Msg, e.Limit
	}
	if e, ok := errors.AsType[*jinja.Error](err); ok {
		return e.Class, e.Msg, e.Limit
	}
	if e, ok := errors.AsType[*value.Error](err); ok {
		return string(e.Class), e.Msg, ""
	}
	return "Exception", err.Error(), ""
}
