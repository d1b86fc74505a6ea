package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/store"
)

const (
	listeners = 1000 // clients of a stream
	volley    = 200  // executions that are asked for at a time
)

// streamed measures how many events reach the clients of the stream in all, while executions
// run. The next ones are asked for when everybody has heard of the end of the last, so that
// nobody falls behind and is dropped.
func (b *bench) streamed(ctx context.Context) error {
	s, err := b.serve(ctx, "stream", nil)
	if err != nil {
		return err
	}
	audience, err := listen(ctx, s.URL(), "/stream/v1/stream", s.token)
	if err != nil {
		return err
	}
	defer audience.leave()
	begun := time.Now()
	for round := 1; time.Since(begun) < b.opts.Duration; round++ {
		if err := s.volley(ctx); err != nil {
			return err
		}
		if err := audience.await(ctx, int64(round*volley)); err != nil {
			return err
		}
	}
	took := time.Since(begun)
	frames := audience.frames.Load()
	limit, err := b.frames(ctx, audience.sample())
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "stream_events", What: fmt.Sprintf("events to %d clients of the stream in all", listeners), Value: float64(frames) / took.Seconds(),
		Unit: "1/s", Target: 200_000, Limit: limit, LimitWhat: "the same events from a handler of net/http that writes one after the other",
	})
	audience.leave()
	return s.end()
}

// volley asks for executions, all at once.
func (s *server) volley(ctx context.Context) error {
	var all []*execution.Execution
	for range volley {
		e, err := s.Launcher.Prepare(ctx, execution.Request{Action: "core.noop", Parameters: value.NewDict()}, time.Now())
		if err != nil {
			return err
		}
		all = append(all, e)
	}
	if err := s.Store.Write(ctx, func(tx *store.Tx) error {
		for _, e := range all {
			if err := s.Launcher.Insert(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	s.Launcher.Ring(ctx, all...)
	return nil
}

// frames measures how many frames reach as many clients from a handler that does nothing else.
func (b *bench) frames(ctx context.Context, frame []byte) (float64, error) {
	all, stop := make(chan struct{}), make(chan struct{}) // closed when all are there, and at the end
	p, end, err := serving(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := http.NewResponseController(w)
		text := []byte("\n")
		for {
			if _, err := w.Write(text); err != nil || h.Flush() != nil {
				return
			}
			select {
			case <-stop:
				return
			case <-r.Context().Done():
				return
			case <-all:
				text = frame
			}
		}
	}))
	if err != nil {
		return 0, err
	}
	defer end()
	audience, err := listen(ctx, p.url, "/", "")
	if err != nil {
		return 0, err
	}
	defer audience.leave()
	close(all)
	select { // until they are under way
	case <-ctx.Done():
	case <-time.After(b.opts.Duration / 4):
	}
	before, begun := audience.frames.Load(), time.Now()
	select {
	case <-ctx.Done():
	case <-time.After(b.opts.Duration / 2):
	}
	n, took := audience.frames.Load()-before, time.Since(begun)
	close(stop)
	return float64(n) / took.Seconds(), errors.Join(ctx.Err(), audience.err())
}

// audience are clients of a stream. They count what they are told and keep nothing.
type audience struct {
	conns  []net.Conn
	wg     sync.WaitGroup
	frames atomic.Int64
	ends   []atomic.Int64 // of executions, that each has heard of
	heard  chan struct{}  // holds one token when somebody has heard of an end
	failed atomic.Pointer[error]
	gone   atomic.Bool
	first  atomic.Pointer[[]byte] // a frame
}

// listen has clients follow a stream. It returns when each of them does.
func listen(ctx context.Context, base, path, token string) (*audience, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	a := &audience{ends: make([]atomic.Int64, listeners), heard: make(chan struct{}, 1)}
	for i := range listeners {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
		if err != nil {
			a.leave()
			return nil, err
		}
		a.conns = append(a.conns, c)
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Auth-Token: %s\r\n\r\n", path, u.Host, token); err != nil {
			a.leave()
			return nil, err
		}
		r := bufio.NewReaderSize(c, 64<<10)
		res, err := http.ReadResponse(r, nil)
		if err == nil && res.StatusCode != http.StatusOK {
			err = errors.New(res.Status)
		}
		if err == nil {
			_, err = r.Peek(1) // it is there, and not only accepted
		}
		if err != nil {
			a.leave()
			return nil, fmt.Errorf("client %d: %w", i, err)
		}
		a.wg.Go(func() {
			if err := a.follow(i, res.Body); err != nil && !a.gone.Load() {
				a.failed.CompareAndSwap(nil, &err)
			}
		})
	}
	return a, nil
}

// follow reads a stream until it ends, which it should not.
func (a *audience) follow(i int, r io.Reader) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	update := false
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("the stream ended: %w", err)
		}
		if bytes.HasPrefix(line, []byte("event: ")) {
			update = bytes.Equal(line, []byte("event: st2.execution__update\n"))
		}
		if !bytes.HasPrefix(line, []byte("data: ")) {
			continue
		}
		a.frames.Add(1)
		if a.first.Load() == nil {
			frame := slices.Concat([]byte("event: st2.execution__update\n"), line, []byte("\n"))
			a.first.CompareAndSwap(nil, &frame)
		}
		if update && bytes.Contains(line, []byte(`"status":"succeeded","start_timestamp"`)) {
			a.ends[i].Add(1)
			select {
			case a.heard <- struct{}{}:
			default:
			}
		}
	}
}

// sample is an event as it was sent.
func (a *audience) sample() []byte { return *a.first.Load() }

func (a *audience) err() error {
	if err := a.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// await returns when all have heard of n ends.
func (a *audience) await(ctx context.Context, n int64) error {
	for i := range a.ends {
		for a.ends[i].Load() < n {
			if err := a.err(); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-a.heard:
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

// leave ends all streams. It may be called again.
func (a *audience) leave() {
	a.gone.Store(true)
	for _, c := range a.conns {
		c.Close() //nolint:errcheck,gosec // it is done with
	}
	a.wg.Wait()
}
