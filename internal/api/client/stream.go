package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// An Event is one frame of a stream.
type Event struct {
	Name string // such as st2.execution__update
	Data []byte // JSON, mostly
}

// ErrStop ends a stream from within: [Client.Stream] then returns nil.
var ErrStop = errors.New("stop the stream")

// maxFrame bounds one event, which holds at most an execution with its result.
const maxFrame = 64 << 20

// A StreamOption changes how a stream is followed.
type StreamOption func(*streaming)

type streaming struct{ open func() }

// WhenOpen has f called when the server has begun to tell: what happens from
// then on is heard. It runs before the first event is given out.
func WhenOpen(f func()) StreamOption { return func(s *streaming) { s.open = f } }

// Stream calls f for each event until the server ends the stream, ctx is done,
// or f returns an error; that error is returned, except for [ErrStop]. The
// server ends a stream whose client does not keep up, so that nil does not mean
// that everything was seen.
func (c *Client) Stream(ctx context.Context, path string, query url.Values, f func(Event) error, opts ...StreamOption) error {
	var with streaming
	for _, o := range opts {
		o(&with)
	}
	res, err := c.send(ctx, http.MethodGet, path, query, nil, http.Header{"Accept": {"text/event-stream"}})
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	if res.StatusCode != http.StatusOK {
		return readError(http.MethodGet, res)
	}
	if with.open != nil {
		with.open()
	}
	err = Events(res.Body, f)
	switch {
	case errors.Is(err, ErrStop):
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("stream %s: %w", path, context.Cause(ctx))
	case err != nil:
		return fmt.Errorf("stream %s: %w", path, err)
	}
	return nil
}

// Events calls f for each frame of r, as the specification of server-sent events has
// them, until r ends or f returns an error, which is returned.
func Events(r io.Reader, f func(Event) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxFrame)
	var e Event
	var seen bool
	for s.Scan() {
		line := s.Bytes()
		if len(line) == 0 {
			if seen {
				if err := f(e); err != nil {
					return err
				}
			}
			e, seen = Event{}, false
			continue
		}
		name, rest, _ := bytes.Cut(line, []byte(":"))
		rest = bytes.TrimPrefix(rest, []byte(" "))
		switch string(name) {
		case "event":
			e.Name, seen = string(rest), true
		case "data":
			if e.Data != nil {
				e.Data = append(e.Data, '\n')
			}
			e.Data, seen = append(e.Data, rest...), true
		}
	}
	return s.Err()
}
