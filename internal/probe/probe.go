// Package probe says what a probe is: what it looks at, how often, and when what
// it finds becomes an event.
//
// A probe is a trigger of one of the types in [Types], with its parameters.
// [Parse] reads those and reports all mistakes at once. A [File] tells of each
// line that a file grows by. A [Check] finds something well or not, time after
// time, and tells only of the change: it is firing once it has failed as often in
// a row as its author said, and resolved with the first success after that.
// [State.Next] decides this. A check that could not be made says nothing about
// its target, and so changes nothing.
//
// All of it is pure: nothing here opens a file, a connection, or reads the clock.
package probe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/schema"
)

// The kinds of probe, by the references of their trigger types.
const (
	FileLine        = "linux.file_watch.line"
	HTTPCheck       = "probes.http"
	TCPCheck        = "probes.tcp"
	TLSCheck        = "probes.tls"
	ProcessCheck    = "probes.process"
	PrometheusCheck = "probes.prometheus"
)

// Kinds returns the kinds of probe.
func Kinds() []string {
	var out []string
	for _, t := range Types() {
		out = append(out, t.Ref)
	}
	return out
}

// Is reports whether a trigger type is a kind of probe.
func Is(kind string) bool { return slices.Contains(Kinds(), kind) }

// A Spec is what a probe looks at: a [*File] or a [Check].
type Spec interface {
	// Target names what is looked at, for people.
	Target() string
	mistakes() []string
}

// A Check is a Spec that is looked at time after time.
type Check interface {
	Spec
	// Often says when it is looked at, and how often it must fail.
	Often() Schedule
}

// A Schedule says how often something is checked, in seconds, and when it fires.
type Schedule struct {
	Interval float64 `json:"interval"` // between two checks
	Timeout  float64 `json:"timeout"`  // of one check
	For      int     `json:"for"`      // how many checks in a row must fail
}

// Often returns the schedule itself: it is a part of all checks.
func (s Schedule) Often() Schedule { return s }

// Every is the time between two checks.
func (s Schedule) Every() time.Duration { return seconds(s.Interval) }

// Limit is how long one check may take.
func (s Schedule) Limit() time.Duration { return seconds(s.Timeout) }

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func (s Schedule) mistakes() []string {
	if s.Timeout > s.Interval {
		return []string{fmt.Sprintf("timeout: %v seconds are longer than the interval of %v", s.Timeout, s.Interval)}
	}
	return nil
}

// Parse reads the parameters of a probe of a kind, which is the reference of its
// trigger type. Mistakes are one *fault.Fault that lists them all, each with the
// name of its parameter.
func Parse(kind string, params *value.Dict) (Spec, error) {
	i := slices.IndexFunc(Types(), func(t Type) bool { return t.Ref == kind })
	if i < 0 {
		return nil, fault.Newf(fault.Invalid, "%q is not a kind of probe: the kinds are %s", kind, strings.Join(Kinds(), ", "))
	}
	if params == nil {
		params = value.NewDict()
	}
	filled, err := fill(Types()[i].ParametersSchema, params)
	if err != nil {
		return nil, err
	}
	text, err := value.ToJSON(filled)
	if err != nil {
		return nil, fault.Newf(fault.Invalid, "the parameters have no JSON: %v", err)
	}
	spec := Types()[i].spec()
	if err := json.Unmarshal(text, spec); err != nil {
		return nil, fault.Newf(fault.Invalid, "the parameters are not understood: %v", err) // the schema lets numbers through that no int holds
	}
	if wrong := spec.mistakes(); len(wrong) > 0 {
		return nil, fault.Newf(fault.Invalid, "%s", strings.Join(wrong, "; "))
	}
	return spec, nil
}

// fill checks parameters with the schema of their type and adds its defaults.
func fill(text string, params *value.Dict) (value.Value, error) {
	d := value.NewDict()
	if err := d.UnmarshalJSON([]byte(text)); err != nil {
		panic(fmt.Sprintf("probe: %v in %s", err, text)) // constant text
	}
	s, err := schema.Compile(schema.AllowNone(d))
	if err != nil {
		panic(fmt.Sprintf("probe: %v in %s", err, text)) // constant text
	}
	filled := s.Fill(params)
	var wrong []string
	for _, e := range s.Validate(filled) {
		if name := e.Name(); name != "" {
			wrong = append(wrong, name+": "+e.Msg)
		} else {
			wrong = append(wrong, e.Msg)
		}
	}
	if len(wrong) > 0 {
		return nil, fault.Newf(fault.Invalid, "%s", strings.Join(wrong, "; "))
	}
	return filled, nil
}
