package value_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

func TestReprIsThatOfPython(t *testing.T) {
	list := value.NewList(int64(1))
	list.Items = append(list.Items, list)
	set, _ := value.NewSet(int64(1))
	empty, _ := value.NewSet()
	d := value.NewDict()
	d.Set("a", nil)
	_ = d.SetKey(int64(1), true)
	_ = d.SetKey(value.Tuple{"x"}, 1.0)
	for want, v := range map[string]value.Value{
		"None":                              nil,
		"True":                              true,
		"1e+16":                             1e16,
		"1000000000000000.0":                1e15,
		"1e-05":                             0.00001,
		"0.0001":                            0.0001,
		"-0.0":                              math.Copysign(0, -1),
		"nan":                               math.NaN(),
		"0.1":                               0.1,
		"123456789.123":                     123456789.123,
		"1.7976931348623157e+308":           math.MaxFloat64,
		`'it\\s'`:                           `it\s`,
		`"it's"`:                            "it's",
		`'it\'s "x"'`:                       `it's "x"`,
		`'\n\t\x00\x7f\xa0é\u2028€'`:        "\n\t\x00\x7f\u00a0é\u2028€",
		`'\U000e0001😀'`:                     "\U000e0001😀",
		"[1, [...]]":                        list,
		"{1}":                               set,
		"set()":                             empty,
		"(1,)":                              value.Tuple{int64(1)},
		"()":                                value.Tuple{},
		"(1, 2)":                            value.Tuple{int64(1), int64(2)},
		"{'a': None, 1: True, ('x',): 1.0}": d,
		`b'a\x00\xff\'"'`:                   value.Bytes("a\x00\xff'\""),
		"datetime.timedelta(days=-1, seconds=86399)": value.TimeDelta(-1e6),
		"datetime.datetime(2020, 1, 2, 3, 0)":        value.NewNaive(time.Date(2020, 1, 2, 3, 0, 0, 0, time.UTC)),
		"Markup('x')":                                value.Markup("x"),
		"(1+2j)":                                     1 + 2i,
		"123456789012345678901234567890":             bigInt("123456789012345678901234567890"),
		"range(0, 3)":                                value.Range{Stop: 3, Step: 1},
	} {
		if got := value.Repr(v); got != want {
			t.Errorf("Repr = %s, want %s", got, want)
		}
	}
}

func bigInt(s string) value.Value {
	n, _ := new(big.Int).SetString(s, 10)
	return value.Int(n)
}

func TestEqualFollowsPython(t *testing.T) {
	tests := map[string]struct {
		a, b value.Value
		want bool
	}{
		"int and float":       {int64(1), 1.0, true},
		"int and bool":        {int64(1), true, true},
		"bool and float":      {false, 0.0, true},
		"int and text":        {int64(1), "1", false},
		"large int and float": {int64(1<<53 + 1), float64(1 << 53), false},
		"big and float":       {bigInt("100000000000000000000"), 1e20, true},
		"NaN":                 {math.NaN(), math.NaN(), false},
		"None and false":      {nil, false, false},
		"list and tuple":      {value.NewList(), value.Tuple{}, false},
		"deep":                {value.NewList(value.Tuple{1.0}), value.NewList(value.Tuple{true}), true},
		"dicts in any order":  {value.Of(map[string]any{"a": 1, "b": 2}), dict("b", 2.0, "a", true, "b", 2), true},
		"markup and text":     {value.Markup("x"), "x", true},
		"ranges":              {value.Range{Stop: 0, Step: 1}, value.Range{Stop: 0, Step: 2}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := value.Equal(tt.a, tt.b); got != tt.want {
				t.Errorf("Equal = %v, want %v", got, tt.want)
			}
			if got := value.Equal(tt.b, tt.a); got != tt.want {
				t.Errorf("the other way: Equal = %v, want %v", got, tt.want)
			}
		})
	}
}

func dict(pairs ...any) *value.Dict {
	d := value.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		_ = d.SetKey(value.Of(pairs[i]), value.Of(pairs[i+1]))
	}
	return d
}

func TestDictKeysAreEqualAsInPython(t *testing.T) {
	d := dict(1, "int", 1.0, "float", true, "bool")
	if got, want := value.Repr(d), "{1: 'bool'}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := d.SetKey(value.NewList(), nil); !value.IsClass(err, value.TypeError) {
		t.Errorf("a list as a key: %v, want a TypeError", err)
	}
	for i := range 100 {
		d.Set(string(rune('a'+i)), int64(i))
	}
	for i := range 90 {
		d.Delete(string(rune('a' + i)))
	}
	if _, ok, _ := d.GetKey(1.0); !ok || d.Len() != 11 || len(d.Keys()) != 11 {
		t.Errorf("after deletions: %s", value.Repr(d))
	}
	c := d.Clone()
	c.Set("new", nil)
	if d.Has("new") {
		t.Error("a clone shares its keys")
	}
}

