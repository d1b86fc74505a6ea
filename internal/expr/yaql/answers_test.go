package yaql_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// TestAnswers replays what the reference answered.
func TestAnswers(t *testing.T) {
	text, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	data, err := value.FromJSON([]byte(`{"a": 1, "b": [1, 2], "d": {"x": 1, "y": [3]}}`))
	if err != nil {
		t.Fatal(err)
	}
	engine := yaql.New(yaql.Options{})
	lines := strings.Split(string(text), "\n")
	asked := 0
	for i, line := range lines {
		want, ok := strings.CutPrefix(line, "    ")
		if !ok {
			continue
		}
		asked++
		got := answer(engine.Eval(t.Context(), lines[i-1], data, nil))
		if got != want {
			t.Errorf("line %d: %s\ngot  %s\nwant %s", i, lines[i-1], got, want)
		}
	}
	if asked < 400 {
		t.Errorf("only %d questions", asked)
	}
}

func answer(v value.Value, err error) string {
	if err == nil {
		return show(v)
	}
	e, ok := errors.AsType[*yaql.Error](err)
	if !ok {
		return fmt.Sprintf("%T: %v", err, err)
	}
	return "!" + e.Class + ": " + e.Msg
}

// show is repr, with sets in order and times in a form of their own.
func show(v value.Value) string {
	var parts []string
	switch v := v.(type) {
	case *value.Dict:
		for k, x := range v.All() {
			parts = append(parts, show(k)+": "+show(x))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *value.List:
		for _, x := range v.Items {
			parts = append(parts, show(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *value.Set:
		for x := range v.All() {
			parts = append(parts, show(x))
		}
		if parts == nil {
			return "set()"
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	case value.DateTime:
		return v.ISO("T")
	case value.TimeDelta:
		return fmt.Sprintf("td%d", int64(v))
	}
	return value.Repr(v)
}
