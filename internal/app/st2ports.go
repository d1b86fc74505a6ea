package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
)

// The ports of StackStorm's services. All of them serve everything; only the last one
// has something of its own.
const (
	authPort   = "9100"
	apiPort    = "9101"
	streamPort = "9102"
)

// listenLikeST2 listens on those of StackStorm's ports that the server does not
// listen on anyway.
func (a *App) listenLikeST2(ctx context.Context) error {
	host, own, err := net.SplitHostPort(a.listener.Addr().String())
	if err != nil {
		return err
	}
	for _, port := range []string{authPort, apiPort, streamPort} {
		if port == own {
			continue
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
		if err != nil {
			return fmt.Errorf("listen on a port of StackStorm: %w", err)
		}
		a.legacy = append(a.legacy, l)
	}
	return nil
}

// likeST2 answers on one of StackStorm's ports. What its stream answers are events,
// also to clients that do not say so.
func likeST2(l net.Listener, h http.Handler) http.Handler {
	if _, port, err := net.SplitHostPort(l.Addr().String()); err != nil || port != streamPort {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Accept", "text/event-stream")
		h.ServeHTTP(w, r)
	})
}
