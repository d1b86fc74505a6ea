package schema_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/schema"
)

func TestSaysWhatPythonSays(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for sc := bufio.NewScanner(bytes.NewReader(data)); sc.Scan(); {
		var rec struct {
			Schema, Value   json.RawMessage
			Errors          []string
			Paths           [][]any
			Best, Explained string
		}
		if err := json.Unmarshal(sc.Bytes(), &rec); err != nil {
			t.Fatal(err)
		}
		v := parse(t, string(rec.Value))
		s, err := schema.Compile(parse(t, string(rec.Schema)).(*value.Dict))
		if err != nil {
			if !strings.Contains(string(rec.Schema), `"required": ["a", "z"]`) { // Draft 4, which StackStorm does not take
				t.Errorf("%s: %v", rec.Schema, err)
			}
			continue
		}
		var got []string
		var paths [][]any
		errs := s.Validate(v)
		for _, e := range errs {
			got = append(got, e.Msg)
			path := []any{}
			for _, step := range e.Path {
				if i, ok := step.(int); ok {
					step = float64(i) // as JSON has it
				}
				path = append(path, step)
			}
			paths = append(paths, path)
		}
		if diff := cmp.Diff(rec.Errors, got); diff != "" {
			t.Errorf("%s in %s (-want +got)\n%s", rec.Value, rec.Schema, diff)
			continue
		}
		if diff := cmp.Diff(rec.Paths, paths); diff != "" {
			t.Errorf("%s in %s: paths (-want +got)\n%s", rec.Value, rec.Schema, diff)
		}
		if len(errs) == 0 {
			continue
		}
		best := schema.Best(errs)
		if best.Msg != rec.Best {
			t.Errorf("%s in %s: best is %q, want %q", rec.Value, rec.Schema, best.Msg, rec.Best)
			continue
		}
		if diff := cmp.Diff(rec.Explained, best.Explain()); diff != "" && rec.Explained != "" {
			t.Errorf("%s in %s: explained (-want +got)\n%s", rec.Value, rec.Schema, diff)
		}
	}
}

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCompileRefusesWhatIsNoSchema(t *testing.T) {
	tests := map[string]struct{ schema, want string }{
		"type":             {`{"type": "int"}`, "'int' is not valid under any of the given schemas"},
		"list of required": {`{"properties": {"a": {"required": ["b"]}}}`, "['b'] is not of type 'boolean'"},
		"pattern":          {`{"pattern": "("}`, "'(' is not a 'regex'"},
		"pattern of keys":  {`{"patternProperties": {"(": {}}}`, `pattern "(": missing ), unterminated subpattern at position 0`},
		"negative length":  {`{"minLength": -1}`, "-1 is less than the minimum of 0"},
		"deep inside":      {`{"properties": {"a": {"items": {"allOf": [{"enum": []}]}}}}`, "[] should be non-empty"},
		"reference":        {`{"$ref": "#/definitions/x"}`, `$ref "#/definitions/x": there is nothing of that name`},
		"foreign":          {`{"items": {"$ref": "http://x.example/y"}}`, `$ref "http://x.example/y": only references within the schema, such as #/definitions/x, are known`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := schema.Compile(parse(t, test.schema).(*value.Dict))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := schema.Compile(nil); err == nil {
		t.Error("no schema at all compiled")
	}
}

func TestASchemaThatNeverEndsIsAnError(t *testing.T) {
	s, err := schema.Compile(parse(t, `{"anyOf": [{"$ref": "#"}]}`).(*value.Dict))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(int64(1)); err == nil {
		t.Error("a schema that only refers to itself accepts everything")
	}
}

func TestValidateFillsInDefaults(t *testing.T) {
	tests := map[string]struct{ schema, v, want string }{
		"missing and None":   {`{"type": "object", "properties": {"a": {"default": 1}, "b": {"default": 2}, "c": {"default": 3}}}`, `{"b": null, "c": 0}`, `{"b":2,"c":0,"a":1}`},
		"required":           {`{"type": "object", "properties": {"a": {"default": 1, "required": true}}}`, `{}`, `{"a":1}`},
		"nested":             {`{"type": "object", "properties": {"o": {"type": "object", "properties": {"x": {"default": 1}}}}}`, `{"o": {}}`, `{"o":{"x":1}}`},
		"not into nothing":   {`{"type": "object", "properties": {"o": {"type": "object", "properties": {"x": {"default": 1}}}}}`, `{}`, `{}`},
		"default, then into": {`{"type": "object", "properties": {"o": {"type": "object", "default": {}, "properties": {"x": {"default": 1}}}}}`, `{}`, `{"o":{"x":1}}`},
		"items":              {`{"type": "object", "properties": {"l": {"type": "array", "items": {"type": "object", "properties": {"x": {"default": 1}}}}}}`, `{"l": [{}, {"x": 2}]}`, `{"l":[{"x":1},{"x":2}]}`},
		"fixed items":        {`{"type": "object", "properties": {"l": {"type": "array", "items": [{"default": 5}, {"default": 6}]}}}`, `{"l": [null]}`, `{"l":[5]}`},
		"dependencies":       {`{"type": "object", "properties": {"x": {"default": false}, "m": {}}, "dependencies": {"x": ["m"]}}`, `{}`, `{}`},
		"no object at all":   {`{"properties": {"a": {"default": 1}}}`, `{}`, `{}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, d := parse(t, test.v), parse(t, test.schema).(*value.Dict)
			before := value.Repr(v) + value.Repr(d)
			out, err := schema.Validate(v, d, schema.Options{Defaults: true, NoneAllowed: true})
			if err != nil {
				t.Fatal(err)
			}
			got, err := value.ToJSON(out)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
			if after := value.Repr(v) + value.Repr(d); after != before {
				t.Errorf("changed what it was given: %s", after)
			}
		})
	}
}

func TestNoneIsAllowedWhereItMeansNothing(t *testing.T) {
	tests := map[string]struct {
		property string
		ok       bool
	}{
		"optional":             {`{"type": "string"}`, true},
		"no type":              {`{}`, true},
		"required":             {`{"type": "string", "required": true}`, false},
		"required, None":       {`{"type": "string", "required": true, "default": null}`, true},
		"list of types":        {`{"type": ["string", "integer"]}`, true},
		"any of":               {`{"anyOf": [{"type": "string"}]}`, true},
		"one of":               {`{"oneOf": [{"type": "string"}, {"type": "null"}]}`, true},
		"enum":                 {`{"type": "string", "enum": ["a"]}`, false},
		"nested, required":     {`{"type": "object", "required": true, "properties": {"x": {"type": "string"}}}`, false},
		"type is null already": {`{"type": "null"}`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := parse(t, `{"type": "object", "properties": {"p": `+test.property+`}}`).(*value.Dict)
			_, err := schema.Validate(parse(t, `{"p": null}`), d, schema.Options{Defaults: true, NoneAllowed: true})
			if (err == nil) != test.ok {
				t.Errorf("got error %v, want one: %t", err, !test.ok)
			}
			if e, ok := errors.AsType[*schema.Error](err); ok && e.Name() != "p" {
				t.Errorf("the error is at %q, want p", e.Name())
			}
		})
	}
}

func TestMaskParametersHidesWhatIsOfAnotherKind(t *testing.T) {
	secret := schema.SecretParameters(parse(t, `{"o": {"type": "object", "properties": {"p": {"type": "string", "secret": true}}}, "l": {"type": "array", "items": {"type": "string", "secret": true}}}`).(*value.Dict))
	got := value.Repr(schema.MaskParameters(parse(t, `{"o": "{{ config_context.login }}", "l": "a,b", "x": 1}`), secret))
	if want := "{'o': '********', 'l': '********', 'x': 1}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got = value.Repr(schema.MaskParameters(parse(t, `{"o": null, "l": ["a"]}`), secret))
	if want := "{'o': None, 'l': ['********']}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCheckParameters(t *testing.T) {
	runner := parse(t, `{"cmd": {"type": "string", "description": "c"}, "sudo": {"type": "boolean", "default": false}, "dir": {"type": "string", "immutable": true, "default": "/tmp"}, "url": {"type": "string"}}`).(*value.Dict)
	tests := map[string]struct{ params, want string }{
		"sound":                  {`{"a": {"type": "string", "position": 0, "required": true, "default": 5, "secret": true}, "sudo": {"default": true, "immutable": true}, "b": {}}`, ""},
		"restated as it is":      {`{"cmd": {"type": "string", "required": true, "description": "x"}}`, ""},
		"unknown attribute":      {`{"a": {"type": "string", "requierd": true, "item": {}}}`, "a.requierd: Additional properties are not allowed ('requierd' was unexpected); did you mean required?\na.item: Additional properties are not allowed ('item' was unexpected); did you mean items?"},
		"inside of items":        {`{"a": {"type": "array", "items": {"typ": "string"}}}`, "a.items.typ: Additional properties are not allowed ('typ' was unexpected); did you mean type?"},
		"nested type list":       {`{"a": {"type": "array", "items": {"type": ["string", "null"]}}}`, ""},
		"type":                   {`{"a": {"type": "int"}}`, "a.type: 'int' is not one of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']; did you mean integer?"},
		"list of types":          {`{"a": {"type": ["string", "null"]}}`, "a.type: ['string', 'null'] is not one of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']; name one type; leave it out if anything will do, or use anyOf"},
		"required as text":       {`{"a": {"required": "true"}}`, "a.required: 'true' is not of type 'boolean'; write it without quotes"},
		"required as a list":     {`{"a": {"type": "object", "required": ["x"]}}`, "a.required: ['x'] is not of type 'boolean'; write 'required: true' in each property that is"},
		"no definition":          {`{"a": "string"}`, "a: 'string' is not of type 'object'; write attributes below it, such as type and description"},
		"name":                   {`{"a-b": {}}`, "a-b: the name 'a-b' may hold letters, digits and underscores only"},
		"same position":          {`{"a": {"position": 0}, "b": {"position": 0}}`, "b.position: Parameters b and a have same position 0. Position values have to be unique."},
		"gap":                    {`{"a": {"position": 1}, "b": {"position": 3}}`, "b.position: Positions are not contiguous: 3 follows 1.; the one after a is 2"},
		"immutable, no default":  {`{"a": {"immutable": true}}`, "a: Immutable param a requires a default value.; give it a default, or take immutable away"},
		"immutable, of runner":   {`{"sudo": {"immutable": true}}`, ""},
		"immutable in runner":    {`{"dir": {"immutable": true, "default": "x"}}`, "dir.immutable: Param dir is declared immutable in runner. Cannot override in action."},
		"type of the runner":     {`{"sudo": {"type": "string"}}`, `sudo.type: The attribute "type" for the runner parameter "sudo" cannot be overridden.; an action may set default, description, enum, immutable, required of a parameter of its runner`},
		"attribute of its own":   {`{"url": {"secret": true}}`, `url.secret: The attribute "secret" for the runner parameter "url" cannot be overridden.; an action may set default, description, enum, immutable, required of a parameter of its runner`},
		"several at once":        {`{"a": {"type": "strin", "position": -1}, "b c": {}}`, "a.type: 'strin' is not one of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']; did you mean string?\na.position: -1 is less than the minimum of 0\nb c: the name 'b c' may hold letters, digits and underscores only"},
		"pattern":                {`{"a": {"pattern": "["}}`, "a.pattern: '[' is not a 'regex'"},
		"format of a parameter":  {`{"a": {"format": "email"}}`, "a.format: Additional properties are not allowed ('format' was unexpected); formats are not checked; use pattern"},
		"a list of alternatives": {`{"a": {"items": [{"type": "x"}]}}`, "a.items[0].type: 'x' is not one of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range schema.CheckParameters(parse(t, test.params).(*value.Dict), runner) {
				line := (&schema.Error{Path: f.Path}).Name() + ": " + f.Msg
				if f.Hint != "" {
					line += "; " + f.Hint
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzSchema(f *testing.F) {
	f.Add(`{"type": "object", "properties": {"a": {"type": "string", "required": true}}}`, `{"a": 1}`)
	f.Add(`{"anyOf": [{"$ref": "#"}, {"not": {}}], "definitions": {"x": {}}}`, `[1, null]`)
	f.Add(`{"items": [{"oneOf": [{"pattern": "a+"}, {"enum": [1]}]}], "additionalItems": false}`, `["aa", 2]`)
	f.Fuzz(func(t *testing.T, schemaText, text string) {
		d, err := value.FromJSON([]byte(schemaText))
		if err != nil {
			return
		}
		v, err := value.FromJSON([]byte(text))
		if err != nil {
			return
		}
		dict, ok := d.(*value.Dict)
		if !ok {
			return
		}
		schema.CheckParameters(dict, nil)
		s, err := schema.Compile(dict)
		if err != nil {
			return
		}
		for _, e := range s.Validate(s.Fill(v)) {
			e.Explain()
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	d, err := value.FromJSON([]byte(`{"type": "object", "properties": {"host": {"type": "string", "required": true}, "port": {"type": "integer", "minimum": 1}, "tags": {"type": "array", "items": {"type": "string"}}}, "additionalProperties": false}`))
	if err != nil {
		b.Fatal(err)
	}
	s, err := schema.Compile(d.(*value.Dict))
	if err != nil {
		b.Fatal(err)
	}
	v, err := value.FromJSON([]byte(`{"host": "a", "port": 80, "tags": ["x", "y"]}`))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Check(v); err != nil {
			b.Fatal(err)
		}
	}
}
