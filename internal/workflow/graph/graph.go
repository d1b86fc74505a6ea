// Package graph says how the tasks of a workflow hang together: as nodes, which may
// be barriers, and edges with their conditions.
//
// A graph is made of a definition ([Compose]), or read from the form in which
// StackStorm keeps it ([Read]). It has only what can be reached from where the
// workflow starts. It is shared and never changed, and answers in the time that the
// answer takes to read, however large it is.
package graph

import (
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// All is the barrier of a task that waits for everything that leads to it.
const All = "*"

// Graph is the tasks of a workflow and what leads from one to another.
type Graph struct {
	place  map[string]int
	nodes  []*Node // in the order in which they were found
	next   [][]*Edge
	prev   [][]*Edge
	cycle  []int32 // by node: which cycles it is on, as [spec.Components] has it
	cyclic []bool
}

// Node is a task, or what a transition leads to in the place of one: noop, fail,
// continue, or a name that is not defined.
type Node struct {
	Name    string
	Barrier value.Value // how many must come to it: All or an int64; nil: it waits for nothing
	Retry   *Retry
	Extra   *value.Dict // what else was read; nil: nothing
}

// Retry runs a task again. Without a delay it is one of a transition to "retry".
type Retry struct {
	When  string // empty: when the task failed
	Count value.Value
	Delay value.Value
	// Transition says that a transition to "retry" asks for it.
	Transition bool
}

// Edge is a way from a task to another.
type Edge struct {
	From, To string
	Key      int      // its number among those between the same tasks
	Criteria []string // the condition; none: always
	Ref      int      // the index of the transition in its task
	Extra    *value.Dict
}

// Nodes returns all nodes in the order in which they were found.
func (g *Graph) Nodes() []*Node { return g.nodes }

// HasTask reports whether there is a node with a name.
func (g *Graph) HasTask(task string) bool { _, ok := g.place[task]; return ok }

// Node returns the node with a name; nil if there is none.
func (g *Graph) Node(task string) *Node {
	if i, ok := g.place[task]; ok {
		return g.nodes[i]
	}
	return nil
}

// Next returns what leads from a task, sorted by where it leads and otherwise in the
// order in which it was found.
func (g *Graph) Next(task string) []*Edge {
	if i, ok := g.place[task]; ok {
		return g.next[i]
	}
	return nil
}

// Prev returns what leads to a task: by the tasks that it leads from, in the order in
// which the first of each was found.
func (g *Graph) Prev(task string) []*Edge {
	if i, ok := g.place[task]; ok {
		return g.prev[i]
	}
	return nil
}

// Edge returns the edge of a transition between two tasks; nil if there is none.
func (g *Graph) Edge(from, to string, ref int) *Edge {
	next := g.Next(from)
	i, _ := slices.BinarySearchFunc(next, to, func(e *Edge, to string) int { return strings.Compare(e.To, to) })
	for ; i < len(next) && next[i].To == to; i++ {
		if next[i].Ref == ref {
			return next[i]
		}
	}
	return nil
}

// Barrier returns what a task waits for, All or an int64, and whether it does.
func (g *Graph) Barrier(task string) (value.Value, bool) {
	n := g.Node(task)
	if n == nil || n.Barrier == nil || n.Barrier == "" {
		return nil, false
	}
	return n.Barrier, true
}

// Retry returns when a task is run again; nil: never.
func (g *Graph) Retry(task string) *Retry {
	if n := g.Node(task); n != nil {
		return n.Retry
	}
	return nil
}

// InCycle reports whether a task leads back to itself.
func (g *Graph) InCycle(task string) bool {
	i, ok := g.place[task]
	return ok && g.cyclic[i]
}

// Cycle returns the names of all tasks that are on cycles together with a task,
// sorted; none if it is on no cycle.
func (g *Graph) Cycle(task string) []string {
	if !g.InCycle(task) {
		return nil
	}
	return g.names(func(i int) bool { return g.cycle[i] == g.cycle[g.place[task]] })
}

// Roots returns the names of the nodes that nothing leads to, sorted.
func (g *Graph) Roots() []string {
	return g.names(func(i int) bool { return len(g.prev[i]) == 0 })
}

// Leaves returns the names of the nodes that lead nowhere, sorted.
func (g *Graph) Leaves() []string {
	return g.names(func(i int) bool { return len(g.next[i]) == 0 })
}

func (g *Graph) names(is func(i int) bool) []string {
	var all []string
	for i, n := range g.nodes {
		if is(i) {
			all = append(all, n.Name)
		}
	}
	slices.Sort(all)
	return all
}

// cycles finds out which nodes are on cycles.
func (g *Graph) cycles() {
	edges := make([][]int32, len(g.nodes))
	for i, next := range g.next {
		for _, e := range next {
			edges[i] = append(edges[i], int32(g.place[e.To])) //nolint:gosec // a text has fewer names
		}
	}
	g.cycle = spec.Components(edges)
	g.cyclic = spec.OnCycle(edges, g.cycle)
}
