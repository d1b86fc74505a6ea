package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/near"
	"github.com/nightshift-run/nightshift/internal/pyyaml"
	"github.com/nightshift-run/nightshift/internal/schema"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
)

// Test is a rehearsal as its file describes it.
type Test struct {
	Description string
	Workflow    string // path of the definition, as written; empty: State has it
	Inputs      *value.Dict
	Context     *value.Dict // laid over what ctx() holds beside the variables: ours
	Datastore   *value.Dict // by scope, and by key: ours

	// Lookup finds keys that are not in Datastore, and will be from then on; nil:
	// there are no others.
	Lookup    func(ctx context.Context, scope, key string) (value.Value, bool, error)
	Questions []Question  // asked at the end
	State     *value.Dict // of a workflow that is run again
	Rerun     []orquesta.Again

	// What is expected; nil: it does not matter.
	Inspection *value.Dict
	Sequence   []string
	Routes     *value.List
	Terminal   []string
	Status     execution.Status
	Errors     *value.List
	Output     *value.Dict
	Undone     []string // ours

	doc   *pyyaml.Document
	mocks []*mock
}

// New returns a test that expects nothing, of a workflow with these inputs.
func New(inputs *value.Dict) *Test {
	return &Test{Inputs: dict(inputs), Context: value.NewDict(), Datastore: value.NewDict()}
}

// mock is what an action gives.
type mock struct {
	path   []any // in the file
	task   string
	seq    int // -1: any
	item   int // -1: any
	undo   bool
	times  int // that it can still be used; -1: always
	status execution.Status
	result value.Value
	file   string // of the result; empty: it is written in the test

	action string      // that is expected; empty: any
	input  value.Value // that is expected; nil: any
	delay  value.Value // that is expected, in seconds; nil: any
	played int
}

// Read reads a test, and the files with results that it names. The error is
// [Findings].
func Read(text []byte, readFile func(name string) ([]byte, error)) (*Test, error) {
	doc, err := pyyaml.Parse(text)
	if err != nil {
		var found Findings
		for _, e := range pyyaml.Errors(err) {
			found = append(found, Finding{e.Line, e.Column, e.Msg})
		}
		if found == nil {
			found = Findings{{1, 1, err.Error()}}
		}
		return nil, found
	}
	t := &Test{doc: doc}
	if found := t.check(); len(found) > 0 {
		return nil, found
	}
	root, _ := doc.Value.(*value.Dict)
	t.fill(root)
	if found := t.load(readFile); len(found) > 0 {
		return nil, found
	}
	return t, nil
}

// Of returns the test that has the form of a file. Its results are in it.
func Of(d *value.Dict) (*Test, error) {
	if !d.Has("workflow") {
		d = d.Clone()
		d.Set("workflow", "definition")
	}
	text, err := d.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("write the test: %w", err)
	}
	return Read(text, func(string) ([]byte, error) { return nil, errors.New("results must be in the test itself here") })
}

// place returns where something is in the file.
func (t *Test) place(path []any) (line, column int) {
	if t.doc == nil {
		return 1, 1
	}
	return t.doc.Pos(path...)
}

