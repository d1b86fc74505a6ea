package rule

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

const alert = `{
	"status": "firing", "severity": 3, "labels": {"alertname": "RedisDown", "instance": "web1:6379"}, "odd.name": 1,
	"items": [{"name": "disk", "used": 97}, {"name": "inode", "used": 12}],
	"mixed": [{"name": 5}, {"name": "x"}], "none": null
}`

// names stands for the language of templates in these tests: {{ a.b }} is looked
// up, and to_complex makes JSON of it.
type names []string

func (n names) Render(ctx context.Context, all *value.Dict) (string, error) {
	text := n[0]
	typed := strings.Contains(text, "| to_complex")
	path := strings.Split(strings.TrimSpace(strings.NewReplacer("{{", "", "}}", "", "| to_complex", "").Replace(text)), ".")
	v, err := walk(ctx, all, path)
	if err != nil || v == nil {
		return "", errors.Join(err, errors.New("undefined"))
	}
	if typed {
		b, err := value.ToJSON(v)
		return string(b), err
	}
	return value.Str(v), nil
}

func parseNames(text string) (Template, error) {
	if strings.Contains(text, "{%") {
		return nil, errors.New("unknown tag")
	}
	return names{text}, nil
}

func dict(t testing.TB, text string) *value.Dict {
	t.Helper()
	d, ok := fromJSON(t, text).(*value.Dict)
	if !ok {
		t.Fatalf("%s is no object", text)
	}
	return d
}

