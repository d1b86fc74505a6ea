// Package demo shows the main job on a server of its own: it starts a small
// service, kills it, and prints how it is noticed, repaired and checked, with
// the milliseconds of each step. Nothing in it is played: the service, the
// event, the rule, the script and the check are what they are in earnest.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/app"
	"github.com/nightshift-run/nightshift/internal/bus"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

// patience bounds how long any one step may take before the demonstration
// admits that it has failed.
const patience = 30 * time.Second

// A Show is one demonstration.
type Show struct {
	app    *app.App
	out    io.Writer
	folder string // of the service's pid and log
	pack   string // folder of the pack selfheal
	token  string

	killed time.Time
	last   time.Time
}

// Run shows the main job on a server that runs, and tells out.
func Run(ctx context.Context, a *app.App, out io.Writer) error {
	pack, ok := a.Catalog.Get().Pack("selfheal")
	if !ok {
		return errors.New("the pack selfheal is not registered: start with --packs examples/packs")
	}
	folder, err := os.MkdirTemp("", "nightshift-demo-")
	if err != nil {
		return err
	}
	token, err := a.AdminToken(ctx)
	if err != nil {
		return err
	}
	s := &Show{app: a, out: out, folder: folder, pack: pack.Path, token: token}
	return s.run(ctx)
}

func (s *Show) run(ctx context.Context) error {
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	start := fmt.Sprintf("python3 %s %d", filepath.Join(s.pack, "etc", "victim.py"), port)

	fmt.Fprintf(s.out, "\nA small HTTP service is started at %s: ", url) //nolint:errcheck // a terminal
	pid, err := s.startVictim(ctx, start, url)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "it answers, with pid %d.\nNow it dies.\n\n", pid) //nolint:errcheck // a terminal

	// Who listens before it happens misses nothing.
	changes := make(chan string, 1000)
	if err := s.listen(ctx, changes); err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill the service: %w", err)
	}
	s.killed = time.Now()
	s.last = s.killed
	s.say(s.killed, "killed", "SIGKILL to pid %d", pid)

	why, err := s.probe(ctx, url)
	if err != nil {
		return err
	}
	s.say(time.Now(), "probe", "%s", why)
	if err := s.report(ctx, url, start); err != nil {
		return err
	}
	return s.watch(ctx, url, changes)
}

// startVictim starts the service as the repair will.
func (s *Show) startVictim(ctx context.Context, start, url string) (int, error) {
	script := filepath.Join(s.pack, "actions", "restart.sh")
	out, err := exec.CommandContext(ctx, script, "victim", start, url, "15", s.folder).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("start the service: %w: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(s.folder, "victim.pid"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// listen sends the ids of executions that change.
func (s *Show) listen(ctx context.Context, changes chan<- string) error {
	return s.app.Bus.Subscribe(ctx, bus.ExecutionChanged+"*", func(m bus.Message) {
		select {
		case changes <- strings.TrimPrefix(m.Subject, bus.ExecutionChanged):
		default: // watch also looks by itself
		}
	})
}

// probe asks the service until it does not answer, and returns why.
func (s *Show) probe(ctx context.Context, url string) (string, error) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return "", err
		}
		res, err := client.Do(req)
		if err != nil {
			return err.Error(), ctx.Err()
		}
		res.Body.Close() //nolint:errcheck,gosec // only whether it answers counts
		if time.Since(s.killed) > patience {
			return "", errors.New("the service was killed and goes on answering")
		}
	}
}

// report tells the server what the probe has found, as any probe outside would.
func (s *Show) report(ctx context.Context, url, start string) error {
	body := fmt.Sprintf(`{
		"specversion": "1.0", "type": "run.nightshift.probe", "source": "/demo/probe", "id": "%d", "subject": "victim",
		"data": {"status": "firing", "summary": "the victim does not answer", "url": %q, "start": %q, "folder": %q}}`,
		s.killed.UnixNano(), url, start, s.folder)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.app.URL()+"/api/v1/alerts/cloudevents", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/cloudevents+json")
	req.Header.Set("X-Auth-Token", s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the event was refused: %s: %s: %w", res.Status, text, err)
	}
	var receipt struct{ Events []struct{ ID string } }
	if err := json.Unmarshal(text, &receipt); err != nil || len(receipt.Events) != 1 {
		return fmt.Errorf("the answer to the event is not understood: %s: %w", text, err)
	}
	event, err := s.app.Store.Reader().Instance(ctx, receipt.Events[0].ID)
	if err != nil {
		return err
	}
	s.say(event.OccurredAt, "event", "%s taken in as %s", event.Trigger, event.ID)
	return nil
}

// watch prints what the server does until the check has succeeded.
func (s *Show) watch(ctx context.Context, url string, changes <-chan string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	told := map[string]int{} // entries of an execution's log that have been printed
	matched := map[string]bool{}
	for {
		done, err := s.look(ctx, url, told, matched)
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the service was not repaired within %s; look at `nightshift execution list`", patience)
		case <-changes:
		case <-tick.C:
		}
	}
}

func (s *Show) look(ctx context.Context, url string, told map[string]int, matched map[string]bool) (bool, error) {
	r := s.app.Store.Reader()
	executions, _, err := r.ListExecutions(ctx, store.Executions{Pack: "selfheal", After: s.killed}, store.Page{Limit: 100, Asc: true})
	if err != nil {
		return false, err
	}
	for _, e := range executions {
		rule := e.Context.Rule
		if rule != nil && !matched[e.ID] {
			matched[e.ID] = true
			s.say(e.CreatedAt, "rule", "selfheal.%s matched and asks for %s", rule.Name, e.Action)
		}
		for _, l := range e.Log[told[e.ID]:] {
			switch {
			case l.Status == execution.Running:
				s.say(l.At, "action", "%s runs (execution %s)", e.Action, e.ID)
			case l.Status == execution.Succeeded && e.Action == "selfheal.restart":
				s.say(l.At, "repaired", "%s", s.lastWords(ctx, e.ID))
			case l.Status == execution.Succeeded && e.Action == "selfheal.verify":
				s.say(l.At, "verified", "%s says: %s", url, s.lastWords(ctx, e.ID))
				fmt.Fprintf(s.out, "\nRepaired and verified %d ms after it died. Nobody was woken.\n", l.At.Sub(s.killed).Milliseconds()) //nolint:errcheck // a terminal
				return true, nil
			case l.Status.Final() && l.Status != execution.Succeeded:
				return false, fmt.Errorf("%s is %s: %s", e.Action, l.Status, s.lastWords(ctx, e.ID))
			}
		}
		told[e.ID] = len(e.Log)
	}
	return false, nil
}

// lastWords is the last line of what an execution came to.
func (s *Show) lastWords(ctx context.Context, id string) string {
	result, err := s.app.Store.Reader().Result(ctx, id)
	if err != nil {
		return err.Error()
	}
	return summary(result)
}

// say prints one line of the timeline.
func (s *Show) say(at time.Time, what, format string, args ...any) {
	since := at.Sub(s.last)
	s.last = at
	fmt.Fprintf(s.out, "%7d ms  %+6d  %-9s %s\n", at.Sub(s.killed).Milliseconds(), since.Milliseconds(), what, fmt.Sprintf(format, args...)) //nolint:errcheck // a terminal
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close() //nolint:errcheck // only its number counts
	return l.Addr().(*net.TCPAddr).Port, nil
}
