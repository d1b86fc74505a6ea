package python_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/python"
)

// host is what a sensor talks to in these tests.
type host struct {
	events chan python.SensorEvent
	ready  chan struct{}
	alive  chan time.Time
	refuse error

	mu      sync.Mutex
	printed strings.Builder // guarded by mu
}

func newHost() *host {
	return &host{events: make(chan python.SensorEvent, 1000), ready: make(chan struct{}), alive: make(chan time.Time, 1000)}
}

func (h *host) Print(_ runner.Stream, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.printed.WriteString(text)
}

func (h *host) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.printed.String()
}

func (h *host) Running()               { close(h.ready) }
func (h *host) Alive(polled time.Time) { h.alive <- polled }
func (h *host) Token() string          { return "tok" }
func (h *host) Take(_ context.Context, e python.SensorEvent) error {
	h.events <- e
	return h.refuse
}

func receive[T any](t *testing.T, c <-chan T, h *host) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second): // generous: only a failure waits
		t.Fatalf("nothing came; the sensor said:\n%s", h.said())
		panic("unreachable")
	}
}

func sensor(t *testing.T, text string) python.Sensor {
	task := action(t, "sensors/it.py", text)
	return python.Sensor{
		Ref: "examples.It", Mark: task.ExecutionID, Pack: "examples", ContentDir: task.ContentDir, EntryPoint: task.EntryPoint,
		Class: "It", Triggers: value.NewList(), Env: map[string]string{"ST2_ACTION_API_URL": "http://127.0.0.1:1"},
	}
}

const heads = "import os\nfrom st2reactor.sensor.base import Sensor, PollingSensor\n"

func TestSensorsRun(t *testing.T) {
	r := newRunner(t, python.Options{})
	s := sensor(t, heads+`
class It(PollingSensor):
    def setup(self):
        self.log = self._sensor_service.get_logger("it")
        self.seen, self.n = [], 0
    def poll(self):
        self.n += 1
        self.log.info("looking")
        self.sensor_service.dispatch(trigger="examples.seen", trace_tag="t%d" % self.n, payload={
            "n": self.n, "seen": list(self.seen), "config": self.config, "interval": self.get_poll_interval(), "odd": {1: {2}, "x": float("nan")}})
    def cleanup(self):
        print("cleaned up")
    def add_trigger(self, trigger):
        self.seen.append("+" + trigger["ref"])
    def update_trigger(self, trigger):
        self.seen.append("~" + trigger["ref"])
    def remove_trigger(self, trigger):
        self.seen.append("-" + trigger["ref"])
`)
	s.PollInterval = 0.01
	s.Config = value.NewDict()
	s.Config.Set("key", "v")
	ref := func(name string) value.Value { d := value.NewDict(); d.Set("ref", name); return d }
	s.Triggers = value.NewList(ref("a"))
	h := newHost()
	changes := make(chan python.TriggerChange)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan python.SensorEnd, 1)
	go func() { done <- r.RunSensor(ctx, s, changes, h) }()
	receive(t, h.ready, h)
	first := receive(t, h.events, h)
	want := "{'n': 1, 'seen': ['+a'], 'config': {'key': 'v'}, 'interval': 0.01, 'odd': {'1': '{2}', 'x': None}}"
	if got := value.Repr(first.Payload); got != want || first.Trigger != "examples.seen" || first.TraceTag != "t1" {
		t.Errorf("got %+v: %s", first, got)
	}
	receive(t, h.alive, h)
	for _, kind := range []string{"add_trigger", "update_trigger", "remove_trigger"} {
		select {
		case changes <- python.TriggerChange{Kind: kind, Trigger: ref("b")}:
		case <-time.After(30 * time.Second):
			t.Fatal("nobody hears changes")
		}
	}
	for {
		e := receive(t, h.events, h)
		seen, _ := e.Payload.(*value.Dict).Get("seen")
		if got := value.Repr(seen); strings.Contains(got, "-b") {
			if diff := cmp.Diff("['+a', '+b', '~b', '-b']", got); diff != "" {
				t.Error(diff)
			}
			break
		}
	}
	stop()
	end := receive(t, done, h)
	if end.Err != nil || end.Code != 0 || !strings.Contains(h.said(), "cleaned up") || !strings.Contains(h.said(), "INFO st2.SensorWrapper.examples.It.it: looking") {
		t.Errorf("got %+v; it said:\n%s", end, h.said())
	}
}

func TestSensorsEndInManyWays(t *testing.T) {
	r := newRunner(t, python.Options{})
	const rest = `
    def cleanup(self):
        pass
    add_trigger = update_trigger = remove_trigger = lambda self, trigger: None
`
	for name, tt := range map[string]struct {
		text, said string
		code       int
	}{
		"returns":     {heads + "class It(Sensor):\n    def setup(self):\n        pass\n    def run(self):\n        print('over')\n" + rest, "over", 0},
		"raises":      {heads + "class It(Sensor):\n    def setup(self):\n        pass\n    def run(self):\n        raise OSError('gone')\n" + rest, "OSError: gone", 1},
		"kills":       {heads + "class It(Sensor):\n    def setup(self):\n        os.kill(os.getpid(), 9)\n    def run(self):\n        pass\n" + rest, "", -9},
		"no class":    {heads + "class Other(Sensor):\n    pass\n", "has no class It", 1},
		"no method":   {heads + "class It(Sensor):\n    def run(self):\n        pass\n", "has no method setup, cleanup, add_trigger", 1},
		"no import":   {"import no_such_library\n", "no_such_library", 1},
		"constructor": {heads + "class It(PollingSensor):\n    def __init__(self, sensor_service, config, poll_interval):\n        super(It, self).__init__(sensor_service, config, poll_interval)\n    def setup(self):\n        pass\n    def poll(self):\n        pass\n" + rest, "poll_interval", 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost()
			end := r.RunSensor(t.Context(), sensor(t, tt.text), nil, h)
			if end.Err != nil || end.Code != tt.code || !strings.Contains(h.said(), tt.said) {
				t.Errorf("got %+v; it said:\n%s", end, h.said())
			}
		})
	}
}

func TestEventsThatAreRefusedAreSaidInTheLog(t *testing.T) {
	r := newRunner(t, python.Options{})
	h := newHost()
	h.refuse = errors.New("no such trigger")
	end := r.RunSensor(t.Context(), sensor(t, heads+`
import threading
class It(Sensor):
    def setup(self):
        self.sensor_service.dispatch("a.b")
    def run(self):
        threads = [threading.Thread(target=self.sensor_service.dispatch, args=("c.d", {"n": n})) for n in range(50)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    def cleanup(self):
        pass
    add_trigger = update_trigger = remove_trigger = lambda self, trigger: None
`), nil, h)
	if end.Err != nil || end.Code != 0 || len(h.events) != 51 || strings.Count(h.said(), "was not taken: no such trigger") != 51 {
		t.Errorf("got %+v and %d events; it said:\n%s", end, len(h.events), h.said())
	}
}
