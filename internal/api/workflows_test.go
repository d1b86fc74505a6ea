package api_test

import (
	"strings"
	"testing"

	"github.com/nightshift-run/nightshift/internal/api"
)

func TestWorkflowsAreInspected(t *testing.T) {
	s := newServer(t, api.Options{})
	if got := s.do("POST", "/v1/workflows/inspect", "version: 1.0\ntasks:\n  a:\n    action: p.say\n    input: {word: hi}\n").status(200); got.Body.String() != "[]\n" {
		t.Errorf("of one without mistakes: %s", got.Body)
	}
	got := s.do("POST", "/v1/workflows/inspect", "version: 1.0\ntasks:\n  a:\n    action: p.sey\n    next: [{do: b, when: <% ctx().x %>}]\n").status(200)
	for path, want := range map[string]string{
		"0.type": "content", "0.spec_path": "tasks.a.action", "0.hint": `perhaps "p.say" was meant`, "0.line": "4", "0.column": "13",
		"1.type": "context", "1.language": "yaql", "1.expression": "<% ctx().x %>", "1.message": `Variable "x" is referenced before assignment.`,
		"2.type": "semantic", "2.message": `The task "b" is not defined.`,
		"2.schema_path": `properties.tasks.patternProperties.^\w+$.properties.next.items.properties.do`,
	} {
		if got.at(path) != want {
			t.Errorf("%s is %q, want %q", path, got.at(path), want)
		}
	}
	if got := s.do("POST", "/v1/workflows/inspect", "tasks: [").status(200); got.at("0.type") != "syntax" || got.at("0.line") != "1" {
		t.Errorf("of what is no YAML: %s", got.Body)
	}
	s.do("POST", "/v1/workflows/inspect", "x: "+strings.Repeat("a", 10<<20)).status(413)
}
