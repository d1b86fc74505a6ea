package jinja

import "sync"

// cache keeps the things that were used last. It has two halves: when the young
// one is full it becomes the old one, and what is then found in the old one moves
// to the young. So it never holds more than its size, and a look-up is cheap.
type cache[T any] struct {
	mu         sync.RWMutex // guards young and old
	young, old map[string]T
	half       int
}

func newCache[T any](size int) *cache[T] {
	return &cache[T]{young: map[string]T{}, half: max(size/2, 1)}
}

func (c *cache[T]) get(key string) (T, bool) {
	c.mu.RLock()
	v, ok := c.young[key]
	if ok {
		c.mu.RUnlock()
		return v, true
	}
	v, ok = c.old[key]
	c.mu.RUnlock()
	if ok {
		c.put(key, v)
	}
	return v, ok
}

func (c *cache[T]) put(key string, v T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.half {
		c.old, c.young = c.young, map[string]T{}
	}
	c.young[key] = v
}
