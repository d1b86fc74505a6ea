package register_test

import "testing"

func TestMistakesInWorkflowsAreFound(t *testing.T) {
	h := build(t)
	h.write("demo/actions/w.yaml", "name: w\nrunner_type: orquesta\nentry_point: workflows/w.yaml\n")
	h.write("demo/actions/same.yaml", "name: same\nrunner_type: orquesta\nentry_point: workflows/w.yaml\n")
	h.write("demo/actions/c.yaml", "name: c\nrunner_type: action-chain\nentry_point: chains/c.yaml\n")
	h.write("demo/actions/workflows/w.yaml", `version: 1.0
tasks:
  a:
    action: core.local
    input: {cmd: "<% ctx().parent.x %>", timeout: soon}
    next: [{do: b}]
  a2:
    action: other.thing
`)
	h.write("demo/actions/chains/c.yaml", "chain:\n  - {name: a, ref: core.lokal, on-success: b}\n")
	findings := []string{
		`demo/actions/chains/c.yaml:2:20: warning: there is no action "core.lokal"; did you mean "core.local"?`,
		`demo/actions/chains/c.yaml:2:44: warning: there is no task "b"; known are a`,
		`demo/actions/workflows/w.yaml:5:51: warning: Failed to cast value "soon" (type: str) for parameter "timeout" of type "integer": ` +
			`invalid literal for int() with base 10: 'soon'. Perhaps the value is of an invalid type?`,
		`demo/actions/workflows/w.yaml:6:17: warning: The task "b" is not defined`,
		`demo/actions/workflows/w.yaml:8:13: warning: The action "other.thing" is not registered in the database`,
	}
	h.packs(-1, findings...)
	h.packs(0, findings...) // they are told until they are mended
	if _, ok := h.catalog.Get().Action("demo.w"); !ok {
		t.Error("the action of a workflow with mistakes is not registered")
	}

	h.write("other/pack.yaml", "name: other\ndescription: d\nversion: 1.0.0\nauthor: a\n")
	h.write("other/actions/thing.yaml", "name: thing\nrunner_type: noop\n")
	h.write("demo/actions/chains/c.yaml", "chain:\n  - {name: a, ref: core.local, parameters: {cmd: date}}\n")
	h.write("demo/actions/workflows/w.yaml", "version: 1.0\ntasks:\n  a:\n    action: other.thing\n")
	h.packs(-1)
	h.packs(0)
	h.write("demo/actions/workflows/w.yaml", "version: 1.0\ntasks:\n  a:\n    action: other.things\n")
	h.packs(-1, `demo/actions/workflows/w.yaml:4:13: warning: The action "other.things" is not registered in the database; perhaps "other.thing" was meant`)
}
