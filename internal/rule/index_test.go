package rule

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// on returns a rule on a trigger.
func on(t testing.TB, trigger, name, kind, criteria string) *Rule {
	t.Helper()
	return &Rule{
		Ref: "tests." + name, Name: name, Enabled: true, Type: TypeRef{Ref: kind},
		Trigger: TriggerRef{Ref: trigger}, Criteria: dict(t, criteria),
	}
}

func matchers(rules ...*Rule) []*Matcher {
	var all []*Matcher
	for _, r := range rules {
		m, _ := NewMatcher(r, Options{Parse: parseNames})
		all = append(all, m)
	}
	return all
}

func refs(r Result) []string {
	var all []string
	for _, m := range r.Matched {
		all = append(all, m.Rule.Name)
	}
	for _, f := range r.Failed {
		all = append(all, f.Matcher.Rule.Name+": "+f.Err.Error())
	}
	return all
}

func TestIndexMatchesInOrder(t *testing.T) {
	disabled := on(t, "a", "disabled", Standard, `{}`)
	disabled.Enabled = false
	byType := on(t, "", "by type", Standard, `{}`)
	byType.Trigger = TriggerRef{Type: "c"}
	ix := NewIndex(matchers(
		on(t, "a", "any", Standard, `{}`),
		on(t, "a", "text", Standard, `{"trigger.k": {"type": "eq", "pattern": "v"}}`),
		on(t, "a", "number", Standard, `{"trigger.k": {"type": "eq", "pattern": 1}}`),
		on(t, "a", "two", Standard, `{"trigger.k": {"type": "equals", "pattern": "v"}, "trigger.n": {"type": "gt", "pattern": 5}}`),
		on(t, "a", "list", Standard, `{"trigger.k": {"type": "eq", "pattern": [1]}}`),
		on(t, "a", "broken", Standard, `{"trigger.n": {"type": "icontains", "pattern": "x"}}`),
		disabled,
		on(t, "b", "specific", Standard, `{"trigger.k": {"type": "eq", "pattern": "v"}}`),
		on(t, "b", "backstop", Backstop, `{}`),
		on(t, "b", "backstop with criteria", Backstop, `{"trigger.k": {"type": "exists", "pattern": 1}}`),
		byType,
	))
	const failure = "broken: criterion trigger.n: the value must be a text, not a number"
	for name, tt := range map[string]struct {
		trigger, payload string
		want             []string
	}{
		"text":             {"a", `{"k": "v", "n": 9}`, []string{"any", "text", "two", failure}},
		"text, one less":   {"a", `{"k": "v", "n": 1}`, []string{"any", "text", failure}},
		"number":           {"a", `{"k": 1.0, "n": "x"}`, []string{"any", "number", "broken"}},
		"true is one":      {"a", `{"k": true, "n": ""}`, []string{"any", "number"}},
		"list":             {"a", `{"k": [1], "n": ""}`, []string{"any", "list"}},
		"nothing":          {"a", `{"x": 1, "n": ""}`, []string{"any"}},
		"empty payload":    {"a", `{}`, []string{"any"}},
		"standard wins":    {"b", `{"k": "v"}`, []string{"specific"}},
		"backstops":        {"b", `{"k": "w"}`, []string{"backstop", "backstop with criteria"}},
		"unknown trigger":  {"x", `{"k": "v"}`, nil},
		"type without ref": {"c", `{}`, []string{"by type"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := refs(ix.Match(t.Context(), tt.trigger, fromJSON(t, tt.payload), Env{}))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExplainCoversEveryRuleOfTheTrigger(t *testing.T) {
	disabled := on(t, "a", "disabled", Standard, `{"trigger.k": {"type": "eq", "pattern": "v"}}`)
	disabled.Enabled = false
	ix := NewIndex(matchers(
		on(t, "a", "yes", Standard, `{"trigger.k": {"type": "eq", "pattern": "v"}}`),
		on(t, "a", "no", Standard, `{"trigger.k": {"type": "eq", "pattern": "w"}}`),
		on(t, "a", "any", Standard, `{}`),
		disabled,
		on(t, "a", "backstop", Backstop, `{}`),
	))
	explain := func(payload string) map[string]string {
		got := map[string]string{}
		for _, v := range ix.Explain(t.Context(), "a", fromJSON(t, payload), Env{}) {
			got[v.Rule.Name] = fmt.Sprint(v.Matched, ": ", v.Reason)
		}
		return got
	}
	want := map[string]string{
		"yes":      "true: all criteria are met",
		"no":       "false: trigger.k eq 'w': not met, the value is 'v'",
		"any":      "true: the rule has no criteria",
		"disabled": "false: the rule is disabled",
		"backstop": "false: it is a backstop, and a standard rule matched",
	}
	if diff := cmp.Diff(want, explain(`{"k": "v"}`)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := explain(`{}`)["yes"], "false: the payload of the event is empty, which criteria never match"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The index is an optimisation: it finds what asking every rule would find.
func TestIndexFindsWhatAskingEveryRuleFinds(t *testing.T) {
	scalars := []string{`"x"`, `"y"`, `1`, `1.0`, `true`, `0`, `null`, `[1]`, `{"x": 1}`, `""`}
	rapid.Check(t, func(rt *rapid.T) {
		scalar := rapid.SampledFrom(scalars)
		criterion := rapid.Custom(func(rt *rapid.T) string {
			key := rapid.SampledFrom([]string{"trigger.a", "trigger.b", "trigger.b.x", "trigger.a[0]"}).Draw(rt, "key")
			op := rapid.SampledFrom([]string{"eq", "eq", "neq", "gt", "exists", "contains"}).Draw(rt, "operator")
			return fmt.Sprintf(`%q: {"type": %q, "pattern": %s}`, fmt.Sprint(key, "#", rapid.IntRange(0, 9).Draw(rt, "n")), op, scalar.Draw(rt, "pattern"))
		})
		var rules []*Rule
		for i := range rapid.IntRange(1, 8).Draw(rt, "rules") {
			text := "{"
			for k, c := range rapid.SliceOfN(criterion, 0, 3).Draw(rt, "criteria") {
				if k > 0 {
					text += ", "
				}
				text += c
			}
			rules = append(rules, on(t, "t", fmt.Sprint(i), Standard, text+"}"))
		}
		payload := fromJSON(t, fmt.Sprintf(`{"a": %s, "b": %s}`, scalar.Draw(rt, "a"), scalar.Draw(rt, "b")))
		var want []string
		all := matchers(rules...)
		for _, m := range all {
			if met, _ := m.Criteria.Match(t.Context(), payload, Env{}); met {
				want = append(want, m.Rule.Name)
			}
		}
		result := NewIndex(all).Match(t.Context(), "t", payload, Env{})
		result.Failed = nil
		if diff := cmp.Diff(want, refs(result)); diff != "" {
			rt.Fatalf("on %s (-want +got):\n%s", value.Repr(payload), diff)
		}
	})
}

// The cost of rules that do not match: on other triggers, on the same trigger
// with different equalities, and one by one.
func BenchmarkIndex(b *testing.B) {
	const rules = 10_000
	payload := fromJSON(b, alert)
	for name, make := range map[string]func(i int) *Rule{
		"other triggers": func(i int) *Rule {
			return on(b, fmt.Sprint("trigger", i), fmt.Sprint(i), Standard, `{"trigger.status": {"type": "eq", "pattern": "x"}}`)
		},
		"same trigger": func(i int) *Rule {
			return on(b, "alert", fmt.Sprint(i), Standard, fmt.Sprintf(
				`{"trigger.status": {"type": "eq", "pattern": "firing"}, "trigger.labels.alertname": {"type": "eq", "pattern": "Alert%d"}}`, i))
		},
		"one by one": func(i int) *Rule {
			return on(b, "alert", fmt.Sprint(i), Standard, fmt.Sprintf(`{"trigger.labels.alertname": {"type": "startswith", "pattern": "Alert%d"}}`, i))
		},
	} {
		b.Run(name, func(b *testing.B) {
			var all []*Rule
			for i := range rules {
				all = append(all, make(i))
			}
			ix := NewIndex(matchers(all...))
			b.ReportAllocs()
			for b.Loop() {
				if r := ix.Match(b.Context(), "alert", payload, Env{}); len(r.Matched) > 0 {
					b.Fatal("matched")
				}
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	c, _ := Compile(dict(b, `{
		"trigger.labels.alertname": {"type": "eq", "pattern": "RedisDown"},
		"trigger.status": {"type": "regex", "pattern": "^fir"},
		"trigger.items": {"type": "search", "condition": "any", "pattern": {"item.used": {"type": "gt", "pattern": 90}}}
	}`), Options{})
	payload := fromJSON(b, alert)
	b.ReportAllocs()
	for b.Loop() {
		if met, err := c.Match(b.Context(), payload, Env{}); !met || err != nil {
			b.Fatal(met, err)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	c, _ := Compile(dict(b, `{"trigger.labels.alertname": {"type": "eq", "pattern": "RedisDown"}}`), Options{})
	payload := fromJSON(b, alert)
	b.ReportAllocs()
	for b.Loop() {
		if f := c.Explain(b.Context(), payload, Env{}); !f[0].Met {
			b.Fatal("not met")
		}
	}
}
