package jinja_test

import (
	"context"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

const benchContext = `{"trigger": {"body": {"status": "firing", "alerts": [{"labels": {"instance": "web-01", "severity": "page"}}]}},
	"items": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}`

func benchVars(b *testing.B) *value.Dict {
	b.Helper()
	v, err := value.FromJSON([]byte(benchContext))
	if err != nil {
		b.Fatal(err)
	}
	d, _ := v.(*value.Dict)
	return d
}

func BenchmarkRender(b *testing.B) {
	for name, src := range map[string]string{
		"plain":     "just some text without an expression",
		"parameter": "{{ trigger.body.alerts[0].labels.instance | default('x') }}",
		"text":      "host {{ trigger.body.alerts[0].labels.instance }} is {{ trigger.body.status }}",
		"if":        "{% if trigger.body.status == 'firing' %}down{% else %}up{% endif %}",
		"loop":      "{% for i in items %}{{ loop.index }}:{{ i * 2 }}{% if not loop.last %},{% endif %}{% endfor %}",
		"chain":     "{{ items | map('string') | join(',') | upper }}",
		"format":    "{{ '%s-%03d' % (trigger.body.status, 7) }}",
	} {
		b.Run(name, func(b *testing.B) {
			env := jinja.New(jinja.Options{})
			vars := benchVars(b)
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := env.Render(ctx, src, vars); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		env := jinja.New(jinja.Options{Cache: 1})
		if _, err := env.Parse("{{ trigger.body.alerts[0].labels.instance | default('x') }}"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestPlainTextCostsNothing(t *testing.T) {
	env := jinja.New(jinja.Options{})
	vars := value.NewDict()
	ctx := context.Background()
	n := testing.AllocsPerRun(100, func() {
		if out, err := env.Render(ctx, "plain {text}\n", vars); err != nil || out != "plain {text}" {
			t.Errorf("got %q, %v", out, err)
		}
		_ = jinja.HasTemplate("{ no } template {")
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
