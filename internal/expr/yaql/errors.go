package yaql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nightshift-run/nightshift/internal/expr/pyre"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Classes of errors that are YAQL's own. Others are those of Python, as
// [value.Error] has them.
const (
	GrammarError       = "YaqlGrammarException"
	LexicalError       = "YaqlLexicalException"
	NoFunctionError    = "NoFunctionRegisteredException"
	NoMethodError      = "NoMethodRegisteredException"
	NoMatchError       = "NoMatchingFunctionException"
	NoMatchMethodError = "NoMatchingMethodException"
	AmbiguousError     = "AmbiguousFunctionException"
	AmbiguousMethod    = "AmbiguousMethodException"
	ArgumentError      = "ArgumentException"
	MappingError       = "MappingTranslationException"
	TooLargeError      = "CollectionTooLargeException"
	AssertionError     = "AssertionError"
	LimitError         = "LimitError" // a limit of [Limits] was exceeded
)

// Error is what is wrong with an expression or with evaluating it.
type Error struct {
	Class  string
	Msg    string // as YAQL says it
	Hint   string // what may have been meant, if anything comes near
	Limit  string // the name of the limit that was exceeded, or ""
	Line   int    // from 1; 0 if it is not known
	Column int    // in code points, from 1
	Source string // the line of the expression
	err    error
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
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, s)
}

// Unwrap returns the error that caused this one, if there is one.
func (e *Error) Unwrap() error { return e.err }

// Detail returns the error for people who write expressions: the message, the
// line and a caret under the place.
func (e *Error) Detail() string {
	if e.Line == 0 {
		return e.Class + ": " + e.Error()
	}
	const before, after = 60, 20
	runes, column := []rune(strings.ReplaceAll(e.Source, "\t", " ")), e.Column
	line := string(runes[:min(len(runes), column+after)])
	if column > before+after {
		start := column - before
		line, column = "…"+string(runes[start:min(len(runes), column+after)]), column-start+1
	}
	return fmt.Sprintf("%s: %s\n    %s\n    %s^", e.Class, e.Error(), line, strings.Repeat(" ", max(column-1, 0)))
}

func errorf(class, format string, args ...any) *Error {
	return &Error{Class: class, Msg: fmt.Sprintf(format, args...)}
}

// locate gives e the position of an offset in the source, unless it has one.
func (e *Error) locate(src string, pos int) {
	if e.Line != 0 || pos < 0 {
		return
	}
	pos = min(pos, len(src))
	start := strings.LastIndexByte(src[:pos], '\n') + 1
	end := len(src)
	if n := strings.IndexByte(src[pos:], '\n'); n >= 0 {
		end = pos + n
	}
	e.Line = strings.Count(src[:pos], "\n") + 1
	e.Column = utf8.RuneCountInString(src[start:pos]) + 1
	e.Source = src[start:end]
}

// asError turns any error into one of ours, at an offset of the source unless it
// has a place or the offset is negative.
func asError(err error, src string, pos int) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.locate(src, pos)
		return e
	}
	out := &Error{Class: "RuntimeError", Msg: err.Error(), err: err}
	var re *pyre.Error
	switch e, ok := errors.AsType[*value.Error](err); {
	case ok:
		out.Class = string(e.Class)
		if e.Class == value.MemoryError {
			out.Class, out.Limit = LimitError, "memory"
		}
	case errors.As(err, &re):
		out.Class = "error" // re.error of Python
	case errors.Is(err, pyre.ErrTimeout):
		out.Class, out.Limit = LimitError, "steps"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		out.Class, out.Limit = LimitError, "time"
	default:
		if c, ok := errors.AsType[classed](err); ok {
			out.Class = c.ErrorClass()
		}
	}
	out.locate(src, pos)
	return out
}

// classed is an error of a function of the caller that has a class of its own.
type classed interface {
	error
	ErrorClass() string
}

// isClass reports whether err is of one of the classes.
func isClass(err error, classes ...string) bool {
	e := asError(err, "", -1)
	return slices.Contains(classes, e.Class)
}
