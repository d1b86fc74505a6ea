// Package st2 is StackStorm's command line under its own name: linked as st2, the
// program answers to the same commands and options, asks a server the same
// questions, and prints and exits as StackStorm's client does, so that scripts and
// habits go on as they are.
//
// What is deliberately different: certificates are checked unless told otherwise,
// secrets stay out of addresses and of what --debug prints, colours are for
// terminals only, an empty list is an empty list in JSON and YAML, and where no
// address is configured a server that listens on one port for everything is found,
// too.
package st2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/cli"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The codes with which the program ends.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitConfig      = 3 // after --print-config
	exitInterrupted = 130
)

// compatible is the version of StackStorm's client that this one stands for.
const compatible = "3.10.0"

// app is what the commands share.
type app struct {
	cli.Options
	commands []*command
	settings settings
	http     *http.Client
}

// call is one run of a command. It lives no longer than its context, and has it as
// an [http.Request] does.
type call struct {
	*app
	ctx  context.Context
	cmd  *command
	args arguments
}

// silent ends the program with a code when all has been said.
type silent int

func (s silent) Error() string { return fmt.Sprintf("ended with the code %d", int(s)) }

// notFound says that something is not there.
type notFound string

func (n notFound) Error() string { return string(n) }

// said is an error in words that scripts of StackStorm's users look for.
type said struct {
	msg string
	err error
}

func (s *said) Error() string { return s.msg }
func (s *said) Unwrap() error { return s.err }

func sayf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &said{err.Error(), errors.Unwrap(err)}
}

// Execute runs the command line and returns the code to exit with.
func Execute(ctx context.Context, o cli.Options, argv []string) int {
	a := newApp(o)
	if done, err := a.completion(ctx, argv); done {
		return a.code(ctx, err)
	}
	c, err := a.parse(argv)
	if err == nil && c.args.flag("print_config") {
		err = a.printConfig(c)
	} else if err == nil {
		c.ctx = ctx
		err = a.run(c)
	}
	return a.code(ctx, err)
}

func newApp(o cli.Options) *app {
	return &app{Options: o.WithDefaults(), commands: commands()}
}

// run finds out where the server is and who asks, and does what the command says.
func (a *app) run(c *call) error {
	if err := a.configure(c); err != nil {
		return err
	}
	return c.cmd.run(c)
}

// code says what went wrong, and returns the code to exit with.
func (a *app) code(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if ended, ok := errors.AsType[silent](err); ok {
		return int(ended)
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		_, _ = io.WriteString(a.Err, usage.text()) // there is nobody else to tell
		return exitUsage
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	a.print("ERROR: " + err.Error() + "\n")
	return exitFailure
}

// print writes a line of what was asked for. That it can't be written shows in
// nothing that could be done about it.
func (a *app) print(line string) { _, _ = io.WriteString(a.Out, line+"\n") }

// commands is the whole table.
func commands() []*command {
	return slices.Concat(
		runCommands(), actionCommands(), aliasCommands(), authCommands(), apiKeyCommands(), executionCommands(), inquiryCommands(), keyCommands(),
		packCommands(), policyCommands(), ruleCommands(), eventCommands(), otherCommands(), traceCommands(), rbacCommands())
}

// sleep waits, unless the command is interrupted.
func (c *call) sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// dict returns v if it is an object, and an empty one otherwise.
func dict(v value.Value) *value.Dict {
	if d, ok := v.(*value.Dict); ok && d != nil {
		return d
	}
	return value.NewDict()
}

// field is an attribute of an object; nil when it has none.
func field(d *value.Dict, name string) value.Value {
	v, _ := d.Get(name)
	return v
}

// text is an attribute that is a text; empty otherwise.
func text(d *value.Dict, name string) string {
	s, _ := field(d, name).(string)
	return s
}

// items are what an attribute holds that is a list.
func items(d *value.Dict, name string) []value.Value {
	if l, ok := field(d, name).(*value.List); ok {
		return l.Items
	}
	return nil
}
