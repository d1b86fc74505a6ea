package expr_test

import (
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// What tools/compare-expr has the Python engines evaluate, too.
const (
	benchParameter = "{{ trigger.body.alerts[0].labels.instance | default('x') }}"
	benchFilter    = "{{ items | selectattr('status', 'eq', 'down') | map(attribute='name') | list }}"
	benchCtx       = "{{ ctx().trigger.body.alerts[0].labels.instance | default('x') }}"
	benchYaql      = "<% ctx().items.where($.status = 'down').select($.name) %>"
	benchPlain     = "just some text without an expression"
)

// benchData is an event with one alert, and 1,000 items of which every third is
// down.
func benchData(b *testing.B) *value.Dict {
	b.Helper()
	v, err := value.FromJSON([]byte(`{"trigger": {"body": {"status": "firing",
		"alerts": [{"labels": {"instance": "web-01", "severity": "page"}}]}}}`))
	if err != nil {
		b.Fatal(err)
	}
	data, _ := v.(*value.Dict)
	items := make([]value.Value, 1000)
	for i := range items {
		d := value.NewDict()
		d.Set("name", fmt.Sprintf("web%d", i))
		d.Set("region", "eu")
		d.Set("status", []string{"up", "down", "up"}[i%3])
		items[i] = d
	}
	data.Set("items", value.NewList(items...))
	return data
}

// BenchmarkExpressions measures what docs/performance.md compares.
func BenchmarkExpressions(b *testing.B) {
	workflows := expr.New(expr.Options{})
	rules := jinja.New(jinja.Options{})
	render := func(src string) func(b *testing.B, data *value.Dict) error {
		return func(b *testing.B, data *value.Dict) error {
			_, err := rules.Render(b.Context(), src, data)
			return err
		}
	}
	workflow := func(src value.Value) func(b *testing.B, data *value.Dict) error {
		return func(b *testing.B, data *value.Dict) error {
			_, err := workflows.Evaluate(b.Context(), src, data)
			return err
		}
	}
	for _, x := range []struct {
		name string
		once func(b *testing.B, data *value.Dict) error
	}{
		{"jinja/parameter", render(benchParameter)},
		{"jinja/filter-1000", render(benchFilter)},
		{"jinja/plain", render(benchPlain)},
		{"yaql/where-select-1000", workflow(benchYaql)},
		{"workflow/parameter", workflow(benchCtx)},
		{"workflow/plain", workflow(benchPlain)},
	} {
		b.Run(x.name, func(b *testing.B) {
			data := benchData(b)
			b.ReportAllocs()
			for b.Loop() {
				if err := x.once(b, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("jinja/parameter-anew", func(b *testing.B) {
		data, n := benchData(b), 0
		once := jinja.New(jinja.Options{Cache: 1})
		b.ReportAllocs()
		for b.Loop() {
			n++ // five sources in turn, and a cache of one: each is parsed again
			if _, err := once.Render(b.Context(), benchParameter+"    "[:n%5], data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestTextWithoutExpressionsCostsNothing(t *testing.T) {
	e := expr.New(expr.Options{})
	var text value.Value = benchPlain
	data := value.NewDict()
	n := testing.AllocsPerRun(100, func() {
		if v, err := e.Evaluate(t.Context(), text, data); err != nil || v != text {
			t.Errorf("got %v, %v", v, err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
