package jsonpath

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

const document = `{
	"a": {"b": [{"c": 1}, {"c": 2}, {"d": [5, 6]}], "x-y": 3, "1": "one"},
	"s": "str", "n": 5, "z": null, "l": [1, [2, 3]]
}`

func find(t *testing.T, path string) (string, error) {
	t.Helper()
	doc, err := value.FromJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(path)
	if err != nil {
		return "", err
	}
	found, err := p.Find(t.Context(), doc)
	if err != nil {
		return "", err
	}
	return value.Repr(value.NewList(found...)), nil
}

func TestFindsWhatJsonpathRWFinds(t *testing.T) {
	const items = "[{'c': 1}, {'c': 2}, {'d': [5, 6]}]"
	for path, want := range map[string]string{
		"a.b[0].c":              "[1]",
		"a.b.[1]":               "[{'c': 2}]",
		"$.a.b[*].c":            "[1, 2]",
		"a.b[-1]":               "[{'d': [5, 6]}]",
		"a.b[1:]":               "[{'c': 2}, {'d': [5, 6]}]",
		"a.b[:-1].c":            "[1, 2]",
		"a.b[7]":                "[]",
		"a.x-y":                 "[3]",
		"a.'x-y'":               "[3]",
		"a[\"1\"]":              "['one']",
		"a['b','x-y']":          "[" + items + ", 3]",
		"s, n":                  "['str', 5]",
		"a.*":                   "[" + items + ", 3, 'one']",
		"z":                     "[None]",
		"z.b":                   "[]",
		"nothing":               "[]",
		"s[*]":                  "['str']",
		"s[0]":                  "['s']",
		"n[:]":                  "[5]",
		"$..c":                  "[1, 2]",
		"l..[*]":                "[1, [2, 3], 1, 2, 3, 2, 3]",
		"a..b[0]":               "[{'c': 1}]",
		"a.b|n":                 "[" + items + "]",
		"(a.b[0].c)|n":          "[1, 5]",
		"a|n.b":                 "[" + items + "]",
		"(* where b).x-y":       "[3]",
		"s.`parent`.n":          "[5]",
		"a.b[*].`parent`.[0].c": "[1, 1, 1]",
		"a.`this`.x-y":          "[3]",
		"a.$.s":                 "['str']",
		"[*].n":                 "[5]",
		" a\n. b [ 0 ] ":        "[{'c': 1}]",
		`'it\'s'`:               "[]",
	} {
		t.Run(path, func(t *testing.T) {
			got, err := find(t, path)
			if err != nil || got != want {
				t.Errorf("got %s, %v; want %s", got, err, want)
			}
		})
	}
}

func TestMistakesAndFailuresAreNamed(t *testing.T) {
	for path, want := range map[string]string{
		"":                        `the path ends too early at position 0 of the path ""`,
		"a.":                      `the path ends too early at position 2 of the path "a."`,
		"a.1":                     `unexpected "1" at position 2 of the path "a.1"`,
		"a b":                     `unexpected "b" at position 2 of the path "a b"`,
		"a#1":                     `unexpected character '#' at position 1 of the path "a#1"`,
		"a.é":                     `unexpected character 'é' at position 2 of the path "a.é"`,
		"a.'b":                    `missing closing ' at position 2 of the path "a.'b"`,
		"`up`":                    "unknown operator `up`; there are `this` and `parent` at position 0 of the path \"`up`\"",
		"a[0:3:2]":                `unexpected ":" at position 5 of the path "a[0:3:2]"`,
		"a.b[-9]":                 "find a.b[-9]: list index out of range",
		"n[0]":                    "find n[0]: object of type 'int' has no len()",
		"$.`parent`":              "find $.`parent`: the root has no parent",
		"a & b":                   "find a & b: paths joined by & cannot be searched for",
		"[0]":                     "find [0]: 0",
		"where":                   `unexpected "where" at position 0 of the path "where"`,
		"a[]":                     `unexpected "]" at position 2 of the path "a[]"`,
		"a[99999999999999999999]": `the number 99999999999999999999 is too large at position 2 of the path "a[99999999999999999999]"`,
	} {
		t.Run(path, func(t *testing.T) {
			if got, err := find(t, path); err == nil || err.Error() != want {
				t.Errorf("got %s, %v; want the error %s", got, err, want)
			}
		})
	}
}

func TestFieldsKnowsPlainPaths(t *testing.T) {
	for path, want := range map[string][]string{
		"trigger.body.name": {"trigger", "body", "name"},
		"$.a['b c']":        {"a", "b c"},
		"a[0]":              nil,
		"a.*":               nil,
		"a,b":               nil,
		"a.$":               nil,
		"a..b":              nil,
	} {
		p, err := Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.Fields()
		if diff := cmp.Diff(want, got); diff != "" || ok != (want != nil) {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestSearchesAreBounded(t *testing.T) {
	var deep value.Value = int64(1)
	for range 200 {
		deep = value.NewList(deep, deep)
	}
	p, err := Parse("$..*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Find(t.Context(), deep); !errors.Is(err, errTooMuch) {
		t.Errorf("got %v, want %v", err, errTooMuch)
	}
	if _, err := Parse(strings.Repeat("(", 1000)); err == nil {
		t.Error("a path of a thousand parentheses was accepted")
	}
}

// FuzzParse holds the promise that no path makes reading or searching panic.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a.b[0].c|$..x where `this`", "'a\\'", "[:-1],", "a[b,'c'].(d&e)", "..", "a[0:"} {
		f.Add(s)
	}
	doc, err := value.FromJSON([]byte(document))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Pos < 0 || e.Pos > len([]rune(text)) {
				t.Fatalf("the error of %q says no place: %v", text, err)
			}
			return
		}
		_, _ = p.Find(t.Context(), doc)
	})
}
