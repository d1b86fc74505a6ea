package policy

import (
	"encoding/json"
	"fmt"
)

// A Verdict says what happens to an execution that asks to start.
type Verdict uint8

// The verdicts.
const (
	Allow Verdict = iota
	Delay
	Cancel
)

// Limiter applies the limits of one action to the executions that ask, one
// after the other. It knows who occupies places already, and counts those whom
// it lets in.
type Limiter struct {
	limits   []Limit
	occupied []map[string]int // for each limit: how many share a key
}

// NewLimiter returns the limiter of an action over the parameters of the
// executions that run or may run now.
func NewLimiter(g *Governor, occupying []json.RawMessage) (*Limiter, error) {
	l := &Limiter{limits: g.Limits, occupied: make([]map[string]int, len(g.Limits))}
	for i, limit := range l.limits {
		l.occupied[i] = map[string]int{}
		for _, params := range occupying {
			key, err := limit.Key(params)
			if err != nil {
				return nil, fmt.Errorf("policy %s: %w", limit.Policy, err)
			}
			l.occupied[i][key]++
		}
	}
	return l, nil
}

// Ask decides about an execution with parameters, and names the policy that
// stands in its way. What is allowed counts from now on. Of several limits in
// the way, one that cancels is stronger.
func (l *Limiter) Ask(parameters json.RawMessage) (v Verdict, by string, err error) {
	keys := make([]string, len(l.limits))
	for i, limit := range l.limits {
		if keys[i], err = limit.Key(parameters); err != nil {
			return Delay, limit.Policy, fmt.Errorf("policy %s: %w", limit.Policy, err)
		}
		if l.occupied[i][keys[i]] < limit.Threshold {
			continue
		}
		if limit.Cancel {
			return Cancel, limit.Policy, nil
		}
		if v == Allow {
			v, by = Delay, limit.Policy
		}
	}
	if v == Allow {
		for i, key := range keys {
			l.occupied[i][key]++
		}
	}
	return v, by, nil
}

// Full reports whether no execution at all can be let in, whatever its
// parameters, so that there is no use in asking for more.
func (l *Limiter) Full() bool {
	for i, limit := range l.limits {
		if len(limit.Attributes) == 0 && !limit.Cancel && l.occupied[i][""] >= limit.Threshold {
			return true
		}
	}
	return false
}
