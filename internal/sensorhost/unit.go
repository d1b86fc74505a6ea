package sensorhost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nightshift-run/nightshift/internal/runner"
	"github.com/nightshift-run/nightshift/internal/runner/python"
	"github.com/nightshift-run/nightshift/internal/store"
)

// The states of a sensor.
const (
	starting = "starting" // until it is set up
	running  = "running"
	waiting  = "waiting"  // to be started again
	finished = "finished" // it returned by itself
)

// How soon a sensor that ended in an error is started again.
const (
	firstPause   = time.Second
	longestPause = time.Minute
	healthy      = time.Minute // who ran for so long starts soon again
)

// startsAlone is how long a sensor may keep others of its pack from starting.
const startsAlone = 3 * time.Second

// unit is one sensor that this host holds. It is its [python.SensorHost].
type unit struct {
	host   *Host
	ref    string
	spec   spec
	log    *logFile
	until  time.Time               // of the lease; used by the host only
	ending bool                    // used by the host only
	stop   context.CancelCauseFunc // set before it runs
	over   chan struct{}           // closed when it has ended
	gate   chan struct{}           // holds a token while a sensor of the pack starts

	mu      sync.Mutex
	status  store.SensorRun           // guarded by mu
	known   []knownTrigger            // what the sensor is to know of; guarded by mu
	changes chan python.TriggerChange // of a sensor that runs; nil otherwise; guarded by mu
	opened  func()                    // lets other sensors start; guarded by mu
	again   context.CancelFunc        // ends this run of the sensor, which is then started anew; guarded by mu
	said    string                    // the end of what it wrote to its standard error; guarded by mu
}

func newUnit(h *Host, ref string, s spec, gate chan struct{}) *unit {
	u := &unit{host: h, ref: ref, spec: s, over: make(chan struct{}), gate: gate, log: openLog(h.opts.Logs, ref)}
	u.status = store.SensorRun{Ref: ref, Holder: h.id, State: starting, Since: time.Now()}
	return u
}

// report is how the sensor fares.
func (u *unit) report() store.SensorRun {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.status
}

func (u *unit) set(state, problem string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status.State, u.status.Since = state, time.Now()
	if problem != "" {
		u.status.Error = problem
	}
}

// end has the sensor end, and does not wait for that.
func (u *unit) end(why string) {
	if u.ending {
		return
	}
	u.ending = true
	u.host.opts.Logger.Info("sensor is ended", "sensor", u.ref, "why", why)
	u.stop(errors.New(why))
}

// run runs the sensor, again and again, until ctx is done.
func (u *unit) run(ctx context.Context) {
	defer u.log.close()
	pause := firstPause
	for {
		began := time.Now()
		end, again := u.once(ctx)
		if ctx.Err() != nil {
			return
		}
		lived := time.Since(began)
		if lived > healthy {
			pause = firstPause
		}
		switch {
		case again: // it is to begin anew at once
			continue
		case end.Err == nil && end.Code == 0:
			u.host.opts.Logger.Warn("sensor has finished: its method run has returned", "sensor", u.ref)
			u.set(finished, "")
			<-ctx.Done()
			return
		}
		problem := u.problem(end)
		u.host.opts.Logger.Error("sensor has ended and will be started again", "sensor", u.ref, "problem", problem, "pause", pause)
		u.set(waiting, problem)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		pause = min(2*pause, longestPause)
	}
}

// once runs the sensor to its end. again says that this end was wanted.
func (u *unit) once(ctx context.Context) (end python.SensorEnd, again bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opened, err := u.enter(ctx)
	if err != nil {
		return python.SensorEnd{}, true
	}
	defer opened()
	changes := make(chan python.TriggerChange, 256)
	u.mu.Lock()
	u.changes, u.again, u.said, u.opened = changes, cancel, "", opened
	u.status.State, u.status.Since = starting, time.Now()
	u.status.Starts++
	s := u.spec.Sensor
	s.Triggers = listOf(u.known)
	u.mu.Unlock()
	u.log.note("the sensor is started")
	end = u.host.runner.RunSensor(ctx, s, changes, u)
	u.mu.Lock()
	u.changes, u.again = nil, nil
	u.mu.Unlock()
	u.log.note(fmt.Sprintf("the sensor has ended with exit code %d", end.Code))
	return end, ctx.Err() != nil
}

// enter waits until no other sensor of the pack is starting, and returns what lets
// the next one start. Sensors that start one after the other share what the first
// has imported.
func (u *unit) enter(ctx context.Context) (opened func(), err error) {
	select {
	case u.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	open := sync.OnceFunc(func() { <-u.gate })
	timer := time.AfterFunc(startsAlone, open)
	return func() { timer.Stop(); open() }, nil
}

// problem says why a sensor ended.
func (u *unit) problem(end python.SensorEnd) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch last := lastLine(u.said); {
	case end.Err != nil:
		return end.Err.Error()
	case end.Code < 0:
		return fmt.Sprintf("ended by signal %d (%s)", -end.Code, syscall.Signal(-end.Code))
	case last != "":
		return last
	default:
		return fmt.Sprintf("exit code %d", end.Code)
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// tell has the sensor know of triggers.
func (u *unit) tell(now []knownTrigger) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, change := range differences(u.known, now) {
		if u.changes == nil {
			break // it is told when it starts
		}
		select {
		case u.changes <- change:
		default: // it does not listen; it learns all when it starts anew
			u.changes = nil
			u.again()
		}
	}
	u.known = now
}

// Print implements [runner.Output].
func (u *unit) Print(stream runner.Stream, text string) {
	u.log.write(text)
	if stream != runner.Stderr {
		return
	}
	const most = 2 << 10
	u.mu.Lock()
	defer u.mu.Unlock()
	u.said += text
	if len(u.said) > 2*most {
		u.said = u.said[len(u.said)-most:]
	}
}

// Running implements [python.SensorHost].
func (u *unit) Running() {
	u.set(running, "")
	u.mu.Lock()
	opened := u.opened
	u.mu.Unlock()
	opened()
	u.host.opts.Logger.Info("sensor runs", "sensor", u.ref)
}

// Alive implements [python.SensorHost].
func (u *unit) Alive(polled time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status.AliveAt, u.status.PolledAt = time.Now(), polled
}

// Token implements [python.SensorHost].
func (u *unit) Token() string { return u.host.opts.Token(u.spec.Pack) }
