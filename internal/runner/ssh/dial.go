package ssh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// dial logs in to a host.
func (p *pool) dial(ctx context.Context, h *hop) (_ *conn, err error) {
	c := &conn{pool: p}
	var wire net.Conn
	var program *piped
	switch {
	case h.proxy != "":
		program, err = p.pipe(h.proxy)
		wire = program
	case h.via == nil:
		wire, err = p.opts.Dial(ctx, "tcp", h.addr)
	default:
		if wire, c.via, err = p.through(ctx, h.via, h.addr); err == nil {
			defer func() {
				if err != nil {
					p.untunnel(c.via)
				}
			}()
		}
	}
	if err != nil {
		return nil, timedOut(ctx, fmt.Errorf("connect to %s: %w", h.addr, err), p.opts)
	}
	methods, done, err := h.login.methods(ctx)
	if err != nil {
		return nil, errors.Join(err, wire.Close())
	}
	defer done()
	var hostKey error // the library tells of it in words only
	config := &ssh.ClientConfig{
		User:              h.user,
		Auth:              methods,
		HostKeyAlgorithms: p.keys.algorithms(h.addr),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			hostKey = p.keys.verify(h.addr, key)
			return hostKey
		},
		ClientVersion: "SSH-2.0-Nightshift",
	}
	// Not all connections know deadlines, so it is closed when the time is over.
	stop := context.AfterFunc(ctx, func() { _ = wire.Close() })
	inner, channels, requests, err := ssh.NewClientConn(wire, h.addr, config)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	switch {
	case err == nil:
	case hostKey != nil:
		err = hostKey
	case strings.Contains(err.Error(), "unable to authenticate"):
		err = fmt.Errorf("%s does not let %s in with %s", h.addr, h.user, h.login)
	default:
		err = timedOut(ctx, fmt.Errorf("log in to %s: %w", h.addr, err), p.opts)
		if program != nil {
			err = fmt.Errorf("%w (ProxyCommand %s: %s)", err, h.proxy, cmp.Or(program.words(), "it says nothing"))
		}
	}
	if err != nil {
		_ = wire.Close() // the library has closed it already, mostly
		return nil, err
	}
	c.client = ssh.NewClient(inner, channels, requests)
	p.opts.Logger.DebugContext(ctx, "connected", "host", h.addr, "user", h.user)
	return c, nil
}

// through connects to an address over another connection. That counts as a tunnel
// of it from then on.
func (p *pool) through(ctx context.Context, via *hop, addr string) (net.Conn, *conn, error) {
	for last := false; ; last = true {
		c, err := p.get(ctx, via)
		if err != nil {
			return nil, nil, fmt.Errorf("through %s: %w", via.addr, err)
		}
		wire, err := c.client.DialContext(ctx, "tcp", addr)
		if err == nil {
			p.mu.Lock()
			c.tunnels++
			p.mu.Unlock()
			p.put(c) // it is no session
			return wire, c, nil
		}
		if _, told := errors.AsType[*ssh.OpenChannelError](err); told || last || ctx.Err() != nil {
			p.put(c)
			return nil, nil, fmt.Errorf("through %s: %w", via.addr, err)
		}
		p.drop(c) // it had died in the meantime
	}
}

// untunnel counts that a connection through another has ended.
func (p *pool) untunnel(via *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	via.tunnels--
	via.idle = time.Now()
	p.settle(via)
}

// timedOut says that the time is over where that is why something failed.
func timedOut(ctx context.Context, err error, o *Options) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w (given up after %s)", err, o.ConnectTimeout)
	}
	return err
}
