package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const evalContext = `
trigger: {body: {alerts: [{labels: {instance: web-01}}]}}
items: [{name: a, status: up}, {name: b, status: down}]
st2kv: {system: {env: prod}}
`

// alone is a terminal without a server.
func alone(t *testing.T) *terminal {
	return &terminal{ctx: t.Context(), env: map[string]string{"NIGHTSHIFT_URL": "http://127.0.0.1:1"}, opts: Options{Home: t.TempDir()}}
}

func TestEval(t *testing.T) {
	path := filepath.Join(t.TempDir(), "context.yaml")
	if err := os.WriteFile(path, []byte(evalContext), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args []string
		want result
	}{
		"template":                {[]string{"{{ [3, 1, 2] | sort | join('-') }}"}, result{0, "1-2-3\ntype: str (string)\n", ""}},
		"template with text":      {[]string{"{{ 1 }}{{ 2 }}"}, result{0, "12\ntype: str (string)\n", ""}},
		"block":                   {[]string{"{% for i in range(3) %}{{ i }},{% endfor %}"}, result{0, "0,1,2,\ntype: str (string)\n", ""}},
		"one expression is typed": {[]string{" {{ [1, none] }} "}, result{0, "[\n  1,\n  null\n]\ntype: list (array)\n", ""}},
		"Jinja without delimiters": {
			[]string{"trigger.body.alerts[0].labels.instance | default('x')"}, result{0, "web-01\ntype: str (string)\n", ""},
		},
		"generator":    {[]string{"items | map(attribute='name')"}, result{0, "[\n  \"a\",\n  \"b\"\n]\ntype: list (array)\n", ""}},
		"keys stay":    {[]string{"{'b': 1, 'a': 2.0}"}, result{0, "{\n  \"b\": 1,\n  \"a\": 2.0\n}\ntype: dict (object)\n", ""}},
		"JSON":         {[]string{"-j", "{'b': 1}"}, result{0, "{\n    \"b\": 1\n}\n", ""}},
		"YAML":         {[]string{"-y", "{'b': 1}"}, result{0, "b: 1\n", ""}},
		"value alone":  {[]string{"--value", "'a' ~ 1"}, result{0, "a1\n", ""}},
		"null":         {[]string{"none"}, result{0, "null\ntype: NoneType (null)\n", ""}},
		"YAQL":         {[]string{"<% ctx().items.where($.status = 'down').select($.name).first() %>"}, result{0, "b\ntype: str (string)\n", ""}},
		"YAQL in text": {[]string{"<% ctx(items).len() %> items"}, result{0, "2 items\ntype: str (string)\n", ""}},
		"YAQL guessed": {[]string{"ctx().items.select($.status).len()"}, result{0, "2\ntype: int (integer), read as YAQL\n", ""}},
		"function of YAQL only": {
			[]string{"set(2, 1).len()"}, result{0, "2\ntype: int (integer), read as YAQL\n", ""},
		},
		"YAQL said": {[]string{"-l", "yaql", "7 / 2"}, result{0, "3\ntype: int (integer)\n", ""}},
		"Jinja said": {
			[]string{"-l", "jinja", "7 / 2"}, result{0, "3.5\ntype: float (number)\n", ""},
		},
		"ctx in Jinja":      {[]string{"{{ ctx('items') | length }}"}, result{0, "2\ntype: int (integer)\n", ""}},
		"key":               {[]string{"{{ st2kv.system.env | decrypt_kv }}"}, result{0, "prod\ntype: str (string)\n", ""}},
		"key in a workflow": {[]string{"<% st2kv('system.env') %>"}, result{0, "prod\ntype: str (string)\n", ""}},
		"filter of StackStorm": {
			[]string{"{{ '1.2.3' | version_bump_minor }}"}, result{0, "1.3.0\ntype: str (string)\n", ""},
		},
		"undefined": {[]string{"{{ triger.body }}"}, result{2, "", `ERROR: UndefinedError: line 1, column 4: 'triger' is undefined (did you mean 'trigger'?)
    {{ triger.body }}
       ^
`}},
		"undefined without delimiters": {[]string{"triger"}, result{2, "", `ERROR: UndefinedError: line 1, column 1: 'triger' is undefined (did you mean 'trigger'?)
    triger
    ^
`}},
		"undefined in line 2": {[]string{"(\n trigger.bdy)"}, result{2, "", `ERROR: UndefinedError: line 2, column 10: 'dict object' has no attribute 'bdy' (did you mean 'body'?)
     trigger.bdy)
             ^
`}},
		"syntax": {[]string{"{{ 1 + }}"}, result{2, "", `ERROR: TemplateSyntaxError: line 1, column 8: unexpected 'end of print statement'
    {{ 1 + }}
           ^
`}},
		"key of YAQL": {[]string{"<% ctx().itms %>"}, result{2, "", `ERROR: KeyError: line 1, column 6: 'itms' (did you mean items?)
    ctx().itms
         ^
`}},
		"syntax of YAQL": {[]string{"$.x ="}, result{2, "", `ERROR: YaqlGrammarException: line 1, column 6: Parse error: unexpected end of statement
    $.x =
         ^
`}},
		"two languages": {
			[]string{"{{ 1 }} <% 2 %>"},
			result{2, "", "ERROR: the text has delimiters of both languages, which workflows refuse; -l says which one to evaluate\n"},
		},
		"no such language": {[]string{"-l", "perl", "1"}, result{2, "", "ERROR: there is no language perl; it is yaql or jinja\n"}},
		"no expression": {
			[]string{"-c", "-"},
			result{2, "", "ERROR: the context on stdin leaves no place for expressions: give one. See \"nightshift eval --help\".\n"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"eval"}, tt.args...)
			if tt.args[0] != "-c" {
				args = append(args, "-c", path)
			}
			if diff := cmp.Diff(tt.want, alone(t).run(args...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEvalReadsExpressionsFromStdin(t *testing.T) {
	x := alone(t)
	x.opts.In = strings.NewReader("1 + 1\n\n{{ foo }}\n<% [1, 2].sum() %>")
	want := result{2, "2\ntype: int (integer)\n3\ntype: int (integer)\n", `ERROR: UndefinedError: line 1, column 4: 'foo' is undefined
    {{ foo }}
       ^
ERROR: 1 of 3 expressions failed
`}
	if diff := cmp.Diff(want, x.run("eval")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// keyboard gives what is typed a key at a time, and then the end of the line of
// the terminal.
type keyboard struct{ keys []string }

func (k *keyboard) Read(p []byte) (int, error) {
	if len(k.keys) == 0 {
		return 0, io.EOF
	}
	n := copy(p, k.keys[0])
	k.keys = k.keys[1:]
	return n, nil
}

func TestEvalConverses(t *testing.T) {
	home := t.TempDir()
	raw := 0
	converse := func(keys ...string) result {
		x := alone(t)
		x.opts.Home, x.opts.In, x.opts.InTerminal = home, &keyboard{keys}, true
		x.opts.Raw = func() (func() error, error) {
			raw++
			return func() error { raw--; return nil }, nil
		}
		return x.run("eval")
	}
	const up, enter, end = "\x1b[A", "\r", "\x04"
	got := converse("1 + 1", enter, "1 + 1", enter, "nme", enter, ":yaql", enter, "7 / 2", enter, ":what", enter, ":context", enter, end)
	if got.Code != 0 || raw != 0 {
		t.Errorf("ended with %d, raw %d times, want 0", got.Code, raw)
	}
	for _, want := range []string{"2\ntype: int (integer)\n", "yaql> ", "3\ntype: int (integer)\n", "\n{}\n"} {
		if !strings.Contains(got.Out, want) {
			t.Errorf("got %q, want %q in it", got.Out, want)
		}
	}
	for _, want := range []string{"'nme' is undefined", "There is no command :what; see :help."} {
		if !strings.Contains(got.Err, want) {
			t.Errorf("got %q, want %q in it", got.Err, want)
		}
	}
	kept := readPrivate(t, filepath.Join(home, ".nightshift", "eval_history"))
	if want := "1 + 1\nnme\n:yaql\n7 / 2\n:what\n:context\n"; kept != want {
		t.Errorf("kept %q, want %q", kept, want)
	}

	// The next conversation knows what was typed: the third line from the end.
	if got := converse(up, up, up, enter, ":q", enter); !strings.Contains(got.Out, "\n3.5\ntype: float (number)\n") {
		t.Errorf("got %q, want 7 / 2 again", got.Out)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(path, []byte(strings.Repeat("old\n", 2*keptLines)+"last\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := openHistory(path)
	if h.Len() != keptLines || h.At(0) != "last" || h.err != nil {
		t.Errorf("got %d lines, the latest %q, %v", h.Len(), h.At(0), h.err)
	}
	h.Add("new")
	if again := openHistory(path); again.Len() != keptLines+1 || again.At(0) != "new" {
		t.Errorf("got %d lines, the latest %q", again.Len(), again.At(0))
	}
}

func TestHistoryThatCannotBeWrittenIsNoEnd(t *testing.T) {
	x := alone(t)
	x.opts.Home = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(x.opts.Home, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x.opts.In, x.opts.InTerminal = &keyboard{[]string{"1\r", "2\r"}}, true
	x.opts.Raw = func() (func() error, error) { return func() error { return nil }, nil }
	got := x.run("eval")
	if got.Code != 0 || strings.Count(got.Err, "The history is not kept") != 1 || !strings.Contains(got.Out, "2\ntype") {
		t.Errorf("got %+v", got)
	}

	x.opts.Raw = func() (func() error, error) { return nil, errors.New("no terminal") }
	if got := x.run("eval"); got.Code != ExitFailure || !strings.Contains(got.Err, "set up the terminal: no terminal") {
		t.Errorf("got %+v", got)
	}
}
