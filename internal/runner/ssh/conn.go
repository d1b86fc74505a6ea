package ssh

import (
	"time"

	"golang.org/x/crypto/ssh"
)

// A conn is a connection. Those who use it, sessions and connections through it,
// are counted.
type conn struct {
	pool   *pool
	room   *room
	client *ssh.Client
	via    *conn // the connection that this one goes through; nil: none

	used    int       // guarded by the pool's mu
	tunnels int       // connections through this one; guarded by the pool's mu
	gone    bool      // no longer in its room; guarded by the pool's mu
	idle    time.Time // since when nobody uses it; guarded by the pool's mu
}

// watch ends a connection that nobody needs or that does not answer, and takes it
// out of its room when it has ended.
func (p *pool) watch(c *conn) {
	ended := make(chan struct{})
	p.all.Go(func() {
		_ = c.client.Wait() // why it ended is told to those who use it
		close(ended)
	})
	tick := time.NewTicker(min(p.opts.KeepAlive, p.opts.Idle))
	defer tick.Stop()
	answered := make(chan struct{}, 1)
	asked := false
	for {
		select {
		case <-ended:
		case <-p.life.Done():
		case <-answered:
			asked = false
			continue
		case <-tick.C:
			if !asked && !p.tooIdle(c) {
				asked = true
				p.all.Go(func() {
					if _, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil); err == nil {
						answered <- struct{}{}
					}
				})
				continue
			}
		}
		p.mu.Lock()
		p.leave(c)
		p.serve(c.room)
		p.mu.Unlock()
		c.close()
		<-ended
		if c.via != nil {
			p.untunnel(c.via)
		}
		return
	}
}

// tooIdle reports whether nobody has needed a connection for long.
func (p *pool) tooIdle(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.used+c.tunnels == 0 && time.Since(c.idle) >= p.opts.Idle
}

func (c *conn) close() {
	_ = c.client.Close() // it is over, however it ends
}
