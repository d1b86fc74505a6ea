// Package fault defines the one error type that crosses package borders.
//
// Most errors are ordinary: they are wrapped with fmt.Errorf and %w and
// returned. A fault is for the places where a caller, the HTTP API or the
// command line must act on the kind of failure: its [Kind] chooses the HTTP
// status and the exit code, and its message is safe to show to the person who
// asked.
package fault

import (
	"errors"
	"fmt"
)

// A Kind says what sort of failure happened. The zero Kind is Internal, so an
// error that nobody classified is never shown to a client.
type Kind uint8

// The kinds of failure. New ones go to the end: the numbers are on the wire.
const (
	Internal     Kind = iota // a bug, or a failure below us
	Invalid                  // the request is wrong and will stay wrong
	NotFound                 // no such thing, or none that the caller may see
	Conflict                 // the thing changed meanwhile, or exists already
	Forbidden                // known caller, not allowed
	Unauthorized             // unknown caller
	TooLarge                 // more than a documented bound
	Busy                     // try again later
)

// Fault is an error with a kind and a message for the person who asked.
type Fault struct {
	Kind Kind
	Msg  string // one sentence, no secrets
	Err  error  // the cause, for the log only; may be nil
	ID   string // of the thing in the way, for a Conflict; may be empty
}

// Newf returns a fault of the given kind.
func Newf(k Kind, format string, args ...any) *Fault {
	return &Fault{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

func (f *Fault) Error() string { return f.Msg }
func (f *Fault) Unwrap() error { return f.Err }

// KindOf reports the kind of the first fault in err's tree, or Internal.
func KindOf(err error) Kind {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Kind
	}
	return Internal
}
