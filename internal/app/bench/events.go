package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/store"
)

// senders is how many clients send at a time: enough for a server to be busy,
// few beside what a monitoring system has.
const senders = 128

// poster sends requests on connections that it keeps.
type poster struct {
	client *http.Client
	url    string
	token  string
}

func (s *server) poster(path string) *poster {
	return newPoster(s.URL()+path, s.token)
}

func newPoster(url, token string) *poster {
	t := &http.Transport{MaxIdleConns: senders, MaxIdleConnsPerHost: senders, DisableCompression: true}
	return &poster{&http.Client{Transport: t}, url, token}
}

func (p *poster) post(ctx context.Context, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", p.token)
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", res.Status, bytes.TrimSpace(text))
	}
	return err
}

// flood posts as fast as it can for a while, and returns how many arrived.
func (p *poster) flood(ctx context.Context, d time.Duration, body string) (int, time.Duration, error) {
	return flood(d, func() error { return p.post(ctx, body) })
}

// flood does something as often as it can for a while, and returns how often that was.
func flood(d time.Duration, do func() error) (int, time.Duration, error) {
	var n atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	begun := time.Now()
	for range senders {
		wg.Go(func() {
			for time.Since(begun) < d && failed.Load() == nil {
				if err := do(); err != nil {
					failed.Store(&err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, 0, *err
	}
	return int(n.Load()), time.Since(begun), nil
}

// matched measures the whole road of an event.
func (b *bench) matched(ctx context.Context) error {
	starts := &startTimes{}
	s, err := b.serve(ctx, "matched", map[string]runner.Runner{runner.Noop: starts})
	if err != nil {
		return err
	}
	begun := time.Now()
	sent, _, err := s.poster("/api/v1/webhooks/noop").flood(ctx, b.opts.Duration, `{"status": "broken"}`)
	if err != nil {
		return err
	}
	if err := s.finished(ctx, sent); err != nil {
		return err
	}
	rate := float64(sent) / time.Since(begun).Seconds()
	limit, err := b.fsyncs()
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "matched_events", What: "durable events over HTTP to finished no-op executions", Value: rate, Unit: "1/s", Target: 8000,
		Limit: limit, LimitWhat: "4 KiB written and synced, one after the other",
	})
	if err := b.paced(ctx, s, starts, rate/2); err != nil {
		return err
	}
	return s.end()
}

// finished waits until n executions have succeeded.
func (s *server) finished(ctx context.Context, n int) error {
	for {
		live := []execution.Status{execution.Requested, execution.Scheduled, execution.Running}
		_, open, err := s.Store.Reader().ListExecutions(ctx, store.Executions{Status: live}, store.Page{Limit: 1})
		if err != nil {
			return err
		}
		if open.N == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
	_, all, err := s.Store.Reader().ListExecutions(ctx, store.Executions{}, store.Page{Limit: 1})
	if err == nil && all.N != n {
		err = fmt.Errorf("%d executions of %d events", all.N, n)
	}
	return err
}

// startTimes is a no-op runner that notes when it starts what.
type startTimes struct{ at sync.Map }

// Run implements [runner.Runner].
func (s *startTimes) Run(_ context.Context, t runner.Task, _ runner.Output) runner.Outcome {
	now := time.Now()
	if n, ok := t.ActionParameters.Get("n"); ok {
		s.at.Store(n, now)
	}
	return runner.Outcome{Status: execution.Succeeded}
}

// paced measures how long an event takes to its action, at a steady rate.
func (b *bench) paced(ctx context.Context, s *server, starts *startTimes, rate float64) error {
	p := s.poster("/api/v1/webhooks/mark")
	total := int(rate * b.opts.Duration.Seconds())
	sent := make([]time.Time, total)
	next := make(chan int, senders)
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for n := range next {
				sent[n] = time.Now()
				if err := p.post(ctx, `{"n": `+strconv.Itoa(n)+`}`); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	begun := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; n < total; {
		<-tick.C
		for due := int(time.Since(begun).Seconds() * rate); n < min(due, total); n++ {
			next <- n
		}
	}
	close(next)
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	took := make([]time.Duration, 0, total)
	for n, at := range sent {
		started, err := starts.wait(ctx, int64(n))
		if err != nil {
			return err
		}
		took = append(took, started.Sub(at))
	}
	slices.Sort(took)
	for _, q := range []struct {
		name   string
		at     float64
		target float64
	}{{"p50", .5, 5}, {"p99", .99, 25}} {
		v := took[int(q.at*float64(len(took)-1))]
		b.add(Figure{
			Name: "event_to_action_" + q.name, What: fmt.Sprintf("POST to start of the action, %s at %.0f events/s", q.name, rate),
			Value: float64(v.Microseconds()) / 1000, Unit: "ms", Target: q.target, AtMost: true,
		})
	}
	return nil
}

func (s *startTimes) wait(ctx context.Context, n int64) (time.Time, error) {
	for {
		if at, ok := s.at.Load(n); ok {
			return at.(time.Time), nil
		}
		select {
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// unmatched measures how fast events are taken in that no rule wants.
func (b *bench) unmatched(ctx context.Context) error {
	s, err := b.serve(ctx, "unmatched", nil)
	if err != nil {
		return err
	}
	body := `{"status": "well", "host": "web-1", "service": "http", "output": "` + strings.Repeat("x", 300) + `"}`
	n, took, err := s.poster("/api/v1/webhooks/never").flood(ctx, b.opts.Duration, body)
	if err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	limit, err := b.requests(ctx, body)
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "unmatched_events", What: "durable events over HTTP that no rule matches", Value: float64(n) / took.Seconds(),
		Unit: "1/s", Target: 20000, Limit: limit, LimitWhat: "the same requests to a handler that reads them and does nothing",
	})
	return nil
}

// requests measures what HTTP costs alone: the same requests to a handler that reads
// them and has its answer ready.
func (b *bench) requests(ctx context.Context, body string) (float64, error) {
	p, end, err := serving(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // measured, not used
		w.WriteHeader(http.StatusAccepted)
	}))
	if err != nil {
		return 0, err
	}
	defer end()
	n, took, err := p.flood(ctx, b.opts.Duration/2, body)
	return float64(n) / took.Seconds(), err
}

// serving starts a server that has one handler and nothing else.
func serving(ctx context.Context, h http.Handler) (p *poster, end func(), err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: h}
	ended := make(chan struct{})
	go func() {
		s.Serve(l) //nolint:errcheck,gosec // ends with Close
		close(ended)
	}()
	return newPoster("http://"+l.Addr().String(), ""), func() {
		s.Close() //nolint:errcheck,gosec // measured and done
		<-ended
	}, nil
}

// fsyncs measures how often a second the disk can be waited for.
func (b *bench) fsyncs() (float64, error) {
	f, err := os.Create(filepath.Join(b.dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // measured and done
	block := make([]byte, 4096)
	begun := time.Now()
	n := 0
	for ; time.Since(begun) < 2*time.Second; n++ {
		if _, err := f.WriteAt(block, int64(n%1024)*4096); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}
