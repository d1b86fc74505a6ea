// Package execution says what an execution is: one run of one action, what was
// asked, where it stands and which status may follow which.
//
// It is pure: services decide with it and the store keeps what was decided.
package execution

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// An Execution is one run of one action.
type Execution struct {
	ID         string
	Status     Status
	Action     string          // reference of the action, pack.name
	Runner     string          // name of the runner type
	Parameters json.RawMessage // an object: what was given, rendered and cast
	Context    Context
	Notify     json.RawMessage // who hears of its end, see package notify; nil: nobody

	Parent      string // id of the execution that this one is a part of; may be empty
	TriggerType string // of the event that caused it; may be empty
	Trigger     string // reference of the trigger; may be empty

	CreatedAt  time.Time // when it was requested; shown as start_timestamp
	NotBefore  time.Time // not started before; zero means at once
	StartedAt  time.Time // when a worker last claimed it, or its workflow began
	FinishedAt time.Time
	Log        []LogEntry

	// Conducted executions are workflows: no worker runs them.
	Conducted bool
	// Task is what the workflow that started this execution calls it; empty when
	// none did.
	Task string

	// Idempotent executions may be run again when their worker vanishes.
	Idempotent bool
	// Attempt counts claims. It is the fencing token: what a worker says of an
	// older attempt is not heard.
	Attempt int
	Worker  string // id of the worker that holds it

	// Secrets are texts that it has seen and that are masked in all that is shown of it: its
	// secret parameters, and what was decrypted on its behalf.
	Secrets []string

	Result     json.RawMessage // nil until finished, and in lists
	ResultSize int
}

// A Request is the wish to run an action.
type Request struct {
	Action     string      // reference
	Parameters *value.Dict // as given; may hold templates
	Context    Context
	Delay      time.Duration
	Notify     json.RawMessage // who hears of its end; nil: whom its action names; {}: nobody

	Trigger     string // reference of the trigger whose event asks, if one does
	TriggerType string

	Secrets []string // that are in the parameters

	Parent string // id of the workflow that asks, if one does
	Task   string // what it calls the execution
}

// A LogEntry says when an execution came to a status.
type LogEntry struct {
	Status Status    `json:"status"`
	At     time.Time `json:"timestamp"`
}

// Context says on whose behalf and because of what an execution runs.
// Its JSON is what StackStorm shows as an execution's context.
type Context struct {
	User            string          `json:"user,omitempty"`
	APIUser         string          `json:"api_user,omitempty"`
	Pack            string          `json:"pack,omitempty"`
	Parent          json.RawMessage `json:"parent,omitempty"`
	TraceContext    *Trace          `json:"trace_context,omitempty"`
	Rule            *Named          `json:"rule,omitempty"`
	TriggerInstance *Named          `json:"trigger_instance,omitempty"`
	Policies        *Policies       `json:"policies,omitempty"`
	ReRun           *ReRun          `json:"re-run,omitempty"`
	CanceledBy      string          `json:"cancelled_by,omitempty"`
	PausedBy        string          `json:"paused_by,omitempty"`
	ResumedBy       string          `json:"resumed_by,omitempty"`
	AnsweredBy      string          `json:"answered_by,omitempty"` // ours: who has answered the inquiry
	// Extra holds what a client sent along with the st2-context header and the
	// body's context, by name.
	Extra map[string]json.RawMessage `json:"-"`
}

// Trace names the chain of causes.
type Trace struct {
	ID  string `json:"id_,omitempty"`
	Tag string `json:"trace_tag,omitempty"`
}

// Of returns the id of the trace; empty when none is named.
func (t *Trace) Of() string {
	if t == nil {
		return ""
	}
	return t.ID
}

// Named is the id and name of something else.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Policies is what policies did to an execution.
type Policies struct {
	Retry *Retry `json:"retry,omitempty"`
}

// Retry links an execution to the one that it repeats.
type Retry struct {
	AppliedPolicy string `json:"applied_policy"`
	Count         int    `json:"retry_count"`
	Retried       string `json:"retried_liveaction_id"`
}

// ReRun links an execution to the one that a person had run again.
type ReRun struct {
	Ref   string   `json:"ref"`
	Tasks []string `json:"tasks,omitempty"`
	Reset []string `json:"reset,omitempty"`
	// Failed says that the tasks that failed run again, and Tasks names none.
	Failed bool `json:"failed,omitempty"`
}

// Parts reports whether some tasks of a workflow are run again, and not all of it.
func (r *ReRun) Parts() bool { return len(r.Tasks) > 0 || r.Failed }

// contextFields is Context without its methods, for the plain JSON of it.
type contextFields Context

// MarshalJSON writes the named fields and then the extra ones.
func (c Context) MarshalJSON() ([]byte, error) {
	out, err := json.Marshal(contextFields(c))
	if err != nil || len(c.Extra) == 0 {
		return out, err
	}
	known := named()
	for _, name := range slices.Sorted(maps.Keys(c.Extra)) {
		if known[name] {
			continue // what the field says counts
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		if out = out[:len(out)-1]; len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, key...), ':')
		v := c.Extra[name]
		if len(v) == 0 {
			v = json.RawMessage("null")
		}
		out = append(append(out, v...), '}')
	}
	return out, nil
}

// named are the names of the fields in JSON.
var named = sync.OnceValue(func() map[string]bool { //nolint:gochecknoglobals // it never changes
	names := map[string]bool{}
	for f := range reflect.TypeFor[contextFields]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
})

// UnmarshalJSON reads the named fields and keeps the others as extra ones.
func (c *Context) UnmarshalJSON(b []byte) error {
	// Most contexts have no extra fields, and are read once.
	known := json.NewDecoder(bytes.NewReader(b))
	known.DisallowUnknownFields()
	if known.Decode((*contextFields)(c)) == nil {
		return nil
	}
	*c = Context{}
	if err := json.Unmarshal(b, (*contextFields)(c)); err != nil {
		return err
	}
	if err := json.Unmarshal(b, &c.Extra); err != nil {
		return err
	}
	maps.DeleteFunc(c.Extra, func(name string, _ json.RawMessage) bool { return named()[name] })
	return nil
}

// To moves e to status s at now and notes it in the log. It reports false, and
// changes nothing, when s may not follow.
func (e *Execution) To(s Status, now time.Time) bool {
	if !e.Status.MayFollow(s) {
		return false
	}
	e.Status = s
	e.Log = append(e.Log, LogEntry{s, now})
	if s.Final() {
		e.FinishedAt = now
	}
	return true
}
