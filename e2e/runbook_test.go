//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rescue is the runbook examples/packs/redis at work on a real Redis server, which
// is down when it begins.
type rescue struct {
	*server
	folder string
	port   int
	pages  chan map[string]any
	pager  *httptest.Server
}

const (
	goodConf = "save \"\"\n"
	badConf  = "save \"\"\nno-such-directive yes\n"
)

// newRescue prepares the folder of a Redis server, its configurations by name.
func newRescue(t *testing.T, confs map[string]string) *rescue {
	t.Helper()
	r := &rescue{folder: t.TempDir(), port: freePort(t), pages: make(chan map[string]any, 10)}
	for name, text := range confs {
		write(t, r.folder, name, text)
	}
	write(t, r.folder, "redis.log", "the last thing that it said\n")
	r.pager = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var page map[string]any
		if err := json.NewDecoder(req.Body).Decode(&page); err != nil {
			t.Errorf("a page that is no JSON: %v", err)
		}
		r.pages <- page
	}))
	t.Cleanup(r.pager.Close)
	t.Cleanup(func() { shutdown(r.port) })
	packs, err := filepath.Abs("../examples/packs")
	if err != nil {
		t.Fatal(err)
	}
	r.server = serve(t, packs)
	return r
}

// shutdown ends the Redis server at a port, if there is one.
func shutdown(port int) {
	if ping(fmt.Sprintf("127.0.0.1:%d", port)) {
		_ = redisCLI(port, "shutdown", "nosave")
	}
}

type ran struct {
	ID         string
	Status     string
	Action     struct{ Ref string }
	Parameters map[string]any
	Result     struct {
		Output struct {
			Verdict string
			Tried   []string
		}
	}
}

// begin has the alert come in that starts the runbook, and returns its execution.
func (r *rescue) begin(t *testing.T) string {
	t.Helper()
	r.do(t, http.MethodPut, "/api/v1/keys/redis_page", fmt.Sprintf(`{"name": "redis_page", "value": %q}`, r.pager.URL), &struct{}{})
	r.do(t, http.MethodPost, "/api/v1/alerts/alertmanager", fmt.Sprintf(`{"version": "4", "status": "firing", "receiver": "x", "groupKey": "g",
		"groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "",
		"alerts": [{"status": "firing", "labels": {"alertname": "RedisDown", "port": "%d", "folder": %q}, "annotations": {},
			"startsAt": %q, "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "f1"}]}`,
		r.port, r.folder, time.Now().UTC().Format(time.RFC3339)), &struct{}{})
	var list []ran
	eventually(t, "the runbook begins", 10*time.Second, func() bool {
		r.get(t, "/api/v1/executions?action=redis.rescue", &list)
		return len(list) == 1
	})
	return list[0].ID
}

// ends waits for the end of the runbook.
func (r *rescue) ends(t *testing.T, id, status string) ran {
	t.Helper()
	var e ran
	eventually(t, "the runbook ends", 60*time.Second, func() bool {
		r.get(t, "/api/v1/executions/"+id, &e)
		return slices.Contains([]string{"succeeded", "failed", "timeout", "canceled", "abandoned"}, e.Status)
	})
	if e.Status != status {
		t.Fatalf("the runbook is %s, want %s; tried %q\n%s", e.Status, status, e.Result.Output.Tried, r.cli(t, "execution", "get", id, "-d"))
	}
	return e
}