func TestJSONReadsAsPythonDoes(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"order and duplicates": {`{"b":1,"a":2,"b":3}`, "{'b': 3, 'a': 2}"},
		"numbers":              {`[1, 1.0, 1e2, -0, -0.0, 123456789012345678901]`, "[1, 1.0, 100.0, 0, -0.0, 123456789012345678901]"},
		"not numbers":          {`[NaN, Infinity, -Infinity]`, "[nan, inf, -inf]"},
		"escapes":              {`"\u00e9\ud83d\ude00\n\/"`, `'é😀\n/'`},
		"half a pair":          {`"\ud83dx"`, `'` + "\uFFFD" + `x'`},
		"space":                {" [ ] ", "[]"},
		"two texts":            {`1 2`, "Extra data: line 1 column 3 (char 2)"},
		"nothing":              {``, "Expecting value: line 1 column 1 (char 0)"},
		"no value":             {"{\n\"a\": }", "Expecting value: line 2 column 6 (char 7)"},
		"no comma":             {`[1 2]`, "Expecting ',' delimiter: line 1 column 4 (char 3)"},
		"leading zero":         {`01`, "Extra data: line 1 column 2 (char 1)"},
		"open text":            {`"abc`, "Unterminated string starting at: line 1 column 1 (char 0)"},
		"control":              {"\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"},
		"bad escape":           {`"\x"`, `Invalid \escape: line 1 column 2 (char 1)`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := value.FromJSON([]byte(tt.in))
			got := value.Repr(v)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestJSONIsBounded(t *testing.T) {
	deep := make([]byte, 100_000)
	for i := range deep {
		deep[i] = '['
	}
	if _, err := value.FromJSON(deep); err == nil {
		t.Error("endless brackets were read")
	}
	l := value.NewList()
	l.Items = []value.Value{l}
	if _, err := value.ToJSON(l); err == nil {
		t.Error("a list that holds itself was written")
	}
	var v value.Value = value.NewList()
	for range 60 {
		v = value.NewList(v, v)
	}
	if _, err := value.AppendJSONOptions(nil, v, value.JSONOptions{Limit: 1000}); !value.IsClass(err, value.MemoryError) {
		t.Errorf("a list of 2^60 lists: %v", err)
	}
	if _, err := value.AppendStr(nil, v, 1000); !value.IsClass(err, value.MemoryError) {
		t.Errorf("the text of 2^60 lists: %v", err)
	}
}

func TestJSONWrites(t *testing.T) {
	d := dict("a", 1.0, 2, nil, true, math.NaN())
	d.Set("t", value.Tuple{"é\u2028\"\\\x01\n", bigInt("12345678901234567890")})
	got, err := value.ToJSON(d)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":1.0,"2":null,"true":null,"t":["é` + "\u2028" + `\"\\\u0001\n",12345678901234567890]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	indent := "  "
	got, _ = value.AppendJSONOptions(nil, dict("b", []any{1, 2}, "a", "é😀", "c", math.Inf(1)),
		value.JSONOptions{Item: ",", Key: ": ", Indent: &indent, SortKeys: true, ASCII: true, NaN: true})
	want = "{\n  \"a\": \"\\u00e9\\ud83d\\ude00\",\n  \"b\": [\n    1,\n    2\n  ],\n  \"c\": Infinity\n}"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	set, _ := value.NewSet()
	if _, err := value.ToJSON(set); !value.IsClass(err, value.TypeError) {
		t.Errorf("a set: %v, want a TypeError", err)
	}
}

func TestCompareRefusesWhatHasNoOrder(t *testing.T) {
	if n, err := value.Compare(value.NewList(int64(1), "b"), value.NewList(1.0, "c")); n >= 0 || err != nil {
		t.Errorf("lists: %d, %v", n, err)
	}
	_, err := value.Compare(int64(1), "1")
	if want := "'<' not supported between instances of 'int' and 'str'"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCopyKeepsSharing(t *testing.T) {
	inner := value.NewList(int64(1))
	outer := dict()
	outer.Set("a", inner)
	outer.Set("b", value.Tuple{inner})
	c, _ := value.Copy(outer).(*value.Dict)
	a, _ := c.Get("a")
	a.(*value.List).Items[0] = int64(2)
	if got, want := value.Repr(c)+value.Repr(outer), "{'a': [2], 'b': ([2],)}{'a': [1], 'b': ([1],)}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a": [1, 2.5e3, -0, null, true]}`, `"\ud83d\ude00\u00e9\n"`, `[[[]]]`, `123456789012345678901234567890`, `NaN`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := value.FromJSON(data)
		if err != nil {
			return
		}
		once, err := value.AppendJSONOptions(nil, v, value.JSONOptions{NaN: true})
		if err != nil {
			t.Fatal(err)
		}
		again, err := value.FromJSON(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if value.Repr(v) != value.Repr(again) {
			t.Errorf("read %s, then %s", value.Repr(v), value.Repr(again))
		}
	})
}
