package action

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// dict reads a dict from JSON.
func dict(t testing.TB, src string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(src))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return v.(*value.Dict)
}

func TestParametersKeepOrderAndMergeAttributes(t *testing.T) {
	a := &Action{Parameters: dict(t, `{"z": {"type": "string"}, "timeout": {"default": 5}, "a": null, "sudo": {"immutable": false}}`)}
	rt := &RunnerType{Parameters: dict(t, `{"cmd": {"type": "string"}, "timeout": {"type": "integer", "default": 60}, "sudo": {"immutable": true, "default": false}}`)}
	got, err := value.ToJSON(Parameters(a, rt))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"z":{"type":"string"},"timeout":{"default":5,"type":"integer"},"a":{},"sudo":{"immutable":true,"default":false},"cmd":{"type":"string"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("parameters differ (-want +got):\n%s", diff)
	}
}

func TestViewTakesImmutableBeforeRequired(t *testing.T) {
	a := &Action{Parameters: dict(t, `{"r": {"required": true}, "i": {"required": true, "immutable": true, "default": 1}, "o": {"required": false}}`)}
	v := NewView(a, nil)
	for name, tt := range map[string]struct {
		got  *value.Dict
		want []value.Value
	}{
		"required": {v.Required, []value.Value{"r"}}, "immutable": {v.Immutable, []value.Value{"i"}}, "optional": {v.Optional, []value.Value{"o"}},
	} {
		if !slices.Equal(tt.got.Keys(), tt.want) {
			t.Errorf("%s: got %v, want %v", name, tt.got.Keys(), tt.want)
		}
	}
}
