package draw

import (
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// Workflow returns the graph of a workflow of Orquesta. Tasks that nothing leads to
// from the start are in it, too, after all others.
func Workflow(w *spec.Workflow) *Graph {
	composed := graph.Compose(w)
	g := &Graph{}
	starts := map[string]bool{}
	for _, name := range w.Start() {
		starts[name] = true
	}
	for _, n := range composed.Nodes() {
		node := nodeOf(w, n.Name)
		node.Start = starts[n.Name]
		g.Nodes = append(g.Nodes, node)
		for _, e := range composed.Next(n.Name) {
			color, label := condition(strings.Join(e.Criteria, " and "))
			g.Edges = append(g.Edges, Edge{From: n.Name, To: e.To, Color: color, Label: label})
		}
		if r := n.Retry; r != nil {
			g.Edges = append(g.Edges, again(n.Name, r))
		}
	}
	g.unused(w, composed)
	return g
}

// unused adds the tasks that nothing leads to from the start, with their ways.
func (g *Graph) unused(w *spec.Workflow, composed *graph.Graph) {
	drawn := map[string]bool{}
	add := func(name string) {
		if composed.HasTask(name) || drawn[name] {
			return
		}
		drawn[name] = true
		node := nodeOf(w, name)
		if node.Shape != End && node.Shape != Missing {
			node.Shape = Unused
		}
		g.Nodes = append(g.Nodes, node)
	}
	for _, t := range w.Tasks {
		if w.Task(t.Name) == nil || composed.HasTask(t.Name) {
			continue
		}
		add(t.Name)
		for _, step := range w.Next(t.Name) {
			add(step.Task)
			color, label := condition(step.When)
			g.Edges = append(g.Edges, Edge{From: t.Name, To: step.Task, Color: color, Label: label})
		}
	}
}

// again is the way of a task back to itself.
func again(task string, r *graph.Retry) Edge {
	color, label := condition(r.When)
	if r.When == "" {
		color = Red
	}
	parts := []string{"retry " + text(r.Count) + "×"}
	if r.Delay != nil {
		parts = append(parts, "after "+seconds(r.Delay))
	}
	if label != "" {
		parts = append(parts, "if "+label)
	}
	return Edge{From: task, To: task, Color: color, Label: strings.Join(parts, " "), Again: true}
}

// nodeOf returns the node of a task, with all that is not a way written into it.
func nodeOf(w *spec.Workflow, name string) Node {
	t := w.Task(name)
	switch {
	case t == nil && spec.Reserved(name):
		return Node{Name: name, Shape: End}
	case t == nil:
		return Node{Name: name, Lines: []string{"is not defined"}, Shape: Missing}
	}
	n := Node{Name: name}
	add := func(line string) { n.Lines = append(n.Lines, line) }
	if t.Action != "" {
		add(t.Action)
	}
	if t.With != nil {
		n.Shape = Items
		line := "for each " + bare(t.With.Items)
		if t.With.Concurrency != nil {
			line += ", " + text(t.With.Concurrency) + " at a time"
		}
		add(line)
	}
	if t.Join != nil {
		n.Shape = Join
		if t.Join.All {
			add("waits for all")
		} else {
			add("waits for " + text(int64(t.Join.Count)))
		}
	}
	if t.Delay != nil {
		add("starts after " + seconds(t.Delay))
	}
	if t.Timeout != nil {
		add("takes at most " + seconds(t.Timeout))
	}
	if t.Undo != nil {
		add("undone by " + t.Undo.Action)
	}
	return n
}

func seconds(v value.Value) string { return text(v) + " s" }

// text returns a value that may be an expression.
func text(v value.Value) string {
	if v == nil {
		return "0"
	}
	return bare(value.Str(v))
}

// bare returns a text without the delimiters of expressions.
func bare(text string) string {
	for _, d := range []string{"<%", "%>", "{{", "}}"} {
		text = strings.ReplaceAll(text, d, " ")
	}
	return strings.Join(strings.Fields(text), " ")
}

// condition returns how a way is drawn that is taken on a condition. What is said by
// the color is not said again.
func condition(when string) (Color, string) {
	label := bare(when)
	succeeded, failed := strings.Contains(label, "succeeded()"), strings.Contains(label, "failed()")
	negated := strings.Contains(label, "not succeeded()") || strings.Contains(label, "not failed()")
	color := Plain
	switch {
	case negated || succeeded == failed || strings.Contains(label, " or "):
	case succeeded:
		color = Green
	default:
		color = Red
	}
	switch label {
	case "succeeded()", "failed()", "completed()":
		return color, ""
	}
	for _, said := range []string{"succeeded() and ", "failed() and "} {
		if color != Plain {
			label = strings.TrimPrefix(label, said)
		}
	}
	return color, label
}
