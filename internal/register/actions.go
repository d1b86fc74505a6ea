package register

import (
	"maps"
	"slices"

	"github.com/nightshift-run/nightshift/internal/action"
	"github.com/nightshift-run/nightshift/internal/pack"
)

// actions are those that are registered or about to be, for workflows that start
// them.
type actions struct {
	all    map[string]*action.Action
	runner func(name string) (*action.RunnerType, bool)
	takes  map[string]*action.Compiled // of those that were asked for
}

func (r *Registrar) actions(more ...*pack.Content) *actions {
	a := &actions{all: make(map[string]*action.Action, len(r.src.Actions)), runner: r.runner, takes: map[string]*action.Compiled{}}
	for _, old := range r.src.Actions {
		a.all[old.Ref] = old
	}
	for _, content := range more {
		for _, now := range content.Actions {
			a.all[now.Ref] = now
		}
	}
	return a
}

// Parameters returns what an action takes; nil if it can't be run.
func (a *actions) Parameters(ref string) (*action.Compiled, bool) {
	found, ok := a.all[ref]
	if !ok {
		return nil, false
	}
	takes, known := a.takes[ref]
	if !known {
		if rt, ok := a.runner(found.RunnerType); ok {
			takes, _ = action.Compile(found, rt) // what is wrong with it is told of the action itself
		}
		a.takes[ref] = takes
	}
	return takes, true
}

// Refs returns the references of all of them.
func (a *actions) Refs() []string { return slices.Sorted(maps.Keys(a.all)) }
