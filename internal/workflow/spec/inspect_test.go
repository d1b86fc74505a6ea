package spec_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// actions are those that the workflows of these tests know.
type actions map[string]string // schemas in JSON

func (a actions) Parameters(ref string) (*action.Compiled, bool) {
	text, ok := a[ref]
	if !ok {
		return nil, false
	}
	v, err := value.FromJSON([]byte(text))
	if err != nil {
		panic(err) // constant text
	}
	c, err := action.Compile(&action.Action{Ref: ref, Parameters: v.(*value.Dict)}, &action.RunnerType{})
	if err != nil {
		panic(err) // constant text
	}
	return c, true
}

func (a actions) Refs() []string { return slices.Sorted(maps.Keys(a)) }

func known() actions {
	return actions{
		"core.noop":  `{}`,
		"core.local": `{"cmd": {"type": "string", "required": true}, "timeout": {"type": "integer", "required": true, "default": 60}}`,
		"core.ask":   `{"ttl": {"type": "integer", "default": 1440}, "roles": {"type": "array"}}`,
	}
}

func TestInspectFindsAllMistakesAtOnceWithTheirPlaces(t *testing.T) {
	_, found, err := spec.Inspect([]byte(`version: 1.0
vars:
  - macro: polo
    more: 1
output:
  - out: <% ctx().nothing %>
tasks:
  task1:
    action: core.local cmd="echo <% ctx().foobar %>" tiemout=5
    next:
      - when: <% succeeded() %>
        do: task2, tsak2
  task2:
    action: core.local
    inputs:
      cmd: date
    retry:
      count: [1]
    next:
      - when: >
          <% succeeded()
          and %> or
          <% ctx() +* 1 %>
        do: task3
  task3:
    with: x of <% ctx().macro %>
    timeout: 0
    undo:
      input: {a: 1}
  task-4:
    action: std.noop
  task5:
    action: std.noop message=hello
    next:
      - publish: done=<% ctx().__state %>
`), spec.Options{Actions: known(), Context: []string{"st2"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, strings.Join([]string{f.Category, f.SpecPath, f.String()}, " | "))
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

const want = `
syntax | tasks.task-4 | line 30, column 3: The name of the task 'task-4' must have letters, digits and underscores only.
syntax | tasks.task2 | line 15, column 5: Additional properties are not allowed ('inputs' was unexpected); perhaps "input" for "inputs" was meant
syntax | tasks.task2.retry.count | line 18, column 7: [1] is not valid under any of the given schemas; [1] is not of type 'string', and [1] is not of type 'integer'
syntax | tasks.task3.timeout | line 27, column 14: 0 is not valid under any of the given schemas; 0 is not of type 'string', and 0 is less than the minimum of 1
syntax | tasks.task3.undo | line 28, column 5: 'action' is a required property
syntax | tasks.task3.with.items | line 26, column 11: 'x of <% ctx().macro %>' does not match '^(\s+)?({{.*?}}|<%.*?%>)(\s+)?$|^(\s+)?((\w+,\s?|\s+)+)?(\w+)\s+in\s+({{.*?}}|<%.*?%>)(\s+)?$'; write "x in <% ctx().list %>", or the expression alone
syntax | vars[0] | line 3, column 5: {'macro': 'polo', 'more': 1} has too many properties
semantics | tasks.task3 | line 25, column 3: The action property is required for with items task.
semantics | tasks.task1.next[0].do | line 12, column 13: The task "tsak2" is not defined; perhaps "task2" was meant
expressions | tasks.task5.next[0].publish | line 35, column 32: Lexical error: illegal character '_' at position 6 (in <% ctx().__state %>)
expressions | tasks.task2.next[0].when | line 20, column 15: Parse error: unexpected end of statement (in <% succeeded() and %>)
expressions | tasks.task2.next[0].when | line 23, column 21: Parse error: unexpected '*' at position 7 of expression 'ctx() +* 1' (in <% ctx() +* 1 %>)
context | output[0] | line 6, column 13: Variable "nothing" is referenced before assignment. (in <% ctx().nothing %>)
context | tasks.task1.input | line 9, column 37: Variable "foobar" is referenced before assignment. (in echo <% ctx().foobar %>)
context | tasks.task5.next[0].publish[0] | line 35, column 26: Variable "__state" that is prefixed with double underscores is considered a private variable and cannot be referenced. (in <% ctx().__state %>)
context | tasks.task5.next[0].publish[0] | line 35, column 26: Variable "__state" is referenced before assignment. (in <% ctx().__state %>)
contents | tasks.task1.input.tiemout | line 9, column 13: Action "core.local" has unexpected input "tiemout"; perhaps "timeout" for "tiemout" was meant
contents | tasks.task2.input | line 14, column 13: Action "core.local" is missing required input "cmd".
contents | tasks.task5.action | line 33, column 13: The action "std.noop message=hello" is not registered in the database; put texts in quotes: message="hello"
`

func TestInspectLooksAtValuesIfItIsAskedTo(t *testing.T) {
	text := []byte(`version: 1.0
input: [n]
tasks:
  a:
    action: core.ask
    input:
      ttl: soon
      roles: ["{{ ctx().n }}"]
    next:
      - do: b, c
  b:
    action: core.ask ttl="<% ctx().n %>" roles="admins"
    undo:
      action: core.aks
  c:
    action: core.ask ttl=5 roles=["admins"]
`)
	var got []string
	for _, values := range []bool{false, true} {
		_, found, err := spec.Inspect(text, spec.Options{Actions: known(), Values: values})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("values: %v", values))
		for _, f := range found.ByPlace() {
			got = append(got, f.SpecPath+" | "+f.String())
		}
	}
	want := []string{
		"values: false",
		`tasks.b.undo.action | line 14, column 15: The action "core.aks" is not registered in the database; perhaps "core.ask" was meant`,
		"values: true",
		`tasks.a.input.ttl | line 7, column 12: Failed to cast value "soon" (type: str) for parameter "ttl" of type "integer": ` +
			`invalid literal for int() with base 10: 'soon'. Perhaps the value is of an invalid type?`,
		`tasks.b.input.roles | line 12, column 13: Failed to cast value "admins" (type: str) for parameter "roles" of type "array": ` +
			`malformed node or string at character 1 of the literal. Perhaps the value is of an invalid type?`,
		`tasks.b.undo.action | line 14, column 15: The action "core.aks" is not registered in the database; perhaps "core.ask" was meant`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestFitsAgreesWithInspect(t *testing.T) {
	for name, task := range map[string]string{
		"right":            "action: core.local cmd='date'",
		"an expression":    "action: <% ctx().st2.action %>",
		"no action":        "delay: 1",
		"input unknown":    "{action: core.local, input: '<% ctx().st2 %>'}",
		"no such action":   "action: core.lokal",
		"no reference":     "action: local",
		"missing input":    "action: core.local",
		"unexpected input": "action: core.local cmd='date' x=1",
		"wrong undo":       "{action: core.noop, undo: {action: core.noop x=1}}",
	} {
		text := []byte("version: 1.0\ntasks:\n  a:\n    " + task + "\n")
		if strings.HasPrefix(task, "{") {
			text = []byte("version: 1.0\ntasks:\n  a: " + task + "\n")
		}
		w, found, err := spec.Inspect(text, spec.Options{Actions: known(), Context: []string{"st2"}})
		if err != nil {
			t.Fatal(name, err)
		}
		if got := spec.Fits(w, known()); got != (len(found) == 0) {
			t.Errorf("%s: it fits: %v, and the inspection finds %v", name, got, found)
		}
	}
}

func TestEntriesAreWhatStackStormShows(t *testing.T) {
	_, found, err := spec.Inspect([]byte("version: 1.0\ntasks:\n  task1:\n    action: x\n    next: [{do: task, when: '<% ctx().n %>'}]\n"), spec.Options{Actions: known()})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range found.Entries() {
		text, err := value.ToJSON(e)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(text))
	}
	want := []string{
		`{"type":"content","message":"The action reference \"x\" is not formatted correctly.","spec_path":"tasks.task1.action",` +
			`"schema_path":"properties.tasks.patternProperties.^\\w+$.properties.action","line":4,"column":13}`,
		`{"type":"context","message":"Variable \"n\" is referenced before assignment.","language":"yaql","expression":"<% ctx().n %>",` +
			`"spec_path":"tasks.task1.next[0].when","schema_path":"properties.tasks.patternProperties.^\\w+$.properties.next.items.properties.when","line":5,"column":33}`,
		`{"type":"semantic","message":"The task \"task\" is not defined.","spec_path":"tasks.task1.next[0].do",` +
			`"schema_path":"properties.tasks.patternProperties.^\\w+$.properties.next.items.properties.do","line":5,"column":17,"hint":"perhaps \"task1\" was meant"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestInspectReturnsAWorkflowThatIsReady(t *testing.T) {
	w, found, err := spec.Inspect([]byte("version: 1.0\ntasks:\n  a:\n    action: core.local cmd='date'\n"), spec.Options{Actions: known()})
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	if w.Task("a").Action != "core.local" {
		t.Errorf("got the action %q", w.Task("a").Action)
	}
}

func TestADefinitionIsNotTooLong(t *testing.T) {
	text := append([]byte("version: 1.0\ntasks:\n  a: {}\n#"), bytes.Repeat([]byte("x"), spec.MaxText)...)
	_, _, err := spec.Inspect(text, spec.Options{})
	if want := "line 1, column 1: The definition has 10485789 bytes, which is more than the 10485760 that one may have."; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, found, err := spec.Inspect(text[:spec.MaxText], spec.Options{}); err != nil || len(found) > 0 {
		t.Errorf("of one that is just short enough: %v, %v", found, err)
	}
}

func TestInspectSaysWhatCannotBeRead(t *testing.T) {
	w, _, err := spec.Inspect([]byte("tasks:\n  a: {}\n  a: {}\n"), spec.Options{})
	if w != nil || err == nil || err.Error() != `line 3, column 3: found duplicate key "a"` {
		t.Errorf("got %v, %v", w, err)
	}
}
