package secret

import (
	"context"
	"slices"
	"sync"
)

// Opened gathers the secrets that are opened in its context, so that whoever shows what
// came of it can mask them. It is safe for concurrent use.
type Opened struct {
	outer *Opened // hears of them, too

	mu    sync.Mutex
	texts []string // guarded by mu
}

type openedKey struct{}

// Listen returns a context in which the secrets that are opened are gathered, also for those
// who listen already.
func Listen(ctx context.Context) (context.Context, *Opened) {
	outer, _ := ctx.Value(openedKey{}).(*Opened)
	o := &Opened{outer: outer}
	return context.WithValue(ctx, openedKey{}, o), o
}

// Tell tells those who listen of secrets that were opened.
func Tell(ctx context.Context, texts ...string) {
	o, _ := ctx.Value(openedKey{}).(*Opened)
	for ; o != nil && len(texts) > 0; o = o.outer {
		o.mu.Lock()
		o.texts = Union(o.texts, texts)
		o.mu.Unlock()
	}
}

// Texts returns what was opened.
func (o *Opened) Texts() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.texts)
}

// How much is masked of one thing. A text that is shorter is found everywhere by chance, and its
// mask would tell more than it hides.
const (
	shortest = 5
	longest  = 64 << 10
	most     = 500
)

// Union returns texts and those of more that it has not, and that can be masked.
func Union(texts, more []string) []string {
	for _, t := range more {
		if len(t) >= shortest && len(t) <= longest && len(texts) < most && !slices.Contains(texts, t) {
			texts = append(slices.Clip(texts), t)
		}
	}
	return texts
}
