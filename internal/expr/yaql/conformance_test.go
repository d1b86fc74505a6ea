package yaql_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

func TestConformanceYaql(t *testing.T) {
	conformance.Run(t, "yaql", "testdata/known_yaql.txt", check)
}

func check(c conformance.Case) error {
	if c.Has("legacy_syntax") || c.Has("legacy_context") {
		return conformance.ErrSkip
	}
	options, err := engineOptions(c)
	if err != nil {
		return err
	}
	data, err := c.Value("data")
	if err != nil {
		return err
	}
	vars, err := c.Dict("vars")
	if err != nil {
		return err
	}
	engine := yaql.New(options)
	x, err := engine.Parse(c.Text("expr"))
	var got value.Value
	if err == nil {
		if c.Text("phase") == "parse" {
			return errors.New("it parses")
		}
		got, err = x.Eval(context.Background(), data, vars)
	}
	class, msg, fails := c.WantError()
	if fails {
		return compareError(class, msg, got, err)
	}
	if err != nil {
		return err
	}
	return c.CompareResult(got)
}

func engineOptions(c conformance.Case) (yaql.Options, error) {
	o := yaql.Options{}
	named, err := c.Dict("options")
	if err != nil {
		return o, err
	}
	for name, v := range named.Texts() {
		switch name {
		case "yaql.limitIterators":
			n, _ := v.(int64)
			o.LimitItems = int(n)
		case "yaql.convertTuplesToLists":
			o.KeepTuples = !value.Truth(v)
		case "yaql.convertSetsToLists":
			o.SetsToLists = value.Truth(v)
		case "yaql.convertInputData":
			o.KeepInput = !value.Truth(v)
		case "yaql.convertOutputData":
			o.KeepOutput = !value.Truth(v)
		case "yaql.iterableDicts":
			o.IterableDicts = value.Truth(v)
		case "yaql.memoryQuota": // counts bytes of Python's objects
		default:
			return o, fmt.Errorf("option %s is not known", name)
		}
	}
	delegates, err := c.Value("allow_delegates")
	if err != nil {
		return o, err
	}
	o.Delegates = value.Truth(delegates)
	more, err := c.Dict("context_options")
	if err != nil {
		return o, err
	}
	if v, ok := more.Get("group_by_agg_fallback"); ok {
		o.NoGroupByOfOld = !value.Truth(v)
	}
	return o, nil
}

// compareError compares the class of an error. Classes of Python only say that it
// fails, but ours are the same, so they are compared, too.
func compareError(class, msg string, got value.Value, err error) error {
	if err == nil {
		return fmt.Errorf("got %s, want %s: %s", value.Repr(got), class, msg)
	}
	var e *yaql.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("the error is no *yaql.Error: %w", err)
	}
	if e.Class != class || e.Msg != msg && class != string(value.StopIteration) {
		return fmt.Errorf("got %s, want %s: %s", e.Detail(), class, msg)
	}
	return nil
}
