package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
)

// graph holds the names that templates can use, in the order in which they came
// up: roots such as action_context, and parameters, whose values may be templates
// over the others.
type graph struct {
	nodes []node
	index map[string]int
}

type node struct {
	name string
	root bool // no parameter
	v    value.Value
	tmpl *template // until it is rendered; nil: v counts
	load func(ctx context.Context) (value.Value, error)

	waits   int    // names that have to be rendered before
	failed  bool   // this template, or one before
	problem string // why this one did
}

func newGraph(size int) *graph {
	return &graph{nodes: make([]node, 0, size), index: make(map[string]int, size)}
}

// set says what a name stands for, instead of what it stood for before.
func (g *graph) set(n node) {
	if i, ok := g.index[n.name]; ok {
		g.nodes[i] = n
		return
	}
	g.index[n.name] = len(g.nodes)
	g.nodes = append(g.nodes, n)
}

// lacks reports whether a name stands for nothing, or for None.
func (g *graph) lacks(name string) bool {
	i, ok := g.index[name]
	return !ok || g.nodes[i].tmpl == nil && g.nodes[i].load == nil && g.nodes[i].v == nil
}

func (g *graph) get(name string) *node { return &g.nodes[g.index[name]] }

// resolve renders all templates, each after those that it names. It returns what
// is wrong, one sentence each; err is for a look-up that failed.
func (g *graph) resolve(ctx context.Context) (problems []string, err error) {
	if problems = g.unsatisfied(); len(problems) > 0 {
		return problems, nil
	}
	followers, order := g.order()
	if len(order) < len(g.nodes) {
		return []string{g.cyclic(followers)}, nil
	}
	for _, i := range order {
		n := &g.nodes[i]
		if n.load != nil && len(followers[i]) > 0 {
			if n.v, err = n.load(ctx); err != nil {
				return nil, err
			}
		}
		if n.tmpl != nil && !n.failed {
			g.render(ctx, n)
		}
		if n.failed {
			for _, next := range followers[i] {
				g.nodes[next].failed = true
			}
		}
	}
	for i := range g.nodes {
		if n := &g.nodes[i]; n.problem != "" {
			problems = append(problems, fmt.Sprintf("Failed to render parameter \"%s\": %s", n.name, n.problem))
		}
	}
	return problems, nil
}

// order returns who names each node, and the nodes in an order in which each
// comes after those that it names. Those on cycles, and after them, are left out.
func (g *graph) order() (followers [][]int, order []int) {
	followers = make([][]int, len(g.nodes))
	order = make([]int, 0, len(g.nodes))
	for i := range g.nodes {
		n := &g.nodes[i]
		for _, name := range n.names() {
			before := g.index[name]
			followers[before] = append(followers[before], i)
			n.waits++
		}
		if n.waits == 0 {
			order = append(order, i)
		}
	}
	for at := 0; at < len(order); at++ {
		for _, i := range followers[order[at]] {
			if g.nodes[i].waits--; g.nodes[i].waits == 0 {
				order = append(order, i)
			}
		}
	}
	return followers, order
}

func (n *node) names() []string {
	if n.tmpl == nil {
		return nil
	}
	return n.tmpl.names
}

// Get returns what a template sees of a name.
func (g *graph) Get(name string) (value.Value, bool) {
	i, ok := g.index[name]
	if !ok || g.nodes[i].tmpl != nil {
		return nil, false
	}
	return g.nodes[i].v, true
}

func (g *graph) render(ctx context.Context, n *node) {
	v, err := n.tmpl.render(ctx, g)
	n.v, n.tmpl, n.failed = v, nil, err != nil
	if e, ok := errors.AsType[*jinja.Error](err); ok {
		n.problem = e.Msg
	} else if err != nil {
		n.problem = err.Error()
	}
}

func (g *graph) unsatisfied() []string {
	var problems []string
	told := map[string]bool{}
	for i := range g.nodes {
		for _, name := range g.nodes[i].names() {
			if _, ok := g.index[name]; !ok && !told[name] {
				told[name] = true
				problems = append(problems, fmt.Sprintf("Dependency unsatisfied in variable \"%s\"", name))
			}
		}
	}
	return problems
}

// cyclic returns the sentence about templates that wait for each other.
func (g *graph) cyclic(followers [][]int) string {
	var names []string
	for i := range g.nodes {
		if g.nodes[i].waits > 0 && reaches(followers, i) {
			names = append(names, g.nodes[i].name)
			if len(names) == maxCyclic {
				break
			}
		}
	}
	slices.Sort(names)
	return "Cyclic dependency found in the following variables: " + strings.Join(names, ", ") +
		". Likely the variable is referencing itself"
}

// maxCyclic is how many variables the sentence about cycles names at most.
const maxCyclic = 20

// reaches reports whether there is a way from a node back to itself.
func reaches(followers [][]int, start int) bool {
	seen := make([]bool, len(followers))
	for stack := slices.Clone(followers[start]); len(stack) > 0; {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if i == start {
			return true
		}
		if !seen[i] {
			seen[i] = true
			stack = append(stack, followers[i]...)
		}
	}
	return false
}
