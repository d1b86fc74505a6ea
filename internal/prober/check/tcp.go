package check

import (
	"context"
	"net"
	"time"

	"github.com/nightshift-run/nightshift/internal/probe"
)

func tcp(ctx context.Context, p *probe.TCP) probe.Outcome {
	start := time.Now()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Address)
	facts := map[string]any{"elapsed": elapsed(start)}
	if err != nil {
		return unreachable(err, facts)
	}
	_ = conn.Close() // it came about, which is all that was asked
	return well("connections to "+p.Address+" are accepted", facts)
}
