package yaql

import "sync"

// cache keeps the expressions that were used last. It has two halves: when the
// young one is full it becomes the old one, and what is then found in the old one
// moves to the young. So it never holds more than its size.
type cache struct {
	mu         sync.RWMutex // guards young and old
	young, old map[string]*Expression
	half       int
}

func newCache(size int) *cache {
	return &cache{young: map[string]*Expression{}, half: max(size/2, 1)}
}

func (c *cache) get(key string) (*Expression, bool) {
	c.mu.RLock()
	x, ok := c.young[key]
	if ok {
		c.mu.RUnlock()
		return x, true
	}
	x, ok = c.old[key]
	c.mu.RUnlock()
	if ok {
		c.put(key, x)
	}
	return x, ok
}

func (c *cache) put(key string, x *Expression) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.half {
		c.old, c.young = c.young, map[string]*Expression{}
	}
	c.young[key] = x
}
