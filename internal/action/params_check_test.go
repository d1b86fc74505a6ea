package action

import (
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// TestWhatFitsForCertainFitsTheSchema holds that the short way never accepts what
// the schema refuses, and that it is taken where it can be.
func TestWhatFitsForCertainFitsTheSchema(t *testing.T) {
	values := []string{`null`, `true`, `1`, `99999999999999999999`, `1.0`, `1.5`, `"a"`, `[]`, `[1]`, `{}`, `{"a": 1}`}
	fitted := 0
	for _, schema := range []string{
		`{}`, `{"description": "x"}`, `{"default": 1}`, `{"default": null}`, `{"required": true}`, `{"required": true, "default": null}`,
		`{"type": "null"}`, `{"type": "boolean"}`, `{"type": "integer"}`, `{"type": "number"}`, `{"type": "string"}`, `{"type": "array"}`, `{"type": "object"}`,
		`{"type": "integer", "required": true}`, `{"type": "string", "required": true, "default": "d"}`, `{"type": "boolean", "default": 0}`,
		`{"type": "integer", "maximum": 0}`, `{"enum": ["a"]}`, `{"type": "object", "properties": {"b": {"required": true}}}`,
		`{"anyOf": [{"type": "integer"}, {"type": "array"}]}`, `{"type": "array", "items": {"type": "string"}}`, `{"type": "string", "secret": true, "position": 0}`,
	} {
		c, err := Compile(&Action{Parameters: dict(t, `{"a": {"type": "string"}, "p": `+schema+`}`)}, &RunnerType{})
		if err != nil {
			t.Fatalf("%s: %v", schema, err)
		}
		given := []*value.Dict{value.NewDict(), dict(t, `{"x": 1}`)}
		for _, v := range values {
			given = append(given, dict(t, `{"p": `+v+`}`))
		}
		for _, d := range given {
			if !c.fits(d) {
				continue
			}
			fitted++
			if errs := c.schema.Validate(c.schema.Fill(d)); len(errs) > 0 {
				t.Errorf("%s is accepted by %s in short, and refused with %q", value.Repr(d), schema, errs[0].Msg)
			}
		}
	}
	if fitted < 60 {
		t.Errorf("only %d combinations went the short way", fitted)
	}
}
