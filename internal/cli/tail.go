package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/nightshift-run/nightshift/internal/api/client"
	"github.com/nightshift-run/nightshift/internal/api/wire"
)

func (a *app) executionTail() *cobra.Command {
	var typ string
	var metadata bool
	cmd := &cobra.Command{
		Use:   "tail [id]",
		Short: "Show what an execution prints, while it runs",
		Long: `Show what an execution printed and prints, until it ends. Without an id, or with "last", it is the
latest execution.`,
		Args:              args(0, 1),
		ValidArgsFunction: a.completeExecutions,
		RunE: func(cmd *cobra.Command, ids []string) error {
			s, err := a.session(cmd)
			if err != nil {
				return err
			}
			id := "last"
			if len(ids) > 0 {
				id = ids[0]
			}
			// The id that last means is to be found out once.
			d, err := s.get(cmd.Context(), "executions/"+seg(id), url.Values{"include_attributes": {"status"}})
			if err != nil {
				return named(err, executionResource(), id)
			}
			t := tailer{session: s, id: firstOf(textOf(d, "id"), id), typ: typ, metadata: metadata}
			return t.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&typ, "type", "", "only this kind of output: stdout, stderr or other")
	cmd.Flags().BoolVar(&metadata, "include-metadata", false, "show when each piece was printed, and where to")
	a.completeFlag(cmd, "type", cobra.FixedCompletions([]string{"stdout", "stderr", "other"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// tail shows what an execution prints until it ends.
func (s *session) tail(ctx context.Context, id, typ string) error {
	t := tailer{session: s, id: id, typ: typ}
	return t.run(ctx)
}

// tailer follows the output of one execution.
type tailer struct {
	*session
	id, typ  string
	metadata bool

	seen    map[string]bool // ids of the pieces that were shown
	written int             // how much of the plain text was shown, where there is no stream
	open    bool            // the last line has no end yet
}

// errEnded stops the stream at its last event.
var errEnded = errors.New("the output ended")

// run shows output until the execution ends. A stream that breaks off, which
// happens to whoever reads slowly, is taken up again; where there is none, the
// text is asked for again and again.
func (t *tailer) run(ctx context.Context) error {
	t.seen = map[string]bool{}
	for {
		err := t.stream(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if refusal, ok := errors.AsType[*client.Error](err); ok {
			if refusal.Status != http.StatusNotFound {
				return t.advise(err)
			}
			return t.poll(ctx)
		}
		d, err2 := t.get(ctx, "executions/"+seg(t.id), url.Values{"include_attributes": {"status"}})
		if err2 != nil {
			return err2
		}
		status := textOf(d, "status")
		if errors.Is(err, errEnded) || final(status) {
			return t.end(status)
		}
		if err := pauseFor(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func (t *tailer) query() url.Values {
	if t.typ == "" {
		return nil
	}
	return url.Values{"output_type": {t.typ}}
}

func (t *tailer) stream(ctx context.Context) error {
	return t.client.Stream(ctx, "/stream/v1/executions/"+seg(t.id)+"/output", t.query(), func(e client.Event) error {
		if e.Name == "EOF" {
			return errEnded
		}
		if e.Name != "st2.execution.output__create" {
			return nil
		}
		var o wire.Output
		if err := json.Unmarshal(e.Data, &o); err != nil {
			return fmt.Errorf("read a piece of output: %w", err)
		}
		if t.seen[o.ID] {
			return nil
		}
		if o.ID != "" {
			t.seen[o.ID] = true
		}
		return t.write(o)
	})
}

func (t *tailer) write(o wire.Output) error {
	if t.metadata {
		head := fmt.Sprintf("[%s] [%s] ", o.Timestamp, o.Type)
		if t.open {
			head = "\n" + head
		}
		o.Data = head + o.Data
	}
	return t.raw(o.Data)
}

func (t *tailer) raw(s string) error {
	if s == "" {
		return nil
	}
	t.open = s[len(s)-1] != '\n'
	_, err := io.WriteString(t.Out, s)
	return err
}

// poll asks for the text until the execution has ended.
func (t *tailer) poll(ctx context.Context) error {
	pause := 100 * time.Millisecond
	for {
		// The status is asked for first, so that nothing is printed after it.
		d, err := t.get(ctx, "executions/"+seg(t.id), url.Values{"include_attributes": {"status"}})
		if err != nil {
			return err
		}
		var content []byte
		if err := t.client.Get(ctx, "executions/"+seg(t.id)+"/output", t.query(), &content); err != nil {
			return t.advise(err)
		}
		if len(content) > t.written {
			if err := t.raw(string(content[t.written:])); err != nil {
				return err
			}
			t.written = len(content)
		}
		if status := textOf(d, "status"); final(status) {
			return t.end(status)
		}
		if err := pauseFor(ctx, pause); err != nil {
			return err
		}
		pause = min(pause*2, 2*time.Second)
	}
}

// end says how it ended. That is a note: the output is what was printed.
func (t *tailer) end(status string) error {
	if t.open {
		if err := t.raw("\n"); err != nil {
			return err
		}
	}
	if final(status) {
		t.note(fmt.Sprintf("Execution %s has completed (status=%s).", t.id, status))
	} else {
		t.note(fmt.Sprintf("Execution %s prints no more for now (status=%s).", t.id, status))
	}
	return nil
}
