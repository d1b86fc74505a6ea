package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/runner"
)

// A Sensor is one sensor to run.
type Sensor struct {
	Ref          string // names it
	Mark         string // names its processes
	Pack         string
	ContentDir   string // absolute path of the pack's folder
	EntryPoint   string // absolute path of its file
	Class        string
	Instance     string      // sets its keys apart from those of others of its class; may be empty
	PollInterval float64     // in seconds; 0: its own
	Config       *value.Dict // of the pack; may be nil
	Triggers     value.Value // a list of what it is told of at its start
	Env          map[string]string
}

// A SensorHost is whom a running sensor talks to. Its methods may be called at
// once.
type SensorHost interface {
	// Output takes what the sensor prints and logs.
	runner.Output
	// Running hears that the sensor is set up.
	Running()
	// Alive hears that the sensor's process answers, and when the sensor last
	// looked if it is one that polls.
	Alive(polled time.Time)
	// Take takes an event in. It returns when the event is on record; an error is
	// for the sensor's log. While it does not return, the thread of the sensor
	// that tells of the event waits.
	Take(ctx context.Context, e SensorEvent) error
	// Token returns a token for the API that is good for a minute at least.
	Token() string
}

// A SensorEvent is what a sensor tells of.
type SensorEvent struct {
	Trigger  string
	Payload  value.Value
	TraceTag string
}

// A TriggerChange is something that a sensor is to hear of a trigger.
type TriggerChange struct {
	Kind    string // add_trigger, update_trigger or remove_trigger
	Trigger value.Value
}

// A SensorEnd is how a sensor ended.
type SensorEnd struct {
	Code int   // exit code, or minus a signal
	Err  error // what went wrong beside that; may be nil
}

// How a sensor is watched.
const (
	pingEvery    = 10 * time.Second
	silentFor    = 3 * pingEvery // then it hangs
	mostEvent    = 16 << 20      // bytes of an event
	eventsAtOnce = 16
)

// ErrSilent is why a sensor is ended that answers no more.
var ErrSilent = errors.New("the sensor's process did not answer for 30 seconds")

