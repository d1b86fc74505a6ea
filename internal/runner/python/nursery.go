package python

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Bounds of how soon a zygote is started after one that died.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = 10 * time.Second
	healthy      = 10 * time.Second // who lived for so long did not die of its start
)

// nursery starts the zygotes of one environment, one at a time.
type nursery struct {
	runner *Runner
	env    Environment
	turn   chan struct{} // holds a token while somebody uses what follows

	current *zygote       // nil: there is none
	pause   time.Duration // before the next start
	ready   time.Time     // no start before
}

// zygote returns a living zygote with a place for one more child. Who gets it must
// release it.
func (n *nursery) zygote(ctx context.Context) (*zygote, error) {
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if z := n.current; z != nil {
		if z.take() {
			return z, nil
		}
		n.current = nil
		n.mourn(z)
	}
	if err := wait(ctx, n.ready); err != nil {
		return nil, err
	}
	if n.runner.ctx.Err() != nil {
		return nil, errors.New("the server stops")
	}
	z, err := n.runner.start(n.env)
	if err != nil {
		return nil, fmt.Errorf("start Python: %w", err)
	}
	n.current = z
	return z, nil
}

// mourn decides how soon the successor of a zygote may be started.
func (n *nursery) mourn(z *zygote) {
	died, lived := z.died()
	switch {
	case !died:
		n.pause, n.ready = 0, time.Time{}
		return
	case lived > healthy:
		n.pause = firstPause
	default:
		n.pause = min(max(2*n.pause, firstPause), longestPause)
	}
	n.ready = time.Now().Add(n.pause)
}

// wait returns when it is t, or with the cause of the end of ctx.
func wait(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
