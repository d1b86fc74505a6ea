package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/client"
)

// stillRuns says that an interrupted wait interrupts nothing else.
func stillRuns(err error, id string) error {
	return &advice{err, fmt.Sprintf("The execution goes on; stop it with \"nightshift execution cancel %s\".", id)}
}

// wait waits until an execution has come to its end and returns its last status.
//
// The stream of the server says when something changed; it is only a doorbell,
// so that the execution is asked for now and then anyway, more often in the
// beginning: most actions are done at once.
func (s *session) wait(ctx context.Context, id, status string) (string, error) {
	if final(status) {
		return status, nil
	}
	ctx, stop := context.WithCancel(ctx)
	rung := make(chan struct{}, 1) // one ring stands for all that were not heard
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.listen(ctx, id, rung)
	}()
	defer func() {
		stop()
		<-over
	}()
	p := s.newProgress()
	defer p.clear()
	asked := false
	pause := 25 * time.Millisecond
	for {
		d, err := s.get(ctx, "executions/"+seg(id), url.Values{"include_attributes": {"status"}})
		if err != nil {
			return "", err
		}
		status = textOf(d, "status")
		if final(status) {
			return status, nil
		}
		if status == "pending" && !asked && !s.machine() {
			asked = true
			p.clear()
			s.note("Waits for an answer: nightshift inquiry respond " + id)
		}
		p.show(id, status)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return "", context.Cause(ctx)
		case <-rung:
		case <-timer.C:
			pause = min(pause*2, time.Second)
		}
		timer.Stop()
	}
}

// listen rings for each change of an execution while there is a stream.
func (s *session) listen(ctx context.Context, id string, rung chan<- struct{}) {
	q := url.Values{"events": {"st2.execution__update"}, "execution_ids": {id}}
	err := s.client.Stream(ctx, "/stream/v1/stream", q, func(e client.Event) error {
		var of struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(e.Data, &of) == nil && of.ID != id {
			return nil
		}
		select {
		case rung <- struct{}{}:
		default:
		}
		return nil
	})
	if err != nil && ctx.Err() == nil && s.flags.debug {
		s.note("#   no stream: " + err.Error())
	}
}
