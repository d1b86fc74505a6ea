package chain_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/workflow/chain"
)

func TestCheck(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"nothing wrong": {"chain:\n  - {name: a, ref: x.y}\n", nil},
		"nothing at all": {"", []string{
			"1:1: the file is empty",
		}},
		"no mapping": {"- chain", []string{"1:1: the file holds a list, not a mapping"}},
		"no YAML":    {"chain: [", []string{"1:8: there is no ']' that ends this"}},
		"no chain":   {"default: a", []string{"1:1: chain is missing", `1:10: there is no task "a"`}},
		"no tasks":   {"chain: []", []string{"1:8: chain has no tasks"}},
		"no list":    {"chain: {name: a, ref: x.y}", []string{"1:8: chain is a dict, not a list of tasks"}},
		"all at once": {`
chain:
  - nane: a
    ref: x.y
  - name: b
    ref: 7
    on-success: bb
    on-failure: [b]
    params: [1]
  - name: c
    ref: x.y
    params: {a: 1}
    parameters: {a: 1}
    on-failure: B
    publish: {v: "{{ x "}
    notify: {on-succes: {}}
  - just text
  - {name: "", ref: x.y}
default: d
vars: 3
extra: 1
`, []string{
			`3:5: warning: unknown key "nane", which does nothing; did you mean "name"?`,
			"3:5: name is missing",
			`6:10: ref is an int, not a text; put it in quotes if it is the text "7"`,
			`7:17: there is no task "bb"; did you mean "b"?`,
			"8:17: on-failure is a list, not the name of a task",
			"9:13: params is a list, not a mapping",
			"12:5: params and parameters are two names of the same, and both are given; put all into parameters",
			`14:17: there is no task "B"; did you mean "b"?`,
			"15:18: the template does not parse: line 1, column 4: expected token 'end of print statement', got 'end of template'",
			`16:14: notify: unknown key "on-succes"; did you mean "on-success"?`,
			"17:5: a task is a mapping with name and ref, not a str",
			"18:12: name is empty",
			`19:10: there is no task "d"; known are b, c`,
			"20:7: vars is an int, not a mapping",
			`21:1: unknown key "extra"; known are chain, default, vars`,
		}},
		"two tasks of one name": {`
chain:
  - {name: a, ref: x.y}
  - {name: a, ref: x.z}
`, []string{`4:12: warning: there are two tasks of the name "a", and this one never runs; give it another name`}},
		"a circle without a beginning": {`
chain:
  - {name: a, ref: x.y, on-success: b}
  - {name: b, ref: x.y, on-success: a}
`, []string{"2:1: warning: each task comes after another one, so the chain begins with the first in the list; say with default where it begins"}},
		"a circle with one": {`
chain:
  - {name: a, ref: x.y, on-success: b}
  - {name: b, ref: x.y, on-success: a}
default: b
`, nil},
		"a task that nothing leads to": {`
chain:
  - {name: a, ref: x.y}
  - {name: b, ref: x.y}
`, []string{`4:6: warning: nothing leads to task "b", so it never runs`}},
		"a template may lead anywhere": {`
chain:
  - {name: a, ref: x.y, on-success: "{{ to }}"}
  - {name: b, ref: x.y}
`, nil},
		"a filter that there is not": {`
chain:
  - {name: a, ref: x.y, params: {p: "{{ x | uper }}"}}
`, []string{`3:37: the template does not parse: line 1, column 8: No filter named 'uper'. (did you mean 'upper'?)`}},
		"JSON with tabs":              {"{\n\t\"chain\": [\n\t\t{\"name\": \"a\"}\n\t]\n}", []string{"3:3: ref is missing"}},
		"JSON that YAML cannot read":  {`{"chain": [{"name": "a", "ref": "\ud83d\ude00"}], "vars": 1}`, []string{"1:1: vars is an int, not a mapping"}},
		"quotes in a list are no end": {`chain: [{name: a, ref: x.y, params: {p: ['{{ x["a"] }}']}}]`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, m := range chain.Check([]byte(tt.text)) {
				s := m.String()
				s = strings.Replace(strings.TrimPrefix(s, "line "), ", column ", ":", 1)
				if m.Warning {
					s = strings.Replace(s, ": ", ": warning: ", 1)
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
