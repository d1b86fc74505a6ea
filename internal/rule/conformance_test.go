package rule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/jsonpath"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestConformanceOperators(t *testing.T) {
	conformance.Run(t, "st2_operators", "testdata/known_st2_operators.txt", func(c conformance.Case) error {
		var got value.Value
		var err error
		switch c.Kind {
		case "operator":
			got, err = askOperator(t, c)
		case "criteria":
			got, err = askCriteria(t, c)
		case "lookup":
			got, err = askLookup(t, c)
		default:
			return fmt.Errorf("unknown kind %s", c.Kind)
		}
		if class, message, ok := c.WantError(); ok {
			if err == nil {
				return fmt.Errorf("got %s, want the error %s: %s", value.Repr(got), class, message)
			}
			return nil
		}
		if err != nil {
			return err
		}
		return c.CompareResult(got)
	})
}

func askOperator(t *testing.T, c conformance.Case) (value.Value, error) {
	a := arguments{ctx: t.Context()}
	var err1, err2 error
	a.value, err1 = c.Value("value")
	a.pattern, err2 = c.Value("pattern")
	now, err3 := c.Value("now")
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	if d, ok := now.(value.DateTime); ok {
		a.now = d.Time
	}
	name := c.Text("operator")
	if strings.EqualFold(name, search) {
		return askSearch(t, c, a.value, a.pattern)
	}
	op, ok := operatorNamed(name)
	if !ok {
		return nil, fmt.Errorf("there is no operator %s", name)
	}
	return op.run(&a)
}

// askSearch asks a search whose criteria answer as the recorded calls did.
func askSearch(t *testing.T, c conformance.Case, v, pattern value.Value) (value.Value, error) {
	calls, err := c.Value("check_calls")
	if err != nil {
		return nil, err
	}
	answers := map[string]bool{}
	for _, call := range calls.(*value.List).Items {
		items := call.(*value.List).Items
		item, _ := items[2].(*value.Dict).Get("item")
		answers[value.Repr(items[0])+value.Repr(item)] = items[3].(bool)
	}
	sub := &Criteria{}
	if d, ok := pattern.(*value.Dict); ok {
		for k := range d.Texts() {
			root, err := jsonpath.Parse("$")
			if err != nil {
				return nil, err
			}
			sub.list = append(sub.list, &criterion{key: k, path: root, op: operator{apply: func(a *arguments) (bool, error) {
				item, _ := a.value.(*value.Dict).Get("item")
				answer, ok := answers[value.Repr(k)+value.Repr(item)]
				if !ok {
					return false, fmt.Errorf("asked about %s and %s", k, value.Repr(item))
				}
				return answer, nil
			}, nullToo: true}})
		}
	}
	condition, err := c.Value("condition")
	if err != nil {
		return nil, err
	}
	cr := &criterion{operator: search, condition: condition, sub: sub}
	e := event{ctx: t.Context(), root: payloadName, env: &Env{}}
	return cr.search(&e, v, pattern, nil)
}

func askCriteria(t *testing.T, c conformance.Case) (value.Value, error) {
	criteria, err := c.Dict("criteria")
	if err != nil {
		return nil, err
	}
	payload, err := c.Value("payload")
	if err != nil {
		return nil, err
	}
	enabled, err := c.Value("enabled")
	if err != nil {
		return nil, err
	}
	r := &Rule{Ref: "examples.case", Enabled: value.Truth(enabled), Criteria: criteria, Trigger: TriggerRef{Ref: "examples.trigger"}}
	m, _ := NewMatcher(r, Options{Parse: parser()})
	result := NewIndex([]*Matcher{m}).Match(t.Context(), "examples.trigger", payload, Env{})
	verdict := m.Explain(t.Context(), payload, Env{})
	if verdict.Matched != (len(result.Matched) == 1) {
		return nil, fmt.Errorf("the explanation says otherwise: %s", verdict.Reason)
	}
	return len(result.Matched) == 1, nil
}

func askLookup(t *testing.T, c conformance.Case) (value.Value, error) {
	names, err := c.Dict("context")
	if err != nil {
		return nil, err
	}
	path, err := jsonpath.Parse(c.Text("key"))
	if err != nil {
		return nil, err
	}
	found, err := path.Find(t.Context(), names)
	if err != nil || found == nil {
		return nil, err
	}
	return value.NewList(found...), nil
}
