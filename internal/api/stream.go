package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

func (a *API) streamRoutes() []*route {
	return []*route{
		to("GET", streamService, "/stream", "stream_view", (*call).stream, "Follow what happens to executions, and what is announced.").
			sends("text/event-stream").texts("events", "action_refs", "execution_ids", "end_event", "end_execution_id").overall(),
		to("GET", streamService, "/executions/{id}/output", "execution_view", (*call).streamOutput, "Follow what an execution prints.").
			sends("text/event-stream").on((*call).aboutExecution),
	}
}

const (
	// heartbeat is how often a silent stream says that it lives, so that proxies
	// leave it alone.
	heartbeat = 25 * time.Second
	// patience is how long a client may take to accept what is written to it.
	patience = 15 * time.Second
	// sweep is how often the output of an execution is looked at when no bell
	// rings, which may be lost.
	sweep = 5 * time.Second
)

// The events that streams have.
const (
	eventCreate = "st2.execution__create"
	eventUpdate = "st2.execution__update"
	eventOutput = "st2.execution.output__create"
	eventEOF    = "EOF"
)

// sse writes server-sent events.
type sse struct {
	c *call
	h *http.ResponseController
}

// open begins a stream. Its first frame is empty, as StackStorm's is.
func (c *call) open() (*sse, error) {
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=UTF-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	if c.r.ProtoMajor == 1 {
		h.Set("Connection", "close") // its deadline must not hit another request
	}
	c.w.(*recorder).patience = patience //nolint:forcetypeassert // see ServeHTTP
	c.w.WriteHeader(http.StatusOK)
	s := &sse{c, http.NewResponseController(c.w)}
	return s, s.send([]byte("\n"))
}

// send writes b and waits until it is on its way, but not longer than a client
// that reads would take.
func (s *sse) send(b []byte) error {
	if _, err := s.c.w.Write(b); err != nil {
		return err
	}
	return s.h.Flush()
}

// gathered sends n and what else waits for e, and reports whether that was the last.
func (s *sse) gathered(e *ear, n *news) (over bool, err error) {
	buf := s.c.buffer()
	defer s.c.putBuffer(buf)
	over = e.gather(buf, n)
	return over, s.send(buf.Bytes())
}

// frame is an event as it is written.
func frame(event string, data []byte) []byte {
	b := make([]byte, 0, len(event)+len(data)+17)
	b = append(b, "event: "...)
	b = append(b, event...)
	b = append(b, "\ndata: "...)
	b = append(b, data...)
	return append(b, "\n\n"...)
}

// follow is what a client wants to hear of.
type follow struct {
	events     []string // with globs
	actions    []string
	executions []string
	endEvent   string
	endID      string
}

func (c *call) follow() (follow, error) {
	f := follow{
		events: c.csv("events"), actions: c.csv("action_refs"), executions: c.csv("execution_ids"),
		endEvent: c.param("end_event"), endID: c.param("end_execution_id"),
	}
	if len(f.events) == 0 {
		f.events = []string{"st2.execution__*", eventAnnouncement + "*"}
	}
	for _, e := range f.events {
		if _, err := path.Match(e, ""); err != nil {
			return f, fault.Newf(fault.Invalid, "Parameter \"events\": %q is no name of events.", shortened(e))
		}
	}
	return f, nil
}

func (f follow) hears(event string) bool {
	return slices.ContainsFunc(f.events, func(p string) bool {
		ok, err := path.Match(p, event)
		return ok && err == nil
	})
}

func (f follow) wants(n news) bool {
	return f.hears(n.event) && (len(f.actions) == 0 || slices.Contains(f.actions, n.action)) &&
		(len(f.executions) == 0 || slices.Contains(f.executions, n.execution))
}

// ends reports whether n is the last that the client wants to hear.
func (f follow) ends(n news) bool {
	return f.endEvent != "" && n.event == f.endEvent && f.endID != "" && n.execution == f.endID && n.final
}

