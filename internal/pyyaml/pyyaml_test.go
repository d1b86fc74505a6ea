package pyyaml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
)

func TestErrorsSayWhereAndWhatWouldBeRight(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"colon in a value":    {"a: 1\nb: x: y\n", "line 2, column 5: a mapping cannot begin here; if the ':' belongs to the value before it, put that value in quotes"},
		"tab":                 {"a:\n\tb: 1\n", "line 2, column 1: a tab cannot indent; use spaces"},
		"bracket left open":   {"a: [1, 2\n", "line 1, column 4: there is no ']' that ends this"},
		"template":            {"a: {{ x }} y\n", "line 1, column 12: a value does not belong to the mapping of line 1; is it indented as its neighbours are?"},
		"indentation":         {"a:\n  b: 1\n c: 2\n", "line 3, column 2: a key does not belong to the mapping of line 1; is it indented as its neighbours are?"},
		"quote left open":     {"a: 'x\nb: y\n", "line 1, column 4: there is no ' that ends this value"},
		"percent":             {"a: %x\n", "line 1, column 4: a value cannot begin with '%'; put it in quotes"},
		"no colon":            {"a: 1\nbc\nd: 2\n", `line 2, column 1: expected a key with ':' and a value after it, but there is no ':' after "bc"`},
		"alias":               {"a: *.txt\n", "line 1, column 4: '*' begins an alias, which is a name of letters, digits, '-' and '_'; a text that begins with '*' needs quotes"},
		"unknown alias":       {"é: [*x]\n", "line 1, column 5: there is no anchor &x before this alias; a text that begins with '*' needs quotes"},
		"tag of Python":       {"a: !!python/name:os.system x\n", "line 1, column 28: the tag !!python/name:os.system is not known; a text that begins with '!' needs quotes"},
		"second document":     {"a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins here, after the one of line 1; there is one to a file"},
		"no such day":         {"a: 2024-02-30\n", "line 1, column 4: there is no day 2024-02-30; if it is not a date, put it in quotes"},
		"not UTF-8":           {"a: 1\nb: \xff\n", "line 2, column 4: byte 0xff is not UTF-8; save the file as UTF-8"},
		"control character":   {"a: \x07", `line 1, column 4: character U+0007 is not allowed; in a text in double quotes, write it as "\x07"`},
		"escape":              {`a: "C:\Windows"`, `line 1, column 7: there is no escape \W; write \\ for a backslash, or use single quotes`},
		"two values mistaken": {"a: 2024-13-01\nb: !x y\n", "line 1, column 4: there is no day 2024-13-01; if it is not a date, put it in quotes\nline 2, column 7: the tag !x is not known; a text that begins with '!' needs quotes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := pyyaml.Unmarshal([]byte(test.text))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPositions(t *testing.T) {
	doc, err := pyyaml.Parse([]byte(`# comment
name: é x
list:
- a
-   b: 1
    "c": [x, {y: z}]
base: &base
  p: 1
use:
  <<: *base
  q: 2
empty:
1: one
dup: a
dup: b
`))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		path       []any
		value, key string
	}{
		"root":           {nil, "2:1", "2:1"},
		"scalar":         {[]any{"name"}, "2:7", "2:1"},
		"list":           {[]any{"list"}, "4:1", "3:1"},
		"item":           {[]any{"list", 0}, "4:3", "4:3"},
		"key in item":    {[]any{"list", 1, "b"}, "5:8", "5:5"},
		"in brackets":    {[]any{"list", 1, "c", 1, "y"}, "6:18", "6:15"},
		"merged":         {[]any{"use", "p"}, "8:6", "8:3"},
		"beside merged":  {[]any{"use", "q"}, "11:6", "11:3"},
		"empty value":    {[]any{"empty"}, "12:6", "12:1"},
		"integer key":    {[]any{1}, "13:4", "13:1"},
		"last of two":    {[]any{"dup"}, "15:6", "15:1"},
		"missing key":    {[]any{"use", "nothing", "deeper"}, "10:3", "10:3"},
		"missing item":   {[]any{"list", 7}, "4:1", "4:1"},
		"into a scalar":  {[]any{"name", "x"}, "2:7", "2:7"},
		"missing at top": {[]any{"nothing"}, "2:1", "2:1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			at := func(line, col int) string { return fmt.Sprintf("%d:%d", line, col) }
			if got := at(doc.Pos(test.path...)); got != test.value {
				t.Errorf("Pos = %s, want %s", got, test.value)
			}
			if got := at(doc.KeyPos(test.path...)); got != test.key {
				t.Errorf("KeyPos = %s, want %s", got, test.key)
			}
		})
	}
	want := []pyyaml.Warning{{Line: 15, Column: 1, Msg: "the key 'dup' is there twice; the last one counts", Duplicate: true, Key: "dup"}}
	if diff := cmp.Diff(want, doc.Warnings); diff != "" {
		t.Errorf("warnings (-want +got)\n%s", diff)
	}
}

