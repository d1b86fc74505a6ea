package graph

import (
	"slices"
	"strings"
)

// Builder puts a graph together.
type Builder struct {
	g     *Graph
	edges map[[2]int][]*Edge
}

// NewBuilder returns a builder of an empty graph.
func NewBuilder() *Builder {
	return &Builder{g: &Graph{place: map[string]int{}}, edges: map[[2]int][]*Edge{}}
}

// Node returns the node with a name, to be filled in. It makes one if there is none.
func (b *Builder) Node(name string) *Node { return b.g.nodes[b.at(name)] }

// Has reports whether there is a node with a name.
func (b *Builder) Has(name string) bool { return b.g.HasTask(name) }

func (b *Builder) at(name string) int {
	i, ok := b.g.place[name]
	if !ok {
		i = len(b.g.nodes)
		b.g.place[name] = i
		b.g.nodes = append(b.g.nodes, &Node{Name: name})
		b.g.next, b.g.prev = append(b.g.next, nil), append(b.g.prev, nil)
	}
	return i
}

// Between returns the edges from one node to another, in their order.
func (b *Builder) Between(from, to string) []*Edge {
	i, ok := b.g.place[from]
	j, also := b.g.place[to]
	if !ok || !also {
		return nil
	}
	return b.edges[[2]int{i, j}]
}

// Connect adds an edge, whose nodes are made if they are not there, and numbers it.
func (b *Builder) Connect(e Edge) *Edge {
	i, j := b.at(e.From), b.at(e.To)
	pair := [2]int{i, j}
	e.Key = len(b.edges[pair])
	b.edges[pair] = append(b.edges[pair], &e)
	if e.Key == 0 {
		b.g.next[i] = append(b.g.next[i], &e)
		b.g.prev[j] = append(b.g.prev[j], &e)
	}
	return &e
}

// Build returns the graph, and ends the builder.
func (b *Builder) Build() *Graph {
	all := func(first []*Edge) []*Edge { // what is between two nodes, one pair after the other
		var list []*Edge
		for _, e := range first {
			list = append(list, b.edges[[2]int{b.g.place[e.From], b.g.place[e.To]}]...)
		}
		return list
	}
	for i := range b.g.nodes {
		b.g.next[i], b.g.prev[i] = all(b.g.next[i]), all(b.g.prev[i])
		slices.SortStableFunc(b.g.next[i], func(a, c *Edge) int { return strings.Compare(a.To, c.To) })
	}
	b.g.cycles()
	return b.g
}
