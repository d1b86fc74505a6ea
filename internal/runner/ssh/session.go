package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/nightshift-run/nightshift/internal/runner"
)

// Bounds of waiting.
const (
	openWithin = 15 * time.Second       // for a session of a connection that lives
	quiet      = 250 * time.Millisecond // nothing printed for so long after the end: nothing more comes
	longest    = 30 * time.Second       // for what is still printed after the end
	farewell   = 2 * time.Second        // for a host to close a session that has ended
)

// A session is a channel on which one program runs.
type session struct {
	conn     *conn
	channel  ssh.Channel
	requests <-chan *ssh.Request
}

// open opens a session to a host, on a connection that there is or a new one. Until
// here nothing has happened on the host, so what fails is tried once more on a
// new connection.
func (p *pool) open(ctx context.Context, h *hop) (*session, error) {
	var last error
	for fails := 0; fails < 2; {
		c, err := p.get(ctx, h)
		if err != nil {
			return nil, err
		}
		s, err := c.open(ctx)
		if err == nil {
			return s, nil
		}
		last = fmt.Errorf("open a session on %s: %w", h.addr, err)
		if _, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
			if !p.refused(c) {
				fails++
			}
			continue
		}
		p.drop(c)
		fails++
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, last
}

// open opens a session. A connection that has died in silence does not answer.
func (c *conn) open(ctx context.Context) (*session, error) {
	type answer struct {
		s   *session
		err error
	}
	answered := make(chan answer)
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	go func() { // ends at the latest when the connection is closed
		channel, requests, err := c.client.OpenChannel("session", nil)
		select {
		case answered <- answer{&session{c, channel, requests}, err}:
		case <-ctx.Done():
			if err == nil {
				_ = channel.Close() // nobody waits for it any more
				for range requests {
				}
			}
		}
	}()
	select {
	case a := <-answered:
		return a.s, a.err
	case <-ctx.Done():
		return nil, errors.New("it does not answer")
	}
}

// An exit is how a program on another machine ended.
type exit struct {
	code  int
	sig   string // the signal that ended it; empty: none did
	cause error  // why it was stopped; nil: it was not
}

// run runs a command line. What it prints goes to stdout and stderr, until it
// returns. stop is called when ctx ends, to end what runs.
func (s *session) run(ctx context.Context, line string, stdin []byte, stdout, stderr *runner.Capture, stop func(*session)) (exit, error) {
	out, errs := &tap{to: stdout}, &tap{to: stderr}
	var printing sync.WaitGroup
	printing.Go(func() { out.from(s.channel) })
	printing.Go(func() { errs.from(s.channel.Stderr()) })
	printed := make(chan struct{})
	go func() { printing.Wait(); close(printed) }() // ends with the channel
	defer out.close()
	defer errs.close()

	ok, err := s.channel.SendRequest("exec", true, ssh.Marshal(struct{ Line string }{line}))
	if err != nil {
		return exit{}, errors.New("the connection ended when the command was sent: whether it has run is unknown")
	}
	if !ok {
		return exit{}, errors.New("the host refuses to run a command")
	}
	go func() { // ends with the channel
		_, _ = s.channel.Write(stdin) // a program may end without reading it
		_ = s.channel.CloseWrite()
	}()

	var e exit
	ended := false
	done := ctx.Done()
	for !ended {
		select {
		case r, ok := <-s.requests:
			if !ok {
				if e.cause != nil {
					return e, nil
				}
				return exit{}, errors.New("the connection ended while the command ran: how far it came is unknown")
			}
			ended = e.take(r)
		case <-done:
			done = nil // once
			e.cause = context.Cause(ctx)
			stop(s)
			ended = true
		}
	}
	linger(ctx, printed, func() int64 { return out.count() + errs.count() })
	return e, nil
}

// linger waits until everything is printed. A program that runs on in the
// background may hold the streams open; it is not waited for.
func linger(ctx context.Context, printed <-chan struct{}, count func() int64) {
	limit := time.NewTimer(longest)
	defer limit.Stop()
	for before := int64(-1); before != count(); {
		before = count()
		select {
		case <-printed:
			return
		case <-time.After(quiet):
		case <-limit.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// take reads what a host tells about a program. It reports whether that has ended.
func (e *exit) take(r *ssh.Request) bool {
	if r.WantReply {
		_ = r.Reply(false, nil)
	}
	switch r.Type {
	case "exit-status":
		var m struct{ Status uint32 }
		if ssh.Unmarshal(r.Payload, &m) != nil {
			return false
		}
		e.code = int(m.Status)
		return true
	case "exit-signal":
		var m struct {
			Signal     string
			CoreDumped bool
			Error      string
			Lang       string
		}
		if ssh.Unmarshal(r.Payload, &m) != nil {
			return false
		}
		e.sig = m.Signal
		return true
	}
	return false
}

// close ends a session and gives its place back.
func (s *session) close() {
	_ = s.channel.Close() // it may have ended
	// The place is free when the host has closed it too.
	late := time.NewTimer(farewell)
	defer late.Stop()
	for {
		select {
		case _, ok := <-s.requests:
			if ok {
				continue
			}
			s.conn.pool.put(s.conn)
		case <-late.C:
			s.conn.pool.retire(s.conn)
			go ssh.DiscardRequests(s.requests) // ends with the connection
		}
		return
	}
}

// A tap hands over what comes from a stream, until it is closed.
type tap struct {
	pieces atomic.Int64 // begun and ended, so it is odd while one is handed over

	mu     sync.Mutex
	to     *runner.Capture // guarded by mu
	closed bool            // guarded by mu
}

func (t *tap) from(r io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := r.Read(buffer)
		if n > 0 {
			t.pieces.Add(1)
			t.mu.Lock()
			if !t.closed {
				t.to.Add(buffer[:n])
			}
			t.mu.Unlock()
			t.pieces.Add(1)
		}
		if err != nil {
			return
		}
	}
}

// count changes with each piece, and all the time while one is handed over.
func (t *tap) count() int64 {
	n := t.pieces.Load()
	if n%2 == 1 {
		return n + time.Now().UnixNano()
	}
	return n
}

func (t *tap) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		t.to.End()
	}
}
