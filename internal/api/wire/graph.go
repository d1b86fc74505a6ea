package wire

import "encoding/json"

// WorkflowGraph is a workflow as it is drawn, with how far it has come.
type WorkflowGraph struct {
	Language string      `json:"language"` // orquesta or action-chain
	Nodes    []GraphNode `json:"nodes"`
	Edges    []GraphEdge `json:"edges"`
	Runs     []TaskRun   `json:"runs"` // of its tasks, in the order in which they began
}

// GraphNode is a task, or what stands for one at the end of a way.
type GraphNode struct {
	Name  string   `json:"name"`
	Lines []string `json:"lines"` // what there is to say of it
	Kind  string   `json:"kind"`  // task, join, items, end, missing or unused
	Start bool     `json:"start"` // the workflow begins here, perhaps among other tasks
}

// GraphEdge is a way from one task to another.
type GraphEdge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	On    string `json:"on"`    // success, failure, or other
	Label string `json:"label"` // a condition; may be empty
	Again bool   `json:"again"` // the task is run again
}

// TaskRun is one time that a task ran.
type TaskRun struct {
	Task      string          `json:"task"`
	Route     int             `json:"route"`
	Status    string          `json:"status"`
	Execution string          `json:"execution,omitempty"` // that ran its action last
	Items     map[string]int  `json:"items,omitempty"`     // how many are in each status; those that have not begun are waiting
	Published json.RawMessage `json:"published,omitempty"`
	Took      []int           `json:"took"` // the ways on that were taken, by their places among the edges
}
