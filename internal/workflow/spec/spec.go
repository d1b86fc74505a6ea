// Package spec reads the definitions of Orquesta workflows and finds what is wrong
// with them before they run: all mistakes at once, each with line and column.
//
// Reading is as lenient as in the reference: what it can make nothing of is left
// out, for a workflow that was started was inspected before. Whatever is asked of
// a definition costs no more than its size: which tasks follow, precede or lead
// back to a task is worked out once, when it is read.
package spec

import (
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// Workflow is a definition, its short forms spelled out. It is shared and never changed.
type Workflow struct {
	Name, Description, Version string
	Tags                       []string
	Input                      []Param
	Vars, Output               []Assignment
	OutputOnError              []Assignment // instead of the output of a workflow that failed; nil: the same. Ours.
	Tasks                      []*Task      // in the order of the definition
	Timeout                    value.Value  // of the whole, in seconds: int64 or an expression; nil: none. Ours.

	plan plan
}

// Param is an input. Default is nil (None) when none is given.
type Param struct {
	Name    string
	Default value.Value
}

// Assignment gives a name a value, which may hold expressions.
type Assignment struct {
	Name  string
	Value value.Value
}

// Task is one task.
type Task struct {
	Name        string
	Action      string      // may hold expressions; empty: it succeeds by itself
	Input       value.Value // a *value.Dict, or a string that is an expression; nil: none
	Delay       value.Value // seconds: int64 or an expression; nil: none
	Join        *Join
	With        *With
	Retry       *Retry
	Transitions []*Transition // the key is "next"
	Timeout     value.Value   // seconds: int64 or an expression; nil: none. Ours.
	Undo        *Undo         // ours

	// Raw is the task as it is written, except that "with" is a mapping.
	Raw *value.Dict
}

// Join says how many tasks before this one must have come to it.
type Join struct {
	All   bool
	Count int
}

// With runs a task once for each item of a list.
type With struct {
	Items       string      // as written: "x in <% … %>", or an expression alone
	Keys        []string    // names before "in"; nil when there is no "in"
	List        string      // the expression
	Concurrency value.Value // int64 or an expression; nil: all at once
}

// Retry runs a task again.
type Retry struct {
	When  string      // empty: when it failed
	Count value.Value // int64 or an expression
	Delay value.Value // seconds; nil: none
}

// Transition is what follows a task when its condition holds.
type Transition struct {
	When    string // empty: always
	Publish []Assignment
	Do      value.Value // as written: a string or a *value.List of strings; "continue" when there was none
	Next    []string    // Do as a list of names

	raw *value.Dict // as written
}

// Undo takes back what a task did. It is run when the workflow fails or is canceled.
type Undo struct {
	Action string
	Input  value.Value
}