// RunSensor runs a sensor until it ends or ctx does. What comes from changes is
// told to it.
func (r *Runner) RunSensor(ctx context.Context, s Sensor, changes <-chan TriggerChange, h SensorHost) SensorEnd {
	env, err := r.envs.Environment(ctx, s.Pack, s.ContentDir)
	if err != nil {
		return SensorEnd{Code: -1, Err: fmt.Errorf("prepare the Python environment of pack %q: %w", s.Pack, err)}
	}
	request, err := r.sensorRequest(&s, env, h.Token())
	if err != nil {
		return SensorEnd{Code: -1, Err: err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// A capture cuts no character in two; what it keeps is little.
	stdout := runner.NewCapture(h, runner.Stdout, 1<<10)
	stderr := runner.NewCapture(h, runner.Stderr, 1<<10)
	l := &link{ctx: ctx, host: h, hang: cancel, changes: changes}
	end, err := r.do(ctx, env, &work{mark: s.Mark, request: request, stdout: stdout.Add, stderr: stderr.Add, talk: l.talk})
	stdout.End()
	stderr.End()
	switch {
	case err != nil:
		return SensorEnd{Code: -1, Err: err}
	case end.died:
		return SensorEnd{Code: end.code, Err: errors.New("the Python process that ran the sensor died")}
	case errors.Is(end.cause, ErrSilent):
		return SensorEnd{Code: end.code, Err: ErrSilent}
	}
	return SensorEnd{Code: end.code}
}

func (r *Runner) sensorRequest(s *Sensor, env Environment, token string) ([]byte, error) {
	t := runner.Task{
		Pack: s.Pack, ContentDir: s.ContentDir, Env: map[string]string{"ST2_ACTION_AUTH_TOKEN": token},
		RunnerParameters: value.NewDict(), ActionParameters: value.NewDict(),
	}
	maps.Copy(t.Env, s.Env)
	vars, err := r.environment(&t, env)
	if err != nil {
		return nil, err
	}
	d := job("sensor", vars, s.EntryPoint, s.ContentDir, s.Pack, s.Config)
	d.Set("class_name", s.Class)
	d.Set("instance", s.Instance)
	d.Set("triggers", s.Triggers)
	d.Set("poll_interval", nil)
	if s.PollInterval > 0 {
		d.Set("poll_interval", s.PollInterval)
	}
	text, err := value.ToJSON(d)
	if err != nil {
		return nil, fmt.Errorf("hand the configuration to Python: %w", err)
	}
	return text, nil
}

// link is our end of the conversation with a sensor.
type link struct {
	ctx     context.Context //nolint:containedctx // that of the sensor's life
	host    SensorHost
	hang    context.CancelCauseFunc // ends the sensor
	changes <-chan TriggerChange

	writing sync.Mutex // of the stream
	stream  *os.File
}

// talk talks until the stream ends.
func (l *link) talk(stream *os.File) {
	l.stream = stream
	var all sync.WaitGroup
	defer all.Wait()
	over := make(chan struct{})
	defer close(over)
	answered := make(chan struct{}, 1) // one token: it has answered since somebody looked
	all.Go(func() { l.speak(over, answered) })
	places := make(chan struct{}, eventsAtOnce) // a token for each event that is being taken in
	for {
		text, err := read(stream, mostEvent)
		if err != nil {
			return
		}
		v, err := value.FromJSON(text)
		said, ok := v.(*value.Dict)
		if err != nil || !ok {
			return // no sensor of ours says that
		}
		kind, _ := said.Get("kind")
		switch kind {
		case "running":
			l.host.Running()
		case "pong":
			select {
			case answered <- struct{}{}:
			default: // it has answered already
			}
			polled, _ := said.Get("polled")
			l.host.Alive(moment(polled))
		case "event":
			select {
			case places <- struct{}{}:
			case <-l.ctx.Done():
				return
			}
			all.Go(func() { l.take(said); <-places })
		}
	}
}

// moment is the time of a number of seconds since 1970; zero for None.
func moment(v value.Value) time.Time {
	seconds, ok := v.(float64)
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(int64(seconds * 1e6))
}

func (l *link) take(said *value.Dict) {
	number, _ := said.Get("number")
	trigger, _ := said.Get("trigger")
	payload, _ := said.Get("payload")
	tag, _ := said.Get("trace_tag")
	e := SensorEvent{Payload: payload}
	e.Trigger, _ = trigger.(string)
	e.TraceTag, _ = tag.(string)
	answer := map[string]any{"kind": "taken", "number": number}
	if err := l.host.Take(l.ctx, e); err != nil {
		answer["error"] = err.Error()
	}
	l.say(answer)
}

// speak tells the sensor of triggers, and asks it whether it is alive.
func (l *link) speak(over <-chan struct{}, answered <-chan struct{}) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	heard := time.Now()
	ping := func() { l.say(map[string]any{"kind": "ping", "token": l.host.Token()}) }
	ping()
	for {
		select {
		case <-over:
			return
		case change := <-l.changes:
			text, err := value.ToJSON(change.Trigger)
			if err == nil {
				l.say(map[string]any{"kind": change.Kind, "trigger": json.RawMessage(text)})
			}
		case <-answered:
			heard = time.Now()
		case <-tick.C:
			if time.Since(heard) > silentFor {
				l.hang(ErrSilent)
			}
			ping()
		}
	}
}

// say says something, unless the sensor does not listen for so long that it is
// found to hang anyway.
func (l *link) say(what map[string]any) {
	text, err := json.Marshal(what)
	if err != nil {
		return // all that is said here has JSON
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.stream.SetWriteDeadline(time.Now().Add(silentFor)) // fails only if it is closed
	if errors.Is(write(l.stream, text), os.ErrDeadlineExceeded) {
		l.hang(ErrSilent)
	}
}
