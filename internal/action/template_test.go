package action_test

import (
	"context"
	"errors"
	"testing"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestTemplate(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"a text":                        {`"{{ a }}!"`, `"1!"`},
		"a text alone stays a text":     {`"{{ a }}"`, `"1"`},
		"and so in a list":              {`["{{ a }}", 2, "x"]`, `["1",2,"x"]`},
		"plain text loses its last end": {`"x\n"`, `"x"`},
		"a number":                      {`5`, `5`},
		"what has no marks":             {`{"a": [1, "x\n"]}`, `{"a":[1,"x\n"]}`},
		"keys":                          {`{"{{ a }}": "{{ a }}"}`, `{"1":"1"}`},
		"escapes of JSON count":         {`["{{ s | json_escape }}"]`, `["say \"no\" twice"]`},
		"quotes are no structure":       {`["{{ s }}"]`, `["say \"no\" twice"]`},
		"quotes in a template":          {`["{{ d['k'] }}", "{{ d[\"k\"] }}"]`, `["v","v"]`},
		"a template over several texts": {`["{% if a %}1", "2{% endif %}"]`, `["1","2"]`},
	}
	vars := jinja.Map{"a": int64(1), "s": `say "no" twice`, "d": fromJSON(t, `{"k": "v"}`)}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tmpl, err := action.ParseTemplate(fromJSON(t, tt.in))
			if err != nil {
				t.Fatal(err)
			}
			v, err := tmpl.Render(t.Context(), vars)
			if err != nil {
				t.Fatal(err)
			}
			got, err := value.ToJSON(v)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWhatIsLiteralIsNoTemplate(t *testing.T) {
	for _, in := range []string{
		`"plain"`, `"{{ a }} {% raw %} {# x #} {"`, `"{% endraw %}{{ a"`, `"{\n"`, `"\n"`, `"C:\\new {\\u0041} \"x\""`, `5`, `null`,
		`{"{{ a }}":["{{ a }}",{"k":"{\"a\":1}\n"},true],"n":[]}`,
	} {
		tmpl, err := action.ParseTemplate(action.Literal(fromJSON(t, in)))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		v, err := tmpl.Render(t.Context(), jinja.Map{"a": int64(1)})
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got, err := value.ToJSON(v); err != nil || string(got) != in {
			t.Errorf("%s comes out as %s (%v)", in, got, err)
		}
	}
}

func TestATemplateThatDoesNotParse(t *testing.T) {
	for _, in := range []string{`"{{ a "`, `["{{ a "]`, `{"x": "{{ a | nope }}"}`} {
		if _, err := action.ParseTemplate(fromJSON(t, in)); err == nil {
			t.Errorf("%s parses", in)
		}
	}
}

func TestAScopeSaysWhichLookUpFailed(t *testing.T) {
	broken := errors.New("broken")
	s := action.NewScope(action.Env{
		Datastore: brokenStore{broken},
		Config:    func(context.Context) (*value.Dict, error) { return nil, broken },
	})
	if _, _, err := s.Name(t.Context(), "config_context"); !errors.Is(err, broken) {
		t.Errorf("config_context: %v", err)
	}
	if _, ok, err := s.Name(t.Context(), "other"); ok || err != nil {
		t.Errorf("other: %v %v", ok, err)
	}
	st2kv, ok, err := s.Name(t.Context(), "st2kv")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	tmpl, err := action.ParseTemplate("{{ st2kv.system.x }}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.Render(s.Context(t.Context()), jinja.Map{"st2kv": st2kv}); err == nil {
		t.Error("a broken datastore renders")
	}
	if !errors.Is(s.Err(t.Context()), broken) {
		t.Errorf("error %v", s.Err(t.Context()))
	}
}

func fromJSON(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