// tasks names what the runbook ran, in order.
func (r *rescue) tasks(t *testing.T, id string) string {
	t.Helper()
	var list []struct {
		Action  struct{ Ref string }
		Status  string
		Context struct {
			Orquesta struct {
				Task string `json:"task_name"`
			}
		}
	}
	r.get(t, "/api/v1/executions/"+id+"/children", &list)
	var names []string
	for _, e := range list {
		names = append(names, e.Context.Orquesta.Task+" "+e.Status)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (r *rescue) conf(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.folder, "redis.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (r *rescue) paged(t *testing.T) map[string]any {
	t.Helper()
	select {
	case p := <-r.pages:
		return p
	default:
		return nil
	}
}

// TestRunbookRollsBack lets the runbook find a server that cannot start with its
// configuration: the repair fails in the middle, is rolled back, and nobody is paged.
func TestRunbookRollsBack(t *testing.T) {
	r := newRescue(t, map[string]string{"redis.conf": badConf, "redis.conf.good": goodConf})
	id := r.begin(t)
	e := r.ends(t, id, "succeeded")
	if !ping(fmt.Sprintf("127.0.0.1:%d", r.port)) {
		t.Error("redis does not answer")
	}
	if r.conf(t) != goodConf || !strings.Contains(e.Result.Output.Verdict, "works again, with the last good configuration") {
		t.Errorf("verdict %q, configuration %q", e.Result.Output.Verdict, r.conf(t))
	}
	if len(e.Result.Output.Tried) != 2 || !strings.Contains(e.Result.Output.Tried[0], "no-such-directive") {
		t.Errorf("tried %q", e.Result.Output.Tried)
	}
	want := "disk succeeded, look failed, read_log succeeded, roll_back succeeded, start failed, start_again succeeded, verify_again succeeded"
	if got := r.tasks(t, id); got != want {
		t.Errorf("tasks %s\nwant  %s", got, want)
	}
	if p := r.paged(t); p != nil {
		t.Errorf("somebody was paged: %v", p)
	}
}

// TestRunbookEscalates lets the runbook find what it cannot repair: a person gets
// all that was found and tried, and finds the configuration where it was.
func TestRunbookEscalates(t *testing.T) {
	r := newRescue(t, map[string]string{"redis.conf": badConf, "redis.conf.good": badConf + "# and nobody noticed\n"})
	id := r.begin(t)
	r.ends(t, id, "failed")
	p := r.paged(t)
	if p == nil {
		t.Fatal("nobody was paged")
	}
	tried, _ := p["tried"].([]any)
	if p["verdict"] != "It does not start, not even with the last good configuration." || len(tried) != 3 ||
		!strings.Contains(fmt.Sprint(p["log"]), "the last thing that it said") {
		t.Errorf("page %v", p)
	}
	if r.conf(t) != badConf {
		t.Errorf("the configuration was not put back: %q", r.conf(t))
	}
}

// TestRunbookEscalatesWhatItCannotLookAt has the folder of the server be gone: what
// cannot even be diagnosed is a reason to page, too.
func TestRunbookEscalatesWhatItCannotLookAt(t *testing.T) {
	r := newRescue(t, nil)
	if err := os.RemoveAll(r.folder); err != nil {
		t.Fatal(err)
	}
	id := r.begin(t)
	r.ends(t, id, "failed")
	if p := r.paged(t); p == nil || p["verdict"] != "Its folder cannot be looked at." {
		t.Errorf("page %v", p)
	}
}

// TestRunbookSurvivesAKill kills the server with SIGKILL in the middle of the repair.
// Started again, it goes on where it was.
func TestRunbookSurvivesAKill(t *testing.T) {
	r := newRescue(t, map[string]string{"redis.conf": badConf, "redis.conf.good": goodConf})
	id := r.begin(t)
	eventually(t, "the repair begins", 10*time.Second, func() bool {
		var list []ran
		r.get(t, "/api/v1/executions?action=redis.start", &list)
		return len(list) > 0
	})
	if err := syscall.Kill(r.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	r.start(t)
	e := r.ends(t, id, "succeeded")
	t.Logf("verdict: %s", e.Result.Output.Verdict)
	if !ping(fmt.Sprintf("127.0.0.1:%d", r.port)) || r.conf(t) != goodConf {
		t.Errorf("redis does not answer, or has another configuration: %q", r.conf(t))
	}
}
