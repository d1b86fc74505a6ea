// Package check looks at what probes look at: it makes one check and says what
// came of it.
//
// What a check finds is never an error: a server that does not answer has failed
// its check. Only what could not be looked at at all is unknown. A check ends
// when its context does.
package check

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/procfs"

	"github.com/nightshift-run/nightshift/internal/probe"
)

// Options configure a Checker. The zero value of each field means its default.
type Options struct {
	Version string                                // of the server, for the User-Agent header
	Proxy   func(*http.Request) (*url.URL, error) // for HTTP; default: none
	Roots   *x509.CertPool                        // who may sign certificates; default: those of the system
	Proc    string                                // where processes are listed; default /proc
}

// Checker makes checks. It is safe for concurrent use.
type Checker struct{ opts Options }

// New returns a checker.
func New(opts Options) *Checker {
	if opts.Proc == "" {
		opts.Proc = procfs.DefaultMountPoint
	}
	return &Checker{opts: opts}
}

// Check makes one check.
func (c *Checker) Check(ctx context.Context, what probe.Check) probe.Outcome {
	switch what := what.(type) {
	case *probe.HTTP:
		return c.http(ctx, what)
	case *probe.TCP:
		return tcp(ctx, what)
	case *probe.TLS:
		return c.tls(ctx, what)
	case *probe.Process:
		return c.process(ctx, what)
	case *probe.Prometheus:
		return c.prometheus(ctx, what)
	default:
		return unknown(fmt.Errorf("nobody knows how to check a %T", what))
	}
}

func well(message string, facts map[string]any) probe.Outcome {
	return probe.Outcome{Verdict: probe.Well, Reason: "ok", Message: message, Facts: facts}
}

func failed(reason, message string, facts map[string]any) probe.Outcome {
	return probe.Outcome{Verdict: probe.Failed, Reason: reason, Message: message, Facts: facts}
}

// unknown is the outcome of a check that could not be made.
func unknown(err error) probe.Outcome { return probe.Outcome{Message: err.Error()} }

// unreachable is the outcome of a connection that did not come about, or broke.
func unreachable(err error, facts map[string]any) probe.Outcome {
	if timeout, ok := errors.AsType[net.Error](err); errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout() {
		return failed("timeout", "no answer in time: "+err.Error(), facts)
	}
	return failed("unreachable", err.Error(), facts)
}

// elapsed is the time since a moment in seconds, to the millisecond.
func elapsed(since time.Time) float64 {
	return time.Since(since).Round(time.Millisecond).Seconds()
}
