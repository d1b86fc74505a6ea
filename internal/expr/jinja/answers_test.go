package jinja_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// TestAnswersOfPython asks expressions that were put together at random, and
// compares with what Jinja 3.1.6 on Python 3.11 answered in StackStorm's
// configuration. The first line of the file is the context. Errors need not be of
// the same class, since most are Python's.
func TestAnswersOfPython(t *testing.T) {
	data, err := os.ReadFile("testdata/answers.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	env := jinja.New(jinja.Options{})
	var given *value.Dict
	for line := range bytes.Lines(data) {
		var q struct {
			Context json.RawMessage
			Source  string
			Result  string
			Error   string
		}
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		if q.Context != nil {
			given = vars(t, string(q.Context))
			continue
		}
		got, err := env.Render(t.Context(), q.Source, given)
		if (err != nil) != (q.Error != "") || got != q.Result {
			t.Errorf("%s\ngot  %q, %v\nwant %q %s", q.Source, got, err, q.Result, q.Error)
		}
	}
}
