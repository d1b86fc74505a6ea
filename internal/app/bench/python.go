package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/store"
)

// pythonAction tells when it begins.
const pythonAction = `import time

from st2common.runners.base_action import Action


class Now(Action):
    def run(self):
        return time.time()
`

// path is where both sides find Python.
const path = "PATH=/usr/local/bin:/usr/bin:/bin"

// bareForks forks as many children as there is time for, four at a time, each of
// which writes something and ends, in an interpreter that has imported what
// actions import; it prints how many a second.
const bareForks = `
import abc, ctypes, importlib.util, inspect, json, logging, os, signal, socket, struct, sys, threading, time, traceback
until, children, n = time.time() + float(sys.argv[1]), {}, 0
begun = time.time()
while True:
    while len(children) < 4 and time.time() < until:
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(w, b"ok")
            os._exit(0)
        os.close(w)
        children[pid] = r
    if not children:
        break
    pid, _ = os.wait()
    r = children.pop(pid)
    assert os.read(r, 10) == b"ok"
    os.close(r)
    n += 1
print(n / (time.time() - begun))
`

// python measures Python actions against bare forks of the same interpreter.
func (b *bench) python(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "/usr/bin/env", "-i", path, "python3", "-c", bareForks, fmt.Sprint(b.opts.Duration.Seconds())).Output()
	if err != nil {
		return fmt.Errorf("fork in Python: %w", err)
	}
	limit, err := strconv.ParseFloat(string(out[:len(out)-1]), 64)
	if err != nil {
		return err
	}
	s, err := b.serve(ctx, "python", nil)
	if err != nil {
		return err
	}
	// The environment is there; the interpreter has not started yet.
	first, err := s.startOf(ctx, 1)
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "python_first", What: "request → the first Python action begins", Value: first[0], Unit: "ms", Target: 1000, AtMost: true,
	})
	const one = 200
	starts, err := s.startOf(ctx, one)
	if err != nil {
		return err
	}
	slices.Sort(starts)
	b.add(Figure{
		Name: "python_start", What: "request → a Python action begins, one at a time, p50", Value: starts[one/2], Unit: "ms", Target: 10, AtMost: true,
	})
	n := int(limit * b.opts.Duration.Seconds() / 2)
	rate, err := s.burst(ctx, "bench.now", value.NewDict(), n, n+one+1)
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "python_actions", What: "Python actions, recorded, run and finished", Value: rate, Unit: "1/s",
		Limit: limit, LimitWhat: "bare forks of the same interpreter, four at a time", Target: max(400, 0.5*limit),
	})
	return s.end()
}

// sensor is the file of the sensors whose memory is measured.
const sensor = `import email
import http.client
import json
import logging
import ssl

from st2reactor.sensor.base import PollingSensor


class Watch(PollingSensor):
    def setup(self):
        self.log = self.sensor_service.get_logger("watch")

    def poll(self):
        pass

    def cleanup(self):
        pass

    def add_trigger(self, trigger):
        pass

    update_trigger = remove_trigger = add_trigger
`

// sensors measures the memory of ten sensors that have nothing to do.
func (b *bench) sensors(ctx context.Context) error {
	const n = 10
	more := map[string]string{}
	for i := range n {
		class := fmt.Sprint("Watch", i)
		more["sensors/"+class+".yaml"] = fmt.Sprintf(
			"{class_name: %s, entry_point: %s.py, poll_interval: 5, description: Watches., trigger_types: [{name: %s}]}\n", class, class, class)
		more["sensors/"+class+".py"] = strings.Replace(sensor, "class Watch", "class "+class, 1)
	}
	s, err := b.serve(ctx, "sensors", nil, more)
	if err != nil {
		return err
	}
	begun := time.Now()
	for running := 0; running < n; {
		runs, err := s.Store.Reader().SensorRuns(ctx)
		if err != nil {
			return err
		}
		running = 0
		for _, r := range runs {
			if r.State == "running" {
				running++
			}
		}
		if time.Since(begun) > time.Minute {
			return fmt.Errorf("%d of %d sensors run: %+v", running, n, runs)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	memory, err := descendants(os.Getpid())
	if err != nil {
		return err
	}
	b.add(Figure{
		Name: "ten_sensors", What: "memory of ten idle sensors in all, shared pages counted once", Value: float64(memory) / 1024, Unit: "MiB",
		Target: 120, AtMost: true,
	})
	return s.end()
}

// descendants returns how many KiB all processes below one have in memory, each
// page divided among those who share it.
func descendants(pid int) (kib int, err error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return 0, err
	}
	var children []byte
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // a thread that has ended has no children any more
		}
		children = append(children, text...)
	}
	for field := range strings.FieldsSeq(string(children)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", child))
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(text)) {
			var n int
			if _, err := fmt.Sscanf(line, "Pss: %d kB", &n); err == nil {
				kib += n
			}
		}
		below, err := descendants(child)
		if err != nil {
			return 0, err
		}
		kib += below
	}
	return kib, nil
}

// startOf runs a Python action n times, one after the other, and returns how many
// milliseconds after each request it began.
func (s *server) startOf(ctx context.Context, n int) ([]float64, error) {
	starts := make([]float64, n)
	for i := range starts {
		begun := time.Now()
		e, err := s.Launcher.Launch(ctx, execution.Request{Action: "bench.now", Parameters: value.NewDict()})
		if err != nil {
			return nil, err
		}
		if err := s.over(ctx, e.ID); err != nil {
			return nil, err
		}
		text, err := s.Store.Reader().Result(ctx, e.ID)
		if err != nil {
			return nil, err
		}
		var result struct{ Result float64 }
		if err := json.Unmarshal(text, &result); err != nil {
			return nil, fmt.Errorf("a Python action ended with %s: %w", text, err)
		}
		starts[i] = result.Result*1000 - float64(begun.UnixMicro())/1000
	}
	return starts, nil
}

// over waits for the end of an execution.
func (s *server) over(ctx context.Context, id string) error {
	for {
		list, _, err := s.Store.Reader().ListExecutions(ctx, store.Executions{IDs: []string{id}}, store.Page{Limit: 1})
		if err != nil {
			return err
		}
		if len(list) == 1 && list[0].Status.Final() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}
