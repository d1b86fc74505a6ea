package alias

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/fault"
)

func TestExtract(t *testing.T) {
	for name, tt := range map[string]struct{ format, command, want string }{
		"a word":                      {"run {{cmd}} on {{hosts}}", "run uptime on web1", `{'cmd': 'uptime', 'hosts': 'web1'}`},
		"several words":               {"run {{cmd}} on {{hosts}}", "run ls -l on web1", `{'cmd': 'ls -l', 'hosts': 'web1'}`},
		"double quotes":               {"run {{cmd}} on {{hosts}}", `run "sleep on it" on web1`, `{'cmd': 'sleep on it', 'hosts': 'web1'}`},
		"single quotes":               {"run {{cmd}}", `run 'a b'`, `{'cmd': 'a b'}`},
		"JSON":                        {"set {{to}} now", `set {"a": {"b": 1}} now`, `{'to': '{"a": {"b": 1}}'}`},
		"a default":                   {"ping {{host=localhost}}", "ping", `{'host': 'localhost'}`},
		"a default in quotes":         {"ping {{host='*'}}", "ping", `{'host': '*'}`},
		"an empty default":            {"ping {{host=\"\"}} please", "ping please", `{'host': ''}`},
		"instead of a default":        {"ping {{host=localhost}} {{count=3}}", "ping db1", `{'host': 'db1', 'count': '3'}`},
		"parameters at the end":       {"ping {{host}}", `ping db1 count=5 note="so what" env={"A": 1}`, `{'host': 'db1', 'count': '5', 'note': 'so what', 'env': '{"A": 1}'}`},
		"what comes twice":            {"say {{words}}", "say x=1 and x=1", `{'words': 'x=1 and', 'x': '1'}`},
		"a regular expression":        {`(?:show|list) (?P<what>pods|nodes)\s*{{where=here}}?`, "list nodes", `{'what': 'nodes', 'where': 'here'}`},
		"lookbehind":                  {`merge (?<=merge )#{{id}}`, "merge #12", `{'id': '12'}`},
		"its own anchors":             {`^\s*hello\s+{{who}}!*\s*$`, "hello world!!", `{'who': 'world'}`},
		"an end in a group":           {`open {{door}}( please|\s*$)`, "open gate please", `{'door': 'gate'}`},
		"spaces around":               {"hi {{who}}", "  hi you  ", `{'who': 'you'}`},
		"lines":                       {"note {{text}}", "note one\ntwo", `{'text': 'one\ntwo'}`},
		"an old group without a part": {`deploy(?P<fast> fast)? {{what}}`, "deploy it", `{'fast': None, 'what': 'it'}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(tt.format)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Extract(tt.command)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, value.Repr(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatDoesNotFit(t *testing.T) {
	for _, tt := range [][2]string{
		{"ping {{host}}", "pong db1"}, {"ping {{host}}", "ping"}, {"ping", "ping db1"}, {"{{a=''}}", "  "},
	} {
		p, err := Parse(tt[0])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Extract(tt[1]); !errors.Is(err, ErrNoMatch) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q with %q: got %v, %v", tt[1], tt[0], got, err)
		}
	}
}

func TestFormatsThatCannotBeUsed(t *testing.T) {
	for format, want := range map[string]string{
		"run (": "no regular expression", "run {{a-b}}": "{{a-b}} is not the name of a parameter", "{{a}} {{a}}": "no regular expression", "{{1}}": "not the name",
	} {
		if _, err := Parse(format); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", format, err, want)
		}
	}
}

func TestACommandThatIsMeantToTakeForEverEnds(t *testing.T) {
	p, err := Parse(`(\w+\s*)+!{{x}}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Extract(strings.Repeat("a ", 5000)); err == nil || fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}

func dict(t *testing.T, text string) *value.Dict {
	t.Helper()
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(*value.Dict)
}

func TestFind(t *testing.T) {
	one := &Alias{Name: "one", Enabled: true, Formats: []value.Value{"deploy {{what}}", dict(t, `{"display": "d", "representation": ["ship {{what}}", "send {{what}}"]}`)}}
	two := &Alias{Name: "two", Enabled: true, Formats: []value.Value{"deploy {{what}} to {{where}}"}}
	many := &Alias{Name: "many", Enabled: true, Formats: []value.Value{dict(t, `{"representation": "(?P<issue>[A-Z]+-\\d+)$|^", "match_multiple": true}`)}}
	off := &Alias{Name: "off", Formats: []value.Value{"ship {{what}}"}}
	broken := &Alias{Name: "broken", Enabled: true, Formats: []value.Value{"ship (", int64(1)}}
	all := []*Alias{one, two, many, off, broken}
	for command, want := range map[string]string{
		"ship it":           "one: ship {{what}}",
		"deploy it":         "one: deploy {{what}}",
		"deploy it to prod": "Command 'deploy it to prod' matched more than 1 pattern",
		"see OPS-12":        `many: (?P<issue>[A-Z]+-\d+)$|^`,
	} {
		m, err := Find(all, command)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = m.Alias.Name + ": " + m.Representation
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", command, got, want)
		}
	}
	if _, err := Find(all[:2], "no"); err == nil || err.Error() != "Command 'no' matched no patterns" {
		t.Errorf("got %v", err)
	}
}

func TestParameters(t *testing.T) {
	a := &Alias{Name: "a", Formats: []value.Value{"deploy {{what}}", dict(t, `{"representation": "\\A{0}(?P<issue>[A-Z]+-\\d+)\\Z{0}", "match_multiple": true}`)}}
	got, err := a.Parameters("deploy {{what}}", "deploy it fast=yes", false, dict(t, `{"by": "chat"}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{'what': 'it', 'fast': 'yes', 'by': 'chat'}`, value.Repr(got[0])); diff != "" {
		t.Error(diff)
	}
	for want, ask := range map[string]func() ([]*value.Dict, error){
		`Format string "x" is not available on the alias "a"`: func() ([]*value.Dict, error) { return a.Parameters("x", "x", false, nil) },
		"Immutable arguments cannot be overriden: by,what": func() ([]*value.Dict, error) { //nolint:misspell // the reference's words
			return a.Parameters("deploy {{what}}", "deploy it by=me", false, dict(t, `{"by": "chat", "to": 1, "what": 2}`))
		},
	} {
		if _, err := ask(); err == nil || err.Error() != want || fault.KindOf(err) != fault.Invalid {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestEachPlaceThatFitsIsOne(t *testing.T) {
	p, err := Parse(`(?:^|\W)(?P<issue>[A-Z]+-\d+)(?:\W|$)`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.ExtractAll("look at OPS-1, OPS-2 and NET-3 loud=yes")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range got {
		all = append(all, value.Repr(d))
	}
	want := []string{"{'issue': 'OPS-1', 'loud': 'yes'}", "{'issue': 'OPS-2', 'loud': 'yes'}", "{'issue': 'NET-3', 'loud': 'yes'}"}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
}

func TestHelpOn(t *testing.T) {
	all := []*Alias{
		{Pack: "p", Enabled: true, Description: "D", Formats: []value.Value{"one {{a}}", "two", dict(t, `{"representation": ["hidden"]}`)}},
		{Pack: "q", Enabled: true, Formats: []value.Value{dict(t, `{"display": "ONE more"}`)}},
		{Pack: "p", Formats: []value.Value{"off"}},
	}
	for name, tt := range map[string]struct {
		q         HelpQuery
		want      string
		available int
	}{
		"all":        {HelpQuery{}, "one {{a}}|two|ONE more", 3},
		"a pack":     {HelpQuery{Pack: "q"}, "ONE more", 1},
		"a filter":   {HelpQuery{Filter: "^one"}, "one {{a}}|ONE more", 2},
		"a page":     {HelpQuery{Limit: 1, Offset: 1}, "two", 3},
		"the end":    {HelpQuery{Limit: -1, Offset: 2}, "ONE more", 3},
		"behind all": {HelpQuery{Limit: 5, Offset: 7}, "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			page, available, err := HelpOn(all, tt.q)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, h := range page {
				lines = append(lines, h.Display)
			}
			if got := strings.Join(lines, "|"); got != tt.want || available != tt.available {
				t.Errorf("got %q of %d, want %q of %d", got, available, tt.want, tt.available)
			}
		})
	}
	if _, _, err := HelpOn(all, HelpQuery{Filter: "("}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("run {{cmd}} on {{hosts='a b'}}", `run "x" on y z=1`)
	f.Add(`^(a|{{b={"c": 1}}})$`, "a b='c'")
	f.Fuzz(func(t *testing.T, format, command string) {
		p, err := Parse(format)
		if err != nil {
			return
		}
		_, _ = p.Extract(command)
		_, _ = p.ExtractAll(command)
	})
}
