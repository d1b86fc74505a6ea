package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// The codes with which a command ends. They are a promise to scripts.
const (
	ExitOK           = 0
	ExitFailure      = 1 // it did not work, or what was run did not succeed
	ExitUsage        = 2 // the command or the request is wrong and will stay wrong
	ExitNotFound     = 3
	ExitUnauthorized = 4
	ExitForbidden    = 5
	ExitConflict     = 6
	ExitTooLarge     = 7
	ExitBusy         = 8   // the server can't be reached, or says to try again later
	ExitInterrupted  = 130 // as a shell says of Ctrl-C
)

// ExitCode is the code with which a command ends that returned err.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return ExitUsage
	}
	if _, ok := errors.AsType[*notSucceeded](err); ok {
		return ExitFailure
	}
	if errors.Is(err, context.Canceled) {
		return ExitInterrupted
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return ExitUsage
	case fault.NotFound:
		return ExitNotFound
	case fault.Unauthorized:
		return ExitUnauthorized
	case fault.Forbidden:
		return ExitForbidden
	case fault.Conflict:
		return ExitConflict
	case fault.TooLarge:
		return ExitTooLarge
	case fault.Busy:
		return ExitBusy
	case fault.Internal:
	}
	return ExitFailure
}

// usageError is a mistake in the words of a command.
type usageError struct {
	cmd *cobra.Command
	err error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// notSucceeded says that what was run came to another end. What it printed says
// all there is to say.
type notSucceeded struct{ id, status string }

func (e *notSucceeded) Error() string { return "execution " + e.id + " ended as " + e.status }

// advice is an error with what to do about it.
type advice struct {
	error
	hint string
}

func (e *advice) Unwrap() error { return e.error }

// Execute runs the command line that root is, writes what went wrong to its
// stderr in one line, and returns the exit code.
func Execute(ctx context.Context, root *cobra.Command, args []string) int {
	root.SetArgs(familiar(root, args))
	began := false
	eachCommand(root, func(cmd *cobra.Command) {
		run := cmd.RunE
		if run == nil {
			return
		}
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			began = true
			return run(cmd, args)
		}
	})
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !began {
		if _, ok := errors.AsType[*usageError](err); !ok {
			err = &usageError{cmd, err} // of the words: nothing else has been looked at
		}
	}
	if err != nil {
		report(root.ErrOrStderr(), err)
	}
	return ExitCode(err)
}

func eachCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, c := range cmd.Commands() {
		eachCommand(c, f)
	}
}

func report(w io.Writer, err error) {
	if _, ok := errors.AsType[*notSucceeded](err); ok {
		return
	}
	msg := strings.TrimSpace(err.Error())
	hint := nextStep(err)
	if errors.Is(err, context.Canceled) {
		if hint == "" {
			return // whoever interrupted knows
		}
		msg = "interrupted"
	}
	if hint != "" {
		if !strings.HasSuffix(msg, "?") {
			msg = strings.TrimRight(msg, ".") + "."
		}
		msg += " " + hint
	}
	_, _ = fmt.Fprintln(w, "ERROR: "+msg) // there is nobody left to tell
}

// nextStep says what to do about an error, if anything is known to help.
func nextStep(err error) string {
	if a, ok := errors.AsType[*advice](err); ok {
		return a.hint
	}
	if u, ok := errors.AsType[*usageError](err); ok && u.cmd != nil {
		return fmt.Sprintf("See %q.", u.cmd.CommandPath()+" --help")
	}
	return ""
}

// advise adds what to do about the answer of the server at address. Explicit
// says that the caller brought the credentials, rather than a file.
func advise(err error, address string, given bool) error {
	refusal, answered := errors.AsType[*client.Error](err)
	switch kind := fault.KindOf(err); {
	case err == nil:
		return nil
	case kind == fault.Busy && !answered:
		if isLoopback(address) {
			return &advice{err, `Start one with "nightshift serve", or say where it is with --url.`}
		}
		return &advice{err, "Is the address right? It comes from --url, NIGHTSHIFT_URL or the file that nightshift login wrote."}
	case answered && kind == fault.Unauthorized && given:
		return &advice{err, "Is the token or API key still valid?"}
	case answered && kind == fault.Unauthorized:
		return &advice{err, `Log in with "nightshift login".`}
	case answered && refusal.Status >= 500 && kind == fault.Internal:
		return &advice{err, "The log of the server has more."}
	}
	return err
}

func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}
