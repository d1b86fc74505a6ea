package rule

import (
	"slices"
	"testing"
	"time"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// fromJSON reads a value, or fails the test.
func fromJSON(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatalf("read %s: %v", text, err)
	}
	return v
}

func TestOperators(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		operator, value, pattern string
		want                     bool
		failure                  string
	}{
		"numbers equal across types": {"eq", `1`, `1.0`, true, ""},
		"true is one":                {"equals", `true`, `1`, true, ""},
		"text is no number":          {"eq", `"1"`, `1`, false, ""},
		"null pattern":               {"eq", `null`, `null`, false, ""},
		"not equal to null":          {"neq", `1`, `null`, true, ""},
		"null is null":               {"nequals", `null`, `null`, false, ""},
		"ignoring case":              {"ieq", `"WEB"`, `"web"`, true, ""},
		"ignoring case of a number":  {"ieq", `5`, `"5"`, false, "the value must be a text, not a number"},
		"part of a text":             {"contains", `"web17"`, `"17"`, true, ""},
		"item of a list":             {"contains", `["a", 1]`, `true`, true, ""},
		"key of an object":           {"contains", `{"a": 1}`, `"a"`, true, ""},
		"nothing in null":            {"contains", `null`, `"a"`, false, "argument of type 'NoneType' is not iterable"},
		"not part":                   {"ncontains", `"web"`, `"db"`, true, ""},
		"not part of null pattern":   {"ncontains", `"web"`, `null`, false, ""},
		"part ignoring case":         {"icontains", `"WEB17"`, `"web"`, true, ""},
		"not part ignoring case":     {"incontains", `"WEB17"`, `"web"`, false, ""},
		"start":                      {"startswith", `"web17"`, `"web"`, true, ""},
		"start ignoring case":        {"istartswith", `"WEB17"`, `"web"`, true, ""},
		"end":                        {"endswith", `"web17"`, `"17"`, true, ""},
		"end ignoring case":          {"iendswith", `"a.COM"`, `".com"`, true, ""},
		"less":                       {"lt", `1`, `1.5`, true, ""},
		"less as text":               {"lessthan", `"10"`, `"9"`, true, ""},
		"less across types":          {"lt", `"10"`, `9`, false, "'<' not supported between instances of 'str' and 'int'"},
		"more":                       {"gt", `2`, `1`, true, ""},
		"more, list by list":         {"greaterthan", `[1, 2]`, `[1, 1]`, true, ""},
		"no order with NaN":          {"gt", `NaN`, `1`, false, ""},
		"wildcard":                   {"matchwildcard", `"web17.example"`, `"web??.*"`, true, ""},
		"wildcard is anchored":       {"matchwildcard", `"a web"`, `"web*"`, false, ""},
		"wildcard set":               {"matchwildcard", `"web3"`, `"web[0-5]"`, true, ""},
		"wildcard negated set":       {"matchwildcard", `"web3"`, `"web[!0-5]"`, false, ""},
		"wildcard backward range":    {"matchwildcard", `"b"`, `"[z-a]"`, false, ""},
		"wildcard lonely bracket":    {"matchwildcard", `"a[b"`, `"a[b"`, true, ""},
		"wildcard dot":               {"matchwildcard", `"axb"`, `"a.b"`, false, ""},
		"regex at start":             {"matchregex", `"disk\nfull"`, `"disk.full"`, true, ""},
		"regex not at start":         {"matchregex", `"the disk"`, `"disk"`, false, ""},
		"regex anywhere":             {"regex", `"the disk"`, `"d[ia]sk$"`, true, ""},
		"regex dot and line feed":    {"regex", `"a\nb"`, `"a.b"`, false, ""},
		"regex ignoring case":        {"iregex", `"THE DISK"`, `"disk"`, true, ""},
		"broken regex":               {"regex", `"x"`, `"(x"`, false, "missing ), unterminated subpattern at position 0"},
		"ago, less":                  {"td_lt", `"2026-11-22T11:59:00Z"`, `61`, true, ""},
		"ago, more":                  {"timediff_gt", `"2026-11-22 11:59:00"`, `"59.5"`, true, ""},
		"ago with an offset":         {"td_lt", `"2026-11-22T12:59:30.5+01:00"`, `30`, true, ""},
		"no time":                    {"td_lt", `"soon"`, `1`, false, "'soon' is no time that can be read; write it like 2006-01-02T15:04:05Z"},
		"no number of seconds":       {"timediff_lt", `"2026-11-22"`, `"many"`, false, "could not convert string to float: 'many'"},
		"something is there":         {"exists", `false`, `null`, true, ""},
		"nothing is there":           {"nexists", `null`, `null`, true, ""},
		"in a list":                  {"in", `"b"`, `["a", "b"]`, true, ""},
		"inside a text":              {"inside", `"b"`, `"abc"`, true, ""},
		"not in a list":              {"nin", `"c"`, `["a", "b"]`, true, ""},
		"not inside null":            {"ninside", `"c"`, `null`, false, ""},
		"name in capitals":           {"EQ", `1`, `1`, true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			op, ok := operatorNamed(tt.operator)
			if !ok {
				t.Fatalf("there is no operator %s", tt.operator)
			}
			a := arguments{ctx: t.Context(), now: now, value: fromJSON(t, tt.value), pattern: fromJSON(t, tt.pattern)}
			got, err := op.run(&a)
			failure := ""
			if err != nil {
				failure = err.Error()
			}
			if got != tt.want || failure != tt.failure {
				t.Errorf("%s %s %s: got %v, %q; want %v, %q", tt.value, tt.operator, tt.pattern, got, failure, tt.want, tt.failure)
			}
		})
	}
}

