package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/store"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// carried is a workflow in the hands of this conductor, as its last commit left it.
type carried struct {
	exec    *execution.Execution // its status is what the workflow was when it was last stepped
	version int64
	engine  workflow.Engine // nil: it is over
	parent  json.RawMessage // what its children see of it in their context
	depth   int             // of its children: how many workflows they are in

	// fresh are the children of the step under way that are over, by id: their
	// results are not in the ledger yet.
	fresh map[string]instant
}

// instant is a child that has run in the step that started it.
type instant struct {
	*execution.Execution
	result value.Value
}

// lookup marks an error of the ledger as one that says nothing about the workflow.
func lookup(err error) error {
	if err == nil || errors.Is(err, store.ErrNotFound) {
		return err
	}
	return &workflow.LookupError{Err: err}
}

// load makes a workflow that has begun from its rows. It returns nil when there is
// no such workflow, and one without an engine when it is over.
func (c *Conductor) load(ctx context.Context, id string) (*carried, error) {
	r := c.Store.Reader()
	// The version is read first: if somebody steps the workflow meanwhile, the rows
	// are those of a later one, and our step is refused.
	saved, err := r.Workflow(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, lookup(err)
	}
	e, err := r.Execution(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, lookup(err)
	}
	w := &carried{exec: e, version: saved.Version}
	if e.Status.Final() {
		return w, nil
	}
	rows, err := r.WorkflowRows(ctx, id)
	if err != nil {
		return nil, lookup(err)
	}
	_, in, err := c.input(ctx, w)
	if err != nil {
		return w, err
	}
	language, err := c.language(saved.Language)
	if err != nil {
		return w, err
	}
	return w, c.guard(id, func() error {
		w.engine, err = language.Load(saved.Text, in, rows)
		return err
	})
}

func (c *Conductor) language(name string) (workflow.Language, error) {
	l := c.Languages[name]
	if l == nil {
		return nil, fmt.Errorf("workflows of the runner type %q are not part of this build", name)
	}
	return l, nil
}

// input is what a workflow is given, and the action that it is a run of.
func (c *Conductor) input(ctx context.Context, w *carried) (*catalog.Action, workflow.Input, error) {
	e := w.exec
	in := workflow.Input{
		ID: e.ID, Context: c.context(e), Expr: c.expr, Templates: c.Params.Templates(e), Actions: c.Catalog.Get(),
		Result: func(ctx context.Context, id string) (value.Value, error) { return c.result(ctx, w, id) },
	}
	a, ok := c.Catalog.Get().Action(e.Action)
	switch {
	case !ok:
		return nil, in, fmt.Errorf("action %q is not registered any more", e.Action)
	case a.Problem != nil:
		return nil, in, fmt.Errorf("action %q cannot be run: %w", e.Action, a.Problem)
	}
	var err error
	if in.Runner, in.Parameters, err = c.Params.Final(ctx, a, e); err != nil {
		return nil, in, err
	}
	if len(e.Notify) > 0 {
		if in.Notify, err = value.FromJSON(e.Notify); err != nil {
			return nil, in, fmt.Errorf("read the notify of execution %s: %w", e.ID, err)
		}
	}
	return a, in, nil
}

// definition reads the file of a workflow.
func (c *Conductor) definition(a *catalog.Action) ([]byte, error) {
	p, ok := c.Catalog.Get().Pack(a.Pack)
	if !ok || a.EntryPoint == "" {
		return nil, fmt.Errorf("action %q has no file with its definition", a.Ref)
	}
	file := filepath.FromSlash(a.EntryPoint)
	if !filepath.IsAbs(file) {
		file = filepath.Join(p.Path, "actions", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the definition of action %q: %w", a.Ref, err)
	}
	return text, nil
}

// context is what expressions of the workflow e see beside its own variables.
func (c *Conductor) context(e *execution.Execution) *value.Dict {
	st2 := value.NewDictCap(8)
	st2.Set("action_execution_id", e.ID)
	st2.Set("api_url", c.opts.APIURL)
	st2.Set("user", e.Context.User)
	st2.Set("pack", e.Context.Pack)
	st2.Set("action", e.Action)
	st2.Set("runner", e.Runner)
	st2.Set("workflow_execution_id", e.ID)
	if e.Context.APIUser != "" {
		st2.Set("api_user", e.Context.APIUser)
	}
	d := value.NewDictCap(2)
	d.Set("st2", st2)
	if b, err := e.Context.MarshalJSON(); err == nil {
		if v, err := value.FromJSON(b); err == nil {
			d.Set("parent", v)
			if own, ok := v.(*value.Dict); ok && own.Has("source_channel") {
				channel, _ := own.Get("source_channel")
				st2.Set("source_channel", channel)
			}
		}
	}
	return d
}

// underParent is what the context of a child shows of its workflow: on whose behalf
// it runs and what came with its request, but not what its own parents were.
func (w *carried) underParent() (json.RawMessage, error) {
	if w.parent != nil {
		return w.parent, nil
	}
	of := execution.Context{User: w.exec.Context.User, APIUser: w.exec.Context.APIUser, Pack: w.exec.Context.Pack}
	of.Extra = requested(w.exec.Context.Extra)
	var own struct {
		Depth int `json:"depth"`
	}
	if len(w.exec.Context.Parent) > 0 {
		// A client may send a parent of its own making; then it counts from there, or from 0.
		_ = json.Unmarshal(w.exec.Context.Parent, &own)
	}
	w.depth = own.Depth + 1
	var err error
	for name, v := range map[string]any{"execution_id": w.exec.ID, "depth": w.depth} {
		if of.Extra[name], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	w.parent, err = of.MarshalJSON()
	return w.parent, err
}

// requested is what of a context did not come from a workflow.
func requested(extra map[string]json.RawMessage) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(extra)+2)
	maps.Copy(out, extra)
	delete(out, "orquesta")
	delete(out, "chain")
	return out
}

// result returns the result of a child of a workflow.
func (c *Conductor) result(ctx context.Context, w *carried, id string) (value.Value, error) {
	if i, ok := w.fresh[id]; ok {
		return i.result, nil
	}
	b, err := c.Store.Reader().Result(ctx, id)
	if err != nil || b == nil {
		return nil, lookup(err)
	}
	return value.FromJSON(b)
}
