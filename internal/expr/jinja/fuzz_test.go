package jinja_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// tight are limits under which no template can take long.
func tight() jinja.Limits {
	return jinja.Limits{Steps: 20_000, Output: 1 << 20, Memory: 8 << 20, Time: 2 * time.Second}
}

func seeds(f *testing.F) {
	f.Helper()
	for _, s := range []string{
		"plain",
		"{{ a.b[0] | default('x') }}",
		"{% for i in l recursive %}{{ loop.index }}{{ loop([]) }}{% else %}-{% endfor %}",
		"{% macro m(a, b=1) %}{{ a ~ b }}{{ varargs }}{{ caller() }}{% endmacro %}{% call m(1) %}{% endcall %}",
		"{% set ns = namespace(x=1) %}{% set ns.x = 2 %}{% set a, b = 1, 2 %}{% set c %}x{% endset %}",
		"{% filter upper | replace('a', 'b') %}{% raw %}{{ }}{% endraw %}{% endfilter %}",
		"{%- if a is defined and not b -%} x {%+ elif c in (1, 2) %} y {% endif +%}",
		"{{ '%5.2f|%s' % (1.5, none) }}{{ '{0!r:>10} {a[b].c}'.format(1, a={'b': 2}) }}",
		"{{ [1, 2.5, 1e3, 0x1F, 1_000][::-1] }}{{ {'a': (1,)} }}{{ 2 ** 100 // 7 % 5 }}",
		"{{ l | map('int') | select('odd') | sort(reverse=true) | join(',') }}",
		"{{ l | groupby('a') }}{{ d | dictsort }}{{ d | tojson(2) }}{{ s | wordwrap(3) }}{{ s | truncate(4) }}",
		"{% block b scoped %}{{ super() }}{% endblock %}{{ self.b() }}",
		"{% with a = 1 %}{% autoescape true %}{{ '<' }}{% endautoescape %}{% endwith %}",
		"{% include 'x' ignore missing %}{% import 'x' as y %}{% from 'x' import y as z with context %}",
		"{{ s.split(',', 1) }}{{ s.encode().decode() }}{{ s | regex_replace('a+', 'b') }}",
		"{% set l = [] %}{{ l.append(l) or l }}",
		"{# comment #}{{ 'a' if x }}{{ lipsum(1, false) | length }}",
		"{{ range(10) | batch(3) | list }}{{ range(10) | slice(3) | list }}",
		"{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
		"{{ 'x' * 999999999 }}{{ '%999999d' % 1 }}{{ 9 ** 9 ** 9 }}",
		"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
	} {
		f.Add(s)
	}
}

func FuzzParse(f *testing.F) {
	seeds(f)
	env := jinja.New(jinja.Options{Do: true, LoopControls: true, Limits: tight(), Cache: 2})
	other := jinja.New(jinja.Options{Plain: true, Cache: 2, Syntax: &jinja.Syntax{
		BlockStart: "<%", BlockEnd: "%>", VariableStart: "${", VariableEnd: "}", CommentStart: "<%#", CommentEnd: "%>",
		LineStatementPrefix: "%", LineCommentPrefix: "##",
	}})
	f.Fuzz(func(t *testing.T, src string) {
		for _, e := range []*jinja.Env{env, other} {
			tmpl, err := e.Parse(src)
			if err == nil {
				tmpl.Variables()
			}
			checkError(t, err)
			x, err := e.Expr(src)
			if err == nil {
				x.Variables()
			}
			checkError(t, err)
		}
	})
}

func FuzzRender(f *testing.F) {
	seeds(f)
	env := jinja.New(jinja.Options{Undefined: jinja.Lenient, Do: true, LoopControls: true, Limits: tight(), Cache: 2})
	strict := jinja.New(jinja.Options{Limits: tight(), Cache: 2})
	f.Fuzz(func(t *testing.T, src string) {
		for _, e := range []*jinja.Env{env, strict} {
			out, err := e.Render(context.Background(), src, fuzzVars())
			checkError(t, err)
			if len(out) > 1<<20 {
				t.Errorf("%d bytes came out", len(out))
			}
			x, err := e.Expr(src)
			if err != nil {
				continue
			}
			_, err = x.Eval(context.Background(), fuzzVars())
			checkError(t, err)
		}
	})
}

func fuzzVars() *value.Dict {
	v, _ := value.FromJSON([]byte(`{"a": {"b": [1, 2.5, null], "items": 1}, "l": [3, 1, {"a": 1}], "s": "a,bé ß", "d": {"x": true, "y": "z"}, "n": 7}`))
	d, _ := v.(*value.Dict)
	return d
}

// checkError makes sure that an error is one of ours, and not for a mistake in
// the engine.
func checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var e *jinja.Error
	if !errors.As(err, &e) {
		t.Errorf("%T: %v", err, err)
		return
	}
	if strings.HasPrefix(e.Msg, "internal error") {
		t.Error(e)
	}
	_ = e.Detail()
}
