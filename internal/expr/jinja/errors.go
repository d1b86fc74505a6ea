package jinja

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Classes of errors that are Jinja's own. Others are those of Python, as
// [value.Error] has them.
const (
	SyntaxError      = "TemplateSyntaxError"
	AssertionError   = "TemplateAssertionError" // an unknown filter or test, and the like
	RuntimeError     = "TemplateRuntimeError"
	UndefinedError   = "UndefinedError"
	SecurityError    = "SecurityError"
	NotFoundError    = "TemplateNotFound"
	NotFoundAnyError = "TemplatesNotFound"
	LimitError       = "LimitError" // a limit of [Limits] was exceeded
)

// Error is what is wrong with a template or with rendering it.
type Error struct {
	Class    string
	Msg      string // as Jinja says it
	Hint     string // what may have been meant, if anything comes near
	Limit    string // the name of the limit that was exceeded, or ""
	Template string // the name of a template that was loaded, or ""
	Line     int    // from 1; 0 if it is not known
	Column   int    // in code points, from 1
	Source   string // the line of the template
	err      error
}

// Error returns the message with the position.
func (e *Error) Error() string {
	s := e.Msg
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	if e.Line == 0 {
		return s
	}
	where := fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	if e.Template != "" {
		where = e.Template + ", " + where
	}
	return where + ": " + s
}

// Unwrap returns the error that caused this one, if there is one.
func (e *Error) Unwrap() error { return e.err }

// Detail returns the error for people who write templates: the message, the line
// and a caret under the place.
func (e *Error) Detail() string {
	if e.Line == 0 {
		return e.Class + ": " + e.Msg
	}
	line, column := clip(e.Source, e.Column)
	caret := strings.Repeat(" ", max(column-1, 0)) + "^"
	return fmt.Sprintf("%s: %s\n    %s\n    %s", e.Class, e.Error(), line, caret)
}

// clip cuts a long line around the column. Tabs become spaces, so that the caret
// stands right.
func clip(line string, column int) (string, int) {
	const before, after = 60, 60
	runes := []rune(strings.ReplaceAll(line, "\t", " "))
	start, end := 0, len(runes)
	var head, tail string
	if column > before+after {
		start, head = column-before, "…"
	}
	if end > column+after {
		end, tail = column+after, "…"
	}
	return head + string(runes[start:end]) + tail, column - start + len([]rune(head))
}

func errorf(class, format string, args ...any) *Error {
	return &Error{Class: class, Msg: fmt.Sprintf(format, args...)}
}

// locate gives e the position of an offset in the source of t.
func (e *Error) locate(t *source, pos int) {
	pos = min(max(pos, 0), len(t.text))
	start := strings.LastIndexByte(t.text[:pos], '\n') + 1
	end := len(t.text)
	if n := strings.IndexByte(t.text[pos:], '\n'); n >= 0 {
		end = pos + n
	}
	e.Template = t.name
	e.Line = strings.Count(t.text[:pos], "\n") + 1
	e.Column = utf8.RuneCountInString(t.text[start:pos]) + 1
	e.Source = t.text[start:end]
}

// asError turns any error into one of ours.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	out := &Error{Class: RuntimeError, Msg: err.Error(), err: err}
	if e, ok := errors.AsType[*value.Error](err); ok {
		out.Class = string(e.Class)
		if e.Class == value.MemoryError {
			out.Class, out.Limit = LimitError, "memory"
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		out.Class, out.Limit = LimitError, "time"
	}
	return out
}
