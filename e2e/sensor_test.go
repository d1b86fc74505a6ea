//go:build e2e

package e2e

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestSensorComesBack kills the process of a Python sensor with SIGKILL. It comes back
// within five seconds and goes on counting where it was: nothing is left out.
func TestSensorComesBack(t *testing.T) {
	packs := filepath.Join(t.TempDir(), "packs")
	write(t, packs, "count/pack.yaml", "{ref: count, name: count, description: Counts., version: 1.0.0, author: e2e}\n")
	write(t, packs, "count/sensors/counter.yaml", `
class_name: Counter
entry_point: counter.py
description: Counts, and keeps where it is in the datastore.
trigger_types:
  - name: tick
    payload_schema: {type: object, properties: {n: {type: integer}, pid: {type: integer}}}
`)
	write(t, packs, "count/sensors/counter.py", `
import os
import time

from st2reactor.sensor.base import Sensor


class Counter(Sensor):
    def setup(self):
        self.stopped = False

    def run(self):
        while not self.stopped:
            n = int(self.sensor_service.get_value("n") or 0) + 1
            self.sensor_service.dispatch(trigger="count.tick", payload={"n": n, "pid": os.getpid()})
            self.sensor_service.set_value("n", str(n))
            time.sleep(0.1)

    def cleanup(self):
        self.stopped = True

    def add_trigger(self, trigger):
        pass

    def update_trigger(self, trigger):
        pass

    def remove_trigger(self, trigger):
        pass
`)
	s := serve(t, packs)
	type tick struct{ Payload struct{ N, PID int } }
	ticks := func() []tick { // the newest first
		var list []tick
		s.get(t, "/api/v1/triggerinstances?trigger=count.tick&limit=100", &list)
		return list
	}
	eventually(t, "the sensor counts", 60*time.Second, func() bool {
		list := ticks()
		return len(list) > 0 && list[0].Payload.N >= 5
	})
	first := ticks()[0].Payload.PID
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	took := eventually(t, "it comes back", 5*time.Second, func() bool { return ticks()[0].Payload.PID != first })
	t.Logf("it came back after %s", took.Round(time.Millisecond))
	eventually(t, "it goes on", 10*time.Second, func() bool { return ticks()[0].Payload.N >= 15 })
	seen := map[int]bool{}
	all := ticks()
	for _, x := range all {
		seen[x.Payload.N] = true
	}
	if most := slices.MaxFunc(all, func(a, b tick) int { return a.Payload.N - b.Payload.N }).Payload.N; len(seen) != most {
		t.Errorf("it has counted to %d and told of %d numbers", most, len(seen))
	}
}
