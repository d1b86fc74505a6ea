package yaql_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// TestAnswers replays what the reference answered. The second line of a file is the
// data.
func TestAnswers(t *testing.T) {
	// What a text does not say of a moment is taken from today: the day of the answers.
	engine := yaql.New(yaql.Options{Now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }})
	for _, name := range []string{"answers", "queries"} {
		text, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		data, err := value.FromJSON([]byte(lines[1]))
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		for i, line := range lines {
			want, ok := strings.CutPrefix(line, "    ")
			if !ok {
				continue
			}
			asked++
			if got := answer(engine.Eval(t.Context(), lines[i-1], data, nil)); got != want {
				t.Errorf("%s.txt:%d: %s\ngot  %s\nwant %s", name, i, lines[i-1], got, want)
			}
		}
		if asked < 190 {
			t.Errorf("%s.txt has only %d questions", name, asked)
		}
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
