package draw

import (
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
)

// Chain returns the graph of an action chain.
func Chain(tasks []chain.Task) *Graph {
	g := &Graph{}
	known := map[string]bool{}
	for _, t := range tasks {
		known[t.Name] = true
		g.Nodes = append(g.Nodes, Node{Name: t.Name, Lines: []string{t.Ref}, Start: t.First})
	}
	for _, t := range tasks {
		for _, way := range []struct {
			to    string
			color Color
		}{{t.OnSuccess, Green}, {t.OnFailure, Red}} {
			if way.to == "" {
				continue
			}
			if !known[way.to] { // a template: it is known when the chain runs
				known[way.to] = true
				g.Nodes = append(g.Nodes, Node{Name: way.to, Shape: End})
			}
			g.Edges = append(g.Edges, Edge{From: t.Name, To: way.to, Color: way.color})
		}
	}
	return g
}
