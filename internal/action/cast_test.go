package action

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/st2fn"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestCast(t *testing.T) {
	list := value.NewList(int64(1))
	for name, tt := range map[string]struct {
		v    value.Value
		typ  string
		want string // its repr, or "error: " and how the error begins
	}{
		"array of JSON":              {`[1, "a", null]`, "array", `[1, 'a', None]`},
		"array of Python":            {`[1, 'a', None, (2,)]`, "array", `[1, 'a', None, (2,)]`},
		"array as it is":             {list, "array", `[1]`},
		"array of another kind":      {`{"a": 1}`, "array", `{'a': 1}`},
		"array of nothing":           {"", "array", `error: unexpected end`},
		"array of words":             {"a, b", "array", `error: malformed node`},
		"object of JSON":             {` {"a": 1.0} `, "object", `{'a': 1.0}`},
		"object of Python":           {`{'a': True}`, "object", `{'a': True}`},
		"object and a number":        {int64(1), "object", `1`},
		"boolean":                    {"true", "boolean", `True`},
		"boolean in capitals":        {"FALSE", "boolean", `False`},
		"boolean of a number":        {"1", "boolean", `1`},
		"boolean of None":            {"none", "boolean", `None`},
		"boolean of a word":          {"yes", "boolean", `error: malformed node`},
		"boolean of nothing":         {"", "boolean", `error: unexpected end`},
		"boolean as it is":           {int64(0), "boolean", `0`},
		"integer":                    {" 12 ", "integer", `12`},
		"integer of a float":         {2.9, "integer", `2`},
		"integer of a float's text":  {"2.0", "integer", `error: invalid literal for int() with base 10: '2.0'`},
		"integer of a boolean":       {true, "integer", `1`},
		"integer of a list":          {list, "integer", `error: int() argument must be`},
		"large integer":              {"99999999999999999999", "integer", `99999999999999999999`},
		"number":                     {"1e3", "number", `1000.0`},
		"number of an int":           {int64(5), "number", `5.0`},
		"number of a word":           {"now", "number", `error: could not convert string to float: 'now'`},
		"string":                     {"a", "string", `'a'`},
		"string of a number":         {int64(1), "string", `error: Value "1" must either be a string or None. Got "int".`},
		"string of a list":           {value.NewList(), "string", `error: Value "[]" must either be a string or None. Got "list".`},
		"text that is safe for HTML": {value.Markup("1"), "integer", `1`},
		"unknown type":               {"1", "float", `'1'`},
		"no type":                    {st2fn.NoneMagic, "", value.Repr(st2fn.NoneMagic)},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := Cast(tt.v, tt.typ)
			got := value.Repr(v)
			if err != nil {
				got = "error: " + err.Error()
			}
			if got != tt.want && (err == nil || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("Cast(%s, %s) = %s, want %s", value.Repr(tt.v), tt.typ, got, tt.want)
			}
		})
	}
}

func TestCastKeepsNoneWhateverTheType(t *testing.T) {
	for _, typ := range []string{"array", "boolean", "integer", "number", "object", "string"} {
		for _, v := range []value.Value{nil, st2fn.NoneMagic} {
			if got, err := Cast(v, typ); got != nil || err != nil {
				t.Errorf("Cast(%s, %s) = %s, %v; want None", value.Repr(v), typ, value.Repr(got), err)
			}
		}
	}
}

// FuzzCast holds that a cast does not panic, and that what it returns stays as
// it is when it is cast again.
func FuzzCast(f *testing.F) {
	for _, s := range []string{`[1, 'a']`, `{"a": [true]}`, "true", " 1_0 ", "-1e999", "nan", st2fn.NoneMagic, `{1: {}}`, "İ", "'", `"1"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		for _, typ := range []string{"array", "boolean", "integer", "number", "object", "string", ""} {
			v, err := Cast(s, typ)
			if err != nil {
				continue
			}
			if _, isText := v.(string); isText && typ != "string" {
				continue // a text in the text, which is a value of the wrong kind
			}
			again, err := Cast(v, typ)
			if err != nil || value.Repr(again) != value.Repr(v) {
				t.Errorf("Cast(%q, %s) is %s, and that cast again %s, %v", s, typ, value.Repr(v), value.Repr(again), err)
			}
		}
	})
}
