package rule

import (
	"context"
	"fmt"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Finding is what was seen when one criterion was asked.
type Finding struct {
	Key      string      `json:"key"`
	Operator string      `json:"operator"`
	Written  value.Value `json:"written,omitempty"` // the pattern before it was rendered, if it is a template
	Pattern  value.Value `json:"pattern"`
	Value    value.Value `json:"value"` // what the event has there
	Met      bool        `json:"met"`
	Failure  string      `json:"failure,omitempty"` // why it could not be evaluated
	Note     string      `json:"note,omitempty"`    // more about how it came out
	Decided  bool        `json:"decided"`           // this one settled that the rule does not match
}

func (f *Finding) conclude(met bool, err error) {
	f.Met = met && err == nil
	if err != nil {
		f.Failure = err.Error()
	}
}

// String says it in a line.
func (f Finding) String() string {
	what := fmt.Sprintf("%s %s %s", f.Key, f.Operator, value.Repr(f.Pattern))
	switch {
	case f.Failure != "":
		return what + ": failed: " + f.Failure
	case f.Note != "":
		what += " (" + f.Note + ")"
	}
	verdict := ": not met"
	if f.Met {
		verdict = ": met"
	}
	return what + verdict + ", the value is " + value.Repr(f.Value)
}

// Explain asks all criteria about an event, also those after the one that
// decided, and returns what was seen.
func (c *Criteria) Explain(ctx context.Context, payload value.Value, env Env) []Finding {
	e := event{ctx: ctx, root: payloadName, payload: payload, env: &env}
	findings := make([]Finding, len(c.list))
	decided, failed := -1, -1
	for i, cr := range c.list {
		f := &findings[i]
		f.Key, f.Operator = cr.key, cr.operator
		if cr.template != nil {
			f.Written = cr.pattern
		}
		met, err := cr.check(&e, f)
		switch {
		case err != nil && failed < 0:
			failed = i
		case err == nil && !met && decided < 0:
			decided = i
		}
	}
	if decided < 0 {
		decided = failed
	}
	if decided >= 0 {
		findings[decided].Decided = true
	}
	return findings
}