func TestCriteria(t *testing.T) {
	tests := map[string]struct {
		criteria string
		want     bool
		failure  string
	}{
		"none":                   {`{}`, true, ""},
		"field of a field":       {`{"trigger.labels.alertname": {"type": "eq", "pattern": "RedisDown"}}`, true, ""},
		"odd name":               {`{"trigger['odd.name']": {"type": "eq", "pattern": 1}}`, true, ""},
		"item of a list":         {`{"trigger.items[1].name": {"type": "eq", "pattern": "inode"}}`, true, ""},
		"first of many":          {`{"trigger.items[*].name": {"type": "eq", "pattern": "disk"}}`, true, ""},
		"without trigger":        {`{"status": {"type": "eq", "pattern": "firing"}}`, false, ""},
		"whole payload":          {`{"trigger": {"type": "contains", "pattern": "status"}}`, true, ""},
		"two on one key":         {`{"trigger.severity#1": {"type": "gt", "pattern": 2}, "trigger.severity#2": {"type": "lt", "pattern": 4}}`, true, ""},
		"all must hold":          {`{"trigger.severity": {"type": "gt", "pattern": 2}, "trigger.status": {"type": "eq", "pattern": "ok"}}`, false, ""},
		"missing":                {`{"trigger.gone.deep": {"type": "nexists", "pattern": true}}`, true, ""},
		"null":                   {`{"trigger.none": {"type": "exists", "pattern": true}}`, false, ""},
		"datastore in a key":     {`{"system.owner": {"type": "eq", "pattern": "ops"}}`, true, ""},
		"pattern is rendered":    {`{"trigger.status": {"type": "eq", "pattern": "{{ trigger.status }}"}}`, true, ""},
		"pattern keeps its type": {`{"trigger.severity": {"type": "eq", "pattern": "{{ trigger.severity }}"}}`, true, ""},
		"rendering fails":        {`{"trigger.status": {"type": "eq", "pattern": "{{ trigger.gone }}"}}`, false, "criterion trigger.status: render the pattern '{{ trigger.gone }}': undefined"},
		"line end is dropped":    {`{"trigger.status": {"type": "eq", "pattern": "firing\n"}}`, true, ""},
		"no type":                {`{"trigger.status": {"pattern": "firing"}}`, false, ""},
		"unknown operator":       {`{"trigger.status": {"type": "equal", "pattern": "firing"}}`, false, "criterion trigger.status: there is no operator equal; did you mean equals?"},
		"broken key":             {`{"trigger.1": {"type": "eq", "pattern": 1}}`, false, `criterion trigger.1: unexpected "1" at position 8 of the path "trigger.1"`},
		"cannot be compared":     {`{"trigger.status": {"type": "gt", "pattern": 1}}`, false, "criterion trigger.status: '>' not supported between instances of 'str' and 'int'"},
		"another one settles it": {`{"trigger.status": {"type": "gt", "pattern": 1}, "trigger.severity": {"type": "eq", "pattern": 9}}`, false, ""},
		"index into no list":     {`{"trigger.severity[0]": {"type": "eq", "pattern": 1}}`, false, "criterion trigger.severity[0]: find trigger.severity[0]: object of type 'int' has no len()"},

		"search any":            {search1("any", `"item.name": {"type": "eq", "pattern": "disk"}, "item.used": {"type": "gt", "pattern": 90}`), true, ""},
		"search any, no one":    {search1("any", `"item.name": {"type": "eq", "pattern": "inode"}, "item.used": {"type": "gt", "pattern": 90}`), false, ""},
		"search all":            {search1("all", `"item.used#1": {"type": "gt", "pattern": 10}, "item.used#2": {"type": "lt", "pattern": 98}`), true, ""},
		"search all, not all":   {search1("all", `"item.used": {"type": "gt", "pattern": 50}`), false, ""},
		"search all2any":        {search1("all2any", `"item.used": {"type": "gt", "pattern": 50}, "item.name": {"type": "eq", "pattern": "inode"}`), true, ""},
		"search all2any, not":   {search1("all2any", `"item.used": {"type": "gt", "pattern": 50}, "item.name": {"type": "eq", "pattern": "x"}`), false, ""},
		"search any2any":        {search1("any2any", `"item.used": {"type": "gt", "pattern": 50}, "item.name": {"type": "eq", "pattern": "x"}`), true, ""},
		"search any2any, not":   {search1("any2any", `"item.used": {"type": "gt", "pattern": 99}, "item.name": {"type": "eq", "pattern": "x"}`), false, ""},
		"search an object":      {`{"trigger.labels": {"type": "search", "condition": "all", "pattern": {"item.alertname": {"type": "eq", "pattern": "RedisDown"}}}}`, true, ""},
		"search without":        {search1("many", `"item.used": {"type": "gt", "pattern": 50}`), false, "criterion trigger.items: there is no condition 'many' for a search, only any, all, any2any and all2any"},
		"search null":           {`{"trigger.none": {"type": "search", "condition": "any", "pattern": {}}}`, false, "criterion trigger.none: a search needs a list: 'NoneType' object is not iterable"},
		"search some that fail": {`{"trigger.mixed": {"type": "search", "condition": "any", "pattern": {"item.name": {"type": "startswith", "pattern": "x"}}}}`, true, ""},
		"search all with one that fails": {
			`{"trigger.mixed": {"type": "search", "condition": "all", "pattern": {"item.name": {"type": "startswith", "pattern": "x"}}}}`, false,
			"criterion trigger.mixed: the value must be a text, not a number",
		},
	}
	env := Env{Names: dict(t, `{"system": {"owner": "ops"}}`)}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := Compile(dict(t, tt.criteria), Options{Parse: parseNames})
			got, err := c.Match(t.Context(), fromJSON(t, alert), env)
			failure := ""
			if err != nil {
				failure = err.Error()
			}
			if got != tt.want || failure != tt.failure {
				t.Errorf("got %v, %q; want %v, %q", got, failure, tt.want, tt.failure)
			}
		})
	}
}

// search1 writes a search in the items of the alert.
func search1(condition, pattern string) string {
	return `{"trigger.items": {"type": "search", "condition": "` + condition + `", "pattern": {` + pattern + `}}}`
}

