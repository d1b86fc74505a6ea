package yaql_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

func seeds() []string {
	return []string{
		"$.items.where($.status = 'down').select($.name)", "let(a => 1) -> $a + {b => [1, 2]}.b[0]", "def(f, $ * 2) -> f(4)",
		"[1, 2].join([2, 3], $1 = $2, [$1, $2])", "switch($ > 1 => a, true => b)", "regex('(.)b').replaceBy(abab, $2.value)",
		"f(,1, b => 2)", "not a in b and -1 mod 2 =~ 'x' or `\\``", "'\\x41\\u0041' + \"\\n\"", "sequence().limit(3)", "$?.x.y?.z()",
		"datetime('2020-01-31T10:30:15.5+02:00').utc", "timespan(days => 1) * 1.5", "set(1, [2]).union(set({a => 1}))", "1.5.x", "{{a => 1} => 2}",
		"range(10).groupBy($ mod 3, $, $.sum())", "call(max, [1, 2], {})", "[3, 1].orderBy($).thenByDescending(-$)", "$1 + $name", "a.b.c(d => e)",
	}
}

// FuzzParse holds that no text makes the parser panic or hang, and that what is
// wrong with it is an error with a place.
func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	engine := yaql.New(yaql.Options{Delegates: true, Cache: 16})
	f.Fuzz(func(t *testing.T, src string) {
		_, err := engine.Parse(src)
		if err == nil {
			return
		}
		e, ok := errors.AsType[*yaql.Error](err)
		if !ok || e.Class == "RuntimeError" || e.Line == 0 && e.Limit != "source" {
			t.Errorf("got %#v", err)
		}
		_ = e.Detail()
	})
}

// FuzzEval holds that no expression makes the evaluator panic, hang or take more
// than its limits.
func FuzzEval(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	engine := yaql.New(yaql.Options{Delegates: true, Cache: 16, Limits: yaql.Limits{
		Steps: 100_000, Memory: 16 << 20, Output: 1 << 20, Time: 2 * time.Second,
	}})
	data := services(5)
	f.Fuzz(func(t *testing.T, src string) {
		start := time.Now()
		v, err := engine.Eval(t.Context(), src, data, nil)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if e, ok := errors.AsType[*yaql.Error](err); ok {
			if e.Class == "RuntimeError" {
				t.Errorf("got %s", e.Detail())
			}
			return
		}
		_ = value.Repr(v)
	})
}
