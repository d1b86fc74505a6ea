package st2fn

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// call calls a function with arguments given as JSON; those after the name=
// form are given by name.
func call(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	f, ok := All()[name]
	if !ok {
		t.Fatalf("there is no function %s", name)
	}
	a := &value.Args{Name: name}
	for _, arg := range args {
		key, text, named := "", arg, false
		if k, v, ok := strings.Cut(arg, "="); ok && !strings.ContainsAny(k, "\"'{[ <>!") {
			key, text, named = k, v, true
		}
		v, err := value.FromJSON([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", arg, err)
		}
		if named {
			a.Named = append(a.Named, value.Named{Name: key, Value: v})
		} else {
			a.Pos = append(a.Pos, v)
		}
	}
	v, err := f(t.Context(), a)
	if err != nil {
		return "", err
	}
	return value.Repr(v), nil
}

func TestFunctions(t *testing.T) {
	tests := map[string]struct {
		call []string
		want string
	}{
		"regex_match":                       {[]string{"regex_match", `"xyz"`, `"x"`}, "True"},
		"regex_match is anchored":           {[]string{"regex_match", `"xyz"`, `"y"`}, "False"},
		"regex_match of a number":           {[]string{"regex_match", `12`, `"1"`}, "True"},
		"regex_search":                      {[]string{"regex_search", `"xyz"`, `"y"`}, "True"},
		"regex_search ignoring case":        {[]string{"regex_search", `"xyz"`, `"Y"`, `ignorecase=true`}, "True"},
		"regex_replace":                     {[]string{"regex_replace", `"a1b2"`, `"([a-z])(\\d)"`, `"\\2\\1"`}, "'1a2b'"},
		"regex_substring":                   {[]string{"regex_substring", `"a1 b2"`, `"[a-z]\\d"`, `1`}, "'b2'"},
		"regex_substring from the end":      {[]string{"regex_substring", `"a1 b2"`, `"([a-z])\\d"`, `-1`}, "'b'"},
		"regex_substring of several groups": {[]string{"regex_substring", `"a1 b2"`, `"([a-z])(\\d)"`}, "('a', '1')"},
		"version_compare":                   {[]string{"version_compare", `"0.10.0"`, `"0.9.0"`}, "1"},
		"version_compare, rc is before":     {[]string{"version_compare", `"1.0.0-rc.1"`, `"1.0.0"`}, "-1"},
		"version_compare, rc by number":     {[]string{"version_compare", `"1.0.0-rc.10"`, `"1.0.0-rc.9"`}, "1"},
		"version_compare, number first":     {[]string{"version_compare", `"1.0.0-1"`, `"1.0.0-alpha"`}, "-1"},
		"version_compare, longer is later":  {[]string{"version_compare", `"1.0.0-a"`, `"1.0.0-a.1"`}, "-1"},
		"version_compare, build is nothing": {[]string{"version_compare", `"1.0.0+x"`, `"1.0.0"`}, "0"},
		"version_equal":                     {[]string{"version_equal", `"0.10.0"`, `"0.10.0"`}, "True"},
		"version_more_than":                 {[]string{"version_more_than", `"0.9.0"`, `"0.10.0"`}, "False"},
		"version_less_than":                 {[]string{"version_less_than", `"0.9.0"`, `"0.10.0"`}, "True"},
		"version_match":                     {[]string{"version_match", `"1.2.3"`, `">=1.2.3"`}, "True"},
		"version_match, not equal":          {[]string{"version_match", `"1.2.3"`, `"!=1.2.3"`}, "False"},
		"version_match, less":               {[]string{"version_match", `"1.2.3"`, `"<1.10.0"`}, "True"},
		"version_match, version alone":      {[]string{"version_match", `"1.2.3"`, `"1.2.3"`}, "True"},
		"version_bump_major":                {[]string{"version_bump_major", `"1.2.3-rc.1"`}, "'2.0.0'"},
		"version_bump_minor":                {[]string{"version_bump_minor", `"1.9.3"`}, "'1.10.0'"},
		"version_bump_patch":                {[]string{"version_bump_patch", `"1.2.99999999999999999999"`}, "'1.2.100000000000000000000'"},
		"version_strip_patch":               {[]string{"version_strip_patch", `"1.2.3"`}, "'1.2'"},
		"to_human_time_from_seconds":        {[]string{"to_human_time_from_seconds", `12345`}, "'3h25m45s'"},
		"human time of nothing":             {[]string{"to_human_time_from_seconds", `0`}, "'0s'"},
		"human time of a fraction":          {[]string{"to_human_time_from_seconds", `0.1`}, "'0.1μs'"},
		"human time of a float":             {[]string{"to_human_time_from_seconds", `56.5`}, "'56s'"},
		"human time without months":         {[]string{"to_human_time_from_seconds", `3888000`}, "'14d0h0m0s'"},
		"human time of years":               {[]string{"to_human_time_from_seconds", `45678997`}, "'1y12d16h36m37s'"},
		"use_none of None":                  {[]string{"use_none", `null`}, "'" + NoneMagic + "'"},
		"use_none of something":             {[]string{"use_none", `0`}, "0"},
		"to_complex":                        {[]string{"to_complex", `{"a": [1, true, null, "é"]}`}, `'{"a": [1, true, null, "\\u00e9"]}'`},
		"json_escape":                       {[]string{"json_escape", `"a\"\t\\"`}, `'a\\"\\t\\\\'`},
		"to_json_string":                    {[]string{"to_json_string", `{"b": 1, "a": [1, 2]}`}, `'{"b": 1,"a": [1,2]}'`},
		"to_json_string sorted":             {[]string{"json_dump", `{"b": 1, "a": 2}`, `sort_keys=true`}, `'{"a": 2,"b": 1}'`},
		"to_json_string indented":           {[]string{"to_json_string", `{"a": [1]}`, `2`}, `'{\n  "a": [\n    1\n  ]\n}'`},
		"to_json_string, own separators":    {[]string{"to_json_string", `[1, {"a": 2}]`, `separators=[" ; ", "->"]`}, `'[1 ; {"a"->2}]'`},
		"to_json_string, usual separators":  {[]string{"to_json_string", `[1, {"a": 2}]`, `separators=null`}, `'[1, {"a": 2}]'`},
		"from_json_string":                  {[]string{"from_json_string", `"{\"a\": [1.0]}"`}, "{'a': [1.0]}"},
		"json_parse":                        {[]string{"json_parse", `" 1 "`}, "1"},
		"from_yaml_string":                  {[]string{"from_yaml_string", `"a: yes\nb: 010"`}, "{'a': True, 'b': 8}"},
		"to_yaml_string":                    {[]string{"to_yaml_string", `{"b": {"c": [1, "x"]}, "a": "yes"}`}, `"a: 'yes'\nb:\n  c:\n  - 1\n  - x\n"`},
		"yaml_dump beyond ASCII":            {[]string{"yaml_dump", `"é"`}, `'é\n...\n'`},
		"jsonpath_query":                    {[]string{"jsonpath_query", `{"a": [{"b": 1}, {"b": 2}]}`, `"a[*].b"`}, "[1, 2]"},
		"jsonpath_query finds nothing":      {[]string{"jsonpath_query", `{}`, `"a"`}, "None"},
		"basename":                          {[]string{"basename", `"/path/to/file.txt"`}, "'file.txt'"},
		"basename of a folder":              {[]string{"basename", `"/path/to/"`}, "''"},
		"dirname":                           {[]string{"dirname", `"/some/path//file"`}, "'/some/path'"},
		"dirname of a root":                 {[]string{"dirname", `"//x"`}, "'//'"},
		"dirname of a name":                 {[]string{"dirname", `"x"`}, "''"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := call(t, tt.call[0], tt.call[1:]...)
			if err != nil || got != tt.want {
				t.Errorf("%v: got %s, %v; want %s", tt.call, got, err, tt.want)
			}
		})
	}
}

