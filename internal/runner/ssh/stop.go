package ssh

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/nightshift-run/nightshift/internal/cmdline"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// markName is the variable by which the processes of an execution are found. All
// that an action starts inherits it, and the shell has it in its command line.
const markName = "ST2_ACTION_EXECUTION_ID"

// sweepWithin bounds how long the processes of an execution are looked for.
const sweepWithin = 5 * time.Second

// sweep is a script that ends the processes that carry the mark: first gently. Its
// own command line doesn't match the pattern, because of the brackets.
const sweep = `for s in TERM CONT CONT CONT KILL KILL; do ` +
	`p=$(grep -ls 'ST2_ACTION_EXECUTION_I[D]=%s' /proc/[0-9]*/environ /proc/[0-9]*/cmdline | cut -d/ -f3 | sort -u); ` +
	`[ -n "$p" ] || exit 0; kill -$s $p 2>/dev/null; sleep 0.2 || sleep 1; done`

var markForm = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

// stopper returns what ends a command that runs in a session.
func (r *Remote) stopper(h *hop, line *cmdline.Line) func(*session) {
	return func(s *session) {
		// The host signals the shell and what it runs, if it can do that at all.
		signal := func(name string) {
			_, _ = s.channel.SendRequest("signal", false, ssh.Marshal(struct{ Name string }{name}))
		}
		signal("TERM")
		if mark := line.Env[markName]; markForm.MatchString(mark) {
			// What went to another user or another session is out of its reach.
			ctx, cancel := context.WithTimeout(context.Background(), sweepWithin)
			defer cancel()
			if err := r.aside(ctx, h, line, "sh -c "+cmdline.Quote(fmt.Sprintf(sweep, mark))); err != nil {
				r.opts.Logger.WarnContext(ctx, "what an action left running may not have ended", "host", h.addr, "execution", mark, "err", err)
			}
		}
		signal("KILL")
	}
}

// aside runs a command of our own beside those of an action, with the rights that
// the action has. What it prints does not matter.
func (r *Remote) aside(ctx context.Context, h *hop, line *cmdline.Line, command string) error {
	s, err := r.pool.open(ctx, h)
	if err != nil {
		return err
	}
	defer s.close()
	stderr := runner.NewCapture(runner.Discard{}, runner.Stderr, 4<<10)
	e, err := s.run(ctx, line.Elevated()+command, fed(line), runner.NewCapture(runner.Discard{}, runner.Stdout, 1), stderr, func(*session) {})
	switch {
	case err != nil:
		return err
	case e.cause != nil:
		return e.cause
	case e.code != 0 || e.sig != "":
		return fmt.Errorf("it ended with %d: %s", e.code, stderr.Printed())
	}
	return nil
}

// fed is what the standard input of a line's shell is given.
func fed(line *cmdline.Line) []byte {
	if !line.Sudo || line.SudoPassword == "" {
		return nil
	}
	return []byte(line.SudoPassword + "\n\n") // who reads a second line gets an empty one
}
