package api

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/rbac"
	"github.com/nightshift-run/nightshift/internal/store"
)

const (
	maxEars     = 1000    // clients that follow at a time
	earBuffer   = 2000    // pieces of news that a client may be behind,
	earBytes    = 8 << 20 // and bytes
	hubBacklog  = 20_000  // executions whose change has not been read yet
	hubBatch    = 100     // executions that are read at a time
	giveBytes   = 1 << 20 // of news that clients are given at a time, about
	hubMemory   = 50_000  // executions that are known to have been told of
	hubPatience = 10 * time.Second
)

// news is something that clients may want to hear of. Its frame is made once
// and shared.
type news struct {
	event     string
	execution string
	action    string
	final     bool // the execution has come to its end
	public    bool // for all from whom the execution is not hidden
	frame     []byte

	resource *rbac.Resource // that the execution is; nil while roles are off
}

// ear is a client that follows. Whoever closes news has taken it out of the hub.
type ear struct {
	follow
	who    *caller
	news   chan *news
	behind atomic.Int64 // bytes in news
}

// earful is how much of what waits for a client is written to it at a time: each writing
// costs more than what it carries.
const earful = 64 << 10

// gather appends the frame of n to b, and those of what came after it and waits. It reports
// whether that was the last that the client wants to hear.
func (e *ear) gather(b *bytes.Buffer, n *news) (over bool) {
	for {
		e.behind.Add(-int64(len(n.frame)))
		b.Write(n.frame)
		if e.ends(*n) {
			return true
		}
		if b.Len() >= earful {
			return false
		}
		select {
		case next, open := <-e.news:
			if !open {
				return false // which the next look finds, too
			}
			n = next
		default:
			return false
		}
	}
}

// hub tells clients what happens to executions. It listens to the bus as long as
// there is a client. Bells that ring for one execution while it waits to be read
// are one; so clients see each execution's latest state, and not each state.
//
// A client that does not keep up is dropped, and so are all of them when the
// ledger can't be read as fast as it changes: nothing here grows without bound,
// and nobody is told half of it without knowing.
type hub struct {
	api *API

	mu      sync.Mutex
	ears    map[*ear]bool      // guarded by mu
	stop    context.CancelFunc // guarded by mu; ends the listening
	backlog *backlog           // guarded by mu; the one of the listening under way
}

func newHub(a *API) *hub { return &hub{api: a, ears: map[*ear]bool{}} }

// join adds a client that follows, and begins to listen for the first.
func (h *hub) join(f follow, who *caller) (*ear, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ears) >= maxEars {
		return nil, fault.Newf(fault.Busy, "Too many clients follow the stream already.")
	}
	if len(h.ears) == 0 {
		if err := h.listen(); err != nil {
			return nil, err
		}
	}
	e := &ear{follow: f, who: who, news: make(chan *news, earBuffer)}
	h.ears[e] = true
	h.api.meters.streams.Inc()
	return e, nil
}

// leave takes a client away.
func (h *hub) leave(e *ear) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.api.meters.streams.Dec()
	h.remove(e)
}

// remove takes a client away, unless it has been taken away before; mu is held.
func (h *hub) remove(e *ear) {
	if !h.ears[e] {
		return
	}
	delete(h.ears, e)
	close(e.news)
	if len(h.ears) == 0 {
		h.stop()
	}
}

// listen begins to listen; mu is held. The goroutines that it starts end when
// the last client leaves.
func (h *hub) listen() error {
	ctx, cancel := context.WithCancel(context.Background())
	b := &backlog{waiting: map[string]bool{}, wake: make(chan struct{}, 1), since: time.Now(), known: map[string]*told{}}
	for _, subject := range []string{bus.ExecutionChanged, bus.ExecutionOutput} {
		err := h.api.Bus.Subscribe(ctx, subject+"*", func(m bus.Message) {
			id, output := strings.CutPrefix(m.Subject, bus.ExecutionOutput)
			if !output {
				id = strings.TrimPrefix(m.Subject, bus.ExecutionChanged)
			}
			b.add(id, output)
		})
		if err != nil {
			cancel()
			return err
		}
	}
	h.stop, h.backlog = cancel, b
	go h.run(ctx, b)
	return nil
}