func TestFunctionsRefuse(t *testing.T) {
	tests := map[string]struct {
		call  []string
		class value.Class
		want  string
	}{
		"broken pattern":     {[]string{"regex_match", `"x"`, `"("`}, value.ValueError, "regular expression: missing ), unterminated subpattern at position 0"},
		"no such match":      {[]string{"regex_substring", `"x"`, `"y"`}, value.IndexError, "list index out of range"},
		"broken version":     {[]string{"version_bump_major", `"1.2"`}, value.ValueError, "1.2 is not valid SemVer"},
		"leading zero":       {[]string{"version_bump_major", `"1.02.3"`}, value.ValueError, "1.02.3 is not valid SemVer"},
		"rc with a zero":     {[]string{"version_bump_major", `"1.2.3-01"`}, value.ValueError, "1.2.3-01 is not valid SemVer"},
		"version no text":    {[]string{"version_compare", `1`, `"1.2.3"`}, value.TypeError, "not expecting type 'int'"},
		"version expression": {[]string{"version_match", `"1.2.3"`, `"~1.2.3"`}, value.ValueError, "a version expression is <, >, ==, <=, >= or != and a version, not '~1.2.3'"},
		"human time of text": {[]string{"to_human_time_from_seconds", `"stuff"`}, value.TypeError, "seconds must be a number, not str"},
		"human time of ages": {[]string{"to_human_time_from_seconds", `1e300`}, value.OverflowError, "date value out of range"},
		"path of a number":   {[]string{"basename", `1`}, value.TypeError, "expected str, bytes or os.PathLike object, not int"},
		"missing argument":   {[]string{"regex_match", `"x"`}, value.TypeError, "regex_match() missing required argument: 'pattern'"},
		"unknown argument":   {[]string{"use_none", `1`, `x=1`}, value.TypeError, "use_none() got an unexpected keyword argument 'x'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := call(t, tt.call[0], tt.call[1:]...)
			if err == nil || err.Error() != tt.want || !value.IsClass(err, tt.class) {
				t.Errorf("%v: got %s, %v; want %s: %s", tt.call, got, err, tt.class, tt.want)
			}
		})
	}
}
