package action_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func compiled(t *testing.T, parameters string) *action.Compiled {
	t.Helper()
	v, err := value.FromJSON([]byte(parameters))
	if err != nil {
		t.Fatal(err)
	}
	c, err := action.Compile(&action.Action{Ref: "a.b", Parameters: v.(*value.Dict)}, &action.RunnerType{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestUnfitSaysWhyAValueCannotBeGiven(t *testing.T) {
	c := compiled(t, `{
		"count": {"type": "integer", "minimum": 1}, "name": {"type": "string", "required": true},
		"size": {"enum": ["s", "m"]}, "fixed": {"type": "string", "immutable": true, "default": "x"},
		"token": {"type": "integer", "secret": true}, "list": {"type": "array", "items": {"type": "string"}}}`)
	for _, tc := range []struct {
		name string
		v    value.Value
		want string // a part of it; empty: it fits
	}{
		{"count", int64(1), ""},
		{"count", "12", ""},
		{"count", nil, ""},
		{"count", "many", `parameter "count" of type "integer"`},
		{"count", int64(0), "0 is less than the minimum of 1"},
		{"name", "x", ""},
		{"name", int64(7), `parameter "name" of type "string"`},
		{"size", "m", ""},
		{"size", "xl", "'xl' is not one of ['s', 'm']"},
		{"fixed", "y", `The parameter "fixed" is immutable.`},
		{"token", "hunter2", `secret parameter "token"`},
		{"list", `["a"]`, ""},
		{"list", value.NewList(int64(1)), "1 is not of type 'string'"},
		{"unknown", "x", ""},
	} {
		got := c.Unfit(tc.name, tc.v)
		if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("Unfit(%s, %v) = %q, want %q in it", tc.name, tc.v, got, tc.want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("Unfit(%s) tells the secret: %q", tc.name, got)
		}
	}
	if diff := cmp.Diff([]string{"count", "fixed", "list", "name", "size", "token"}, c.Parameters()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
