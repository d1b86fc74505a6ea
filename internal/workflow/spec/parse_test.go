package spec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func TestParseSaysWhereItCannotRead(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"not YAML":         {"tasks: {a: [}", "line 1, column 13: expected a value, but found '}'"},
		"empty":            {"", "line 1, column 1: Workflow definition is empty."},
		"no mapping":       {"- a", "line 1, column 1: Workflow definition is not a mapping but list."},
		"duplicate":        {"tasks:\n  a:\n    action: x\n  a:\n    action: y", `line 4, column 3: found duplicate key "a"`},
		"tasks":            {"tasks: [a]", "line 1, column 8: ['a'] is not of type 'object'"},
		"several":          {"tasks:\n  a: 1\n  b:\n    next: x", "line 2, column 6: 1 is not of type 'object'\nline 4, column 11: 'x' is not of type 'array'"},
		"transition":       {"tasks:\n  a:\n    next:\n      - do: b\n      - b", "line 5, column 9: 'b' is not of type 'object'"},
		"name of a task":   {"tasks:\n  1:\n    action: x", "line 2, column 3: The name of a task must be a text, not 1."},
		"dash in a name":   {"tasks:\n  a-b:\n    action: x", "line 2, column 3: The name of the task 'a-b' must have letters, digits and underscores only."},
		"action with none": {"tasks:\n  a:\n    action: ' x=1'", "line 3, column 5: The action ' x=1' has parameters but no name."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spec.Parse([]byte(c.text))
			if err == nil {
				t.Fatal("it was read")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestParseReadsOurKeys(t *testing.T) {
	w, err := spec.Parse([]byte(`
version: 1.0
timeout: 3600
output-on-error:
  - why: <% ctx().error %>
tasks:
  make:
    action: cloud.create name="x"
    timeout: <% ctx().patience %>
    undo:
      action: cloud.delete
      input:
        id: <% ctx().id %>
  take:
    action: cloud.take
    undo:
      action: cloud.free name="x"
`))
	if err != nil {
		t.Fatal(err)
	}
	dict := func(k string, v value.Value) *value.Dict { d := value.NewDict(); d.Set(k, v); return d }
	equal := cmp.Comparer(func(a, b *value.Dict) bool { return value.Equal(a, b) })
	type ours struct {
		Timeout, TaskTimeout value.Value
		OnError              []spec.Assignment
		Make, Take           *spec.Undo
	}
	want := ours{
		int64(3600), "<% ctx().patience %>",
		[]spec.Assignment{{Name: "why", Value: "<% ctx().error %>"}},
		&spec.Undo{Action: "cloud.delete", Input: dict("id", "<% ctx().id %>")},
		&spec.Undo{Action: "cloud.free", Input: dict("name", "x")},
	}
	got := ours{w.Timeout, w.Task("make").Timeout, w.OutputOnError, w.Task("make").Undo, w.Task("take").Undo}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestParseSplitsItemsAtTheFirstIn(t *testing.T) {
	type with struct {
		Keys []string
		List string
	}
	for text, want := range map[string]with{
		"<% ctx(xs) %>":                          {nil, "<% ctx(xs) %>"},
		"x in <% ctx(xs) %>":                     {[]string{"x"}, "<% ctx(xs) %>"},
		" x, y  in  <% zip(ctx(xs), ctx(ys)) %>": {[]string{"x", "y"}, "<% zip(ctx(xs), ctx(ys)) %>"},
		"<% ctx(xs).where($ in list(1)) %>":      {nil, "<% ctx(xs).where($ in list(1)) %>"},
		"x in <% ctx(xs).where($ in list(1)) %>": {[]string{"x"}, "<% ctx(xs).where($ in list(1)) %>"},
	} {
		d := value.NewDict()
		d.Set("with", text)
		tasks := value.NewDict()
		tasks.Set("a", d)
		root := value.NewDict()
		root.Set("tasks", tasks)
		body, err := value.ToJSON(root)
		if err != nil {
			t.Fatal(err)
		}
		w, err := spec.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		got := w.Task("a").With
		if diff := cmp.Diff(want, with{got.Keys, got.List}); diff != "" {
			t.Errorf("%s: -want +got\n%s", text, diff)
		}
	}
}

func TestParseKeepsAnExpressionAsAction(t *testing.T) {
	for text, want := range map[string]string{
		"core.echo message='hi there'":              `core.echo {'message': 'hi there'}`,
		"<% ctx().action %>":                        `<% ctx().action %> None`,
		"<% ctx().action %> message=1":              `<% ctx().action %> {'message': 1}`,
		"core.<% ctx().x %> a=<% ctx().a %> b=true": `core.<% ctx().x %> {'a': '<% ctx().a %>', 'b': True}`,
		"core.echo only words":                      `core.echo only words None`,
	} {
		w, err := spec.Parse([]byte("tasks:\n  a:\n    action: " + text))
		if err != nil {
			t.Fatal(err)
		}
		task := w.Task("a")
		if got := task.Action + " " + value.Repr(task.Input); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestNextIsSortedByNameAndKeepsTheOrderOfTransitions(t *testing.T) {
	w, err := spec.Parse([]byte(`
tasks:
  z:
    next:
      - when: <% failed() %>
        do: fail, b, a
      - do: [a, nowhere]
  a:
    next:
      - do: retry
  b:
    join: all
    next:
      - do: b
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []spec.Step{
		{Task: "a", When: "<% failed() %>"},
		{Task: "a", Transition: 1},
		{Task: "b", When: "<% failed() %>"},
		{Task: "fail", When: "<% failed() %>"},
		{Task: "nowhere", Transition: 1},
	}
	if diff := cmp.Diff(want, w.Next("z")); diff != "" {
		t.Errorf("next: -want +got\n%s", diff)
	}
	want = []spec.Step{{Task: "b"}, {Task: "z", When: "<% failed() %>"}}
	if diff := cmp.Diff(want, w.Prev("b")); diff != "" {
		t.Errorf("prev: -want +got\n%s", diff)
	}
	type facts struct {
		Start        []string
		Split, Cycle map[string]bool
		Nobody       *spec.Task
	}
	got := facts{Start: w.Start(), Split: map[string]bool{}, Cycle: map[string]bool{}, Nobody: w.Task("nowhere")}
	for _, name := range []string{"a", "b", "z", "nowhere", "retry"} {
		got.Split[name], got.Cycle[name] = w.IsSplit(name), w.InCycle(name)
	}
	if diff := cmp.Diff(facts{
		Start: []string{"z"},
		Split: map[string]bool{"a": true, "b": false, "z": false, "nowhere": false, "retry": false},
		Cycle: map[string]bool{"a": false, "b": true, "z": false, "nowhere": false, "retry": false},
	}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
