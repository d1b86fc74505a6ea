package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/dispatch"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
)

// Bounds of what an execution prints. Beyond bufferSize the action waits until
// its output is stored; beyond keptOutput the rest is not kept.
const (
	chunkSize  = 32 << 10 // beyond it a new piece begins
	bufferSize = 1 << 20
	keptOutput = 16 << 20
)

// run is one execution under way. It is its runner's [runner.Output].
type run struct {
	a    dispatch.Assignment
	ctx  context.Context //nolint:containedctx // lives as long as the run, and is how the run is stopped
	stop context.CancelCauseFunc

	mu      sync.Mutex
	emptied *sync.Cond                       // signalled when buffer has been taken; its lock is mu
	buffer  []store.Chunk                    // printed and not stored; guarded by mu
	size    int                              // of buffer in bytes; guarded by mu
	kept    int                              // bytes taken into buffer so far; guarded by mu
	flushed bool                             // something has been taken out of buffer; guarded by mu
	ended   bool                             // guarded by mu
	streams map[runner.Stream]*secret.Stream // that mask what is printed; guarded by mu; nil: there is nothing to mask
	masker  *secret.Masker
}

func (w *Worker) begin(ctx context.Context, a dispatch.Assignment) *run {
	r := &run{a: a, masker: secret.NewMasker(a.Task.Secrets)}
	r.emptied = sync.NewCond(&r.mu)
	r.ctx, r.stop = context.WithCancelCause(ctx)
	w.mu.Lock()
	w.running[a.Task.ExecutionID] = r
	w.mu.Unlock()
	return r
}

// do runs an action, hands in its result and frees its slot.
func (w *Worker) do(ctx context.Context, r *run) {
	defer func() {
		r.stop(nil)
		w.mu.Lock()
		delete(w.running, r.a.Task.ExecutionID)
		w.mu.Unlock()
		w.free <- struct{}{}
	}()
	out := w.call(r)
	cause := context.Cause(r.ctx)
	if errors.Is(cause, errLost) {
		return // somebody else has decided about it
	}
	if errors.Is(cause, errStopped) && out.Status == execution.Canceled {
		out.Status = execution.Abandoned
	}
	f := dispatch.Finished{
		ID: r.a.Task.ExecutionID, Attempt: r.a.Attempt, Action: r.a.Task.Action, Status: out.Status, Output: w.end(r),
		Secret: len(r.a.Task.Secrets) > 0,
	}
	var err error
	if f.Result, err = value.ToJSON(out.Result); err != nil {
		f.Status = execution.Failed
		f.Result = failure(fmt.Errorf("the result has no JSON: %w", err))
	}
	w.finish(ctx, f)
}

// call runs the action. A runner that panics fails its execution, and nothing else.
func (w *Worker) call(r *run) (out runner.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			w.opts.Logger.Error("runner panicked", "runner", r.a.Runner, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			out = runner.Failed(fmt.Errorf("the runner panicked: %v", p))
		}
	}()
	run, ok := w.runners[r.a.Runner]
	if !ok {
		return runner.Failed(fmt.Errorf("this worker has no runner %q", r.a.Runner))
	}
	return run.Run(r.ctx, r.a.Task, r)
}

// finish hands in a result until that is acknowledged. A store that is full or
// gone for a while delays it; only the end of the process can lose it.
func (w *Worker) finish(ctx context.Context, f dispatch.Finished) {
	wait := 10 * time.Millisecond
	for {
		err := w.ledger.Finish(ctx, f)
		switch {
		case err == nil:
			return
		case errors.Is(err, dispatch.ErrStale):
			w.opts.Logger.Warn("result came too late", "execution", f.ID, "status", f.Status)
			return
		}
		w.opts.Logger.Error("result was not taken", "execution", f.ID, "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		}
	}
}

func failure(err error) json.RawMessage {
	b, err := json.Marshal(map[string]string{"error": err.Error()})
	if err != nil {
		panic(err) // texts always have JSON
	}
	return b
}

// Print implements [runner.Output].
func (r *run) Print(stream runner.Stream, data string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.size > bufferSize && !r.ended && r.ctx.Err() == nil {
		r.emptied.Wait()
	}
	if r.ended || r.kept >= keptOutput {
		return
	}
	if r.masker != nil {
		s := r.streams[stream]
		if s == nil {
			s = r.masker.NewStream()
			if r.streams == nil {
				r.streams = map[runner.Stream]*secret.Stream{}
			}
			r.streams[stream] = s
		}
		data = s.Next(data)
	}
	r.keep(stream, data)
}

// keep notes what was printed; mu is held.
func (r *run) keep(stream runner.Stream, data string) {
	if data == "" {
		return
	}
	r.kept += len(data)
	if r.kept >= keptOutput {
		data += fmt.Sprintf("\n[what follows is not kept: more than %d MiB]\n", keptOutput>>20)
	}
	r.size += len(data)
	if n := len(r.buffer); n > 0 && r.buffer[n-1].Stream == string(stream) && len(r.buffer[n-1].Data) < chunkSize {
		r.buffer[n-1].Data += data
		return
	}
	r.buffer = append(r.buffer, store.Chunk{
		Execution: r.a.Task.ExecutionID, Stream: string(stream), At: time.Now(), Data: data,
	})
}

// taken returns what has been printed since the last call.
func (r *run) taken() []store.Chunk {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.buffer
	r.buffer, r.size = nil, 0
	r.flushed = r.flushed || len(out) > 0
	r.emptied.Broadcast()
	return out
}

// end returns what is left of a run's output; it takes no more. Earlier output
// that is being stored right now goes first.
func (w *Worker) end(r *run) []store.Chunk {
	r.mu.Lock()
	for stream, s := range r.streams {
		r.keep(stream, s.End())
	}
	r.ended = true
	flushed := r.flushed
	r.mu.Unlock()
	if flushed {
		w.flushing.Lock()
		defer w.flushing.Unlock()
	}
	return r.taken()
}

// flush stores output while actions run.
func (w *Worker) flush(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		w.flushOnce(ctx)
	}
}

func (w *Worker) flushOnce(ctx context.Context) {
	w.flushing.Lock()
	defer w.flushing.Unlock()
	w.mu.Lock()
	runs := make([]*run, 0, len(w.running))
	for _, r := range w.running {
		runs = append(runs, r)
	}
	w.mu.Unlock()
	var chunks []store.Chunk
	for _, r := range runs {
		chunks = append(chunks, r.taken()...)
	}
	if err := w.ledger.AddOutput(ctx, chunks); err != nil && ctx.Err() == nil {
		w.opts.Logger.Error("output was not stored", "chunks", len(chunks), "err", err)
	}
}
