// Package policy says what stands between a requested execution and its run,
// and what follows a failed one: how many may run at a time, and how often it
// is tried again.
//
// It decides and nothing else: whoever asks brings the counts, the time and
// the transaction in which they are true.
package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// The types of policies, by the names that policy files use.
const (
	Concurrency     = "action.concurrency"
	ConcurrencyAttr = "action.concurrency.attr"
	Retry           = "action.retry"
)

// A Policy governs the executions of one action.
type Policy struct {
	ID           string      `json:"id"`
	UID          string      `json:"uid"`
	Ref          string      `json:"ref"`
	Pack         string      `json:"pack"`
	Name         string      `json:"name"`
	Description  string      `json:"description"`
	Enabled      bool        `json:"enabled"`
	ResourceRef  string      `json:"resource_ref"`
	PolicyType   string      `json:"policy_type"`
	Parameters   *value.Dict `json:"parameters"`
	MetadataFile string      `json:"metadata_file"`
}

// A Limit bounds how many executions of an action run at a time.
type Limit struct {
	Policy     string // reference of the policy
	Threshold  int
	Attributes []string // parameters that must be equal for two executions to count together; none: all count
	Cancel     bool     // an execution over the limit is canceled, not delayed
}

// Tries says how often and when a failed execution is tried again.
type Tries struct {
	Policy    string
	OnFailure bool
	OnTimeout bool
	Max       int
	Delay     time.Duration
}

// A Governor is what all enabled policies of one action say together.
type Governor struct {
	Limits []Limit
	Tries  []Tries
}

// Governs reports whether an execution must ask before it starts.
func (g *Governor) Governs() bool { return g != nil && len(g.Limits) > 0 }

// Add makes g say what other says as well.
func (g *Governor) Add(other Governor) {
	g.Limits = append(g.Limits, other.Limits...)
	g.Tries = append(g.Tries, other.Tries...)
}

// Key returns what executions must share to count together under l: the
// values of its attributes among the given parameters.
func (l Limit) Key(parameters json.RawMessage) (string, error) {
	if len(l.Attributes) == 0 {
		return "", nil
	}
	v, err := value.FromJSON(parameters)
	if err != nil {
		return "", fmt.Errorf("read parameters: %w", err)
	}
	d, _ := v.(*value.Dict)
	key := make([]value.Value, 0, len(l.Attributes))
	for _, a := range l.Attributes {
		var val value.Value
		if d != nil {
			val, _ = d.Get(a)
		}
		key = append(key, val)
	}
	text, err := value.SortedJSON(value.NewList(key...))
	return string(text), err
}

// Next says whether the finished execution e is to be tried again, and when,
// at the earliest. Parts of workflows are not: their workflow decides.
func (g *Governor) Next(e *execution.Execution, now time.Time) (r execution.Retry, at time.Time, again bool) {
	if g == nil || e.Parent != "" {
		return r, at, false
	}
	done := 0
	if p := e.Context.Policies; p != nil && p.Retry != nil {
		done = p.Retry.Count
	}
	i := slices.IndexFunc(g.Tries, func(t Tries) bool {
		return done < t.Max && (t.OnFailure && e.Status == execution.Failed || t.OnTimeout && e.Status == execution.Timeout)
	})
	if i < 0 {
		return r, at, false
	}
	t := g.Tries[i]
	return execution.Retry{AppliedPolicy: t.Policy, Count: done + 1, Retried: e.ID}, now.Add(t.Delay), true
}

// reader takes parameters out of a dict and collects what is wrong with them.
type reader struct {
	params *value.Dict
	errs   []error
}

func (r *reader) fail(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

func (r *reader) get(name string) value.Value {
	if r.params == nil {
		return nil
	}
	v, _ := r.params.Get(name)
	return v
}

func (r *reader) integer(name string, low, high int, def *int) int {
	switch v := r.get(name).(type) {
	case nil:
		if def != nil {
			return *def
		}
		r.fail("%s is missing; it is an integer from %d to %d", name, low, high)
	case int64:
		if v >= int64(low) && v <= int64(high) {
			return int(v)
		}
		r.fail("%s is %d; it is an integer from %d to %d", name, v, low, high)
	default:
		r.fail("%s is not an integer", name)
	}
	return low
}

func (r *reader) text(name, def string) string {
	switch v := r.get(name).(type) {
	case nil:
		return def
	case string:
		return v
	default:
		r.fail("%s is not a string", name)
		return def
	}
}

func (r *reader) texts(name string) []string {
	l, ok := r.get(name).(*value.List)
	if !ok || len(l.Items) == 0 {
		r.fail("%s is missing; it is a list of names of parameters", name)
		return nil
	}
	var out []string
	for _, v := range l.Items {
		s, ok := v.(string)
		switch {
		case !ok:
			r.fail("%s has an item that is not a string", name)
		case slices.Contains(out, s):
			r.fail("%s names %q twice", name, s)
		default:
			out = append(out, s)
		}
	}
	return out
}
