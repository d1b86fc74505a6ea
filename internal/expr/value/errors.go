package value

import (
	"errors"
	"fmt"
	"slices"
)

// Class is the class of an exception of Python.
type Class string

// The classes of the errors of this package.
const (
	TypeError         Class = "TypeError"
	ValueError        Class = "ValueError"
	KeyError          Class = "KeyError"
	IndexError        Class = "IndexError"
	AttributeError    Class = "AttributeError"
	ZeroDivisionError Class = "ZeroDivisionError"
	OverflowError     Class = "OverflowError"
	RuntimeError      Class = "RuntimeError"
	LookupError       Class = "LookupError"
	MemoryError       Class = "MemoryError"
	StopIteration     Class = "StopIteration"
)

// Error is an exception as Python would raise it.
type Error struct {
	Class Class
	Msg   string
}

// Errorf returns an error of the class c.
func (c Class) Errorf(format string, args ...any) error {
	return &Error{Class: c, Msg: fmt.Sprintf(format, args...)}
}

// Error returns the message alone.
func (e *Error) Error() string { return e.Msg }

// IsClass reports whether err is, or wraps, an error of one of the classes.
func IsClass(err error, classes ...Class) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(classes, e.Class)
}
