package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/app/apptest"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/store"
)

func getJSON(t *testing.T, s *apptest.Server, path string, to any) {
	t.Helper()
	askJSON(t, s, http.MethodGet, path, "", to)
}

func putJSON(t *testing.T, s *apptest.Server, path, body string) {
	t.Helper()
	askJSON(t, s, http.MethodPut, path, body, new(any))
}

func askJSON(t *testing.T, s *apptest.Server, method, path, body string, to any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", s.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", method, path, res.Status, text)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}

// TestASensorThatIsKilledLosesNoCursor kills a sensor that counts with a cursor in
// the datastore: it comes back, and each number leads to one execution.
func TestASensorThatIsKilledLosesNoCursor(t *testing.T) {
	dir := t.TempDir()
	pidFile := filepath.Join(dir, "pid")
	s := apptest.Start(t, map[string]map[string]string{"count": {
		"pack.yaml":          manifest("count"),
		"config.schema.yaml": `{file: {type: string, default: "` + pidFile + `"}}`,
		"sensors/counter.yaml": `{class_name: Counter, entry_point: counter.py, poll_interval: 4, description: Counts.,
			trigger_types: [{name: number, payload_schema: {type: object, properties: {n: {type: integer}}}}]}`,
		"sensors/counter.py": `
import os
from st2reactor.sensor.base import PollingSensor


class Counter(PollingSensor):
    def setup(self):
        with open(self.config["file"] + ".new", "w") as f:
            f.write(str(os.getpid()))
        os.rename(self.config["file"] + ".new", self.config["file"])
        self.set_poll_interval(0.02)

    def poll(self):
        n = int(self.sensor_service.get_value("n") or 0)
        if n < 40:
            self.sensor_service.dispatch("count.number", {"n": n})
            self.sensor_service.set_value("n", n + 1)

    def cleanup(self):
        pass

    def add_trigger(self, trigger):
        self._sensor_service.get_logger("counter").info("told of %s", trigger["ref"])

    def update_trigger(self, trigger):
        pass

    def remove_trigger(self, trigger):
        pass
`,
		"rules/number.yaml": `{name: number, enabled: true, trigger: {type: count.number},
			action: {ref: core.echo, parameters: {message: "{{ trigger.n }}"}}}`,
	}})
	some := func(n int) func([]*execution.Execution) bool {
		return func(list []*execution.Execution) bool { return len(list) >= n }
	}
	eventually(t, s, store.Executions{Action: "core.echo"}, "the sensor counts", some(10))
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// A number may be told twice: it was on record when the sensor died before it
	// had written its cursor. None is missing.
	list := eventually(t, s, store.Executions{Action: "core.echo"}, "it has counted on", func(list []*execution.Execution) bool {
		seen := map[string]bool{}
		for _, e := range list {
			seen[string(e.Parameters)] = true
		}
		return len(seen) == 40
	})
	t.Logf("it took %v to come back and to count to 40", time.Since(killed))
	if len(list) > 41 {
		t.Errorf("40 numbers in %d executions", len(list))
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		var run wire.SensorRun
		getJSON(t, s, "/api/ns/v1/sensors/count.Counter", &run)
		if run.State == "running" && run.Starts == 2 && strings.Contains(run.Error, "signal 9") && !run.AliveAt.IsZero() {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %+v", run)
		}
		time.Sleep(50 * time.Millisecond)
	}
	var log wire.SensorLog
	getJSON(t, s, "/api/ns/v1/sensors/count.Counter/log", &log)
	if n := strings.Count(log.Log, "told of count.number"); n != 2 {
		t.Errorf("it was told of its trigger %d times:\n%s", n, log.Log)
	}
}

// TestInstancesOfASensorHaveTheirOwnConfigurationAndKeys runs one sensor twice.
func TestInstancesOfASensorHaveTheirOwnConfigurationAndKeys(t *testing.T) {
	s := apptest.Start(t, map[string]map[string]string{"twice": {
		"pack.yaml":          manifest("twice"),
		"config.schema.yaml": `{word: {type: string, default: plain}, mark: {type: string, default: "!"}}`,
		"sensors/sayer.yaml": `{class_name: Sayer, entry_point: sayer.py, poll_interval: 4, description: Says a word.,
			trigger_types: [{name: word, payload_schema: {type: object}}]}`,
		"sensors/sayer.py": `
from st2reactor.sensor.base import PollingSensor


class Sayer(PollingSensor):
    def setup(self):
        self.set_poll_interval(0.02)

    def poll(self):
        if not self.sensor_service.get_value("said"):
            self.sensor_service.set_value("said", "yes")
            self.sensor_service.dispatch("twice.word", {"word": self.config["word"] + self.config["mark"], "names": sorted(self.config)})

    def cleanup(self):
        pass

    add_trigger = update_trigger = remove_trigger = lambda self, trigger: None
`,
		"rules/word.yaml": `{name: word, enabled: true, trigger: {type: twice.word},
			action: {ref: core.echo, parameters: {message: "{{ trigger.word }} {{ trigger.names | join(',') }}"}}}`,
	}})
	putJSON(t, s, "/api/v1/configs/twice", `{"word": "all", "sensor_instances": {"Sayer": {"one": {"word": "one"}, "two.b": {"word": "two", "mark": "?"}}}}`)
	seen := map[string]bool{}
	eventually(t, s, store.Executions{Action: "core.echo"}, "both have spoken", func(list []*execution.Execution) bool {
		for _, e := range list {
			seen[string(e.Parameters)] = true
		}
		return seen[`{"message":"one! mark,word"}`] && seen[`{"message":"two? mark,word"}`]
	})
	// Before there were instances, it may have spoken for itself.
	if delete(seen, `{"message":"plain! mark,word"}`); len(seen) != 2 {
		t.Errorf("got %v", seen)
	}
	for _, name := range []string{"twice.Sayer#one:said", "twice.Sayer#two.b:said"} {
		var pair struct {
			Value string `json:"value"`
		}
		getJSON(t, s, "/api/v1/keys/"+url.PathEscape(name), &pair)
		if pair.Value != "yes" {
			t.Errorf("%s is %q", name, pair.Value)
		}
	}
}
