package expr_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func dict(t *testing.T, text string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d, ok := v.(*value.Dict)
	if !ok {
		t.Fatalf("%s is no dict", text)
	}
	return d
}

const someContext = `{
	"name": "web1", "n": 3, "f": 1.0, "yes": true, "none": null, "list": [3, 1, null], "d": {"k": null, "l": [1]},
	"ref": "<% ctx().name %>", "jref": "{{ ctx().name }}", "st2": {"user": "ada", "workflow_execution_id": "w1"},
	"__state": {
		"tasks": {"t1__r0": 0, "t2__r1": 1},
		"sequence": [{"id": "t1", "route": 0, "status": "succeeded"}, {"id": "t2", "route": 1, "status": "failed"}],
		"routes": [[], ["t1__t0"], ["t1__t0", "t2__t0"]]
	},
	"__current_task": {"id": "t2", "route": 2, "result": {"stdout": "x\ny"}},
	"__current_item": {"host": "h1"}
}`

func TestEvaluate(t *testing.T) {
	e := expr.New(expr.Options{})
	data := dict(t, someContext)
	for statement, want := range map[string]string{
		"plain":                                                    `'plain'`,
		"<% ctx().n %>":                                            `3`,
		"<% ctx().list %>":                                         `[3, 1, None]`,
		"x<% ctx().list %>":                                        `'x[3, 1, None]'`,
		"<% ctx().d %> <% ctx().f %>":                              `"{'k': None, 'l': [1]} 1.0"`,
		"<% ctx().yes %>|<% ctx().none %>":                         `'True|None'`,
		"{{ ctx().list }}":                                         `[3, 1, None]`,
		"x{{ ctx().d }}{{ ctx().yes }}":                            `"x{'k': None, 'l': [1]}True"`,
		"<% ctx().ref %>{{":                                        `'web1{{'`,
		"{{ ctx().jref }}!":                                        `'web1!'`,
		"<% ctx(name)\n%>":                                         `'<% ctx(name)\n%>'`,
		"<% ctx(name)\n%> <% ctx(name) %>":                         `'<% ctx(name)\n%> web1'`,
		"<% item() %>":                                             `{'host': 'h1'}`,
		"<% item(host) %>":                                         `'h1'`,
		"<% result().stdout %>":                                    `'x\ny'`,
		"<% result().stdout.split('\\n') %>":                       `['x', 'y']`,
		"<% succeeded() %>":                                        `False`,
		"<% failed() and completed() %>":                           `True`,
		"<% task_status(t1) %>":                                    `'succeeded'`,
		"<% task_status(taskId => t9) %>":                          `'null'`,
		"{{ task_status('t1', route=0) }}":                         `'succeeded'`,
		"<% zip([1], [2, 3], pad => 0) %>":                         `[[1, 2], [0, 3]]`,
		"<% ctx().keys().contains('__state') %>":                   `False`,
		"<% ctx().list.where($ != null).len() %>":                  `2`,
		"<% regex_substring('a1b2', '[0-9]', resultIndex => 1) %>": `'2'`,
		"{{ 'a1b2' | regex_substring('[0-9]', 1) }}":               `'2'`,
		"{{ '[1]' | json }}":                                       `[1]`,
		"<% $ %>":                                                  `None`,
	} {
		got, err := e.Evaluate(t.Context(), statement, data)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		if value.Repr(got) != want {
			t.Errorf("%s: got %s, want %s", statement, value.Repr(got), want)
		}
	}
}

