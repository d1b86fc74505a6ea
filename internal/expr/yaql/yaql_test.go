package yaql_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/expr/yaql"
)

// TestReferenceExamples holds the promise of the reference page that each example
// gives what it says.
func TestReferenceExamples(t *testing.T) {
	engine := yaql.New(yaql.Options{SetsToLists: true})
	names := map[string]bool{}
	for _, e := range engine.Reference() {
		if e.Module != "operators" {
			names[e.Name] = true
		}
		if e.Doc == "" || !strings.HasSuffix(e.Doc, ".") || e.Signature == "" {
			t.Errorf("%s has no sentence or no signature: %+v", e.Name, e)
		}
		if e.Example == "" {
			continue
		}
		v, err := engine.Eval(t.Context(), e.Example, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", e.Example, err)
			continue
		}
		got, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Item: ", ", Key: ": "})
		if err != nil || string(got) != e.Result {
			t.Errorf("%s: got %s, %v, want %s", e.Example, got, err, e.Result)
		}
	}
	if len(names) != 144 {
		t.Errorf("got %d functions", len(names))
	}
}

func TestErrorsTellWhere(t *testing.T) {
	data := value.NewDict()
	data.Set("status", "up")
	for name, tc := range map[string]struct{ src, want string }{
		"unknown function": {"1 + lenn(abc)", `NoFunctionRegisteredException: line 1, column 5: Unknown function "lenn" (did you mean len?)
    1 + lenn(abc)
        ^`},
		"method as a function": {"toUpper(a)", `NoFunctionRegisteredException: line 1, column 1: Unknown function "toUpper" (it is a method: x.toUpper())
    toUpper(a)
    ^`},
		"key": {"$.statu", `KeyError: line 1, column 2: 'statu' (did you mean status?)
    $.statu
     ^`},
		"second line": {"[1,\n  2 + a]", `NoMatchingFunctionException: line 2, column 5: No function "#operator_+" matches supplied arguments
      2 + a]
        ^`},
		"grammar": {"$.a +", `YaqlGrammarException: line 1, column 6: Parse error: unexpected end of statement
    $.a +
         ^`},
		"lexical": {"{a: 1}", `YaqlLexicalException: line 1, column 3: Lexical error: illegal character ':' at position 2
    {a: 1}
      ^`},
		"inside a lambda": {"[1].select($.foo)", `NoFunctionRegisteredException: line 1, column 13: Unknown function "#property#foo" (a int has no .foo)
    [1].select($.foo)
                ^`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := yaql.New(yaql.Options{}).Eval(t.Context(), tc.src, data, nil)
			var e *yaql.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(tc.want, e.Detail()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	// They are smaller here than by default, so that the test does not take long.
	for name, tc := range map[string]struct {
		src, limit string
		limits     yaql.Limits
	}{
		"endless sequence":            {src: "sequence().toList()", limit: "steps", limits: yaql.Limits{Steps: 10_000}},
		"endless sequence as result":  {src: "sequence()", limit: "output"},
		"endless where":               {src: "sequence().where($ < 0).first()", limit: "steps"},
		"endless cycle":               {src: "[1].cycle().len()", limit: "steps"},
		"endless recursion":           {src: "def(f, f($)) -> f(1)", limit: "depth"},
		"time":                        {src: "sequence().where($ < 0).first()", limit: "time", limits: yaql.Limits{Time: time.Millisecond, Steps: 1 << 60}},
		"memory of texts":             {src: "range(1000).aggregate($1 + $1, abcdefgh)", limit: "memory"},
		"memory of lists":             {src: "range(1000).aggregate($1 + $1, [1])", limit: "memory"},
		"memory of a text":            {src: "a * 100000000000", limit: "memory"},
		"memory of an int":            {src: "shiftBitsLeft(1, 100000000000)", limit: "memory"},
		"sequences over sequences":    {src: "range(20000).aggregate($1.select($), [1])", limit: "depth"},
		"lists in lists":              {src: "range(5000).aggregate([$1], [])", limit: "depth", limits: yaql.Limits{Steps: 500_000}},
		"deep expression":             {src: strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000), limit: "depth"},
		"long expression":             {src: "1" + strings.Repeat("+1", 10_000), limit: "depth"},
		"source":                      {src: strings.Repeat(" ", 100) + "1", limit: "source", limits: yaql.Limits{Source: 50}},
		"output":                      {src: "range(1000)", limit: "output", limits: yaql.Limits{Output: 1000}},
		"pattern":                     {src: "(a * 40 + '!') =~ '(a|aa)+$'", limit: "steps"},
		"groups that refer to itself": {src: "range(40).aggregate([$1, $1], [1])", limit: "output"},
		"a text of those":             {src: "str(range(40).aggregate([$1, $1], [1]))", limit: "steps"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.limits.Steps == 0 {
				tc.limits.Steps, tc.limits.Memory, tc.limits.Output = 500_000, 32<<20, max(tc.limits.Output, 1000)
			}
			engine := yaql.New(yaql.Options{Limits: tc.limits})
			_, err := engine.Eval(t.Context(), tc.src, nil, nil)
			e, ok := errors.AsType[*yaql.Error](err)
			if !ok || e.Limit != tc.limit {
				t.Fatalf("got %.200v, want the limit %s", err, tc.limit)
			}
		})
	}
}

func TestEvalStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := yaql.New(yaql.Options{}).Eval(ctx, "sequence().len()", nil, nil)
	if e, ok := errors.AsType[*yaql.Error](err); !ok || e.Limit != "time" {
		t.Errorf("got %v", err)
	}
}

