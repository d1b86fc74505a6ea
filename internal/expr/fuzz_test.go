package expr_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// FuzzEvaluate holds that no text makes finding, checking or evaluating its
// expressions panic or hang.
func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{
		"<% ctx().x %>", "a <% ctx(y) %> b <% ctx().z.select($ + 1) %>", "{{ ctx().x }}", "{% for i in ctx().z %}{{ i }}{% endfor %}",
		"{% raw %}{{ x }}{% endraw %} {{ ctx('y') }}", "<% <% ctx().x %> %>", "{{ {{ ctx().x }} }}", "<% ctx().x\n %>", "<%>{{}}{%%}",
		"<% zip(ctx().z, [1]) %>", "{{ succeeded() }}", "<% task_status(t1) %>", "<% ctx().loop %>", "{{ ctx().loop2 }}",
	} {
		f.Add(s)
	}
	e := expr.New(expr.Options{
		Limits:      expr.Limits{Expressions: 200, Depth: 10, Text: 1 << 20},
		YaqlLimits:  yaql.Limits{Steps: 50_000, Memory: 8 << 20, Output: 1 << 20},
		JinjaLimits: jinja.Limits{Steps: 50_000, Memory: 8 << 20, Output: 1 << 20},
	})
	data := value.NewDict()
	data.Set("x", "text")
	data.Set("y", "<% ctx().x %>")
	data.Set("z", value.NewList(int64(1), int64(2)))
	data.Set("loop", "<% ctx().loop %><% ctx().loop %>")
	data.Set("loop2", "{{ ctx().loop2 }}")
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		e.Check(text)
		if _, err := e.Variables(text); err != nil {
			t.Errorf("variables: %v", err)
		}
		_, err := e.Evaluate(t.Context(), text, data)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if x, ok := errors.AsType[*expr.Error](err); err != nil && !ok {
			t.Errorf("got %v", err)
		} else if ok {
			_ = x.Detail()
		}
	})
}
