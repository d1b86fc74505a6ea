package draw

import (
	"fmt"
	"strconv"
	"strings"
)

// Mermaid returns the graph in the language of Mermaid, which GitHub, GitLab and many
// wikis draw.
func (g *Graph) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	places := g.places()
	for i, n := range g.Nodes {
		opens, closes := mermaidShape(n.Shape)
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s\n", i, opens, mermaidText(append([]string{n.Name}, n.Lines...)), closes)
	}
	drawn := 0 // edges, by whose numbers they get their colors
	colored := map[Color][]string{}
	for i, n := range g.Nodes {
		if n.Start {
			fmt.Fprintf(&b, "  start((\" \")) --> n%d\n", i)
			drawn++
		}
	}
	for _, e := range g.Edges {
		arrow := "-->"
		if e.Again {
			arrow = "-.->"
		}
		if e.Label != "" {
			arrow += "|\"" + mermaidText([]string{e.Label}) + "\"|"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", places[e.From], arrow, places[e.To])
		colored[e.Color] = append(colored[e.Color], strconv.Itoa(drawn))
		drawn++
	}
	for _, c := range []Color{Green, Red} {
		if len(colored[c]) > 0 {
			fmt.Fprintf(&b, "  linkStyle %s stroke:%s,color:%s\n", strings.Join(colored[c], ","), c.code(), c.code())
		}
	}
	for i, n := range g.Nodes {
		switch n.Shape {
		case Missing:
			fmt.Fprintf(&b, "  style n%d stroke:%s,stroke-dasharray:5\n", i, red)
		case Unused:
			fmt.Fprintf(&b, "  style n%d stroke:%s,stroke-dasharray:2\n", i, gray)
		case Task, Join, Items, End:
		}
	}
	return b.String()
}

func mermaidShape(s Shape) (opens, closes string) {
	switch s {
	case Join:
		return "{{", "}}"
	case Items:
		return "[[", "]]"
	case End:
		return "([", "])"
	case Task, Missing, Unused:
	}
	return "(", ")"
}

// mermaidText returns lines as what stands between quotes. Whatever could mean
// something there is written as its number.
func mermaidText(lines []string) string {
	for i, l := range lines {
		var b strings.Builder
		for _, r := range short(l) {
			if strings.ContainsRune("#\"<>&`%|\\;", r) {
				fmt.Fprintf(&b, "#%d;", r)
				continue
			}
			b.WriteRune(r)
		}
		lines[i] = b.String()
	}
	return strings.Join(lines, "<br/>")
}
