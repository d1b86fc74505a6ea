package ssh

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// errClosed is what happens when the server ends.
var errClosed = errors.New("the server stops")

// A pool keeps connections.
type pool struct {
	opts *Options
	keys *keyring

	life context.Context //nolint:containedctx // of the connections; ends with close
	end  context.CancelFunc
	all  sync.WaitGroup // goroutines of the pool

	mu     sync.Mutex
	rooms  map[string]*room // by the key of their hop; guarded by mu
	closed bool             // guarded by mu
}

// A room is all connections of a login to a host. What it has is guarded by the
// pool's mu.
type room struct {
	hop     *hop
	conns   []*conn
	dialing int
	limit   int // sessions of one connection
	waiting []chan handed
}

// handed is what somebody gets who has waited.
type handed struct {
	c   *conn
	err error
}

func newPool(opts *Options, keys *keyring) *pool {
	p := &pool{opts: opts, keys: keys, rooms: map[string]*room{}}
	p.life, p.end = context.WithCancel(context.Background())
	return p
}

// get returns a connection to a host with room for a session, which is taken.
// It is to be given back with put.
func (p *pool) get(ctx context.Context, h *hop) (*conn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	key := h.key()
	r := p.rooms[key]
	if r == nil {
		r = &room{hop: h, limit: p.opts.Sessions}
		p.rooms[key] = r
	}
	if c := r.free(); c != nil {
		c.used++
		p.mu.Unlock()
		return c, nil
	}
	ready := make(chan handed, 1) // so that whoever hands something over need not wait
	r.waiting = append(r.waiting, ready)
	p.grow(r)
	p.mu.Unlock()

	select {
	case got := <-ready:
		return got.c, got.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	r.waiting = slices.DeleteFunc(r.waiting, func(c chan handed) bool { return c == ready })
	p.mu.Unlock()
	select {
	case got := <-ready: // at the same moment
		if got.c != nil {
			p.put(got.c)
		}
	default:
	}
	return nil, context.Cause(ctx)
}

// free returns the connection that is used least, if it has room.
func (r *room) free() *conn {
	var best *conn
	for _, c := range r.conns {
		if c.used < r.limit && (best == nil || c.used < best.used) {
			best = c
		}
	}
	return best
}

// grow makes connections for those who wait, as far as it may. mu is held.
func (p *pool) grow(r *room) {
	for len(r.waiting) > r.dialing*r.limit && len(r.conns)+r.dialing < p.opts.Connections && !p.closed {
		r.dialing++
		p.all.Go(func() { p.connect(r) })
	}
}

// connect makes a connection for a room.
func (p *pool) connect(r *room) {
	ctx, cancel := context.WithTimeout(p.life, p.opts.ConnectTimeout)
	defer cancel()
	c, err := p.dial(ctx, r.hop)
	p.mu.Lock()
	defer p.mu.Unlock()
	r.dialing--
	switch {
	case err == nil && p.closed:
		c.close()
		return
	case err == nil:
		c.room, c.idle = r, time.Now()
		r.conns = append(r.conns, c)
		p.all.Go(func() { p.watch(c) })
		p.serve(r)
	case len(r.conns) == 0 && r.dialing == 0:
		for _, w := range r.waiting {
			w <- handed{err: err}
		}
		r.waiting = nil
		p.forget(r)
	}
	// Else the others are still good for those who wait.
}

// serve hands room over to those who wait. mu is held.
func (p *pool) serve(r *room) {
	for len(r.waiting) > 0 {
		c := r.free()
		if c == nil {
			break
		}
		c.used++
		r.waiting[0] <- handed{c: c}
		r.waiting = r.waiting[1:]
	}
	p.grow(r)
}

// forget drops a room that nobody needs. mu is held.
func (p *pool) forget(r *room) {
	if len(r.conns)+r.dialing+len(r.waiting) == 0 && p.rooms[r.hop.key()] == r {
		delete(p.rooms, r.hop.key())
	}
}

// put gives back what get returned.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left(c)
	p.serve(c.room)
}

// left counts that somebody uses a connection no longer. mu is held.
func (p *pool) left(c *conn) {
	c.used--
	c.idle = time.Now()
	p.settle(c)
}

// refused gives back what get returned, as the host refuses another session on
// it. It reports whether that can be for want of room: then the next get finds or
// makes another place.
func (p *pool) refused(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	full := c.used > 1
	if full {
		c.room.limit = min(c.room.limit, c.used-1)
	} else {
		p.leave(c)
	}
	p.left(c)
	p.serve(c.room)
	return full
}

// drop gives back what get returned, as it is dead. Others who use it hear so.
func (p *pool) drop(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(c)
	p.left(c)
	p.all.Go(c.close)
	p.serve(c.room)
}

// retire gives back what get returned. Nobody gets the connection any more, but
// those who use it may go on.
func (p *pool) retire(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(c)
	p.left(c)
	p.serve(c.room)
}

// leave takes a connection out of its room. mu is held.
func (p *pool) leave(c *conn) {
	if c.gone {
		return
	}
	c.gone = true
	c.room.conns = slices.DeleteFunc(c.room.conns, func(other *conn) bool { return other == c })
	p.forget(c.room)
}

// settle closes a connection that has left its room and is used no more. mu is held.
func (p *pool) settle(c *conn) {
	if c.gone && c.used+c.tunnels == 0 {
		p.all.Go(c.close) // it may have to say goodbye
	}
}

// close closes all connections and waits for all that belongs to them.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	for _, r := range p.rooms {
		for _, w := range r.waiting {
			w <- handed{err: errClosed}
		}
		r.waiting = nil
	}
	p.mu.Unlock()
	p.end()
	p.all.Wait()
}
