package yaql_test

import (
	"fmt"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// services is a list of so many services, every third of which is down.
func services(n int) *value.Dict {
	items := make([]value.Value, n)
	for i := range items {
		d := value.NewDict()
		d.Set("name", fmt.Sprintf("web%d", i))
		d.Set("region", "eu")
		d.Set("status", []string{"up", "down", "up"}[i%3])
		items[i] = d
	}
	ctx := value.NewDict()
	ctx.Set("items", value.NewList(items...))
	return ctx
}

func BenchmarkEval(b *testing.B) {
	data := services(1000)
	engine := yaql.New(yaql.Options{})
	for _, src := range []string{
		"$.items.where($.status = 'down').select($.name)",
		"$.items.where($.status = 'down' and $.name.startsWith(web)).len()",
		"$.items.groupBy($.status, $.name, $.len())",
		"$.items.orderBy($.name).select({n => $.name}).first()",
		"$.items[0].name",
		"1 + 2 * 3",
	} {
		b.Run(src, func(b *testing.B) {
			x, err := engine.Parse(src)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Eval(b.Context(), data, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	engine := yaql.New(yaql.Options{Cache: 2})
	src := []string{
		"$.items.where($.status = 'down').select($.name)", "$.items.where($.status = 'up').select($.name)",
		"$.items.where($.status = 'gone').select($.name)",
	}
	for i := 0; b.Loop(); i++ {
		if _, err := engine.Parse(src[i%3]); err != nil {
			b.Fatal(err)
		}
	}
}
