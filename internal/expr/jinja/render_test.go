package jinja_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func vars(t *testing.T, src string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	d, ok := v.(*value.Dict)
	if !ok {
		t.Fatalf("no object: %s", src)
	}
	return d
}

func TestErrorsSayWhereAndWhatWasMeant(t *testing.T) {
	tests := map[string]struct{ src, want string }{
		"undefined name": {
			"a\n  {{ tigger.body }}",
			"UndefinedError: line 2, column 6: 'tigger' is undefined (did you mean 'trigger'?)\n      {{ tigger.body }}\n         ^",
		},
		"undefined attribute": {
			"{{ trigger.bdoy }}",
			"UndefinedError: line 1, column 12: 'dict object' has no attribute 'bdoy' (did you mean 'body'?)\n    {{ trigger.bdoy }}\n               ^",
		},
		"unknown filter": {
			"{{ 'é' | uper }}",
			"TemplateAssertionError: line 1, column 10: No filter named 'uper'. (did you mean 'upper'?)\n    {{ 'é' | uper }}\n             ^",
		},
		"type of a filter": {
			"{{ 1 | dictsort }}",
			"AttributeError: line 1, column 8: 'int' object has no attribute 'items'\n    {{ 1 | dictsort }}\n           ^",
		},
		"open block": {
			"{% if a %}\nx",
			"TemplateSyntaxError: line 2, column 1: Unexpected end of template. Jinja was looking for the following tags: 'elif' or 'else' or 'endif'." +
				" The innermost block that needs to be closed is 'if'.\n    x\n    ^",
		},
		"arithmetic": {
			"{{ 1 + 'a' }}",
			"TypeError: line 1, column 6: unsupported operand type(s) for +: 'int' and 'str'\n    {{ 1 + 'a' }}\n         ^",
		},
		"undefined argument": {
			"{{ 'a' | replace('a', nope) }}",
			"UndefinedError: line 1, column 23: 'nope' is undefined\n    {{ 'a' | replace('a', nope) }}\n                          ^",
		},
		"sandbox": {
			"{{ ''.__class__ }}",
			"SecurityError: line 1, column 7: access to attribute '__class__' of 'str' object is unsafe.\n    {{ ''.__class__ }}\n          ^",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := jinja.New(jinja.Options{}).Render(t.Context(), tt.src, vars(t, `{"trigger": {"body": 1}}`))
			e, ok := errors.AsType[*jinja.Error](err)
			if !ok {
				t.Fatalf("no error, or another one: %v", err)
			}
			if diff := cmp.Diff(tt.want, e.Detail()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLimitsAreNamed(t *testing.T) {
	tests := map[string]struct{ src, limit string }{
		"nested loops":      {"{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}", "steps"},
		"filters over much": {"{% for i in range(10000) %}{{ range(10000) | sum }}{% endfor %}", "steps"},
		"output":            {"{% for i in range(10000) %}{{ 'x' * 1000 }}{% endfor %}", "output"},
		"doubling text":     {"{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "memory"},
		"large text":        {"{{ 'x' * 10 ** 12 }}", "memory"},
		"large number":      {"{{ 9 ** (9 ** 9) }}", "memory"},
		"list of itself":    {"{% set l = [1] %}{% for i in range(64) %}{% set _ = l.append([l, l]) %}{% endfor %}{% set ns = namespace(l=[]) %}{% for i in range(64) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", "output"},
		"recursive macro":   {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "depth"},
		"recursive loop":    {"{% set l = [] %}{% set _ = l.append(l) %}{% for x in l recursive %}{{ loop(x) }}{% endfor %}", "depth"},
		"source":            {strings.Repeat("{{", 1<<20), "source"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env := jinja.New(jinja.Options{Limits: jinja.Limits{
				Steps: 200_000, Output: 1 << 20, Memory: 1 << 24, Source: 1 << 20, Time: time.Minute,
			}})
			_, err := env.Render(t.Context(), tt.src, nil)
			e, ok := errors.AsType[*jinja.Error](err)
			if !ok || e.Limit != tt.limit || e.Class != jinja.LimitError {
				t.Fatalf("got %v, want an error of the limit %s", err, tt.limit)
			}
		})
	}
}

func TestTimeIsLimited(t *testing.T) {
	src := "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"
	limits := jinja.Limits{Steps: 1 << 40, Time: 20 * time.Millisecond}
	_, err := jinja.New(jinja.Options{Limits: limits}).Render(t.Context(), src, nil)
	if e, ok := errors.AsType[*jinja.Error](err); !ok || e.Limit != "time" || e.Line != 1 {
		t.Errorf("got %v, want an error of the limit time", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = jinja.New(jinja.Options{Limits: jinja.Limits{Steps: 1 << 40, Time: time.Hour}}).Render(ctx, src, nil)
	if e, ok := errors.AsType[*jinja.Error](err); !ok || e.Limit != "time" {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestTemplatesChangeOnlyTheirOwn(t *testing.T) {
	given := vars(t, `{"l": [1], "d": {"a": [1]}}`)
	src := "{% set _ = l.append(2) %}{% set _ = d.a.append(3) %}{% set _ = d.update(b=l) %}{{ l }}{{ d }}"
	got, err := jinja.New(jinja.Options{}).Render(t.Context(), src, given)
	if want := "[1, 2]{'a': [1, 3], 'b': [1, 2]}"; got != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if want := "{'l': [1], 'd': {'a': [1]}}"; value.Repr(given) != want {
		t.Errorf("the variables are %s, want %s", value.Repr(given), want)
	}
	_, err = jinja.New(jinja.Options{}).Render(t.Context(), "{{ l['app' ~ 'end'](2) }}", given)
	if e, ok := errors.AsType[*jinja.Error](err); !ok || e.Class != jinja.SecurityError {
		t.Errorf("a change by a made-up name: got %v", err)
	}
	_, err = jinja.New(jinja.Options{ImmutableSandbox: true}).Render(t.Context(), "{{ [].append(2) }}", given)
	if e, ok := errors.AsType[*jinja.Error](err); !ok || e.Class != jinja.SecurityError {
		t.Errorf("in the immutable sandbox: got %v", err)
	}
}

func TestOneEnvServesMany(t *testing.T) {
	env := jinja.New(jinja.Options{Cache: 4})
	given := vars(t, `{"l": [3, 1, 2], "s": "x"}`)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				src := strings.Repeat(" ", (i+j)%7) + "{% set _ = l.append(4) %}{{ l | sort | join(s, attribute=none) }}"
				got, err := env.Render(context.Background(), src, given)
				if want := strings.Repeat(" ", (i+j)%7) + "1x2x3x4"; (j+i)%7 == 0 && got != want || err != nil {
					t.Errorf("got %q, %v; want %q", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestDatastoreIsLookedUpWhenNeeded(t *testing.T) {
	store := map[string]string{"st2kv.system/a.b": "deep", "st2kv.system/k": "v", "st2kv.system/n": "3"}
	system := value.NewDict()
	system.Set("system", &lookup{store: store, prefix: "st2kv.system/"})
	env := jinja.New(jinja.Options{Filters: map[string]jinja.Filter{
		"decrypt_kv": func(_ context.Context, in value.Value, _ *value.Args) (value.Value, error) {
			return "plain " + value.Str(in), nil
		},
	}})
	for src, want := range map[string]string{
		"{{ st2kv.system.k }}":                            "v",
		"{{ st2kv.system.a.b }}":                          "deep",
		"{{ st2kv.system['a'].b ~ '!' }}":                 "deep!",
		"[{{ st2kv.system.missing }}]":                    "[]",
		"{{ st2kv.system.k | decrypt_kv }}":               "plain v",
		"{{ st2kv.system.n | int + 1 }}":                  "4",
		"{{ st2kv.system.k == 'v' }}":                     "True",
		"{{ 'yes' if st2kv.system.missing else 'no' }}":   "no",
		"{{ st2kv.system.missing | default('x', true) }}": "x",
		"{% set k = st2kv.system.k %}{{ k }}":             "v",
	} {
		got, err := env.Render(t.Context(), src, jinja.Map{"st2kv": system})
		if got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", src, got, err, want)
		}
	}
}

func TestParamsKeepTheirTypes(t *testing.T) {
	env := jinja.New(jinja.Options{})
	given := vars(t, `{"n": 3, "l": [1, "a\"b"], "s": "x"}`)
	param := vars(t, `{"p": {"n": "{{n}}", "spaced": "{{ n }}", "l": ["{{l}}", "a {{s}}"], "t": true}}`)
	p, _ := param.Get("p")
	got, err := env.RenderParam(t.Context(), p, given)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{'n': 3, 'spaced': '3', 'l': [[1, 'a"b'], 'a x'], 't': True}`; value.Repr(got) != want {
		t.Errorf("got %s, want %s", value.Repr(got), want)
	}
	for _, same := range []value.Value{int64(1), true, nil, 1.5} {
		if got, err := env.RenderParam(t.Context(), same, given); got != same || err != nil {
			t.Errorf("got %v, %v; want %v", got, err, same)
		}
	}
}

func TestRenderValuesKeepsWhatDoesNotChange(t *testing.T) {
	env := jinja.New(jinja.Options{})
	mapping := vars(t, `{"a": {"x": "{{ n }}", "y": [1, 2.0, null]}, "b": [1], "c": "{{ __context.n }}", "d": 7, "e": "é"}`)
	got, err := env.RenderValues(t.Context(), mapping, vars(t, `{"n": 3}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := "{'a': {'x': '3', 'y': [1, 2.0, None]}, 'b': [1], 'c': '3', 'd': 7, 'e': 'é'}"; value.Repr(got) != want {
		t.Errorf("got %s, want %s", value.Repr(got), want)
	}
	_, err = env.RenderValues(t.Context(), vars(t, `{"a": "{{ nope }}"}`), vars(t, `{"n": 3}`))
	if e, ok := errors.AsType[*jinja.ValueError](err); !ok || e.Key != "a" {
		t.Errorf("got %v, want an error of the key a", err)
	}
}

func TestVariablesAreThoseNotSetBefore(t *testing.T) {
	for src, want := range map[string][]string{
		"{{ a.b }}{{ c | default(d) }}":                       {"a", "c", "d"},
		"{% for i in l %}{{ i }}{{ loop.index }}{% endfor %}": {"l"},
		"{% set x = y %}{{ x }}":                              {"y"},
		"{{ x }}{% set x = 1 %}":                              {"x"},
		"{% if a %}{% set x = 1 %}{% endif %}{{ x }}":         {"a", "x"},
		"{{ range(n) }}{{ 'plain' }}":                         {"n"},
		"{% macro m(p) %}{{ p }}{{ q }}{% endmacro %}":        {"q"},
	} {
		tmpl, err := jinja.New(jinja.Options{}).Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, tmpl.Variables()); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

func TestExpressionsHaveValues(t *testing.T) {
	env := jinja.New(jinja.Options{})
	given := vars(t, `{"l": [1, 2], "n": 3}`)
	for src, want := range map[string]string{
		"n + 1":                    "4",
		"l | map('string') | list": "['1', '2']",
		"{'a': {'b': n}}":          "{'a': {'b': 3}}",
		"nope":                     "None",
		"n if n > 5":               "None",
		"n is odd and l[-1] == 2":  "True",
		"(1, 2,)":                  "(1, 2)",
		"2 ** 70":                  "1180591620717411303424",
		"(l[::-1] + [n]) ~ ''":     "'[2, 1, 3]'",
	} {
		x, err := env.Expr(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		got, err := x.Eval(t.Context(), given)
		if value.Repr(got) != want || err != nil {
			t.Errorf("%s: got %s, %v; want %s", src, value.Repr(got), err, want)
		}
	}
	x, err := env.Expr("nope")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x.EvalRaw(t.Context(), given)
	if u, ok := raw.(*jinja.Undefined); !ok || err != nil || u.Raise() == nil {
		t.Errorf("got %v, %v; want something undefined", raw, err)
	}
}

func TestHasTemplateSeesDelimiters(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, "a": false, "{": false, "{ {": false, "{{": true, "a {% b": true, "{#": true, "}}": false, "a{b{{c": true,
	} {
		if got := jinja.HasTemplate(s); got != want {
			t.Errorf("%q: got %v", s, got)
		}
	}
}