func TestEveryOperatorIsListed(t *testing.T) {
	names := Operators()
	if len(names) != 33 || !slices.IsSorted(names) {
		t.Errorf("got %d names, want 33, sorted: %v", len(names), names)
	}
	for _, name := range names {
		if _, ok := operatorNamed(name); !ok && name != search {
			t.Errorf("%s is listed and does not work", name)
		}
	}
}

func TestBytesAreText(t *testing.T) {
	op, _ := operatorNamed("eq")
	for name, a := range map[string]arguments{
		"value":   {value: value.Bytes("é"), pattern: "é"},
		"pattern": {value: "é", pattern: value.Bytes("é")},
	} {
		if met, err := op.run(&a); !met || err != nil {
			t.Errorf("%s: got %v, %v; want true", name, met, err)
		}
	}
	if _, err := op.run(&arguments{value: value.Bytes{0xff}, pattern: "x"}); err == nil {
		t.Error("bytes that are no UTF-8 were compared")
	}
}

func TestDatesAlone(t *testing.T) {
	want := time.Date(2026, 2, 11, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-02-11", "2026-2-11", "20260211", "02/11/2026", "2.11.2026", "11 Feb 2026", "February 11, 2026"} {
		if got, err := parseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "2026-13-01", "1732286400", "2026-11-22 14:51:02 PM"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func TestTimesAreReadAsTheyAreWritten(t *testing.T) {
	want := time.Date(2026, 11, 22, 14, 51, 2, 0, time.UTC)
	for _, text := range []string{
		"2026-11-22T14:51:02Z", "2026-11-22T14:51:02.000000", "2026-11-22T15:51:02+01:00", "2026-11-22T15:51:02+0100",
		"2026-11-22 14:51:02", "2026-11-22 14:51:02+00:00", "2026-11-22 14:51:02.000000+00:00", "20261122T145102Z",
		"Sun, 22 Nov 2026 14:51:02 GMT", "Sun, 22 Nov 2026 15:51:02 +0100", "Sun Nov 22 14:51:02 2026", "22 Nov 2026 14:51:02",
		"2026-11-22 14:51:02 UTC", "20261122145102", "2026-11-22T14:51:02+00", "2026/11/22 14:51:02", "2026.11.22 14:51:02",
		"11/22/2026 2:51:02 PM", "22/11/2026 14:51:02", "22.11.2026 14:51:02", "Nov 22, 2026 14:51:02", "November 22 2026 14:51:02",
		"Sunday, November 22, 2026 2:51:02 PM", "Nov 22 14:51:02 2026", "22-Nov-2026 14:51:02", "20261122T145102Z",
		"2026-11-22 14:51:02 +0000 UTC", "2026-11-22T14:51:02,000Z", "2026-11-22T09:51:02 -0500",
	} {
		if got, err := parseTime(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v; want %v", text, got, err, want)
		}
	}
}
