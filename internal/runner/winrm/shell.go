package winrm

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// endWithin bounds how long a machine may take to end what it runs.
const endWithin = 5 * time.Second

// A shell is a place on a machine in which commands run, one after another.
type shell struct {
	c  *client
	id string
}

// open opens a shell with an environment in a folder.
func (c *client) open(ctx context.Context, env map[string]string, dir string) (*shell, error) {
	a, err := c.ask(ctx, create(env, dir))
	if err != nil {
		return nil, err
	}
	id := a.shell()
	if id == "" {
		return nil, errors.New("the machine has made a shell and does not say which")
	}
	return &shell{c: c, id: id}, nil
}

// close closes a shell, even after ctx has ended.
func (s *shell) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	_, err := s.c.ask(ctx, message{action: actDelete, shell: s.id})
	return err
}

// run runs a command line and hands over what it prints. When ctx ends, the command
// is ended, and the error is why.
func (s *shell) run(ctx context.Context, line string, stdout, stderr func([]byte)) (code int, err error) {
	a, err := s.c.ask(ctx, command(s.id, line))
	if err != nil {
		return 0, err
	}
	id := a.Body.Command
	defer func() {
		// A command that has ended is told so too: the machine keeps it until then.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer cancel()
		if _, e := s.c.ask(end, terminate(s.id, id)); e != nil && err != nil {
			err = fmt.Errorf("%w; it may run on: %w", err, e)
		}
	}()
	for {
		a, err := s.c.ask(ctx, receive(s.id, id))
		if nothingYet(err) {
			continue
		}
		if err != nil {
			return 0, err
		}
		for _, part := range a.Body.Receive.Streams {
			data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part.Text))
			if err != nil {
				return 0, fmt.Errorf("read what it prints: %w", err)
			}
			if part.Name == "stderr" {
				stderr(data)
			} else {
				stdout(data)
			}
		}
		if state := a.Body.Receive.State; state.State == stateDone {
			n, err := strconv.ParseInt(strings.TrimSpace(state.Code), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("it has ended, and the exit code %q is none", state.Code)
			}
			return int(n), nil
		}
	}
}
