package action_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func parse(t testing.TB, src string) *value.Dict {
	t.Helper()
	if src == "" {
		return nil
	}
	v, err := value.FromJSON([]byte(src))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return v.(*value.Dict)
}

func compile(t testing.TB, own, runner string) *action.Compiled {
	t.Helper()
	c, err := action.Compile(
		&action.Action{Ref: "ops.restart", Name: "restart", Parameters: parse(t, own)},
		&action.RunnerType{Name: "noop", Parameters: parse(t, runner)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func json(t testing.TB, v *value.Dict) string {
	t.Helper()
	b, err := value.ToJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// store is a datastore: values by scope/user/name.
type store map[string]string

func (s store) Get(_ context.Context, scope, user, name string) (string, bool, error) {
	if scope == "st2kv.system" {
		user = ""
	}
	v, ok := s[scope+"/"+user+"/"+name]
	return v, ok, nil
}

func env(t testing.TB) action.Env {
	return action.Env{
		Context: func() *value.Dict { return parse(t, `{"user": "ada", "pack": "ops", "parent": {"pack": "up"}}`) },
		Config: func(context.Context) (*value.Dict, error) {
			return parse(t, `{"url": "http://x", "ports": [80, 443], "path": "C:\\temp"}`), nil
		},
		Datastore: store{
			"st2kv.system//a.b": "deep", "st2kv.system//secret": "TERCES", "st2kv.user/ada/k": "hers", "st2kv.user/bob/k": "his",
		},
		Decrypt: func(_ context.Context, _, s string) (string, error) {
			if s != "TERCES" {
				return "", errors.New("not encrypted")
			}
			return "secret", nil
		},
		More: parse(t, `{"trigger": {"host": "web1", "tags": ["a", "b\"c"], "n": 3, "none": null}}`),
	}
}

const shell = `{
	"cmd": {"type": "string"}, "env": {"type": "object"}, "sudo": {"type": "boolean", "default": false},
	"timeout": {"type": "integer", "default": 60}, "kwarg_op": {"default": "--", "immutable": true}
}`

func TestLiveAndFinal(t *testing.T) {
	for name, tt := range map[string]struct {
		own, runner, given string
		live               string // or the error
		forRunner          string // "" is {}
		forAction          string // or the error
	}{
		"nothing at all": {live: `{}`, forAction: `{}`},
		"an action without parameters ignores what it is given": {given: `{"x": 1}`, live: `{"x":1}`, forAction: `{}`},
		"given first, then defaults, then None": {
			own:   `{"a": {"type": "string", "default": "d"}, "b": {"type": "integer"}, "c": {"default": [1]}}`,
			given: `{"b": "7"}`,
			live:  `{"b":7}`, forAction: `{"b":7,"a":"d","c":[1]}`,
		},
		"null counts as not given": {
			own: `{"a": {"default": "d"}, "b": {}}`, given: `{"a": null, "b": null}`,
			live: `{"a":"d","b":null}`, forAction: `{"a":"d","b":null}`,
		},
		"the runner's parameters go to the runner": {
			own: `{"timeout": {"default": 5}, "x": {}}`, runner: shell, given: `{"cmd": "date", "x": 1}`,
			live: `{"cmd":"date","x":1}`, forRunner: `{"cmd":"date","timeout":5,"env":null,"sudo":false,"kwarg_op":"--"}`, forAction: `{"x":1}`,
		},
		"the action's default of nothing leaves the runner's": {
			own: `{"timeout": {"description": "long"}}`, runner: `{"timeout": {"type": "integer", "default": 60}}`,
			live: `{}`, forRunner: `{"timeout":60}`, forAction: `{}`,
		},
		"templates in any order": {
			own:   `{"a": {"default": "{{ b }}!"}, "b": {"default": "{{ c }}?"}, "c": {"type": "string"}}`,
			given: `{"c": "{{ trigger.host }}"}`,
			live:  `{"c":"web1","a":"web1?!","b":"web1?"}`, forAction: `{"c":"web1","a":"web1?!","b":"web1?"}`,
		},
		"templates see values before they are cast": {
			own: `{"n": {"type": "number"}, "s": {"type": "string", "default": "{{ n }}"}}`, given: `{"n": "1"}`,
			live: `{"n":1.0,"s":"1"}`, forAction: `{"n":1.0,"s":"1"}`,
		},
		"a given template goes before a default that is one": {
			own: `{"h": {"default": "{{ config_context.url }}"}}`, given: `{"h": "{{ trigger.host }}"}`,
			live: `{"h":"web1"}`, forAction: `{"h":"web1"}`,
		},
		"the outcome is not rendered again": {
			own: `{"a": {}, "b": {}}`, given: `{"a": "{{ '{{' }} b }}", "b": "{{ a }}"}`,
			live: `{"a":"{{ b }}","b":"{{ b }}"}`, forAction: `{"a":"{{ b }}","b":"{{ b }}"}`,
		},
		"what does not parse is plain": {
			own: `{"a": {}}`, given: `{"a": "{{ b"}`, live: `{"a":"{{ b"}`, forAction: `{"a":"{{ b"}`,
		},
		"whole objects through text": {
			own:       `{"o": {"type": "object"}, "l": {"type": "array"}, "n": {"type": "integer"}}`,
			given:     `{"o": "{{ trigger }}", "l": "{{ trigger.tags }}", "n": "{{ trigger.n }}"}`,
			live:      `{"o":{"host":"web1","tags":["a","b\"c"],"n":3,"none":null},"l":["a","b\"c"],"n":3}`,
			forAction: `{"o":{"host":"web1","tags":["a","b\"c"],"n":3,"none":null},"l":["a","b\"c"],"n":3}`,
		},
		"use_none survives": {
			own:   `{"s": {"type": "string"}, "n": {"type": "integer"}, "t": {"type": "string"}}`,
			given: `{"s": "{{ trigger.none | use_none }}", "n": "{{ trigger.none | use_none }}", "t": "{{ trigger.none }}"}`,
			live:  `{"s":null,"n":null,"t":"None"}`, forAction: `{"s":null,"n":null,"t":"None"}`,
		},
		"lists and objects keep types where a text is one name": {
			own:       `{"n": {"type": "integer"}, "l": {"type": "array"}, "o": {"type": "object", "default": {"{{ n }}": "{{n}}", "t": ["{{ n }}", "{{l}}", "plain"]}}}`,
			given:     `{"n": 5, "l": ["{{n}}", 1.0]}`,
			live:      `{"n":5,"l":[5,1.0]}`,
			forAction: `{"n":5,"l":[5,1.0],"o":{"5":5,"t":["5",[5,1.0],"plain"]}}`,
		},
		"a value in a list can't change the list": {
			own: `{"l": {"type": "array"}}`, given: `{"l": ["{{ trigger.tags[1] }}", "{{ trigger.tags[1] ~ '\", \"x' }}", "{{ trigger[\"host\"] }}"]}`,
			live: `{"l":["b\"c","b\"c\", \"x","web1"]}`, forAction: `{"l":["b\"c","b\"c\", \"x","web1"]}`,
		},
		"escapes of JSON count in lists": {
			own: `{"l": {"type": "array"}}`, given: `{"l": ["{{ trigger.tags | to_json_string | json_escape }}", "a\n{{ trigger.host }}\\"]}`,
			live: `{"l":["[\"a\",\"b\\\"c\"]","a\nweb1\\"]}`, forAction: `{"l":["[\"a\",\"b\\\"c\"]","a\nweb1\\"]}`,
		},
		"a template can reach over several texts": {
			own: `{"l": {"type": "array"}}`, given: `{"l": ["{% if trigger.n > 2 %}yes", "no{% endif %}"]}`,
			live: `{"l":["yes","no"]}`, forAction: `{"l":["yes","no"]}`,
		},
		"the datastore": {
			own:  `{"a": {"default": "{{ st2kv.system.a.b }}-{{ st2kv.system['a.b'] }}-{{ st2kv.user.k }}-{{ st2kv.system.none }}"}}`,
			live: `{"a":"deep-deep-hers-"}`, forAction: `{"a":"deep-deep-hers-"}`,
		},
		"secrets are decrypted": {
			own: `{"a": {"default": "{{ st2kv.system.secret | decrypt_kv }}"}, "b": {}}`, given: `{"b": "{{ 'TERCES' | decrypt_kv }}"}`,
			live: `{"b":"secret","a":"secret"}`, forAction: `{"b":"secret","a":"secret"}`,
		},
		"context and configuration": {
			own:  `{"a": {"default": "{{ action_context.parent.pack }}"}, "b": {"type": "array", "default": "{{ config_context.ports }}"}}`,
			live: `{"a":"up","b":[80,443]}`, forAction: `{"a":"up","b":[80,443]}`,
		},
		"a parameter can be called as what happened is": {
			own: `{"trigger": {"type": "string"}, "h": {"default": "{{ trigger }}"}}`, given: `{"trigger": "t"}`,
			live: `{"trigger":"t","h":"t"}`, forAction: `{"trigger":"t","h":"t"}`,
		},
		"globals of the language are no parameters": {
			own: `{"a": {"type": "array"}}`, given: `{"a": "{{ range(3) | list }}"}`, live: `{"a":[0,1,2]}`, forAction: `{"a":[0,1,2]}`,
		},
		"immutable by the runner": {
			runner: shell, own: `{"kwarg_op": {"default": "-"}}`, live: `{}`,
			forRunner: `{"kwarg_op":"--","cmd":null,"env":null,"sudo":false,"timeout":60}`, forAction: `{}`,
		},
		"a default of the wrong type is not needed": {
			own: `{"n": {"type": "number", "default": "now"}}`, given: `{"n": 1}`, live: `{"n":1.0}`, forAction: `{"n":1.0}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := compile(t, tt.own, tt.runner)
			given := parse(t, tt.given)
			var before string
			if given != nil {
				before = json(t, given)
			}
			live, err := c.Live(t.Context(), given, env(t))
			if err != nil {
				t.Fatalf("Live: %v", err)
			}
			if diff := cmp.Diff(tt.live, json(t, live)); diff != "" {
				t.Errorf("Live differs (-want +got):\n%s", diff)
			}
			if given != nil && json(t, given) != before {
				t.Errorf("the given parameters became %s", json(t, given))
			}
			forRunner, forAction, err := c.Final(t.Context(), live, env(t))
			if err != nil {
				if got := "error: " + err.Error(); got != tt.forAction {
					t.Errorf("Final: %s", got)
				}
				return
			}
			if tt.forRunner == "" {
				tt.forRunner = "{}"
			}
			if diff := cmp.Diff([]string{tt.forRunner, tt.forAction}, []string{json(t, forRunner), json(t, forAction)}); diff != "" {
				t.Errorf("Final differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLiveTellsAllMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		own, given string
		want       []string // in order
		rendering  bool
	}{
		"required": {
			own: `{"a": {"required": true}, "b": {"required": true, "type": "string"}, "c": {"required": true, "default": 1}}`, given: `{}`,
			want: []string{`'a' is a required property`, `'b' is a required property`},
		},
		"a default of the wrong type": {
			own: `{"n": {"type": "number", "default": "now"}}`, given: `{}`,
			want: []string{`'now' is not of type 'number'`},
		},
		"secrets are not quoted": {
			own:   `{"a": {"type": "object", "properties": {"b": {"type": "integer", "secret": true}}}, "c": {"secret": true, "enum": ["x"]}, "d": {"type": "integer", "secret": true}}`,
			given: `{"a": {"b": "hidden"}, "c": "hidden", "d": "hidden"}`,
			want: []string{
				`Failed to cast the value (type: str) for the secret parameter "d" of type "integer". Perhaps the value is of an invalid type?`,
				`The value of the secret parameter "a.b" does not fit its "type"`,
				`The value of the secret parameter "c" does not fit its "enum"`,
			},
		},
		"unknown": {
			own: `{"a": {}}`, given: `{"b": 1, "c": 2}`,
			want: []string{`Additional properties are not allowed ('b', 'c' were unexpected)`},
		},
		"wrong types": {
			own: `{"a": {"type": "object"}, "b": {"type": "boolean"}, "c": {"type": "integer", "maximum": 5}}`, given: `{"a": [1], "b": 2, "c": "9"}`,
			want: []string{`[1] is not of type 'object', 'null'`, `2 is not of type 'boolean', 'null'`, `9 is greater than the maximum of 5`},
		},
		"casts": {
			own:   `{"a": {"type": "integer"}, "b": {"type": "array"}, "c": {"type": "string"}, "d": {"required": true}}`,
			given: `{"a": "x", "b": "y", "c": 42}`,
			want: []string{
				`Failed to cast value "x" (type: str) for parameter "a" of type "integer": invalid literal for int() with base 10: 'x'. Perhaps the value is of an invalid type?`,
				`Failed to cast value "y" (type: str) for parameter "b" of type "array": malformed node or string at character 1 of the literal. Perhaps the value is of an invalid type?`,
				`Failed to cast value "42" (type: int) for parameter "c" of type "string": Value "42" must either be a string or None. Got "int". Perhaps the value is of an invalid type?`,
				`'d' is a required property`,
			},
		},
		"immutable": {
			own: `{"a": {"immutable": true, "default": 1}, "b": {"immutable": true, "default": 2}, "c": {}}`, given: `{"b": 2, "c": 1, "a": 1, "x": 1}`,
			want: []string{`Additional properties are not allowed ('x' was unexpected)`, `Override of immutable parameter(s) ['b', 'a'] is unsupported.`},
		},
		"immutable and a template": {
			own: `{"a": {"immutable": true, "default": 1}, "c": {}}`, given: `{"a": 1, "c": "{{ d }}"}`,
			want: []string{`Override of immutable parameter(s) ['a'] is unsupported.`, `Dependency unsatisfied in variable "d"`},
		},
		"unknown names": {
			own: `{"a": {}, "b": {"default": "{{ y }}{{ x }}"}}`, given: `{"a": "{{ x }}"}`, rendering: true,
			want: []string{`Dependency unsatisfied in variable "x"`, `Dependency unsatisfied in variable "y"`},
		},
		"cycles": {
			own: `{"a": {"default": "{{ b }}"}, "b": {"default": ["{{ c }}"]}, "c": {"default": "{{ a }}"}, "d": {"default": "{{ d }}"}, "e": {"default": "{{ a }}"}}`, rendering: true,
			want: []string{`Cyclic dependency found in the following variables: a, b, c, d. Likely the variable is referencing itself`},
		},
		"several templates fail": {
			own: `{"a": {}, "b": {}, "c": {}, "d": {}}`, given: `{"a": "{{ trigger.nope }}", "b": "{{ a }}", "c": "{{ 1 / 0 }}", "d": "{{ 1 | nofilter }}"}`, rendering: true,
			want: []string{
				`Failed to render parameter "a": 'dict object' has no attribute 'nope'`,
				`Failed to render parameter "c": division by zero`,
				`Failed to render parameter "d": No filter named 'nofilter'.`,
			},
		},
		"a key that is to be decrypted does not exist": {
			own: `{"a": {"default": "{{ st2kv.user.none | decrypt_kv }}"}}`, rendering: true,
			want: []string{`Failed to render parameter "a": Referenced datastore item "st2kv.user.none" doesn't exist or it contains an empty string`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compile(t, tt.own, "").Live(t.Context(), parse(t, tt.given), env(t))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("mistakes differ (-want +got):\n%s", diff)
			}
			if fault.KindOf(err) != fault.Invalid || errors.Is(err, action.ErrRendering) != tt.rendering {
				t.Errorf("got kind %v, rendering %v", fault.KindOf(err), errors.Is(err, action.ErrRendering))
			}
		})
	}
}

func TestLookUpsThatFailAreNoMistakes(t *testing.T) {
	broken := errors.New("disk full")
	c := compile(t, `{"a": {"default": "{{ config_context.x }}"}, "b": {"default": "{{ st2kv.system.x }}"}, "c": {}}`, "")
	for name, e := range map[string]action.Env{
		"config":    {Config: func(context.Context) (*value.Dict, error) { return nil, broken }},
		"datastore": {Config: env(t).Config, Datastore: brokenStore{broken}},
	} {
		if _, err := c.Live(t.Context(), nil, e); !errors.Is(err, broken) || errors.Is(err, action.ErrRendering) || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: got %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Live(ctx, nil, env(t)); !errors.Is(err, context.Canceled) || errors.Is(err, action.ErrRendering) {
		t.Errorf("after cancellation: got %v", err)
	}
}

type brokenStore struct{ err error }

func (b brokenStore) Get(context.Context, string, string, string) (string, bool, error) {
	return "", false, b.err
}

func TestNothingIsLookedUpThatIsNotNamed(t *testing.T) {
	c := compile(t, `{"a": {"default": "{{ b }}"}, "b": {"default": "x"}}`, "")
	e := action.Env{
		Config:    func(context.Context) (*value.Dict, error) { return nil, errors.New("looked up") },
		Datastore: brokenStore{errors.New("looked up")},
	}
	if _, err := c.Live(t.Context(), nil, e); err != nil {
		t.Error(err)
	}
}

func TestUserKeysBelongToWhoAsks(t *testing.T) {
	c := compile(t, `{"a": {"default": "{{ st2kv.user.k }}"}}`, "")
	for name, tt := range map[string]struct{ context, user, want string }{
		"api_user first":           {`{"user": "ada", "api_user": "bob"}`, "ada", "his"},
		"user":                     {`{"user": "ada"}`, "bob", "hers"},
		"without a context":        {`{}`, "bob", "his"},
		"nobody":                   {`{}`, "", "system's"},
		"an api_user that is none": {`{"user": "ada", "api_user": null}`, "", "system's"},
	} {
		e := action.Env{
			Context: func() *value.Dict { return parse(t, tt.context) }, User: tt.user,
			Datastore: store{"st2kv.user/ada/k": "hers", "st2kv.user/bob/k": "his", "st2kv.user/stanley/k": "system's"},
		}
		live, err := c.Live(t.Context(), nil, e)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := live.Get("a"); got != tt.want {
			t.Errorf("%s: got %v, want %s", name, got, tt.want)
		}
	}
}

func TestFinalDoesNotRenderWhatIsLive(t *testing.T) {
	c := compile(t, `{"a": {}, "b": {"default": "{{ a }}"}}`, "")
	_, got, err := c.Final(t.Context(), parse(t, `{"a": "{{ config_context.url }}"}`), env(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"{{ config_context.url }}","b":"{{ config_context.url }}"}`; json(t, got) != want {
		t.Errorf("got %s, want %s", json(t, got), want)
	}
}

func TestFinalTellsDefaultsThatCanNotBeCast(t *testing.T) {
	c := compile(t, `{"n": {"type": "number", "default": "now"}, "l": {"type": "array", "default": "{{ n }}"}, "s": {"type": "boolean", "default": "x", "secret": true}}`, "")
	_, _, err := c.Final(t.Context(), nil, env(t))
	want := `Failed to cast value "now" (type: str) for parameter "n" of type "number": could not convert string to float: 'now'. Perhaps the value is of an invalid type?
Failed to cast value "now" (type: str) for parameter "l" of type "array": malformed node or string at character 1 of the literal. Perhaps the value is of an invalid type?
Failed to cast the value (type: str) for the secret parameter "s" of type "boolean". Perhaps the value is of an invalid type?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestMasked(t *testing.T) {
	c := compile(t, `{"a": {"secret": true}, "o": {"type": "object", "properties": {"b": {"secret": true, "type": "string"}}}, "type": {}}`, `{"password": {"secret": true, "type": "string"}}`)
	given := parse(t, `{"a": [1], "o": {"b": "x", "c": 1}, "type": "t", "password": "p"}`)
	want := `{"a":"********","o":{"b":"********","c":1},"type":"t","password":"********"}`
	if got := json(t, c.Masked(given)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c.Secret("type") || !c.Secret("o") || !c.Secret("password") {
		t.Error("secrets are not told from others")
	}
}

func TestCompileRefusesToChangeParametersOfTheRunner(t *testing.T) {
	_, err := action.Compile(
		&action.Action{Ref: "p.a", Parameters: parse(t, `{"timeout": {"type": "string", "default": 1, "description": "x"}, "sudo": {"type": "boolean", "secret": true}}`)},
		&action.RunnerType{Parameters: parse(t, shell)},
	)
	want := `The attribute "type" for the runner parameter "timeout" in action "p.a" cannot be overridden.
The attribute "secret" for the runner parameter "sudo" in action "p.a" cannot be overridden.`
	if err == nil || err.Error() != want || fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v, want %s", err, want)
	}
}

func BenchmarkLiveAndFinal(b *testing.B) {
	for name, tt := range map[string]struct{ own, runner, given string }{
		"noop":     {"", "", ""},
		"local":    {`{"cmd": {"required": true}}`, shell, `{"cmd": "date"}`},
		"template": {`{"cmd": {"required": true}, "host": {"default": "{{ action_context.user }}"}}`, shell, `{"cmd": "echo {{ trigger.host }}"}`},
	} {
		b.Run(name, func(b *testing.B) {
			c, given, e := compile(b, tt.own, tt.runner), parse(b, tt.given), env(b)
			b.ReportAllocs()
			for b.Loop() {
				live, err := c.Live(b.Context(), given, e)
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := c.Final(b.Context(), live, e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