func TestEvalSharesWhatItDoesNotChange(t *testing.T) {
	data := services(3)
	v, err := yaql.New(yaql.Options{}).Eval(t.Context(), "$", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v != value.Value(data) {
		t.Error("a result that needs no conversion was copied")
	}
}

func TestFunctionsOfTheCaller(t *testing.T) {
	var got *value.Args
	engine := yaql.New(yaql.Options{Functions: []yaql.Function{{
		Name: "task_status", Params: "task_id str, route int? = none, *rest, **named",
		Fn: func(_ context.Context, vars yaql.Vars, a *value.Args) (value.Value, error) {
			got = a
			v, _ := vars.Get("secret")
			return value.NewList(v), nil
		},
	}}})
	vars := value.NewDict()
	vars.Set("secret", "x")
	for src, want := range map[string]struct {
		args  value.Args
		shown string
	}{
		"task_status(a)":                        {value.Args{Name: "task_status", Pos: []value.Value{"a"}}, "['x']"},
		"task_status(taskId => a, route => 2)":  {value.Args{Name: "task_status", Pos: []value.Value{"a", int64(2)}}, "['x']"},
		"task_status(a, 1, 2, other => [1, 2])": {value.Args{Name: "task_status", Pos: []value.Value{"a", int64(1), int64(2)}, Named: []value.Named{{Name: "other", Value: value.Tuple{int64(1), int64(2)}}}}, "['x']"},
		"str(task_status(a))":                   {value.Args{Name: "task_status", Pos: []value.Value{"a"}}, `"['x']"`},
	} {
		v, err := engine.Eval(t.Context(), src, nil, vars)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if diff := cmp.Diff(&want.args, got); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
		if value.Repr(v) != want.shown {
			t.Errorf("%s: got %s, want %s", src, value.Repr(v), want.shown)
		}
	}
	if _, err := engine.Eval(t.Context(), "task_status(1)", nil, vars); err == nil {
		t.Error("the type of an argument does not count")
	}
}

func TestExpressionsAreForSeveralGoroutines(t *testing.T) {
	engine := yaql.New(yaql.Options{})
	x, err := engine.Parse("$.items.where($.status = 'down').orderBy($.name).select($.name).len() + nope()")
	if err != nil {
		t.Fatal(err)
	}
	data := services(30)
	done := make(chan string)
	for range 8 {
		go func() {
			_, err := x.Eval(context.WithoutCancel(t.Context()), data, nil)
			done <- err.Error()
		}()
	}
	for range 8 {
		if got := <-done; !strings.HasPrefix(got, "line 1, column 73:") {
			t.Error(got)
		}
	}
}

func TestOptions(t *testing.T) {
	list := value.NewList(int64(1), value.NewList(int64(2)))
	pair := value.NewDict()
	pair.Set("k", int64(1))
	for name, tc := range map[string]struct {
		options yaql.Options
		src     string
		data    value.Value
		want    string
	}{
		"tuples become lists":             {yaql.Options{}, "[1, [2]]", nil, "[1, [2]]"},
		"tuples stay":                     {yaql.Options{KeepTuples: true}, "[1, [2]]", nil, "(1, (2,))"},
		"so do those of the input":        {yaql.Options{KeepTuples: true}, "[$]", list, "((1, (2,)),)"},
		"sets stay":                       {yaql.Options{}, "set(1)", nil, "{1}"},
		"sets become lists":               {yaql.Options{SetsToLists: true}, "set(1)", nil, "[1]"},
		"lists of the input are tuples":   {yaql.Options{}, "$ = [1, [2]]", list, "True"},
		"unless they are kept":            {yaql.Options{KeepInput: true}, "$ = [1, [2]]", list, "False"},
		"kept lists print as lists":       {yaql.Options{KeepInput: true}, "str($)", list, "'[1, [2]]'"},
		"kept lists can't be in sets":     {yaql.Options{KeepInput: true}, "set($)", list, "!TypeError: unhashable type: 'list'"},
		"dicts are no sequences":          {yaql.Options{}, "$.select($)", pair, `!NoMatchingMethodException: No method "select" for receiver {'k': 1} matches supplied arguments`},
		"unless they are":                 {yaql.Options{IterableDicts: true}, "$.select($)", pair, "['k']"},
		"dicts are added as dicts":        {yaql.Options{IterableDicts: true}, "$ + {l => 2}", pair, "{'k': 1, 'l': 2}"},
		"no result is converted":          {yaql.Options{KeepOutput: true}, "[1]", nil, "(1,)"},
		"a list may be as long as this":   {yaql.Options{LimitItems: 2}, "$.select($)", list, "[1, [2]]"},
		"and no longer":                   {yaql.Options{LimitItems: 1}, "$.select($)", list, "!CollectionTooLargeException: Collection length exceeds 1 elements"},
		"a lazy one is stopped in time":   {yaql.Options{LimitItems: 3}, "sequence().where($ > 5)", nil, "!CollectionTooLargeException: Collection length exceeds 3 elements"},
		"no functions are values":         {yaql.Options{}, "$(1)", nil, "!YaqlGrammarException: Parse error: unexpected '(' at position 1 of expression '$(1)'"},
		"functions are values":            {yaql.Options{Delegates: true}, "let(f => lambda($ + 1)) -> [1, 2].select($f($))", nil, "[2, 3]"},
		"a call binds loosest":            {yaql.Options{Delegates: true}, "let(f => lambda($ + 1)) -> $f(1) * 2", nil, "4"},
		"new groupBy only":                {yaql.Options{NoGroupByOfOld: true}, "[[a, 1]].groupBy($[0], $[1], [$[0], $[1].sum()])", nil, "!IndexError: list index out of range"},
		"groupBy as it was":               {yaql.Options{}, "[[a, 1]].groupBy($[0], $[1], [$[0], $[1].sum()])", nil, "[['a', 1]]"},
		"a variable that nobody set":      {yaql.Options{}, "$nobody", nil, "None"},
		"an iterator is used up":          {yaql.Options{}, "let(range(3)) -> [$.sum(), $.len()]", nil, "[3, 0]"},
		"a sequence that asks for itself": {yaql.Options{}, "let(range(3)) -> $.select($.len()).first()", nil, `!NoMatchingMethodException: No method "len" for receiver 0 matches supplied arguments`},
	} {
		t.Run(name, func(t *testing.T) {
			got := answer(yaql.New(tc.options).Eval(t.Context(), tc.src, tc.data, nil))
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