func (c *call) stream() error {
	f, err := c.follow()
	if err != nil {
		return err
	}
	ear, err := c.hub.join(f, &c.who)
	if err != nil {
		return err
	}
	defer c.hub.leave(ear)
	s, err := c.open()
	if err != nil {
		return nil // the client has gone
	}
	if f.endID != "" {
		// It may have ended before anybody listened.
		e, err := c.Store.Reader().Execution(c.ctx(), f.endID)
		if err == nil && e.Status.Final() {
			n := c.hub.changed(e, eventUpdate)
			if n.resource, err = c.executionResource(e); err != nil {
				return nil // the client comes back
			}
			if c.hub.sees(ear, n) {
				if f.wants(n) {
					_ = s.send(n.frame)
				}
				if f.ends(n) {
					return nil
				}
			}
		}
	}
	ctx, cancel := c.welcome()
	defer cancel()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			if s.send([]byte("\n")) != nil {
				return nil
			}
		case n, open := <-ear.news:
			if !open {
				return nil // it did not keep up
			}
			over, err := s.gathered(ear, n)
			if err != nil || over {
				return nil // the client has gone, or has heard what it wanted
			}
		}
	}
}

// streamOutput follows one execution: first what is stored, then what comes, and
// at the end it says so. It reads at the pace of its client and keeps nothing.
func (c *call) streamOutput() error {
	stream, err := c.outputType()
	if err != nil {
		return err
	}
	e, err := c.execution()
	if err != nil {
		return err
	}
	ctx, cancel := c.welcome()
	defer cancel()
	bell := make(chan struct{}, 1) // one token is enough: it means look again
	ring := func(bus.Message) {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
	for _, subject := range []string{bus.ExecutionChanged + e.ID, bus.ExecutionOutput + e.ID} {
		if err := c.Bus.Subscribe(ctx, subject, ring); err != nil {
			return err
		}
	}
	c.meters.streams.Inc()
	defer c.meters.streams.Dec()
	s, err := c.open()
	if err != nil {
		return nil // the client has gone
	}
	look, beat := time.NewTicker(sweep), time.NewTicker(heartbeat)
	defer look.Stop()
	defer beat.Stop()
	after := int64(0)
	for {
		if c.who.rights.policy != c.Roles.Policy() {
			return nil // the client comes back with the rights that it has now
		}
		// The status first: what is stored after that is printed is not missed.
		if e, err = c.Store.Reader().Execution(ctx, e.ID); err != nil {
			return nil // the client has gone
		}
		over := e.Status.Final() || e.Status == execution.Pausing || e.Status == execution.Resuming
		if after, err = c.sendOutput(s, e, stream, after); err != nil {
			return nil // the client has gone
		}
		if over {
			_ = s.send(frame(eventEOF, []byte("''")))
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-bell:
		case <-look.C:
		case <-beat.C:
			if s.send([]byte("\n")) != nil {
				return nil
			}
		}
	}
}

// sendOutput sends what has been printed after a place, and returns the new place.
func (c *call) sendOutput(s *sse, e *execution.Execution, stream string, after int64) (int64, error) {
	for {
		chunks, err := c.Store.Reader().Output(c.ctx(), e.ID, stream, after, outputPage)
		if err != nil || len(chunks) == 0 {
			return after, err
		}
		var b bytes.Buffer
		for _, chunk := range chunks {
			after = chunk.Seq
			b.Write(frame(eventOutput, outputJSON(e, chunk)))
		}
		if err := s.send(b.Bytes()); err != nil {
			return after, err
		}
		if len(chunks) < outputPage {
			return after, nil
		}
	}
}

func outputJSON(e *execution.Execution, chunk store.Chunk) json.RawMessage {
	return compactJSON(wire.Output{
		ID: strconv.FormatInt(chunk.Seq, 10), ExecutionID: e.ID, ActionRef: e.Action, RunnerRef: e.Runner,
		Timestamp: wire.TimeOf(chunk.At), Type: chunk.Stream, Data: secret.NewMasker(e.Secrets).Text(chunk.Data),
	})
}
