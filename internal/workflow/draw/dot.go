package draw

import (
	"fmt"
	"strings"
)

// DOT returns the graph in the language of Graphviz.
func (g *Graph) DOT() string {
	var b strings.Builder
	b.WriteString("digraph workflow {\n  node [shape=box, style=rounded, fontname=\"sans-serif\"]\n  edge [fontname=\"sans-serif\", fontsize=10]\n")
	places := g.places()
	started := false
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "  n%d [label=%s%s]\n", i, dotText(append([]string{n.Name}, n.Lines...)), dotShape(n.Shape))
		if n.Start && !started {
			started = true
			b.WriteString("  start [shape=point, width=0.2]\n")
		}
	}
	for i, n := range g.Nodes {
		if n.Start {
			fmt.Fprintf(&b, "  start -> n%d [color=%q]\n", i, gray)
		}
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "  n%d -> n%d [color=%q", places[e.From], places[e.To], e.Color.code())
		if e.Label != "" {
			fmt.Fprintf(&b, ", fontcolor=%q, label=%s", e.Color.code(), dotText([]string{e.Label}))
		}
		if e.Again {
			b.WriteString(", style=dashed")
		}
		b.WriteString("]\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func dotShape(s Shape) string {
	switch s {
	case Join:
		return ", shape=hexagon, style=solid"
	case Items:
		return ", peripheries=2"
	case End:
		return ", shape=oval, style=filled, fillcolor=\"#e8e8e8\""
	case Missing:
		return fmt.Sprintf(", style=dashed, color=%q, fontcolor=%q", red, red)
	case Unused:
		return fmt.Sprintf(", style=dotted, color=%q, fontcolor=%q", gray, gray)
	case Task:
	}
	return ""
}

// dotText returns lines as a text in quotes. A backslash would mean something.
func dotText(lines []string) string {
	for i, l := range lines {
		lines[i] = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(short(l))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}
