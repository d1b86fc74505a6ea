package jinja_test

import (
	"context"
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// TestReferenceExamples holds the promise of the reference page that each example
// gives what it says.
func TestReferenceExamples(t *testing.T) {
	env := jinja.New(jinja.Options{Filters: map[string]jinja.Filter{
		"decrypt_kv": func(_ context.Context, in value.Value, _ *value.Args) (value.Value, error) { return in, nil },
	}})
	count := map[string]int{}
	for _, e := range env.Reference() {
		count[e.Kind]++
		if e.Signature == "" || !strings.HasSuffix(e.Doc, ".") && !strings.HasSuffix(e.Doc, "?") {
			t.Errorf("%s has no sentence or no signature: %+v", e.Name, e)
		}
		if e.Example == "" {
			if e.Name != "decrypt_kv" {
				t.Errorf("%s has no example", e.Name)
			}
			continue
		}
		if !strings.Contains(e.Example, e.Name) {
			t.Errorf("the example of %s is another's: %s", e.Name, e.Example)
		}
		x, err := env.Expr(e.Example)
		if err != nil {
			t.Errorf("%s: %v", e.Example, err)
			continue
		}
		v, err := x.Eval(t.Context(), nil)
		if err != nil {
			t.Errorf("%s: %v", e.Example, err)
			continue
		}
		got, err := value.AppendJSONOptions(nil, plain(t, v), value.JSONOptions{Item: ", ", Key: ": "})
		if err != nil || string(got) != e.Result {
			t.Errorf("%s: got %s, %v, want %s", e.Example, got, err, e.Result)
		}
	}
	for kind, want := range map[string]int{jinja.KindFilter: 54, jinja.KindStackStorm: 25, jinja.KindTest: 39, jinja.KindGlobal: 6} {
		if count[kind] != want {
			t.Errorf("got %d of kind %s, want %d", count[kind], kind, want)
		}
	}
}

// plain returns v with the items of generators and views in lists.
func plain(t *testing.T, v value.Value) value.Value {
	switch v.(type) {
	case *value.Generator, *value.View, *value.List, value.Tuple:
		items, err := value.NewItems(t.Context(), v)
		if err != nil {
			t.Fatal(err)
		}
		for i := range items {
			items[i] = plain(t, items[i])
		}
		return value.NewList(items...)
	}
	return v
}
