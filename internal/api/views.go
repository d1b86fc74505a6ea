package api

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/api/wire"
	"github.com/nightshift-run/nightshift/internal/catalog"
	"github.com/nightshift-run/nightshift/internal/execution"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/pack"
	"github.com/nightshift-run/nightshift/internal/secret"
)

// views are things of one catalog as they are shown inside others. An execution
// shows its whole action and runner, so that their JSON is made once and not for
// each execution.
type views struct {
	catalog  *catalog.Catalog
	problems map[string]string // of rules, by their references

	mu      sync.Mutex
	actions map[string]json.RawMessage // guarded by mu
	runners map[string]json.RawMessage // guarded by mu
	secret  map[string]bool            // guarded by mu; whether an action has secret parameters
}

// view returns the views of the latest catalog.
func (a *API) view() *views {
	cat := a.Catalog.Get()
	if v := a.views.Load(); v != nil && v.catalog == cat {
		return v
	}
	v := &views{
		catalog: cat, problems: map[string]string{},
		actions: map[string]json.RawMessage{}, runners: map[string]json.RawMessage{}, secret: map[string]bool{},
	}
	for _, p := range cat.Problems() {
		if p.Kind != "rule" {
			continue
		}
		if before := v.problems[p.Ref]; before != "" {
			v.problems[p.Ref] = before + "\n" + p.Err.Error()
		} else {
			v.problems[p.Ref] = p.Err.Error()
		}
	}
	a.views.Store(v)
	return v
}

// action returns the JSON of an action. Of one that is not registered any more,
// its reference is all that is known.
func (v *views) action(ref string) json.RawMessage {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, ok := v.actions[ref]
	if ok {
		return b
	}
	a, ok := v.catalog.Action(ref)
	if !ok {
		in, name, _ := pack.SplitRef(ref)
		return compactJSON(struct {
			Name string `json:"name"`
			Ref  string `json:"ref"`
			Pack string `json:"pack"`
		}{name, ref, in})
	}
	b = compactJSON(wire.ActionOf(a.Action))
	v.actions[ref] = b
	return b
}

func (v *views) runner(name string) json.RawMessage {
	v.mu.Lock()
	defer v.mu.Unlock()
	b, ok := v.runners[name]
	if ok {
		return b
	}
	r, ok := v.catalog.Runner(name)
	if !ok {
		return compactJSON(struct {
			Name string `json:"name"`
		}{name})
	}
	b = compactJSON(wire.RunnerOf(r))
	v.runners[name] = b
	return b
}

// compactJSON is the JSON of what always has some.
func compactJSON(v any) json.RawMessage {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage("{}")
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// maskParameters hides the secrets in the parameters of an execution. When its
// action is not there to say what is secret, everything is.
func (v *views) maskParameters(ref string, parameters json.RawMessage) json.RawMessage {
	d := value.NewDict()
	if len(parameters) <= len("{}") || d.UnmarshalJSON(parameters) != nil || d.Len() == 0 {
		return parameters
	}
	a, ok := v.catalog.Action(ref)
	if !ok || a.Params == nil {
		hidden := value.NewDictCap(d.Len())
		for name := range d.Texts() {
			hidden.Set(name, wire.Mask)
		}
		return wire.JSON(hidden)
	}
	if !v.hasSecrets(a) {
		return parameters
	}
	return wire.JSON(a.Params.Masked(d))
}

// hasSecrets reports whether an action has secret parameters. Most have none, and
// their executions are shown as they are.
func (v *views) hasSecrets(a *catalog.Action) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	has, known := v.secret[a.Ref]
	if !known {
		for name := range action.Parameters(a.Action, a.Runner).Texts() {
			has = has || a.Params.Secret(name)
		}
		v.secret[a.Ref] = has
	}
	return has
}

// masksResult reports whether [views.maskResult] may find something to hide.
func (v *views) masksResult(e *execution.Execution) bool {
	return len(e.Secrets) > 0 || v.catalog.MasksResult(e.Action, e.Runner)
}

// maskResult hides the secrets in the result of an execution.
func (v *views) maskResult(e *execution.Execution, result json.RawMessage) json.RawMessage {
	result = secret.NewMasker(e.Secrets).JSON(result)
	return v.catalog.MaskResult(e.Action, e.Runner, result)
}