func TestEvaluateLeavesPartsWithoutExpressionsAlone(t *testing.T) {
	e := expr.New(expr.Options{})
	in := dict(t, `{"a": {"b": [1, "x"]}, "c": "<% 1 + 1 %>", "<% k %>": 1}`)
	v, err := e.Evaluate(t.Context(), in, value.NewDict())
	if err != nil {
		t.Fatal(err)
	}
	out, _ := v.(*value.Dict)
	if got, want := value.Repr(v), `{'a': {'b': [1, 'x']}, 'c': 2, 'k': 1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	before, _ := in.Get("a")
	after, _ := out.Get("a")
	if before != after {
		t.Error("a part without expressions was copied")
	}
	if same, _ := e.Evaluate(t.Context(), before, nil); same != before {
		t.Error("a statement without expressions was copied")
	}
}

func TestEvaluateErrors(t *testing.T) {
	e := expr.New(expr.Options{})
	data := dict(t, someContext)
	for statement, want := range map[string]string{
		"<% ctx().nam %>":        "YaqlEvaluationException: Unable to resolve key 'nam' in expression '<% ctx().nam %>' from context.",
		"<% ctx(nam) %>":         `YaqlEvaluationException: Unable to evaluate expression '<% ctx(nam) %>'. VariableUndefinedError: The variable "nam" is undefined.`,
		"<% ctx(__state) %>":     "YaqlEvaluationException: Unable to evaluate expression '<% ctx(__state) %>'. YaqlLexicalException: Lexical error: illegal character '_' at position 4",
		"<% ctx('__state') %>":   `YaqlEvaluationException: Unable to evaluate expression '<% ctx('__state') %>'. VariableInaccessibleError: The variable "__state" is for internal use and inaccessible.`,
		"<% nope() %>":           `YaqlEvaluationException: Unable to evaluate expression '<% nope() %>'. NoFunctionRegisteredException: Unknown function "nope"`,
		"{{ ctx().nope }}":       "JinjaEvaluationException: There are unresolved variables: ctx().nope",
		"{{ ctx().nope }} and":   "JinjaEvaluationException: There are unresolved variables: ctx().nope",
		"{{ nope }}":             "JinjaEvaluationException: There are unresolved variables: nope",
		"{{ 'x' | to_complex }}": "JinjaEvaluationException: Unable to evaluate expression '{{ 'x' | to_complex }}'. TemplateAssertionError: No filter named 'to_complex'.",
		"<% st2kv(x) %>":         "YaqlEvaluationException: Unable to evaluate expression '<% st2kv(x) %>'. ExpressionEvaluationException: There is no datastore here.",
		"<% task(t1) %>":         `YaqlEvaluationException: Unable to evaluate expression '<% task(t1) %>'. ExpressionEvaluationException: Unable to find task execution for "t1".`,
	} {
		_, err := e.Evaluate(t.Context(), statement, data)
		x, ok := errors.AsType[*expr.Error](err)
		if !ok {
			t.Errorf("%s: got %v", statement, err)
			continue
		}
		if got := x.Class + ": " + x.Msg; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", statement, got, want)
		}
	}
	_, err := e.Evaluate(t.Context(), "it is <% 1 + lenn(abc) %>", data)
	x, _ := errors.AsType[*expr.Error](err)
	want := "NoFunctionRegisteredException: line 1, column 5: Unknown function \"lenn\" (did you mean len?)\n    1 + lenn(abc)\n        ^"
	if got := x.Detail(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestEvaluateHasLimits(t *testing.T) {
	data := dict(t, `{"a": "<% ctx().a %>", "b": "{{ ctx().b }}", "c": "<% ctx().d %><% ctx().d %>", "d": "<% ctx().c %> <% ctx().c %>", "t": ""}`)
	data.Set("t", strings.Repeat("x", 1<<20))
	for statement, want := range map[string]string{
		"<% ctx().a %>":                       "depth",
		"{{ ctx().b }}":                       "depth",
		"<% ctx().c %>":                       "depth",
		strings.Repeat("<% ctx().t %> ", 100): "text",
		strings.Repeat("<% 1 %> ", 2000):      "expressions",
	} {
		e := expr.New(expr.Options{Limits: expr.Limits{Expressions: 1000, Depth: 20, Text: 2 << 20}})
		_, err := e.Evaluate(t.Context(), statement, data)
		x, ok := errors.AsType[*expr.Error](err)
		if !ok || x.Limit != want {
			t.Errorf("%.20s: got %.300v, want the limit %s", statement, err, want)
		}
	}
}

func TestDatastoreAndTasks(t *testing.T) {
	var asked []expr.Key
	e := expr.New(expr.Options{
		Datastore: func(_ context.Context, k expr.Key) (value.Value, bool, error) {
			asked = append(asked, k)
			return "v", k.Name != "gone", nil
		},
		Task: func(_ context.Context, workflow, task string, route int64) (value.Value, bool, error) {
			return value.NewList(workflow, task, route), true, nil
		},
	})
	data := dict(t, someContext)
	for statement, want := range map[string]string{
		"<% st2kv('system.a.b', decrypt => true) %>":         `'v'`,
		"{{ st2kv('a') }}":                                   `'v'`,
		"<% st2kv(gone, default => 5) %>":                    `5`,
		"<% task(t1) %>":                                     `['w1', 't1', 0]`,
		"<% task().select(str($)).join(',') %>":              `'w1,t2,1'`,
		"{{ task('t2').__class__ is defined }}":              `False`,
		"<% st2kv(gone, default => null) = null and true %>": `True`,
	} {
		got, err := e.Evaluate(t.Context(), statement, data)
		if err != nil || value.Repr(got) != want {
			t.Errorf("%s: got %s, %v, want %s", statement, value.Repr(got), err, want)
		}
	}
	found := false
	for _, k := range asked {
		found = found || cmp.Equal(k, expr.Key{System: true, Name: "a.b", User: "ada", Decrypt: true})
	}
	if !found {
		t.Errorf("asked for %v", asked)
	}
}

func TestEvaluateChangesNothingThatItIsGiven(t *testing.T) {
	e := expr.New(expr.Options{})
	data := dict(t, `{"a": {"b": [1]}, "l": [1, 2]}`)
	before := value.Repr(data)
	for _, statement := range []string{
		"{{ ctx().update({'x': 1}) }}", "{{ ctx().a.b.append(2) }}", "{{ ctx('l').pop() }}", "{{ ctx().a.update({'c': 1}) }}{{ ctx().l.clear() }}",
		"{% for i in ctx().l %}{{ ctx().l.append(i) if ctx().l | length < 9 }}{% endfor %}",
		"<% ctx().a.set(c, 1) %>", "<% ctx().l.insert(0, 5) %>", "<% ctx().set(x, 1).a %>",
	} {
		if _, err := e.Evaluate(t.Context(), statement, data); err != nil {
			t.Logf("%s: %v", statement, err)
		}
		if after := value.Repr(data); after != before {
			t.Fatalf("%s changed the context to %s", statement, after)
		}
	}
}