// backlog is what the bus has rung for and nobody has read yet.
type backlog struct {
	since time.Time     // when the listening began
	wake  chan struct{} // holds one token when something may be waiting

	mu       sync.Mutex
	waiting  map[string]bool // guarded by mu; by id, whether there is output
	order    []string        // guarded by mu
	overflow bool            // guarded by mu

	known map[string]*told // of the goroutine of hub.run
	news  []*news          // of the same; what nobody has been given yet
	bytes int              // of the same; of their frames
}

// tell notes news that clients are to be given.
func (b *backlog) tell(n news) {
	b.news = append(b.news, &n)
	b.bytes += len(n.frame)
}

// told is what clients have been told of an execution.
type told struct {
	seq    int64 // of its output
	status int   // how many entries its log had

	resource *rbac.Resource // that it is, under a policy
	policy   *rbac.Policy
}

func (b *backlog) add(id string, output bool) {
	b.mu.Lock()
	has, there := b.waiting[id]
	switch {
	case there:
		b.waiting[id] = has || output
	case len(b.waiting) >= hubBacklog:
		b.overflow = true
	default:
		b.waiting[id] = output
		b.order = append(b.order, id)
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take returns the ids that wait the longest, with those that have output.
func (b *backlog) take() (ids []string, output map[string]bool, overflow bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids, b.order = b.order[:min(hubBatch, len(b.order))], b.order[min(hubBatch, len(b.order)):]
	output = make(map[string]bool, len(ids))
	for _, id := range ids {
		output[id] = b.waiting[id]
		delete(b.waiting, id)
	}
	if len(b.order) == 0 {
		b.order = nil // or its array would only grow
	}
	overflow, b.overflow = b.overflow, false
	return ids, output, overflow
}

// run reads what has changed and tells it, until ctx is done.
func (h *hub) run(ctx context.Context, b *backlog) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		for ctx.Err() == nil {
			ids, output, overflow := b.take()
			if overflow {
				h.api.Logger.Warn("streams are ended: the ledger changes faster than it can be told")
				h.dropAll(b)
				return
			}
			if len(ids) == 0 {
				break
			}
			if err := h.tell(ctx, b, ids, output); err != nil && ctx.Err() == nil {
				h.api.Logger.Error("streams are ended: changes could not be read", "err", err)
				h.dropAll(b)
				return
			}
		}
	}
}

// tell reads executions and sends what is new about them.
func (h *hub) tell(ctx context.Context, b *backlog, ids []string, output map[string]bool) error {
	ctx, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	found, _, err := h.api.Store.Reader().ListExecutions(ctx, store.Executions{IDs: ids}, store.Page{Limit: -1, Asc: true})
	if err != nil {
		return err
	}
	byID := make(map[string]*execution.Execution, len(found))
	for _, e := range found {
		byID[e.ID] = e
	}
	for _, id := range ids {
		e := byID[id]
		if e == nil {
			continue // it is not committed to where we read, or gone
		}
		if err := h.withResult(ctx, e); err != nil {
			return err
		}
		if err := h.about(ctx, b, e, output[id]); err != nil {
			return err
		}
		if b.bytes >= giveBytes {
			h.give(b)
		}
	}
	h.give(b)
	return nil
}

// withResult reads the result of what has ended, unless it is large.
func (h *hub) withResult(ctx context.Context, e *execution.Execution) (err error) {
	if e.Status.Final() && e.ResultSize > 0 && e.ResultSize <= listedResult {
		e.Result, err = h.api.Store.Reader().Result(ctx, e.ID)
	}
	return err
}

