package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/rule"
	"github.com/nightshift-run/nightshift/internal/store"
)

// rules measures what rules cost that do not match.
func (b *bench) rules(ctx context.Context) error {
	const many = 10_000
	payload, err := value.FromJSON([]byte(`{"body": {"alert": "DiskFull", "host": "web-1", "severity": "critical"}}`))
	if err != nil {
		return err
	}
	cost := func(n int) (time.Duration, error) {
		matchers := make([]*rule.Matcher, n)
		for i := range matchers {
			criteria, err := value.FromJSON(fmt.Appendf(nil,
				`{"trigger.body.alert": {"type": "equals", "pattern": "Alert%d"}, "trigger.body.severity": {"type": "equals", "pattern": "critical"}}`, i))
			if err != nil {
				return 0, err
			}
			r := &rule.Rule{
				Ref: "bench.r" + strconv.Itoa(i), Enabled: true, Criteria: criteria.(*value.Dict),
				Trigger: rule.TriggerRef{Type: "core.st2.webhook", Ref: "core.hook"},
			}
			var mistakes []rule.Mistake
			if matchers[i], mistakes = rule.NewMatcher(r, rule.Options{}); len(mistakes) > 0 {
				return 0, mistakes[0]
			}
		}
		index := rule.NewIndex(matchers)
		env := rule.Env{Now: time.Now()}
		begun, n := time.Now(), 0
		for ; time.Since(begun) < time.Second; n++ {
			for range 100 {
				if got := index.Match(ctx, "core.hook", payload, env); len(got.Matched)+len(got.Failed) > 0 {
					return 0, errors.New("a rule matched that should not")
				}
			}
		}
		return time.Since(begun) / time.Duration(100*n), nil
	}
	none, err := cost(0)
	if err != nil {
		return err
	}
	all, err := cost(many)
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "rules_not_matching", What: "what 10,000 rules on the trigger of an event cost that do not match it",
		Value: float64((all - none).Nanoseconds()) / 1000, Unit: "µs", Target: 2, AtMost: true,
	})
	return nil
}

// shell measures local commands against bare processes.
func (b *bench) shell(ctx context.Context) error {
	const at = 4 // at a time, on either side
	limit, err := bare(ctx, b.opts.Duration, at)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, "shell", nil)
	if err != nil {
		return err
	}
	n := int(limit * b.opts.Duration.Seconds() / 2)
	params := value.NewDict()
	params.Set("cmd", "true")
	rate, err := s.burst(ctx, "core.local", params, n, n)
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "shell_actions", What: "core.local cmd=true, recorded, run and finished", Value: rate, Unit: "1/s",
		Limit: limit, LimitWhat: "bare fork and exec of the same command, its output captured", Target: 0.7 * limit,
	})
	return s.end()
}

// burst has n executions of an action run, all requested at once, and returns how
// many end in a second. There are total executions then.
func (s *server) burst(ctx context.Context, action string, params *value.Dict, n, total int) (float64, error) {
	var executions []*execution.Execution
	for range n {
		e, err := s.Launcher.Prepare(ctx, execution.Request{Action: action, Parameters: params}, time.Now())
		if err != nil {
			return 0, err
		}
		executions = append(executions, e)
	}
	begun := time.Now()
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		for _, e := range executions {
			if err := s.Launcher.Insert(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	s.Launcher.Ring(ctx, executions...)
	if err := s.finished(ctx, total); err != nil {
		return 0, err
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}

func bare(ctx context.Context, d time.Duration, at int) (float64, error) {
	begun := time.Now()
	counts := make([]int, at)
	errs := make([]error, at)
	var wg sync.WaitGroup
	for i := range at {
		wg.Go(func() {
			for time.Since(begun) < d && errs[i] == nil {
				_, errs[i] = exec.CommandContext(ctx, "bash", "-c", "true").Output()
				counts[i]++
			}
		})
	}
	wg.Wait()
	n := 0
	for _, c := range counts {
		n += c
	}
	return float64(n) / time.Since(begun).Seconds(), errors.Join(errs...)
}

// get reads an answer to its end and keeps nothing of it.
func (p *poster) get(ctx context.Context) error { return p.read(ctx, io.Discard) }

// fetch returns an answer.
func (p *poster) fetch(ctx context.Context) ([]byte, error) {
	var b bytes.Buffer
	err := p.read(ctx, &b)
	return b.Bytes(), err
}

func (p *poster) read(ctx context.Context, to io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Auth-Token", p.token)
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	if res.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(res.Body, 500))
		return errors.Join(fmt.Errorf("%s: %s", res.Status, bytes.TrimSpace(text)), err)
	}
	_, err = io.Copy(to, res.Body)
	return err
}

var ready = regexp.MustCompile(`http://[^\s]+`)

// start measures how soon a fresh server is ready and what it takes when idle.
func (b *bench) start(ctx context.Context) error {
	binary := b.opts.Binary
	if binary == "" {
		var err error
		if binary, err = os.Executable(); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, binary, "serve", "--data", filepath.Join(b.dir, "start"), "--listen", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	url, err := awaitURL(out)
	if err != nil {
		return err
	}
	for {
		if err := newPoster(url+"/readyz", "").get(ctx); err == nil {
			break
		}
		if time.Since(begun) > 30*time.Second {
			return errors.New("it was not ready after 30 seconds")
		}
	}
	took := time.Since(begun)
	b.add(Figure{
		Name: "time_to_ready", What: "start of the program to /readyz, with a fresh data folder",
		Value: float64(took.Microseconds()) / 1000, Unit: "ms", Target: 300, AtMost: true,
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(2 * time.Second):
	}
	rss, err := resident(cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.add(Figure{Name: "rss_idle", What: "resident memory after two idle seconds", Value: rss, Unit: "MiB", Target: 60, AtMost: true})
	stop()
	if err := cmd.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// awaitURL reads what a server says until it says where it is.
func awaitURL(r io.Reader) (string, error) {
	var text []byte
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		text = append(text, buf[:n]...)
		if url := ready.Find(text); url != nil {
			go io.Copy(io.Discard, r) //nolint:errcheck // so that the server can go on talking
			return string(url), nil
		}
		if err != nil {
			return "", fmt.Errorf("the server ended: %s", text)
		}
	}
}

var rssLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

func resident(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	m := rssLine.FindSubmatch(status)
	if m == nil {
		return 0, errors.New("the system does not say how much memory a process has")
	}
	kib, err := strconv.ParseFloat(string(m[1]), 64)
	return kib / 1024, err
}
