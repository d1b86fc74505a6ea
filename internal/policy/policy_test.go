package policy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/policy"
)

func compile(t *testing.T, kind, params string) (policy.Governor, error) {
	t.Helper()
	v, err := value.FromJSON([]byte(params))
	if err != nil {
		t.Fatal(err)
	}
	return policy.Standard().Compile(&policy.Policy{Ref: "p.limit", PolicyType: kind, Parameters: v.(*value.Dict)})
}

func TestCompileNamesEveryMistake(t *testing.T) {
	tests := map[string]struct {
		kind, params string
		want         []string
	}{
		"nothing given":    {policy.Concurrency, `{}`, []string{"threshold is missing"}},
		"two at once":      {policy.Concurrency, `{"threshold": "x", "action": "explode"}`, []string{"threshold is not an integer", `action is "explode"`}},
		"no attributes":    {policy.ConcurrencyAttr, `{"threshold": 1}`, []string{"attributes is missing"}},
		"attribute twice":  {policy.ConcurrencyAttr, `{"threshold": 1, "attributes": ["a", "a"]}`, []string{`names "a" twice`}},
		"retry on nothing": {policy.Retry, `{}`, []string{"retry_on is missing"}},
		"retry bounds":     {policy.Retry, `{"retry_on": "failure", "max_retry_count": 6, "delay": 121}`, []string{"max_retry_count is 6", "delay is 121"}},
		"unknown type":     {"action.magic", `{}`, []string{`no policy type "action.magic"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := compile(t, tt.kind, tt.params)
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want it to say %q", err, want)
				}
			}
		})
	}
}

// Whatever comes and goes, no more than the threshold share a key.
func TestLimiterNeverExceedsItsThreshold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		threshold := rapid.IntRange(1, 4).Draw(rt, "threshold")
		byHost := rapid.Bool().Draw(rt, "by host")
		kind, params := policy.Concurrency, fmt.Sprintf(`{"threshold": %d}`, threshold)
		if byHost {
			kind, params = policy.ConcurrencyAttr, fmt.Sprintf(`{"threshold": %d, "attributes": ["host"]}`, threshold)
		}
		g, err := compile(t, kind, params)
		if err != nil {
			rt.Fatal(err)
		}
		var running []json.RawMessage
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			if len(running) > 0 && rapid.Bool().Draw(rt, "finish") {
				running = running[1:]
			}
			l, err := policy.NewLimiter(&g, running)
			if err != nil {
				rt.Fatal(err)
			}
			for range rapid.IntRange(0, 3).Draw(rt, "asking") {
				p := json.RawMessage(fmt.Sprintf(`{"cmd": "x", "host": "h%d"}`, rapid.IntRange(0, 2).Draw(rt, "host")))
				v, by, err := l.Ask(p)
				if err != nil {
					rt.Fatal(err)
				}
				if v == policy.Allow {
					running = append(running, p)
				} else if by != "p.limit" {
					rt.Fatalf("held back by %q", by)
				}
			}
			count := map[string]int{}
			for _, p := range running {
				key := ""
				if byHost {
					key = string(p)
				}
				if count[key]++; count[key] > threshold {
					rt.Fatalf("%d run for %q, the threshold is %d", count[key], key, threshold)
				}
			}
		}
	})
}

func TestRetryCountsItsTries(t *testing.T) {
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	g, err := compile(t, policy.Retry, `{"retry_on": "timeout", "max_retry_count": 2, "delay": 30}`)
	if err != nil {
		t.Fatal(err)
	}
	e := &execution.Execution{ID: "e0", Status: execution.Failed}
	if _, _, again := g.Next(e, now); again {
		t.Error("a failure is tried again by a policy for time-outs")
	}
	e.Status = execution.Timeout
	for i := 1; i <= 2; i++ {
		r, at, again := g.Next(e, now)
		if !again || r.Count != i || r.Retried != e.ID || !at.Equal(now.Add(30*time.Second)) {
			t.Fatalf("try %d: %+v at %v, again %v", i, r, at, again)
		}
		e = &execution.Execution{ID: fmt.Sprintf("e%d", i), Status: execution.Timeout}
		e.Context.Policies = &execution.Policies{Retry: &r}
	}
	if _, _, again := g.Next(e, now); again {
		t.Error("a third retry of two")
	}
	e.Context.Policies, e.Parent = nil, "workflow"
	if _, _, again := g.Next(e, now); again {
		t.Error("a part of a workflow is tried again by a policy")
	}
}