func TestBounds(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	var merges strings.Builder
	merges.WriteString("a0: &a0 {x: 1, y: 2}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&merges, "a%d: &a%d\n  k%d: {<<: [*a%d, *a%d], z: *a%d}\n", i, i, i, i-1, i-1, i-1)
	}
	tests := map[string]struct{ text, want string }{
		"billion laughs":  {laughs.String(), "with its aliases written out, the document has more than 4000000 values"},
		"billion merges":  {merges.String(), "with its aliases written out, the document has more than 4000000 values"},
		"brackets":        {strings.Repeat("[", 100_000), "line 1, column 501: more than 500 brackets inside each other"},
		"blocks":          {strings.Repeat("- ", 100_000), "line 1, column 1001: more than 500 blocks inside each other"},
		"question marks":  {strings.Repeat("? ", 100_000), "more than 500 blocks inside each other"},
		"long number":     {strings.Repeat("9", 5000), "line 1, column 1: a number of more than 4300 digits"},
		"number of parts": {"1" + strings.Repeat(":00", 2000), "line 1, column 1: a number of more than 4300 digits"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := pyyaml.Unmarshal([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

func TestUTF16(t *testing.T) {
	for name, text := range map[string]string{"little": "\xff\xfea\x00:\x00 \x00\xe9\x00", "big": "\xfe\xff\x00a\x00:\x00 \x00\xe9"} {
		v, err := pyyaml.Unmarshal([]byte(text))
		if got, want := value.Repr(v), "{'a': 'é'}"; err != nil || got != want {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, want)
		}
	}
}

func TestMarshalRefusesWhatItCannotWrite(t *testing.T) {
	for name, v := range map[string]value.Value{
		"complex": complex(1, 2),
		"inside":  value.NewList(value.TimeDelta(1)),
	} {
		if out, err := pyyaml.Marshal(v, pyyaml.Options{}); !value.IsClass(err, value.TypeError) {
			t.Errorf("%s: got %q (%v), want a TypeError", name, out, err)
		}
	}
	deep := value.NewList()
	for range 2000 {
		deep = value.NewList(deep)
	}
	if _, err := pyyaml.Marshal(deep, pyyaml.Options{}); err == nil {
		t.Error("a value 2000 deep was written")
	}
}

func TestMarshalNamesTheContainerThatHoldsItself(t *testing.T) {
	l := value.NewList(int64(1))
	l.Items = append(l.Items, l)
	got, err := pyyaml.Marshal(l, pyyaml.Options{})
	if want := "&id001\n- 1\n- *id001\n"; err != nil || string(got) != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: [1, {b: c}]", "- |\n  x\n- >-\n  y", "a: &x {b: 1}\nc: {<<: *x}", "? a\n: b", "\"\\u00e9\"", "!!binary YQ==", "1:30", "2024-01-02 03:04:05 +1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := pyyaml.Parse(data)
		if err != nil {
			if len(pyyaml.Errors(err)) == 0 {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		text, err := pyyaml.Marshal(doc.Value, pyyaml.Options{Unicode: true, KeepOrder: true})
		if err != nil {
			return // deeper than what is written
		}
		again, err := pyyaml.Unmarshal(text)
		if err != nil {
			t.Fatalf("%q was written, but does not read: %v", text, err)
		}
		if value.Repr(again) != value.Repr(doc.Value) && !strings.ContainsAny(value.Repr(doc.Value), "\u0085\u2028\u2029") && !strings.Contains(string(data), "!!") && !strings.Contains(string(data), "!<") && !strings.Contains(string(data), "%TAG") {
			t.Fatalf("%q reads as %s, was %s", text, value.Repr(again), value.Repr(doc.Value))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(strings.Repeat("- name: x\n  runner_type: local-shell-cmd\n  parameters:\n    cmd: {type: string, default: \"echo {{ x }}\"}\n", 100))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := pyyaml.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
