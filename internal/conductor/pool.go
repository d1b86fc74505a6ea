package conductor

import (
	"context"
	"sync"
)

// pool hands keys to goroutines, each key to one at a time.
type pool struct {
	mu     sync.Mutex
	ready  *sync.Cond
	queue  []string       // guarded by mu
	state  map[string]job // guarded by mu
	closed bool           // guarded by mu
}

// job is how a key stands that is in the pool.
type job uint8

const (
	queued job = iota
	running
	runningAgain // it was added while it ran
)

func newPool() *pool {
	p := &pool{state: map[string]job{}}
	p.ready = sync.NewCond(&p.mu)
	return p
}

// add has a key worked on once more from now on.
func (p *pool) add(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch s, ok := p.state[key]; {
	case !ok:
		p.push(key)
	case s == running:
		p.state[key] = runningAgain
	}
}

// push puts a key at the end of the queue.
func (p *pool) push(key string) {
	p.state[key] = queued
	p.queue = append(p.queue, key)
	p.ready.Signal()
}

// work calls do with keys until the pool is closed. When do returns true, its key
// comes again, after the others that wait.
func (p *pool) work(ctx context.Context, do func(ctx context.Context, key string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for len(p.queue) == 0 && !p.closed {
			p.ready.Wait()
		}
		if p.closed {
			return
		}
		key := p.queue[0]
		p.queue = p.queue[1:]
		p.state[key] = running
		p.mu.Unlock()
		again := do(ctx, key)
		p.mu.Lock()
		if again || p.state[key] == runningAgain {
			p.push(key)
		} else {
			delete(p.state, key)
		}
	}
}

// close ends work, after what is under way.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.ready.Broadcast()
}
