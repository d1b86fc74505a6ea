package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/nightshift-run/nightshift/internal/conformance"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow/graph"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

func TestConformanceOrquestaSpecCompose(t *testing.T) {
	only(t, "compose", func(c conformance.Case) error {
		var def struct{ Text string }
		if err := json.Unmarshal(c.Raw["definition"], &def); err != nil {
			return err
		}
		w, err := spec.Parse([]byte(def.Text))
		if err != nil {
			return err
		}
		return c.CompareResult(composed(w))
	})
}

func TestConformanceOrquestaSpecGraph(t *testing.T) {
	only(t, "graph", func(c conformance.Case) error {
		before, err := c.Dict("graph")
		if err != nil {
			return err
		}
		args, err := c.Dict("args")
		if err != nil {
			return err
		}
		b, err := graph.ReadBuilder(before)
		if err != nil {
			return err
		}
		return ask(c, b, args)
	})
}

// only asks the cases of one kind. Package spec asks those of the others.
func only(t *testing.T, kind string, check func(c conformance.Case) error) {
	t.Helper()
	conformance.Run(t, "orquesta_spec", "testdata/known_"+kind+".txt", func(c conformance.Case) error {
		if c.Kind != kind {
			return conformance.ErrSkip
		}
		return check(c)
	})
}

// composed is the graph of a workflow as the corpus writes it.
func composed(w *spec.Workflow) *value.Dict {
	g := graph.Compose(w)
	splits := graph.Splits(w)
	nodes, edges, barriers, cycle := value.NewList(), value.NewList(), value.NewDict(), value.NewList()
	for _, name := range sorted(g) {
		n := node(g.Node(name))
		if s, ok := splits[name]; ok {
			n.Set("splits", value.Of(s))
		}
		nodes.Items = append(nodes.Items, n)
		for _, e := range g.Next(name) {
			d := edge(e)
			d.Set("from", e.From)
			d.Set("to", e.To)
			d.Set("key", int64(e.Key))
			edges.Items = append(edges.Items, d)
		}
		if b, ok := g.Barrier(name); ok {
			barriers.Set(name, b)
		}
		if g.InCycle(name) {
			cycle.Items = append(cycle.Items, name)
		}
	}
	d := value.NewDict()
	d.Set("nodes", nodes)
	d.Set("edges", edges)
	d.Set("roots", value.Of(g.Roots()))
	d.Set("leaves", value.Of(g.Leaves()))
	d.Set("barriers", barriers)
	d.Set("in_cycle", cycle)
	return d
}

func sorted(g *graph.Graph) []string {
	var names []string
	for _, n := range g.Nodes() {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return names
}

func node(n *graph.Node) *value.Dict {
	d := value.NewDict()
	d.Set("id", n.Name)
	if n.Extra != nil {
		d.Update(n.Extra)
	}
	if n.Barrier != nil {
		d.Set("barrier", n.Barrier)
	}
	if r := n.Retry; r != nil {
		retry := value.NewDict()
		retry.Set("when", nil)
		if r.When != "" {
			retry.Set("when", r.When)
		}
		retry.Set("count", r.Count)
		if !r.Transition {
			retry.Set("delay", r.Delay)
		}
		d.Set("retry", retry)
	}
	return d
}

func edge(e *graph.Edge) *value.Dict {
	d := value.NewDict()
	if e.Extra != nil {
		d.Update(e.Extra)
		return d
	}
	criteria := value.NewList()
	for _, c := range e.Criteria {
		criteria.Items = append(criteria.Items, c)
	}
	d.Set("criteria", criteria)
	d.Set("ref", int64(e.Ref))
	return d
}

func ask(c conformance.Case, b *graph.Builder, args *value.Dict) error {
	text := func(key string) string { v, _ := args.Get(key); s, _ := v.(string); return s }
	task := text("task_id")
	attrs := args.Clone()
	for _, key := range []string{"task_id", "source", "destination"} {
		attrs.Delete(key)
	}
	switch c.Text("call") {
	case "add_task", "update_task":
		b.Node(task).Update(attrs)
		return after(c, b.Build())
	case "add_transition":
		e := graph.Edge{From: text("source"), To: text("destination"), Extra: attrs}
		b.Connect(e)
		return after(c, b.Build())
	}
	g := b.Build()
	var result value.Value
	switch call := c.Text("call"); call {
	case "get_task":
		result = node(g.Node(task))
	case "roots":
		list := value.NewList()
		for _, name := range g.Roots() {
			list.Items = append(list.Items, value.Of(map[string]any{"id": name, "name": name}))
		}
		result = list
	case "get_barriers":
		d := value.NewDict()
		for _, n := range g.Nodes() {
			if b, ok := g.Barrier(n.Name); ok {
				d.Set(n.Name, value.Of(map[string]any{"barrier": b}))
			}
		}
		result = d
	case "in_cycle":
		list := value.NewList()
		if tasks := g.Cycle(task); tasks != nil {
			list.Items = append(list.Items, value.Of(tasks))
		}
		result = list
	case "get_next_transitions":
		result = quads(g.Next(task))
	case "get_prev_transitions":
		result = quads(g.Prev(task))
	case "has_transition":
		result = quads(matching(g, text("source"), text("destination"), attrs))
	case "get_transition":
		edges := matching(g, text("source"), text("destination"), attrs)
		if c.Has("error") {
			if len(edges) < 2 {
				return fmt.Errorf("%d edges are not ambiguous", len(edges))
			}
			return nil
		}
		result = quads(edges).Items[0]
	default:
		return fmt.Errorf("call %s is not known", call)
	}
	return c.CompareResult(result)
}

// matching returns the edges between two nodes that have some attributes.
func matching(g *graph.Graph, from, to string, attrs *value.Dict) []*graph.Edge {
	var all []*graph.Edge
	for _, e := range g.Next(from) {
		d := edge(e)
		fits := e.To == to
		for k, v := range attrs.Texts() {
			have, _ := d.Get(k)
			fits = fits && value.Equal(have, v)
		}
		if fits {
			all = append(all, e)
		}
	}
	return all
}

func quads(edges []*graph.Edge) *value.List {
	list := value.NewList()
	for _, e := range edges {
		d := edge(e)
		if e.Extra == nil && e.Criteria == nil {
			d.Clear() // the graphs of these tests have no conditions
		}
		list.Items = append(list.Items, value.NewList(e.From, e.To, int64(e.Key), d))
	}
	return list
}

// after compares the graph with what it is to be after the call.
func after(c conformance.Case, g *graph.Graph) error {
	want, err := c.Value("graph_after")
	if err != nil || want == nil {
		return err
	}
	nodes, adjacency := value.NewList(), value.NewList()
	for _, n := range g.Nodes() {
		nodes.Items = append(nodes.Items, node(n))
		list := value.NewList()
		for _, e := range g.Next(n.Name) {
			d := edge(e)
			if e.Extra == nil && e.Criteria == nil {
				d.Clear()
			}
			d.Set("id", e.To)
			d.Set("key", int64(e.Key))
			list.Items = append(list.Items, d)
		}
		adjacency.Items = append(adjacency.Items, list)
	}
	got := value.NewDict()
	got.Set("directed", true)
	got.Set("multigraph", true)
	got.Set("graph", value.NewList())
	got.Set("nodes", nodes)
	got.Set("adjacency", adjacency)
	return conformance.Compare(want, got, false)
}
