package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api"
	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
)

// listen serves s on a port of its own and returns a client of it.
func (s *server) listen() *client.Client {
	s.t.Helper()
	web := httptest.NewServer(s.api)
	s.t.Cleanup(web.Close)
	return &client.Client{BaseURL: web.URL, Token: s.admin}
}

// follow collects the events of a stream. It returns when the stream is open.
func (s *server) follow(c *client.Client, path string, query url.Values) <-chan []client.Event {
	s.t.Helper()
	done, open := make(chan []client.Event, 1), make(chan struct{})
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	s.t.Cleanup(cancel)
	go func() {
		var all []client.Event
		err := c.Stream(ctx, path, query, func(e client.Event) error {
			all = append(all, e)
			return nil
		}, client.WhenOpen(func() { close(open) }))
		if err != nil && !errors.Is(err, context.Canceled) {
			s.t.Errorf("stream %s: %v", path, err)
		}
		done <- all
	}()
	select {
	case <-open:
	case <-ctx.Done():
		s.t.Fatal("the stream does not open")
	}
	return done
}

func names(events []client.Event) string {
	var out []string
	for _, e := range events {
		out = append(out, e.Name)
	}
	return strings.Join(out, " ")
}

func TestAStreamTellsWhatHappensToExecutions(t *testing.T) {
	s := newServer(t, api.Options{})
	c := s.listen()
	before := s.run("p.secretive", nil)
	s.follow(c, "/stream/v1/stream", url.Values{"events": {"nothing"}, "end_event": {"x"}}) // somebody else, to whom nothing matters
	watched := s.run("p.secretive", nil)
	heard := s.follow(c, "/v1/stream/", url.Values{
		"end_event": {"st2.execution__update"}, "end_execution_id": {watched.ID},
		"events":        {"st2.execution__*,st2.execution.output__create"},
		"execution_ids": {watched.ID + "," + before.ID},
	})
	s.ring(bus.ExecutionChanged + before.ID)
	s.prints(watched, "stdout", "hello")
	s.finish(watched, execution.Succeeded, `{"result": {"token": "T0P", "n": 1}}`)
	events := <-heard
	var outputs, updates int
	for _, e := range events {
		switch e.Name {
		case "st2.execution.output__create":
			var o wire.Output
			if err := json.Unmarshal(e.Data, &o); err != nil || o.Data != "hello" || o.ExecutionID != watched.ID || o.ActionRef != "p.secretive" {
				t.Errorf("output %s: %v", e.Data, err)
			}
			outputs++
		case "st2.execution__create", "st2.execution__update":
			if strings.Contains(string(e.Data), "T0P") {
				t.Errorf("secret shown: %s", e.Data)
			}
			updates++
		}
	}
	if outputs != 1 || updates < 1 {
		t.Errorf("heard %s", names(events))
	}
	var last wire.Execution
	if err := json.Unmarshal(events[len(events)-1].Data, &last); err != nil || last.ID != watched.ID || last.Status != "succeeded" || last.ActionRef() != "p.secretive" {
		t.Errorf("last: %s", events[len(events)-1].Data)
	}
}

func TestAStreamOfWhatHasEndedAlreadyEnds(t *testing.T) {
	s := newServer(t, api.Options{})
	e := s.run("p.noargs", nil)
	s.finish(e, execution.Succeeded, `{}`)
	var got []client.Event
	err := s.listen().Stream(t.Context(), "/stream", url.Values{"end_event": {"st2.execution__update"}, "end_execution_id": {e.ID}},
		func(ev client.Event) error { got = append(got, ev); return nil })
	if err != nil || names(got) != "st2.execution__update" {
		t.Errorf("%s, %v", names(got), err)
	}
}

func TestANewExecutionIsTold(t *testing.T) {
	s := newServer(t, api.Options{})
	c := s.listen()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	opened := false
	err := c.Stream(ctx, "/stream", url.Values{"action_refs": {"p.say"}}, func(e client.Event) error {
		if e.Name != "st2.execution__create" || !strings.Contains(string(e.Data), `"p.say"`) {
			t.Errorf("first heard of is %s", e.Name)
		}
		opened = true
		return client.ErrStop
	}, client.WhenOpen(func() {
		s.do("POST", "/v1/executions", `{"action": "p.noargs"}`).status(201)
		s.do("POST", "/v1/executions", `{"action": "p.say", "parameters": {"word": "x"}}`).status(201)
	}))
	if err != nil || !opened {
		t.Errorf("stream: %v", err)
	}
}

func TestTheOutputOfAnExecutionIsFollowedToItsEnd(t *testing.T) {
	s := newServer(t, api.Options{})
	c := s.listen()
	e := s.run("p.noargs", nil)
	s.prints(e, "stdout", "one\n")
	s.prints(e, "stderr", "oops\n")
	heard := s.follow(c, "/stream/v1/executions/"+e.ID+"/output", nil)
	errs := s.follow(c, "/stream/v1/executions/last/output", url.Values{"output_type": {"stderr"}})
	s.prints(e, "stdout", "two\n")
	s.finish(e, execution.Failed, `{}`)
	text := func(events []client.Event) string {
		var b strings.Builder
		for _, ev := range events {
			if ev.Name == "EOF" {
				b.WriteString("EOF" + string(ev.Data))
				continue
			}
			var o wire.Output
			if err := json.Unmarshal(ev.Data, &o); err != nil {
				t.Error(err)
			}
			b.WriteString(o.Data)
		}
		return b.String()
	}
	if got := text(<-heard); got != "one\noops\ntwo\nEOF''" {
		t.Errorf("heard %q", got)
	}
	if got := text(<-errs); got != "oops\nEOF''" {
		t.Errorf("heard of stderr %q", got)
	}
	var missing *client.Error
	err := c.Stream(t.Context(), "/stream/v1/executions/x/output", nil, nil)
	if !errors.As(err, &missing) || missing.Status != 404 || fault.KindOf(err) != fault.NotFound {
		t.Errorf("of nothing: %v", err)
	}
}

func TestStreamsRefuseWhatTheyCannotTell(t *testing.T) {
	s := newServer(t, api.Options{})
	s.do("GET", "/stream/v1/stream?events=[", "").status(400)
	s.do("GET", "/stream/v1/executions/last/output", "").status(400)
	e := s.run("p.noargs", nil)
	s.do("GET", "/stream/v1/executions/"+e.ID+"/output?output_type=x", "").status(400)
	if got := s.ask("GET", "/stream", "").status(http.StatusUnauthorized).fault(); got == "" {
		t.Error("no sentence")
	}
}
