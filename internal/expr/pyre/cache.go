package pyre

import "sync"

// Cache remembers compiled patterns, so that a pattern that is written in a
// template is read once. It holds at most twice its size: what was not asked for
// while a whole generation of others came is forgotten. It may be used by
// several goroutines at once.
type Cache struct {
	size int

	mu      sync.RWMutex // guards what follows
	young   map[cacheKey]*Regexp
	elderly map[cacheKey]*Regexp
}

type cacheKey struct {
	pattern string
	flags   Flags
}

// NewCache returns a cache of a size.
func NewCache(size int) *Cache { return &Cache{size: max(size, 1), young: map[cacheKey]*Regexp{}} }

// Compile is [Compile], with what it did before. Mistakes are not remembered.
func (c *Cache) Compile(pattern string, flags Flags) (*Regexp, error) {
	key := cacheKey{pattern, flags}
	c.mu.RLock()
	re, ok := c.young[key]
	old := c.elderly[key]
	c.mu.RUnlock()
	if ok {
		return re, nil
	}
	if re = old; re == nil {
		var err error
		if re, err = Compile(pattern, flags); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.size {
		c.elderly, c.young = c.young, make(map[cacheKey]*Regexp, c.size)
	}
	c.young[key] = re
	return re, nil
}

// shared is the cache of Cached.
var shared = NewCache(512) //nolint:gochecknoglobals // only speeds up a pure function, as Python's own cache does

// Cached is [Compile] with a cache that all callers share.
func Cached(pattern string, flags Flags) (*Regexp, error) { return shared.Compile(pattern, flags) }
