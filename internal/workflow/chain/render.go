package chain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nightshift-run/nightshift/internal/expr/jinja"
	"github.com/nightshift-run/nightshift/internal/expr/value"
	"github.com/nightshift-run/nightshift/internal/workflow"
)

// The names in templates that are neither parameters nor variables nor tasks.
const (
	resultsName = "__results" // the results of all tasks, by name
	contextName = "__context" // everything, by name
	actionName  = "action_context"
)

// initial returns the variables as they are at the begin: rendered over the
// parameters, which here go before everything else. problem is what is wrong with
// a template; err is a look-up that failed.
func (s *step) initial() (vars *value.Dict, problem, err error) {
	return s.renderWith(s.e.def.vars, func(name string) (value.Value, bool, error) {
		if v, ok := s.e.in.Parameters.Get(name); ok {
			return v, true, nil
		}
		return s.global(name)
	})
}

// render returns fields with all templates in them rendered.
func (s *step) render(fields []field) (out *value.Dict, problem, err error) {
	return s.renderWith(fields, s.name)
}

func (s *step) renderWith(fields []field, name naming) (out *value.Dict, problem, err error) {
	out = value.NewDictCap(len(fields))
	for _, f := range fields {
		v, problem, err := s.one(f.tmpl, name)
		if err != nil {
			return nil, nil, err
		}
		if problem != nil {
			return nil, fmt.Errorf("%q: %w", f.name, problem), nil
		}
		out.Set(f.name, v)
	}
	return out, nil, nil
}

// naming returns what a name stands for. The error is a look-up that failed.
type naming = func(name string) (value.Value, bool, error)

// templated is what [step.one] needs of a template.
type templated interface {
	Names() []string
	Render(ctx context.Context, vars jinja.Vars) (value.Value, error)
}

// one renders a template.
func (s *step) one(t templated, name naming) (v value.Value, problem, err error) {
	// What is named is looked up before, since it takes time and can fail.
	vars := &variables{s: s, known: make(map[string]value.Value, len(t.Names()))}
	for _, n := range t.Names() {
		v, ok, err := name(n)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			vars.known[n] = v
		}
	}
	v, problem = t.Render(s.scope.Context(s.ctx), vars)
	if err := s.scope.Err(s.ctx); err != nil {
		return nil, nil, &workflow.LookupError{Err: fmt.Errorf("look up what a template names: %w", err)}
	}
	return v, problem, nil
}

// variables are what one template names. All names there are it only needs to
// tell what may have been meant.
type variables struct {
	s     *step
	known map[string]value.Value
}

// Get implements [jinja.Vars].
func (v *variables) Get(name string) (value.Value, bool) {
	x, ok := v.known[name]
	return x, ok
}

// Names lists all names for the message about one that there is not.
func (v *variables) Names() []string { return v.s.names() }

// name returns what a name stands for in a template of a task: what comes last
// in the reference goes first here.
func (s *step) name(name string) (value.Value, bool, error) {
	if v, ok, err := s.global(name); ok || err != nil {
		return v, ok, err
	}
	if s.published != nil {
		if v, ok := s.published.Get(name); ok {
			return v, true, nil
		}
	}
	if v, ok := s.variables().Get(name); ok {
		return v, true, nil
	}
	if v, ok, err := s.resultOf(name); ok || err != nil {
		return v, ok, err
	}
	if v, ok := s.e.in.Parameters.Get(name); ok {
		return v, true, nil
	}
	if name == contextName {
		return s.everything()
	}
	return nil, false, nil
}

// variables returns the variables as they were before this step published any.
func (s *step) variables() *value.Dict {
	if s.vars != nil {
		return s.vars
	}
	return s.e.vars
}

// global returns what a name stands for in all templates of all chains.
func (s *step) global(name string) (value.Value, bool, error) {
	switch name {
	case resultsName:
		return s.allResults()
	case actionName:
		// What a task would see as its own context.
		parent := value.NewDict()
		parent.Set("execution_id", s.e.in.ID)
		if c := s.e.in.Templates.Context; c != nil {
			parent.Update(c())
		}
		d := value.NewDictCap(1)
		d.Set("parent", parent)
		return d, true, nil
	}
	return s.scope.Name(s.ctx, name)
}

// names lists what templates of a task can name.
func (s *step) names() []string {
	var names []string
	for _, d := range []*value.Dict{s.published, s.variables(), s.e.in.Parameters} {
		if d == nil {
			continue
		}
		for name := range d.Texts() {
			names = append(names, name)
		}
	}
	for name := range s.e.latest {
		names = append(names, name)
	}
	if s.ended != nil {
		names = append(names, s.ended.Node)
	}
	return append(names, "st2kv", "secret", "system", actionName, "config_context", resultsName)
}

// everything returns all names with what they stand for.
func (s *step) everything() (value.Value, bool, error) {
	names := s.names()
	d := value.NewDictCap(len(names))
	for _, name := range names {
		v, ok, err := s.name(name)
		if err != nil {
			return nil, false, err
		}
		if ok {
			d.Set(name, v)
		}
	}
	return d, true, nil
}

// follow returns the name of the node that a target names.
func (s *step) follow(t target) (name string, problem, err error) {
	if t.tmpl == nil {
		return t.name, nil, nil
	}
	v, problem, err := s.one(t.tmpl, s.name)
	if err != nil || problem != nil {
		return "", problem, err
	}
	name, ok := v.(string)
	if !ok {
		return "", errors.New("the template gives no name"), nil
	}
	return strings.TrimSpace(name), nil, nil
}