// check looks at the form of the file.
func (t *Test) check() Findings {
	var found Findings
	for _, e := range form().Validate(t.doc.Value) {
		f := Finding{Msg: e.Msg}
		if name := e.Name(); name != "" {
			f.Msg = name + ": " + e.Msg
		}
		f.Line, f.Column = t.doc.Pos(e.Path...)
		if keys, known := e.Unexpected(); len(keys) > 0 {
			f.Line, f.Column = t.doc.KeyPos(append(e.Path, keys[0])...)
			name, _ := keys[0].(string)
			if meant := near.Name(name, known); meant != "" {
				f.Msg += fmt.Sprintf("; perhaps %q was meant", meant)
			}
		}
		found = append(found, f)
	}
	if root, ok := t.doc.Value.(*value.Dict); ok && !root.Has("workflow") && !root.Has("workflow_state") {
		found = append(found, Finding{1, 1, "workflow is missing: the path of the definition"})
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return found
}

const statuses = `"requested", "scheduled", "delayed", "running", "pausing", "paused", "resuming", "pending", "canceling", "canceled",
	"succeeded", "failed", "timeout", "abandoned"`

const formText = `{
	"type": "object",
	"definitions": {
		"text": {"type": "string", "minLength": 1},
		"texts": {"type": "array", "items": {"$ref": "#/definitions/text"}},
		"number": {"type": "integer", "minimum": 0},
		"status": {"enum": [` + statuses + `]},
		"findings": {"type": "array", "items": {"type": "object", "required": ["message"]}}
	},
	"properties": {
		"description": {"type": "string"},
		"workflow": {"$ref": "#/definitions/text"},
		"workflow_state": {"type": "object"},
		"rerun_tasks": {"type": "array", "items": {
			"type": "object",
			"properties": {
				"task_id": {"$ref": "#/definitions/text"}, "route": {"$ref": "#/definitions/number"}, "reset_items": {"type": "boolean"}
			},
			"required": ["task_id"],
			"additionalProperties": false
		}},
		"inputs": {"type": "object"},
		"context": {"type": "object"},
		"datastore": {
			"type": "object",
			"properties": {"system": {"type": "object"}, "user": {"type": "object"}},
			"additionalProperties": false
		},
		"mock_action_executions": {"type": "array", "items": {
			"type": "object",
			"properties": {
				"task_id": {"$ref": "#/definitions/text"}, "route": {"$ref": "#/definitions/number"},
				"seq_id": {"$ref": "#/definitions/number"}, "item_id": {"$ref": "#/definitions/number"},
				"iter_id": {"$ref": "#/definitions/number"}, "num_iter": {"$ref": "#/definitions/number"},
				"status": {"$ref": "#/definitions/status"}, "result": {}, "result_path": {"$ref": "#/definitions/text"},
				"undo": {"type": "boolean"}, "expected_action": {"$ref": "#/definitions/text"}, "expected_input": {"type": "object"},
				"expected_delay": {"$ref": "#/definitions/number"}
			},
			"required": ["task_id"],
			"additionalProperties": false
		}},
		"expected_inspection_errors": {"type": "object", "additionalProperties": {"$ref": "#/definitions/findings"}},
		"expected_task_sequence": {"$ref": "#/definitions/texts"},
		"expected_routes": {"type": "array", "items": {"type": "array", "items": {"$ref": "#/definitions/text"}}},
		"expected_term_tasks": {"$ref": "#/definitions/texts"},
		"expected_workflow_status": {"$ref": "#/definitions/status"},
		"expected_errors": {"type": "array", "items": {"type": "object"}},
		"expected_output": {"type": ["object", "null"]},
		"expected_undo": {"$ref": "#/definitions/texts"}
	},
	"additionalProperties": false
}`

//nolint:gochecknoglobals // made once, never changed
var form = sync.OnceValue(func() *schema.Schema {
	v, err := value.FromJSON([]byte(formText))
	if err != nil {
		panic(err) // constant text
	}
	s, err := schema.CompileDraft4(v.(*value.Dict))
	if err != nil {
		panic(err) // constant text
	}
	return s
})

// fill reads a file that has its form.
func (t *Test) fill(root *value.Dict) {
	get := func(key string) value.Value { v, _ := root.Get(key); return v }
	t.Description, t.Workflow = text(get("description")), text(get("workflow"))
	t.Inputs, t.Context, t.Datastore = dict(get("inputs")), dict(get("context")), dict(get("datastore"))
	t.State, _ = get("workflow_state").(*value.Dict)
	t.Inspection, _ = get("expected_inspection_errors").(*value.Dict)
	t.Routes, _ = get("expected_routes").(*value.List)
	t.Errors, _ = get("expected_errors").(*value.List)
	t.Output, _ = get("expected_output").(*value.Dict)
	t.Sequence, t.Terminal, t.Undone = texts(get("expected_task_sequence")), texts(get("expected_term_tasks")), texts(get("expected_undo"))
	t.Status = status(get("expected_workflow_status"))
	for _, v := range items(get("rerun_tasks")) {
		d := dict(v)
		again := orquesta.Again{Task: text(at(d, "task_id")), Route: number(at(d, "route"), 0)}
		again.Reset, _ = at(d, "reset_items").(bool)
		t.Rerun = append(t.Rerun, again)
	}
	for i, v := range items(get("mock_action_executions")) {
		t.mocks = append(t.mocks, mockOf(i, dict(v)))
	}
}

func mockOf(i int, d *value.Dict) *mock {
	m := &mock{
		path: []any{"mock_action_executions", i}, task: text(at(d, "task_id")), seq: number(at(d, "seq_id"), -1), item: number(at(d, "item_id"), -1),
		status: status(at(d, "status")), result: at(d, "result"), file: text(at(d, "result_path")),
		action: text(at(d, "expected_action")), input: at(d, "expected_input"), delay: at(d, "expected_delay"),
	}
	m.undo, _ = at(d, "undo").(bool)
	m.times = number(at(d, "num_iter"), 1)
	return m
}

// load reads the results that are in files of their own.
func (t *Test) load(readFile func(name string) ([]byte, error)) Findings {
	var found Findings
	for _, m := range t.mocks {
		if m.file == "" {
			continue
		}
		content, err := readFile(m.file)
		if err == nil {
			m.result, err = resultOf(m.file, content)
		}
		if err != nil {
			f := Finding{Msg: fmt.Sprintf("the result can't be read: %v", err)}
			f.Line, f.Column = t.place(append(m.path, "result_path"))
			found = append(found, f)
		}
	}
	return found
}

// resultOf reads a result: JSON and YAML by the name of the file, all else is a text.
func resultOf(name string, content []byte) (value.Value, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".json":
		return value.FromJSON(content)
	case ".yaml", ".yml":
		return pyyaml.Unmarshal(content)
	}
	return string(content), nil
}

func status(v value.Value) execution.Status {
	if s := text(v); s != "" {
		return execution.Status(s)
	}
	return execution.Succeeded
}

func text(v value.Value) string {
	s, _ := v.(string)
	return s
}

func number(v value.Value, otherwise int) int {
	if n, ok := v.(int64); ok {
		return int(n)
	}
	return otherwise
}

func dict(v value.Value) *value.Dict {
	if d, ok := v.(*value.Dict); ok && d != nil {
		return d
	}
	return value.NewDict()
}

func at(d *value.Dict, key string) value.Value {
	v, _ := d.Get(key)
	return v
}

func items(v value.Value) []value.Value {
	if l, ok := v.(*value.List); ok {
		return l.Items
	}
	return nil
}

// texts returns a list of texts; nil if there is no list.
func texts(v value.Value) []string {
	l, ok := v.(*value.List)
	if !ok {
		return nil
	}
	all := make([]string, len(l.Items))
	for i, item := range l.Items {
		all[i] = text(item)
	}
	return all
}
