package chain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
)

// onlyLocal knows core.local, and core.odd, of which it knows no parameters.
type onlyLocal struct{ local *action.Compiled }

func (o onlyLocal) Refs() []string { return []string{"core.local", "core.odd"} }

func (o onlyLocal) Parameters(ref string) (*action.Compiled, bool) {
	switch ref {
	case "core.local":
		return o.local, true
	case "core.odd":
		return nil, true
	}
	return nil, false
}

func TestInspectLooksAtTheActions(t *testing.T) {
	v, err := value.FromJSON([]byte(`{"cmd": {"type": "string", "required": true}, "timeout": {"type": "integer", "default": 60}}`))
	if err != nil {
		t.Fatal(err)
	}
	local, err := action.Compile(&action.Action{Ref: "core.local", Parameters: v.(*value.Dict)}, &action.RunnerType{})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(`
chain:
  - {name: a, ref: core.locla, on-success: b}
  - name: b
    ref: core.local
    params: {tiemout: 5, timeout: soon}
    on-success: c
  - {name: c, ref: core.local, parameters: {cmd: date, timeout: "{{ t }}"}, on-success: d}
  - {name: d, ref: "{{ which }}", parameters: {x: 1}, on-success: e}
  - {name: e, ref: core.odd, parameters: {x: 1}}
`)
	var got []string
	for _, m := range chain.Inspect(text, onlyLocal{local}) {
		if !m.Warning {
			t.Errorf("%v keeps the chain from beginning", m)
		}
		got = append(got, m.String())
	}
	want := []string{
		`line 3, column 20: there is no action "core.locla"; did you mean "core.local"?`,
		`line 5, column 10: action "core.local" needs the parameter "cmd"`,
		`line 6, column 14: action "core.local" has no parameter "tiemout"; did you mean "timeout"?`,
		`line 6, column 35: Failed to cast value "soon" (type: str) for parameter "timeout" of type "integer": ` +
			`invalid literal for int() with base 10: 'soon'. Perhaps the value is of an invalid type?`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if found := chain.Check(text); len(found) != 0 {
		t.Errorf("Check looks at actions, too: %v", found)
	}
}