// about sends what is new about e.
func (h *hub) about(ctx context.Context, b *backlog, e *execution.Execution, output bool) error {
	t := b.known[e.ID]
	created := false
	if t == nil {
		if len(b.known) >= hubMemory {
			clear(b.known) // who is forgotten is told of as changed, which does no harm
		}
		t = &told{}
		b.known[e.ID] = t
		if !e.CreatedAt.Before(b.since) {
			created = true
		}
	}
	if err := h.classify(ctx, t, e); err != nil {
		return err
	}
	if created {
		b.tell(t.news(h.changed(e, eventCreate)))
	}
	// What it printed goes before its end, after which many hear no more.
	if (output || e.Status.Final()) && h.hears(eventOutput) {
		if err := h.printed(ctx, b, e, t); err != nil {
			return err
		}
	}
	if status := len(e.Log); status != t.status {
		if t.status > 0 || !created || status > 1 {
			b.tell(t.news(h.changed(e, eventUpdate)))
		}
		t.status = status
		if announces(e) && !e.FinishedAt.Before(b.since) {
			return h.announce(ctx, b, e, t)
		}
	}
	return nil
}

// printed sends what e has printed since the listening began.
func (h *hub) printed(ctx context.Context, b *backlog, e *execution.Execution, t *told) error {
	for {
		chunks, err := h.api.Store.Reader().Output(ctx, e.ID, "", t.seq, outputPage)
		if err != nil {
			return err
		}
		for _, chunk := range chunks {
			t.seq = chunk.Seq
			if chunk.At.Before(b.since) {
				continue
			}
			b.tell(t.news(news{
				event: eventOutput, execution: e.ID, action: e.Action, frame: frame(eventOutput, outputJSON(e, chunk)),
			}))
		}
		if len(chunks) < outputPage {
			return nil
		}
		h.give(b)
	}
}

// classify finds out what roles call e, which is asked of each client.
func (h *hub) classify(ctx context.Context, t *told, e *execution.Execution) error {
	policy := h.api.Roles.Policy()
	if policy == nil {
		t.resource, t.policy = nil, nil
		return nil
	}
	if t.resource != nil && t.policy == policy {
		return nil
	}
	parents, err := h.api.lineage(ctx, e)
	if err != nil {
		return err
	}
	t.resource, t.policy = resources{h.api.Catalog.Get()}.execution(e, parents...), policy
	return nil
}

// news is n with what roles call the execution that it is about.
func (t *told) news(n news) news {
	n.resource = t.resource
	return n
}

// sees reports whether the client may hear of n.
func (h *hub) sees(e *ear, n news) bool {
	if e.who.free() {
		return true
	}
	if n.resource == nil || e.who.hides(n.resource) {
		return false
	}
	return n.public || has(h.api.sightOf(e.who).actions, n.action)
}

// changed is the news that e is as it is now.
func (h *hub) changed(e *execution.Execution, event string) news {
	view := h.api.executionView(e, selection{}, false)
	return news{
		event: event, execution: e.ID, action: e.Action, final: e.Status.Final(), frame: frame(event, compactJSON(view)),
	}
}

// hears reports whether a client wants to hear of an event.
func (h *hub) hears(event string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for e := range h.ears {
		if e.hears(event) {
			return true
		}
	}
	return false
}

// give gives clients the news that they want, and drops who is too far behind. Each gets all
// of it before the next is woken, so that it has much to write at a time.
func (h *hub) give(b *backlog) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var slow []*ear
	policy := h.api.Roles.Policy()
	for e := range h.ears {
		if e.who.rights.policy != policy || !h.hand(e, b.news) {
			slow = append(slow, e) // it comes back, with the rights that it has then
		}
	}
	for _, e := range slow {
		h.api.meters.dropped.Inc()
		h.remove(e)
	}
	clear(b.news)
	b.news, b.bytes = b.news[:0], 0
}

// hand gives e what it wants to hear, and reports false when it is too far behind; mu is held.
func (h *hub) hand(e *ear, all []*news) bool {
	for _, n := range all {
		if !e.wants(*n) || !h.sees(e, *n) {
			continue
		}
		if e.behind.Load() > earBytes {
			return false
		}
		select {
		case e.news <- n:
			e.behind.Add(int64(len(n.frame)))
		default:
			return false
		}
	}
	return true
}

// dropAll ends the streams of a listening that is over.
func (h *hub) dropAll(b *backlog) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.backlog != b {
		return
	}
	for _, e := range slices.Collect(maps.Keys(h.ears)) {
		h.api.meters.dropped.Inc()
		h.remove(e)
	}
}
