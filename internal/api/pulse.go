package api

import (
	"net/http"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
)

// A pulse looks at no more than this, so that it costs little on a busy server, too.
const (
	pulseEvents  = 100_000
	pulseStarted = 10_000
)

func (c *call) pulse() error {
	now := time.Now().UTC()
	first := now.Truncate(time.Minute).Add(-59 * time.Minute)
	events, complete, err := c.Store.Reader().EventsByMinute(c.ctx(), first, pulseEvents)
	if err != nil {
		return err
	}
	out := wire.Pulse{Minutes: make([]wire.PulseMinute, 60), Complete: complete, Started: map[string]int{}}
	for i := range out.Minutes {
		at := first.Add(time.Duration(i) * time.Minute)
		out.Minutes[i] = wire.PulseMinute{At: wire.TimeOf(at), Events: events[at]}
	}
	started, since, err := c.Store.Reader().StartedByRules(c.ctx(), now.Add(-24*time.Hour), pulseStarted)
	if err != nil {
		return err
	}
	out.Since = wire.TimeOf(since)
	for status, n := range started {
		out.Started[string(status)] = n
	}
	return c.json(http.StatusOK, out)
}
