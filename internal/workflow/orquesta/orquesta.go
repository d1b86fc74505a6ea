// Package orquesta is the language of StackStorm's workflows: tasks that lead to
// each other, in parallel, in cycles, one by one for the items of a list.
//
// A workflow goes the same way as it would in the reference, transition by
// transition. What does not show is another: state is kept as rows and results by
// reference, so that a step costs what it changes, however long the workflow has
// run; and a workflow always ends. What the reference does not have (time-outs, undo,
// output-on-error) is described in docs/workflow-reference.md.
package orquesta

import (
	"fmt"
	"sync"

	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// maxCompiled is how many definitions are kept. When there are more, all are
// forgotten: reading one again costs little.
const maxCompiled = 512

// Language makes the engines of workflows. It may be used by several goroutines at
// once.
type Language struct {
	mu       sync.Mutex
	compiled map[string]*definition // by text; guarded by mu
}

type definition struct {
	text      []byte
	spec      *spec.Workflow
	graph     *graph.Graph
	inspected bool
}

var (
	_ workflow.Language = (*Language)(nil)
	_ workflow.Engine   = (*Engine)(nil)
)

// New returns the language.
func New() *Language { return &Language{compiled: map[string]*definition{}} }

// New implements [workflow.Language]. The error is a fault with [spec.Findings] in
// its tree.
func (l *Language) New(text []byte, in workflow.Input) (workflow.Engine, error) {
	d, err := l.definition(text, true)
	if in.Actions != nil && (err != nil || !spec.Fits(d.spec, in.Actions)) {
		// The actions are others from time to time, so it is looked each time.
		if _, found, unreadable := spec.Inspect(text, spec.Options{Context: known(), Actions: in.Actions}); unreadable == nil && len(found) > 0 {
			err = mistaken(found)
		}
	}
	if err != nil {
		return nil, err
	}
	return newEngine(d, in), nil
}

// known are the variables that every workflow has.
func known() []string { return []string{"st2", "parent"} }

// mistaken makes what is wrong with a definition a fault.
func mistaken(err error) error {
	return &fault.Fault{Kind: fault.Invalid, Msg: err.Error(), Err: err}
}

// Load implements [workflow.Language].
func (l *Language) Load(text []byte, in workflow.Input, rows []workflow.Row) (workflow.Engine, error) {
	d, err := l.definition(text, false)
	if err != nil {
		return nil, err
	}
	e := newEngine(d, in)
	kept, err := e.c.load(rows)
	if err != nil {
		return nil, fmt.Errorf("restore workflow %s: %w", in.ID, err)
	}
	if kept != nil {
		e.state = *kept
	}
	return e, nil
}

// definition reads a definition, and inspects it if it is to begin: one that has
// begun goes on even if a later version would find more wrong with it.
func (l *Language) definition(text []byte, inspect bool) (*definition, error) {
	l.mu.Lock()
	d := l.compiled[string(text)]
	l.mu.Unlock()
	if d != nil && (d.inspected || !inspect) {
		return d, nil
	}
	d = &definition{text: text, inspected: inspect}
	var err error
	var found spec.Findings
	if inspect {
		d.spec, found, err = spec.Inspect(text, spec.Options{Context: known()})
	} else {
		d.spec, err = spec.Parse(text)
	}
	if err == nil && len(found) > 0 {
		err = found
	}
	if err != nil {
		return nil, mistaken(err)
	}
	d.graph = graph.Compose(d.spec)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.compiled) >= maxCompiled {
		clear(l.compiled)
	}
	l.compiled[string(text)] = d
	return d, nil
}
