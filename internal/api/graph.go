package api

import (
	"errors"
	"net/http"

	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/fault"
	"github.com/nightshift-run/nightshift/internal/secret"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
	"github.com/nightshift-run/nightshift/internal/workflow/chain"
	"github.com/nightshift-run/nightshift/internal/workflow/draw"
	"github.com/nightshift-run/nightshift/internal/workflow/orquesta"
	"github.com/nightshift-run/nightshift/internal/workflow/spec"
)

// The names of the languages that workflows are written in.
const (
	inOrquesta = "orquesta"
	inChains   = "action-chain"
)

// executionGraph answers with the graph of a workflow, as the definition has it that it
// began with, and with how its tasks have run.
func (c *call) executionGraph() error {
	e, err := c.execution()
	if err != nil {
		return err
	}
	if !e.Conducted {
		return fault.Newf(fault.Invalid, "Execution %s is no workflow.", e.ID)
	}
	w, err := c.Store.Reader().Workflow(c.ctx(), e.ID)
	if errors.Is(err, store.ErrNotFound) {
		return fault.Newf(fault.NotFound, "Workflow %s has not begun.", e.ID)
	}
	if err != nil {
		return err
	}
	g, err := drawn(w.Language, w.Text)
	if err != nil {
		return err
	}
	runs := orquesta.Runs
	if w.Language == inChains {
		runs = chain.Runs
	}
	ran, err := runs(c.Store.Reader().EachWorkflowRow(c.ctx(), e.ID))
	if err != nil {
		return err
	}
	out := graphOf(w.Language, g, ran)
	masker := secret.NewMasker(e.Secrets)
	for i := range out.Runs {
		out.Runs[i].Published = masker.JSON(out.Runs[i].Published)
	}
	return c.json(http.StatusOK, out)
}

// drawn returns the graph of a definition.
func drawn(language string, text []byte) (*draw.Graph, error) {
	switch language {
	case inOrquesta:
		w, err := spec.Parse(text)
		if err != nil {
			return nil, &fault.Fault{Kind: fault.Invalid, Msg: err.Error(), Err: err}
		}
		return draw.Workflow(w), nil
	case inChains:
		tasks, err := chain.Outline(text)
		if err != nil {
			return nil, &fault.Fault{Kind: fault.Invalid, Msg: err.Error(), Err: err}
		}
		return draw.Chain(tasks), nil
	default:
		return nil, fault.Newf(fault.Invalid, "Nobody knows how to draw workflows in %s.", language)
	}
}

func graphOf(language string, g *draw.Graph, ran []workflow.Ran) wire.WorkflowGraph {
	out := wire.WorkflowGraph{
		Language: language, Nodes: make([]wire.GraphNode, len(g.Nodes)), Edges: make([]wire.GraphEdge, len(g.Edges)), Runs: make([]wire.TaskRun, len(ran)),
	}
	for i, n := range g.Nodes {
		out.Nodes[i] = wire.GraphNode{Name: n.Name, Lines: append([]string{}, n.Lines...), Kind: kindOf(n.Shape), Start: n.Start}
	}
	ways := map[string][]int{} // by the task that they lead from
	for i, e := range g.Edges {
		out.Edges[i] = wire.GraphEdge{From: e.From, To: e.To, On: takenOn(e.Color), Label: e.Label, Again: e.Again}
		if !e.Again {
			ways[e.From] = append(ways[e.From], i)
		}
	}
	for i, r := range ran {
		run := wire.TaskRun{Task: r.Task, Route: r.Route, Status: string(r.Status), Execution: r.Execution, Took: []int{}}
		for s, n := range r.Items {
			if run.Items == nil {
				run.Items = map[string]int{}
			}
			if s == "" {
				s = "waiting"
			}
			run.Items[string(s)] += n
		}
		if r.Published != nil {
			run.Published = wire.JSON(r.Published)
		}
		for j, led := range r.Led {
			if led && j < len(ways[r.Task]) {
				run.Took = append(run.Took, ways[r.Task][j])
			}
		}
		out.Runs[i] = run
	}
	return out
}

func kindOf(s draw.Shape) string {
	switch s {
	case draw.Join:
		return "join"
	case draw.Items:
		return "items"
	case draw.End:
		return "end"
	case draw.Missing:
		return "missing"
	case draw.Unused:
		return "unused"
	case draw.Task:
	}
	return "task"
}

func takenOn(c draw.Color) string {
	switch c {
	case draw.Green:
		return "success"
	case draw.Red:
		return "failure"
	case draw.Plain:
	}
	return "other"
}