func TestCriteriaNeverMatchAnEmptyPayload(t *testing.T) {
	some, _ := Compile(dict(t, `{"trigger.x": {"type": "nexists", "pattern": true}}`), Options{})
	none, _ := Compile(nil, Options{})
	for _, payload := range []string{`{}`, `null`} {
		if met, err := some.Match(t.Context(), fromJSON(t, payload), Env{}); met || err != nil {
			t.Errorf("criteria on %s: got %v, %v; want false", payload, met, err)
		}
		if met, err := none.Match(t.Context(), fromJSON(t, payload), Env{}); !met || err != nil {
			t.Errorf("no criteria on %s: got %v, %v; want true", payload, met, err)
		}
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, mistakes := Compile(dict(t, `{
		"trigger.a": {"type": "equls", "pattern": 1},
		"trigger.b": {"pattern": 1},
		"trigger.c": {"type": "eq"},
		"trigger..": {"type": "eq", "pattern": 1},
		"trigger.d": "x",
		"trigger.e": {"type": "regex", "pattern": "(x"},
		"trigger.f": {"type": "eq", "pattern": "{% x %}"},
		"trigger.g": {"type": "search", "pattern": {"item.h": {"type": "matchregex", "pattern": "*"}}},
		"trigger.ok": {"type": "eq", "pattern": 1}
	}`), Options{Parse: parseNames})
	var got []string
	for _, m := range mistakes {
		if m.Fatal {
			got = append(got, "refused: "+m.Error())
		} else {
			got = append(got, m.Error())
		}
	}
	want := []string{
		"refused: criterion trigger.a: there is no operator equls; did you mean equals?",
		"refused: criterion trigger.b: the type of the comparison is missing",
		"refused: criterion trigger.c: the pattern is missing",
		`criterion trigger..: the path ends too early at position 9 of the path "trigger.."`,
		"refused: criterion trigger.d: a criterion must be an object with type and pattern, not a text",
		"criterion trigger.e: the pattern is no regular expression: missing ), unterminated subpattern at position 0",
		"criterion trigger.f: the pattern is no template: unknown tag",
		"criterion trigger.g: a search needs a condition: any, all, any2any or all2any",
		"criterion trigger.g → item.h: the pattern is no regular expression: nothing to repeat at position 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExplainSaysWhatWasSeen(t *testing.T) {
	c, _ := Compile(dict(t, `{
		"trigger.status": {"type": "eq", "pattern": "{{ trigger.status }}"},
		"trigger.severity": {"type": "startswith", "pattern": "3"},
		"trigger.labels.instance": {"type": "eq", "pattern": "web2:6379"},
		"trigger.items": {"type": "search", "condition": "any", "pattern": {"item.used": {"type": "gt", "pattern": 90}}},
		"trigger.gone": {"type": "exists", "pattern": true}
	}`), Options{Parse: parseNames})
	findings := c.Explain(t.Context(), fromJSON(t, alert), Env{})
	var got []string
	for _, f := range findings {
		line := f.String()
		if f.Decided {
			line = "decided: " + line
		}
		got = append(got, line)
	}
	want := []string{
		"trigger.status eq 'firing': met, the value is 'firing'",
		"trigger.severity startswith '3': failed: the value must be a text, not a number",
		"decided: trigger.labels.instance eq 'web2:6379': not met, the value is 'web1:6379'",
		"trigger.items search {'item.used': {'type': 'gt', 'pattern': 90}} (1 of 2 items seen to meet all of 1 criteria; one item must): met, " +
			"the value is [{'name': 'disk', 'used': 97}, {'name': 'inode', 'used': 12}]",
		"trigger.gone exists True: not met, the value is None",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if findings[0].Written != "{{ trigger.status }}" {
		t.Errorf("the pattern as written: got %v", findings[0].Written)
	}
}

// FuzzCriteria holds the promise that no criteria and no payload make the
// compiler or the matcher panic, and that explaining says the same as matching.
func FuzzCriteria(f *testing.F) {
	seeds, err := os.ReadFile("testdata/criteria_seeds.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(seeds)) {
		if criteria, payload, ok := strings.Cut(strings.TrimSpace(line), " ⊢ "); ok {
			f.Add(criteria, payload)
		}
	}
	f.Fuzz(func(t *testing.T, criteria, payload string) {
		written, err := value.FromJSON([]byte(criteria))
		if err != nil {
			return
		}
		d, ok := written.(*value.Dict)
		if !ok {
			return
		}
		event, err := value.FromJSON([]byte(payload))
		if err != nil {
			return
		}
		r := &Rule{Enabled: true, Criteria: d, Trigger: TriggerRef{Ref: "t"}}
		m, _ := NewMatcher(r, Options{Parse: parseNames})
		env := Env{Now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
		met, err := m.Criteria.Match(t.Context(), event, env)
		result := NewIndex([]*Matcher{m}).Match(t.Context(), "t", event, env)
		verdict := m.Explain(t.Context(), event, env)
		if met != (len(result.Matched) == 1) || met != verdict.Matched {
			t.Fatalf("alone %v, by index %v, explained %v: %s", met, result.Matched, verdict.Matched, verdict.Reason)
		}
		if (err != nil) != (len(result.Failed) == 1) && len(result.Failed) == 1 {
			t.Fatalf("alone %v, by index %v", err, result.Failed)
		}
	})
}
