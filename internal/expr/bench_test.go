package expr_test

import (
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func BenchmarkEvaluate(b *testing.B) {
	items := make([]value.Value, 1000)
	for i := range items {
		d := value.NewDict()
		d.Set("name", fmt.Sprintf("web%d", i))
		d.Set("status", []string{"up", "down", "up"}[i%3])
		items[i] = d
	}
	data := value.NewDict()
	data.Set("items", value.NewList(items...))
	data.Set("host", "web1")
	data.Set("__state", value.NewDict())
	e := expr.New(expr.Options{})
	for name, statement := range map[string]value.Value{
		"yaql over 1000 items": "<% ctx().items.where($.status = 'down').select($.name) %>",
		"yaql variable":        "<% ctx().host %>",
		"yaql in text":         "host <% ctx(host) %> is down",
		"jinja variable":       "{{ ctx().host }}",
		"plain text":           "a text without any expression in it",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Evaluate(b.Context(), statement, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
